#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Faults under load: every lost message is counted, no verdict is wrong, and what goes and comes back is told
# apart. faults.sh BUILD-DIRECTORY
set -u
. "$(dirname "$(realpath "$0")")/../bench/world.sh"
recorder=$1/recorder/iptrace-record tool=$1/tests/bench/bench_tool
command -v tshark >/dev/null || { echo "skipped: no tshark"; exit 77; }
failed=0
fail() { echo "FAILED: $test: $*"; failed=1; }
expect() { [ "$2" = "$3" ] || fail "$1: $2 instead of $3"; } # what, found, wanted

world_make
world_flood_rules
$behind "$tool" hold 9 10 8080 >/dev/null &
send() { $sender "$tool" send 10.9.2.2 9 "$1" >/dev/null; }
# iptables 1.8.11 takes no -n with -Z.
crossed() { $router iptables-legacy -w -vxnL FORWARD | awk '/ left / {print $1; exit}'; $router iptables-legacy -w -Z FORWARD; }
rows() { tshark -r "$work/ours.pcapng" -Y "$1" 2>/dev/null | wc -l; }
comments() { tshark -r "$work/ours.pcapng" -Y "$1" -T fields -e frame.comment 2>/dev/null; }
check_verdicts() {
  expect "packets to port 9 that are said to be dropped" "$(comments 'udp.dstport == 9' | grep -c DROP)" 0
  expect "packets to port 10 that are said to be accepted" \
    "$(comments 'udp.dstport == 10' | grep -vc 'DROP\|UNKNOWN')" 0
}

test="a small buffer, and a recorder that stands still"
crossed >/dev/null
ours_start -B 1 --unlimited udp
main=$(pgrep -P $pid -x iptrace-record | head -1)
send 20000 &
sender_pid=$!
for _ in 1 2; do sleep 0.1; kill -STOP "$main"; sleep 1; send 5000; kill -CONT "$main"; sleep 0.2; done
wait $sender_pid
send 100
ours_stop
packets=$(crossed)
expect "packets" "$packets" 30100
expect "received and lost" $((ours_messages + ours_lost)) $((8 * packets))
[ "$ours_lost" -gt 0 ] || fail "nothing was lost"
[ $((ours_lost % 8)) = 0 ] || grep -q "packets are incomplete" "$work/ours.errors" || { fail "no packet is said to be incomplete"; cat "$work/ours.errors"; }
check_verdicts
echo "$test: received $ours_messages + lost $ours_lost = $((8 * packets))"

test="a recorder that stands still for six seconds, with room in the buffer"
crossed >/dev/null
ours_start --unlimited udp
main=$(pgrep -P $pid -x iptrace-record | head -1)
send 1000; kill -STOP "$main"; send 1000; sleep 6; send 1000; kill -CONT "$main"; sleep 0.2; send 1000
ours_stop
expect "messages" "$ours_messages" $((8 * $(crossed)))
expect "messages lost" "$ours_lost" 0
expect "packets" "$(rows udp)" 4000
expect "packets whose end was not seen" "$(comments udp | grep -c 'UNKNOWN')" 0
check_verdicts

test="a rule of the user's that logs like TRACE"
imitation='-A FORWARD -p udp -j NFLOG --nflog-prefix "TRACE: filter:FORWARD:rule:2 "'
$router iptables-legacy -w -A FORWARD -p udp -j NFLOG --nflog-group 5 --nflog-prefix "TRACE: filter:FORWARD:rule:2 "
ours_start --unlimited udp
grep -q "read like TRACE" "$work/ours.errors" && fail "group 5 is taken for an imitation"
$router iptables-legacy -w -A FORWARD -p udp -j NFLOG --nflog-prefix "TRACE: filter:FORWARD:rule:2 "
wait_for 10 grep -q "read like TRACE messages.*: $imitation" "$work/ours.errors" || fail "a rule that comes meanwhile is not named"
ours_stop
ours_start --unlimited udp
ours_stop
expect "warnings" "$(grep -c "read like TRACE messages.*: $imitation" "$work/ours.errors")" 1
expect "entries in the file" "$(grep -ac '^IPTRACE_EVENT=imitation$' "$work/ours.pcapng")" 1
grep -aq "^MESSAGE=.*: $imitation" "$work/ours.pcapng" || fail "the file does not name the rule"
world_flush; world_flood_rules

