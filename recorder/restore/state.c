/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The file that a recording keeps in /run while it runs. */
#include "recorder/restore/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/core/ownership.h"

#define SUFFIX ".state"
#define GROUP  "recording"

int state_check(const struct state *state)
{
    if (!memchr(state->tag, 0, sizeof state->tag) || !memchr(state->path, 0, sizeof state->path) ||
        state->tag[0] == '\0' || strchr(state->tag, '/') || state->tag[0] == '.' ||
        state->family_count > G_N_ELEMENTS(state->families))
        return -EINVAL;
    for (size_t i = 0; i < state->family_count; i++) {
        const struct state_family *family = &state->families[i];
        if ((family->family != FAMILY_IPV4 && family->family != FAMILY_IPV6) ||
            !memchr(family->former_logger, 0, sizeof family->former_logger))
            return -EINVAL;
    }
    return 0;
}

static char *file_name(const struct state *state)
{
    return g_strdup_printf(STATE_DIRECTORY "/%s-%ju" SUFFIX, state->tag, (uintmax_t)state->inode);
}

static const char *logger_key(enum ip_family family)
{
    return family == FAMILY_IPV6 ? "former-logger-ipv6" : "former-logger-ipv4";
}

/* ---- Writing ---- */

/* Only a directory that nobody else can write to is to be believed later. */
static int make_directory(struct error *error)
{
    struct stat status;
    if (mkdir(STATE_DIRECTORY, 0700) < 0 && errno != EEXIST)
        return error_set(error, errno, "%s cannot be created: %s", STATE_DIRECTORY, g_strerror(errno));
    if (lstat(STATE_DIRECTORY, &status) < 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
        status.st_mode & 022)
        return error_set(error, EPERM, "%s is not a directory that only user %u can write to",
                         STATE_DIRECTORY, (unsigned)geteuid());
    return 0;
}

static char *make_text(const struct state *state)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_key_file_set_comment(file, NULL, NULL,
                           " iptrace-record is recording, or was killed: see `iptrace-record --cleanup'",
                           NULL);
    g_key_file_set_string(file, GROUP, "tag", state->tag);
    g_key_file_set_uint64(file, GROUP, "netns-device", state->device);
    g_key_file_set_uint64(file, GROUP, "netns-inode", state->inode);
    g_key_file_set_string(file, GROUP, "netns-path", state->path);
    for (size_t i = 0; i < state->family_count; i++)
        g_key_file_set_string(file, GROUP, logger_key(state->families[i].family),
                              state->families[i].former_logger);
    return g_key_file_to_data(file, NULL, NULL);
}

int state_write(const struct state *state, struct error *error)
{
    g_autofree char *path = file_name(state);
    g_autofree char *text = make_text(state);
    g_autoptr(GError) problem = NULL;
    int result = make_directory(error);
    if (result < 0)
        return result;
    if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &problem))
        return error_set(error, EIO, "the state file %s cannot be written: %s", path, problem->message);
    return 0;
}

int state_remove(const struct state *state, struct error *error)
{
    g_autofree char *path = file_name(state);
    if (unlink(path) < 0 && errno != ENOENT)
        return error_set(error, errno, "the state file %s cannot be removed: %s", path, g_strerror(errno));
    return 0;
}

/* ---- Reading ---- */

static void read_text(GKeyFile *file, const char *key, char *ret_text, size_t size)
{
    g_autofree char *text = g_key_file_get_string(file, GROUP, key, NULL);
    g_strlcpy(ret_text, text ? text : "", size);
}

static bool read_file(const char *path, struct state *ret_state)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    struct state state = {0};
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return false;
    read_text(file, "tag", state.tag, sizeof state.tag);
    read_text(file, "netns-path", state.path, sizeof state.path);
    state.device = g_key_file_get_uint64(file, GROUP, "netns-device", NULL);
    state.inode = g_key_file_get_uint64(file, GROUP, "netns-inode", NULL);
    for (unsigned i = 0; i < FAMILY_COUNT; i++) {
        const char *key = logger_key(ip_family_at(i));
        if (!g_key_file_has_key(file, GROUP, key, NULL))
            continue;
        struct state_family *family = &state.families[state.family_count++];
        family->family = ip_family_at(i);
        read_text(file, key, family->former_logger, sizeof family->former_logger);
    }
    *ret_state = state;
    return state_check(&state) == 0;
}

GArray *state_list(void)
{
    GArray *states = g_array_new(FALSE, FALSE, sizeof(struct state));
    struct stat status;
    if (lstat(STATE_DIRECTORY, &status) < 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
        return states;
    g_autoptr(GDir) directory = g_dir_open(STATE_DIRECTORY, 0, NULL);
    for (const char *name; directory && (name = g_dir_read_name(directory));) {
        g_autofree char *path = g_build_filename(STATE_DIRECTORY, name, NULL);
        struct state state;
        if (g_str_has_suffix(name, SUFFIX) && read_file(path, &state))
            g_array_append_val(states, state);
    }
    return states;
}

/* ---- Its namespace ---- */

static int open_if_same(const struct state *state, const char *path)
{
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0 || status.st_dev != state->device || status.st_ino != state->inode)
        return -ENOENT;
    return take_fd(&fd);
}

static int search(const struct state *state, const char *directory, const char *suffix)
{
    g_autoptr(GDir) names = g_dir_open(directory, 0, NULL);
    for (const char *name; names && (name = g_dir_read_name(names));) {
        g_autofree char *path = g_strdup_printf("%s/%s%s", directory, name, suffix);
        int fd = open_if_same(state, path);
        if (fd >= 0)
            return fd;
    }
    return -ENOENT;
}

int state_open_netns(const struct state *state)
{
    int fd = state->path[0] ? open_if_same(state, state->path) : -ENOENT;
    if (fd < 0)
        fd = open_if_same(state, "/proc/thread-self/ns/net");
    if (fd < 0)
        fd = search(state, "/run/netns", "");
    return fd >= 0 ? fd : search(state, "/proc", "/ns/net");
}
