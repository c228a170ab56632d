/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The attributes of one TRACE message. */
#include "plugin/attributes_tree.h"

#include <epan/etypes.h>
#include <epan/to_str.h>

#include "plugin/fields.h"
#include "plugin/packet_text.h"
#include "plugin/text.h"

#define CT_TYPE_MASK 0x3fff /* above it: NLA_F_NESTED and NLA_F_NET_BYTEORDER */

/* enum ip_conntrack_info: linux/netfilter/nf_conntrack_common.h. */
static const value_string ct_info_names[] = {
    {0, "ESTABLISHED"       },
    {1, "RELATED"           },
    {2, "NEW"               },
    {3, "ESTABLISHED, reply"},
    {4, "RELATED, reply"    },
    {7, "UNTRACKED"         },
    {0, NULL                },
};

/* enum ctattr_type: linux/netfilter/nfnetlink_conntrack.h. */
static const value_string ct_attribute_names[] = {
    {1,  "Original direction"           },
    {2,  "Reply direction"              },
    {3,  "Status"                       },
    {4,  "Protocol information"         },
    {5,  "Helper"                       },
    {6,  "Source translation"           },
    {7,  "Timeout"                      },
    {8,  "Mark"                         },
    {9,  "Counters, original"           },
    {10, "Counters, reply"              },
    {11, "Use"                          },
    {12, "Identifier"                   },
    {13, "Destination translation"      },
    {14, "Master connection"            },
    {15, "Sequence adjustment, original"},
    {16, "Sequence adjustment, reply"   },
    {17, "Security mark"                },
    {18, "Zone"                         },
    {19, "Security context"             },
    {20, "Timestamp"                    },
    {21, "Mark mask"                    },
    {22, "Labels"                       },
    {0,  NULL                           },
};

static const value_string hardware_names[] = {
    {1,     "Ethernet"   },
    {512,   "PPP"        },
    {768,   "IP tunnel"  },
    {769,   "IPv6 tunnel"},
    {772,   "loopback"   },
    {776,   "SIT"        },
    {778,   "GRE"        },
    {823,   "IPv6 GRE"   },
    {65534, "none"       },
    {0,     NULL         },
};

/* How an attribute is shown; numbers are `size` bytes, big endian. */
struct attribute_row {
    unsigned type;
    int *field;
    unsigned size; /* 0: bytes */
    const value_string *names;
};

static const struct attribute_row rows[] = {
    {MESSAGE_MARK,       &hf_block_mark,       4, NULL          },
    {MESSAGE_UID,        &hf_block_uid,        4, NULL          },
    {MESSAGE_GID,        &hf_block_gid,        4, NULL          },
    {MESSAGE_SEQ,        &hf_block_seq,        4, NULL          },
    {MESSAGE_SEQ_GLOBAL, &hf_block_seq_global, 4, NULL          },
    {MESSAGE_HWTYPE,     &hf_block_hwtype,     2, hardware_names},
    {MESSAGE_HWLEN,      &hf_block_hwlen,      2, NULL          },
    {MESSAGE_HWHEADER,   &hf_block_hwheader,   0, NULL          },
    {MESSAGE_CT_INFO,    &hf_block_ct_info,    4, ct_info_names },
    {MESSAGE_VLAN,       &hf_block_vlan,       0, NULL          },
    {MESSAGE_L2HDR,      &hf_block_l2hdr,      0, NULL          },
};

/* Attributes that stand nowhere in the block, because they are those of another message but for a difference,
 * are highlighted by the message they belong to. */
static void range_of(const struct attributes_place *place, struct bytes bytes, int *ret_at, int *ret_length)
{
    *ret_at = place->at;
    *ret_length = (int)place->body.length;
    if (bytes.length > 0 && bytes.data >= place->body.data &&
        bytes.data + bytes.length <= place->body.data + place->body.length) {
        *ret_at = place->at + (int)(bytes.data - place->body.data);
        *ret_length = (int)bytes.length;
    }
}

static proto_item *add_bytes(const struct attributes_place *place, proto_tree *tree, int field,
                             struct bytes bytes)
{
    int at, length;
    range_of(place, bytes, &at, &length);
    return proto_tree_add_bytes_with_length(tree, field, place->tvb, at, length,
                                            bytes.length > 0 ? bytes.data : (const uint8_t *)"",
                                            (int)bytes.length);
}

static const char *hex_of(const struct attributes_place *place, struct bytes bytes)
{
    return bytes.length > 0 ? bytes_to_str(place->pool, bytes.data, bytes.length) : "";
}

static proto_item *add_uint(const struct attributes_place *place, int field, struct bytes bytes,
                            uint32_t value)
{
    int at, length;
    range_of(place, bytes, &at, &length);
    return proto_tree_add_uint(place->tree, field, place->tvb, at, length, value);
}

/* False where the message has no such number. */
static bool get(const struct message *message, unsigned type, size_t offset, size_t size, uint32_t *ret_value)
{
    uint64_t value;
    if (!message_get_uint(message, type, offset, size, &value))
        return false;
    *ret_value = (uint32_t)value;
    return true;
}

static void add_row(const struct attributes_place *place, const struct message *message,
                    const struct attribute_row *row)
{
    struct bytes bytes = message->attribute[row->type];
    uint32_t value;
    if (!message_has(message, row->type))
        return;
    if (row->size == 0 || bytes.length != row->size) {
        add_bytes(place, place->tree, row->size == 0 ? *row->field : hf_block_attribute, bytes);
        return;
    }
    if (!get(message, row->type, 0, row->size, &value))
        return;
    proto_item *item = add_uint(place, *row->field, bytes, value);
    const char *name = row->names ? try_val_to_str(value, row->names) : NULL;
    if (name)
        proto_item_append_text(item, " (%s)", name);
}

