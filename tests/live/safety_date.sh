#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Our rules bear a date: it is renewed while the recording runs, without a word about changed rules; when all
# processes are killed at once the rules match nothing after it; a date that passed is told.
# safety_date.sh RECORDER, one that was built with dates of a few seconds.
. "$(dirname "$0")/../lib/inside.sh"
recorder=$1
need pgrep
inside_begin "$@"

iptables-legacy -A INPUT -p udp --dport 9 -j DROP || skip "no legacy tables in this kernel"
dates() { iptables-legacy -t raw -S | sed -n 's/.*--datestop \([^ ]*\).*iptrace-record: .*/\1/p' | sort -u; }
traced() { iptables-legacy -t raw -L OUTPUT -vxn | awk '/TRACE/ {print $1}'; }
send() { for _ in 1 2 3; do echo x >"/dev/udp/127.0.0.1/9"; done 2>/dev/null; }
start() {
    rm -f "$dir/ready" "$dir/capture.pcapng"
    "$recorder" -4 -w "$dir/capture.pcapng" --ready-file "$dir/ready" 2>"$dir/errors" &
    pid=$!
    for _ in $(seq 500); do [ -e "$dir/ready" ] && return; sleep 0.02; done
    fail "it did not get ready: $(cat "$dir/errors")"
}
stop() {
    kill -INT $pid
    wait $pid || fail "$(cat "$dir/errors")"
}
journal() { grep -ac "^IPTRACE_EVENT=$1\$" "$dir/capture.pcapng"; }

test="renewal"
start
first=$(dates)
[ -n "$first" ] || skip "this kernel has no time match"
for _ in $(seq 10); do send; sleep 0.7; done
[ "$(date -u +%s)" -gt "$(date -u -d "$first" +%s)" ] || fail "the first date has not passed"
[ "$(dates)" != "$first" ] || fail "the date is still $first"
stop
grep -q "30 DROP" "$dir/errors" || fail "not all was recorded: $(cat "$dir/errors")"
for event in rules_changed trace_removed trace_reinstalled trace_expired; do
    [ "$(journal $event)" = 0 ] || fail "a renewal is told as $event"
done

test="a date that passed"
start
everyone="$pid $(pgrep -P $pid)"
kill -STOP $everyone
while [ "$(date -u +%s)" -le "$(date -u -d "$(dates)" +%s)" ]; do sleep 0.2; done
kill -CONT $everyone
for _ in $(seq 100); do grep -q "had expired" "$dir/errors" && break; sleep 0.02; done
sleep 0.3
send
sleep 0.3
stop
[ "$(journal trace_expired)" = 1 ] || fail "not told: $(cat "$dir/errors")"
grep -q "3 DROP" "$dir/errors" || fail "not renewed: $(cat "$dir/errors")"

test="all killed at once"
start
everyone="$pid $(pgrep -P $pid)"
kill -STOP $everyone
kill -KILL $everyone
wait $pid 2>/dev/null
date=$(dates)
[ -n "$date" ] || fail "no rule is left"
while [ "$(date -u +%s)" -le "$(date -u -d "$date" +%s)" ]; do sleep 0.2; done
before=$(traced)
send
[ "$(traced)" = "$before" ] || fail "$before packets had been traced, now $(traced)"
"$recorder" --cleanup 2>"$dir/errors" || fail "$(cat "$dir/errors")"
[ "$(grep -c "TRACE rules that a killed recorder, process $pid, had left" "$dir/errors")" = 1 ] ||
    fail "$(cat "$dir/errors")"
grep -q "restored the IPv4 logger" "$dir/errors" || fail "$(cat "$dir/errors")"
[ -z "$(dates)" ] || fail "a rule is left"

[ $failed = 0 ] && echo "all as expected"
exit $failed
