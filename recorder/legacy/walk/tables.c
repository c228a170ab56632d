/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The tables of legacy iptables, where each is hooked, and the order in which a packet meets them. */
#include "recorder/legacy/walk/tables.h"

#include <string.h>

static const char *const names[TABLE_COUNT] = {"raw", "mangle", "nat", "filter", "security"};

#define PLACES_MAX 5

// clang-format off
/* Position of each table at each hook, from 1; 0: it is not hooked there. */
static const uint8_t places[HOOK_COUNT][TABLE_COUNT] = {
    /*                   raw  mangle  nat  filter  security */
    [HOOK_PREROUTING]  = { 1,      2,   3,      0,        0},
    [HOOK_INPUT]       = { 0,      1,   4,      2,        3},
    [HOOK_FORWARD]     = { 0,      1,   0,      2,        3},
    [HOOK_OUTPUT]      = { 1,      2,   3,      4,        5},
    [HOOK_POSTROUTING] = { 0,      1,   2,      0,        0},
};
// clang-format on

/* The hooks that can follow one directly, as a set of 1 << enum hook. */
static const uint8_t next_hooks[HOOK_COUNT] = {
    [HOOK_PREROUTING] = 1 << HOOK_INPUT | 1 << HOOK_FORWARD,
    [HOOK_FORWARD] = 1 << HOOK_POSTROUTING,
    [HOOK_OUTPUT] = 1 << HOOK_POSTROUTING,
};

enum table table_of_name(struct bytes name)
{
    for (unsigned i = 0; i < TABLE_COUNT; i++)
        if (name.length == strlen(names[i]) && memcmp(name.data, names[i], name.length) == 0)
            return i;
    return TABLE_COUNT;
}

const char *table_name(enum table table)
{
    return names[table];
}

unsigned table_place(enum table table, enum hook hook)
{
    return places[hook][table];
}

bool hook_leads_to(enum hook from, enum hook to)
{
    unsigned next = next_hooks[from];
    if (next >> HOOK_FORWARD & 1)
        next |= next_hooks[HOOK_FORWARD];
    return next >> to & 1;
}

bool spot_equal(struct spot a, struct spot b)
{
    return a.hook == b.hook && a.table == b.table;
}

/* A table that must speak, at a place of the hook above `after` and below `before`. */
static bool must_speak(enum hook hook, unsigned after, unsigned before, table_set exist)
{
    for (unsigned i = 0; i < TABLE_COUNT; i++)
        if (exist >> i & 1 && i != TABLE_NAT && places[hook][i] > after && places[hook][i] < before)
            return true;
    return false;
}

static bool speaks_at(enum hook hook, table_set exist)
{
    return must_speak(hook, 0, PLACES_MAX + 1, exist);
}

bool spot_is_later(struct spot from, struct spot to)
{
    if (from.hook == to.hook)
        return places[to.hook][to.table] > places[from.hook][from.table];
    return hook_leads_to(from.hook, to.hook);
}

bool spot_follows(struct spot from, struct spot to, table_set exist)
{
    if (!spot_is_later(from, to))
        return false;
    unsigned place = places[from.hook][from.table];
    if (from.hook == to.hook)
        return !must_speak(to.hook, place, places[to.hook][to.table], exist);
    if (must_speak(from.hook, place, PLACES_MAX + 1, exist) ||
        must_speak(to.hook, 0, places[to.hook][to.table], exist))
        return false;
    bool by_forward = from.hook == HOOK_PREROUTING && to.hook == HOOK_POSTROUTING;
    return !by_forward || !speaks_at(HOOK_FORWARD, exist);
}

bool spot_is_translated(struct spot from, struct spot to)
{
    if (from.hook == HOOK_PREROUTING)
        return to.hook != HOOK_PREROUTING;
    unsigned nat = places[HOOK_OUTPUT][TABLE_NAT];
    return from.hook == HOOK_OUTPUT && places[HOOK_OUTPUT][from.table] <= nat &&
           (to.hook != HOOK_OUTPUT || places[HOOK_OUTPUT][to.table] > nat);
}

enum expectation spot_expects(struct spot from, table_set exist)
{
    if (must_speak(from.hook, places[from.hook][from.table], PLACES_MAX + 1, exist))
        return EXPECT_HOOK;
    bool nat_may = exist >> TABLE_NAT & 1 && from.table != TABLE_NAT;
    switch (from.hook) {
    case HOOK_PREROUTING:
        /* Whichever way it goes: local, or forwarded and out. */
        if (speaks_at(HOOK_INPUT, exist) &&
            (speaks_at(HOOK_FORWARD, exist) || speaks_at(HOOK_POSTROUTING, exist)))
            return EXPECT_LATER;
        return (exist & ~(1u << TABLE_RAW)) != 0 ? EXPECT_MAYBE : EXPECT_NOTHING;
    case HOOK_FORWARD:
    case HOOK_OUTPUT:
        if (speaks_at(HOOK_POSTROUTING, exist))
            return EXPECT_LATER;
        return exist >> TABLE_NAT & 1 ? EXPECT_MAYBE : EXPECT_NOTHING;
    default:
        return nat_may ? EXPECT_MAYBE : EXPECT_NOTHING;
    }
}

bool spot_begins_path(struct spot spot, table_set exist)
{
    return (spot.hook == HOOK_PREROUTING || spot.hook == HOOK_OUTPUT) && spot_begins_hook(spot, exist);
}

bool spot_begins_hook(struct spot spot, table_set exist)
{
    return !must_speak(spot.hook, 0, places[spot.hook][spot.table], exist);
}
