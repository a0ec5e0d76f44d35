// SPDX-License-Identifier: MIT
//
// The stack's secret (nif/random.h): initial sequence numbers, ports.

#include "internal.h"
#include "nif/random.h"

uint32_t nif__hash(const struct nif_tcpip *ip, const uint32_t *words, size_t n)
{
    return nif_hash(ip->key, words, n);
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

uint16_t nif__lot(struct nif_tcpip *ip)
{
    uint32_t drawn = ip->lot;

    if (drawn != 0) {
        ip->lot = 0;
        ip->random++; // a number of its own: those that follow do not depend on
                      // which half this was
    } else {
        drawn = nif__random(ip);
        ip->lot = 1u << 16 | drawn >> 16;
    }
    return (uint16_t)drawn;
}
