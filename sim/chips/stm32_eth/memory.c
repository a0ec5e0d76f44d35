// SPDX-License-Identifier: MIT
//
// The DMA's side of the memory that it shares with the driver.

#include "sim/chips/stm32_eth/model.h"

#include <string.h>

#define DSL(r)  ((r) >> 2 & 0x1Fu)
#define CYCLES  2u  // of HCLK for a word
#define LATENCY 60u // ns until the first

uint32_t eth__mmio_address(struct nif_mmio *mmio, const void *memory,
    size_t len)
{
    struct sim_stm32_eth *eth =
        nif_container_of(mmio, struct sim_stm32_eth, mmio);

    return sim_dma_address(&eth->dma, memory, len);
}

uint8_t *eth__memory(struct sim_stm32_eth *eth, uint32_t address, size_t len)
{
    uint8_t *memory;

    if (eth->fatal) {
        return NULL;
    }
    memory = sim_dma_reach(&eth->dma, address, len);
    if (memory == NULL) {
        eth__complain(eth, "the DMA cannot reach %zu bytes at %08lX", len,
            (unsigned long)address);
    }
    if (memory == NULL || eth->break_bus) {
        eth->break_bus = false;
        eth->fatal = true;
        eth__raise(eth, SR_FBES);
        return NULL;
    }
    return memory;
}

uint32_t eth__peek(const struct sim_stm32_eth *eth, uint32_t address)
{
    const uint8_t *memory =
        sim_dma_reach(&eth->dma, address & ~3u, sizeof(uint32_t));
    uint32_t word = 0;

    if (memory != NULL) {
        memcpy(&word, memory, sizeof(word));
    }
    return word;
}

void eth__fence(struct sim_stm32_eth *eth, bool is_tx)
{
    uint32_t at = is_tx ? eth->tx_at : eth->rx_at;

    eth->fence[is_tx].address = at;
    eth->fence[is_tx].word0 = eth__peek(eth, at);
}

bool eth__fetch(struct sim_stm32_eth *eth, uint32_t address,
    struct sim_stm32_eth_desc *desc)
{
    const uint8_t *memory;

    if (address % 4 != 0) {
        eth__complain(eth, "a descriptor at %08lX is not aligned",
            (unsigned long)address);
        address &= ~3u;
    }
    memory = eth__memory(eth, address, sizeof(desc->word));
    if (memory == NULL) {
        return false;
    }
    desc->address = address;
    memcpy(desc->word, memory, sizeof(desc->word));
    return true;
}

void eth__close(struct sim_stm32_eth *eth,
    const struct sim_stm32_eth_desc *desc, uint32_t word0)
{
    uint8_t *memory = eth__memory(eth, desc->address, sizeof(desc->word));

    if (memory == NULL) {
        return;
    }
    if (memcmp(memory, desc->word, sizeof(desc->word)) != 0) {
        eth__complain(eth,
            "the descriptor at %08lX was changed while the DMA "
            "owned it",
            (unsigned long)desc->address);
    }
    memcpy(memory, &word0, sizeof(word0));
}

uint32_t eth__next(struct sim_stm32_eth *eth,
    const struct sim_stm32_eth_desc *desc, bool chained, bool last,
    uint32_t list)
{
    uint32_t mode = *eth__reg(eth, ETH_DMABMR);

    if (last) {
        return *eth__reg(eth, list);
    }
    if (chained) {
        return desc->word[3];
    }
    return desc->address + ((mode & BMR_EDFE) != 0 ? 32 : 16) + 4 * DSL(mode);
}

uint64_t eth__dma_ns(const struct sim_stm32_eth *eth, size_t len)
{
    return LATENCY + (len + 3) / 4 * CYCLES * SIM_S / eth->cfg.hclk_hz;
}
