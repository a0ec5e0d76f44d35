// SPDX-License-Identifier: MIT
//
// MII management, and what the PHY has beyond clause 22: interrupts in register
// 17, what it has agreed on in register 18.

#include "sim/chips/rmii.h"
#include "sim/chips/stellaris/model.h"

#define START  (1u << 0)
#define WRITE  (1u << 1)
#define REG(m) ((m) >> 3 & 31u)
#define BITS   64ull // of a frame with its preamble

enum {
    MR0 = 0,
    MR1 = 1,
    MR6 = 6,
    MR16 = 16, // from here on its own
    MR17 = 17,
    MR18 = 18,
    MR19 = 19,
    MR23 = 23,
    MR24 = 24,
};

#define MR0_RESET 0x8000u
#define MR1_SHORT 0x0040u // takes frames without a preamble

// Register 17: enables in the upper byte, what they are for in the lower.
#define MR17_ENABLES  0xFF00u
#define MR17_EVENTS   0x00FFu
#define MR17_PAGE     0x0020u
#define MR17_ACK      0x0008u
#define MR17_LINK     0x0004u
#define MR17_COMPLETE 0x0001u

#define MR18_FULL   0x0800u
#define MR18_100    0x0400u
#define MR18_SIGNAL 0x0200u
#define MR18_LOCK   0x0100u

static const struct {
    uint8_t reg;
    uint16_t reset;
    uint16_t mask;
} own[] = {
    { MR16, 0x0140, 0xDC33 },
    { MR17, 0, MR17_ENABLES },
    { MR19, 0x4000, 0xC000 },
    { MR23, 0x0010, 0x00FF },
    { MR24, 0x00C0, 0x00FF },
};

static void reset_own(struct sim_stellaris *mac)
{
    for (size_t i = 0; i < nif_countof(own); i++) {
        mac->vendor[own[i].reg] = own[i].reset;
    }
}

// ---- interrupts of the PHY

static bool tells(const struct sim_stellaris *mac)
{
    uint16_t value = mac->vendor[MR17];

    return (value >> 8 & value & MR17_EVENTS) != 0;
}

// Its line goes active: the MAC's bit is set once.
static void change_17(struct sim_stellaris *mac, uint16_t value)
{
    bool told = tells(mac);

    mac->vendor[MR17] = value;
    if (!told && tells(mac)) {
        stel__raise(mac, INT_PHY);
    }
}

static void on_change(void *arg)
{
    struct sim_stellaris *mac = arg;
    bool link = mac->phy.link;
    bool autoneg = mac->phy.autoneg_done;
    unsigned events = 0;

    if (link != mac->had_link) {
        events |= MR17_LINK;
    }
    if (autoneg && !mac->had_autoneg) {
        events |= MR17_COMPLETE;
        if (!mac->phy.partner.silent_about_it) {
            events |= MR17_ACK | MR17_PAGE;
        }
    }
    mac->had_link = link;
    mac->had_autoneg = autoneg;
    if (sim_rmii_has_link(&mac->nic, &mac->phy)) {
        (void)sim_rmii_same_speed(&mac->nic, &mac->phy, mac->phy.is_100);
    }
    change_17(mac, (uint16_t)(mac->vendor[MR17] | events));
}

// ---- its registers

static uint16_t read_17(struct sim_stellaris *mac)
{
    uint16_t value = mac->vendor[MR17];

    mac->vendor[MR17] &= MR17_ENABLES;
    return value;
}

static uint16_t read_18(const struct sim_stellaris *mac)
{
    const struct sim_phy *phy = &mac->phy;

    return (uint16_t)((phy->link && phy->full ? MR18_FULL : 0) |
        (phy->link && phy->is_100 ? MR18_100 : 0) |
        (phy->plugged ? MR18_SIGNAL : 0) | (phy->link ? MR18_LOCK : 0));
}

static uint16_t phy_read(struct sim_stellaris *mac, uint8_t reg)
{
    struct sim_mdio_chip *phy = &mac->phy.mdio;

    switch (reg) {
    case MR1: return phy->ops->read(phy, reg) | MR1_SHORT;
    case MR17: return read_17(mac);
    case MR18: return read_18(mac);
    default: break;
    }
    return reg <= MR6 ? phy->ops->read(phy, reg) : mac->vendor[reg & 31u];
}

static void phy_write(struct sim_stellaris *mac, uint8_t reg, uint16_t value)
{
    struct sim_mdio_chip *phy = &mac->phy.mdio;

    if (reg <= MR6) {
        if (reg == MR0 && (value & MR0_RESET)) {
            reset_own(mac);
        }
        phy->ops->write(phy, reg, value);
        return;
    }
    for (size_t i = 0; i < nif_countof(own); i++) {
        if (own[i].reg == reg && reg == MR17) {
            change_17(mac,
                (uint16_t)((value & MR17_ENABLES) |
                    (mac->vendor[MR17] & MR17_EVENTS)));
            return;
        }
        if (own[i].reg == reg) {
            mac->vendor[reg] = value & own[i].mask;
            return;
        }
    }
    stel__complain(mac, "a register of the PHY that cannot be written");
}

// ---- MII management

bool stel__mii_busy(struct sim_stellaris *mac, uint32_t offset)
{
    return sim_event_pending(&mac->mii_event) && offset >= MAC_MCTL &&
        offset <= MAC_MRXD;
}

void stel__mii_start(struct sim_stellaris *mac)
{
    uint32_t by = 2 * (*stel__reg(mac, MAC_MDV) + 1);

    if (!stel__has(mac, MAC_MCTL, START)) {
        return;
    }
    mac->phy.mdio.hz = mac->cfg.clock_hz / by;
    sim_event_at(mac->cpu->world, &mac->mii_event,
        mac->cpu->world->now_ns + BITS * by * SIM_S / mac->cfg.clock_hz);
}

// The frame has passed.
static void on_mii(struct sim_event *event)
{
    struct sim_stellaris *mac =
        nif_container_of(event, struct sim_stellaris, mii_event);
    uint32_t *control = stel__reg(mac, MAC_MCTL);
    uint8_t reg = REG(*control);

    if (*control & WRITE) {
        phy_write(mac, reg, (uint16_t)*stel__reg(mac, MAC_MTXD));
    } else {
        *stel__reg(mac, MAC_MRXD) = phy_read(mac, reg);
    }
    *control &= ~START;
    stel__raise(mac, INT_MD);
}

void stel__mii_reset(struct sim_stellaris *mac)
{
    sim_event_cancel(mac->cpu->world, &mac->mii_event);
    reset_own(mac);
}

void stel__mii_init(struct sim_stellaris *mac)
{
    mac->mii_event.fn = on_mii;
    mac->phy.on_change = on_change;
    mac->phy.change_arg = mac;
    for (unsigned reg = MR6 + 1; reg < 32; reg++) {
        mac->vendor[reg] = UINT16_MAX; // where there is none
    }
    reset_own(mac);
}
