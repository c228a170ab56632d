#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Kills a recording at random moments, by each of its processes and all at once: afterwards rules and loggers
# are as before, and the file opens up to its last whole block.
# kill.sh DIRECTORY-OF-THE-RECORDER [KILLS]; IPTRACE_KILLS: 30 unless set; IPTRACE_SEED: of the random moments.
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
kills=${2:-${IPTRACE_KILLS:-30}}
RANDOM=${IPTRACE_SEED:-$$}
need ip6tables-legacy pgrep tshark
inside_begin "$@"

# ---- The namespace: rules of a user, loggers of his choice, packets ----

for iptables in iptables-legacy ip6tables-legacy; do
    $iptables -A INPUT -p udp --dport 9 -j DROP || skip "no legacy tables in this kernel"
    $iptables -t raw -A OUTPUT -p udp --dport 7 -j ACCEPT
    $iptables -t raw -A PREROUTING -m comment --comment "a user's" -p udp --dport 7 -j ACCEPT
    $iptables -t raw -A OUTPUT -p 99 -j TRACE 2>/dev/null || skip "no TRACE in this kernel"
done
echo nf_log_ipv4 >/proc/sys/net/netfilter/nf_log/2 2>/dev/null || echo NONE >/proc/sys/net/netfilter/nf_log/2
echo NONE >/proc/sys/net/netfilter/nf_log/10
snapshot() {
    iptables-legacy-save | grep -v '^#' | sed 's/\[[0-9:]*\]//'
    ip6tables-legacy-save | grep -v '^#' | sed 's/\[[0-9:]*\]//'
    cat /proc/sys/net/netfilter/nf_log/2 /proc/sys/net/netfilter/nf_log/10
}
# One process, which ends with the test.
while sleep 0.02; do
    for _ in 1 2 3 4 5; do echo x >/dev/udp/127.0.0.1/9; echo x >/dev/udp/::1/9; done
done >/dev/null 2>&1 &
before=$(snapshot)

# ---- One kill ----

start() {
    rm -f "$dir/ready" "$dir/capture.pcapng"
    "$recorder" -w "$dir/capture.pcapng" --ready-file "$dir/ready" 2>"$dir/errors" &
    pid=$!
}
child() { pgrep -P $pid -x "$1"; }
victims() {
    case $victim in
    recorder) echo $pid ;;
    guard) child iptrace-guard ;;
    agent) child iptrace-rules4 ;;
    recorder+guard) echo $pid; child iptrace-guard ;;
    guard+agents) child iptrace-guard; child iptrace-rules4; child iptrace-rules6 ;;
    recorder+agents) echo $pid; child iptrace-rules4; child iptrace-rules6 ;;
    all) echo $pid; pgrep -P $pid ;;
    esac
}
# Kills at one moment: nobody of them sees another die.
strike() {
    local found
    found=$(victims)
    [ -n "$found" ] || return
    kill -STOP $found 2>/dev/null
    [ $victim = all ] && kill -STOP $(pgrep -P $pid) 2>/dev/null && found=$(victims)
    kill -KILL $found 2>/dev/null
}
is_clean() { [ "$(snapshot)" = "$before" ]; }
is_forgotten() { [ -z "$(ls /run/iptrace-record 2>/dev/null)" ]; }
wait_until() {
    local i
    for i in $(seq 100); do
        "$1" && return
        sleep 0.05
    done
    return 1
}
# What is left bears a date that comes soon.
check_dates() {
    local rules now last
    rules=$({ iptables-legacy -t raw -S; ip6tables-legacy -t raw -S; } | grep 'iptrace-record: ')
    [ -n "$rules" ] || return
    left=$((left + 1))
    [ "$(grep -c -- --datestop <<<"$rules")" = "$(wc -l <<<"$rules")" ] || fail "a rule without a date is left"
    now=$(date -u +%s)
    last=$(sed -n 's/.*--datestop \([^ ]*\).*/\1/p' <<<"$rules" | sort | tail -n 1)
    [ $(($(date -u -d "$last" +%s) - now)) -le 3600 ] || fail "a rule is left until $last"
}
check_file() {
    local errors status
    [ -s "$dir/capture.pcapng" ] || return # killed before its first block
    files=$((files + 1))
    errors=$(tshark -r "$dir/capture.pcapng" 2>&1 >"$dir/rows")
    status=$?
    rows=$((rows + $(wc -l <"$dir/rows")))
    [ $status = 0 ] || grep -q "cut short" <<<"$errors" || fail "tshark ends with status $status: $errors"
    [ $status = 0 ] || cut=$((cut + 1))
}

