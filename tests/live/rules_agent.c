/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper process for rules, on a real kernel: it changes nothing but what it is asked to, and puts all of
 * it back however its client ends. Each case runs in a network namespace of its own. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "recorder/core/cleanup.h"
#include "recorder/ruleset/agent.h"

#define TIMEOUT_MS 20000
#define TAG        "test:1"

static int passed, failed, case_failed;

#define CHECK(condition, ...) check((condition), #condition, __LINE__, " " __VA_ARGS__)

static bool __attribute__((format(printf, 4, 5)))
check(bool holds, const char *what, int line, const char *format, ...)
{
    if (holds)
        return true;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *more = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    printf("  line %d: expected %s%s\n", line, what, more);
    case_failed++;
    return false;
}

/* ---- the world, seen by iptables' own programs ---- */

static char *output_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *output_of(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *command = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    GString *output = g_string_new(NULL);
    FILE *pipe = popen(command, "r");
    char part[4096];
    for (size_t length; pipe && (length = fread(part, 1, sizeof part, pipe)) > 0;)
        g_string_append_len(output, part, length);
    if (pipe)
        pclose(pipe);
    return g_string_free(output, FALSE);
}

static void run(const char *command)
{
    g_autofree char *output = output_of("{ %s; } 2>&1 || echo failed", command);
    CHECK(!strstr(output, "failed"), "of `%s`: %s", command, output);
}

/* Every table that exists, with counters, in both families, and the loggers. */
static char *snapshot(void)
{
    return output_of(
        "for table in $(cat /proc/net/ip_tables_names); do iptables-legacy-save -c -t $table; done |"
        " grep -v '^#'; "
        "for table in $(cat /proc/net/ip6_tables_names); do ip6tables-legacy-save -c -t $table; done |"
        " grep -v '^#'; "
        "cat /proc/sys/net/netfilter/nf_log/2 /proc/sys/net/netfilter/nf_log/10");
}

static char *tables_of(int family)
{
    return output_of("sort /proc/net/ip%s_tables_names", family == AF_INET6 ? "6" : "");
}

static int count_in(const char *text, const char *word)
{
    int count = 0;
    for (; (text = strstr(text, word)); text += strlen(word))
        count++;
    return count;
}

static int count_own_rules(void)
{
    g_autofree char *text = snapshot();
    return count_in(text, "-m comment --comment \"iptrace-record: ") - count_in(text, "no TRACE\" -j RETURN");
}

static bool becomes(const char *wanted, int timeout_ms)
{
    for (int i = 0;; i++) {
        g_autofree char *now = snapshot();
        if (!strcmp(now, wanted))
            return true;
        if (i * 20 >= timeout_ms)
            return false;
        g_usleep(20000);
    }
}

static const char some_rules[] =
    "iptables-legacy-restore -c <<'END'\n"
    "*filter\n:INPUT DROP [7:700]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [12:1300]\n:mine - [0:0]\n"
    "[3:400] -A INPUT -p tcp -m tcp --dport 22 -j mine\n[5:600] -A mine -j ACCEPT\nCOMMIT\n"
    "*raw\n:PREROUTING ACCEPT [9:900]\n:OUTPUT ACCEPT [8:800]\n:user - [0:0]\n"
    "[1:100] -A PREROUTING -s 10.0.0.0/8 -j user\n[2:200] -A OUTPUT -p udp -j NOTRACK\n"
    "[4:444] -A user -m comment --comment \"iptrace-record: no TRACE\" -j RETURN\n"
    "[6:666] -A user -p 99 -j TRACE\nCOMMIT\nEND\n"
    "ip6tables-legacy -A INPUT -s 2001:db8::/32 -j DROP; ip6tables-legacy -t raw -A OUTPUT -p udp -j ACCEPT";

static struct agent *open_agent(int family)
{
    struct error error = {""};
    struct agent *agent = NULL;
    int result = agent_open(&agent, family, -1, &error);
    CHECK(result == 0, "but %s", error.text);
    return agent;
}

