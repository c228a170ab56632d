#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# A recording leaves nothing behind: the same rules and counters, no table more than raw, the same loggers; after SIGINT,
# SIGTERM and each kind of failed start. restore.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"

for command in iptables ip6tables; do
    $command -A INPUT -p udp -m udp --dport 9 -m comment --comment "a user's" -j DROP
    $command -A INPUT -i lo -j ACCEPT
    $command -t mangle -A OUTPUT -p udp -j MARK --set-xmark 0x5/0xffffffff
done
iptables -t raw -A OUTPUT -p udp -m udp --dport 7 -j NOTRACK # raw exists for IPv4, and does not for IPv6
"$traffic" 127.0.0.1 9 3 >/dev/null

# Everything that must be as it was. Where raw did not exist it may exist now, empty.
state() {
    sort /proc/net/ip_tables_names | tr '\n' ' '
    sort /proc/net/ip6_tables_names | grep -v '^raw$' | tr '\n' ' '
    echo
    cat /proc/sys/net/netfilter/nf_log/2 /proc/sys/net/netfilter/nf_log/10
    iptables-legacy-save -c | grep -v '^#'
    ip6tables-legacy-save -c | grep -v '^#' | awk '
        /^\*raw/ {raw = 1}
        raw && /^\[|^:[^PO]/ {print "a rule or chain in a raw table that was made for the recording:", $0}
        raw && /^COMMIT/ {raw = 0; next}
        !raw'
}
before() { state >"$dir/before"; }
check() { # WHAT
    state >"$dir/after"
    diff "$dir/before" "$dir/after" >"$dir/diff" || {
        fail "$1 (<: before, >: after)"
        head -n 20 "$dir/diff"
    }
}
logger() { # IPv4's and IPv6's
    echo "$1" >/proc/sys/net/netfilter/nf_log/2 && echo "$2" >/proc/sys/net/netfilter/nf_log/10
} 2>/dev/null
run() { # STATUS OPTION …: a start that fails
    local wanted=$1
    shift
    timeout 20 ${prefix:-} "$recorder" "$@" >"$dir/text" 2>"$dir/says" </dev/null
    expect "exit status of iptrace-record $*" $? "$wanted"
    check "after iptrace-record $* ($(head -n 1 "$dir/says"))"
}

while read -r four six; do
    logger "$four" "$six" || {
        echo "no logger $four or $six here"
        continue
    }
    for signal in INT TERM; do
        before
        record -w "$dir/x.pcapng" icmp || exit 1 # none of the traffic: counters stay
        stop $signal
        expect "$four, SIG$signal: exit status" $? 0
        check "$four, $six: after SIG$signal"
    done
done <<END
nf_log_ipv4 nf_log_ipv6
NONE NONE
nfnetlink_log nfnetlink_log
NONE nfnetlink_log
END

logger nfnetlink_log NONE
before
run 2 "udp port"
run 1 -w "$dir/no/such/directory"
run 2 "$(for i in $(seq 40); do printf 'host 10.0.%d.1 or ' $i; done) host 10.1.1.1"
run 1 -n no-such-namespace
run 2 --limit nonsense
if command -v tcpdump >/dev/null; then
    logger NONE NONE
    network_start router tcpdump -Z root -U -i nflog:0 -w "$dir/held.pcap" 2>"$dir/errors"
    holder=$!
    network_await test -s "$dir/held.pcap"
    before
    run 1 -w "$dir/x.pcapng"
    grep -q "process $holder" "$dir/says" || fail "group 0 is held, and the holder is not named: $(cat "$dir/says")"
    kill $holder
fi
before
prefix="setpriv --bounding-set -all --inh-caps -all --reuid 65534 --regid 65534 --clear-groups" run 1
expect "lines on standard output of failed starts" "$(wc -l <"$dir/text")" 0
exit $failed
