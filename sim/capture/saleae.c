// SPDX-License-Identifier: MIT
//
// Binary exports of Saleae Logic 2: one file per channel, little-endian, the
// times of transitions in seconds as doubles. Version 0 is one stretch of
// time, version 1 several. Files are merged by time as they are read.

#include "sim/capture/capture.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MAX_S 1e8 // three years

struct channel {
    const char *path;
    FILE *in;
    uint64_t size;
    uint64_t at; // bytes read
    int version;
    uint64_t chunks; // that follow this one
    uint64_t left;   // transitions of this chunk
    double end_s;
    double last_s;
    uint8_t level;
    // What comes next.
    bool has;
    double next_s;
    uint8_t next_level;
    bool in_gap; // the next edge is the end of a chunk
};

struct merge {
    struct channel *channel;
    size_t count;
    int64_t offset_ns;
    double end_s;
    struct sim_capture_error *error;
};

// ---- numbers

static bool get(struct merge *m, struct channel *c, void *to, size_t len)
{
    if (fread(to, 1, len, c->in) == len) {
        c->at += len;
        return true;
    }
    return sim_capture_fail(m->error, c->path, "ends at byte %llu, too early",
        (unsigned long long)c->at);
}

static bool get_u32(struct merge *m, struct channel *c, uint32_t *value)
{
    uint8_t b[4];

    if (!get(m, c, b, sizeof(b))) {
        return false;
    }
    *value = nif_get_le32(b);
    return true;
}

static bool get_u64(struct merge *m, struct channel *c, uint64_t *value)
{
    uint32_t low;
    uint32_t high;

    if (!get_u32(m, c, &low) || !get_u32(m, c, &high)) {
        return false;
    }
    *value = low | (uint64_t)high << 32;
    return true;
}

// A time in seconds, not before `least`.
static bool get_time(struct merge *m, struct channel *c, double least,
    double *value)
{
    uint64_t bits;

    if (!get_u64(m, c, &bits)) {
        return false;
    }
    memcpy(value, &bits, sizeof(bits));
    if (!(fabs(*value) < TIME_MAX_S)) {
        return sim_capture_fail(m->error, c->path,
            "byte %llu is not a time that can be",
            (unsigned long long)c->at - 8);
    }
    return *value >= least ||
        sim_capture_fail(m->error, c->path, "time runs backwards at byte %llu",
            (unsigned long long)c->at - 8);
}

// ---- chunks

// Of version 1: state, rate, begin, end, count. Version 0 has no rate.
static bool begin_chunk(struct merge *m, struct channel *c)
{
    uint32_t state;
    uint64_t rate;
    double begin_s;

    if (!get_u32(m, c, &state) || (c->version == 1 && !get_u64(m, c, &rate)) ||
        !get_time(m, c, c->last_s, &begin_s) ||
        !get_time(m, c, begin_s, &c->end_s) || !get_u64(m, c, &c->left)) {
        return false;
    }
    if (c->left > (c->size - c->at) / 8) {
        return sim_capture_fail(m->error, c->path,
            "says %llu transitions, has room for %llu",
            (unsigned long long)c->left,
            (unsigned long long)((c->size - c->at) / 8));
    }
    if (c->end_s > m->end_s) {
        m->end_s = c->end_s;
    }
    c->last_s = begin_s;
    c->next_s = begin_s;
    c->next_level = state != 0;
    c->has = true;
    return true;
}

// Finds out what the channel does next, after what it just did.
static bool advance(struct merge *m, struct channel *c)
{
    bool gap = c->in_gap;

    c->level = c->next_level;
    c->last_s = c->next_s;
    c->has = false;
    c->in_gap = false;
    if (gap) {
        return begin_chunk(m, c);
    }
    if (c->left > 0) {
        c->left--;
        c->has = true;
        c->next_level = !c->level;
        return get_time(m, c, c->last_s, &c->next_s);
    }
    if (c->chunks > 0) {
        c->chunks--;
        c->in_gap = true;
        c->has = true;
        c->next_level = SIM_CAPTURE_UNKNOWN;
        c->next_s = c->end_s > c->last_s ? c->end_s : c->last_s;
    }
    return true;
}

