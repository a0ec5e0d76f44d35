// SPDX-License-Identifier: MIT
//
// Writes sigrok sessions. The format stores every sample, a gigabyte for a
// second at 1 GHz, and libzip asks for the bytes when it closes the archive:
// so edges wait in a temporary file, and samples are made of them as libzip
// wants them.

#include "sim/capture/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

static struct sim_sr_writer *of(struct sim_edge_sink *sink)
{
    return nif_container_of(sink, struct sim_sr_writer, sink);
}

static void fail(struct sim_sr_writer *w, const char *cause)
{
    if (!w->failed) {
        sim_capture_fail(w->error, w->path, "%s", cause);
    }
    w->failed = true;
}

// ---- edges

static bool sr_begin(struct sim_edge_sink *sink, const struct sim_capture *what)
{
    struct sim_sr_writer *w = of(sink);

    if (what->channels > 64) {
        fail(w,
            "a session has at most 64 channels; export VCD, or take "
            "buses out of the trace");
        return false;
    }
    w->what = *what;
    w->unit = (what->channels + 7) / 8;
    w->edges = tmpfile();
    if (!w->edges || w->unit == 0) {
        fail(w, w->edges ? "there is nothing to draw" : strerror(errno));
        return false;
    }
    return true;
}

static void sr_edge(struct sim_edge_sink *sink, const struct sim_edge *edge)
{
    struct sim_sr_writer *w = of(sink);

    if (!w->failed && fwrite(edge, sizeof(*edge), 1, w->edges) != 1) {
        fail(w, strerror(errno));
    }
}

// ---- samples

// The sample in which an edge is seen first.
static uint64_t sample_of(const struct sim_sr_writer *w, uint64_t at_ns)
{
    uint64_t index = (uint64_t)((double)at_ns * w->rate_hz / 1e9);

    while (sim_capture_time(index, w->rate_hz) < at_ns) {
        index++;
    }
    while (index > 0 && sim_capture_time(index - 1, w->rate_hz) >= at_ns) {
        index--;
    }
    return index;
}

static void apply(struct sim_sr_writer *w)
{
    uint8_t bit = (uint8_t)(1u << w->next.channel % 8);
    uint8_t *byte = &w->level[w->next.channel / 8];

    // A line of which nobody knows the level is drawn low.
    if (w->next.level == SIM_CAPTURE_HIGH) {
        *byte |= bit;
    } else {
        *byte = (uint8_t)(*byte & ~bit);
    }
}

// Samples from `w->index` on that all are as the lines stand now.
static uint64_t run_length(struct sim_sr_writer *w)
{
    for (;;) {
        uint64_t until = w->samples;

        if (!w->has) {
            w->has = fread(&w->next, sizeof(w->next), 1, w->edges) == 1;
        }
        if (w->has) {
            until = sample_of(w, w->next.at_ns);
        }
        if (!w->has || until > w->index) {
            return (until < w->samples ? until : w->samples) - w->index;
        }
        apply(w);
        w->has = false;
    }
}

// The rest of a sample of which libzip had room for a part only.
static zip_uint64_t give_rest(struct sim_sr_writer *w, uint8_t *to,
    zip_uint64_t len)
{
    zip_uint64_t done = 0;

    while (w->rest > 0 && done < len) {
        to[done++] = w->sample[w->unit - w->rest--];
    }
    return done;
}

// Whole samples from here on that all are the same.
static zip_uint64_t give_run(struct sim_sr_writer *w, uint8_t *to, uint64_t run)
{
    if (w->unit == 1) {
        memset(to, w->level[0], run);
    } else {
        for (uint64_t i = 0; i < run; i++) {
            memcpy(to + i * w->unit, w->level, w->unit);
        }
    }
    w->index += run;
    return run * w->unit;
}

// Fills all of the room: for libzip a short read is the end.
static zip_int64_t give(struct sim_sr_writer *w, uint8_t *to, zip_uint64_t len)
{
    zip_uint64_t done = give_rest(w, to, len);

    while (done < len && w->index < w->samples) {
        uint64_t run = run_length(w);
        uint64_t fit = (len - done) / w->unit;

        if (fit > 0) {
            done += give_run(w, to + done, run < fit ? run : fit);
        } else {
            memcpy(w->sample, w->level, w->unit);
            w->rest = w->unit;
            w->index++;
            done += give_rest(w, to + done, len - done);
        }
    }
    return (zip_int64_t)done;
}

