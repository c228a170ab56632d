/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The values that options take. `option` is how the user wrote it, for the sentence of an error: -EINVAL. */
#ifndef IPTRACE_CLI_OPTION_VALUES_H
#define IPTRACE_CLI_OPTION_VALUES_H

#include "recorder/core/error.h"
#include "recorder/core/options.h"

int option_number(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *ret_value,
                  struct error *error);
int option_bound(const char *option, const char *text, struct bounds *bounds, struct error *error);
int option_blocks(const char *text, enum blocks_mode *ret_mode, struct error *error);
int option_backend(const char *text, enum backend_choice *ret_choice, struct error *error);
int option_add_names(GPtrArray *array, const char *option, const char *text, struct error *error);
void option_set_text(char **target, const char *text);

#endif
