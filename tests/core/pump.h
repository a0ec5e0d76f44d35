// SPDX-License-Identifier: MIT
//
// For tests of calls that wait, on the pair of stacks: while stack 0 waits,
// stack 1, the test's other side and the clock go on, as a job of stack 0.

#ifndef TESTS_CORE_PUMP_H
#define TESTS_CORE_PUMP_H

#include "nif/net.h"
#include "tests/core/pair.h"

/// A server or client on stack 1, moved on at each turn of stack 0.
struct pump_side {
    struct nif_conn listener;
    struct nif_conn backlog[2];
    struct nif_conn *conn;    ///< the one that is talked to; NULL: none yet
    struct nif_endpoint from; ///< who that is
    struct nif_conn client;
    bool echo;      ///< what comes goes back
    bool deaf;      ///< reads nothing
    bool stubborn;  ///< does not close when its peer has
    bool ended;     ///< has read the end, or an error
    int err;        ///< what recv() said last, if that was an error
    size_t got_len; ///< bytes read
    size_t back_len;
    uint8_t got[65536];
    uint8_t rx[2][4096];
    uint8_t tx[2][4096];
};

struct pump {
    struct pair pair; ///< first
    struct nif_job job;
    struct pump_side side;
    struct nif_conn conn; ///< of stack 0, with its buffers
    uint8_t rx[4096];
    uint8_t tx[4096];
    void (*step)(struct pump *pump); ///< or NULL: the test's own
    uint64_t step_us;                ///< the step wants to be called then
    unsigned turns;
};

/// Both stacks, a job on stack 0, nobody there yet.
void pump_init(struct pump *pump, uint64_t seed);

/// A server on stack 1 at that port.
void pump_serve(struct pump *pump, uint16_t port);

/// Begins to connect from stack 1 to a port of stack 0.
void pump_dial(struct pump *pump, uint16_t port);

/// How to open `conn` for TCP.
struct nif_open_cfg pump_tcp(struct pump *pump);

/// Connects `conn` to the server at port 7.
void pump_connect(struct pump *pump);

/// Lets time pass by turns of stack 0.
void pump_pass(struct pump *pump, uint64_t us);

/// The time when `us` will have passed.
uint64_t pump_in(const struct pump *pump, uint64_t us);

/// 192.0.2.2, stack 1.
struct nif_endpoint pump_peer(uint16_t port);

/// Panics from now on end in here instead of in cmocka: 1 if `fn` panicked.
int pump_panics(void (*fn)(void *arg), void *arg);

#endif
