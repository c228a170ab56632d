/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A kernel of paper: random rulesets, and packets that walk through them as ipt_do_table() walks (net/ipv4/
 * netfilter/ip_tables.c), each saying what the kernel would say, and what became of it. Written from the
 * kernel's source and from none of ours, so that it can judge the assembler. */
#ifndef IPTRACE_TESTS_SIMULATOR_H
#define IPTRACE_TESTS_SIMULATOR_H

#include "tests/unit/trace_build.h"

#define SIM_RULES_MAX  5
#define SIM_CHAINS_MAX 10
#define SIM_CPUS       3
/* Groups of REJECT's answers, which differ in nothing but their destination, begin here. */
#define SIM_ANSWERS 1000000

enum sim_action {
    SIM_NOTHING,
    SIM_LOG,
    SIM_MARK,
    SIM_TTL,
    SIM_TEE,
    SIM_ACCEPT,
    SIM_DROP,
    SIM_RETURN,
    SIM_JUMP,
    SIM_GOTO,
    SIM_REJECT,
    SIM_NFQUEUE,
    SIM_NAT,
    SIM_OWN, /* the recorder's TRACE rule */
};

struct sim_rule {
    enum sim_action action;
    bool bare;
    unsigned chain;
};

struct sim_chain {
    char name[16];
    bool built_in, policy_drop;
    unsigned hook, count;
    struct sim_rule rules[SIM_RULES_MAX + 1];
};

struct sim_table {
    bool exists;
    unsigned count;
    struct sim_chain chains[SIM_CHAINS_MAX];
};

struct sim_message {
    uint32_t packet;
    uint32_t place; /* among its packet's messages, from 0 */
    enum hook hook;
    char where[64];
    const char *in, *out;
    uint32_t mark;
    struct build_packet fields;
};

/* What truly became of a packet. */
struct sim_packet {
    enum verdict verdict;
    uint32_t group;      /* packets that look the same have the same */
    uint32_t said;       /* messages */
    uint32_t fed, lost;  /* of them */
    uint64_t arrival_us; /* 0: not yet */
};

struct sim {
    struct unit_random random;
    struct sim_table tables[TABLE_COUNT];
    bool twins, message_times;
    bool flood;      /* all packets are the same to the byte and go one way; no program holds any back */
    GArray *packets; /* of struct sim_packet */
    GArray *cpus[SIM_CPUS]; /* of struct sim_message, in the order in which the CPU makes them */
    GPtrArray *late;        /* of GArray: what a program behind NFQUEUE has not let go yet */
    struct build_packet former;
    uint32_t former_group;
};

/* Random rules, which are put in force in `book`; the same for the same seed. `flood`: with no rule that
 * makes packets, or hands them to a program. */
void sim_init(struct sim *sim, uint64_t seed, bool flood, struct rulebook *book);
void sim_done(struct sim *sim);

/* So many packets go their ways, and more that they bring forth: what the kernel says of them is in `cpus`. */
void sim_traffic(struct sim *sim, unsigned packets);

/* Of the packet of that number; good until there are more. */
struct sim_packet *sim_truth(struct sim *sim, uint32_t packet);

/* 0 to `bound` - 1, of the simulation's own chance. */
uint32_t sim_below(struct sim *sim, uint32_t bound);

#endif
