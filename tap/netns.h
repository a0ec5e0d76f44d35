// SPDX-License-Identifier: MIT
//
// An end of the wire in a private network namespace, which this program
// makes itself and which vanishes with it. Needs no root: a user namespace
// comes with it. Inside stands one interface with the host's address: a TAP
// device if /dev/net/tun opens, else one half of a veth pair, whose other
// half is read through a packet socket.

#ifndef TAP_NETNS_H
#define TAP_NETNS_H

#include "tap/end.h"

#include <stdbool.h>
#include <sys/types.h>

struct tap_netns_cfg {
    const char *host_addr; ///< "192.0.2.1/24"
    bool no_tun;           ///< a veth pair even if a TAP device is to be had
};

/// Opens it. Returns NULL and says why.
struct tap_end *tap_netns_open(const struct tap_netns_cfg *cfg,
    char why[TAP_WHY]);

/// Runs a program inside, with this program's standard streams, but that its
/// output goes to `out_fd` if that is not -1. Returns its process id, or -1
/// and says why. The caller waits for it.
pid_t tap_netns_spawn(struct tap_end *end, char *const argv[], int out_fd,
    char why[TAP_WHY]);

/// The process that holds the namespace: for nsenter.
pid_t tap_netns_pid(const struct tap_end *end);

/// The descriptor of its device: tap_device_end_fd().
int tap_netns_fd(const struct tap_end *end);

/// True if a user namespace belongs to it.
bool tap_netns_has_user(const struct tap_end *end);

/// "tap" or "veth".
const char *tap_netns_kind(const struct tap_end *end);

#endif
