#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# times.sh PLUGIN.so SAMPLE …: rows of Custom Blocks have the time of the row before them, so that relative and delta
# times are right in one pass and in two; also where such a row is the file's first, as reordercap makes it.
. "$(dirname "$(readlink -f "$0")")/../lib/plugin.sh"
plugin_begin "$1"
shift
rows=0

# check FILE [tshark's options]: what is wrong in the columns of times, to the microsecond.
columns='"number","%m","protocol","%p","epoch","%t","relative","%Rt","delta","%Tt"'
check() {
    local file=$1
    shift
    plugin_tshark "$@" -r "$file" -T tabs -t e -o "gui.column.format:$columns" 2>/dev/null |
        tr -d ' ' >"$work/rows" || return 1
    rows=$((rows + $(wc -l <"$work/rows")))
    # Relative times count from the first row or, in Wireshark 4.2 and later, from the first that has a time of its own,
    # which rows before it may not know yet.
    awk -F '\t' '
        function differ(a, b) { return a - b > 0.0000015 || b - a > 0.0000015 }
        $3 == "" || $4 == "" { print "row " $1 " has no time"; wrong = 1 }
        NR == 1 { first = before = $3; from_first = 1 }
        $2 != "iptrace" && own == "" { own = $3; own_row = NR; from_own = 1 }
        $2 == "iptrace" && NR > 1 && own != "" && $3 != before { print "row " $1 ": " $3 " after " before; wrong = 1 }
        differ($5, $3 - before) { print "row " $1 ": delta " $5 ", expected " $3 - before; wrong = 1 }
        { before = $3; time[NR] = $3; relative[NR] = $4 }
        END {
            for (i = 1; i <= NR; i++) {
                if (differ(relative[i], time[i] - first)) from_first = 0
                if (i >= own_row && differ(relative[i], time[i] - own)) from_own = 0
            }
            if (!from_first && !from_own) { print "relative times count from nowhere"; wrong = 1 }
            exit wrong
        }' "$work/rows"
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
