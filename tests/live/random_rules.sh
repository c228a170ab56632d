#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Random rules, and traffic on two processors at once: no path mixes two packets, none is missing, none is made up.
# random_rules.sh BUILD SEED COUNT: COUNT datagrams of each of six senders.
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
seed=$2 count=$3
[ "$(nproc)" -ge 2 ] || skip "there is one processor only"
network_router || skip "no router can be made here"
RANDOM=$seed
chains=8

pick() { # one of the arguments, into REPLY
    shift $((RANDOM % $#))
    REPLY=$1
}

# A match that some of the traffic meets, into REPLY. $1: family, $2: chain
match() {
    local low=$((1000 + RANDOM % 64))
    local every="-p udp -m udp --dport $low:$((low + RANDOM % 32))"
    local ttl="-m ttl --ttl-gt 60"
    [ "$1" = 4 ] || ttl="-m hl --hl-gt 60"
    pick "" "" "$every" "$every" "$every" "-p udp" "-m mark --mark 0x$((RANDOM % 4))/0x3" "$ttl" \
        "-m length --length $((40 + RANDOM % 20)):80" "-m statistic --mode random --probability 0.$((RANDOM % 9 + 1))" \
        "-m conntrack --ctstate NEW"
}

# What a rule does, into REPLY. $1: table, $2: number of its chain, -1 for a built-in one; $3: family
target() {
    local choices=("" "-j MARK --set-xmark 0x$((RANDOM % 4))/0x3")
    if [ "$2" -lt $((chains - 1)) ]; then
        local next=$(($2 + 1 + RANDOM % (chains - $2 - 1)))
        choices+=("-j c$next" "-j c$next" "-j c$next" "-g c$next" "-g c$next")
    fi
    [ "$2" = -1 ] || choices+=("-j RETURN" "-j RETURN")
    ((RANDOM % 4)) || choices+=("-j ACCEPT")
    ((RANDOM % 12)) || choices+=("-j DROP")
    case $1 in
    mangle)
        choices+=("-j TOS --set-tos 0x$((RANDOM % 8))0/0x3f" "-j CONNMARK --save-mark --nfmask 0x3 --ctmask 0x3")
        if [ "$3" = 4 ]; then choices+=("-j TTL --ttl-set 62"); else choices+=("-j HL --hl-set 62"); fi
        ;;
    filter) ((RANDOM % 10)) || choices+=("-j REJECT") ;;
    nat) choices=("${choices[@]/-j DROP/-j RETURN}") ;;
    esac
    pick "${choices[@]}"
    [ "$1$2" != nat-1 ] || [ "$REPLY" != "-j RETURN" ] || REPLY=
}

random_table() { # $1: table, $2: family, then its built-in chains
    local table=$1 family=$2 chain number rule found
    shift 2
    echo "*$table"
    for ((number = 0; number < chains; number++)); do echo ":c$number - [0:0]"; done
    for chain in "$@"; do
        echo "-A $chain ! -p udp -j ACCEPT" # neighbour discovery must get through
        for ((rule = RANDOM % 6; rule >= 0; rule--)); do
            match "$family" "$chain"
            found=$REPLY
            target "$table" -1 "$family"
            echo "-A $chain $found $REPLY"
        done
    done
    for ((number = 0; number < chains; number++)); do
        for ((rule = RANDOM % 6; rule > 0; rule--)); do
            match "$family" c$number
            found=$REPLY
            target "$table" $number "$family"
            echo "-A c$number $found $REPLY"
        done
    done
    if [ "$table" = nat ]; then
        local server=203.0.113.10
        [ "$family" = 4 ] || server="[2001:db8:2::10]"
        echo "-A PREROUTING -i lan -p udp -m udp --dport 1010:1030 -j DNAT --to-destination $server:1000-1063"
        echo "-A PREROUTING -i lan -p udp -m udp --dport 1031:1040 -j REDIRECT"
        echo "-A POSTROUTING -o wan -m statistic --mode random --probability 0.5 -j MASQUERADE"
    fi
    echo COMMIT
}

for family in 4 6; do
    {
        random_table raw $family PREROUTING OUTPUT
        random_table mangle $family PREROUTING INPUT FORWARD OUTPUT POSTROUTING
        random_table nat $family PREROUTING INPUT OUTPUT POSTROUTING
        random_table filter $family INPUT FORWARD OUTPUT
        random_table security $family INPUT FORWARD OUTPUT
    } >"$dir/rules$family"
