/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The process that prints one text. */
#include "recorder/legacy/agent/agent_text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/legacy/agent/agent_wire.h"
#include "recorder/legacy/agent/table.h"

#define OUTPUT_BUFFER (1 << 16)
#define LARGE_ENTRIES 2000 /* of a table whose text takes long enough to be in the way */
#define SEALS         (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* The exit status of a printer that failed, beside those of extension.h: its standard error holds the
 * sentence and its errno as the first line. */
#define EXIT_SENTENCE 4

static int print_head(uint64_t hash, const struct own_rule *own, size_t count, void *context)
{
    (void)context;
    const struct wire_text head = {.hash = hash, .own_count = count};
    fwrite(&head, sizeof head, 1, stdout);
    if (count)
        fwrite(own, sizeof *own, count, stdout);
    return 0;
}

/* Whether the text takes long enough to be in the way. */
static bool is_large(enum ip_family family, const char *table)
{
    struct table_state states[RULESET_TABLES_MAX];
    size_t count = 0;
    if (table_states_read(family, false, states, RULESET_TABLES_MAX, &count, NULL) < 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(states[i].name, table) == 0)
            return states[i].entries > LARGE_ENTRIES;
    return false;
}

static uint64_t cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* Writes, and then rests twice as long as this process has worked since it last did. */
static ssize_t write_and_rest(void *context, const char *bytes, size_t size)
{
    uint64_t *rested_ns = context, rest_ns = 2 * (cpu_ns() - *rested_ns);
    ssize_t written = write(STDOUT_FILENO, bytes, size);
    struct timespec rest = {.tv_sec = (time_t)(rest_ns / 1000000000),
                            .tv_nsec = (long)(rest_ns % 1000000000)};
    nanosleep(&rest, NULL);
    *rested_ns = cpu_ns();
    return written;
}

/* The firewall goes first. That nobody else wants the processor is not enough: memory, and often the core,
 * are shared with the one that forwards. */
static void give_way(void)
{
    static uint64_t rested_ns;
    rested_ns = cpu_ns();
    setpriority(PRIO_PROCESS, 0, PRIO_MAX - 1);
    FILE *unhurried = fopencookie(&rested_ns, "w", (cookie_io_functions_t){.write = write_and_rest});
    if (unhurried)
        stdout = unhurried; /* which printf() of libxtables' extensions uses, too */
}

static void print_text(enum ip_family family, const char *table, enum save_selection selection, int text,
                       int complaint) __attribute__((noreturn));

static void print_text(enum ip_family family, const char *table, enum save_selection selection, int text,
                       int complaint)
{
    struct error error = {""};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "iptrace-text");
    if (dup2(text, STDOUT_FILENO) < 0 || dup2(complaint, STDERR_FILENO) < 0)
        _exit(1);
    close_range(STDERR_FILENO + 1, ~0u, 0);
    __fpurge(stdout);
    if (is_large(family, table))
        give_way();
    setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);

    int result = save_print(family, table, selection, print_head, NULL, &error);
    if (!result)
        _exit(0);
    /* Extensions may have complained before: only the sentence counts. */
    if (ftruncate(STDERR_FILENO, 0) || lseek(STDERR_FILENO, 0, SEEK_SET) < 0)
        _exit(1);
    dprintf(STDERR_FILENO, "%d\n%s", -result, error.text);
    _exit(EXIT_SENTENCE);
}

int agent_text_start(enum ip_family family, const char *table, enum save_selection selection,
                     struct agent_text_job *ret_job, struct error *error)
{
    CLEANUP_CLOSE int text = memfd_create("iptrace-text", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CLEANUP_CLOSE int complaint = memfd_create("iptrace-complaint", MFD_CLOEXEC);
    if (text < 0 || complaint < 0)
        return error_set(error, errno, "cannot create a memory file for the text of table %s: %s", table,
                         g_strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        return error_set(error, errno, "cannot start a process to print table %s: %s", table,
                         g_strerror(errno));
    if (pid == 0)
        print_text(family, table, selection, text, complaint);

    int pidfd = syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        int err = errno;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return error_set(error, err, "the process that prints table %s cannot be watched: %s", table,
                         g_strerror(err));
    }
    *ret_job = (struct agent_text_job){
        .pid = pid, .pidfd = pidfd, .text = take_fd(&text), .complaint = take_fd(&complaint)};
    return 0;
}

static void job_done(struct agent_text_job *job)
{
    cleanup_close(&job->pidfd);
    cleanup_close(&job->text);
    cleanup_close(&job->complaint);
    *job = AGENT_TEXT_JOB_NONE;
}

/* What the process wrote to standard error, on one line. */
static void read_complaint(int fd, char *ret_text, size_t size)
{
    ssize_t length = pread(fd, ret_text, size - 1, 0);
    ret_text[length > 0 ? length : 0] = '\0';
    g_strchomp(ret_text);
}

static int job_error(const struct agent_text_job *job, int status, struct error *error)
{
    char text[sizeof error->text];
    read_complaint(job->complaint, text, sizeof text);
    if (WIFSIGNALED(status))
        return error_set(error, EIO, "the process that prints rules was killed by signal %d (%s)",
                         WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) == EXIT_SENTENCE) {
        char *sentence;
        gint64 err = g_ascii_strtoll(text, &sentence, 10);
        return error_set(error, CLAMP(err, 1, 4095), "%s",
                         *sentence ? sentence + 1 : "the rules cannot be read");
    }
    return error_set(error, EIO, "libxtables gave up printing the rules: %s",
                     *text ? g_strdelimit(text, "\n\r", ' ') : "it did not say why");
}

int agent_text_finish(struct agent_text_job *job, int *ret_text, struct error *error)
{
    int status, result = 0;
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        result = job_error(job, status, error);
    else if (fcntl(job->text, F_ADD_SEALS, SEALS))
        result = error_set(error, errno, "the text of the rules cannot be sealed: %s", g_strerror(errno));
    else
        *ret_text = take_fd(&job->text);
    job_done(job);
    return result;
}

void agent_text_kill(struct agent_text_job *job)
{
    if (job->pid <= 0)
        return;
    kill(job->pid, SIGKILL);
    while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    job_done(job);
}
