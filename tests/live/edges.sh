#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The first and the last packets of a recording: our own TRACE rules that go in and out are no change of the rules, so
# that these packets have their verdicts like all others; in one namespace and in several. edges.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
[ "$IPTRACE_LIVE_RUN" = own ] || skip "nothing can be mounted here, and others use the lock"
network_make blue || skip "no second network namespace can be made here"
for in in "" "inside blue"; do
    $in iptables-legacy -w -A INPUT -p udp -m udp --dport 9 -j DROP
    $in ip6tables-legacy -w -A INPUT -p udp -m udp --dport 9 -j DROP
done

# Verdicts of packets received and sent; all must have one.
check() { # WHAT, least number of packets
    local unsure
    expect "$1: status" "$status" 0
    unsure=$(grep -c '^  = UNKNOWN\|rules changed' "$dir/text")
    expect "$1: packets and steps that are not sure" "$unsure" 0
    [ "$unsure" = 0 ] || { grep -m 3 -B 5 "^  = UNKNOWN\|rules changed" "$dir/text"; }
    [ "$(grep -c '^  = ' "$dir/text")" -ge "$2" ] || fail "$1: only $(grep -c '^  = ' "$dir/text") packets"
    expect "$1: packets in that were not dropped" "$(awk '/ IN=lo /{in_ = 1} /^  = / {if (in_ && !/^  = DROP/) n++; in_ = 0} END {print n + 0}' "$dir/text")" 0
}
# Datagrams in both namespaces, until the test ends.
flood() {
    while sleep 0.01; do
        "$traffic" 127.0.0.1 9 5
        "$traffic" ::1 9 5
        inside blue "$traffic" 127.0.0.1 9 5
    done >/dev/null 2>&1
}

for round in 1 2 3; do
    # Nothing has come before: of the first packet nothing is known but that it came.
    record -P -w "$dir/first.pcapng" udp || exit 1
    "$traffic" 127.0.0.1 9 1 >/dev/null
    finish
    status=$?
    check "the first packet, $round" 2

    # After a while of silence neither.
    record -c 4 udp || exit 1
    sleep 0.5
    "$traffic" ::1 9 2 >/dev/null
    wait "$recording"
    status=$?
    check "-c 4, $round" 4
done

enough() { [ "$(grep -c '^  = ' "$dir/text")" -ge 20 ]; }
flood &
flood=$!
for round in 1 2 3; do
    record udp || exit 1
    network_await enough
    stop INT # in the middle of it
    status=$?
    check "stopped in the middle, $round" 20

    record -n $$ -n "${network_keepers[blue]}" udp || exit 1
    network_await enough
    stop INT
    status=$?
    check "two namespaces, $round" 20
done
kill $flood
exit $failed
