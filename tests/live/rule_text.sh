#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The text of every table must be the same to the byte as iptables-legacy-save's, over rules that use each extension
# of iptables that this kernel takes, in both families. But a line end within a comment is `?` in ours: a line is a rule.
# usage: rule_text.sh [-v] DIRECTORY-OF-HELPERS       -v prints each rule that was skipped, and why
set -u
verbose=
[ "${1-}" = -v ] && { verbose=-v; shift; }
helpers=$(realpath "${1:?expected the directory of rule_text_print}")
here=$(dirname "$(realpath "$0")")
random_rules=1500 # a family

for helper in rule_text_print rule_text_objects; do
    [ -x "$helpers/$helper" ] || { echo "FAILED: no $helper in $helpers"; exit 1; }
done

skip() { echo "skipped: $*"; exit 77; }
if [ -z "${RULE_TEXT_INSIDE-}" ]; then
    [ "$(id -u)" = 0 ] || skip "needs root"
    type -P iptables-legacy-save > /dev/null || skip "needs iptables-legacy-save"
    unshare -n true 2> /dev/null || skip "needs unshare -n"
    export RULE_TEXT_INSIDE=shared
    # In a chroot there are no mounts of our own to be had.
    unshare -nm true 2> /dev/null && RULE_TEXT_INSIDE=private exec unshare -nm "$0" $verbose "$helpers"
    exec unshare -n "$0" $verbose "$helpers"
fi

# With mounts of our own: a lock that nobody else waits for.
[ $RULE_TEXT_INSIDE = private ] && mount -t tmpfs tmpfs /run
work=$(mktemp -d "${TMPDIR:-/tmp}/rule_text.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
"$helpers/rule_text_objects" > "$work/objects"

tables="raw mangle nat filter security"
passed=0 failed=0 skipped=0
: > "$work/skips"
: > "$work/texts"

prepare() { # iptables
    local table
    for table in $tables; do
        "$1" -w 20 -t "$table" -N T && "$1" -w 20 -t "$table" -N to:two &&
            "$1" -w 20 -t "$table" -N abcdefghijklmnopqrstuvwxyz12 && "$1" -w 20 -t "$table" -N empty
    done 2> "$work/error" || echo "note: no $1 table $table"
    "$1" -w 20 -P FORWARD DROP
    "$1" -w 20 -t mangle -P INPUT DROP 2> /dev/null
}

load_list() { # family iptables
    local families table rule reason
    while read -r families table rule; do
        case $families in '#'* | '') continue ;; *$1*) ;; *) continue ;; esac
        eval "set -- $1 $2 ${rule//FAM/f$1}"
        if ! "$2" -w 20 -t "$table" "${@:3}" 2> "$work/error"; then
            skipped=$((skipped + 1))
            reason=$(sed -e '/^Try /d' -e 's/^iptables[^:]*: //;s/^ip6tables[^:]*: //' "$work/error" | head -1)
            echo "IPv$1 $table $rule: $reason" >> "$work/skips"
        fi
    done < "$here/rule_text.list"
}

note_refused() { # iptables what
    failed=$((failed + 1))
    echo "FAILED: $1-restore refused the $2 rules: $(head -1 "$work/error")"
}

load_protocols() { # family iptables
    local number
    { echo "*filter"; for number in $(seq 1 255); do
        echo "-A to:two -p $number -j T"
        [ $((number % 5)) = 0 ] && echo "-A to:two ! -p $number"
      done; echo COMMIT; } > "$work/protocols"
    "$2-restore" -w 20 --noflush < "$work/protocols" 2> "$work/error" || note_refused "$2" protocols
}

