#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Builds the fuzzers and runs each for so long, from its corpus and the samples, as many at a time as there are processors.
# tests/fuzz/run.sh SECONDS [TARGET…]: all targets unless told. IPTRACE_FUZZ_BUILD: build directory, build/fuzz unless set;
# in it, findings/ gets what a fuzzer found, and grown/TARGET the inputs that reached something new.
# The last line is `N passed, N failed`; the exit status is 0 where none failed.
set -u -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${IPTRACE_FUZZ_BUILD:-$root/build/fuzz}
[[ ${1:-} =~ ^[0-9]+$ ]] || { echo "tests/fuzz/run.sh: \"${1:-}\" is no number: expected seconds for each fuzzer" >&2; exit 2; }
seconds=$1
shift

cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang -DIPTRACE_SANITIZE=ON \
  -DIPTRACE_FUZZ=ON && cmake --build "$build" --target fuzzers || { echo "0 passed, 1 failed"; exit 1; }
# Inputs are small and their memory is soon free: less of it is kept to be watched, at twice the speed.
export ASAN_OPTIONS=quarantine_size_mb=8:malloc_context_size=5:allocator_release_to_os_interval_ms=-1${ASAN_OPTIONS:+:$ASAN_OPTIONS}
findings=$build/findings
mkdir -p "$findings"

# The list is the one that is built, so that no target is forgotten.
if [ $# = 0 ]; then
  for target in "$build"/tests/fuzz/fuzz_*; do [ ! -f "$target" ] || set -- "$@" "${target##*/fuzz_}"; done
fi

run() { # TARGET: one line, and all that it said where it failed
  local target=$1 grown=$build/grown/$1 log=$findings/$1.log inputs=() status=0 executions
  mkdir -p "$grown"
  [ ! -d "$root/tests/fuzz/corpus/$target" ] || inputs+=("$root/tests/fuzz/corpus/$target")
  case $target in replay | dissect) inputs+=("$root/samples") ;; esac
  "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$findings/$target-" "$grown" "${inputs[@]}" </dev/null >"$log" 2>&1 || status=$?
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ $status = 0 ] && [ "${executions:-0}" -gt 0 ]; then
    echo "passed $target: $executions executions"
  else
    tail -n 60 "$log" | sed "s/^/$target: /"
    echo "failed $target: status $status after ${executions:-?} executions; see $findings"
  fi
}
export -f run
export build findings root seconds
printf '%s\n' "$@" | xargs -P "$(nproc)" -I TARGET bash -c 'run TARGET' | tee "$findings/results"
passed=$(grep -c '^passed ' "$findings/results")
# One that died without a word is a failure, too.
echo "$passed passed, $(($# - passed)) failed"
[ "$passed" = $# ]
