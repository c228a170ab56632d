#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The hexdump of a real sample in docs/format.md is what od prints of that sample. Prints what it should be where it is
# not. Argument: the source directory.
set -eu
cd "$1"
line=$(sed -n 's/^<!-- sample: \(.*\) -->$/\1/p' docs/format.md)
wanted=$(eval "$line")
found=$(awk '/^<!-- sample: /{on = 1; next} on && /^```$/{if (++fences == 2) exit; next} on && fences == 1' docs/format.md)
[ "$found" != "$wanted" ] || exit 0
printf 'docs/format.md shows other bytes than "%s" prints:\n%s\n' "$line" "$wanted"
exit 1
