// SPDX-License-Identifier: MIT
//
// The W5500 model's PHY: PHYCFGR, its modes, and the link, which takes its
// time to come and for which there is no interrupt.

#include "sim/chips/w5500/model.h"

enum {
    MODE_10H,
    MODE_10F,
    MODE_100H,
    MODE_100F,
    MODE_100H_AUTO,
    MODE_POWER_DOWN = 6,
    MODE_ALL,
};

#define BIT_PS_100M 10000

static bool cable_is_fast(const struct sim_w5500 *chip)
{
    return chip->port.cable && chip->port.cable->bit_ps <= BIT_PS_100M;
}

static bool is_full(const struct sim_w5500 *chip)
{
    return chip->opmdc == MODE_10F || chip->opmdc == MODE_100F ||
        chip->opmdc == MODE_ALL;
}

// True if the mode can go with what the cable carries.
static bool fits(const struct sim_w5500 *chip)
{
    switch (chip->opmdc) {
    case MODE_10H:
    case MODE_10F: return !cable_is_fast(chip);
    case MODE_100H:
    case MODE_100F:
    case MODE_100H_AUTO: return cable_is_fast(chip);
    default: return chip->opmdc == MODE_ALL;
    }
}

uint8_t sim_w55_phy_value(const struct sim_w5500 *chip)
{
    unsigned value = chip->common[W55_PHYCFGR];

    if (chip->link) {
        value |= W55_PHYCFGR_LNK;
        value |= cable_is_fast(chip) ? W55_PHYCFGR_SPD : 0;
        value |= is_full(chip) ? W55_PHYCFGR_DPX : 0;
    }
    return (uint8_t)value;
}

// ---- the link

void sim_w55_link_look(struct sim_w5500 *chip)
{
    bool can = chip->cable && !chip->in_reset &&
        (chip->common[W55_PHYCFGR] & W55_PHYCFGR_RST) && fits(chip);

    if (!can) {
        sim_event_cancel(chip->world, &chip->link_up);
        chip->link = false;
    } else if (!chip->link && !sim_event_pending(&chip->link_up)) {
        sim_event_at(chip->world, &chip->link_up,
            chip->world->now_ns + chip->cfg.link_ns);
    }
}

void sim_w55_link_event(struct sim_event *event)
{
    nif_container_of(event, struct sim_w5500, link_up)->link = true;
}

// The mode that the registers ask for comes into force, and the link begins
// anew.
static void restart(struct sim_w5500 *chip)
{
    unsigned value = chip->common[W55_PHYCFGR];

    chip->opmdc = MODE_ALL; // as strapped
    if (value & W55_PHYCFGR_OPMD) {
        chip->opmdc = (uint8_t)(value >> 3 & 7);
    }
    sim_event_cancel(chip->world, &chip->link_up);
    chip->link = false;
    sim_w55_link_look(chip);
}

void sim_w55_phy_reset(struct sim_w5500 *chip)
{
    restart(chip);
}

// The registers are reset, and the PHY only if that changes its mode.
void sim_w55_phy_soft_reset(struct sim_w5500 *chip)
{
    if (chip->opmdc != MODE_ALL) {
        restart(chip);
    } else {
        sim_w55_link_look(chip);
    }
}

void sim_w55_phy_write(struct sim_w5500 *chip, uint8_t before, uint8_t now)
{
    if ((now & ~before) & W55_PHYCFGR_RST) {
        restart(chip);
    } else {
        sim_w55_link_look(chip);
    }
}
