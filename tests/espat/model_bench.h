// SPDX-License-Identifier: MIT
//
// A bench for the ESP-AT model: a host that types, a network in the air with a
// host behind it. No driver.

#ifndef TESTS_ESPAT_MODEL_BENCH_H
#define TESTS_ESPAT_MODEL_BENCH_H

#include "sim/chips/espat.h"
#include "tests/espat/far.h"
#include "tests/support/check.h"

#include <string.h>

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_air air;
    struct sim_ap home; ///< "home", "correct horse", WPA2
    struct sim_cable cable;
    struct far far; ///< 192.0.2.1
    struct sim_espat chip;
    struct sim_pin enable;
    struct sim_uart bus;
    uint8_t heard[65536];
    size_t heard_len;
    // One connection of the far end.
    struct nif_conn conn;
    struct nif_conn listener;
    uint8_t rx[8192];
    uint8_t tx[8192];
};

/// A module that is powered up, in place of the one before, if any. `cfg`
/// NULL: all defaults but the firmware, which is 2.4.
struct bench *bench_open(const struct sim_espat_cfg *cfg);

/// The same, ready, with echo off.
struct bench *bench_ready(enum sim_espat_firmware firmware);

/// The same, with CIPMUX=1, joined, with its address.
struct bench *bench_joined(enum sim_espat_firmware firmware);

/// Fails if somebody complained.
int bench_teardown(void **state);

void pass_ms(struct bench *b, uint64_t ms);

/// Types bytes as they are.
void type(struct bench *b, const void *data, size_t len);
void say(struct bench *b, const char *text);

/// Hears for so long, or until that many bytes have come.
void hear(struct bench *b, uint64_t ms, size_t len);

/// What comes next is exactly that, within 30 s.
void expect(struct bench *b, const char *text);
void expect_bytes(struct bench *b, const void *data, size_t len);

/// It comes sooner or later; what was heard up to its end is forgotten.
void await(struct bench *b, const char *text);

/// Nothing comes for so long.
void quiet(struct bench *b, uint64_t ms);

/// Types a line and expects just that answer.
void ask(struct bench *b, const char *line, const char *answer);

/// Complaints so far were expected.
void forgive(struct bench *b, unsigned count);

/// The far end waits for a connection at port 7; takes it.
void far_listen(struct bench *b);
void far_accept(struct bench *b);
/// The far end connects to the module's port.
void far_connect(struct bench *b, struct nif_conn *conn, uint16_t port);
void far_write(struct bench *b, const void *data, size_t len);
/// What has come to the far end, at most so long; returns how much.
size_t far_read(struct bench *b, void *buf, size_t cap, uint64_t ms);

/// MUX=1: opens link `id` to port 7 of the far end.
void open_link(struct bench *b, unsigned id);

#endif
