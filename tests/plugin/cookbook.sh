#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# cookbook.sh PLUGIN.so: every tshark command of docs/filters.md answers, without a word of complaint; and every
# field has a description.
. "$(dirname "$(readlink -f "$0")")/../lib/plugin.sh"
plugin_begin "$1"
cp -r "$tests/../samples" "$work/samples"
chmod -R a+rX "$work/samples"
cd "$work" || exit 1

run() {
    plugin_tshark "$@" 2>"$work/errors"
}

# Wireshark says to root that he is root.
complaints() {
    grep -v '^Running as user' "$work/errors"
}

sed -n 's/^    \(tshark .*-r samples.*\)/\1/p' "$tests/../docs/filters.md" >"$work/commands"
count=0
fail() {
    echo "$1"
    failed=$((failed + 1))
}

while read -r command; do
    count=$((count + 1))
    eval "set -- $command"
    shift
    rm -rf rules dropped.pcapng
    lines=$(run "$@" | wc -l) || fail "fails: $command"
    case $command in
    *--export-objects*) lines=$(find rules -name '*.rules' | wc -l) ;;
    *' -w '*) lines=$(run -r dropped.pcapng -Y iptrace.verdict | wc -l) ;;
    esac
    [ "$lines" -gt 0 ] || fail "no answer: $command"
    complaints && fail "complains: $command"
done <"$work/commands"

# F, title, name, type, protocol, display, mask, description
# (what Wireshark makes of expert information has its summary as title).
sed -n 's/^ *X(ei_[a-z_]*, *"\([a-z._]*\)".*/\1/p' "$tests/../plugin/fields.h" >"$work/experts"
undescribed=$(run -G fields | awk -F'\t' '$1 == "F" && $3 ~ /^iptrace\./ && $8 == "" { print $3 }' |
    grep -vxF -f "$work/experts")
[ -z "$undescribed" ] || fail "fields without description: $undescribed"

echo "$count commands, $failed failed"
[ "$failed" = 0 ] && [ "$count" -gt 0 ]
