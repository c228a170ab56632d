/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The text of iptables-save. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "recorder/legacy/walk/ruleset.h"

static void ask(const struct ruleset *ruleset, struct bytes name)
{
    const struct chain *chain = ruleset_chain(ruleset, name);
    for (uint32_t number = 0; number < 6; number++) {
        struct meaning rule = ruleset_meaning(ruleset, name, true, number);
        struct meaning other = ruleset_meaning(ruleset, name, false, number);
        if (rule.kind == MEANING_RULE && (!chain || rule.rulenum == 0 || rule.rulenum > chain->count))
            abort();
        meaning_equal(&rule, &other);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ruleset *ruleset;
    struct error error;
    const struct bytes text = {data, size};
    const struct ruleset_own own[] = {
        {BYTES("PREROUTING"), 1},
        {BYTES("INPUT"),      3},
        {BYTES("A"),          0},
    };
    const struct ruleset_origin origin = {.family = 4, .number = 1, .generation = 1};
    if (ruleset_new(&ruleset, text, own, size % 4, &origin, &error) < 0) {
        if (strlen(error.text) == 0)
            abort();
        return 0;
    }
    ask(ruleset, BYTES("INPUT"));
    ask(ruleset, BYTES("PREROUTING"));
    ask(ruleset, BYTES("A"));
    /* Every name that the text has. */
    for (const uint8_t *line = data; line && line < data + size;
         line = memchr(line, '\n', (size_t)(data + size - line))) {
        line += *line == '\n';
        const uint8_t *end = line < data + size ? memchr(line, ' ', (size_t)(data + size - line)) : NULL;
        if (end && *line == ':')
            ask(ruleset, (struct bytes){line + 1, (size_t)(end - line) - 1});
    }
    g_array_unref(ruleset_own_rules(ruleset));
    ruleset_is_empty(ruleset);
    ruleset_unref(ruleset);
    return 0;
}
