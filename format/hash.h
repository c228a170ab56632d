/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The one hash, for our own tables and for telling texts apart; it is never written to a file. A deliberate
 * collision costs no more than a slow search, because entries with equal hashes are compared. */
#ifndef IPTRACE_FORMAT_HASH_H
#define IPTRACE_FORMAT_HASH_H

#include <string.h>

#include "format/wire.h"

#define HASH_BEGIN 0x5bd1e9955bd1e995ull

/* A multiply and a fold per word: cheap, and spreads well enough. */
static inline uint64_t hash_number(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * 0x9e3779b97f4a7c15ull;
    return hash ^ hash >> 32;
}

/* Hashes the length too, so that what follows cannot be taken for part of these bytes. */
static inline uint64_t hash_bytes(uint64_t hash, struct bytes bytes)
{
    uint64_t word = 0;
    size_t i = 0;
    for (; i + sizeof word <= bytes.length; i += sizeof word) {
        memcpy(&word, bytes.data + i, sizeof word);
        hash = hash_number(hash, word);
    }
    word = 0;
    if (i < bytes.length)
        memcpy(&word, bytes.data + i, bytes.length - i);
    return hash_number(hash, word ^ (uint64_t)bytes.length << 56);
}

#endif
