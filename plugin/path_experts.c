/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Expert information about a packet's path. */
#include "plugin/path_experts.h"

#include <epan/tap.h>
#include <inttypes.h>

#include "format/targets.h"
#include "plugin/changes.h"
#include "plugin/fields.h"
#include "plugin/text.h"

bool path_experts_wanted(proto_tree *tree)
{
    /* Registered by Wireshark after all dissectors, so not available at registration. */
    static int protocol = -1, tap;
    if (protocol < 0) {
        protocol = proto_get_id_by_filter_name("_ws.expert");
        tap = find_tap_id("expert");
    }
    return have_tap_listener(tap) || (protocol >= 0 && proto_field_is_referenced(tree, protocol)) ||
           fields_experts_wanted(tree);
}

struct said {
    packet_info *pinfo;
    wmem_allocator_t *pool;
    proto_item *item;
    const struct packet_path *packet;
};

static const char *decision(const struct said *said)
{
    const struct step *decided = said->packet->decided;
    return decided ? wmem_strdup_printf(said->pool, " by %s", text_step_decision(said->pool, decided)) : "";
}

static void add_verdict(const struct said *said)
{
    const struct path *path = &said->packet->path;
    const char *explained = text_reason_explained(path->reason);
    switch (path->verdict) {
    case VERDICT_DROP:
        expert_add_info_format(said->pinfo, said->item, &ei_dropped, "Dropped%s", decision(said));
        break;
    case VERDICT_REJECT:
        expert_add_info_format(said->pinfo, said->item, &ei_rejected, "Rejected%s", decision(said));
        break;
    case VERDICT_ACCEPT:
        if (said->packet->decided && said->packet->decided->type == STEP_POLICY)
            expert_add_info_format(said->pinfo, said->item, &ei_policy, "No rule decided: accepted%s",
                                   decision(said));
        break;
    case VERDICT_UNKNOWN:
        if (path->reason >= REASON_VANISHED_TABLE && path->reason <= REASON_VANISHED_HOOK)
            expert_add_info_format(said->pinfo, said->item, &ei_vanished, "Vanished: %s",
                                   explained ? explained : "");
        break;
    }
}

static void add_records(const struct said *said)
{
    const struct path *path = &said->packet->path;
    if (path->incomplete)
        expert_add_info(said->pinfo, said->item, &ei_incomplete);
    if (said->packet->lost > 0)
        expert_add_info_format(said->pinfo, said->item, &ei_lost,
                               "%" PRIu64 " TRACE message%s lost between the previous packet and this one: "
                               "packets, or steps of packets, may be missing",
                               said->packet->lost, said->packet->lost == 1 ? "" : "s");
    if (path->ambiguous)
        expert_add_info(said->pinfo, said->item, &ei_ambiguous);
    for (uint32_t i = 0; i < said->packet->count; i++) {
        const struct step *step = &said->packet->steps[i].step;
        if (!step->stale)
            continue;
        expert_add_info_format(
            said->pinfo, said->item, &ei_stale,
            "The rules changed at about this time: the text of %s may be that of another rule",
            text_step_short(said->pool, step));
        return;
    }
}

/* Rules that matched without deciding anything: easily overlooked, or looked for. */
static void add_rules(const struct said *said)
{
    for (uint32_t i = 0; i < said->packet->count; i++) {
        const struct step *step = &said->packet->steps[i].step;
        unsigned effect = step->type == STEP_RULE ? target_find(step->target)->effect : 0;
        if (effect == TARGET_LOGS)
            expert_add_info_format(said->pinfo, said->item, &ei_logged, "Logged by %s",
                                   text_step_line(said->pool, step));
        else if (effect == TARGET_MARKS || effect == TARGET_ALTERS)
            expert_add_info_format(said->pinfo, said->item, &ei_altered, "%s by %s",
                                   effect == TARGET_MARKS ? "Marked" : "Altered",
                                   text_step_line(said->pool, step));
    }
}

static void add_translations(const struct said *said, wmem_array_t *changes)
{
    for (unsigned i = 0; changes && i < wmem_array_get_count(changes); i++) {
        const struct packet_change *change = (const struct packet_change *)wmem_array_index(changes, i);
        if (change->kind == CHANGE_SOURCE || change->kind == CHANGE_DESTINATION)
            expert_add_info_format(said->pinfo, said->item, &ei_translated, "Translated: %s %s", change->what,
                                   change->cause);
    }
}

void path_experts_add(packet_info *pinfo, proto_item *item, const struct packet_path *path,
                      wmem_array_t *changes)
{
    const struct said said = {pinfo, pinfo->pool, item, path};
    if (!path->known)
        expert_add_info(pinfo, item, &ei_version);
    if (path->damaged)
        expert_add_info(pinfo, item, &ei_damaged);
    if (!path->known || path->head_damaged)
        return;
    add_verdict(&said);
    add_records(&said);
    add_rules(&said);
    add_translations(&said, changes);
}
