// SPDX-License-Identifier: MIT
//
// Driver for SMSC's (Microchip's) LAN9118 and its family, LAN9115 to LAN9118
// and LAN9215 to LAN9221: a MAC on a 32-bit bus, its PHY inside, at MDIO
// address 1. QEMU's machines mps2-an* have one; the boards they stand for, a
// LAN9220.
//
//     static struct lan9118 mac;       // implements struct nif_mac
//     static struct nif_phy phy;
//     static struct nif_macphy device; // is a struct nif_iface
//
//     lan9118_init(&mac, &cfg);
//     nif_phy_init(&phy, &(struct nif_phy_cfg){
//         .mdio = mac.mac.mdio, .clock = clock, .addrs = 1 << 1 });
//     nif_macphy_init(&device, &(struct nif_macphy_cfg){
//         .mac = &mac.mac, .phy = &phy, .clock = clock });
//
// Frames go through two FIFOs, a word at a time. There is no DMA.
//
// Certain: what QEMU does. Inferred, and not tried on silicon: the time that
// resets take, and the FIFO's thresholds. QEMU raises the interrupt for a
// frame once, so it is acknowledged before the FIFO is looked at.

#ifndef LAN9118_H
#define LAN9118_H

#include "nif/clock.h"
#include "nif/mac.h"
#include "nif/mmio.h"

NIF_C_BEGIN

struct lan9118_cfg {
    struct nif_mmio mmio; ///< 0x40200000 on mps2-an385
    struct nif_clock *clock;
    struct nif_hwaddr hwaddr; ///< all zero: what its EEPROM has
    bool interrupt; ///< its line, active high, calls lan9118_interrupt().
                    ///< Without, poll() wants to be called each millisecond
};

/// What is counted. Counters wrap.
struct lan9118_stats {
    uint32_t rx;     ///< frames delivered
    uint32_t tx;     ///< frames sent
    uint32_t tx_bad; ///< frames that the chip could not send
    uint32_t rx_bad; ///< frames with an error, or of no possible length
};

/// The driver; all of it is private but `mac` and `stats`.
struct lan9118 {
    struct nif_mac mac; ///< first member
    struct nif_mdio mdio;
    struct lan9118_cfg cfg;
    struct nif_hwaddr hwaddr;
    uint32_t control;   ///< MAC_CR
    volatile bool look; ///< there may be frames: the handler was called
    bool full;          ///< a frame found no room
    struct lan9118_stats stats;
};

/// Fills memory only.
void lan9118_init(struct lan9118 *chip, const struct lan9118_cfg *cfg);

/// Frames have come. Context: interrupt. Masks the interrupt, which poll()
/// lets through again, and wakes the clock.
void lan9118_interrupt(struct lan9118 *chip);

NIF_C_END

#endif
