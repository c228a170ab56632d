#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# A router between two namespaces, mixed traffic over all tables: as many rows for each verdict as packets were sent for
# it, decided by the rule that did; and each step's text and number is that of iptables-legacy-save.
# mixed.sh BUILD COUNT: COUNT packets of each of 16 kinds.
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
count=$2
network_router || skip "no router can be made here"
network_sink server 1001

rules() { # the same for both families; $1: the server's address as --to-destination has it, then names of ICMP
    cat <<END
*raw
-A PREROUTING -m comment --comment "all of raw"
-A PREROUTING -p udp -m udp --dport 9999 -j DROP
COMMIT
*mangle
-A PREROUTING -p udp -m udp --dport 1003 -m comment --comment "dropped in mangle" -j DROP
-A FORWARD -p udp -j MARK --set-xmark 0x7/0xffffffff
COMMIT
*nat
-A PREROUTING -i lan -p udp -m udp --dport 1006 -j DNAT --to-destination $1:1001
-A POSTROUTING -o wan -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:services - [0:0]
:final - [0:0]
-A INPUT -p $3 -j ACCEPT
-A FORWARD -p udp -m udp --dport 1002 -j DROP
-A FORWARD -p udp -m udp --dport 1005 -j REJECT --reject-with $2
-A FORWARD -i lan -p udp -m udp --dport 1001 -j services
-A FORWARD -p udp -m udp --dport 1007 -g final
-A FORWARD -p udp -m udp --dport 1004 -j ACCEPT
-A FORWARD -j DROP
-A services -p udp -m mark --mark 0x7 -m comment --comment "from the \\"lan\\"" -j ACCEPT
-A final -m mark --mark 0x8 -j RETURN
-A final -j DROP
COMMIT
*security
-A FORWARD -p udp -m udp --dport 1004 -j DROP
COMMIT
END
}
rules 203.0.113.10 icmp-port-unreachable icmp | iptables-legacy-restore -w || skip "these rules are not taken here"
rules "[2001:db8:2::10]" icmp6-port-unreachable ipv6-icmp | ip6tables-legacy-restore -w || skip "these rules are not taken here"
iptables-legacy-save >"$dir/save4"
ip6tables-legacy-save >"$dir/save6"

# What is sent, and what must become of it.
# port  to     verdict table     chain    number
kinds="
1001    server ACCEPT  filter    services 1
1002    server DROP    filter    FORWARD  1
1003    server DROP    mangle    PREROUTING 1
1004    server DROP    security  FORWARD  1
1005    server REJECT  filter    FORWARD  2
1006    server ACCEPT  filter    services 1
1007    server DROP    filter    final    2
1008    server DROP    filter    FORWARD  6
1009    router DROP    filter    INPUT    0
"
capture=$dir/mixed.pcapng
record --unlimited -w "$capture" udp || exit 1
while read -r port to _; do
    [ -n "$port" ] || continue
    for address in 203.0.113.10 2001:db8:2::10; do
        [ "$to" = server ] || address=$([ $address = 203.0.113.10 ] && echo 192.168.1.1 || echo 2001:db8:1::1)
        # A new connection each, up to a point.
        inside client "$traffic" --sources 100 $address $port "$count" >/dev/null || fail "sending to $address $port"
    done
done <<<"$kinds"
finish || fail "the recorder's exit status"
grep -q " 0 messages lost" "$dir/says" || fail "messages were lost: $(cat "$dir/says")"

tshark -r "$capture" -Y iptrace -T fields -E separator=/t -e ip.version -e udp.dstport -e iptrace.verdict \
    -e iptrace.verdict.table -e iptrace.verdict.chain -e iptrace.verdict.rulenum -e iptrace.verdict.rule |
    single_backslashes | sort | uniq -c | sed 's/^ *\([0-9]*\) /\1\t/' >"$dir/found" || fail "tshark: $(cat "$dir/tshark.errors")"
for family in 4 6; do
    numbered_rules "$dir/save$family" >"$dir/rules$family"
    while read -r port _ verdict table chain number; do
        [ -n "$port" ] || continue
        rule=$(awk -v key="$table $chain $number" 'index($0, key " ") == 1 {print substr($0, length(key) + 2)}' \
            "$dir/rules$family")
        # A translated packet is recorded as it came: the port is the one before DNAT.
        version=$([ $family = 4 ] && echo 4)
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$count" "${version:-6}" $port $verdict $table $chain $number "$rule"
    done <<<"$kinds"
done | sort >"$dir/wanted"
# ip.version is IPv4's; IPv6's is ipv6.version, and stands as an empty column.
sed 's/^\([0-9]*\)\t\t/\1\t6\t/' "$dir/found" | sort | diff "$dir/wanted" - >"$dir/diff" || {
    fail "verdicts (<: expected, >: found)"
    head -n 20 "$dir/diff"
}

for family in 4 6; do
    filter=ip
    [ $family = 4 ] || filter=ipv6
    # Each step that was seen is a line of iptables-legacy-save, with its number.
    steps_of "$capture" "iptrace && $filter" >"$dir/steps$family"
    sort "$dir/rules$family" | comm -13 - "$dir/steps$family" >"$dir/diff"
    [ ! -s "$dir/diff" ] || {
        fail "IPv$family: steps that are no lines of iptables-legacy-save"
        head -n 20 "$dir/diff"
    }
    [ "$(wc -l <"$dir/steps$family")" -ge 18 ] || fail "IPv$family: only $(wc -l <"$dir/steps$family") different steps"
done

# And so says the kernel: as many as its counters.
expect "packets that the raw table saw" "$(iptables -t raw -vxnL PREROUTING | awk '/all of raw/ {print $1}')" $((9 * count))
expect "rows" "$(rows "$capture" iptrace)" $((18 * count))
expect "ids" "$(tshark -r "$capture" -Y iptrace -T fields -e iptrace.packet_id | sort -u | wc -l)" $((18 * count))
expect "incomplete or ambiguous" "$(rows "$capture" "iptrace.incomplete || iptrace.ambiguous")" 0
exit $failed
