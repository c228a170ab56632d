/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The whole way of the evidence and back: messages, generated and recorded, through assembler and capture
 * into a file, and from the file's blocks by replay into events again. Every field of every message, step and
 * path is what it was; and the events that came back make the same file, to the byte. */
#include "tests/unit/same.h"
#include "tests/unit/simulator.h"

#include <sys/mman.h>
#include <unistd.h>

#include "format/envelope.h"
#include "format/packet.h"
#include "format/path_record.h"
#include "recorder/core/capture.h"
#include "recorder/core/text.h"
#include "recorder/legacy/replay/replay_source.h"
#include "recorder/legacy/walk/pipeline.h"
#include "recorder/legacy/walk/ruleset_parts.h"

#define CAPTURE_ID 0xc0ffee01
#define TICK_NS    (10 * BUILD_MS)

/* ---- A recording ---- */

struct recording {
    struct rulebook *book;
    struct assembler *assembler;
    struct capture *capture;
    GByteArray *file;
    GHashTable *kept;  /* message number → struct kept_event: what the file is to give back */
    GPtrArray *memory; /* theirs */
    GPtrArray *rulesets;
    uint64_t now_ns, lost, stale_steps, comments;
    const char *netns;
};

static void take_blocks(struct recording *recording)
{
    struct bytes blocks = capture_take(recording->capture);
    g_byte_array_append(recording->file, blocks.data, (guint)blocks.length);
}

/* Messages that several copies share stand in the file for each of them. */
static void keep_messages(struct recording *recording, const struct ended_path *finished)
{
    struct message_log_iterator iterator;
    message_log_begin(finished->log, &iterator);
    while (message_log_next(&iterator)) {
        struct event event = iterator.event;
        struct step_copy copy = {0};
        struct step *step = &copy.step;
        path_step_of(iterator.annotation, &event, step);
        step->context = (struct context){
            .in = event.in, .out = event.out, .physin = event.physin, .physout = event.physout};
        recording->stale_steps += step->stale;
        recording->comments += step->comment.length > 0;
        event.step = &copy;
        event.netns = build_text(recording->netns);
        struct kept_event *kept = same_keep_event(recording->memory, &event);
        if (!g_hash_table_contains(recording->kept, &kept->event.message.number))
            g_hash_table_insert(recording->kept, &kept->event.message.number, kept);
    }
}

static void take_path(void *user, const struct ended_path *finished)
{
    struct recording *recording = user;
    struct path_steps steps = {0};
    const struct finished_path *made = path_steps_make(&steps, finished, build_text(recording->netns));
    take_blocks(recording);
    guint before = recording->file->len;
    uint32_t number = capture_add_packet(recording->capture, made, recording->lost);
    take_blocks(recording);

    /* An interface that is new, or messages that made a block full, come with it. */
    struct path path = made->head;
    path.packet_id = (uint64_t)CAPTURE_ID << 32 | number;
    const uint8_t *block = recording->file->data + before;
    while (same_get32(block) == 1)
        block += same_get32(block + 4);
    same_assert_packet_block((struct bytes){block, same_get32(block + 4)}, made, &path, recording->lost);
    keep_messages(recording, finished);
    recording->lost = 0;
    path_steps_done(&steps);
}

/* The book and the namespace's name stay the caller's. */
static void recording_init(struct recording *recording, struct rulebook *book, const char *netns)
{
    static const struct capture_options options = {
        .capture_id = CAPTURE_ID, .blocks = true, .snapshot_length = 256, .application = "test"};
    const struct assembler_limits limits = {0};
    *recording = (struct recording){
        .book = book,
        .capture = capture_new(&options),
        .file = g_byte_array_new(),
        .kept = g_hash_table_new(g_int64_hash, g_int64_equal),
        .memory = g_ptr_array_new_with_free_func(free),
        .rulesets = g_ptr_array_new_with_free_func((GDestroyNotify)ruleset_unref),
        .netns = netns,
    };
    recording->assembler = assembler_new(book, &limits, take_path, recording);
    capture_begin_file(recording->capture, BYTES("any"));
}

