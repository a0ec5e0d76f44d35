// SPDX-License-Identifier: MIT
//
// Numbers that an attacker cannot foretell: HalfSipHash-2-4 (Aumasson and
// Bernstein), the form of SipHash for 32-bit processors, keyed with the seed.

#include "internal.h"

static uint32_t rotl(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static void sip_rounds(uint32_t v[4], unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[1] = rotl(v[1], 5) ^ v[0];
        v[0] = rotl(v[0], 16);
        v[2] += v[3];
        v[3] = rotl(v[3], 8) ^ v[2];
        v[0] += v[3];
        v[3] = rotl(v[3], 7) ^ v[0];
        v[2] += v[1];
        v[1] = rotl(v[1], 13) ^ v[2];
        v[2] = rotl(v[2], 16);
    }
}

uint32_t nif__hash(const struct nif_tcpip *ip, const uint32_t *words, size_t n)
{
    uint32_t v[4] = {
        ip->key[0],
        ip->key[1],
        0x6c796765u ^ ip->key[0],
        0x74656462u ^ ip->key[1],
    };
    uint32_t last = (uint32_t)n << 26; // the length in bytes, in the top byte

    for (size_t i = 0; i < n; i++) {
        v[3] ^= words[i];
        sip_rounds(v, 2);
        v[0] ^= words[i];
    }
    v[3] ^= last;
    sip_rounds(v, 2);
    v[0] ^= last;
    v[2] ^= 0xFF;
    sip_rounds(v, 4);
    return v[1] ^ v[3];
}

void nif__hash_seed(struct nif_tcpip *ip, uint64_t seed)
{
    ip->key[0] = (uint32_t)seed;
    ip->key[1] = (uint32_t)(seed >> 32);
}

uint32_t nif__random(struct nif_tcpip *ip)
{
    const uint32_t words[3] = {
        ip->random++,
        (uint32_t)ip->now_us,
        (uint32_t)(ip->now_us >> 32),
    };

    return nif__hash(ip, words, nif_countof(words));
}
