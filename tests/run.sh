#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds and runs every test that this machine can run, and says for each skipped one why.
# tests/run.sh [ctest's options, for example -R live or -L unit]. IPTRACE_BUILD: build directory, build/tests unless set.
# The last line is `N passed, N failed`; the exit status is 0 where none failed.
set -eu -o pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${IPTRACE_BUILD:-$root/build/tests}

# What is missing, tests and build will tell.
"$root/packaging/install-packages.sh" build tests || echo "tests/run.sh: going on with what is installed" >&2

cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DIPTRACE_SANITIZE=ON -DIPTRACE_WERROR=ON
cmake --build "$build"

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
# Each test has a time limit of its own. The closing lines are held back until the reasons have been told.
status=0
ctest --test-dir "$build" --output-on-failure --no-tests=error --timeout 300 -j "$(nproc)" "$@" </dev/null 2>&1 |
    {
        # Not awk: some read ahead, and then nothing is seen of a test until many more have run.
        held=0
        while IFS= read -r line; do
            [[ ! $line =~ tests\ passed,\ [0-9]+\ tests\ failed ]] || held=1
            if [[ $line =~ Test\ +\#[0-9]+:\ ([^ ]+) ]]; then
                name=${BASH_REMATCH[1]}
                case $line in
                *" Passed "*) echo "passed $name" ;;
                *"***Skipped"*) echo "skipped $name" ;;
                *) echo "failed $name" ;;
                esac >>"$results/tests"
            fi
            if [ $held = 1 ]; then echo "$line" >>"$results/closing"; else echo "$line"; fi
        done
    } || status=$?

# ctest's own log has what the skipped tests printed.
touch "$results/tests" "$results/closing"
while read -r result name; do
    [ "$result" = skipped ] || continue
    reason=$(awk -v name="$name" '
        /^[0-9]+\/[0-9]+ Test: / {ours = $3 == name; output = 0; next}
        ours && /^Output:/ {output = 1; next}
        ours && /^<end of output>/ {exit}
        output && /[^- ]/ {line = $0; sub(/^skipped: /, "", line)}
        END {print line}' "$build/Testing/Temporary/LastTest.log")
    echo "skipped: $name: ${reason:-it did not say why}"
done <"$results/tests"
cat "$results/closing"
failed=$(grep -c '^failed ' "$results/tests" || :)
[ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
echo "$(grep -c '^passed ' "$results/tests" || :) passed, $failed failed"
[ "$failed" = 0 ]
