#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# -b and -a: files named as dumpcap names them, each one whole by itself, so many kept; ends by time, size,
# packets and files.
# ring.sh DIRECTORY-OF-THE-RECORDER DIRECTORY-OF-THE-DRIVER
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
driver=$2/live_view_driver
need tshark dumpcap
inside_begin "$@"
chmod 700 "$dir"

iptables-legacy -A INPUT -p udp --dport 9 -m comment --comment "port 9" -j DROP

record() { # options: starts, waits until every packet is recorded
    rm -rf "$dir/ready" "$dir/out"
    mkdir "$dir/out"
    "$recorder" -q --ready-file "$dir/ready" "$@" udp port 9 2>"$dir/errors" & pid=$!
    until [ -e "$dir/ready" ]; do
        kill -0 $pid 2>/dev/null || { cat "$dir/errors"; exit 1; }
        sleep 0.02
    done
}
finish() { # waits for its end; by itself, it must not take longer than ten seconds
    [ "${1:-}" = by-itself ] && for _ in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
    [ "${1:-}" = by-itself ] && kill -0 $pid 2>/dev/null && fail "it does not end"
    kill -INT $pid 2>/dev/null
    wait $pid || fail "status $?: $(cat "$dir/errors")"
    [ -s "$dir/errors" ] && fail "$(cat "$dir/errors")"
    [ "$(iptables-legacy-save -t raw | grep -c TRACE)" = 0 ] || fail "TRACE rules are left"
}
packets() { tshark -n -r "$1" -Y udp 2>/dev/null | wc -l; }
expect() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }

# Whole: its first and last rows are journal entries, the rules are in it, and its end has statistics.
expect_whole() { # file
    tshark -n -r "$1" >"$dir/rows" 2>"$dir/tshark" || fail "$1: $(cat "$dir/tshark")"
    grep -v '^Running as user' "$dir/tshark" >"$dir/complaints" && fail "$1: $(cat "$dir/complaints")"
    head -n 1 "$dir/rows" | grep -q 'Capture started' || fail "$1 begins with: $(head -n 1 "$dir/rows")"
    tail -n 1 "$dir/rows" | grep -q 'Continued\|Capture stopped' || fail "$1 ends with: $(tail -n 1 "$dir/rows")"
    # Twice: within the ruleset block, and with the packet that it dropped.
    grep -aq -- '-A INPUT -p udp -m udp --dport 9 -m comment --comment "port 9" -j DROP' "$1" || fail "no rules in $1"
    [ "$(tail -c 400 "$1" | od -An -v -tx4 -w4 | grep -c 00000005)" -ge 1 ] || fail "no statistics in $1"
    "$recorder" -q -r "$1" >"$dir/text" 2>"$dir/errors" || fail "-r $1: $(cat "$dir/errors")"
    expect "packets that -r finds in $1" "$(grep -c '^  = ' "$dir/text")" "$(packets "$1")"
}

test="packets, files kept"
record -w "$dir/out/trace.pcapng" -b packets:10 -b files:3
"$driver" send 127.0.0.1 9 35 10000
sleep 0.3
finish
ls "$dir/out" >"$dir/list"
expect "files" "$(wc -l <"$dir/list")" 3
grep -vqE '^trace_0000[5-9]_20[0-9]{12}\.pcapng$' "$dir/list" && fail "names: $(cat "$dir/list")"
expect "the last is number 8" "$(tail -n 1 "$dir/list" | cut -c 1-11)" trace_00008
for file in "$dir"/out/*; do expect_whole "$file"; done
total=0
for file in "$dir"/out/*; do total=$((total + $(packets "$file"))); done
expect "packets in the last three, of 70 in 8" "$total" $((10 + 10 + 0))

test="duration"
record -w "$dir/out/no-suffix" -b duration:1 -a duration:3.5
"$driver" send 127.0.0.1 9 30 100000 & sender=$!
finish by-itself
wait $sender
ls "$dir/out" >"$dir/list"
grep -vqE '^no-suffix_0000[1-4]_20[0-9]{12}$' "$dir/list" && fail "names: $(cat "$dir/list")"
expect "files" "$(wc -l <"$dir/list")" 4
for file in "$dir"/out/*; do expect_whole "$file"; done

test="filesize, ended by files"
record -w "$dir/out/trace.big.pcapng" -b filesize:20 -a files:3
"$driver" send 127.0.0.1 9 1000 1000 & sender=$!
finish by-itself
kill $sender 2>/dev/null
wait $sender 2>/dev/null
ls "$dir/out" >"$dir/list"
grep -vqE '^trace\.big_0000[1-3]_20[0-9]{12}\.pcapng$' "$dir/list" && fail "names: $(cat "$dir/list")"
expect "files" "$(wc -l <"$dir/list")" 3
for file in "$dir"/out/*; do
    expect_whole "$file"
    size=$(stat -c %s "$file")
    # Looked at once a turn of the loop: on a busy machine one turn takes many packets.
    [ "$size" -ge 20000 ] && [ "$size" -le 200000 ] || fail "$file has $size bytes, not 20 kB and what was under way"
done

for bound in "-c 7" "-a packets:7"; do
    test="ended by $bound"
    record -w "$dir/out/one.pcapng" $bound
    "$driver" send 127.0.0.1 9 50 1000 & sender=$!
    finish by-itself
    wait $sender
    found=$(packets "$dir/out/one.pcapng")
    [ "$bound" = "-c 7" ] && expect packets "$found" 7
    [ "$found" -ge 7 ] || fail "$found packets"
    expect_whole "$dir/out/one.pcapng"
done

test="ended by filesize"
record -w "$dir/out/one.pcapng" -a filesize:30
"$driver" send 127.0.0.1 9 1000 1000 & sender=$!
finish by-itself
kill $sender 2>/dev/null
wait $sender 2>/dev/null
expect_whole "$dir/out/one.pcapng"

test="names as dumpcap's, of a file that is read"
cp "$dir/out/one.pcapng" "$dir/one.pcapng"
for name in trace.pcapng no-suffix trace.big.pcapng dotted.d/file trailing.; do
    rm -rf "$dir/ours" "$dir/theirs"
    mkdir -p "$dir/ours/dotted.d" "$dir/theirs/dotted.d"
    "$recorder" -q -r "$dir/one.pcapng" -b packets:5 -w "$dir/ours/$name" 2>"$dir/errors" || fail "$(cat "$dir/errors")"
    dumpcap -q -i - -b packets:5 -w "$dir/theirs/$name" <"$dir/one.pcapng" >/dev/null 2>"$dir/errors" ||
        fail "dumpcap: $(cat "$dir/errors")"
    for whose in ours theirs; do
        (cd "$dir/$whose" && find . -type f | sort | head -n 1 | sed -E 's/_20[0-9]{12}/_TIME/') >"$dir/$whose.name"
    done
    expect "$name" "$(cat "$dir/ours.name")" "$(cat "$dir/theirs.name")"
done

[ $failed = 0 ] && echo "named, whole, kept and ended"
exit $failed
