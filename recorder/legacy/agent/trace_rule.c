/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Our own TRACE rules, made and recognised. */
#include "recorder/legacy/agent/trace_rule.h"

#include <errno.h>
#include <linux/netfilter/xt_bpf.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_time.h>
#include <string.h>
#include <sys/socket.h>

#include "recorder/core/ownership.h"
#include "recorder/core/rate.h"
#include "recorder/legacy/agent/trace_rule_build.h"

_Static_assert(TRACE_FILTER_MAX == XT_BPF_MAX_NUM_INSTR, "as many instructions as xt_bpf takes");
_Static_assert(TRACE_INTERFACE_SIZE == IFNAMSIZ, "interface names of the kernel's length");
_Static_assert(TRACE_LIMIT_PER_SECOND == XT_LIMIT_SCALE, "rates as fast as xt_limit's");
_Static_assert(TRACE_LIMIT_PER_SECOND == RATE_SCALE, "rates in xt_limit's units");
_Static_assert(sizeof TRACE_COMMENT_PREFIX + TRACE_TAG_MAX <= XT_MAX_COMMENT_LEN, "a tag fits in a comment");

static int check_tag(const char *tag, struct error *error)
{
    size_t length = tag ? strlen(tag) : 0;
    if (!length || length > TRACE_TAG_MAX)
        return error_set(error, EINVAL, "tag `%s` has %zu characters: expected 1 to %d", tag ? tag : "",
                         length, TRACE_TAG_MAX);
    for (const char *c = tag; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr("._:-", *c))
            return error_set(error, EINVAL, "tag `%s`: expected letters, digits and . _ : -", tag);
    return 0;
}

static int check_interface(const char *name, struct error *error)
{
    size_t length = strlen(name);
    if (!length || length >= TRACE_INTERFACE_SIZE)
        return error_set(error, EINVAL, "interface `%s` has %zu characters: expected 1 to %d", name, length,
                         TRACE_INTERFACE_SIZE - 1);
    for (const char *c = name; *c; c++)
        if (!g_ascii_isgraph(*c) || *c == '/')
            return error_set(error, EINVAL, "interface `%s`: expected a name without spaces or slashes",
                             name);
    return 0;
}

int trace_options_check(const struct trace_options *options, struct error *error)
{
    uint32_t average;
    int result = check_tag(options->tag, error);
    for (size_t i = 0; !result && i < options->interface_count && i < TRACE_INTERFACES_MAX; i++)
        result = check_interface(options->interfaces[i], error);
    if (!result && options->limit)
        result = rate_parse(options->limit, &average, error);
    if (result)
        return result;
    if (options->limit && strlen(options->limit) >= TRACE_LIMIT_TEXT_SIZE)
        return error_set(error, EINVAL, "limit \"%s\" is too long: expected at most %d characters",
                         options->limit, TRACE_LIMIT_TEXT_SIZE - 1);
    if (options->interface_count > TRACE_INTERFACES_MAX)
        return error_set(error, EINVAL, "%zu interfaces are too many: expected at most %d",
                         options->interface_count, TRACE_INTERFACES_MAX);
    if (options->filter_length > TRACE_FILTER_MAX)
        return error_set(error, EINVAL,
                         "the filter has %zu instructions: the kernel's bpf match takes at most %d",
                         options->filter_length, TRACE_FILTER_MAX);
    if (options->limit_burst > TRACE_LIMIT_PER_SECOND)
        return error_set(error, EINVAL, "a burst of %u packets is too large: expected at most %d",
                         options->limit_burst, TRACE_LIMIT_PER_SECOND);
    if (options->date_stop < 0 || options->date_stop > UINT32_MAX)
        return error_set(error, EINVAL, "date %lld: expected seconds since 1970, at most %u",
                         (long long)options->date_stop, UINT32_MAX);
    return 0;
}

/* ---- building ---- */

/* Of several revisions of an extension iptables can only print the newest that the kernel has: those are used
 * here. A match and a target have the same head, and the kernel wants their sizes in multiples of eight. */
static void append_match(GByteArray *rule, const char *name, unsigned int revision, const void *data,
                         size_t size)
{
    struct xt_entry_match match = {0};
    static const guint8 padding[sizeof(struct _xt_align)];
    match.u.match_size = XT_ALIGN(sizeof match) + XT_ALIGN(size);
    match.u.user.revision = revision;
    g_strlcpy(match.u.user.name, name, sizeof match.u.user.name);
    g_byte_array_append(rule, (const guint8 *)&match, sizeof match);
    g_byte_array_append(rule, data, size);
    g_byte_array_append(rule, padding, XT_ALIGN(size) - size);
}

