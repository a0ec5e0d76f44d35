// SPDX-License-Identifier: MIT
//
// The memory that a simulated device with a DMA reaches.

#include "sim/chips/dma.h"

#include "nif/err.h"

#define GAP 64u

uint32_t sim_dma_address(struct sim_dma *dma, const void *memory, size_t len)
{
    struct sim_dma_region *region = dma->region;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    uint8_t *at = (uint8_t *)(uintptr_t)memory; // the driver gives it
    uint32_t next = dma->base;

    for (size_t i = 0; i < dma->count; i++, region++) {
        if (at >= region->memory && at + len <= region->memory + region->len) {
            return region->address + (uint32_t)(at - region->memory);
        }
        next = (region->address + (uint32_t)region->len + GAP + dma->grain) &
            ~(dma->grain - 1);
    }
    NIF_ASSERT(dma->count < SIM_DMA_REGIONS);
    dma->count++;
    *region = (struct sim_dma_region){ .memory = at,
        .len = len,
        .address = next + (uint32_t)((uintptr_t)at % dma->grain) };
    return region->address;
}

uint8_t *sim_dma_reach(const struct sim_dma *dma, uint64_t address, size_t len)
{
    for (size_t i = 0; i < dma->count; i++) {
        const struct sim_dma_region *region = &dma->region[i];

        if (address >= region->address &&
            address - region->address + len <= region->len) {
            return region->memory + (address - region->address);
        }
    }
    return NULL;
}
