// SPDX-License-Identifier: MIT
//
// The frame check sequence of Ethernet (IEEE 802.3 3.2.9): CRC-32, reflected,
// four bytes at a time.

#include "sim/net/cable.h"

static uint32_t table[4][256];

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        }
        table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++) {
        for (int k = 1; k < 4; k++) {
            table[k][i] =
                table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xFF];
        }
    }
}

uint32_t sim_fcs(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xFFFFFFFFu;

    if (table[0][1] == 0) {
        make_table();
    }
    for (; len >= 4; len -= 4, data += 4) {
        crc ^= nif_get_le32(data);
        crc = table[3][crc & 0xFF] ^ table[2][crc >> 8 & 0xFF] ^
            table[1][crc >> 16 & 0xFF] ^ table[0][crc >> 24];
    }
    for (; len > 0; len--, data++) {
        crc = crc >> 8 ^ table[0][(crc ^ *data) & 0xFF];
    }
    return ~crc;
}

size_t sim_fcs_put(uint8_t *frame, size_t len)
{
    uint32_t fcs = sim_fcs(frame, len);

    for (size_t i = 0; i < SIM_FCS; i++) {
        frame[len + i] = (uint8_t)(fcs >> (8 * i));
    }
    return len + SIM_FCS;
}

bool sim_fcs_good(const uint8_t *frame, size_t len)
{
    uint32_t fcs;

    if (len < SIM_FCS) {
        return false;
    }
    fcs = sim_fcs(frame, len - SIM_FCS);
    for (size_t i = 0; i < SIM_FCS; i++) {
        if (frame[len - SIM_FCS + i] != (uint8_t)(fcs >> (8 * i))) {
            return false;
        }
    }
    return true;
}
