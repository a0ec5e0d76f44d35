// SPDX-License-Identifier: MIT
//
// Where a program elsewhere meets `nif chip`: a unix socket, or two FIFOs for
// firmware that has a debugger's file access and nothing else; or a unix socket
// that is the chip's serial line.

#ifndef TOOLS_NIF_LISTEN_H
#define TOOLS_NIF_LISTEN_H

#include "sim/bridge/bridge.h"

struct nif_listen {
    struct sim_bridge_link link; // first
    const char *path;
    bool is_fifo;
    bool is_line; ///< there is no bridge: bytes of a serial line
    int wake_fd;  ///< readable: nobody waits any longer
    bool woken;   ///< that has been seen
    int listen_fd;
    int in_fd;
    int out_fd;
    bool taken;         ///< by a program that has said something
    int late_fd;        ///< who was turned away last; -1: nobody
    bool owned;         ///< the FIFOs are ours, to be taken away in the end
    char in_path[108];  ///< of the FIFO that is read here
    char out_path[108]; ///< of the other
    /// Told how long it has waited for the program, by the host's clock; or
    /// NULL.
    void (*waited)(struct nif_listen *l, uint64_t ns);
    char error[200];
};

/// Makes what `where` says, "unix:PATH", "fifo:PATH" or "uart:PATH", and takes
/// it away in nif_listen_close(). Returns 0; -1 with `error`; -2 if `where` is
/// no such thing, with `error`.
int nif_listen_open(struct nif_listen *l, const char *where);

/// Waits for a program. Returns 0; -1 with `error`, which is "" if it was
/// woken.
int nif_listen_accept(struct nif_listen *l);

/// Nobody else can come: the path is taken away.
void nif_listen_shut(struct nif_listen *l);

/// Needs no open() that has worked.
void nif_listen_close(struct nif_listen *l);

#endif
