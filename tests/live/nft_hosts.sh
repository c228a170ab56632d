#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Where the rules are nftables', nothing reads ACCEPT, in whatever state the legacy tables were left; and what has no
# rules at all is left out. nft_hosts.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need iptables-nft nft iptables-legacy
network_make blue || skip "no second network namespace can be made here"
in_blue() { inside blue "$@"; }
in_blue iptables-nft -A INPUT -p udp --dport 9 -j DROP || skip "iptables-nft does not work here"

tables() { in_blue sh -c 'cat /proc/net/ip_tables_names /proc/net/ip6_tables_names'; }
# What a recording would change.
state() { tables; in_blue cat /proc/sys/net/netfilter/nf_log/2 /proc/sys/net/netfilter/nf_log/10; }
refused() { # WHAT [option …]
    local what=$1 before status
    shift
    before=$(state)
    rm -f "$dir/refused.pcapng"
    timeout 20 "$recorder" -n "${network_keepers[blue]}" -w "$dir/refused.pcapng" "$@" 2>"$dir/says"
    status=$?
    expect "$what: status" $status 1
    for words in 'iptables-nft' 'xtables-monitor --trace' 'nft monitor trace' '--backend legacy'; do
        grep -qe "$words" "$dir/says" || fail "$what: no $words in: $(cat "$dir/says")"
    done
    [ ! -e "$dir/refused.pcapng" ] || fail "$what: a file was made"
    expect "$what: tables and loggers" "$(state)" "$before"
}
# Rows of UDP to port 9, by their verdicts and reasons: `N VERDICT REASON`.
verdicts() {
    awk '/^  = /{sub(/^  = /, ""); print}' "$dir/text" | sort | uniq -c | sed 's/^ *//'
}
sent() { # OPTION …: records three datagrams that nft drops
    record -n "${network_keepers[blue]}" "$@" || return 1
    in_blue "$traffic" 127.0.0.1 9 3 >/dev/null
    finish || fail "$*: $(cat "$dir/says")"
}
no_verdict() { # WHAT COUNT
    expect "$1: verdicts that are not UNKNOWN" "$(verdicts | grep -vc 'UNKNOWN.*no tables')" 0
    expect "$1: packets" "$(grep -c '^  = ' "$dir/text")" "$2"
}

refused "the first run"
refused "with a filter" -4 udp
sent -4 --backend legacy udp && no_verdict "--backend legacy" 6
grep -q 'only nftables has rules here' "$dir/says" || fail "--backend legacy: $(cat "$dir/says")"
# Now there is an empty table raw, which no kernel lets anybody remove; and then somebody looks at the others.
refused "after a recording"
sent -4 --backend legacy udp && no_verdict "--backend legacy, the second run" 6
in_blue iptables-legacy -L -n >/dev/null
in_blue iptables-legacy -t mangle -L -n >/dev/null
refused "after somebody listed the legacy tables"
sent -4 --backend legacy udp && no_verdict "--backend legacy, with empty tables" 6
# By the evidence in the file, too.
record -n "${network_keepers[blue]}" -4 --backend legacy -w "$dir/capture.pcapng" udp || exit 1
in_blue "$traffic" 127.0.0.1 9 1 >/dev/null
finish || fail "$(cat "$dir/says")"
"$recorder" -r "$dir/capture.pcapng" >"$dir/text" 2>/dev/null
no_verdict "-r" 2
# Who traces by himself goes on.
record -n "${network_keepers[blue]}" --no-install || exit 1
finish || fail "--no-install: $(cat "$dir/says")"
# nft's own tables are nftables' as well.
in_blue iptables-nft -F
in_blue nft add table inet fw
in_blue nft 'add chain inet fw input { type filter hook input priority 10; policy drop; }'
refused "nft's own table"

# A rule, a policy or a chain of the legacy tables is theirs: recorded, and nftables is named.
for change in "-A INPUT -p udp --dport 1 -j DROP" "-P FORWARD DROP" "-N users"; do
    # shellcheck disable=SC2086 # several words
    in_blue iptables-legacy -w $change
    sent udp
    grep -q 'nftables has rules here too' "$dir/says" || fail "$change: $(cat "$dir/says")"
    expect "$change: verdicts" "$(grep -c '^  = ACCEPT' "$dir/text")/$(grep -c '^  = ' "$dir/text")" 6/6
    in_blue iptables-legacy -w -F
    in_blue iptables-legacy -w -X
    in_blue iptables-legacy -w -P FORWARD ACCEPT
done
in_blue nft flush ruleset

# ---- Families ----
both() { "$traffic" 127.0.0.1 9 1 >/dev/null; "$traffic" ::1 9 1 >/dev/null; }
# Nothing at all has rules: recorded, and said.
for round in first second; do
    record -P -w "$dir/none.pcapng" udp || exit 1
    both
    finish || fail "$(cat "$dir/says")"
    grep -q 'none of the legacy tables has any rule' "$dir/says" || fail "no rules, $round: $(cat "$dir/says")"
    no_verdict "no rules, $round" 4
done
# Only IPv4 has.
iptables -A INPUT -p udp --dport 1 -j DROP
loggers() { cat /proc/sys/net/netfilter/nf_log/10; }
before=$(loggers)
record -v udp || exit 1
expect "the logger of the family that is left out" "$(loggers)" "$before"
both
finish || fail "$(cat "$dir/says")"
expect "rows where only IPv4 has rules" "$(grep -c '^  = ' "$dir/text")" 2
grep -q 'IPv6 has no legacy rules and is left out' "$dir/says" || fail "-v does not say what is left out: $(cat "$dir/says")"
record udp || exit 1
finish || fail "$(cat "$dir/says")"
grep -q 'left out' "$dir/says" && fail "what is left out is said without -v: $(cat "$dir/says")"
# … and both are asked for.
record -4 -6 udp || exit 1
both
finish || fail "$(cat "$dir/says")"
expect "rows with -4 -6" "$(grep -c '^  = ' "$dir/text")" 4
expect "rows with -4 -6 that are UNKNOWN" "$(grep -c '^  = UNKNOWN.*no tables' "$dir/text")" 2
record -6 udp || exit 1
both
finish || fail "$(cat "$dir/says")"
expect "rows with -6" "$(grep -c '^  = UNKNOWN.*no tables' "$dir/text")" 2
exit $failed
