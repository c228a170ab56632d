/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A filter expression, compiled. The only file that uses libpcap. */
#include "recorder/core/filter.h"

#include <errno.h>
#include <glib.h>
#include <pcap/pcap.h>
#include <string.h>

#include "recorder/core/ownership.h"

#define FILTER_SNAPSHOT_LENGTH 65535

static void cleanup_pcap(pcap_t **handle)
{
    if (*handle)
        pcap_close(*handle);
}

static void copy_program(const struct bpf_program *program, struct filter *ret_filter)
{
    ret_filter->count = program->bf_len;
    ret_filter->instructions = g_new(struct sock_filter, program->bf_len);
    for (size_t i = 0; i < program->bf_len; i++) {
        const struct bpf_insn *from = &program->bf_insns[i];
        ret_filter->instructions[i] =
            (struct sock_filter){.code = from->code, .jt = from->jt, .jf = from->jf, .k = from->k};
    }
}

/* libpcap does not say where an expression is wrong. It is behind the longest beginning that is one by
 * itself. */
static const char *find_place(pcap_t *handle, const char *expression)
{
    g_autofree char *beginning = g_strdup(expression);
    for (size_t end = strlen(beginning); end > 0; end--) {
        if (!g_ascii_isspace(beginning[end]))
            continue;
        beginning[end] = '\0';
        struct bpf_program program;
        if (pcap_compile(handle, &program, beginning, 1, PCAP_NETMASK_UNKNOWN) == 0) {
            pcap_freecode(&program);
            return expression + end + strspn(expression + end, " \t\n\v\f\r");
        }
    }
    return expression;
}

static int set_problem(pcap_t *handle, const char *expression, struct error *error)
{
    g_autofree char *words = g_strdup(pcap_geterr(handle));
    if (!strstr(words, "syntax error"))
        return error_set(error, EINVAL, "filter '%.200s': %s", expression, words);
    return error_set(error, EINVAL, "filter '%.200s': %s, at '%.100s'", expression, words,
                     find_place(handle, expression));
}

int filter_compile(const char *expression, struct filter *ret_filter, struct error *error)
{
    CLEANUP(cleanup_pcap) pcap_t *handle = NULL;
    struct bpf_program program;
    g_autofree char *trimmed = g_strstrip(g_strdup(expression));

    if (trimmed[0] == '\0') {
        *ret_filter = (struct filter){0};
        return 0;
    }
    handle = pcap_open_dead(DLT_RAW, FILTER_SNAPSHOT_LENGTH);
    if (!handle)
        return error_set(error, ENOMEM, "libpcap has no handle to compile the filter with");
    if (pcap_compile(handle, &program, trimmed, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return set_problem(handle, trimmed, error);
    if (program.bf_len > FILTER_INSTRUCTIONS_MAX) {
        int ret =
            error_set(error, E2BIG,
                      "the filter needs %u instructions, but the kernel's bpf match takes at most %d: '%s'",
                      program.bf_len, FILTER_INSTRUCTIONS_MAX, trimmed);
        pcap_freecode(&program);
        return ret;
    }
    copy_program(&program, ret_filter);
    pcap_freecode(&program);
    return 0;
}

#define IP_OFFSET_MASK 0x1fff
#define IPV6_HEADER    40 /* and there the source port, two bytes behind it the destination's */

static bool has_instruction(const struct filter *filter, uint16_t code, uint32_t k)
{
    for (size_t i = 0; i < filter->count; i++)
        if (filter->instructions[i].code == code && filter->instructions[i].k == k)
            return true;
    return false;
}

bool filter_needs_transport(const struct filter *filter, enum ip_family family)
{
    if (family == FAMILY_IPV6)
        return has_instruction(filter, BPF_LD | BPF_H | BPF_ABS, IPV6_HEADER) ||
               has_instruction(filter, BPF_LD | BPF_H | BPF_ABS, IPV6_HEADER + 2);
    return has_instruction(filter, BPF_JMP | BPF_JSET | BPF_K, IP_OFFSET_MASK) &&
           has_instruction(filter, BPF_LDX | BPF_B | BPF_MSH, 0);
}

void filter_done(struct filter *filter)
{
    g_free(filter->instructions);
    *filter = (struct filter){0};
}
