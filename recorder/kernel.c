/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording changes in the kernel, and puts back. */
#include "recorder/kernel.h"

#include "recorder/core/filter.h"
#include "recorder/report.h"
#include "recorder/ruleset/agent.h"
#include "recorder/system/nftables.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define QUICK_MS 10000  /* for what takes milliseconds */
#define TEXT_MS  120000 /* for the text of a table, of 100 000 rules or more */

struct family {
    int family; /* AF_INET, AF_INET6 */
    struct agent *agent;
    bool raw_created;
};

struct kernel {
    const struct options *options;
    const struct netns *netns;
    struct family families[2];
    size_t count;
};

static unsigned version(const struct family *family)
{
    return family->family == AF_INET6 ? 6 : 4;
}

static const char *family_name(const struct family *family)
{
    return family->family == AF_INET6 ? "IPv6" : "IPv4";
}

int kernel_open(struct kernel **ret_kernel, const struct options *options, const struct netns *netns,
                struct error *error)
{
    const struct {
        int family;
        bool wanted;
    } families[] = {
        {AF_INET,  options->ipv4},
        {AF_INET6, options->ipv6}
    };
    struct kernel *kernel = g_new0(struct kernel, 1);
    kernel->options = options;
    kernel->netns = netns;
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (!families[i].wanted)
            continue;
        struct family *family = &kernel->families[kernel->count];
        family->family = families[i].family;
        int result = agent_open(&family->agent, family->family, netns->fd, error);
        if (result < 0) {
            kernel_close(kernel, NULL);
            return result;
        }
        kernel->count++;
    }
    *ret_kernel = kernel;
    return 0;
}

/* ---- Reading ---- */

static int read_table(struct family *family, struct pipeline *pipeline, const char *table,
                      struct error *error)
{
    struct table_text text = {0};
    int result = agent_text(family->agent, table, TEXT_MS, &text, error);
    if (result < 0)
        return result;
    g_autofree struct ruleset_own *own = g_new0(struct ruleset_own, text.own_count + 1);
    for (size_t i = 0; i < text.own_count; i++) {
        const char *chain = text.own[i].chain;
        own[i] = (struct ruleset_own){
            {(const uint8_t *)chain, strlen(chain)},
            text.own[i].number
        };
    }
    result = pipeline_put_ruleset(pipeline, version(family),
                                  (struct bytes){(const uint8_t *)text.text, text.length}, own,
                                  text.own_count, clock_realtime_ns(), error);
    table_text_done(&text);
    return result;
}

/* Reads all tables but `raw`, which is read again once our own rules are in it. */
static int read_tables(struct family *family, struct pipeline *pipeline, const struct ruleset_state *state,
                       struct error *error)
{
    for (size_t i = 0; i < state->table_count; i++) {
        if (strcmp(state->tables[i].name, "raw") == 0)
            continue;
        int result = read_table(family, pipeline, state->tables[i].name, error);
        if (result < 0)
            return result;
    }
    return 0;
}

static table_set tables_of(const struct ruleset_state *state)
{
    table_set set = 0;
    for (size_t i = 0; i < state->table_count; i++) {
        const char *name = state->tables[i].name;
        enum table table = table_of_name((struct bytes){(const uint8_t *)name, strlen(name)});
        if (table != TABLE_COUNT)
            set |= 1u << table;
    }
    return set;
}

static bool has_rules(const struct ruleset_state *state)
{
    for (size_t i = 0; i < state->table_count; i++)
        if (state->tables[i].has_user_rules || state->tables[i].has_user_policy)
            return true;
    return false;
}

/* ---- Changing ---- */

static void note(GString *notes, const char *sentence)
{
    report_note("%s", sentence);
    g_string_append_printf(notes, "%s%s", notes->len > 0 ? "\n" : "", sentence);
}

static int remove_leftovers(struct family *family, const struct ruleset_state *state, GString *notes,
                            struct error *error)
{
    uint32_t found = 0;
    for (size_t i = 0; i < state->table_count; i++)
        found += state->tables[i].own_rules;
    if (found == 0)
        return 0;
    /* Group 0 is ours, so nobody records here: these rules are of a recorder that was killed. */
    struct trace_report report;
    int result = agent_remove(family->agent, NULL, QUICK_MS, &report, error);
    if (result < 0)
        return result;
    g_autofree char *sentence =
        g_strdup_printf("removed %u %s TRACE rules that a killed recorder had left behind", report.removed,
                        family_name(family));
    note(notes, sentence);
    return 0;
}

