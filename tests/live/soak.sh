#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# A mixed load with rule changes: memory stays flat, descriptors constant, and the counts agree at the end.
# soak.sh BUILD-DIRECTORY TOOLS-BUILD-DIRECTORY [SECONDS]: the recorder of the one with the tools of the other, which
# may be the same; 60 seconds unless told. The recorder must be built without sanitizers: theirs is another malloc, which
# keeps what is freed.
# IPTRACE_SOAK_LOG: a file for seconds, packets so far, and KiB of each process, a line a second.
set -u
. "$(dirname "$(realpath "$0")")/../bench/world.sh"
recorder=$1/recorder/iptrace-record tool=$2/tests/bench/bench_tool seconds=${3:-60}
# malloc gives no less than 32 bytes: a leak with each packet is 6 MiB in the fewest packets, and one with each message 48.
# Packets that wait for a look at the rules take up to 32 MiB, which a busy machine may need at any time for the first time;
# a leak grows in every window.
allowed=3072   # KiB that may come in a window
fewest=200000  # packets in a window, however long they take
windows=4
[ -x "$recorder" ] || { echo "soak.sh: \"$recorder\" is no program: expected a build directory"; exit 1; }
! grep -q __asan_init "$recorder" || { echo "soak.sh: $recorder is built with a sanitizer: expected one without"; exit 1; }
world_make
world_flood_rules
$behind "$tool" hold 9 10 >/dev/null &
# iptables 1.8.11 takes no -n with -Z.
crossed() { $router iptables-legacy -w -vxnL FORWARD | awk '/ left / {print $1; exit}'; $router iptables-legacy -w -Z FORWARD; }
crossed >/dev/null

ours_start --unlimited udp
below() { local child; for child in $(pgrep -P "$1"); do echo "$child"; below "$child"; done; }
# What renders the text of rules comes and goes.
lasting() { local one; for one in $(below $pid); do [ "$(cat "/proc/$one/comm")" = iptrace-text ] || echo "$one"; done; }
processes=$(lasting)
main=$(pgrep -P $pid -x iptrace-record | head -1)
descriptors() { ls "/proc/$main/fd" | wc -l; }
memory() { # KiB of each process
  local process
  for process in $processes; do awk '/RssAnon/ {print $2}' "/proc/$process/status"; done | xargs
}
round=0 packets=0 fds='' grown=''
# Memory of each process that has grown by more than is allowed between two lists of KiB; nothing where none has.
growth() { # BEFORE AFTER
  local before after i
  read -ra before <<<"$1"
  read -ra after <<<"$2"
  [ ${#before[@]} -gt 0 ] && [ ${#before[@]} = ${#after[@]} ] || echo "processes: memory $1, then $2 KiB"
  for i in "${!after[@]}"; do
    [ "${after[i]}" -le $((${before[i]:-0} + allowed)) ] || echo "memory grew from ${before[i]} to ${after[i]} KiB, more than $allowed"
  done
}
load() { # until SECONDS, and that many packets
  while [ $SECONDS -lt "$1" ] || [ $packets -lt "$2" ]; do
    $sender "$tool" send 10.9.2.2 9 2000 8 >/dev/null; packets=$((packets + 2000))
    sleep 0.2
    case $((round++ % 8)) in
    0) $router iptables-legacy -w -A SERVICES -p udp -m udp --dport $((round % 60000 + 1)) -j DROP ;;
    4) $router iptables-legacy -w -D SERVICES 4 ;;
    esac
    [ -z "${IPTRACE_SOAK_LOG:-}" ] || echo "$SECONDS $packets $(memory)" >>"$IPTRACE_SOAK_LOG"
  done
}
begin=$SECONDS
load $((begin + seconds / 4)) 1
fds=$(descriptors)
for ((window = 1; window <= windows; window++)); do
  first=$(memory) first_packets=$packets
  load $((window == 1 ? begin + seconds : 0)) $((packets + fewest))
  sleep 1
  last=$(memory) fds_end=$(descriptors)
  grown=$(growth "$first" "$last")
  [ -n "$grown" ] || break
  echo "window $window: $grown"
done
ours_stop
failed=0
recorded=$(sed -n 's/.* \([0-9]*\) packets, .*/\1/p' "$work/ours.errors" | tail -1)
echo "$seconds s: $packets packets sent, $(crossed) crossed, $recorded recorded, $ours_messages messages, $ours_lost lost; memory of $(echo $processes | wc -w) processes ${first:-?} to $last KiB in $((packets - first_packets)) packets; descriptors ${fds:-?} to $fds_end"
fail() { echo "FAILED: $*"; failed=1; }
[ "$fds_end" = "${fds:-}" ] || fail "descriptors ${fds:-} to $fds_end"
[ -z "$grown" ] || fail "in each of $windows windows: $grown"
[ "$ours_lost" -gt 0 ] || [ "$recorded" = $packets ] || fail "$recorded of $packets packets"
exit $failed
