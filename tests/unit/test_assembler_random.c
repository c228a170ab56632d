/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Random rules, random packets: what the assembler says of them against what the simulator knows. */
#include "tests/unit/simulator.h"

#include "recorder/legacy/walk/assembler.h"

#define PACKETS       150
#define FLOOD_PACKETS 3000
/* A host takes a processor away from its guest for so long; it was seen, and in the middle of a packet. */
#define STALL_NS 76000000ull

/* More of them by the environment variable, for a night. */
static uint64_t seeds(void)
{
    const char *text = getenv("IPTRACE_SEEDS");
    return text ? strtoull(text, NULL, 10) : 100;
}

/* The messages of a run by their numbers: whose they are, and what they say. */
struct fed {
    GArray *packets;  /* uint32_t by message number - 1 */
    GByteArray *lost; /* 1: it was */
    GPtrArray *words;
};

struct feeder {
    struct sim *sim;
    struct assembler *assembler;
    struct fed fed;
    guint at[SIM_CPUS];
    unsigned loss_percent;
    uint64_t now_ns, pending_lost;
    uint64_t stalled_until_ns[SIM_CPUS]; /* 0: goes on */
};

static void feed_one(struct feeder *feeder, const struct sim_message *message)
{
    struct sim_packet *truth = sim_truth(feeder->sim, message->packet);
    feeder->now_ns += 1 + sim_below(feeder->sim, 3000);
    uint64_t now_us = feeder->now_ns / 1000;
    if (truth->arrival_us == 0)
        truth->arrival_us = now_us;
    truth->fed++;
    uint8_t lost = feeder->loss_percent > 0 && sim_below(feeder->sim, 100) < feeder->loss_percent;
    g_array_append_val(feeder->fed.packets, message->packet);
    g_byte_array_append(feeder->fed.lost, &lost, 1);
    g_ptr_array_add(feeder->fed.words, g_strdup(message->where));
    if (lost) {
        truth->lost++;
        feeder->pending_lost++;
        return;
    }
    uint8_t buffer[512];
    struct build_event room;
    const struct build_message built = {
        .hook = message->hook,
        .where = message->where,
        .in = message->in,
        .out = message->out,
        .mark = message->mark,
        .time_us = !message->in                 ? 0
                   : feeder->sim->message_times ? now_us
                                                : truth->arrival_us,
        .payload = build_packet_bytes(buffer, &message->fields),
        .number = feeder->fed.packets->len,
        .received_ns = feeder->now_ns,
        .lost_before = feeder->pending_lost,
    };
    feeder->pending_lost = 0;
    assembler_add(feeder->assembler, build_event(&room, &built), (struct monotonic){feeder->now_ns});
}

/* In a flood one CPU, never all of them, stands still now and then while the others go on. */
static void stall_now_and_then(struct feeder *feeder, unsigned cpu)
{
    if (feeder->sim->flood && cpu > 0 && cpu < SIM_CPUS && sim_below(feeder->sim, 500) == 0)
        feeder->stalled_until_ns[cpu] = feeder->now_ns + STALL_NS;
}

/* Nobody else has anything left to say: time goes on until the CPUs that stood still go on. */
static bool end_stalls(struct feeder *feeder)
{
    uint64_t until_ns = 0;
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (feeder->stalled_until_ns[cpu] > feeder->now_ns)
            until_ns = MAX(until_ns, feeder->stalled_until_ns[cpu]);
    feeder->now_ns = MAX(feeder->now_ns, until_ns);
    return until_ns > 0;
}

