// SPDX-License-Identifier: MIT
//
// `nif trace import`: a capture becomes a trace.

#include "sim/capture/sha256.h"
#include "sim/trace/trace.h"
#include "tools/nif/nif.h"
#include "tools/nif/trace.h"

#include <errno.h>
#include <string.h>

struct writer {
    struct sim_item_sink sink;
    struct sim_trace trace;
    const struct nif_trace_options *o;
    uint64_t count[SIM_TRACE_KINDS];
};

static void write_sources(struct writer *w)
{
    for (size_t i = 0; i < w->o->files; i++) {
        const char *slash = strrchr(w->o->file[i], '/');
        char hash[SIM_SHA256_TEXT];
        FILE *in = fopen(w->o->file[i], "rb");

        if (in && sim_sha256(in, hash)) {
            sim_trace_head(&w->trace, "source", "%.200s sha256:%s",
                slash ? slash + 1 : w->o->file[i], hash);
        }
        if (in) {
            fclose(in);
        }
    }
    if (w->o->provenance) {
        sim_trace_head(&w->trace, "provenance", "%s", w->o->provenance);
    }
    sim_trace_head(&w->trace, "by", "nif %s", NIF_VERSION);
}

static void write_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct writer *w = nif_container_of(sink, struct writer, sink);

    sim_trace_put(&w->trace, item);
    w->count[item->kind]++;
    // Behind the first two lines.
    if (item->kind == SIM_TRACE_HEAD && strcmp(item->where, "time") == 0 &&
        w->count[SIM_TRACE_HEAD] == 1) {
        write_sources(w);
    }
}

static void print_counts(const struct writer *w)
{
    fprintf(stderr, "%s:", w->o->out);
    for (int kind = SIM_TRACE_SPI; kind < SIM_TRACE_KINDS; kind++) {
        if (w->count[kind] > 0) {
            fprintf(stderr, " %llu %s", (unsigned long long)w->count[kind],
                sim_trace_word((enum sim_trace_kind)kind));
        }
    }
    fputc('\n', stderr);
}

int nif_trace_import(const struct nif_trace_options *o)
{
    bool to_stdout = strcmp(o->out, "-") == 0;
    struct writer w = { .sink.item = write_item, .o = o };
    bool good;

    w.trace.out = to_stdout ? stdout : fopen(o->out, "w");
    if (!w.trace.out) {
        nif_trace_fail("%s: %s", o->out, strerror(errno));
        return NIF_EXIT_USAGE;
    }
    good = nif_trace_read(o, &w.sink);
    if ((to_stdout ? fflush(stdout) : fclose(w.trace.out)) != 0 ||
        w.trace.err != 0) {
        nif_trace_fail("%s: %s", o->out,
            strerror(w.trace.err ? w.trace.err : errno));
        return NIF_EXIT_FAILED;
    }
    if (good && !o->quiet) {
        print_counts(&w);
    }
    return good ? NIF_EXIT_PASS : NIF_EXIT_USAGE;
}
