// SPDX-License-Identifier: MIT
//
// `nif trace decode`: traffic in the words of the data sheet, and the frames
// in it.

#include "tools/nif/nif.h"
#include "tools/nif/trace.h"

#include "sim/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#define BUSES 32
#define TEXT  2048

struct printer {
    struct sim_item_sink sink;
    const struct nif_trace_options *o;
    struct {
        char name[SIM_TRACE_NAME];
        struct sim_decoder *decoder; // or NULL
    } bus[BUSES];
    unsigned buses;
    pcap_t *pcap;
    pcap_dumper_t *out;
    uint64_t now_ns;
};

// ---- frames

static void on_frame(void *arg, bool rx, const uint8_t *frame, size_t len)
{
    struct printer *p = arg;
    struct pcap_pkthdr header = {
        .ts = { .tv_sec = (time_t)(p->now_ns / SIM_S),
            .tv_usec = (suseconds_t)(p->now_ns % SIM_S) },
        .caplen = (bpf_u_int32)len,
        .len = (bpf_u_int32)len,
    };

    (void)rx;
    if (p->out) {
        pcap_dump((u_char *)p->out, &header, frame);
    }
}

static bool open_pcap(struct printer *p, const char *name)
{
    p->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535,
        PCAP_TSTAMP_PRECISION_NANO);
    if (!p->pcap) {
        return nif_trace_fail("libpcap does not open");
    }
    p->out = pcap_dump_open(p->pcap, name);
    if (!p->out) {
        nif_trace_fail("%s", pcap_geterr(p->pcap));
        pcap_close(p->pcap);
    }
    return p->out != NULL;
}

static bool close_pcap(struct printer *p, const char *name)
{
    bool good = pcap_dump_flush(p->out) == 0;

    if (!good) {
        nif_trace_fail("%s: %s", name, strerror(errno));
    }
    pcap_dump_close(p->out);
    pcap_close(p->pcap);
    return good;
}

// ---- lines

static struct sim_decoder *decoder_for(const struct printer *p,
    const struct sim_trace_bus *bus)
{
    if (bus->kind == SIM_TRACE_SPI && p->o->chip) {
        return sim_decoder_new(p->o->chip);
    }
    return sim_decoder_for(bus);
}

static void add_bus(struct printer *p, const struct sim_trace_bus *bus)
{
    if (p->buses == BUSES) {
        return;
    }
    memcpy(p->bus[p->buses].name, bus->name, SIM_TRACE_NAME);
    p->bus[p->buses].decoder = decoder_for(p, bus);
    if (p->bus[p->buses].decoder) {
        p->bus[p->buses].decoder->on_frame = on_frame;
        p->bus[p->buses].decoder->arg = p;
    }
    p->buses++;
}

// The decoder of a bus, also of one that the header does not tell of.
static struct sim_decoder *find(struct printer *p,
    const struct sim_trace_item *item)
{
    struct sim_trace_bus bus = { .kind = item->kind };

    for (unsigned i = 0; i < p->buses; i++) {
        if (strcmp(p->bus[i].name, item->where) == 0) {
            return p->bus[i].decoder;
        }
    }
    snprintf(bus.name, sizeof(bus.name), "%s", item->where);
    add_bus(p, &bus);
    return p->buses < BUSES ? p->bus[p->buses - 1].decoder : NULL;
}

static void print_line(const char *number, uint64_t at_ns, const char *where,
    const char *text)
{
    printf("%4s %14.6f ms  %s%s%s\n", number, (double)at_ns / 1e6, where,
        where[0] != '\0' ? ": " : "", text);
}

static void end_decoders(struct printer *p)
{
    char text[TEXT];

    for (unsigned i = 0; i < p->buses; i++) {
        struct sim_decoder *decoder = p->bus[i].decoder;

        while (decoder && decoder->ops->end) {
            decoder->ops->end(decoder, text, sizeof(text));
            if (text[0] == '\0') {
                break;
            }
            print_line("", decoder->from_ns, p->buses > 1 ? p->bus[i].name : "",
                text);
        }
        sim_decoder_free(decoder);
    }
    p->buses = 0;
}

static void print_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct printer *p = nif_container_of(sink, struct printer, sink);
    struct sim_decoder *decoder = NULL;
    struct sim_trace_bus bus;
    char number[24];
    char text[TEXT];

    if (item->kind == SIM_TRACE_BEGIN) {
        end_decoders(p); // another world, with other chips
        return;
    }
    if (item->kind == SIM_TRACE_HEAD) {
        if (strcmp(item->where, "bus") == 0 &&
            sim_trace_bus_parse(item->text, &bus)) {
            add_bus(p, &bus);
        }
        return;
    }
    p->now_ns = sim_trace_end_ns(item);
    snprintf(number, sizeof(number), "%llu", (unsigned long long)item->index);
    if (sim_trace_is_bus(item->kind)) {
        decoder = find(p, item);
    }
    if (!decoder) {
        sim_decode_plain(item, text, sizeof(text));
        print_line(sim_trace_is_bus(item->kind) ? number : "", item->at_ns,
            item->where, text);
        return;
    }
    decoder->from_ns = item->at_ns;
    decoder->ops->decode(decoder, item, NULL, text, sizeof(text));
    if (text[0] != '\0') {
        print_line(number, decoder->from_ns, p->buses > 1 ? item->where : "",
            text);
    }
}

int nif_trace_decode(const struct nif_trace_options *o)
{
    struct printer *p = calloc(1, sizeof(*p));
    bool good;

    NIF_ASSERT(p != NULL);
    p->sink.item = print_item;
    p->o = o;
    if (o->pcap && !open_pcap(p, o->pcap)) {
        free(p);
        return NIF_EXIT_USAGE;
    }
    good = nif_trace_read(o, &p->sink);
    end_decoders(p);
    if (o->pcap && !close_pcap(p, o->pcap)) {
        good = false;
    }
    free(p);
    return good ? NIF_EXIT_PASS : NIF_EXIT_USAGE;
}
