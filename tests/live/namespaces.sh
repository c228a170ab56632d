#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Several network namespaces in one recording: each with its own rules, names, counts and blocks; what was changed is
# put back in all of them, whatever happens in one; one that is deleted meanwhile is let go; -r gives the same again.
# namespaces.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
red=iptrace-test-$$
ip netns add "$red" 2>/dev/null || skip "no named network namespace can be made here"
trap 'ip netns del "$red" 2>/dev/null; live_end' EXIT
network_make blue || skip "no second network namespace can be made here"
blue=${network_keepers[blue]}
inside_red() { nsenter --net="/run/netns/$red" "$@"; }
inside_blue() { inside blue "$@"; }
inside_red ip link set lo up

make_rules() { # red or blue
    local in=inside_$1 port=$2 target=$3
    $in iptables-legacy -w -A INPUT -p udp -m udp --dport "$port" -m comment --comment "$1" -j "$target"
    $in ip6tables-legacy -w -A INPUT -p udp -m udp --dport "$port" -m comment --comment "$1 6" -j "$target"
}
make_rules red 1001 DROP
make_rules blue 1001 REJECT
# A table that the other has not.
inside_blue iptables-legacy -w -t mangle -A INPUT -p udp -m udp --dport 1002 -j DROP

snapshot() {
    local in
    for in in inside_red inside_blue; do
        # Counters and the policies of a raw table that did not exist are no change.
        for save in iptables-legacy-save ip6tables-legacy-save; do
            $in $save | grep -v '^#' | sed 's/\[[0-9:]*\]$//'
        done
        $in cat /proc/sys/net/netfilter/nf_log/2 /proc/sys/net/netfilter/nf_log/10
    done 2>/dev/null
}
for in in inside_red inside_blue; do # raw exists from now on
    $in iptables-legacy -w -t raw -S >/dev/null && $in ip6tables-legacy -w -t raw -S >/dev/null
done
before=$(snapshot)
as_before() {
    [ "$(snapshot)" = "$before" ] || fail "$1: left behind: $(diff <(echo "$before") <(snapshot))"
}
no_helper_left() {
    network_await sh -c "! pgrep -P $recording >/dev/null" || fail "$1: a helper is left"
}
send() { # red or blue, address, port, count
    "inside_$1" "$traffic" "$2" "$3" "$4" >/dev/null || fail "sending in $1"
}

# ---- Two at once: one by name, one by the id of a process ----
capture=$dir/both.pcapng
record -n "$red" -n "$blue" -w "$capture" udp || exit 1
send red 127.0.0.1 1001 5
send red ::1 1001 3
send red 127.0.0.1 1002 2
send blue 127.0.0.1 1001 7
send blue 127.0.0.1 1002 4
send blue ::1 1001 6
finish || fail "two at once: status $?: $(cat "$dir/says")"
as_before "two at once"
no_helper_left "two at once"
grep -q " 0 messages lost" "$dir/says" || fail "messages were lost: $(cat "$dir/says")"

columns=(-e iptrace.netns -e iptrace.in -e frame.interface_name -e udp.dstport -e iptrace.verdict
    -e iptrace.verdict.table -e iptrace.verdict.rule)
table() { # CAPTURE FILTER: what became of packets received, and of how many
    tshark -r "$1" -Y "iptrace && $2" -T fields -E separator='|' -E occurrence=f "${columns[@]}" | sort | uniq -c |
        sed 's/^ *//; s/ /|/'
}
row() { # namespace count port verdict table rule
    echo "$2|$1|$1/lo|$1/lo|$3|$4|$5|$6"
}
rule4="-A INPUT -p udp -m udp --dport 1001 -m comment --comment"
{
    row "$red" 5 1001 DROP filter "$rule4 red -j DROP"
    row "$red" 3 1001 DROP filter "$rule4 \"red 6\" -j DROP"
    row "$red" 2 1002 ACCEPT filter "-P INPUT ACCEPT"
    row "$blue" 7 1001 REJECT filter "$rule4 blue -j REJECT --reject-with icmp-port-unreachable"
    row "$blue" 4 1002 DROP mangle "-A INPUT -p udp -m udp --dport 1002 -j DROP"
    row "$blue" 6 1001 REJECT filter "$rule4 \"blue 6\" -j REJECT --reject-with icmp6-port-unreachable"
} | sort >"$dir/wanted"
table "$capture" "iptrace.in && udp && !icmp && !icmpv6" | sort >"$dir/found"
diff "$dir/wanted" "$dir/found" >"$dir/diff" || fail "packets received (<: expected): $(cat "$dir/diff")"

