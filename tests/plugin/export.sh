#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# export.sh PLUGIN.so SAMPLE …: the rulesets of each sample, saved as objects, are texts that iptables-restore takes; and
# what it makes of them is what was in force.
. "$(dirname "$(readlink -f "$0")")/../lib/plugin.sh"
plugin_begin "$1"
shift
own=(unshare --net)
[ "$(id -u)" = 0 ] || own=(unshare --user --map-root-user --net)

# take PROGRAM FILE: the rules of FILE as they are in force in an empty namespace, without comments and counters.
take() {
    "${own[@]}" sh -c "$1-legacy-restore && $1-legacy-save -t $3" <"$2" | sed -e '/^#/d' -e 's/ \[[0-9:]*\]$//'
}

printf '*filter\nCOMMIT\n' >"$work/empty"
take iptables "$work/empty" filter >/dev/null 2>&1 || {
    echo "no rules can be set in a network namespace here"
    exit 77
}
count=0
for sample in "$@"; do
    name=$(basename "$sample" .pcapng)
    cp "$sample" "$work/$name.pcapng"
    chmod a+r "$work/$name.pcapng"
    plugin_tshark -q -r "$work/$name.pcapng" --export-objects "iptrace,$work/$name" >/dev/null 2>&1
    for file in "$work/$name"/*.rules; do
        count=$((count + 1))
        program=$(basename "$file")
        program=${program%%-*}
        table=$(sed -n '1s/^\*//p' "$file")
        take "$program" "$file" "$table" >"$work/found" 2>"$work/says" || {
            echo "$name: $(basename "$file") is not taken: $(cat "$work/says")"
            failed=1
            continue
        }
        diff <(sed 's/ \[[0-9:]*\]$//' "$file") "$work/found" || {
            echo "$name: $(basename "$file") means something else (<: saved, >: in force)"
            failed=1
        }
    done
done
echo "$count rulesets"
[ $failed = 0 ] && [ $count -gt 0 ]
