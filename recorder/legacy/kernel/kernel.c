/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording changes in the kernel, and puts back. */
#include "recorder/legacy/kernel/kernel.h"

#include "recorder/core/filter.h"
#include "recorder/legacy/agent/undo.h"
#include "recorder/legacy/kernel/kernel_family.h"
#include "recorder/legacy/kernel/put_text.h"
#include "recorder/legacy/kernel/upkeep.h"
#include "recorder/report/report.h"
#include "recorder/restore/leftovers.h"
#include "recorder/system/clock.h"
#include "recorder/system/nftables.h"
#include "recorder/system/privileges.h"
#include "recorder/system/ssh_session.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define READ_AT_ONCE_ENTRIES                                                                                 \
    2000 /* of a family's tables together; more are read when recording has begun                            \
          */

/* In the own namespace, which has no name, nobody needs the capability to enter one. */
static int fd_to_enter(const struct netns *netns)
{
    return *netns->name ? netns->fd : -1;
}

int kernel_open(struct kernel **ret_kernel, const struct options *options, const struct netns *netns,
                struct error *error)
{
    const struct {
        enum ip_family family;
        bool wanted;
    } families[] = {
        {FAMILY_IPV4, options->ipv4},
        {FAMILY_IPV6, options->ipv6}
    };
    struct kernel *kernel = g_new0(struct kernel, 1);
    kernel->options = options;
    kernel->netns = netns;
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (!families[i].wanted)
            continue;
        struct family *family = &kernel->families[kernel->count];
        family->family = families[i].family;
        int result = agent_open(&family->agent, family->family, fd_to_enter(netns), error);
        if (result < 0) {
            kernel_close(kernel, NULL, NULL);
            return result;
        }
        kernel->count++;
    }
    int result = guard_open(&kernel->guard, fd_to_enter(netns), error);
    if (result < 0) {
        kernel_close(kernel, NULL, NULL);
        return result;
    }
    *ret_kernel = kernel;
    return 0;
}

void kernel_assume_lock(struct kernel *kernel)
{
    kernel->lock_held = true;
    for (size_t i = 0; i < kernel->count; i++)
        agent_assume_lock(kernel->families[i].agent, true);
}

/* ---- Reading ---- */

