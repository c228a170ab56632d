# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# How a test in bash says what it found: it ends with `exit $failed`, or with skip.
failed=0
skip() {
    echo "skipped: $*"
    exit 77
}
# `test`, where it is set, says what is being tested.
fail() {
    echo "FAILED: ${test:+$test: }$*"
    failed=1
}
expect() { # WHAT FOUND WANTED
    [ "$2" = "$3" ] || fail "$1: found \"$2\", expected \"$3\""
}
need() { # PROGRAM …
    local program
    for program in "$@"; do command -v "$program" >/dev/null || skip "no $program"; done
}
