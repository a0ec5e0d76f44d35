// SPDX-License-Identifier: MIT
//
// A DNS server by hand: hears questions on the cable and says what a test
// wants it to.

#ifndef TESTS_CORE_DNS_BENCH_H
#define TESTS_CORE_DNS_BENCH_H

#include "nif/dns.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVER0 0xC0000235u // 192.0.2.53
#define SERVER1 0xC0000236u
#define SECOND  1000000ull

extern struct pair p;
extern struct nif_dns dns;
extern struct nif_dns_cache cache;
extern struct nif_ip found;
extern int result;
extern uint8_t frame[NIF_ETH_FRAME_MAX];
extern uint8_t query[512]; ///< the last question
extern size_t query_len;
extern uint16_t port;    ///< whose it was
extern uint16_t to_port; ///< which it went to
extern uint32_t server;  ///< whom it went to
extern uint8_t msg[600]; ///< an answer being written
extern size_t msg_len;
extern uint32_t ttl_s; ///< of records; 60 at first

extern const uint8_t to_question[2]; ///< a pointer to the question's name
extern const uint8_t address[4];

/// A stack with two servers that are neighbours, a resolver without a cache.
int dns_setup(void **state);

/// The same with a cache of three names.
int dns_setup_cache(void **state);

/// Waits for a question. False if the lookup ended.
bool dns_hear(void);

/// Begins a lookup and hears its question.
void dns_ask(const char *host);

/// Sends an answer.
void dns_say_from(uint32_t ip, uint16_t from_port, const uint8_t *bytes,
    size_t len);
void dns_say(void);

/// Begins an answer: head and question of the query.
void dns_begin(uint16_t flags, uint16_t answers);
void dns_add(const void *bytes, size_t len);

/// Adds a record.
void dns_add_record(const void *name, size_t name_len, uint16_t type,
    const void *data, uint16_t len);

#endif
