#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# The program and the plugin as people install them are hardened: by what is in the files, and, for what does not show
# there, by the commands that compiled them. hardening.sh BUILD COMPILER: BUILD is a release build.
set -u -o pipefail
export LC_ALL=C
build=$1 compiler=$2
for tool in readelf objdump; do
    command -v $tool >/dev/null || { echo "skipped: there is no $tool (binutils)"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}
has() { # FILE WHAT PATTERN: of what readelf says of it
    grep -Eq -- "$3" "$work/elf" || fail "$1: no $2"
}
has_not() {
    ! grep -E -- "$3" "$work/elf" || fail "$1: $2"
}

# On x86 every function that may be called by its address begins with endbr64.
has_control_flow_protection() {
    "$compiler" -fcf-protection -x c -c /dev/null -o /dev/null 2>/dev/null
}

check_file() { # FILE
    readelf -W --file-header --program-headers --dynamic --dyn-syms "$1" >"$work/elf" || fail "$1: readelf"
    has "$1" "position-independent code" '^ *Type: +DYN '
    has "$1" "read-only relocations (RELRO)" '^ *GNU_RELRO '
    has "$1" "binding before it starts (BIND_NOW)" 'FLAGS_1.*\bNOW\b'
    has "$1" "statement on the stack" '^ *GNU_STACK '
    has_not "$1" "the stack, or other memory, is writable and executable" '^ *(GNU_STACK|LOAD) .* RWE '
    has_not "$1" "a path for libraries" '\((RPATH|RUNPATH)\)'
    has_not "$1" "relocations in the code" '\(TEXTREL\)|\bTEXTREL\b'
    has "$1" "stack protector" ' __stack_chk_fail\b'
    has "$1" "checked functions of the C library (FORTIFY)" ' __[a-z]+_chk\b'
    if has_control_flow_protection; then
        # The start files of the C library have a few without us: fewer than ten.
        [ "$(objdump -d "$1" | grep -c '\bendbr64\b')" -ge 10 ] || fail "$1: no control-flow protection"
    fi
}

program=$build/recorder/iptrace-record
plugin=$build/plugin/iptrace.so
if [ -e "$program" ]; then check_file "$program"; else fail "there is no $program"; fi
has "$program" "position-independent executable" 'FLAGS_1.*\bPIE\b'
if [ -e "$plugin" ]; then check_file "$plugin"; else echo "the plugin was not built"; fi

# Each command that compiles a part of either.
flags=(-fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2)
if has_control_flow_protection; then flags+=(-fcf-protection); fi
grep -E '^ *"command": .* -c [^ ]*/(format|recorder|plugin)/[^ ]*\.c"' "$build/compile_commands.json" >"$work/commands"
count=$(wc -l <"$work/commands")
[ "$count" -gt 50 ] || fail "$build/compile_commands.json has $count commands: expected more than 50"
for flag in "${flags[@]}"; do
    without=$(grep -cvF -- " $flag " "$work/commands")
    [ "$without" = 0 ] || fail "$without of $count commands are without $flag"
done
exit $failed
