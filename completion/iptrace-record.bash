# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# bash completion for iptrace-record(8). A test compares its options with --help.

_iptrace_record_options='--write --print --filter --interface --ipv4 --ipv6 --netns --count --autostop --ring-buffer
    --snapshot-length --buffer-size --blocks --backend --no-install --limit --unlimited --lock --read --rules --rules6 --cleanup
    --ready-file --quiet --verbose --version --help'

# Comma-separated names: the last one is completed, those before it are kept.
_iptrace_record_interfaces()
{
    local before="" name
    [[ $1 == *,* ]] && before=${1%,*},
    for name in /sys/class/net/*; do
        COMPREPLY+=($(compgen -W "$before${name##*/}" -- "$1"))
    done
    compopt -o nospace
}

_iptrace_record_namespaces()
{
    local name
    for name in /run/netns/*; do
        [[ -e $name ]] && COMPREPLY+=($(compgen -W "${name##*/}" -- "$1"))
    done
    [[ $1 == */* ]] && compopt -o filenames && COMPREPLY+=($(compgen -f -- "$1"))
    [[ $1 == [0-9]* ]] && COMPREPLY+=($(cd /proc && compgen -W "$(echo [0-9]*)" -- "$1"))
}

_iptrace_record()
{
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    # `--name=value` arrives as three words.
    [[ $current == = ]] && current=
    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
    case $before in
    -w | --write | -r | --read | --rules | --rules6 | --ready-file)
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$current"))
        ;;
    -i | --interface) _iptrace_record_interfaces "$current" ;;
    -n | --netns) _iptrace_record_namespaces "$current" ;;
    -a | --autostop | -b | --ring-buffer)
        compopt -o nospace
        COMPREPLY=($(compgen -W 'duration: filesize: packets: files:' -- "$current"))
        ;;
    --blocks) COMPREPLY=($(compgen -W 'auto always never' -- "$current")) ;;
    --backend) COMPREPLY=($(compgen -W 'auto legacy' -- "$current")) ;;
    --limit) COMPREPLY=($(compgen -W '10/second 100/second 1000/second' -- "$current")) ;;
    -f | --filter | -c | --count | -s | --snapshot-length | -B | --buffer-size) ;;
    *)
        [[ $current == -* ]] && COMPREPLY=($(compgen -W "$_iptrace_record_options" -- "$current"))
        ;;
    esac
    return 0
}

complete -F _iptrace_record iptrace-record
