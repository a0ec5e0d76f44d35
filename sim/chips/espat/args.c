// SPDX-License-Identifier: MIT
//
// The arguments of a command: numbers, strings in quotes with escapes, and
// those left out between commas.

#include "sim/chips/espat/model.h"

#include <stdlib.h>

// One in quotes, `*at` behind the first. False if it has no end, is longer
// than any may be, or has a comma in it that is not escaped.
static bool quoted(char *to, char **at)
{
    size_t len = 0;

    while (**at != '"') {
        bool escaped = **at == '\\';

        *at += escaped;
        if (**at == '\0' || len == ARG_MAX || (**at == ',' && !escaped)) {
            return false;
        }
        to[len++] = *(*at)++;
    }
    to[len] = '\0';
    (*at)++;
    return true;
}

static bool plain(char *to, char **at)
{
    size_t len = strcspn(*at, ",");

    if (len > ARG_MAX) {
        return false;
    }
    memcpy(to, *at, len);
    to[len] = '\0';
    *at += len;
    return true;
}

// Reads what stands behind the '='.
static bool parse_list(struct espat_args *args, char *at)
{
    args->form = FORM_SET;
    while (args->count < ARGS) {
        bool is_quoted = *at == '"';
        char *to = args->arg[args->count].text;

        at += is_quoted;
        if (!(is_quoted ? quoted(to, &at) : plain(to, &at))) {
            return false;
        }
        args->arg[args->count].quoted = is_quoted;
        args->arg[args->count++].given = is_quoted || to[0] != '\0';
        if (*at == '\0') {
            return true;
        }
        if (*at++ != ',') {
            return false;
        }
    }
    return false;
}

bool espat__parse(struct espat_args *args, char *text)
{
    char *end = text + strcspn(text, "=?");

    *args = (struct espat_args){ .name = text, .form = FORM_EXEC };
    if (*end == '\0') {
        return true;
    }
    if (strcmp(end, "?") == 0) {
        args->form = FORM_QUERY;
        *end = '\0';
        return true;
    }
    if (strcmp(end, "=?") == 0) {
        args->form = FORM_TEST;
        *end = '\0';
        return true;
    }
    if (*end == '?') {
        return false;
    }
    *end = '\0';
    return parse_list(args, end + 1);
}

bool espat__number(const struct espat_args *args, size_t n, long low, long high,
    long *value)
{
    const char *text;
    char *end;

    if (!espat__given(args, n)) {
        return false;
    }
    text = args->arg[n].text;
    if (args->arg[n].quoted || text[0] < '0' || text[0] > '9' ||
        strlen(text) > 9) {
        return false;
    }
    *value = strtol(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    return *end == '\0' && *value >= low && *value <= high;
}

bool espat__text(const struct espat_args *args, size_t n, size_t max,
    const char **text)
{
    if (!espat__given(args, n) || !args->arg[n].quoted ||
        strlen(args->arg[n].text) > max) {
        return false;
    }
    *text = args->arg[n].text;
    return true;
}
