// SPDX-License-Identifier: MIT
//
// An mDNS responder on a scripted stack with UDP: the test hears what it
// sends, says what neighbours say, and moves the time.

#ifndef TESTS_CORE_MDNS_BENCH_H
#define TESTS_CORE_MDNS_BENCH_H

#include "core/clients/dns_message.h"
#include "nif/mdns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull
#define OWN    0xC0000201u // 192.0.2.1
#define PEER   0xC0000202u
#define GROUP  0xE00000FBu
#define FLUSH  0x8001

/// The scripted stack and what it saw.
struct mdns_stack {
    struct nif_stack stack; // first
    struct nif_clock clock;
    uint64_t now_us;
    struct nif_net net;
    bool joined;
    int ttl;
    int group_err;
    int bind_err;
    bool busy;                      ///< send() says NIF_EAGAIN
    uint8_t sent[NIF_MDNS_OUT_MAX]; ///< the last message ...
    size_t sent_len;
    struct nif_endpoint sent_to;
    unsigned sent_count;
    const uint8_t *inbox; ///< one message to be received
    size_t inbox_len;
    unsigned inbox_more; ///< how often it is received again
    struct nif_endpoint inbox_from;
};

extern struct mdns_stack fake;
extern struct nif_mdns mdns;
extern uint64_t again_us;

/// "board" with _http._tcp on port 80, just started, address set.
int mdns_setup(void **state);

/// The same, announced, and more than a second later.
int mdns_setup_running(void **state);

/// Lets time pass until a message is sent. False if none is in that time.
bool mdns_hear(uint64_t limit_us);

/// Lets time pass; what is sent is only counted.
void mdns_pass(uint64_t us);

/// What the last message has: how many in section 0 (questions) to 3.
unsigned mdns_count(unsigned section);

/// Looks for a record in a section (1 to 3) of the last message, or a question
/// (0). False if it is not there.
bool mdns_find(unsigned section, const char *name, uint16_t type,
    struct nif__dns_record *r);

/// The data of a record of the last message.
const uint8_t *mdns_data(const struct nif__dns_record *r);

// A message of a neighbour.

void mdns_begin(uint16_t flags);
void mdns_question(const char *name, uint16_t type, uint16_t cls);

/// A record for `section` 1 to 3, class IN.
void mdns_record(unsigned section, const char *name, uint16_t type,
    uint32_t ttl_s, const void *data, size_t len);

/// Record data that is a name, after a head.
void mdns_record_name(unsigned section, const char *name, uint16_t type,
    uint32_t ttl_s, const char *target, const uint8_t head[6]);

/// Gives it to the responder.
void mdns_say(uint32_t ip, uint16_t port);

#endif
