#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Records the samples from a real kernel, each in throw-away network namespaces.
# samples/record.sh [NAME …]: those named, or all. RECORDER: the program, build/release/recorder/iptrace-record
# unless set. OUTPUT: where the files go, this directory unless set.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
recorder=${RECORDER:-$here/../build/release/recorder/iptrace-record}
output=${OUTPUT:-$here}
# shellcheck source=network.sh
. "$here/network.sh"

samples="accept drop-rule drop-unconditional drop-policy chains nat nat-error reject ipv6 mark copies multicast queue vanished
    many-rules nflog"

iptables() { iptables-legacy -w "$@"; }
ip6tables() { ip6tables-legacy -w "$@"; }

# record OPTION … [filter]: starts the recorder and waits until it records.
record() {
    work=$(mktemp -d)
    network_start router "$recorder" -q --ready-file "$work/ready" -w "$output/$sample.pcapng" "$@"
    recording=$!
    network_await test -e "$work/ready"
}

# What has been sent has been dealt with when it arrives here: namespaces are of one kernel, and a packet between
# them waits for nothing but a processor.
finish() {
    sleep 0.3
    kill -INT "$recording"
    wait "$recording"
    rm -r "$work"
}

# One line each, from the client unless told otherwise.
ask() { # ADDRESS PORT: a TCP connection, a line there and back
    inside client socat -t 2 - "TCP:$1:$2,connect-timeout=2" <<<client >/dev/null 2>&1 || :
}
tell() { # ADDRESS PORT [socat's options]: a datagram
    inside client socat -u - "UDP:$1:$2${3:+,$3}" <<<hello 2>/dev/null || :
}
knock() { # ADDRESS PORT: one SYN, which nobody answers
    inside client timeout 0.5 socat -u - "TCP:$1:$2,connect-timeout=1" </dev/null >/dev/null 2>&1 || :
}
echo_request() { # ADDRESS [ping's options]
    local address=$1
    shift
    inside client ping -n -q -c 1 -W 1 "$@" "$address" >/dev/null || :
}

server4=203.0.113.10 server6=2001:db8:2::10
# Neighbour discovery and multicast listener reports are not what the samples are about.
no_noise='tcp or udp or (icmp6 and ip6[40] < 130)'

sample_accept() {
    network_router
    network_serve server 80
    iptables -P FORWARD DROP
    iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A FORWARD -i lan -p tcp -m tcp --dport 80 -m comment --comment "the web server" -j ACCEPT
    record -4
    ask $server4 80
    finish
}

sample_drop-rule() {
    network_router
    network_serve server 80
    iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A FORWARD -i lan -p tcp -m tcp --dport 23 -m comment --comment "no telnet" -j DROP
    iptables -A FORWARD -i lan -p tcp -m tcp --dport 80 -j ACCEPT
    record -4
    knock $server4 23
    ask $server4 80
    finish
}

sample_drop-unconditional() {
    network_router
    network_sink server 53
    iptables -A FORWARD -p udp -m udp --dport 53 -j ACCEPT
    iptables -A FORWARD -j DROP
    record -4
    tell $server4 53
    tell $server4 123
    finish
}

sample_drop-policy() {
    network_router
    network_sink server 53
    iptables -P FORWARD DROP
    iptables -A FORWARD -p udp -m udp --dport 53 -j ACCEPT
    record -4
    tell $server4 53
    tell $server4 123
    finish
}

sample_chains() {
    network_router
    network_sink server 53
    network_sink server 1000
    local chain
    for chain in services web:in last empty; do iptables -N $chain; done
    iptables -A FORWARD -i lan -j services
    iptables -A FORWARD -j empty
    iptables -A FORWARD -p udp -m udp --dport 1000 -g last
    iptables -A FORWARD -j DROP
    iptables -A services -p udp -m udp --dport 53 -m comment --comment "back to FORWARD" -j RETURN
    iptables -A services -p tcp -j web:in
    iptables -A web:in -p tcp -m tcp --dport 80 -j ACCEPT
    iptables -A web:in -j RETURN
    iptables -A last -m ttl --ttl-lt 5
    iptables -A last -j ACCEPT
    record -4
    knock $server4 80  # jump into two chains, accepted in the inner one
    knock $server4 443 # out of web:in by its unconditional RETURN
    tell $server4 53   # RETURN by a rule that matched
    tell $server4 1000 # goto
    finish
}

