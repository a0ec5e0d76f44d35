// SPDX-License-Identifier: MIT
//
// The memory that a simulated device with a DMA reaches: what the driver has
// asked an address for (nif_mmio_address()), and nothing else.
//
// Addresses have 32 bits and keep the alignment of the memory. Between two
// regions there is a gap, so that a run past an end meets nothing.

#ifndef SIM_CHIPS_DMA_H
#define SIM_CHIPS_DMA_H

#include "nif/base.h"

#define SIM_DMA_REGIONS 64

/// All is private. Zero but `base` and `grain` at first.
struct sim_dma {
    uint32_t base;  ///< the first address; a multiple of `grain`
    uint32_t grain; ///< alignments up to this are kept; a power of two
    size_t count;
    struct sim_dma_region {
        uint8_t *memory;
        size_t len;
        uint32_t address;
    } region[SIM_DMA_REGIONS];
};

/// The address of `len` bytes at `memory`, which stay there. The same memory
/// has the same address.
uint32_t sim_dma_address(struct sim_dma *dma, const void *memory, size_t len);

/// The driver's memory at `address`, or NULL where it has not given `len` bytes
/// in one piece.
uint8_t *sim_dma_reach(const struct sim_dma *dma, uint64_t address, size_t len);

#endif
