#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The NFLOG source on a real kernel: every message received, foreign ones apart, every lost one counted.
# nflog_source.sh DIRECTORY-OF-THE-DRIVER
set -u
driver=$1/nflog_source_driver

if [ -z "${IPTRACE_TEST_NETNS:-}" ]; then
    unshare -n true 2>/dev/null || { echo "skipped: no new network namespace can be made here"; exit 77; }
    IPTRACE_TEST_NETNS=1 exec unshare -n "$0" "$@"
fi

skip() { echo "skipped: $*"; exit 77; }
failed=0
fail() { echo "FAILED: $*"; failed=1; }

ip link set lo up || skip "no ip command"
for family in 2 10; do
    echo nfnetlink_log >/proc/sys/net/netfilter/nf_log/$family 2>/dev/null || skip "no logger nfnetlink_log"
done
for iptables in iptables-legacy ip6tables-legacy; do
    $iptables -w -t filter -nL >/dev/null 2>&1 || skip "no $iptables"
    # UDP to port 9 alone: what the kernel answers is not traced.
    $iptables -w -t raw -A OUTPUT -p udp --dport 9 -j TRACE 2>/dev/null || skip "no TRACE in this kernel"
done

start() { # receive's arguments: starts the driver and waits until it is bound
    rm -f "$dir/input"; mkfifo "$dir/input"
    "$driver" receive "$@" <"$dir/input" >"$dir/output" 2>"$dir/errors" &
    pid=$!
    exec {input}>"$dir/input"
    until grep -q ^ready "$dir/output"; do
        kill -0 $pid 2>/dev/null || { cat "$dir/errors"; exit 1; }
        sleep 0.02
    done
}
stop() { # ends it; its figures become variables: messages, foreign, lost …
    exec {input}>&-
    wait $pid || fail "the driver: $(cat "$dir/errors")"
    eval "$(tail -n 1 "$dir/output")"
}
packets() { # that the TRACE rule of iptables-legacy ($1) has counted
    $1 -w -t raw -vxnL OUTPUT | awk '/TRACE/ {print $1}'
}
zero() { iptables-legacy -w -t raw -Z; ip6tables-legacy -w -t raw -Z; }
expect() { # what, found, wanted
    [ "$2" = "$3" ] || fail "$test: $1 is $2, not $3"
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

test="both families"
# raw and filter, at OUTPUT, then at PREROUTING and INPUT: four messages a packet.
start 16777216
"$driver" send 127.0.0.1 1000
"$driver" send ::1 500
stop
expect "counted by the rule" "$(packets iptables-legacy)" 1000
expect messages "$messages" 6000
expect events "$events" 6000
expect "the last number" "$last" 6000
expect lost "$lost" 0
expect foreign "$foreign" 0
expect malformed "$malformed" 0
expect ordered "$ordered" 1
expect "messages with in lo" "$in_lo" 3000
expect "messages with out lo" "$out_lo" 3000

test="foreign messages"
iptables-legacy -w -A INPUT -p udp -j NFLOG --nflog-prefix "a user's" --nflog-threshold 10
start 16777216
"$driver" send 127.0.0.1 100
stop
expect messages "$messages" 500
expect foreign "$foreign" 100
expect "foreign by prefix" "$users" 100
expect "the last number" "$last" 500
expect lost "$lost" 0
iptables-legacy -w -F INPUT

test="nothing read until the end: the tail is lost"
zero
start 100000 hold
"$driver" send 127.0.0.1 5000
stop
sent=$((4 * $(packets iptables-legacy)))
expect "received and lost" $((messages + lost)) $sent
expect "told as it happened" $((lost_before + lost_told)) "$lost"
expect "told at the end" "$lost_told" "$lost"
[ "$lost" -gt 0 ] || fail "$test: nothing was lost with a tiny buffer"

test="a flood into a small buffer: lost in the middle"
for round in 1 2 3; do
    zero
    start 200000
    "$driver" send 127.0.0.1 30000 &
    sender=$!
    "$driver" send 127.0.0.2 30000
    wait $sender
    for stopped in 1 2 3; do # a reader that stands still, and comes back
        kill -STOP $pid
        "$driver" send 127.0.0.1 3000
        kill -CONT $pid
        "$driver" send 127.0.0.1 100
    done
    stop
    sent=$((4 * $(packets iptables-legacy)))
    expect "received and lost" $((messages + lost)) $sent
    expect "told as it happened" $((lost_before + lost_told)) "$lost"
    expect ordered "$ordered" 1
    [ "$lost" -gt 0 ] || fail "$test: nothing was lost with a small buffer"
    echo "sent $sent = received $messages + lost $lost (by gap $lost_before, at the end of the queue $lost_told)"
done

test="the group is held"
start 100000
if "$driver" receive 100000 </dev/null >"$dir/second" 2>&1; then
    fail "$test: two sockets got the group"
fi
grep -q "held by process $pid (nflog_source_dr)" "$dir/second" || fail "$test: $(cat "$dir/second")"
stop

test="without the capability"
if command -v setpriv >/dev/null; then
    setpriv --bounding-set -net_admin --inh-caps -net_admin "$driver" receive 100000 </dev/null >"$dir/second" 2>&1 &&
        fail "$test: it was opened"
    grep -q CAP_NET_ADMIN "$dir/second" || fail "$test: $(cat "$dir/second")"
fi
exit $failed
