// SPDX-License-Identifier: MIT
//
// `nif fw`: images of boards, in QEMU.

#include "tools/nif/fw.h"
#include "tools/nif/nif.h"

#include <string.h>

static const char help[] =
    "usage: nif fw list [--images FOLDER] [--json]\n"
    "       nif fw run BOARD EXAMPLE [OPTION...] [-- COMMAND...]\n"
    "       nif fw run --board BOARD FILE [OPTION...] [-- COMMAND...]\n"
    "\n"
    "Images for boards of which QEMU has a machine: which there are, and what\n"
    "builds those that are missing; and boots one with its network, its wire\n"
    "shared with simulated boards, or a chip model at the bridge.\n"
    "`nif fw run --help` says more.\n";

int nif_fw_main(int argc, char **argv)
{
    static struct nif_fw_options options;
    int err;

    if (argc > 1 && strcmp(argv[1], "list") == 0) {
        return nif_fw_list_main(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "run") == 0) {
        err = nif_fw_parse(&options, argc - 1, argv + 1);
        if (err != 0) {
            return err > 0 ? NIF_EXIT_PASS : -err;
        }
        return nif_fw_run(&options);
    }
    if (argc > 1 &&
        (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return NIF_EXIT_PASS;
    }
    if (argc > 1) {
        fprintf(stderr, "nif: fw: '%s'?\n", argv[1]);
    }
    fputs(help, stderr);
    return NIF_EXIT_USAGE;
}
