// SPDX-License-Identifier: MIT
//
// sigrok sessions: a ZIP archive with `version`, `metadata` and samples. Each
// sample has `unitsize` bytes, little-endian, one bit per probe, and all of
// them are stored; so what matters is to pass over those that are equal.

#include "sim/capture/capture.h"

#include <stdlib.h>
#include <string.h>

#include <zip.h>

#define CHUNK   (256u << 10) // bytes that are inflated at a time
#define META    (64u << 10)  // more metadata than that nobody has
#define UNIT    8u           // bytes per sample at most: 64 probes
#define MEMBERS (1u << 20)   // members of the archive at most

struct session {
    const char *path;
    struct sim_capture_error *error;
    struct sim_edge_sink *sink;
    zip_t *zip;
    struct sim_capture what;
    char file[64]; // base name of the samples: "logic-1"
    double rate_hz;
    unsigned unit;
    unsigned bit[SIM_CAPTURE_CHANNELS]; // of each channel
    uint8_t last[UNIT];
    uint64_t index;     // of the next sample
    uint8_t left[UNIT]; // a sample that a chunk cut in two
    size_t left_len;
    uint8_t chunk[CHUNK];
};

static bool fail_zip(struct session *s, const char *member, zip_error_t *why)
{
    return sim_capture_fail(s->error, s->path, "%s: %s", member,
        zip_error_strerror(why));
}

// ---- metadata

// "24 MHz", "1000000"; 0 if it is no rate.
static double rate_of(const char *text)
{
    char *end;
    double rate = strtod(text, &end);

    end += strspn(end, " ");
    switch (*end) {
    case 'k':
    case 'K': return rate * 1e3;
    case 'M': return rate * 1e6;
    case 'G': return rate * 1e9;
    case 'H':
    case '\0': return rate;
    default: return 0;
    }
}

static char *trim(char *text)
{
    char *start = text + strspn(text, " \t\r");
    size_t len = strlen(start);

    while (len > 0 && strchr(" \t\r", start[len - 1])) {
        start[--len] = '\0';
    }
    return start;
}

static bool set_probe(struct session *s, const char *key, const char *value)
{
    unsigned long number = strtoul(key, NULL, 10);
    unsigned at = s->what.channels;

    if (number < 1 || number > 8ul * UNIT) {
        return sim_capture_fail(s->error, s->path,
            "metadata: probe%.20s; there can be %u", key, 8 * UNIT);
    }
    if (at == 8 * UNIT) {
        return sim_capture_fail(s->error, s->path, "metadata: too many probes");
    }
    s->bit[at] = (unsigned)number - 1;
    snprintf(s->what.name[at], SIM_TRACE_NAME, "%s", value);
    s->what.channels++;
    return true;
}

static bool set(struct session *s, const char *key, const char *value)
{
    if (strcmp(key, "capturefile") == 0) {
        snprintf(s->file, sizeof(s->file), "%s", value);
    } else if (strcmp(key, "samplerate") == 0 && s->rate_hz == 0) {
        s->rate_hz = rate_of(value);
    } else if (strcmp(key, "unitsize") == 0) {
        unsigned long unit = strtoul(value, NULL, 10);

        if (unit < 1 || unit > UNIT) {
            return sim_capture_fail(s->error, s->path,
                "metadata: unitsize %.20s; 1 to %u can be read", value, UNIT);
        }
        s->unit = (unsigned)unit;
    } else if (strncmp(key, "probe", 5) == 0 && key[5] >= '0' &&
        key[5] <= '9') {
        return set_probe(s, key + 5, value);
    }
    return true;
}

static bool check_metadata(struct session *s)
{
    if (s->what.channels == 0) {
        return sim_capture_fail(s->error, s->path,
            "metadata: no logic probes; analog ones cannot be read");
    }
    if (!(s->rate_hz >= 1e-3 && s->rate_hz <= 1e12)) {
        return sim_capture_fail(s->error, s->path,
            "metadata: no sample rate that can be; say it: --rate HZ");
    }
    for (unsigned i = 0; i < s->what.channels; i++) {
        if (s->bit[i] >= 8 * s->unit) {
            return sim_capture_fail(s->error, s->path,
                "metadata: probe%u, but samples of %u bytes", s->bit[i] + 1,
                s->unit);
        }
    }
    s->what.resolution_ns = sim_capture_time(1, s->rate_hz);
    return true;
}

static bool parse_metadata(struct session *s, char *text)
{
    bool device = false;

    while (*text != '\0') {
        char *line = text;
        char *value;

        text += strcspn(text, "\n");
        if (*text != '\0') {
            *text++ = '\0';
        }
        line = trim(line);
        if (line[0] == '[') {
            if (device) {
                break; // a second device: only the first is read
            }
            device = strncmp(line, "[device", 7) == 0;
        }
        value = strchr(line, '=');
        if (device && value) {
            *value++ = '\0';
            if (!set(s, trim(line), trim(value))) {
                return false;
            }
        }
    }
    return check_metadata(s);
}

// Reads a small member whole. The caller frees; NULL if there is none.
static char *read_small(struct session *s, const char *member)
{
    zip_file_t *file = zip_fopen(s->zip, member, 0);
    char *text = calloc(1, META + 1);
    zip_int64_t len = -1;

    NIF_ASSERT(text != NULL);
    if (file) {
        len = zip_fread(file, text, META);
        zip_fclose(file);
    }
    if (len <= 0 || len == META) {
        free(text);
        return NULL;
    }
    return text;
}

