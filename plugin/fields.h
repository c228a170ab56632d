/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* All display filter fields, expert fields and subtrees: one aligned table each.
 *
 * The names are a public interface: names are added, but never changed. */
#ifndef IPTRACE_PLUGIN_FIELDS_H
#define IPTRACE_PLUGIN_FIELDS_H

#include "plugin/compat.h"

#include <epan/expert.h>

/* clang-format off */

/* Fields of a packet's row: variable, filter, type, display, title, description. */
#define PACKET_FIELDS(X) \
    X(hf_verdict,         "iptrace.verdict",         STRING,  BASE_NONE, "Verdict",             "What became of the packet in the tables: ACCEPT, DROP, REJECT, QUEUE or STOLEN; UNKNOWN if its end was not seen") \
    X(hf_reason,          "iptrace.verdict.reason",  STRING,  BASE_NONE, "Reason",              "Why the packet got this verdict: rule, policy, nat, lost, no tables, no rules, rules changed, queue, evicted, tproxy, or the point after which the packet vanished") \
    X(hf_verdict_by,      "iptrace.verdict.by",      STRING,  BASE_NONE, "Decided by",          "The deciding step in short form: filter INPUT #3, filter FORWARD policy") \
    X(hf_verdict_table,   "iptrace.verdict.table",   STRING,  BASE_NONE, "Deciding table",      "Table of the deciding step") \
    X(hf_verdict_chain,   "iptrace.verdict.chain",   STRING,  BASE_NONE, "Deciding chain",      "Chain of the deciding step") \
    X(hf_verdict_rulenum, "iptrace.verdict.rulenum", UINT32,  BASE_DEC,  "Deciding rule number", "Number of the deciding rule, as iptables -L --line-numbers shows it; 0 for a policy") \
    X(hf_verdict_rule,    "iptrace.verdict.rule",    STRING,  BASE_NONE, "Deciding rule",       "The deciding rule as iptables-save prints it; -P CHAIN POLICY for a policy") \
    X(hf_packet_id,       "iptrace.packet_id",       UINT64,  BASE_DEC,  "Packet identifier",   "Number of the packet, unique across captures; the same as frame.packet_id") \
    X(hf_steps,           "iptrace.steps",           UINT32,  BASE_DEC,  "Steps",               "Number of rules matched, policies applied and ends of chains reached") \
    X(hf_incomplete,      "iptrace.incomplete",      BOOLEAN, BASE_NONE, "Incomplete",          "TRACE messages about this packet were lost; present only if true") \
    X(hf_lost,            "iptrace.lost",            UINT64,  BASE_DEC,  "Messages lost before this packet", "Number of TRACE messages lost since the previous packet, about any packet; present only if there were any") \
    X(hf_ambiguous,       "iptrace.ambiguous",       BOOLEAN, BASE_NONE, "Ambiguous",           "Some steps may belong to another packet that looked the same; present only if true") \
    X(hf_copy,            "iptrace.copy",            BOOLEAN, BASE_NONE, "Copy",                "One of several copies of a packet (bridge flooding, multicast); the steps they share are repeated in each; present only if true") \
    X(hf_cut,             "iptrace.cut",             BOOLEAN, BASE_NONE, "Steps omitted",       "The packet took more steps than its path record can hold; present only if true") \
    X(hf_backend,         "iptrace.backend",         STRING,  BASE_NONE, "Backend",             "The iptables implementation that the tables belong to: legacy or nft") \
    X(hf_netns,           "iptrace.netns",           STRING,  BASE_NONE, "Network namespace",   "Name of the network namespace, if several were recorded") \
    X(hf_messages_in,     "iptrace.messages_in",     FRAMENUM, BASE_NONE, "Messages in frame", "The frame with the TRACE messages that this path was built from") \
    X(hf_icmp_error,      "iptrace.icmp_error",      FRAMENUM, BASE_NONE, "ICMP error in frame", "The ICMP error that responds to this packet is in this frame") \
    X(hf_icmp_error_for,  "iptrace.icmp_error_for",  FRAMENUM, BASE_NONE, "ICMP error for packet in frame", "The packet that this ICMP error responds to is in this frame") \
    X(hf_version,         "iptrace.version",         UINT8,   BASE_DEC,  "Format version",      "Version of the path record, if this plugin cannot read it")

/* Fields of each step. Those of the first group are on every step, even if empty, so that repeated fields
 * line up in columns. */
