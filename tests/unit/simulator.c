/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A kernel of paper. */
#include "tests/unit/simulator.h"

#define SIM_DEPTH_MAX 2 /* packets inside packets */

/* A packet on its way. */
struct sim_walk {
    struct sim *sim;
    GArray *out;
    uint32_t packet;
    const char *in, *outdev;
    uint32_t mark;
    unsigned depth;
    bool is_new, traced, duplicate;
    bool nat_last, queue_last; /* what the last message was */
    struct build_packet fields;
};

static const char *const sim_hooks[HOOK_COUNT] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};
static const char *const sim_tables[TABLE_COUNT] = {"raw", "mangle", "nat", "filter", "security"};

/* Tables of each hook in the order of enum nf_ip_hook_priorities; -1 ends. */
static const int sim_order[HOOK_COUNT][6] = {
    {TABLE_RAW,     TABLE_MANGLE,      TABLE_NAT,            -1},
    {TABLE_MANGLE,             TABLE_FILTER,                   TABLE_SECURITY,               TABLE_NAT, -1},
    {TABLE_MANGLE,    TABLE_FILTER,                   TABLE_SECURITY,                         -1},
    {TABLE_RAW,TABLE_MANGLE,TABLE_NAT,TABLE_FILTER, TABLE_SECURITY, -1},
    {TABLE_MANGLE,     TABLE_NAT,             -1                                         },
};

uint32_t sim_below(struct sim *sim, uint32_t bound)
{
    return unit_random_below(&sim->random, bound);
}

/* ---- Rules ---- */

static struct sim_rule sim_make_rule(struct sim *sim, unsigned table, unsigned chain, unsigned chains,
                                     unsigned built_in)
{
    static const enum sim_action common[] = {SIM_NOTHING, SIM_LOG,    SIM_LOG,  SIM_ACCEPT, SIM_DROP,
                                             SIM_RETURN,  SIM_RETURN, SIM_JUMP, SIM_JUMP,   SIM_JUMP,
                                             SIM_GOTO,    SIM_GOTO,   SIM_MARK, SIM_NFQUEUE};
    struct sim_rule rule = {.action = common[sim_below(sim, G_N_ELEMENTS(common))]};
    if (sim_below(sim, 8) == 0)
        rule.action = table == TABLE_FILTER   ? SIM_REJECT
                      : table == TABLE_NAT    ? SIM_NAT
                      : table == TABLE_MANGLE ? (sim_below(sim, 2) ? SIM_TEE : SIM_TTL)
                                              : SIM_LOG;
    if (table == TABLE_NAT && rule.action == SIM_DROP)
        rule.action = SIM_NAT;
    rule.bare = sim_below(sim, 6) == 0;
    if (rule.action == SIM_JUMP || rule.action == SIM_GOTO) {
        unsigned first = MAX(chain + 1, built_in);
        if (first >= chains)
            rule.action = SIM_LOG;
        else
            rule.chain = first + sim_below(sim, chains - first);
    }
    if (rule.action == SIM_NOTHING)
        rule.bare = false;
    return rule;
}

/* A connection is translated as a whole, or not: chance in table nat would make other packets of some. */
static bool sim_is_for_floods(enum sim_action action)
{
    return action != SIM_TEE && action != SIM_NFQUEUE && action != SIM_REJECT && action != SIM_NAT;
}

static void sim_make_table(struct sim *sim, unsigned number)
{
    struct sim_table *table = &sim->tables[number];
    unsigned built_in = 0;
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
        for (unsigned i = 0; sim_order[hook][i] >= 0; i++)
            if (sim_order[hook][i] == (int)number) {
                struct sim_chain *chain = &table->chains[built_in++];
                *chain = (struct sim_chain){.built_in = true, .hook = hook};
                chain->policy_drop = number != TABLE_NAT && sim_below(sim, 6) == 0;
                g_strlcpy(chain->name, sim_hooks[hook], sizeof chain->name);
            }
    table->count = built_in + sim_below(sim, 4);
    for (unsigned c = built_in; c < table->count; c++) {
        table->chains[c] = (struct sim_chain){0};
        snprintf(table->chains[c].name, sizeof table->chains[c].name, "user:%u", c);
    }
    for (unsigned c = 0; c < table->count; c++) {
        struct sim_chain *chain = &table->chains[c];
        bool own = number == TABLE_RAW && chain->built_in;
        if (own)
            chain->rules[chain->count++] = (struct sim_rule){.action = SIM_OWN, .bare = true};
        for (unsigned left = sim_below(sim, SIM_RULES_MAX + 1); left > 0; left--) {
            struct sim_rule rule = sim_make_rule(sim, number, c, table->count, built_in);
            if (!sim->flood || sim_is_for_floods(rule.action))
                chain->rules[chain->count++] = rule;
        }
    }
}

