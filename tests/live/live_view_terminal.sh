#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# On a terminal: a line that changes in its place, taken away before other text, and at the end verdicts and the
# rules that decided; with -r how much is read. Elsewhere nothing of that.
# live_view_terminal.sh DIRECTORY-OF-THE-RECORDER DIRECTORY-OF-THE-DRIVER
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
driver=$2/live_view_driver
script -qfec true /dev/null >/dev/null 2>&1 </dev/null || skip "no script(1), or no terminal that it could make"
inside_begin "$@"
export TERM=vt100

iptables-legacy -A INPUT -p udp --dport 9 -j DROP
iptables-legacy -A INPUT -p udp --dport 10 -j REJECT

escape=$'\033'
# What a terminal shows in the end: a carriage return begins the line again, ESC [ K clears what is right of it.
screen() { tr -d '\0' <"$1" | sed -e "s/\r\$//" -e "s/.*\r$escape\[K//" -e 's/.*\r//' -e "s/$escape\[K//"; }
count() { grep -oE -- "$1" "$2" | wc -l; }
on_terminal() { script -qfec "$*" /dev/null >"$dir/terminal" </dev/null; }
traffic() {
    for _ in $(seq 200); do [ -e "$dir/ready" ] && break; sleep 0.05; done
    "$driver" send 127.0.0.1 9 7 100000
    "$driver" send 127.0.0.1 10 3 100000
}
base="$recorder -4 --ready-file $dir/ready -w $dir/trace.pcapng -a duration:3 udp and port 9 or port 10"

test="recording"
traffic & on_terminal "$base" || fail "status $?"; wait
[ "$(count '[0-9]+ packets, [0-9]+ messages, 0 lost, [0-9]+ dropped, [0-9]+ rejected' "$dir/terminal")" -ge 5 ] ||
    fail "no status line: $(cat -v "$dir/terminal")"
grep -q '7 dropped, 3 rejected' "$dir/terminal" || fail "no counts: $(cat -v "$dir/terminal")"
screen "$dir/terminal" >"$dir/screen"
grep -v '^iptrace-record: ' "$dir/screen" | grep -q . && fail "something is left: $(cat -v "$dir/screen")"
grep -q '^iptrace-record: [0-9]* packets, [0-9]* TRACE messages, 0 messages lost' "$dir/screen" || fail "no totals"
grep -q '^iptrace-record:  *7  DROP by filter INPUT rule 1: -A INPUT -p udp -m udp --dport 9 -j DROP' "$dir/screen" ||
    fail "no rules: $(cat "$dir/screen")"
grep -q '^iptrace-record:  *3  REJECT by filter INPUT rule 2: -A INPUT .*REJECT' "$dir/screen" ||
    fail "no rules: $(cat "$dir/screen")"

test="with -q"
on_terminal "$recorder -q -4 -w $dir/trace.pcapng -a duration:0.6" || fail "status $?"
[ -s "$dir/terminal" ] && fail "$(cat -v "$dir/terminal")"

test="text on the terminal"
on_terminal "$recorder -4 -a duration:0.6" || fail "status $?"
grep -q ' lost, ' "$dir/terminal" && fail "a status line: $(cat -v "$dir/terminal")"

test="no terminal"
rm "$dir/ready"
traffic & $base 2>"$dir/errors" || fail "status $?"; wait
grep -q "$escape\|rejected\| by filter" "$dir/errors" && fail "$(cat -v "$dir/errors")"
[ "$(wc -l <"$dir/errors")" = 4 ] || fail "$(cat "$dir/errors")"

test="no terminal, -v"
rm "$dir/ready"
traffic & ${base/-4/-4 -v} 2>"$dir/errors" || fail "status $?"; wait
grep -q ' 7  DROP by filter INPUT rule 1' "$dir/errors" || fail "$(cat "$dir/errors")"

test="reading a large file"
rm "$dir/ready"
"$recorder" -q -4 --ready-file "$dir/ready" -w "$dir/large.pcapng" udp port 9 & pid=$!
for _ in $(seq 200); do [ -e "$dir/ready" ] && break; sleep 0.05; done
"$driver" send 127.0.0.1 9 40000 0
kill -INT $pid
wait $pid
on_terminal "$recorder -r $dir/large.pcapng -w $dir/again.pcapng" || fail "status $?"
grep -oE '[0-9]+ %  [0-9]+ packets' "$dir/terminal" >"$dir/steps"
[ -s "$dir/steps" ] || fail "no progress: $(cat -v "$dir/terminal")"
sort -cn "$dir/steps" || fail "goes back: $(cat "$dir/steps")"
[ "$(sed 's/ .*//' "$dir/steps" | sort -n | tail -n 1)" -le 100 ] || fail "$(cat "$dir/steps")"

[ $failed = 0 ] && echo "shown, erased, summed up; $(wc -l <"$dir/steps") steps of progress"
exit $failed
