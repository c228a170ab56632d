#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Whatever a recorder waits for, it hears the signals that end it: a pipe without a reader, a reader that takes nothing,
# somebody's lock. Afterwards rules and loggers are as before.
# deaf.sh DIRECTORY-OF-THE-RECORDER DIRECTORY-OF-THE-DRIVER
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
driver=$2/live_view_driver
need flock
inside_begin "$@"
iptables-legacy -A INPUT -p udp --dport 9 -j DROP
mkfifo "$dir/pipe"
snapshot() {
    iptables-legacy-save | grep -v '^#' | sed 's/\[[0-9:]*\]//'
    ip6tables-legacy-save 2>/dev/null | grep -v '^#' | sed 's/\[[0-9:]*\]//'
    cat /proc/sys/net/netfilter/nf_log/2 /proc/sys/net/netfilter/nf_log/10
}
before=$(snapshot)

until_true() { # hundredths of a second, command
    local i limit=$1
    shift
    for i in $(seq "$limit"); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.01
    done
    return 1
}
is_gone() { ! kill -0 "$pid"; }
has_rules() { iptables-legacy-save -t raw | grep -q 'iptrace-record: '; }
has_no_rules() { ! has_rules; }
is_blocked() { # in a system call for at least three looks
    local i
    for i in 1 2 3; do
        grep -q '^State:	S' "/proc/$pid/status" || return
        sleep 0.02
    done
}
# Sends SIGNAL, and expects the end within SECONDS with one of the STATUSES.
end() { # SIGNAL SECONDS STATUSES
    kill -"$1" "$pid" 2>/dev/null
    until_true $(($2 * 100)) is_gone || fail "SIG$1 goes unheard: $(cat "$dir/errors")"
    kill -KILL "$pid" 2>/dev/null
    wait "$pid"
    local status=$?
    [[ " $3 " == *" $status "* ]] || fail "status $status, not one of $3: $(cat "$dir/errors")"
    until_true 500 test "$(snapshot)" = "$before" || fail "left behind: $(diff <(echo "$before") <(snapshot))"
}

for signal in INT TERM; do
    test="-w on a pipe without a reader, SIG$signal"
    "$recorder" -4 -w "$dir/pipe" 2>"$dir/errors" & pid=$!
    until_true 1000 pgrep -P $pid -x iptrace-guard && until_true 500 is_blocked || fail "it does not wait"
    end $signal 3 0

    test="--ready-file on a pipe without a reader, SIG$signal"
    "$recorder" -4 -w "$dir/file.pcapng" --ready-file "$dir/pipe" 2>"$dir/errors" & pid=$!
    until_true 1000 has_rules && until_true 500 is_blocked || fail "it does not wait"
    end $signal 3 0
    grep -q "0 messages lost" "$dir/errors" || fail "it did not end as ever: $(cat "$dir/errors")"
done

test="-w on a pipe gets its reader"
"$recorder" -4 -w "$dir/pipe" --ready-file "$dir/ready" 2>"$dir/errors" & pid=$!
until_true 1000 pgrep -P $pid -x iptrace-guard && until_true 500 is_blocked
cat "$dir/pipe" >"$dir/read" &
until_true 1000 test -e "$dir/ready" || fail "it did not get ready: $(cat "$dir/errors")"
"$driver" send 127.0.0.1 9 5 1000
end INT 5 0
[ "$(head -c 4 "$dir/read" | od -An -tx1 | tr -d ' ')" = 0a0d0d0a ] || fail "the reader got no capture"

test="--ready-file on a pipe tells who reads it"
"$recorder" -4 -w "$dir/file.pcapng" --ready-file "$dir/pipe" 2>"$dir/errors" & pid=$!
timeout 10 cat "$dir/pipe" || fail "the reader was not told"
has_rules || fail "told before recording had begun"
end INT 5 0

stalled() { # options: a reader that takes nothing, and more packets than a pipe holds
    rm -f "$dir/ready"
    sleep 60 <"$dir/pipe" & reader=$!
    "$recorder" -4 --ready-file "$dir/ready" "$@" >"$dir/pipe" 2>"$dir/errors" & pid=$!
    until_true 1000 test -e "$dir/ready" || fail "it did not get ready: $(cat "$dir/errors")"
    "$driver" send 127.0.0.1 9 3000 0 >/dev/null
    until_true 500 is_blocked
}
# A pipe that nobody has open is empty: the next one to open it begins anew.
let_go() {
    kill $reader
    wait $reader 2>/dev/null
}
for what in pcapng text; do
    options=()
    [ $what = text ] || options=(-w -)
    test="a reader that takes nothing, $what"
    stalled "${options[@]}"
    end INT 8 1
    grep -q "its reader accepts nothing, so the last [1-9][0-9]* bytes were not written" "$dir/errors" || fail "$(cat "$dir/errors")"
    let_go

    test="a reader that takes nothing, $what: the rules go out first, and a second signal ends the rest"
    stalled "${options[@]}"
    kill -INT $pid
    until_true 150 has_no_rules || fail "the rules are still there"
    sleep 0.6 # one that comes sooner means the same
    end TERM 1 1
    let_go

    test="a reader that goes on, $what"
    rm -f "$dir/ready"
    (until [ -e "$dir/go" ]; do sleep 0.02; done; cat >"$dir/read") <"$dir/pipe" & reader=$!
    rm -f "$dir/go"
    "$recorder" -4 --ready-file "$dir/ready" "${options[@]}" >"$dir/pipe" 2>"$dir/errors" & pid=$!
    until_true 1000 test -e "$dir/ready" || fail "it did not get ready: $(cat "$dir/errors")"
    "$driver" send 127.0.0.1 9 3000 0 >/dev/null
    until_true 500 is_blocked
    touch "$dir/go"
    sleep 0.5
    end INT 8 0
    wait $reader
    packets=$(sed -n 's/.*: \([0-9]*\) packets, .*/\1/p' "$dir/errors")
    if [ $what = text ]; then
        [ "$(grep -c '^  = ' "$dir/read")" = "$packets" ] || fail "$(grep -c '^  = ' "$dir/read") packets of $packets"
    fi
    [ "${packets:-0}" -ge 3000 ] || fail "$packets packets"
done

test="standard error that takes nothing"
exec 5<>"$dir/pipe"
timeout 1 dd if=/dev/zero bs=4096 >&5 2>/dev/null
"$recorder" -4 -w "$dir/file.pcapng" 2>&5 & pid=$!
: >"$dir/errors"
until_true 1000 pgrep -P $pid -x iptrace-guard && until_true 500 is_blocked || fail "it does not wait"
end INT 8 "0 1"
exec 5>&-

test="the lock is somebody else's"
flock /run/xtables.lock sleep 60 & holder=$!
until_true 500 sh -c '! flock -n /run/xtables.lock true'
for options in "" --lock; do
    # shellcheck disable=SC2086 # none, or one
    "$recorder" -4 $options -w "$dir/file.pcapng" 2>"$dir/errors" & pid=$!
    until_true 1000 pgrep -P $pid -x iptrace-guard && until_true 500 is_blocked || fail "it does not wait"
    sleep 0.3
    kill -INT $pid
    until_true 100 is_gone
    end INT 2 "0 1"
done
kill $holder "$(pgrep -P $holder)" 2>/dev/null

[ $failed = 0 ] && echo "every wait heard the signals"
exit $failed
