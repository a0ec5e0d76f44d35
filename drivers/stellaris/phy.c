// SPDX-License-Identifier: MIT
//
// The Stellaris controller's way to its PHY, what that one has of its own, and
// who answers where there is none, in QEMU.

#include "stellaris.h"

#include "internal.h"

// Registers (LM3S6965 data sheet, chapter 15).
#define MACMCTL 0x20
#define MACMDV  0x24
#define MACMTXD 0x2C
#define MACMRXD 0x30

#define MCTL_START (1u << 0)
#define MCTL_WRITE (1u << 1)
#define MCTL_SHIFT 3

#define CLOCK_HZ  50000000u
#define MDC_HZ    2500000u
#define MII_READS 5000 // 64 bits take 26 us; a read takes 40 ns or more

// A register of the PHY: what it may ask for, and below what it does ask for;
// this is cleared by reading. A change of the link, an end of negotiation.
#define MR17      17
#define MR17_ASKS 0x0500

// Registers 0 to 6 of a PHY with a link, where there is none.
static const uint16_t no_phy[] = {
    NIF_PHY_BMCR_AUTO,
    NIF_PHY_CAN_100_FULL << 6 | NIF_PHY_BMSR_DONE | NIF_PHY_BMSR_LINK,
    NIF_PHY_ID1, // an ID that none has
    NIF_PHY_ID2,
    NIF_PHY_CAN_100_FULL | NIF_PHY_ANAR_802_3,
    NIF_PHY_CAN_100_FULL | NIF_PHY_ANAR_802_3,
    NIF_PHY_ANER_LP_AUTO,
};

// ---- MDIO

// MDIO's clock is the system's by twice this and one.
static uint8_t divider(uint32_t clock_hz)
{
    return (uint8_t)((clock_hz - 1) / (2 * MDC_HZ));
}

// One frame to or from the PHY. The divider is written each time: what a reset
// makes of it is slow.
static int access_phy(struct stellaris *chip, uint8_t reg, uint32_t kind)
{
    stellaris__put(chip, MACMDV, chip->divider);
    stellaris__put(chip, MACMCTL, (uint32_t)reg << MCTL_SHIFT | kind);
    for (unsigned i = 0; i < MII_READS; i++) {
        if (!(stellaris__get(chip, MACMCTL) & MCTL_START)) {
            return 0;
        }
    }
    return NIF_ETIMEDOUT;
}

static int mdio_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    struct stellaris *chip = nif_container_of(mdio, struct stellaris, mdio);
    int err;

    if (phy != 0) {
        return UINT16_MAX;
    }
    if (!chip->has_phy) {
        return reg < nif_countof(no_phy) ? no_phy[reg] : MR17_ASKS;
    }
    err = access_phy(chip, reg, MCTL_START);
    return err != 0 ? err : (int)(uint16_t)stellaris__get(chip, MACMRXD);
}

static int mdio_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    struct stellaris *chip = nif_container_of(mdio, struct stellaris, mdio);

    if (phy != 0 || !chip->has_phy) {
        return 0;
    }
    stellaris__put(chip, MACMTXD, value);
    return access_phy(chip, reg, MCTL_START | MCTL_WRITE);
}

// ---- the PHY

static void phy_set_up(struct nif_phy *phy)
{
    (void)nif_phy_read(phy, MR17); // what was before
    nif_phy_write(phy, MR17, MR17_ASKS);
}

static int phy_look(struct nif_phy *phy)
{
    uint16_t value = nif_phy_read(phy, MR17);

    return value >> 8 == MR17_ASKS >> 8 ? 0 : NIF_EPROTO;
}

// Whatever its ID: there is no other.
const struct nif_phy_ops stellaris_phy = {
    .set_up = phy_set_up,
    .look = phy_look,
};

// Low once for each time that the PHY has asked.
static bool pin_read(struct nif_pin *pin)
{
    struct stellaris *chip =
        nif_container_of(pin, struct stellaris, phy_interrupt);
    bool level = !chip->phy_asks;

    chip->phy_asks = false;
    return level;
}

static void pin_write(struct nif_pin *pin, bool level)
{
    (void)pin;
    (void)level;
}

// The MAC's handler wakes the same clock.
static void pin_on_edge(struct nif_pin *pin, bool rising, nif_pin_edge_fn *fn,
    void *arg)
{
    (void)pin;
    (void)rising;
    (void)fn;
    (void)arg;
}

int stellaris__find_phy(struct stellaris *chip)
{
    int err = access_phy(chip, NIF_PHY_ID1, MCTL_START);

    chip->has_phy = stellaris__get(chip, MACMRXD) != 0; // in QEMU it has none
    return err;
}

void stellaris__init_phy(struct stellaris *chip)
{
    static const struct nif_mdio_ops mdio_ops = {
        .read = mdio_read,
        .write = mdio_write,
    };
    static const struct nif_pin_ops pin_ops = {
        .read = pin_read,
        .write = pin_write,
        .on_edge = pin_on_edge,
    };
    uint32_t hz = chip->cfg.clock_hz;

    chip->mdio.ops = &mdio_ops;
    chip->phy_interrupt.ops = &pin_ops;
    chip->divider = hz != 0 ? divider(hz) : divider(CLOCK_HZ);
}