#define STEP_FIELDS(X) \
    X(hf_step,       "iptrace.step",       STRING,  BASE_NONE, "Step",           "One step on one line with a fixed prefix, so that a single step can be matched: filter:INPUT:rule:3 -A INPUT …") \
    X(hf_family,     "iptrace.family",     STRING,  BASE_NONE, "Family",         "Family of the table: ip (iptables) or ip6 (ip6tables)") \
    X(hf_table,      "iptrace.table",      STRING,  BASE_NONE, "Table",          "raw, mangle, nat, filter or security") \
    X(hf_chain,      "iptrace.chain",      STRING,  BASE_NONE, "Chain",          "Chain of the rule or policy, or the chain that ended") \
    X(hf_type,       "iptrace.type",       STRING,  BASE_NONE, "Type",           "What happened: rule (it matched), policy (of a built-in chain), return (end of a user-defined chain)") \
    X(hf_rulenum,    "iptrace.rulenum",    UINT32,  BASE_DEC,  "Rule number",    "As iptables -L --line-numbers shows it; 0 for a policy or the end of a chain") \
    X(hf_rule,       "iptrace.rule",       STRING,  BASE_NONE, "Rule",           "The rule as iptables-save prints it; -P CHAIN POLICY for a policy; empty for the end of a chain") \
    X(hf_target,     "iptrace.target",     STRING,  BASE_NONE, "Target",         "Target of the rule: ACCEPT, DROP, DNAT, the chain jumped to, …; empty if it has none") \
    X(hf_comment,    "iptrace.comment",    STRING,  BASE_NONE, "Comment",        "Text of the rule's comment match") \
    X(hf_stale,      "iptrace.rule.stale", BOOLEAN, BASE_NONE, "Rule text may be stale", "The rules changed at about this time: the text may be that of another rule; present only if true") \
    X(hf_ruleset,    "iptrace.ruleset",    UINT32,  BASE_DEC,  "Ruleset",        "Number of the ruleset that the text of the rule comes from") \
    X(hf_ruleset_in, "iptrace.ruleset_in", FRAMENUM, BASE_NONE, "Ruleset in frame", "The frame with the ruleset that the text of the rule comes from") \
    X(hf_hook,       "iptrace.hook",       STRING,  BASE_NONE, "Hook",           "Netfilter hook: PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING") \
    X(hf_in,         "iptrace.in",         STRING,  BASE_NONE, "Input interface", "Interface that the packet was received on") \
    X(hf_out,        "iptrace.out",        STRING,  BASE_NONE, "Output interface", "Interface that the packet is going to be sent on") \
    X(hf_physin,     "iptrace.physin",     STRING,  BASE_NONE, "Input bridge port", "Bridge port that the packet was received on") \
    X(hf_physout,    "iptrace.physout",    STRING,  BASE_NONE, "Output bridge port", "Bridge port that the packet is going to be sent on") \
    X(hf_mark,       "iptrace.mark",       UINT32,  BASE_HEX,  "Mark",           "The packet's mark (nfmark) when it reached this step") \
    X(hf_uid,        "iptrace.uid",        UINT32,  BASE_DEC,  "User ID",        "User that owns the packet's socket") \
    X(hf_gid,        "iptrace.gid",        UINT32,  BASE_DEC,  "Group ID",       "Group that owns the packet's socket") \
    X(hf_time,       "iptrace.time",       RELATIVE_TIME, BASE_NONE, "Time since the packet's first step", "Kernel time of this step, relative to the packet's first step")

