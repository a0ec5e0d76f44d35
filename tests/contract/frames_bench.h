// SPDX-License-Identifier: MIT
//
// The bench of the suite for frame devices: a simulated board without an
// application, a network card at the other end of its cable, and a main loop
// that keeps to the letter of nif/iface.h: it calls poll() only when the
// device has asked for it, by the time it gave or by waking the clock.
//
// The device is only touched through nif/iface.h, and behind its back through
// the test face of its row (boards/host/host.h). So the suite is the same for
// each chip.
//
// The bench looks at all that it sees: each frame for its bytes and its
// order, each call for its time and its result, the flags for what was told.
// What is wrong is counted, and fails the test at its end, unless it said
// that it was to be expected.

#ifndef TESTS_CONTRACT_FRAMES_BENCH_H
#define TESTS_CONTRACT_FRAMES_BENCH_H

#include "boards/host/host.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

/// The chip that this program is about, as in host_chips, and how its board
/// is wired at the moment.
extern const char *bench_chip;
extern bool bench_polling;

/// The addresses of the board and of the card.
extern const struct nif_hwaddr bench_own;
extern const struct nif_hwaddr bench_card;
extern const struct nif_hwaddr bench_all;

/// The longest that the bench waits for a link, and for traffic after all was
/// well again, in microseconds. A chip's row may be stricter (recover_us).
#define BENCH_LINK_US    UINT64_C(5000000)
#define BENCH_RECOVER_US UINT64_C(5000000)

/// The longest from a frame's last bit to the board, or from send() to the
/// other end, where nothing else is going on.
#define BENCH_LATE_US UINT64_C(5000)

/// How much later than usual a change of the link may be told.
#define BENCH_TOLD_US UINT64_C(150000)

/// One direction of traffic.
struct bench_flow {
    unsigned count; ///< frames that came
    unsigned bad;   ///< whose bytes were not what was sent, or not possible
    unsigned wild;  ///< that came twice or out of order
    unsigned last;  ///< number of the last; 0: none
    uint64_t at_us; ///< when it came
    size_t len;
    uint8_t frame[SIM_FRAME_MAX];
};

struct bench {
    struct sim_world *world;
    struct host_board board;
    struct sim_nic nic;
    struct nif_iface *iface;
    // The main loop.
    uint64_t again_us; // when the device wants to be polled
    bool deaf;         // the board does not call recv()
    unsigned take;     // frames that it takes in a turn; 0: 8
    uint64_t eager_us; // polls as often, whatever was asked for; 0: not
    unsigned turns;    // of the loop
    // What the board sends by itself, frames of bench_len() bytes.
    unsigned send_left;
    unsigned send_next;
    unsigned send_full; // times that there was no room
    // What has passed.
    struct bench_flow in;  // to the board
    struct bench_flow out; // to the card
    uint64_t log;          // of all of it with times, as one number
    // What the device has told.
    bool link;
    unsigned ups;
    unsigned downs;
    unsigned restarts;
    unsigned twice; // up when it was up, down when it was down
    // What it has returned.
    int poll_err; // the last error of poll(), recv(), send()
    int recv_err;
    int send_err;
    unsigned strange;    // results that nif/iface.h does not know
    unsigned lying;      // flags or frames that are not what was told
    uint64_t slowest_ns; // of all calls but start()
    unsigned forgiven;   // complaints
    bool lied;           // the bus has told lies: frames may be bent
    uint8_t buf[NIF_ETH_FRAME_MAX + 8]; // of recv()
};

/// What the time is, in microseconds.
static inline uint64_t bench_now_us(const struct bench *b)
{
    return b->world->now_ns / 1000;
}

/// Opens the bench in a world of its own. `cfg` NULL: all zero; chip, wiring
/// and seed are set here.
void bench_open(struct bench *b, const struct host_board_cfg *cfg);

/// The same in a world that there is, as board number `number`.
void bench_open_in(struct bench *b, struct sim_world *world,
    const struct host_board_cfg *cfg, uint8_t number);

/// Gives all back, and fails the test if anything was wrong. A world of its own
/// ends too.
void bench_close(struct bench *b);

/// The same without a look at what was wrong.
void bench_end(struct bench *b);

/// Whether `cfg` makes a board of this chip: some have no wires to choose.
bool bench_can(const struct host_board_cfg *cfg);

/// From here on what was wrong so far counts no more, complaints included. But
/// frames that are bent do, if the bus told no lies (`lied`): a chip may lose
/// frames, and itself, and makes up none.
void bench_forgive(struct bench *b);

/// Complaints are neither told nor counted until the next bench_forgive().
void bench_hush(struct bench *b);

/// What was wrong so far; NULL if nothing.
const char *bench_wrong(const struct bench *b);

/// start(), which must work and take at most a second.
void bench_start(struct bench *b);

/// start() until it works, three times at most. Returns its last result.
int bench_try_start(struct bench *b);

/// bench_start(), then waits until the link is up at both ends.
void bench_up(struct bench *b);

/// The main loop for `us` microseconds.
void bench_run(struct bench *b, uint64_t us);

/// The main loop until `*count` is `want` or more, for at most `us`. Returns
/// whether it is.
bool bench_run_to(struct bench *b, const unsigned *count, unsigned want,
    uint64_t us);

/// One turn of the main loop now, whether it was asked for or not.
void bench_turn(struct bench *b);

/// From now on the main loop sends `count` frames, from number 1 on.
void bench_begin_sending(struct bench *b, unsigned count);

/// Waits until the flags say that the link is `up`. Returns whether they do.
bool bench_wait_link(struct bench *b, bool up);

/// The same, to within microseconds.
bool bench_run_to_link(struct bench *b, bool up);

/// Microseconds of a frame of `len` bytes on this cable.
uint64_t bench_wire_us(const struct bench *b, size_t len);

/// Waits until the device has told `want` times that its chip was set up
/// again. Returns whether it has, or the chip had lost nothing.
bool bench_wait_restart(struct bench *b, unsigned want);

/// Writes frame number `number` (from 1 on): `len` bytes, of which the number
/// is a part if there is room.
void bench_frame(uint8_t *frame, size_t len, const struct nif_hwaddr *to,
    const struct nif_hwaddr *from, unsigned number);

/// A length for frame number `number`: with time, all from 60 to 1514.
size_t bench_len(unsigned number);

/// The board sends frame `number` to the card, in stretches; its memory is
/// another's afterwards. Returns what send() does.
int bench_send(struct bench *b, unsigned number, size_t len);

/// The card sends frame `number` to `to`.
void bench_card_send(struct bench *b, const struct nif_hwaddr *to,
    unsigned number, size_t len);

/// recv() into `cap` bytes (up to 1514), behind which nothing may be written.
int bench_recv(struct bench *b, size_t cap, uint8_t **frame);

/// A number above those of all frames that came so far, for the next two.
unsigned bench_number(const struct bench *b);

/// True if frames pass in both directions again, within `us`. A few may be
/// lost on the way there.
bool bench_traffic(struct bench *b, uint64_t us);

/// Frames must pass in both directions now, each one, 5 of each length that
/// is of interest.
void bench_exact(struct bench *b);

#endif
