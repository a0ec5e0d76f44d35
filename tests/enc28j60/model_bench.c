// SPDX-License-Identifier: MIT
//
// The bench for the ENC28J60 model.

#include "tests/enc28j60/model_bench.h"

#include <stdio.h>

#define TX_AT 0x1000

const uint8_t own_mac[6] = { 2, 0, 0, 0, 0, 1 };
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
    sim_enc28j60_done(&b->chip);
    sim_nic_done(&b->nic);
    sim_cable_done(&b->cable);
    sim_world_done(&b->world);
    b->open = false;
    return good;
}

struct bench *bench_open(const struct sim_enc28j60_cfg *cfg)
{
    static struct bench b;
    struct sim_enc28j60_cfg with = { .errata_off = SIM_ENC28J60_ERRATA_ALL };

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
    sim_enc28j60_init(&b.chip, &b.world, &with);
    sim_spi_init(&b.bus, &b.cpu, &b.chip.spi, NULL);
    sim_pin_init(&b.irq, &b.cpu, "int", true);
    sim_pin_init(&b.reset, &b.cpu, "reset", true);
    sim_enc28j60_pins(&b.chip, &b.irq, &b.reset);
    nif_pin_on_edge(&b.irq.pin, false, on_edge, &b);
    sim_cable_init(&b.cable, &b.world, 10000000);
    sim_nic_init(&b.nic, &b.world, "nic", 0);
    b.nic.on_frame = on_frame;
    b.nic.arg = &b;
    sim_cable_join(&b.cable, &b.chip.port, &b.nic.port);
    b.hold_ns = 300;
    pass_us(&b, 400);
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

void bench_forgive(struct bench *b, enum sim_enc28j60_rule rule)
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

// ---- instructions

void cmd(struct bench *b, const uint8_t *tx, uint8_t *rx, size_t len)
{
    struct nif_spi_seg seg;

    seg.tx = tx;
    seg.rx = rx;
    seg.len = len;
    assert_int_equal(nif_spi_transact(&b->bus.spi, &seg, 1, b->hold_ns), 0);
}

static void write_cmd(struct bench *b, unsigned first, unsigned data)
{
    cmd(b, (uint8_t[]){ (uint8_t)first, (uint8_t)data }, NULL, 2);
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
    cmd(b, tx, rx, dummy ? 3 : 2);
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
    cmd(b, (uint8_t[]){ 0xFF }, NULL, 1);
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

void make_frame(uint8_t *frame, size_t len, const uint8_t to[6])
{
    static const uint8_t from_type[8] = { 2, 0, 0, 0, 0, 9, 0x88, 0xB5 };

    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)i;
    }
    memcpy(frame, to, 6);
    memcpy(frame + 6, from_type, sizeof(from_type));
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

void arrive(struct bench *b, const uint8_t *frame, size_t len)
{
    assert_true(sim_nic_send(&b->nic, frame, len));
    pass_us(b, (len + 90) * 8 / 10 + 20);
}

uint64_t vector(struct bench *b)
{
    uint8_t raw[7];
    uint64_t value = 0;

    read_at(b, rcr16(b, ENC_ETXNDL) + 1, raw, sizeof(raw));
    for (unsigned i = 7; i-- > 0;) {
        value = value << 8 | raw[i];
    }
    return value;
}