sample_nat() {
    network_router
    network_serve server 80
    iptables -t nat -A PREROUTING -i lan -p tcp -m tcp --dport 8080 -j DNAT --to-destination $server4:80
    iptables -t nat -A POSTROUTING -o wan -j MASQUERADE
    iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
    iptables -A FORWARD -j DROP
    record -4
    ask 192.168.1.1 8080
    finish
}

sample_nat-error() {
    network_router
    iptables -t nat -A PREROUTING -i lan -p udp -m udp --dport 5353 -j DNAT --to-destination $server4:53
    iptables -t nat -A POSTROUTING -o wan -j MASQUERADE
    iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
    iptables -A FORWARD -j DROP
    record -4
    tell 192.168.1.1 5353          # the server has nobody there
    tell 192.168.1.1 5353 ip-ttl=1 # too old to be sent on, once it is translated
    finish
}

sample_reject() {
    network_router
    iptables -A FORWARD -p tcp -m tcp --dport 113 -j REJECT --reject-with tcp-reset
    iptables -A FORWARD -p udp -j REJECT
    iptables -A INPUT -p icmp -j REJECT --reject-with icmp-admin-prohibited
    record -4
    ask $server4 113
    tell $server4 123
    echo_request 192.168.1.1
    finish
}

sample_ipv6() {
    network_router
    network_serve server 80
    ip6tables -A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT
    ip6tables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    ip6tables -A FORWARD -i lan -p tcp -m tcp --dport 80 -j ACCEPT
    ip6tables -A FORWARD -p udp -m udp --dport 123 -j REJECT --reject-with icmp6-adm-prohibited
    ip6tables -A FORWARD -j DROP
    record -6 "$no_noise"
    ask "[$server6]" 80
    echo_request $server6
    tell "[$server6]" 123
    tell "[$server6]" 53
    finish
}

sample_mark() {
    network_router
    network_sink server 53
    iptables -t mangle -A PREROUTING -p udp -j MARK --set-xmark 0x2a/0xffffffff
    iptables -t mangle -A PREROUTING -p udp -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
    iptables -t mangle -A PREROUTING -p udp -j TOS --set-tos 0x10/0x3f
    iptables -t mangle -A FORWARD -j TTL --ttl-set 42
    iptables -t mangle -A POSTROUTING -m mark --mark 0x2a -j MARK --set-xmark 0x1/0x1
    iptables -A FORWARD -m mark --mark 0x2a -m connmark --mark 0x2a -j ACCEPT
    iptables -A FORWARD -j DROP
    record -4
    tell $server4 53
    echo_request $server4
    finish
}

# A bridge sends a broadcast out by each other port: PREROUTING once, then FORWARD and POSTROUTING for each copy.
sample_copies() {
    local port
    [ -d /proc/sys/net/bridge ] || return 1
    ip link add bridge type bridge
    for port in client second third; do
        network_make $port
        ip link add $port type veth peer name eth0 netns "${network_keepers[$port]}"
        ip link set $port master bridge up
        inside $port "$BASH" -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip link set eth0 up'
    done
    echo 1 >/proc/sys/net/ipv6/conf/bridge/disable_ipv6
    ip link set bridge up
    inside client ip addr add 192.168.1.10/24 brd + dev eth0
    echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
    iptables -A FORWARD -m physdev --physdev-out third -j DROP
    iptables -A FORWARD -m physdev --physdev-is-bridged -j ACCEPT
    network_await "$BASH" -c '[ "$(bridge link | grep -c "state forwarding")" = 3 ]'
    record -4 udp
    tell 192.168.1.255 9 broadcast
    finish
}