static void close_agent(struct agent *agent)
{
    struct error error = {""};
    int result = agent_close(agent, TIMEOUT_MS, NULL, &error);
    CHECK(result == 0, "but %s", error.text);
}

static void install(struct agent *agent, const struct trace_options *options, struct trace_report *report)
{
    struct error error = {""};
    int result = agent_install(agent, options, TIMEOUT_MS, report, &error);
    CHECK(result == 0, "but %s", error.text);
}

static const struct trace_options plain = {.tag = TAG};

/* ---- cases ---- */

static void test_no_tables(void)
{
    struct agent *agents[] = {open_agent(AF_INET), open_agent(AF_INET6)};
    for (int i = 0; i < 2; i++) {
        struct ruleset_state state;
        struct table_text text;
        struct error error = {""};
        struct trace_report report = {0};
        struct undo_report undo = {0};
        g_autofree char *lines = NULL;
        int family = agent_family(agents[i]);
        CHECK(agent_state(agents[i], true, TIMEOUT_MS, &state, &error) == 0, "but %s", error.text);
        CHECK(state.table_count == 0, "but %zu", state.table_count);
        CHECK(agent_text(agents[i], "mangle", TIMEOUT_MS, &text, &error) == -ENOENT);
        CHECK(strstr(error.text, "mangle") != NULL, "but %s", error.text);
        CHECK(agent_own_text(agents[i], TIMEOUT_MS, &lines, &error) == 0 && !*lines, "but %s", error.text);
        CHECK(agent_remove(agents[i], NULL, TIMEOUT_MS, &report, &error) == 0 && !report.removed);
        g_autofree char *none = tables_of(family);
        CHECK(!strcmp(none, ""), "but %s", none);

        install(agents[i], &plain, &report);
        CHECK(report.installed == 2 && report.table_created && !report.unlocked);
        g_autofree char *raw = tables_of(family);
        CHECK(!strcmp(raw, "raw\n"), "but %s", raw);
        CHECK(agent_undo(agents[i], TIMEOUT_MS, &undo, &error) == 0 && undo.rules_removed == 2);
        CHECK(count_own_rules() == 0);
    }
    close_agent(agents[0]);
    close_agent(agents[1]);
}

static void test_nothing_else_changes(void)
{
    run(some_rules);
    g_autofree char *before = snapshot();
    struct agent *agents[] = {open_agent(AF_INET), open_agent(AF_INET6)};
    for (int i = 0; i < 2; i++) {
        struct table_text with, without;
        struct error error = {""};
        struct trace_report report;
        CHECK(agent_text(agents[i], "raw", TIMEOUT_MS, &without, &error) == 0, "but %s", error.text);
        CHECK(agent_logger_set(agents[i], TIMEOUT_MS, NULL, &error) == 0, "but %s", error.text);
        install(agents[i], &plain, &report);
        CHECK(report.installed == 2 && !report.table_created);
        CHECK(agent_text(agents[i], "raw", TIMEOUT_MS, &with, &error) == 0, "but %s", error.text);
        CHECK(!strcmp(with.text, without.text), "but %s", with.text);
        CHECK(with.own_count == 2 && without.own_count == 0);
        CHECK(with.own_count == 2 && !strcmp(with.own[0].chain, "PREROUTING") && with.own[0].number == 1 &&
              !strcmp(with.own[1].chain, "OUTPUT") && with.own[1].number == 1 &&
              !strcmp(with.own[1].tag, TAG));
        table_text_done(&with);
        table_text_done(&without);
    }
    g_autofree char *meanwhile = snapshot();
    CHECK(strcmp(before, meanwhile) != 0);
    close_agent(agents[0]);
    close_agent(agents[1]);
    g_autofree char *after = snapshot();
    CHECK(!strcmp(before, after), "but\n%s\ninstead of\n%s", after, before);
}

