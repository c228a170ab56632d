/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/simulator.h"

#include <time.h>

#include "recorder/core/assembler.h"

#define PACKETS 150

/* More of them by the environment variable, for a night. */
static uint64_t seeds(void)
{
    const char *text = getenv("IPTRACE_SEEDS");
    return text ? strtoull(text, NULL, 10) : 100;
}

/* ---- Random rules, random packets ---- */

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
    assembler_add(feeder->assembler, build_event(&room, &built), feeder->now_ns);
}

/* The next message of a random CPU; what a program held back comes after what it was before. */
static bool feed_any(struct feeder *feeder)
{
    unsigned first = sim_below(feeder->sim, SIM_CPUS);
    for (unsigned i = 0; i < SIM_CPUS; i++) {
        unsigned cpu = (first + i) % SIM_CPUS;
        if (feeder->at[cpu] == feeder->sim->cpus[cpu]->len)
            continue;
        const struct sim_message *message =
            &g_array_index(feeder->sim->cpus[cpu], struct sim_message, feeder->at[cpu]);
        if (sim_truth(feeder->sim, message->packet)->fed != message->place)
            continue;
        feeder->at[cpu]++;
        feed_one(feeder, message);
        return true;
    }
    return false;
}

typedef void judge_fn(struct sim *sim, const struct fed *fed, const GArray *paths,
                      const struct assembler_counts *counts);

static void run(uint64_t seed, bool twins, unsigned loss_percent, judge_fn *judge)
{
    struct rulebook *book = rulebook_new(false);
    struct sim sim;
    GArray *paths = build_paths_new();
    const struct assembler_limits limits = {0};
    sim_init(&sim, seed, book);
    sim.twins = twins;
    sim_traffic(&sim, PACKETS);
    struct feeder feeder = {
        .sim = &sim,
        .assembler = assembler_new(book, &limits, build_collect, paths),
        .fed = {g_array_new(FALSE, FALSE, 4), g_byte_array_new(), g_ptr_array_new_with_free_func(g_free)},
        .loss_percent = loss_percent,
        .now_ns = BUILD_RECEIVED_NS,
    };
    for (unsigned i = 1; feed_any(&feeder); i++)
        if (i % 40 == 0)
            assembler_tick(feeder.assembler, feeder.now_ns);
    if (feeder.pending_lost > 0)
        assembler_lost(feeder.assembler);
    for (uint64_t wake; (wake = assembler_tick(feeder.assembler, feeder.now_ns)) != 0;) {
        assert_true(wake > feeder.now_ns);
        feeder.now_ns = wake;
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

/* Packets that look the same may change places, but then the path must be one that one of them really went.
 */
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
        run(seed, false, 0, judge_all_complete);
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
        run(seed, true, 0, judge_twins);
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
        run(seed, false, 1 + (unsigned)(seed % 3) * 10, judge_loss);
}

/* ---- One thing at a time ---- */

#define RAW "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
#define MANGLE                                                                                               \
    "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n"     \
    "-A FORWARD -p udp -j NFQUEUE --queue-num 0\nCOMMIT\n"
#define FILTER                                                                                               \
    "*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j "     \
    "DROP\n"                                                                                                 \
    "-A FORWARD -o a -j ACCEPT\nCOMMIT\n"

static void begin(struct build_world *world, bool mangle)
{
    build_world_init(world);
    build_put_rules(world->book, RAW);
    build_put_rules(world->book, FILTER);
    if (mangle)
        build_put_rules(world->book, MANGLE);
    rulebook_set_tables(world->book, 4, 1 << TABLE_RAW | 1 << TABLE_FILTER | mangle << TABLE_MANGLE, 0);
}

static struct assembler_counts counts_of(const struct build_world *world)
{
    struct assembler_counts counts;
    assembler_get_counts(world->assembler, &counts);
    return counts;
}

static void test_loopback_is_two_packets(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, true);
    world.in = world.out = "lo";
    build_say(&world, HOOK_OUTPUT, "raw:OUTPUT:policy:1");
    build_say(&world, HOOK_OUTPUT, "mangle:OUTPUT:policy:1");
    build_say(&world, HOOK_OUTPUT, "filter:OUTPUT:policy:1");
    build_say(&world, HOOK_POSTROUTING, "mangle:POSTROUTING:policy:1");
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:3");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    build_assert_path(&world, 0, VERDICT_ACCEPT, REASON_POLICY, "filter:OUTPUT:policy:1");
    build_assert_path(&world, 1, VERDICT_ACCEPT, REASON_POLICY, "filter:INPUT:policy:3");
    assert_false(build_path_at(world.paths, 1)->path.ambiguous);
    build_world_done(&world);
}

