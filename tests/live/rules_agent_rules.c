/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Cases of the helper: what the rules say, and what a look at the tables tells. */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>

#include "rules_agent_world.h"

static void expect_invalid(struct agent *agent, struct trace_options options, const char *word)
{
    struct error error = {""};
    options.tag = options.tag ? options.tag : TAG;
    int result = agent_install(agent, &options, TIMEOUT_MS, NULL, &error);
    CHECK(result == -EINVAL && strstr(error.text, word), "with `%s`, but %s", word, error.text);
}

void test_options(void)
{
    struct agent *agent = world_agent(FAMILY_IPV4);
    struct sock_filter filter[65];
    char name[80];
    for (int i = 0; i < 65; i++)
        filter[i] = (struct sock_filter){.code = BPF_RET | BPF_K, .k = 65535};
    memset(name, 'x', sizeof name);
    name[65] = '\0';
    expect_invalid(agent, (struct trace_options){.filter = filter, .filter_length = 65}, "65 instructions");
    expect_invalid(agent, (struct trace_options){.limit = "10001/second"}, "10001/second");
    expect_invalid(agent, (struct trace_options){.limit = "0/second"}, "0/second");
    expect_invalid(agent, (struct trace_options){.limit = "4/day"}, "4/day");
    expect_invalid(agent, (struct trace_options){.limit = "ten"}, "ten");
    expect_invalid(agent, (struct trace_options){.limit = "10/fortnight"}, "fortnight");
    expect_invalid(agent, (struct trace_options){.limit = "-1/s"}, "-1/s");
    expect_invalid(agent, (struct trace_options){.tag = name}, "65 characters");
    expect_invalid(agent, (struct trace_options){.tag = "a b"}, "a b");
    expect_invalid(agent, (struct trace_options){.tag = ""}, "tag");
    expect_invalid(agent, (struct trace_options){.date_stop = -1}, "-1");
    expect_invalid(
        agent,
        (struct trace_options){.interfaces = (const char *[]){"abcdefghijklmnop"}, .interface_count = 1},
        "abcdefghijklmnop");
    CHECK(world_own_rules() == 0);

    g_autofree char *lines = NULL;
    struct trace_report report;
    struct error error = {""};
    name[64] = '\0';
    struct trace_options all = {
        .tag = name,
        .interfaces = (const char *[]){"eth0", "lo", "wg+"},
        .interface_count = 3,
        .filter = filter,
        .filter_length = 64,
        .limit = "90/minute",
        .date_stop = 1900000000,
    };
    world_install(agent, &all, &report);
    CHECK(report.installed == 10, "but %u", report.installed); /* lo is traced where it leaves */
    CHECK(agent_own_text(agent, TIMEOUT_MS, &lines, &error) == 0, "but %s", error.text);
    CHECK(g_str_has_prefix(lines,
                           "-A PREROUTING -i eth0 -m time --datestop 2030-03-17T17:46:40 -m bpf --bytecode "
                           "\"64,6 0 0 65535,"),
          "but %s", lines);
    CHECK(strstr(lines, "-A OUTPUT -o wg+ ") &&
              strstr(lines, " -m limit --limit 90/min -m comment --comment "),
          "but %s", lines);
    world_agent_close(agent);
}

/* Our arithmetic is iptables' own: a user's rule with the same rate reads the same. */
void test_limits(void)
{
    static const char *const limits[] = {"10/second", "1/s",   "7",          "3/min",  "10000/second",
                                         "3/hour",    "5/day", "333/minute", "59/sec", "100/h"};
    struct agent *agent = world_agent(FAMILY_IPV4);
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        struct trace_options options = {.tag = TAG, .limit = limits[i]};
        struct error error = {""};
        struct trace_report report;
        g_autofree char *lines = NULL;
        g_autofree char *theirs = world_output(
            "iptables-legacy -F; iptables-legacy -A INPUT -m limit --limit %s; "
            "iptables-legacy-save -t filter | sed -n 's/-A INPUT\\( -m limit .*\\)/\\1/p' | tr -d '\\n'",
            limits[i]);
        world_install(agent, &options, &report);
        CHECK(report.removed == (i ? 4 : 0) && report.installed == 4); /* half of them count */
        CHECK(agent_own_text(agent, TIMEOUT_MS, &lines, &error) == 0, "but %s", error.text);
        CHECK(*theirs && strstr(lines, theirs), "of %s: %s in %s", limits[i], theirs, lines);
    }
    world_agent_close(agent);
}

