// SPDX-License-Identifier: MIT
//
// The DMA's side of the memory that it shares with the driver.

#include "sim/chips/stm32_eth/model.h"

#include <string.h>

#define BASE    0x20000000u // SRAM
#define GAP     64u         // between regions: a run past an end meets nothing
#define GRAIN   64u         // alignment that an address keeps
#define DSL(r)  ((r) >> 2 & 0x1Fu)
#define CYCLES  2u  // of HCLK for a word
#define LATENCY 60u // ns until the first

// The same memory has the same address. Alignment is that of the memory.
uint32_t eth__mmio_address(struct nif_mmio *mmio, const void *memory,
    size_t len)
{
    struct sim_stm32_eth *eth =
        nif_container_of(mmio, struct sim_stm32_eth, mmio);
    struct sim_stm32_eth_region *region = eth->region;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    uint8_t *at = (uint8_t *)(uintptr_t)memory; // the driver gives it
    uint32_t next = BASE;

    for (size_t i = 0; i < eth->region_count; i++, region++) {
        if (at >= region->memory && at + len <= region->memory + region->len) {
            return region->address + (uint32_t)(at - region->memory);
        }
        next = (region->address + (uint32_t)region->len + GAP + GRAIN) &
            ~(GRAIN - 1);
    }
    NIF_ASSERT(eth->region_count < SIM_STM32_ETH_REGIONS);
    eth->region_count++;
    *region = (struct sim_stm32_eth_region){ .memory = at,
        .len = len,
        .address = next + (uint32_t)((uintptr_t)at % GRAIN) };
    return region->address;
}

// The driver's memory at `address`: it gave it to be written.
static uint8_t *reach(const struct sim_stm32_eth *eth, uint32_t address,
    size_t len)
{
    for (size_t i = 0; i < eth->region_count; i++) {
        const struct sim_stm32_eth_region *region = &eth->region[i];

        if (address >= region->address &&
            address - region->address + len <= region->len) {
            return region->memory + (address - region->address);
        }
    }
    return NULL;
}

uint8_t *eth__memory(struct sim_stm32_eth *eth, uint32_t address, size_t len)
{
    uint8_t *memory;

    if (eth->fatal) {
        return NULL;
    }
    memory = reach(eth, address, len);
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
    const uint8_t *memory = reach(eth, address & ~3u, sizeof(uint32_t));
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