static bool read_metadata(struct session *s)
{
    char *version = read_small(s, "version");
    char *text;
    bool good;

    if (!version || (version[0] != '1' && version[0] != '2') ||
        (version[1] >= '0' && version[1] <= '9')) {
        sim_capture_fail(s->error, s->path,
            "%s%.8s; sessions of sigrok, version 1 and 2, can be read",
            version ? "version " : "no session of sigrok",
            version ? version : "");
        free(version);
        return false;
    }
    free(version);
    text = read_small(s, "metadata");
    if (!text) {
        return sim_capture_fail(s->error, s->path, "no metadata");
    }
    good = parse_metadata(s, text);
    free(text);
    return good;
}

// ---- samples

static void emit(struct session *s, const uint8_t *sample, bool first)
{
    struct sim_edge edge = {
        .at_ns = sim_capture_time(s->index, s->rate_hz),
    };

    for (unsigned i = 0; i < s->what.channels; i++) {
        unsigned byte = s->bit[i] / 8;
        unsigned bit = s->bit[i] % 8;

        if (first || ((sample[byte] ^ s->last[byte]) >> bit & 1)) {
            edge.channel = (uint16_t)i;
            edge.level = sample[byte] >> bit & 1;
            s->sink->ops->edge(s->sink, &edge);
        }
    }
    memcpy(s->last, sample, s->unit);
}

// How many of `len` bytes, whole samples, repeat the one before. Compares the
// block with itself, shifted by one sample: as fast as memory is.
static size_t same(const uint8_t *at, size_t len, size_t unit)
{
    static const size_t steps[] = { 4096, 64, 1 };
    size_t n = 0;

    for (size_t i = 0; i < nif_countof(steps); i++) {
        size_t step = steps[i] < unit ? unit : steps[i] - steps[i] % unit;

        while (len - n >= step + unit &&
            memcmp(at + n, at + n + unit, step) == 0) {
            n += step;
        }
    }
    return n;
}

static void scan(struct session *s, const uint8_t *at, size_t len)
{
    NIF_ASSERT(s->unit > 0);
    while (len > 0) {
        size_t skip;

        if (s->index == 0 || memcmp(at, s->last, s->unit) != 0) {
            emit(s, at, s->index == 0);
        }
        skip = same(at, len, s->unit) + s->unit;
        s->index += skip / s->unit;
        at += skip;
        len -= skip;
    }
}

// A chunk, whose samples may begin and end in its neighbours.
static void take(struct session *s, const uint8_t *at, size_t len)
{
    size_t whole;

    if (s->left_len > 0) {
        size_t need = s->unit - s->left_len;

        need = need < len ? need : len;
        memcpy(s->left + s->left_len, at, need);
        s->left_len += need;
        at += need;
        len -= need;
        if (s->left_len < s->unit) {
            return;
        }
        scan(s, s->left, s->unit);
        s->left_len = 0;
    }
    whole = len - len % s->unit;
    scan(s, at, whole);
    s->left_len = len - whole;
    memcpy(s->left, at + whole, s->left_len);
}

static bool read_member(struct session *s, const char *member)
{
    zip_file_t *file = zip_fopen(s->zip, member, 0);
    zip_int64_t len;

    if (!file) {
        return fail_zip(s, member, zip_get_error(s->zip));
    }
    while ((len = zip_fread(file, s->chunk, CHUNK)) > 0) {
        take(s, s->chunk, (size_t)len);
    }
    if (len < 0) {
        fail_zip(s, member, zip_file_get_error(file));
    }
    zip_fclose(file);
    return len == 0;
}

// Version 1 has one member, version 2 numbered ones, to be read in the order
// of their numbers.
static bool read_members(struct session *s)
{
    char member[96];

    if (zip_name_locate(s->zip, s->file, 0) >= 0) {
        return read_member(s, s->file);
    }
    for (unsigned i = 1; i <= MEMBERS; i++) {
        snprintf(member, sizeof(member), "%s-%u", s->file, i);
        if (zip_name_locate(s->zip, member, 0) < 0) {
            return i > 1 ||
                sim_capture_fail(s->error, s->path, "no samples: no %s in it",
                    member);
        }
        if (!read_member(s, member)) {
            return false;
        }
    }
    return true;
}

static bool read_session(struct session *s)
{
    bool good;

    if (!read_metadata(s)) {
        return false;
    }
    if (!s->sink->ops->begin(s->sink, &s->what)) {
        return false;
    }
    good = read_members(s);
    // What came before a mistake is a capture too.
    s->sink->ops->end(s->sink, sim_capture_time(s->index, s->rate_hz));
    return good;
}

bool sim_sr_read(const char *path, const struct sim_capture_cfg *cfg,
    struct sim_edge_sink *sink, struct sim_capture_error *error)
{
    struct session *s = calloc(1, sizeof(*s));
    zip_error_t why;
    int code = 0;
    bool good;

    NIF_ASSERT(s != NULL);
    s->path = path;
    s->error = error;
    s->sink = sink;
    s->unit = 1;
    s->rate_hz = cfg ? cfg->rate_hz : 0;
    snprintf(s->file, sizeof(s->file), "logic-1");
    s->zip = zip_open(path, ZIP_RDONLY, &code);
    if (!s->zip) {
        zip_error_init_with_code(&why, code);
        good = fail_zip(s, "as a ZIP archive", &why);
        zip_error_fini(&why);
    } else {
        good = read_session(s);
        zip_discard(s->zip);
    }
    free(s);
    return good;
}