/* Fields of each change, with the new values. */
#define CHANGE_FIELDS(X) \
    X(hf_change,         "iptrace.change",         STRING, BASE_NONE, "Change",                "What changed in the packet, and what changed it: 10.9.9.9:53 → 10.2.0.2:5353 by nat PREROUTING #1 DNAT") \
    X(hf_change_cause,   "iptrace.change.cause",   STRING, BASE_NONE, "Cause",                 "What changed the packet: by nat PREROUTING #1 DNAT, by forwarding, …") \
    X(hf_change_src,     "iptrace.change.src",     IPv4,   BASE_NONE, "New source",            "Source address after the change (IPv4)") \
    X(hf_change_dst,     "iptrace.change.dst",     IPv4,   BASE_NONE, "New destination",       "Destination address after the change (IPv4)") \
    X(hf_change_src6,    "iptrace.change.src6",    IPv6,   BASE_NONE, "New source",            "Source address after the change (IPv6)") \
    X(hf_change_dst6,    "iptrace.change.dst6",    IPv6,   BASE_NONE, "New destination",       "Destination address after the change (IPv6)") \
    X(hf_change_srcport, "iptrace.change.srcport", UINT16, BASE_DEC,  "New source port",       "Source port after the change") \
    X(hf_change_dstport, "iptrace.change.dstport", UINT16, BASE_DEC,  "New destination port",  "Destination port after the change") \
    X(hf_change_mark,    "iptrace.change.mark",    UINT32, BASE_HEX,  "New mark",              "Mark (nfmark) after the change") \
    X(hf_change_ttl,     "iptrace.change.ttl",     UINT8,  BASE_DEC,  "New TTL",               "Time to live, or hop limit, after the change") \
    X(hf_change_tos,     "iptrace.change.tos",     UINT8,  BASE_HEX,  "New TOS",               "Type of service, or traffic class, after the change") \
    X(hf_change_length,  "iptrace.change.length",  UINT32, BASE_DEC,  "New length",            "Length of the packet after the change")

