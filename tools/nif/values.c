// SPDX-License-Identifier: MIT
//
// Values of options.

#include "tools/nif/values.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool nif_get_double(const char *text, double min, double max, double *value)
{
    char *end;
    double v;

    errno = 0;
    v = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !(v >= min && v <= max)) {
        return false;
    }
    *value = v;
    return true;
}

bool nif_get_u64(const char *text, uint64_t max, uint64_t *value)
{
    char *end;
    uint64_t v;

    errno = 0;
    v = strtoull(text, &end, 0);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || v > max) {
        return false;
    }
    *value = v;
    return true;
}

bool nif_get_u32(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
    uint64_t v;

    if (!nif_get_u64(text, max, &v) || v < min) {
        return false;
    }
    *value = (uint32_t)v;
    return true;
}

bool nif_get_chance(const char *text, uint32_t *ppm)
{
    double percent;

    if (!nif_get_double(text, 0, 100, &percent)) {
        return false;
    }
    *ppm = (uint32_t)(percent * 10000 + 0.5);
    return true;
}

bool nif_get_ms(const char *text, uint64_t *ns)
{
    double ms;

    if (!nif_get_double(text, 0, 1e6, &ms)) {
        return false;
    }
    *ns = (uint64_t)(ms * 1e6);
    return true;
}

bool nif_get_net(const char *text, struct nif_net *net)
{
    char copy[40];
    char *slash;
    uint64_t len = 24;

    if (strlen(text) >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text, strlen(text) + 1);
    slash = strchr(copy, '/');
    if (slash) {
        *slash = '\0';
        if (!nif_get_u64(slash + 1, 30, &len) || len == 0) {
            return false;
        }
    }
    net->prefix_len = (uint8_t)len;
    return nif_ip_parse(copy, &net->ip) == 0;
}

bool nif_get_name(const char *text, char *name, size_t cap)
{
    size_t len = strlen(text);

    if (len == 0 || len >= cap) {
        return false;
    }
    memcpy(name, text, len + 1);
    return true;
}

// Where a file that is not there yet would be: its folder, and the name in it.
// Returns the name; NULL if there is no such folder.
static const char *place_of(const char *path, struct stat *folder)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 0;
    char copy[PATH_MAX] = ".";

    if (len >= sizeof(copy)) {
        return NULL;
    }
    if (slash) {
        memcpy(copy, path, len);
        copy[len] = '\0';
    }
    return stat(copy, folder) == 0 ? path + len : NULL;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool nif_is_same_file(const char *a, const char *b)
{
    struct stat at_a;
    struct stat at_b;

    if (!a || !b) {
        return false;
    }
    if (stat(a, &at_a) == 0) {
        return stat(b, &at_b) == 0 && is_same(&at_a, &at_b) &&
            !S_ISCHR(at_a.st_mode);
    }
    a = place_of(a, &at_a);
    b = place_of(b, &at_b);
    return a && b && is_same(&at_a, &at_b) && strcmp(a, b) == 0;
}

static void take_out(int *argc, char **argv, int at, int count)
{
    *argc -= count;
    memmove(argv + at, argv + at + count,
        (size_t)(*argc - at + 1) * sizeof(*argv));
}

bool nif_take_flag(int *argc, char **argv, const char *name)
{
    for (int i = 1; argv[i] && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, name) == 0) {
            take_out(argc, argv, i, 1);
            return true;
        }
    }
    return false;
}

const char *nif_take_option(int *argc, char **argv, const char *name)
{
    size_t len = strlen(name);

    for (int i = 1; argv[i] && strcmp(argv[i], "--") != 0; i++) {
        const char *value = NULL;
        int words = 1;

        if (strncmp(argv[i], "--", 2) != 0 ||
            strncmp(argv[i] + 2, name, len) != 0) {
            continue;
        }
        if (argv[i][2 + len] == '=') {
            value = argv[i] + 3 + len;
        } else if (argv[i][2 + len] == '\0' && argv[i + 1]) {
            value = argv[i + 1];
            words = 2;
        }
        if (value) {
            take_out(argc, argv, i, words);
            return value;
        }
    }
    return NULL;
}
