// SPDX-License-Identifier: MIT
//
// Reads a script, line by line, word by word.

#include "tests/packetdrill/script.h"

#include "nif/base.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NAME(n) \
    {           \
#n, n   \
    }

static const struct {
    const char *name;
    long value;
} names[] = {
    NAME(SOCK_STREAM),
    NAME(SOCK_DGRAM),
    NAME(IPPROTO_TCP),
    NAME(SOL_SOCKET),
    NAME(SO_REUSEADDR),
    NAME(SO_ERROR),
    NAME(SO_KEEPALIVE),
    NAME(SOL_TCP),
    NAME(TCP_NODELAY),
    NAME(TCP_KEEPIDLE),
    NAME(TCP_USER_TIMEOUT),
    NAME(F_SETFL),
    NAME(O_NONBLOCK),
    { "O_RDWR|O_NONBLOCK", O_RDWR | O_NONBLOCK },
    NAME(SHUT_WR),
    NAME(SHUT_RDWR),
    NAME(MSG_DONTWAIT),
    NAME(EAGAIN),
    NAME(EINPROGRESS),
    NAME(ECONNREFUSED),
    NAME(ECONNRESET),
    NAME(ETIMEDOUT),
    NAME(EPIPE),
    NAME(ENOTCONN),
    NAME(EADDRINUSE),
};

bool script_value(const char *text, long *out)
{
    char *end;

    while (*text == '[' || *text == ' ') {
        text++;
    }
    *out = strtol(text, &end, 0);
    if (end != text && (*end == '\0' || *end == ']')) {
        return true;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i].name) == 0) {
            *out = names[i].value;
            return true;
        }
    }
    return false;
}

// ----------------------------------------------------------------- words

static void skip(const char **p)
{
    while (**p == ' ' || **p == '\t') {
        (*p)++;
    }
}

// Takes `word` if it is next.
static bool take(const char **p, const char *word)
{
    size_t len = strlen(word);

    skip(p);
    if (strncmp(*p, word, len) != 0) {
        return false;
    }
    *p += len;
    return true;
}

static bool number(const char **p, uint32_t *out)
{
    char *end;

    skip(p);
    if (!isdigit((unsigned char)**p)) {
        return false;
    }
    *out = (uint32_t)strtoul(*p, &end, 10);
    *p = end;
    return true;
}

// Seconds with up to six places, as microseconds; no floating point, so that
// 0.1 is exactly 100,000.
static bool seconds(const char **p, int64_t *us)
{
    const char *begin = *p;
    int64_t unit = 1000000;

    *us = 0;
    for (; isdigit((unsigned char)**p); (*p)++) {
        *us = *us * 10 + (**p - '0') * unit;
    }
    if (**p == '.' && isdigit((unsigned char)(*p)[1])) {
        for ((*p)++; isdigit((unsigned char)**p); (*p)++) {
            unit /= 10;
            *us += (**p - '0') * unit;
        }
    }
    return *p != begin;
}

static bool parse_time(const char **p, struct script_event *e)
{
    e->end_us = -1;
    e->any_time = take(p, "*");
    if (e->any_time) {
        return true;
    }
    e->relative = take(p, "+");
    if (!seconds(p, &e->at_us)) {
        return false;
    }
    return !take(p, "...") || seconds(p, &e->end_us);
}

// --------------------------------------------------------------- segments

static bool parse_flags(const char **p, uint8_t *flags)
{
    static const char letters[] = "FSRP.";

    skip(p);
    for (const char *at; **p != '\0' && (at = strchr(letters, **p)) != NULL;
         (*p)++) {
        *flags |= (uint8_t)(1 << (at - letters));
    }
    return **p == ' ';
}

static void add(struct script_segment *seg, const uint8_t *bytes, size_t len)
{
    if (seg->options_len + len <= SCRIPT_OPTIONS) {
        memcpy(seg->options + seg->options_len, bytes, len);
        seg->options_len += len;
    }
}

// Blocks of a selective acknowledgement: from:to from:to ...
static bool parse_blocks(const char **p, struct script_segment *seg)
{
    size_t head = seg->options_len;
    uint32_t edge[2];

    add(seg, (const uint8_t[]){ 5, 2 }, 2);
    while (number(p, &edge[0])) {
        if (!take(p, ":") || !number(p, &edge[1])) {
            return false;
        }
        for (size_t i = 0; i < 2; i++) {
            uint8_t bytes[4];

            nif_put_be32(bytes, edge[i]);
            add(seg, bytes, sizeof(bytes));
        }
    }
    if (seg->options_len > head + 2) {
        seg->options[head + 1] = (uint8_t)(seg->options_len - head);
    }
    return seg->options_len > head + 2;
}

