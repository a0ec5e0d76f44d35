// SPDX-License-Identifier: MIT
//
// For fuzz targets of clients: the input, taken byte by byte, and a stack with
// nothing in it. What the client sends is kept, what it receives the target
// says, and time stands still until the target moves it.

#ifndef TESTS_FUZZ_SCRIPTED_H
#define TESTS_FUZZ_SCRIPTED_H

#include "nif/clock.h"
#include "nif/stack.h"

#define SECOND 1000000ull

/// What lies behind a received message in its buffer must not be looked at,
/// which the address sanitizer sees to. Until when?
enum scripted_guard {
    UNTIL_RECV,  ///< the next recv()
    UNTIL_CLOCK, ///< that, or when the client looks at the clock: it writes
                 ///< its next message to where it has received the last one
    UNGUARDED,   ///< it receives into memory that is soon another's
};

struct scripted {
    struct nif_stack stack; // first
    struct nif_clock clock;
    uint64_t now_us;
    uint64_t again_us; ///< for the target: when the client wants its turn
    struct nif_net net;
    enum scripted_guard guard;
    bool open; ///< a connection is
    int open_err;
    int send_err;
    int set_err;
    uint8_t sent[1472]; ///< the last message ...
    size_t sent_len;
    struct nif_endpoint sent_to;
    unsigned sent_count;
    const uint8_t *inbox; ///< one message to be received, or NULL
    size_t inbox_len;
    struct nif_endpoint inbox_from;
    uint8_t *guarded;
    size_t guarded_len;
};

extern struct scripted s;

/// Begins with an input. The stack has the address 192.0.2.1/24. Before the
/// client's struct is used again.
void scripted_begin(const uint8_t *data, size_t size,
    enum scripted_guard guard);

/// Lets the client receive a message, whose bytes must stay until it did.
void scripted_say(uint32_t ip, uint16_t port, const void *data, size_t len);

/// What the stack says from now on, as the input wants: errors, mostly none.
void scripted_trouble(void);

/// Lets time pass, as the input wants: a little, or much, or what it takes.
void scripted_pass(void);

/// Makes `ip` an IPv4 address.
void scripted_ip(struct nif_ip *ip, uint32_t value);

// The input. When it is at its end there are zeros.

size_t fuzz_left(void);
uint8_t fuzz_byte(void);
uint16_t fuzz_be16(void);
uint32_t fuzz_be32(void);

/// Copies up to `len` bytes. Returns how many.
size_t fuzz_copy(uint8_t *to, size_t len);

/// A number that matters to somebody: addresses nearby, masks, times.
uint32_t fuzz_value(void);

#endif
