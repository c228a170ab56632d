#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# What others do to a recording, and what a recording may do: loggers and rules taken away are noticed, told
# and put back; privileges are given up; the lock is held where it is asked for.
# safety.sh DIRECTORY-OF-THE-RECORDER
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
need ip6tables-legacy pgrep tshark
inside_begin "$@"

iptables-legacy -A INPUT -p udp --dport 9 -j DROP || skip "no legacy tables in this kernel"
iptables-legacy -t raw -A OUTPUT -p udp --dport 7 -j ACCEPT
iptables-legacy -t raw -A OUTPUT -p 99 -j TRACE 2>/dev/null || skip "no TRACE in this kernel"
nf_log=/proc/sys/net/netfilter/nf_log/2
echo nf_log_ipv4 >$nf_log 2>/dev/null || echo NONE >$nf_log
snapshot() {
    iptables-legacy-save | grep -v '^#' | sed 's/\[[0-9:]*\]//'
    ip6tables-legacy-save | grep -v '^#' | sed 's/\[[0-9:]*\]//'
    cat $nf_log
}
own_rules() { iptables-legacy -t raw -S | grep -c 'iptrace-record: '; }

wait_for() { # a limit in hundredths of a second, then a command
    local i limit=$1
    shift
    for i in $(seq "$limit"); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.01
    done
    return 1
}
start() {
    rm -f "$dir/ready" "$dir/capture.pcapng"
    "$recorder" -4 -w "$dir/capture.pcapng" --ready-file "$dir/ready" "$@" 2>"$dir/errors" &
    pid=$!
    wait_for 1000 test -e "$dir/ready" || fail "it did not get ready: $(cat "$dir/errors")"
}
send() { for _ in 1 2 3; do echo x >"/dev/udp/127.0.0.1/$1"; done 2>/dev/null; }
stop() { # the status that is expected
    local status
    kill -INT $pid 2>/dev/null
    wait $pid
    status=$?
    [ $status = "$1" ] || fail "status $status, not $1: $(cat "$dir/errors")"
}
journal() { # how many entries of this event are in the file
    local found
    found=$(grep -ac "^IPTRACE_EVENT=$1\$" "$dir/capture.pcapng")
    [ "$found" -ge "$2" ] || fail "$found entries of $1 in the file, not $2"
}
as_before() { [ "$(snapshot)" = "$before" ] || fail "left behind: $(diff <(echo "$before") <(snapshot))"; }
before=$(snapshot)

test="rules flushed"
start
iptables-legacy -t raw -F OUTPUT && iptables-legacy -t raw -F PREROUTING
iptables-legacy -t raw -A OUTPUT -p udp --dport 7 -j ACCEPT
iptables-legacy -t raw -A OUTPUT -p 99 -j TRACE
wait_for 100 grep -q "TRACE rules were removed" "$dir/errors" || fail "not noticed within a second"
wait_for 100 grep -q "in place again" "$dir/errors" || fail "not put back: $(cat "$dir/errors")"
[ "$(own_rules)" = 2 ] || fail "$(own_rules) rules put back"
send 9
sleep 0.3
stop 0
journal trace_removed 1
journal trace_reinstalled 1
as_before

test="raw restored"
iptables-legacy-save -t raw >"$dir/raw"
start
iptables-legacy-restore <"$dir/raw"
wait_for 100 grep -q "in place again" "$dir/errors" || fail "not put back within a second"
stop 0
as_before

test="an old raw restored, with our rules of a date that has passed"
start
iptables-legacy-save -t raw | sed 's/--datestop [^ ]*/--datestop 2020-01-01T00:00:00/' >"$dir/raw"
iptables-legacy-restore <"$dir/raw"
wait_for 100 grep -q "in place again" "$dir/errors" || fail "not noticed within a second"
[ "$(own_rules)" = 2 ] || fail "$(own_rules) own rules"
stop 0
as_before

test="logger changed"
start
echo NONE >$nf_log
wait_for 100 grep -q "logger was changed from nfnetlink_log to NONE" "$dir/errors" ||
    fail "not noticed within a second: $(cat "$dir/errors")"
wait_for 100 grep -q nfnetlink_log $nf_log || fail "not put back"
sleep 0.3
stop 0
journal logger_changed 1
as_before

