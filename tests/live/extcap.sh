#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The recorder as Wireshark's own interface: the stock tshark and dumpcap list it, start it, stop it, start it
# again, and show what went wrong.
# extcap.sh DIRECTORY-OF-THE-RECORDER
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
need tshark dumpcap timeout
inside_end() {
    ip netns delete blue 2>/dev/null
    inside_leave
}
inside_begin "$@"

# ---- A Wireshark that has the recorder installed, and two network namespaces with a small firewall ----

extcap=$(tshark -G folders 2>/dev/null | sed -n 's/^\(Global \)\?Extcap path:[[:space:]]*//p')
[ -d "$extcap" ] || mkdir -p "$extcap" || skip "no extcap directory"
mount -t tmpfs none "$extcap" || skip "nothing can be mounted here"
ln -s "$recorder" "$extcap/iptrace"

ip netns add blue || skip "no named namespace can be made here"
ip -n blue link set lo up
firewall() { # what to run iptables-legacy with: what goes to 127.0.0.2 is dropped
    "$@" iptables-legacy -A INPUT -d 127.0.0.2 -j DROP
}
firewall 2>/dev/null || skip "no iptables-legacy in a new namespace"
firewall ip netns exec blue

send() { # one packet that is accepted and one that is dropped: four rows, for loopback shows each twice
    "$@" bash -c 'echo >/dev/udp/127.0.0.1/9; echo >/dev/udp/127.0.0.2/9'
}
rules() { iptables-legacy-save -t raw 2>/dev/null | grep -c TRACE; }
until_traced() { # waits until the rules are in, or the program has ended
    for _ in $(seq 200); do
        [ "$(${*:2} iptables-legacy-save -t raw 2>/dev/null | grep -c TRACE)" -gt 0 ] && return 0
        kill -0 "$1" 2>/dev/null || break
        sleep 0.05
    done
    fail "no TRACE rule appears"
}
expect_clean() { # nothing of ours is left
    for _ in $(seq 100); do
        [ "$(rules)" = 0 ] && return
        sleep 0.05
    done
    fail "$(rules) TRACE rules are left"
}
run() { timeout 30 tshark "$@" 2>"$dir/errors"; }

# ---- What is listed ----

test="interfaces"
run -D >"$dir/list"
grep -q 'iptrace (iptables TRACE)' "$dir/list" || fail "$(cat "$dir/list")"
grep -q 'iptrace-blue (iptables TRACE in blue)' "$dir/list" || fail "$(cat "$dir/list")"

test="link types"
run -i iptrace -L >"$dir/list" 2>&1
grep -q RAW "$dir/list" "$dir/errors" || fail "$(cat "$dir/list" "$dir/errors")"

test="the dialog"
"$extcap/iptrace" --extcap-config --extcap-interface iptrace >"$dir/config" || fail "no answer"
for option in filter interface family limit unlimited snapshot-length netns buffer-size no-install lock; do
    grep -q "^arg .*{call=--$option}{display=" "$dir/config" || fail "no $option"
done
"$extcap/iptrace" --extcap-config --extcap-interface iptrace-blue | grep -q netns && fail "a namespace in a namespace"

test="filters are checked"
"$extcap/iptrace" --extcap-interface iptrace --extcap-capture-filter 'tcp port 80' >"$dir/answer" || fail "status $?"
[ -s "$dir/answer" ] && fail "$(cat "$dir/answer")"
"$extcap/iptrace" --extcap-interface iptrace --extcap-capture-filter 'tcp prot 80' >"$dir/answer" || fail "status $?"
grep -q "'tcp prot 80'" "$dir/answer" || fail "$(cat "$dir/answer")"

# ---- Capturing ----

test="capture, end by count"
run -i iptrace -f 'udp port 9' -c 5 -w "$dir/one.pcapng" & pid=$!
until_traced $pid
send
wait $pid || fail "status $?: $(cat "$dir/errors")"
expect_clean
found=$(tshark -r "$dir/one.pcapng" -Y udp -T fields -e ip.dst 2>/dev/null | sort | uniq -c | tr -s ' \n' ' ')
[ "$found" = " 2 127.0.0.1 2 127.0.0.2 " ] || fail "$found"

