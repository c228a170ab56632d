#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Packets that vanish in routing have causes, which the kernel counts: the growth of its counters is told at the end and
# stands in the file. Expected numbers are those sent. routing_drops.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
network_router || skip "no network namespaces can be made here"
need socat
iptables -A FORWARD -p udp --dport 1 -j DROP # so that filter has a rule, which no packet meets
ip6tables -A FORWARD -p udp --dport 1 -j DROP

send() { # FROM ADDRESS COUNT [socat's options]
    for _ in $(seq "$3"); do
        inside "$1" socat -u "${5:-EXEC:echo x}" "$2,${4:-so-broadcast}" 2>/dev/null
    done
}
# Of the last recording: the growth of a counter, by what it says, …
said() { grep -o "[0-9][0-9]* [^,:]*($1)" "$dir/says" | head -1 | cut -d' ' -f1; }
# … and by the file.
kept() { grep -ao "^$1=[0-9]*" "$dir/capture.pcapng" | cut -d= -f2; }
vanished() { grep -c '^  = UNKNOWN.*vanished: routing' "$dir/text"; }

check() { # WHAT COUNTER FIELD COUNT
    expect "$1: $2, as said" "$(said "$2")" "$4"
    expect "$1: $3, in the file" "$(kept "$3")" "$4"
    expect "$1: packets that vanished" "$(vanished)" "$4"
    expect "$1: entries of the journal" "$(grep -ac '^IPTRACE_EVENT=ip_drops$' "$dir/capture.pcapng")" 1
}
begin() { record -4 -P -w "$dir/capture.pcapng" "$@" || exit 1; }

begin udp
send client UDP4-SENDTO:198.51.100.7:9 3
finish || fail "$(cat "$dir/says")"
check "no route" InNoRoutes IPTRACE_IP_IN_NO_ROUTES 3

begin udp
send client UDP4-SENDTO:203.0.113.10:9 2 ip-ttl=1
finish || fail "$(cat "$dir/says")"
check "TTL" InHdrErrors IPTRACE_IP_IN_HDR_ERRORS 2

# From the client, with an address that is the server's.
inside client ip addr add 203.0.113.77/32 dev eth0
echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter
begin udp
send client UDP4-SENDTO:203.0.113.10:9 4 bind=203.0.113.77
finish || fail "$(cat "$dir/says")"
check "rp_filter" IPReversePathFilter IPTRACE_IP_REVERSE_PATH_FILTER 4
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter

ip link set wan mtu 1000
begin udp
# 1200 bytes, not to be fragmented: IP_MTU_DISCOVER is 10, IP_PMTUDISC_PROBE 3. The client may learn nothing of it.
send client UDP4-SENDTO:203.0.113.10:9 2 setsockopt-int=0:10:3 SYSTEM:"head -c 1200 /dev/zero"
finish || fail "$(cat "$dir/says")"
check "too big" FragFails IPTRACE_IP_FRAG_FAILS 2
ip link set wan mtu 1500

echo 0 >/proc/sys/net/ipv4/ip_forward
begin udp
send client UDP4-SENDTO:203.0.113.10:9 3
finish || fail "$(cat "$dir/says")"
check "forwarding is off" InAddrErrors IPTRACE_IP_IN_ADDR_ERRORS 3
echo 1 >/proc/sys/net/ipv4/ip_forward

record -6 -P -w "$dir/capture.pcapng" udp || exit 1
send client UDP6-SENDTO:[2001:db8:99::1]:9 2
finish || fail "$(cat "$dir/says")"
check "IPv6: no route" Ip6InNoRoutes IPTRACE_IP6_IN_NO_ROUTES 2

# Of another namespace, and where nothing is dropped, nothing is said.
network_sink server 9
begin udp
send client UDP4-SENDTO:203.0.113.10:9 2
inside client ip route del default
inside client socat -u EXEC:"echo x" UDP4-SENDTO:203.0.113.10:9 2>/dev/null
finish || fail "$(cat "$dir/says")"
expect "nothing was dropped, as said" "$(grep -c 'IP itself dropped' "$dir/says")" 0
expect "nothing was dropped, in the file" "$(grep -ac 'IPTRACE_EVENT=ip_drops' "$dir/capture.pcapng")" 0

# By the name of a namespace: its counters, and not this one's. The client's route is gone.
record -P -w "$dir/capture.pcapng" -n "${network_keepers[client]}" -4 || exit 1
send client UDP4-SENDTO:198.51.100.7:9 2
send server UDP4-SENDTO:198.51.100.7:9 1
finish || fail "$(cat "$dir/says")"
expect "in another namespace" "$(said OutNoRoutes)/$(kept IPTRACE_IP_OUT_NO_ROUTES)" 2/2
expect "what this namespace dropped meanwhile" "$(said InNoRoutes)" ""
exit $failed
