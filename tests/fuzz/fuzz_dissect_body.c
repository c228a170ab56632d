/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A path record or a block's body in a capture that is sound otherwise. The first byte is the kind of the
 * envelope; the rest stands twice in the file, so that what is kept between rows meets itself. */
#include "tests/fuzz/dissect.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "format/envelope.h"
#include "recorder/core/pcapng.h"

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

static const uint8_t udp[] = {0x45, 0, 0,  0x1c, 0, 1, 0, 0, 0x40, 0x11, 0x66, 0xce, 10, 0,
                              0,    1, 10, 0,    0, 2, 0, 9, 0,    9,    0,    8,    0,  0};

static void add(struct wire_writer *out, unsigned kind, struct bytes body, uint32_t number)
{
    static struct wire_writer whole;
    whole.length = 0;
    envelope_write(&whole, (enum envelope_kind)kind);
    wire_write_raw(&whole, body.data, body.length);
    const struct pcapng_packet packet = {
        .time_ns = 1700000000000000000 + number,
        .data = {udp,           sizeof udp},
        .original_length = sizeof udp,
        .packet_id = 1ull << 32 | number,
        .record = kind == ENVELOPE_PATH ? (struct bytes){whole.data,             whole.length}
          : (struct bytes){0},
    };
    pcapng_write_packet(out, &packet);
    if (kind == ENVELOPE_PATH)
        return;
    envelope_pad(&whole, 0);
    pcapng_write_custom(out, (struct bytes){whole.data, whole.length});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire_writer out;
    if (size < 1 || size > 60000)
        return 0;
    out.length = 0;
    pcapng_write_section(&out, "", "", "");
    pcapng_write_interface(&out, BYTES("eth0"), 256, NULL);
    add(&out, data[0] & 3, (struct bytes){data + 1, size - 1}, 1);
    add(&out, data[0] & 3, (struct bytes){data + 1, size - 1}, 2);
    dissect_capture(out.data, out.length);
    return 0;
}
