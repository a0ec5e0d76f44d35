// SPDX-License-Identifier: MIT
//
// SHA-256, after FIPS 180-4.

#include "sim/capture/sha256.h"

#include <string.h>

#define BLOCK 64

static const uint32_t k[64] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
    0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138,
    0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624,
    0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f,
    0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

static uint32_t turn(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

static void mix(uint32_t h[8], const uint8_t *block)
{
    uint32_t w[64];
    uint32_t v[8];

    for (unsigned i = 0; i < 16; i++) {
        w[i] = nif_get_be32(block + 4 * (size_t)i);
    }
    for (unsigned i = 16; i < 64; i++) {
        uint32_t s0 =
            turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
        uint32_t s1 =
            turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);

        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    memcpy(v, h, sizeof(v));
    for (unsigned i = 0; i < 64; i++) {
        uint32_t s1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + choice + k[i] + w[i];
        uint32_t s0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22);
        uint32_t most = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

        memmove(v + 1, v, 7 * sizeof(v[0]));
        v[4] += t1;
        v[0] = t1 + s0 + most;
    }
    for (unsigned i = 0; i < 8; i++) {
        h[i] += v[i];
    }
}

bool sim_sha256(FILE *in, char text[SIM_SHA256_TEXT])
{
    uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    uint8_t block[BLOCK];
    uint64_t total = 0;
    size_t len;

    while ((len = fread(block, 1, BLOCK, in)) == BLOCK) {
        total += BLOCK;
        mix(h, block);
    }
    total += len;
    block[len++] = 0x80;
    if (len > BLOCK - 8) {
        memset(block + len, 0, BLOCK - len);
        mix(h, block);
        len = 0;
    }
    memset(block + len, 0, BLOCK - len);
    nif_put_be32(block + BLOCK - 8, (uint32_t)(total >> 29));
    nif_put_be32(block + BLOCK - 4, (uint32_t)(total << 3));
    mix(h, block);
    for (unsigned i = 0; i < 8; i++) {
        snprintf(text + 8 * (size_t)i, 9, "%08x", (unsigned)h[i]);
    }
    return !ferror(in);
}
