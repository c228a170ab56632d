/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The limit of our own rules. */
#include "recorder/legacy/kernel/limit_choice.h"

#include <inttypes.h>
#include <string.h>

/* ---- What it costs ---- */

static uint64_t packet_ns(const struct ruleset_state *state)
{
    struct cost_table tables[RULESET_TABLES_MAX];
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_state *table = &state->tables[i];
        tables[i] = (struct cost_table){
            .table = table_of_name((struct bytes){(const uint8_t *)table->name, strlen(table->name)}),
            .entries = table->entries,
            .chains = table->chains,
            .hooks = table->valid_hooks,
        };
    }
    return cost_packet_ns(tables, state->table_count);
}

/* A chain has a rule an interface; what comes in by lo is traced at OUTPUT. */
static uint32_t count_own_rules(const struct options *options)
{
    uint32_t interfaces = options->interfaces->len - 1, lo = 0;
    for (uint32_t i = 0; i < interfaces; i++)
        lo += strcmp(g_ptr_array_index(options->interfaces, i), "lo") == 0;
    return interfaces == 0 ? 2 : 2 * interfaces - lo;
}

static uint64_t count_entries(const struct limit_question *question)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < question->count; i++)
        for (size_t j = 0; j < question->states[i]->table_count; j++)
            sum += question->states[i]->tables[j].entries;
    return sum;
}

/* ---- What it is set to ---- */

static char *describe_price(const struct limit_question *question, uint64_t dearest_ns, double rate)
{
    return g_strdup_printf("the tables have %" PRIu64 " entries: tracing can cost the kernel %.3g ms per "
                           "packet, %.0f %% of a CPU at %.0f packets per second%s",
                           count_entries(question), (double)dearest_ns / 1e6, cost_percent(dearest_ns, rate),
                           rate, question->rate > COST_PLAUSIBLE_RATE ? ", as seen here" : "");
}

/* " for IPv4" where only that family is limited. */
static const char *limited_family(const struct limit_question *question, const struct limit_choice *choice)
{
    if (question->count == 2 && !choice->limits[0])
        return " for IPv6";
    return question->count == 2 && !choice->limits[1] ? " for IPv4" : "";
}

bool limit_choice_asks(const struct options *options)
{
    return !options->limit && !options->no_install;
}

static void make_by_cost(const struct options *options, const struct limit_question *question,
                         struct limit_choice *choice)
{
    struct cost_family families[2];
    double rate = MAX(question->rate, COST_PLAUSIBLE_RATE);
    uint64_t dearest_ns = 0;
    for (size_t i = 0; i < question->count; i++) {
        families[i] = (struct cost_family){packet_ns(question->states[i]), count_own_rules(options)};
        choice->limits[i] = !cost_is_cheap(families[i].packet_ns, rate);
        dearest_ns = MAX(dearest_ns, families[i].packet_ns);
    }
    struct cost_limit limit = cost_make_limit(families, question->count, rate);
    if (!limit.text[0])
        return;
    g_autofree char *price = describe_price(question, dearest_ns, rate);
    if (options->unlimited) {
        choice->sentence = g_strdup_printf("%s; no limit is set, because of --unlimited", price);
        return;
    }
    choice->sentence =
        g_strdup_printf("%s; so each TRACE rule%s is limited to %s, %.1f %% of a CPU in all, and packets "
                        "beyond that are not recorded (--limit sets another rate, --unlimited none)",
                        price, limited_family(question, choice), limit.text, limit.percent);
    choice->limit = limit;
}

void limit_choice_make(const struct options *options, const struct limit_question *question,
                       struct limit_choice *ret_choice)
{
    *ret_choice = (struct limit_choice){.limit = {.text = ""}};
    if (options->limit) {
        g_strlcpy(ret_choice->limit.text, options->limit, sizeof ret_choice->limit.text);
        ret_choice->limits[0] = ret_choice->limits[1] = true;
    }
    if (limit_choice_asks(options))
        make_by_cost(options, question, ret_choice);
}

void limit_choice_done(struct limit_choice *choice)
{
    g_free(choice->sentence);
    *choice = (struct limit_choice){0};
}

char *limit_describe_end(uint64_t matched, uint64_t traced, const char *limit)
{
    return g_strdup_printf("%" PRIu64 " of %" PRIu64 " matching packets were traced (limit %s)", traced,
                           matched, limit);
}
