// SPDX-License-Identifier: MIT
//
// A bench for the driver of a frame chip on SPI: driver - fault wrapper - bus -
// model - cable - network card, and a main loop such as a board has.
//
// It is the same for each chip but for the chip: driver_bench.h says in
// SPI_BENCH_CFG and SPI_BENCH_PARTS what tests need of model and driver, and
// includes this; driver_bench.c makes them. spi_bench.c is compiled for each.

#ifndef TESTS_SUPPORT_SPI_BENCH_H
#define TESTS_SUPPORT_SPI_BENCH_H

#include "nif/iface.h"
#include "sim/bus/fault.h"
#include "sim/bus/pin.h"
#include "sim/bus/spi.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

#ifndef SPI_BENCH_CFG
#define SPI_BENCH_CFG   // more fields of struct bench_cfg
#define SPI_BENCH_PARTS // more fields of struct bench
#endif

/// All zero: interrupt connected, 20 MHz, and what the chip's own says.
struct bench_cfg {
    bool polled;    ///< the interrupt pin is not connected
    bool reset_pin; ///< the reset pin is
    bool unplugged; ///< no cable at first
    uint16_t check_ms;
    uint32_t hz;
    SPI_BENCH_CFG
};

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_spi bus;
    struct sim_spi_fault fault;
    struct sim_pin int_pin;
    struct sim_pin reset_pin;
    struct sim_cable cable;
    struct sim_nic nic;
    struct nif_iface *iface;
    // What the driver has told.
    enum nif_event events[64];
    size_t event_count;
    uint64_t event_ns; // of the last
    int poll_err;      // last error of poll(), recv()
    int recv_err;
    uint64_t slowest_ns; // of all calls but start()
    // Frames that reached the board, and the card.
    bool deaf; // the board does not call recv()
    unsigned board_count;
    unsigned board_bad; // not what bench_frame() makes
    size_t board_len;
    uint8_t board[SIM_FRAME_MAX];
    unsigned card_count;
    unsigned card_bad;
    size_t card_len;
    uint8_t card[SIM_FRAME_MAX];
    // What the board sends by itself.
    unsigned send_left;
    unsigned send_number;
    size_t send_len;
    SPI_BENCH_PARTS
};

/// The addresses of the board and of the card.
extern const struct nif_hwaddr bench_board;
extern const struct nif_hwaddr bench_card;

// ---- what a chip's driver_bench.c gives

/// Makes the model and joins it to the bench's pins.
void bench_make_model(struct bench *b, const struct bench_cfg *cfg);
struct sim_spi_chip *bench_spi(struct bench *b);
struct sim_port *bench_port(struct bench *b);

/// Makes the driver on `b->fault.spi` and the pins that it is given.
void bench_make_driver(struct bench *b, const struct bench_cfg *cfg,
    struct nif_pin *interrupt, struct nif_pin *reset);

void bench_done_model(struct bench *b);

/// Bits per second of its cable, and whether the card is full duplex.
extern const uint64_t bench_bits_per_s;
bool bench_is_full(const struct bench_cfg *cfg);

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

/// The board's main loop for `us` microseconds.
void bench_run(struct bench *b, uint64_t us);

/// The same, until `*count` is `want`, for at most `us`. Returns whether it
/// is.
bool bench_run_to(struct bench *b, const unsigned *count, unsigned want,
    uint64_t us);

/// Frame number `number`, `len` bytes from `from` to `to`. The number stands
/// in it if it is long enough.
void bench_frame(uint8_t *frame, size_t len, const struct nif_hwaddr *to,
    const struct nif_hwaddr *from, unsigned number);

/// The board sends one to the card, in three stretches. Returns what send()
/// does.
int bench_send(struct bench *b, unsigned number, size_t len);

/// The card sends one to `to`.
void bench_card_send(struct bench *b, const struct nif_hwaddr *to,
    unsigned number, size_t len);

/// True if frames pass in both directions, within `us`.
bool bench_traffic(struct bench *b, uint64_t us);

/// How often an event was told since open.
unsigned bench_told(const struct bench *b, enum nif_event event);

#endif