static void recording_add(struct recording *recording, const struct event *event)
{
    if (event->received_ns >= recording->now_ns + TICK_NS) {
        recording->now_ns = event->received_ns;
        assembler_tick(recording->assembler, (struct monotonic){recording->now_ns});
    }
    recording->lost += event->lost_before;
    assembler_add(recording->assembler, event, (struct monotonic){recording->now_ns});
}

static void recording_finish(struct recording *recording)
{
    assembler_finish(recording->assembler);
    capture_flush_messages(recording->capture);
    capture_end_file(recording->capture, 1, 2, 0);
    take_blocks(recording);
}

static void recording_done(struct recording *recording)
{
    assembler_free(recording->assembler);
    capture_free(recording->capture);
    g_byte_array_unref(recording->file);
    g_hash_table_unref(recording->kept);
    g_ptr_array_unref(recording->memory);
    g_ptr_array_unref(recording->rulesets);
}

static void add_rules(void *user, const struct rules_record *rules)
{
    capture_add_rules(user, rules);
}

static void recording_put(struct recording *recording, struct ruleset *ruleset)
{
    assert_true(rulebook_put(recording->book, ruleset));
    g_ptr_array_add(recording->rulesets, ruleset_ref(ruleset));
    pipeline_tell_rules(ruleset, build_text(recording->netns), add_rules, recording->capture);
}

/* ---- Replay ---- */

struct replayed {
    struct recording *to;         /* makes another file of what comes; null: it is only heard */
    const struct recording *from; /* what made the file; null: it was recorded elsewhere */
    struct ruleset_parts *parts;
    guint events, rulesets;
    uint64_t former;
};

static void hear_event(void *user, const struct event *event)
{
    struct replayed *replayed = user;
    replayed->events++;
    assert_true(event->message.number > replayed->former);
    replayed->former = event->message.number;
    if (replayed->from) {
        const struct kept_event *kept = g_hash_table_lookup(replayed->from->kept, &event->message.number);
        assert_non_null(kept);
        assert_int_equal(event->capture_id, CAPTURE_ID);
        same_assert_events(event, &kept->event);
    }
    if (replayed->to)
        recording_add(replayed->to, event);
}

static void assert_rulesets_equal(const struct ruleset *got, const struct ruleset *expected)
{
    const struct ruleset_origin *origin = ruleset_get_origin(got), *other = ruleset_get_origin(expected);
    assert_int_equal(origin->family, other->family);
    assert_int_equal(origin->number, other->number);
    assert_int_equal(origin->generation, other->generation);
    assert_true(origin->time_ns == other->time_ns);
    unit_assert_bytes(ruleset_text(got), ruleset_text(expected));
    g_autoptr(GArray) own = ruleset_own_rules(got);
    g_autoptr(GArray) own_expected = ruleset_own_rules(expected);
    assert_int_equal(own->len, own_expected->len);
    for (guint i = 0; i < own->len; i++) {
        const struct ruleset_own *rule = &g_array_index(own, struct ruleset_own, i);
        assert_int_equal(rule->number, g_array_index(own_expected, struct ruleset_own, i).number);
        unit_assert_bytes(rule->chain, g_array_index(own_expected, struct ruleset_own, i).chain);
    }
}

static void hear_ruleset(void *user, const struct ruleset_part *part)
{
    struct replayed *replayed = user;
    struct ruleset *ruleset;
    struct error error;
    assert_int_equal(ruleset_parts_add(replayed->parts, part, &ruleset, &error), 0);
    if (!ruleset)
        return;
    replayed->rulesets++;
    if (replayed->from) {
        const GPtrArray *expected = replayed->from->rulesets;
        assert_in_range(replayed->rulesets, 1, expected->len);
        unit_assert_bytes(part->netns, build_text(replayed->from->netns));
        assert_rulesets_equal(ruleset, g_ptr_array_index(expected, replayed->rulesets - 1));
    }
    if (replayed->to) {
        struct rulebook *book = replayed->to->book;
        recording_put(replayed->to, ruleset);
        rulebook_set_tables(book, part->family, rulebook_tables(book, part->family), 0);
    }
    ruleset_unref(ruleset);
}

