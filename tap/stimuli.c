// SPDX-License-Identifier: MIT
//
// Files of stimuli.

#include "tap/stimuli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define HEAD     "# netif-stimuli 1\n"
#define LINE_MAX 4096

__attribute__((format(printf, 2, 3))) static int fail(struct tap_stimuli *s,
    const char *fmt, ...)
{
    int len = s->line
        ? snprintf(s->error, sizeof(s->error), "%s:%u: ", s->path, s->line)
        : snprintf(s->error, sizeof(s->error), "%s: ", s->path);
    va_list args;

    if (len > 0 && (size_t)len < sizeof(s->error)) {
        va_start(args, fmt);
        vsnprintf(s->error + len, sizeof(s->error) - (size_t)len, fmt, args);
        va_end(args);
    }
    return -1;
}

// ---- reading

// Reads a line without its newline. Returns 1, 0 at the end, -1.
static int get_line(struct tap_stimuli *s, char line[LINE_MAX])
{
    size_t len;

    if (!fgets(line, LINE_MAX, s->file)) {
        return ferror(s->file) ? fail(s, "%s", strerror(errno)) : 0;
    }
    s->line++;
    len = strlen(line);
    if (len == 0 || line[len - 1] != '\n') {
        return fail(s,
            len + 1 == LINE_MAX ? "the line is too long"
                                : "the line is not whole: the file was cut");
    }
    line[len - 1] = '\0';
    return 1;
}

static int head_line(struct tap_stimuli *s, char *line,
    tap_stimuli_option_fn *option, void *arg)
{
    static const char key[] = "# option ";
    char *name = line + sizeof(key) - 1;
    char *value;

    if (strncmp(line, key, sizeof(key) - 1) != 0) {
        return 0; // a comment
    }
    value = strchr(name, ' ');
    if (!value) {
        return fail(s, "an option is a name and a value");
    }
    *value++ = '\0';
    return !option || option(arg, name, value)
        ? 0
        : fail(s, "option %s: '%s' cannot be used", name, value);
}

int tap_stimuli_open(struct tap_stimuli *s, const char *path,
    tap_stimuli_option_fn *option, void *arg)
{
    char line[LINE_MAX];
    long at = 0;
    int got;

    *s = (struct tap_stimuli){ .path = path, .file = fopen(path, "r") };
    if (!s->file) {
        return fail(s, "%s", strerror(errno));
    }
    got = get_line(s, line);
    if (got <= 0 || strncmp(line, HEAD, strlen(HEAD) - 1) != 0) {
        return got < 0 ? got
                       : fail(s,
                             "not a file of stimuli: its first line "
                             "is not '# netif-stimuli 1'");
    }
    do {
        at = ftell(s->file);
        got = get_line(s, line);
        if (got > 0 && line[0] == '#' && head_line(s, line, option, arg) != 0) {
            return -1;
        }
    } while (got > 0 && line[0] == '#');
    if (got > 0) {
        s->line--;
        got = fseek(s->file, at, SEEK_SET) == 0 ? 0 : fail(s, "cannot seek");
    }
    return got;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int get_frame(struct tap_stimuli *s, const char *hex,
    struct tap_stimulus *out)
{
    size_t len = strlen(hex);

    if (len % 2 != 0 || len / 2 < 14 || len / 2 > TAP_FRAME_MAX) {
        return fail(s, "a frame has 14 to %d bytes of two digits each",
            TAP_FRAME_MAX);
    }
    for (size_t i = 0; i < len; i += 2) {
        int high = nibble(hex[i]);
        int low = nibble(hex[i + 1]);

        if (high < 0 || low < 0) {
            return fail(s, "'%.2s' is not a byte in hexadecimal", hex + i);
        }
        out->frame[i / 2] = (uint8_t)(high << 4 | low);
    }
    out->len = len / 2;
    return 1;
}

static char *get_number(char *at, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(at, &end, 10);
    return end == at || *at == '-' || errno != 0 || *end != ' ' ? NULL
                                                                : end + 1;
}

int tap_stimuli_next(struct tap_stimuli *s, struct tap_stimulus *out)
{
    char line[LINE_MAX];
    uint64_t before_ns = out->at_ns;
    char *at;
    int got;

    do {
        got = get_line(s, line);
        if (got <= 0) {
            return got;
        }
    } while (line[0] == '#');
    at = get_number(line, &out->at_ns);
    at = at ? get_number(at, &out->out_count) : NULL;
    if (!at) {
        return fail(s, "a line begins with a time and a count");
    }
    if (out->at_ns < before_ns) {
        return fail(s, "time goes back");
    }
    if (strcmp(at, "end") == 0) {
        out->kind = TAP_STIMULUS_END;
        return 1;
    }
    if (strncmp(at, "rx ", 3) != 0) {
        return fail(s, "'%.20s' is neither 'rx' nor 'end'", at);
    }
    out->kind = TAP_STIMULUS_RX;
    return get_frame(s, at + 3, out);
}

// ---- writing

int tap_stimuli_create(struct tap_stimuli *s, const char *path)
{
    *s = (struct tap_stimuli){ .path = path, .file = fopen(path, "w") };
    if (!s->file) {
        return fail(s, "%s", strerror(errno));
    }
    setvbuf(s->file, NULL, _IOLBF, 0); // a run that is killed leaves whole
                                       // lines
    fputs(HEAD, s->file);
    return 0;
}

void tap_stimuli_option(struct tap_stimuli *s, const char *name,
    const char *value)
{
    fprintf(s->file, "# option %s %s\n", name, value);
}

void tap_stimuli_rx(struct tap_stimuli *s, uint64_t at_ns, uint64_t out_count,
    const uint8_t *frame, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * TAP_FRAME_MAX + 1];

    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = digits[frame[i] >> 4];
        hex[2 * i + 1] = digits[frame[i] & 15];
    }
    hex[2 * len] = '\0';
    fprintf(s->file, "%" PRIu64 " %" PRIu64 " rx %s\n", at_ns, out_count, hex);
}

void tap_stimuli_end(struct tap_stimuli *s, uint64_t at_ns, uint64_t out_count)
{
    fprintf(s->file, "%" PRIu64 " %" PRIu64 " end\n", at_ns, out_count);
}

int tap_stimuli_close(struct tap_stimuli *s)
{
    int bad;

    if (!s->file) {
        return 0;
    }
    bad = ferror(s->file);
    bad |= fclose(s->file);
    s->file = NULL;
    return bad ? fail(s, "not all of it could be written") : 0;
}
