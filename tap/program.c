// SPDX-License-Identifier: MIT
//
// Finding and running programs of the host.

#include "tap/program.h"

#include "nif/base.h"

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Looks into each folder of a list with colons between.
static bool find_in(const char *folders, const char *name, char path[TAP_PATH])
{
    while (*folders) {
        size_t len = strcspn(folders, ":");
        int n = snprintf(path, TAP_PATH, "%.*s/%s", (int)len, folders, name);

        if (len > 0 && n > 0 && n < TAP_PATH && access(path, X_OK) == 0) {
            return true;
        }
        folders += len + (folders[len] == ':');
    }
    return false;
}

bool tap_program_find(const char *name, char path[TAP_PATH])
{
    const char *folders = getenv("PATH");

    return (folders && find_in(folders, name, path)) ||
        find_in("/usr/sbin:/sbin:/usr/bin:/bin", name, path);
}

int tap_program_ip(char why[TAP_WHY], const char *fmt, ...)
{
    static char ip[] = "ip";
    char path[TAP_PATH];
    char line[200];
    char words[200];
    char *argv[24] = { ip };
    size_t argc = 1;
    char *at = words;
    pid_t pid;
    int status = -1;
    int err;
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    memcpy(words, line, sizeof(words));
    while (at && argc + 1 < nif_countof(argv)) {
        argv[argc++] = strsep(&at, " ");
    }
    err = tap_program_find(ip, path)
        ? posix_spawn(&pid, path, NULL, NULL, argv, environ)
        : ENOENT;
    if (err != 0) {
        snprintf(why, TAP_WHY,
            "the program `ip` cannot be run: %s; install iproute2",
            strerror(err));
        return -1;
    }
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        snprintf(why, TAP_WHY, "`ip %s` failed", line);
        return -1;
    }
    return 0;
}