test="a namespace that goes, and another with the same name and other indexes"
ip netns add fleeting; ip -n fleeting link set lo up
fleeting="ip netns exec fleeting"
$fleeting iptables-legacy -w -A INPUT -p udp --dport 9 -j DROP
rm -f "$work/ready"
"$recorder" -4 -n fleeting -w "$work/first.pcapng" --ready-file "$work/ready" udp 2>"$work/first.errors" &
pid=$!
wait_for 30 test -e "$work/ready" || fail "$(cat "$work/first.errors")"
$fleeting "$tool" send 127.0.0.1 9 5 >/dev/null; sleep 0.3
ip netns del fleeting
ip netns add fleeting; ip -n fleeting link add name other type veth peer name other2; ip -n fleeting link set lo up
$fleeting "$tool" send 127.0.0.1 9 3 >/dev/null
wait $pid; status=$?
expect "exit status" $status 0
grep -q "'fleeting' is gone" "$work/first.errors" || fail "nothing was said: $(cat "$work/first.errors")"
expect "packets of the first" "$(tshark -r "$work/first.pcapng" -Y udp 2>/dev/null | wc -l)" 10
expect "TRACE rules in the second" "$($fleeting iptables-legacy-save | grep -c TRACE)" 0
rm -f "$work/ready"
"$recorder" -4 -n fleeting -w "$work/second.pcapng" --ready-file "$work/ready" udp 2>"$work/second.errors" &
pid=$!
wait_for 30 test -e "$work/ready" || fail "$(cat "$work/second.errors")"
$fleeting "$tool" send 127.0.0.1 9 4 >/dev/null; sleep 0.3
kill -INT $pid; wait $pid
expect "packets of the second" "$(tshark -r "$work/second.pcapng" -Y udp 2>/dev/null | wc -l)" 8
expect "packets dropped in the second, which has no rules" "$(grep -ac 'iptables: DROP' "$work/second.pcapng")" 0
ip netns del fleeting

test="rules flushed and put back"
ours_start --unlimited udp
send 1000
$router iptables-legacy -w -F; send 1000
world_flush; world_flood_rules
sleep 3; ours_errors=$(cat "$work/ours.errors"); send 1000
ours_stop
[ "$(rows udp)" -ge 2000 ] || fail "only $(rows udp) of 3000 packets"
world_flush; world_flood_rules

test="interfaces that go and come back with other indexes"
ours_start --unlimited udp
send 500
ip -n router link del left; sleep 0.2
ip -n router link add unused type veth peer name unused2
ip -n sender link add eth0 type veth peer name left netns router
ip -n sender addr add 10.9.1.1/24 dev eth0; ip -n router addr add 10.9.1.2/24 dev left
ip -n sender link set eth0 up; ip -n router link set left up; ip -n sender route add default via 10.9.1.2
wait_for 5 $sender ping -c 1 -W 1 10.9.2.2 >/dev/null
send 500
ours_stop
expect "packets by 'left'" "$(rows 'udp && frame.interface_name == "left"')" 1000

test="the user's own TRACE rules beside ours"
$router iptables-legacy -w -t raw -A PREROUTING -p udp -j TRACE
ours_start --unlimited udp
send 1000
ours_stop
expect packets "$(rows udp)" 1000
expect messages "$ours_messages" 9000
check_verdicts
$router iptables-legacy -w -t raw -F

test="10 000 chains, names of 28 characters"
world_flush
awk 'BEGIN {
  print "*filter"
  for (i = 0; i < 10000; i++) printf ":chain-of-28-characters-%05d - [0:0]\n", i
  print "-A FORWARD -p udp -j chain-of-28-characters-09999"
  for (i = 0; i < 10000; i++) printf "-A chain-of-28-characters-%05d -p udp -m udp --dport 10 -j DROP\n", i
  print "COMMIT"
}' | $router iptables-legacy-restore
ours_start --unlimited udp
send 100
ours_stop
expect packets "$(rows udp)" 100
expect "packets dropped by the long chain" "$(comments 'udp.dstport == 10' | grep -c 'chain-of-28-characters-09999')" 10
exit $failed
