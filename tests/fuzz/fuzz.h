/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A fuzz target is one function that takes foreign bytes. libFuzzer calls it with IPTRACE_FUZZ; else
 * each_input.c does, with files. */
#ifndef IPTRACE_TESTS_FUZZ_H
#define IPTRACE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called before the first input; what it does must outlast all of them. May be left out by a target. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

#endif
