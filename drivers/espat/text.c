// SPDX-License-Identifier: MIT
//
// Commands as text, and numbers out of the text of answers.

#include "internal.h"

#include <string.h>

// ---- writing

static void put_char(struct espat *chip, char c)
{
    NIF_ASSERT(chip->cmd_len < sizeof(chip->cmd));
    chip->cmd[chip->cmd_len++] = c;
}

void at__put(struct espat *chip, const char *text)
{
    for (; *text != '\0'; text++) {
        put_char(chip, *text);
    }
}

void at__put_cur(struct espat *chip, const char *name)
{
    at__put(chip, "AT+");
    at__put(chip, name);
    // In AT 1.x the plain name stores in flash.
    if (chip->version < 0x0200) {
        at__put(chip, "_CUR");
    }
}

void at__put_number(struct espat *chip, uint32_t value)
{
    char digits[10];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (n > 0) {
        put_char(chip, digits[--n]);
    }
}

void at__put_quoted(struct espat *chip, const char *text)
{
    put_char(chip, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == ',' || *text == '\\') {
            put_char(chip, '\\');
        }
        put_char(chip, *text);
    }
    put_char(chip, '"');
}

void at__put_ip(struct espat *chip, const uint8_t *ip)
{
    for (size_t i = 0; i < 4; i++) {
        put_char(chip, i == 0 ? '"' : '.');
        at__put_number(chip, ip[i]);
    }
    put_char(chip, '"');
}

// ---- reading

const char *at__skip(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return text != NULL && strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

const char *at__number(const char *text, uint32_t *out)
{
    uint32_t value = 0;
    size_t n = 0;

    // Nine digits cannot overflow.
    while (text != NULL && n < 9 && text[n] >= '0' && text[n] <= '9') {
        value = value * 10 + (uint32_t)(text[n++] - '0');
    }
    *out = value;
    return n > 0 ? text + n : NULL;
}

const char *at__signed(const char *text, int *out)
{
    bool negative = text != NULL && *text == '-';
    uint32_t value;

    text = at__number(negative ? text + 1 : text, &value);
    *out = negative ? -(int)value : (int)value;
    return text;
}

const char *at__ip(const char *text, uint8_t *out)
{
    bool quoted = text != NULL && *text == '"';

    if (quoted) {
        text++;
    }
    for (size_t i = 0; i < 4; i++) {
        uint32_t value;

        text = at__number(i > 0 ? at__skip(text, ".") : text, &value);
        if (text == NULL || value > 255) {
            return NULL;
        }
        out[i] = (uint8_t)value;
    }
    return quoted ? at__skip(text, "\"") : text;
}

const char *at__nif_ip(const char *text, struct nif_ip *out)
{
    uint8_t ip[4];

    *out = (struct nif_ip){ .family = NIF_IP_NONE };
    text = at__ip(text, ip);
    if (text != NULL && nif_get_be32(ip) != 0) {
        *out = nif_ip4_from(ip);
    }
    return text;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *at__hwaddr(const char *text, struct nif_hwaddr *out)
{
    struct nif_hwaddr value;

    text = at__skip(text, "\"");
    for (size_t i = 0; i < sizeof(value.byte); i++) {
        int high;
        int low;

        text = i > 0 ? at__skip(text, ":") : text;
        high = text != NULL ? hex(text[0]) : -1;
        low = high >= 0 ? hex(text[1]) : -1;
        if (low < 0) {
            return NULL;
        }
        value.byte[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    *out = value;
    return at__skip(text, "\"");
}

const char *at__quoted(const char *text, char *out, size_t cap)
{
    size_t len = 0;

    text = at__skip(text, "\"");
    if (text == NULL) {
        return NULL;
    }
    // A quote within a name is not always escaped: the last counts, the one
    // before a comma or the end.
    while (*text != '\0' &&
        !(*text == '"' && (text[1] == ',' || text[1] == '\0'))) {
        if (*text == '\\' && text[1] != '\0') {
            text++;
        }
        if (len + 1 < cap) {
            out[len++] = *text;
        }
        text++;
    }
    out[len] = '\0';
    return at__skip(text, "\"");
}

const char *at__value(const char *line, const char *name)
{
    const char *rest = at__skip(at__skip(line, "+"), name);
    const char *cur = at__skip(rest, "_CUR");

    return at__skip(cur != NULL ? cur : rest, ":");
}
