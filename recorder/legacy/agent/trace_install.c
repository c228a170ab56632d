/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Installs our TRACE rules in table raw and removes them again. */
#include "recorder/legacy/agent/trace_install.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "recorder/core/ownership.h"
#include "recorder/legacy/agent/legacy.h"
#include "recorder/legacy/agent/own_rules.h"
#include "recorder/legacy/agent/trace_rule_build.h"

#define TABLE           "raw"
#define COMMIT_ATTEMPTS 5

static const char *const chains[] = {"PREROUTING", "OUTPUT"};

/* What is to become of our rules in the table. */
struct change {
    const char *remove_tag;              /* NULL: of every tag */
    const struct trace_options *install; /* NULL: none */
    bool only_replace;                   /* -ENOENT when there was nothing to remove */
};

/* Backwards, so that the numbers of those before stay right. */
static int remove_rules(const struct legacy *legacy, struct xtc_handle *handle, const char *tag,
                        struct trace_report *report, struct error *error)
{
    g_autoptr(GArray) own = own_rules_find(legacy, handle);
    report->removed = 0;
    report->matched = report->traced = 0;
    for (guint i = own->len; i-- > 0;) {
        const struct own_rule *rule = &g_array_index(own, struct own_rule, i);
        if (tag && strcmp(tag, rule->tag) != 0)
            continue;
        if (!legacy->remove(rule->chain, rule->number - 1, handle))
            return error_set(error, errno, "%s rule %u of raw %s cannot be removed: %s",
                             ip_family_name(legacy->family), rule->number, rule->chain, g_strerror(errno));
        *(rule->counts ? &report->matched : &report->traced) += rule->packets;
        report->removed++;
    }
    return 0;
}

static int insert_rules(const struct legacy *legacy, struct xtc_handle *handle,
                        const struct trace_options *options, uint32_t *ret_count, struct error *error)
{
    uint32_t count = 0;
    for (size_t c = 0; c < G_N_ELEMENTS(chains); c++) {
        g_autoptr(GPtrArray) rules = trace_rule_build(legacy, chains[c], options);
        for (guint i = 0; i < rules->len; i++) {
            const void *entry = g_bytes_get_data(g_ptr_array_index(rules, i), NULL);
            if (!legacy->insert(chains[c], entry, i, handle))
                return error_set(error, errno, "a %s TRACE rule cannot be inserted into raw %s: %s",
                                 ip_family_name(legacy->family), chains[c], g_strerror(errno));
            count++;
        }
    }
    *ret_count = count;
    return 0;
}

static int commit(const struct legacy *legacy, struct xtc_handle *handle, struct error *error)
{
    for (size_t c = 0; c < G_N_ELEMENTS(chains); c++)
        if (!legacy->keep_policy(chains[c], handle))
            return error_set(error, errno, "the policy of %s raw %s cannot be preserved: %s",
                             ip_family_name(legacy->family), chains[c], g_strerror(errno));
    if (legacy->commit(handle))
        return 0;
    return error_set(error, errno ? errno : EIO, "the kernel rejects the changed %s table raw: %s",
                     ip_family_name(legacy->family),
                     errno ? g_strerror(errno) : "libiptc does not match this kernel");
}

/* One read, one commit. -EAGAIN: somebody without the lock changed the table in between. */
static int change_once(const struct legacy *legacy, const struct change *change, struct trace_report *report,
                       struct error *error)
{
    struct xtc_handle *handle;
    int result = legacy_open(legacy, TABLE, change->install != NULL, &handle, error);
    if (result)
        return result;
    result = remove_rules(legacy, handle, change->remove_tag, report, error);
    if (!result && change->only_replace && !report->removed)
        result = error_set(error, ENOENT,
                           "the %s TRACE rules are gone from table raw: another program removed them",
                           ip_family_name(legacy->family));
    if (!result && change->install)
        result = insert_rules(legacy, handle, change->install, &report->installed, error);
    if (!result && (report->removed || report->installed))
        result = commit(legacy, handle, error);
    legacy->free(handle);
    return result;
}

static int change_table(enum ip_family family, const struct change *change, enum xtables_lock_wait wait,
                        struct trace_report *ret_report, struct error *error)
{
    const struct legacy *legacy = legacy_of(family);
    struct trace_report report = {0};
    CLEANUP_CLOSE int lock = -1;
    int result = change->install ? trace_options_check(change->install, error) : 0;
    if (!result)
        result = xtables_lock_take(wait, &lock, error);
    if (result)
        return result;
    report.unlocked = lock < 0 && wait != XTABLES_LOCK_HELD;

    int exists = table_exists(family, TABLE, error);
    if (exists < 0)
        return exists;
    report.table_created = !exists;
    if (exists || (change->install && !change->only_replace)) {
        int attempts = COMMIT_ATTEMPTS;
        do
            result = change_once(legacy, change, &report, error);
        while (result == -EAGAIN && --attempts);
        /* The kernel says ENOENT for whatever it lacks. */
        int lacks = result && report.installed ? trace_rule_probe(legacy, change->install, error) : 0;
        result = lacks ? lacks : result;
    } else if (change->only_replace) {
        return error_set(error, ENOENT, "the %s table raw, and with it the TRACE rules, is gone",
                         ip_family_name(legacy->family));
    } else {
        report.table_created = false;
    }
    if (!result && ret_report)
        *ret_report = report;
    return result;
}

int trace_install(enum ip_family family, const struct trace_options *options, enum xtables_lock_wait wait,
                  struct trace_report *ret_report, struct error *error)
{
    struct change change = {.remove_tag = options->tag, .install = options};
    return change_table(family, &change, wait, ret_report, error);
}

int trace_renew(enum ip_family family, const struct trace_options *options, enum xtables_lock_wait wait,
                struct trace_report *ret_report, struct error *error)
{
    struct change change = {.remove_tag = options->tag, .install = options, .only_replace = true};
    return change_table(family, &change, wait, ret_report, error);
}

int trace_is_there(enum ip_family family, const char *tag, struct error *error)
{
    g_autofree struct own_rule *own = NULL;
    size_t count = 0;
    int result = trace_list(family, &own, &count, error);
    for (size_t i = 0; !result && i < count; i++)
        result = !tag || !strcmp(tag, own[i].tag);
    return result;
}

/* Who has nothing to remove need not wait for the lock, nor have the right to take it. */
int trace_remove(enum ip_family family, const char *tag, enum xtables_lock_wait wait,
                 struct trace_report *ret_report, struct error *error)
{
    struct change change = {.remove_tag = tag};
    int there = trace_is_there(family, tag, error);
    if (there == 0 && ret_report)
        *ret_report = (struct trace_report){0};
    if (there <= 0)
        return there;
    return change_table(family, &change, wait, ret_report, error);
}

int trace_list(enum ip_family family, struct own_rule **ret_rules, size_t *ret_count, struct error *error)
{
    const struct legacy *legacy = legacy_of(family);
    struct xtc_handle *handle;
    int result = table_exists(family, TABLE, error);
    if (result == 0) {
        *ret_rules = NULL;
        *ret_count = 0;
        return 0;
    }
    if (result > 0)
        result = legacy_open(legacy, TABLE, false, &handle, error);
    if (result < 0)
        return result;
    GArray *own = own_rules_find(legacy, handle);
    legacy->free(handle);
    *ret_count = own->len;
    *ret_rules = (struct own_rule *)(void *)g_array_free(own, FALSE);
    return 0;
}
