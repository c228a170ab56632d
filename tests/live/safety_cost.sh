#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The price of a recording on a router with 20 000 and with 100 000 rules: with the defaults untraced traffic
# keeps 90 % of its rate.
# safety_cost.sh DIRECTORY-OF-THE-RECORDER DIRECTORY-OF-THE-TRAFFIC-TOOL
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
traffic=$2/traffic
rounds=${IPTRACE_ROUNDS:-9}
packets=400000 # some two seconds: the reading of the rules that follows the start is part of it
need iptables-legacy-restore
inside_end() {
    [ -z "$(jobs -p)" ] || kill $(jobs -p) 2>/dev/null
    wait
    for name in left right; do ip netns delete $name 2>/dev/null; done
    inside_leave
}
inside_begin "$@"
mount -t sysfs none /sys || skip "sysfs cannot be mounted here"

# ---- left 10.9.1.1 ── this namespace, the router ── 10.9.2.2 right ----

for name in left right; do
    ip netns add $name || skip "no named namespace can be made here"
    ip link add to-$name type veth peer name eth0 netns $name
    ip link set to-$name up
    ip -n $name link set eth0 up
done
ip link set lo up
ip addr add 10.9.1.2/24 dev to-left
ip addr add 10.9.2.1/24 dev to-right
ip -n left addr add 10.9.1.1/24 dev eth0
ip -n right addr add 10.9.2.2/24 dev eth0
ip -n left route add default via 10.9.1.2
ip -n right route add default via 10.9.2.1
echo 1 >/proc/sys/net/ipv4/ip_forward
# What arrives is counted and let go.
ip -n right link set dev eth0 arp on
ip netns exec right iptables-legacy -t raw -A PREROUTING -p udp -j DROP || skip "no legacy tables in this kernel"

rules() { # so many of them, which no packet meets, and one at the end of the table
    iptables-legacy-restore < <(
        printf '*filter\n:FORWARD ACCEPT\n:a - [0:0]\n:z - [0:0]\n-A FORWARD -j z\n-A z -p udp -j ACCEPT\n'
        awk -v count="$1" 'BEGIN {for (i = 0; i < count; i++)
            printf "-A a -s 10.%d.%d.%d/32 -j DROP\n", i / 65536, i / 256 % 256, i % 256}'
        echo COMMIT
    )
}
arrived() { cat /sys/class/net/to-right/statistics/tx_packets; }
rate() { # packets a second that pass the router
    local begin_ns before
    before=$(arrived)
    begin_ns=$(date +%s%N)
    ip netns exec left "$traffic" 10.9.2.2 9 "$packets" >/dev/null
    echo $((($(arrived) - before) * 1000000000 / ($(date +%s%N) - begin_ns)))
}
start() {
    rm -f "$dir/ready"
    "$recorder" -w "$dir/capture.pcapng" --ready-file "$dir/ready" 2>"$dir/errors" &
    pid=$!
    for _ in $(seq 3000); do [ -e "$dir/ready" ] && break; sleep 0.02; done
    [ -e "$dir/ready" ] || fail "it did not get ready: $(cat "$dir/errors")"
}
stop() {
    kill -INT $pid
    wait $pid || fail "$(cat "$dir/errors")"
}
median() { sort -n | sed -n "$((rounds / 2 + 1))p"; }

# The median share of pairs that followed each other.
measure() { # RULES
    : >"$dir/without"
    : >"$dir/with"
    : >"$dir/share"
    for _ in $(seq "$rounds"); do
        without=$(rate)
        start
        with=$(rate)
        stop
        echo "$without" >>"$dir/without"
        echo "$with" >>"$dir/with"
        echo $((with * 100 / without)) >>"$dir/share"
    done
    without=$(median <"$dir/without") with=$(median <"$dir/with")
    share=$(median <"$dir/share")
    echo "$1 rules: $without packets/s, while recording $with, $share %; $(grep -o 'limited to [^,]*' "$dir/errors")"
}

for count in 20000 100000; do
    rules $count || skip "no legacy tables in this kernel"
    rate >/dev/null
    # A machine that had something else to do gets three tries.
    for _ in 1 2 3; do
        measure $count
        [ "$share" -lt 90 ] || break
    done
    [ "$share" -ge 90 ] || fail "untraced traffic keeps $share % of its rate, three times"
    grep -q "so each TRACE rule" "$dir/errors" || fail "the limit is not said: $(cat "$dir/errors")"
    if [ -n "${IPTRACE_UNLIMITED:-}" ]; then # what it would be
        "$recorder" --unlimited -w "$dir/capture.pcapng" -a duration:8 2>/dev/null &
        pid=$!
        sleep 4
        packets=2000
        echo "$count rules, --unlimited: $(rate) packets/s"
        packets=400000
        wait $pid
    fi
done
exit $failed
