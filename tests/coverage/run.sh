#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which lines the tests that need no privilege run: builds with gcc's --coverage, runs the tests of the labels unit, plugin
# and golden, and prints lines and the share that was run by directory, then each file below 90 %.
# tests/coverage/run.sh [label …]. IPTRACE_BUILD: build directory, build/coverage unless set; its holes.txt has the lines
# that were not run. The exit status is 1 where a test failed, or one of format, recorder/core and plugin is below 90 %.
set -u -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${IPTRACE_BUILD:-$root/build/coverage}
labels=$(IFS='|' && echo "${*:-unit|plugin|golden}")
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/packaging/install-packages.sh" build tests || echo "tests/coverage/run.sh: going on with what is installed" >&2
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS=--coverage \
    -DCMAKE_EXE_LINKER_FLAGS=--coverage -DCMAKE_MODULE_LINKER_FLAGS=--coverage >"$work/cmake" 2>&1 &&
    cmake --build "$build" || { cat "$work/cmake"; exit 1; }

# Counts of an earlier run are not this one's. They are written beside the objects, by whomever tests/tshark becomes, too.
find "$build" -name '*.gcda' -delete
status=0
ctest --test-dir "$build" -L "$labels" -j "$(nproc)" --timeout 600 --output-on-failure >"$work/tests" 2>&1 </dev/null || status=1
tail -n 25 "$work/tests"

# A source may be part of several programs: a line that one of them has run was run. `count:line:text`, where - is
# no code and #### is code that was not run; without .gcda the .gcno tell that all of it was not.
find "$build" -name '*.gcno' -print0 | xargs -0 -n 20 gcov --stdout 2>/dev/null | awk -v root="$root/" -v holes="$build/holes.txt" '
    BEGIN {FS = ":"}
    $2 + 0 == 0 && $3 == "Source" {
        file = $4
        wanted = sub("^" root, "", file) && file ~ /^(format|recorder|plugin)\//
        next
    }
    !wanted || $1 ~ /^ *-$/ {next}
    {
        key = file SUBSEP ($2 + 0)
        if (!(key in run)) {run[key] = 0; if (!(file in last) || $2 + 0 > last[file]) last[file] = $2 + 0}
        if ($1 ~ /^ *[0-9]/) run[key] = 1
    }
    END {
        printf "" >holes
        for (file in last) {
            directory = file
            sub(/\/[^\/]*$/, "", directory)
            for (line = 1; line <= last[file]; line++)
                if ((file, line) in run) {
                    lines[file]++; lines[directory]++
                    if (run[file, line]) {runs[file]++; runs[directory]++}
                    else printf "%s:%d\n", file, line | ("sort -t : -k 1,1 -k 2n >>" holes)
                }
            print "file", file, lines[file], runs[file] + 0
            seen[directory] = 1
        }
        for (directory in seen) print "directory", directory, lines[directory], runs[directory] + 0
    }' | sort >"$work/counts"

[ -s "$work/counts" ] || { echo "there is nothing to count in $build"; exit 1; }
share='function share() {return 100 * $4 / $3}'
echo
awk "$share"' BEGIN {printf "%-22s %6s %8s\n", "directory", "lines", "run"}
    $1 == "directory" {printf "%-22s %6d %7.1f %%\n", $2, $3, share()}' "$work/counts"
echo
echo "files below 90 % (lines: $build/holes.txt)"
awk "$share"' $1 == "file" && share() < 90 {printf "%-44s %6d %7.1f %%\n", $2, $3, share()}' "$work/counts"
echo
awk "$share"' $1 == "directory" && $2 ~ /^(format|recorder\/core|plugin)$/ && share() < 90 {print $2 ": below 90 %"; below = 1}
    END {exit below}' "$work/counts" || status=1
exit $status
