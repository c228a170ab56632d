#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Rules are inserted, replaced and deleted at the head of a chain, 5 times a second, under traffic: no step shows the
# text of a wrong rule without saying that it is not sure, and few say so.
#
# Every rule names one destination port and ends there, so a text with another port than the packet's is a lie.
# Arguments: the build directory, seconds (20 unless told).
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"

for port in 4001 4002 4003 4004; do
    iptables -A INPUT -p udp -m udp --dport $port -m comment --comment "base $port" -j DROP
done
near() { # WHAT FOUND WANTED: one in a thousand may differ
    local difference=$(($2 - $3))
    [ $((${difference#-} * 1000)) -le "$3" ] || fail "$1: found $2, expected $3"
}

# One recording under changes; leaves $dir/trace.pcapng and the number of datagrams sent in $dir/sent.
record_changes() {
    record -4 -w "$dir/trace.pcapng" 'udp' || exit 1
    touch "$dir/go"
    while [ -e "$dir/go" ]; do
        "$traffic" --ports 4 127.0.0.1 4001 40
        sleep 0.02
    done >"$dir/sent" &
    local sender=$! change port
    for ((change = 0; change < changes; change++)); do
        port=$((4001 + change % 4))
        case $((change % 3)) in
        0) iptables -I INPUT 1 -p udp -m udp --dport $port -m comment --comment "change $change" -j DROP ;;
        1) iptables -R INPUT 1 -p udp -m udp --dport $port -m comment --comment "change $change" -j DROP ;;
        2) iptables -D INPUT 1 ;;
        esac
        sleep 0.19
    done
    rm "$dir/go"
    wait $sender
    finish || fail "the recorder ended with status $?: $(cat "$dir/says")"
    "$recorder" -q -r "$dir/trace.pcapng" >"$dir/paths"
}

# Checks the text of what was captured: a header line with DPT=, then the steps.
check_paths() {
    awk '
    / PROTO=UDP / {received = /IN=lo /; match($0, /DPT=[0-9]+/); port = substr($0, RSTART + 4, RLENGTH - 4); packets++; next}
    / rule [0-9]/ && /--dport/ && !/^  = / {
        steps++
        match($0, /--dport [0-9]+/)
        stale = /rules changed around then/
        if (substr($0, RSTART + 8, RLENGTH - 8) != port) {
            if (!stale) {wrong++; print "a packet to port", port, "at:", $0}
            else uncertain++
        }
        marked += stale
        next
    }
    /^    |^  > / {steps++; marked += /rules changed around then/}
    /^  = DROP/ {dropped++}
    received && /^  = UNKNOWN .rules changed/ {unknown++}
    END {
        printf "packets %d, dropped %d, not sure %d, steps %d, marked %d, wrong %d\n", packets, dropped, unknown, steps,
            marked, wrong
    }' "$dir/paths" >"$dir/counts"
}

# Whether few steps are marked is a matter of milliseconds, and a busy machine may miss it; a wrong text never is.
changes=$((${2:-20} * 5 / 3 * 3))
for try in 1 2 3; do
    record_changes
    check_paths
    line=$(tail -n 1 "$dir/counts")
    echo "try $try, $changes changes: $line"
    read -r packets dropped unknown steps marked wrong < <(tr -cd '0-9 ' <<<"$line" | tr -s ' ')
    [ "$wrong" = 0 ] || fail "$wrong steps show the text of a wrong rule: $(head -n 3 "$dir/counts")"
    sent=$(awk '{sum += $1} END {print sum}' "$dir/sent")
    # Where a message contradicts the rules it may be taken for the beginning of a packet of its own, which then says
    # that its own beginning is missing; rarely.
    near "packets (out and in)" "$packets" $((2 * sent))
    near "packets dropped, or not sure" $((dropped + unknown)) "$sent"
    [ $((marked * 50)) -gt "$steps" ] || break
done
[ $((marked * 50)) -le "$steps" ] || fail "$marked of $steps steps are marked: more than 2 %"

# A rule that is taken out again at once leaves the rules as they were, and all numbers between the two were others.
record -4 -w "$dir/there_and_back.pcapng" 'udp' || exit 1
for ((change = 0; change < 20; change++)); do
    iptables -I INPUT 1 -p udp -m udp --dport 65000 -j DROP
    "$traffic" --ports 4 127.0.0.1 4001 40
    iptables -D INPUT 1
    sleep 0.1
done >"$dir/sent"
finish || fail "the recorder ended with status $?: $(cat "$dir/says")"
"$recorder" -q -r "$dir/there_and_back.pcapng" >"$dir/paths"
check_paths
line=$(tail -n 1 "$dir/counts")
echo "there and back: $line"
read -r packets dropped unknown steps marked wrong < <(tr -cd '0-9 ' <<<"$line" | tr -s ' ')
[ "$wrong" = 0 ] || fail "$wrong steps show the text of a wrong rule: $(head -n 3 "$dir/counts")"
near "packets there and back" "$packets" $((2 * $(awk '{sum += $1} END {print sum}' "$dir/sent")))

# Every change is in the file, as lines of a diff, and its rules stand in ruleset blocks.
if command -v tshark >/dev/null && [ -f "$plugin" ]; then
    told=$(tshark -r "$dir/trace.pcapng" -Y 'systemd_journal' -T fields -e systemd_journal.message | grep -c 'Rules of filter')
    [ "$told" -ge $((changes * 9 / 10)) ] || fail "the file tells of $told of $changes changes"
fi
exit $failed