for round in 1 2 3; do
    test="start, stop by Ctrl-C, start again: round $round"
    timeout -s INT 30 tshark -l -i iptrace -o 'extcap.iptrace.filter:udp port 9' -o extcap.iptrace.family:4 \
        >"$dir/lines" 2>"$dir/errors" & pid=$!
    until_traced $pid
    send
    for _ in $(seq 100); do [ "$(grep -c 127.0.0.2 "$dir/lines")" = 2 ] && break; sleep 0.05; done
    [ "$(grep -c 127.0.0.2 "$dir/lines")" = 2 ] || fail "$(cat "$dir/lines")"
    kill -INT $pid
    wait $pid || fail "status $?"
    grep -qi 'error' "$dir/errors" && fail "$(cat "$dir/errors")"
    expect_clean
done

test="a named namespace, together with this host"
run -i iptrace -i iptrace-blue -a duration:3 -w "$dir/two.pcapng" & pid=$!
until_traced $pid
until_traced $pid ip netns exec blue
send
send ip netns exec blue
wait $pid || fail "status $?: $(cat "$dir/errors")"
expect_clean
found=$(tshark -r "$dir/two.pcapng" -Y 'udp && !icmp' 2>/dev/null | grep -c 127.0.0)
[ "$found" = 8 ] || fail "$found packets, not 8"

test="a namespace from the dialog"
run -i iptrace -o extcap.iptrace.netns:blue -c 4 >"$dir/lines" & pid=$!
until_traced $pid ip netns exec blue
send ip netns exec blue
wait $pid || fail "status $?: $(cat "$dir/errors")"

test="tshark is killed: the fifo has no reader"
tshark -i iptrace >/dev/null 2>&1 & pid=$!
until_traced $pid
kill -KILL $pid $(pgrep -P $pid dumpcap) 2>/dev/null
wait $pid 2>/dev/null
expect_clean

# The rules are gone a moment before the recorder is, which holds group 0 to its end.
for _ in $(seq 100); do
    grep -q . /proc/net/netfilter/nfnetlink_log || break
    sleep 0.1
done

test="the recorder ends when its fifo is closed, by dumpcap here"
mkfifo "$dir/fifo"
"$extcap/iptrace" --capture --extcap-interface iptrace --fifo "$dir/fifo" 2>"$dir/errors" & pid=$!
timeout 30 dumpcap -q -i "$dir/fifo" -c 4 -w "$dir/three.pcapng" >/dev/null 2>&1 & reader=$!
until_traced $pid
send
wait $reader || fail "dumpcap: status $?"
wait $pid || fail "status $?"
[ -s "$dir/errors" ] && fail "$(cat "$dir/errors")"
[ "$(tshark -r "$dir/three.pcapng" 2>/dev/null | wc -l)" = 4 ] || fail "$(tshark -r "$dir/three.pcapng" 2>&1)"
expect_clean

test="SIGTERM before Wireshark has opened the fifo"
"$extcap/iptrace" --capture --extcap-interface iptrace --fifo "$dir/fifo" & pid=$!
sleep 0.2
kill $pid
for _ in $(seq 40); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
kill -KILL $pid 2>/dev/null && fail "it hangs"
wait $pid 2>/dev/null

# ---- What goes wrong is seen ----

wrong() { # words of the sentence, tshark's arguments
    run "${@:2}" -a duration:5 >"$dir/lines" && fail "status 0"
    grep -q -- "$1" "$dir/errors" || fail "$(cat "$dir/errors")"
    expect_clean
}
test="a wrong filter";          wrong "'tcp prot 80'" -i iptrace -f 'tcp prot 80'
test="a wrong limit";           wrong "soon" -i iptrace -o extcap.iptrace.limit:soon
test="a missing namespace";     wrong "/no/such" -i iptrace -o extcap.iptrace.netns:/no/such
test="contradicting fields";    wrong "contradict" -i iptrace -o extcap.iptrace.limit:1/second \
                                    -o extcap.iptrace.unlimited:true
test="another recorder is here"
"$recorder" -q -w /dev/null & other=$!
until_traced $other
run -i iptrace -a duration:5 >"$dir/lines" && fail "status 0"
grep -q "process $other" "$dir/errors" || fail "$(cat "$dir/errors")"
kill -INT $other
wait $other || fail "the other: status $?"
expect_clean

[ $failed = 0 ] && echo "listed, started, stopped, restarted, refused"
exit $failed
