/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Rulesets as objects for export: each a text that iptables-restore or ip6tables-restore accepts. */
#include "plugin/taps.h"

#include <epan/export_object.h>
#include <string.h>

#include "plugin/fields.h"
#include "plugin/text.h"

static tap_packet_status export(void *user, packet_info *pinfo, epan_dissect_t *edt, const void *data,
                                tap_flags_t flags)
{
    export_object_list_t *list = (export_object_list_t *)user;
    const struct ruleset_kept *last = (const struct ruleset_kept *)data;
    const struct ruleset_part *part = &last->part;
    (void)edt;
    (void)flags;
    if (part->part + 1 < part->parts)
        return TAP_PACKET_DONT_REDRAW; /* the last part has it all */

    GString *text = g_string_new(NULL);
    for (uint32_t i = 0; i <= part->part; i++) {
        const struct ruleset_kept *each = i == part->part ? last : rulesets_part(part, i);
        if (each)
            g_string_append_len(text, (const char *)each->part.text.data, (gssize)each->part.text.length);
    }
    export_object_entry_t *entry = g_new0(export_object_entry_t, 1);
    const char *table = text_line(pinfo->pool, part->table), *netns = text_line(pinfo->pool, part->netns);
    entry->pkt_num = pinfo->num;
    entry->hostname = g_strdup_printf("IPv%u %s%s%s", part->family, table, *netns ? " in " : "", netns);
    entry->content_type = g_strdup("text/plain");
    entry->filename =
        g_strdup_printf("%s-%s%s%s-%u.rules", ip_family_command(ip_family_of_version(part->family)), netns,
                        *netns ? "-" : "", table, part->generation);
    entry->payload_len = text->len;
    entry->payload_data = (guint8 *)g_string_free(text, FALSE);
    list->add_entry(list->gui_data, entry);
    return TAP_PACKET_REDRAW;
}

int ruleset_export_register(void)
{
    return register_export_object(proto_iptrace, export, NULL);
}