pick() { # an element of the arguments
    REPLY=${*:RANDOM%$#+1:1}
}

# Line parts, matches and targets that go with each other, thrown together; the seed makes it repeatable.
random_line() { # family
    local line="-A T" address="10.%d.%d.0/24" i
    [ "$1" = 6 ] && address="2001:db8:%x::%x/96"
    ((RANDOM % 2)) && { pick "" "! "; line+=" $REPLY-s $(printf "$address" $((RANDOM % 255 + 1)) $((RANDOM % 255 + 1)))"; }
    ((RANDOM % 2)) && { pick "" "! "; line+=" $REPLY-d $(printf "$address" $((RANDOM % 255 + 1)) $((RANDOM % 255 + 1)))"; }
    ((RANDOM % 3)) || { pick "" "! "; line+=" ${REPLY}-i eth$((RANDOM % 4))"; }
    ((RANDOM % 3)) || line+=" -o wlan+"
    pick "-p tcp -m tcp --dport $RANDOM" "-p udp -m udp ! --sport 1:$RANDOM" "-p tcp -m multiport --dports 1,$RANDOM" ""
    line+=" $REPLY"
    for ((i = RANDOM % 4; i > 0; i--)); do
        pick "-m mark ! --mark $RANDOM/0xffff" "-m conntrack --ctstate NEW,RELATED" "-m comment --comment \"r $RANDOM\"" \
            "-m limit --limit $((RANDOM % 500 + 1))/min" "-m length --length $((RANDOM % 99)):$((RANDOM + 99))" \
            "-m statistic --mode nth --every $((RANDOM % 9 + 2)) --packet 1" "-m connmark --mark $RANDOM" "-m dscp --dscp $((RANDOM % 64))" \
            "-m string --algo bm --string s$RANDOM" "-m time --timestart 01:0$((RANDOM % 10))" "-m quota --quota $RANDOM"
        line+=" $REPLY"
    done
    pick "" "-j ACCEPT" "-j DROP" "-j RETURN" "-g to:two" "-j abcdefghijklmnopqrstuvwxyz12" "-j LOG --log-prefix \"p $RANDOM\"" \
        "-j NFLOG --nflog-group $((RANDOM % 9 + 1))" "-j NFQUEUE --queue-num $((RANDOM % 9))"
    echo "$line $REPLY"
}

load_random() { # family iptables
    local i
    RANDOM=$((1000 + $1))
    { echo "*filter"; for ((i = 0; i < random_rules; i++)); do random_line "$1"; done; echo COMMIT; } > "$work/random"
    "$2-restore" -w 20 --noflush < "$work/random" 2> "$work/error" || note_refused "$2" random
}

save() { # iptables names-file
    local table
    while read -r table; do
        "$1-save" -t "$table" 2> "$work/error" || echo "$1-save -t $table: exit status $?"
    done < "$2" | sed -e '/^# \(Generated by\|Completed on\)/d' -e '/^:/s/ \[[0-9]*:[0-9]*\]$/ [0:0]/' |
        LC_ALL=C awk 'NR > 1 {printf "%s", /^(-A |:|\*|COMMIT$|iptables|ip6tables)/ ? "\n" : "?"} {printf "%s", $0} END {if (NR) print ""}'
}

check() { # family what iptables names-file
    save "$3" "$4" > "$work/expected"
    "$helpers/rule_text_print" "$1" > "$work/found" 2> "$work/error"
    local status=$?
    if [ $status = 0 ] && cmp -s "$work/expected" "$work/found"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: IPv$1, $2: the texts differ (- iptables-legacy-save, + ours)"
        cat "$work/error"
        diff -a -U0 "$work/expected" "$work/found" | head -40 | cat -v
    fi
}

run_family() { # family iptables names-file
    check "$1" "no table" "$2" "$3"
    "$2" -w 20 -A INPUT -j ACCEPT || { echo "note: no $2 here"; return; }
    check "$1" "one table, one rule" "$2" "$3"
    "$2" -w 20 -F
    prepare "$2"
    check "$1" "empty chains" "$2" "$3"
    load_list "$1" "$2"
    load_protocols "$1" "$2"
    load_random "$1" "$2"
    check "$1" "all rules" "$2" "$3"
    grep -a '^-A ' "$work/found" >> "$work/texts"
}

run_family 4 iptables-legacy /proc/net/ip_tables_names
run_family 6 ip6tables-legacy /proc/net/ip6_tables_names

# ---- which extensions were seen ----
rules=$(wc -l < "$work/texts")
directory=$(pkg-config --variable=xtlibdir xtables 2> /dev/null) || directory=/usr/lib/$(uname -m)-linux-gnu/xtables
grep -aoE -- ' -[mj] [A-Za-z0-9_]+' "$work/texts" | cut -d' ' -f3 | sort -u > "$work/seen"
ls "$directory" | sed -n 's/^lib\(xt\|ipt\|ip6t\)_\(.*\)\.so$/\2/p' | sort -u > "$work/installed"
grep -qx CT "$work/seen" && echo NOTRACK >> "$work/seen" # an alias: printed as CT --notrack
[ $rules -gt 0 ] && echo standard >> "$work/seen"        # verdicts and jumps
grep -qE 'DNAT|SNAT' "$work/seen" && echo NAT >> "$work/seen" # one library of DNAT, SNAT, MASQUERADE, REDIRECT
sort -u -o "$work/seen" "$work/seen"
extensions=$(comm -12 "$work/installed" "$work/seen" | wc -l)
for extension in $(comm -23 "$work/installed" "$work/seen"); do
    reason=$(grep -E -- "-[mj] $extension( |:|$)" "$work/skips" | head -1 | sed 's/.*: //')
    echo "not compared: $extension (${reason:-no rule in rule_text.list})"
done
if [ -n "$verbose" ]; then
    cat "$work/objects"
    sed 's/^/skipped: /' "$work/skips"
fi

echo "rules $rules, extensions $extensions of $(wc -l < "$work/installed"), rules skipped $skipped"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
