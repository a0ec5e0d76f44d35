// SPDX-License-Identifier: MIT
//
// Driver for the Ethernet controller of the Stellaris LM3S6000 and LM3S8000
// microcontrollers: a MAC with two FIFOs of 2 KiB behind one register, and a
// PHY of its own. QEMU's machine lm3s6965evb has it, without the PHY.
//
// One frame at a time is sent; received ones wait in the FIFO. There is no
// DMA. The board switches the controller's clocks and pins on (RCGC2, EMAC0
// and EPHY0) and calls stellaris_interrupt() from its vector 42.
//
// Certain: what QEMU does. Inferred, and not tried on silicon: the PHY, the
// meaning of MACTCTL's DUPLEX bit.

#ifndef STELLARIS_H
#define STELLARIS_H

#include "nif/clock.h"
#include "nif/iface.h"
#include "nif/mmio.h"

NIF_C_BEGIN

struct stellaris_cfg {
    struct nif_mmio mmio; ///< 0x40048000 on a LM3S6965
    struct nif_clock *clock;
    struct nif_hwaddr hwaddr; ///< the board's; silicon has none of its own
    bool interrupt; ///< vector 42 calls stellaris_interrupt(). Without, poll()
                    ///< wants to be called each millisecond
};

/// What is counted. Counters wrap.
struct stellaris_stats {
    uint32_t rx;       ///< frames delivered
    uint32_t tx;       ///< frames sent
    uint32_t rx_other; ///< frames for others, dropped
    uint32_t rx_bad;   ///< frames whose length made no sense; FIFO emptied
    uint32_t rx_lost;  ///< times the FIFO was full
};

/// The driver; all of it is private but `iface` and `stats`.
struct stellaris {
    struct nif_iface iface; ///< first member: what the stack is given
    struct stellaris_cfg cfg;
    nif_event_fn *event_fn;
    void *event_arg;
    uint64_t look_us; ///< when the link is looked at again
    bool started;
    bool link;
    bool has_phy;
    bool promiscuous;
    struct stellaris_stats stats;
};

/// Fills memory only.
void stellaris_init(struct stellaris *mac, const struct stellaris_cfg *cfg);

/// Frames have come. Context: interrupt. Masks the interrupt, which poll()
/// lets through again, and wakes the clock.
void stellaris_interrupt(struct stellaris *mac);

NIF_C_END

#endif