test="logger changed again and again"
start
for _ in 1 2 3 4 5; do
    wait_for 200 grep -q nfnetlink_log $nf_log || break
    echo NONE >$nf_log
    sleep 0.1
done
wait_for 300 sh -c "! kill -0 $pid" || fail "it goes on"
wait $pid
status=$?
[ $status = 1 ] || fail "status $status"
grep -q "another program keeps interfering" "$dir/errors" || fail "$(cat "$dir/errors")"
[ "$(cat $nf_log)" = NONE ] || [ "$(cat $nf_log)" = nf_log_ipv4 ] || fail "logger $(cat $nf_log)"
echo nf_log_ipv4 >$nf_log 2>/dev/null
as_before

test="somebody's rule before ours"
start
iptables-legacy -t raw -I OUTPUT -p udp --dport 9999 -j ACCEPT
wait_for 100 grep -q "now stands before our TRACE rules" "$dir/errors" || fail "not told within a second"
stop 0
journal trace_moved 1
iptables-legacy -t raw -D OUTPUT 1
as_before

test="privileges"
start
status=/proc/$pid/status
grep -q "^CapPrm:	0000000000000000" $status || fail "capabilities: $(grep ^Cap $status)"
grep -q "^CapEff:	0000000000000000" $status || fail "capabilities: $(grep ^Cap $status)"
grep -q "^CapBnd:	0000000000000000" $status || fail "capabilities: $(grep ^Cap $status)"
grep -q "^NoNewPrivs:	1" $status || fail "new privileges"
grep -q "^Uid:	65534	65534	65534	65534" $status || fail "$(grep ^Uid $status)"
grep -q "^Groups:	 *$" $status || fail "$(grep ^Groups $status)"
if ! grep -qa __asan_init "$recorder"; then
    grep -q "^Seccomp:	2" $status || fail "no filter of system calls"
fi
for helper in $(pgrep -P $pid); do # CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_MODULE
    grep -q "^CapEff:	0000000000013000" "/proc/$helper/status" ||
        fail "$(cat "/proc/$helper/comm"): $(grep ^CapEff "/proc/$helper/status")"
done
send 9
sleep 0.3
stop 0
grep -q "3 DROP" "$dir/errors" || fail "$(cat "$dir/errors")"
as_before

test="a ring of files without privileges"
mkdir -p "$dir/ring"
start -b packets:2 -b files:2 -w "$dir/ring/r.pcapng"
for _ in 1 2 3 4; do send 9; sleep 0.1; done
sleep 0.5
stop 0
[ "$(ls "$dir/ring" | wc -l)" = 2 ] || fail "files: $(ls "$dir/ring")"
as_before

test="--lock"
start --lock
timeout 1 iptables-legacy -w -A INPUT -p udp --dport 10 -j DROP 2>/dev/null && fail "a rule was added"
send 9
sleep 0.3
stop 0
grep -q "3 DROP" "$dir/errors" || fail "$(cat "$dir/errors")"
as_before
iptables-legacy -w 1 -L >/dev/null || fail "the lock is still held"

test="the own SSH session"
SSH_CONNECTION="127.0.0.1 40000 127.0.0.1 22" start
iptables-legacy -t raw -S | grep -q -- "-m bpf" || fail "no filter"
grep -q "your SSH session is left out" "$dir/errors" || fail "not said: $(cat "$dir/errors")"
send 9
sleep 0.3
stop 0
grep -q "3 DROP" "$dir/errors" || fail "$(cat "$dir/errors")"
# sudo clears the variable: it is the parent's.
SSH_CONNECTION="127.0.0.1 40000 127.0.0.1 22" bash -c \
    "env -u SSH_CONNECTION \"$recorder\" -4 -a duration:0.2 >/dev/null 2>\"$dir/errors\"; :"
grep -q "your SSH session is left out" "$dir/errors" || fail "not found at a parent: $(cat "$dir/errors")"
as_before

