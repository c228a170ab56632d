/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has the xtables lock. */
#include "recorder/lock_watch.h"

#include "recorder/report.h"
#include "recorder/ruleset/xtables_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

int lock_watch_open(struct lock_watch *lock, uint64_t now_ns, struct error *error)
{
    *lock = (struct lock_watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .turned_ns = now_ns};
    if (lock->fd < 0)
        return error_set(error, errno, "cannot watch the xtables lock: %s", g_strerror(errno));
    /* iptables makes the file where it is missing, as we do here, so that it can be watched. One that is
     * there is not opened: another namespace's watch would see it. */
    int fd = access(XTABLES_LOCK_FILE, F_OK) == 0
                 ? -1
                 : open(XTABLES_LOCK_FILE, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    if (inotify_add_watch(lock->fd, XTABLES_LOCK_FILE, IN_OPEN | IN_CLOSE) < 0)
        report_note(
            "%s cannot be watched (%s): changes of the rules are seen up to 2 s late, and steps marked so",
            XTABLES_LOCK_FILE, g_strerror(errno));
    return 0;
}

void lock_watch_add(struct lock_watch *lock, const char *path)
{
    struct stat ours, other;
    bool is_ours = stat(XTABLES_LOCK_FILE, &ours) == 0 && stat(path, &other) == 0 &&
                   ours.st_dev == other.st_dev && ours.st_ino == other.st_ino;
    if (!is_ours && inotify_add_watch(lock->fd, path, IN_OPEN | IN_CLOSE) < 0)
        report_detail("%s cannot be watched: %s", path, g_strerror(errno));
}

static void take_event(struct lock_watch *lock, uint32_t what, uint64_t now_ns)
{
    if (what & IN_OPEN) {
        lock->openings++;
        lock->holders++;
    } else if (lock->holders > 0) {
        lock->holders--;
    }
    if (what & IN_CLOSE)
        lock->closed_ns = now_ns;
}

unsigned lock_watch_turn(struct lock_watch *lock, uint64_t now_ns)
{
    _Alignas(struct inotify_event) char buffer[4096];
    unsigned count = 0;
    ssize_t length;
    while ((length = read(lock->fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + length; count++) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            take_event(lock, event->mask, now_ns);
            at += sizeof *event + event->len;
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
