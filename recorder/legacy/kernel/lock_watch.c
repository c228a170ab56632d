/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether anybody has the xtables lock. */
#include "recorder/legacy/kernel/lock_watch.h"

#include "recorder/legacy/agent/xtables_lock.h"
#include "recorder/report/report.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Everything that is opened or closed in the directory of the lock file. */
static int watch_directory(const struct lock_watch *lock, const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);
    return inotify_add_watch(lock->fd, directory, IN_OPEN | IN_CLOSE | IN_ONLYDIR) < 0 ? -errno : 0;
}

int lock_watch_open(struct lock_watch *lock, const char *place, uint64_t now_ns, struct error *error)
{
    *lock = (struct lock_watch){
        .place = place, .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .turned_ns = now_ns};
    if (lock->fd < 0)
        return error_set(error, errno, "cannot watch the xtables lock: %s", g_strerror(errno));
    int result = watch_directory(lock, XTABLES_LOCK_FILE);
    if (result < 0)
        report_note_about(place,
                          "%s cannot be watched (%s): changes to the rules are found only by looking at them",
                          XTABLES_LOCK_FILE, g_strerror(-result));
    return 0;
}

void lock_watch_add(struct lock_watch *lock, const char *path)
{
    /* One directory has one watch, by whatever name. */
    int result = watch_directory(lock, path);
    if (result < 0)
        report_detail_about(lock->place, "%s cannot be watched: %s", path, g_strerror(-result));
}

static void take_event(struct lock_watch *lock, uint32_t what, uint64_t now_ns)
{
    if (what & IN_Q_OVERFLOW) {
        lock->openings += 2; /* or more: it may have been changed and changed back */
        lock->holders = 0;
    } else if (what & IN_OPEN) {
        lock->openings++;
        lock->holders++;
    } else if (lock->holders > 0) {
        lock->holders--;
    }
    if (what & IN_CLOSE)
        lock->closed_ns = now_ns;
}

/* The directory has other files. Where the queue overflowed nobody knows whose events are gone. */
static bool is_of_lock(const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return true;
    const char *name = strrchr(XTABLES_LOCK_FILE, '/') + 1;
    return event->len > 0 && strcmp(event->name, name) == 0;
}

unsigned lock_watch_turn(struct lock_watch *lock, uint64_t now_ns)
{
    _Alignas(struct inotify_event) char buffer[4096];
    unsigned count = 0;
    ssize_t length;
    while ((length = read(lock->fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + length;) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            at += sizeof *event + event->len;
            if (!is_of_lock(event))
                continue;
            count++;
            take_event(lock, event->mask, now_ns);
        }
    }
    lock->turned_ns = now_ns;
    return count;
}

void lock_watch_forgive(struct lock_watch *lock, unsigned own_locks)
{
    lock->openings -= (int)own_locks;
}

void lock_watch_close(struct lock_watch *lock)
{
    close(lock->fd);
}
