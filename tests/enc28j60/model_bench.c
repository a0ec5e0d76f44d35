// SPDX-License-Identifier: MIT
//
// What of the bench is the ENC28J60's own.

#include "tests/enc28j60/model_bench.h"

#define TX_AT 0x1000

struct bench *bench_open(const struct sim_enc28j60_cfg *cfg)
{
    struct bench *b = bench_begin();
    struct sim_enc28j60_cfg with = { .errata_off = SIM_ENC28J60_ERRATA_ALL };

    if (cfg) {
        with = *cfg;
    }
    if (with.link_ns == 0) {
        with.link_ns = SIM_US;
    }
    sim_enc28j60_init(&b->chip, &b->world, &with);
    sim_enc28j60_pins(&b->chip, &b->irq, &b->reset);
    bench_join(b, &b->chip.spi, &b->chip.port, 10000000);
    b->hold_ns = 300;
    pass_us(b, 400);
    return b;
}

void bench_done_chip(struct bench *b)
{
    sim_enc28j60_done(&b->chip);
}

// ---- instructions

static void write_cmd(struct bench *b, unsigned first, unsigned data)
{
    exchange(b, (uint8_t[]){ (uint8_t)first, (uint8_t)data }, NULL, 2);
}

void bank(struct bench *b, unsigned id)
{
    if (id < 0x1B || id > 0x1F) {
        write_cmd(b, 0xBF, 0x03);
        write_cmd(b, 0x9F, id >> 5);
    }
}

uint8_t rcr(struct bench *b, unsigned id)
{
    uint8_t kind = sim_enc_reg(id)->kind;
    bool dummy = kind == ENC_KIND_MAC || kind == ENC_KIND_MII;
    uint8_t tx[3] = { id & 0x1F };
    uint8_t rx[3];

    bank(b, id);
    exchange(b, tx, rx, dummy ? 3 : 2);
    return rx[dummy ? 2 : 1];
}

void wcr(struct bench *b, unsigned id, unsigned value)
{
    bank(b, id);
    write_cmd(b, 0x40 | (id & 0x1F), value);
}

void bfs(struct bench *b, unsigned id, unsigned mask)
{
    bank(b, id);
    write_cmd(b, 0x80 | (id & 0x1F), mask);
}

void bfc(struct bench *b, unsigned id, unsigned mask)
{
    bank(b, id);
    write_cmd(b, 0xA0 | (id & 0x1F), mask);
}

void src(struct bench *b)
{
    exchange(b, (uint8_t[]){ 0xFF }, NULL, 1);
}

void rbm(struct bench *b, uint8_t *data, size_t len)
{
    const uint8_t first = 0x3A;
    struct nif_spi_seg segs[] = { { &first, NULL, 1 }, { NULL, data, len } };

    assert_int_equal(nif_spi_transact(&b->bus.spi, segs, 2, 0), 0);
}

void wbm(struct bench *b, const uint8_t *data, size_t len)
{
    const uint8_t first = 0x7A;
    struct nif_spi_seg segs[] = { { &first, NULL, 1 }, { data, NULL, len } };

    assert_int_equal(nif_spi_transact(&b->bus.spi, segs, 2, 0), 0);
}

unsigned rcr16(struct bench *b, unsigned low)
{
    unsigned value = rcr(b, low);

    return value | (unsigned)rcr(b, low + 1) << 8;
}

void wcr16(struct bench *b, unsigned low, unsigned value)
{
    wcr(b, low, value & 0xFF);
    wcr(b, low + 1, value >> 8);
}

unsigned phy_read(struct bench *b, unsigned addr)
{
    wcr(b, ENC_MIREGADR, addr);
    wcr(b, ENC_MICMD, 1);
    pass_us(b, 11);
    wcr(b, ENC_MICMD, 0);
    return rcr16(b, ENC_MIRDL);
}

void phy_write(struct bench *b, unsigned addr, unsigned value)
{
    wcr(b, ENC_MIREGADR, addr);
    wcr16(b, ENC_MIWRL, value);
    pass_us(b, 11);
}

void read_at(struct bench *b, unsigned at, uint8_t *data, size_t len)
{
    wcr16(b, ENC_ERDPTL, at);
    rbm(b, data, len);
}

void write_at(struct bench *b, unsigned at, const uint8_t *data, size_t len)
{
    wcr16(b, ENC_EWRPTL, at);
    wbm(b, data, len);
}

// ---- the whole chip

void start(struct bench *b, bool full_duplex)
{
    static const uint8_t order[6] = { ENC_MAADR1, ENC_MAADR2, ENC_MAADR3,
        ENC_MAADR4, ENC_MAADR5, ENC_MAADR6 };

    b->nic.full_duplex = full_duplex;
    wcr16(b, ENC_ERXSTL, 0x0000);
    wcr16(b, ENC_ERXNDL, 0x0FFF);
    wcr16(b, ENC_ERXRDPTL, 0x0FFF);
    wcr16(b, ENC_ERDPTL, 0x0000);
    wcr(b, ENC_ERXFCON, ENC_ERXFCON_CRCEN);
    wcr(b, ENC_MACON1, full_duplex ? 0x0D : 0x01);
    wcr(b, ENC_MACON3, full_duplex ? 0x33 : 0x32);
    wcr(b, ENC_MACON4, 0x40);
    wcr16(b, ENC_MAMXFLL, 1518);
    wcr(b, ENC_MABBIPG, full_duplex ? 0x15 : 0x12);
    wcr16(b, ENC_MAIPGL, 0x0C12);
    for (unsigned i = 0; i < 6; i++) {
        wcr(b, order[i], own_mac[i]);
    }
    phy_write(b, ENC_PHCON1, full_duplex ? 0x0100 : 0x0000);
    phy_write(b, ENC_PHCON2, full_duplex ? 0x0000 : 0x0100);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
}

void transmit(struct bench *b, const uint8_t *frame, size_t len,
    uint8_t control)
{
    write_at(b, TX_AT, &control, 1);
    wbm(b, frame, len);
    wcr16(b, ENC_ETXSTL, TX_AT);
    wcr16(b, ENC_ETXNDL, TX_AT + (unsigned)len);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
}

uint64_t vector(struct bench *b)
{
    uint8_t bytes[7];
    uint64_t value = 0;

    read_at(b, rcr16(b, ENC_ETXNDL) + 1, bytes, sizeof(bytes));
    for (unsigned i = 7; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}