/* CLOCK_REALTIME may be set, an hour back and forth, in the middle of packets: order goes by the stream. */
static void test_the_clock_is_set_back(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, true);
    world.in = world.out = "lo";
    const uint64_t hour_us = 3600000000, now_us = BUILD_RECEIVED_NS / 1000;
    for (unsigned packet = 0; packet < 2; packet++) {
        uint64_t before_us = packet == 0 ? now_us : now_us - hour_us,
                 after_us = 2 * now_us - hour_us - before_us;
        build_say(&world, HOOK_OUTPUT, "raw:OUTPUT:policy:1");
        build_say(&world, HOOK_OUTPUT, "mangle:OUTPUT:policy:1");
        build_say(&world, HOOK_OUTPUT, "filter:OUTPUT:policy:1");
        build_say(&world, HOOK_POSTROUTING, "mangle:POSTROUTING:policy:1");
        world.time_us = before_us;
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
        build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
        world.time_us = after_us;
        build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
        build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
        build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
        build_wait(&world, 1000);
        assert_int_equal(world.paths->len, 2 * packet + 2);
        build_assert_path(&world, 2 * packet, VERDICT_ACCEPT, REASON_POLICY, "filter:OUTPUT:policy:1");
        build_assert_path(&world, 2 * packet + 1, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
        assert_int_equal(build_path_at(world.paths, 2 * packet + 1)->count, 5);
        assert_false(build_path_at(world.paths, 2 * packet + 1)->path.incomplete);
    }
    build_world_done(&world);
}

/* A bridge floods: PREROUTING once, FORWARD for each port. */
static void test_copies_share_the_beginning(void **state)
{
    (void)state;
    static const char *const ports[] = {"a", "b", "c"};
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    for (unsigned i = 0; i < 3; i++) {
        world.out = ports[i];
        build_say(&world, HOOK_FORWARD, i == 0 ? "filter:FORWARD:rule:1" : "filter:FORWARD:policy:2");
    }
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct build_path *path = build_path_at(world.paths, i);
        assert_true(path->path.copy);
        assert_false(path->path.incomplete);
        assert_int_equal(path->count, 2);
        assert_int_equal(path->numbers[0], 1);
        assert_int_equal(path->numbers[1], i + 2);
        assert_int_equal(path->path.verdict, i == 0 ? VERDICT_ACCEPT : VERDICT_DROP);
    }
    build_world_done(&world);
}

/* A broadcast by a bridge that has an address: on to each port, and in; whichever comes first. */
static void check_copies_both_ways(bool on_first)
{
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    for (unsigned i = 0; i < 2; i++) {
        bool on = on_first == (i == 0);
        world.out = on ? "b" : NULL;
        if (on) {
            build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
        } else {
            build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
            build_say(&world, HOOK_INPUT, "filter:INPUT:policy:3");
        }
    }
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct build_path *path = build_path_at(world.paths, i);
        assert_true(path->path.copy);
        assert_false(path->path.incomplete);
        assert_int_equal(path->numbers[0], 1);
        assert_int_equal(path->count, path->path.verdict == VERDICT_DROP ? 2 : 3);
        assert_int_equal(path->path.verdict, on_first == (i == 0) ? VERDICT_DROP : VERDICT_ACCEPT);
    }
    assert_int_equal(counts_of(&world).orphans, 0);
    build_world_done(&world);
}

