#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Every room includes headers of its own and of the rooms that it says it uses, and of no others; it uses each that it names.
# rooms.sh SOURCE-DIRECTORY ROOMS: ROOMS is what iptrace_room() wrote, `name folder used …` a line.
set -u
cd "$1" || exit 1
declare -A folder used
while read -r name place uses; do
    folder[$name]=$place used[$name]=$uses
done <"$2"
[ ${#folder[@]} -gt 5 ] || { echo "$2 has ${#folder[@]} rooms"; exit 1; }
failed=0
fail() { echo "$*"; failed=1; }

for name in "${!folder[@]}"; do
    allowed=" ${folder[$name]} " unused=" "
    for other in ${used[$name]}; do
        allowed+="${folder[$other]} " unused+="${folder[$other]} "
    done
    while IFS=: read -r file line header; do
        place=${header%/*}
        [[ $allowed == *" $place "* ]] || fail "$file:$line: $header is of $place, which ${folder[$name]} does not say it uses"
        unused=${unused/ $place / }
    done < <(grep -noE '^#include "(format|recorder)/[^"]*"' "${folder[$name]}"/*.[ch] /dev/null | sed -e 's/#include "//; s/"$//')
    for place in $unused; do fail "${folder[$name]} says it uses $place, and includes nothing of it"; done
done
exit $failed