static void sim_print_rule(GString *text, const struct sim_table *table, const char *chain,
                           const struct sim_rule *rule, unsigned number)
{
    static const char *const targets[] = {
        "",
        "-j LOG",
        "-j MARK --set-xmark 0x1/0xffffffff",
        "-j TTL --ttl-dec 1",
        "-j TEE --gateway 10.9.9.9",
        "-j ACCEPT",
        "-j DROP",
        "-j RETURN",
        "-j ",
        "-g ",
        "-j REJECT --reject-with icmp-port-unreachable",
        "-j NFQUEUE --queue-num 0",
        "-j DNAT --to-destination 10.8.8.8",
    };
    if (rule->action == SIM_OWN)
        return;
    g_string_append_printf(text, "-A %s ", chain);
    if (!rule->bare)
        g_string_append_printf(text, "-p udp -m udp --dport %u ", number);
    g_string_append(text, targets[rule->action]);
    if (rule->action == SIM_JUMP || rule->action == SIM_GOTO)
        g_string_append(text, table->chains[rule->chain].name);
    while (text->str[text->len - 1] == ' ')
        g_string_truncate(text, text->len - 1);
    g_string_append_c(text, '\n');
}

static void sim_put_table(struct sim *sim, unsigned number, struct rulebook *book)
{
    const struct sim_table *table = &sim->tables[number];
    g_autoptr(GString) text = g_string_new("*");
    struct ruleset_own own[SIM_CHAINS_MAX];
    size_t owned = 0;
    g_string_append_printf(text, "%s\n", sim_tables[number]);
    for (unsigned c = 0; c < table->count; c++) {
        const struct sim_chain *chain = &table->chains[c];
        g_string_append_printf(text, ":%s %s\n", chain->name,
                               !chain->built_in     ? "-"
                               : chain->policy_drop ? "DROP"
                                                    : "ACCEPT");
        if (chain->count > 0 && chain->rules[0].action == SIM_OWN)
            own[owned++] = (struct ruleset_own){build_text(chain->name), 1};
    }
    for (unsigned c = 0; c < table->count; c++)
        for (unsigned r = 0; r < table->chains[c].count; r++)
            sim_print_rule(text, table, table->chains[c].name, &table->chains[c].rules[r], r);
    g_string_append(text, "COMMIT\n");
    struct ruleset *ruleset = build_ruleset_own(4, number + 1, text->str, own, owned);
    assert_true(rulebook_put(book, ruleset));
    ruleset_unref(ruleset);
}

void sim_init(struct sim *sim, uint64_t seed, bool flood, struct rulebook *book)
{
    *sim = (struct sim){.random = {seed * 0x9e3779b97f4a7c15ull + 1}, .flood = flood};
    table_set exist = 0;
    sim->packets = g_array_new(FALSE, TRUE, sizeof(struct sim_packet));
    sim->late = g_ptr_array_new();
    for (unsigned i = 0; i < SIM_CPUS; i++)
        sim->cpus[i] = g_array_new(FALSE, FALSE, sizeof(struct sim_message));
    for (unsigned i = 0; i < TABLE_COUNT; i++) {
        sim->tables[i].exists = i == TABLE_RAW || sim_below(sim, 4) > 0;
        if (!sim->tables[i].exists)
            continue;
        sim_make_table(sim, i);
        sim_put_table(sim, i, book);
        exist |= 1u << i;
    }
    rulebook_set_tables(book, 4, exist, 0);
    sim->message_times = sim_below(sim, 2);
}

