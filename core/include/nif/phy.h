// SPDX-License-Identifier: MIT
//
// An Ethernet PHY behind MDIO: the 16 registers that IEEE 802.3 clause 22.2.4
// gives to every one. Finding it, reset, auto-negotiation, forced modes, link,
// power down. What only one vendor's PHYs have is a small table of functions
// (struct nif_phy_ops), which a driver in drivers/ brings; without one this is
// a driver for any PHY for 10 and 100 Mbit/s.
//
// Nothing here waits. Bring-up is steps with pauses between them:
//
//     nif_phy_init(&phy, &(struct nif_phy_cfg){
//         .mdio = mdio, .clock = clock });
//     nif_phy_begin(&phy);
//     while ((wait_us = nif_phy_bring_up(&phy)) > 0) {
//         nif_clock_delay_us(clock, (uint32_t)wait_us);
//     }
//
// then nif_phy_poll() now and then. A MAC and a PHY as one network device
// (nif/mac.h) do all that by themselves.
//
// The link comes by nif_phy_poll() only: negotiation takes 1.5 to 3 seconds,
// and may take for ever. A link that was lost and came back between two polls
// is reported as lost: BMSR.2 latches low until it is read (22.2.4.2.13).
//
// Errors. The first error of the bus is kept, nothing more is done on the bus
// in that call, and it is returned; then nif_phy_begin() and the steps again.
// Where no PHY answers, MDIO reads as ones, or as zeros where the pull-up is
// missing. Neither passes for an ID, nor for a link.

#ifndef NIF_PHY_H
#define NIF_PHY_H

#include "nif/clock.h"
#include "nif/mdio.h"
#include "nif/pin.h"

NIF_C_BEGIN

// Registers and bits of clause 22 (IEEE 802.3 tables 22-6 to 22-8, 28-2 to
// 28-6), by the standard's names.
#define NIF_PHY_BMCR         0x00
#define NIF_PHY_BMCR_RESET   0x8000u ///< clears itself
#define NIF_PHY_BMCR_LOOP    0x4000u
#define NIF_PHY_BMCR_100     0x2000u
#define NIF_PHY_BMCR_AUTO    0x1000u
#define NIF_PHY_BMCR_DOWN    0x0800u ///< power down
#define NIF_PHY_BMCR_ISOLATE 0x0400u
#define NIF_PHY_BMCR_RESTART 0x0200u ///< of negotiation; clears itself
#define NIF_PHY_BMCR_FULL    0x0100u
#define NIF_PHY_BMSR         0x01
#define NIF_PHY_BMSR_DONE    0x0020u ///< negotiation is complete
#define NIF_PHY_BMSR_LINK    0x0004u ///< latches low
#define NIF_PHY_ID1          0x02
#define NIF_PHY_ID2          0x03
#define NIF_PHY_ANAR         0x04 ///< what we advertise
#define NIF_PHY_ANLPAR       0x05 ///< what the partner does; the same bits
#define NIF_PHY_ANAR_PAUSE   0x0400u
#define NIF_PHY_ANAR_802_3   0x0001u
#define NIF_PHY_ANER         0x06
#define NIF_PHY_ANER_LP_AUTO 0x0001u ///< the partner negotiates

/// What can be advertised, or-ed together: the bits of ANAR and ANLPAR.
enum nif_phy_ability {
    NIF_PHY_CAN_10_HALF = 1 << 5,
    NIF_PHY_CAN_10_FULL = 1 << 6,
    NIF_PHY_CAN_100_HALF = 1 << 7,
    NIF_PHY_CAN_100_FULL = 1 << 8,
};

/// How speed and duplex are found. All but the first are forced: the partner
/// must be forced to the same.
enum nif_phy_mode {
    NIF_PHY_NEGOTIATE,
    NIF_PHY_10_HALF,
    NIF_PHY_10_FULL,
    NIF_PHY_100_HALF,
    NIF_PHY_100_FULL,
};

/// The link, as of the last poll.
struct nif_phy_link {
    bool up;
    bool is_100;      ///< 100 Mbit/s, else 10
    bool full_duplex; ///< sends and receives at the same time
    bool pause;       ///< both sides understand PAUSE frames (Annex 31B)
};

struct nif_phy;

/// What a vendor's PHYs do in their own way. They use nif_phy_read() and
/// nif_phy_write(), which keep the first error. Each may be NULL.
struct nif_phy_ops {
    /// Registers 2 and 3, and which bits of them count.
    uint32_t id;
    uint32_t id_mask;

    /// Resets by pin, if there is one.
    ///
    /// Returns the microseconds until MDIO may be used.
    int (*reset)(struct nif_phy *phy);