static void replay(const char *path, struct replayed *replayed)
{
    const struct source_sink sink = {.event = hear_event, .ruleset = hear_ruleset, .user = replayed};
    struct source *source;
    struct error error;
    struct source_stats stats;
    int state;
    replayed->parts = ruleset_parts_new();
    if (replay_source_open(&source, path, &error) < 0)
        fail_msg("%s", error.text);
    while ((state = source->ops->drain(source, &sink, &error)) == SOURCE_MORE || state == SOURCE_WAIT)
        continue;
    if (state < 0)
        fail_msg("%s", error.text);
    source->ops->stats(source, &stats);
    source->ops->close(source);
    ruleset_parts_free(replayed->parts);
    assert_int_equal(stats.messages, replayed->events);
    assert_int_equal(stats.malformed, 0);
    assert_int_equal(stats.foreign, 0);
    assert_false(stats.cut);
}

static void replay_file(const GByteArray *file, struct replayed *replayed)
{
    char path[32];
    int fd = memfd_create("iptrace-round-trip", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, file->data, file->len), file->len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    replay(path, replayed);
    close(fd);
}

/* The blocks of a file but for the rulesets': those stand before the messages that they explain, and where
 * among the packets depends on when they were read. */
static void without_rulesets(GByteArray *file)
{
    for (guint at = 0; at < file->len;) {
        const uint8_t *block = file->data + at;
        guint length = same_get32(block + 4);
        unsigned version, kind = 0;
        struct bytes body;
        if (same_get32(block) == PCAPNG_CUSTOM_BLOCK)
            assert_int_equal(envelope_open((struct bytes){block + 12, length - 16}, &version, &kind, &body),
                             ENVELOPE_OK);
        if (kind == ENVELOPE_RULESET)
            g_byte_array_remove_range(file, at, length);
        else
            at += length;
    }
}

static void assert_same_files(GByteArray *got, GByteArray *expected)
{
    without_rulesets(got);
    without_rulesets(expected);
    unit_assert_bytes((struct bytes){got->data, got->len}, (struct bytes){expected->data, expected->len});
}

/* What a recording's log holds of a replayed message is what the file said, to the last string of its step. */
static void assert_same_messages(const struct recording *got, const struct recording *expected)
{
    GHashTableIter iterator;
    gpointer value;
    assert_int_equal(g_hash_table_size(got->kept), g_hash_table_size(expected->kept));
    g_hash_table_iter_init(&iterator, got->kept);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const struct kept_event *kept = value;
        const struct kept_event *former = g_hash_table_lookup(expected->kept, &kept->event.message.number);
        assert_non_null(former);
        same_assert_events(&kept->event, &former->event);
    }
}

/* Reads the file back, compares everything with what went in, and makes a second file of it. */
static void assert_comes_back(const struct recording *recording, bool same_file)
{
    struct recording second;
    struct rulebook *book = rulebook_new(true);
    recording_init(&second, book, recording->netns);
    struct replayed replayed = {.to = &second, .from = recording};
    replay_file(recording->file, &replayed);
    assert_int_equal(replayed.events, g_hash_table_size(recording->kept));
    assert_int_equal(replayed.rulesets, recording->rulesets->len);
    recording_finish(&second);
    assert_same_messages(&second, recording);
    if (same_file)
        assert_same_files(second.file, recording->file);
    recording_done(&second);
    rulebook_free(book);
}

/* ---- Generated messages ---- */

struct generated {
    struct sim sim;
    struct recording recording;
    guint at[SIM_CPUS];
    uint64_t number, now_ns, pending_lost;
    unsigned loss_percent;
};

/* Room for attributes that the simulator does not have. */
struct more {
    uint8_t uid[4], gid[4], seq[4], physin[4], physout[4], type[2], length[2], header[14], ct[12];
};