static void test_logger(void)
{
    struct error error = {""};
    char former[LOGGER_NAME_SIZE] = "";
    bool restored = false;
    struct agent *agent = open_agent(AF_INET);
    g_autofree char *before = snapshot();
    CHECK(agent_logger_set(agent, TIMEOUT_MS, former, &error) == 0, "but %s", error.text);
    CHECK(agent_logger_set(agent, TIMEOUT_MS, former, &error) == 0 && strcmp(former, LOGGER_NFLOG) != 0);
    g_autofree char *set = output_of("cat /proc/sys/net/netfilter/nf_log/2");
    CHECK(!strcmp(set, LOGGER_NFLOG "\n"), "but %s", set);
    CHECK(agent_logger_restore(agent, TIMEOUT_MS, &restored, &error) == 0 && restored);
    CHECK(becomes(before, 0));

    /* A later choice of the administrator stays. */
    CHECK(agent_logger_set(agent, TIMEOUT_MS, former, &error) == 0);
    run("echo NONE > /proc/sys/net/netfilter/nf_log/2");
    CHECK(agent_logger_restore(agent, TIMEOUT_MS, &restored, &error) == 0 && !restored);
    CHECK(agent_logger_set(agent, TIMEOUT_MS, former, &error) == 0 && !strcmp(former, LOGGER_NONE));
    close_agent(agent);
    g_autofree char *after = output_of("cat /proc/sys/net/netfilter/nf_log/2");
    CHECK(!strcmp(after, "NONE\n"), "but %s", after);
}

/* A client that has rules and logger in place, and waits to be killed; it says so by closing `ready`. */
static pid_t start_client(int family, bool reading)
{
    int ready[2];
    char byte;
    if (pipe(ready))
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        struct agent *agent = NULL;
        close(ready[0]);
        if (agent_open(&agent, family, -1, NULL) || agent_logger_set(agent, TIMEOUT_MS, NULL, NULL) ||
            agent_install(agent, &plain, TIMEOUT_MS, NULL, NULL) ||
            (reading && agent_request_text(agent, "filter", NULL)))
            _exit(1);
        close(ready[1]);
        for (;;)
            pause();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) < 0)
        abort();
    close(ready[0]);
    return pid;
}