    /// Before the soft reset: what takes effect with it.
    void (*prepare)(struct nif_phy *phy);

    /// After it: what it has undone.
    void (*set_up)(struct nif_phy *phy);

    /// With each poll: takes back the interrupt, and sees whether the chip
    /// still has what set_up() gave it.
    ///
    /// Returns more than 0 if the chip had a reason to interrupt, 0 if not;
    /// NIF_EPROTO if it has lost its settings.
    int (*look)(struct nif_phy *phy);

    /// The link is up, by negotiation: fills in speed and duplex, as the chip
    /// knows them, and `link->up`: false, if it does not know them yet.
    void (*resolve)(struct nif_phy *phy, struct nif_phy_link *link);
};

/// How it is to be run. Zero is the default of each field but the first two.
struct nif_phy_cfg {
    struct nif_mdio *mdio;
    struct nif_clock *clock;
    const struct nif_phy_ops *ops; ///< NULL: any PHY; set by its driver
    struct nif_pin *interrupt;     ///< active low, pulled up; NULL: polled

    /// A bit for each address at which it may be: 1 << 1 is address 1 and no
    /// other. 0: the lowest of all 32 that answers. Worth setting where
    /// other PHYs are on the same bus.
    uint32_t addrs;

    enum nif_phy_mode mode;
    uint16_t abilities; ///< enum nif_phy_ability; 0: all that the PHY has
    bool pause;         ///< advertise that the MAC understands PAUSE
};

/// Caller-allocated. Must not move after nif_phy_init(). All is private but
/// what is said to be otherwise.
struct nif_phy {
    uint8_t addr;             ///< may be read: where it was found
    uint8_t phase;            // enum phase
    bool known;               // `addr` is valid
    bool deaf;                // the interrupt line is low for no reason
    struct nif_phy_link link; ///< may be read
    uint16_t anar;            // as written
    uint16_t bmcr;            // as written, without what clears itself
    uint32_t id; ///< may be read: the last that answered; 0: nobody
    uint32_t reset_us;
    int err; // first error of the current operation
    struct nif_phy_cfg cfg;
};

/// Makes `phy` a PHY that is not yet set up. Touches memory only. `cfg` is
/// copied; what it points at must outlive `phy`.
void nif_phy_init(struct nif_phy *phy, const struct nif_phy_cfg *cfg);

/// Resets it by its pin, if it has one: for a moment it is not on the bus.
/// Before the MAC is started, which may need the clock that the PHY gives.
///
/// Returns the microseconds to wait before anything else; 0: no need.
NIF_NODISCARD int nif_phy_reset(struct nif_phy *phy);

/// Bring-up begins anew, and the link is down. Touches memory only.
void nif_phy_begin(struct nif_phy *phy);

/// Does the next step of bring-up: find, wake, reset, set up. A search takes
/// 64 frames of MDIO at most, the other steps about ten; the reset itself, by
/// the standard, half a second at most (22.2.4.1.1).
///
/// Returns the microseconds that must pass before the next step; 0 if the
/// PHY is ready, and negotiates; NIF_ENODEV if none answers, or another, or
/// the ID changes meanwhile; NIF_ETIMEDOUT if it does not come out of reset;
/// NIF_EIO.
NIF_NODISCARD int nif_phy_bring_up(struct nif_phy *phy);

/// Looks at the link of a PHY that is ready, in about 8 frames of MDIO. Once
/// each second is enough with an interrupt line, ten times without; as soon
/// as a change was reported, again.
///
/// Returns 1 if `link` has changed, 0 if not; NIF_EPROTO if the PHY has lost
/// its settings; NIF_EIO, also if it no longer answers; NIF_EINVAL if it is
/// not ready. After an error the link is down, and it must be brought up anew.
NIF_NODISCARD int nif_phy_poll(struct nif_phy *phy);

/// True if its interrupt line asks for nif_phy_poll(). A line that stays low
/// for no reason, as one that is not connected, is not believed until it has
/// been seen high.
bool nif_phy_asks(struct nif_phy *phy);

/// Puts it into power down: no link, MDIO works. Bring-up ends that.
///
/// Returns 0, also if it was never found; NIF_EIO; NIF_ETIMEDOUT.
int nif_phy_power_down(struct nif_phy *phy);

/// Reads a register of the PHY; 0 after an error, which is kept in `err`.
uint16_t nif_phy_read(struct nif_phy *phy, uint8_t reg);

/// Writes one; nothing after an error.
void nif_phy_write(struct nif_phy *phy, uint8_t reg, uint16_t value);

NIF_C_END

#endif
