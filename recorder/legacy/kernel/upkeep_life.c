/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* How long our rules live. */
#include "recorder/legacy/kernel/upkeep_state.h"

const struct upkeep_life upkeep_life = {.own_s = UPKEEP_LIFE_S, .shared_s = UPKEEP_LIFE_SHARED_S};
