/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A packet's path as lines of text. */
#include "recorder/core/text.h"

#include "format/packet.h"
#include "recorder/core/safe_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#define BOLD   "\x1b[1m"
#define DIM    "\x1b[2m"
#define RED    "\x1b[31m"
#define GREEN  "\x1b[32m"
#define YELLOW "\x1b[33m"
#define PLAIN  "\x1b[0m"

static void append_colour(GString *out, const struct text_options *options, const char *colour)
{
    if (options->colour)
        g_string_append(out, colour);
}

/* ---- The packet, in the words of the kernel's LOG target (net/netfilter/nf_log_syslog.c) ---- */

static void append_device(GString *out, const char *name, struct bytes device)
{
    g_string_append(out, name);
    safe_text_append(out, device);
    g_string_append_c(out, ' ');
}

static void append_address(GString *out, const char *name, struct bytes address)
{
    char buffer[INET6_ADDRSTRLEN] = "";
    if (address.length > 0)
        inet_ntop(address.length == 4 ? AF_INET : AF_INET6, address.data, buffer, sizeof buffer);
    g_string_append_printf(out, "%s%s ", name, buffer);
}

static void append_tcp(GString *out, const struct packet *packet)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } flags[] = {
        {128, "CWR"},
        {64,  "ECE"},
        {32,  "URG"},
        {16,  "ACK"},
        {8,   "PSH"},
        {4,   "RST"},
        {2,   "SYN"},
        {1,   "FIN"},
    };
    if (packet->has_ports)
        g_string_append_printf(out, "SPT=%u DPT=%u ", packet->srcport, packet->dstport);
    if (packet->transport.length < 20)
        return;
    g_string_append_printf(out, "SEQ=%u ACK=%u WINDOW=%u ", packet->tcp_seq, packet->tcp_ack,
                           packet->tcp_window);
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (packet->tcp_flags & flags[i].flag)
            g_string_append_printf(out, "%s ", flags[i].name);
}

static void append_transport(GString *out, const struct packet *packet)
{
    static const struct {
        uint8_t protocol;
        const char *name;
    } protocols[] = {
        {IPPROTO_TCP,     "TCP"    },
        {IPPROTO_UDP,     "UDP"    },
        {IPPROTO_UDPLITE, "UDPLITE"},
        {IPPROTO_ICMP,    "ICMP"   },
        {IPPROTO_ICMPV6,  "ICMPv6" },
        {IPPROTO_SCTP,    "SCTP"   },
        {IPPROTO_DCCP,    "DCCP"   },
        {IPPROTO_GRE,     "GRE"    },
        {IPPROTO_ESP,     "ESP"    },
        {IPPROTO_AH,      "AH"     },
    };
    const char *name = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
        if (protocols[i].protocol == packet->protocol)
            name = protocols[i].name;
    if (name)
        g_string_append_printf(out, "PROTO=%s ", name);
    else
        g_string_append_printf(out, "PROTO=%u ", packet->protocol);
    if (!packet->has_transport)
        return;
    if (packet->protocol == IPPROTO_TCP)
        append_tcp(out, packet);
    else if (packet->has_ports)
        g_string_append_printf(out, "SPT=%u DPT=%u ", packet->srcport, packet->dstport);
    if (packet->has_icmp) {
        g_string_append_printf(out, "TYPE=%u CODE=%u ", packet->icmp_type, packet->icmp_code);
        if (!packet->icmp_is_error)
            g_string_append_printf(out, "ID=%u SEQ=%u ", packet->icmp_id, packet->icmp_seq);
    }
}

static void append_packet(GString *out, const struct finished_path *path)
{
    struct packet packet;
    packet_parse(path->packet, &packet);
    append_device(out, "IN=", path->in);
    append_device(out, "OUT=", path->out);
    if (path->physin.length > 0)
        append_device(out, "PHYSIN=", path->physin);
    if (path->physout.length > 0)
        append_device(out, "PHYSOUT=", path->physout);
    if (packet.version == 0)
        return;
    append_address(out, "SRC=", packet.src);
    append_address(out, "DST=", packet.dst);
    g_string_append_printf(out,
                           packet.version == 4 ? "LEN=%u TOS=0x%02X TTL=%u " : "LEN=%u TC=%u HOPLIMIT=%u ",
                           packet.length, packet.tos, packet.ttl);
    if (packet.version == 4)
        g_string_append_printf(out, "ID=%u ", packet.id);
    else
        g_string_append_printf(out, "FLOWLBL=%u ", packet.flow_label);
    if (packet.dont_fragment)
        g_string_append(out, "DF ");
    if (packet.more_fragments)
        g_string_append(out, "MF ");
    if (packet.fragment > 0)
        g_string_append_printf(out, "FRAG:%u ", packet.fragment);
    append_transport(out, &packet);
}

