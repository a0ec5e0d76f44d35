// SPDX-License-Identifier: MIT
//
// `nif trace export`: a trace for other programs. It is read twice: once to
// know what is in it, once to write.

#include "sim/capture/export.h"
#include "tools/nif/nif.h"
#include "tools/nif/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX  100e9
#define SAMPLES_EASY 2e9 // a few seconds of work

struct job {
    const struct nif_trace_options *o;
    struct sim_export_survey survey;
    struct sim_sorter sorter;
    FILE *out;
    struct sim_capture_error error;
};

// ---- which format

static const char *const formats[] = { "pcapng", "pcap", "vcd", "sr", "jsonl" };

static const char *format_of(const struct nif_trace_options *o)
{
    const char *name = o->format;

    if (!name && strrchr(o->out, '.')) {
        name = strrchr(o->out, '.') + 1;
    }
    for (size_t i = 0; name && i < nif_countof(formats); i++) {
        if (strcmp(formats[i], name) == 0) {
            return formats[i];
        }
    }
    nif_trace_fail("%s: which format? --format pcapng, pcap, vcd, sr or jsonl",
        name ? name : o->out);
    return NULL;
}

// ---- writing

// Gives all items to `sink`, in order of their beginnings.
static bool replay(struct job *job, struct sim_item_sink *sink)
{
    struct nif_trace_options again = *job->o;
    bool good;

    again.quiet = true;
    sim_sorter_init(&job->sorter, sink, true, job->survey.longest_ns);
    good = nif_trace_read(&again, &job->sorter.sink);
    sim_sorter_done(&job->sorter);
    return good;
}

static bool draw(struct job *job, struct sim_edge_sink *sink)
{
    struct sim_waves waves;
    bool good =
        sim_waves_init(&waves, &job->survey, sink) && replay(job, &waves.sink);

    sim_waves_done(&waves);
    return good;
}

// Fast enough for every bit, and exact where that costs little.
static double rate_for(const struct job *job)
{
    double seconds = (double)job->survey.end_ns / 1e9;
    double rate = 1e9;

    if (job->o->rate_hz > 0) {
        return job->o->rate_hz;
    }
    if (seconds * rate <= SAMPLES_EASY || job->survey.shortest_ns == 0) {
        return rate;
    }
    while (rate > 1000 &&
        1e9 / (rate / 2) * 4 <= (double)job->survey.shortest_ns) {
        rate /= 2;
    }
    return rate;
}

static bool export_sr(struct job *job)
{
    struct sim_sr_writer *sr = malloc(sizeof(*sr));
    double rate = rate_for(job);
    bool good;

    NIF_ASSERT(sr != NULL);
    if ((double)job->survey.end_ns / 1e9 * rate > SAMPLES_MAX) {
        free(sr);
        return nif_trace_fail("%s: that are %.0f samples; take a slower --rate",
            job->o->out, (double)job->survey.end_ns / 1e9 * rate);
    }
    sim_sr_writer_init(sr, job->o->out, rate, &job->error);
    good = draw(job, &sr->sink);
    if (sr->failed) {
        good = nif_trace_fail("%s", job->error.text);
    }
    free(sr);
    return good;
}

static bool export_pcap(struct job *job)
{
    struct sim_pcap_writer pcap;

    if (job->o->wire &&
        !sim_export_find(&job->survey, SIM_TRACE_ETH, job->o->wire)) {
        return nif_trace_fail("there is no wire '%s' in it", job->o->wire);
    }
    sim_pcap_writer_init(&pcap, job->out, job->o->wire);
    if (!replay(job, &pcap.sink)) {
        return false;
    }
    if (pcap.frames == 0) {
        nif_trace_fail("%s: no frame on a wire; frames within bus traffic: "
                       "`nif trace decode --pcap`",
            job->o->file[0]);
    }
    return true;
}

static bool export_text(struct job *job, const char *format)
{
    struct sim_vcd_writer vcd;
    struct sim_pcapng_writer pcapng;
    struct sim_json_writer json;

    if (strcmp(format, "vcd") == 0) {
        sim_vcd_writer_init(&vcd, job->out);
        return draw(job, &vcd.sink);
    }
    if (strcmp(format, "pcapng") == 0) {
        sim_pcapng_writer_init(&pcapng, job->out, &job->survey);
        return replay(job, &pcapng.sink);
    }
    if (strcmp(format, "pcap") == 0) {
        return export_pcap(job);
    }
    sim_json_writer_init(&json, job->out, &job->survey);
    return replay(job, &json.sink);
}

static bool export_file(struct job *job, const char *format)
{
    bool to_stdout = strcmp(job->o->out, "-") == 0;
    bool good;

    job->out = to_stdout ? stdout : fopen(job->o->out, "wb");
    if (!job->out) {
        return nif_trace_fail("%s: %s", job->o->out, strerror(errno));
    }
    good = export_text(job, format);
    if (ferror(job->out) || (to_stdout ? fflush(stdout) : fclose(job->out))) {
        good = nif_trace_fail("%s: %s", job->o->out, strerror(errno));
    }
    return good;
}

int nif_trace_export(const struct nif_trace_options *o)
{
    const char *format = format_of(o);
    struct job *job;
    bool good;

    if (!format) {
        return NIF_EXIT_USAGE;
    }
    job = calloc(1, sizeof(*job));
    NIF_ASSERT(job != NULL);
    job->o = o;
    sim_export_survey_init(&job->survey, o->chip);
    good = nif_trace_read(o, &job->survey.sink);
    if (good && job->survey.too_many) {
        good = nif_trace_fail("%s: more than %d buses, pins and wires",
            o->file[0], SIM_EXPORT_BUSES);
    }
    if (good && job->survey.sections > 1) {
        good = nif_trace_fail("%s: %u worlds, each with a time of its own; "
                              "export one of them",
            o->file[0], job->survey.sections);
    }
    good = good &&
        (strcmp(format, "sr") == 0 ? export_sr(job) : export_file(job, format));
    sim_export_survey_done(&job->survey);
    free(job);
    return good ? NIF_EXIT_PASS : NIF_EXIT_USAGE;
}
