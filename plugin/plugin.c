/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The symbols that Wireshark expects of a plugin, and the registration of everything in this one. */
#include "plugin/compat.h"

#include "plugin/block.h"
#include "plugin/fields.h"
#include "plugin/icmp_error.h"
#include "plugin/journal.h"
#include "plugin/links.h"
#include "plugin/path_tree.h"
#include "plugin/preferences.h"
#include "plugin/rows.h"
#include "plugin/rulesets.h"
#include "plugin/taps.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = IPTRACE_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);

static dissector_handle_t row_handle;

/* Every row of the file comes here, after all other dissectors: packets to get their path, entries of
 * the journal for what must be known of them, Custom Blocks where Wireshark has no table for them, and all to
 * have their time noted. */
static int dissect_row(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    if (!pinfo->rec)
        return 0;
    rows_begin(pinfo);
    if (compat_is_custom_block(pinfo, preferences_accept) && !COMPAT_HAS_CUSTOM_BLOCK_TABLE)
        block_dissect(tvb, pinfo, tree, NULL);
    else if (pinfo->rec->rec_type == REC_TYPE_PACKET)
        path_tree_dissect(tvb, pinfo, tree);
    else if (pinfo->rec->rec_type == REC_TYPE_SYSTEMD_JOURNAL_EXPORT)
        journal_dissect(tvb, pinfo, tree);
    block_note_time(tvb, pinfo);
    rows_end();
    return (int)tvb_captured_length(tvb);
}

static void register_protocols(void)
{
    fields_register();
    preferences_register();
    rows_register();
    links_register();
    icmp_error_register();
    rulesets_register();
    taps_register();
    block_register();
    row_handle = create_dissector_handle(dissect_row, proto_iptrace);
    register_postdissector(row_handle);
}

static void register_handoffs(void)
{
    block_register_handoff();
}

void plugin_register(void)
{
    static proto_plugin plugin = {register_protocols, register_handoffs};
    proto_register_plugin(&plugin);
}

#ifdef COMPAT_PLUGIN_DESCRIPTION
WS_DLL_PUBLIC uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
    return COMPAT_PLUGIN_DESCRIPTION;
}
#endif
