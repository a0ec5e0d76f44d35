// SPDX-License-Identifier: MIT
//
// The sub-commands of `nif`, and what they share.

#ifndef TOOLS_NIF_NIF_H
#define TOOLS_NIF_NIF_H

/// Exit codes of every sub-command.
enum nif_exit {
    NIF_EXIT_PASS = 0,
    NIF_EXIT_FAILED = 1,
    NIF_EXIT_USAGE = 2,
    NIF_EXIT_SKIPPED = 77,
    NIF_EXIT_TIMEOUT = 124,
};

/// Each gets its own name as argv[0] ("run") and returns an exit code.
int nif_run_main(int argc, char **argv);
int nif_ping_main(int argc, char **argv);
int nif_chip_main(int argc, char **argv);
int nif_fw_main(int argc, char **argv);
int nif_replay_main(int argc, char **argv);
int nif_doctor_main(int argc, char **argv);

#endif
