#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# A limit, asked for or chosen by the recorder, leaves packets out: how many is said at the end, stands in the file and is
# expert information. The user's own counters are the judge. limit.sh BUILD HASTY-RECORDER
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
hasty=$2
network_router || skip "no network namespaces can be made here"
# The second rule counts what of it was recorded in vain, whoever traces.
for command in iptables ip6tables; do
    $command -t raw -A PREROUTING -p udp --dport 9 -m comment --comment "counts what comes in"
    $command -t raw -A OUTPUT -p udp --dport 9 -m comment --comment "counts what goes out"
    $command -A INPUT -p udp --dport 9 -j DROP
done
counted() { # [chain]: since it was asked last
    local command
    for command in iptables ip6tables; do $command -t raw -vxnL "$1" | awk '/counts what/ {print $1}'; $command -t raw -Z "$1"; done |
        awk '{sum += $1} END {print sum}'
}
# Of the last recording: `N of M (limit L)` as said and as it stands in the file.
said() { sed -n 's/.*: \([0-9]*\) of \([0-9]*\) matching packets were traced (limit \(.*\))$/\1 \2 \3/p' "$dir/says"; }
kept() { for field in TRACED MATCHED LIMIT; do grep -ao "^IPTRACE_$field=.*" "$dir/capture.pcapng" | cut -d= -f2; done | paste -sd' '; }
packets() { sed -n 's/.*: \([0-9]*\) packets, .*/\1/p' "$dir/says"; }
check() { # WHAT SENT LIMIT: each traced packet was one of the sent
    local traced
    expect "$test: said and kept" "$(said)" "$(kept)"
    expect "$test: matching packets, limit" "$(said | cut -d' ' -f2-)" "$1 $2"
    traced=$(said | cut -d' ' -f1)
    [ "$traced" -gt 0 ] && [ "$traced" -lt "$1" ] || fail "$test: traced are $traced of $1: $(cat "$dir/says")"
    expect "$test: expert information" "$(tshark -r "$dir/capture.pcapng" -Y iptrace.limited | wc -l)" 1
    tshark -r "$dir/capture.pcapng" -q -z expert,note | grep -q "$traced of $1 matching packets were traced (limit $2)" ||
        fail "$test: not in the list of expert information"
    expect "$test: rules of ours that are left" "$(iptables-legacy-save | grep -c 'iptrace-record: ')" 0
}

test="--limit"
counted OUTPUT >/dev/null
record -w "$dir/capture.pcapng" --limit 5/second udp || exit 1
"$traffic" 127.0.0.1 9 150 >/dev/null
"$traffic" ::1 9 50 >/dev/null
finish || fail "$(cat "$dir/says")"
expect "$test: the user's counters" "$(counted OUTPUT)" 200
check 200 5/second
# By loopback each makes two rows.
expect "$test: packets" "$(packets)" $((2 * $(said | cut -d' ' -f1)))
expect "$test: the number of the user's rule" "$(tshark -r "$dir/capture.pcapng" -Y iptrace -T fields -E separator=/t -e iptrace.step | grep -o 'raw:OUTPUT:rule:[0-9]*' | sort -u)" raw:OUTPUT:rule:1

test="interfaces"
counted PREROUTING >/dev/null
record -w "$dir/capture.pcapng" --limit 6/second -i lan,wan,lo udp port 9 || exit 1
"$traffic" 127.0.0.1 9 20 >/dev/null # OUTPUT of lo
inside client "$traffic" 192.168.1.1 9 40 >/dev/null
inside server "$traffic" 2001:db8:2::1 9 60 >/dev/null
inside server "$traffic" 203.0.113.1 10 70 >/dev/null # does not match
finish || fail "$(cat "$dir/says")"
expect "$test: the user's counters" "$(counted PREROUTING)" 120 # loopback's, too
check 120 6/second

test="the automatic limit"
{
    printf '*filter\n:FORWARD ACCEPT\n:a - [0:0]\n'
    awk 'BEGIN {for (i = 0; i < 20000; i++) printf "-A a -s 10.%d.%d.%d/32 -j DROP\n", i / 65536, i / 256 % 256, i % 256}'
    echo COMMIT
} | iptables-legacy-restore -n -w
record -w "$dir/capture.pcapng" udp || exit 1
limit=$(sed -n 's/.*is limited to \([^,]*\),.*/\1/p' "$dir/says")
[ -n "$limit" ] || fail "$test: no limit was set: $(cat "$dir/says")"
"$traffic" 127.0.0.1 9 200 >/dev/null
finish || fail "$(cat "$dir/says")"
check 200 "$limit"
iptables -F a; iptables -X a

# What was counted before a renewal of the rules is not forgotten.
test="renewal"
dates() { iptables-legacy -t raw -S | sed -n 's/.*--datestop \([^ ]*\).*iptrace-record: .*/\1/p' | sort -u; }
renewed() { [ -n "$(dates)" ] && [ "$(dates)" != "$first" ]; }
recorder=$hasty record -w "$dir/capture.pcapng" --limit 5/second udp || exit 1
first=$(dates)
if [ -n "$first" ]; then
    for _ in 1 2 3; do
        "$traffic" 127.0.0.1 9 50 >/dev/null
        network_await renewed || fail "the rules were not renewed"
        first=$(dates)
    done
fi
"$traffic" 127.0.0.1 9 50 >/dev/null
finish || fail "$(cat "$dir/says")"
check $((${first:+150} + 50)) 5/second

# Where nothing was left out, nothing is the matter; where there is no limit, nothing is said.
test="a wide limit"
record -w "$dir/capture.pcapng" --limit 10000/second udp || exit 1
"$traffic" 127.0.0.1 9 3 >/dev/null
finish || fail "$(cat "$dir/says")"
expect "$test: as said" "$(said)" "3 3 10000/second"
expect "$test: expert information" "$(tshark -r "$dir/capture.pcapng" -Y iptrace.limited | wc -l)" 0
record -w "$dir/capture.pcapng" --unlimited udp || exit 1
"$traffic" 127.0.0.1 9 3 >/dev/null
expect "--unlimited: own rules" "$(iptables-legacy-save -t raw | grep -c 'iptrace-record: ')" 2
finish || fail "$(cat "$dir/says")"
expect "--unlimited: as said" "$(said)$(kept)" ""

# Killed, all at once: what counts is ours as well.
test="killed"
record -w "$dir/capture.pcapng" --limit 5/second udp || exit 1
expect "$test: own rules" "$(iptables-legacy-save -t raw | grep -c 'iptrace-record: ')" 4
everyone="$recording $(pgrep -P "$recording")"
# shellcheck disable=SC2086 # several
kill -STOP $everyone
# shellcheck disable=SC2086
kill -KILL $everyone
wait "$recording" 2>/dev/null
expect "$test: rules that are left" "$(iptables-legacy-save -t raw | grep -c 'iptrace-record: ')" 4
"$recorder" --cleanup >"$dir/text" 2>&1 || fail "$test: $(cat "$dir/text")"
expect "$test: after --cleanup" "$(iptables-legacy-save | grep -c 'iptrace-record: ')" 0
expect "$test: the user's rules" "$(iptables-legacy-save | grep -c 'counts what')" 2
exit $failed
