#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# damaged.sh PLUGIN.so MAKE_CAPTURE [SAMPLE …]: whatever stands in records and blocks, tshark shows it all, twice, and
# does not complain; nor over the samples, which are sound: there nothing may be called damaged.
. "$(dirname "$(readlink -f "$0")")/../lib/plugin.sh"
plugin_begin "$1"
make_capture=$(readlink -f "$2")
shift 2

# show FILE: everything there is to show.
show() {
    plugin_tshark -2 -r "$1" -V -x -z iptrace,tree -z iptrace,rules >"$work/output" 2>"$work/errors"
    local status=$?
    if [ $status != 0 ] || grep -v '^Running as user' "$work/errors" | head -n 20 | grep . ||
        grep -n 'Dissector bug' "$work/output"; then
        echo "$(basename "$1"): status $status"
        failed=1
    fi
}

"$make_capture" "$work/damaged.pcapng" damaged "${DAMAGED_ROUNDS:-40}" || exit 1
chmod 644 "$work/damaged.pcapng"
show "$work/damaged.pcapng"
grep -q 'The block is damaged' "$work/output" && grep -q 'The path record is damaged' "$work/output" || {
    echo "no damage was seen"
    failed=1
}
for sample in "$@"; do
    cp "$sample" "$work/sample.pcapng"
    show "$work/sample.pcapng"
    if grep -n ' is damaged' "$work/output"; then
        echo "$sample: called damaged"
        failed=1
    fi
done
exit $failed
