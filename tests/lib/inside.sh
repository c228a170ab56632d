# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# For live tests that start and end recorders by themselves. Such a test begins with
#
#   . "$(dirname "$0")/../lib/inside.sh"
#   inside_begin "$@"     # after the programs that it needs: need tshark dumpcap
#
# From there on it is within network and mount namespaces of its own, /run included: the xtables lock and the state
# files there are nobody else's. `dir` is a directory that goes with it; it ends with `exit $failed`.
set -u
export LC_ALL=C HOME=/nonexistent XDG_CONFIG_HOME=/nonexistent

# shellcheck source=result.sh
. "$(dirname "${BASH_SOURCE[0]}")/result.sh"

# A test may have more to do at its end, and then has an inside_end of its own that calls this one.
inside_leave() {
    [ -z "$(jobs -p)" ] || kill $(jobs -p) 2>/dev/null
    rm -rf "$dir"
}
inside_end() { inside_leave; }

inside_begin() {
    if [ -z "${IPTRACE_TEST_INSIDE:-}" ]; then
        unshare -nm true 2>/dev/null || skip "no new network and mount namespaces can be made here"
        IPTRACE_TEST_INSIDE=1 exec unshare -nm --propagation private "$BASH" "$0" "$@"
    fi
    need ip iptables-legacy
    mount -t tmpfs -o mode=755 none /run || skip "nothing can be mounted here"
    dir=$(mktemp -d)
    chmod 755 "$dir" # the recorder becomes nobody, and so may tshark
    # A child that is killed before it became another program has this trap, too.
    trap '[ $BASHPID != $$ ] || inside_end' EXIT
    ip link set lo up
    iptables-legacy -t raw -A OUTPUT -p 99 -j TRACE 2>/dev/null || skip "no TRACE in this kernel"
    iptables-legacy -t raw -F
}

# The recorder in that directory, as an absolute path.
inside_recorder() { # DIRECTORY
    recorder=$(realpath "$1")/iptrace-record
    [ -x "$recorder" ] || { echo "there is no $recorder"; exit 1; }
}
