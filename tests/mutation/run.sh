#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# How much of what a line says do the unit tests notice? Changes one line of the pure rooms (format/*.c, recorder/core/*.c,
# recorder/legacy/walk/*.c) at a time (list.pl tells how), in a copy of the tree, builds what is touched and runs the unit
# tests. A mutant is killed where one of them fails, crashes or takes far longer than it should. What does not compile, or
# compiles to the same code, is no mutant. What survives is built and run once more with the sanitizers, as CI runs the
# tests: they see leaks and reads beyond the end.
# tests/mutation/run.sh [COUNT [SEED [FILE…]]]: by default 200 mutants, seed 1, all those files; a file of any other room that
# unit tests link will do. IPTRACE_MUTATION_JOBS: how many at a time, by default the number of processors.
# IPTRACE_MUTATION_PERCENT: how many must be killed, by default 90.
# Prints each mutant that survived as a difference of one line. The last line is `N passed, N failed`: mutants killed, and
# one failure where they are too few.
set -u -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 1
exec </dev/null
count=${1:-200} seed=${2:-1}
shift $(($# < 2 ? $# : 2))
jobs=${IPTRACE_MUTATION_JOBS:-$(nproc)}
percent=${IPTRACE_MUTATION_PERCENT:-90}
for number in "$count" "$seed" "$jobs" "$percent"; do
    [[ $number =~ ^[0-9]+$ ]] || { echo "tests/mutation/run.sh: \"$number\" is no number: expected COUNT and SEED" >&2; exit 2; }
done
[ $# != 0 ] || set -- format/*.c recorder/core/*.c recorder/legacy/walk/*.c
for file in "$@"; do
    [ -f "$file" ] || { echo "tests/mutation/run.sh: \"$file\" is no file: expected sources as they are named from $root" >&2; exit 2; }
done

scratch=$(mktemp -d /var/tmp/iptrace-mutation.XXXXXX) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
launcher=()
! command -v ccache >/dev/null || launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
unset CCACHE_BASEDIR

give_up() {
    echo "tests/mutation/run.sh: $*" >&2
    echo "0 passed, 1 failed"
    exit 1
}

# The room of a source, by its CMakeLists.txt, and that room's library in a build.
room_of() { sed -n 's/^iptrace_room(\([a-z_]*\).*/\1/p' "$(dirname "$1")/CMakeLists.txt"; }
library_of() { echo "$(dirname "$1")/libiptrace_$(room_of "$1").so"; }
libraries() { for file in "$@"; do library_of "$file"; done | sort -u; }

# A tree with two builds in it: `fast`, and `sane` with the sanitizers. The rooms are shared libraries there, so that a mutant
# costs one file to compile and one library to link.
make_tree() { # TREE FILE…
    local tree=$1
    shift
    mkdir "$tree" || return
    { git -c safe.directory='*' ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -cf - | tar -xf - -C "$tree"; } || return
    sed -i '/^ *add_library(iptrace_${name} STATIC /s/ STATIC / SHARED /' "$tree/cmake/room.cmake"
    grep -q '^ *add_library(iptrace_${name} SHARED ' "$tree/cmake/room.cmake" || { echo "cmake/room.cmake makes no static library"; return 1; }
    local options=(-G Ninja -DIPTRACE_PLUGIN=OFF -DCMAKE_LINK_DEPENDS_NO_SHARED=ON "${launcher[@]}")
    cmake -S "$tree" -B "$tree/fast" "${options[@]}" -DCMAKE_BUILD_TYPE=Mutation -DCMAKE_C_FLAGS=-O1 &&
        cmake -S "$tree" -B "$tree/sane" "${options[@]}" -DCMAKE_BUILD_TYPE=Debug -DIPTRACE_SANITIZE=ON || return
    local build library
    for build in fast sane; do
        ninja -C "$tree/$build" $(ninja -C "$tree/$build" -t targets all | sed -n 's,^\(tests/unit/test_[a-z_]*\): C_EXEC.*,\1,p') || return
        mkdir -p "$tree/$build/mutation"
        list_tests "$tree/$build" >"$tree/$build/mutation/list"
        [ -s "$tree/$build/mutation/list" ] || return
        for library in $(libraries "$@"); do
            cp "$tree/$build/$library" "$tree/$build/mutation/" || return
        done
    done
}

# The unit tests: name, the libraries of rooms that are in it (`,format,core,`), and milliseconds.
list_tests() { # BUILD
    local build=$1 test name rooms began
    for test in "$build"/tests/unit/test_*; do
        [ -x "$test" ] && [ -f "$test" ] || continue
        name=${test##*/test_}
        rooms=$(ldd "$test" | sed -n 's/^[[:space:]]*libiptrace_\([a-z_]*\)\.so.*/\1/p' | tr '\n' ,)
        began=$(now_ms)
        run_test "$build" "$name" 120 || { echo "test_$name fails before anything is changed" >&2; return 1; }
        echo "$name ,$rooms $(($(now_ms) - began))"
    done | sort -k 3n
}

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

run_test() { # BUILD NAME SECONDS
    (cd "$1/tests/unit" && ulimit -c 0 && G_SLICE=always-malloc timeout -k 1 "$3" "./test_$2" >"$1/mutation/log" 2>&1)
}

# Prints who killed it; false where nobody did. The test that mirrors the source comes first, then the quick ones.
kill_it() { # BUILD FILE
    local build=$1 file=$2 own room name rooms ms first
    own=$(basename "$file" .c)
    room=$(room_of "$file")
    for first in 1 0; do
        while read -r name rooms ms; do
            [[ $rooms == *,$room,* ]] || continue
            [[ $name == "$own"* ]] && [ $first = 0 ] && continue
            [[ $name != "$own"* ]] && [ $first = 1 ] && continue
            run_test "$build" "$name" $((ms * 10 / 1000 + 5))
            local status=$?
            # 77: it cannot run here.
            [ $status = 0 ] || [ $status = 77 ] || { echo "$name ($([ $status = 124 ] && echo "takes too long" || echo "status $status"))"; return 0; }
        done <"$build/mutation/list"
    done
    return 1
}

build_it() { ninja -C "$1" "$(library_of "$2")" >"$1/mutation/log" 2>&1; }

# One mutant, with the line's new text in MUTANT; prints what became of it.
try() { # TREE FILE LINE
    local tree=$1 file=$2 line=$3 fate library killer
    library=$(library_of "$file")
    awk -v line="$line" 'BEGIN {text = ENVIRON["MUTANT"]} NR == line {print text; next} {print}' "$root/$file" >"$tree/$file"
    if ! build_it "$tree/fast" "$file"; then
        fate="none does not compile"
    elif cmp -s "$tree/fast/$library" "$tree/fast/mutation/${library##*/}"; then
        fate="none the same code"
    elif killer=$(kill_it "$tree/fast" "$file"); then
        fate="killed $killer"
    elif build_it "$tree/sane" "$file" && killer=$(kill_it "$tree/sane" "$file"); then
        fate="killed $killer, with sanitizers"
    else
        fate=survived
    fi
    cat "$root/$file" >"$tree/$file"
    echo "$fate"
}

next_number() {
    (
        flock 9
        local number
        number=$(($(cat "$scratch/number") + 1))
        echo "$number" >"$scratch/number"
        echo "$number"
    ) 9>"$scratch/lock"
}
mutants_so_far() { cat "$scratch"/fates.* | grep -vc "^[0-9]* none" || :; }

work() { # TREE
    local tree=$1 number file line
    while [ "$(mutants_so_far)" -lt "$count" ]; do
        number=$(next_number)
        IFS=$'\t' read -r file line _ < <(sed -n "${number}p" "$scratch/list") || break
        MUTANT=$(sed -n "${number}p" "$scratch/list" | cut -f 4-) # blanks in front included
        export MUTANT
        echo "$number $(try "$tree" "$file" "$line")" >>"$scratch/fates.${tree##*.}"
    done
}

perl "$root/tests/mutation/list.pl" "$seed" "$@" >"$scratch/list" || give_up "no list of mutants"
echo 0 >"$scratch/number"
make_tree "$scratch/tree.1" "$@" >"$scratch/log" 2>&1 || { tail -n 20 "$scratch/log"; give_up "the tree could not be built, or its tests fail"; }
for ((i = 1; i <= jobs; i++)); do
    : >"$scratch/fates.$i"
    [ $i = 1 ] || make_tree "$scratch/tree.$i" "$@" >"$scratch/log" 2>&1 || give_up "the tree could not be built a second time"
done
for ((i = 1; i <= jobs; i++)); do work "$scratch/tree.$i" & done
wait

# The first COUNT of the list, whoever was quicker.
sort -n "$scratch"/fates.* | grep -v "^[0-9]* none" | head -n "$count" >"$scratch/fates"
while read -r number fate; do
    [ "$fate" = survived ] || continue
    IFS=$'\t' read -r file line operator text < <(sed -n "${number}p" "$scratch/list")
    printf 'survived: %s:%s (%s)\n-%s\n+%s\n' "$file" "$line" "$operator" "$(sed -n "${line}p" "$file")" \
        "$(sed -n "${number}p" "$scratch/list" | cut -f 4-)"
done <"$scratch/fates"
total=$(wc -l <"$scratch/fates")
killed=$(grep -c "^[0-9]* killed" "$scratch/fates" || :)
sanitized=$(grep -c "with sanitizers$" "$scratch/fates" || :)
echo "seed $seed: $killed of $total mutants killed, $sanitized of them with sanitizers; $(cat "$scratch"/fates.* | grep -c "none does not compile") did not compile, $(cat "$scratch"/fates.* | grep -c "none the same code") were the same code"
[ "$total" = "$count" ] || echo "the list has no more than $total"
failed=$((total == 0 || killed * 100 < percent * total ? 1 : 0))
echo "$killed passed, $failed failed"
[ "$failed" = 0 ]
