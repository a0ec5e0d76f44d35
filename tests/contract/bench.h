// SPDX-License-Identifier: MIT
//
// Where the contract of a socket stack is tried: a board with the chip in
// question, and at the other end of its cable a peer that does what a test
// wants of it. The test drives the board's stack, by nif/stack.h and what
// stands on it only; the peer is a board of its own, whose fiber goes on
// while the test waits.

#ifndef TESTS_CONTRACT_BENCH_H
#define TESTS_CONTRACT_BENCH_H

#include "boards/host/host.h"
#include "nif/net.h"
#include "tests/contract/peer.h"

#define S ((uint64_t)1000000)

/// Connections that a test may use.
#define BENCH_OWN  12
#define BENCH_RING 4096

/// The chip that this program is about: a name of host_chips.
extern const char *contract_chip;

/// The dialect of its firmware; NULL: the newest, or it has none.
extern const char *contract_dialect;

/// It sends what it has received without being asked.
extern bool contract_active;

/// What a chip cannot do as nif/stack.h has it, and why. Zero: nothing.
struct contract_traits {
    const char *chip;
    const char *dialect;  ///< of its firmware, unless `contract_active`; NULL:
                          ///< any
    size_t burst;         ///< the longest datagram whose fragments it can take
                          ///< as fast as its cable brings them; 0: any
    bool no_half_close;   ///< shutdown() is NIF_ENOTSUP
    bool no_refusal;      ///< does not tell "refused" from other failures
    bool no_abort;        ///< ends by FIN what is to end by RST
    bool no_peer_port;    ///< cannot tell a client's port
    bool one_server;      ///< listens at one port only
    bool late;            ///< a socket hears a moment after it was told to
    bool no_reset;        ///< does not tell a reset from an end in order
    bool stuck_stops_all; ///< sends nothing else while a peer does not read
    bool own_dhcp;        ///< gets its address by itself
    bool data_beside_bus; ///< a dead bus does not stop its frames
    bool no_datagrams;    ///< receives none
    bool no_borders;      ///< runs datagrams that wait together
    bool no_sender;       ///< does not tell who has sent a datagram
    bool no_stations;     ///< does not tell who comes to its access point
    uint32_t late_us;     ///< contract_late_us(); 0: 20 ms
};

/// Of `contract_chip`.
const struct contract_traits *contract_traits(void);

/// The longest that a small message takes to an echo and back, microseconds.
uint64_t contract_late_us(void);

struct bench {
    struct sim_world world;
    struct host_board board; ///< with the chip
    struct nif_stack *stack; ///< the board's
    struct peer peer;
    struct nif_conn conn[BENCH_OWN]; ///< the test's, with their memory
    uint8_t rx[BENCH_OWN][BENCH_RING];
    uint8_t tx[BENCH_OWN][BENCH_RING];
    bool reclaimed[BENCH_OWN]; ///< that is used for something else by now
    bool broken; ///< the test has made the chip unwell: it may complain
};

extern struct bench bench;

/// How the bench is to be. Zero is the default.
struct bench_cfg {
    bool no_address;        ///< the board has none
    bool twins;             ///< the peer has the same chip
    bool idle;              ///< its device is not started
    const char *passphrase; ///< of its network; NULL: none
    /// Called when the world is there and nothing is in it; or NULL.
    void (*made)(struct sim_world *world);
};

/// Builds it, and brings both boards up.
void bench_begin(const struct bench_cfg *cfg);

/// cmocka's setup and teardown. The end checks that memory which was given
/// back was left alone, and that no model has complained.
int bench_setup(void **state);
int bench_setup_bare(void **state);
int bench_setup_twins(void **state);
int bench_teardown(void **state);

#define BENCH_TEST(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

/// Starts a board's device, joins its network, waits for its link and its
/// address. 0, or what went wrong.
int bench_bring_up(struct host_board *board);

/// True if a board has a link. One that has lost its network joins again.
bool bench_is_up(struct host_board *board);

/// Now, and the time when `us` will have passed.
uint64_t bench_now(void);
uint64_t bench_in(uint64_t us);

/// Lets time pass by turns of the stack and its jobs.
void bench_pass(uint64_t us);

/// The same, but as a main loop that sleeps: a turn only at the time that the
/// last one gave, or when the clock was woken.
void bench_doze(uint64_t us);

/// Dozes until nothing is due for a while.
void bench_rest(void);

/// Waits until `*flag`, for at most `us`. False if it did not come.
bool bench_until(const bool *flag, uint64_t us);

/// As bench_until(), for a number that is to reach `n`.
bool bench_reach(const uint32_t *number, uint32_t n, uint64_t us);

/// How to open conn[i].
struct nif_open_cfg bench_open(unsigned i, enum nif_proto proto);

/// Opens conn[i] and connects it to that port of the peer.
struct nif_conn *bench_dial(unsigned i, uint16_t port);

/// Lets a chip that is late open the socket that it was told of.
void bench_settle(void);

/// Skips the test, and says why, where the chip cannot receive datagrams; where
/// it cannot keep apart those that wait; where it cannot tell their senders.
void bench_needs_datagrams(void);
void bench_needs_borders(void);
void bench_needs_senders(void);

/// A datagram came from that port of the peer, as far as the chip tells.
void bench_came_from(const struct nif_endpoint *from, uint16_t port);

/// Lets conn[i] listen at `port`, conn[i + 1] to conn[i + n] being the backlog.
void bench_listen(unsigned i, uint16_t port, unsigned n);

/// The same, and what it came to.
int bench_try_listen(unsigned i, uint16_t port, unsigned n);

/// Waits until conn[i] is the test's again.
void bench_wait_closed(unsigned i, uint64_t us);

/// The same, and uses its memory for something
/// else.
void bench_reclaim(unsigned i, uint64_t us);

/// Connects conn[i] to a port of the peer that echoes, and moves some bytes:
/// all is well. Ends with conn[i] closed.
void bench_prove(unsigned i);

// Calls that hold the stack to what it says: what is ready does not answer
// NIF_EAGAIN, what is not ready answers nothing else, as far as that is known.
int bench_send(struct nif_conn *conn, const void *data, size_t len,
    const struct nif_endpoint *to);
int bench_recv(struct nif_conn *conn, void *buf, size_t cap,
    struct nif_endpoint *from);

/// A known text in both directions on one connection.
struct flow {
    struct nif_conn *conn;
    uint32_t salt_out;
    uint32_t salt_in;
    uint32_t out;   ///< bytes to send
    uint32_t in;    ///< bytes to receive
    uint32_t piece; ///< most bytes of one call; 0: 1500
    uint32_t sent;
    uint32_t got;
    bool ended; ///< the peer's end was read
    int err;    ///< what ended it too soon
};

/// Moves all of it. Fails the test if it is not the text, or not there by
/// then.
void flow_run(struct flow *flow, uint64_t until_us);

/// Moves what can be moved now. True if it was something.
bool flow_step(struct flow *flow);
bool flow_done(const struct flow *flow);

#endif
