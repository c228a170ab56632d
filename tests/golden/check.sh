#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The samples as text and as trees, against what they were found right to be: NAME.text is what `iptrace-record -r`
# prints, NAME.tree the packets' trees in tshark, the same for each version of Wireshark. And -r gives the same paths again
# as were recorded: what it writes has the same trees.
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
    sed -e '/^        Ruleset: /d' -e '/^ *\[.* in row: /d' | awk '/^iptables/ && NR > 1 {print ""} {printf "%s\a", $0} END {print ""}'
}
compare() { # NAME.KIND FOUND
    if [ "$update" = --update ]; then
        cp "$2" "$golden/$1"
    elif ! diff -u "$golden/$1" "$2" >"$dir/diff"; then
        fail "$1"
        head -n 30 "$dir/diff"
    fi
}

has_tshark=0
! command -v tshark >/dev/null || [ ! -f "$plugin" ] || has_tshark=1
for sample in "$live_root"/samples/*.pcapng; do
    name=$(basename "$sample" .pcapng)
    "$recorder" -r "$sample" >"$dir/text" 2>"$dir/says" || fail "$name: iptrace-record -r: $(cat "$dir/says")"
    sed -n 's/^iptrace-record: //p' "$dir/says" >>"$dir/text"
    compare "$name.text" "$dir/text"
    [ $has_tshark = 1 ] || continue
    tshark -r - -Y iptrace -O iptrace <"$sample" | trees >"$dir/tree"
    compare "$name.tree" "$dir/tree"
    "$recorder" -r "$sample" -w "$dir/again.pcapng" 2>"$dir/says" || fail "$name: iptrace-record -r -w: $(cat "$dir/says")"
    tshark -r - -Y iptrace -O iptrace <"$dir/again.pcapng" | trees >"$dir/again"
    # The same, but for the numbers of rulesets, and in whatever order they were finished.
    for tree in "$dir/tree" "$dir/again"; do a_line_a_packet <"$tree" | sort >"$tree.lines"; done
    diff "$dir/tree.lines" "$dir/again.lines" >"$dir/diff" || {
        fail "$name: replayed paths differ (<: recorded, >: replayed)"
        head -n 4 "$dir/diff" | tr '\a' '\n' | head -n 40
    }
done
"$recorder" -r "$live_root/samples/nflog.pcap" --rules "$live_root/samples/nflog.iptables-save" \
    --rules6 "$live_root/samples/nflog.ip6tables-save" >"$dir/text" 2>"$dir/says" || fail "nflog: $(cat "$dir/says")"
compare nflog.text "$dir/text"
[ $failed = 1 ] || [ $has_tshark = 1 ] || skip "no tshark, or the plugin was not built: text only was compared, and is right"
exit $failed
