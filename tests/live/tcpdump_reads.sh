#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# tcpdump reads every packet of our files. tcpdump_reads.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin_bare "$@"
command -v tcpdump >/dev/null || skip "there is no tcpdump"
for file in "$live_root"/samples/*.pcapng; do
    name=$(basename "$file")
    packets=$("$recorder" -r "$file" 2>"$dir/says" | grep -c '^  = ')
    found=$(tcpdump -n -r - <"$file" 2>"$dir/errors" | grep -c .)
    expect "tcpdump -r $name: packets" "$found" "$packets"
    [ $failed = 0 ] || tail -n 1 "$dir/errors"
done
exit $failed
