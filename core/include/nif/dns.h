// SPDX-License-Identifier: MIT
//
// DNS (RFC 1035): the IPv4 address of a name, from the servers that the stack
// was given. Runs on any stack with UDP. One lookup at a time per struct.
//
//     nif_dns_init(&dns, stack, seed);
//     err = nif_dns_start(&dns, "example.net");
//     do {
//         again = nif_stack_poll(stack);
//         err = nif_dns_poll(&dns, &ip, &again);
//         nif_clock_wait(clock, again);
//     } while (err == NIF_EAGAIN);
//
// What comes back is checked against what was asked: server, port, id,
// question (RFC 5452); its names are walked within bounds (RFC 9267).

#ifndef NIF_DNS_H
#define NIF_DNS_H

#include "nif/stack.h"

NIF_C_BEGIN

/// A name as it travels (RFC 1035 2.3.4), and the longest message over UDP.
#define NIF_DNS_NAME_MAX    255
#define NIF_DNS_MESSAGE_MAX 512

/// One lookup. Must not move while it runs.
struct nif_dns {
    // Private.
    struct nif_stack *stack;
    struct nif_conn conn;
    bool open;
    bool unsent;
    uint8_t tries;
    uint16_t id;
    uint16_t name_len;
    uint32_t random[2];
    uint64_t at_us; ///< next question
    struct nif_ip server;
    uint8_t name[NIF_DNS_NAME_MAX];
    uint8_t msg[NIF_DNS_MESSAGE_MAX];
    uint8_t rx[NIF_DNS_MESSAGE_MAX + 8];
};

/// Fills memory only. `seed` is secret: ids come from it.
void nif_dns_init(struct nif_dns *dns, struct nif_stack *stack, uint64_t seed);

/// Begins to look for `host`, ends an earlier lookup. An address as text is
/// taken as it is. `host` is borrowed for the call.
///
/// Returns 0; NIF_EINVAL if it is no host name; NIF_EADDR if the stack has no
/// server to ask; what opening a connection returns.
NIF_NODISCARD int nif_dns_start(struct nif_dns *dns, const char *host);

/// Does what is due. Lowers `*again_us` to the time when it wants to be called
/// again.
///
/// Returns 0 and the address in `*out`; NIF_EAGAIN while it works;
/// NIF_ENOTFOUND: there is no such name, or it has no IPv4 address;
/// NIF_ETIMEDOUT: no server answered; NIF_EPROTO: no server could tell;
/// NIF_EINVAL if no lookup runs.
NIF_NODISCARD int nif_dns_poll(struct nif_dns *dns, struct nif_ip *out,
    uint64_t *again_us);

/// Ends the lookup, if one runs.
void nif_dns_stop(struct nif_dns *dns);

NIF_C_END

#endif
