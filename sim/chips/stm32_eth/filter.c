// SPDX-License-Identifier: MIT
//
// Which frames are for this station (RM0090 33.5.6).

#include "sim/chips/stm32_eth/model.h"

#include <string.h>

#define POLY      0x04C11DB7u
#define AE        (1u << 31)
#define SA        (1u << 30)
#define MBC_SHIFT 24
#define EXTRA     3 // perfect filters beside MACA0

// Six bits of an unreflected CRC-32 of the address, complemented: the highest
// chooses the register, the others the bit.
static bool hash_has(struct sim_stm32_eth *eth, const uint8_t *address)
{
    uint32_t crc = UINT32_MAX;
    uint32_t index;

    for (unsigned i = 0; i < 6; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint32_t feedback = (crc >> 31) ^ (address[i] >> bit & 1u);

            crc = crc << 1 ^ (feedback ? POLY : 0);
        }
    }
    index = ~crc >> 26;
    return *eth__reg(eth, index & 32 ? ETH_MACHTHR : ETH_MACHTLR) >>
        (index & 31) &
        1;
}

// MACA1 to MACA3: bytes can be left out of the comparison.
static bool extra_has(struct sim_stm32_eth *eth, unsigned n,
    const uint8_t *address)
{
    uint32_t high = *eth__reg(eth, ETH_MACA0HR + 8 * n);
    uint32_t low = *eth__reg(eth, ETH_MACA0LR + 8 * n);

    if (!(high & AE) || (high & SA)) {
        return false;
    }
    for (unsigned i = 0; i < 6; i++) {
        uint8_t byte = (uint8_t)(i < 4 ? low >> 8 * i : high >> 8 * (i - 4));

        if (!(high >> (MBC_SHIFT + i) & 1) && byte != address[i]) {
            return false;
        }
    }
    return true;
}

static bool perfect_has(struct sim_stm32_eth *eth, const uint8_t *address)
{
    bool found = memcmp(address, eth->own, 6) == 0;

    for (unsigned n = 1; n <= EXTRA; n++) {
        found = found || extra_has(eth, n, address);
    }
    return found;
}

bool eth__wants(struct sim_stm32_eth *eth, const uint8_t *frame)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    uint32_t ffr = *eth__reg(eth, ETH_MACFFR);
    bool group = frame[0] & 1;
    bool hashed = (ffr & (group ? FFR_HM : FFR_HU)) != 0;
    bool found;

    if (ffr & FFR_PM) {
        return true;
    }
    if (memcmp(frame, all, sizeof(all)) == 0) {
        return !(ffr & FFR_BFD);
    }
    if (group && (ffr & FFR_PAM)) {
        return true;
    }
    found = hashed && hash_has(eth, frame);
    if (!hashed || (ffr & FFR_HPF)) {
        found = found || perfect_has(eth, frame);
    }
    return found != ((ffr & FFR_DAIF) != 0);
}
