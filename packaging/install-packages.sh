#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Installs what is missing of the packages for a purpose: install-packages.sh build|demo|tests|check|coverage|fuzz|trees …
# The one list of the packages that iptrace needs; names are those of Debian and of systems derived from it.
# ulogd2 is not among those of `tests`: it comes with a service that takes the kernel's TRACE messages.
set -eu

# package               purposes
list="
gcc                     build
libc6-dev               build
cmake                   build
ninja-build             build
pkgconf                 build
libglib2.0-dev          build
libpcap-dev             build
libmnl-dev              build
libnetfilter-log-dev    build
libip4tc-dev            build
libip6tc-dev            build
libxtables-dev          build
libwireshark-dev        build
iptables                demo tests
iproute2                demo tests
tshark                  demo tests
iputils-ping            demo tests
socat                   demo tests
libcmocka-dev           tests
protobuf-compiler       tests
tcpdump                 tests
nftables                tests
libxml2-utils           tests
clang-format-14         check
clang-tidy-14           check
cppcheck                check
shellcheck              check
ulogd2                  check
gcovr                   coverage
clang                   fuzz
libclang-rt-dev         fuzz
debootstrap             trees
"

missing() { # the packages of these purposes that are not installed
    echo "$list" | while read -r package purposes; do
        for purpose in "$@"; do
            case " $purposes " in
            *" $purpose "*)
                dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
                break
                ;;
            esac
        done
    done
}

for purpose in "$@"; do
    case $purpose in
    build | demo | tests | check | coverage | fuzz | trees) ;;
    *)
        echo "install-packages.sh: \"$purpose\" is not a purpose: expected build, demo, tests, check, coverage, fuzz or trees" >&2
        exit 2
        ;;
    esac
done
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "install-packages.sh: there is no apt-get here: install these packages, or their equivalents, by hand:" \
        "$(echo "$list" | awk 'NF {printf "%s ", $1}')" >&2
    exit 1
fi
packages=$(missing "$@")
[ -n "$packages" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "install-packages.sh: these packages are missing, and only root can install them:" $packages >&2
        exit 1
    }
    as_root=sudo
fi
echo "Installing:" $packages >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
} >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "install-packages.sh: apt-get could not install:" $packages >&2
    exit 1
fi
