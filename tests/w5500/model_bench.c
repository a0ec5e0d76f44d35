// SPDX-License-Identifier: MIT
//
// What of the bench is the W5500's own.

#include "tests/w5500/model_bench.h"

struct bench *bench_open(const struct sim_w5500_cfg *cfg)
{
    struct bench *b = bench_begin();
    struct sim_w5500_cfg with = { .name = NULL };

    if (cfg) {
        with = *cfg;
    }
    if (with.link_ns == 0) {
        with.link_ns = SIM_US;
    }
    sim_w5500_init(&b->chip, &b->world, &with);
    sim_w5500_pins(&b->chip, &b->irq, &b->reset);
    bench_join(b, &b->chip.spi, &b->chip.port, 100000000);
    pass_us(b, 1001);
    return b;
}

void bench_done_chip(struct bench *b)
{
    sim_w5500_done(&b->chip);
}

// ---- frames

static void transact(struct bench *b, unsigned block, unsigned at, bool write,
    struct nif_spi_seg data)
{
    const uint8_t head[3] = { (uint8_t)(at >> 8), (uint8_t)at,
        (uint8_t)(block << 3 | (write ? 4 : 0)) };
    struct nif_spi_seg segs[2] = { { head, NULL, 3 }, data };

    assert_int_equal(nif_spi_transact(&b->bus.spi, segs, 2, 0), 0);
}

void get(struct bench *b, unsigned block, unsigned at, uint8_t *data,
    size_t len)
{
    transact(b, block, at, false, (struct nif_spi_seg){ NULL, data, len });
}

void put(struct bench *b, unsigned block, unsigned at, const uint8_t *data,
    size_t len)
{
    transact(b, block, at, true, (struct nif_spi_seg){ data, NULL, len });
}

unsigned get8(struct bench *b, unsigned block, unsigned at)
{
    uint8_t byte;

    get(b, block, at, &byte, 1);
    return byte;
}

unsigned get16(struct bench *b, unsigned block, unsigned at)
{
    uint8_t bytes[2];

    get(b, block, at, bytes, 2);
    return nif_get_be16(bytes);
}

uint32_t get32(struct bench *b, unsigned block, unsigned at)
{
    uint8_t bytes[4];

    get(b, block, at, bytes, 4);
    return nif_get_be32(bytes);
}

void put8(struct bench *b, unsigned block, unsigned at, unsigned value)
{
    uint8_t byte = (uint8_t)value;

    put(b, block, at, &byte, 1);
}

void put16(struct bench *b, unsigned block, unsigned at, unsigned value)
{
    uint8_t bytes[2];

    nif_put_be16(bytes, (uint16_t)value);
    put(b, block, at, bytes, 2);
}

void put32(struct bench *b, unsigned block, unsigned at, uint32_t value)
{
    uint8_t bytes[4];

    nif_put_be32(bytes, value);
    put(b, block, at, bytes, 4);
}

// ---- sockets

void command(struct bench *b, unsigned n, unsigned code)
{
    put8(b, REGS(n), 0x01, code);
    pass_us(b, 1);
}

static unsigned agreed(struct bench *b, unsigned n, unsigned at)
{
    unsigned value = get16(b, REGS(n), at);

    for (unsigned i = 0; i < 8; i++) {
        unsigned again = get16(b, REGS(n), at);

        if (again == value) {
            return value;
        }
        value = again;
    }
    fail_msg("%04X is never the same twice", at);
    return 0;
}

unsigned fsr(struct bench *b, unsigned n)
{
    return agreed(b, n, 0x20);
}

unsigned rsr(struct bench *b, unsigned n)
{
    return agreed(b, n, 0x26);
}

void address(struct bench *b)
{
    put(b, 0, 0x09, own_mac, 6);
    put32(b, 0, 0x0F, 0xC0000202);
    put32(b, 0, 0x05, 0xFFFFFF00);
    put32(b, 0, 0x01, 0xC0000201);
}

void open_macraw(struct bench *b, unsigned bits)
{
    put(b, 0, 0x09, own_mac, 6);
    for (unsigned n = 0; n < 8; n++) {
        put16(b, REGS(n), 0x1E, n == 0 ? 0x1010 : 0);
    }
    put8(b, 1, 0x00, 0x04 | bits);
    command(b, 0, 0x01);
    assert_int_equal(get8(b, 1, 0x03), 0x42);
}

void send_data(struct bench *b, unsigned n, const void *data, size_t len)
{
    unsigned wr = get16(b, REGS(n), 0x24);

    put(b, 4 * n + 2, wr, data, len);
    put16(b, REGS(n), 0x24, wr + (unsigned)len);
    command(b, n, 0x20);
}

void take_data(struct bench *b, unsigned n, uint8_t *data, size_t len)
{
    unsigned rd = get16(b, REGS(n), 0x28);

    get(b, 4 * n + 3, rd, data, len);
    put16(b, REGS(n), 0x28, rd + (unsigned)len);
    command(b, n, 0x40);
}
