// SPDX-License-Identifier: MIT
//
// Levels as a table: a time and one column for each channel. Saleae Logic 2
// writes a row when something changes, with the time in seconds; sigrok-cli
// one for each sample, with or without a time.

#include "sim/capture/lines.h"

#include <stdlib.h>
#include <string.h>

#define ROW_MAX_S 3e9 // as sim__lines_time() takes

struct table {
    struct sim_lines lines;
    struct sim_capture what;
    int64_t unit_ns; // 0: no time column, rows are samples
    double rate_hz;
    uint8_t level[SIM_CAPTURE_CHANNELS];
    uint64_t row;
    uint64_t last_ns;
    struct sim_edge_sink *sink;
};

// ---- what stands in front

// "; Channels (2/16): MDC, MDIO"
static void take_names(struct table *t, char *text)
{
    char *save = NULL;

    for (char *name = strtok_r(text, ",", &save);
         name && t->what.channels < SIM_CAPTURE_CHANNELS;
         name = strtok_r(NULL, ",", &save)) {
        name += strspn(name, " ");
        snprintf(t->what.name[t->what.channels++], SIM_TRACE_NAME, "%s", name);
    }
}

static void take_remark(struct table *t, char *text)
{
    char *colon = strchr(text, ':');

    if (!colon) {
        return;
    }
    if (strstr(text, "Channels")) {
        take_names(t, colon + 1);
    } else if (strstr(text, "Samplerate")) {
        char *unit;
        double rate = strtod(colon + 1, &unit);

        unit += strspn(unit, " ");
        t->rate_hz = *unit == 'G' ? rate * 1e9
            : *unit == 'M'        ? rate * 1e6
            : *unit == 'k'        ? rate * 1e3
                                  : rate;
    }
}

static int64_t unit_of(const char *name)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = { { "Time [s]", 1000000000 }, { "Time[s]", 1000000000 },
        { "seconds", 1000000000 }, { "milliseconds", 1000000 },
        { "microseconds", 1000 }, { "nanoseconds", 1 } };

    for (size_t i = 0; i < nif_countof(units); i++) {
        if (strcmp(name, units[i].name) == 0) {
            return units[i].ns;
        }
    }
    return 0;
}

static bool take_head(struct table *t)
{
    size_t first;

    t->unit_ns = unit_of(t->lines.field[0]);
    first = t->unit_ns > 0;
    if (t->unit_ns == 0 && strcmp(t->lines.field[0], "logic") != 0) {
        return sim__lines_fail(&t->lines,
            "'%.40s' is no column of times; export with 'Time [s]'",
            t->lines.field[0]);
    }
    if (t->unit_ns == 0 && !(t->rate_hz >= 1e-3 && t->rate_hz <= 1e12)) {
        return sim__lines_fail(&t->lines, "neither times nor a sample rate");
    }
    if (t->what.channels == 0) {
        for (size_t i = first; i < t->lines.count; i++) {
            snprintf(t->what.name[i - first], SIM_TRACE_NAME, "%s",
                t->lines.field[i]);
        }
        t->what.channels = (unsigned)(t->lines.count - first);
    }
    if (t->what.channels != t->lines.count - first || t->what.channels == 0) {
        return sim__lines_fail(&t->lines, "%u channels, %zu columns",
            t->what.channels, t->lines.count - first);
    }
    return true;
}

// ---- rows

static bool row_time(struct table *t, uint64_t *at_ns)
{
    int64_t ns;

    if (t->unit_ns == 0) {
        if ((double)t->row / t->rate_hz > ROW_MAX_S) {
            return sim__lines_fail(&t->lines, "it would last 95 years");
        }
        *at_ns = sim_capture_time(t->row, t->rate_hz);
        return true;
    }
    if (!sim__lines_time(t->lines.field[0], t->unit_ns, &ns)) {
        return sim__lines_fail(&t->lines,
            "'%.40s' is no time; export times relative to the start",
            t->lines.field[0]);
    }
    if (t->row == 0 && ns < 0) {
        t->what.offset_ns = ns;
    }
    if (ns < t->what.offset_ns ||
        (uint64_t)(ns - t->what.offset_ns) < t->last_ns) {
        return sim__lines_fail(&t->lines, "time runs backwards");
    }
    *at_ns = (uint64_t)(ns - t->what.offset_ns);
    return true;
}

static bool level_of(struct table *t, const char *text, uint8_t *level)
{
    if (text[0] == '\0' || strcmp(text, "X") == 0 || strcmp(text, "x") == 0) {
        *level = SIM_CAPTURE_UNKNOWN;
        return true;
    }
    *level = text[0] == '1';
    return strcmp(text, "0") == 0 || strcmp(text, "1") == 0 ||
        sim__lines_fail(&t->lines,
            "'%.40s' is no level; analog channels cannot be read", text);
}

static bool take_row(struct table *t)
{
    size_t first = t->unit_ns > 0;
    uint64_t at_ns = 0;

    if (t->lines.count != t->what.channels + first) {
        return sim__lines_fail(&t->lines, "%zu fields, there must be %zu",
            t->lines.count, t->what.channels + first);
    }
    if (!row_time(t, &at_ns) ||
        (t->row == 0 && !t->sink->ops->begin(t->sink, &t->what))) {
        return false;
    }
    t->row++;
    t->last_ns = at_ns;
    for (unsigned i = 0; i < t->what.channels; i++) {
        struct sim_edge edge = { .at_ns = at_ns, .channel = (uint16_t)i };

        if (!level_of(t, t->lines.field[i + first], &edge.level)) {
            return false;
        }
        if (t->row == 1 || edge.level != t->level[i]) {
            t->level[i] = edge.level;
            t->sink->ops->edge(t->sink, &edge);
        }
    }
    return true;
}

static bool read_table(struct table *t)
{
    bool head = false;
    bool good = true;
    int got;

    while (good && (got = sim__lines_next(&t->lines)) == 1) {
        if (t->lines.line.text[0] == ';') {
            if (!head) { // further down nothing may change any more
                take_remark(t, t->lines.line.text);
            }
            continue;
        }
        good =
            sim__lines_split(&t->lines) && (head ? take_row(t) : take_head(t));
        head = true;
    }
    if (t->row > 0) {
        t->sink->ops->end(t->sink, t->last_ns);
    }
    if (good && got == 0 && t->row == 0) {
        return sim__lines_fail(&t->lines, "no row");
    }
    return good && got == 0;
}

bool sim_edges_csv_read(const char *path, struct sim_edge_sink *sink,
    struct sim_capture_error *error)
{
    struct table *t = calloc(1, sizeof(*t));
    bool good;

    NIF_ASSERT(t != NULL);
    t->sink = sink;
    good = sim__lines_open(&t->lines, path, error) && read_table(t);
    sim__lines_close(&t->lines);
    free(t);
    return good;
}
