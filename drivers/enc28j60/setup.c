// SPDX-License-Identifier: MIT
//
// From a chip in any state to one that receives, and the look whether it
// still is what it was made.

#include "internal.h"

// Silicon is at work again 300 us after power save (DS39662 14.0) and, by
// erratum 2, 1 ms after a reset, whatever ESTAT says.
#define RESET_LOW_US 100u
#define WAKE_US      1000
#define RESET_US     2000

// ---- settings

#define LOW(value)  ((uint8_t)(value))
#define HIGH(value) ((uint8_t)((value) >> 8))

#define PHY_INTERRUPTS (ENC28J60_PHIE_PLNKIE | ENC28J60_PHIE_PGEIE)

// What is set, in this order. First what is only written: PHY registers.
// Then what is also looked at again, with those in front that tell a chip
// that was reset: in its first 300 us, its MAC must not be touched. From OWN
// on stands in `own` of struct enc28j60.
#define CHECKED 12
#define OWN     24

static const uint8_t regs[] = {
    ENC28J60_MIREGADR,
    ENC28J60_MIWRL,
    ENC28J60_MIWRH,
    ENC28J60_MIREGADR,
    ENC28J60_MIWRL,
    ENC28J60_MIWRH,
    ENC28J60_MIREGADR,
    ENC28J60_MIWRL,
    ENC28J60_MIWRH,
    ENC28J60_MIREGADR,
    ENC28J60_MIWRL,
    ENC28J60_MIWRH,
    ENC28J60_PUT(ENC28J60_ECON2),
    ENC28J60_PUT(ENC28J60_EIE),
    ENC28J60_ERXNDL,
    ENC28J60_ERXNDH,
    ENC28J60_MACON1,
    ENC28J60_MACON3,
    ENC28J60_MACON4,
    ENC28J60_MABBIPG,
    ENC28J60_MAIPGL,
    ENC28J60_MAIPGH,
    ENC28J60_MAMXFLL,
    ENC28J60_MAMXFLH,
    ENC28J60_MAADR1,
    ENC28J60_MAADR2,
    ENC28J60_MAADR3,
    ENC28J60_MAADR4,
    ENC28J60_MAADR5,
    ENC28J60_MAADR6,
    ENC28J60_EHT0,
    ENC28J60_EHT0 + 1,
    ENC28J60_EHT0 + 2,
    ENC28J60_EHT0 + 3,
    ENC28J60_EHT0 + 4,
    ENC28J60_EHT0 + 5,
    ENC28J60_EHT0 + 6,
    ENC28J60_EHT0 + 7,
    ENC28J60_ERXFCON,
};

#define PHY(reg, value) (reg), LOW(value), HIGH(value)

#define VALUES(phcon1, macon1, macon3, macon4, mabbipg)                     \
    {                                                                       \
        PHY(ENC28J60_PHCON1, phcon1),                                       \
            PHY(ENC28J60_PHCON2, ENC28J60_PHCON2_HDLDIS),                   \
            PHY(ENC28J60_PHLCON, ENC28J60_PHLCON_LEDS),                     \
            PHY(ENC28J60_PHIE, PHY_INTERRUPTS), ENC28J60_ECON2_AUTOINC,     \
            ENC28J60_EIE_USED, LOW(ENC28J60_RX_END), HIGH(ENC28J60_RX_END), \
            (macon1),                                                       \
            ENC28J60_MACON3_PAD60 | ENC28J60_MACON3_TXCRCEN |               \
            ENC28J60_MACON3_FRMLNEN | (macon3),                             \
            (macon4), (mabbipg), 0x12, 0x0C, LOW(ENC28J60_COUNT_MAX),       \
            HIGH(ENC28J60_COUNT_MAX),                                       \
    }

// In half and in full duplex.
static const uint8_t values[][OWN] = {
    VALUES(0, ENC28J60_MACON1_MARXEN, 0, ENC28J60_MACON4_DEFER, 0x12),
    VALUES(ENC28J60_PHCON1_PDPXMD, ENC28J60_MACON1_PAUSES,
        ENC28J60_MACON3_FULDPX, 0, 0x15),
};

_Static_assert(nif_countof(regs) ==
        OWN + sizeof(((struct enc28j60 *)NULL)->own),
    "what is ours is last");

// Writes the settings from number `i` on, or compares them.
static bool apply(struct enc28j60 *chip, size_t i, bool write)
{
    const uint8_t *value = values[chip->cfg.full_duplex] + i;

    for (; i < nif_countof(regs); i++) {
        uint8_t reg = regs[i];

        if (i == OWN) {
            value = chip->own;
        }
        if (write) {
            enc28j60__write8(chip, reg, *value);
        } else if (enc28j60__read8(chip, reg) != *value) {
            return false;
        }
        if (reg == ENC28J60_MIWRH) {
            enc28j60__wait_phy(chip);
        }
        value++;
    }
    return true;
}

void enc28j60__write_own(struct enc28j60 *chip)
{
    apply(chip, OWN, true);
}

