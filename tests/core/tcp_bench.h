// SPDX-License-Identifier: MIT
//
// What tests of TCP have in common: a peer by hand, a text to send, and room
// for what comes back.

#ifndef TESTS_CORE_TCP_BENCH_H
#define TESTS_CORE_TCP_BENCH_H

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"
#include "tests/support/check.h"

#include <string.h>

extern struct peer p;
extern uint8_t data[4096];
extern uint8_t got[5000];

/// For cmocka.
int setup(void **state);

/// The stack's counters.
struct nif_tcpip_stats *stats(void);

/// Sends so much of `data` to the peer.
int send_all(size_t len);

/// Takes what has come from him.
int recv_all(void);

#endif
