#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Rules are other ones for a moment, without any lock that is known, where a look at all of them takes long: what was seen
# for certain marks the packets of that time, though it is undone before its text could be read. And to a pipe no packet
# goes with the rules of before once a look has found others. Who arrived at a listener is the judge of each row.
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
truth=$build/tests/live/truth
export XTABLES_LOCKFILE=$dir/lock.unknown

# Two states of one size, with many rules behind that match nothing: RULES.
write_states() {
    local state verdicts
    for state in 0 1; do
        verdicts=(ACCEPT DROP)
        {
            echo '*filter'
            echo "-A INPUT -p udp -m udp --dport 4001 -j ${verdicts[state]}"
            echo "-A INPUT -p udp -m udp --dport 4002 -j ${verdicts[1 - state]}"
            awk -v rules="$1" 'BEGIN {for (i = 0; i < rules; i++)
                print "-A INPUT -s 192.0.2.1/32 -p tcp -m tcp --dport", 1 + i % 65000, "-j DROP"}'
            echo COMMIT
        } >"$dir/state.$state"
    done
    iptables-legacy-restore <"$dir/state.0" || fail "iptables-legacy-restore refused the rules"
}

# Wrong rows without a mark that are of no time named as in doubt.
count_wrong() { # CAPTURE
    tshark -r "$1" -Y 'systemd_journal' -T fields -e systemd_journal.message |
        sed -n 's/^From .*[0-9]:\([0-9.]*\) to .*[0-9]:\([0-9.]*\) UTC .* in doubt.*/\1 \2/p' >"$dir/doubts"
    tshark -r "$1" -Y 'iptrace && udp && iptrace.in == "lo"' -t u -T fields -E occurrence=f -e udp.payload \
        -e udp.dstport -e iptrace.verdict -e iptrace.rule.stale -e iptrace.verdict.rule -e frame.time_epoch |
        awk -F '\t' '
            # Seconds within the minute.
            FILENAME ~ /doubts$/ {split($0, time, " "); from[++doubts] = time[1]; to[doubts] = time[2]; next}
            FILENAME ~ /arrived$/ {arrived[$1] = 1; next}
            {
                rows++
                port = match($5, /--dport [0-9]+/) ? substr($5, RSTART + 8, RLENGTH - 8) : ""
                if ($4 != "" || $3 == "UNKNOWN" || ($3 == ($1 in arrived ? "ACCEPT" : "DROP") && port == $2))
                    next
                at = $6 - 60 * int($6 / 60)
                for (i = 1; i <= doubts; i++)
                    if (from[i] <= to[i] ? at >= from[i] - 0.001 && at <= to[i] + 0.001 : at >= from[i] || at <= to[i])
                        next
                wrong++
            }
            END {print rows + 0, wrong + 0}' "$dir/doubts" "$dir/arrived" -
}

check() { # WHAT, COUNT
    local rows wrong
    finish INT || fail "$1: the recorder ended with status $?: $(cat "$dir/says")"
    read -r rows wrong < <(count_wrong "$dir/trace.pcapng")
    expect "$1: rows" "$rows" "$2"
    expect "$1: wrong rows without a mark" "$wrong" 0
}

# A rule more, for less than the time between two looks at all rules, but not at their sizes.
write_states 20000
record -4 --unlimited -w "$dir/trace.pcapng" 'udp and dst portrange 4001-4002'
"$truth" 4001 1500 2000 >"$dir/arrived" &
sender=$!
for _ in 1 2 3 4; do
    sleep 0.3
    iptables-legacy -I INPUT -p udp -m udp --dport 4001 -j DROP
    sleep 0.1
    iptables-legacy -D INPUT 1
done
wait $sender
check "undone" 1500

# Others of the same size that stay, to a pipe: reading their text takes longer than packets wait there.
write_states 100000
mkfifo "$dir/pipe"
cat "$dir/pipe" >"$dir/trace.pcapng" &
copier=$!
if record -4 --unlimited -w "$dir/pipe" 'udp and dst portrange 4001-4002'; then
    "$truth" 4001 2000 2000 >"$dir/arrived" &
    sender=$!
    sleep 1
    iptables-legacy-restore <"$dir/state.1"
    wait $sender
    sleep 3 # until all that was read has gone
    check "to a pipe" 2000
    wait $copier
fi
exit $failed