static bool open_channel(struct merge *m, struct channel *c)
{
    uint8_t magic[8];
    uint32_t version;
    uint32_t type;

    c->in = fopen(c->path, "rb");
    if (!c->in) {
        return sim_capture_fail(m->error, c->path, "%s", strerror(errno));
    }
    fseek(c->in, 0, SEEK_END);
    c->size = (uint64_t)ftell(c->in);
    rewind(c->in);
    c->last_s = -TIME_MAX_S;
    if (!get(m, c, magic, sizeof(magic)) || !get_u32(m, c, &version) ||
        !get_u32(m, c, &type)) {
        return false;
    }
    if (memcmp(magic, "<SALEAE>", sizeof(magic)) != 0 || version > 1) {
        return sim_capture_fail(m->error, c->path,
            "not a binary export of Saleae Logic 2, version 0 or 1");
    }
    if (type != 0) {
        return sim_capture_fail(m->error, c->path,
            "an analog channel; digital ones can be read");
    }
    c->version = (int)version;
    if (version == 1) {
        if (!get_u64(m, c, &c->chunks)) {
            return false;
        }
        if (c->chunks == 0) {
            return true;
        }
        c->chunks--;
    }
    return begin_chunk(m, c);
}

// ---- all of them

static uint64_t time_of(const struct merge *m, double at_s)
{
    return (uint64_t)((int64_t)llround(at_s * 1e9) - m->offset_ns);
}

static bool run(struct merge *m, struct sim_edge_sink *sink)
{
    for (;;) {
        struct channel *c = NULL;
        struct sim_edge edge;

        for (size_t i = 0; i < m->count; i++) {
            if (m->channel[i].has && (!c || m->channel[i].next_s < c->next_s)) {
                c = &m->channel[i];
            }
        }
        if (!c) {
            return true;
        }
        edge = (struct sim_edge){
            .at_ns = time_of(m, c->next_s),
            .channel = (uint16_t)(c - m->channel),
            .level = c->next_level,
        };
        if (c->level != c->next_level) {
            sink->ops->edge(sink, &edge);
        }
        if (!advance(m, c)) {
            return false;
        }
    }
}

static void name_channel(char name[SIM_TRACE_NAME], const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dot;

    snprintf(name, SIM_TRACE_NAME, "%s", slash ? slash + 1 : path);
    dot = strrchr(name, '.');
    if (dot && dot != name) {
        *dot = '\0';
    }
}

static bool read_all(struct merge *m, struct sim_capture *what,
    struct sim_edge_sink *sink)
{
    double begin_s = 0;
    bool good;

    m->end_s = -TIME_MAX_S;
    for (size_t i = 0; i < m->count; i++) {
        struct channel *c = &m->channel[i];

        if (!open_channel(m, c)) {
            return false;
        }
        c->level = SIM_CAPTURE_UNKNOWN;
        if (c->has && c->next_s < begin_s) {
            begin_s = c->next_s;
        }
        name_channel(what->name[i], c->path);
    }
    m->offset_ns = llround(begin_s * 1e9);
    what->channels = (unsigned)m->count;
    what->offset_ns = m->offset_ns;
    if (!sink->ops->begin(sink, what)) {
        return false;
    }
    good = run(m, sink);
    sink->ops->end(sink, m->end_s > begin_s ? time_of(m, m->end_s) : 0);
    return good;
}

bool sim_saleae_read(const char *const *paths, size_t count,
    struct sim_edge_sink *sink, struct sim_capture_error *error)
{
    struct sim_capture *what = calloc(1, sizeof(*what));
    struct merge m = { .count = count, .error = error };
    bool good;

    if (count > SIM_CAPTURE_CHANNELS) {
        free(what);
        return sim_capture_fail(error, paths[0],
            "one of %zu files; %d can be "
            "merged",
            count, SIM_CAPTURE_CHANNELS);
    }
    m.channel = calloc(count, sizeof(*m.channel));
    NIF_ASSERT(what && m.channel);
    for (size_t i = 0; i < count; i++) {
        m.channel[i].path = paths[i];
    }
    good = read_all(&m, what, sink);
    for (size_t i = 0; i < count; i++) {
        if (m.channel[i].in) {
            fclose(m.channel[i].in);
        }
    }
    free(m.channel);
    free(what);
    return good;
}
