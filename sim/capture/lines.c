// SPDX-License-Identifier: MIT
//
// Text files of analysers.

#include "sim/capture/lines.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (1u << 16)
#define NS_MAX         3000000000000000000 // 95 years

bool sim__lines_fail(struct sim_lines *lines, const char *fmt, ...)
{
    char cause[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(cause, sizeof(cause), fmt, args);
    va_end(args);
    snprintf(lines->error->text, sizeof(lines->error->text), "%.100s:%u: %s",
        lines->path, lines->number, cause);
    return false;
}

bool sim__lines_open(struct sim_lines *lines, const char *path,
    struct sim_capture_error *error)
{
    *lines = (struct sim_lines){ .path = path, .error = error };
    lines->in = fopen(path, "r");
    return lines->in != NULL ||
        sim_capture_fail(error, path, "%s", strerror(errno));
}

void sim__lines_close(struct sim_lines *lines)
{
    if (lines->in) {
        fclose(lines->in);
    }
    free(lines->line.text);
    lines->in = NULL;
    lines->line.text = NULL;
}

int sim__lines_next(struct sim_lines *lines)
{
    struct sim_text_line *line = &lines->line;

    do {
        lines->number++;
        if (!sim__text_line(lines->in, line, LINE_MAX_BYTES)) {
            sim__lines_fail(lines, "the line is too long");
            return -1;
        }
        if (line->len == 0) {
            return 0;
        }
        if (memchr(line->text, '\0', line->len)) {
            sim__lines_fail(lines, "this is not text");
            return -1;
        }
        line->text[strcspn(line->text, "\r\n")] = '\0';
    } while (line->text[0] == '\0');
    return 1;
}

static char *bare(char *text)
{
    char *end;

    text += strspn(text, " \t\"");
    end = text + strlen(text);
    while (end > text && strchr(" \t\"", end[-1])) {
        *--end = '\0';
    }
    return text;
}

bool sim__lines_split(struct sim_lines *lines)
{
    char *at = lines->line.text;
    char *start = at;
    bool quoted = false;

    lines->count = 0;
    for (;; at++) {
        bool ends = *at == '\0';

        quoted = quoted != (*at == '"');
        if (!ends && (*at != ',' || quoted)) {
            continue;
        }
        if (lines->count == SIM_LINES_FIELDS) {
            return sim__lines_fail(lines, "more than %d fields",
                SIM_LINES_FIELDS);
        }
        *at = '\0';
        lines->field[lines->count++] = bare(start);
        start = at + 1;
        if (ends) {
            return true;
        }
    }
}

// The digits behind the point: units of `unit_ns`, rounded.
static bool fraction(const char *text, int64_t unit_ns, int64_t *ns)
{
    int64_t rest = unit_ns;
    int64_t sum = 0;
    bool half = false;

    for (; *text >= '0' && *text <= '9'; text++) {
        if (rest >= 10) {
            rest /= 10;
            sum += (*text - '0') * rest;
        } else if (rest > 0) {
            half = *text >= '5';
            rest = 0;
        }
    }
    *ns = sum + half;
    return *text == '\0';
}

bool sim__lines_time(const char *text, int64_t unit_ns, int64_t *ns)
{
    bool minus = *text == '-';
    int64_t units = 0;
    int64_t part = 0;

    text += *text == '-' || *text == '+';
    if ((*text < '0' || *text > '9') && *text != '.') {
        return false;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        if (units > NS_MAX / unit_ns / 10 - 10) {
            return false;
        }
        units = 10 * units + (*text - '0');
    }
    if (*text == '.' ? !fraction(text + 1, unit_ns, &part) : *text != '\0') {
        return false;
    }
    *ns = units * unit_ns + part;
    *ns = minus ? -*ns : *ns;
    return true;
}
