/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The legacy tables that exist, and whether they changed. */
#include "recorder/legacy/agent/table.h"

#include <errno.h>
#include <glib.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "format/hash.h"
#include "recorder/core/ownership.h"
#include "recorder/legacy/agent/legacy.h"
#include "recorder/legacy/agent/trace_rule_build.h"

_Static_assert(RULESET_TABLE_NAME_SIZE == XT_TABLE_MAXNAMELEN, "table names of the kernel's length");
_Static_assert(RULESET_CHAIN_NAME_SIZE == sizeof(xt_chainlabel), "chain names of libiptc's length");

#define READ_ATTEMPTS 10

static int read_names(const struct legacy *legacy, char ***ret_names, struct error *error)
{
    g_autofree char *text = NULL;
    CLEANUP_FCLOSE FILE *file = fopen(legacy->names_path, "re");
    if (!file && errno != ENOENT)
        return error_set(error, errno, "the names of the %s tables, %s, cannot be read: %s%s",
                         ip_family_name(legacy->family), legacy->names_path, g_strerror(errno),
                         errno == EACCES ? "; run as root, or enter the user namespace before the network "
                                           "namespace is made: unshare -r unshare -n"
                                         : "");
    size_t capacity = 0;
    ssize_t length = file ? getdelim(&text, &capacity, '\0', file) : 0;
    *ret_names = g_strsplit(length > 0 ? g_strchomp(text) : "", "\n", -1);
    return 0;
}

int table_exists(enum ip_family family, const char *name, struct error *error)
{
    g_auto(GStrv) names = NULL;
    int result = read_names(legacy_of(family), &names, error);
    return result ? result : g_strv_contains((const gchar *const *)names, name);
}

/* ---- a deep look: all entries, as one block ---- */

struct entries {
    const struct legacy *legacy;
    const struct ipt_getinfo *info;
    const char *bytes; /* of info->size */
};

static uint64_t hash_entry(uint64_t hash, const struct legacy_rule *rule)
{
    size_t after = rule->counters_offset + sizeof(struct xt_counters);
    hash = hash_bytes(hash, (struct bytes){(const uint8_t *)rule->entry, rule->counters_offset});
    return hash_bytes(hash, (struct bytes){(const uint8_t *)rule->entry + after, rule->next_offset - after});
}

static bool is_policy(const struct entries *entries, size_t offset)
{
    for (unsigned int hook = 0; hook < NF_INET_NUMHOOKS; hook++)
        if (entries->info->valid_hooks & (1u << hook) && entries->info->underflow[hook] == offset)
            return true;
    return false;
}

/* The name of an entry's target: the head of a user's chain, and the end of the table, are ERROR. */
static bool has_target(const struct legacy_rule *rule, const char *name)
{
    return !strncmp(legacy_target(rule)->u.user.name, name, XT_EXTENSION_MAXNAMELEN);
}

static bool accepts(const struct legacy_rule *rule)
{
    return ((const struct xt_standard_target *)legacy_target(rule))->verdict == -NF_ACCEPT - 1;
}

/* Whether an entry fits: the kernel's own answer, but nothing is read beyond it. */
static bool entry_fits(const struct entries *entries, size_t offset)
{
    size_t rest = entries->info->size - offset, least = entries->legacy->entry_size;
    if (rest < least + sizeof(struct xt_standard_target))
        return false;
    struct legacy_rule rule = entries->legacy->view(entries->bytes + offset);
    return rule.target_offset >= least && rule.next_offset <= rest &&
           rule.next_offset >= rule.target_offset + sizeof(struct xt_entry_target);
}

static void look_at_entry(const struct entries *entries, size_t offset, struct table_state *state)
{
    struct legacy_rule rule = entries->legacy->view(entries->bytes + offset);
    size_t next = offset + rule.next_offset;
    if (trace_rule_is_own(&rule, NULL)) {
        state->own_rules++;
        return;
    }
    state->hash = hash_entry(state->hash, &rule);
    if (is_policy(entries, offset)) {
        state->has_user_policy |= !accepts(&rule);
        return;
    }
    /* The last entry of a user's chain, before the next ERROR, is its end and not a rule. */
    bool is_end = has_target(&rule, "ERROR");
    state->chains += is_end;
    if (!is_end && entry_fits(entries, next)) {
        struct legacy_rule following = entries->legacy->view(entries->bytes + next);
        is_end = has_target(&following, "ERROR");
    }
    state->has_user_rules |= !is_end;
}