void sim_done(struct sim *sim)
{
    g_array_unref(sim->packets);
    for (unsigned i = 0; i < SIM_CPUS; i++)
        g_array_unref(sim->cpus[i]);
    g_ptr_array_unref(sim->late);
}

/* ---- Packets ---- */

struct sim_packet *sim_truth(struct sim *sim, uint32_t packet)
{
    return &g_array_index(sim->packets, struct sim_packet, packet);
}

static uint32_t sim_new_packet(struct sim *sim, uint32_t group)
{
    struct sim_packet truth = {.verdict = VERDICT_UNKNOWN, .group = group ? group : sim->packets->len + 1};
    g_array_append_val(sim->packets, truth);
    return sim->packets->len - 1;
}

static void sim_say(struct sim_walk *walk, unsigned table, enum hook hook, const struct sim_chain *chain,
                    const char *type, unsigned number)
{
    bool input = hook == HOOK_PREROUTING || hook == HOOK_INPUT || hook == HOOK_FORWARD;
    bool output = hook == HOOK_FORWARD || hook == HOOK_OUTPUT || hook == HOOK_POSTROUTING;
    struct sim_message message = {
        .packet = walk->packet,
        .place = sim_truth(walk->sim, walk->packet)->said++,
        .hook = hook,
        .in = input ? walk->in : NULL,
        .out = output ? walk->outdev : NULL,
        .mark = walk->mark,
        .fields = walk->fields,
    };
    snprintf(message.where, sizeof message.where, "%s:%s:%s:%u", sim_tables[table], chain->name, type,
             number);
    g_array_append_val(walk->out, message);
    walk->nat_last = walk->queue_last = false;
}

static bool sim_path(struct sim_walk *walk, const enum hook *hooks, unsigned count);

/* Inside the target another packet goes its way: TEE's copy, REJECT's answer. */
static void sim_nested(const struct sim_walk *walk, bool tee)
{
    static const enum hook way[] = {HOOK_OUTPUT, HOOK_POSTROUTING};
    if (walk->depth == SIM_DEPTH_MAX || walk->duplicate)
        return;
    uint32_t group = sim_truth(walk->sim, walk->packet)->group;
    struct sim_walk child = *walk;
    child.packet = sim_new_packet(walk->sim, tee ? group : group + SIM_ANSWERS);
    child.in = NULL;
    child.outdev = tee ? "gateway" : walk->in ? walk->in : "lo";
    child.depth++;
    child.duplicate = true;
    child.is_new = false;
    child.traced = tee;
    if (!tee)
        child.fields = (struct build_packet){
            .src = 0xc0000201, .dst = walk->fields.src, .protocol = 1, .type = 3, .code = 3};
    sim_path(&child, way, 2);
}

enum sim_end {
    SIM_END_ACCEPT,
    SIM_END_DROP,
    SIM_END_REJECT,
    SIM_END_QUEUED,
    SIM_END_SILENT, /* a match or target dropped it without a word */
};

