/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The recorder with rules that expire within seconds: the linker takes this and not the library's
 * upkeep_life.c. */
#include "recorder/legacy/kernel/upkeep_state.h"

const struct upkeep_life upkeep_life = {.own_s = 4, .shared_s = 4};