/* Fields of a Custom Block's row. */
#define BLOCK_FIELDS(X) \
    X(hf_block_version,    "iptrace.block.version",     UINT8,   BASE_DEC,  "Format version",   "Version of the block's format") \
    X(hf_block_kind,       "iptrace.block.kind",        UINT8,   BASE_DEC,  "Kind",             "Contents of the block: 2 TRACE messages, 3 rules of a table") \
    X(hf_block_capture_id, "iptrace.block.capture_id",  UINT32,  BASE_HEX,  "Capture",          "Random number that identifies the capture; also the upper half of iptrace.packet_id") \
    X(hf_block_netns,      "iptrace.block.netns",       STRING,  BASE_NONE, "Network namespace", "Name of the network namespace, if several were recorded") \
    X(hf_block_messages,   "iptrace.block.messages",    UINT32,  BASE_DEC,  "Messages",         "Number of TRACE messages in the block") \
    X(hf_block_packets,    "iptrace.block.packets",     UINT32,  BASE_DEC,  "Packets",          "Number of packets that the messages are about") \
    X(hf_block_packet_id,  "iptrace.block.packet_id",   UINT64,  BASE_DEC,  "Packet identifier", "The packet that the messages below are about; the same as its iptrace.packet_id") \
    X(hf_block_packet_in,  "iptrace.block.packet_in",   FRAMENUM, BASE_NONE, "Packet in frame", "The frame of the packet that the messages below are about") \
    X(hf_block_message,    "iptrace.block.message",     STRING,  BASE_NONE, "Message",          "A TRACE message: its prefix and the rule") \
    X(hf_block_number,     "iptrace.block.number",      UINT64,  BASE_DEC,  "Number",           "Position of the message in the order of arrival, starting at 1") \
    X(hf_block_family_number, "iptrace.block.protocol_family", UINT8, BASE_DEC, "Protocol family", "nfgen_family: 2 IPv4, 10 IPv6, 7 bridge") \
    X(hf_block_prefix,     "iptrace.block.prefix",      STRING,  BASE_NONE, "Prefix",           "The log prefix that the kernel wrote: TRACE: table:chain:type:number") \
    X(hf_block_step,       "iptrace.block.step",        STRING,  BASE_NONE, "Meaning",          "The rule, policy or end of chain that the message stands for") \
    X(hf_block_hook,       "iptrace.block.hook",        STRING,  BASE_NONE, "Hook",             "Netfilter hook: PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING") \
    X(hf_block_protocol,   "iptrace.block.protocol",    UINT16,  BASE_HEX,  "Protocol",         "EtherType of the packet") \
    X(hf_block_mark,       "iptrace.block.mark",        UINT32,  BASE_HEX,  "Mark",             "The packet's mark (nfmark)") \
    X(hf_block_time,       "iptrace.block.time",        ABSOLUTE_TIME, ABSOLUTE_TIME_LOCAL, "Time", "Kernel time of the message, or the time when the rules were read") \
    X(hf_block_in,         "iptrace.block.in",          UINT32,  BASE_DEC,  "Input interface",  "Index of the interface that the packet was received on") \
    X(hf_block_out,        "iptrace.block.out",         UINT32,  BASE_DEC,  "Output interface", "Index of the interface that the packet is going to be sent on") \
    X(hf_block_physin,     "iptrace.block.physin",      UINT32,  BASE_DEC,  "Input bridge port", "Index of the bridge port that the packet was received on") \
    X(hf_block_physout,    "iptrace.block.physout",     UINT32,  BASE_DEC,  "Output bridge port", "Index of the bridge port that the packet is going to be sent on") \
    X(hf_block_hwaddr,     "iptrace.block.hwaddr",      BYTES,   SEP_COLON, "Hardware address", "Link-layer source address") \
    X(hf_block_hwtype,     "iptrace.block.hwtype",      UINT16,  BASE_DEC,  "Hardware type",    "ARPHRD number of the interface: 1 Ethernet, 772 loopback, 65534 none") \
    X(hf_block_hwlen,      "iptrace.block.hwlen",       UINT16,  BASE_DEC,  "Hardware header length", "Length of the link-layer header") \
    X(hf_block_hwheader,   "iptrace.block.hwheader",    BYTES,   BASE_NONE, "Hardware header",  "The link-layer header") \
    X(hf_block_payload,    "iptrace.block.payload",     BYTES,   BASE_NONE, "Packet",           "The packet as it was at this message, starting with its IP header, as far as it was copied") \
    X(hf_block_uid,        "iptrace.block.uid",         UINT32,  BASE_DEC,  "User ID",          "User that owns the packet's socket") \
    X(hf_block_gid,        "iptrace.block.gid",         UINT32,  BASE_DEC,  "Group ID",         "Group that owns the packet's socket") \
    X(hf_block_seq,        "iptrace.block.seq",         UINT32,  BASE_DEC,  "Sequence number",  "Counts the messages sent to this socket; a gap means that messages were lost") \
    X(hf_block_seq_global, "iptrace.block.seq_global",  UINT32,  BASE_DEC,  "Global sequence number", "Counts the messages sent to all log sockets of the network namespace") \
    X(hf_block_ct_info,    "iptrace.block.ct_info",     UINT32,  BASE_DEC,  "Connection state", "Conntrack state of the packet (ctinfo)") \
    X(hf_block_ct,         "iptrace.block.ct",          BYTES,   BASE_NONE, "Connection",       "Conntrack attributes of the connection (ctnetlink)") \
    X(hf_block_ct_attribute, "iptrace.block.ct.attribute", BYTES, BASE_NONE, "Attribute",       "One conntrack attribute") \
    X(hf_block_vlan,       "iptrace.block.vlan",        BYTES,   BASE_NONE, "VLAN",             "VLAN attributes") \
    X(hf_block_l2hdr,      "iptrace.block.l2hdr",       BYTES,   BASE_NONE, "Link-layer header", "The complete link-layer header") \
    X(hf_block_attribute,  "iptrace.block.attribute",   BYTES,   BASE_NONE, "Attribute",        "An attribute that this plugin does not know") \
    X(hf_block_ruleset,    "iptrace.block.ruleset",     UINT32,  BASE_DEC,  "Ruleset",          "Number of the ruleset in the capture, which iptrace.ruleset of a step refers to") \
    X(hf_block_generation, "iptrace.block.generation",  UINT32,  BASE_DEC,  "Generation",       "Version of the table's rules, starting at 1 and incremented with each change seen") \
    X(hf_block_family,     "iptrace.block.family",      UINT8,   BASE_DEC,  "Family",           "4 IPv4 (iptables), 6 IPv6 (ip6tables)") \
    X(hf_block_table,      "iptrace.block.table",       STRING,  BASE_NONE, "Table",            "raw, mangle, nat, filter or security") \
    X(hf_block_part,       "iptrace.block.part",        UINT32,  BASE_DEC,  "Part",             "Number of this part of the ruleset, starting at 1") \
    X(hf_block_parts,      "iptrace.block.parts",       UINT32,  BASE_DEC,  "Parts",            "Number of blocks that the ruleset is split into") \
    X(hf_block_rules,      "iptrace.block.rules",       UINT32,  BASE_DEC,  "Rules",            "Number of rules in the block") \
    X(hf_block_chain,      "iptrace.block.chain",       STRING,  BASE_NONE, "Chain",            "Name of a chain") \
    X(hf_block_policy,     "iptrace.block.policy",      STRING,  BASE_NONE, "Policy",           "Policy of a built-in chain") \
    X(hf_block_rule,       "iptrace.block.rule",        STRING,  BASE_NONE, "Rule",             "A rule as iptables-save prints it") \
    X(hf_block_own,        "iptrace.block.own",         UINT32,  BASE_DEC,  "TRACE rule of the recording", "A rule that was in the chain only for this recording, by the number that the kernel gave it") \
    X(hf_block_text,       "iptrace.block.text",        STRING,  BASE_NONE, "Text",             "The rules as input for iptables-restore") \
    X(hf_block_data,       "iptrace.block.data",        BYTES,   BASE_NONE, "Data",             "Data that this plugin cannot read")