static void put_more(struct generated *generated, const struct sim_message *said, struct more *more,
                     struct event *event)
{
    struct message *message = &event->message;
    build_put(more->seq, 4, generated->number);
    message_set(message, MESSAGE_SEQ, (struct bytes){more->seq, 4});
    if (said->hook == HOOK_OUTPUT || said->hook == HOOK_POSTROUTING) {
        build_put(more->uid, 4, 1000 + said->packet % 3);
        build_put(more->gid, 4, 100 + said->packet % 5);
        message_set(message, MESSAGE_UID, (struct bytes){more->uid, 4});
        message_set(message, MESSAGE_GID, (struct bytes){more->gid, 4});
    }
    if (event->in.length > 0) {
        build_put(more->physin, 4, 20 + said->packet % 2);
        message_set(message, MESSAGE_PHYSIN, (struct bytes){more->physin, 4});
        event->physin = said->packet % 2 ? BYTES("port1") : BYTES("port0");
        build_put(more->type, 2, 1);
        build_put(more->length, 2, sizeof more->header);
        memset(more->header, (int)(said->packet & 0xff), sizeof more->header);
        message_set(message, MESSAGE_HWTYPE, (struct bytes){more->type, 2});
        message_set(message, MESSAGE_HWLEN, (struct bytes){more->length, 2});
        message_set(message, MESSAGE_HWHEADER, (struct bytes){more->header, sizeof more->header});
    }
    if (event->in.length > 0 && event->out.length > 0) {
        build_put(more->physout, 4, 30);
        message_set(message, MESSAGE_PHYSOUT, (struct bytes){more->physout, 4});
        event->physout = BYTES("port9");
    }
    if (sim_below(&generated->sim, 4) == 0) {
        memset(more->ct, (int)(generated->number & 0xff), sizeof more->ct);
        message_set(message, MESSAGE_CT, (struct bytes){more->ct, 4 * sim_below(&generated->sim, 4)});
    }
}

static void say(struct generated *generated, const struct sim_message *said)
{
    struct sim *sim = &generated->sim;
    struct sim_packet *truth = sim_truth(sim, said->packet);
    generated->now_ns += 1000 * (1 + sim_below(sim, sim_below(sim, 50) == 0 ? 20000 : 3));
    uint64_t now_us = generated->now_ns / 1000;
    if (truth->arrival_us == 0)
        truth->arrival_us = now_us;
    truth->fed++;
    generated->number++;
    if (sim_below(sim, 100) < generated->loss_percent && generated->number > 1) {
        generated->pending_lost++;
        return;
    }
    uint8_t buffer[512];
    struct build_event room;
    struct more more;
    const struct build_message built = {
        .hook = said->hook,
        .where = said->where,
        .in = said->in,
        .out = said->out,
        .mark = said->mark,
        .time_us = !said->in            ? 0
                   : sim->message_times ? now_us
                                        : truth->arrival_us,
        .payload = build_packet_bytes(buffer, &said->fields),
        .number = generated->number,
        .received_ns = generated->now_ns,
        .lost_before = generated->pending_lost,
    };
    generated->pending_lost = 0;
    build_event(&room, &built);
    put_more(generated, said, &more, &room.event);
    recording_add(&generated->recording, &room.event);
}

static bool say_any(struct generated *generated)
{
    unsigned first = sim_below(&generated->sim, SIM_CPUS);
    for (unsigned i = 0; i < SIM_CPUS; i++) {
        unsigned cpu = (first + i) % SIM_CPUS;
        const GArray *said = generated->sim.cpus[cpu];
        if (generated->at[cpu] == said->len)
            continue;
        const struct sim_message *message = &g_array_index(said, struct sim_message, generated->at[cpu]);
        if (sim_truth(&generated->sim, message->packet)->fed != message->place)
            continue;
        generated->at[cpu]++;
        say(generated, message);
        return true;
    }
    return false;
}

/* The rules with comments, which the simulator does not have; only where there are conditions, for a rule
 * without any is called by another name. */
static GString *with_comments(struct bytes text)
{
    GString *commented = g_string_new(NULL);
    g_autofree char *copy = g_strndup((const char *)text.data, text.length);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        const char *target = strstr(lines[i], " -j "), *end = lines[i] + strlen(lines[i]);
        if (!target)
            target = end;
        g_string_append_len(commented, lines[i], target - lines[i]);
        if (strstr(lines[i], " --dport "))
            g_string_append_printf(commented, " -m comment --comment \"line %u\"", i);
        g_string_append_printf(commented, "%s%s", target, lines[i + 1] ? "\n" : "");
    }
    return commented;
}

