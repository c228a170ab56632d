# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# What the tests of the plugin begin with: `. tests/lib/plugin.sh`, then plugin_begin PLUGIN.so.
set -u -o pipefail
tests=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..
failed=0

# `work` is a directory of their own, which goes with them.
plugin_begin() {
    plugin=$(readlink -f "$1")
    work=$(mktemp -d)
    chmod 777 "$work" # where root tests, tshark may run as nobody
    trap 'rm -rf "$work"' EXIT
}

# tshark with the plugin and nothing of the user's.
plugin_tshark() { "$tests/tshark" "$plugin" "$@"; }
