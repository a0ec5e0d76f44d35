// SPDX-License-Identifier: MIT
//
// What is at the other end of an image's wire, where that is not QEMU's own
// network: a TAP device that QEMU is given, or the shared wire, whose frames
// are passed on here.

#ifndef TOOLS_NIF_FW_NET_H
#define TOOLS_NIF_FW_NET_H

#include "tap/wire.h"
#include "tools/nif/fw.h"

/// Most descriptors that it waits for.
#define NIF_FW_NET_FDS (TAP_WIRE_PEERS + 2)

struct nif_fw_net {
    struct tap_end *end;   ///< a namespace or a TAP device; or NULL
    struct tap_wire *wire; ///< or NULL
    int link[2];           ///< private: our end and QEMU's of what leads there
    int qemu_fd;           ///< for QEMU to inherit; 0: none
};

/// Opens what the options say; nothing for --slirp. Returns 0, or an exit code,
/// and tells. In any case nif_fw_net_close().
int nif_fw_net_open(struct nif_fw_net *net, const struct nif_fw_options *o);

/// As a tap_end's: what it waits for, and what is to be done then.
size_t nif_fw_net_fds(struct nif_fw_net *net, struct pollfd *fds,
    int64_t *timeout_ns);
void nif_fw_net_ready(struct nif_fw_net *net, const struct pollfd *fds,
    size_t n);

void nif_fw_net_close(struct nif_fw_net *net);

#endif
