#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The live view: a packet is in the pipe at most 250 ms after its verdict, and tshark shows each as it comes.
# live_view.sh DIRECTORY-OF-THE-RECORDER DIRECTORY-OF-THE-DRIVER
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
driver=$2/live_view_driver
inside_begin "$@"

# Tables that speak late: nat, once a connection; mangle after the routing.
iptables-legacy -t nat -A OUTPUT -p udp --dport 9999 -j DNAT --to-destination 127.0.0.3 2>/dev/null
iptables-legacy -t mangle -A POSTROUTING -j MARK --set-mark 1 2>/dev/null
iptables-legacy -A INPUT -d 127.0.0.2 -j DROP

start() { # what reads the pipe: starts the recorder, waits until every packet is recorded
    rm -f "$dir/ready"
    "$recorder" -q --ready-file "$dir/ready" -w - udp port 9 2>"$dir/errors" >"$dir/pipe" & pid=$!
    until [ -e "$dir/ready" ]; do
        kill -0 $pid 2>/dev/null || { cat "$dir/errors"; exit 1; }
        sleep 0.02
    done
}
stop() {
    kill -INT $pid
    wait $pid || fail "the recorder: $(cat "$dir/errors")"
    wait $reader
}
mkfifo "$dir/pipe"

# ---- How late a packet is in the pipe ----

measure_once() { # packets, microseconds between them, address
    "$driver" read <"$dir/pipe" >"$dir/delays" & reader=$!
    start
    "$driver" send "$3" 9 "$1" "$2"
    sleep 0.5
    stop
    eval "$(tr ' ' '\n' <"$dir/delays" | grep -E '^[a-z0-9_]+=[0-9.-]+$')"
    [ "$packets" = $(($1 * 2)) ] || fail "$packets packets, not $(($1 * 2)): $(cat "$dir/delays" "$dir/errors")"
    [ "$customs" = 0 ] || fail "$customs Custom Blocks in a pipe"
}
# 100 ms of silence may be nat's, and 250 ms may pass until a look at the rules has confirmed them; the rest is for a busy machine.
latest_ms=500
measure() { # name, and as above; a machine that had something else to do gets three tries
    test=$1
    for try in 1 2 3; do
        measure_once "${@:2}"
        printf '%-34s %s\n' "$test:" "$(cat "$dir/delays")"
        [ "$max_whole_ms" -gt $latest_ms ] || return
    done
    fail "late three times"
}
measure "accepted, two a second" 8 500000 127.0.0.1
measure "dropped, two a second" 8 500000 127.0.0.2
measure "accepted, 100 a second" 300 10000 127.0.0.1
measure "accepted, 1000 a second" 3000 1000 127.0.0.1
measure "dropped, 1000 a second" 3000 1000 127.0.0.2

# ---- Each is shown as it comes ----

if ! command -v tshark >/dev/null; then
    echo "tshark is not here: not looked at what it shows"
    exit $failed
fi
shown() { grep -c '127.0.0.1 .*127.0.0.1' "$dir/lines"; }
view() { # tshark's arguments: sends single packets, each only when the one before was seen
    test="tshark $*"
    tshark -l -n "$@" <"$dir/pipe" >"$dir/lines" 2>"$dir/tshark" & reader=$!
    start
    local slowest=0
    for packet in 1 2 3 4 5 6; do
        "$driver" send 127.0.0.1 9 1 0
        local waited=0
        until [ "$(shown)" = $((packet * 2)) ] || [ $waited -ge 300 ]; do
            sleep 0.01
            waited=$((waited + 1))
        done
        [ $waited -lt 300 ] || { fail "packet $packet is held back: $(cat "$dir/lines" "$dir/tshark")"; break; }
        [ $waited -le $slowest ] || slowest=$waited
    done
    stop
    printf '%-34s each shown as it came, the slowest after about %d ms\n' "$test:" $((slowest * 10))
}
tshark --version 2>/dev/null | head -n 1
view -i -
view -r -
exit $failed
