// SPDX-License-Identifier: MIT
//
// A bench for the driver of a frame chip on SPI: driver - fault wrapper - bus -
// model - cable - network card, and a main loop such as a board has; and the
// tests that are the same for each such chip.
//
// driver_bench.h says in SPI_BENCH_CFG and SPI_BENCH_PARTS what tests need of
// model and driver, and includes this; driver_bench.c makes them. spi_bench.c,
// spi_frames.c, spi_link.c and spi_dead_bus.c are compiled for each.

#ifndef TESTS_SUPPORT_SPI_BENCH_H
#define TESTS_SUPPORT_SPI_BENCH_H

#include "sim/bus/fault.h"
#include "sim/bus/pin.h"
#include "sim/bus/spi.h"

#ifndef SPI_BENCH_CFG
#define SPI_BENCH_CFG   // more fields of struct bench_cfg
#define SPI_BENCH_PARTS // more fields of struct bench
#endif

#define FRAME_BENCH_PARTS       \
    struct sim_spi bus;         \
    struct sim_spi_fault fault; \
    struct sim_pin int_pin;     \
    struct sim_pin reset_pin;   \
    SPI_BENCH_PARTS

#include "tests/support/frame_bench.h"

/// All zero: interrupt connected, 20 MHz, and what the chip's own says.
struct bench_cfg {
    bool polled;    ///< the interrupt pin is not connected
    bool reset_pin; ///< the reset pin is
    bool unplugged; ///< no cable at first
    uint16_t check_ms;
    uint32_t hz;
    SPI_BENCH_CFG
};

// ---- what a chip's driver_bench.c gives

/// Makes the model and joins it to the bench's pins.
void bench_make_model(struct bench *b, const struct bench_cfg *cfg);
struct sim_spi_chip *bench_spi(struct bench *b);
struct sim_port *bench_port(struct bench *b);

/// Makes the driver on `b->fault.spi` and the pins that it is given.
void bench_make_driver(struct bench *b, const struct bench_cfg *cfg,
    struct nif_pin *interrupt, struct nif_pin *reset);

void bench_done_model(struct bench *b);

/// From now on the interrupt pin is connected to nothing.
void bench_unwire(struct bench *b);

/// Whether the chip's PHY is not in power down.
bool bench_is_awake(const struct bench *b);

/// Whether the card is full duplex.
bool bench_is_full(const struct bench_cfg *cfg);

/// What the driver has counted, and why it is setting the chip up; 0: it is
/// not.
struct bench_counts {
    uint32_t rx;
    uint32_t tx;
    uint32_t rx_bad;
    int fault;
};

struct bench_counts bench_counts(const struct bench *b);

/// What is the chip's own in tests that are the same for all.
struct bench_traits {
    uint64_t bits_per_s; ///< of its cable
    /// Each wiring that frames of every length are to pass.
    const struct bench_cfg *wirings;
    size_t wiring_count;
    /// If the bus is noise or the chip is deaf, start() may say this, too,
    /// besides NIF_ENODEV and NIF_ETIMEDOUT.
    int noise_err;
    /// The longest start() on a dead bus, in nanoseconds, and the least number
    /// of transfers in one on a live bus, and in a frame each way.
    uint64_t start_ns;
    unsigned start_transfers;
    unsigned frame_transfers;
    /// From the end of the trouble until frames flow again, in microseconds:
    /// the look that notices it, the pause between two attempts, a link that
    /// has to be found.
    uint64_t mended_us;
    /// The longest until the chip is looked at, and its frame taken, although
    /// its interrupt was lost, in microseconds.
    uint64_t look_us;
};

extern const struct bench_traits bench_traits;

// ---- what all have

/// Everything joined, nothing started. `cfg` NULL: all zero.
void bench_open(struct bench *b, const struct bench_cfg *cfg);

/// Starts the chip and waits for the link; fails the test if it does not
/// come.
void bench_up(struct bench *b);

/// Gives everything back. Fails if the model complained.
void bench_close(struct bench *b);

/// The same, with so many complaints or fewer.
void bench_close_with(struct bench *b, unsigned complaints);

/// True if a frame to that address reaches the board.
bool bench_hears(struct bench *b, const struct nif_hwaddr *to);

/// Sets the receive filter, and lets the driver see to it.
void bench_filter(struct bench *b, const struct nif_eth_filter *f);

/// For tests in which the model has reason to complain: a chip that has reset
/// itself, or is hidden behind a bad bus, gets commands at the wrong time. That
/// cannot be known before it is seen. Close it with UINT32_MAX.
void bench_hush(struct bench *b);

// ---- tests that are the same for each chip. They return how many failed.

/// Lengths, refusals, the filter (spi_frames.c).
int bench_frame_tests(void);

/// An interrupt line that fails, stop and start (spi_link.c).
int bench_link_tests(void);

/// A bus that is dead, dies, or fails at any transfer (spi_dead_bus.c).
int bench_dead_bus_tests(void);

#endif
