// SPDX-License-Identifier: MIT
//
// Text without the C library, and as much JSON as the other side says. What
// is read came from outside: it may be cut, nested or nonsense.

#include "iperf3.h"

#include <string.h>

void iperf3_put(struct iperf3_text *t, const char *s)
{
    for (; *s != '\0' && t->len + 1 < t->cap; s++) {
        t->buf[t->len++] = *s;
    }
    t->buf[t->len] = '\0';
}

void iperf3_put_point(struct iperf3_text *t, uint64_t v, unsigned digits)
{
    char text[24]; // 20 digits, a point, a NUL
    size_t at = sizeof(text) - 1;
    unsigned done = 0;

    text[at] = '\0';
    do {
        if (done == digits && digits > 0) {
            text[--at] = '.';
        }
        text[--at] = (char)('0' + v % 10);
        v /= 10;
        done++;
    } while (v > 0 || done <= digits);
    iperf3_put(t, text + at);
}

void iperf3_put_u64(struct iperf3_text *t, uint64_t v)
{
    iperf3_put_point(t, v, 0);
}

static const char *skip_space(const char *s)
{
    while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r') {
        s++;
    }
    return s;
}

// Behind the string that begins at `s` with its quote.
static const char *skip_string(const char *s)
{
    for (s++; *s != '\0' && *s != '"'; s++) {
        if (*s == '\\' && s[1] != '\0') {
            s++;
        }
    }
    return *s == '"' ? s + 1 : s;
}

// The comma or brace behind the value that begins at `s`.
static const char *skip_value(const char *s)
{
    unsigned depth = 0;

    while (*s != '\0') {
        if (*s == '"') {
            s = skip_string(s);
            continue;
        }
        if (depth == 0 && (*s == ',' || *s == '}' || *s == ']')) {
            break;
        }
        if (*s == '{' || *s == '[') {
            depth++;
        } else if (*s == '}' || *s == ']') {
            depth--;
        }
        s++;
    }
    return s;
}

const char *iperf3_find(const char *text, const char *key)
{
    const char *s = skip_space(text);
    size_t len = strlen(key);

    if (*s != '{') {
        return NULL;
    }
    do {
        const char *name = skip_space(s + 1);
        const char *end;

        if (*name != '"') {
            return NULL;
        }
        end = skip_string(name);
        s = skip_space(end);
        if (*s != ':') {
            return NULL;
        }
        s = skip_space(s + 1);
        if ((size_t)(end - name) == len + 2 &&
            memcmp(name + 1, key, len) == 0) {
            return s;
        }
        s = skip_value(s);
    } while (*s == ',');
    return NULL;
}

uint64_t iperf3_number(const char *text, const char *key, uint64_t other)
{
    const char *s = iperf3_find(text, key);
    uint64_t v = 0;

    if (s == NULL || *s < '0' || *s > '9') {
        return other;
    }
    for (; *s >= '0' && *s <= '9'; s++) {
        uint64_t digit = (uint64_t)(*s - '0');

        v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : v * 10 + digit;
    }
    return v;
}

bool iperf3_true(const char *text, const char *key)
{
    const char *s = iperf3_find(text, key);

    return s != NULL &&
        (strncmp(s, "true", 4) == 0 || iperf3_number(text, key, 0) != 0);
}
