/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A time on a clock that never goes back: CLOCK_MONOTONIC or, when a file is replayed, the file's own time.
 * It is a type of its own so that the compiler refuses it where a time since the epoch is meant; those are of
 * type uint64_t, with names that end in _ns. */
#ifndef IPTRACE_CORE_MONOTONIC_H
#define IPTRACE_CORE_MONOTONIC_H

#include <stdbool.h>
#include <stdint.h>

struct monotonic {
    uint64_t ns;
};

#define MONOTONIC_NEVER ((struct monotonic){UINT64_MAX})

/* `ns` nanoseconds later; MONOTONIC_NEVER stays what it is. */
static inline struct monotonic monotonic_after(struct monotonic time, uint64_t ns)
{
    return (struct monotonic){time.ns > UINT64_MAX - ns ? UINT64_MAX : time.ns + ns};
}

static inline bool monotonic_is_before(struct monotonic a, struct monotonic b)
{
    return a.ns < b.ns;
}

static inline struct monotonic monotonic_earlier(struct monotonic a, struct monotonic b)
{
    return a.ns < b.ns ? a : b;
}

static inline struct monotonic monotonic_later(struct monotonic a, struct monotonic b)
{
    return a.ns > b.ns ? a : b;
}

/* Nanoseconds from `before` to `now`; 0 if `now` is not later. */
static inline uint64_t monotonic_since(struct monotonic now, struct monotonic before)
{
    return now.ns > before.ns ? now.ns - before.ns : 0;
}

#endif