/* Variable, filter, group, severity, summary. */
#define PACKET_EXPERTS(X) \
    X(ei_dropped,       "iptrace.dropped",           SEQUENCE,  WARN,  "The packet was dropped") \
    X(ei_rejected,      "iptrace.rejected",          SEQUENCE,  WARN,  "The packet was rejected") \
    X(ei_vanished,      "iptrace.vanished",          SEQUENCE,  WARN,  "The packet vanished between two hooks or tables") \
    X(ei_policy,        "iptrace.accepted_by_policy", SEQUENCE, CHAT,  "No rule decided: the packet was accepted by a policy") \
    X(ei_translated,    "iptrace.translated",        SEQUENCE,  CHAT,  "Addresses or ports of the packet were translated") \
    X(ei_logged,        "iptrace.logged",            SEQUENCE,  CHAT,  "The packet matched a rule that only logs") \
    X(ei_altered,       "iptrace.altered",           SEQUENCE,  CHAT,  "The packet matched a rule that only marks or alters it") \
    X(ei_incomplete,    "iptrace.path_incomplete",   SEQUENCE,  NOTE,  "TRACE messages about this packet were lost: steps may be missing") \
    X(ei_lost,          "iptrace.messages_lost",     SEQUENCE,  NOTE,  "TRACE messages were lost here: packets, or steps of packets, may be missing") \
    X(ei_limited,       "iptrace.limited",           SEQUENCE,  NOTE,  "A limit excluded matching packets from the capture") \
    X(ei_ambiguous,     "iptrace.path_ambiguous",    SEQUENCE,  NOTE,  "Some steps may belong to another packet") \
    X(ei_stale,         "iptrace.stale",             SEQUENCE,  NOTE,  "The rules changed at about this time: the text of a rule may be that of another") \
    X(ei_damaged,       "iptrace.damaged",           MALFORMED, ERROR, "The path record is damaged") \
    X(ei_version,       "iptrace.unknown_version",   UNDECODED, NOTE,  "The path record has a version that this plugin cannot read")

#define BLOCK_EXPERTS(X) \
    X(ei_block_damaged, "iptrace.block.damaged",     MALFORMED, ERROR, "The block is damaged") \
    X(ei_block_version, "iptrace.block.unknown_version", UNDECODED, NOTE, "The block has a version or kind that this plugin cannot read") \
    X(ei_block_more,    "iptrace.block.not_shown",   UNDECODED, NOTE,  "The block contains more messages than are shown")

#define SUBTREES(X) \
    X(ett_path) X(ett_step) X(ett_change) X(ett_verdict) X(ett_record) X(ett_block) X(ett_packet) X(ett_message) X(ett_ct) X(ett_chain) X(ett_own)
/* clang-format on */

#define FIELDS_DECLARE(variable, ...) extern int variable;
PACKET_FIELDS(FIELDS_DECLARE)
STEP_FIELDS(FIELDS_DECLARE)
CHANGE_FIELDS(FIELDS_DECLARE)
BLOCK_FIELDS(FIELDS_DECLARE)
SUBTREES(FIELDS_DECLARE)
#undef FIELDS_DECLARE

#define FIELDS_DECLARE(variable, ...) extern expert_field variable;
PACKET_EXPERTS(FIELDS_DECLARE)
BLOCK_EXPERTS(FIELDS_DECLARE)
#undef FIELDS_DECLARE

extern int proto_iptrace; /* `iptrace`: packets that have a path */
extern int proto_block;   /* `iptrace.block`: Custom Blocks; no packet filter matches them */

/* Registers both protocols and all of the above. */
void fields_register(void);

/* True if a field of the steps, of the changes, or of the expert information is displayed or filtered: only
 * then are they dissected. */
bool fields_steps_wanted(proto_tree *tree);
bool fields_decision_wanted(proto_tree *tree); /* of the step that decided */
bool fields_changes_wanted(proto_tree *tree);
bool fields_experts_wanted(proto_tree *tree);

#endif
