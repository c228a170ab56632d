/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Wireshark's dissection of a capture with our plugin, within this process. */
#include "plugin/compat.h"

#include "tests/fuzz/dissect.h"

#include <epan/epan_dissect.h>
#include <epan/frame_data.h>
#include <epan/prefs.h>
#include <epan/reassemble.h>
#include <epan/register.h>
#include <epan/tvbuff.h>
#include <wsutil/buffer.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/wslog.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROWS_MAX 4096

/* What the plugin's file gives to Wireshark. */
void plugin_register(void);

static bool is_registered; /* all dissectors are */
static int file = -1;
static char path[64];

/* Our side of a session: the rows so far. */
struct packet_provider_data {
    frame_data rows[ROWS_MAX];
    unsigned count;
};

static const nstime_t *row_time(struct packet_provider_data *provider, guint32 number)
{
    return number >= 1 && number <= provider->count ? &provider->rows[number - 1].abs_ts : NULL;
}

static const struct packet_provider_funcs functions = {.get_frame_ts = row_time};

/* In the place of wsutil's: names of vendors and services would be read anew for each capture. */
char *get_datafile_path(const char *name)
{
    return g_strconcat("/nonexistent/", name, NULL);
}

/* The next two stand in the place of Wireshark's. Some dissectors do at each session's start what is for the
 * program's: lists grow, and are gone over each time; after ten thousand sessions that took most of the time. */

/* A tree that ends with the session does as well as one that is emptied then. */
wmem_tree_t *wmem_tree_new_autoreset(wmem_allocator_t *metadata_scope, wmem_allocator_t *data_scope)
{
    static wmem_tree_t *(*real)(wmem_allocator_t *, wmem_allocator_t *);
    if (is_registered)
        return wmem_tree_new(data_scope);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "wmem_tree_new_autoreset");
    return real(metadata_scope, data_scope);
}

/* Once is enough. */
void reassembly_table_register(reassembly_table *table, const reassembly_table_functions *table_functions)
{
    static void (*real)(reassembly_table *, const reassembly_table_functions *);
    static GHashTable *known;
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "reassembly_table_register");
        known = g_hash_table_new(NULL, NULL);
    }
    if (g_hash_table_add(known, table))
        real(table, table_functions);
}

void dissect_init(void)
{
    setenv("HOME", "/nonexistent", 1);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    setenv("WIRESHARK_ABORT_ON_DISSECTOR_BUG", "1", 1);
    /* Each piece of memory from malloc(), so that the address sanitizer sees where it ends; and no 8 MiB at a
     * time, which would take more than half of the time. */
    setenv("WIRESHARK_DEBUG_WMEM_OVERRIDE", "simple", 1);
    ws_log_init("fuzz", NULL);
    init_process_policies();
    g_free(configuration_init("fuzz", NULL));
    wtap_init(FALSE);
    plugin_register();
    if (!epan_init(NULL, NULL, FALSE)) {
        fprintf(stderr, "libwireshark does not start\n");
        exit(1);
    }
    is_registered = true;
    epan_load_settings();
    prefs_apply_all();
    file = memfd_create("capture", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
}

static void dissect_row(epan_t *session, struct packet_provider_data *provider, int type, wtap_rec *record,
                        Buffer *buffer, gint64 offset)
{
    frame_data *row = &provider->rows[provider->count++];
    const frame_data *reference = &provider->rows[0];
    nstime_t elapsed;
    guint32 bytes = 0;
    frame_data_init(row, provider->count, record, offset, bytes);
    nstime_set_zero(&elapsed);
    frame_data_set_before_dissect(row, &elapsed, &reference, provider->count > 1 ? row - 1 : NULL);
    epan_dissect_t *dissection = epan_dissect_new(session, TRUE, TRUE);
    const guint8 *data = ws_buffer_start_ptr(buffer);
    tvbuff_t *tvb = tvb_new_real_data(data, row->cap_len, (gint)MIN(row->pkt_len, G_MAXINT));
    epan_dissect_run(dissection, type, record, tvb, row, NULL);
    frame_data_set_after_dissect(row, &bytes);
    epan_dissect_free(dissection);
}

unsigned dissect_capture(const uint8_t *data, size_t size)
{
    static struct packet_provider_data provider;
    char *why = NULL;
    int problem = 0;
    gint64 offset;
    if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    wtap *capture = wtap_open_offline(path, WTAP_TYPE_AUTO, &problem, &why, FALSE);
    if (!capture) {
        g_free(why);
        return 0;
    }
    provider.count = 0;
    epan_t *session = epan_new(&provider, &functions);
    wtap_rec record;
    Buffer buffer;
    wtap_rec_init(&record);
    ws_buffer_init(&buffer, 2048);
    while (provider.count < ROWS_MAX && wtap_read(capture, &record, &buffer, &problem, &why, &offset)) {
        dissect_row(session, &provider, wtap_file_type_subtype(capture), &record, &buffer, offset);
        wtap_rec_reset(&record);
    }
    g_free(why);
    for (unsigned i = 0; i < provider.count; i++)
        frame_data_destroy(&provider.rows[i]);
    wtap_rec_cleanup(&record);
    ws_buffer_free(&buffer);
    epan_free(session);
    wtap_close(capture);
    return provider.count;
}
