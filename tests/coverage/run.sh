#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Which lines the tests that need no privilege run: builds with gcc's --coverage, runs the tests of the labels unit, plugin
# and golden, and has gcovr count lines and the share of them that was run, by folder, then each file below 90 %.
# tests/coverage/run.sh [label …]. IPTRACE_BUILD: build directory, by default build/coverage; its holes.txt has the lines
# of each file that were not run. The exit status is 1 where a test failed, or one of the rooms format, recorder/core,
# recorder/legacy/walk and plugin is below 90 %.
set -u -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${IPTRACE_BUILD:-$root/build/coverage}
labels=$(IFS='|' && echo "${*:-unit|plugin|golden}")
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/packaging/install-packages.sh" build tests coverage || echo "tests/coverage/run.sh: continuing with what is installed" >&2
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS=--coverage \
    -DCMAKE_EXE_LINKER_FLAGS=--coverage -DCMAKE_MODULE_LINKER_FLAGS=--coverage >"$work/cmake" 2>&1 &&
    cmake --build "$build" || { cat "$work/cmake"; exit 1; }

# Counts of an earlier run are not this one's. They are written beside the objects, by whomever tests/tshark becomes, too.
find "$build" -name '*.gcda' -delete
status=0
ctest --test-dir "$build" -L "$labels" -j "$(nproc)" --timeout 600 --output-on-failure >"$work/tests" 2>&1 </dev/null || status=1
tail -n 25 "$work/tests"

# A line that several programs have was run where one of them has run it; what no test has loaded was not run.
report() { gcovr --root "$root" --add-tracefile "$work/counts.json" "$@"; }
gcovr --root "$root" --filter "$root/(format|recorder|plugin)/" --gcov-executable gcov -j "$(nproc)" \
    --json "$work/counts.json" "$build" >"$work/gcovr" 2>&1 &&
    report --txt "$build/holes.txt" --csv "$work/counts.csv" >"$work/gcovr" 2>&1 || { cat "$work/gcovr"; exit 1; }
awk 'END {exit NR < 2}' "$work/counts.csv" || { echo "there is nothing to count in $build"; exit 1; }

echo
# filename,line_total,line_covered,…
awk -F , 'NR > 1 && sub(/\/[^\/]*$/, "", $1) {lines[$1] += $2; run[$1] += $3}
    END {for (folder in lines) if (lines[folder]) printf "%-24s %6d %7.1f %%\n", folder, lines[folder], 100 * run[folder] / lines[folder]}' \
    "$work/counts.csv" | sort
echo
echo "files below 90 % (lines: $build/holes.txt)"
awk -F , 'NR > 1 && $2 && $3 < 0.9 * $2 {printf "%-44s %6d %7.1f %%\n", $1, $2, 100 * $3 / $2}' "$work/counts.csv" | sort
echo
for room in format recorder/core recorder/legacy/walk plugin; do
    report --filter "$root/$room/[^/]*\$" --fail-under-line 90 --output /dev/null >"$work/gcovr" 2>&1 || {
        sed "s,^,$room: ," "$work/gcovr"
        status=1
    }
done
exit $status
