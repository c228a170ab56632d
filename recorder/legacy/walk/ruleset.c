/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The rules of one table at one time, and what the kernel's `chain:type:number` means in them. */
#include "recorder/legacy/walk/ruleset.h"

#include "format/rule_line.h"
#include "format/targets.h"
#include "recorder/legacy/walk/rule_text.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* Memory of a chain, with its entry in the table of names and its policy. */
#define CHAIN_MEMORY (sizeof(struct chain) + 128)

struct ruleset {
    unsigned references;
    struct ruleset_origin origin;
    struct bytes table;
    GBytes *text;
    GHashTable *chains; /* name → struct chain, owned */
    struct rule *rules; /* of all chains, those of one chain side by side */
    size_t rule_count;
    GStringChunk *strings; /* comments without their escapes, policies as `-P` lines */
    bool empty;
};

/* ---- Names ---- */

static guint bytes_hash(gconstpointer key)
{
    const struct bytes *bytes = key;
    guint hash = 5381;
    for (size_t i = 0; i < bytes->length; i++)
        hash = hash * 33 + bytes->data[i];
    return hash;
}

static gboolean bytes_equal_keys(gconstpointer a, gconstpointer b)
{
    return bytes_equal(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void chain_free(gpointer pointer)
{
    struct chain *chain = pointer;
    g_free(chain->own);
    g_free(chain);
}

static enum action action_of_way(enum target_way way)
{
    static const uint8_t actions[] = {
        [TARGET_CONTINUES] = ACTION_CONTINUE, [TARGET_ACCEPTS] = ACTION_ACCEPT,
        [TARGET_DROPS] = ACTION_DROP,         [TARGET_RETURNS] = ACTION_RETURN,
        [TARGET_REJECTS] = ACTION_REJECT,     [TARGET_QUEUES] = ACTION_QUEUE,
        [TARGET_STEALS] = ACTION_STOLEN,      [TARGET_NATS] = ACTION_NAT,
        [TARGET_REDIRECTS] = ACTION_TPROXY,   [TARGET_MAY_END] = ACTION_MAYBE,
    };
    return actions[way];
}

enum action action_of_target(struct bytes target)
{
    return action_of_way(target_find(target)->way);
}

/* ---- Reading ---- */

static struct bytes next_line(struct bytes *rest)
{
    const uint8_t *end = rest->length > 0 ? memchr(rest->data, '\n', rest->length) : NULL;
    struct bytes line = {rest->data, end ? (size_t)(end - rest->data) : rest->length};
    size_t used = line.length + (end ? 1 : 0);
    *rest = (struct bytes){rest->data + used, rest->length - used};
    return line;
}

static bool starts_with(struct bytes line, const char *beginning)
{
    size_t length = strlen(beginning);
    return line.length >= length && memcmp(line.data, beginning, length) == 0;
}

static struct bytes bytes_from(struct bytes bytes, size_t from)
{
    return (struct bytes){bytes.data + from, bytes.length - from};
}

static int bad_line(struct error *error, struct bytes line)
{
    return error_set(error, EINVAL, "cannot read the line \"%.*s\": expected the format of iptables-save",
                     (int)MIN(line.length, 200), (const char *)line.data);
}

static struct bytes keep_string(struct ruleset *ruleset, const char *text, size_t length)
{
    return (struct bytes){(const uint8_t *)g_string_chunk_insert_len(ruleset->strings, text, (gssize)length),
                          length};
}

/* `:NAME POLICY [packets:bytes]`, where a name may hold spaces and colons. */
static int read_chain(struct ruleset *ruleset, struct bytes line, struct error *error)
{
    const uint8_t *counters = memrchr(line.data, '[', line.length);
    size_t length = counters ? (size_t)(counters - line.data) : line.length;
    while (length > 0 && line.data[length - 1] == ' ')
        length--;
    const uint8_t *space = memrchr(line.data, ' ', length);
    if (!space || space == line.data + 1)
        return bad_line(error, line);

    struct chain *chain = g_new0(struct chain, 1);
    chain->name = (struct bytes){line.data + 1, (size_t)(space - line.data) - 1};
    struct bytes policy = {space + 1, (size_t)(line.data + length - space) - 1};
    chain->built_in = !bytes_equal(policy, BYTES("-"));
    if (chain->built_in) {
        g_autofree char *text =
            g_strdup_printf("-P %.*s %.*s", (int)chain->name.length, (const char *)chain->name.data,
                            (int)policy.length, (const char *)policy.data);
        chain->policy = bytes_equal(policy, BYTES("DROP")) ? ACTION_DROP : ACTION_ACCEPT;
        chain->policy_name = policy;
        chain->policy_text = keep_string(ruleset, text, strlen(text));
    }
    ruleset->empty = ruleset->empty && chain->built_in && chain->policy == ACTION_ACCEPT;
    g_hash_table_replace(ruleset->chains, &chain->name, chain);
    return 0;
}

/* What can stand behind the chain's name: nothing, or ` -j`, ` ! -s`. */
static bool is_rest_of_rule(struct bytes rest)
{
    return rest.length == 0 || starts_with(rest, " -") || starts_with(rest, " !");
}

/* The chain that a line `-A NAME …` adds to: the shortest known name behind which a rule can begin. */
static struct chain *chain_of_line(struct ruleset *ruleset, struct bytes line)
{
    struct bytes rest = bytes_from(line, strlen("-A "));
    for (size_t i = 0; i <= rest.length; i++) {
        if (i < rest.length && rest.data[i] != ' ')
            continue;
        struct bytes name = {rest.data, i};
        struct chain *chain = g_hash_table_lookup(ruleset->chains, &name);
        if (chain && is_rest_of_rule(bytes_from(rest, i)))
            return chain;
    }
    return NULL;
}

static int read_rule(struct ruleset *ruleset, struct chain *chain, struct bytes line, struct rule *rule,
                     struct error *error)
{
    struct rule_text parsed;
    if (!rule_text_parse(bytes_from(line, strlen("-A ") + chain->name.length), &parsed))
        return bad_line(error, line);

    *rule = (struct rule){.text = line, .target = parsed.target, .comment = parsed.comment};
    if (parsed.comment_escaped) {
        g_autofree char *comment = g_malloc(parsed.comment.length + 1);
        rule->comment = keep_string(ruleset, comment, rule_line_unescape(parsed.comment, comment));
    }
    rule->jump = g_hash_table_lookup(ruleset->chains, &rule->target);
    if (rule->jump) {
        rule->action = parsed.is_goto ? ACTION_GOTO : ACTION_JUMP;
        return 0;
    }
    const struct target *target = target_find(rule->target);
    rule->action = action_of_way(target->way);
    rule->tail = parsed.bare && target->is_standard;
    return 0;
}

/* iptables-save prints the rules of one chain side by side, in the order of the chains. A text that does not
 * is put in order: each chain's rules are counted first. */
static int read_rules(struct ruleset *ruleset, struct bytes text, struct error *error)
{
    for (struct bytes rest = text; rest.length > 0;) {
        struct bytes line = next_line(&rest);
        if (!starts_with(line, "-A "))
            continue;
        struct chain *chain = chain_of_line(ruleset, line);
        if (!chain)
            return bad_line(error, line);
        chain->count++;
        ruleset->rule_count++;
    }
    ruleset->rules = g_new0(struct rule, MAX(ruleset->rule_count, 1)); /* empty chains point into it too */

    GHashTableIter iterator;
    gpointer value;
    size_t used = 0;
    g_hash_table_iter_init(&iterator, ruleset->chains);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        struct chain *chain = value;
        chain->rules = ruleset->rules + used;
        used += chain->count;
        chain->count = 0;
    }
    for (struct bytes rest = text; rest.length > 0;) {
        struct bytes line = next_line(&rest);
        if (!starts_with(line, "-A "))
            continue;
        struct chain *chain = chain_of_line(ruleset, line);
        struct rule *rule = &ruleset->rules[(chain->rules - ruleset->rules) + chain->count++];
        int result = read_rule(ruleset, chain, line, rule, error);
        if (result < 0)
            return result;
    }
    ruleset->empty = ruleset->empty && ruleset->rule_count == 0;
    return 0;
}

static int read_text(struct ruleset *ruleset, struct error *error)
{
    struct bytes text = ruleset_text(ruleset);
    for (struct bytes rest = text; rest.length > 0;) {
        struct bytes line = next_line(&rest);
        int result = 0;
        if (starts_with(line, "*") && ruleset->table.length == 0)
            ruleset->table = bytes_from(line, 1);
        else if (starts_with(line, ":"))
            result = read_chain(ruleset, line, error);
        else if (line.length > 0 && !starts_with(line, "-A ") && !starts_with(line, "#") &&
                 !starts_with(line, "COMMIT"))
            result = bad_line(error, line);
        if (result < 0)
            return result;
    }
    if (ruleset->table.length == 0)
        return error_set(error, EINVAL, "the rules name no table: expected a line \"*filter\" or similar");
    return read_rules(ruleset, text, error);
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Numbers come from files, too: one that cannot be is left out. */
static void add_own(struct ruleset *ruleset, const struct ruleset_own *own)
{
    struct chain *chain = g_hash_table_lookup(ruleset->chains, &own->chain);
    if (!chain || own->number == 0)
        return;
    for (uint32_t i = 0; i < chain->own_count; i++)
        if (chain->own[i] == own->number)
            return;
    chain->own = g_renew(uint32_t, chain->own, chain->own_count + 1);
    chain->own[chain->own_count++] = own->number;
    qsort(chain->own, chain->own_count, sizeof *chain->own, compare_numbers);
}

int ruleset_new(struct ruleset **ret_ruleset, struct bytes text, const struct ruleset_own *own,
                size_t own_count, const struct ruleset_origin *origin, struct error *error)
{
    struct ruleset *ruleset = g_new0(struct ruleset, 1);
    ruleset->references = 1;
    ruleset->origin = *origin;
    ruleset->empty = true;
    ruleset->text = g_bytes_new(text.data, text.length);
    ruleset->strings = g_string_chunk_new(256);
    ruleset->chains = g_hash_table_new_full(bytes_hash, bytes_equal_keys, NULL, chain_free);
    int result = read_text(ruleset, error);
    if (result < 0) {
        ruleset_unref(ruleset);
        return result;
    }
    for (size_t i = 0; i < own_count; i++)
        add_own(ruleset, &own[i]);
    *ret_ruleset = ruleset;
    return 0;
}

struct ruleset *ruleset_ref(struct ruleset *ruleset)
{
    ruleset->references++;
    return ruleset;
}

void ruleset_unref(struct ruleset *ruleset)
{
    if (!ruleset || --ruleset->references > 0)
        return;
    g_hash_table_destroy(ruleset->chains);
    g_string_chunk_free(ruleset->strings);
    g_bytes_unref(ruleset->text);
    g_free(ruleset->rules);
    g_free(ruleset);
}

/* ---- Asking ---- */

struct bytes ruleset_table(const struct ruleset *ruleset)
{
    return ruleset->table;
}

struct bytes ruleset_text(const struct ruleset *ruleset)
{
    gsize length;
    const uint8_t *data = g_bytes_get_data(ruleset->text, &length);
    return (struct bytes){data, length};
}

const struct ruleset_origin *ruleset_get_origin(const struct ruleset *ruleset)
{
    return &ruleset->origin;
}

const struct chain *ruleset_chain(const struct ruleset *ruleset, struct bytes name)
{
    return g_hash_table_lookup(ruleset->chains, &name);
}

GArray *ruleset_own_rules(const struct ruleset *ruleset)
{
    GArray *own = g_array_new(FALSE, FALSE, sizeof(struct ruleset_own));
    GHashTableIter iterator;
    gpointer value;
    g_hash_table_iter_init(&iterator, ruleset->chains);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const struct chain *chain = value;
        for (uint32_t i = 0; i < chain->own_count; i++) {
            struct ruleset_own rule = {.chain = chain->name, .number = chain->own[i]};
            g_array_append_val(own, rule);
        }
    }
    return own;
}

bool ruleset_is_empty(const struct ruleset *ruleset)
{
    return ruleset->empty;
}

const struct rule *ruleset_find_imitation(const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->rule_count; i++) {
        const struct rule *rule = &ruleset->rules[i];
        if (bytes_equal(rule->target, BYTES("NFLOG")) && rule_text_imitates_trace(rule->text))
            return rule;
    }
    return NULL;
}

