/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file for -r: pcap, pcapng or a capture of ours, through the assembler to the writer and the text. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recorder/pipeline.h"
#include "recorder/report.h"

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
    struct pipeline pipeline;
    struct source *source;
    struct error error;
    if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    if (replay_source_open(&source, path, &error) < 0)
        return 0;
    int state = pipeline_init(&pipeline, &options, true, &error);
    while (state >= 0 && state != SOURCE_END) {
        state = source->ops->drain(source, &pipeline.sink, &error);
        if (state >= 0 && writer_flush(pipeline.writer, false, pipeline.now_ns, &error) < 0)
            abort();
    }
    struct source_stats stats;
    source->ops->stats(source, &stats);
    if (state >= 0 && pipeline_finish(&pipeline, &stats, &error) < 0)
        abort();
    pipeline_done(&pipeline);
    source->ops->close(source);
    return 0;
}
