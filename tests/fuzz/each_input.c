/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Runs a fuzz target without libFuzzer:
 *
 *     fuzz_NAME [--cut] [--flip] [--every N] FILE|DIRECTORY…
 *
 * each file as it is; with --cut also cut at each byte; with --flip also with each byte changed in two ways.
 * --every N: only every Nth place, beginning with one that differs from file to file. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool cut, flip;
static size_t every = 1;
static unsigned long files, inputs;

static uint8_t *allocate(size_t size)
{
    uint8_t *memory = malloc(size > 0 ? size : 1);
    if (!memory)
        abort();
    return memory;
}

/* In memory of its own size, so that a reader beyond its end is found out. */
static void try(const uint8_t *data, size_t size)
{
    uint8_t *exact = allocate(size);
    if (size > 0)
        memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    inputs++;
}

static void try_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = allocate(size);
    if (!file || fread(data, 1, size, file) != size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    try(data, size);
    size_t first = files++ % every;
    for (size_t i = first; cut && i < size; i += every)
        try(data, i);
    for (size_t i = first; flip && i < size; i += every) {
        uint8_t byte = data[i];
        data[i] = byte ^ 0xff;
        try(data, size);
        data[i] = byte ^ (uint8_t)(1u << i % 8);
        try(data, size);
        data[i] = byte;
    }
    free(data);
}

static void try_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        perror(path);
        exit(1);
    }
    if (!S_ISDIR(status.st_mode)) {
        try_file(path, (size_t)status.st_size);
        return;
    }
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char inner[4096];
        snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            try_path(inner);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        cut = cut || strcmp(argv[i], "--cut") == 0;
        flip = flip || strcmp(argv[i], "--flip") == 0;
        if (strcmp(argv[i], "--every") == 0 && i + 1 < argc)
            every = strtoul(argv[++i], NULL, 10);
    }
    for (; i < argc; i++)
        try_path(argv[i]);
    fprintf(stderr, "%lu files, %lu inputs\n", files, inputs);
    return inputs > 0 ? 0 : 1;
}
