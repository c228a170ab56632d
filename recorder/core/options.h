/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a recording is asked to do, as read from the command line (cli/command_line.h). */
#ifndef IPTRACE_CORE_OPTIONS_H
#define IPTRACE_CORE_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum blocks_mode {
    BLOCKS_AUTO, /* yes for a file, no for a pipe or terminal */
    BLOCKS_ALWAYS,
    BLOCKS_NEVER,
};

enum backend_choice {
    BACKEND_CHOICE_AUTO, /* whichever has rules */
    BACKEND_CHOICE_LEGACY,
};

/* When to end a file or the recording; 0: no such bound. Like dumpcap's -a and -b. */
struct bounds {
    double duration_s;
    uint64_t filesize_kb; /* in units of 1000 bytes */
    uint64_t packets;
    uint64_t files;
};

enum mode {
    MODE_RECORD,
    MODE_REPLAY,
    MODE_CLEANUP,
    MODE_VERSION,
    MODE_HELP,
};

struct options {
    enum mode mode;
    char *write; /* null: text */
    bool print;
    char *filter;          /* null: none */
    GPtrArray *interfaces; /* of char *, terminated by null */
    GPtrArray *namespaces; /* likewise; empty: only the recorder's own */
    bool ipv4, ipv6;
    bool families_asked; /* by -4 or -6; if not, a family without rules is left out */
    enum backend_choice backend;
    uint64_t count;
    struct bounds autostop, ring;
    bool has_ring;
    uint32_t snapshot_length; /* 0: all */
    uint32_t buffer_mib;
    enum blocks_mode blocks;
    bool no_install, unlimited, lock;
    char *limit;
    char *read, *rules, *rules6;
    char *ready_file;
    bool quiet, verbose;
};

#endif