test="left behind in a named namespace"
mkdir -p /run/netns
kill_in() { # a namespace: all of a recording in it at once
    rm -f "$dir/ready"
    "$recorder" -4 -n "$1" -w "$dir/capture.pcapng" --ready-file "$dir/ready" 2>"$dir/errors" &
    pid=$!
    wait_for 1000 test -e "$dir/ready" || fail "it did not get ready: $(cat "$dir/errors")"
    kill -STOP $pid $(pgrep -P $pid)
    kill -KILL $pid $(pgrep -P $pid)
    wait $pid 2>/dev/null
}
if ip netns add blue 2>/dev/null; then
    kill_in blue
    ip netns exec blue iptables-legacy -t raw -S | grep -q 'iptrace-record: ' || fail "nothing was left"
    "$recorder" --cleanup 2>"$dir/errors" || fail "$(cat "$dir/errors")"
    grep -q "blue': removed 2 IPv4 TRACE rules that a killed recorder, process $pid," "$dir/errors" ||
        fail "$(cat "$dir/errors")"
    ip netns exec blue iptables-legacy -t raw -S | grep -q 'iptrace-record: ' && fail "rules are left"
    kill_in blue
    ip netns delete blue
    "$recorder" --cleanup 2>"$dir/errors" || fail "$(cat "$dir/errors")"
    grep -q "whose network namespace is gone" "$dir/errors" || fail "$(cat "$dir/errors")"
    "$recorder" --cleanup 2>&1 | grep -q "nothing to clean up" || fail "there is more to clean up"
fi

test="guard and agents killed before privileges are given up"
mkfifo "$dir/waits"
"$recorder" -4 -w "$dir/capture.pcapng" --ready-file "$dir/waits" 2>"$dir/errors" &
pid=$!
wait_for 1000 sh -c 'iptables-legacy -t raw -S | grep -q "iptrace-record: "' || fail "no rules: $(cat "$dir/errors")"
kill -KILL $(pgrep -P $pid)
ln -sfn "$dir/nothing" "$dir/link" && mv -T "$dir/link" "$dir/waits" # the ready file fails, and with it the start
wait_for 500 sh -c "! kill -0 $pid" || { fail "it goes on"; kill -KILL $pid; }
wait $pid
status=$?
[ $status = 1 ] || fail "status $status: $(cat "$dir/errors")"
grep -q "left behind" "$dir/errors" && fail "it could have put back: $(cat "$dir/errors")"
as_before
"$recorder" --cleanup 2>&1 | grep -q "nothing to clean up" || fail "there is more to clean up"

test="--cleanup beside a recording"
start
"$recorder" --cleanup 2>"$dir/other" || fail "$(cat "$dir/other")"
grep -q "of process $pid alone: it is recording" "$dir/other" || fail "$(cat "$dir/other")"
[ "$(own_rules)" = 2 ] || fail "$(own_rules) own rules"
stop 0
as_before

test="a user namespace"
if unshare -rn true 2>/dev/null; then
    unshare -rn sh -c "ip link set lo up; exec \"$recorder\" -4 -a duration:0.3 -w \"$dir/capture.pcapng\"" \
        2>"$dir/errors" || fail "$(cat "$dir/errors")"
    grep -q "the process is still user root" "$dir/errors" || fail "what is lacking is not said: $(cat "$dir/errors")"
fi
# Made by a user without privileges, to whom nothing in /run belongs.
cp "$recorder" "$dir/its-recorder" && chmod 755 "$dir" "$dir/its-recorder" && mkdir -p /run/iptrace-record && chmod 700 /run/iptrace-record
as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
if $as_nobody unshare -r unshare -n "$dir/its-recorder" --version >/dev/null 2>&1; then
    $as_nobody unshare -r unshare -n sh -c "ip link set lo up; exec '$dir/its-recorder' -4 -a duration:0.3" \
        >"$dir/paths" 2>"$dir/errors" || fail "$(cat "$dir/errors")"
    grep -q "/run/iptrace-record is not a directory that only user 0 can write to" "$dir/errors" ||
        fail "what is lacking is not said: $(cat "$dir/errors")"
    # Both at once, and proc's files are nobody's: the sentence tells the way.
    $as_nobody unshare -rn "$dir/its-recorder" -4 -a duration:0.3 >"$dir/paths" 2>"$dir/errors" &&
        fail "a namespace whose tables cannot be read is recorded"
    grep -q "unshare -r unshare -n" "$dir/errors" || fail "$(cat "$dir/errors")"
fi

[ $failed = 0 ] && echo "all as expected"
exit $failed
