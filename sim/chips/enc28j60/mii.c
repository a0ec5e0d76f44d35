// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's way to its PHY: the MII registers, each operation of
// which takes 10.24 us (DS39662 3.3).

#include "sim/chips/enc28j60/model.h"

#define MII_NS 10240

enum mii_op { MII_NONE, MII_READ, MII_WRITE };

static void start(struct sim_enc28j60 *chip, enum mii_op op)
{
    chip->phy.mii_op = (uint8_t)op;
    chip->phy.mii_addr = chip->reg[ENC_MIREGADR];
    sim_event_at(chip->world, &chip->phy.mii, chip->world->now_ns + MII_NS);
}

static void start_read(struct sim_enc28j60 *chip)
{
    chip->phy.mii_used = true;
    start(chip, MII_READ);
}

void sim_enc_mii_check(struct sim_enc28j60 *chip, const char *what)
{
    if (sim_event_pending(&chip->phy.mii)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_MII_BUSY, "%s while MISTAT is BUSY",
            what);
    }
}

// Clearing a bit of MICMD stops nothing that has begun.
void sim_enc_micmd(struct sim_enc28j60 *chip, uint8_t before, uint8_t now)
{
    unsigned up = now & ~(unsigned)before;

    if (up == 0) {
        return;
    }
    if (sim_event_pending(&chip->phy.mii)) {
        sim_enc_mii_check(chip, "MICMD set");
        return;
    }
    chip->phy.scan_valid = false;
    start_read(chip);
}

void sim_enc_miwr(struct sim_enc28j60 *chip)
{
    if (sim_event_pending(&chip->phy.mii)) {
        sim_enc_mii_check(chip, "MIWRH written");
        return;
    }
    start(chip, MII_WRITE);
}

void sim_enc_mii_event(struct sim_event *event)
{
    struct sim_enc28j60 *chip =
        nif_container_of(event, struct sim_enc28j60, phy.mii);
    enum mii_op op = (enum mii_op)chip->phy.mii_op;
    uint16_t value;

    chip->phy.mii_op = MII_NONE;
    if (op == MII_WRITE) {
        sim_enc_phy_write(chip, chip->phy.mii_addr,
            (uint16_t)(chip->reg[ENC_MIWRL] | chip->reg[ENC_MIWRH] << 8));
    } else if (op == MII_READ) {
        value = sim_enc_phy_read(chip, chip->phy.mii_addr);
        chip->reg[ENC_MIRDL] = (uint8_t)value;
        chip->reg[ENC_MIRDH] = (uint8_t)(value >> 8);
        chip->phy.scan_valid = true;
        if (sim_enc_bit(chip, ENC_MICMD, ENC_MICMD_MIISCAN)) {
            start_read(chip);
        }
    }
}

void sim_enc_mii_reset(struct sim_enc28j60 *chip)
{
    sim_event_cancel(chip->world, &chip->phy.mii);
    chip->phy.mii_op = MII_NONE;
    chip->phy.scan_valid = false;
}
