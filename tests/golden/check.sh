#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The samples as text and as trees, against what they were found right to be: NAME.text is what `iptrace-record -r`
# prints, NAME.tree the packets' trees in tshark, NAME.blocks those of the message and ruleset blocks, the same for each
# version of Wireshark. And -r gives the same again as was recorded: what it writes has the same trees, the same messages and
# the same rules.
# check.sh BUILD [--update]: --update writes those files anew (update.sh does that).
. "$(dirname "$0")/../lib/live.sh"
live_begin_bare "$@"
golden=$live_root/tests/golden
update=${2:-}

# Only our own trees; numbers that differ from capture to capture, and how a control character is written, left out.
trees() {
    awk '/^[^ ]/ {ours = /^iptables path/} ours' | sed -e '/^    Recorded as packet /d' -e '/^        Packet identifier: /d' -e 's/\\033/\\x1B/g'
}
a_line_a_packet() {
    sed -e '/^        Ruleset: /d' -e '/^ *\[.* in frame: /d' | awk '/^iptables/ && NR > 1 {print ""} {printf "%s\a", $0} END {print ""}'
}
# Likewise of the blocks; a time without its date, which not every version writes alike.
blocks() {
    awk '/^[^ ]/ {ours = /^iptables trace block/} ours' | sed -E -e '/^    Capture: /d' -e 's/\\033/\\x1B/g' \
        -e 's/^( *Time: ).*([0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]+).*/\1\2/'
}
# What the blocks hold, a line each: a message with the packet it is of, or a ruleset, whatever block it stands in. The number
# of a packet may be another, and so the row it stands in.
a_line_a_message() {
    awk '
        function close_line() {if (line != "") print line; line = ""}
        /^[^ ]/ {close_line(); packet = ""; if (!/: TRACE messages/) line = $0; next}
        /^    Packet [0-9]/ {close_line(); sub(/Packet [0-9]+/, "Packet"); sub(/ \([0-9]+ messages?\)$/, ""); packet = $0; next}
        packet != "" && /^        [^ ]/ {close_line(); if (!/\[.* in frame: /) line = packet "\a" $0; next}
        packet != "" && /^    [^ ]/ {close_line(); packet = "none"; next}
        /^    Ruleset: / {next}
        line != "" {line = line "\a" $0}
        END {close_line()}'
}
compare() { # NAME.KIND FOUND
    if [ "$update" = --update ]; then
        cp "$2" "$golden/$1"
    elif ! diff -u "$golden/$1" "$2" >"$dir/diff"; then
        fail "$1"
        head -n 30 "$dir/diff"
    fi
}

compare_replayed() { # NAME WHAT: recorded.lines and replayed.lines
    diff <(sort "$dir/recorded.lines") <(sort "$dir/replayed.lines") >"$dir/diff" || {
        fail "$1: replayed $2 differ (<: recorded, >: replayed)"
        head -n 4 "$dir/diff" | tr '\a' '\n' | head -n 40
    }
}

has_tshark=0
! command -v tshark >/dev/null || [ ! -f "$plugin" ] || has_tshark=1
for sample in "$live_root"/samples/*.pcapng; do
    name=$(basename "$sample" .pcapng)
    "$recorder" -r "$sample" >"$dir/text" 2>"$dir/says" || fail "$name: iptrace-record -r: $(cat "$dir/says")"
    sed -n 's/^iptrace-record: //p' "$dir/says" >>"$dir/text"
    compare "$name.text" "$dir/text"
    [ $has_tshark = 1 ] || continue
    tshark -r - -Y 'iptrace || iptrace.block' -O iptrace,iptrace.block <"$sample" >"$dir/shown"
    trees <"$dir/shown" >"$dir/tree"
    compare "$name.tree" "$dir/tree"
    blocks <"$dir/shown" >"$dir/blocks"
    compare "$name.blocks" "$dir/blocks"
    "$recorder" -r "$sample" -w "$dir/again.pcapng" 2>"$dir/says" || fail "$name: iptrace-record -r -w: $(cat "$dir/says")"
    tshark -r - -Y 'iptrace || iptrace.block' -O iptrace,iptrace.block <"$dir/again.pcapng" >"$dir/shown"
    trees <"$dir/shown" >"$dir/again"
    blocks <"$dir/shown" >"$dir/blocks.again"
    # The same, but for the numbers of rulesets, and in whatever order they were finished.
    a_line_a_packet <"$dir/tree" >"$dir/recorded.lines"
    a_line_a_packet <"$dir/again" >"$dir/replayed.lines"
    compare_replayed "$name" paths
    a_line_a_message <"$dir/blocks" >"$dir/recorded.lines"
    a_line_a_message <"$dir/blocks.again" >"$dir/replayed.lines"
    [ -s "$dir/recorded.lines" ] || fail "$name: no messages in its blocks"
    compare_replayed "$name" messages
done
"$recorder" -r "$live_root/samples/nflog.pcap" --rules "$live_root/samples/nflog.iptables-save" \
    --rules6 "$live_root/samples/nflog.ip6tables-save" >"$dir/text" 2>"$dir/says" || fail "nflog: $(cat "$dir/says")"
compare nflog.text "$dir/text"
[ $failed = 1 ] || [ $has_tshark = 1 ] || skip "no tshark, or the plugin was not built: text only was compared, and is right"
exit $failed
