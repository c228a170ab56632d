#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# malicious.sh TOOLS BUILD SECONDS REPLAY-MIB TSHARK-MIB: captures that were made to cost their reader time and memory,
# through replay and through tshark with the plugin, all shown, twice. TOOLS has make_malicious and bounded.
set -u -o pipefail
here=$(dirname "$(readlink -f "$0")")
tools=$(readlink -f "$1") build=$(readlink -f "$2") seconds=$3 replay_mib=$4 tshark_mib=$5
# What is freed is to be gone, also with the address sanitizer.
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=1:thread_local_quarantine_size_kb=64
work=$(mktemp -d /tmp/iptrace-test.XXXXXX)
chmod 755 "$work" # where root tests, tshark may run as nobody
trap 'rm -rf "$work"' EXIT
failed=0

# run CASE WHAT MIB COMMAND …: within the bounds, and without a complaint of sanitizers or Wireshark.
run() {
    local name=$1 what=$2 mib=$3
    shift 3
    if ! "$tools/bounded" "$seconds" "$mib" "$@" >"$work/output" 2>"$work/errors"; then
        echo "FAILED: $name, $what: more than $seconds s or $mib MiB, or it crashed"
        failed=1
    fi
    printf '%-26s %-7s %s\n' "$name" "$what" "$(tail -n 1 "$work/errors")"
    if grep -a 'runtime error\|AddressSanitizer\|ERROR:\|CRITICAL' "$work/errors" | head | grep . || grep -am3 'Dissector bug' "$work/output"; then
        echo "FAILED: $name, $what"
        failed=1
    fi
}

cases=${MALICIOUS_CASES:-$("$tools/make_malicious")}
[ -n "$cases" ] || { echo "FAILED: no cases"; exit 1; }
for name in $cases; do
    "$tools/make_malicious" "$work/$name.pcapng" "$name" || { echo "FAILED: $name was not made"; failed=1; continue; }
    run "$name" replay "$replay_mib" "$build/recorder/iptrace-record" -q -r "$work/$name.pcapng" -w "$work/out.pcapng" --blocks always -P
    [ ! -f "$build/plugin/iptrace.so" ] ||
        run "$name" tshark "$tshark_mib" "$here/../tshark" "$build/plugin/iptrace.so" -2 -r "$work/$name.pcapng" -V \
            -z iptrace,tree -z iptrace,rules
    rm "$work/$name.pcapng"
done
exit $failed
