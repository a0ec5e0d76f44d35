// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's PHY: its registers (DS39662 3.3, 12.1) and its link.

#include "sim/chips/enc28j60/model.h"

#include <string.h>

#define ID1          0x0083
#define ID2          0x1400
#define PHLCON_RESET 0x3422

// How long a PHY reset takes is not in the data sheet; only that one has to
// poll PRST.
#define RESET_NS (50 * SIM_US)

// ---- link

bool sim_enc_link(const struct sim_enc28j60 *chip)
{
    return chip->phy.link ||
        sim_enc_phy_bit(chip, ENC_PHCON2, ENC_PHCON2_FRCLNK);
}

bool sim_enc_link_flag(const struct sim_enc28j60 *chip)
{
    return sim_enc_phy_bit(chip, ENC_PHIR, ENC_PHIR_PLNKIF) &&
        sim_enc_phy_bit(chip, ENC_PHIE, ENC_PHIE_PLNKIE) &&
        sim_enc_phy_bit(chip, ENC_PHIE, ENC_PHIE_PGEIE);
}

static void set_link(struct sim_enc28j60 *chip, bool up)
{
    if (chip->phy.link == up) {
        return;
    }
    chip->phy.link = up;
    if (!up) {
        chip->phy.lost = true;
    }
    chip->phy.reg[ENC_PHIR] |= ENC_PHIR_PLNKIF;
    sim_enc_irq(chip);
}

void sim_enc_link_event(struct sim_event *event)
{
    set_link(nif_container_of(event, struct sim_enc28j60, phy.link_up), true);
}

// Something has changed that decides whether there can be a link.
void sim_enc_link_look(struct sim_enc28j60 *chip)
{
    bool can = chip->phy.cable && !chip->in_reset &&
        !sim_enc_bit(chip, ENC_ECON2, ENC_ECON2_PWRSV) &&
        !sim_enc_phy_bit(chip, ENC_PHCON1, ENC_PHCON1_PPWRSV | ENC_PHCON1_PRST);

    if (!can) {
        sim_event_cancel(chip->world, &chip->phy.link_up);
        set_link(chip, false);
    } else if (!chip->phy.link && !sim_event_pending(&chip->phy.link_up)) {
        sim_event_at(chip->world, &chip->phy.link_up,
            chip->world->now_ns + chip->cfg.link_ns);
    }
}

// ---- registers

static unsigned phstat2(const struct sim_enc28j60 *chip)
{
    unsigned value = 0;

    if (chip->tx.state == ENC_TX_WIRE) {
        value |= ENC_PHSTAT2_TXSTAT;
    }
    if (chip->port.carrier) {
        value |= ENC_PHSTAT2_RXSTAT;
    }
    if (chip->tx.state == ENC_TX_JAM) {
        value |= ENC_PHSTAT2_COLSTAT;
    }
    if (sim_enc_link(chip)) {
        value |= ENC_PHSTAT2_LSTAT;
    }
    if (sim_enc_phy_bit(chip, ENC_PHCON1, ENC_PHCON1_PDPXMD)) {
        value |= ENC_PHSTAT2_DPXSTAT;
    }
    return value;
}

static unsigned phstat1(const struct sim_enc28j60 *chip)
{
    unsigned value = ENC_PHSTAT1_PFDPX | ENC_PHSTAT1_PHDPX;

    if (sim_enc_link(chip) && !chip->phy.lost) {
        value |= ENC_PHSTAT1_LLSTAT;
    }
    return value;
}

static unsigned phir(const struct sim_enc28j60 *chip)
{
    unsigned value = chip->phy.reg[ENC_PHIR];

    if ((value & ENC_PHIR_PLNKIF) &&
        sim_enc_phy_bit(chip, ENC_PHIE, ENC_PHIE_PLNKIE)) {
        value |= ENC_PHIR_PGIF;
    }
    return value;
}

