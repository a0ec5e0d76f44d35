// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's receive filters (DS39662 8).

#include "sim/chips/enc28j60/model.h"

#include <string.h>

#define WINDOW    64 // bytes that a pattern can look at
#define MAGIC_LEN (6 + 16 * 6)
#define POLY      0x04C11DB7u

void sim_enc_own(const struct sim_enc28j60 *chip, uint8_t mac[6])
{
    static const uint8_t order[6] = { ENC_MAADR1, ENC_MAADR2, ENC_MAADR3,
        ENC_MAADR4, ENC_MAADR5, ENC_MAADR6 };

    for (unsigned i = 0; i < 6; i++) {
        mac[i] = chip->reg[order[i]];
    }
}

static bool for_us(const struct sim_enc28j60 *chip, const uint8_t *frame)
{
    uint8_t own[6];

    sim_enc_own(chip, own);
    return memcmp(frame, own, sizeof(own)) == 0;
}

static bool is_broadcast(const uint8_t *frame)
{
    static const uint8_t all[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

    return memcmp(frame, all, sizeof(all)) == 0;
}

// Bits 28 to 23 of an unreflected CRC-32 over the address choose the bit.
static bool hash_matches(const struct sim_enc28j60 *chip, const uint8_t *frame)
{
    uint32_t crc = 0xFFFFFFFFu;

    for (unsigned i = 0; i < 6; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint32_t feedback = (crc >> 31) ^ (frame[i] >> bit & 1u);

            crc = crc << 1 ^ (feedback ? POLY : 0);
        }
    }
    return chip->reg[ENC_EHT0 + (crc >> 26 & 7)] >> (crc >> 23 & 7) & 1;
}

// The bytes that the mask selects, closed up, with a checksum as in IP.
static bool pattern_matches(struct sim_enc28j60 *chip, const uint8_t *frame,
    size_t len)
{
    unsigned offset =
        chip->reg[ENC_EPMOL] | (unsigned)chip->reg[ENC_EPMOH] << 8;
    unsigned want =
        chip->reg[ENC_EPMCSL] | (unsigned)chip->reg[ENC_EPMCSH] << 8;
    uint32_t sum = 0;
    unsigned count = 0;

    if (offset + WINDOW > len) {
        return false;
    }
    for (unsigned i = 0; i < WINDOW; i++) {
        if (chip->reg[ENC_EPMM0 + i / 8] >> (i % 8) & 1) {
            uint32_t byte = frame[offset + i];

            sum += count++ & 1 ? byte : byte << 8;
        }
    }
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    // Erratum 18: some pass that should not.
    return (~sum & 0xFFFF) == want || sim_enc_bites_now(chip, 18);
}

static bool is_magic_at(const uint8_t *at, const uint8_t *mac)
{
    if (!is_broadcast(at)) {
        return false;
    }
    for (unsigned i = 1; i <= 16; i++) {
        if (memcmp(at + 6 * (size_t)i, mac, 6) != 0) {
            return false;
        }
    }
    return true;
}

static bool magic_matches(const struct sim_enc28j60 *chip, const uint8_t *frame,
    size_t len)
{
    if (!for_us(chip, frame)) {
        return false;
    }
    for (size_t at = 14; at + MAGIC_LEN + SIM_FCS <= len; at++) {
        if (is_magic_at(frame + at, frame)) {
            return true;
        }
    }
    return false;
}

bool sim_enc_filter(struct sim_enc28j60 *chip, const uint8_t *frame, size_t len)
{
    static const uint8_t kinds = ENC_ERXFCON_UCEN | ENC_ERXFCON_PMEN |
        ENC_ERXFCON_MPEN | ENC_ERXFCON_HTEN | ENC_ERXFCON_MCEN |
        ENC_ERXFCON_BCEN;
    unsigned enabled = chip->reg[ENC_ERXFCON] & kinds;
    unsigned hit = 0;

    if (enabled == 0) {
        return true;
    }
    if ((enabled & ENC_ERXFCON_UCEN) && for_us(chip, frame)) {
        hit |= ENC_ERXFCON_UCEN;
    }
    if ((enabled & ENC_ERXFCON_PMEN) && pattern_matches(chip, frame, len)) {
        hit |= ENC_ERXFCON_PMEN;
    }
    if ((enabled & ENC_ERXFCON_MPEN) && magic_matches(chip, frame, len)) {
        hit |= ENC_ERXFCON_MPEN;
    }
    if ((enabled & ENC_ERXFCON_HTEN) && hash_matches(chip, frame)) {
        hit |= ENC_ERXFCON_HTEN;
    }
    if ((enabled & ENC_ERXFCON_MCEN) && (frame[0] & 1)) {
        hit |= ENC_ERXFCON_MCEN;
    }
    if ((enabled & ENC_ERXFCON_BCEN) && is_broadcast(frame)) {
        hit |= ENC_ERXFCON_BCEN;
    }
    return sim_enc_bit(chip, ENC_ERXFCON, ENC_ERXFCON_ANDOR) ? hit == enabled
                                                             : hit != 0;
}
