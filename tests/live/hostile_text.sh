#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Whatever stands in names of chains and interfaces, in comments and log prefixes: real packets through such rules are
# shown right, and nothing that is printed or written for people does harm. hostile_text.sh BUILD-DIRECTORY
. "$(dirname "$0")/../lib/live.sh"
live_begin "$@"
need_tshark
network_make client

# A case a row: the interface that a packet comes in by, the chain that drops it, the comment of the jump there, the
# prefix that the chain logs with. Bytes that are no UTF-8 are U+FFFD to Wireshark: how often, the next three say.
cases=0
row() {
    names[cases]=$1 chains[cases]=$2 comments[cases]=$3 prefixes[cases]=$4
    shown_names[cases]=${5:-$1} shown_chains[cases]=${6:-$2} shown_comments[cases]=${7:-$3}
    cases=$((cases + 1))
}
fffd=$'\xef\xbf\xbd'
row $'esc\e[31mred' $'esc\e[2J\e]0;title\a' $'esc\e[31mred\e]8;;http://x\a' $'esc\e[1mred'
row $'bell\a\b\x7f' $'bell\a\b\x7f' $'bell\a\b\bdel\x7f\x01' $'bell\a\b'
row 'back\slash' 'back\slash\' 'back\slash \\ \n \x1b \' 'back\slash\'
row $'gr\xc3\xbcn\xe2\x82\xac' $'gr\xc3\xbcn\xe2\x82\xac' $'gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x90\xa7' $'gr\xc3\xbcn \xe2\x82\xac'
row $'bad\xff\xfe' $'bad\xff\xfe\xc3' $'bad \xff\xfe \x9b31m x\xe2\x82' $'bad \xff\xc3' \
    "bad$fffd$fffd" "bad$fffd$fffd$fffd" "bad $fffd$fffd ${fffd}31m x$fffd"
row $'rtl\xe2\x80\xae' $'rtl\xe2\x80\xaegnal' $'rtl \xe2\x80\xae \xe2\x80\xa8 \xe2\x80\x8b' $'rtl \xe2\x80\xae'
row $'c1\xc2\x9b31m' $'c1\xc2\x9b31m' $'c1 \xc2\x9b31m \xc2\x85' $'c1 \xc2\x9b31m'
row 'percent' '%s%n%p' '%s%s%n%100000d' '%s%n'
row '<b>&amp;' '<b>&amp;' '<a href="x">&amp;</a>' '<b>&amp;'
# shellcheck disable=SC2016 # nothing is to be expanded: that is the case
row '$(id)`id`' '$(id)`id`;' '$(false) `id` ; | & > <' '$(id)'
row '#hash' 'filter:INPUT:rule:1' '# hash -j ACCEPT -g x' 'TRACE: x'
row "quo'te" "quo'te" "quo\"te ' \\\" \\' -j ACCEPT \"" "quo\"te ' "
row 'controls' 'COMMIT' $'tab\there\r-A INPUT -j ACCEPT\v\f' $'tab\there\r'

for ((i = 0; i < cases; i++)); do
    ip link add name "${names[i]}" type veth peer name "e$i" netns "${network_keepers[client]}" || fail "interface $i"
    ip addr add "10.1.$i.1/24" dev "${names[i]}"
    ip link set "${names[i]}" up
    inside client ip addr add "10.1.$i.2/24" dev "e$i"
    inside client ip link set "e$i" up
    iptables -N "${chains[i]}" || fail "chain $i"
    iptables -A INPUT -i "${names[i]}" -p udp -m comment --comment "${comments[i]}" -j "${chains[i]}" || fail "rule $i"
    iptables -A "${chains[i]}" -j NFLOG --nflog-group 5 --nflog-prefix "${prefixes[i]}" || fail "prefix $i"
    iptables -A "${chains[i]}" -m comment --comment "${comments[i]}" -j DROP
done
capture=$dir/hostile.pcapng
record -4 -P -w "$capture" udp || exit 1
for ((i = 0; i < cases; i++)); do inside client "$traffic" "10.1.$i.1" 9 1 >/dev/null; done
finish

# clean WHAT FILE [PATTERN]: valid UTF-8, and no control character (C0, C1) but line ends, nor what the pattern finds.
clean() {
    iconv -f UTF-8 -t UTF-8 "$2" >/dev/null || fail "$1: not UTF-8"
    ! LC_ALL=C grep -anP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]'"${3:+|$3}" "$2" | cat -v | head -3 |
        grep . || fail "$1: control characters"
}
# … and nothing that turns a line around.
harmless() { clean "$1" "$2" '\xe2\x80[\x8b-\x8f\xaa-\xae]'; }