static int read_table(struct family *family, struct pipeline *pipeline, const char *table,
                      struct error *error)
{
    struct table_text text = {0};
    int result = agent_text(family->agent, table, TEXT_MS, &text, error);
    if (result < 0)
        return result;
    result = put_table_text(pipeline, family_version(family), &text, clock_realtime_ns(), NULL, error);
    /* What the watch compares the tables with is what the book has. */
    for (size_t i = 0; result == 0 && i < family->state.table_count; i++) {
        struct table_state *state = &family->state.tables[i];
        if (strcmp(state->name, table) != 0)
            continue;
        state->hash = text.hash;
        state->own_rules = (uint32_t)text.own_count;
    }
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

static bool has_rules(const struct ruleset_state *state)
{
    for (size_t i = 0; i < state->table_count; i++)
        if (state->tables[i].has_user_rules || state->tables[i].has_user_policy ||
            state->tables[i].chains > 0)
            return true;
    return false;
}

/* Texts of large tables take longer to print than all else that a start needs. */
static bool is_large(const struct ruleset_state *state)
{
    uint32_t entries = 0;
    for (size_t i = 0; i < state->table_count; i++)
        entries += state->tables[i].entries;
    return entries > READ_AT_ONCE_ENTRIES;
}

/* ---- Changing ---- */

static void note_cleanup(void *notes, const char *sentence)
{
    report_note_into(notes, "%s", sentence);
}

/* The guard knows what there will be to undo before anything is done. */
static int arm_guard(struct kernel *kernel, const char *tag, GString *notes, struct error *error)
{
    struct state state = {.device = kernel->netns->device, .inode = kernel->netns->inode};
    struct error problem;
    g_strlcpy(state.tag, tag, sizeof state.tag);
    if (kernel->netns->name && kernel->netns->name[0])
        g_strlcpy(state.path, kernel->netns->path, sizeof state.path);
    for (size_t i = 0; i < kernel->count; i++) {
        struct state_family *family = &state.families[state.family_count++];
        family->family = kernel->families[i].family;
        g_strlcpy(family->former_logger, kernel->families[i].state.logger, sizeof family->former_logger);
    }
    kernel->state = state;
    int result = guard_arm(kernel->guard, &state, QUICK_MS, &problem, error);
    if (result == 0 && problem.text[0])
        report_note_into(
            notes,
            "%s: should recorder, agents and guard be killed at once, nobody will know the former loggers",
            problem.text);
    return result;
}

/* A kernel without xt_time can do without the date. */
static int install_dated(struct family *family, struct trace_options *options,
                         struct trace_report *ret_report, GString *notes, struct error *error)
{
    family->upkeep.dated = true;
    options->date_stop = family->upkeep.date_stop =
        upkeep_date(&family->upkeep, (int64_t)(clock_realtime_ns() / 1000000000));
    int result = agent_install(family->agent, options, QUICK_MS, ret_report, error);
    if (result != -EPROTONOSUPPORT || !strstr(error->text, "match time"))
        return result;
    report_note_into(notes, "the %s TRACE rules bear no date after which they end: %s", family_name(family),
                     error->text);
    family->upkeep.dated = false;
    options->date_stop = family->upkeep.date_stop = 0;
    return agent_install(family->agent, options, QUICK_MS, ret_report, error);
}

static void report_lines(const struct family *family, const char *lines)
{
    g_auto(GStrv) rules = g_strsplit(lines, "\n", -1);
    for (char **rule = rules; *rule && **rule; rule++)
        report_detail("%s TRACE rule: %s", family_name(family), *rule);
}

static int install(struct kernel *kernel, struct family *family, const char *tag, const struct filter *filter,
                   const struct cost_limit *limit, GString *notes, struct error *error)
{
    if (kernel->options->no_install)
        return 0;
    bool is_limited = limit->text[0] && (kernel->options->limit || !family->is_cheap);
    struct trace_options options = {
        .tag = tag,
        .interfaces = (const char *const *)kernel->options->interfaces->pdata,
        .interface_count = kernel->options->interfaces->len - 1,
        .filter = filter->instructions,
        .filter_length = filter->count,
        .limit = is_limited ? limit->text : NULL,
        .limit_burst = limit->burst,
    };
    struct trace_report report;
    int result = install_dated(family, &options, &report, notes, error);
    if (result < 0)
        return result;
    family->raw_created = report.table_created;
    family->upkeep.installed = report.installed;
    g_strlcpy(family->limit, is_limited ? limit->text : "", sizeof family->limit);
    if (report.unlocked)
        report_note("/run/xtables.lock cannot be opened here: the %s rules were changed without it",
                    family_name(family));
    g_autofree char *lines = NULL;
    if (report_get_level() >= REPORT_VERBOSE && agent_own_text(family->agent, QUICK_MS, &lines, NULL) == 0)
        report_lines(family, lines);
    return 0;
}

static int read_family(struct family *family, struct pipeline *pipeline, bool *ret_has_rules,
                       struct error *error)
{
    struct ruleset_state *state = &family->state;
    family->read = (struct moment){clock_monotonic_ns(), clock_realtime_ns()};
    int result = agent_state(family->agent, true, TEXT_MS, state, error);
    if (result < 0)
        return result;
    /* Until the watch has read them, nothing is claimed of any message. */
    family->reads_later = is_large(state);
    if (family->reads_later)
        rulebook_suspect(pipeline->book, family_version(family), clock_realtime_ns());
    else
        result = read_tables(family, pipeline, state, error);
    if (result < 0)
        return result;
    *ret_has_rules = *ret_has_rules || has_rules(state);
    bool is_shared = false;
    for (size_t i = 0; i < state->table_count; i++)
        is_shared =
            is_shared || (strcmp(state->tables[i].name, "raw") == 0 && state->tables[i].has_user_rules);
    family->upkeep.life_s = upkeep_life_s(is_shared);
    return 0;
}

static int start_family(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                        const char *tag, const struct filter *filter, const struct cost_limit *limit,
                        GString *notes, struct error *error)
{
    struct ruleset_state state;
    family->is_changed = true;
    int result = agent_logger_set(family->agent, QUICK_MS, NULL, error);
    if (result == 0)
        result = install(kernel, family, tag, filter, limit, notes, error);
    /* Now raw is as it will be, and may be new. */
    if (result == 0)
        result = agent_state(family->agent, false, QUICK_MS, &state, error);
    if (result < 0)
        return result;
    family->upkeep.is_whole = true;
    table_set exist = ruleset_state_tables(&state);
    if (exist >> TABLE_RAW & 1)
        result = read_table(family, pipeline, "raw", error);
    rulebook_set_tables(pipeline->book, family_version(family), exist,
                        family->raw_created ? 1u << TABLE_RAW : 0);
    return result;
}

static bool nftables_has_any(const struct kernel *kernel)
{
    bool has_nft = false;
    struct error error;
    if (nftables_has_rules(kernel->netns->fd, &has_nft, &error) < 0)
        report_detail("%s", error.text);
    return has_nft;
}

static void note_other_firewalls(const struct kernel *kernel, bool has_legacy_rules, GString *notes)
{
    bool has_nft = nftables_has_any(kernel);
    if (has_nft && !has_legacy_rules)
        report_note_into(
            notes,
            "only nftables has rules here, the legacy tables have none: what nftables drops is not seen, so "
            "that the verdict of what they let pass is UNKNOWN");
    else if (has_nft)
        report_note_into(
            notes,
            "nftables has rules here too: what it drops is not seen, and ACCEPT speaks for the legacy tables "
            "only");
    else if (!has_legacy_rules)
        report_note_into(notes,
                         "none of the legacy tables has any rule, so that the verdict of packets is UNKNOWN");
}

/* Where nobody can say, anything may be translated: that is what the book takes for granted. */
static void tell_translation(const struct kernel *kernel, struct pipeline *pipeline)
{
    struct nftables_translation found;
    struct error error;
    if (nftables_may_translate(kernel->netns->fd, &found, &error) < 0) {
        report_detail("%s", error.text);
        return;
    }
    rulebook_set_translation(pipeline->book, 4, found.ipv4);
    rulebook_set_translation(pipeline->book, 6, found.ipv6);
}

/* Without a filter, the own SSH session is left out. */
static int make_filter(const struct options *options, struct filter *ret_filter, GString *notes,
                       struct error *error)
{
    if (options->filter)
        return filter_compile(options->filter, ret_filter, error);
    if (options->no_install)
        return 0;
    g_autofree char *connection = ssh_session_find();
    g_autofree char *expression = connection ? ssh_session_filter(connection) : NULL;
    if (!expression)
        return 0;
    report_note_into(notes, "your SSH session is left out, by the filter: %s", expression);
    return filter_compile(expression, ret_filter, error);
}

/* ---- Which families ---- */

/* So many entries are somebody's, whatever they are. */
static int look_for_rules(struct family *family, bool *ret_has_rules, struct error *error)
{
    struct ruleset_state *state = &family->state;
    int result = agent_state(family->agent, false, QUICK_MS, state, error);
    if (result == 0 && !is_large(state))
        result = agent_state(family->agent, true, QUICK_MS, state, error);
    if (result == 0)
        *ret_has_rules = is_large(state) || has_rules(state);
    return result;
}

static int refuse_nftables(const struct kernel *kernel, struct error *error)
{
    return error_set(
        error, ENOTSUP,
        "the legacy %stables have no rules here, but nftables has some: the rules that `iptables` shows "
        "are nftables' where it is iptables-nft, and iptrace cannot record those yet. "
        "`xtables-monitor --trace` shows how packets meet the rules of iptables-nft, `nft monitor trace` "
        "all of nftables'; --backend legacy records the legacy tables anyway",
        kernel->count > 1                           ? ""
        : kernel->families[0].family == FAMILY_IPV6 ? "IPv6 "
                                                    : "IPv4 ");
}

static int leave_out(struct kernel *kernel, size_t i, struct error *error)
{
    struct family *family = &kernel->families[i];
    report_detail("%s has no legacy rules and is left out; -%u records it all the same", family_name(family),
                  family_version(family));
    int result = agent_close(family->agent, QUICK_MS, NULL, error);
    family->agent = NULL;
    kernel->count--;
    memmove(family, family + 1, (kernel->count - i) * sizeof *family);
    return result;
}

int kernel_choose_families(struct kernel *kernel, struct error *error)
{
    const struct options *options = kernel->options;
    bool have_rules[G_N_ELEMENTS(kernel->families)] = {false}, any = false;
    int result = 0;
    for (size_t i = 0; result == 0 && i < kernel->count; i++) {
        result = look_for_rules(&kernel->families[i], &have_rules[i], error);
        any = any || have_rules[i];
    }
    if (result < 0 || options->no_install)
        return result;
    if (!any)
        return options->backend == BACKEND_CHOICE_AUTO && nftables_has_any(kernel)
                   ? refuse_nftables(kernel, error)
                   : 0;
    for (size_t i = kernel->count; result == 0 && !options->families_asked && i-- > 0;)
        if (!have_rules[i])
            result = leave_out(kernel, i, error);
    return result;
}

/* ---- The start ---- */

#define FRAGMENTS_TOO "append `or ip[6:2] & 0x1fff != 0 or ip6 proto 44` to record fragments too"

/* Who filters by ports means the whole packet. */
static void note_fragments(const struct kernel *kernel, const struct filter *filter, GString *notes)
{
    bool lacks_v4 = false, lacks_v6 = false;
    for (size_t i = 0; i < kernel->count; i++) {
        unsigned version = family_version(&kernel->families[i]);
        *(version == 6 ? &lacks_v6 : &lacks_v4) = filter_needs_transport(filter, version);
    }
    if (lacks_v4 && lacks_v6)
        report_note_into(
            notes, "the filter tests ports or other transport fields: of a fragmented packet it matches only "
                   "the first fragment in IPv4, and none in IPv6; " FRAGMENTS_TOO);
    else if (lacks_v4)
        report_note_into(notes,
                         "the filter tests ports or other transport fields: of a fragmented IPv4 packet "
                         "it matches only the first fragment; " FRAGMENTS_TOO);
    else if (lacks_v6)
        report_note_into(notes,
                         "the filter tests ports or other transport fields: it matches no fragment of an "
                         "IPv6 packet; " FRAGMENTS_TOO);
}

int kernel_start(struct kernel *kernel, struct pipeline *pipeline, const char *tag, GString *notes,
                 struct error *error)
{
    struct filter filter = {0};
    struct cost_limit limit;
    struct observation before;
    kernel_observe(kernel, &before);
    tell_translation(kernel, pipeline);
    int result = make_filter(kernel->options, &filter, notes, error);
    bool has_legacy_rules = false;
    if (result == 0 && kernel->options->filter)
        note_fragments(kernel, &filter, notes);
    /* Group 0 is ours, so nobody else records here. */
    if (result == 0)
        result = leftovers_remove(kernel->netns, true, note_cleanup, notes, error);
    for (size_t i = 0; result == 0 && i < kernel->count; i++)
        result = read_family(&kernel->families[i], pipeline, &has_legacy_rules, error);
    if (result == 0)
        kernel_choose_limit(kernel, &before, notes, &limit);
    if (result == 0)
        result = arm_guard(kernel, tag, notes, error);
    for (size_t i = 0; result == 0 && i < kernel->count; i++)
        result = start_family(kernel, &kernel->families[i], pipeline, tag, &filter, &limit, notes, error);
    for (size_t i = 0; result == 0 && i < kernel->count; i++)
        result = agent_bind(kernel->families[i].agent, QUICK_MS, error);
    if (result == 0)
        note_other_firewalls(kernel, has_legacy_rules, notes);
    filter_done(&filter);
    return result;
}

int kernel_tick(struct kernel *kernel, struct pipeline *pipeline, uint64_t now_ns, struct error *error)
{
    return upkeep_tick(kernel, pipeline, now_ns, error);
}

void kernel_watch(struct kernel *kernel, struct watch *watch)
{
    kernel->watch = watch;
    for (size_t i = 0; i < kernel->count; i++)
        watch_add(watch, kernel->families[i].agent, &kernel->families[i].state, kernel->families[i].read,
                  kernel->families[i].reads_later);
    watch_forgive(watch, kernel_own_locks(kernel));
}

unsigned kernel_own_locks(const struct kernel *kernel)
{
    unsigned own_locks = 0;
    for (size_t i = 0; i < kernel->count; i++)
        own_locks += kernel->families[i].upkeep.installed > 0;
    return own_locks;
}

/* ---- Putting back ---- */

int kernel_stop_tracing(struct kernel *kernel, struct error *error)
{
    int first = 0;
    kernel->stopping = true;
    for (size_t i = 0; i < kernel->count; i++) {
        struct family *family = &kernel->families[i];
        struct trace_report report = {0};
        int result = kernel->options->no_install
                         ? 0
                         : agent_remove(family->agent, NULL, QUICK_MS, &report, first < 0 ? NULL : error);
        first = first < 0 ? first : result;
        family->matched = report.matched;
        family->traced = report.traced;
    }
    return first;
}

/* Of helpers that were killed; one that only takes long goes on by itself. */
static bool is_dead(int result)
{
    return result < 0 && result != -ETIMEDOUT && result != -EINTR;
}

static int undo_left(struct kernel *kernel)
{
    enum xtables_lock_wait wait = kernel->lock_held ? XTABLES_LOCK_HELD : XTABLES_LOCK_BOUNDED;
    int first = 0;
    for (size_t i = 0; i < kernel->count; i++) {
        const struct state_family *former = &kernel->state.families[i];
        if (!kernel->families[i].is_left)
            continue;
        int result = ruleset_undo(former->family, kernel->state.tag,
                                  former->former_logger[0] ? former->former_logger : NULL, wait, NULL, NULL);
        kernel->families[i].is_left = result < 0;
        first = first < 0 ? first : result;
    }
    return first < 0 ? first : state_remove(&kernel->state, NULL);
}

/* This process can do it as long as it has not given up its privileges. */
static void undo_instead(struct kernel *kernel)
{
    struct netns own;
    if (!privileges_suffice_for_rules() || netns_open_own(&own, NULL) < 0)
        return;
    bool is_own = netns_equal(&own, kernel->netns);
    if (is_own || netns_enter(kernel->netns, NULL) == 0) {
        undo_left(kernel);
        if (!is_own)
            netns_enter(&own, NULL);
    }
    netns_done(&own);
}

static void tell_left(const struct kernel *kernel, struct error *ret_left)
{
    g_autoptr(GString) families = g_string_new(NULL);
    for (size_t i = 0; i < kernel->count; i++)
        if (kernel->families[i].is_left)
            g_string_append_printf(families, "%s%s", families->len > 0 ? " and " : "",
                                   family_name(&kernel->families[i]));
    const char *name = kernel->netns->name ? kernel->netns->name : "";
    if (families->len > 0)
        error_set(ret_left, 0,
                  "the %s %s left behind, for all who could put them back were killed: iptrace-record "
                  "--cleanup%s%s takes them out",
                  families->str, kernel->options->no_install ? "loggers are" : "TRACE rules and loggers are",
                  name[0] ? " -n " : "", name);
}

int kernel_close(struct kernel *kernel, struct error *ret_left, struct error *error)
{
    int first = 0;
    if (ret_left)
        ret_left->text[0] = '\0';
    if (!kernel)
        return 0;
    for (size_t i = 0; i < kernel->count; i++) {
        struct family *family = &kernel->families[i];
        int result = agent_close(family->agent, QUICK_MS, NULL, first < 0 ? NULL : error);
        family->is_left = family->is_changed && is_dead(result);
        first = first < 0 ? first : result;
    }
    int guarded = guard_close(kernel->guard, QUICK_MS, first < 0 ? NULL : error);
    if (is_dead(guarded)) {
        undo_instead(kernel);
        tell_left(kernel, ret_left);
    }
    g_free(kernel);
    return first < 0 ? first : guarded;
}
