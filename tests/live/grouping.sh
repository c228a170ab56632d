#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# As many rows as packets, with the verdict that the kernel's counters and a listener tell, where packets are hard to
# tell apart or to follow: twins on two processors, NFQUEUE, addresses that nftables translates, TPROXY.
# grouping.sh BUILD twins|queue|nftables|tproxy
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
network_router || skip "no router can be made here"
network_sink server 1001
capture=$dir/grouping.pcapng

# The packets that the first rule of a chain has counted.
counted() { iptables -t "$1" -L "$2" 1 -v -x -n | awk '{print $1}'; }
is_counted() { [ "$(counted "$1" "$2")" -ge "$3" ]; }

twins() {
    [ "$(nproc)" -ge 2 ] || skip "there is one processor only"
    local count=4000
    iptables -t raw -A PREROUTING -p udp --dport 1001
    iptables -t mangle -A PREROUTING -p udp -m statistic --mode random --probability 0.5 -j MARK --set-mark 1
    iptables -A FORWARD -p udp -m mark --mark 1 -j RETURN
    iptables -A FORWARD -p udp -m statistic --mode random --probability 0.5
    record -B 512 -w "$capture" "udp port 1001" || return
    inside client "$build/tests/live/twins" 192.168.1.10 203.0.113.10 1001 $count || fail "twins did not send"
    network_await is_counted raw PREROUTING $((2 * count)) || true
    finish INT
    expect "rows" "$(rows "$capture" iptrace)" "$(counted raw PREROUTING)"
    expect "rows not accepted" "$(rows "$capture" 'iptrace.verdict != "ACCEPT"')" 0
    expect "rows of which messages are said to be lost" "$(rows "$capture" iptrace.incomplete)" 0
    local messages
    messages=$(sed -n 's/.* packets, \([0-9]*\) TRACE messages, 0 messages lost.*/\1/p' "$dir/says")
    "$recorder" -r "$capture" -w "$dir/again.pcapng" 2>"$dir/says.again"
    expect "messages in the message blocks" \
        "$(sed -n 's/.* packets, \([0-9]*\) TRACE messages, 0 messages lost.*/\1/p' "$dir/says.again")" "$messages"
    expect "rows of the replay" "$(rows "$dir/again.pcapng" iptrace)" "$(counted raw PREROUTING)"
}

queue() {
    modprobe nfnetlink_queue 2>/dev/null
    iptables -A FORWARD -p udp --dport 1002 -j NFQUEUE --queue-num 2 || skip "there is no NFQUEUE here"
    iptables -A FORWARD -p udp --dport 1003 -j NFQUEUE --queue-num 2 --queue-bypass
    iptables -A FORWARD -p udp --dport 1001 -j NFQUEUE --queue-num 1
    iptables -t mangle -A POSTROUTING -p udp --dport 1001
    network_start router "$build/tests/live/slow_queue" 1 200 "${IPTRACE_QUEUE_SECONDS:-3}" >"$dir/queue"
    network_await grep -q ready "$dir/queue" || { fail "slow_queue does not listen"; return; }
    record -w "$capture" udp || return
    inside client "$traffic" --id 1 203.0.113.10 1001 200 >/dev/null
    inside client "$traffic" --id 1000 203.0.113.10 1002 20 >/dev/null
    inside client "$traffic" --id 2000 203.0.113.10 1003 20 >/dev/null
    # Many others meanwhile.
    inside client "$traffic" --id 3000 --ports 60 203.0.113.10 2000 20000 >/dev/null
    local end=$((SECONDS + ${IPTRACE_QUEUE_SECONDS:-3} + 10))
    until is_counted mangle POSTROUTING 200; do
        [ $SECONDS -lt $end ] || { fail "the queue let $(counted mangle POSTROUTING) go"; break; }
        sleep 0.1
    done
    sleep 1 # longer than the recorder waits for a table that does not speak
    finish INT
    expect "rows of queue 1" "$(rows "$capture" 'udp.dstport == 1001')" 200
    expect "of them accepted" "$(rows "$capture" 'udp.dstport == 1001 && iptrace.verdict == "ACCEPT" && !iptrace.incomplete')" 200
    expect "dropped where nobody listens" \
        "$(rows "$capture" 'udp.dstport == 1002 && iptrace.verdict == "DROP" && iptrace.verdict.reason == "queue"')" 20
    expect "accepted where nobody listens and the rule lets pass" \
        "$(rows "$capture" 'udp.dstport == 1003 && iptrace.verdict == "ACCEPT"')" 20
}

nftables() {
    command -v iptables-nft >/dev/null || skip "there is no iptables-nft"
    iptables-nft -t nat -A PREROUTING -i lan -p udp --dport 1006 -j DNAT --to-destination 203.0.113.10:1001 ||
        skip "nftables does not translate here"
    iptables -A FORWARD -p udp --dport 1001 -j ACCEPT
    iptables -t mangle -A PREROUTING -p udp --dport 1006
    record -w "$capture" "udp port 1006" || return
    # One connection and many: of the first only one packet is new.
    inside client "$traffic" --id 1 192.168.1.1 1006 20 >/dev/null
    inside client "$traffic" --id 100 --sources 20 192.168.1.1 1006 20 >/dev/null
    finish INT
    expect "rows" "$(rows "$capture" iptrace)" "$(counted mangle PREROUTING)"
    expect "rows" "$(rows "$capture" iptrace)" 40
    expect "accepted, in one piece" "$(rows "$capture" 'iptrace.verdict == "ACCEPT" && !iptrace.incomplete')" 40
}

# Without a socket TPROXY drops the packet; where routing dropped others meanwhile it may have been that.
tproxy() {
    iptables -t mangle -A PREROUTING -p udp --dport 1007 -j TPROXY --on-port 7 --tproxy-mark 1 ||
        skip "there is no TPROXY here"
    iptables -A FORWARD -p udp --dport 1001 -j ACCEPT
    record -w "$capture" "udp port 1007" || return
    inside client "$traffic" --id 1 203.0.113.10 1007 10 >/dev/null
    finish INT
    expect "dropped for want of a socket" \
        "$(rows "$capture" 'iptrace.verdict == "DROP" && iptrace.verdict.reason == "tproxy"')" 10
    expect "accepted behind TPROXY" "$(counted filter FORWARD)" 0

    record -w "$capture" "udp port 1007" || return
    inside client ip route add 198.51.100.0/24 via 192.168.1.1
    inside client "$traffic" --id 1 198.51.100.1 1001 3 >/dev/null 2>&1
    inside client "$traffic" --id 1 203.0.113.10 1007 10 >/dev/null
    finish INT
    expect "not known to be dropped by TPROXY" \
        "$(rows "$capture" 'iptrace.verdict == "UNKNOWN" && iptrace.verdict.reason == "tproxy"')" 10
}

case $2 in
twins) twins ;;
queue) queue ;;
nftables) nftables ;;
tproxy) tproxy ;;
esac
[ "$failed" = 0 ] || cat "$dir/says"
exit "$failed"
