// SPDX-License-Identifier: MIT
//
// A DHCP server by hand: hears the client's messages on the cable and says
// what a test wants it to.

#ifndef TESTS_CORE_DHCP_BENCH_H
#define TESTS_CORE_DHCP_BENCH_H

#include "nif/dhcp.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    DISCOVER = 1,
    OFFER,
    REQUEST,
    DECLINE,
    ACK,
    NAK,
    RELEASE,
};

#define SECOND 1000000ull

extern struct pair p;
extern struct nif_dhcp dhcp;
extern uint8_t frame[NIF_ETH_FRAME_MAX];
extern uint8_t msg[600]; ///< the client's last message
extern uint64_t again_us;

/// What the server says; a test changes what it wants to.
struct dhcp_answer {
    uint8_t type;
    uint32_t xid;
    uint32_t ip;
    uint32_t server;
    uint32_t mask;
    uint32_t router;
    uint32_t dns;
    uint32_t lease_s;
    uint32_t t1_s;
    uint32_t t2_s;
    const uint8_t *raw; ///< options as they are, in place of all these
    size_t raw_len;
    const uint8_t *file;  ///< options in the file field, 128 bytes
    const uint8_t *sname; ///< and in the sname field, 64 bytes
    size_t spoil;         ///< a byte of the message to add to ...
    uint8_t spoilt;       ///< ... and what
    uint16_t port;        ///< 0: 67
};

/// A stack without an address, whose client has been started.
int dhcp_setup(void **state);

/// An option of the last message: its length, then its data; or NULL.
const uint8_t *dhcp_option(uint8_t code);

/// Waits for the client's next message; 0 if none comes in that time.
uint8_t dhcp_hear(uint64_t limit_us);

/// An answer of that type to the last message.
struct dhcp_answer dhcp_answer(uint8_t type);

/// Sends it to the client.
void dhcp_say(const struct dhcp_answer *a);

/// Plays the server until the client has been promised what `a` says.
void dhcp_get_a_lease_of(struct dhcp_answer *a);
void dhcp_get_a_lease(void);

/// The stack's address, 0 if it has none.
uint32_t dhcp_address(void);

#endif