# ---- The recorder's own text ----
harmless "the recorder's text" "$dir/text"
harmless "what the recorder says" "$dir/says"
"$recorder" -r "$capture" >"$dir/replayed" 2>"$dir/says" || fail "-r: $(cat "$dir/says")"
harmless "the text of -r" "$dir/replayed"
expect "-r prints the same" "$(cmp "$dir/text" "$dir/replayed")" ""
expect "packets dropped in the text" "$(grep -c '^  = DROP' "$dir/text")" $cases

# ---- What other tools print of the file: comments and interface names ----
HOME=/nonexistent command tshark -n -r "$capture" -V >"$dir/frames" 2>/dev/null
capinfos -A "$capture" >"$dir/infos" 2>/dev/null
grep -aq 'red' "$dir/infos" || fail "capinfos names no interface"
expect "comments" "$(grep -c '^    iptables: DROP by filter ' "$dir/frames")" $cases
harmless "comments and interface names in tshark" "$dir/frames"
harmless "comments and interface names in capinfos" "$dir/infos"

# ---- The plugin: each field is what it is, byte by byte ----
hexadecimal() { printf %s "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g'; }
filters=() filter=
for ((i = 0; i < cases; i++)); do
    name=$(hexadecimal "${shown_names[i]}") chain=$(hexadecimal "${shown_chains[i]}") comment=$(hexadecimal "${shown_comments[i]}")
    filters[i]="(iptrace.verdict == \"DROP\" && iptrace.in == \"$name\" && iptrace.verdict.chain == \"$chain\" &&
        iptrace.target == \"$chain\" && iptrace.comment == \"$comment\" && iptrace.verdict.rulenum == 2 && ip.dst == 10.1.$i.1)"
    filter="${filter:+$filter || }${filters[i]}"
done
if [ "$(rows "$capture" "$filter")" != $cases ]; then
    for ((i = 0; i < cases; i++)); do expect "packets of case $i: ${names[i]@Q}" "$(rows "$capture" "${filters[i]}")" 1; done
fi
tshark -r "$capture" -V >"$dir/tree"
harmless "the tree" "$dir/tree"
tshark -r "$capture" >"$dir/lines"
harmless "the list of packets" "$dir/lines"
# A custom column is Wireshark's own print of a field's value; from 4.2 on it leaves what turns a line around.
tshark -r "$capture" -o 'gui.column.format:"In","%Cus:iptrace.in","By","%Cus:iptrace.verdict.by","Rule","%Cus:iptrace.verdict.rule"' \
    >"$dir/lines"
clean "the columns" "$dir/lines"

# ---- The exported rules are those of the firewall, and it takes them back ----
tshark -q -r "$capture" --export-objects "iptrace,$dir/rules"
saved() { iptables-legacy-save -t filter | sed -e '/^#/d' -e 's/ \[[0-9]*:[0-9]*\]$/ [0:0]/'; }
saved >"$dir/saved"
cmp "$dir/saved" "$dir/rules/iptables-filter-1.rules" || fail "the exported rules are others"
iptables -F
iptables -X
iptables-legacy-restore <"$dir/rules/iptables-filter-1.rules" || fail "iptables-legacy-restore does not take the exported rules"
saved | cmp - "$dir/saved" || fail "restored, the rules are others"

# ---- A comment of two lines, the second of which looks like a rule: iptables-legacy-restore takes no such thing ----
iptables -F
iptables -A INPUT -m comment --comment $'two\n-A INPUT -j ACCEPT'
iptables -A INPUT -i $'x\n-A INPUT' -j ACCEPT 2>/dev/null
iptables -A INPUT -p udp --dport 9 -j DROP
record -4 -w "$capture" udp || exit 1
inside client "$traffic" 10.1.0.1 9 1 >/dev/null
finish
expect "packets that the third rule dropped" "$(rows "$capture" \
    'iptrace.verdict.rulenum == 3 && iptrace.verdict.rule == "-A INPUT -p udp -m udp --dport 9 -j DROP" &&
     iptrace.comment == "two?-A INPUT -j ACCEPT"')" 1
rm -r "$dir/rules"
tshark -q -r "$capture" --export-objects "iptrace,$dir/rules"
expect "exported rules of INPUT" "$(grep -ac '^-A INPUT' "$dir/rules/iptables-filter-1.rules")" 3
grep -av 'x?-A' "$dir/rules/iptables-filter-1.rules" | # which holds a space
    iptables-legacy-restore || fail "the rules with two lines in one are not restored"
expect "rules of INPUT, restored" "$(iptables-legacy-save | grep -ac '^-A INPUT')" 2
exit $failed