static int install(struct kernel *kernel, struct family *family, const char *tag, const struct filter *filter,
                   struct error *error)
{
    if (kernel->options->no_install)
        return 0;
    const struct trace_options options = {
        .tag = tag,
        .interfaces = (const char *const *)kernel->options->interfaces->pdata,
        .interface_count = kernel->options->interfaces->len - 1,
        .filter = filter->instructions,
        .filter_length = filter->count,
        .limit = kernel->options->limit,
    };
    struct trace_report report;
    int result = agent_install(family->agent, &options, QUICK_MS, &report, error);
    if (result < 0)
        return result;
    family->raw_created = report.table_created;
    if (report.unlocked)
        report_note("/run/xtables.lock cannot be opened here: the %s rules were changed without it",
                    family_name(family));
    g_autofree char *lines = NULL;
    if (report_get_level() >= REPORT_VERBOSE && agent_own_text(family->agent, QUICK_MS, &lines, NULL) == 0)
        report_detail("%s TRACE rules:\n%s", family_name(family), lines);
    return 0;
}

static int start_family(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                        const char *tag, const struct filter *filter, GString *notes, bool *ret_has_rules,
                        struct error *error)
{
    struct ruleset_state state;
    int result = agent_state(family->agent, true, TEXT_MS, &state, error);
    if (result == 0)
        result = remove_leftovers(family, &state, notes, error);
    if (result == 0)
        result = read_tables(family, pipeline, &state, error);
    if (result == 0)
        result = agent_logger_set(family->agent, QUICK_MS, NULL, error);
    if (result == 0)
        result = install(kernel, family, tag, filter, error);
    if (result < 0)
        return result;
    *ret_has_rules = *ret_has_rules || has_rules(&state);

    /* Now raw is as it will be, and may be new. */
    result = agent_state(family->agent, false, QUICK_MS, &state, error);
    if (result < 0)
        return result;
    table_set exist = tables_of(&state);
    if (exist >> TABLE_RAW & 1)
        result = read_table(family, pipeline, "raw", error);
    rulebook_set_tables(pipeline->book, version(family), exist, family->raw_created ? 1u << TABLE_RAW : 0);
    return result;
}

static void note_other_firewalls(const struct kernel *kernel, bool has_legacy_rules, GString *notes)
{
    bool has_nft = false;
    struct error error;
    if (nftables_has_rules(kernel->netns->fd, &has_nft, &error) < 0)
        report_detail("%s", error.text);
    if (has_nft && !has_legacy_rules)
        note(
            notes,
            "only nftables has rules here, the legacy tables have none: what nftables drops is not seen, and "
            "ACCEPT speaks for the legacy tables only");
    else if (has_nft)
        note(
            notes,
            "nftables has rules here too: what it drops is not seen, and ACCEPT speaks for the legacy tables "
            "only");
    else if (!has_legacy_rules)
        note(notes, "none of the legacy tables has any rule");
}

int kernel_start(struct kernel *kernel, struct pipeline *pipeline, const char *tag, GString *notes,
                 struct error *error)
{
    struct filter filter = {0};
    int result = kernel->options->filter ? filter_compile(kernel->options->filter, &filter, error) : 0;
    bool has_legacy_rules = false;
    for (size_t i = 0; result == 0 && i < kernel->count; i++)
        result = start_family(kernel, &kernel->families[i], pipeline, tag, &filter, notes, &has_legacy_rules,
                              error);
    if (result == 0)
        note_other_firewalls(kernel, has_legacy_rules, notes);
    filter_done(&filter);
    return result;
}

/* ---- Putting back ---- */

int kernel_stop_tracing(struct kernel *kernel, struct error *error)
{
    int first = 0;
    for (size_t i = 0; i < kernel->count; i++) {
        int result = kernel->options->no_install ? 0
                                                 : agent_remove(kernel->families[i].agent, NULL, QUICK_MS,
                                                                NULL, first < 0 ? NULL : error);
        first = first < 0 ? first : result;
    }
    return first;
}

int kernel_close(struct kernel *kernel, struct error *error)
{
    int first = 0;
    if (!kernel)
        return 0;
    for (size_t i = 0; i < kernel->count; i++) {
        int result = agent_close(kernel->families[i].agent, QUICK_MS, NULL, first < 0 ? NULL : error);
        first = first < 0 ? first : result;
    }
    g_free(kernel);
    return first;
}
