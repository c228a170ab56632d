#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Whose rights open what the user names: with the capabilities of docs/privileges.md as file capabilities a user opens
# what the user could open without; under sudo captures belong to who called it; nobody's link is followed.
# rights.sh DIRECTORY-OF-THE-RECORDER DIRECTORY-OF-THE-DRIVER: the program as people install it
. "$(dirname "$0")/../lib/inside.sh"
inside_recorder "$1"
driver=$2/live_view_driver
privileges=$(dirname "$(realpath "$0")")/../../docs/privileges.md
samples=$(dirname "$(realpath "$0")")/../../samples
need capsh setcap setpriv stat
inside_begin "$@"
iptables-legacy -A INPUT -p udp --dport 9 -j DROP
user=12345
umask 022
mkdir "$dir/roots" "$dir/users" "$dir/shared"
chown $user:$user "$dir/users"
chmod 777 "$dir/shared"
echo secret >"$dir/shared/roots-file"
chmod 600 "$dir/shared/roots-file"

until_true() { # hundredths of a second, command
    local i limit=$1
    shift
    for i in $(seq "$limit"); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.01
    done
    return 1
}
has_no_rules() { ! iptables-legacy-save -t raw | grep -q 'iptrace-record: '; }
of() { stat -c '%u:%g %a %s' "$1" 2>/dev/null; }
expect() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }
refused() { # PATTERN COMMAND …: ends with status 1, says it, and leaves no rules
    local pattern=$1 status
    shift
    timeout 20 "$@" >"$dir/text" 2>"$dir/errors"
    status=$?
    [ $status = 1 ] || fail "status $status: $(cat "$dir/errors")"
    grep -q "$pattern" "$dir/errors" || fail "said: $(cat "$dir/errors")"
    until_true 300 has_no_rules || fail "rules are left"
}
ready() { until_true 1000 test -e "$1" || fail "it did not get ready: $(cat "$dir/errors")"; }
stop() {
    kill -INT $pid
    wait $pid || fail "status $?: $(cat "$dir/errors")"
}

# ---- File capabilities ----

names=$(sed -n 's/^| \(`CAP_[^|]*\) |.*/\1/p' "$privileges" | grep -o 'CAP_[A-Z_]*' | sort -u | paste -sd, | tr A-Z a-z)
[[ $names == *cap_dac_override* ]] || { test=capabilities; fail "docs/privileges.md lists: $names"; }
# A program with more than a machine allows at all does not start there.
allowed=$(capsh --print | sed -n 's/^Bounding set *=//p' | tr , '\n' | grep -xFf <(tr , '\n' <<<"$names") | paste -sd,)
cp "$recorder" "$dir/its-recorder"
if setcap "$allowed+ep" "$dir/its-recorder" 2>/dev/null; then
    as_user=(setpriv --reuid "$user" --regid "$user" --clear-groups)
    its=("${as_user[@]}" "$dir/its-recorder" -4 -a duration:2)
    "${as_user[@]}" "$dir/its-recorder" -4 -a duration:0.1 >/dev/null 2>"$dir/errors" ||
        skip "file capabilities do nothing here: $(cat "$dir/errors")"

    test="a user's -w on root's file"
    refused "roots-file' cannot be written: Permission denied" "${its[@]}" -w "$dir/shared/roots-file"
    expect "the file holds" "$(cat "$dir/shared/roots-file")" secret

    test="a user's -w in root's directory"
    refused "Permission denied" "${its[@]}" -w "$dir/roots/trace.pcapng"
    refused "Permission denied" "${its[@]}" -w "$dir/roots/trace.pcapng" -b packets:10

    test="a user's --ready-file in root's directory"
    refused "ready file .*: Permission denied" "${its[@]}" -w "$dir/users/x.pcapng" --ready-file "$dir/roots/ready"

    test="what a user reads"
    cp "$samples/nflog.pcap" "$dir/roots/nflog.pcap"
    chmod 600 "$dir/roots/nflog.pcap"
    refused "cannot be read: Permission denied" "${as_user[@]}" "$dir/its-recorder" -r "$dir/roots/nflog.pcap"
    refused "Permission denied" "${as_user[@]}" "$dir/its-recorder" -r "$samples/nflog.pcap" --rules "$dir/shared/roots-file"
    rm "$dir/roots/nflog.pcap"
    expect "in root's directory" "$(ls "$dir/roots")" ""

    test="a user's ring whose directory becomes root's"
    mkdir "$dir/users/ring"
    chown $user:$user "$dir/users/ring"
    "${as_user[@]}" "$dir/its-recorder" -4 -w "$dir/users/ring/r.pcapng" -b packets:2 --ready-file "$dir/users/ready" 2>"$dir/errors" & pid=$!
    ready "$dir/users/ready"
    "$driver" send 127.0.0.1 9 6 1000 >/dev/null
    until_true 500 test -n "$(ls "$dir"/users/ring/r_00002_* 2>/dev/null)"
    chown 0:0 "$dir/users/ring"
    files=$(ls "$dir/users/ring" | wc -l)
    "$driver" send 127.0.0.1 9 20 1000 >/dev/null
    until_true 1000 sh -c "! kill -0 $pid" || fail "it goes on"
    kill $pid 2>/dev/null
    wait $pid
    expect "status" $? 1
    expect "files" "$(ls "$dir/users/ring" | wc -l)" "$files"
    grep -q "Permission denied" "$dir/errors" || fail "$(cat "$dir/errors")"
    rm -f "$dir/users/ready"

    test="a user records"
    "${as_user[@]}" "$dir/its-recorder" -4 -w "$dir/users/own.pcapng" --ready-file "$dir/users/ready" 2>"$dir/errors" & pid=$!
    ready "$dir/users/ready"
    "$driver" send 127.0.0.1 9 5 1000 >/dev/null
    sleep 0.3
    stop
    expect "own.pcapng" "$(of "$dir/users/own.pcapng" | cut -d ' ' -f 1,2)" "$user:$user 600"
    grep -q " 5 DROP" "$dir/errors" || fail "$(cat "$dir/errors")"
