/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What stands behind the enterprise number: the envelope, and the body of a ruleset block. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "format/envelope.h"
#include "format/names.h"
#include "format/ruleset_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = {data, size}, body = input;
    unsigned version, kind;
    struct ruleset_part part;
    struct ruleset_own own;
    if (envelope_open(input, &version, &kind, &body) == ENVELOPE_OK && body.length > size)
        abort();
    for (unsigned round = 0; round < 2; round++, body = input) {
        if (!ruleset_part_read(body, &part))
            continue;
        struct wire_reader reader = wire_reader_of(part.body);
        size_t count = 0;
        while (ruleset_part_next_own(&reader, &own))
            count++;
        if (count > RULESET_OWN_MAX || (count > 0 && !ruleset_part_own(&part, count - 1, &own)) ||
            ruleset_part_own(&part, count, &own))
            abort();
    }
    return 0;
}
