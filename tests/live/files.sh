#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Each packet keeps its path through the tools that people use on captures, and other readers read our files.
# files.sh BUILD. Needs no privilege: works on the samples.
. "$(dirname "$0")/../lib/live.sh"
live_begin_bare "$@"
need_tshark
for tool in editcap mergecap reordercap capinfos; do command -v $tool >/dev/null || skip "there is no $tool"; done
samples=$live_root/samples
[ -f "$samples/nat.pcapng" ] || skip "there are no samples"
cp "$samples"/*.pcapng "$dir"
chmod 644 "$dir"/*.pcapng

# A line a packet: its id, verdict and all its steps.
paths() { # FILE [FILTER]
    tshark -r "$1" -Y "${2:-iptrace}" -T fields -E separator=/t -e iptrace.packet_id -e iptrace.verdict \
        -e iptrace.verdict.reason -e iptrace.step -e iptrace.mark -e frame.comment
}
same() { # WHAT FOUND WANTED: files of paths, in whatever order
    sort "$2" >"$dir/found.sorted"
    sort "$3" >"$dir/wanted.sorted"
    diff "$dir/wanted.sorted" "$dir/found.sorted" >"$dir/diff" || {
        fail "$1: paths changed or are missing (<: before, >: after)"
        head -n 6 "$dir/diff" | cut -c1-300
    }
}

for sample in chains ipv6 copies; do
    file=$dir/$sample.pcapng
    paths "$file" >"$dir/paths"
    paths "$file" 'iptrace.verdict == "DROP"' >"$dir/dropped"
    [ -s "$dir/paths" ] || fail "$sample: no paths"

    tshark -r "$file" -Y 'iptrace.verdict == "DROP"' -w "$dir/saved.pcapng"
    paths "$dir/saved.pcapng" iptrace >"$dir/found"
    same "$sample: tshark -Y -w" "$dir/found" "$dir/dropped"
    tshark -2 -r "$file" -Y 'iptrace.verdict == "DROP"' -w "$dir/saved.pcapng"
    paths "$dir/saved.pcapng" iptrace >"$dir/found"
    same "$sample: tshark -2 -Y -w" "$dir/found" "$dir/dropped"
    tshark -r "$file" -w "$dir/saved.pcapng"
    paths "$dir/saved.pcapng" iptrace >"$dir/found"
    same "$sample: tshark -w" "$dir/found" "$dir/paths"

    editcap -r "$file" "$dir/saved.pcapng" 1-100 2>/dev/null || fail "$sample: editcap -r"
    paths "$dir/saved.pcapng" >"$dir/found"
    same "$sample: editcap -r" "$dir/found" "$dir/paths"
    # Rows that are cut off take nothing of the others along.
    first=$(tshark -r "$file" -Y iptrace -T fields -e frame.number | head -n 1)
    editcap -r "$file" "$dir/saved.pcapng" "$first" 2>/dev/null || fail "$sample: editcap -r $first"
    paths "$dir/saved.pcapng" >"$dir/found"
    head -n 1 "$dir/paths" >"$dir/wanted"
    same "$sample: editcap -r $first" "$dir/found" "$dir/wanted"
    mkdir -p "$dir/split"
    editcap -c 3 "$file" "$dir/split/part.pcapng" 2>/dev/null || fail "$sample: editcap -c"
    for part in "$dir"/split/*; do paths "$part"; done >"$dir/found"
    rm -r "$dir/split"
    same "$sample: editcap -c" "$dir/found" "$dir/paths"
    editcap -A "2020-01-01 00:00:00" -B "2037-01-01 00:00:00" "$file" "$dir/saved.pcapng" 2>/dev/null ||
        fail "$sample: editcap -A -B"
    paths "$dir/saved.pcapng" >"$dir/found"
    same "$sample: editcap -A -B" "$dir/found" "$dir/paths"

    reordercap "$file" "$dir/saved.pcapng" >/dev/null || fail "$sample: reordercap"
    paths "$dir/saved.pcapng" >"$dir/found"
    same "$sample: reordercap" "$dir/found" "$dir/paths"

    mergecap -w "$dir/saved.pcapng" "$file" "$dir/accept.pcapng" || fail "$sample: mergecap"
    paths "$dir/saved.pcapng" >"$dir/found"
    paths "$dir/accept.pcapng" | cat - "$dir/paths" >"$dir/wanted"
    same "$sample: mergecap" "$dir/found" "$dir/wanted"
    expect "$sample: mergecap: ids that two packets have" "$(cut -f 1 "$dir/found" | sort | uniq -d | wc -l)" 0

    if command -v dumpcap >/dev/null && dumpcap -q -i - -w "$dir/saved.pcapng" <"$file" 2>"$dir/errors"; then
        paths "$dir/saved.pcapng" >"$dir/found"
        same "$sample: dumpcap through a pipe" "$dir/found" "$dir/paths"
    else
        fail "$sample: dumpcap: $(cat "$dir/errors")"
    fi
done

# A reader without our plugin reads it, too, and a comment tells it of what did not pass.
for name in drop-rule nat vanished; do
    file=$dir/$name.pcapng
    tshark -r "$file" -Y iptrace -T fields -E separator=/t -e iptrace.verdict -e frame.comment >"$dir/paths"
    packets=$(wc -l <"$dir/paths")
    capinfos -M -c "$file" >"$dir/info" 2>&1 || fail "capinfos $name: $(cat "$dir/info")"
    # capinfos counts the other records, too.
    [ "$(awk '/Number of packets/ {print $NF}' "$dir/info")" -ge "$packets" ] || fail "capinfos $name: $(cat "$dir/info")"
    HOME=$dir command tshark -n -r "$file" -Y 'ip || ipv6' -T fields -e frame.comment >"$dir/comments" 2>"$dir/errors" ||
        fail "tshark without the plugin, $name: $(cat "$dir/errors")"
    cut -f 2 "$dir/paths" | diff - "$dir/comments" >"$dir/diff" || fail "$name: comments without the plugin"
    expect "$name: comments" "$(grep -c . "$dir/comments")" "$(grep -vc '^ACCEPT' "$dir/paths")"
    expect "$name: comments on what passed" "$(grep -c '^ACCEPT.*iptables' "$dir/paths")" 0
done
exit $failed
