// SPDX-License-Identifier: MIT
//
// A link of the bridge over a unix socket, for programs on the host.

#ifndef TOOLS_BRIDGE_CLIENT_UNIX_H
#define TOOLS_BRIDGE_CLIENT_UNIX_H

#include "boards/bridge/bridge.h"

struct bridge_unix {
    struct bridge_link link; ///< give this to a bridge
    int fd;
};

/// Connects to `nif chip --listen unix:PATH`.
///
/// Returns 0; NIF_EINVAL if the path is too long; NIF_ENODEV if nobody listens
/// there.
NIF_NODISCARD int bridge_unix_open(struct bridge_unix *link, const char *path);

void bridge_unix_close(struct bridge_unix *link);

#endif
