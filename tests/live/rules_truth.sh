#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Rules are swapped under traffic, by every way there is, and who arrived at a listener is the judge of each row: none
# may be wrong without a mark, and few may be marked.
#
# rules_truth.sh BUILD [SECONDS [PERIOD [RULES [WAYS]]]]: for SECONDS in all (25), a swap every PERIOD seconds (1), among
# RULES rules (20) that match nothing, by all ways or some:
#   lock       iptables of our own mount namespace, whose lock the recorder sees
#   other      of a mount namespace with a /run of its own
#   nolock     without any lock that is known (XTABLES_LOCKFILE)
#   container  -n PID of a container whose own iptables makes its lock file later
#   user       within a user namespace, as an ordinary user would record
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
seconds=${2:-25} period=${3:-1} rules=${4:-20} interval_us=5000
read -r -a ways <<<"${5:-lock other nolock container user}"
truth=$build/tests/live/truth
count=$((seconds * 1000000 / ${#ways[@]} / interval_us))

# The two states, of the same size: a port's verdict and its rule's place are others in each.
{
    echo '*filter'
    for ((i = 0; i < rules; i++)); do echo "-A INPUT -s 192.0.2.1/32 -p tcp -m tcp --dport $((1 + i)) -j DROP"; done
} >"$dir/filler"
write_state() { # FILE, verdict of port 4001, of port 4002, which comes first
    local lines=("-A INPUT -p udp -m udp --dport 4001 -j $2" "-A INPUT -p udp -m udp --dport 4002 -j $3")
    { cat "$dir/filler" && echo "${lines[$4]}" && echo "${lines[$((1 - $4))]}" && echo COMMIT; } >"$1"
}
write_state "$dir/state.0" DROP ACCEPT 0
write_state "$dir/state.1" ACCEPT DROP 1

# What happens in the place: PLACE WAY. A script, for the place may be a container.
cat >"$dir/place" <<EOF
way=\$1
case \$way in
container | user) mount -t tmpfs none /run ;;
esac
ip link set lo up
swap() {
    case \$way in
    lock | container | user) iptables-legacy-restore <"$dir/state.\$1" ;;
    other) unshare --mount sh -c 'mount -t tmpfs none /run && iptables-legacy-restore <"\$0"' "$dir/state.\$1" ;;
    nolock) XTABLES_LOCKFILE=$dir/lock.unknown iptables-legacy-restore <"$dir/state.\$1" ;;
    esac
}
XTABLES_LOCKFILE=$dir/lock.before iptables-legacy-restore <"$dir/state.0"
touch "$dir/prepared"
until [ -e "$dir/go" ]; do sleep 0.05; done
"$truth" 4001 $count $interval_us >"$dir/arrived" &
sender=\$!
state=0
while kill -0 \$sender 2>/dev/null; do
    sleep $period
    state=\$((1 - state))
    swap \$state || echo "\$way: the swap failed" >>"$dir/trouble"
    echo >>"$dir/swaps"
done
wait \$sender
touch "$dir/over"
EOF

# Each row against who arrived.
judge() { # WAY
    tshark -r "$dir/trace.pcapng" -Y 'iptrace && udp && iptrace.in == "lo"' -T fields -E occurrence=f \
        -e udp.payload -e udp.dstport -e iptrace.verdict -e iptrace.rule.stale -e iptrace.verdict.rule |
        awk -F '\t' -v way="$1" -v sent="$count" -v limit="$limit" '
            FNR == NR {arrived[$1] = 1; next}
            {
                rows++
                is_marked = $4 != "" || $3 == "UNKNOWN"
                marked += is_marked
                port = match($5, /--dport [0-9]+/) ? substr($5, RSTART + 8, RLENGTH - 8) : $2
                if (!is_marked && ($3 != ($1 in arrived ? "ACCEPT" : "DROP") || port != $2) && ++wrong <= 3)
                    print way ": " $0, $1 in arrived ? "arrived" : "did not arrive"
            }
            END {
                printf "%s: %d rows of %d sent, %d marked (%.2f %%), %d wrong\n", way, rows, sent, marked,
                    rows ? 100 * marked / rows : 0, wrong
                exit rows != sent || wrong > 0 || marked * 100 > limit * rows
            }' "$dir/arrived" -
}

# A look finds a change within two of its periods: few are marked, the fewer the rarer the changes.
limit=$(awk -v period="$period" 'BEGIN {print period < 5 ? 10 / period : 2}')
for way in "${ways[@]}"; do
    # Not within a chroot, for one.
    if [ "$way" = user ] && ! unshare --map-root-user true 2>/dev/null; then
        echo "user: left out, no user namespace can be made here"
        continue
    fi
    rm -f "$dir"/{prepared,go,over,ready,swaps,trouble,arrived}
    enter=() options=(-4 --unlimited -w "$dir/trace.pcapng" --ready-file "$dir/ready" 'udp and dst portrange 4001-4002')
    case $way in
    container) enter=(unshare --mount --net --pid --fork --kill-child --mount-proc) ;;
    user) enter=(unshare --map-root-user unshare --mount --net) ;;
    esac
    network_start router "${enter[@]}" bash "$dir/place" "$way" >"$dir/place.says" 2>&1
    place=$!
    network_await test -e "$dir/prepared" || { fail "$way: the place was not made: $(cat "$dir/place.says")"; continue; }
    inner=$place
    [ "$way" != container ] || inner=$(pgrep -P "$place" | head -n 1)
    case $way in
    container) "$recorder" -n "$inner" "${options[@]}" 2>"$dir/says" & ;;
    user) nsenter --user --net --mount --preserve-credentials --target "$place" "$recorder" "${options[@]}" 2>"$dir/says" & ;;
    *) "$recorder" "${options[@]}" 2>"$dir/says" & ;;
    esac
    recording=$!
    network_await test -e "$dir/ready" || { fail "$way: the recorder did not start: $(cat "$dir/says")"; continue; }
    touch "$dir/go"
    wait "$place"
    sleep 0.3
    kill -INT "$recording" 2>/dev/null # where the container has ended it ends by itself
    wait "$recording" || fail "$way: the recorder ended with status $?: $(cat "$dir/says")"
    [ ! -e "$dir/trouble" ] || fail "$(head -n 1 "$dir/trouble")"
    judge "$way" || fail "$way: see above; $(wc -l <"$dir/swaps") swaps"
done
exit $failed
