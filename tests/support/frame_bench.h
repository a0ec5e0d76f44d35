// SPDX-License-Identifier: MIT
//
// A bench for the driver of a frame device, whatever is between it and its
// model: cable, network card, frames that say whether they were bent, and a
// main loop such as a board has.
//
// driver_bench.h says in FRAME_BENCH_PARTS what else there is, and includes
// this. frame_bench.c is compiled for each. Chips on SPI share more:
// spi_bench.h.

#ifndef TESTS_SUPPORT_FRAME_BENCH_H
#define TESTS_SUPPORT_FRAME_BENCH_H

#include "nif/iface.h"
#include "sim/cpu.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

#ifndef FRAME_BENCH_PARTS
#define FRAME_BENCH_PARTS // more fields of struct bench
#endif

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_cable cable;
    struct sim_nic nic;
    struct nif_iface *iface;
    bool lends; // received frames lie in the driver's own memory
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
    FRAME_BENCH_PARTS
};

/// The addresses of the board and of the card.
extern const struct nif_hwaddr bench_board;
extern const struct nif_hwaddr bench_card;

// ---- to build a bench of

/// The world and a processor, all else zero.
void bench_begin(struct bench *b);

/// The cable, from `port` to the card.
void bench_wire(struct bench *b, struct sim_port *port, uint64_t bits_per_s);

/// Notes what `b->iface` tells.
void bench_listen(struct bench *b);

/// Gives card, cable and world back. Fails if there were more complaints, or a
/// call took longer than 2 ms.
void bench_end(struct bench *b, unsigned complaints);

// ---- what tests do

/// One turn of the main loop. Returns when it wants the next one.
uint64_t bench_turn(struct bench *b);

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

bool bench_has_link(const struct bench *b);

/// True if frames pass in both directions, within `us`.
bool bench_traffic(struct bench *b, uint64_t us);

/// How often an event was told since open.
unsigned bench_told(const struct bench *b, enum nif_event event);

#endif