else
    echo "not run: file capabilities cannot be set here"
fi

# ---- Modes, and sudo ----

record() { # options
    rm -f "$dir/ready"
    "$@" --ready-file "$dir/ready" 2>"$dir/errors" & pid=$!
    ready "$dir/ready"
    "$driver" send 127.0.0.1 9 6 1000 >/dev/null
    sleep 0.3
    stop
}
test="root"
record "$recorder" -4 -w "$dir/root.pcapng"
expect "the capture" "$(of "$dir/root.pcapng" | cut -d ' ' -f 1,2)" "0:0 600"
expect "the ready file" "$(of "$dir/ready")" "0:0 644 0"
umask 027
echo "what was there" >"$dir/ready-old"
record "$recorder" -4 -w "$dir/root.pcapng" --ready-file "$dir/ready-old"
umask 022
expect "the ready file" "$(of "$dir/ready")" "0:0 640 0"
echo "what was there" >"$dir/again"
rm -f "$dir/ready"
"$recorder" -4 -w "$dir/root.pcapng" --ready-file "$dir/again" 2>"$dir/errors" & pid=$!
until_true 1000 test ! -s "$dir/again" || fail "a ready file that was there is not empty"
stop

sudo=(env SUDO_UID="$user" SUDO_GID=54321)
chmod 1777 "$dir/shared"
for round in 1 2; do # the second into the file of the first, in a directory like /tmp
    test="sudo, round $round"
    record "${sudo[@]}" "$recorder" -4 -w "$dir/shared/sudo.pcapng"
    expect "the capture" "$(of "$dir/shared/sudo.pcapng" | cut -d ' ' -f 1,2)" "$user:54321 600"
    expect "its first bytes" "$(head -c 4 "$dir/shared/sudo.pcapng" | od -An -tx1 | tr -d ' ')" 0a0d0d0a
done
test="sudo, a file of root's that is there"
record "${sudo[@]}" "$recorder" -4 -w "$dir/root.pcapng"
expect "the capture" "$(of "$dir/root.pcapng" | cut -d ' ' -f 1,2)" "0:0 600"
test="sudo, a ring"
mkdir "$dir/ring"
record "${sudo[@]}" "$recorder" -4 -w "$dir/ring/r.pcapng" -b packets:2 -b files:4
[ "$(ls "$dir/ring" | wc -l)" -ge 3 ] || fail "files: $(ls "$dir/ring")"
for file in "$dir"/ring/*; do expect "$file" "$(of "$file" | cut -d ' ' -f 1,2)" "$user:54321 600"; done

# ---- Links ----

test="--ready-file on a link"
for owner in 0 $user; do
    rm -f "$dir/link"
    ln -s "$dir/target" "$dir/link"
    chown -h $owner "$dir/link"
    refused "ready file .* symbolic link" "$recorder" -4 -a duration:1 -w "$dir/root.pcapng" --ready-file "$dir/link"
    [ ! -e "$dir/target" ] || fail "the link was followed"
done
echo precious >"$dir/precious"
ln "$dir/precious" "$dir/hard"
refused "ready file .* other hard links" "$recorder" -4 -a duration:1 -w "$dir/root.pcapng" --ready-file "$dir/hard"
expect "the file of two names holds" "$(cat "$dir/precious")" precious

test="a ring file's name is a link"
now=$(date +%s)
mkdir "$dir/linked"
for second in $(seq "$now" $((now + 20))); do
    ln -s "$dir/target" "$dir/linked/r_00001_$(date -d "@$second" +%Y%m%d%H%M%S).pcapng"
done
refused "already exists" "$recorder" -4 -w "$dir/linked/r.pcapng" -b packets:2
[ ! -e "$dir/target" ] || fail "the link was followed"

[ $failed = 0 ] && echo "opened with the right rights"
exit $failed
