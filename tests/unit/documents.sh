#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The manual page and the bash completion know the options that --help prints, and no others.
# documents.sh RECORDER MANUAL-PAGE COMPLETION
set -u
recorder=$1
page=$2
completion=$3
failed=0
fail() { echo "FAILED: $*"; failed=1; }

# Lines as `-w, --write FILE`.
help=$("$recorder" --help | sed -nE 's/^  (-.,|   ) (--[a-z0-9-]+( [^ ]+)?)( .*)?$/\1 \2/p' | sed 's/^ *//' | sort)
[ "$(wc -l <<<"$help")" -ge 25 ] || fail "--help has only these options: $help"
manual=$(sed -n '/^\.TP/{n;p;}' "$page" | grep '^\\fB\\-' | sed 's/\\-/-/g; s/\\f[BIR]//g' | sort)
[ "$help" = "$manual" ] || fail "--help (<) and the manual page (>) differ:
$(diff <(echo "$help") <(echo "$manual"))"

grep -q '@' <(grep -v '^\.\\"' "$page" | grep -o '@[A-Z_]*@') && fail "the page has a name in it that was not replaced"
for section in NAME SYNOPSIS DESCRIPTION OPTIONS FILES 'EXIT STATUS' SIGNALS DIAGNOSTICS EXAMPLES NOTES 'SEE ALSO'; do
    grep -q "^\.SH $section$" "$page" || fail "the manual page has no section $section"
done
if command -v groff >/dev/null; then
    complaints=$(groff -man -Tutf8 -ww "$page" 2>&1 >/dev/null)
    [ -z "$complaints" ] || fail "$complaints"
fi

# What the completion offers for the words given, the last of which is under way.
offered() {
    bash --norc -c '
        compopt() { :; }
        source "$0"
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _iptrace_record
        printf "%s\n" "${COMPREPLY[@]}"' "$completion" iptrace-record "$@" | sort
}
options=$(grep -oE -- '--[a-z0-9-]+' <<<"$help" | sort)
[ "$(offered --)" = "$options" ] || fail "--help (<) and the completion (>) differ:
$(diff <(echo "$options") <(offered --))"
expect() { [ "$2" = "$3" ] || fail "completion of '$1' is '$2', not '$3'"; }
expect "--snap" "$(offered --snap)" --snapshot-length
expect "--blocks n" "$(offered --blocks n)" never
expect "--blocks = a" "$(offered --blocks = a)" $'always\nauto'
expect "-a du" "$(offered -a du)" duration:
expect "-i lo" "$(offered -i lo | grep -x lo)" lo
expect "-i x,lo" "$(offered -i x,lo | grep -x x,lo)" x,lo
expect "-r $page" "$(offered -r "$page")" "$page"
expect "-c" "$(offered -c '')" ""
exit $failed