size_t ruleset_memory(const struct ruleset *ruleset)
{
    return sizeof *ruleset + g_bytes_get_size(ruleset->text) + ruleset->rule_count * sizeof(struct rule) +
           g_hash_table_size(ruleset->chains) * CHAIN_MEMORY;
}

bool ruleset_same_text(const struct ruleset *a, const struct ruleset *b)
{
    return g_bytes_equal(a->text, b->text);
}

struct meaning ruleset_meaning(const struct ruleset *ruleset, struct bytes chain_name, bool said_rule,
                               uint32_t number)
{
    struct meaning meaning = {.kind = MEANING_UNKNOWN, .action = ACTION_MAYBE};
    const struct chain *chain = ruleset_chain(ruleset, chain_name);
    if (!chain || number == 0 || number > chain_end(chain))
        return meaning;

    if (number == chain_end(chain)) {
        if (said_rule)
            return meaning;
        meaning.chain = chain;
        meaning.kind = chain->built_in ? MEANING_POLICY : MEANING_END;
        meaning.action = chain->built_in ? chain->policy : ACTION_RETURN;
        return meaning;
    }
    uint32_t before = 0;
    while (before < chain->own_count && chain->own[before] < number)
        before++;
    if (before < chain->own_count && chain->own[before] == number) {
        if (said_rule) {
            meaning.chain = chain;
            meaning.kind = MEANING_OWN;
            meaning.action = ACTION_CONTINUE;
        }
        return meaning;
    }
    /* A file may say anything of its recorder's own rules: also numbers twice, or none of its chain's. */
    if (number <= before || number - before > chain->count)
        return meaning;
    /* A bare line need not be unconditional: iptables-save does not print `-i +`. */
    const struct rule *rule = &chain->rules[number - before - 1];
    if (!rule->tail && !said_rule)
        return meaning;
    meaning.chain = chain;
    meaning.kind = MEANING_RULE;
    meaning.rule = rule;
    meaning.rulenum = number - before;
    meaning.action = rule->action;
    return meaning;
}

bool meaning_equal(const struct meaning *a, const struct meaning *b)
{
    if (a->kind != b->kind || a->action != b->action || a->rulenum != b->rulenum)
        return false;
    return a->kind != MEANING_RULE || bytes_equal(a->rule->text, b->rule->text);
}
