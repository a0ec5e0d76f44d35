// SPDX-License-Identifier: MIT
//
// Microchip (SMSC) LAN8720 and LAN8720A: 10/100 PHY behind MDIO and RMII, as a
// struct nif_phy. Its sisters with the same registers, LAN8710A, LAN8740A,
// LAN8742A, LAN8700, LAN83C185 and the PHY inside the LAN9118, are taken too.
//
//     static struct lan8720 phy;
//
//     lan8720_init(&phy, &(struct lan8720_cfg){
//         .phy = { .mdio = mac.mac.mdio, .clock = clock } });
//
// and then nif/mac.h. Sources: DS00002165 for the LAN8720A, and recordings of
// one (scenarios/captures/lan8720a_*).
//
// Address. RXER/PHYAD0 has a pull-down: address 0. Many modules pull it up:
// address 1. It is searched for unless `phy.addrs` says where it is.
//
// Clock, by the strap nINTSEL (LED2). High or open, the default: "REF_CLK In",
// the board feeds 50 MHz to XTAL1/CLKIN, the same clock as to the MAC, and
// pin 14 is nINT. Low: "REF_CLK Out", a crystal of 25 MHz, and pin 14 gives
// the 50 MHz to the MAC: there is then no interrupt line, and `phy.interrupt`
// must be NULL. The clock must run before nRST is released. Where a board
// takes the clock from the wrong one of two sources there is a link, but
// frames get lost or none come: no register shows that.
//
// Modes. MODE[2:0] (RXD0, RXD1, CRS_DV) have pull-ups: all modes, negotiated.
// Where these lines are pulled otherwise, register 18 is set right before
// the soft reset, with its reserved bits and the address as they were.
//
// Reset. nRST is low for 150 us: the datasheet asks for 100, but some parts
// then lose their link once a second. Not every PHY that has survived a
// restart of its processor comes back by a soft reset; where the line is
// connected it is used each time.
//
// Interrupts: energy, negotiation complete, link down. There is no "link up".
// nINT is open-drain and needs a pull-up, as MDIO does (1.5 kOhm).
//
// Not certain. MDIO has no checksum: what is misread is noticed by the next
// look, a tenth of a second later. The preamble must be sent whole, 32 ones.
// After `energy_power_down` the first frames of a new link are lost, and two
// sides which both sleep may never find each other.

#ifndef LAN8720_H
#define LAN8720_H

#include "nif/phy.h"

NIF_C_BEGIN

/// What is where and how it is to be run. Zero is the default of each field
/// but the first two of `phy`.
struct lan8720_cfg {
    struct nif_phy_cfg phy; ///< `ops` is set here; MDC at most 2.5 MHz
    struct nif_pin *reset;  ///< nRST; NULL: tied high

    /// Sleeps while there is no signal on the cable (EDPWRDOWN).
    bool energy_power_down;
};

/// Caller-allocated. Must not move after lan8720_init().
struct lan8720 {
    struct nif_phy phy; ///< first member: what nif/mac.h is given
    struct nif_pin *reset;
    bool energy_power_down;
};

/// Makes `chip` a PHY that is not yet set up. Touches memory only. What `cfg`
/// points at must outlive `chip`.
void lan8720_init(struct lan8720 *chip, const struct lan8720_cfg *cfg);

/// Whether there is a signal on the cable, link or not: from a quarter of a
/// second after it came until as long after it went. A signal without a link
/// is a partner that cannot agree, or a bad cable.
///
/// Returns 1, 0; NIF_EINVAL if the chip was never set up; NIF_EIO;
/// NIF_ETIMEDOUT.
NIF_NODISCARD int lan8720_energy(struct lan8720 *chip);

NIF_C_END

#endif