static void add_header(const struct attributes_place *place, const struct message *message)
{
    struct bytes bytes = message->attribute[MESSAGE_PACKET_HEADER];
    uint32_t protocol, hook;
    int at, length;
    if (!get(message, MESSAGE_PACKET_HEADER, 0, 2, &protocol) ||
        !get(message, MESSAGE_PACKET_HEADER, 2, 1, &hook))
        return;
    range_of(place, bytes, &at, &length);
    proto_item *item = add_uint(place, hf_block_protocol, bytes, protocol);
    const char *name = try_val_to_str(protocol, etype_vals);
    if (name)
        proto_item_append_text(item, " (%s)", name);
    proto_tree_add_string(place->tree, hf_block_hook, place->tvb, at, length,
                          text_name(place->pool, hook_name(hook), hook));
}

static void add_interface(const struct attributes_place *place, const struct message *message, unsigned type,
                          int field, const struct bytes *name)
{
    uint32_t index;
    if (!get(message, type, 0, 4, &index))
        return;
    proto_item *item = add_uint(place, field, message->attribute[type], index);
    if (name && name->length > 0)
        proto_item_append_text(item, " (%s)", text_line(place->pool, *name));
}

static void add_time(const struct attributes_place *place, const struct message *message)
{
    uint64_t time_us;
    int at, length;
    if (!message_get_time_us(message, &time_us))
        return;
    range_of(place, message->attribute[MESSAGE_TIMESTAMP], &at, &length);
    nstime_t time = {(time_t)(time_us / 1000000), (int)(time_us % 1000000) * 1000};
    proto_tree_add_time(place->tree, hf_block_time, place->tvb, at, length, &time);
}

static void add_hardware_address(const struct attributes_place *place, const struct message *message)
{
    struct bytes bytes = message->attribute[MESSAGE_HWADDR];
    uint32_t count;
    if (!get(message, MESSAGE_HWADDR, 0, 2, &count) || bytes.length < 4 || count > bytes.length - 4)
        return;
    add_bytes(place, place->tree, hf_block_hwaddr, (struct bytes){bytes.data + 4, count});
}

/* Attributes of conntrack, one level: host byte order, as every netlink header. */
static void add_connection(const struct attributes_place *place, const struct message *message)
{
    struct bytes rest = message->attribute[MESSAGE_CT];
    if (!message_has(message, MESSAGE_CT))
        return;
    proto_tree *tree = proto_item_add_subtree(add_bytes(place, place->tree, hf_block_ct, rest), ett_ct);
    while (rest.length >= 4) {
        size_t length = rest.data[0] | (size_t)rest.data[1] << 8;
        unsigned type = (rest.data[2] | (unsigned)rest.data[3] << 8) & CT_TYPE_MASK;
        if (length < 4 || length > rest.length)
            break;
        struct bytes value = {rest.data + 4, length - 4};
        proto_item *item = add_bytes(place, tree, hf_block_ct_attribute, value);
        const char *name = try_val_to_str(type, ct_attribute_names);
        if (name)
            proto_item_set_text(item, "%s: %s", name, hex_of(place, value));
        else
            proto_item_set_text(item, "Attribute number %u: %s", type, hex_of(place, value));
        size_t taken = (length + 3) & ~(size_t)3;
        if (taken > rest.length)
            break;
        rest = (struct bytes){rest.data + taken, rest.length - taken};
    }
}

static void add_payload(const struct attributes_place *place, const struct message *message)
{
    if (!message_has(message, MESSAGE_PAYLOAD))
        return;
    proto_item *item = add_bytes(place, place->tree, hf_block_payload, message->attribute[MESSAGE_PAYLOAD]);
    proto_item_set_text(item, "Packet: %s (%zu bytes captured)",
                        packet_text_line(place->pool, message->attribute[MESSAGE_PAYLOAD]),
                        message->attribute[MESSAGE_PAYLOAD].length);
}

static void add_unknown(const struct attributes_place *place, const struct message *message)
{
    for (unsigned type = MESSAGE_L2HDR + 1; type < MESSAGE_ATTRIBUTES_MAX; type++) {
        if (!message_has(message, type))
            continue;
        proto_item *item = add_bytes(place, place->tree, hf_block_attribute, message->attribute[type]);
        proto_item_set_text(item, "Attribute number %u: %s", type, hex_of(place, message->attribute[type]));
    }
}

void attributes_tree_add(const struct attributes_place *place, const struct message *message,
                         const struct context *context)
{
    proto_tree_add_uint(place->tree, hf_block_family_number, place->tvb, place->at, (int)place->body.length,
                        message->family);
    add_header(place, message);
    add_time(place, message);
    add_interface(place, message, MESSAGE_IN, hf_block_in, context ? &context->in : NULL);
    add_interface(place, message, MESSAGE_OUT, hf_block_out, context ? &context->out : NULL);
    add_interface(place, message, MESSAGE_PHYSIN, hf_block_physin, context ? &context->physin : NULL);
    add_interface(place, message, MESSAGE_PHYSOUT, hf_block_physout, context ? &context->physout : NULL);
    add_hardware_address(place, message);
    for (size_t i = 0; i < array_length(rows); i++)
        add_row(place, message, &rows[i]);
    add_connection(place, message);
    add_unknown(place, message);
    add_payload(place, message);
}
