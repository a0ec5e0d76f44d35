// SPDX-License-Identifier: MIT
//
// The synchronous port PL022 as an SPI master.

#include "pl022.h"

#include <string.h>

#define CR0  0x00u
#define CR1  0x04u
#define DR   0x08u
#define SR   0x0Cu
#define CPSR 0x10u

#define CR0_SCR_SHIFT 8
#define CR0_8_BITS    7u // Motorola's format, SPO = SPH = 0: mode 0
#define CR1_LBM       (1u << 0)
#define CR1_SSE       (1u << 1)
#define SR_RNE        (1u << 2)
#define SR_BSY        (1u << 4)

#define FIFO     8u
#define SCR_MAX  255u
#define CPSR_MAX 254u

static inline uint32_t get(struct pl022 *port, uint32_t offset)
{
    return nif_mmio_read(&port->cfg.mmio, offset);
}

static inline void set(struct pl022 *port, uint32_t offset, uint32_t value)
{
    nif_mmio_write(&port->cfg.mmio, offset, value);
}

static struct pl022 *of(struct nif_spi *spi)
{
    return nif_container_of(spi, struct pl022, spi);
}

// At least so long: a turn takes two clocks of any processor.
static void wait_ns(const struct pl022 *port, uint32_t ns)
{
    uint32_t turns = ns * (port->cfg.cpu_hz / 1000000 + 1) / 2000 + 1;

    while (ns != 0 && turns-- != 0) {
        __asm__ volatile("");
    }
}

static void drive_cs(struct pl022 *port, bool level)
{
    if (port->cfg.cs != NULL) {
        nif_pin_write(port->cfg.cs, level);
    }
}

static int spi_select(struct nif_spi *spi)
{
    struct pl022 *port = of(spi);

    // What a transaction that failed has left.
    for (unsigned i = 0; i < FIFO && get(port, SR) & SR_RNE; i++) {
        (void)get(port, DR);
    }
    drive_cs(port, false);
    wait_ns(port, port->cfg.cs_setup_ns);
    return 0;
}

static int exchange_seg(struct pl022 *port, const struct nif_spi_seg *seg)
{
    uint32_t idle = 0;
    size_t out = 0;
    size_t in = 0;

    while (in < seg->len) {
        if (out < seg->len && out - in < FIFO) {
            set(port, DR, seg->tx != NULL ? seg->tx[out] : 0);
            out++;
        }
        if (get(port, SR) & SR_RNE) {
            uint8_t byte = (uint8_t)get(port, DR);

            if (seg->rx != NULL) {
                seg->rx[in] = byte;
            }
            in++;
            idle = 0;
        } else if (++idle > port->patience) {
            return NIF_EIO;
        }
    }
    return 0;
}

static int spi_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    int err = 0;

    for (size_t i = 0; i < count && err == 0; i++) {
        err = exchange_seg(of(spi), &segs[i]);
    }
    return err;
}

static void spi_release(struct nif_spi *spi, uint32_t hold_ns)
{
    struct pl022 *port = of(spi);

    for (uint32_t i = 0; i < port->patience && get(port, SR) & SR_BSY; i++) {
    }
    wait_ns(port, hold_ns);
    drive_cs(port, true);
    wait_ns(port, port->cfg.cs_recovery_ns);
}

// A divisor that is no faster than asked for, and not much slower: CPSR, an
// even number, times SCR + 1. The slowest, if none is slow enough.
static uint32_t divide(const struct pl022_cfg *cfg, uint32_t *cpsr)
{
    uint32_t wanted = (cfg->hz + cfg->baud - 1) / cfg->baud;

    for (*cpsr = 2; *cpsr < CPSR_MAX; *cpsr += 2) {
        if (wanted <= *cpsr * (SCR_MAX + 1)) {
            break;
        }
    }
    wanted = (wanted + *cpsr - 1) / *cpsr;
    return wanted > SCR_MAX + 1 ? SCR_MAX : wanted - 1;
}

uint32_t pl022_baud(const struct pl022_cfg *cfg)
{
    uint32_t cpsr;
    uint32_t scr = divide(cfg, &cpsr);

    return cfg->hz / (cpsr * (1 + scr));
}

void pl022_init(struct pl022 *port, const struct pl022_cfg *cfg)
{
    static const struct nif_spi_ops ops = {
        .select = spi_select,
        .exchange = spi_exchange,
        .release = spi_release,
    };
    uint32_t cpsr;
    uint32_t scr;

    memset(port, 0, sizeof(*port));
    port->spi.ops = &ops;
    port->cfg = *cfg;
    // A byte and its neighbour, if a turn were one clock.
    port->patience = cfg->cpu_hz / (pl022_baud(cfg) / 16 + 1) + 16;
    drive_cs(port, true);
    scr = divide(cfg, &cpsr);
    set(port, CR1, 0);
    set(port, CPSR, cpsr);
    set(port, CR0, scr << CR0_SCR_SHIFT | CR0_8_BITS);
    set(port, CR1, CR1_SSE | (cfg->loopback ? CR1_LBM : 0));
}
