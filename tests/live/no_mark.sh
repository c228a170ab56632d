#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The mark of a membership report that the kernel makes is none, until a rule sets one; marks of others are theirs.
# no_mark.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
need socat
network_router || skip "no network namespaces can be made here"
for command in iptables ip6tables; do $command -A INPUT -p udp --dport 1 -j DROP; done

join() { # a group of IPv4, of IPv6, a port: so that the kernel reports them
    network_start router socat -u UDP4-RECV:"$3",ip-add-membership="$1":lan /dev/null
    network_start router socat -u "UDP6-RECV:$((10 + $3)),ipv6-join-group=[$2]:lan" /dev/null
}
marks() { tshark -r "$dir/capture.pcapng" -Y "$1" -T fields -E 'aggregator= ' -e iptrace.mark | tr ' ' '\n' | grep . | sort -u | paste -sd' '; }
seen() { rows "$dir/capture.pcapng" "$1"; }

record -P -w "$dir/capture.pcapng" 'ip proto 2 or (ip6[6] = 0 and ip6[48] = 143)' || exit 1
join 239.1.2.3 ff05::1234 5001
network_await grep -q '224.0.0.22' "$dir/text"
network_await grep -q 'ff02::16' "$dir/text"
finish || fail "$(cat "$dir/says")"
for what in igmp icmpv6; do
    [ "$(seen "iptrace && $what")" -gt 0 ] || fail "no report of $what: $(cat "$dir/text")"
    expect "$what: marks" "$(marks "iptrace && $what")" ""
done
expect "changes" "$(seen iptrace.change.mark)" 0

# A rule sets one, and then it is there; and one that a program set is there from the beginning.
for command in iptables ip6tables; do $command -t mangle -A POSTROUTING -j MARK --set-mark 0x77; done
record -P -w "$dir/capture.pcapng" 'ip proto 2 or (ip6[6] = 0 and ip6[48] = 143) or udp' || exit 1
join 239.1.2.4 ff05::1235 5002
network_await grep -q '224.0.0.22' "$dir/text"
network_await grep -q 'ff02::16' "$dir/text"
socat -u EXEC:"echo x" UDP4-SENDTO:192.168.1.10:9,setsockopt-int=1:36:66 # SO_MARK
finish || fail "$(cat "$dir/says")"
for what in igmp icmpv6; do
    [ "$(seen "iptrace && $what")" -gt 0 ] || fail "no report of $what, marked: $(cat "$dir/text")"
    expect "$what, marked: marks" "$(marks "iptrace && $what && iptrace.hook == \"OUTPUT\"")" 0x00000077
done
expect "udp: marks" "$(marks 'iptrace && udp && ip.dst == 192.168.1.10')" "0x00000042 0x00000077"
[ "$(seen 'iptrace.change.mark == 0x77 && igmp')" -gt 0 ] || fail "the mark that a rule set is no change"
exit $failed