static void kill_client(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void test_client_killed(void)
{
    run(some_rules);
    g_autofree char *before = snapshot();
    pid_t clients[] = {start_client(AF_INET, false), start_client(AF_INET6, false)};
    CHECK(count_own_rules() == 4);
    kill_client(clients[0]);
    kill_client(clients[1]);
    CHECK(becomes(before, 1000));
}

static void test_client_killed_while_reading(void)
{
    run(some_rules);
    run("{ echo '*filter'; for i in $(seq 30000); do echo \"-A mine -s 10.0.0.1 -p tcp -m tcp --dport 80 -j "
        "ACCEPT\";"
        " done; echo COMMIT; } | iptables-legacy-restore --noflush");
    g_autofree char *before = snapshot();
    kill_client(start_client(AF_INET, true));
    CHECK(becomes(before, 1500));
}

static void test_signals(void)
{
    g_autofree char *before = snapshot();
    struct agent *agent = open_agent(AF_INET);
    struct ruleset_state state;
    struct error error = {""};
    const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        kill(agent_pid(agent), signals[i]);
    CHECK(agent_state(agent, false, TIMEOUT_MS, &state, &error) == 0, "but %s", error.text);
    g_autofree char *descriptors = output_of("ls /proc/%d/fd | wc -l", agent_pid(agent));
    CHECK(atoi(descriptors) == 4, "but %s", descriptors);
    g_autofree char *name = output_of("cat /proc/%d/comm", agent_pid(agent));
    CHECK(!strcmp(name, "iptrace-rules4\n"), "but %s", name);
    g_autofree char *environment = output_of("tr -d '\\0' < /proc/%d/environ", agent_pid(agent));
    close_agent(agent);
}

static void test_agent_killed(void)
{
    struct agent *agent = open_agent(AF_INET);
    struct ruleset_state state;
    struct error error = {""};
    kill(agent_pid(agent), SIGKILL);
    CHECK(agent_state(agent, false, TIMEOUT_MS, &state, &error) == -EPIPE);
    CHECK(strstr(error.text, "ended") != NULL, "but %s", error.text);
    CHECK(agent_close(agent, TIMEOUT_MS, NULL, &error) == -EPIPE);
}

static void expect_invalid(struct agent *agent, struct trace_options options, const char *word)
{
    struct error error = {""};
    options.tag = options.tag ? options.tag : TAG;
    int result = agent_install(agent, &options, TIMEOUT_MS, NULL, &error);
    CHECK(result == -EINVAL && strstr(error.text, word), "with `%s`, but %s", word, error.text);
}

static void test_options(void)
{
    struct agent *agent = open_agent(AF_INET);
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
    CHECK(count_own_rules() == 0);

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
    install(agent, &all, &report);
    CHECK(report.installed == 5, "but %u", report.installed); /* lo is traced where it leaves */
    CHECK(agent_own_text(agent, TIMEOUT_MS, &lines, &error) == 0, "but %s", error.text);
    CHECK(g_str_has_prefix(lines,
                           "-A PREROUTING -i eth0 -m time --datestop 2030-03-17T17:46:40 -m bpf --bytecode "
                           "\"64,6 0 0 65535,"),
          "but %s", lines);
    CHECK(strstr(lines, "-A OUTPUT -o wg+ ") &&
              strstr(lines, " -m limit --limit 90/min -m comment --comment "),
          "but %s", lines);
    close_agent(agent);
}

/* Our arithmetic is iptables' own: a user's rule with the same rate reads the same. */
static void test_limits(void)
{
    static const char *const limits[] = {"10/second", "1/s",   "7",          "3/min",  "10000/second",
                                         "3/hour",    "5/day", "333/minute", "59/sec", "100/h"};
    struct agent *agent = open_agent(AF_INET);
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        struct trace_options options = {.tag = TAG, .limit = limits[i]};
        struct error error = {""};
        struct trace_report report;
        g_autofree char *lines = NULL;
        g_autofree char *theirs = output_of(
            "iptables-legacy -F; iptables-legacy -A INPUT -m limit --limit %s; "
            "iptables-legacy-save -t filter | sed -n 's/-A INPUT\\( -m limit .*\\)/\\1/p' | tr -d '\\n'",
            limits[i]);
        install(agent, &options, &report);
        CHECK(report.removed == (i ? 2 : 0) && report.installed == 2);
        CHECK(agent_own_text(agent, TIMEOUT_MS, &lines, &error) == 0, "but %s", error.text);
        CHECK(*theirs && strstr(lines, theirs), "of %s: %s in %s", limits[i], theirs, lines);
    }
    close_agent(agent);
}

static void test_tags(void)
{
    run(some_rules);
    g_autofree char *before = output_of("iptables-legacy-save -c -t raw | grep '^\\['");
    struct error error = {""};
    struct trace_report report;
    struct own_rule *own = NULL;
    size_t count = 0;
    const char *tags[] = {"a", "b", "ab"};
    for (int i = 0; i < 3; i++) {
        struct trace_options options = {.tag = tags[i]};
        CHECK(trace_install(AF_INET, &options, XTABLES_LOCK_BOUNDED, NULL, &error) == 0, "but %s",
              error.text);
    }
    run("iptables-legacy -t raw -I PREROUTING -p 77 -j ACCEPT");
    CHECK(trace_remove(AF_INET, "b", XTABLES_LOCK_BOUNDED, &report, &error) == 0 && report.removed == 2);
    CHECK(trace_list(AF_INET, &own, &count, &error) == 0 && count == 4);
    CHECK(count == 4 && !strcmp(own[0].tag, "ab") && own[0].number == 2 && !strcmp(own[1].tag, "a") &&
          own[1].number == 3 && own[2].number == 1);
    g_free(own);
    CHECK(trace_remove(AF_INET, "nobody", XTABLES_LOCK_BOUNDED, &report, &error) == 0 && report.removed == 0);
    struct undo_report undo;
    CHECK(ruleset_undo(AF_INET, NULL, NULL, XTABLES_LOCK_BOUNDED, &undo, &error) == 0 &&
          undo.rules_removed == 4);
    run("iptables-legacy -t raw -D PREROUTING 1");
    g_autofree char *after = output_of("iptables-legacy-save -c -t raw | grep '^\\['");
    CHECK(!strcmp(before, after), "but %s", after);
}