of() { # namespace, filter: how many rows
    rows "$capture" "iptrace.netns == \"$1\" && $2"
}
expect "red's packets out by its own lo" "$(of "$red" "iptrace.out == \"$red/lo\"")" 10
expect "red's packets with blue's rules" "$(of "$red" 'iptrace.rule contains "blue"')" 0
expect "blue's packets with red's rules" "$(of "$blue" 'iptrace.rule contains "red"')" 0
expect "packets without a namespace" "$(rows "$capture" 'iptrace && !iptrace.netns')" 0
ids=$(tshark -r "$capture" -Y iptrace -T fields -e iptrace.packet_id)
expect "ids" "$(sort -u <<<"$ids" | wc -l)" "$(wc -l <<<"$ids")"

# Blocks: each tells of one namespace, and no number of a ruleset is given twice.
for name in "$red" "$blue"; do
    [ "$(rows "$capture" "iptrace.block.netns == \"$name\" && iptrace.block.kind == 2")" -ge 1 ] ||
        fail "no message block of $name"
    [ "$(rows "$capture" "iptrace.block.netns == \"$name\" && iptrace.block.kind == 3")" -ge 4 ] ||
        fail "too few ruleset blocks of $name"
done
numbers=$(tshark -r "$capture" -Y "iptrace.block.kind == 3" -T fields -e iptrace.block.ruleset)
expect "numbers of rulesets" "$(sort -u <<<"$numbers" | wc -l)" "$(wc -l <<<"$numbers")"

# The same paths again, and once more from the capture of that.
paths() {
    tshark -r "$1" -Y iptrace -T fields -e frame.interface_name -e iptrace.netns -e iptrace.step -e iptrace.in \
        -e iptrace.out -e iptrace.verdict -e iptrace.verdict.reason -e ip.id -e udp.payload | sort
}
paths "$capture" >"$dir/paths"
"$recorder" -q -r "$capture" -w "$dir/again.pcapng" || fail "-r: status $?"
"$recorder" -q -r "$dir/again.pcapng" -w "$dir/third.pcapng" || fail "-r of what -r wrote: status $?"
for again in again third; do
    paths "$dir/$again.pcapng" | diff "$dir/paths" - >"$dir/diff" || fail "$again: $(head -n 5 "$dir/diff")"
done

# ---- One is enough: nothing is called after it ----
record -n "$red" -w "$dir/one.pcapng" udp || exit 1
send red 127.0.0.1 1001 1
finish || fail "one: status $?"
expect "names of one" "$(tshark -r "$dir/one.pcapng" -Y 'iptrace.in' -T fields -e frame.interface_name -e iptrace.netns)" \
    "$(printf 'lo\t')"

# ---- -c counts over all ----
record -n "$red" -n "$blue" -c 8 -w "$dir/count.pcapng" udp || exit 1
send red 127.0.0.1 1002 2
send blue 127.0.0.1 1002 6
wait "$recording" || fail "-c: status $?: $(cat "$dir/says")"
expect "-c 8" "$(rows "$dir/count.pcapng" iptrace)" 8
as_before "-c"

# ---- What fails ----
fails() { # WHAT SENTENCE OPTION …
    local what=$1 sentence=$2
    shift 2
    network_start router timeout 20 "$recorder" "$@" -w "$dir/none.pcapng" 2>"$dir/says"
    wait $!
    expect "$what: status" $? 1
    grep -q "$sentence" "$dir/says" || fail "$what: $(cat "$dir/says")"
    as_before "$what"
}
fails "one that does not exist" "'iptrace-none' does not exist" -n "$red" -n iptrace-none
fails "the same twice" "is the same network namespace as" -n "$red" -n "/run/netns/$red"

# Another holds the group in one of them: nothing stays in the other.
record -n "$blue" -w "$dir/holder.pcapng" udp || exit 1
during=$(snapshot)
network_start router timeout 20 "$recorder" -n "$red" -n "$blue" -w "$dir/none.pcapng" 2>"$dir/says2"
wait $!
expect "a group that is held: status" $? 1
grep -q "^iptrace-record: $blue: " "$dir/says2" || fail "which namespace it is: $(cat "$dir/says2")"
[ "$(snapshot)" = "$during" ] || fail "a group that is held: left behind: $(diff <(echo "$during") <(snapshot))"
finish || fail "the holder: status $?"

