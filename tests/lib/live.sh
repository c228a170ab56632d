# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# shellcheck shell=bash
# For live tests in bash: the programs under test, namespaces that end with the test, what failed and why it was
# skipped. A test begins with
#
#   . "$(dirname "$0")/../lib/live.sh"
#   live_begin "$@"     # $1: the build directory
#
# and is the router of samples/network.sh from there on; it ends with `exit $failed`.
# live_begin_bare does the same without asking for root or TRACE.
set -u
export LC_ALL=C.UTF-8 TZ=UTC

# shellcheck source=result.sh
. "$(dirname "${BASH_SOURCE[0]}")/result.sh"

live_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=../../samples/network.sh
. "$live_root/samples/network.sh"

live_end() {
    local job
    for job in $(jobs -p); do kill "$job" 2>/dev/null; done
    [ -z "${dir:-}" ] || rm -rf "$dir"
}

live_begin_bare() {
    build=$(cd "$1" && pwd)
    recorder=$build/recorder/iptrace-record
    plugin=$build/plugin/iptrace.so
    traffic=$build/tests/live/traffic
    [ -x "$recorder" ] || fail "there is no $recorder"
    # Whom tests/tshark becomes must be able to read it.
    dir=$(mktemp -d /tmp/iptrace-test.XXXXXX)
    chmod 755 "$dir"
    umask 022
    trap live_end EXIT
    trap 'exit 1' INT TERM
}

# A /run of our own, where mounts can be had: whoever else uses the machine's xtables lock meanwhile could be changing
# our rules, for all that a recorder can know, and packets of that moment would not be sure.
live_enter_run() {
    [ -z "${IPTRACE_LIVE_RUN:-}" ] || return 0
    export IPTRACE_LIVE_RUN=shared
    unshare --mount --propagation private mount -t tmpfs none /run 2>/dev/null || return 0
    IPTRACE_LIVE_RUN=own exec unshare --mount --propagation private "$BASH" -c \
        'mount -t tmpfs -o mode=755 none /run && exec "$@"' - "$BASH" "$0" "$@"
}

live_begin() {
    local family
    live_enter_run "$@"
    network_enter "$@" || skip "$network_problem"
    for family in iptables-legacy ip6tables-legacy; do
        network_has_trace $family || skip "$network_problem"
    done
    live_begin_bare "$@"
}

need_tshark() {
    command -v tshark >/dev/null || skip "there is no tshark"
    [ -f "$plugin" ] || skip "the plugin was not built (libwireshark-dev is missing)"
}

iptables() { iptables-legacy -w "$@"; }
ip6tables() { ip6tables-legacy -w "$@"; }

# In -T fields a backslash is two from Wireshark 4.4 on.
single_backslashes() { sed 's/\\\\/\\/g'; }

# tshark with the plugin, without what it says of root on standard error; TSHARK_ERRORS has all of that.
tshark() {
    "$live_root/tests/tshark" "$plugin" -n "$@" 2>"$dir/tshark.errors"
}

# record OPTION …: starts the recorder in this namespace and waits until it records; its output is in $dir/text, what it
# says in $dir/says. RECORD_PREFIX: a command that starts it.
record() {
    rm -f "$dir/ready"
    # shellcheck disable=SC2086 # several words
    network_start router ${RECORD_PREFIX:-} "$recorder" --ready-file "$dir/ready" "$@" >"$dir/text" 2>"$dir/says"
    recording=$!
    until [ -e "$dir/ready" ]; do
        kill -0 "$recording" 2>/dev/null || {
            fail "iptrace-record $* did not start: $(cat "$dir/says")"
            return 1
        }
        sleep 0.02
    done
}

# Ends it as Ctrl-C does, and gives its exit status. What is under way has 300 ms: after 200 ms nothing more can come.
finish() {
    sleep 0.3
    stop "${1:-INT}"
}
stop() {
    kill -"${1:-INT}" "$recording"
    wait "$recording"
}

# The rules as lines `table chain number rule` and `table chain 0 -P chain policy`. $1: iptables-legacy-save's or
# ip6tables-legacy-save's output.
numbered_rules() {
    awk '
        /^\*/ {table = substr($1, 2); next}
        /^:/ {if ($2 != "-") print table, substr($1, 2), 0, "-P", substr($1, 2), $2; next}
        /^-A / {print table, $2, ++count[table " " $2], $0}' "$1"
}

# The steps of a capture, one a line and each once: `table chain number rule`; ends of chains are left out.
# $1: capture, $2: display filter.
steps_of() {
    tshark -r "$1" -Y "$2" -T fields -E separator=/t -E aggregator='|' -e iptrace.table -e iptrace.chain \
        -e iptrace.type -e iptrace.rulenum -e iptrace.rule | single_backslashes |
        awk -F '\t' '{
            n = split($1, table, "|"); split($2, chain, "|"); split($3, type, "|"); split($4, number, "|")
            m = split($5, rule, "|")
            if (n != m) {print "a packet has", n, "tables and", m, "rules"; next}
            for (i = 1; i <= n; i++)
                if (type[i] != "return") {
                    line = table[i] " " chain[i] " " number[i] " " rule[i]
                    if (!(line in seen)) {seen[line] = 1; print line}
                }
        }' | sort
}

# How many rows match.
rows() { # CAPTURE FILTER
    tshark -r "$1" -Y "$2" -T fields -e frame.number | wc -l
}
