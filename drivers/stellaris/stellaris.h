// SPDX-License-Identifier: MIT
//
// Driver for the Ethernet controller of the Stellaris LM3S6000 and LM3S8000
// microcontrollers: a MAC with two FIFOs of 2 KiB behind one register, and a
// PHY of its own.
//
//     static struct stellaris mac;     // implements struct nif_mac
//     static struct nif_phy phy;
//     static struct nif_macphy device; // is a struct nif_iface
//
//     stellaris_init(&mac, &cfg);
//     nif_phy_init(&phy, &(struct nif_phy_cfg){
//         .mdio = mac.mac.mdio, .clock = clock, .ops = &stellaris_phy,
//         .interrupt = &mac.phy_interrupt }); // NULL, if `mac` has none
//     nif_macphy_init(&device, &(struct nif_macphy_cfg){
//         .mac = &mac.mac, .phy = &phy, .clock = clock });
//
// QEMU's machine lm3s6965evb has the controller without the PHY. There the
// driver answers in its place: a link of 100 Mbit/s, full duplex, always.
//
// One frame at a time is sent; received ones wait in the FIFO. There is no
// DMA. The board switches the controller's clocks and pins on (RCGC2, EMAC0
// and EPHY0) and calls stellaris_interrupt() from its vector 42.
//
// Not tried on silicon. What is certain of it and what is inferred:
// docs/reference/stellaris.md.
//
// Ref: LM3S6965 data sheet, chapter 15.

#ifndef STELLARIS_H
#define STELLARIS_H

#include "nif/clock.h"
#include "nif/mac.h"
#include "nif/mmio.h"

NIF_C_BEGIN

/// Zero is the default of each field but the first three.
struct stellaris_cfg {
    struct nif_mmio mmio; ///< 0x40048000 on a LM3S6965
    struct nif_clock *clock;
    struct nif_hwaddr hwaddr; ///< the board's; silicon has none of its own
    bool interrupt; ///< vector 42 calls stellaris_interrupt(). Without, poll()
                    ///< wants to be called each millisecond
    uint8_t *spare; ///< NIF_ETH_FRAME_MAX bytes for a frame that waits while
                    ///< another is sent. NULL: send() refuses it meanwhile
    uint32_t clock_hz; ///< of the system, of which MDIO's is made. 0: 50 MHz,
                       ///< the most, which is right with any, but slower
};

/// What is counted. Counters wrap.
struct stellaris_stats {
    uint32_t rx;       ///< frames delivered
    uint32_t tx;       ///< frames given to the MAC
    uint32_t tx_bad;   ///< frames that it could not send
    uint32_t rx_other; ///< frames for others, or our own; dropped
    uint32_t rx_bad;   ///< frames of no possible length, or torn; dropped
    uint32_t rx_lost;  ///< times the FIFO was full
};

/// The driver; all of it is private but `mac`, `phy_interrupt` and
/// `stats`.
struct stellaris {
    struct nif_mac mac; ///< first member
    struct nif_mdio mdio;
    struct nif_pin phy_interrupt; ///< give it to the PHY, if cfg.interrupt
    struct stellaris_cfg cfg;
    uint8_t rctl;    ///< MACRCTL
    uint8_t tctl;    ///< MACTCTL
    uint8_t divider; ///< MACMDV
    bool has_phy;
    bool phy_asks;      ///< phy_interrupt is low
    bool echo;          ///< what is sent comes back
    bool full;          ///< a frame waits for the FIFO, or was refused
    bool waits;         ///< since ...
    uint32_t since_us;  ///< ... here
    uint16_t spare_len; ///< of the one that waits; 0: none
    volatile bool look; ///< there may be frames: the handler was called
    struct stellaris_stats stats;
};

/// What its PHY has of its own: at each change of the link it asks.
extern const struct nif_phy_ops stellaris_phy;

/// Fills memory only.
void stellaris_init(struct stellaris *chip, const struct stellaris_cfg *cfg);

/// Frames have come, or one has left. Context: interrupt. Masks the
/// interrupt, which poll() lets through again, and wakes the clock.
void stellaris_interrupt(struct stellaris *chip);

NIF_C_END

#endif
