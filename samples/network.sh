# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# shellcheck shell=bash
# Throw-away network namespaces: a client, a router and a server. For bash scripts, which source this file.
#
#   client eth0 ---- lan router wan ---- eth0 server
#   192.168.1.10/24  .1         .1       203.0.113.10/24
#   2001:db8:1::10   ::1        ::1      2001:db8:2::10
#
# The script itself becomes the router: network_enter starts it again in a network namespace of its own, so that
# nothing it does can reach the machine's. The other namespaces live as long as their keeper, a process that ends
# when the script does, however it ends: nothing is left behind.
# Needs root, iproute2, socat, and nsenter and setpriv (util-linux). No mounts, so that it works in a chroot too.

# Starts the script "$0" again with the arguments given, in a new namespace; returns there. Returns 1 and sets
# network_problem where that is not possible.
network_enter() {
    if [ -n "${IPTRACE_NETWORK:-}" ]; then
        [ "$(readlink /proc/self/ns/net)" != "$IPTRACE_NETWORK" ] || {
            network_problem="no network namespace of its own was made"
            return 1
        }
        unset IPTRACE_NETWORK
        ip link set lo up
        return 0
    fi
    if ! unshare --net true 2>/dev/null; then
        # shellcheck disable=SC2034 # for the caller
        network_problem="no network namespace can be made (root, or the capability to, is needed)"
        return 1
    fi
    IPTRACE_NETWORK=$(readlink /proc/self/ns/net) exec unshare --net "$BASH" "$0" "$@"
}

# Says in network_problem why TRACE does not work in this namespace, and returns 1; leaves nothing changed that
# the namespace's end does not take away. $1: iptables-legacy or ip6tables-legacy.
network_has_trace() {
    local iptables=$1 family=2
    [ "$iptables" = iptables-legacy ] || family=10
    command -v "$iptables" >/dev/null || {
        network_problem="there is no $iptables"
        return 1
    }
    unshare --net "$BASH" -c '
        family=$1 iptables=$2
        echo nfnetlink_log >/proc/sys/net/netfilter/nf_log/$family || exit 2
        $iptables -w -t raw -A OUTPUT -p udp --dport 9 -j TRACE || exit 3
    ' - "$family" "$iptables" >/dev/null 2>&1
    case $? in
    0) return 0 ;;
    2) network_problem="the kernel's logger cannot be set (no nfnetlink_log, or no right to)" ;;
    *) network_problem="this kernel takes no TRACE rule from $iptables" ;;
    esac
    return 1
}

# Starts a command in the background in the namespace $1 (`router`: here); it is killed when this script ends,
# however it ends. Its process id is $!.
network_start() {
    local name=$1 keeper=${network_keepers[$1]:-}
    shift
    if [ "$name" = router ]; then
        setpriv --pdeathsig TERM "$@" &
    else
        setpriv --pdeathsig TERM nsenter --net="/proc/$keeper/ns/net" "$@" &
    fi
}

# Makes the namespace $1; `inside $1 command …` runs a command in it.
declare -A network_keepers
network_make() {
    local keeper
    network_start router unshare --net sleep infinity
    keeper=$!
    network_keepers[$1]=$keeper
    until [ "$(readlink /proc/$keeper/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do
        kill -0 $keeper 2>/dev/null || return 1
    done
    inside "$1" ip link set lo up
}

inside() {
    local name=$1
    shift
    nsenter --net="/proc/${network_keepers[$name]}/ns/net" "$@"
}

# A link from this namespace's interface $1 to eth0 of namespace $2, with the prefixes $3 (IPv4, 24 bits) and $4
# (IPv6, 64 bits); here .1 and ::1, there .10 and ::10, with the default route to here.
network_link() {
    ip link add "$1" type veth peer name eth0 netns "${network_keepers[$2]}"
    # No duplicate address detection, no router solicitation: addresses can be used at once, and it is quiet.
    local quiet
    for quiet in "$1" eth0; do
        local where=()
        [ "$quiet" = "$1" ] || where=(inside "$2")
        "${where[@]}" "$BASH" -c '
            cd /proc/sys/net/ipv6/conf/'"$quiet"' 2>/dev/null || exit 0
            echo 0 >accept_dad; echo 0 >router_solicitations'
    done
    ip addr add "$3.1/24" dev "$1"
    inside "$2" ip addr add "$3.10/24" dev eth0
    if [ -d /proc/sys/net/ipv6 ]; then
        ip addr add "$4::1/64" dev "$1" nodad
        inside "$2" ip addr add "$4::10/64" dev eth0 nodad
    fi
    ip link set "$1" up
    inside "$2" ip link set eth0 up
    inside "$2" ip route add default via "$3.1"
    [ ! -d /proc/sys/net/ipv6 ] || inside "$2" ip -6 route add default via "$4::1"
}

# Client, router and server as drawn above.
network_router() {
    network_make client && network_make server || return 1
    network_link lan client 192.168.1 2001:db8:1
    network_link wan server 203.0.113 2001:db8:2
    echo 1 >/proc/sys/net/ipv4/ip_forward
    [ ! -d /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
}

# Waits until the command succeeds, 10 seconds at most.
network_await() {
    local end=$((SECONDS + 10))
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.02
    done
}

# network_listening NAMESPACE tcp|tcp6|udp|udp6 PORT
network_listening() {
    inside "$1" grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$3") [0-9A-F:]* \(0A\|07\) " "/proc/self/net/$2"
}

# A server that answers a line to each TCP connection, over IPv4 and IPv6: network_serve NAMESPACE PORT.
network_serve() {
    network_start "$1" socat "TCP6-LISTEN:$2,ipv6only=0,fork,reuseaddr" SYSTEM:'read line; echo "hello $line"' \
        >/dev/null 2>&1
    network_await network_listening "$1" tcp6 "$2"
}

# A server that takes datagrams and keeps silent: network_sink NAMESPACE PORT.
network_sink() {
    network_start "$1" socat -u "UDP6-RECV:$2,ipv6only=0" OPEN:/dev/null >/dev/null 2>&1
    network_await network_listening "$1" udp6 "$2"
}
