#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mixed load with rule changes: memory stays flat, descriptors constant, and the counts agree at the end.
# soak.sh BUILD-DIRECTORY [SECONDS]; IPTRACE_SOAK: seconds, 60 unless set
set -u
. "$(dirname "$(realpath "$0")")/../bench/world.sh"
recorder=$1/recorder/iptrace-record tool=$1/tests/bench/bench_tool seconds=${2:-${IPTRACE_SOAK:-60}}
# The address sanitizer keeps freed memory for a while, 256 MiB of it unless told.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
world_make
world_flood_rules
$behind "$tool" hold 9 10 >/dev/null &
# iptables 1.8.11 takes no -n with -Z.
crossed() { $router iptables-legacy -w -vxnL FORWARD | awk '/ left / {print $1; exit}'; $router iptables-legacy -w -Z FORWARD; }
crossed >/dev/null

ours_start --unlimited udp
main=$(pgrep -P $pid -x iptrace-record | head -1)
descriptors() { ls "/proc/$main/fd" | wc -l; }
memory() { awk '/RssAnon/ {print $2}' "/proc/$main/status"; }
end=$((SECONDS + seconds)) round=0 packets=0
quarter=$((SECONDS + seconds / 4)) first= most=0
while [ $SECONDS -lt $end ]; do
  $sender "$tool" send 10.9.2.2 9 2000 8 >/dev/null; packets=$((packets + 2000))
  sleep 0.2
  case $((round++ % 8)) in
  0) $router iptables-legacy -w -A SERVICES -p udp -m udp --dport $((round % 60000 + 1)) -j DROP ;;
  4) $router iptables-legacy -w -D SERVICES 4 ;;
  esac
  if [ -z "$first" ] && [ $SECONDS -ge $quarter ]; then first=$(memory) fds=$(descriptors); fi
  if [ -n "$first" ] && [ "$(memory)" -gt $most ]; then most=$(memory); fi
done
fds_end=$(descriptors)
ours_stop
failed=0
recorded=$(sed -n 's/.* \([0-9]*\) packets, .*/\1/p' "$work/ours.errors" | tail -1)
echo "$seconds s: $packets packets sent, $(crossed) crossed, $recorded recorded, $ours_messages messages, $ours_lost lost; memory ${first:-?} to $most KiB; descriptors ${fds:-?} to $fds_end"
[ "$fds_end" = "${fds:-}" ] || { echo "FAILED: descriptors ${fds:-} to $fds_end"; failed=1; }
[ $most -le $((first + 2048)) ] || { echo "FAILED: memory grew from $first to $most KiB"; failed=1; }
[ "$ours_lost" -gt 0 ] || [ "$recorded" = $packets ] || { echo "FAILED: $recorded of $packets packets"; failed=1; }
exit $failed
