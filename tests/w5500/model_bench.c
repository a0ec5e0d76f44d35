// SPDX-License-Identifier: MIT
//
// The bench for the W5500 model.

#include "tests/w5500/model_bench.h"

#include <stdio.h>

const uint8_t own_mac[6] = { 2, 0, 0, 0, 0, 1 };
const uint8_t peer_mac[6] = { 2, 0, 0, 0, 0, 9 };
const uint8_t all_macs[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

static void on_complaint(void *arg, uint64_t at_ns, const char *who,
    const char *what)
{
    struct bench *b = arg;

    (void)at_ns;
    (void)who;
    snprintf(b->last, sizeof(b->last), "%s", what);
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;

    if (b->seen_count < SEEN && len <= sizeof(b->seen[0])) {
        memcpy(b->seen[b->seen_count], frame, len);
        b->seen_ns[b->seen_count] = b->world.now_ns;
        b->seen_len[b->seen_count++] = len;
    }
}

static void on_edge(void *arg)
{
    struct bench *b = arg;

    b->edges++;
}

// Gives everything back. Returns false if somebody has complained.
static bool close_bench(struct bench *b)
{
    bool good = b->world.complaints == 0;

    if (!good) {
        print_error("complaint: %s\n", b->last);
    }
    sim_spi_done(&b->bus);
    sim_w5500_done(&b->chip);
    sim_nic_done(&b->nic);
    sim_cable_done(&b->cable);
    sim_world_done(&b->world);
    b->open = false;
    return good;
}

struct bench *bench_open(const struct sim_w5500_cfg *cfg)
{
    static struct bench b;
    struct sim_w5500_cfg with = { .name = NULL };

    if (b.open) {
        assert_true(close_bench(&b));
    }
    memset(&b, 0, sizeof(b));
    b.open = true;
    if (cfg) {
        with = *cfg;
    }
    if (with.link_ns == 0) {
        with.link_ns = SIM_US;
    }
    sim_world_init(&b.world, 1);
    b.world.on_complaint = on_complaint;
    b.world.complaint_arg = &b;
    sim_cpu_init(&b.cpu, &b.world, 200);
    sim_w5500_init(&b.chip, &b.world, &with);
    sim_spi_init(&b.bus, &b.cpu, &b.chip.spi, NULL);
    sim_pin_init(&b.irq, &b.cpu, "int", true);
    sim_pin_init(&b.reset, &b.cpu, "reset", true);
    sim_w5500_pins(&b.chip, &b.irq, &b.reset);
    nif_pin_on_edge(&b.irq.pin, false, on_edge, &b);
    sim_cable_init(&b.cable, &b.world, 100000000);
    sim_nic_init(&b.nic, &b.world, "nic", 0);
    b.nic.on_frame = on_frame;
    b.nic.arg = &b;
    sim_cable_join(&b.cable, &b.chip.port, &b.nic.port);
    pass_us(&b, 1001);
    return &b;
}

int bench_setup(void **state)
{
    *state = bench_open(NULL);
    return 0;
}

int bench_teardown(void **state)
{
    return close_bench(*state) ? 0 : -1;
}

void bench_forgive(struct bench *b, enum sim_w5500_rule rule)
{
    assert_int_not_equal(b->world.complaints, 0);
    assert_int_equal(b->world.complaints, b->chip.counts.broken[rule]);
    b->chip.counts.broken[rule] = 0;
    b->world.complaints = 0;
}

void pass_us(struct bench *b, uint64_t us)
{
    sim_pass_ns(&b->world, us * SIM_US);
}

// ---- frames

void raw(struct bench *b, const uint8_t *tx, uint8_t *rx, size_t len)
{
    struct nif_spi_seg seg;

    seg.tx = tx;
    seg.rx = rx;
    seg.len = len;

    assert_int_equal(nif_spi_transact(&b->bus.spi, &seg, 1, 0), 0);
}

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

void make_frame(uint8_t *frame, size_t len, const uint8_t to[6])
{
    static const uint8_t type[2] = { 0x88, 0xB5 };

    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)i;
    }
    memcpy(frame, to, 6);
    memcpy(frame + 6, peer_mac, 6);
    memcpy(frame + 12, type, sizeof(type));
}

void arrive(struct bench *b, const uint8_t *frame, size_t len)
{
    assert_true(sim_nic_send(&b->nic, frame, len));
    pass_us(b, (len + 100) * 8 / 100 + 10);
}