static void append_filter(GByteArray *rule, const struct trace_options *options)
{
    struct xt_bpf_info_v1 info = {.mode = XT_BPF_MODE_BYTECODE,
                                  .bpf_program_num_elem = options->filter_length};
    memcpy(info.bpf_program, options->filter, options->filter_length * sizeof *options->filter);
    append_match(rule, "bpf", 1, &info, sizeof info);
}

static void append_time(GByteArray *rule, int64_t date_stop)
{
    struct xt_time_info info = {
        .date_stop = date_stop,
        .daytime_stop = XT_TIME_MAX_DAYTIME,
        .monthdays_match = XT_TIME_ALL_MONTHDAYS,
        .weekdays_match = XT_TIME_ALL_WEEKDAYS,
    };
    append_match(rule, "time", 0, &info, sizeof info);
}

static void append_limit(GByteArray *rule, const struct trace_options *options)
{
    struct xt_rateinfo info = {.burst = options->limit_burst ? options->limit_burst : RATE_BURST};
    rate_parse(options->limit, &info.avg, NULL);
    append_match(rule, "limit", 0, &info, sizeof info);
}

static void append_comment(GByteArray *rule, const char *tag)
{
    struct xt_comment_info info = {0};
    g_snprintf(info.comment, sizeof info.comment, TRACE_COMMENT_PREFIX "%s", tag);
    append_match(rule, "comment", 0, &info, sizeof info);
}

enum purpose {
    PURPOSE_COUNT, /* no target, as a rule without -j: the packet goes on to the next rule */
    PURPOSE_TRACE,
};

static void append_target(GByteArray *rule, enum purpose purpose)
{
    const struct xt_entry_target trace = {
        .u.user = {.target_size = XT_ALIGN(sizeof trace), .name = "TRACE"}
    };
    /* libiptc fills in the verdict: where the next rule begins. */
    const struct xt_standard_target none = {.target.u.user.target_size = XT_ALIGN(sizeof none)};
    if (purpose == PURPOSE_TRACE)
        g_byte_array_append(rule, (const guint8 *)&trace, sizeof trace);
    else
        g_byte_array_append(rule, (const guint8 *)&none, sizeof none);
}

/* The limit stands behind what selects, so that only selected packets use it up. */
static GBytes *build_one(const struct legacy *legacy, struct legacy_head head,
                         const struct trace_options *options, enum purpose purpose)
{
    GByteArray *rule = g_byte_array_new();
    g_byte_array_set_size(rule, legacy->entry_size);
    memset(rule->data, 0, rule->len);
    if (options->date_stop)
        append_time(rule, options->date_stop);
    if (options->filter_length)
        append_filter(rule, options);
    if (options->limit && purpose == PURPOSE_TRACE)
        append_limit(rule, options);
    append_comment(rule, options->tag);

    head.target_offset = rule->len;
    append_target(rule, purpose);
    head.next_offset = rule->len;
    legacy->fill(rule->data, &head);
    return g_byte_array_free_to_bytes(rule);
}

static void add_rules(GPtrArray *rules, const struct legacy *legacy, struct legacy_head head,
                      const struct trace_options *options)
{
    if (options->limit)
        g_ptr_array_add(rules, build_one(legacy, head, options, PURPOSE_COUNT));
    g_ptr_array_add(rules, build_one(legacy, head, options, PURPOSE_TRACE));
}

GPtrArray *trace_rule_build(const struct legacy *legacy, const char *chain,
                            const struct trace_options *options)
{
    GPtrArray *rules = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    bool receives = !strcmp(chain, "PREROUTING");

    /* What comes in by lo has kept its trace bit from OUTPUT; a second TRACE would only log itself. */
    if (!options->interface_count)
        add_rules(rules, legacy, (struct legacy_head){.in = receives ? "lo" : NULL, .not_in = receives},
                  options);
    for (size_t i = 0; i < options->interface_count; i++) {
        const char *name = options->interfaces[i];
        if (receives && !strcmp(name, "lo"))
            continue;
        struct legacy_head head = {.in = receives ? name : NULL, .out = receives ? NULL : name};
        add_rules(rules, legacy, head, options);
    }
    return rules;
}

