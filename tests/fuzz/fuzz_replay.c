/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A file for -r: pcap, pcapng or a capture of ours, through the assembler to the writer and the text. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recorder/record/replay.h"
#include "recorder/report/report.h"

static int file = -1;
static char path[64];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    file = memfd_create("input", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    report_set_level(REPORT_QUIET);
    return freopen("/dev/null", "w", stdout) ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char null[] = "/dev/null";
    const struct options options = {.mode = MODE_REPLAY,
                                    .write = null,
                                    .print = true,
                                    .read = path,
                                    .blocks = BLOCKS_ALWAYS,
                                    .snapshot_length = 256};
    struct error error;
    if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    replay_run(&options, &error);
    return 0;
}
