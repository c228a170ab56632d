#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Beside Debian's ulogd2, which wants the same of the kernel. When it starts it unbinds the loggers of everybody and binds
# its own, which are the same as ours; where it then cannot have its group it unbinds them again and ends. When it ends
# otherwise, it leaves them. ulogd.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
command -v ulogd >/dev/null || skip "there is no ulogd (package ulogd2)"
modules=(/usr/lib/*/ulogd/ulogd_inppkt_NFLOG.so)
[ -f "${modules[0]}" ] || skip "ulogd has no plugin for NFLOG"
nf_log=/proc/sys/net/netfilter/nf_log
loggers_none() { for family in 2 10; do echo NONE >$nf_log/$family; done; }

iptables -A INPUT -p udp -m udp --dport 1001 -j DROP
iptables -t raw -S >/dev/null && ip6tables -t raw -S >/dev/null # raw exists from now on
loggers_none
snapshot() {
    { iptables-legacy-save; ip6tables-legacy-save; } | grep -v '^#' | sed 's/\[[0-9:]*\]$//'
    cat $nf_log/2 $nf_log/10
}
before=$(snapshot)
as_before() {
    [ "$(snapshot)" = "$before" ] || fail "$1: left behind: $(diff <(echo "$before") <(snapshot))"
}

# ulogd_start GROUP: as its package sets it up, but for the group and its files. Waits until it has the group, or ended.
ulogd_start() {
    {
        echo '[global]'
        echo "logfile=\"$dir/ulogd.log\""
        echo 'loglevel=3'
        for module in inppkt_NFLOG raw2packet_BASE filter_IFINDEX filter_IP2STR filter_PRINTPKT output_LOGEMU; do
            echo "plugin=\"${modules[0]/inppkt_NFLOG/$module}\""
        done
        echo 'stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,emu1:LOGEMU'
        echo '[log1]'
        echo "group=$1"
        echo '[emu1]'
        echo "file=\"$dir/ulogd.packets\""
        echo 'sync=1'
    } >"$dir/ulogd.conf"
    : >"$dir/ulogd.log"
    network_start router ulogd -c "$dir/ulogd.conf" -p "$dir/ulogd.pid" >"$dir/ulogd.says" 2>&1
    ulogd=$!
    network_await ulogd_is_up "$1" || fail "ulogd neither began nor ended: $(cat "$dir/ulogd.log" "$dir/ulogd.says")"
}
ulogd_is_up() { # it has the group, or has ended
    ! kill -0 $ulogd 2>/dev/null || awk -v group="$1" -v pid=$ulogd '$1 == group && $2 == pid {found = 1} END {exit !found}' \
        /proc/self/net/netfilter/nfnetlink_log
}
ulogd_stop() {
    kill -TERM $ulogd 2>/dev/null
    wait $ulogd 2>/dev/null
}
says() { grep -c -- "$1" "$dir/says"; }
has_said() { [ "$(says "$1")" -ge "$2" ]; }
await_says() { # WHAT TEXT
    network_await has_said "$2" 1 || fail "$1: not said: $2: $(cat "$dir/says")"
}
logger_is() { [ "$(cat $nf_log/2)" = "$1" ]; }
drops() { rows "$dir/capture.pcapng" 'iptrace.verdict == "DROP" && udp.dstport == 1001'; }

# ---- It has the group before us: we say who, and change nothing ----
ulogd_start 0
kill -0 $ulogd 2>/dev/null || skip "ulogd does not run here: $(tail -n 1 "$dir/ulogd.log")"
during=$(snapshot)
"$recorder" -w "$dir/capture.pcapng" 2>"$dir/says"
expect "the group is held: status" $? 1
grep -q "NFLOG group 0.* is held by process $ulogd (ulogd)" "$dir/says" || fail "the group is held: $(cat "$dir/says")"
[ "$(snapshot)" = "$during" ] || fail "the group is held: changed: $(diff <(echo "$during") <(snapshot))"
ulogd_stop
loggers_none

# ---- It comes while we record, wants our group, and cannot have it; but it has unbound the loggers by then ----
record -4 -w "$dir/capture.pcapng" udp || exit 1
"$traffic" 127.0.0.1 1001 5 >/dev/null
ulogd_start 0
await_says "ulogd came" "logger was changed from nfnetlink_log to NONE"
await_says "ulogd came" "in place again"
kill -0 $ulogd 2>/dev/null && fail "ulogd has got our group"
expect "the logger" "$(cat $nf_log/2)" nfnetlink_log
"$traffic" 127.0.0.1 1001 7 >/dev/null
finish || fail "ulogd came: status $?: $(cat "$dir/says")"
expect "ulogd came: packets dropped" "$(drops)" 12
expect "ulogd came: entries" "$(grep -ac '^IPTRACE_EVENT=logger_changed$' "$dir/capture.pcapng")" 1
expect "ulogd came: entries" "$(grep -ac '^IPTRACE_EVENT=trace_reinstalled$' "$dir/capture.pcapng")" 1
as_before "ulogd came"

# ---- It comes and goes with a group of its own: each has its messages, and there is nothing to say ----
iptables -A INPUT -p udp -m udp --dport 1002 -j NFLOG --nflog-group 5 --nflog-prefix theirs
before=$(snapshot)
record -4 -w "$dir/capture.pcapng" udp || exit 1
for round in 1 2; do
    ulogd_start 5
    kill -0 $ulogd 2>/dev/null || fail "ulogd has not got its group: $(tail -n 1 "$dir/ulogd.log")"
    "$traffic" 127.0.0.1 1001 3 >/dev/null
    "$traffic" 127.0.0.1 1002 2 >/dev/null
    network_await sh -c "[ \$(grep -c theirs '$dir/ulogd.packets') -ge $((2 * round)) ]" ||
        fail "ulogd has not got its messages: $(cat "$dir/ulogd.packets")"
    ulogd_stop
    "$traffic" 127.0.0.1 1001 1 >/dev/null
done
finish || fail "ulogd of another group: status $?: $(cat "$dir/says")"
expect "ulogd of another group: packets dropped" "$(drops)" 8
grep -q ' 0 messages lost' "$dir/says" || fail "ulogd of another group: $(cat "$dir/says")"
expect "ulogd's messages" "$(grep -c theirs "$dir/ulogd.packets")" 4
as_before "ulogd of another group"

# ---- Again and again, as a service that is started anew each time it fails: the capture must not look whole ----
record -4 -w "$dir/capture.pcapng" udp || exit 1
is_settled() { logger_is nfnetlink_log || ! kill -0 "$recording" 2>/dev/null; }
for _ in 1 2 3 4 5 6 7 8; do
    network_await is_settled || fail "again and again: not repaired: $(cat "$dir/says")"
    kill -0 "$recording" 2>/dev/null || break
    ulogd_start 0
    ulogd_stop
done
network_await sh -c "! kill -0 $recording 2>/dev/null" || fail "again and again: it goes on: $(cat "$dir/says")"
wait "$recording"
expect "again and again: status" $? 1
grep -q "another program keeps interfering" "$dir/says" || fail "again and again: $(cat "$dir/says")"
grep -aq '^IPTRACE_EVENT=logger_changed$' "$dir/capture.pcapng" || fail "again and again: no entry in the file"
as_before "again and again"
exit $failed
