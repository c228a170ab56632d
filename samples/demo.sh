#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Which rule dropped my packet? The whole of iptrace in one go, on real packets.
#
# samples/demo.sh [DIRECTORY]: installs what is missing, builds, makes a client, a router with a firewall and a server
# in network namespaces that end with this script, records what the router does with the client's packets into
# DIRECTORY/trace.pcapng (here unless told), and prints the path of an accepted and of a dropped one.
# As root, or as a user who may use sudo. No firewall but its own is touched.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
build=${IPTRACE_BUILD:-$root/build/demo}
recorder=$build/recorder/iptrace-record
# shellcheck source=network.sh
. "$here/network.sh"

if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
else
    bold='' red='' green='' yellow='' plain=''
fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
say() { echo "samples/demo.sh: $*" >&2; }

# ---- Recording, in a namespace of its own: demo.sh --record FILE. Status 3: TRACE does not work here. ----

firewall() {
    iptables-legacy-restore -w <<'END'
*nat
-A POSTROUTING -o wan -j MASQUERADE
COMMIT
*filter
:from_lan - [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan -o wan -j from_lan
-A FORWARD -j DROP
-A from_lan -p tcp -m multiport --dports 80,443 -m comment --comment "the web" -j ACCEPT
-A from_lan -p tcp -m tcp --dport 23 -m comment --comment "no telnet" -j DROP
-A from_lan -p tcp -m tcp --dport 25 -j REJECT --reject-with tcp-reset
COMMIT
END
    [ ! -d /proc/sys/net/ipv6 ] || ip6tables-legacy-restore -w <<'END'
*filter
:FORWARD DROP [0:0]
-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
END
}

traffic() {
    client() { inside client timeout 5 "$@" >/dev/null 2>&1 || :; }
    client socat -t 2 - TCP:203.0.113.10:80 <<<"client"                         # accepted, and translated
    client socat -u - TCP:203.0.113.10:23,connect-timeout=0.5 </dev/null        # dropped by a rule
    client socat -u - TCP:203.0.113.10:25,connect-timeout=2 </dev/null          # rejected
    client socat -u - UDP:203.0.113.10:123 <<<"what time is it?"                # dropped by the rule without conditions
    [ ! -d /proc/sys/net/ipv6 ] || client ping -n -q -c 1 -W 1 2001:db8:2::10 # dropped by the policy
}

record() {
    local file=$1 scratch recording
    local filter='tcp or udp or icmp or (icmp6 and ip6[40] < 130)' # no neighbour discovery
    network_enter --record "$file" && network_has_trace iptables-legacy || {
        say "TRACE cannot be used here: $network_problem; a bundled sample is shown instead"
        exit 3
    }
    scratch=$(mktemp -d)
    trap 'kill $(jobs -p) 2>/dev/null; rm -rf "'"$scratch"'"' EXIT
    network_router && network_serve server 80 && firewall || {
        say "no client, router and server can be made here; a bundled sample is shown instead"
        exit 3
    }
    title "The router's rules (iptables-legacy-save)"
    iptables-legacy-save | grep -e '^-A' -e '^:.* DROP'
    [ ! -d /proc/sys/net/ipv6 ] || {
        title "and for IPv6 (ip6tables-legacy-save)"
        ip6tables-legacy-save | grep -e '^-A' -e '^:.* DROP'
    }
    title "Recording: iptrace-record -w $file '$filter'"
    network_start router "$recorder" --ready-file "$scratch/ready" -w "$file" "$filter"
    recording=$!
    until [ -e "$scratch/ready" ]; do
        kill -0 $recording 2>/dev/null || {
            say "the recorder could not start; a bundled sample is shown instead"
            exit 3
        }
        sleep 0.02
    done
    traffic
    sleep 0.3 # until it is certain that a packet which vanished will not be seen again
    kill -INT $recording
    wait $recording
}

if [ "${1:-}" = --record ]; then
    record "$2"
    exit 0
fi

# ---- The rest, as whoever started it ----

case "${1:-}" in
-h | --help)
    sed -n '3,8s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