uint16_t sim_enc_phy_value(const struct sim_enc28j60 *chip, unsigned addr)
{
    switch (addr) {
    case ENC_PHSTAT1: return (uint16_t)phstat1(chip);
    case ENC_PHID1: return ID1;
    case ENC_PHID2: return ID2;
    case ENC_PHSTAT2: return (uint16_t)phstat2(chip);
    case ENC_PHIR: return (uint16_t)phir(chip);
    default: return addr < ENC_PHY_COUNT ? chip->phy.reg[addr] : 0;
    }
}

// A read by a host, at the end of the MII operation.
uint16_t sim_enc_phy_read(struct sim_enc28j60 *chip, unsigned addr)
{
    uint16_t value = sim_enc_phy_value(chip, addr);

    if (addr == ENC_PHSTAT1) {
        chip->phy.lost = false;
    } else if (addr == ENC_PHIR) {
        chip->phy.reg[ENC_PHIR] = 0;
        sim_enc_irq(chip);
        if (!chip->cfg.compat) { // the other bits read as anything
            value |=
                (uint16_t)(sim_noise(chip->world, chip->world->now_ns) << 8);
        }
    }
    return value;
}

static void check_reserved(struct sim_enc28j60 *chip, unsigned addr,
    unsigned value)
{
    bool bad = (addr == ENC_PHCON2 && (value & 0x9AFF)) ||
        (addr == ENC_PHCON1 && (value & 0x0480)) ||
        (addr == ENC_PHLCON && (value & 0xF001) != 0x3000);

    if (bad) {
        sim_enc_broke(chip, SIM_ENC28J60_R_RESERVED,
            "reserved bits of %s: %04X", sim_enc_phy_name(addr), value);
    }
}

void sim_enc_phy_write(struct sim_enc28j60 *chip, unsigned addr, uint16_t value)
{
    static const uint16_t mask[ENC_PHY_COUNT] = {
        [ENC_PHCON1] =
            ENC_PHCON1_PLOOPBK | ENC_PHCON1_PPWRSV | ENC_PHCON1_PDPXMD,
        [ENC_PHCON2] = ENC_PHCON2_FRCLNK | ENC_PHCON2_TXDIS |
            ENC_PHCON2_JABBER | ENC_PHCON2_HDLDIS,
        [ENC_PHIE] = ENC_PHIE_PLNKIE | ENC_PHIE_PGEIE,
        [ENC_PHLCON] = 0x3FFE,
    };

    if (addr >= ENC_PHY_COUNT || mask[addr] == 0) {
        return;
    }
    check_reserved(chip, addr, value);
    if (addr == ENC_PHCON1 && (value & ENC_PHCON1_PRST)) {
        sim_enc_phy_reset(chip);
        chip->phy.reg[ENC_PHCON1] |= ENC_PHCON1_PRST;
        sim_event_at(chip->world, &chip->phy.reset_end,
            chip->world->now_ns + RESET_NS);
    } else {
        chip->phy.reg[addr] = value & mask[addr];
    }
    sim_enc_link_look(chip);
    sim_enc_irq(chip);
}

// ---- reset

void sim_enc_phy_reset_end(struct sim_event *event)
{
    struct sim_enc28j60 *chip =
        nif_container_of(event, struct sim_enc28j60, phy.reset_end);

    chip->phy.reg[ENC_PHCON1] &= (uint16_t)~ENC_PHCON1_PRST;
    sim_enc_link_look(chip);
}

void sim_enc_phy_reset(struct sim_enc28j60 *chip)
{
    bool full = chip->cfg.ledb_full;

    // Erratum 16: the strap is read the wrong way.
    if (sim_enc_bites(chip, 16)) {
        full = !full;
    }
    sim_event_cancel(chip->world, &chip->phy.reset_end);
    sim_event_cancel(chip->world, &chip->phy.link_up);
    memset(chip->phy.reg, 0, sizeof(chip->phy.reg));
    chip->phy.reg[ENC_PHCON1] = full ? ENC_PHCON1_PDPXMD : 0;
    chip->phy.reg[ENC_PHLCON] = PHLCON_RESET;
    chip->phy.link = false;
    chip->phy.lost = false;
    sim_enc_link_look(chip);
}
