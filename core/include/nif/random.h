// SPDX-License-Identifier: MIT
//
// Numbers that an attacker cannot foretell: HalfSipHash-2-4 (Aumasson and
// Bernstein), the form of SipHash for 32-bit processors, keyed with a secret.
// Every id, port, cookie and delay of the clients comes from here.
//
// All of them may be given the same seed: each has a `salt` of its own, so
// that what one says aloud (a DHCP transaction) tells nothing of what another
// keeps to itself (the id of a DNS question).

#ifndef NIF_RANDOM_H
#define NIF_RANDOM_H

#include "nif/base.h"

NIF_C_BEGIN

/// The hash of `n` words under `key`.
uint32_t nif_hash(const uint32_t key[2], const uint32_t *words, size_t n);

/// A source of numbers. Private.
struct nif_random {
    uint32_t key[2];
    uint32_t next[2]; // salt, how many were drawn
};

/// `seed` is secret and differs from board to board and boot to boot; `salt`
/// tells those apart who have the same seed.
void nif_random_init(struct nif_random *random, uint64_t seed, uint32_t salt);

/// Any number.
uint32_t nif_random_draw(struct nif_random *random);

/// A number below `limit`; 0 if that is 0.
uint32_t nif_random_below(struct nif_random *random, uint32_t limit);

NIF_C_END

#endif
