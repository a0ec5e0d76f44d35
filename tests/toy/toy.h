// SPDX-License-Identifier: MIT
//
// Driver of the TOY1, an Ethernet chip that does not exist: it holds one
// frame to send and one that was received. See docs/howto/add-a-driver.md.

#ifndef TESTS_TOY_TOY_H
#define TESTS_TOY_TOY_H

#include "nif/clock.h"
#include "nif/iface.h"
#include "nif/spi.h"

NIF_C_BEGIN

struct toy_cfg {
    struct nif_spi *spi;     ///< must outlive the chip
    struct nif_clock *clock; ///< must outlive the chip
    struct nif_hwaddr hwaddr;
};

struct toy {
    struct nif_iface iface; ///< give this to a stack
    struct toy_cfg cfg;
    int err; ///< private: the first error of the bus in this operation
    bool started;
    bool link;
    nif_event_fn *on_event;
    void *event_arg;
};

/// Fills the struct; the chip is not touched until nif_iface_start().
void toy_init(struct toy *toy, const struct toy_cfg *cfg);

NIF_C_END

#endif