static bool parse_option(const char **p, struct script_segment *seg)
{
    uint32_t value = 0;

    if (take(p, "nop")) {
        add(seg, (const uint8_t[]){ 1 }, 1);
    } else if (take(p, "eol")) {
        add(seg, (const uint8_t[]){ 0 }, 1);
    } else if (take(p, "sackOK")) {
        add(seg, (const uint8_t[]){ 4, 2 }, 2);
    } else if (take(p, "sack")) {
        return parse_blocks(p, seg);
    } else if (take(p, "mss")) {
        if (!number(p, &value)) {
            return false;
        }
        add(seg,
            (const uint8_t[]){ 2, 4, (uint8_t)(value >> 8), (uint8_t)value },
            4);
    } else if (take(p, "wscale")) {
        if (!number(p, &value)) {
            return false;
        }
        add(seg, (const uint8_t[]){ 3, 3, (uint8_t)value }, 3);
    } else {
        return false;
    }
    return true;
}

static bool parse_options(const char **p, struct script_segment *seg)
{
    if (!take(p, "<")) {
        return true;
    }
    if (take(p, "...>")) {
        seg->any_options = true;
        return true;
    }
    do {
        if (!parse_option(p, seg)) {
            return false;
        }
    } while (take(p, ","));
    return seg->options_len % 4 == 0 && take(p, ">");
}

static bool parse_segment(const char **p, struct script_segment *seg)
{
    uint32_t end;
    uint32_t win;

    if (!parse_flags(p, &seg->flags) || !number(p, &seg->seq) ||
        !take(p, ":") || !number(p, &end) || !take(p, "(") ||
        !number(p, &seg->len) || !take(p, ")") || end != seg->seq + seg->len) {
        return false;
    }
    seg->has_ack = take(p, "ack");
    if (seg->has_ack && !number(p, &seg->ack)) {
        return false;
    }
    seg->win = -1;
    if (take(p, "win")) {
        if (!number(p, &win)) {
            return false;
        }
        seg->win = (int32_t)win;
    }
    return parse_options(p, seg);
}

// ------------------------------------------------------------------ calls

// Copies up to one of `stops`, without blanks at the ends.
static bool word(const char **p, const char *stops, char *out, size_t cap)
{
    size_t len;

    skip(p);
    len = strcspn(*p, stops);
    if (len == 0 || len >= cap || (*p)[len] == '\0') {
        return false;
    }
    memcpy(out, *p, len);
    out[len] = '\0';
    *p += len;
    return true;
}

static bool parse_call(const char **p, struct script_call *c)
{
    uint32_t value;
    bool minus;

    if (!word(p, "(", c->name, sizeof(c->name)) || !take(p, "(")) {
        return false;
    }
    do {
        if (c->arg_count == SCRIPT_ARGS ||
            !word(p, ",)", c->args[c->arg_count], sizeof(c->args[0]))) {
            return false;
        }
        c->arg_count++;
    } while (take(p, ","));
    if (!take(p, ")") || !take(p, "=")) {
        return false;
    }
    minus = take(p, "-");
    if (!number(p, &value)) {
        return false;
    }
    c->result = minus ? -(long)value : (long)value;
    skip(p);
    if (minus && isalpha((unsigned char)**p)) {
        size_t len = strspn(*p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

        if (len >= sizeof(c->error)) {
            return false;
        }
        memcpy(c->error, *p, len);
        *p += len;
        *p += take(p, "(") ? strlen(*p) : 0; // the text in brackets
    }
    return true;
}

// ------------------------------------------------------------------ lines

static bool parse_line(const char *line, struct script_event *e)
{
    const char *p = line;
    bool good = parse_time(&p, e);

    if (good && take(&p, "<")) {
        e->kind = SCRIPT_IN;
        good = parse_segment(&p, &e->segment);
    } else if (good && take(&p, ">")) {
        e->kind = SCRIPT_OUT;
        good = parse_segment(&p, &e->segment);
    } else if (good) {
        e->kind = SCRIPT_CALL;
        good = parse_call(&p, &e->call);
    }
    skip(&p);
    return good && *p == '\0';
}

bool script_parse(struct script *s, const char *text)
{
    char line[200];
    int number_of_line = 0;

    memset(s, 0, sizeof(*s));
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        char *comment;
        const char *first;

        number_of_line++;
        snprintf(line, sizeof(line), "%.*s", (int)len, text);
        text += len + (text[len] == '\n');
        comment = strstr(line, "//");
        if (comment != NULL) {
            *comment = '\0';
        }
        first = line;
        if (take(&first, "--so_flags=\"")) {
            snprintf(s->flags, sizeof(s->flags), "%.*s",
                (int)strcspn(first, "\""), first);
            continue;
        }
        if (*first == '\0') {
            continue;
        }
        if (s->count == SCRIPT_EVENTS ||
            !parse_line(line, &s->events[s->count])) {
            snprintf(s->error, sizeof(s->error),
                "line %d: not understood: %.100s", number_of_line, line);
            return false;
        }
        s->events[s->count++].line = number_of_line;
    }
    return s->count > 0;
}
