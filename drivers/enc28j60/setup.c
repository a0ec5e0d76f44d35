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

struct setting {
    uint8_t reg;
    uint8_t half;
    uint8_t full;
};

#define LOW(value)  ((uint8_t)(value))
#define HIGH(value) ((uint8_t)((value) >> 8))

#define INTERRUPTS                                                   \
    (ENC28J60_EIE_INTIE | ENC28J60_EIE_PKTIE | ENC28J60_EIE_LINKIE | \
        ENC28J60_EIE_TXIE | ENC28J60_EIE_TXERIE | ENC28J60_EIE_RXERIE)

#define PHY_INTERRUPTS (ENC28J60_PHIE_PLNKIE | ENC28J60_PHIE_PGEIE)

// First what is only written: PHY registers. Then what is also looked at
// again, with those in front that tell a chip that was reset: in its first
// 300 us, its MAC must not be touched.
#define CHECKED 12

static const struct setting settings[] = {
    { ENC28J60_MIREGADR, ENC28J60_PHCON1, ENC28J60_PHCON1 },
    { ENC28J60_MIWRL, 0, 0 },
    { ENC28J60_MIWRH, 0, HIGH(ENC28J60_PHCON1_PDPXMD) },
    { ENC28J60_MIREGADR, ENC28J60_PHCON2, ENC28J60_PHCON2 },
    { ENC28J60_MIWRL, 0, 0 },
    { ENC28J60_MIWRH, HIGH(ENC28J60_PHCON2_HDLDIS),
        HIGH(ENC28J60_PHCON2_HDLDIS) },
    { ENC28J60_MIREGADR, ENC28J60_PHLCON, ENC28J60_PHLCON },
    { ENC28J60_MIWRL, LOW(ENC28J60_PHLCON_LEDS), LOW(ENC28J60_PHLCON_LEDS) },
    { ENC28J60_MIWRH, HIGH(ENC28J60_PHLCON_LEDS), HIGH(ENC28J60_PHLCON_LEDS) },
    { ENC28J60_MIREGADR, ENC28J60_PHIE, ENC28J60_PHIE },
    { ENC28J60_MIWRL, PHY_INTERRUPTS, PHY_INTERRUPTS },
    { ENC28J60_MIWRH, 0, 0 },
    { ENC28J60_PUT(ENC28J60_ECON2), ENC28J60_ECON2_AUTOINC,
        ENC28J60_ECON2_AUTOINC },
    { ENC28J60_PUT(ENC28J60_EIE), INTERRUPTS, INTERRUPTS },
    { ENC28J60_ERXNDL, LOW(ENC28J60_RX_END), LOW(ENC28J60_RX_END) },
    { ENC28J60_ERXNDH, HIGH(ENC28J60_RX_END), HIGH(ENC28J60_RX_END) },
    { ENC28J60_MACON1, ENC28J60_MACON1_MARXEN,
        ENC28J60_MACON1_MARXEN | ENC28J60_MACON1_TXPAUS |
            ENC28J60_MACON1_RXPAUS },
    { ENC28J60_MACON3,
        ENC28J60_MACON3_PAD60 | ENC28J60_MACON3_TXCRCEN |
            ENC28J60_MACON3_FRMLNEN,
        ENC28J60_MACON3_PAD60 | ENC28J60_MACON3_TXCRCEN |
            ENC28J60_MACON3_FRMLNEN | ENC28J60_MACON3_FULDPX },
    { ENC28J60_MACON4, ENC28J60_MACON4_DEFER, 0x00 },
    { ENC28J60_MABBIPG, 0x12, 0x15 },
    { ENC28J60_MAIPGL, 0x12, 0x12 },
    { ENC28J60_MAIPGH, 0x0C, 0x0C },
    { ENC28J60_MAMXFLL, LOW(ENC28J60_COUNT_MAX), LOW(ENC28J60_COUNT_MAX) },
    { ENC28J60_MAMXFLH, HIGH(ENC28J60_COUNT_MAX), HIGH(ENC28J60_COUNT_MAX) },
};

// Where `own` of struct enc28j60 goes.
static const uint8_t own_regs[15] = {
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

#define OWN nif_countof(settings)
#define ALL (OWN + nif_countof(own_regs))

// Writes the settings from number `from` on, or compares them.
static bool apply(struct enc28j60 *chip, size_t from, bool write)
{
    for (size_t i = from; i < ALL; i++) {
        uint8_t reg;
        uint8_t value;

        if (i < OWN) {
            reg = settings[i].reg;
            value = chip->cfg.full_duplex ? settings[i].full : settings[i].half;
        } else {
            reg = own_regs[i - OWN];
            value = chip->own[i - OWN];
        }
        if (!write) {
            if (enc28j60__read8(chip, reg) != value) {
                return false;
            }
            continue;
        }
        enc28j60__write8(chip, reg, value);
        if (reg == ENC28J60_MIWRH) {
            enc28j60__wait_phy(chip);
        }
    }
    return true;
}

void enc28j60__write_own(struct enc28j60 *chip)
{
    apply(chip, OWN, true);
}

bool enc28j60__holds(struct enc28j60 *chip)
{
    return apply(chip, CHECKED, false) &&
        (enc28j60__read8(chip, ENC28J60_ECON1) & ENC28J60_ECON1_RXEN) &&
        enc28j60__read16(chip, ENC28J60_ERXRDPT) == enc28j60__rx_limit(chip);
}

// ---- bring-up

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
        { ENC28J60_ERXRDPT, LOW(ENC28J60_RX_END) },
        { ENC28J60_ERXRDPTH, HIGH(ENC28J60_RX_END) },
        { ENC28J60_CLEAR(ENC28J60_EIR), ENC28J60_EIR_RXERIF },
        { ENC28J60_SET(ENC28J60_ECON1), ENC28J60_ECON1_RXEN },
    };

    // The reset leaves the count of frames as it is.
    enc28j60__run(chip, before, nif_countof(before));
    for (unsigned i = 0; i < 255; i++) {
        if (enc28j60__read8(chip, ENC28J60_EPKTCNT) == 0) {
            break;
        }
        enc28j60__write8(chip, ENC28J60_SET(ENC28J60_ECON2),
            ENC28J60_ECON2_PKTDEC);
    }
    chip->rx_next = 0;
    chip->rx_pending = 0;
    enc28j60__run(chip, behind, nif_countof(behind));
}

static int set_up(struct enc28j60 *chip)
{
    uint8_t estat = enc28j60__read8(chip, ENC28J60_ESTAT);
    uint8_t revision;

    chip->bank = 0;
    enc28j60__write8(chip, ENC28J60_PUT(ENC28J60_ECON1), 0);
    revision = enc28j60__read8(chip, ENC28J60_EREVID);
    if (revision == 0 || revision > ENC28J60_EREVID_MAX) {
        return NIF_ENODEV;
    }
    if ((estat & (ENC28J60_ESTAT_CLKRDY | ENC28J60_ESTAT_R3)) !=
        ENC28J60_ESTAT_CLKRDY) {
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
    int result;

    switch (chip->phase) {
    case ENC28J60_WAKE: result = wake(chip); break;
    case ENC28J60_RESET:
        enc28j60__write8(chip, ENC28J60_SRC, 0);
        result = RESET_US;
        break;
    default: result = set_up(chip); break;
    }
    result = enc28j60__take_err(chip, result);
    chip->phase++;
    if (result < 0) {
        chip->phase = ENC28J60_WAKE;
    }
    return result;
}