/* The next message of a random CPU; what a program held back comes after what it was before. */
static bool feed_any(struct feeder *feeder)
{
    unsigned first = sim_below(feeder->sim, SIM_CPUS);
    for (unsigned i = 0; i < SIM_CPUS; i++) {
        unsigned cpu = (first + i) % SIM_CPUS;
        if (feeder->at[cpu] == feeder->sim->cpus[cpu]->len || feeder->stalled_until_ns[cpu] > feeder->now_ns)
            continue;
        const struct sim_message *message =
            &g_array_index(feeder->sim->cpus[cpu], struct sim_message, feeder->at[cpu]);
        if (sim_truth(feeder->sim, message->packet)->fed != message->place)
            continue;
        feeder->at[cpu]++;
        feed_one(feeder, message);
        stall_now_and_then(feeder, cpu);
        return true;
    }
    return end_stalls(feeder) && feed_any(feeder);
}

enum kind { KIND_DIFFERENT, KIND_TWINS, KIND_FLOOD };

typedef void judge_fn(struct sim *sim, const struct fed *fed, const GArray *paths,
                      const struct assembler_counts *counts);

static void run(uint64_t seed, enum kind kind, unsigned loss_percent, judge_fn *judge)
{
    struct rulebook *book = rulebook_new(false);
    struct sim sim;
    GArray *paths = build_paths_new();
    const struct assembler_limits limits = {0};
    rulebook_set_translation(book, 4, false);
    sim_init(&sim, seed, kind == KIND_FLOOD, book);
    sim.twins = kind == KIND_TWINS;
    sim_traffic(&sim, kind == KIND_FLOOD ? FLOOD_PACKETS : PACKETS);
    struct feeder feeder = {
        .sim = &sim,
        .assembler = assembler_new(book, &limits, build_collect, paths),
        .fed = {g_array_new(FALSE, FALSE, 4), g_byte_array_new(), g_ptr_array_new_with_free_func(g_free)},
        .loss_percent = loss_percent,
        .now_ns = BUILD_RECEIVED_NS,
    };
    for (unsigned i = 1; feed_any(&feeder); i++)
        if (i % 40 == 0)
            assembler_tick(feeder.assembler, (struct monotonic){feeder.now_ns});
    if (feeder.pending_lost > 0)
        assembler_lost(feeder.assembler);
    for (;;) {
        struct monotonic wake = assembler_tick(feeder.assembler, (struct monotonic){feeder.now_ns});
        if (wake.ns == MONOTONIC_NEVER.ns)
            break;
        assert_true(wake.ns > feeder.now_ns);
        feeder.now_ns = wake.ns;
    }
    struct assembler_counts counts;
    assembler_get_counts(feeder.assembler, &counts);
    assert_int_equal(counts.paths, paths->len);
    judge(&sim, &feeder.fed, paths, &counts);
    assembler_free(feeder.assembler);
    g_array_unref(feeder.fed.packets);
    g_byte_array_unref(feeder.fed.lost);
    g_ptr_array_unref(feeder.fed.words);
    g_array_unref(paths);
    rulebook_free(book);
    sim_done(&sim);
}

static uint32_t owner_of(const struct fed *fed, uint64_t number)
{
    assert_in_range(number, 1, fed->packets->len);
    return g_array_index(fed->packets, uint32_t, number - 1);
}

static uint32_t kept(const struct build_path *path)
{
    return MIN(path->count, BUILD_MESSAGES_MAX);
}

static bool is_of_one_packet(const struct fed *fed, const struct build_path *path)
{
    for (uint32_t i = 1; i < kept(path); i++)
        if (owner_of(fed, path->numbers[i]) != owner_of(fed, path->numbers[0]))
            return false;
    return true;
}

static uint32_t group_size(const struct sim *sim, uint32_t group)
{
    uint32_t size = 0;
    for (guint i = 0; i < sim->packets->len; i++)
        size += g_array_index(sim->packets, struct sim_packet, i).group == group;
    return size;
}

/* The words of a path's messages, one after the other. */
static char *words_of(const struct fed *fed, const struct build_path *path)
{
    GString *words = g_string_new(NULL);
    for (uint32_t i = 0; i < kept(path); i++)
        g_string_append_printf(words, "%s ",
                               (const char *)g_ptr_array_index(fed->words, path->numbers[i] - 1));
    return g_string_free(words, FALSE);
}

