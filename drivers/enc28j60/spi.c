// SPDX-License-Identifier: MIT
//
// The ENC28J60's SPI instructions, its banks, and the way to its PHY.

#include "internal.h"

// Chip select stays active after an access to a MAC or MII register
// (DS39662 table 16-6).
#define MAC_HOLD_NS 210u

// An MII operation takes 10.24 us (DS39662 3.3), and reading a MAC register
// 1.2 us or more, at 20 MHz: so often is more than enough.
#define MII_READS 50

void enc28j60__command(struct enc28j60 *chip, const struct nif_spi_seg *segs,
    size_t n, uint32_t hold_ns)
{
    if (chip->err == 0) {
        chip->err = nif_spi_transact(chip->cfg.spi, segs, n, hold_ns);
    }
}

int enc28j60__take_err(struct enc28j60 *chip, int result)
{
    if (chip->err != 0) {
        result = chip->err;
        chip->err = 0;
    }
    return result;
}

// One instruction. Returns the last byte that came back: MAC and MII
// registers, `mac`, give a dummy byte first.
static uint8_t instruct(struct enc28j60 *chip, uint8_t head, int value,
    bool mac)
{
    const uint8_t tx[] = { head, (uint8_t)value, 0 };
    uint8_t rx[sizeof(tx)];
    struct nif_spi_seg seg = { .tx = tx, .rx = rx, .len = 2 };

    if (mac && head < ENC28J60_WCR) {
        seg.len = 3;
    }
    enc28j60__command(chip, &seg, 1, mac ? MAC_HOLD_NS : 0);
    return chip->err == 0 ? rx[seg.len - 1] : 0;
}

uint8_t enc28j60__access(struct enc28j60 *chip, uint8_t reg, int value)
{
    // ECON1 has other bits that the chip changes by itself, so the bank is
    // changed bit by bit.
    uint8_t head = reg & ENC28J60_ADDR;
    uint8_t bank = ENC28J60_BANK_OF(reg);
    uint8_t off = (uint8_t)(chip->bank & ~bank);
    uint8_t on = (uint8_t)(bank & ~chip->bank);

    if (head >= ENC28J60_EIE) {
        if (value < ENC28J60_READ) {
            head = reg;
        }
        return instruct(chip, head, value, false);
    }
    chip->bank = bank;
    if (value < ENC28J60_READ) {
        head |= ENC28J60_WCR;
    }
    if (off != 0) {
        instruct(chip, ENC28J60_CLEAR(ENC28J60_ECON1), off, false);
    }
    if (on != 0) {
        instruct(chip, ENC28J60_SET(ENC28J60_ECON1), on, false);
    }
    return instruct(chip, head, value, (reg & ENC28J60_MAC) != 0);
}

uint8_t enc28j60__read8(struct enc28j60 *chip, uint8_t reg)
{
    return enc28j60__access(chip, reg, ENC28J60_READ);
}

unsigned enc28j60__read16(struct enc28j60 *chip, uint8_t reg)
{
    unsigned low = enc28j60__read8(chip, reg);

    return (unsigned)enc28j60__read8(chip, (uint8_t)(reg + 1)) << 8 | low;
}

void enc28j60__write16(struct enc28j60 *chip, uint8_t reg, uint16_t value)
{
    enc28j60__write8(chip, reg, (uint8_t)value);
    enc28j60__write8(chip, (uint8_t)(reg + 1), (uint8_t)(value >> 8));
}

void enc28j60__run(struct enc28j60 *chip, const uint8_t (*list)[2], size_t n)
{
    do {
        enc28j60__write8(chip, (*list)[0], (*list)[1]);
        list++;
    } while (--n > 0);
}

void enc28j60__stream(struct enc28j60 *chip, uint8_t op, uint8_t *buf,
    size_t len)
{
    const struct nif_spi_seg segs[] = {
        { .tx = &op, .len = 1 },
        { .rx = buf, .len = len },
    };

    enc28j60__command(chip, segs, 2, 0);
}

void enc28j60__read_mem(struct enc28j60 *chip, uint16_t at, uint8_t *buf,
    size_t len)
{
    enc28j60__write16(chip, ENC28J60_ERDPT, at);
    enc28j60__stream(chip, ENC28J60_RBM, buf, len);
}

void enc28j60__write_frame(struct enc28j60 *chip, const struct nif_seg *segs,
    size_t n)
{
    // The control byte 0 leaves padding and FCS to MACON3.
    static const uint8_t head[2] = { ENC28J60_WBM, 0 };
    // Where the chip will write its status vector: one that it has not written
    // asks for another try. What was in memory there would say anything.
    static const uint8_t tail[] = { 0, 0, 0, ENC28J60_TX_LATE };
    struct nif_spi *spi = chip->cfg.spi;
    struct nif_spi_seg seg = { .tx = head, .len = sizeof(head) };

    if (chip->err == 0) {
        chip->err = spi->ops->select(spi);
    }
    if (chip->err != 0) {
        return;
    }
    chip->err = spi->ops->exchange(spi, &seg, 1);
    for (; chip->err == 0 && n > 0; n--) {
        seg.tx = segs->data;
        seg.len = segs->len;
        chip->err = spi->ops->exchange(spi, &seg, 1);
        segs++;
    }
    if (chip->err == 0) {
        seg.tx = tail;
        seg.len = sizeof(tail);
        chip->err = spi->ops->exchange(spi, &seg, 1);
    }
    spi->ops->release(spi, 0);
}

void enc28j60__wait_phy(struct enc28j60 *chip)
{
    // Other bits of MISTAT are not zero on real chips.
    unsigned left = MII_READS;

    do {
        if (!(enc28j60__read8(chip, ENC28J60_MISTAT) & ENC28J60_MISTAT_BUSY)) {
            return;
        }
    } while (--left);
    chip->err = NIF_ETIMEDOUT; // after an error it would have read 0
}

unsigned enc28j60__read_phy(struct enc28j60 *chip, uint8_t addr)
{
    enc28j60__write8(chip, ENC28J60_MIREGADR, addr);
    enc28j60__write8(chip, ENC28J60_MICMD, ENC28J60_MICMD_MIIRD);
    enc28j60__wait_phy(chip);
    enc28j60__write8(chip, ENC28J60_MICMD, 0);
    return enc28j60__read16(chip, ENC28J60_MIRD);
}
