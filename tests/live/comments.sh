#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# A rule may have several comment matches, as Calico's do: each is a value of iptrace.comment, also in files that were
# written before. comments.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
for command in iptables ip6tables; do
    $command -N checks
    $command -A INPUT -p udp -m comment --comment "cali:ThfJzx8K_BY2PCkD" -m comment --comment "Drop if no profiles matched" -j checks
    $command -A checks -m comment --comment 'say "hi"' -m comment --comment one -m comment --comment 'a "second"' -j LOG --log-prefix "--comment none "
    $command -A checks -m string --string "--comment" --algo bm -m comment --comment alone -j ACCEPT
    $command -A checks -j DROP
done
record -w "$dir/capture.pcapng" udp || exit 1
"$traffic" 127.0.0.1 9 1 >/dev/null
"$traffic" ::1 9 1 >/dev/null
finish || fail "$(cat "$dir/says")"

wanted='cali:ThfJzx8K_BY2PCkD|Drop if no profiles matched|say "hi"|one|a "second"'
check() { # WHAT FILE
    expect "$1: comments" "$(tshark -r "$2" -Y 'iptrace.verdict == "DROP"' -T fields -E 'aggregator=|' -e iptrace.comment | single_backslashes | sort | uniq -c | sed 's/^ *//')" "2 $wanted"
    expect "$1: by the second comment" "$(rows "$2" 'iptrace.comment contains "no profiles"')" 2
    expect "$1: by the third" "$(rows "$2" 'iptrace.comment == "a \"second\""')" 2
    expect "$1: by what is no comment" "$(rows "$2" 'iptrace.comment contains "none"')" 0
}
check "recorded" "$dir/capture.pcapng"
"$recorder" -q -r "$dir/capture.pcapng" -w "$dir/replayed.pcapng" || fail "-r"
check "replayed" "$dir/replayed.pcapng"
exit $failed
