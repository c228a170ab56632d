#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules are inserted, replaced and deleted at the head of a chain, 5 times a second, under traffic: no step shows the
# text of a wrong rule without saying that it is not sure, and few say so.
#
# Every rule names one destination port and ends there, so a text with another port than the packet's is a lie.
# Arguments: the build directory, seconds (20 unless told).
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
seconds=${2:-20}

for port in 4001 4002 4003 4004; do
    iptables -A INPUT -p udp -m udp --dport $port -m comment --comment "base $port" -j DROP
done
record -4 -w "$dir/trace.pcapng" 'udp' || exit 1

(
    end=$(($(date +%s) + seconds))
    while [ "$(date +%s)" -lt $end ]; do
        "$traffic" --ports 4 127.0.0.1 4001 40
        sleep 0.02
    done >"$dir/sent"
) &
sender=$!

changes=0
while kill -0 $sender 2>/dev/null; do
    port=$((4001 + changes % 4))
    case $((changes % 3)) in
    0) iptables -I INPUT 1 -p udp -m udp --dport $port -m comment --comment "change $changes" -j DROP ;;
    1) iptables -R INPUT 1 -p udp -m udp --dport $port -m comment --comment "change $changes" -j DROP ;;
    2) iptables -D INPUT 1 ;;
    esac
    changes=$((changes + 1))
    sleep 0.19
done
wait $sender
finish || fail "the recorder ended with status $?: $(cat "$dir/says")"
[ $changes -ge $((seconds * 4)) ] || fail "only $changes changes in $seconds s: this machine is too slow"

# Text of what was captured: a header line with DPT=, then the steps.
"$recorder" -q -r "$dir/trace.pcapng" >"$dir/paths"
awk '
    / PROTO=UDP / {match($0, /DPT=[0-9]+/); port = substr($0, RSTART + 4, RLENGTH - 4); packets++; next}
    / rule [0-9]/ && /--dport/ && !/^  = / {
        steps++
        match($0, /--dport [0-9]+/)
        stale = /rules changed about then/
        if (substr($0, RSTART + 8, RLENGTH - 8) != port) {
            if (!stale) {wrong++; print "a packet to port", port, "at:", $0}
            else uncertain++
        }
        marked += stale
        next
    }
    /^    |^  > / {steps++; marked += /rules changed about then/}
    /^  = DROP/ {dropped++}
    /^  = UNKNOWN .rules changed/ {unknown++}
    END {
        printf "packets %d, dropped %d, not sure %d, steps %d, marked %d, wrong %d\n", packets, dropped, unknown, steps,
            marked, wrong
    }' "$dir/paths" >"$dir/counts"
line=$(tail -n 1 "$dir/counts")
echo "$changes changes: $line"
read -r packets dropped unknown steps marked wrong < <(tr -d a-z, <<<"$line")
[ "$wrong" = 0 ] || fail "$wrong steps show the text of a wrong rule: $(head -n 3 "$dir/counts")"
[ $((marked * 50)) -le "$steps" ] || fail "$marked of $steps steps are marked: more than 2 %"
sent=$(awk '{sum += $NF} END {print sum}' <(grep -o '[0-9]*' "$dir/sent"))
expect "packets (out and in)" "$packets" $((2 * sent))
expect "packets dropped, or not sure" $((dropped + unknown)) "$sent"

# Every change is in the file, as lines of a diff, and its rules stand in ruleset blocks.
if command -v tshark >/dev/null && [ -f "$plugin" ]; then
    told=$(tshark -r "$dir/trace.pcapng" -Y 'systemd_journal' -T fields -e systemd_journal.message | grep -c 'Rules of filter')
    [ "$told" -ge $((changes * 9 / 10)) ] || fail "the file tells of $told of $changes changes"
fi
exit $failed