static zip_int64_t say_size(const struct sim_sr_writer *w, void *data,
    zip_uint64_t len)
{
    zip_stat_t *stat = data;

    if (len < sizeof(*stat)) {
        return -1;
    }
    zip_stat_init(stat);
    stat->size = w->samples * w->unit;
    stat->valid = ZIP_STAT_SIZE;
    return (zip_int64_t)sizeof(*stat);
}

static zip_int64_t on_source(void *arg, void *data, zip_uint64_t len,
    zip_source_cmd_t cmd)
{
    struct sim_sr_writer *w = arg;
    zip_error_t none;

    if (cmd == ZIP_SOURCE_READ) {
        return give(w, data, len);
    }
    if (cmd == ZIP_SOURCE_STAT) {
        return say_size(w, data, len);
    }
    if (cmd == ZIP_SOURCE_SUPPORTS) {
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ,
            ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
            ZIP_SOURCE_FREE, -1);
    }
    if (cmd == ZIP_SOURCE_ERROR) {
        zip_error_init(&none);
        return zip_error_to_data(&none, data, len);
    }
    if (cmd == ZIP_SOURCE_OPEN) {
        rewind(w->edges);
        w->index = 0;
        w->rest = 0;
        w->has = false;
        memset(w->level, 0, sizeof(w->level));
        return 0;
    }
    return cmd == ZIP_SOURCE_CLOSE || cmd == ZIP_SOURCE_FREE ? 0 : -1;
}

// ---- the archive

static void say_metadata(const struct sim_sr_writer *w, char *text, size_t cap)
{
    size_t len = (size_t)snprintf(text, cap,
        "[global]\nsigrok version=0.5.2\n\n[device 1]\ncapturefile=logic-1\n"
        "total probes=%u\nsamplerate=%.0f Hz\ntotal analog=0\n",
        w->what.channels, w->rate_hz);

    for (unsigned i = 0; i < w->what.channels; i++) {
        len += (size_t)snprintf(text + len, cap - len, "probe%u=%s\n", i + 1,
            w->what.name[i]);
    }
    snprintf(text + len, cap - len, "unitsize=%u\n", w->unit);
}

static bool add(zip_t *zip, const char *name, zip_source_t *source)
{
    zip_int64_t at = source ? zip_file_add(zip, name, source, 0) : -1;

    if (at < 0) {
        zip_source_free(source);
        return false;
    }
    return zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_DEFLATE, 1) ==
        0;
}

static void write_archive(struct sim_sr_writer *w)
{
    char metadata[8192];
    int code = 0;
    zip_t *zip = zip_open(w->path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    bool good;

    if (!zip) {
        zip_error_t why;

        zip_error_init_with_code(&why, code);
        fail(w, zip_error_strerror(&why));
        zip_error_fini(&why);
        return;
    }
    say_metadata(w, metadata, sizeof(metadata));
    good = add(zip, "version", zip_source_buffer(zip, "2", 1, 0)) &&
        add(zip, "metadata",
            zip_source_buffer(zip, metadata, strlen(metadata), 0)) &&
        add(zip, "logic-1-1", zip_source_function(zip, on_source, w));
    if (!good || zip_close(zip) != 0) {
        fail(w, zip_strerror(zip));
        zip_discard(zip);
    }
}

static void sr_end(struct sim_edge_sink *sink, uint64_t at_ns)
{
    struct sim_sr_writer *w = of(sink);

    w->samples = sample_of(w, at_ns) + 1;
    if (!w->failed && fflush(w->edges) != 0) {
        fail(w, strerror(errno));
    }
    if (!w->failed) {
        write_archive(w);
    }
    if (w->edges) {
        fclose(w->edges);
        w->edges = NULL;
    }
}

static const struct sim_edge_sink_ops sr_ops = {
    .begin = sr_begin,
    .edge = sr_edge,
    .end = sr_end,
};

void sim_sr_writer_init(struct sim_sr_writer *writer, const char *path,
    double rate_hz, struct sim_capture_error *error)
{
    *writer = (struct sim_sr_writer){
        .sink.ops = &sr_ops,
        .path = path,
        .rate_hz = rate_hz,
        .error = error,
    };
}