all_victims=(recorder guard agent guard+agents recorder+guard recorder+agents all)
left=0 files=0 rows=0 cut=0 swept=0 restarted=0 said=0 by_recorder=0 status_1=0
declare -A early
for number in $(seq "$kills"); do
    victim=${all_victims[number % ${#all_victims[@]}]}
    test="kill $number of $victim"
    start
    # A third of the kills come while it starts.
    if [ $((RANDOM % 3)) = 0 ]; then
        until [ -n "$(pgrep -P $pid)" ]; do kill -0 $pid 2>/dev/null || break; done
        sleep 0.0$((RANDOM % 90 + 10))
    else
        for _ in $(seq 400); do [ -e "$dir/ready" ] && break; sleep 0.02; done
        [ -e "$dir/ready" ] || fail "it did not get ready: $(cat "$dir/errors")"
        sleep 0.$((RANDOM % 900 + 100))
    fi
    strike
    case $victim in
    guard | agent) # the recorder sees it and ends, with status 1
        for _ in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
        kill -0 $pid 2>/dev/null && fail "the recorder goes on" && kill -INT $pid
        wait $pid 2>/dev/null
        status=$?
        [ $status = 1 ] && status_1=$((status_1 + 1)) || fail "status $status: $(cat "$dir/errors")"
        ;;
    guard+agents) # it ends with status 1; what it cannot put back any more its last sentence names
        for _ in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
        kill -0 $pid 2>/dev/null && fail "the recorder goes on" && kill -KILL $pid
        wait $pid 2>/dev/null
        status=$?
        [ $status = 1 ] || fail "status $status: $(cat "$dir/errors")"
        if is_clean; then
            by_recorder=$((by_recorder + 1))
        else
            tail -n 1 "$dir/errors" | grep -q "TRACE rules and loggers are left behind.* run iptrace-record --cleanup to clean up" ||
                fail "not said: $(cat "$dir/errors")"
            said=$((said + 1))
        fi
        "$recorder" --cleanup 2>"$dir/cleanup" || fail "--cleanup: $(cat "$dir/cleanup")"
        ;;
    all)
        wait $pid 2>/dev/null
        check_dates
        if [ $((RANDOM % 2)) = 0 ]; then
            "$recorder" --cleanup 2>"$dir/errors" || fail "--cleanup: $(cat "$dir/errors")"
            swept=$((swept + 1))
        else
            timeout 20 "$recorder" -a duration:0.1 -w "$dir/next.pcapng" 2>"$dir/errors" ||
                fail "the next start: $(cat "$dir/errors")"
            restarted=$((restarted + 1))
        fi
        ;;
    *) wait $pid 2>/dev/null ;;
    esac
    wait_until is_clean || fail "left behind: $(diff <(echo "$before") <(snapshot))"
    # The state file is the guard's: without it the file stays, and tells of nothing that is still to do.
    case $victim in
    *guard) "$recorder" --cleanup 2>/dev/null || fail "--cleanup" ;;
    esac
    wait_until is_forgotten || fail "left behind: $(ls /run/iptrace-record)"
    check_file
    [ $failed = 0 ] || exit 1
done
"$recorder" --cleanup 2>&1 | grep -q "nothing to clean up" || { test="after all"; fail "--cleanup finds something"; }
echo "$kills kills: rules and loggers as before after each; rules with a date were left by $left, removed by" \
    "$swept cleanups and $restarted next starts; $said times the recorder said what is left, $by_recorder times nothing was; $status_1 times the recorder ended by itself with status 1;" \
    "$files files opened, $cut of them cut within their last block, $rows rows"
exit $failed