static void test_copies_go_in_and_on(void **state)
{
    (void)state;
    check_copies_both_ways(true);
    check_copies_both_ways(false);
}

/* One that is on its way has not been copied: what goes in is of another packet, whose beginning is missing.
 */
static void test_no_copy_from_the_middle(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
    world.out = "b";
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    world.out = NULL;
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:3");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    assert_int_equal(counts_of(&world).orphans, 1);
    for (unsigned i = 0; i < 2; i++)
        assert_false(build_path_at(world.paths, i)->path.copy);
    build_world_done(&world);
}

static void until_queue(struct build_world *world)
{
    begin(world, true);
    build_say(world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(world, HOOK_FORWARD, "mangle:FORWARD:rule:1");
    build_wait(world, 10000);
    assert_int_equal(world->paths->len, 0);
}

static void after_queue(struct build_world *world, uint32_t messages, bool ambiguous)
{
    build_wait(world, 1000);
    assert_int_equal(world->paths->len, 1);
    build_assert_path(world, 0, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
    assert_int_equal(build_path_at(world->paths, 0)->count, messages);
    assert_int_equal(build_path_at(world->paths, 0)->path.ambiguous, ambiguous);
    assert_false(build_path_at(world->paths, 0)->path.incomplete);
    build_world_done(world);
}

static void test_nfqueue_accepts(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    after_queue(&world, 4, false);
}

static void test_nfqueue_repeats(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:policy:2");
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    after_queue(&world, 5, false);
}

static void test_nfqueue_rewrites_the_payload(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    world.packet.payload = "rewritten";
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    after_queue(&world, 4, false);
}

static void test_nfqueue_rewrites_the_destination(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    world.packet.dst = 0x0a0a0a0a;
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    after_queue(&world, 4, true);
}

/* What comes of nowhere is not put to a packet that waits for a program, if its source is another. */
static void test_orphan_is_not_the_queued_one(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    world.packet.src++;
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    build_wait(&world, 31000);
    assert_int_equal(world.paths->len, 2);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
    assert_true(build_path_at(world.paths, 0)->path.incomplete);
    build_assert_path(&world, 1, VERDICT_QUEUE, REASON_RULE, "mangle:FORWARD:rule:1");
    assert_int_equal(counts_of(&world).orphans, 1);
    build_world_done(&world);
}

static void test_a_loop_of_nfqueue_is_bounded(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    for (unsigned i = 0; i < 5000; i++)
        build_say(&world, HOOK_FORWARD, "mangle:FORWARD:rule:1");
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    const struct build_path *path = build_path_at(world.paths, 0);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
    assert_true(path->path.cut);
    assert_int_equal(path->path.messages, 5004);
    assert_int_equal(path->count, 1024);
    assert_int_equal(counts_of(&world).unkept, 5004 - 1024);
    build_world_done(&world);
}

static void test_orphan_begins_an_incomplete_path(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
    assert_true(build_path_at(world.paths, 0)->path.incomplete);
    build_world_done(&world);
}

static void test_what_is_no_trace_message_is_counted(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:x");
    build_say(&world, HOOK_INPUT, "strange:INPUT:rule:1");
    build_say(&world, HOOK_INPUT, "raw:INPUT:rule:1");
    build_say(&world, 9, "filter:INPUT:rule:1");
    assert_int_equal(counts_of(&world).malformed, 4);
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 0);
    build_world_done(&world);
}

/* Rules that are not ours: no claim, and both packets of the same look are kept apart by their numbers. */
static void test_twins_that_wait_are_both_handed_out(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    for (unsigned i = 0; i < 2; i++)
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:3");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    assert_int_equal(build_path_at(world.paths, 0)->path.verdict, VERDICT_ACCEPT);
    assert_int_equal(build_path_at(world.paths, 1)->path.verdict, VERDICT_DROP);
    build_world_done(&world);
}

/* Packets are handed out as they began, though the first ends last; but the wait for it is bounded. */
static void test_order_of_handing_out(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    world.packet.srcport++;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    build_wait(&world, 20);
    assert_int_equal(world.paths->len, 0);
    build_wait(&world, 100);
    assert_int_equal(world.paths->len, 1);
    assert_int_equal(build_path_at(world.paths, 0)->numbers[0], 2);
    build_wait(&world, 100);
    assert_int_equal(world.paths->len, 2);
    build_assert_path(&world, 1, VERDICT_UNKNOWN, REASON_VANISHED_ROUTING, "");

    world.packet.srcport++;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    world.packet.srcport++;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    world.packet.srcport--;
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    build_wait(&world, 20);
    assert_int_equal(world.paths->len, 4);
    assert_int_equal(build_path_at(world.paths, 2)->numbers[0], 4);
    assert_int_equal(build_path_at(world.paths, 3)->numbers[0], 5);
    build_world_done(&world);
}

static void test_open_paths_are_bounded(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    const struct assembler_limits limits = {.open_paths = 10};
    assembler_free(world.assembler);
    world.assembler = assembler_new(world.book, &limits, build_collect, world.paths);
    for (unsigned i = 0; i < 30; i++) {
        world.packet.srcport++;
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
        assert_int_equal(world.paths->len, i < 10 ? 0 : i - 9);
    }
    assert_int_equal(counts_of(&world).evicted, 20);
    build_assert_path(&world, 0, VERDICT_UNKNOWN, REASON_LOST, "");
    assembler_finish(world.assembler);
    assert_int_equal(world.paths->len, 30);
    build_world_done(&world);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    const struct assembler_limits limits = {.bytes = 20000};
    assembler_free(world.assembler);
    world.assembler = assembler_new(world.book, &limits, build_collect, world.paths);
    for (unsigned i = 0; i < 1000; i++) {
        world.packet.srcport++;
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    }
    assert_true(counts_of(&world).evicted > 900);
    build_world_done(&world);
}

/* 100 000 packets that look the same and wait for their silence cost no more each than one. */
static void test_a_flood_of_twins_costs_linear_time(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    clock_t before = clock();
    for (unsigned i = 0; i < 40000; i++) {
        world.now_ns -= 500; /* all within 20 ms */
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    }
    for (unsigned i = 0; i < 20000; i++)
        assembler_lost(world.assembler);
    build_wait(&world, 500);
    assert_true(clock() - before < 8 * CLOCKS_PER_SEC);
    assert_int_equal(world.paths->len, 40000);
    build_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_packets_are_never_mixed),
        cmocka_unit_test(test_twins_are_right_or_ambiguous),
        cmocka_unit_test(test_loss_never_makes_a_wrong_verdict),
        cmocka_unit_test(test_loopback_is_two_packets),
        cmocka_unit_test(test_the_clock_is_set_back),
        cmocka_unit_test(test_copies_share_the_beginning),
        cmocka_unit_test(test_copies_go_in_and_on),
        cmocka_unit_test(test_no_copy_from_the_middle),
        cmocka_unit_test(test_nfqueue_accepts),
        cmocka_unit_test(test_nfqueue_repeats),
        cmocka_unit_test(test_nfqueue_rewrites_the_payload),
        cmocka_unit_test(test_nfqueue_rewrites_the_destination),
        cmocka_unit_test(test_orphan_is_not_the_queued_one),
        cmocka_unit_test(test_a_loop_of_nfqueue_is_bounded),
        cmocka_unit_test(test_orphan_begins_an_incomplete_path),
        cmocka_unit_test(test_what_is_no_trace_message_is_counted),
        cmocka_unit_test(test_twins_that_wait_are_both_handed_out),
        cmocka_unit_test(test_order_of_handing_out),
        cmocka_unit_test(test_open_paths_are_bounded),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_a_flood_of_twins_costs_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