# A host that is a member of the group it sends to: the packet goes out, and a copy comes back.
sample_multicast() {
    network_make server
    network_link lan server 192.168.1 2001:db8:1
    network_start router socat -u UDP4-RECV:5353,ip-add-membership=224.0.0.251:lan OPEN:/dev/null
    network_await network_listening_here
    iptables -A OUTPUT -p udp -j ACCEPT
    iptables -t mangle -A POSTROUTING -o lan -j ACCEPT
    iptables -A INPUT -p udp -m udp --dport 5353 -j ACCEPT
    record -4 udp
    socat -u - UDP4:224.0.0.251:5353,ip-multicast-if=192.168.1.1 <<<hello
    finish
}
network_listening_here() {
    grep -q ':14E9 ' /proc/net/udp
}

sample_queue() {
    network_router
    network_sink server 53
    iptables -A FORWARD -p udp -m udp --dport 53 -j NFQUEUE --queue-num 1
    iptables -A FORWARD -p udp -m udp --dport 123 -j NFQUEUE --queue-num 1 --queue-bypass
    record -4
    tell $server4 53
    tell $server4 123
    finish
}

sample_vanished() {
    network_router
    echo 1 >/proc/sys/net/ipv4/conf/lan/rp_filter
    inside client ip addr add 198.51.100.1/32 dev eth0
    iptables -A FORWARD -j ACCEPT
    record -4
    tell 198.18.0.1 53                 # no route
    tell $server4 53 ip-ttl=1          # too old to be sent on
    tell $server4 53 bind=198.51.100.1 # the way back is another: rp_filter
    finish
}

sample_many-rules() {
    network_router
    network_serve server 80
    local number
    {
        echo "*filter"
        echo ":FORWARD DROP [0:0]"
        echo ":hosts - [0:0]"
        echo "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
        echo "-A FORWARD -i lan -j hosts"
        for ((number = 1; number <= 100; number++)); do
            echo "-A hosts -s 192.168.1.$((number + 20))/32 -p tcp -m tcp --dport 80 -j ACCEPT"
        done
        echo "-A hosts -s 192.168.1.10/32 -p tcp -m multiport --dports 80,443 -j ACCEPT"
        echo "COMMIT"
    } | iptables-legacy-restore -w
    record -4
    ask $server4 80
    knock $server4 23
    finish
}

# The same messages as tcpdump sees them, with the rules in files, for -r. Here the administrator's own rules trace.
sample_nflog() {
    network_router
    network_serve server 80
    local iptables
    for iptables in iptables ip6tables; do
        $iptables -t raw -A PREROUTING -p tcp -j TRACE
        $iptables -t raw -A PREROUTING -p udp -j TRACE
        $iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        $iptables -A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT
        $iptables -A FORWARD -j DROP
    done
    for iptables in 2 10; do echo nfnetlink_log >/proc/sys/net/netfilter/nf_log/$iptables; done
    iptables-legacy-save | grep -v '^#' >"$output/nflog.iptables-save"
    ip6tables-legacy-save | grep -v '^#' >"$output/nflog.ip6tables-save"
    network_start router tcpdump -Z root -U -i nflog:0 -w "$output/nflog.pcap" 2>/dev/null
    recording=$!
    network_await test -s "$output/nflog.pcap"
    work=$(mktemp -d)
    ask $server4 80
    tell $server4 123
    ask "[$server6]" 80
    tell "[$server6]" 123
    finish
}

if [ "${1:-}" = --one ]; then
    sample=$2
    network_enter --one "$sample" || {
        echo "samples/record.sh: $network_problem" >&2
        exit 1
    }
    # shellcheck disable=SC2046 # a list
    trap 'kill $(jobs -p) 2>/dev/null || :' EXIT
    "sample_$sample"
    exit 0
fi

[ -x "$recorder" ] || {
    echo "samples/record.sh: there is no $recorder: expected the recorder (RECORDER=…)" >&2
    exit 1
}
[ $# -gt 0 ] || set -- $samples
for sample in "$@"; do
    case " ${samples//$'\n'/ } " in
    *" $sample "*) ;;
    *)
        echo "samples/record.sh: there is no sample \"$sample\": expected some of" $samples >&2
        exit 2
        ;;
    esac
    echo "$sample"
    RECORDER=$recorder OUTPUT=$output "$0" --one "$sample" || {
        echo "samples/record.sh: $sample was not recorded" >&2
        exit 1
    }
done