/* The kernel's verdict of a rule without a target is an offset, that of ACCEPT, DROP and RETURN is negative.
 * That of a jump is an offset, too: nobody jumps under a comment of ours. */
bool trace_rule_counts(const struct legacy_rule *rule)
{
    const struct xt_entry_target *target = legacy_target(rule);
    return !target->u.user.name[0] && target->u.target_size >= sizeof(struct xt_standard_target) &&
           ((const struct xt_standard_target *)target)->verdict >= 0;
}

bool trace_rule_is_own(const struct legacy_rule *rule, char ret_tag[TRACE_TAG_MAX + 1])
{
    static const char prefix[] = TRACE_COMMENT_PREFIX;
    if (strncmp(legacy_target(rule)->u.user.name, "TRACE", XT_EXTENSION_MAXNAMELEN) != 0 &&
        !trace_rule_counts(rule))
        return false;
    for (const struct xt_entry_match *match = legacy_first_match(rule); match;
         match = legacy_next_match(rule, match)) {
        const struct xt_comment_info *info = (const void *)match->data;
        if (strncmp(match->u.user.name, "comment", sizeof match->u.user.name) != 0 ||
            match->u.match_size < sizeof *match + sizeof *info ||
            !memchr(info->comment, '\0', sizeof info->comment) ||
            strncmp(info->comment, prefix, sizeof prefix - 1) != 0 ||
            check_tag(info->comment + sizeof prefix - 1, NULL) < 0)
            continue;
        if (ret_tag)
            g_strlcpy(ret_tag, info->comment + sizeof prefix - 1, TRACE_TAG_MAX + 1);
        return true;
    }
    return false;
}

int64_t trace_rule_date_stop(const struct legacy_rule *rule)
{
    for (const struct xt_entry_match *match = legacy_first_match(rule); match;
         match = legacy_next_match(rule, match)) {
        const struct xt_time_info *info = (const void *)match->data;
        if (!strncmp(match->u.user.name, "time", sizeof match->u.user.name) &&
            match->u.match_size >= sizeof *match + sizeof *info)
            return info->date_stop;
    }
    return 0;
}

/* ---- what the kernel has ---- */

static bool kernel_has(const struct legacy *legacy, int fd, int question, const char *name,
                       unsigned int revision)
{
    struct xt_get_revision wanted = {.revision = revision};
    socklen_t size = sizeof wanted;
    g_strlcpy(wanted.name, name, sizeof wanted.name);
    return !getsockopt(fd, legacy->socket_level, question, &wanted, &size) ||
           (errno != ENOENT && errno != EPROTONOSUPPORT);
}

int trace_rule_probe(const struct legacy *legacy, const struct trace_options *options, struct error *error)
{
    const struct {
        bool needed, target;
        const char *name;
        unsigned int revision;
        const char *config, *use;
    } extensions[] = {
        {true,                       true,  "TRACE",   0, "TARGET_TRACE",  "to trace packets at all"   },
        {true,                       false, "comment", 0, "MATCH_COMMENT", "to recognize its own rules"},
        {options->filter_length > 0, false, "bpf",     1, "MATCH_BPF",     "for a filter expression"   },
        {options->limit != NULL,     false, "limit",   0, "MATCH_LIMIT",   "for a limit"               },
        {options->date_stop != 0,    false, "time",    0, "MATCH_TIME",    "for rules that expire"     },
    };
    CLEANUP_CLOSE int fd = -1;
    int result = legacy_socket(legacy, &fd, error);
    for (size_t i = 0; !result && i < G_N_ELEMENTS(extensions); i++) {
        int question = extensions[i].target ? legacy->get_target_revision : legacy->get_match_revision;
        if (extensions[i].needed &&
            !kernel_has(legacy, fd, question, extensions[i].name, extensions[i].revision))
            result = error_set(error, EPROTONOSUPPORT,
                               "this kernel has no %s %s for %s, needed %s: expected module xt_%s "
                               "(CONFIG_NETFILTER_XT_%s)",
                               extensions[i].target ? "target" : "match", extensions[i].name,
                               ip_family_name(legacy->family), extensions[i].use, extensions[i].name,
                               extensions[i].config);
    }
    return result;
}
