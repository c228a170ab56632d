# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# shellcheck shell=bash
# Sourced by the benchmarks: namespaces of our own, and how recorders are run in them.
#
#     sender 10.9.1.1 ──── 10.9.1.2 router 10.9.2.1 ──── 10.9.2.2 behind
#
# The script that sources it is run again inside a network and a mount namespace: nothing outside is changed,
# and the xtables lock is one of our own.
if [ -z "${IPTRACE_BENCH_INSIDE:-}" ]; then
  unshare -n -m true 2>/dev/null || { echo "skipped: no new network namespace can be made here"; exit 77; }
  IPTRACE_BENCH_INSIDE=1 exec unshare -n -m -- "$(realpath "$0")" "$@"
fi
mount -t tmpfs none /run || { echo "skipped: no file system of our own can be mounted"; exit 77; }

work=$(mktemp -d "${TMPDIR:-/tmp}/iptrace-bench.XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null; wait 2>/dev/null; umount -l /run; rm -rf "$work"' EXIT

# "$router COMMAND": a command in the router's namespace; likewise $sender, $behind.
world_make() {
  local name
  for name in sender router behind; do ip netns add $name; ip -n $name link set lo up; done
  sender="ip netns exec sender" router="ip netns exec router" behind="ip netns exec behind"
  ip -n sender link add eth0 type veth peer name left netns router
  ip -n behind link add eth0 type veth peer name right netns router
  ip -n sender addr add 10.9.1.1/24 dev eth0; ip -n router addr add 10.9.1.2/24 dev left
  ip -n behind addr add 10.9.2.2/24 dev eth0; ip -n router addr add 10.9.2.1/24 dev right
  for name in "sender eth0" "router left" "router right" "behind eth0"; do ip -n ${name% *} link set ${name#* } up; done
  ip -n sender route add default via 10.9.1.2; ip -n behind route add default via 10.9.2.1
  $router sysctl -qw net.ipv4.ip_forward=1
  $router sh -c 'for family in 2 10; do echo nfnetlink_log >/proc/sys/net/netfilter/nf_log/$family; done' 2>/dev/null ||
    { echo "skipped: this kernel has no logger nfnetlink_log"; exit 77; }
  # Neighbours are known before anything is counted.
  $sender ping -c 1 -W 2 10.9.2.2 >/dev/null || { echo "skipped: no packet passes between namespaces here"; exit 77; }
  $sender ping -c 1 -W 2 10.9.1.2 >/dev/null
}

world_flush() {
  local family table
  for family in iptables-legacy; do
    for table in $($router cat /proc/net/ip_tables_names); do
      $router $family -w -t "$table" -F; $router $family -w -t "$table" -X
    done
  done
}

# UDP from the sender to port 9 behind the router meets eight steps and is accepted; to port 10 it meets eight
# and is dropped by the last. With `long`, every rule has a comment of the length that people write.
world_flood_rules() { # [long]
  local a= b= c= d=
  if [ "${1:-}" = long ]; then
    a=' -m comment --comment "what comes from the left"' b=' -m comment --comment "counted for the monthly report"'
    c=' -m comment --comment "traffic to the port that nobody may use"' d=' -m comment --comment "discard service of the test bench"'
  fi
  $router iptables-legacy-restore <<RULES || { echo "skipped: no iptables-legacy here"; exit 77; }
*raw
COMMIT
*mangle
COMMIT
*filter
:SERVICES - [0:0]
:DISCARD - [0:0]
-A FORWARD -i left$a
-A FORWARD -j SERVICES
-A SERVICES -p udp$b
-A SERVICES -p udp -m udp --dport 10$c -j DISCARD
-A SERVICES -p udp -m udp --dport 9$d -j ACCEPT
-A DISCARD$c -j DROP
COMMIT
RULES
}

# UDP to 10.9.1.2:5000 is sent on to 10.9.2.2:9 with the router's address; port 5001 is dropped.
world_forward_rules() {
  $router iptables-legacy-restore <<'RULES'
*raw
COMMIT
*mangle
COMMIT
*nat
-A PREROUTING -i left -p udp -m udp --dport 5000:5001 -m comment --comment "published service" -j DNAT --to-destination 10.9.2.2
-A POSTROUTING -o right -j MASQUERADE
COMMIT
*filter
:CHECK - [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "known connections"
-A FORWARD -i left -o right -j CHECK
-A CHECK -p udp -m udp --dport 5001 -j DROP
-A CHECK -p udp -m udp --dport 5000 -j ACCEPT
COMMIT
RULES
}

trace_on() { $router iptables-legacy -w -t raw -I PREROUTING -p udp -j TRACE; }
trace_off() { $router iptables-legacy -w -t raw -D PREROUTING -p udp -j TRACE; }

# Packets that TRACE rules have seen since the last time.
# iptables 1.8.11 takes no -n with -Z.
traced() { $router iptables-legacy -w -t raw -vxnL PREROUTING | awk '/TRACE/ {sum += $1} END {print sum + 0}'; $router iptables-legacy -w -t raw -Z PREROUTING; }

wait_for() { # seconds, command…: until it succeeds
  local end=$((SECONDS + $1)); shift
  until "$@" 2>/dev/null; do [ $SECONDS -lt $end ] || return 1; sleep 0.02; done
}

quiet_since() { # file: nothing has been written to it for a moment
  local size; size=$(stat -c %s "$1"); sleep 0.3; [ "$size" = "$(stat -c %s "$1")" ]
}

# Our recorder, all of its processes measured: the file is $work/ours.pcapng, the figures are in $work/ours.
ours_start() { # options…
  rm -f "$work/ready" "$work/ours.pcapng"
  $router "$tool" "${ours_measure:-measure}" "$work/ours" "$recorder" -4 --ready-file "$work/ready" -w "$work/ours.pcapng" "$@" \
    2>"$work/ours.errors" &
  pid=$!
  wait_for 60 test -e "$work/ready" || { cat "$work/ours.errors"; exit 1; }
}
ours_stop() {
  sleep 0.3
  kill -INT $pid; wait $pid
  grep -q 'status=0' "$work/ours" || { cat "$work/ours.errors" "$work/ours"; exit 1; }
  ours_messages=$(sed -n 's/.* \([0-9]*\) TRACE messages.*/\1/p' "$work/ours.errors")
  ours_lost=$(sed -n 's/.* \([0-9]*\) messages lost.*/\1/p' "$work/ours.errors")
}

# tcpdump, likewise.
theirs_start() { # options…
  rm -f "$work/theirs.pcap"
  trace_on
  $router "$tool" measure "$work/theirs" tcpdump -i nflog:0 "$@" -w "$work/theirs.pcap" 2>"$work/theirs.errors" &
  pid=$!
  wait_for 20 grep -q listening "$work/theirs.errors" || { cat "$work/theirs.errors"; exit 1; }
}
theirs_stop() {
  sleep 0.3
  trace_off
  wait_for 20 quiet_since "$work/theirs.pcap"
  kill -INT $pid; wait $pid
  theirs_messages=$(sed -n 's/^\([0-9]*\) packets* captured.*/\1/p' "$work/theirs.errors")
}

value() { sed -n "s/.*\b$2=\([0-9]*\).*/\1/p" "$work/$1"; } # file, name
median() { sort -g | awk '{v[NR] = $1} END {if (NR) printf "%.3f\n", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.4f\n", b ? a / b : 0}'; }