static enum sim_end sim_visit(struct sim_walk *walk, unsigned number, enum hook hook)
{
    struct sim *sim = walk->sim;
    const struct sim_table *table = &sim->tables[number];
    struct {
        unsigned chain, rule;
    } stack[SIM_CHAINS_MAX];
    unsigned depth = 0, root = 0, c, r = 0;
    const uint32_t said = sim_truth(sim, walk->packet)->said;
    while (table->chains[root].hook != hook)
        root++;
    for (c = root;;) {
        const struct sim_chain *chain = &table->chains[c];
        const char *tail = chain->built_in ? "policy" : "return";
        bool end = r == chain->count;
        const struct sim_rule *rule = &chain->rules[r];
        if (!end && !rule->bare && sim_below(sim, 3) > 0) {
            if (said > 0 && (number != TABLE_NAT || sim_truth(sim, walk->packet)->said > said) &&
                sim_below(sim, 400) == 0)
                return SIM_END_SILENT;
            r++;
            continue;
        }
        if (!end && rule->action == SIM_OWN && !walk->traced) {
            walk->traced = true;
            r++;
            continue;
        }
        enum sim_action action = end ? SIM_RETURN : rule->action;
        if (end && chain->built_in)
            action = chain->policy_drop ? SIM_DROP : SIM_ACCEPT;
        bool standard = action == SIM_ACCEPT || action == SIM_DROP || action == SIM_RETURN;
        sim_say(walk, number, hook, chain, end || (rule->bare && standard) ? tail : "rule", r + 1);
        switch (action) {
        case SIM_ACCEPT:
            return SIM_END_ACCEPT;
        case SIM_DROP:
            return SIM_END_DROP;
        case SIM_RETURN:
            if (depth == 0) {
                c = root;
                r = table->chains[root].count;
            } else {
                c = stack[--depth].chain;
                r = stack[depth].rule + 1;
            }
            continue;
        case SIM_JUMP:
            stack[depth].chain = c;
            stack[depth++].rule = r;
            /* fall through */
        case SIM_GOTO:
            c = rule->chain;
            r = 0;
            continue;
        case SIM_REJECT:
            sim_nested(walk, false);
            return SIM_END_REJECT;
        case SIM_NFQUEUE:
            walk->queue_last = true;
            return SIM_END_QUEUED;
        case SIM_NAT:
            if (hook == HOOK_PREROUTING || hook == HOOK_OUTPUT)
                walk->fields.dst = 0x0a080808;
            walk->nat_last = true;
            return SIM_END_ACCEPT;
        case SIM_MARK:
            walk->mark = sim_below(sim, 3);
            break;
        case SIM_TTL:
            walk->fields.ttl--;
            break;
        case SIM_TEE:
            sim_nested(walk, true);
            break;
        default:
            break;
        }
        r++;
    }
}

static void sim_ends(struct sim_walk *walk, enum verdict verdict)
{
    /* Nobody can see what the program behind NFQUEUE did. */
    sim_truth(walk->sim, walk->packet)->verdict = walk->queue_last ? VERDICT_UNKNOWN : verdict;
}

/* The packet is gone and nobody said so: what can be known of it? */
static void sim_vanish(struct sim_walk *walk, unsigned would_have_spoken, enum hook hook)
{
    unsigned exist = 0;
    for (unsigned i = 0; i < TABLE_COUNT; i++)
        exist |= (unsigned)walk->sim->tables[i].exists << i;
    bool nat = walk->nat_last && (hook == HOOK_PREROUTING || hook == HOOK_OUTPUT);
    sim_ends(walk, exist & would_have_spoken || nat ? VERDICT_UNKNOWN : VERDICT_ACCEPT);
}

static bool sim_hook(struct sim_walk *walk, enum hook hook)
{
    struct sim *sim = walk->sim;
    for (unsigned i = 0; sim_order[hook][i] >= 0; i++) {
        unsigned table = (unsigned)sim_order[hook][i];
        if (!sim->tables[table].exists || (table == TABLE_NAT && !walk->is_new))
            continue;
        enum sim_end end;
        while ((end = sim_visit(walk, table, hook)) == SIM_END_QUEUED) {
            uint32_t choice = sim_below(sim, 4);
            if (choice == 0) {
                sim_ends(walk, VERDICT_QUEUE);
                return false;
            }
            walk->out = g_array_new(FALSE, FALSE, sizeof(struct sim_message));
            g_ptr_array_add(sim->late, walk->out);
            /* What is sent through the first table again looks like another packet that begins. */
            if (choice > 1 || table == TABLE_RAW) {
                end = SIM_END_ACCEPT;
                break;
            }
        }
        if (end != SIM_END_ACCEPT) {
            sim_ends(walk, end == SIM_END_DROP     ? VERDICT_DROP
                           : end == SIM_END_REJECT ? VERDICT_REJECT
                                                   : VERDICT_UNKNOWN);
            return false;
        }
        if (table == TABLE_RAW && sim_below(sim, 40) == 0) {
            sim_vanish(walk, 1 << TABLE_MANGLE | 1 << TABLE_FILTER | 1 << TABLE_SECURITY, hook);
            return false;
        }
    }
    return true;
}

