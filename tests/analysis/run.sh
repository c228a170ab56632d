#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Static analysis of every C file of the project: clang-tidy (.clang-tidy), cppcheck, and gcc's -fanalyzer.
# tests/analysis/run.sh [clang-tidy|cppcheck|gcc …]: these only. IPTRACE_BUILD: build directory, build/analysis unless set;
# nothing is built in it. What is excepted says why where it stands: NOLINT and cppcheck-suppress in the sources, and
# .clang-tidy.
# The last line is `N passed, N failed`: a file and a tool is one; the exit status is 0 where none failed.
set -u -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${IPTRACE_BUILD:-$root/build/analysis}
[ $# -gt 0 ] || set -- clang-tidy cppcheck gcc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/packaging/install-packages.sh" build tests check || echo "tests/analysis/run.sh: continuing with what is installed" >&2
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug >"$work/cmake" 2>&1 || {
    cat "$work/cmake"
    exit 1
}

# FILE COMMAND, each file once, though several programs may have it.
sed -n -e 's/^  "command": "\(.*\)",$/\1/p' "$build/compile_commands.json" | sed -e 's/\\\(["\\]\)/\1/g' >"$work/commands"
sed -n -e 's/^  "file": "\(.*\)",\{0,1\}$/\1/p' "$build/compile_commands.json" >"$work/files"
paste "$work/files" "$work/commands" | sort -u -t "$(printf '\t')" -k 1,1 >"$work/each"
cut -f 1 "$work/each" >"$work/files"
count=$(wc -l <"$work/files")
git -c safe.directory='*' -C "$root" ls-files '*.c' | sed "s|^|$root/|" | sort | comm -23 - <(sort "$work/files") >"$work/unseen"

# one TOOL FILE COMMAND: what the tool says of one file goes to $work/TOOL/FILE; an empty one is none.
one() {
    local out=$work/$1/${2//\//!} status=0
    case $1 in
    # A file a process: the analyzer's check of va_list is wrong from the second on.
    clang-tidy) nice -n 10 clang-tidy-14 -p "$build" --quiet "$2" 2>/dev/null || status=$? ;;
    gcc)
        cd "$build" || exit 1
        eval "nice -n 10 ${3/ -o * -c / -c } -o /dev/null -fanalyzer" 2>&1 || status=$?
        ;;
    esac >"$out"
    [ "$status" = 0 ] || echo "$1: status $status" >>"$out"
}
export -f one
export work build

run() { # TOOL
    mkdir "$work/$1"
    case $1 in
    cppcheck)
        nice -n 10 cppcheck --project="$build/compile_commands.json" --enable=warning,performance,portability --inline-suppr \
            --quiet --template='{file}:{line}: {id}: {message}' -j "$(nproc)" >"$work/cppcheck/all" 2>&1 ||
            echo "cppcheck: status $?" >>"$work/cppcheck/all"
        ;;
    *)
        tr '\t\n' '\0\0' <"$work/each" | xargs -0 -n 2 -P "$(nproc)" bash -c 'one "$@"' - "$1"
        ;;
    esac
}

passed=0 failed=0
fail() {
    echo "FAILED: $*"
    failed=$((failed + 1))
}
[ "$count" -gt 0 ] || fail "there is nothing to analyse in $build/compile_commands.json"
while read -r file; do fail "$file: no program is built of it here, so it was not analysed"; done <"$work/unseen"
for tool in "$@"; do
    began=$SECONDS bad=0
    run "$tool"
    for said in "$work/$tool"/*; do
        [ -s "$said" ] || continue
        bad=$((bad + 1))
        fail "$tool: $(basename "${said//!//}")"
        cat "$said"
    done
    [ "$bad" -gt "$count" ] || passed=$((passed + count - bad))
    echo "$tool: $count files, $bad with findings, $((SECONDS - began)) s"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