done
iptables-legacy-restore -w <"$dir/rules4" || skip "these rules are not taken here"
ip6tables-legacy-restore -w <"$dir/rules6" || skip "these rules are not taken here"

capture=$dir/random.pcapng
record --unlimited -B 512 -w "$capture" "udp[8:4] = 0x69707472 or (ip6[6] = 17 and ip6[48:4] = 0x69707472)" || exit 1
pids=()
send() { # NAMESPACE CPU ADDRESS FIRST-ID
    local namespace=$1
    if [ "$namespace" = router ]; then
        "$traffic" --cpu $2 --sources 16 --ports 64 --id $4 $3 1000 "$count" >/dev/null &
    else
        inside "$namespace" "$traffic" --cpu $2 --sources 16 --ports 64 --id $4 $3 1000 "$count" >/dev/null &
    fi
    pids+=($!)
}
send client 0 203.0.113.10 1000000
send server 1 192.168.1.10 2000000
send client 1 2001:db8:2::10 3000000
send server 0 2001:db8:1::10 4000000
send client 1 192.168.1.1 5000000
send router 0 127.0.0.1 6000000 # seen twice: going out, and coming in
for pid in "${pids[@]}"; do wait "$pid" || fail "a sender"; done
finish || fail "the recorder's exit status"

"$build/tests/live/check_unmixed" "$capture" >"$dir/checked" || fail "the capture cannot be read"
read -r _ packets _ messages _ mixed <"$dir/checked"
[ $failed = 1 ] || grep -q " 0 messages lost" "$dir/says" || fail "messages were lost"
expect "packets that mix two" "$mixed" 0

# A sender that loses the processor in the middle of a packet for longer than the recorder waits for a table leaves that
# packet in two parts. They say so themselves, and so do those that they may be mistaken for (what NFQUEUE has of the same
# source, some eight at a time); that must be rare, and a packet that mixes two must never be.
unsure=$(awk '/ packets are (incomplete|ambiguous)/ {sum += $2} END {print sum + 0}' "$dir/says")
[ $((unsure * 300)) -le "$packets" ] || fail "$unsure of $packets: $(grep "incomplete\|ambiguous" "$dir/says")"
few() { # WHAT FOUND WANTED
    local difference=$(($2 - $3))
    [ ${difference#-} -le "$unsure" ] || fail "$1: found $2, expected $3, and $unsure packets say that they are not sure"
}
few "ids that were sent through once" \
    "$(awk 'NR > 1 && $1 < 6000000 && $2 == 1' "$dir/checked" | wc -l)" $((5 * count))
few "ids that were sent through once, and not found once" \
    "$(awk 'NR > 1 && $1 < 6000000 && $2 != 1' "$dir/checked" | wc -l)" 0
few "ids that were sent over loopback" \
    "$(awk 'NR > 1 && $1 >= 6000000 && $1 < 7000000 && $2 <= 2' "$dir/checked" | wc -l)" "$count"

# Each rule was met as often as the kernel counted: `table chain number count`.
for family in 4 6; do
    if [ $family = 4 ]; then protocol=ip save=iptables-legacy-save; else protocol=ipv6 save=ip6tables-legacy-save; fi
    $save -c | grep -v -- '--comment "\?iptrace' | awk '
        /^\*/ {table = substr($1, 2)}
        /^\[/ {
            number = ++numbers[table " " $3]
            split(substr($1, 2), counter, ":")
            if (!/! -p udp -j ACCEPT$/ && counter[1] > 0) print table, $3, number, counter[1]
        }' | sort >"$dir/counted$family"
    tshark -r "$capture" -Y "iptrace && $protocol" -T fields -E separator=/t -E aggregator=, -e iptrace.table \
        -e iptrace.chain -e iptrace.type -e iptrace.rulenum | awk -F '\t' '
        {
            n = split($1, table, ","); split($2, chain, ","); split($3, type, ","); split($4, number, ",")
            for (i = 1; i <= n; i++) if (type[i] == "rule") met[table[i] " " chain[i] " " number[i]]++
        }
        END {for (rule in met) print rule, met[rule]}' | sort >"$dir/met$family"
    [ "$unsure" -gt 0 ] || diff "$dir/counted$family" "$dir/met$family" >"$dir/diff" || {
        fail "IPv$family: rules met (<: as counted by the kernel, >: as recorded)"
        head -n 20 "$dir/diff"
    }
done

echo "seed $seed: $packets packets, $messages messages, $mixed mixed; $(tail -n 1 "$dir/says")"
[ $failed = 0 ] || echo "the rules: tests/live/random_rules.sh with seed $seed"
exit $failed
