// SPDX-License-Identifier: MIT
//
// What the LAN8720 has beyond clause 22.

#include "lan8720.h"

#include "lan8720_regs.h"

#include <string.h>

// The datasheet says 100 us; with that some parts lose their link once a
// second. MDIO can be used at once, in practice.
#define RESET_LOW_US 150u
#define RESET_US     1000

#define INTERRUPTS (LAN8720_INT_ENERGYON | LAN8720_INT_DONE | LAN8720_INT_DOWN)

static struct lan8720 *of(struct nif_phy *phy)
{
    return nif_container_of(phy, struct lan8720, phy);
}

// What register 30 is to be.
static uint16_t interrupts(const struct nif_phy *phy)
{
    return phy->cfg.interrupt != NULL ? INTERRUPTS : 0;
}

static int lan8720_reset(struct nif_phy *phy)
{
    struct lan8720 *chip = of(phy);

    if (chip->reset == NULL) {
        return 0;
    }
    nif_pin_write(chip->reset, false);
    nif_clock_delay_us(phy->cfg.clock, RESET_LOW_US);
    nif_pin_write(chip->reset, true);
    return RESET_US;
}

// What is not this chip's own address was misread.
static void lan8720_prepare(struct nif_phy *phy)
{
    uint16_t smr = nif_phy_read(phy, LAN8720_SMR);

    if ((smr & LAN8720_SMR_MODE) != LAN8720_SMR_MODE &&
        (smr & LAN8720_SMR_PHYAD) == phy->addr) {
        nif_phy_write(phy, LAN8720_SMR, smr | LAN8720_SMR_MODE);
    }
}

static void lan8720_set_up(struct nif_phy *phy)
{
    if (of(phy)->energy_power_down) {
        nif_phy_write(phy, LAN8720_MCSR,
            nif_phy_read(phy, LAN8720_MCSR) | LAN8720_MCSR_EDPWRDOWN);
    }
    nif_phy_write(phy, LAN8720_IMR, interrupts(phy));
}

static int lan8720_look(struct nif_phy *phy)
{
    uint16_t mask = interrupts(phy);
    uint16_t source = nif_phy_read(phy, LAN8720_ISR);

    if (nif_phy_read(phy, LAN8720_IMR) != mask) {
        return NIF_EPROTO;
    }
    return source & mask;
}

static void lan8720_resolve(struct nif_phy *phy, struct nif_phy_link *link)
{
    uint16_t scsr = nif_phy_read(phy, LAN8720_SCSR);

    link->is_100 = (scsr & LAN8720_SCSR_100) != 0;
    link->full_duplex = (scsr & LAN8720_SCSR_FULL) != 0;
    link->up = (scsr & LAN8720_SCSR_AUTODONE) != 0 &&
        link->is_100 != ((scsr & LAN8720_SCSR_10) != 0);
}

static const struct nif_phy_ops family = {
    .id = LAN8720_ID,
    .id_mask = LAN8720_ID_FAMILY,
    .reset = lan8720_reset,
    .prepare = lan8720_prepare,
    .set_up = lan8720_set_up,
    .look = lan8720_look,
    .resolve = lan8720_resolve,
};

void lan8720_init(struct lan8720 *chip, const struct lan8720_cfg *cfg)
{
    struct nif_phy_cfg phy = cfg->phy;

    phy.ops = &family;
    nif_phy_init(&chip->phy, &phy);
    chip->reset = cfg->reset;
    chip->energy_power_down = cfg->energy_power_down;
}

int lan8720_energy(struct lan8720 *chip)
{
    struct nif_phy *phy = &chip->phy;
    uint16_t mcsr;
    int err;

    if (!phy->known) {
        return NIF_EINVAL;
    }
    mcsr = nif_phy_read(phy, LAN8720_MCSR);
    err = phy->err;
    phy->err = 0;
    return err != 0 ? err : (mcsr & LAN8720_MCSR_ENERGYON) != 0;
}
