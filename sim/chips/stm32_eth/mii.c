// SPDX-License-Identifier: MIT
//
// MII management: a register each way, and a busy bit (RM0090 33.4.1).

#include "sim/chips/stm32_eth/model.h"

#define MB       (1u << 0)
#define MW       (1u << 1)
#define CR(a)    ((a) >> 2 & 7u)
#define REG(a)   ((a) >> 6 & 31u)
#define PHY(a)   ((a) >> 11 & 31u)
#define WRITABLE 0xFFDFu
#define BITS     64ull // of a frame with its preamble

// HCLK by MDC; 0: reserved.
static const uint8_t divider[8] = { 42, 62, 16, 26, 102 };

void eth__mii_write(struct sim_stm32_eth *eth, uint32_t value)
{
    uint32_t by = divider[CR(value)];
    struct sim_mdio_chip *chip = eth->chip[PHY(value)];

    if (eth__has(eth, ETH_MIIAR, MB)) {
        eth__complain(eth, "MACMIIAR written while it is busy");
        return;
    }
    *eth__reg(eth, ETH_MIIAR) = value & WRITABLE;
    if (!(value & MB)) {
        return;
    }
    if (by == 0) {
        eth__complain(eth, "MDC by a reserved divider");
        by = 42;
    }
    if (chip != NULL) {
        chip->hz = eth->cfg.hclk_hz / by;
    }
    sim_event_at(eth->cpu->world, &eth->mii_event,
        eth->cpu->world->now_ns + BITS * by * SIM_S / eth->cfg.hclk_hz);
}

// The frame has passed.
void eth__on_mii(struct sim_event *event)
{
    struct sim_stm32_eth *eth =
        nif_container_of(event, struct sim_stm32_eth, mii_event);
    uint32_t address = *eth__reg(eth, ETH_MIIAR);
    uint32_t *data = eth__reg(eth, ETH_MIIDR);
    struct sim_mdio_chip *chip = eth->chip[PHY(address)];

    if (address & MW) {
        if (chip != NULL) {
            chip->ops->write(chip, (uint8_t)REG(address), (uint16_t)*data);
        }
    } else {
        *data = chip != NULL ? chip->ops->read(chip, (uint8_t)REG(address))
                             : UINT16_MAX;
    }
    *eth__reg(eth, ETH_MIIAR) &= ~MB;
}