void enc28j60__pass_group(struct enc28j60 *chip, const struct nif_hwaddr *group)
{
    uint32_t crc = 0xFFFFFFFF;
    unsigned index;

    for (size_t i = 0; i < sizeof(group->byte); i++) {
        uint32_t bits = group->byte[i];

        for (unsigned k = 0; k < 8; k++) {
            uint32_t top = crc ^ bits << 31;

            bits >>= 1;
            crc <<= 1;
            if (top >> 31 != 0) {
                crc ^= 0x04C11DB7;
            }
        }
    }
    index = crc >> 23 & 0x3F;
    chip->own[ENC28J60_OWN_EHT + index / 8] |= (uint8_t)(1u << index % 8);
}

bool enc28j60__holds(struct enc28j60 *chip)
{
    return apply(chip, CHECKED, false) &&
        (enc28j60__read8(chip, ENC28J60_ECON1) & ENC28J60_ECON1_RXEN) &&
        enc28j60__read16(chip, ENC28J60_ERXRDPT) == chip->rx_limit;
}

// ---- bring-up

void enc28j60__set_rx_next(struct enc28j60 *chip, unsigned next)
{
    chip->rx_next = (uint16_t)next;
    chip->rx_limit = next == 0 ? ENC28J60_RX_END : (uint16_t)(next - 1);
    enc28j60__write16(chip, ENC28J60_ERXRDPT, chip->rx_limit);
}

void enc28j60__restart_tx(struct enc28j60 *chip)
{
    static const uint8_t list[][2] = {
        { ENC28J60_SET(ENC28J60_ECON1), ENC28J60_ECON1_TXRST },
        { ENC28J60_CLEAR(ENC28J60_ECON1), ENC28J60_ECON1_TXRST },
        // Last: the end of the reset may set TXERIF (erratum 12).
        { ENC28J60_CLEAR(ENC28J60_EIR),
            ENC28J60_EIR_TXIF | ENC28J60_EIR_TXERIF },
    };

    enc28j60__run(chip, list, nif_countof(list));
}

uint8_t enc28j60__count_frames(struct enc28j60 *chip)
{
    chip->rx_pending = enc28j60__read8(chip, ENC28J60_EPKTCNT);
    return chip->rx_pending;
}

void enc28j60__restart_rx(struct enc28j60 *chip)
{
    static const uint8_t before[][2] = {
        { ENC28J60_CLEAR(ENC28J60_ECON1), ENC28J60_ECON1_RXEN },
        { ENC28J60_SET(ENC28J60_ECON1), ENC28J60_ECON1_RXRST },
        { ENC28J60_CLEAR(ENC28J60_ECON1), ENC28J60_ECON1_RXRST },
    };
    static const uint8_t behind[][2] = {
        { ENC28J60_ERXSTL, 0 },
        { ENC28J60_ERXSTH, 0 }, // takes the chip's own pointer there, too
        { ENC28J60_CLEAR(ENC28J60_EIR), ENC28J60_EIR_RXERIF },
        { ENC28J60_SET(ENC28J60_ECON1), ENC28J60_ECON1_RXEN },
    };

    // The reset leaves the count of frames as it is.
    enc28j60__run(chip, before, nif_countof(before));
    for (unsigned i = 0; i < 255; i++) {
        if (!enc28j60__count_frames(chip)) {
            break;
        }
        enc28j60__write8(chip, ENC28J60_SET(ENC28J60_ECON2),
            ENC28J60_ECON2_PKTDEC);
    }
    enc28j60__set_rx_next(chip, 0);
    enc28j60__run(chip, behind, nif_countof(behind));
}

static int set_up(struct enc28j60 *chip)
{
    uint8_t estat = enc28j60__read8(chip, ENC28J60_ESTAT);
    uint8_t revision;

    chip->bank = 0;
    enc28j60__write8(chip, ENC28J60_PUT(ENC28J60_ECON1), 0);
    revision = enc28j60__read8(chip, ENC28J60_EREVID);
    if (revision - 1u >= ENC28J60_EREVID_MAX) { // nor 0
        return NIF_ENODEV;
    }
    if ((estat & ENC28J60_ESTAT_AWAKE) != ENC28J60_ESTAT_CLKRDY) {
        return NIF_ETIMEDOUT;
    }
    chip->revision = revision;
    apply(chip, 0, true);
    enc28j60__restart_tx(chip);
    enc28j60__restart_rx(chip);
    return enc28j60__holds(chip) ? 0 : NIF_ENODEV;
}

// The chip may be in power save, in which it is deaf to a reset command
// (erratum 19).
static int wake(struct enc28j60 *chip)
{
    if (chip->cfg.reset != NULL) {
        nif_pin_write(chip->cfg.reset, false);
        nif_clock_delay_us(chip->cfg.clock, RESET_LOW_US);
        nif_pin_write(chip->cfg.reset, true);
    }
    enc28j60__write8(chip, ENC28J60_CLEAR(ENC28J60_ECON2),
        ENC28J60_ECON2_PWRSV | ENC28J60_ECON2_VRPS);
    return WAKE_US;
}

int enc28j60__bring_up(struct enc28j60 *chip)
{
    int result = RESET_US;

    if (chip->phase == ENC28J60_WAKE) {
        result = wake(chip);
    } else if (chip->phase == ENC28J60_RESET) {
        enc28j60__stream(chip, ENC28J60_SRC, NULL, 0);
    } else {
        result = set_up(chip);
    }
    result = enc28j60__take_err(chip, result);
    chip->phase++;
    if (result < 0) {
        chip->phase = ENC28J60_WAKE;
    }
    return result;
}
