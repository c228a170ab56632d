/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the targets of iptables do to a packet and to its path through the table. */
#include "format/targets.h"

/* clang-format off */
static const struct target targets[] = {
    /* name                way               effect                                            standard */
    {BYTES("ACCEPT"),      TARGET_ACCEPTS,   0,                                                true},
    {BYTES("DROP"),        TARGET_DROPS,     0,                                                true},
    {BYTES("RETURN"),      TARGET_RETURNS,   0,                                                true},
    {BYTES("QUEUE"),       TARGET_QUEUES,    TARGET_UNKNOWN,                                   true},
    {BYTES("NFQUEUE"),     TARGET_QUEUES,    TARGET_TRANSLATES | TARGET_ALTERS | TARGET_MARKS, false},
    {BYTES("REJECT"),      TARGET_REJECTS,   0,                                                false},
    {BYTES("SYNPROXY"),    TARGET_STEALS,    TARGET_UNKNOWN,                                   false},
    {BYTES("TPROXY"),      TARGET_REDIRECTS, TARGET_MARKS,                                     false},
    {BYTES("DNAT"),        TARGET_NATS,      TARGET_TRANSLATES,                                false},
    {BYTES("SNAT"),        TARGET_NATS,      TARGET_TRANSLATES,                                false},
    {BYTES("MASQUERADE"),  TARGET_NATS,      TARGET_TRANSLATES,                                false},
    {BYTES("REDIRECT"),    TARGET_NATS,      TARGET_TRANSLATES,                                false},
    {BYTES("NETMAP"),      TARGET_NATS,      TARGET_TRANSLATES,                                false},
    {BYTES("DNPT"),        TARGET_MAY_END,   TARGET_TRANSLATES,                                false},
    {BYTES("SNPT"),        TARGET_MAY_END,   TARGET_TRANSLATES,                                false},
    {BYTES("CLUSTERIP"),   TARGET_MAY_END,   TARGET_TRANSLATES,                                false},
    {BYTES("LOG"),         TARGET_CONTINUES, TARGET_LOGS,                                      false},
    {BYTES("NFLOG"),       TARGET_CONTINUES, TARGET_LOGS,                                      false},
    {BYTES("ULOG"),        TARGET_CONTINUES, TARGET_LOGS,                                      false},
    {BYTES("TRACE"),       TARGET_CONTINUES, TARGET_LOGS,                                      false},
    {BYTES("AUDIT"),       TARGET_CONTINUES, TARGET_LOGS,                                      false},
    {BYTES("LED"),         TARGET_CONTINUES, TARGET_LOGS,                                      false},
    {BYTES("MARK"),        TARGET_CONTINUES, TARGET_MARKS,                                     false},
    {BYTES("CONNMARK"),    TARGET_CONTINUES, TARGET_MARKS,                                     false},
    {BYTES("SECMARK"),     TARGET_CONTINUES, TARGET_MARKS,                                     false},
    {BYTES("CONNSECMARK"), TARGET_CONTINUES, TARGET_MARKS,                                     false},
    {BYTES("CLASSIFY"),    TARGET_CONTINUES, TARGET_MARKS,                                     false},
    {BYTES("HMARK"),       TARGET_CONTINUES, TARGET_MARKS,                                     false},
    {BYTES("TOS"),         TARGET_CONTINUES, TARGET_ALTERS,                                    false},
    {BYTES("DSCP"),        TARGET_CONTINUES, TARGET_ALTERS,                                    false},
    {BYTES("ECN"),         TARGET_CONTINUES, TARGET_ALTERS,                                    false},
    {BYTES("TTL"),         TARGET_CONTINUES, TARGET_ALTERS,                                    false},
    {BYTES("HL"),          TARGET_CONTINUES, TARGET_ALTERS,                                    false},
    {BYTES("TCPMSS"),      TARGET_CONTINUES, TARGET_ALTERS,                                    false},
    {BYTES("TCPOPTSTRIP"), TARGET_CONTINUES, TARGET_ALTERS,                                    false},
    {BYTES("CHECKSUM"),    TARGET_CONTINUES, TARGET_ALTERS,                                    false},
    {BYTES("CT"),          TARGET_CONTINUES, TARGET_UNKNOWN,                                   false},
    {BYTES("NOTRACK"),     TARGET_CONTINUES, TARGET_UNKNOWN,                                   false},
    {BYTES("SET"),         TARGET_CONTINUES, TARGET_UNKNOWN,                                   false},
    {BYTES("RATEEST"),     TARGET_CONTINUES, TARGET_UNKNOWN,                                   false},
    {BYTES("IDLETIMER"),   TARGET_CONTINUES, TARGET_UNKNOWN,                                   false},
    {BYTES("TEE"),         TARGET_CONTINUES, TARGET_UNKNOWN,                                   false},
};
/* clang-format on */

const struct target *target_find(struct bytes name)
{
    static const struct target none = {.way = TARGET_CONTINUES};
    static const struct target unknown = {.way = TARGET_MAY_END, .effect = TARGET_UNKNOWN};
    if (name.length == 0)
        return &none;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (bytes_equal(targets[i].name, name))
            return &targets[i];
    return &unknown;
}
