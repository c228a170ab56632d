/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recording from a file. */
#include "recorder/replay.h"

#include "recorder/pipeline.h"
#include "recorder/progress.h"

#include <errno.h>
#include <string.h>

/* iptables-save prints counters before a rule where it was asked to: `[12:720] -A INPUT …`. */
static void append_line(GString *table, const char *line)
{
    if (*line == '[') {
        const char *end = strstr(line, "] ");
        line = end ? end + 2 : line;
    }
    g_string_append(table, line);
    g_string_append_c(table, '\n');
}

/* The text of a whole iptables-save, table by table. */
static int read_rules(struct pipeline *pipeline, const char *path, unsigned family, struct error *error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(path, &text, NULL, &problem))
        return error_set(error, EIO, "cannot read the rules: %s", problem->message);

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) table = g_string_new(NULL);
    size_t tables = 0;
    for (char **line = lines; *line; line++) {
        if (**line == '#' || (**line == '\0' && table->len == 0))
            continue;
        append_line(table, *line);
        if (strcmp(*line, "COMMIT") != 0)
            continue;
        struct error why;
        if (pipeline_put_ruleset(pipeline, family, (struct bytes){(const uint8_t *)table->str, table->len},
                                 NULL, 0, 0, &why) < 0)
            return error_set(error, EINVAL, "%s: %s", path, why.text);
        g_string_truncate(table, 0);
        tables++;
    }
    if (tables == 0)
        return error_set(error, EINVAL, "%s holds no rules: expected the output of %s", path,
                         family == 4 ? "iptables-save" : "ip6tables-save");
    rulebook_set_tables(pipeline->book, family, rulebook_tables(pipeline->book, family), 0);
    return 0;
}

static int replay(struct pipeline *pipeline, struct source *source, struct error *error)
{
    int state = SOURCE_MORE;
    while (state != SOURCE_END) {
        state = source->ops->drain(source, &pipeline->sink, error);
        if (state < 0)
            return state;
        int result = writer_flush(pipeline->writer, false, pipeline->now_ns, error);
        if (result < 0)
            return result;
        if (writer_is_full(pipeline->writer, pipeline->now_ns))
            break;
        progress_show(pipeline->writer, source, clock_monotonic_ns());
    }
    struct source_stats stats;
    source->ops->stats(source, &stats);
    /* Until then it is known that nothing more came: what was silent long enough had ended. */
    if (stats.end_ns > pipeline->now_ns)
        assembler_tick(pipeline->assembler, stats.end_ns);
    return pipeline_finish(pipeline, &stats, error);
}

int replay_run(const struct options *options, struct error *error)
{
    struct pipeline pipeline;
    struct source *source = NULL;
    int result = replay_source_open(&source, options->read, error);
    if (result < 0)
        return result;
    result = pipeline_init(&pipeline, options, true, error);
    if (result == 0 && options->rules)
        result = read_rules(&pipeline, options->rules, 4, error);
    if (result == 0 && options->rules6)
        result = read_rules(&pipeline, options->rules6, 6, error);
    if (result == 0)
        result = replay(&pipeline, source, error);
    pipeline_done(&pipeline);
    source->ops->close(source);
    return result;
}
