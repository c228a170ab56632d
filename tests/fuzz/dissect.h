/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Wireshark's dissection of a capture with our plugin, within this process. */
#ifndef IPTRACE_TESTS_FUZZ_DISSECT_H
#define IPTRACE_TESTS_FUZZ_DISSECT_H

#include <stddef.h>
#include <stdint.h>

/* Once, before all else. */
void dissect_init(void);

/* Reads the capture and dissects each row, all fields wanted. A bug that Wireshark itself notices in a
 * dissector ends the process. Returns the number of rows. */
unsigned dissect_capture(const uint8_t *data, size_t size);

#endif