static void test_renew(void)
{
    struct agent *agent = open_agent(AF_INET6);
    struct error error = {""};
    struct trace_report report;
    g_autofree char *lines = NULL;
    struct trace_options options = {.tag = TAG, .date_stop = 1900000000, .limit = "5/second"};
    CHECK(agent_renew(agent, 2000000000, TIMEOUT_MS, &report, &error) == -ENOENT);
    install(agent, &options, &report);
    CHECK(agent_renew(agent, 2000000000, TIMEOUT_MS, &report, &error) == 0, "but %s", error.text);
    CHECK(report.removed == 2 && report.installed == 2);
    CHECK(agent_own_text(agent, TIMEOUT_MS, &lines, &error) == 0);
    CHECK(count_in(lines, "--datestop 2033-05-18T03:33:20") == 2 && strstr(lines, "--limit 5/sec"), "but %s",
          lines);
    run("ip6tables-legacy -t raw -F");
    CHECK(agent_renew(agent, 2100000000, TIMEOUT_MS, &report, &error) == -ENOENT && count_own_rules() == 0);
    close_agent(agent);
}

static void test_state(void)
{
    struct agent *agent = open_agent(AF_INET);
    struct ruleset_state first, second;
    struct error error = {""};
    run("iptables-legacy -N empty; iptables-legacy -t mangle -P INPUT DROP; iptables-legacy -t nat -A "
        "POSTROUTING -s 10.0.0.1 -j MASQUERADE");
    install(agent, &plain, NULL);
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
    CHECK(agent_renew(agent, 0, TIMEOUT_MS, NULL, &error) == 0, "but %s", error.text);
    CHECK(agent_state(agent, true, TIMEOUT_MS, &second, &error) == 0 &&
          !memcmp(&first, &second, sizeof first));
    run("iptables-legacy -t nat -R POSTROUTING 1 -s 10.0.0.2 -j MASQUERADE");
    CHECK(agent_state(agent, true, TIMEOUT_MS, &second, &error) == 0);
    for (size_t i = 0; i < first.table_count; i++)
        CHECK((first.tables[i].hash != second.tables[i].hash) == !strcmp(first.tables[i].name, "nat") &&
                  first.tables[i].size == second.tables[i].size,
              "of %s", first.tables[i].name);
    close_agent(agent);
}

static void test_without_waiting(void)
{
    run(some_rules);
    struct agent *agent = open_agent(AF_INET);
    struct error error = {""};
    struct agent_reply reply;
    struct ruleset_state state;
    CHECK(agent_receive(agent, &reply, &error) == -EAGAIN);
    CHECK(agent_request_text(agent, "filter", &error) == 0);
    CHECK(agent_request_text(agent, "nosuch", &error) == 0);
    CHECK(agent_request_state(agent, true, &error) == 0);
    CHECK(agent_state(agent, false, TIMEOUT_MS, &state, &error) == 0, "but %s", error.text);
    CHECK(agent_request_text(agent, "raw", &error) == 0);
    static const struct {
        enum agent_reply_kind kind;
        int result;
        const char *table, *begins;
    } expected[] = {
        {AGENT_REPLY_TEXT,  0,       "filter", "*filter\n"},
        {AGENT_REPLY_TEXT,  -ENOENT, "nosuch", NULL       },
        {AGENT_REPLY_STATE, 0,       "",       NULL       },
        {AGENT_REPLY_TEXT,  0,       "raw",    "*raw\n"   },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        int result;
        while ((result = agent_receive(agent, &reply, &error)) == -EAGAIN)
            g_usleep(1000);
        if (!CHECK(result == 0, "but %s", error.text))
            break;
        CHECK(reply.kind == expected[i].kind && reply.result == expected[i].result &&
                  !strcmp(reply.table, expected[i].table),
              "of answer %zu, but %s", i, reply.error.text);
        CHECK(!expected[i].begins || g_str_has_prefix(reply.text.text, expected[i].begins));
        CHECK(reply.kind != AGENT_REPLY_STATE || reply.state.table_count == 2);
        agent_reply_done(&reply);
    }
    close_agent(agent);
}

