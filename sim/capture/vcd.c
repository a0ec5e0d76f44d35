// SPDX-License-Identifier: MIT
//
// Value change dumps (IEEE 1364-2005, 18.2): a header of $sections that says
// which code stands for which wire, then times and changes. Vectors become
// one channel for each bit; reals and strings are passed over.

#include "sim/capture/capture.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN  4096 // bytes of a word at most
#define CODE   16   // of an identifier code
#define BUCKET 512

struct var {
    char code[CODE];
    uint16_t first; // channel of its lowest bit
    uint16_t width; // 0: passed over
    uint16_t next;  // in its bucket, + 1
};

struct dump {
    const char *path;
    struct sim_capture_error *error;
    struct sim_edge_sink *sink;
    FILE *in;
    unsigned line;
    char token[TOKEN];
    struct sim_capture what;
    struct var var[4 * SIM_CAPTURE_CHANNELS];
    uint16_t vars;
    uint16_t bucket[BUCKET];
    double unit_ns;
    uint64_t at_ns;
    bool begun;
    uint8_t level[SIM_CAPTURE_CHANNELS];
};

static bool fail(struct dump *d, const char *cause, const char *what)
{
    return sim_capture_fail(d->error, d->path, "line %u: %s '%.40s'", d->line,
        cause, what);
}

// The next word. Returns 1, 0 at the end of the file, -1 if it is too long.
static int next(struct dump *d)
{
    size_t len = 0;
    int c;

    while ((c = getc_unlocked(d->in)) != EOF && isspace(c)) {
        d->line += c == '\n';
    }
    while (c != EOF && !isspace(c)) {
        if (len == TOKEN - 1 || c == '\0') {
            d->token[32] = '\0';
            fail(d, "this is no VCD: a word like", d->token);
            return -1;
        }
        d->token[len++] = (char)c;
        c = getc_unlocked(d->in);
    }
    d->line += c == '\n';
    d->token[len] = '\0';
    return len > 0;
}

static bool next_or_fail(struct dump *d)
{
    int got = next(d);

    return got == 1 || (got == 0 && fail(d, "the file ends within", "$…"));
}

// ---- variables

static unsigned hash(const char *code)
{
    unsigned h = 0;

    while (*code != '\0') {
        h = h * 31 + (unsigned char)*code++;
    }
    return h % BUCKET;
}

static struct var *find(struct dump *d, const char *code)
{
    for (uint16_t i = d->bucket[hash(code)]; i != 0; i = d->var[i - 1].next) {
        if (strcmp(d->var[i - 1].code, code) == 0) {
            return &d->var[i - 1];
        }
    }
    return NULL;
}

static bool add_channels(struct dump *d, struct var *var, unsigned long width,
    const char *name)
{
    if (width > SIM_CAPTURE_CHANNELS - d->what.channels) {
        return fail(d, "too many wires; at most 256 can be read, this is",
            name);
    }
    var->first = (uint16_t)d->what.channels;
    var->width = (uint16_t)width;
    for (unsigned bit = 0; bit < width; bit++) {
        char *to = d->what.name[d->what.channels++];

        if (width == 1) {
            snprintf(to, SIM_TRACE_NAME, "%s", name);
        } else {
            snprintf(to, SIM_TRACE_NAME, "%.50s[%u]", name, bit);
        }
    }
    return true;
}

// $var TYPE WIDTH CODE NAME [RANGE] $end
static bool read_var(struct dump *d)
{
    struct var *var = &d->var[d->vars];
    unsigned long width;
    bool wire;
    char code[CODE];

    if (!next_or_fail(d)) {
        return false;
    }
    wire = strcmp(d->token, "real") != 0 && strcmp(d->token, "string") != 0 &&
        strcmp(d->token, "realtime") != 0 && strcmp(d->token, "event") != 0;
    if (!next_or_fail(d)) {
        return false;
    }
    width = strtoul(d->token, NULL, 10);
    if (!next_or_fail(d)) {
        return false;
    }
    if (strlen(d->token) >= CODE) {
        return fail(d, "no code for a variable, but", d->token);
    }
    snprintf(code, sizeof(code), "%.15s", d->token);
    if (!next_or_fail(d)) {
        return false;
    }
    if (width == 0 || find(d, code)) {
        return width > 0 || fail(d, "no width of", d->token);
    }
    if (d->vars == nif_countof(d->var)) {
        return fail(d, "too many variables, this is", d->token);
    }
    memcpy(var->code, code, sizeof(code));
    var->next = d->bucket[hash(code)];
    d->bucket[hash(code)] = ++d->vars;
    return !wire || add_channels(d, var, width, d->token);
}

static bool read_timescale(struct dump *d)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = { { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "ns", 1 },
        { "ps", 1e-3 }, { "fs", 1e-6 } };
    char *unit;
    unsigned long count;

    if (!next_or_fail(d)) {
        return false;
    }
    count = strtoul(d->token, &unit, 10);
    if (*unit == '\0') {
        if (!next_or_fail(d)) {
            return false;
        }
        unit = d->token;
    }
    for (size_t i = 0; i < nif_countof(units); i++) {
        if (strcmp(unit, units[i].name) == 0 && count > 0 && count <= 1000) {
            d->unit_ns = (double)count * units[i].ns;
            return true;
        }
    }
    return fail(d, "no time scale:", d->token);
}

