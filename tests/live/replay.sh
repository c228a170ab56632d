#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# -r gives the paths that were recorded live: from a capture of our own, and from tcpdump's of the same kind of traffic
# with the rules in files. replay.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
command -v tcpdump >/dev/null || skip "there is no tcpdump"
network_router || skip "no router can be made here"
for command in iptables ip6tables; do
    $command -N services
    $command -A FORWARD -p udp -m udp --dport 1000:1003 -j services
    $command -A FORWARD -j DROP
    $command -A services -p udp -m udp --dport 1001 -j REJECT
    $command -A services -p udp -m udp --dport 1002 -j RETURN
    $command -A services -j ACCEPT
done
send() {
    inside client "$traffic" --ports 6 203.0.113.10 1000 12 >/dev/null
    inside client "$traffic" --ports 6 2001:db8:2::10 1000 12 >/dev/null
}
# A packet a line, without what differs from one time to the other: number, time, id, port, flow label.
lines() {
    awk -v RS= '{gsub(/\n/, " | "); print}' "$1" |
        sed -E 's/^[0-9:.]+ #[0-9]+ //; s/ID=[0-9]+ //; s/SPT=[0-9]+ //; s/FLOWLBL=[0-9]+ //; s/\b(IN|OUT)=[a-z0-9]* ?//g' | sort
}

record -P -w "$dir/live.pcapng" udp || exit 1
send
finish || fail "the recorder's exit status"
lines "$dir/text" >"$dir/live"
expect "packets" "$(wc -l <"$dir/live")" 24
"$recorder" -r "$dir/live.pcapng" >"$dir/again.text" 2>"$dir/says" || fail "-r: $(cat "$dir/says")"
# To the letter, but for the order in which packets were finished.
for file in text again.text; do awk -v RS= '{gsub(/\n/, " | "); sub(/ #[0-9]+/, ""); print}' "$dir/$file" | sort >"$dir/$file.lines"; done
diff "$dir/text.lines" "$dir/again.text.lines" >"$dir/diff" || {
    fail "our own capture, replayed (<: live, >: replayed)"
    head -n 6 "$dir/diff"
}

for command in iptables ip6tables; do $command -t raw -A PREROUTING -p udp -j TRACE; done
for family in 2 10; do echo nfnetlink_log >/proc/sys/net/netfilter/nf_log/$family; done
iptables-legacy-save >"$dir/rules4"
ip6tables-legacy-save -c >"$dir/rules6" # with counters, too
network_start router tcpdump -Z root -U -i nflog:0 -w "$dir/tcpdump.pcap" 2>/dev/null
holder=$!
network_await test -s "$dir/tcpdump.pcap"
send
sleep 0.3
kill -INT $holder
wait $holder
"$recorder" -r "$dir/tcpdump.pcap" --rules "$dir/rules4" --rules6 "$dir/rules6" >"$dir/text" 2>"$dir/says" ||
    fail "-r: $(cat "$dir/says")"
lines "$dir/text" >"$dir/replayed"
diff "$dir/live" "$dir/replayed" >"$dir/diff" || {
    fail "tcpdump's capture, replayed (<: live, >: replayed)"
    head -n 6 "$dir/diff"
}
exit $failed
