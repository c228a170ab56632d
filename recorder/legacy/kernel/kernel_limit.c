/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The limit that the recorder sets by itself. */
#include "recorder/legacy/kernel/kernel_family.h"

#include "recorder/report/report.h"
#include "recorder/system/clock.h"

#include <inttypes.h>
#include <string.h>

#include "recorder/core/cleanup.h"

#define OBSERVED_LEAST_NS 50000000 /* a shorter look says nothing */

/* ---- How much traffic there is ---- */

/* Packets received or sent, whichever is more: what is forwarded counts once. */
static uint64_t count_packets(void)
{
    CLEANUP_FCLOSE FILE *file = fopen("/proc/thread-self/net/dev", "re");
    uint64_t received = 0, sent = 0;
    char line[512];
    while (file && fgets(line, sizeof line, file)) {
        uint64_t in, out;
        const char *colon = strchr(line, ':');
        if (!colon ||
            sscanf(colon + 1, "%*u %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &in, &out) != 2)
            continue;
        received += in;
        sent += out;
    }
    return MAX(received, sent);
}

void kernel_observe(const struct kernel *kernel, struct observation *ret_observation)
{
    struct netns own;
    *ret_observation = (struct observation){0};
    if (netns_open_own(&own, NULL) < 0)
        return;
    if (netns_equal(&own, kernel->netns) || netns_enter(kernel->netns, NULL) == 0) {
        *ret_observation = (struct observation){.time_ns = clock_monotonic_ns(), .packets = count_packets()};
        if (!netns_equal(&own, kernel->netns))
            netns_enter(&own, NULL);
    }
    netns_done(&own);
}

static double rate_between(const struct observation *first, const struct observation *last)
{
    uint64_t took_ns = last->time_ns - first->time_ns;
    if (first->time_ns == 0 || took_ns < OBSERVED_LEAST_NS || last->packets < first->packets)
        return 0;
    return (double)(last->packets - first->packets) * 1e9 / (double)took_ns;
}

/* ---- What it costs ---- */

static uint64_t family_packet_ns(const struct family *family)
{
    struct cost_table tables[RULESET_TABLES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < family->state.table_count; i++) {
        const struct table_state *state = &family->state.tables[i];
        tables[count++] = (struct cost_table){
            .table = table_of_name((struct bytes){(const uint8_t *)state->name, strlen(state->name)}),
            .entries = state->entries,
            .chains = state->chains,
            .hooks = state->valid_hooks,
        };
    }
    return cost_packet_ns(tables, count);
}

/* A chain has a rule an interface; what comes in by lo is traced at OUTPUT. */
static uint32_t own_rules_of(const struct options *options)
{
    uint32_t interfaces = options->interfaces->len - 1, lo = 0;
    for (uint32_t i = 0; i < interfaces; i++)
        lo += strcmp(g_ptr_array_index(options->interfaces, i), "lo") == 0;
    return interfaces == 0 ? 2 : 2 * interfaces - lo;
}

static uint64_t count_entries(const struct kernel *kernel)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < kernel->count; i++)
        for (size_t j = 0; j < kernel->families[i].state.table_count; j++)
            sum += kernel->families[i].state.tables[j].entries;
    return sum;
}

/* ---- What it left out ---- */

void kernel_tell_limit(const struct kernel *kernel, struct pipeline *pipeline)
{
    uint64_t matched = 0, traced = 0;
    const char *limit = NULL;
    for (size_t i = 0; i < kernel->count; i++) {
        const struct family *family = &kernel->families[i];
        if (!family->limit[0])
            continue;
        limit = family->limit;
        matched += family->matched;
        traced += family->traced;
    }
    if (!limit)
        return;
    char numbers[2][24];
    snprintf(numbers[0], sizeof numbers[0], "%" PRIu64, matched);
    snprintf(numbers[1], sizeof numbers[1], "%" PRIu64, traced);
    g_autofree char *sentence =
        g_strdup_printf("%s of %s matching packets were traced (limit %s)", numbers[1], numbers[0], limit);
    const struct journal_field fields[] = {
        {"IPTRACE_MATCHED", numbers[0]},
        {"IPTRACE_TRACED",  numbers[1]},
        {"IPTRACE_LIMIT",   limit     },
    };
    report_note_about(kernel->place, "%s", sentence);
    pipeline_add_journal_fields(pipeline, traced < matched ? JOURNAL_WARNING : JOURNAL_INFO, "limit",
                                sentence, fields, G_N_ELEMENTS(fields));
}

/* ---- What it is set to ---- */

/* " for IPv4" where only that family is limited. */
static const char *limited_family(const struct kernel *kernel)
{
    if (kernel->count == 2 && kernel->families[0].is_cheap)
        return " for IPv6";
    return kernel->count == 2 && kernel->families[1].is_cheap ? " for IPv4" : "";
}

void kernel_choose_limit(struct kernel *kernel, const struct observation *before, GString *notes,
                         struct cost_limit *ret_limit)
{
    const struct options *options = kernel->options;
    struct cost_family families[2];
    struct observation now;
    uint64_t dearest_ns = 0;
    *ret_limit = (struct cost_limit){.text = ""};
    if (options->limit)
        g_strlcpy(ret_limit->text, options->limit, sizeof ret_limit->text);
    if (options->limit || options->no_install)
        return;
    kernel_observe(kernel, &now);
    double observed = rate_between(before, &now);
    double rate = MAX(observed, COST_PLAUSIBLE_RATE);
    for (size_t i = 0; i < kernel->count; i++) {
        families[i].packet_ns = family_packet_ns(&kernel->families[i]);
        families[i].rules = own_rules_of(options);
        dearest_ns = MAX(dearest_ns, families[i].packet_ns);
    }
    for (size_t i = 0; i < kernel->count; i++)
        kernel->families[i].is_cheap = cost_is_cheap(families[i].packet_ns, rate);
    struct cost_limit limit = cost_make_limit(families, kernel->count, rate);
    if (!limit.text[0])
        return;
    g_autofree char *price =
        g_strdup_printf("the tables have %" PRIu64
                        " entries: tracing can cost the kernel %.3g ms a packet, %.0f %% of a CPU at "
                        "%.0f packets a second%s",
                        count_entries(kernel), (double)dearest_ns / 1e6, cost_percent(dearest_ns, rate), rate,
                        observed > COST_PLAUSIBLE_RATE ? ", as seen here" : "");
    if (options->unlimited) {
        report_note_into(kernel->place, notes, "%s; there is no limit, as --unlimited asks for", price);
        return;
    }
    report_note_into(
        kernel->place, notes,
        "%s; so each TRACE rule%s is limited to %s, all together %.1f %% of a CPU, and packets beyond "
        "that are not recorded (--limit sets another rate, --unlimited none)",
        price, limited_family(kernel), limit.text, limit.percent);
    *ret_limit = limit;
}
