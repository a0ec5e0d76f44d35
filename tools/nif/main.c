// SPDX-License-Identifier: MIT
//
// The `nif` program: finds the sub-command.

#include "tools/nif/nif.h"
#include "tools/nif/trace.h"

#include "nif/base.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *about;
} commands[] = {
    { "run", nif_run_main, "run a simulated board, attached to a network" },
    { "ping", nif_ping_main, "boot a simulated board and ping it" },
    { "chip", nif_chip_main, "serve a chip model to a program elsewhere" },
    { "fw", nif_fw_main, "images of boards, in QEMU" },
    { "replay", nif_replay_main, "hold a driver to a recording" },
    { "trace", nif_trace_main, "score, decode captures of a bus" },
    { "doctor", nif_doctor_main, "what this machine has and lacks" },
};

static void help(FILE *out)
{
    fputs("usage: nif COMMAND [ARGUMENT...]\n"
          "\n"
          "Simulated boards with network chips, their real drivers, and ends\n"
          "of the wire in the real world.\n"
          "\n",
        out);
    for (size_t i = 0; i < nif_countof(commands); i++) {
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].about);
    }
    fputs("\n"
          "`nif help COMMAND` says more; `nif --version` prints the version.\n"
          "\n"
          "Exit: 0 good, 1 failed, 2 usage, 77 skipped, 124 timed out.\n",
        out);
}

static int run(int argc, char **argv)
{
    for (size_t i = 0; i < nif_countof(commands); i++) {
        if (strcmp(argv[0], commands[i].name) == 0) {
            return commands[i].main(argc, argv);
        }
    }
    fprintf(stderr, "nif: there is no command '%s'; see `nif help`\n", argv[0]);
    return NIF_EXIT_USAGE;
}

static int help_main(int argc, char **argv)
{
    static char help_option[] = "--help";
    char *words[3] = { NULL, help_option, NULL };

    if (argc > 1) {
        words[0] = argv[1];
        return run(2, words);
    }
    help(stdout);
    return NIF_EXIT_PASS;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return NIF_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("nif " NIF_VERSION);
        return NIF_EXIT_PASS;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        return help_main(argc - 1, argv + 1);
    }
    return run(argc - 1, argv + 1);
}
