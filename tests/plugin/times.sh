#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# times.sh PLUGIN.so SAMPLE …: rows of Custom Blocks have the time of the row before them, so that relative and delta
# times are right in one pass and in two; also where such a row is the file's first, as reordercap makes it.
set -u -o pipefail
here=$(dirname "$(readlink -f "$0")")
plugin=$(readlink -f "$1")
shift
work=$(mktemp -d)
chmod 777 "$work" # where root tests, tshark may run as nobody
trap 'rm -rf "$work"' EXIT
failed=0 rows=0

# check FILE [tshark's options]: what is wrong in the columns of times, to the microsecond.
columns='"number","%m","protocol","%p","epoch","%t","relative","%Rt","delta","%Tt"'
check() {
    local file=$1
    shift
    "$here/../tshark" "$plugin" "$@" -r "$file" -T tabs -t e -o "gui.column.format:$columns" 2>/dev/null |
        tr -d ' ' >"$work/rows" || return 1
    rows=$((rows + $(wc -l <"$work/rows")))
    awk -F '\t' '
        function differ(a, b) { return a - b > 0.0000015 || b - a > 0.0000015 }
        $3 == "" || $4 == "" { print "row " $1 " has no time"; wrong = 1 }
        NR == 1 { first = $3; before = $3 }
        $2 == "iptrace" && NR > 1 && $3 != before { print "row " $1 ": " $3 " after " before; wrong = 1 }
        differ($4, $3 - first) { print "row " $1 ": relative " $4 ", expected " $3 - first; wrong = 1 }
        differ($5, $3 - before) { print "row " $1 ": delta " $5 ", expected " $3 - before; wrong = 1 }
        { before = $3 }
        END { exit wrong }' "$work/rows"
}

for sample in "$@"; do
    name=$(basename "$sample" .pcapng)
    cp "$sample" "$work/sample.pcapng"
    reordercap "$sample" "$work/sorted.pcapng" >/dev/null 2>&1 || rm -f "$work/sorted.pcapng"
    chmod a+r "$work"/*.pcapng
    for file in "$work"/*.pcapng; do
        for passes in 1 2; do
            check "$file" $([ $passes = 1 ] || echo -2) || {
                echo "$name, $(basename "$file"), passes: $passes"
                failed=1
            }
        done
    done
done
echo "$rows rows"
[ $failed = 0 ] && [ $rows -gt 0 ]