static void look_at_entries(const struct entries *entries, struct table_state *state)
{
    size_t offset = 0;
    while (offset < entries->info->size && entry_fits(entries, offset)) {
        look_at_entry(entries, offset, state);
        offset += entries->legacy->view(entries->bytes + offset).next_offset;
    }
    state->chains -= state->chains > 0; /* the end of the table */
}

/* ---- one table ---- */

/* -EAGAIN: the table changed between the two questions; -ENOENT: it went away. */
static int read_table(const struct legacy *legacy, int fd, const char *name, bool deep,
                      struct table_state *ret_state)
{
    struct ipt_getinfo info = {0};
    socklen_t length = sizeof info;
    g_strlcpy(info.name, name, sizeof info.name);
    if (getsockopt(fd, legacy->socket_level, legacy->get_info, &info, &length))
        return -errno;

    struct table_state state = {
        .valid_hooks = info.valid_hooks, .entries = info.num_entries, .size = info.size};
    g_strlcpy(state.name, name, sizeof state.name);
    if (deep) {
        if (info.size > INT_MAX - legacy->entries_offset)
            return -E2BIG;
        length = legacy->entries_offset + info.size;
        g_autofree char *answer = g_try_malloc0(length);
        if (!answer)
            return -ENOMEM;
        struct ipt_get_entries *question = (void *)answer;
        g_strlcpy(question->name, name, sizeof question->name);
        question->size = info.size;
        if (getsockopt(fd, legacy->socket_level, legacy->get_entries, answer, &length))
            return -errno;
        struct entries entries = {.legacy = legacy, .info = &info, .bytes = answer + legacy->entries_offset};
        look_at_entries(&entries, &state);
    }
    *ret_state = state;
    return 0;
}

static int read_table_again(const struct legacy *legacy, int fd, const char *name, bool deep,
                            struct table_state *ret_state, struct error *error)
{
    int attempts = READ_ATTEMPTS, result;
    do
        result = read_table(legacy, fd, name, deep, ret_state);
    while (result == -EAGAIN && --attempts);
    if (result)
        return error_set(
            error, -result, "%s table %s cannot be read: %s", ip_family_name(legacy->family), name,
            result == -EPERM ? "run as root, or with CAP_NET_ADMIN and CAP_NET_RAW" : g_strerror(-result));
    return 0;
}

int table_state_read(enum ip_family family, const char *name, struct table_state *ret_state,
                     struct error *error)
{
    const struct legacy *legacy = legacy_of(family);
    CLEANUP_CLOSE int fd = -1;
    int result = legacy_socket(legacy, &fd, error);
    return result ? result : read_table_again(legacy, fd, name, true, ret_state, error);
}

int table_states_read(enum ip_family family, bool deep, struct table_state *states, size_t capacity,
                      size_t *ret_count, struct error *error)
{
    const struct legacy *legacy = legacy_of(family);
    CLEANUP_CLOSE int fd = -1;
    g_auto(GStrv) names = NULL;
    size_t count = 0;
    int result = read_names(legacy, &names, error);
    size_t name_count = names ? g_strv_length(names) : 0;
    if (name_count > 0)
        result = legacy_socket(legacy, &fd, error);
    if (result)
        return result;

    for (char **name = names; name < names + name_count; name++) {
        if (count == capacity)
            return error_set(error, E2BIG, "there are more than %zu legacy %s tables", capacity,
                             ip_family_name(legacy->family));
        result = read_table_again(legacy, fd, *name, deep, &states[count], error);
        if (result)
            return result;
        count++;
    }
    *ret_count = count;
    return 0;
}
