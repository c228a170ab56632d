/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Link types of capture files. */
#include "recorder/input/link_type.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    uint32_t type;
    const char *name;
} names[] = {
    {0,                 "NULL"               },
    {1,                 "ETHERNET"           },
    {9,                 "PPP"                },
    {LINK_TYPE_RAW,     "RAW"                },
    {LINK_TYPE_DLT_RAW, "RAW"                },
    {105,               "IEEE802_11"         },
    {108,               "LOOP"               },
    {113,               "LINUX_SLL"          },
    {127,               "IEEE802_11_RADIOTAP"},
    {189,               "USB_LINUX"          },
    {220,               "USB_LINUX_MMAPPED"  },
    {228,               "IPV4"               },
    {229,               "IPV6"               },
    {LINK_TYPE_NFLOG,   "NFLOG"              },
    {253,               "NETLINK"            },
    {276,               "LINUX_SLL2"         },
};

void link_type_name(uint32_t type, char ret_name[LINK_TYPE_NAME_SIZE])
{
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].type == type) {
            snprintf(ret_name, LINK_TYPE_NAME_SIZE, "%s", names[i].name);
            return;
        }
    snprintf(ret_name, LINK_TYPE_NAME_SIZE, "%" PRIu32, type);
}
