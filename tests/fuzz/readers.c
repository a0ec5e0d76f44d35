// SPDX-License-Identifier: MIT
//
// Every reader of files, given any bytes.

#include "tests/fuzz/readers.h"

#include "sim/capture/glitch.h"
#include "sim/capture/import.h"
#include "sim/capture/table.h"
#include "sim/trace/csv.h"
#include "sim/trace/decode.h"
#include "sim/trace/read.h"
#include "sim/trace/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// The one in core loops for ever: a fuzzer would call that a hang.
void nif_panic(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

// Items are written down, and their words asked for.
struct sink {
    struct sim_item_sink sink;
    struct sim_trace trace;
    struct sim_decoder *decoder[3];
};

static void take(struct sim_item_sink *sink, const struct sim_trace_item *item)
{
    struct sink *s = nif_container_of(sink, struct sink, sink);
    uint8_t *mask = malloc(item->len + 1);
    char text[64]; // short: words must not run over its end

    NIF_ASSERT(mask != NULL);
    sim_trace_put(&s->trace, item);
    sim_decode_plain(item, text, sizeof(text));
    for (size_t i = 0; i < nif_countof(s->decoder); i++) {
        if (s->decoder[i]->ops->kind == item->kind) {
            s->decoder[i]->ops->decode(s->decoder[i], item, mask, text,
                sizeof(text));
        }
    }
    free(mask);
}

static bool read_trace(FILE *in, struct sim_item_sink *out)
{
    struct sim_trace_reader reader;
    struct sim_trace_item item;
    int got;

    sim_trace_read_init(&reader, in, "fuzz");
    while ((got = sim_trace_read(&reader, &item)) == 1) {
        out->item(out, &item);
    }
    sim_trace_read_done(&reader);
    return got == 0;
}

static bool read_text(enum fuzz_format format, FILE *in,
    struct sim_item_sink *out)
{
    struct sim_csv_error error;
    struct sim_stimuli stimuli;
    struct sim_csv csv;
    bool good;

    if (format == FUZZ_TRACE) {
        return read_trace(in, out);
    }
    if (format == FUZZ_STIMULI) {
        good = sim_stimuli_read(&stimuli, in, "fuzz", &error);
        if (good) {
            sim_stimuli_done(&stimuli);
        }
        return good;
    }
    good = sim_csv_read(&csv, in, "fuzz", &error);
    if (good) {
        sim_csv_done(&csv);
    }
    return good;
}

static bool read_capture(enum fuzz_format format, const char *path,
    struct sim_item_sink *out)
{
    struct sim_capture_error error = { "" };
    struct sim_import *import = calloc(1, sizeof(*import));
    struct sim_glitch *glitch = calloc(1, sizeof(*glitch));
    bool good = false;

    NIF_ASSERT(import && glitch);
    sim_import_init(import, out, &error);
    sim_glitch_init(glitch, &import->sink, 100);
    if (format == FUZZ_SR) {
        good = sim_sr_read(path, NULL, &glitch->sink, &error);
    } else if (format == FUZZ_SALEAE) {
        const char *paths[] = { path, path };

        good = sim_saleae_read(paths, 2, &glitch->sink, &error);
    } else if (format == FUZZ_EDGES_CSV) {
        good = sim_edges_csv_read(path, &glitch->sink, &error);
    } else if (format == FUZZ_VCD) {
        good = sim_vcd_read(path, &glitch->sink, &error);
    } else {
        good = sim_table_read(path, out, &error);
    }
    NIF_ASSERT(good || error.text[0] != '\0');
    sim_glitch_done(glitch);
    sim_import_done(import);
    free(glitch);
    free(import);
    return good;
}

// What came out is itself a trace without a mistake.
static void check(char *text, size_t len)
{
    struct sim_trace_reader reader;
    struct sim_trace_item item;
    FILE *in = fmemopen(text, len, "r");
    int got;

    NIF_ASSERT(in != NULL);
    sim_trace_read_init(&reader, in, "again");
    while ((got = sim_trace_read(&reader, &item)) == 1) {
    }
    if (got != 0) {
        fprintf(stderr, "%s\n", reader.error);
    }
    NIF_ASSERT(got == 0 && !reader.cut);
    sim_trace_read_done(&reader);
    fclose(in);
}

bool fuzz_capture(enum fuzz_format format, const void *data, size_t len)
{
    static const char *const names[] = { "enc28j60", "mdio", "at" };
    struct sink s = { .sink.item = take };
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    FILE *file = fdopen(fd, "w+");
    char path[64];
    char *text;
    size_t text_len;
    bool good;

    NIF_ASSERT(file != NULL);
    NIF_ASSERT(len == 0 || fwrite(data, 1, len, file) == len);
    fflush(file);
    rewind(file);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    sim_trace_init(&s.trace, NULL, open_memstream(&text, &text_len));
    for (size_t i = 0; i < nif_countof(names); i++) {
        s.decoder[i] = sim_decoder_new(names[i]);
    }
    good = format <= FUZZ_STIMULI ? read_text(format, file, &s.sink)
                                  : read_capture(format, path, &s.sink);
    fclose(s.trace.out);
    check(text, text_len);
    for (size_t i = 0; i < nif_countof(names); i++) {
        sim_decoder_free(s.decoder[i]);
    }
    free(text);
    fclose(file);
    return good;
}
