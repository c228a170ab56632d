/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The preferences. */
#include "plugin/preferences.h"

#include <epan/prefs.h>
#include <epan/range.h>

#include "format/envelope.h"
#include "plugin/fields.h"

static compat_bool verdict_in_info = true;
static range_t *enterprise_numbers;

/* The handler of Custom Blocks, and the enterprise numbers it is registered for. */
static dissector_handle_t block_handle;
static range_t *announced;

static void announce(void)
{
    if (!COMPAT_HAS_CUSTOM_BLOCK_TABLE || !block_handle)
        return;
    if (announced) {
        dissector_delete_uint_range("pcapng_custom_block", announced, block_handle);
        wmem_free(wmem_epan_scope(), announced);
    }
    announced = range_copy(wmem_epan_scope(), enterprise_numbers);
    dissector_add_uint_range("pcapng_custom_block", announced, block_handle);
    dissector_add_uint("pcapng_custom_block", IPTRACE_PEN, block_handle);
}

void preferences_register(void)
{
    module_t *module = prefs_register_protocol(proto_iptrace, announce);
    prefs_register_bool_preference(module, "verdict_in_info", "Show the verdict in the Info column",
                                   "Start the Info column of a packet that was not accepted with the verdict "
                                   "and the deciding rule, for example [DROP filter INPUT #3].",
                                   &verdict_in_info);
    range_convert_str(wmem_epan_scope(), &enterprise_numbers, "", UINT32_MAX);
    prefs_register_range_preference(module, "enterprise_numbers", "Additional enterprise numbers",
                                    "Private enterprise numbers, in addition to 32473, under which iptrace's "
                                    "path records and blocks may be found.",
                                    &enterprise_numbers, UINT32_MAX);
}

void preferences_register_handoff(dissector_handle_t handle)
{
    block_handle = handle;
    announce();
}

bool preferences_verdict_in_info(void)
{
    return verdict_in_info;
}

bool preferences_accept(uint32_t enterprise_number)
{
    return enterprise_number == IPTRACE_PEN || value_is_in_range(enterprise_numbers, enterprise_number);
}