static void test_lock(void)
{
    struct agent *agent = open_agent(AF_INET);
    struct error error = {""};
    CLEANUP_CLOSE int lock = open(XTABLES_LOCK_FILE, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    g_autofree char *self = g_strdup_printf("process %ld (", (long)getpid());
    CHECK(lock >= 0 && flock(lock, LOCK_EX) == 0);
    CHECK(agent_install(agent, &plain, TIMEOUT_MS, NULL, &error) == -EBUSY);
    CHECK(strstr(error.text, self) != NULL, "of %s, but %s", self, error.text);
    agent_assume_lock(agent, true);
    install(agent, &plain, NULL);
    agent_assume_lock(agent, false);

    /* An agent that may not undo yet does it as soon as it may. */
    CHECK(agent_close(agent, 200, NULL, &error) == -ETIMEDOUT);
    CHECK(strstr(error.text, "lock") != NULL, "but %s", error.text);
    g_usleep(6000000);
    g_autofree char *still = output_of("cat /proc/net/ip_tables_names");
    flock(lock, LOCK_UN);
    for (int i = 0; i < 50 && count_own_rules(); i++)
        g_usleep(20000);
    CHECK(count_own_rules() == 0);
}

static void test_nonsense(void)
{
    g_autofree char *before = snapshot();
    struct agent *agent = open_agent(AF_INET6);
    struct error error = {""};
    struct ruleset_state state;
    install(agent, &plain, NULL);
    CHECK(send(agent_fd(agent), "nonsense", 8, MSG_NOSIGNAL) == 8);
    CHECK(agent_state(agent, false, TIMEOUT_MS, &state, &error) == -EPIPE);
    CHECK(agent_close(agent, TIMEOUT_MS, NULL, &error) == -EPIPE);
    CHECK(count_own_rules() == 0);
}

static void test_other_namespace(void)
{
    g_autofree char *before = snapshot();
    struct error error = {""};
    int ready[2];
    char byte;
    if (pipe(ready))
        abort();
    pid_t other = fork();
    if (other == 0) {
        if (unshare(CLONE_NEWNET) || write(ready[1], "", 1) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", other);
    CLEANUP_CLOSE int netns = open(path, O_RDONLY | O_CLOEXEC);
    struct agent *agent = NULL;
    CHECK(agent_open(&agent, AF_INET, netns, &error) == 0, "but %s", error.text);
    CHECK(agent_logger_set(agent, TIMEOUT_MS, NULL, &error) == 0, "but %s", error.text);
    install(agent, &plain, NULL);
    g_autofree char *there = output_of(
        "nsenter --net=%s iptables-legacy-save; nsenter --net=%s cat /proc/sys/net/netfilter/nf_log/2", path,
        path);
    CHECK(count_in(there, "iptrace-record: ") == 2 && strstr(there, LOGGER_NFLOG), "but %s", there);
    CHECK(becomes(before, 0));
    close_agent(agent);
    kill_client(other);
    close(ready[0]);
    close(ready[1]);

    CLEANUP_CLOSE int wrong = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(agent_open(&agent, AF_INET, wrong, &error) == -EINVAL);
    CHECK(strstr(error.text, "namespace") != NULL, "but %s", error.text);
}

static void test_without_privilege(void)
{
    run(some_rules);
    pid_t pid = fork();
    if (pid == 0) {
        struct agent *agent = NULL;
        struct error error = {""};
        struct ruleset_state state;
        if (setgid(65534) || setuid(65534))
            _exit(1);
        case_failed = 0;
        CHECK(agent_open(&agent, AF_INET, -1, &error) == 0, "but %s", error.text);
        int result = agent_install(agent, &plain, TIMEOUT_MS, NULL, &error);
        CHECK(result == -EPERM || result == -EACCES, "but %d, %s", result, error.text);
        CHECK(strstr(error.text, "root") != NULL, "but %s", error.text);
        CHECK(agent_state(agent, true, TIMEOUT_MS, &state, &error) < 0);
        CHECK(agent_logger_set(agent, TIMEOUT_MS, NULL, &error) < 0);
        agent_close(agent, TIMEOUT_MS, NULL, &error);
        fflush(stdout);
        _exit(case_failed != 0);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    CHECK(status == 0);
    CHECK(count_own_rules() == 0);
}

/* Extensions that are not there, and a variable that would point at others. */
static void test_extensions_missing(void)
{
    g_autofree char *directory =
        output_of("pkg-config --variable=xtlibdir xtables 2> /dev/null | tr -d '\\n'");
    struct agent *agent = open_agent(AF_INET);
    struct table_text text;
    struct error error = {""};
    run("iptables-legacy -A INPUT -p tcp -m limit --limit 5/sec -j LOG; iptables-legacy -A INPUT -p udp -j "
        "DROP");
    install(agent, &plain, NULL);
    setenv("XTABLES_LIBDIR", "/nonexistent", 1);
    struct agent *steered = open_agent(AF_INET);
    unsetenv("XTABLES_LIBDIR");
    CHECK(agent_text(steered, "filter", TIMEOUT_MS, &text, &error) == 0, "but %s", error.text);
    CHECK(strstr(text.text, "-m limit --limit 5/sec -j LOG\n") != NULL, "but %s", text.text);
    table_text_done(&text);
    close_agent(steered);

    pid_t pid = fork();
    if (pid == 0) {
        if (!*directory || unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
            mount("tmpfs", directory, "tmpfs", 0, NULL))
            _exit(0);
        case_failed = 0;
        agent = open_agent(AF_INET);
        CHECK(agent_text(agent, "filter", TIMEOUT_MS, &text, &error) == 0, "but %s", error.text);
        CHECK(strstr(text.text,
                     "-p tcp -m limit [no extension] -j LOG [no extension]\n-A INPUT -p udp -j DROP\n"),
              "but %s", text.text);
        fflush(stdout);
        _exit(case_failed != 0);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    CHECK(status == 0);
    close_agent(agent);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"no tables",                   test_no_tables                  },
    {"nothing else changes",        test_nothing_else_changes       },
    {"logger",                      test_logger                     },
    {"client killed",               test_client_killed              },
    {"client killed while reading", test_client_killed_while_reading},
    {"signals",                     test_signals                    },
    {"agent killed",                test_agent_killed               },
    {"options",                     test_options                    },
    {"limits",                      test_limits                     },
    {"tags",                        test_tags                       },
    {"renew",                       test_renew                      },
    {"state",                       test_state                      },
    {"without waiting",             test_without_waiting            },
    {"lock",                        test_lock                       },
    {"nonsense",                    test_nonsense                   },
    {"other namespace",             test_other_namespace            },
    {"without privilege",           test_without_privilege          },
    {"extensions missing",          test_extensions_missing         },
};

int main(int argc, char **argv)
{
    if (geteuid() || unshare(CLONE_NEWNET)) {
        printf("skipped: needs root and network namespaces\n");
        return 77;
    }
    if (system("iptables-legacy-save > /dev/null 2>&1")) {
        printf("skipped: needs iptables-legacy-save\n");
        return 77;
    }
    /* A lock that nobody else waits for; in a chroot there are no mounts of our own to be had. */
    if (!unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
        mount("tmpfs", "/run", "tmpfs", 0, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) != 0)
            continue;
        if (unshare(CLONE_NEWNET))
            return 1;
        case_failed = 0;
        cases[i].run();
        *(case_failed ? &failed : &passed) += 1;
        if (case_failed)
            printf("FAILED: %s\n", cases[i].name);
        fflush(stdout);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
