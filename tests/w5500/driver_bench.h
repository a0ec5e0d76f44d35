// SPDX-License-Identifier: MIT
//
// A bench for the W5500 driver as a network card: driver - fault wrapper - bus
// - model - cable - network card, and a main loop such as a board has.

#ifndef TESTS_W5500_DRIVER_BENCH_H
#define TESTS_W5500_DRIVER_BENCH_H

#include "sim/bus/fault.h"
#include "sim/chips/w5500.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"
#include "w5500/w5500.h"

/// From plug to link.
#define BENCH_LINK_NS (5 * SIM_MS)

/// All zero: INTn connected, 20 MHz, a strict chip with its link after 5 ms.
struct bench_cfg {
    bool polled;    ///< INTn is not connected
    bool reset_pin; ///< RSTn is
    bool unplugged; ///< no cable at first
    uint16_t check_ms;
    uint32_t hz;
    uint8_t phy; ///< enum w5500_phy
    struct sim_w5500_cfg model;
};

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_w5500 model;
    struct sim_spi bus;
    struct sim_spi_fault fault;
    struct sim_pin int_pin;
    struct sim_pin reset_pin;
    struct sim_cable cable;
    struct sim_nic nic;
    struct w5500_raw raw;
    struct w5500_chip *chip; // in it
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
};

/// The addresses of the board and of the card.
extern const struct nif_hwaddr bench_board;
extern const struct nif_hwaddr bench_card;

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
