#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# How far apart the recorder's looks at the rules are while packets are recorded: the time within which a change that is
# undone without the xtables lock is not seen. strace tells when the IPv4 agent asks for the entries of the largest table:
# those of raw are asked for besides, five times a second, to see whether our own rules are there.
# looks.sh BUILD [SECONDS [RULES...]]
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
command -v strace >/dev/null || skip "there is no strace"
seconds=${2:-10}
sizes=("${@:3}")
[ ${#sizes[@]} -gt 0 ] || sizes=(100 1000 20000 100000)

rules() { # NUMBER of rules that match nothing
    awk -v count="$1" 'BEGIN {
        print "*filter"
        for (i = 0; i < count; i++)
            printf "-A INPUT -s 192.0.2.%d/32 -p tcp -m tcp --dport %d -j DROP\n", i % 250 + 1, i % 65000 + 1
        print "COMMIT"
    }'
}

# What lies between the calls for the largest table, in milliseconds, the shortest first.
gaps() {
    awk '/0x41|GET_ENTRIES/ && match($0, /\[[0-9]+/) {
        size = substr($0, RSTART + 1, RLENGTH - 1) + 0
        if (size > largest) {largest = size; count = 0}
        if (size == largest) at[++count] = $1
    }
    END {for (i = 2; i <= count; i++) printf "%.1f\n", (at[i] - at[i - 1]) * 1000}' "$1" | sort -n
}

ip link set lo up
printf '%8s %6s %10s %10s %10s\n' rules looks "median ms" "95 % ms" "max ms"
for size in "${sizes[@]}"; do
    rules "$size" | iptables-legacy-restore || { fail "$size rules are not taken"; break; }
    rm -f "$dir/ready" "$dir/paths" "$dir"/strace.*
    "$recorder" -4 --unlimited -q -P -w "$dir/trace.pcapng" --ready-file "$dir/ready" icmp >"$dir/paths" &
    recording=$!
    network_await test -e "$dir/ready" || { fail "the recorder did not start"; break; }
    # Something always waits; of large tables each packet costs the kernel much.
    ping -q -i "$([ "$size" -le 1000 ] && echo 0.002 || echo 0.05)" 127.0.0.1 >/dev/null &
    pinging=$!
    # The first packet is shown when all tables' texts have been read and a look has confirmed them.
    for ((i = 0; i < 600; i++)); do
        [ ! -s "$dir/paths" ] || break
        sleep 0.1
    done
    [ -s "$dir/paths" ] || fail "no packet is shown with $size rules"
    attach=()
    for process in "$recording" $(pgrep -P "$recording"); do attach+=(-p "$process"); done
    timeout -s INT "$seconds" strace -ff -qq -ttt -e trace=getsockopt -o "$dir/strace" "${attach[@]}"
    kill "$pinging"
    kill -INT "$recording"
    wait "$recording" || fail "the recorder ended with status $?"
    for file in "$dir"/strace.*; do
        gaps "$file" | awk -v rules="$size" '{ms[NR] = $1}
            END {
                if (NR > 1)
                    printf "%8d %6d %10.1f %10.1f %10.1f\n", rules, NR + 1, ms[int((NR + 1) / 2)],
                        ms[int((NR * 19 + 19) / 20)], ms[NR]
            }'
    done
done
exit $failed
