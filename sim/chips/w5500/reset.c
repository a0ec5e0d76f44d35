// SPDX-License-Identifier: MIT
//
// The W5500 model's resets: power-up, RSTn, MR.RST.

#include "sim/chips/w5500/model.h"

#define RESET_LOW_NS (500 * SIM_US)

static void reset_all(struct sim_w5500 *chip)
{
    chip->counts.resets++;
    chip->bus.muted = true; // until the next chip select
    sim_w55_tx_reset(chip);
    for (unsigned i = 0; i < W55_COMMON_COUNT; i++) {
        chip->common[i] = sim_w55_common(i)->reset;
    }
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        sim_w55_socket_reset(chip, n);
    }
    sim_event_cancel(chip->world, &chip->int_event);
    chip->int_ns = 0;
    sim_w55_irq(chip);
}

void sim_w55_power_up(struct sim_w5500 *chip)
{
    uint64_t salt = chip->world->now_ns ^ chip->counts.resets << 48;

    for (unsigned i = 0; i < SIM_W5500_RAM; i++) {
        uint64_t cell = salt + ((uint64_t)i << 32);

        chip->tx_ram[i] = sim_noise(chip->world, cell);
        chip->rx_ram[i] = sim_noise(chip->world, ~cell);
    }
    reset_all(chip);
    sim_w55_phy_reset(chip);
    chip->reset_end_ns = 0;
    chip->ready_ns = chip->world->now_ns + SIM_W5500_PLL_NS;
}

void sim_w55_soft_reset(struct sim_w5500 *chip)
{
    reset_all(chip);
    chip->reset_end_ns = chip->world->now_ns + chip->cfg.reset_ns;
    sim_w55_phy_soft_reset(chip);
}

void sim_w55_reset_hit(struct sim_event *event)
{
    struct sim_w5500 *chip =
        nif_container_of(event, struct sim_w5500, reset_hit);

    reset_all(chip);
    sim_w55_phy_reset(chip);
    chip->reset_end_ns = 0;
}

void sim_w55_reset_level(struct sim_pin *pin, void *arg, bool level)
{
    struct sim_w5500 *chip = arg;
    uint64_t now_ns = chip->world->now_ns;

    (void)pin;
    chip->in_reset = !level;
    if (!level) {
        chip->bus.muted = true;
        sim_event_at(chip->world, &chip->reset_hit, now_ns + RESET_LOW_NS);
    } else if (sim_event_pending(&chip->reset_hit)) {
        sim_event_cancel(chip->world, &chip->reset_hit);
        sim_w55_broke(chip, SIM_W5500_R_PIN,
            "RSTn was low for less than 500 us");
    } else {
        chip->ready_ns = now_ns + SIM_W5500_PLL_NS;
    }
    sim_w55_link_look(chip);
}
