/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Registration of fields, expert fields and subtrees. */
#include "plugin/fields.h"

#include <linux/netfilter.h>

#include "format/envelope.h"

int proto_iptrace, proto_block;

#define FIELD_DEFINE(variable, ...) int variable;
PACKET_FIELDS(FIELD_DEFINE)
STEP_FIELDS(FIELD_DEFINE)
CHANGE_FIELDS(FIELD_DEFINE)
BLOCK_FIELDS(FIELD_DEFINE)

#define SUBTREE_DEFINE(variable) int variable = -1;
SUBTREES(SUBTREE_DEFINE)

#define EXPERT_DEFINE(variable, ...) expert_field variable = EI_INIT;
PACKET_EXPERTS(EXPERT_DEFINE)
BLOCK_EXPERTS(EXPERT_DEFINE)

/* Numbers that are shown with a name. */
static const value_string kind_names[] = {
    {ENVELOPE_MESSAGES, "TRACE messages"  },
    {ENVELOPE_RULESET,  "rules of a table"},
    {0,                 NULL              },
};

/* nfgen_family, which is NFPROTO_…: linux/netfilter.h. */
static const value_string protocol_family_names[] = {
    {NFPROTO_IPV4,   "IPv4"  },
    {NFPROTO_BRIDGE, "bridge"},
    {NFPROTO_IPV6,   "IPv6"  },
    {0,              NULL    },
};

static const struct {
    int *field;
    const value_string *names;
} names_of_fields[] = {
    {&hf_block_kind,          kind_names           },
    {&hf_block_family_number, protocol_family_names},
};

/* clang-format off */
// NOLINTBEGIN(bugprone-macro-parentheses): pieces of initializers
#define FIELD_INFO(variable, filter, type, display, title, description) \
    {&variable, {title, filter, FT_##type, display, NULL, 0, description, HFILL}},
#define EXPERT_INFO(variable, filter, group, severity, summary) \
    {&variable, {filter, PI_##group, PI_##severity, summary, EXPFILL}},
#define SUBTREE_ADDRESS(variable) &variable,
#define FIELD_ADDRESS(variable, ...) &variable,
// NOLINTEND(bugprone-macro-parentheses)
/* clang-format on */

static void set_names(hf_register_info *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < array_length(names_of_fields); j++)
            if (fields[i].p_id == names_of_fields[j].field)
                fields[i].hfinfo.strings = VALS(names_of_fields[j].names);
}

void fields_register(void)
{
    static hf_register_info packet_fields[] = {PACKET_FIELDS(FIELD_INFO) STEP_FIELDS(FIELD_INFO)
                                                   CHANGE_FIELDS(FIELD_INFO)};
    static hf_register_info block_fields[] = {BLOCK_FIELDS(FIELD_INFO)};
    static ei_register_info packet_experts[] = {PACKET_EXPERTS(EXPERT_INFO)};
    static ei_register_info block_experts[] = {BLOCK_EXPERTS(EXPERT_INFO)};
    static int *subtrees[] = {SUBTREES(SUBTREE_ADDRESS)};

    proto_iptrace = proto_register_protocol("iptables path", "iptrace", "iptrace");
    proto_register_field_array(proto_iptrace, packet_fields, array_length(packet_fields));
    expert_register_field_array(expert_register_protocol(proto_iptrace), packet_experts,
                                array_length(packet_experts));

    proto_block = proto_register_protocol("iptables trace block", "iptrace block", "iptrace.block");
    set_names(block_fields, array_length(block_fields));
    proto_register_field_array(proto_block, block_fields, array_length(block_fields));
    expert_register_field_array(expert_register_protocol(proto_block), block_experts,
                                array_length(block_experts));

    proto_register_subtree_array(subtrees, array_length(subtrees));
}

static bool any_wanted(proto_tree *tree, int *const *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (proto_field_is_referenced(tree, *fields[i]))
            return true;
    return false;
}

bool fields_steps_wanted(proto_tree *tree)
{
    static int *const fields[] = {STEP_FIELDS(FIELD_ADDRESS)};
    return any_wanted(tree, fields, array_length(fields));
}

bool fields_decision_wanted(proto_tree *tree)
{
    static int *const fields[] = {&hf_verdict_by, &hf_verdict_table, &hf_verdict_chain, &hf_verdict_rulenum,
                                  &hf_verdict_rule};
    return any_wanted(tree, fields, array_length(fields));
}

bool fields_changes_wanted(proto_tree *tree)
{
    static int *const fields[] = {CHANGE_FIELDS(FIELD_ADDRESS)};
    return any_wanted(tree, fields, array_length(fields));
}

bool fields_experts_wanted(proto_tree *tree)
{
    static expert_field *const experts[] = {PACKET_EXPERTS(FIELD_ADDRESS)};
    for (size_t i = 0; i < array_length(experts); i++)
        if (proto_field_is_referenced(tree, experts[i]->hf))
            return true;
    return false;
}
