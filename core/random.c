// SPDX-License-Identifier: MIT
//
// HalfSipHash-2-4, and it in counter mode.

#include "nif/random.h"

static uint32_t rotl(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

// In registers: a small processor has just as many.
NIF_APART static void sip_rounds(uint32_t v[4], unsigned rounds)
{
    uint32_t v0 = v[0];
    uint32_t v1 = v[1];
    uint32_t v2 = v[2];
    uint32_t v3 = v[3];

    do {
        v0 += v1;
        v1 = rotl(v1, 5) ^ v0;
        v0 = rotl(v0, 16);
        v2 += v3;
        v3 = rotl(v3, 8) ^ v2;
        v0 += v3;
        v3 = rotl(v3, 7) ^ v0;
        v2 += v1;
        v1 = rotl(v1, 13) ^ v2;
        v2 = rotl(v2, 16);
    } while (--rounds > 0);
    v[0] = v0;
    v[1] = v1;
    v[2] = v2;
    v[3] = v3;
}

uint32_t nif_hash(const uint32_t key[2], const uint32_t *words, size_t n)
{
    uint32_t v[4] = {
        key[0],
        key[1],
        0x6c796765u ^ key[0],
        0x74656462u ^ key[1],
    };

    for (size_t i = 0; i <= n; i++) {
        // At last the length in bytes, in the top byte.
        uint32_t word = i < n ? words[i] : (uint32_t)n << 26;

        v[3] ^= word;
        sip_rounds(v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xFF;
    sip_rounds(v, 4);
    return v[1] ^ v[3];
}

void nif_random_init(struct nif_random *random, uint64_t seed, uint32_t salt)
{
    random->key[0] = (uint32_t)seed;
    random->key[1] = (uint32_t)(seed >> 32);
    random->next[0] = salt;
    random->next[1] = 0;
}

uint32_t nif_random_draw(struct nif_random *random)
{
    random->next[1]++;
    return nif_hash(random->key, random->next, nif_countof(random->next));
}

uint32_t nif_random_below(struct nif_random *random, uint32_t limit)
{
    return (uint32_t)((uint64_t)nif_random_draw(random) * limit >> 32);
}
