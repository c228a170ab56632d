/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Everything that differs between the versions of Wireshark that we build for: 4.0, 4.4 and later.
 *
 * Every file of the plugin includes this one before any header of Wireshark. */
#ifndef IPTRACE_PLUGIN_COMPAT_H
#define IPTRACE_PLUGIN_COMPAT_H

#include <ws_version.h>

#define WIRESHARK_AT_LEAST(major, minor)                                                                     \
    (WIRESHARK_VERSION_MAJOR > (major) ||                                                                    \
     (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

#ifndef HAVE_SSIZE_T
#define HAVE_SSIZE_T 1
#endif
#define WS_BUILD_DLL
#include <wireshark.h>

#include <epan/epan.h>
#include <epan/packet.h>
#include <epan/strutil.h>
#include <wiretap/wtap.h>
#if __has_include(<wsutil/plugins.h>)
#include <wsutil/plugins.h>
#endif

#include "format/wire.h"

/* The Boolean type that callbacks return and some functions take. */
#if WIRESHARK_AT_LEAST(4, 4)
typedef bool compat_bool;
#else
typedef gboolean compat_bool;
#endif

/* What the plugin declares itself to be, from 4.2 on. */
#ifdef WS_PLUGIN_DESC_DISSECTOR
#define COMPAT_PLUGIN_DESCRIPTION (WS_PLUGIN_DESC_DISSECTOR | WS_PLUGIN_DESC_TAP_LISTENER)
#endif

/* The separator between the menus and the name of a statistic. */
#if WIRESHARK_AT_LEAST(4, 4)
#define COMPAT_MENU_SEPARATOR "//"
#else
#define COMPAT_MENU_SEPARATOR "/"
#endif

/* From 4.4 on, dissectors register for Custom Blocks by enterprise number; before, only a postdissector sees
 * them. */
#define COMPAT_HAS_CUSTOM_BLOCK_TABLE WIRESHARK_AT_LEAST(4, 4)

/* Returns true to go on to the next option. */
typedef bool compat_custom_option_fn(struct bytes bytes, void *user);

typedef bool compat_accept_fn(uint32_t enterprise_number);

struct compat_custom_option_visit {
    compat_accept_fn *accept;
    compat_custom_option_fn *visit;
    void *user;
};

static inline compat_bool compat_visit_option(wtap_block_t block, unsigned id, wtap_opttype_e type,
                                              wtap_optval_t *value, void *user)
{
    struct compat_custom_option_visit *visit = (struct compat_custom_option_visit *)user;
    (void)block;
    (void)type;
    if (id != OPT_CUSTOM_BIN_COPY)
        return true;
#if WIRESHARK_AT_LEAST(4, 6)
    uint32_t pen = value->custom_binaryval.pen;
    struct bytes bytes = {(const uint8_t *)value->custom_binaryval.data.custom_data,
                          value->custom_binaryval.data.custom_data_len};
#else
    uint32_t pen = value->custom_opt.pen;
    struct bytes bytes = {(const uint8_t *)value->custom_opt.data.generic_data.custom_data,
                          value->custom_opt.data.generic_data.custom_data_len};
#endif
    if (!visit->accept(pen))
        return true;
    return visit->visit(bytes, visit->user);
}

/* Visits the record's custom binary options with accepted enterprise numbers, in their order. The bytes are
 * those after the number; they live as long as the record, which is not as long as the packet's tree. */
static inline void compat_custom_options(const packet_info *pinfo, compat_accept_fn *accept,
                                         compat_custom_option_fn *visit, void *user)
{
    struct compat_custom_option_visit closure = {accept, visit, user};
    if (pinfo->rec->block)
        wtap_block_foreach_option(pinfo->rec->block, compat_visit_option, &closure);
}

/* How many the record says were lost since the one before (epb_dropcount); 0 if it does not say. */
static inline uint64_t compat_drop_count(const packet_info *pinfo)
{
    uint64_t count = 0;
    if (!pinfo->rec->block || wtap_block_get_uint64_option_value(pinfo->rec->block, OPT_PKT_DROPCOUNT,
                                                                 &count) != WTAP_OPTTYPE_SUCCESS)
        return 0;
    return count;
}

/* The text as valid UTF-8, with control characters escaped. */
static inline char *compat_format_text(wmem_allocator_t *pool, const uint8_t *text, size_t length)
{
#if WIRESHARK_AT_LEAST(4, 4)
    return format_text(pool, (const char *)text, length);
#else
    return format_text(pool, text, length);
#endif
}

/* tshark 4.0 takes the first row as the reference for all relative times, even if it has no time, and keeps a
 * copy of it, which it hands out as constant: to be called for that row when it has been given a time. From
 * 4.2 on, a row without a time is not a reference. */
static inline void compat_set_reference_time(const packet_info *pinfo)
{
#if !WIRESHARK_AT_LEAST(4, 2)
    /* The structure that epan/epan.c has internally, in all of 4.0; the function that reads it is not
     * exported. */
    const struct {
        struct packet_provider_data *provider;
        struct packet_provider_funcs functions;
    } *session = (const void *)pinfo->epan;
    nstime_t *reference = (nstime_t *)session->functions.get_frame_ts(session->provider, pinfo->num);
    if (reference && nstime_is_zero(reference))
        *reference = pinfo->fd->abs_ts;
#else
    (void)pinfo;
#endif
}

/* True if the row is a Custom Block with an accepted enterprise number. */
static inline bool compat_is_custom_block(const packet_info *pinfo, compat_accept_fn *accept)
{
    return pinfo->rec && pinfo->rec->rec_type == REC_TYPE_CUSTOM_BLOCK &&
           accept(pinfo->rec->rec_header.custom_block_header.pen);
}

#endif
