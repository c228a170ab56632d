#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# What is recorded: -i takes what is received on the interface and what this host itself sends out by it, no more; -4 and
# -6 one family; a filter what matches; and they go together.
# selection.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
network_router || skip "no router can be made here"
# Nobody answers, so that there is only what is sent here.
for name in client server; do
    inside $name iptables-legacy -w -A INPUT -p udp -j DROP
    inside $name ip6tables-legacy -w -A INPUT -p udp -j DROP
done
iptables -A INPUT -p udp -j DROP
ip6tables -A INPUT -p udp -j DROP
iptables -t raw -S >/dev/null # the table exists from now on
ip6tables -t raw -S >/dev/null
before=$(iptables-legacy-save -t raw; ip6tables-legacy-save -t raw)

# Every way that a packet can take here, by a port of its own.
# from    IPv4          IPv6            port  way
ways="
client   203.0.113.10  2001:db8:2::10  2001  lan-to-wan
server   192.168.1.10  2001:db8:1::10  2002  wan-to-lan
client   192.168.1.1   2001:db8:1::1   2003  lan-to-here
server   203.0.113.1   2001:db8:2::1   2004  wan-to-here
router   192.168.1.10  2001:db8:1::10  2005  here-to-lan
router   203.0.113.10  2001:db8:2::10  2006  here-to-wan
"
send_all() {
    local from address4 address6 port here=()
    while read -r from address4 address6 port _; do
        [ -n "$from" ] || continue
        here=(inside "$from")
        [ "$from" != router ] || here=()
        "${here[@]}" "$traffic" "$address4" "$port" 2 >/dev/null || fail "sending to $address4"
        "${here[@]}" "$traffic" "$address6" "$port" 2 >/dev/null || fail "sending to $address6"
    done <<<"$ways"
    "$traffic" 127.0.0.1 2007 2 >/dev/null
}

# check WHAT "4|6 PORT …" OPTION …: these are recorded, each twice, and none else.
check() {
    local what=$1 wanted=$2
    shift 2
    record -w "$dir/trace.pcapng" "$@" || exit 1
    send_all
    finish || fail "$what: status $?: $(cat "$dir/says")"
    tshark -r "$dir/trace.pcapng" -Y 'iptrace && udp.dstport >= 2001 && udp.dstport <= 2007 && !icmp && !icmpv6' \
        -T fields -E separator=' ' -e ip.version -e udp.dstport | sed 's/^ /6 /' | sort | uniq -c |
        awk '{print $2, $3, $1}' >"$dir/found"
    printf '%s\n' "$wanted" | sed '/^$/d' | sort | diff - "$dir/found" >"$dir/diff" ||
        fail "$what (<: expected, >: found): $(cat "$dir/diff")"
    expect "$what: table raw" "$(iptables-legacy-save -t raw | grep -v '^[:#]'; ip6tables-legacy-save -t raw | grep -v '^[:#]')" \
        "$(grep -v '^[:#]' <<<"$before")"
}
lines() { # FAMILIES PORTS: all of them, twice each; what loopback sends shows twice
    local family port count
    for family in $1; do
        for port in $2; do
            count=2
            [ "$port" != 2007 ] || count=4
            [ "$family$port" = 62007 ] || echo "$family $port $count"
        done
    done
}

check "everything" "$(lines "4 6" "2001 2002 2003 2004 2005 2006 2007")" udp
check "-i lan" "$(lines "4 6" "2001 2003 2005")" -i lan udp
check "-i wan" "$(lines "4 6" "2002 2004 2006")" -i wan udp
check "-i lan,wan" "$(lines "4 6" "2001 2002 2003 2004 2005 2006")" -i lan,wan udp
check "-i lan -i lo" "$(lines "4 6" "2001 2003 2005 2007")" -i lan -i lo udp
check "-4" "$(lines 4 "2001 2002 2003 2004 2005 2006 2007")" -4 udp
check "-6" "$(lines 6 "2001 2002 2003 2004 2005 2006")" -6 udp
check "-4 -6" "$(lines "4 6" "2001 2002 2003 2004 2005 2006 2007")" -4 -6 udp
check "-6 -i lan and a filter" "$(lines 6 "2003 2005")" -6 -i lan 'udp and not port 2001'
check "without a filter" "$(lines "4 6" "2001 2003 2005")" -i lan

check "-i la+" "$(lines "4 6" "2001 2003 2005")" -i la+ udp
expect "-i la+: what is said of interfaces" "$(grep -c "no interface" "$dir/says")" 0
check "-i misspelt,lan" "$(lines "4 6" "2001 2003 2005")" -i misspelt,lan udp
grep -q "^iptrace-record: there is no interface misspelt here" "$dir/says" || fail "-i misspelt: $(cat "$dir/says")"

# One family alone leaves the other as it is: neither logger nor tables.
logger=$(cat /proc/sys/net/netfilter/nf_log/10)
record -4 -w "$dir/trace.pcapng" udp || exit 1
expect "-4: the logger of IPv6" "$(cat /proc/sys/net/netfilter/nf_log/10)" "$logger"
expect "-4: IPv6 rules" "$(ip6tables-legacy -t raw -S | grep -c TRACE)" 0
finish || fail "-4: status $?"
exit $failed
