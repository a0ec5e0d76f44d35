// SPDX-License-Identifier: MIT
//
// An end of the wire in libslirp: a small network with DHCP, DNS and a way
// out through this process's own sockets. Needs no privilege at all. TCP and
// UDP only: the host cannot ping through it.

#ifndef TAP_SLIRP_H
#define TAP_SLIRP_H

#include "tap/end.h"

#include <stdbool.h>

/// What is where in libslirp's network.
#define TAP_SLIRP_HOST  "10.0.2.2"
#define TAP_SLIRP_BOARD "10.0.2.15"
#define TAP_SLIRP_DNS   "10.0.2.3"

/// Opens it. Returns NULL and says why in `why`.
struct tap_end *tap_slirp_open(char why[TAP_WHY]);

/// What a forward says.
struct tap_forward {
    bool is_udp;
    char host[16]; ///< the host's address, "127.0.0.1"
    int host_port;
    int board_port;
};

/// Reads one, as tap_slirp_forward() has it. Returns 0, or -1 and says why.
int tap_forward_parse(const char *spec, struct tap_forward *out,
    char why[TAP_WHY]);

/// Forwards connections: "tcp:127.0.0.1:8080:80", or without the host's
/// address "tcp:8080:80" (then 127.0.0.1), or "udp:…"; the last number is the
/// board's port. Returns 0, or -1 and says why.
int tap_slirp_forward(struct tap_end *end, const char *spec, char why[TAP_WHY]);

/// libslirp's version.
const char *tap_slirp_version(void);

#endif
