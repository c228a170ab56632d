/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the unit tests share: cmocka, numbers from a fixed seed, and bytes copied to memory of exactly their
 * size, so that the address sanitizer sees the first byte read beyond. */
#ifndef IPTRACE_TESTS_UNIT_H
#define IPTRACE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/wire.h"

/* xorshift64*: the same numbers on every machine. */
struct unit_random {
    uint64_t state;
};

static inline uint64_t unit_random(struct unit_random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * 0x2545F4914F6CDD1Dull;
}

/* 0 to `bound` - 1. */
static inline uint32_t unit_random_below(struct unit_random *random, uint32_t bound)
{
    return (uint32_t)((unit_random(random) >> 32) * bound >> 32);
}

/* free() it. Never null. */
static inline void *unit_allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

/* free() it. Never null, also where there is nothing to copy. */
static inline uint8_t *unit_copy(struct bytes bytes)
{
    uint8_t *copy = unit_allocate(bytes.length);
    if (bytes.length > 0)
        memcpy(copy, bytes.data, bytes.length);
    return copy;
}

static inline struct bytes unit_written(const struct wire_writer *writer)
{
    return (struct bytes){writer->data, writer->length};
}

static inline void unit_assert_bytes(struct bytes got, struct bytes expected)
{
    assert_int_equal(got.length, expected.length);
    if (expected.length > 0)
        assert_memory_equal(got.data, expected.data, expected.length);
}

/* Memory for a reader: unit_pool_allocate() has the type that readers ask for. Start with {0}. */
struct unit_pool {
    void **at;
    size_t count, bytes;
};

static inline void *unit_pool_allocate(void *user, size_t size)
{
    struct unit_pool *pool = user;
    pool->bytes += size;
    void **more = realloc(pool->at, (pool->count + 1) * sizeof *more);
    if (!more)
        abort();
    pool->at = more;
    return pool->at[pool->count++] = unit_allocate(size);
}

static inline void unit_pool_done(struct unit_pool *pool)
{
    while (pool->count > 0)
        free(pool->at[--pool->count]);
    free(pool->at);
    *pool = (struct unit_pool){0};
}

typedef void unit_read_fn(struct bytes bytes);

/* Calls `read` with the bytes cut at every length: it must come back, and the sanitizers must be silent. */
static inline void unit_cut_everywhere(struct bytes bytes, unit_read_fn *read)
{
    for (size_t length = 0; length <= bytes.length; length++) {
        uint8_t *copy = unit_copy((struct bytes){bytes.data, length});
        read((struct bytes){copy, length});
        free(copy);
    }
}

/* Likewise with every byte flipped, by each of its bits and by all. */
static inline void unit_flip_everywhere(struct bytes bytes, unit_read_fn *read)
{
    static const uint8_t flips[] = {1, 2, 4, 8, 16, 32, 64, 128, 255};
    uint8_t *copy = unit_copy(bytes);
    for (size_t i = 0; i < bytes.length; i++) {
        for (size_t k = 0; k < sizeof flips; k++) {
            copy[i] = bytes.data[i] ^ flips[k];
            read((struct bytes){copy, bytes.length});
        }
        copy[i] = bytes.data[i];
    }
    free(copy);
}

#endif