# The guard of one is killed: the end, everywhere.
record -n "$red" -n "$blue" -w "$dir/guard.pcapng" udp || exit 1
guard=$(pgrep -P "$recording" | tail -n 1)
kill -9 "$guard"
wait "$recording"
expect "a helper is killed: status" $? 1
as_before "a helper is killed"

# ---- A container, with a lock of its own: each change is seen by it, not by the looks every 2 s ----
if unshare --net --mount mount -t tmpfs none /run 2>/dev/null; then
    network_start router unshare --net --mount sh -c \
        'mount -t tmpfs none /run && : >/run/xtables.lock && : >/run/ready && exec sleep infinity'
    container=$!
    network_await test -e "/proc/$container/root/run/ready" || fail "no container was made"
    inside_container() { nsenter --net --mount --root --wd --target "$container" "$@"; }
    inside_container iptables-legacy -w -A INPUT -p udp -m udp --dport 1 -j DROP
    record -v -4 -n "$container" -w "$dir/container.pcapng" udp || exit 1
    changes() { grep -c "rules of filter (IPv4) changed" "$dir/says"; }
    for i in 1 2 3 4 5; do
        before=$(changes)
        inside_container iptables-legacy -w -R INPUT 1 -p udp -m udp --dport $((i + 1)) -j DROP
        for ((wait = 0; wait < 18; wait++)); do
            [ "$(changes)" = "$before" ] || break
            sleep 0.1
        done
        [ "$(changes)" -gt "$before" ] || fail "change $i was not seen by the container's lock within 1.8 s"
    done
    finish || fail "a container: status $?: $(cat "$dir/says")"
    kill "$container"
fi

# ---- Each file of a ring has everybody's rules, also those begun at the end, when one namespace after the other is closed ----
inside_blue iptables-legacy -w -A INPUT -p udp -m udp --dport 1004 -j NFQUEUE --queue-num 7 # nobody listens
record -n "$red" -n "$blue" -w "$dir/ring.pcapng" -b packets:1 udp || exit 1
for i in 1 2 3; do send blue 127.0.0.1 1004 1; done
stop INT || fail "a ring: status $?: $(cat "$dir/says")"
files=("$dir"/ring_*.pcapng)
[ ${#files[@]} -ge 4 ] || fail "a ring of ${#files[@]} files"
for file in "${files[@]}"; do
    for name in "$red" "$blue"; do
        [ "$(rows "$file" "iptrace.block.kind == 3 && iptrace.block.netns == \"$name\"")" != 0 ] ||
            fail "$(basename "$file") has no rules of $name"
    done
done
inside_blue iptables-legacy -w -D INPUT -p udp -m udp --dport 1004 -j NFQUEUE --queue-num 7

# ---- Deleted meanwhile ----
ip link add iptrace-peer type veth peer name peer netns "$red"
record -n "$red" -n "$blue" -w "$dir/gone.pcapng" udp || exit 1
send red 127.0.0.1 1001 2
sleep 0.4
begin=$(date +%s%N)
ip netns del "$red"
network_await grep -q "'$red' is gone" "$dir/says" || fail "not noticed: $(cat "$dir/says")"
[ $((($(date +%s%N) - begin) / 1000000)) -le 1500 ] || fail "noticed after $((($(date +%s%N) - begin) / 1000000)) ms"
network_await sh -c '! ip link show dev iptrace-peer >/dev/null 2>&1' || fail "the deleted namespace is kept alive"
send blue 127.0.0.1 1002 3
sleep 0.3
kill "$blue"
wait "$blue" 2>/dev/null
network_await sh -c "! kill -0 $recording 2>/dev/null" || fail "it goes on when nothing is left"
wait "$recording"
expect "all gone: status" $? 0
grep -q "no network namespace is left" "$dir/says" || fail "the end is not said: $(cat "$dir/says")"
expect "red's packets" "$(rows "$dir/gone.pcapng" "iptrace.netns == \"$red\" && iptrace.verdict == \"DROP\"")" 2
expect "blue's packets" "$(rows "$dir/gone.pcapng" "iptrace.netns == \"$blue\" && iptrace.verdict == \"DROP\"")" 3
expect "entries" "$(grep -ac '^IPTRACE_EVENT=namespace_gone$' "$dir/gone.pcapng")" 2
expect "entries of red" "$(grep -ac "^IPTRACE_NETNS=$red\$" "$dir/gone.pcapng")" 1
exit $failed
