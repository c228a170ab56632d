#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The output fails: disk full, pipe without a reader, file too large, read-only file system
# (from the start, and all at once), directory gone. Each
# time one clear sentence, everything put back, exit status 1, and a file that is sound up to its last complete block.
# output_fails.sh DIRECTORY-OF-THE-RECORDER DIRECTORY-OF-THE-DRIVER
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
driver=$2/live_view_driver
need tshark
inside_end() {
    [ -z "$(jobs -p)" ] || kill $(jobs -p) 2>/dev/null
    umount -R "$dir"
    inside_leave
}
inside_begin "$@"
mount -t tmpfs -o size=10m none "$dir" || skip "nothing can be mounted here"

iptables-legacy -A INPUT -p udp --dport 9 -j DROP
loggers() { cat /proc/sys/net/netfilter/nf_log/2 /proc/sys/net/netfilter/nf_log/10 | tr '\n' ' '; }
loggers_before=$(loggers)

expect_end() { # words of the sentence: waits for the recorder's end by itself
    for _ in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
    kill -0 $pid 2>/dev/null && { fail "it goes on"; kill $pid; }
    wait $pid
    local status=$?
    kill $sender 2>/dev/null
    wait $sender 2>/dev/null
    [ $status = 1 ] || fail "exit status $status"
    [ "$(wc -l <"$dir/errors")" = 1 ] || fail "not one sentence: $(cat "$dir/errors")"
    grep -q "^iptrace-record: .*$1" "$dir/errors" || fail "$(cat "$dir/errors")"
    [ "$(iptables-legacy-save -t raw | grep -c TRACE)" = 0 ] || fail "TRACE rules are left"
    [ "$(loggers)" = "$loggers_before" ] || fail "loggers are $(loggers), not $loggers_before"
}
record() { # options; also sends packets for a while
    rm -f "$dir/ready"
    "$recorder" -q --ready-file "$dir/ready" "$@" 2>"$dir/errors" & pid=$!
    for _ in $(seq 200); do [ -e "$dir/ready" ] && break; kill -0 $pid 2>/dev/null || break; sleep 0.05; done
    "$driver" send 127.0.0.1 9 10000 500 & sender=$!
}
expect_sound() { # file, least number of packets
    tshark -n -r "$1" >"$dir/rows" 2>"$dir/tshark" || fail "$1: $(cat "$dir/tshark")"
    [ "$(grep -c '127.0.0.1 .*127.0.0.1' "$dir/rows")" -ge "$2" ] || fail "$1 has only $(wc -l <"$dir/rows") rows"
}

test="disk full"
mkdir "$dir/small"
mount -t tmpfs -o size=200k none "$dir/small"
record -w "$dir/small/trace.pcapng"
expect_end "small/trace.pcapng.*no space left.*last complete block"
expect_sound "$dir/small/trace.pcapng" 300

# What is reported at the end is what the file has, and no packet that was still to be written.
test="disk full: the report"
rm "$dir"/small/*
rm -f "$dir/ready"
"$recorder" --ready-file "$dir/ready" -w "$dir/small/trace.pcapng" 2>"$dir/errors" & pid=$!
for _ in $(seq 200); do [ -e "$dir/ready" ] && break; sleep 0.05; done
"$driver" send 127.0.0.1 9 10000 500 & sender=$!
wait $pid
expect "$test: status" $? 1
kill $sender 2>/dev/null
wait $sender 2>/dev/null
tshark -n -r "$dir/small/trace.pcapng" -Y 'ip || ipv6' -T fields -e frame.number >"$dir/rows" 2>/dev/null
expect "$test: packets" "$(sed -n 's/.*: \([0-9]*\) packets, .*/\1/p' "$dir/errors")" "$(wc -l <"$dir/rows")"
expect "$test: verdicts" "$(sed -n 's/^iptrace-record: \([0-9].* [A-Z]*\)$/\1/p' "$dir/errors" | tr -c '0-9\n' ' ' | awk '{for (i = 1; i <= NF; i++) sum += $i} END {print sum}')" "$(wc -l <"$dir/rows")"
[ "$(wc -l <"$dir/rows")" -ge 300 ] || fail "the file has only $(wc -l <"$dir/rows") packets"

test="disk full in a ring"
rm "$dir"/small/*
record -w "$dir/small/trace.pcapng" -b packets:100
expect_end "small/trace_0000.*no space left"
expect_sound "$dir"/small/trace_00001_* 90

test="/dev/full"
record -w /dev/full
expect_end "/dev/full.*no space left"

test="a file larger than is allowed"
(ulimit -f 100; exec "$recorder" -q -w "$dir/large.pcapng") 2>"$dir/errors" & pid=$!
"$driver" send 127.0.0.1 9 10000 500 & sender=$!
expect_end "large.pcapng.*File too large.*last complete block"
expect_sound "$dir/large.pcapng" 100

test="a pipe whose reader goes, pcapng"
mkfifo "$dir/pipe"
head -c 5000 <"$dir/pipe" >/dev/null &
record -w - >"$dir/pipe"
expect_end "standard output: its reader has gone"

test="a pipe whose reader goes, text"
head -n 3 <"$dir/pipe" >/dev/null &
record >"$dir/pipe"
expect_end "standard output: "

test="a pipe whose reader goes while there is no packet"
sleep 1 <"$dir/pipe" &
"$recorder" -q -w - >"$dir/pipe" 2>"$dir/errors" & pid=$!
sleep 30 & sender=$!
expect_end "standard output: its reader has gone"

test="a read-only file system"
mkdir "$dir/fixed"
mount --bind "$dir/fixed" "$dir/fixed"
mount -o remount,bind,ro "$dir/fixed"
record -w "$dir/fixed/trace.pcapng"
expect_end "fixed/trace.pcapng.*Read-only file system"

# A file system is not made read-only while somebody writes to it, but by an error of its own. One on a device of ours.
test="a file system that becomes read-only while recording"
truncate -s 8M "$dir/device" && mkdir "$dir/failing"
if mkfs.ext4 -q "$dir/device" && mount -o loop,errors=remount-ro "$dir/device" "$dir/failing" 2>/dev/null &&
    trigger=/sys/fs/ext4/$(basename "$(findmnt -no SOURCE "$dir/failing")")/trigger_fs_error && [ -w "$trigger" ]; then
    record -w "$dir/failing/trace.pcapng"
    for _ in $(seq 200); do [ "$(stat -c %s "$dir/failing/trace.pcapng")" -gt 20000 ] && break; sleep 0.05; done
    mount -o remount,ro "$dir/failing" 2>/dev/null && fail "it could be remounted read-only"
    kill -0 $pid || fail "it ended too early"
    echo 1 >"$trigger"
    expect_end "failing/trace.pcapng.*Read-only file system.*last complete block"
    expect_sound "$dir/failing/trace.pcapng" 10
else
    echo "not run: $test: no file system on a loop device here"
fi

test="a directory that is not there"
record -w "$dir/none/trace.pcapng"
expect_end "none/trace.pcapng.*No such file or directory"

test="the directory of a ring is removed"
mkdir "$dir/gone"
record -w "$dir/gone/trace.pcapng" -b packets:1000
rm -r "$dir/gone"
expect_end "gone/trace_0000.*No such file or directory"

[ $failed = 0 ] && echo "each said, everything put back, every file sound"
exit $failed
