// SPDX-License-Identifier: MIT
//
// What the two files of this driver share.

#ifndef STM32_ETH_INTERNAL_H
#define STM32_ETH_INTERNAL_H

#include "stm32_eth.h"
#include "stm32_eth_regs.h"

static inline struct stm32_eth *stm32_eth__of(struct nif_mac *mac)
{
    return nif_container_of(mac, struct stm32_eth, mac);
}

static inline uint32_t stm32_eth__get(struct stm32_eth *chip, uint32_t reg)
{
    return nif_mmio_read(chip->cfg.mmio, reg);
}

static inline void stm32_eth__put(struct stm32_eth *chip, uint32_t reg,
    uint32_t value)
{
    nif_mmio_write(chip->cfg.mmio, reg, value);
}

/// Makes the DMA look at a ring again: any value does.
static inline void stm32_eth__demand(struct stm32_eth *chip, uint32_t reg)
{
    stm32_eth__put(chip, reg, 0);
}

static inline uint32_t stm32_eth__now(struct stm32_eth *chip)
{
    return (uint32_t)nif_clock_now_us(chip->cfg.clock);
}

/// Gives all slots to whom they belong at first, and tells the DMA where they
/// are.
void stm32_eth__lay_out(struct stm32_eth *chip);

/// Counts what has left. Returns false if nothing leaves any more.
bool stm32_eth__reclaim(struct stm32_eth *chip);

/// True if a frame has come that recv() has not given out.
bool stm32_eth__has_frame(const struct stm32_eth *chip);

int stm32_eth__send(struct nif_mac *mac, const struct nif_seg *segs, size_t n,
    size_t len);
int stm32_eth__recv(struct nif_mac *mac, uint8_t *buf, size_t cap,
    uint8_t **frame);

#endif
