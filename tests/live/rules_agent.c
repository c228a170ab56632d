/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
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
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "rules_agent_world.h"

/* ---- cases ---- */

static void test_no_tables(void)
{
    struct agent *agents[] = {world_agent(FAMILY_IPV4), world_agent(FAMILY_IPV6)};
    for (int i = 0; i < 2; i++) {
        struct ruleset_state state;
        struct table_text text;
        struct error error = {""};
        struct trace_report report = {0};
        struct undo_report undo = {0};
        g_autofree char *lines = NULL;
        enum ip_family family = agent_family(agents[i]);
        CHECK(agent_state(agents[i], true, TIMEOUT_MS, &state, &error) == 0, "but %s", error.text);
        CHECK(state.table_count == 0, "but %zu", state.table_count);
        CHECK(agent_text(agents[i], "mangle", TIMEOUT_MS, &text, &error) == -ENOENT);
        CHECK(strstr(error.text, "mangle") != NULL, "but %s", error.text);
        CHECK(agent_own_text(agents[i], TIMEOUT_MS, &lines, &error) == 0 && !*lines, "but %s", error.text);
        CHECK(agent_remove(agents[i], TIMEOUT_MS, &report, &error) == 0 && !report.removed);
        g_autofree char *none = world_tables(family);
        CHECK(!strcmp(none, ""), "but %s", none);

        world_install(agents[i], &world_plain, &report);
        CHECK(report.installed == 2 && report.table_created && !report.unlocked);
        g_autofree char *raw = world_tables(family);
        CHECK(!strcmp(raw, "raw\n"), "but %s", raw);
        CHECK(agent_close(agents[i], TIMEOUT_MS, &undo, &error) == 0 && undo.rules_removed == 2);
        CHECK(world_own_rules() == 0);
    }
}

