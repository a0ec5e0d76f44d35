// SPDX-License-Identifier: MIT
//
// What the clients have in common: a datagram socket, IPv4 addresses as
// numbers.

#ifndef CORE_CLIENTS_CLIENT_H
#define CORE_CLIENTS_CLIENT_H

#include "nif/clock.h"
#include "nif/random.h"
#include "nif/stack.h"

#define NIF__SECOND_US ((uint64_t)1000000)

/// When the stack would not take a datagram, it is tried again so much later.
#define NIF__RESEND_US 10000u

/// So that no two clients draw the same numbers from one seed.
enum nif__salt {
    NIF__SALT_DHCP = 1,
    NIF__SALT_DHCP_SERVER,
    NIF__SALT_DNS,
    NIF__SALT_DNS_CACHE,
    NIF__SALT_MDNS,
    NIF__SALT_SNTP,
};

/// Opens a UDP connection on a local port (0: a random one). If it fails,
/// nothing is open. Returns as nif_conn_open() and nif_conn_bind().
int nif__client_open(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_conn_cfg *buffers, uint16_t port);

/// True if that time has come.
bool nif__has_come(const struct nif_stack *stack, uint64_t at_us);

/// Makes `*at_us` the time `us` if that is earlier.
void nif__sooner(uint64_t *at_us, uint64_t us);

/// Can be a host's own: neither 0/8 nor 127/8, below 224/4 (RFC 1122
/// 3.2.1.3).
bool nif__host_ip(uint32_t ip);

/// `ip` becomes the address `value`.
void nif__put_ip(struct nif_ip *ip, uint32_t value);

/// The same, or "none" if no host can have that.
void nif__set_ip(struct nif_ip *ip, uint32_t value);

/// 0xFFFFFF00 for 24.
uint32_t nif__mask(uint8_t prefix_len);

/// A hash of 64 bits of at most 256 bytes.
void nif__digest(const uint32_t key[2], const void *data, size_t len,
    uint32_t out[2]);

#endif
