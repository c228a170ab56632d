#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# What the program says when something is wrong: one sentence on standard error that names the value and what was
# expected, and the right exit status; and nothing of an attacker's bytes reaches a terminal. errors.sh BUILD
. "$(dirname "$0")/../lib/live.sh"
live_begin_bare "$@"

try() { # STATUS PATTERN OPTION …
    local wanted=$1 pattern=$2
    shift 2
    timeout 20 "$recorder" "$@" >"$dir/text" 2>"$dir/says" </dev/null
    expect "exit status of iptrace-record $*" $? "$wanted"
    expect "iptrace-record $*: bytes on standard output" "$(wc -c <"$dir/text")" 0
    grep -q -- "^iptrace-record: .*$pattern" "$dir/says" ||
        fail "iptrace-record $*: said \"$(cat "$dir/says")\", expected something with \"$pattern\""
    expect "iptrace-record $*: lines that are no diagnostics" "$(grep -vc '^iptrace-record: ' "$dir/says")" 0
}
# The command line: 2.
try 2 "no option -Z" -Z
try 2 "no option --nonsense" --nonsense
try 2 "-w.* needs a value" -w
try 2 'number.*not "many"' -c many
try 2 'number.*not "0"' -c 0
try 2 'not "-1"' -c -1
try 2 'not "70000"' -s 70000
try 2 "duration:.*not \"minutes:3\"" -a minutes:3
try 2 'not "soon"' -a duration:soon
try 2 "needs -w" -b files:3
try 2 "auto, always or never" --blocks sometimes
try 2 "rules.* -r" --rules "$dir/none"
try 2 "contradict" --limit 10/second --unlimited
try 2 "two filters" -f udp tcp
try 2 '"10/fortnight" is not a rate' --limit 10/fortnight
try 2 "takes no value" --quiet=5
try 2 "a filter.*--no-install" --no-install udp
try 2 "-w.*--cleanup" --cleanup -w x
try 2 "syntax error, at 'prot 80'" tcp prot 80
try 2 "syntax error" -f "udp and" -w "$dir/x.pcapng"
[ ! -e "$dir/x.pcapng" ] || fail "a file was made before the command line was looked at"
try 2 "instructions" "$(seq -f 'host 192.0.2.%g or' 1 60 | tr '\n' ' ')udp"
try 2 "is a capture file.*-r.*-w" "$live_root/samples/accept.pcapng"
# What cannot be done: 1.
try 1 "$dir/none" -r "$dir/none"
echo nonsense >"$dir/nonsense"
try 1 "$dir/nonsense" -r "$dir/nonsense"
try 1 "$dir/none" -r "$live_root/samples/nflog.pcap" --rules "$dir/none"
try 1 "iptables-save" -r "$live_root/samples/nflog.pcap" --rules "$dir/nonsense"
try 1 "$dir/no/file" -r "$live_root/samples/accept.pcapng" -w "$dir/no/file"
# An escape sequence in an argument.
"$recorder" -r $'\e[31mred\a' >"$dir/text" 2>"$dir/says"
! grep -q $'[\e\a]' "$dir/says" || fail "an escape sequence of the command line was printed"
# Help and version go to standard output: 0.
for option in --help -h --version; do
    "$recorder" $option >"$dir/text" 2>"$dir/says"
    expect "exit status of $option" $? 0
    [ -s "$dir/text" ] && [ ! -s "$dir/says" ] || fail "$option does not print to standard output"
done
# With -c the report speaks of the packets that were asked for, and of no other that the file has.
"$recorder" -c 1 -r "$live_root/samples/chains.pcapng" >"$dir/text" 2>"$dir/says"
expect "-r -c 1: packets" "$(grep -c '^  = ' "$dir/text")" 1
expect "-r -c 1 says" "$(cat "$dir/says")" "iptrace-record: 1 packet, $(grep -c '^  [> ] ' "$dir/text") TRACE messages, 0 messages lost
iptrace-record: 1 ACCEPT"
# Replay: text and nothing else on standard output; -q is quiet.
"$recorder" -q -r "$live_root/samples/accept.pcapng" >"$dir/text" 2>"$dir/says"
expect "-q says" "$(cat "$dir/says")" ""
"$recorder" -r "$live_root/samples/accept.pcapng" 2>/dev/null | cmp -s - "$dir/text" || fail "-q changes what is printed"
"$recorder" -q -w - -r "$live_root/samples/accept.pcapng" >"$dir/out.pcapng"
expect "-w - begins with" "$(head -c 4 "$dir/out.pcapng" | od -An -tx1 | tr -d ' ')" 0a0d0d0a
[ "$failed" = 0 ] || exit 1

# Hostile names, live.
unshare --net true 2>/dev/null || skip "all but hostile names was checked; for those a network namespace is needed"
rm -rf "$dir"
exec unshare --net "$BASH" -c '
. "$1/tests/lib/live.sh"
live_begin_bare "$2"
ip link set lo up
network_has_trace iptables-legacy || skip "all but hostile names was checked: $network_problem"
chain=$(printf "a\033]0;b\007")
iptables -N "$chain" 2>/dev/null || { chain=a:b:return:1; iptables -N $chain; }
iptables -A INPUT -p udp --dport 9 -m comment --comment "$(printf "\033[2J\a\r red")" -j "$chain"
iptables -A "$chain" -j DROP
record -P -w "$dir/x.pcapng" udp || exit 1
"$traffic" 127.0.0.1 9 1 >/dev/null
finish
for file in "$dir/text" "$dir/says"; do
    expect "control characters in $file" "$(tr -d "[:print:]\n\t\200-\377" <"$file" | wc -c)" 0
done
grep -q "= DROP" "$dir/text" || fail "no packet was dropped: $(cat "$dir/text")"
exit $failed' - "$live_root" "$build"