/* The simulator's rules, each with a number of its own. */
static void put_rules(struct recording *recording, const struct rulebook *made)
{
    unsigned count = 0;
    for (unsigned table = 0; table < TABLE_COUNT; table++) {
        const struct ruleset *ruleset = rulebook_get(made, 4, table);
        if (!ruleset)
            continue;
        g_autoptr(GArray) own = ruleset_own_rules(ruleset);
        const struct ruleset_origin origin = {
            .family = 4, .number = ++count, .generation = 1 + table, .time_ns = BUILD_RECEIVED_NS - table};
        struct ruleset *numbered;
        struct error error;
        GString *text = with_comments(ruleset_text(ruleset));
        if (ruleset_new(&numbered, build_text(text->str), (struct ruleset_own *)own->data, own->len, &origin,
                        &error) < 0)
            fail_msg("%s", error.text);
        g_string_free(text, TRUE);
        recording_put(recording, numbered);
        ruleset_unref(numbered);
    }
    rulebook_set_tables(recording->book, 4, rulebook_tables(made, 4), 0);
}

static void run(uint64_t seed, unsigned loss_percent, bool doubt)
{
    struct generated generated = {.loss_percent = loss_percent, .now_ns = BUILD_RECEIVED_NS};
    struct rulebook *made = rulebook_new(false), *book = rulebook_new(false);
    sim_init(&generated.sim, seed, false, made);
    sim_traffic(&generated.sim, 60);
    recording_init(&generated.recording, book, seed % 2 ? "blue" : "");
    put_rules(&generated.recording, made);
    if (doubt)
        rulebook_doubt(book, 4, BUILD_RECEIVED_NS + BUILD_MS, BUILD_RECEIVED_NS + 20 * BUILD_MS);
    while (say_any(&generated))
        continue;
    recording_finish(&generated.recording);
    /* Replay knows of a stale step what it says, and not what else it could have been: a verdict may be less
     * sure. */
    assert_int_equal(generated.recording.stale_steps > 0, doubt);
    assert_true(generated.recording.comments > 0);
    assert_comes_back(&generated.recording, !doubt);
    recording_done(&generated.recording);
    sim_done(&generated.sim);
    rulebook_free(book);
    rulebook_free(made);
}

static void test_generated_messages_come_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        run(seed, 0, false);
}

static void test_with_messages_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 101; seed <= 110; seed++)
        run(seed, 10, false);
}

static void test_with_rules_in_doubt(void **state)
{
    (void)state;
    for (uint64_t seed = 201; seed <= 210; seed++)
        run(seed, 0, true);
}

/* ---- Recorded messages ---- */

/* From a sample into a file, and from that once more. */
static void rerecord(const char *path)
{
    struct recording recording;
    struct rulebook *book = rulebook_new(true);
    recording_init(&recording, book, "");
    struct replayed replayed = {.to = &recording};
    replay(path, &replayed);
    assert_true(replayed.events > 0);
    recording_finish(&recording);
    assert_int_equal(g_hash_table_size(recording.kept), replayed.events);
    assert_comes_back(&recording, true);
    recording_done(&recording);
    rulebook_free(book);
}

static void test_recorded_messages_come_back(void **state)
{
    (void)state;
    unsigned samples = 0;
    g_autoptr(GDir) directory = g_dir_open(IPTRACE_SOURCE_DIR "/samples", 0, NULL);
    assert_non_null(directory);
    for (const char *name; (name = g_dir_read_name(directory)) != NULL;) {
        if (!g_str_has_suffix(name, ".pcapng"))
            continue;
        g_autofree char *path = g_build_filename(IPTRACE_SOURCE_DIR, "samples", name, NULL);
        rerecord(path);
        samples++;
    }
    assert_in_range(samples, 10, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_messages_come_back),
        cmocka_unit_test(test_with_messages_lost),
        cmocka_unit_test(test_with_rules_in_doubt),
        cmocka_unit_test(test_recorded_messages_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
