#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Fragments match no port but by the first of IPv4: it is said at the start, and what is recommended there records them
# all. fragments.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need socat
network_router || skip "no network namespaces can be made here"
# Without connection tracking, which would put the fragments together.
for command in iptables ip6tables; do $command -P FORWARD DROP; done

# Rows by family: "4 6".
found() { echo "$(grep -c '^[0-9].* SRC=192' "$dir/text") $(grep -c '^[0-9].* SRC=2001' "$dir/text")"; }
large() { # a datagram of three fragments in each family
    inside client socat -u -b 5000 SYSTEM:'head -c 3500 /dev/zero' UDP4-SENDTO:203.0.113.10:53
    inside client socat -u -b 5000 SYSTEM:'head -c 3500 /dev/zero' UDP6-SENDTO:[2001:db8:2::10]:53
}
try() { # WHAT ROWS SENTENCE [option …]: none where the sentence is empty
    local what=$1 rows=$2 sentence=$3
    shift 3
    record "$@" || return
    large
    finish || fail "$what: $(cat "$dir/says")"
    expect "$what: rows of IPv4 and IPv6" "$(found)" "$rows"
    if [ -n "$sentence" ]; then
        grep -q "tests ports or other transport fields: .*$sentence" "$dir/says" || fail "$what: $(cat "$dir/says")"
    else
        expect "$what: sentences" "$(grep -c 'tests ports' "$dir/says")" 0
    fi
}
try "ports" "1 0" "only the first fragment in IPv4, and none in IPv6" udp port 53
try "ports of IPv4" "1 0" "it matches only the first fragment;" -4 udp port 53
try "ports of IPv6" "0 0" "matches no fragment of an IPv6 packet" -6 udp port 53
try "no ports" "3 3" "" udp or ip6 proto 44
# What the sentence recommends.
rest=$(grep -o '`or [^`]*`' "$live_root/recorder/legacy/kernel/start_notes.c" | head -1 | tr -d '`')
try "ports and fragments" "3 3" "record fragments too" "udp port 53 $rest"
exit $failed
