// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's resets, its oscillator start-up and its power save
// mode (DS39662 2.2, 11, 14).

#include "sim/chips/enc28j60/model.h"

#include <string.h>

#define OST_NS       (300 * SIM_US) // 7500 clocks of 25 MHz
#define SRC_NS       SIM_MS         // erratum 2
#define RESET_LOW_NS 400

bool sim_enc_awake(const struct sim_enc28j60 *chip)
{
    return chip->ready && !chip->in_reset &&
        !sim_enc_bit(chip, ENC_ECON2, ENC_ECON2_PWRSV) &&
        chip->world->now_ns >= chip->src_ns;
}

// ---- the oscillator

static void start_oscillator(struct sim_enc28j60 *chip)
{
    chip->ready = false;
    sim_event_at(chip->world, &chip->ost, chip->world->now_ns + OST_NS);
}

void sim_enc_ost_end(struct sim_event *event)
{
    nif_container_of(event, struct sim_enc28j60, ost)->ready = true;
}

// ---- what all resets do

static void reset_registers(struct sim_enc28j60 *chip)
{
    uint8_t ecocon = chip->reg[ENC_ECOCON];

    for (unsigned id = 0; id < ENC_REG_COUNT; id++) {
        chip->reg[id] = sim_enc_reg(id)->reset;
    }
    for (unsigned p = 0; p < SIM_ENC28J60_PTRS; p++) {
        chip->ptr[p] = (uint16_t)(sim_enc_reg(2 * p)->reset |
            sim_enc_reg(2 * p + 1)->reset << 8);
    }
    chip->reg[ENC_ECOCON] = ecocon; // only power-on resets it
}

static void reset_all(struct sim_enc28j60 *chip)
{
    chip->counts.resets++;
    chip->src_ns = 0;
    chip->bus.phase = ENC_DEAF;
    sim_enc_tx_reset(chip);
    sim_event_cancel(chip->world, &chip->dma);
    chip->dma_waits = false;
    chip->dma_endless = false;
    reset_registers(chip);
    sim_enc_rx_reset(chip);
    sim_enc_mii_reset(chip);
    chip->phy.mii_used = false;
    sim_enc_phy_reset(chip);
    sim_enc_irq(chip);
}

// ---- each of them

void sim_enc_power_up(struct sim_enc28j60 *chip)
{
    uint64_t salt = chip->world->now_ns ^ chip->counts.resets << 48;

    for (unsigned i = 0; i < SIM_ENC28J60_RAM; i++) {
        chip->ram[i] = sim_noise(chip->world, salt + ((uint64_t)i << 32));
    }
    reset_all(chip);
    chip->reg[ENC_ECOCON] = sim_enc_reg(ENC_ECOCON)->reset;
    start_oscillator(chip);
}

void sim_enc_soft_reset(struct sim_enc28j60 *chip)
{
    bool asleep = sim_enc_bit(chip, ENC_ECON2, ENC_ECON2_PWRSV);

    if (asleep && sim_enc_bites(chip, 19)) {
        return;
    }
    reset_all(chip);
    if (asleep) {
        start_oscillator(chip);
    }
    // The PHY's clock stops for a while, and CLKRDY does not tell.
    if (sim_enc_bites(chip, 2)) {
        chip->src_ns = chip->world->now_ns + SRC_NS;
    }
}

void sim_enc_reset_hit(struct sim_event *event)
{
    reset_all(nif_container_of(event, struct sim_enc28j60, reset_hit));
}

void sim_enc_reset_level(struct sim_pin *pin, void *arg, bool level)
{
    struct sim_enc28j60 *chip = arg;

    (void)pin;
    chip->in_reset = !level;
    if (!level) {
        chip->bus.phase = ENC_DEAF;
        sim_event_at(chip->world, &chip->reset_hit,
            chip->world->now_ns + RESET_LOW_NS);
    } else if (sim_event_pending(&chip->reset_hit)) {
        sim_event_cancel(chip->world, &chip->reset_hit);
        sim_enc_broke(chip, SIM_ENC28J60_R_PIN,
            "/RESET was low for less than %d ns", RESET_LOW_NS);
    }
    sim_enc_link_look(chip);
}

// ---- power save

void sim_enc_power_save(struct sim_enc28j60 *chip, bool on)
{
    if (!on) {
        start_oscillator(chip);
        sim_enc_link_look(chip);
        return;
    }
    if (chip->rx.active ||
        sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_RXEN | ENC_ECON1_TXRTS)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_POWER,
            "PWRSV set while RXEN, RXBUSY or TXRTS is set");
    }
    chip->ready = false;
    sim_event_cancel(chip->world, &chip->ost);
    sim_enc_mii_reset(chip);
    sim_enc_rx_stop(chip);
    sim_enc_tx_reset(chip);
    sim_enc_put_bit(chip, ENC_ECON1, ENC_ECON1_TXRTS, false);
    sim_enc_link_look(chip);
}
