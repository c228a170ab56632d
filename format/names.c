/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The names of the format's numbers. */
#include "format/names.h"

#include <stddef.h>

#define NAMES_CASE(symbol, number, name)                                                                     \
    case symbol:                                                                                             \
        return name;

#define NAMES_FUNCTION(function, table)                                                                      \
    const char *function(unsigned number)                                                                    \
    {                                                                                                        \
        switch (number) {                                                                                    \
            table(NAMES_CASE)                                                                                \
        }                                                                                                    \
        return NULL;                                                                                         \
    }

NAMES_FUNCTION(verdict_name, VERDICT_TABLE)
NAMES_FUNCTION(reason_name, REASON_TABLE)
NAMES_FUNCTION(step_type_name, STEP_TYPE_TABLE)
NAMES_FUNCTION(hook_name, HOOK_TABLE)
NAMES_FUNCTION(backend_name, BACKEND_TABLE)
