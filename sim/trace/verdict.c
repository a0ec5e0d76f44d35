// SPDX-License-Identifier: MIT
//
// Verdicts on chip models.

#include "sim/trace/verdict.h"

#include "sim/trace/score.h"
#include "sim/trace/score_mdio.h"
#include "sim/trace/verdict_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool sim__verdict_fail(struct sim_verdict *verdict, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(verdict->text, sizeof(verdict->text), fmt, args);
    va_end(args);
    verdict->good = false;
    return false;
}

static FILE *open_beside(struct sim_verdict *verdict, const char *source,
    const char *name, char path[4096])
{
    const char *slash = strrchr(source, '/');
    int dir = slash ? (int)(slash - source) + 1 : 0;
    FILE *in;

    snprintf(path, 4096, "%.*s%s", dir, source, name);
    in = fopen(path, "re");
    if (!in) {
        sim__verdict_fail(verdict, "%.300s: %s", path, strerror(errno));
    }
    return in;
}

bool sim__verdict_read(struct sim_verdict *verdict, const char *source,
    const char *trace, struct sim_recording *rec)
{
    struct sim_trace_reader reader;
    char path[4096];
    FILE *in = open_beside(verdict, source, trace, path);
    int got;

    if (!in) {
        return false;
    }
    sim_trace_read_init(&reader, in, path);
    got = sim_recording_read(rec, &reader);
    if (got < 0) {
        sim__verdict_fail(verdict, "%s", reader.error);
    } else if (got == 0) {
        sim__verdict_fail(verdict, "%.300s: there is nothing in it", path);
    }
    sim_trace_read_done(&reader);
    fclose(in);
    return got == 1;
}

static bool read_stimuli(struct sim_verdict *verdict, const char *source,
    const char *name, struct sim_stimuli *stimuli)
{
    struct sim_csv_error error;
    char path[4096];
    FILE *in;
    bool good;

    *stimuli = (struct sim_stimuli){ 0 };
    if (!name) {
        return true;
    }
    in = open_beside(verdict, source, name, path);
    if (!in) {
        return false;
    }
    good = sim_stimuli_read(stimuli, in, path, &error);
    fclose(in);
    return good || sim__verdict_fail(verdict, "%s", error.text);
}

static void judge_spi(struct sim_verdict *verdict,
    const struct sim_recording *rec, const struct sim_stimuli *stimuli)
{
    struct sim_score *score = malloc(sizeof(*score));
    struct sim_csv csv = { 0 };

    NIF_ASSERT(score != NULL);
    for (size_t i = 0; i < rec->count; i++) {
        sim_csv_add(&csv, &rec->event[i].item, rec->event[i].line);
    }
    if (csv.count == 0) {
        sim__verdict_fail(verdict, "there is no SPI transaction in it");
        free(score);
        return;
    }
    sim_score_enc28j60(&csv, stimuli, score);
    sim_csv_done(&csv);
    verdict->right = score->all.right;
    verdict->total = score->all.total;
    verdict->first_index = score->first_index;
    verdict->good = sim_score_is_perfect(score);
    if (score->differs) {
        sim__verdict_fail(verdict, "transaction %u, byte %zu: %s",
            score->first_index, score->first_byte, score->first);
    } else if (score->complaints > 0) {
        sim__verdict_fail(verdict, "the model complains: %s", score->complaint);
    } else if (!verdict->good) {
        sim__verdict_fail(verdict, "%u frames of %u equal, %u sent",
            score->same_count, score->want_count, score->got_count);
    }
    free(score);
}

static void judge_mdio(struct sim_verdict *verdict,
    const struct sim_recording *rec, const struct sim_stimuli *stimuli)
{
    static const struct sim_phy_cfg cfg;
    struct sim_score_mdio score;

    sim_score_mdio(rec, stimuli, &cfg, &score);
    verdict->right = score.all.right;
    verdict->total = score.all.total;
    verdict->first_index = score.first_index;
    verdict->good = sim_score_mdio_is_perfect(&score);
    if (score.differs) {
        sim__verdict_fail(verdict, "frame %" PRIu64 ", line %u: %s",
            score.first_index, score.first_line, score.first);
    } else if (!verdict->good) {
        sim__verdict_fail(verdict, "%s",
            score.all.total == 0 ? "no PHY has answered in it"
                                 : score.complaint);
    }
}

typedef void judge_fn(struct sim_verdict *verdict,
    const struct sim_recording *rec, const struct sim_stimuli *stimuli);

static bool judge(struct sim_verdict *verdict, const char *source,
    const char *trace, const char *stimuli_name, judge_fn *fn)
{
    struct sim_recording rec;
    struct sim_stimuli stimuli;

    *verdict = (struct sim_verdict){ 0 };
    if (!sim__verdict_read(verdict, source, trace, &rec)) {
        return false;
    }
    if (read_stimuli(verdict, source, stimuli_name, &stimuli)) {
        fn(verdict, &rec, &stimuli);
        sim_stimuli_done(&stimuli);
    }
    sim_recording_done(&rec);
    return verdict->good;
}

bool sim_verdict_spi(struct sim_verdict *verdict, const char *source,
    const char *trace, const char *stimuli)
{
    return judge(verdict, source, trace, stimuli, judge_spi);
}

bool sim_verdict_mdio(struct sim_verdict *verdict, const char *source,
    const char *trace, const char *stimuli)
{
    return judge(verdict, source, trace, stimuli, judge_mdio);
}
