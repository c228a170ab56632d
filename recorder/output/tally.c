/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* How many packets were written. */
#include "recorder/output/tally.h"

struct unsettled {
    uint64_t end; /* of its block, in bytes of the file */
    uint32_t messages;
    uint8_t verdict;
    bool incomplete, ambiguous;
};

void tally_init(struct tally *tally)
{
    *tally = (struct tally){.unsettled = g_array_new(FALSE, FALSE, sizeof(struct unsettled))};
}

void tally_done(struct tally *tally)
{
    g_array_unref(tally->unsettled);
    *tally = (struct tally){0};
}

void tally_add(struct tally *tally, const struct finished_path *path, uint64_t end)
{
    tally->packets++;
    tally->verdicts[path->head.verdict]++;
    tally->messages += path->messages;
    tally->incomplete += path->head.incomplete;
    tally->ambiguous += path->head.ambiguous;
    if (end == TALLY_WRITTEN)
        return;
    const struct unsettled packet = {
        .end = end,
        .messages = path->messages,
        .verdict = (uint8_t)path->head.verdict,
        .incomplete = path->head.incomplete,
        .ambiguous = path->head.ambiguous,
    };
    g_array_append_val(tally->unsettled, packet);
}

void tally_settle(struct tally *tally, uint64_t written)
{
    guint settled = 0;
    while (settled < tally->unsettled->len &&
           g_array_index(tally->unsettled, struct unsettled, settled).end <= written)
        settled++;
    g_array_remove_range(tally->unsettled, 0, settled);
}

void tally_forget_unsettled(struct tally *tally)
{
    for (guint i = 0; i < tally->unsettled->len; i++) {
        const struct unsettled *packet = &g_array_index(tally->unsettled, struct unsettled, i);
        tally->packets--;
        tally->verdicts[packet->verdict]--;
        tally->messages -= packet->messages;
        tally->incomplete -= packet->incomplete;
        tally->ambiguous -= packet->ambiguous;
    }
    g_array_set_size(tally->unsettled, 0);
}
