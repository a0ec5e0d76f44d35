// SPDX-License-Identifier: MIT
//
// The W5500's SPI frames, registers and socket commands.

#include "internal.h"

#include <string.h>

// A command is accepted within a few bus accesses as a rule; the data sheet
// has no limit. With it no call takes longer than nif/iface.h allows.
#define WAIT_US 500u

// Readings of a register that changes by itself until two are alike. On a
// cable that is never silent it changes every 7 us, at 20 MHz two readings
// take 5.
#define SETTLE_READS 16

static void transact(struct w5500_chip *chip, uint32_t where, const void *tx,
    void *rx, size_t len)
{
    uint8_t control = (uint8_t)(where >> 16);
    const uint8_t head[] = { (uint8_t)(where >> 8), (uint8_t)where,
        tx != NULL ? control | W5500_WRITE : control };
    const struct nif_spi_seg segs[] = {
        { .tx = head, .len = sizeof(head) },
        { .tx = tx, .rx = rx, .len = len },
    };

    if (chip->err == 0) {
        chip->err = nif_spi_transact(chip->cfg.spi, segs, 2, 0);
    }
}

void w5500__read(struct w5500_chip *chip, uint32_t where, void *buf, size_t len)
{
    transact(chip, where, NULL, buf, len);
    if (chip->err != 0) {
        memset(buf, 0, len);
    }
}

void w5500__write(struct w5500_chip *chip, uint32_t where, const void *data,
    size_t len)
{
    transact(chip, where, data, NULL, len);
}

uint8_t w5500__read8(struct w5500_chip *chip, uint32_t where)
{
    uint8_t value;

    w5500__read(chip, where, &value, sizeof(value));
    return value;
}

void w5500__write8(struct w5500_chip *chip, uint32_t where, unsigned value)
{
    uint8_t byte = (uint8_t)value;

    w5500__write(chip, where, &byte, sizeof(byte));
}

unsigned w5500__read16(struct w5500_chip *chip, uint32_t where)
{
    uint8_t value[2];

    w5500__read(chip, where, value, sizeof(value));
    return nif_get_be16(value);
}

void w5500__write16(struct w5500_chip *chip, uint32_t where, unsigned value)
{
    uint8_t bytes[2];

    nif_put_be16(bytes, (uint16_t)value);
    w5500__write(chip, where, bytes, sizeof(bytes));
}

unsigned w5500__read_settled(struct w5500_chip *chip, uint32_t where)
{
    unsigned value = w5500__read16(chip, where);

    for (unsigned i = 1; i < SETTLE_READS; i++) {
        unsigned again = w5500__read16(chip, where);

        if (again == value) {
            return value;
        }
        value = again;
    }
    chip->err = NIF_EPROTO; // after an error it would have read 0 twice
    return 0;
}

void w5500__write_segs(struct w5500_chip *chip, uint32_t where,
    const struct nif_seg *segs, size_t n)
{
    const uint8_t head[] = { (uint8_t)(where >> 8), (uint8_t)where,
        (uint8_t)(where >> 16) | W5500_WRITE };
    struct nif_spi_seg seg = { .tx = head, .len = sizeof(head) };
    struct nif_spi *spi = chip->cfg.spi;

    if (chip->err == 0) {
        chip->err = spi->ops->select(spi);
    }
    if (chip->err != 0) {
        return;
    }
    for (; chip->err == 0; n--) {
        chip->err = spi->ops->exchange(spi, &seg, 1);
        if (n == 0) {
            break;
        }
        seg.tx = segs->data;
        seg.len = segs->len;
        segs++;
    }
    spi->ops->release(spi, 0);
}

// Waits until a register of 8 bits reads `value`.
static void await(struct w5500_chip *chip, uint32_t where, uint8_t value)
{
    uint32_t since_us = w5500__now(chip);

    do {
        if (w5500__read8(chip, where) == value || chip->err != 0) {
            return;
        }
    } while (w5500__now(chip) - since_us < WAIT_US);
    chip->err = NIF_ETIMEDOUT;
}

void w5500__command(struct w5500_chip *chip, unsigned n, uint8_t command)
{
    w5500__write8(chip, W5500_SN(n, W5500_SN_CR), command);
    // One that is written before this reads 0 would be lost.
    await(chip, W5500_SN(n, W5500_SN_CR), 0);
}

void w5500__close(struct w5500_chip *chip, unsigned n)
{
    w5500__command(chip, n, W5500_SN_CR_CLOSE);
    await(chip, W5500_SN(n, W5500_SN_SR), W5500_SN_SR_CLOSED);
    w5500__write8(chip, W5500_SN(n, W5500_SN_IR), W5500_SN_IR_ALL);
}

void w5500__open(struct w5500_chip *chip, unsigned n, uint8_t mode,
    uint8_t status)
{
    w5500__write8(chip, W5500_SN(n, W5500_SN_MR), mode);
    w5500__command(chip, n, W5500_SN_CR_OPEN);
    await(chip, W5500_SN(n, W5500_SN_SR), status);
}

int w5500__take_err(struct w5500_chip *chip, int result)
{
    if (chip->err != 0) {
        result = chip->err;
        chip->err = 0;
    }
    return result;
}
