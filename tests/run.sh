#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Builds and runs every test that this machine can run, and says for each skipped one why.
# tests/run.sh [ctest's options, for example -R live or -L unit]. IPTRACE_BUILD: build directory, by default build/tests; its
# junit.xml has the results.
# The last line is `N passed, N failed`; skipped tests are neither. The exit status is 0 where none failed.
set -eu -o pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${IPTRACE_BUILD:-$root/build/tests}

# What is missing, tests and build will tell.
"$root/packaging/install-packages.sh" build tests || echo "tests/run.sh: continuing with what is installed" >&2

cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DIPTRACE_SANITIZE=ON -DIPTRACE_WERROR=ON
cmake --build "$build"

results=$(cd "$build" && pwd)/junit.xml
rm -f "$results"
status=0
# Each test has a time limit of its own. ctest cuts what a test printed, and the reason for a skip comes last.
ctest --test-dir "$build" --output-on-failure --no-tests=error --timeout 300 -j "$(nproc)" --output-junit "$results" \
    --test-output-size-passed 1048576 "$@" </dev/null 2>&1 || status=$?

result() { xmllint --huge --xpath "$1" "$results"; } # XPATH
count() { result "count(/testsuite/testcase$1)"; }    # [CONDITION]
# ctest calls a test skipped, too, that it could not start, or that needs one that failed.
skipped='skipped[starts-with(@message, "SKIP_")]'
passed=0 failed=0 skips=0
if [ -e "$results" ]; then
    passed=$(count '[@status = "run"]')
    skips=$(count "[$skipped]")
    failed=$(count "[not(@status = 'run' or @status = 'disabled' or $skipped)]")
fi
for ((i = 1; i <= skips; i++)); do
    reason=$(result "string(/testsuite/testcase[$skipped][$i]/system-out)" | grep '[^[:space:]]' | tail -n 1) || :
    reason=${reason#skipped: }
    echo "skipped: $(result "string(/testsuite/testcase[$skipped][$i]/@name)"): ${reason:-it did not say why}"
done
[ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
