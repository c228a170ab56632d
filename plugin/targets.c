/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the targets of iptables do to a packet. */
#include "plugin/targets.h"

static const struct {
    struct bytes name;
    unsigned effect;
} targets[] = {
    {BYTES("ACCEPT"),      0                                               },
    {BYTES("DROP"),        0                                               },
    {BYTES("RETURN"),      0                                               },
    {BYTES("REJECT"),      0                                               },
    {BYTES("QUEUE"),       TARGET_UNKNOWN                                  },
    {BYTES("NFQUEUE"),     TARGET_TRANSLATES | TARGET_ALTERS | TARGET_MARKS},
    {BYTES("LOG"),         TARGET_LOGS                                     },
    {BYTES("NFLOG"),       TARGET_LOGS                                     },
    {BYTES("ULOG"),        TARGET_LOGS                                     },
    {BYTES("TRACE"),       TARGET_LOGS                                     },
    {BYTES("AUDIT"),       TARGET_LOGS                                     },
    {BYTES("LED"),         TARGET_LOGS                                     },
    {BYTES("MARK"),        TARGET_MARKS                                    },
    {BYTES("CONNMARK"),    TARGET_MARKS                                    },
    {BYTES("SECMARK"),     TARGET_MARKS                                    },
    {BYTES("CONNSECMARK"), TARGET_MARKS                                    },
    {BYTES("CLASSIFY"),    TARGET_MARKS                                    },
    {BYTES("TPROXY"),      TARGET_MARKS                                    },
    {BYTES("HMARK"),       TARGET_MARKS                                    },
    {BYTES("TOS"),         TARGET_ALTERS                                   },
    {BYTES("DSCP"),        TARGET_ALTERS                                   },
    {BYTES("ECN"),         TARGET_ALTERS                                   },
    {BYTES("TTL"),         TARGET_ALTERS                                   },
    {BYTES("HL"),          TARGET_ALTERS                                   },
    {BYTES("TCPMSS"),      TARGET_ALTERS                                   },
    {BYTES("TCPOPTSTRIP"), TARGET_ALTERS                                   },
    {BYTES("CHECKSUM"),    TARGET_ALTERS                                   },
    {BYTES("DNAT"),        TARGET_TRANSLATES                               },
    {BYTES("SNAT"),        TARGET_TRANSLATES                               },
    {BYTES("MASQUERADE"),  TARGET_TRANSLATES                               },
    {BYTES("REDIRECT"),    TARGET_TRANSLATES                               },
    {BYTES("NETMAP"),      TARGET_TRANSLATES                               },
    {BYTES("DNPT"),        TARGET_TRANSLATES                               },
    {BYTES("SNPT"),        TARGET_TRANSLATES                               },
    {BYTES("CLUSTERIP"),   TARGET_TRANSLATES                               },
};

unsigned targets_effect(struct bytes target)
{
    if (target.length == 0)
        return 0;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        if (bytes_equal(targets[i].name, target))
            return targets[i].effect;
    return TARGET_UNKNOWN;
}
