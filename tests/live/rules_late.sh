#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Where rules are many, recording begins before they have been read: packets from then on are all there, with their
# rules; and where rules change meanwhile, no packet shows the text of a wrong one without saying that it is not sure.
#
# Every rule names one destination port and ends there, so a text with another port than the packet's is a lie.
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"

ports=20000 sent=40
{
    echo '*filter'
    for ((port = 1; port <= ports; port++)); do
        echo "-A INPUT -p udp -m udp --dport $port -m comment --comment \"port $port\" -j DROP"
    done
    echo COMMIT
} | iptables-legacy-restore || fail "iptables-legacy-restore refused the rules"

# A packet to each of some ports, one right after the other.
send() {
    local i
    for ((i = 0; i < sent; i++)); do echo x >"/dev/udp/127.0.0.1/$((1000 + i * 400))"; done 2>/dev/null
}

# Packets received by their verdicts, and steps whose text speaks of another port.
count() {
    "$recorder" -q -r "$dir/trace.pcapng" >"$dir/paths" || fail "the capture cannot be read"
    awk '
    / PROTO=UDP / {received = /IN=lo /; match($0, /DPT=[0-9]+/); port = substr($0, RSTART + 4, RLENGTH - 4); next}
    /--dport/ && !/^  = / {
        match($0, /--dport [0-9]+/)
        if (substr($0, RSTART + 8, RLENGTH - 8) != port && !/rules changed around then/) wrong++
    }
    received && /^  = DROP/ {dropped++}
    received && /^  = UNKNOWN/ {unknown++}
    END {print dropped + 0, unknown + 0, wrong + 0}' "$dir/paths"
}

# All is known of what came while nothing had been read, also where the recording ends before.
record -4 --unlimited -w "$dir/trace.pcapng" 'udp'
send
finish || fail "the recorder ended with status $?: $(cat "$dir/says")"
read -r dropped unknown wrong < <(count)
expect "packets dropped" "$dropped" $sent
expect "packets of which the end is not known" "$unknown" 0
expect "wrong texts" "$wrong" 0
! grep -q 'Table filter' <(tr -d '\0' <"$dir/trace.pcapng") || fail "the capture says that table filter appeared"

# A rule at the head shifts all numbers, while the texts are being read.
for _ in 1 2 3; do
    record -4 --unlimited -w "$dir/trace.pcapng" 'udp'
    send
    iptables -I INPUT 1 -p udp -m udp --dport 65000 -j DROP
    send
    iptables -D INPUT 1
    send
    finish || fail "the recorder ended with status $?: $(cat "$dir/says")"
    read -r dropped unknown wrong < <(count)
    expect "packets dropped or not sure" $((dropped + unknown)) $((3 * sent))
    expect "wrong texts while rules change" "$wrong" 0
done
exit $failed