/* True where it came to its end. */
static bool sim_path(struct sim_walk *walk, const enum hook *hooks, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!sim_hook(walk, hooks[i]))
            return false;
        if (i + 1 < count && sim_below(walk->sim, 40) == 0) {
            unsigned mangle = 1 << TABLE_MANGLE;
            sim_vanish(
                walk, hooks[i] == HOOK_PREROUTING ? mangle | 1 << TABLE_FILTER | 1 << TABLE_SECURITY : mangle,
                hooks[i]);
            return false;
        }
        if (hooks[i] == HOOK_FORWARD ||
            (hooks[i] == HOOK_PREROUTING && i + 1 < count && hooks[1] == HOOK_FORWARD))
            walk->fields.ttl = (uint8_t)(walk->fields.ttl - (hooks[i] == HOOK_PREROUTING));
    }
    sim_ends(walk, VERDICT_ACCEPT);
    return true;
}

/* Every CPU has its share of one sender's datagrams, which differ in nothing. */
static void sim_flood(struct sim *sim, unsigned packets)
{
    static const enum hook forward[] = {HOOK_PREROUTING, HOOK_FORWARD, HOOK_POSTROUTING};
    static const enum hook output[] = {HOOK_OUTPUT, HOOK_POSTROUTING};
    bool sent = sim_below(sim, 4) == 0;
    for (unsigned i = 0; i < packets; i++) {
        struct sim_walk walk = {
            .sim = sim,
            .out = sim->cpus[i % SIM_CPUS],
            .fields = {.src = 0x0a000001, .dst = 0xc0000201, .srcport = 5555, .dstport = 53, .ttl = 60},
            .packet = sim_new_packet(sim, 1),
            .in = sent ? NULL : "eth0",
            .outdev = "uplink",
            .is_new = sim_below(sim, 2),
        };
        sim_path(&walk, sent ? output : forward, sent ? 2 : 3);
    }
}

void sim_traffic(struct sim *sim, unsigned packets)
{
    if (sim->flood) {
        sim_flood(sim, packets);
        return;
    }
    static const enum hook ways[][3] = {
        {HOOK_PREROUTING, HOOK_INPUT  },
        {HOOK_PREROUTING, HOOK_FORWARD, HOOK_POSTROUTING},
        {HOOK_OUTPUT,               HOOK_POSTROUTING                },
    };
    for (unsigned i = 0; i < packets; i++) {
        GArray *cpu = sim->cpus[sim_below(sim, SIM_CPUS)];
        unsigned way = sim_below(sim, 3);
        bool twin = sim->twins && i > 0 && sim_below(sim, 2) == 0;
        bool loopback = way == 2 && sim_below(sim, 3) == 0;
        struct build_packet fields = {
            .src = 0x0a000000 + i, .dst = 0xc0000201, .srcport = (uint16_t)(1024 + i), .dstport = 53};
        fields.protocol = sim_below(sim, 2) ? 17 : 6;
        fields.seq = i;
        fields.id = (uint16_t)i;
        fields.ttl = 60;
        struct sim_walk walk = {
            .sim = sim,
            .out = cpu,
            .fields = twin ? sim->former : fields,
            .packet = sim_new_packet(sim, twin ? sim->former_group : 0),
            .in = way < 2 ? (sim_below(sim, 2) ? "eth0" : "veth1") : NULL,
            .outdev = loopback  ? "lo"
                      : way > 0 ? "uplink"
                                : NULL,
            .is_new = sim_below(sim, 2),
        };
        sim->former = walk.fields;
        sim->former_group = sim_truth(sim, walk.packet)->group;
        if (sim_path(&walk, ways[way], way == 1 ? 3 : 2) && loopback && walk.out == cpu) {
            walk.packet = sim_new_packet(sim, sim->former_group);
            walk.in = "lo";
            walk.outdev = NULL;
            walk.is_new = false;
            sim_path(&walk, ways[0], 2);
        }
        while (sim->late->len > 0 && sim_below(sim, 3) > 0) {
            GArray *late = g_ptr_array_steal_index(sim->late, 0);
            g_array_append_vals(sim->cpus[sim_below(sim, SIM_CPUS)], late->data, late->len);
            g_array_unref(late);
        }
    }
    while (sim->late->len > 0) {
        GArray *late = g_ptr_array_steal_index(sim->late, 0);
        g_array_append_vals(sim->cpus[sim_below(sim, SIM_CPUS)], late->data, late->len);
        g_array_unref(late);
    }
}