-*)
    say "there is no option $1: expected a directory, or nothing"
    exit 2
    ;;
esac
directory=${1:-$PWD}
[ -d "$directory" ] && [ -w "$directory" ] || {
    say "$directory is not a writable directory: expected one for trace.pcapng"
    exit 2
}
trace=$(cd "$directory" && pwd)
trace=${trace%/}/trace.pcapng

"$root/packaging/install-packages.sh" build demo || say "continuing with what is installed"

title "Building"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=OFF &&
        cmake --build "$build"
} >"$log" 2>&1 </dev/null || {
    cat "$log" >&2
    say "it could not be built"
    exit 1
}
echo "$recorder"
echo "$build/plugin/iptrace.so"

as_root=
if [ "$(id -u)" != 0 ]; then
    as_root=false
    ! command -v sudo >/dev/null || as_root=sudo
fi
status=3
if [ "$as_root" = false ]; then
    say "recording needs root, and there is no sudo here; a bundled sample is shown instead"
else
    status=0
    $as_root env IPTRACE_BUILD="$build" "${BASH:-bash}" "$0" --record "$trace" || status=$?
fi
case $status in
0) ;;
3) trace=$here/drop-rule.pcapng ;;
*)
    say "the recording failed"
    exit 1
    ;;
esac

# What tshark says of a capture; from its standard input, since tshark may run as a user who cannot open it.
tshark() {
    "$root/tests/tshark" "$build/plugin/iptrace.so" -n -r - "$@" <"$trace" 2>"$log" || {
        cat "$log" >&2
        say "tshark failed"
        exit 1
    }
}

title "What became of each packet: tshark -r $(basename "$trace") -Y iptrace -T fields -e …"
tshark -Y iptrace -T fields -e frame.number -e _ws.col.Protocol -e ip.src -e ipv6.src -e ip.dst -e ipv6.dst \
    -e tcp.dstport -e udp.dstport -e iptrace.verdict -e iptrace.verdict.table -e iptrace.verdict.chain \
    -e iptrace.verdict.rulenum -e iptrace.verdict.reason -E occurrence=f |
    awk -F '\t' -v red="$red" -v green="$green" -v yellow="$yellow" -v plain="$plain" '
    {
        port = $7 $8
        by = $10 ? $10 " " $11 ($12 > 0 ? " rule " $12 : " policy") : $13
        colour = $9 == "ACCEPT" ? green : $9 == "DROP" || $9 == "REJECT" ? red : yellow
        printf "%4s  %-7s %-15s -> %-15s %5s  %s%-7s%s  %s\n", $1, $2, $3 $4, $5 $6, port, colour, $9, plain, by
    }'

# The tree `iptables path` of the first packet that matches. $1: title, $2: display filter, $3: how deep.
show_path() {
    local number
    number=$(tshark -Y "$2" -T fields -e frame.number)
    number=${number%%$'\n'*}
    [ -n "$number" ] || return 0
    title "$1: packet $number"
    tshark -Y "frame.number == $number" -O iptrace |
        awk -v depth="$3" -v bold="$bold" -v plain="$plain" '
        /^[^ ]/ {ours = /^iptables path/}
        ours {
            match($0, /^ */)
            if (RLENGTH / 4 <= depth)
                print RLENGTH == 0 ? bold $0 plain : $0
        }'
}

show_path "An accepted packet's path" 'iptrace.verdict == "ACCEPT" && tcp.dstport == 80' 1
show_path "A dropped packet's path" 'iptrace.verdict == "DROP"' 2

title "In Wireshark"
if [ "$(id -u)" = 0 ]; then sudo=; else sudo="sudo "; fi
cat <<END
Install the plugin and the recorder:  ${sudo}cmake --install $build
Open the file, with its profile:      wireshark -C 'iptables TRACE' $trace
and expand "iptables path" of a packet; or filter:  iptrace.verdict == "DROP"
END
