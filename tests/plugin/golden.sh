#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# golden.sh PLUGIN.so MAKE_CAPTURE [--update]: tshark's output on the capture made for the tests, case by case,
# against golden/NAME.txt; --update writes those anew. A line of golden/cases is: NAME, then tshark's arguments.
# ONLY: a pattern of names; the other cases are left out. Cases named alike… read the capture of packets alike, those
# named reasons… that of all reasons and one of a later recorder, those named translated… that of changes that are rare,
# those named enterprise… the same as all others under another enterprise number.
. "$(dirname "$(readlink -f "$0")")/../lib/plugin.sh"
plugin_begin "$1"
make_capture=$(readlink -f "$2") update=${3:-}
export TZ=UTC LC_ALL=C.UTF-8
"$make_capture" "$work/capture.pcapng" && "$make_capture" "$work/alike.pcapng" alike 2 &&
    "$make_capture" "$work/reasons.pcapng" reasons 17 &&
    "$make_capture" "$work/translated.pcapng" translated 1 &&
    "$make_capture" "$work/enterprise.pcapng" enterprise 99999 || exit 1
chmod 644 "$work"/*.pcapng

# The profile, where a case asks for it by -C.
export TSHARK_HOME="$work/home"
mkdir -p "$TSHARK_HOME/.config/wireshark/profiles"
cp -r "$tests/../plugin/profile" "$TSHARK_HOME/.config/wireshark/profiles/iptables TRACE"
chmod -R a+rX "$TSHARK_HOME"

# What differs between versions of Wireshark and is not ours: how control characters, names of menus, short times
# and the line of the frame are written, and the expert information of other protocols. Root is told who he is.
normalize() {
    sed -e 's/\\033/\\x1B/g' -e 's|^iptables / |iptables/|' -e '/^Running as user/d' \
        -e 's/^\(Frame [0-9]*: \)Packet, /\1/' -e 's/^Packet (\([0-9]* bytes)\):$/Frame (\1:/' \
        -e 's/^PCAPNG Custom Block \([0-9]*\): .*/Custom Block \1/' -e 's/^Frame \([0-9]*\): PCAPNG Custom Block.*/Custom Block \1/' \
        -e 's/ 1\.500 microseconds$/ 0.000001500 seconds/' \
        -e 's/^\(Errors\|Warns\|Notes\|Chats\) ([0-9]*)$/\1/' \
        -e '/^ *[0-9]* *[A-Z][a-z]* *\(TCP\|ICMP\)  /d'
}

count=0
while read -r name arguments; do
    capture=$work/capture.pcapng
    case $name in
    '' | '#'*) continue ;;
    alike*) capture=$work/alike.pcapng ;;
    enterprise*) capture=$work/enterprise.pcapng ;;
    reasons*) capture=$work/reasons.pcapng ;;
    translated*) capture=$work/translated.pcapng ;;
    esac
    # shellcheck disable=SC2254 # it is a pattern
    case $name in ${ONLY:-*}) ;; *) continue ;; esac
    count=$((count + 1))
    eval "set -- $arguments"
    plugin_tshark -r "$capture" "$@" 2>&1 | normalize >"$work/$name.txt"
    if [ "$update" = --update ]; then
        cp "$work/$name.txt" "$tests/plugin/golden/$name.txt"
    elif ! diff -u "$tests/plugin/golden/$name.txt" "$work/$name.txt" >"$work/diff"; then
        echo "case $name: tshark $arguments"
        head -n 40 "$work/diff"
        failed=$((failed + 1))
    fi
done <"$tests/plugin/golden/cases"

# Rulesets are saved as texts that iptables-restore takes.
count=$((count + 1))
plugin_tshark -q -r "$work/capture.pcapng" --export-objects "iptrace,$work/exported" >/dev/null 2>&1
if [ "$update" = --update ]; then
    cp "$work/exported/iptables-filter-2.rules" "$tests/plugin/golden/exported.rules"
elif ! diff -ru "$tests/plugin/golden/exported.rules" "$work/exported/iptables-filter-2.rules" ||
    [ "$(ls "$work/exported")" != iptables-filter-2.rules ]; then
    echo "case exported: --export-objects"
    failed=$((failed + 1))
fi

# Packets that were cut inside their IP header have a family all the same.
count=$((count + 1))
editcap -F pcapng -s 8 "$tests/../samples/ipv6.pcapng" "$work/cut.pcapng" && chmod 644 "$work/cut.pcapng"
plugin_tshark -q -r "$work/cut.pcapng" -z iptrace,rules 2>/dev/null | awk '$1 > 0 {print $2}' | sort -u >"$work/families"
if ! grep -q IPv6 "$work/families" || grep -q IPv0 "$work/families"; then
    echo "case cut: families of rules with hits: $(xargs <"$work/families")"
    failed=$((failed + 1))
fi
echo "$count cases, $failed failed"
[ "$failed" = 0 ]