static void test_nothing_else_changes(void)
{
    world_run(world_rules);
    g_autofree char *before = world_snapshot();
    struct agent *agents[] = {world_agent(FAMILY_IPV4), world_agent(FAMILY_IPV6)};
    for (int i = 0; i < 2; i++) {
        struct table_text with, without;
        struct error error = {""};
        struct trace_report report;
        CHECK(agent_text(agents[i], "raw", TIMEOUT_MS, &without, &error) == 0, "but %s", error.text);
        CHECK(agent_logger_set(agents[i], TIMEOUT_MS, &error) == 0, "but %s", error.text);
        world_install(agents[i], &world_plain, &report);
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
    g_autofree char *meanwhile = world_snapshot();
    CHECK(strcmp(before, meanwhile) != 0);
    world_agent_close(agents[0]);
    world_agent_close(agents[1]);
    g_autofree char *after = world_snapshot();
    CHECK(!strcmp(before, after), "but\n%s\ninstead of\n%s", after, before);
}

static void test_logger(void)
{
    struct error error = {""};
    struct undo_report undo = {0};
    struct agent *agent = world_agent(FAMILY_IPV4);
    g_autofree char *before = world_snapshot();
    CHECK(agent_logger_set(agent, TIMEOUT_MS, &error) == 0, "but %s", error.text);
    CHECK(agent_logger_set(agent, TIMEOUT_MS, &error) == 0, "but %s", error.text);
    g_autofree char *set = world_output("cat /proc/sys/net/netfilter/nf_log/2");
    CHECK(!strcmp(set, LOGGER_NFLOG "\n"), "but %s", set);
    CHECK(agent_close(agent, TIMEOUT_MS, &undo, &error) == 0 && undo.logger_restored);
    CHECK(world_becomes(before, 0));

    /* A later choice of the administrator stays. */
    agent = world_agent(AF_INET);
    CHECK(agent_logger_set(agent, TIMEOUT_MS, &error) == 0);
    world_run("echo NONE > /proc/sys/net/netfilter/nf_log/2");
    CHECK(agent_close(agent, TIMEOUT_MS, &undo, &error) == 0 && !undo.logger_restored);
    g_autofree char *after = world_output("cat /proc/sys/net/netfilter/nf_log/2");
    CHECK(!strcmp(after, "NONE\n"), "but %s", after);
}

/* A client that has rules and logger in place, and waits to be killed; it says so by closing `ready`. */
static pid_t start_client(enum ip_family family, bool reading)
{
    int ready[2];
    char byte;
    if (pipe(ready))
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        struct agent *agent = NULL;
        struct agent_inbox inbox = {0};
        close(ready[0]);
        if (agent_open(&agent, family, -1, NULL) || agent_logger_set(agent, TIMEOUT_MS, NULL) ||
            agent_install(agent, &world_plain, TIMEOUT_MS, NULL, NULL) ||
            (reading && agent_request_text(agent, &inbox, "filter", NULL)))
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
    world_run(world_rules);
    g_autofree char *before = world_snapshot();
    pid_t clients[] = {start_client(FAMILY_IPV4, false), start_client(FAMILY_IPV6, false)};
    CHECK(world_own_rules() == 4);
    kill_client(clients[0]);
    kill_client(clients[1]);
    CHECK(world_becomes(before, 1000));
}

static void test_client_killed_while_reading(void)
{
    world_run(world_rules);
    world_run(
        "{ echo '*filter'; for i in $(seq 30000); do echo \"-A mine -s 10.0.0.1 -p tcp -m tcp --dport 80 -j "
        "ACCEPT\";"
        " done; echo COMMIT; } | iptables-legacy-restore --noflush");
    g_autofree char *before = world_snapshot();
    kill_client(start_client(FAMILY_IPV4, true));
    CHECK(world_becomes(before, 1500));
}

static void test_signals(void)
{
    g_autofree char *before = world_snapshot();
    struct agent *agent = world_agent(FAMILY_IPV4);
    struct ruleset_state state;
    struct error error = {""};
    const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        kill(agent_pid(agent), signals[i]);
    CHECK(agent_state(agent, false, TIMEOUT_MS, &state, &error) == 0, "but %s", error.text);
    g_autofree char *descriptors = world_output("ls /proc/%d/fd | wc -l", agent_pid(agent));
    CHECK(atoi(descriptors) == 4, "but %s", descriptors);
    g_autofree char *name = world_output("cat /proc/%d/comm", agent_pid(agent));
    CHECK(!strcmp(name, "iptrace-rules4\n"), "but %s", name);
    g_autofree char *environment = world_output("tr -d '\\0' < /proc/%d/environ", agent_pid(agent));
    world_agent_close(agent);
}

static void test_agent_killed(void)
{
    struct agent *agent = world_agent(FAMILY_IPV4);
    struct ruleset_state state;
    struct error error = {""};
    kill(agent_pid(agent), SIGKILL);
    CHECK(agent_state(agent, false, TIMEOUT_MS, &state, &error) == -EPIPE);
    CHECK(strstr(error.text, "ended") != NULL, "but %s", error.text);
    CHECK(agent_close(agent, TIMEOUT_MS, NULL, &error) == -EPIPE);
}

static void test_without_waiting(void)
{
    world_run(world_rules);
    struct agent *agent = world_agent(FAMILY_IPV4);
    struct error error = {""};
    struct agent_inbox inbox = {0};
    struct agent_reply reply;
    struct ruleset_state state;
    CHECK(agent_receive(agent, &inbox, &reply, &error) == -EAGAIN);
    CHECK(agent_request_text(agent, &inbox, "filter", &error) == 0);
    CHECK(agent_request_text(agent, &inbox, "nosuch", &error) == 0);
    CHECK(agent_request_state(agent, &inbox, true, &error) == 0);
    CHECK(agent_state(agent, false, TIMEOUT_MS, &state, &error) == 0, "but %s", error.text);
    CHECK(agent_request_text(agent, &inbox, "raw", &error) == 0);
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
        while ((result = agent_receive(agent, &inbox, &reply, &error)) == -EAGAIN)
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
    world_agent_close(agent);
}

static void test_lock(void)
{
    struct agent *agent = world_agent(FAMILY_IPV4);
    struct error error = {""};
    CLEANUP_CLOSE int lock = open(XTABLES_LOCK_FILE, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    g_autofree char *self = g_strdup_printf("process %ld (", (long)getpid());
    CHECK(lock >= 0 && flock(lock, LOCK_EX) == 0);
    CHECK(agent_install(agent, &world_plain, TIMEOUT_MS, NULL, &error) == -EBUSY);
    CHECK(strstr(error.text, self) != NULL, "of %s, but %s", self, error.text);
    CHECK(agent_remove(agent, TIMEOUT_MS, NULL, &error) == 0, "but %s", error.text);
    agent_assume_lock(agent, true);
    world_install(agent, &world_plain, NULL);
    CHECK(agent_remove(agent, TIMEOUT_MS, NULL, &error) == 0 && world_own_rules() == 0);
    world_agent_close(agent);

    /* Once rules were installed with the lock taken, nobody's word for it counts. */
    flock(lock, LOCK_UN);
    agent = world_agent(FAMILY_IPV4);
    world_install(agent, &world_plain, NULL);
    CHECK(flock(lock, LOCK_EX) == 0);
    agent_assume_lock(agent, true);
    CHECK(agent_remove(agent, TIMEOUT_MS, NULL, &error) == -EBUSY && world_own_rules() == 2);

    /* An agent that may not undo yet does it as soon as it may. */
    CHECK(agent_close(agent, 200, NULL, &error) == -ETIMEDOUT);
    CHECK(strstr(error.text, "lock") != NULL, "but %s", error.text);
    g_usleep(6000000);
    g_autofree char *still = world_output("cat /proc/net/ip_tables_names");
    flock(lock, LOCK_UN);
    for (int i = 0; i < 50 && world_own_rules(); i++)
        g_usleep(20000);
    CHECK(world_own_rules() == 0);
}

/* What a client that was taken over could ask for. */
static void test_bound(void)
{
    struct trace_options other = {.tag = "other:2"};
    struct error error = {""};
    CHECK(trace_install(FAMILY_IPV4, &other, XTABLES_LOCK_BOUNDED, NULL, &error) == 0, "but %s", error.text);
    struct agent *agent = world_agent(FAMILY_IPV4);
    struct trace_report report;
    CHECK(agent_remove(agent, TIMEOUT_MS, &report, &error) == 0 && world_own_rules() == 2);
    world_install(agent, &world_plain, NULL);
    CHECK(agent_install(agent, &other, TIMEOUT_MS, NULL, &error) == -EINVAL);
    CHECK(agent_bind(agent, TIMEOUT_MS, &error) == 0, "but %s", error.text);
    CHECK(agent_install(agent, &world_plain, TIMEOUT_MS, NULL, &error) == -EPERM);
    CHECK(world_renew(agent, 0, NULL, &error) == 0, "but %s", error.text);
    CHECK(world_own_rules() == 4);
    CHECK(agent_remove(agent, TIMEOUT_MS, &report, &error) == 0 && report.removed == 2);
    CHECK(agent_install(agent, &world_plain, TIMEOUT_MS, NULL, &error) == -EPERM);
    CHECK(world_own_rules() == 2);
    world_agent_close(agent);

    /* One that installs nothing, as with --no-install. */
    agent = world_agent(FAMILY_IPV4);
    CHECK(agent_bind(agent, TIMEOUT_MS, &error) == 0);
    CHECK(agent_install(agent, &other, TIMEOUT_MS, NULL, &error) == -EPERM);
    CHECK(agent_remove(agent, TIMEOUT_MS, &report, &error) == 0 && world_own_rules() == 2);
    world_agent_close(agent);
}

static void test_nonsense(void)
{
    g_autofree char *before = world_snapshot();
    struct agent *agent = world_agent(FAMILY_IPV6);
    struct error error = {""};
    struct ruleset_state state;
    world_install(agent, &world_plain, NULL);
    CHECK(send(agent_fd(agent), "nonsense", 8, MSG_NOSIGNAL) == 8);
    CHECK(agent_state(agent, false, TIMEOUT_MS, &state, &error) == -EPIPE);
    CHECK(agent_close(agent, TIMEOUT_MS, NULL, &error) == -EPIPE);
    CHECK(world_own_rules() == 0);
}

static void test_other_namespace(void)
{
    g_autofree char *before = world_snapshot();
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
    CHECK(agent_open(&agent, FAMILY_IPV4, netns, &error) == 0, "but %s", error.text);
    CHECK(agent_logger_set(agent, TIMEOUT_MS, &error) == 0, "but %s", error.text);
    world_install(agent, &world_plain, NULL);
    g_autofree char *there = world_output(
        "nsenter --net=%s iptables-legacy-save; nsenter --net=%s cat /proc/sys/net/netfilter/nf_log/2", path,
        path);
    CHECK(world_count(there, "iptrace-record: ") == 2 && strstr(there, LOGGER_NFLOG), "but %s", there);
    CHECK(world_becomes(before, 0));
    world_agent_close(agent);
    kill_client(other);
    close(ready[0]);
    close(ready[1]);

    CLEANUP_CLOSE int wrong = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(agent_open(&agent, FAMILY_IPV4, wrong, &error) == -EINVAL);
    CHECK(strstr(error.text, "namespace") != NULL, "but %s", error.text);
}

static void test_without_privilege(void)
{
    world_run(world_rules);
    pid_t pid = fork();
    if (pid == 0) {
        struct agent *agent = NULL;
        struct error error = {""};
        struct ruleset_state state;
        if (setgid(65534) || setuid(65534))
            _exit(0); /* a user namespace of one user: nobody to become */
        world_failures = 0;
        CHECK(agent_open(&agent, FAMILY_IPV4, -1, &error) == 0, "but %s", error.text);
        int result = agent_install(agent, &world_plain, TIMEOUT_MS, NULL, &error);
        CHECK(result == -EPERM || result == -EACCES, "but %d, %s", result, error.text);
        CHECK(strstr(error.text, "root") != NULL, "but %s", error.text);
        CHECK(agent_state(agent, true, TIMEOUT_MS, &state, &error) < 0);
        CHECK(agent_logger_set(agent, TIMEOUT_MS, &error) < 0);
        agent_close(agent, TIMEOUT_MS, NULL, &error);
        fflush(stdout);
        _exit(world_failures != 0);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    CHECK(status == 0);
    CHECK(world_own_rules() == 0);
}

/* Extensions that are not there, and a variable that would point at others. */
static void test_extensions_missing(void)
{
    g_autofree char *directory =
        world_output("pkg-config --variable=xtlibdir xtables 2> /dev/null | tr -d '\\n'");
    struct agent *agent = world_agent(FAMILY_IPV4);
    struct table_text text;
    struct error error = {""};
    world_run(
        "iptables-legacy -A INPUT -p tcp -m limit --limit 5/sec -j LOG; iptables-legacy -A INPUT -p udp -j "
        "DROP");
    world_install(agent, &world_plain, NULL);
    setenv("XTABLES_LIBDIR", "/nonexistent", 1);
    struct agent *steered = world_agent(FAMILY_IPV4);
    unsetenv("XTABLES_LIBDIR");
    CHECK(agent_text(steered, "filter", TIMEOUT_MS, &text, &error) == 0, "but %s", error.text);
    CHECK(strstr(text.text, "-m limit --limit 5/sec -j LOG\n") != NULL, "but %s", text.text);
    table_text_done(&text);
    world_agent_close(steered);

    pid_t pid = fork();
    if (pid == 0) {
        if (!*directory || unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
            mount("tmpfs", directory, "tmpfs", 0, NULL))
            _exit(0);
        world_failures = 0;
        agent = world_agent(FAMILY_IPV4);
        CHECK(agent_text(agent, "filter", TIMEOUT_MS, &text, &error) == 0, "but %s", error.text);
        CHECK(strstr(text.text,
                     "-p tcp -m limit [no extension] -j LOG [no extension]\n-A INPUT -p udp -j DROP\n"),
              "but %s", text.text);
        fflush(stdout);
        _exit(world_failures != 0);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    CHECK(status == 0);
    world_agent_close(agent);
}

static int passed, failed;

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
    {"bound",                       test_bound                      },
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
        world_failures = 0;
        cases[i].run();
        *(world_failures ? &failed : &passed) += 1;
        if (world_failures)
            printf("FAILED: %s\n", cases[i].name);
        fflush(stdout);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
