#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# A flood into the smallest buffer: what is lost is counted, told at the end and in the file, and no verdict is wrong.
# loss.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
iptables -A OUTPUT -p udp -m udp --dport 1000 -j DROP
iptables -A OUTPUT -p udp -m udp --dport 1001 -j ACCEPT
iptables -A INPUT -p udp -j ACCEPT
record --unlimited -B 1 -w "$dir/loss.pcapng" udp || exit 1
# A reader that stands still loses for certain; what is sent while it runs, it may keep.
for round in 1 2 3; do
    kill -STOP "$recording"
    "$traffic" --ports 2 127.0.0.1 1000 2000 >/dev/null
    kill -CONT "$recording"
    "$traffic" --ports 2 127.0.0.1 1000 500 >/dev/null
done
# And what comes slowly, after all that, is kept.
drained() { awk '$2 == 12 && $5 > 0 {rest = 1} END {exit rest}' /proc/net/netlink; }
for round in {1..500}; do drained && break || sleep 0.02; done
for round in {1..20}; do
    "$traffic" --ports 2 127.0.0.1 1000 2 >/dev/null
    sleep 0.03
done
finish || fail "the recorder's exit status: $(cat "$dir/says")"

# Messages that the kernel sent: raw and filter at OUTPUT for each; what passed comes in again: raw, filter.
sent=$((7540 * 2 + 3770 * 2))
received=$(sed -n 's/.* packets, \([0-9]*\) TRACE messages, .*/\1/p' "$dir/says")
lost=$(sed -n 's/.* TRACE messages, \([0-9]*\) messages lost.*/\1/p' "$dir/says")
[ "${lost:-0}" -gt 0 ] || fail "nothing was lost in the smallest buffer: $(cat "$dir/says")"
expect "messages received and lost" $((received + lost)) $sent
expect "lost, as the file says at its end" "$(grep -a -o 'IPTRACE_LOST=[0-9]*' "$dir/loss.pcapng" | tail -n 1)" "IPTRACE_LOST=$lost"

tshark -r "$dir/loss.pcapng" -Y iptrace -T fields -E separator=/t -e udp.dstport -e iptrace.verdict -e iptrace.hook \
    -e iptrace.incomplete >"$dir/rows"
expect "packets to port 1000 that were not dropped, and not said to be incomplete" \
    "$(awk -F '\t' '$1 == 1000 && $2 != "DROP" && !$4' "$dir/rows" | wc -l)" 0
expect "packets to port 1000 that are said to be accepted" "$(awk -F '\t' '$1 == 1000 && $2 == "ACCEPT"' "$dir/rows" | wc -l)" 0
expect "packets to port 1001 that are said to be dropped" "$(awk -F '\t' '$1 == 1001 && $2 == "DROP"' "$dir/rows" | wc -l)" 0
[ "$(awk -F '\t' '$2 == "DROP" && !$4' "$dir/rows" | wc -l)" -gt 0 ] || fail "no packet was kept whole"
exit $failed
