// SPDX-License-Identifier: MIT
//
// Registers in the processor's address space. A driver of a device that is
// part of a microcontroller, or on its external bus, reaches them only by
// these functions, 32 bits at a time, so that the same driver is compiled for
// the target and for a host:
//
// * On a target `struct nif_mmio` is an address, and an access is one load or
//   store.
// * On a host (NIF_MMIO_TRAPPED) it is a table of functions: a model of the
//   device answers.
//
// A device that reads and writes memory by itself (DMA) is given addresses by
// nif_mmio_address(), and is told of what was written to memory by a
// nif_mmio_barrier() before the register access that sets it going. Memory
// that it shares must not be cached.

#ifndef NIF_MMIO_H
#define NIF_MMIO_H

#include "nif/base.h"

/// 1: accesses are trapped. Can be set by -D, for the library and all that use
/// it alike.
#ifndef NIF_MMIO_TRAPPED
#if defined(__linux__) || defined(__APPLE__) || defined(_WIN32)
#define NIF_MMIO_TRAPPED 1
#else
#define NIF_MMIO_TRAPPED 0
#endif
#endif

NIF_C_BEGIN

#if NIF_MMIO_TRAPPED

struct nif_mmio;

/// What a model implements.
struct nif_mmio_ops {
    /// `offset` is in bytes from the device's base, a multiple of 4.
    uint32_t (*read)(struct nif_mmio *mmio, uint32_t offset);
    void (*write)(struct nif_mmio *mmio, uint32_t offset, uint32_t value);

    /// The address under which the device reaches `len` bytes at `memory`,
    /// which stay there. NULL: it has no DMA.
    uint32_t (*address)(struct nif_mmio *mmio, const void *memory, size_t len);

    /// What the program has written before is in memory, and what it reads
    /// after is not older. NULL: nothing is to be done.
    void (*barrier)(struct nif_mmio *mmio);
};

/// May be copied.
struct nif_mmio {
    const struct nif_mmio_ops *ops;
    void *model; ///< for `ops`
};

static inline uint32_t nif_mmio_read(struct nif_mmio *mmio, uint32_t offset)
{
    return mmio->ops->read(mmio, offset);
}

static inline void nif_mmio_write(struct nif_mmio *mmio, uint32_t offset,
    uint32_t value)
{
    mmio->ops->write(mmio, offset, value);
}

static inline uint32_t nif_mmio_address(struct nif_mmio *mmio,
    const void *memory, size_t len)
{
    return mmio->ops->address(mmio, memory, len);
}

static inline void nif_mmio_barrier(struct nif_mmio *mmio)
{
    if (mmio->ops->barrier != NULL) {
        mmio->ops->barrier(mmio);
    }
}

#else

/// The device's registers begin at `base`.
struct nif_mmio {
    uintptr_t base;
};

static inline uint32_t nif_mmio_read(struct nif_mmio *mmio, uint32_t offset)
{
    return *(volatile uint32_t *)(mmio->base + offset);
}

static inline void nif_mmio_write(struct nif_mmio *mmio, uint32_t offset,
    uint32_t value)
{
    *(volatile uint32_t *)(mmio->base + offset) = value;
}

static inline uint32_t nif_mmio_address(struct nif_mmio *mmio,
    const void *memory, size_t len)
{
    (void)mmio;
    (void)len;
    return (uint32_t)(uintptr_t)memory;
}

static inline void nif_mmio_barrier(struct nif_mmio *mmio)
{
    (void)mmio;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif

NIF_C_END

#endif
