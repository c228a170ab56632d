/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A whole capture, as tshark with the plugin reads it. */
#include "tests/fuzz/dissect.h"
#include "tests/fuzz/fuzz.h"

const char *__asan_default_options(void);

/* What Wireshark keeps until the process ends is not our leak. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    dissect_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dissect_capture(data, size);
    return 0;
}