void test_tags(void)
{
    world_run(world_rules);
    g_autofree char *before = world_output("iptables-legacy-save -c -t raw | grep '^\\['");
    struct error error = {""};
    struct trace_report report;
    struct own_rule *own = NULL;
    size_t count = 0;
    const char *tags[] = {"a", "b", "ab"};
    for (int i = 0; i < 3; i++) {
        struct trace_options options = {.tag = tags[i]};
        CHECK(trace_install(FAMILY_IPV4, &options, XTABLES_LOCK_BOUNDED, NULL, &error) == 0, "but %s",
              error.text);
    }
    world_run("iptables-legacy -t raw -I PREROUTING -p 77 -j ACCEPT");
    CHECK(trace_remove(FAMILY_IPV4, "b", XTABLES_LOCK_BOUNDED, &report, &error) == 0 && report.removed == 2);
    CHECK(trace_list(FAMILY_IPV4, &own, &count, &error) == 0 && count == 4);
    CHECK(count == 4 && !strcmp(own[0].tag, "ab") && own[0].number == 2 && !strcmp(own[1].tag, "a") &&
          own[1].number == 3 && own[2].number == 1);
    g_free(own);
    CHECK(trace_remove(FAMILY_IPV4, "nobody", XTABLES_LOCK_BOUNDED, &report, &error) == 0 &&
          report.removed == 0);
    struct undo_report undo;
    CHECK(ruleset_undo(FAMILY_IPV4, NULL, NULL, XTABLES_LOCK_BOUNDED, &undo, &error) == 0 &&
          undo.rules_removed == 4);
    world_run("iptables-legacy -t raw -D PREROUTING 1");
    g_autofree char *after = world_output("iptables-legacy-save -c -t raw | grep '^\\['");
    CHECK(!strcmp(before, after), "but %s", after);
}

void test_renew(void)
{
    struct agent *agent = world_agent(FAMILY_IPV6);
    struct error error = {""};
    struct trace_report report;
    g_autofree char *lines = NULL;
    struct trace_options options = {.tag = TAG, .date_stop = 1900000000, .limit = "5/second"};
    CHECK(world_renew(agent, 2000000000, &report, &error) == -ENOENT);
    world_install(agent, &options, &report);
    CHECK(world_renew(agent, 2000000000, &report, &error) == 0, "but %s", error.text);
    CHECK(report.removed == 4 && report.installed == 4);
    CHECK(agent_own_text(agent, TIMEOUT_MS, &lines, &error) == 0);
    CHECK(world_count(lines, "--datestop 2033-05-18T03:33:20") == 4 && strstr(lines, "--limit 5/sec"),
          "but %s", lines);
    world_run("ip6tables-legacy -t raw -F");
    CHECK(world_renew(agent, 2100000000, &report, &error) == -ENOENT && world_own_rules() == 0);
    world_agent_close(agent);
}

static bool is_same(const struct ruleset_state *a, const struct ruleset_state *b)
{
    bool is = a->table_count == b->table_count;
    for (size_t i = 0; is && i < a->table_count; i++) {
        const struct table_state *one = &a->tables[i], *other = &b->tables[i];
        is = !strcmp(one->name, other->name) && one->entries == other->entries && one->size == other->size &&
             one->hash == other->hash && one->own_rules == other->own_rules;
    }
    return is;
}

void test_state(void)
{
    struct agent *agent = world_agent(FAMILY_IPV4);
    struct ruleset_state first, second;
    struct error error = {""};
    world_run("iptables-legacy -N empty; iptables-legacy -t mangle -P INPUT DROP; iptables-legacy -t nat -A "
              "POSTROUTING -s 10.0.0.1 -j MASQUERADE");
    world_install(agent, &world_plain, NULL);
    CHECK(agent_state(agent, true, TIMEOUT_MS, &first, &error) == 0, "but %s", error.text);
    CHECK(first.table_count == 4);
    for (size_t i = 0; i < first.table_count; i++) {
        const struct table_state *table = &first.tables[i];
        CHECK(table->has_user_rules == !strcmp(table->name, "nat"), "of %s", table->name);
        CHECK(table->has_user_policy == !strcmp(table->name, "mangle"), "of %s", table->name);
        CHECK((table->own_rules == 2) == !strcmp(table->name, "raw"), "of %s", table->name);
        if (!strcmp(table->name, "raw"))
            CHECK(table->valid_hooks == (1 | 1 << 3) && table->entries == 5);
    }

    /* A new date of ours changes nothing of the user's; a new address of his does, at the same size and
     * count. */
    CHECK(world_renew(agent, 0, NULL, &error) == 0, "but %s", error.text);
    CHECK(agent_state(agent, true, TIMEOUT_MS, &second, &error) == 0 && is_same(&first, &second));
    world_run("iptables-legacy -t nat -R POSTROUTING 1 -s 10.0.0.2 -j MASQUERADE");
    CHECK(agent_state(agent, true, TIMEOUT_MS, &second, &error) == 0);
    for (size_t i = 0; i < first.table_count; i++)
        CHECK((first.tables[i].hash != second.tables[i].hash) == !strcmp(first.tables[i].name, "nat") &&
                  first.tables[i].size == second.tables[i].size,
              "of %s", first.tables[i].name);
    world_agent_close(agent);
}
