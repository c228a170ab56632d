/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* How many messages are missing. */
#include "recorder/legacy/nflog/loss.h"

static uint64_t tell(struct loss *loss, uint64_t known)
{
    uint64_t news = known > loss->told ? known - loss->told : 0;
    loss->told += news;
    return news;
}

uint64_t loss_sequence(struct loss *loss, uint32_t sequence)
{
    uint32_t gap = loss->has_sequence ? sequence - loss->next_sequence : 0;
    /* A number from the past is a counter that began anew, not four thousand million lost messages. */
    if (gap <= INT32_MAX)
        loss->missing += gap;
    loss->has_sequence = true;
    loss->next_sequence = sequence + 1;
    return tell(loss, loss->missing);
}

uint64_t loss_drops(struct loss *loss, uint32_t drops)
{
    loss_note_drops(loss, drops);
    return tell(loss, loss->dropped);
}

void loss_note_drops(struct loss *loss, uint32_t drops)
{
    loss->dropped += (uint32_t)(drops - loss->last_drops);
    loss->last_drops = drops;
}

uint64_t loss_total(const struct loss *loss)
{
    return loss->missing > loss->dropped ? loss->missing : loss->dropped;
}