static char *words_of_packet(const struct fed *fed, uint32_t packet)
{
    GString *words = g_string_new(NULL);
    for (guint i = 0; i < fed->packets->len; i++)
        if (g_array_index(fed->packets, uint32_t, i) == packet)
            g_string_append_printf(words, "%s ", (const char *)g_ptr_array_index(fed->words, i));
    return g_string_free(words, FALSE);
}

static void print_packet(const struct sim *sim, const struct fed *fed, uint32_t packet)
{
    g_autofree char *words = words_of_packet(fed, packet);
    const struct sim_packet *truth = &g_array_index(sim->packets, struct sim_packet, packet);
    print_message("  packet %u of group %u, %u of %u messages lost: %s%s\n", packet, truth->group,
                  truth->lost, truth->said, words, verdict_name(truth->verdict));
}

/* Fails, and tells what was got: the path, and the packets that could be in it. */
static void explain(const struct sim *sim, const struct fed *fed, const struct build_path *path)
{
    uint32_t owner = owner_of(fed, path->numbers[0]);
    uint32_t group = g_array_index(sim->packets, struct sim_packet, owner).group;
    for (guint i = 0; i < sim->packets->len; i++) {
        bool in_path = g_array_index(sim->packets, struct sim_packet, i).group == group;
        for (uint32_t k = 0; k < kept(path); k++)
            in_path = in_path || owner_of(fed, path->numbers[k]) == i;
        if (in_path)
            print_packet(sim, fed, i);
    }
    for (uint32_t i = 0; i < kept(path); i++)
        print_message("  message %u of packet %u: %s\n", (unsigned)path->numbers[i],
                      owner_of(fed, path->numbers[i]),
                      (const char *)g_ptr_array_index(fed->words, path->numbers[i] - 1));
    print_message("  got %s (%s)%s%s%s\n", verdict_name(path->path.verdict), reason_name(path->path.reason),
                  path->path.incomplete ? " incomplete" : "", path->path.ambiguous ? " ambiguous" : "",
                  path->path.copy ? " copy" : "");
    fail();
}

/* Packets that look the same may change places, but then the path must be one that one of them really went. */
static bool is_way_of_a_twin(struct sim *sim, const struct fed *fed, const struct build_path *path)
{
    uint32_t group = sim_truth(sim, owner_of(fed, path->numbers[0]))->group;
    g_autofree char *words = words_of(fed, path);
    for (guint i = 0; i < sim->packets->len; i++) {
        const struct sim_packet *truth = sim_truth(sim, i);
        if (truth->group != group || truth->verdict != path->path.verdict)
            continue;
        g_autofree char *other = words_of_packet(fed, i);
        if (strcmp(words, other) == 0)
            return true;
    }
    return false;
}

static void judge_all_complete(struct sim *sim, const struct fed *fed, const GArray *paths,
                               const struct assembler_counts *counts)
{
    for (guint i = 0; i < paths->len; i++) {
        const struct build_path *path = build_path_at(paths, i);
        const struct sim_packet *truth = sim_truth(sim, owner_of(fed, path->numbers[0]));
        bool has_twins = group_size(sim, truth->group) > 1;
        if (has_twins && (path->path.ambiguous || path->path.incomplete))
            continue; /* TEE's copy looks like the packet itself */
        bool right = has_twins ? is_way_of_a_twin(sim, fed, path)
                               : is_of_one_packet(fed, path) && path->path.verdict == truth->verdict &&
                                     path->count == truth->said;
        if (!right || path->path.incomplete || path->path.ambiguous || path->path.copy || path->stale)
            explain(sim, fed, path);
    }
    if (counts->ambiguous == 0) {
        assert_int_equal(paths->len, sim->packets->len);
        assert_int_equal(counts->orphans, 0);
    }
    assert_int_equal(counts->malformed, 0);
}

