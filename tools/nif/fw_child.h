// SPDX-License-Identifier: MIT
//
// Programs that `nif fw run` starts, and must not leave behind.

#ifndef TOOLS_NIF_FW_CHILD_H
#define TOOLS_NIF_FW_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct nif_fw_child {
    const char *name; ///< for messages
    pid_t pid;        ///< 0: not started, or ended
    int code;         ///< once it has ended: its exit code, or 128 + signal
};

/// How a program is started. Zero is the default of each field but `path` and
/// `argv`.
struct nif_fw_spawn {
    const char *path;
    char *const *argv;
    const char *folder; ///< its working folder; NULL: ours
    int err_fd;         ///< its standard error; 0: ours
    int keep_fd;        ///< a descriptor that it inherits; 0: none
    bool apart;         ///< no terminal: a Ctrl-C is not for it
};

/// Starts it. It is killed if this program vanishes. Returns 0, or an exit
/// code; what was wrong is told.
int nif_fw_spawn(struct nif_fw_child *child, const struct nif_fw_spawn *how);

/// Looks whether it has ended. True: just now.
bool nif_fw_child_ended(struct nif_fw_child *child);

/// Ends it if it runs: asks by `signo`, and makes it after `ms`. Its exit code
/// is not told.
void nif_fw_child_end(struct nif_fw_child *child, int signo, unsigned ms);

#endif
