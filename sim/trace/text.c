// SPDX-License-Identifier: MIT
//
// Pieces of text from outside.

#include "sim/trace/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *sim__text_word(char **text)
{
    char *start = *text + strspn(*text, " \t");
    char *end = start + strcspn(start, " \t");

    *text = end;
    if (*end != '\0') {
        *end = '\0';
        *text = end + 1;
    }
    return start;
}

bool sim__text_number(const char *text, uint64_t max, uint64_t *value)
{
    char *end;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *value <= max;
}

int sim__text_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool sim__text_byte(const char *text, uint8_t *byte)
{
    int high = sim__text_digit(text[0]);
    int low = high < 0 ? -1 : sim__text_digit(text[1]);

    *byte = (uint8_t)(low < 0 ? 0 : high << 4 | low);
    return low >= 0;
}

bool sim__text_hex(const char *text, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!sim__text_byte(text + 2 * i, to + i)) {
            return false;
        }
    }
    return text[2 * len] == '\0';
}

void *sim__realloc(void *memory, size_t size)
{
    void *room = realloc(memory, size);

    NIF_ASSERT(room != NULL);
    return room;
}

bool sim__text_line(FILE *in, struct sim_text_line *line, size_t max)
{
    int c = 0;

    line->len = 0;
    while (c != '\n' && line->len <= max) {
        if (line->len + 2 > line->cap) {
            line->cap = 2 * line->cap + 256;
            line->text = sim__realloc(line->text, line->cap);
        }
        c = getc_unlocked(in);
        if (c == EOF) {
            break;
        }
        line->text[line->len++] = (char)c;
    }
    line->text[line->len] = '\0';
    return line->len <= max;
}