/* ---- The path ---- */

static void append_place(GString *out, const struct step *step)
{
    safe_text_append(out, step->table);
    g_string_append_c(out, ' ');
    safe_text_append(out, step->chain);
    switch (step->type) {
    case STEP_RULE:
        g_string_append_printf(out, " rule %u", step->rulenum);
        break;
    case STEP_POLICY:
        g_string_append(out, " policy");
        break;
    case STEP_RETURN:
        g_string_append(out, " end of chain");
        break;
    default:
        g_string_append(out, " policy or rule, unknown which");
    }
}

static const struct step *deciding_step(const struct finished_path *path)
{
    uint32_t decided = path->head.decided;
    return decided > 0 && decided <= path->count ? &path->steps[decided - 1] : NULL;
}

void text_append_verdict(GString *out, const struct finished_path *path)
{
    const struct step *step = deciding_step(path);
    const char *reason = reason_name(path->head.reason);
    g_string_append(out, verdict_name(path->head.verdict));
    if (!step || path->head.reason == REASON_NAT)
        g_string_append_printf(out, " (%s)", reason);
    if (!step)
        return;
    g_string_append(out, " by ");
    append_place(out, step);
    if (step->rule.length > 0) {
        g_string_append(out, ": ");
        safe_text_append(out, step->rule);
    }
    if (step->stale)
        g_string_append(out, " [rules changed around then]");
}

static const char *colour_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_ACCEPT:
        return GREEN;
    case VERDICT_DROP:
    case VERDICT_REJECT:
        return RED;
    default:
        return YELLOW;
    }
}

static void append_time(GString *out, uint64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000);
    struct tm local;
    char buffer[16] = "";
    if (localtime_r(&seconds, &local))
        strftime(buffer, sizeof buffer, "%H:%M:%S", &local);
    g_string_append_printf(out, "%s.%06u", buffer, (unsigned)(time_ns / 1000 % 1000000));
}

static void append_step(GString *out, const struct step *step, bool decided,
                        const struct text_options *options)
{
    gsize begin = out->len;
    g_string_append(out, decided ? "  > " : "    ");
    append_place(out, step);
    while (out->len - begin < 34)
        g_string_append_c(out, ' ');
    g_string_append_c(out, ' ');
    if (decided)
        append_colour(out, options, BOLD);
    safe_text_append(out, step->rule);
    if (decided)
        append_colour(out, options, PLAIN);
    if (step->context.has_mark)
        g_string_append_printf(out, " [mark 0x%x]", step->context.mark);
    if (step->stale)
        g_string_append(out, " [rules changed around then]");
    g_string_append_c(out, '\n');
}

void text_append_path(GString *out, const struct finished_path *path, const struct text_options *options)
{
    append_colour(out, options, DIM);
    append_time(out, path->time_ns);
    append_colour(out, options, PLAIN);
    g_string_append_printf(out, " #%u ", options->number);
    append_packet(out, path);
    g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
    for (size_t i = 0; i < path->count; i++)
        append_step(out, &path->steps[i], i + 1 == path->head.decided, options);
    g_string_append(out, "  = ");
    append_colour(out, options, colour_of(path->head.verdict));
    text_append_verdict(out, path);
    append_colour(out, options, PLAIN);
    if (path->head.incomplete)
        g_string_append(out, " [some of its messages were lost]");
    if (path->head.ambiguous)
        g_string_append(out, " [may include another packet's messages]");
    if (path->head.copy)
        g_string_append(out, " [one of several copies]");
    if (path->head.cut)
        g_string_append(out, " [steps left out]");
    g_string_append(out, "\n\n");
}