static void test_random_packets_are_never_mixed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        run(seed, KIND_DIFFERENT, 0, judge_all_complete);
}

static void judge_twins(struct sim *sim, const struct fed *fed, const GArray *paths,
                        const struct assembler_counts *counts)
{
    (void)counts;
    for (guint i = 0; i < paths->len; i++) {
        const struct build_path *path = build_path_at(paths, i);
        bool said = path->path.ambiguous || path->path.copy || path->path.incomplete;
        if (!said && !is_way_of_a_twin(sim, fed, path))
            explain(sim, fed, path);
    }
}

static void test_twins_are_right_or_ambiguous(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        run(seed, KIND_TWINS, 0, judge_twins);
}

/* Every message that came through is in a path, and in several only where they are copies. */
static void judge_kept_messages(const struct fed *fed, const GArray *paths)
{
    uint8_t *seen = g_malloc0(fed->packets->len);
    for (guint i = 0; i < paths->len; i++) {
        const struct build_path *path = build_path_at(paths, i);
        for (uint32_t k = 0; k < kept(path); k++) {
            uint8_t *count = &seen[path->numbers[k] - 1];
            assert_true(*count == 0 || path->path.copy);
            *count = 1;
        }
    }
    for (guint i = 0; i < fed->packets->len; i++)
        assert_int_equal(seen[i], !fed->lost->data[i]);
    g_free(seen);
}

/* Nothing was lost, so nothing may be said to be: each message is in one row, and each packet has one. */
static void judge_flood(struct sim *sim, const struct fed *fed, const GArray *paths,
                        const struct assembler_counts *counts)
{
    judge_kept_messages(fed, paths);
    if (paths->len != sim->packets->len || counts->incomplete > 0 || counts->copies > 0 ||
        counts->orphans > 0) {
        print_message("%u rows of %u packets, %u incomplete, %u copies, %u orphans\n", paths->len,
                      sim->packets->len, (unsigned)counts->incomplete, (unsigned)counts->copies,
                      (unsigned)counts->orphans);
        fail();
    }
}

static void test_a_flood_of_twins_with_stalls_has_all_rows(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= seeds() / 5; seed++)
        run(seed, KIND_FLOOD, 0, judge_flood);
}

/* Messages of the packet that were lost after the path's first one. */
static bool misses_some(const struct fed *fed, const struct build_path *path)
{
    for (guint i = (guint)path->numbers[0]; i < fed->packets->len; i++)
        if (fed->lost->data[i] && owner_of(fed, i + 1) == owner_of(fed, path->numbers[0]))
            return true;
    return false;
}

static void judge_loss(struct sim *sim, const struct fed *fed, const GArray *paths,
                       const struct assembler_counts *counts)
{
    (void)counts;
    judge_kept_messages(fed, paths);
    for (guint i = 0; i < paths->len; i++) {
        const struct build_path *path = build_path_at(paths, i);
        const struct sim_packet *truth = sim_truth(sim, owner_of(fed, path->numbers[0]));
        if (group_size(sim, truth->group) > 1 || truth->group >= SIM_ANSWERS)
            continue;
        bool mixed = !is_of_one_packet(fed, path);
        bool wrong = path->path.verdict != truth->verdict && path->path.verdict != VERDICT_UNKNOWN;
        bool silent = misses_some(fed, path) && !path->path.incomplete;
        if (mixed || wrong || silent)
            explain(sim, fed, path);
    }
}

static void test_loss_never_makes_a_wrong_verdict(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        run(seed, KIND_DIFFERENT, 1 + (unsigned)(seed % 3) * 10, judge_loss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_packets_are_never_mixed),
        cmocka_unit_test(test_twins_are_right_or_ambiguous),
        cmocka_unit_test(test_a_flood_of_twins_with_stalls_has_all_rows),
        cmocka_unit_test(test_loss_never_makes_a_wrong_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
