// SPDX-License-Identifier: MIT
//
// Writes value change dumps (IEEE 1364-2005, 18.2): nanoseconds, one wire for
// each channel.

#include "sim/capture/export.h"

#include <inttypes.h>

static struct sim_vcd_writer *of(struct sim_edge_sink *sink)
{
    return nif_container_of(sink, struct sim_vcd_writer, sink);
}

// Identifier codes: printable characters, as few as it takes.
static const char *code_of(unsigned channel, char code[4])
{
    unsigned at = 0;

    do {
        code[at++] = (char)('!' + channel % 94);
        channel /= 94;
    } while (channel > 0);
    code[at] = '\0';
    return code;
}

static bool vcd_begin(struct sim_edge_sink *sink,
    const struct sim_capture *what)
{
    struct sim_vcd_writer *w = of(sink);
    char code[4];

    fputs("$version netif $end\n$timescale 1 ns $end\n$scope module netif "
          "$end\n",
        w->out);
    for (unsigned i = 0; i < what->channels; i++) {
        fprintf(w->out, "$var wire 1 %s %s $end\n", code_of(i, code),
            what->name[i]);
    }
    fputs("$upscope $end\n$enddefinitions $end\n", w->out);
    return true;
}

static void vcd_time(struct sim_vcd_writer *w, uint64_t at_ns)
{
    if (!w->begun || at_ns != w->at_ns) {
        fprintf(w->out, "#%" PRIu64 "\n", at_ns);
    }
    w->begun = true;
    w->at_ns = at_ns;
}

static void vcd_edge(struct sim_edge_sink *sink, const struct sim_edge *edge)
{
    struct sim_vcd_writer *w = of(sink);
    char code[4];

    vcd_time(w, edge->at_ns);
    fprintf(w->out, "%c%s\n", "01x"[edge->level], code_of(edge->channel, code));
}

static void vcd_end(struct sim_edge_sink *sink, uint64_t at_ns)
{
    vcd_time(of(sink), at_ns);
}

static const struct sim_edge_sink_ops vcd_ops = {
    .begin = vcd_begin,
    .edge = vcd_edge,
    .end = vcd_end,
};

void sim_vcd_writer_init(struct sim_vcd_writer *writer, FILE *out)
{
    *writer = (struct sim_vcd_writer){ .sink.ops = &vcd_ops, .out = out };
}