static bool skip_to_end(struct dump *d)
{
    while (strcmp(d->token, "$end") != 0) {
        if (!next_or_fail(d)) {
            return false;
        }
    }
    return true;
}

// ---- changes

static bool begin(struct dump *d)
{
    if (d->begun) {
        return true;
    }
    if (d->what.channels == 0) {
        return fail(d, "no wires before", d->token);
    }
    if (d->unit_ns == 0) {
        return fail(d, "no $timescale before", d->token);
    }
    d->begun = true;
    d->what.resolution_ns = d->unit_ns < 1 ? 1 : (uint64_t)d->unit_ns;
    memset(d->level, SIM_CAPTURE_UNKNOWN, sizeof(d->level));
    return d->sink->ops->begin(d->sink, &d->what);
}

static void change(struct dump *d, unsigned channel, char value)
{
    struct sim_edge edge = {
        .at_ns = d->at_ns,
        .channel = (uint16_t)channel,
        .level = value == '0' ? SIM_CAPTURE_LOW
            : value == '1'    ? SIM_CAPTURE_HIGH
                              : SIM_CAPTURE_UNKNOWN,
    };

    if (edge.level != d->level[channel]) {
        d->level[channel] = edge.level;
        d->sink->ops->edge(d->sink, &edge);
    }
}

// b0101 CODE: the last digit is bit 0; missing digits repeat the first one
// unless that is a 1.
static bool read_vector(struct dump *d)
{
    char bits[TOKEN];
    size_t len = strlen(d->token) - 1;
    struct var *var;

    memcpy(bits, d->token + 1, len + 1);
    if (!next_or_fail(d)) {
        return false;
    }
    var = find(d, d->token);
    if (!var) {
        return fail(d, "no variable has the code", d->token);
    }
    for (unsigned bit = 0; bit < var->width; bit++) {
        const char *digit = &bits[0];

        if (bit < len) {
            digit = &bits[len - 1 - bit];
        } else if (bits[0] == '1') {
            digit = "0";
        }
        change(d, var->first + bit, *digit);
    }
    return true;
}

static bool read_time(struct dump *d)
{
    char *end;
    double at;

    errno = 0;
    at = (double)strtoull(d->token + 1, &end, 10) * d->unit_ns;
    if (d->token[1] < '0' || d->token[1] > '9' || *end != '\0' || errno != 0 ||
        at > 3e18) {
        return fail(d, "no time:", d->token);
    }
    if ((uint64_t)llround(at) < d->at_ns) {
        return fail(d, "time runs backwards at", d->token);
    }
    d->at_ns = (uint64_t)llround(at);
    return true;
}

static bool read_change(struct dump *d)
{
    struct var *var;

    if (!begin(d)) {
        return false;
    }
    switch (d->token[0]) {
    case '#': return read_time(d);
    case 'b':
    case 'B': return read_vector(d);
    case 'r':
    case 'R':
    case 's':
    case 'S': return next_or_fail(d);
    default: break;
    }
    if (!strchr("01xXzZ", d->token[0])) {
        return fail(d, "no change of a value:", d->token);
    }
    var = find(d, d->token + 1);
    if (!var) {
        return fail(d, "no variable has the code", d->token + 1);
    }
    if (var->width > 0) {
        change(d, var->first, d->token[0]);
    }
    return true;
}

// ---- the file

static bool read_section(struct dump *d)
{
    if (strcmp(d->token, "$var") == 0 && !d->begun) {
        return read_var(d) && skip_to_end(d);
    }
    if (strcmp(d->token, "$timescale") == 0 && !d->begun) {
        return read_timescale(d) && skip_to_end(d);
    }
    // Values stand within these, as outside.
    if (strncmp(d->token, "$dump", 5) == 0 || strcmp(d->token, "$end") == 0) {
        return true;
    }
    return skip_to_end(d);
}

static bool read_dump(struct dump *d)
{
    int got;
    bool good = true;

    d->line = 1;
    while (good && (got = next(d)) == 1) {
        good = d->token[0] == '$' ? read_section(d) : read_change(d);
    }
    if (d->begun) {
        d->sink->ops->end(d->sink, d->at_ns);
    } else if (good && got == 0) {
        return fail(d, "the file ends without a change", "");
    }
    return good && got == 0;
}

bool sim_vcd_read(const char *path, struct sim_edge_sink *sink,
    struct sim_capture_error *error)
{
    struct dump *d = calloc(1, sizeof(*d));
    bool good;

    NIF_ASSERT(d != NULL);
    d->path = path;
    d->error = error;
    d->sink = sink;
    d->in = fopen(path, "r");
    good = d->in ? read_dump(d)
                 : sim_capture_fail(error, path, "%s", strerror(errno));
    if (d->in) {
        fclose(d->in);
    }
    free(d);
    return good;
}
