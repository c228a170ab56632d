/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A packet's path, as found in its block. */
#include "plugin/packet_path.h"

#include "format/envelope.h"
#include "plugin/preferences.h"
#include "plugin/text.h"

/* Bound for the strings of all steps of a packet, each counted every time it occurs: thousands of steps may
 * share one string of a record, and showing them copies it several times for each. Enough for 1024 steps with
 * lines of 8 KiB. */
#define TEXTS_MAX (8 << 20)

struct search {
    struct packet_path *path;
    bool found;
};

/* Others may use the same enterprise number: the envelope tells. */
static bool visit_option(struct bytes bytes, void *user)
{
    struct search *search = (struct search *)user;
    unsigned version = 0, kind = 0;
    struct bytes body;
    enum envelope_status status = envelope_open(bytes, &version, &kind, &body);
    if (status == ENVELOPE_FOREIGN || (status == ENVELOPE_OK && kind != ENVELOPE_PATH))
        return true;
    *search->path = (struct packet_path){.record = bytes, .version = version, .known = status == ENVELOPE_OK};
    search->found = true;
    return false;
}

static void *allocate(void *user, size_t size)
{
    return wmem_alloc((wmem_allocator_t *)user, size);
}

static struct bytes body_of(const struct packet_path *path)
{
    unsigned version, kind;
    struct bytes body = {0};
    envelope_open(path->record, &version, &kind, &body);
    return body;
}

bool packet_path_find(packet_info *pinfo, struct packet_path *ret_path)
{
    struct search search = {.path = ret_path};
    compat_custom_options(pinfo, preferences_accept, visit_option, &search);
    if (!search.found)
        return false;
    if (ret_path->known) {
        struct path_reader reader;
        ret_path->head_damaged =
            !path_reader_begin(&reader, body_of(ret_path), allocate, pinfo->pool, &ret_path->path);
        ret_path->damaged = ret_path->head_damaged;
    }
    return true;
}

void packet_path_read(packet_info *pinfo, struct packet_path *path, bool steps_wanted)
{
    path->record.data = (const uint8_t *)wmem_memdup(pinfo->pool, path->record.data, path->record.length);
    path->lost = compat_drop_count(pinfo);
    struct path_reader reader;
    if (!path->known || !path_reader_begin(&reader, body_of(path), allocate, pinfo->pool, &path->path) ||
        !steps_wanted)
        return;
    /* A step takes at least two bytes: what the record claims is no more than a hint. */
    wmem_array_t *steps = wmem_array_sized_new(pinfo->pool, sizeof *path->steps, 8);
    struct path_step next = {0};
    size_t texts = 0;
    while (texts <= TEXTS_MAX && path_reader_next(&reader, &next.step, &next.body)) {
        wmem_array_append_one(steps, next);
        texts += step_strings_length(&next.step);
    }
    path->path.cut |= texts > TEXTS_MAX;
    path->damaged = reader.reader.bad;
    path->steps = (struct path_step *)wmem_array_get_raw(steps);
    path->count = wmem_array_get_count(steps);
    if (path->path.decided > 0 && path->path.decided <= path->count)
        path->decided = &path->steps[path->path.decided - 1].step;
}
