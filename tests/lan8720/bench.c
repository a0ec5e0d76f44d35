// SPDX-License-Identifier: MIT
//
// The bench of the LAN8720 driver's tests.

#include "bench.h"

#include <string.h>

const struct nif_hwaddr bench_board = { { 2, 0x11, 0x22, 0x33, 0x44, 0x55 } };
const struct nif_hwaddr bench_card = { { 2, 0, 0, 0, 0, 0x99 } };

// The time that one call may take (nif/iface.h).
#define CALL_NS (2 * SIM_MS)

static void make_frame(uint8_t *frame, size_t len, const struct nif_hwaddr *to,
    const struct nif_hwaddr *from, unsigned number)
{
    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    nif_put_be16(frame + 12, 0x88B5);
    nif_put_be32(frame + 14, number);
    nif_put_be16(frame + 18, (uint16_t)len);
    for (size_t i = 20; i < len; i++) {
        frame[i] = (uint8_t)(i * 7 + (size_t)number * 13 + (i >> 8));
    }
}

// True if `frame` is one of make_frame()'s; padding may follow it.
static bool is_whole(const uint8_t *frame, size_t len)
{
    uint8_t want[NIF_ETH_FRAME_MAX];
    struct nif_hwaddr to;
    struct nif_hwaddr from;
    size_t real = nif_get_be16(frame + 18);

    memcpy(&to, frame, 6);
    memcpy(&from, frame + 6, 6);
    if (real < 20 || real > len || len > sizeof(want)) {
        return false;
    }
    make_frame(want, real, &to, &from, nif_get_be32(frame + 14));
    return memcmp(frame, want, real) == 0 && (len == real || len == 60);
}

static void on_card_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;

    b->card_count++;
    b->card_bad += !is_whole(frame, len);
}

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    struct bench *b = arg;

    assert_ptr_equal(iface, b->iface);
    assert_true(b->event_count < nif_countof(b->events));
    b->events[b->event_count++] = event;
    b->event_ns = b->world.now_ns;
}

// nRST low clears what a soft reset does, which is all that matters here.
static void on_reset(struct sim_pin *pin, void *arg, bool level)
{
    struct bench *b = arg;

    (void)pin;
    if (level) {
        b->reset_low_ns = b->world.now_ns - b->reset_end_ns;
    }
    b->reset_end_ns = b->world.now_ns;
}

static void join_driver(struct bench *b, const struct bench_cfg *cfg)
{
    struct lan8720_cfg driver = cfg->driver;

    driver.phy.mdio = &b->fault.mdio;
    driver.phy.clock = &b->cpu.clock;
    driver.phy.interrupt = cfg->interrupt ? &b->int_pin.pin : NULL;
    driver.reset = cfg->reset_pin ? &b->reset_pin.pin : NULL;
    memset(&b->chip, 0xA5, sizeof(b->chip));
    memset(&b->dev, 0xA5, sizeof(b->dev));
    lan8720_init(&b->chip, &driver);
    nif_macphy_init(&b->dev,
        &(struct nif_macphy_cfg){
            .mac = &b->mac.mac,
            .phy = &b->chip.phy,
            .clock = &b->cpu.clock,
            .check_ms = cfg->check_ms,
        });
    b->iface = &b->dev.iface;
    nif_iface_on_event(b->iface, on_event, b);
}

void bench_open(struct bench *b, const struct bench_cfg *cfg)
{
    static const struct bench_cfg none;

    if (!cfg) {
        cfg = &none;
    }
    memset(b, 0, sizeof(*b));
    sim_world_init(&b->world, 1);
    sim_cpu_init(&b->cpu, &b->world, SIM_CPU_COST_NS);
    sim_pin_init(&b->int_pin, &b->cpu, "int", true);
    sim_pin_init(&b->reset_pin, &b->cpu, "reset", true);
    b->reset_pin.on_write = on_reset;
    b->reset_pin.write_arg = b;
    sim_phy_init(&b->phy, &b->world, &cfg->model);
    sim_phy_pin(&b->phy, &b->int_pin);
    sim_mac_init(&b->mac, &b->cpu,
        &(struct sim_mac_cfg){ .hwaddr = bench_board, .mdc_hz = cfg->mdc_hz });
    if (!cfg->absent) {
        sim_mac_join(&b->mac, &b->phy);
    }
    sim_mac_partner(&b->mac, &cfg->partner);
    sim_mdio_fault_init(&b->fault, &b->cpu, b->mac.mac.mdio);
    sim_cable_init(&b->cable, &b->world, 100000000);
    sim_nic_init(&b->nic, &b->world, "card", 0);
    b->nic.on_frame = on_card_frame;
    b->nic.arg = b;
    sim_cable_join(&b->cable, &b->mac.nic.port, &b->nic.port);
    if (cfg->unplugged) {
        sim_cable_plug(&b->cable, false);
    }
    join_driver(b, cfg);
}

void bench_up(struct bench *b)
{
    assert_int_equal(nif_iface_start(b->iface), 0);
    assert_true(bench_run_to_link(b, true, 3000000));
}

void bench_close(struct bench *b)
{
    unsigned seen = b->world.complaints;

    sim_phy_done(&b->phy);
    sim_mac_done(&b->mac);
    sim_nic_done(&b->nic);
    sim_cable_done(&b->cable);
    sim_world_done(&b->world);
    assert_int_equal(seen, 0);
    assert_int_equal(b->board_bad + b->card_bad, 0);
    assert_true(b->slowest_ns <= CALL_NS);
}

static void note_time(struct bench *b, uint64_t since_ns)
{
    if (b->world.now_ns - since_ns > b->slowest_ns) {
        b->slowest_ns = b->world.now_ns - since_ns;
    }
}

// Takes what has come. Returns false if the device had nothing more.
static bool take_one(struct bench *b)
{
    uint64_t since_ns = b->world.now_ns;
    uint8_t buf[NIF_ETH_FRAME_MAX];
    uint8_t *frame = NULL;
    int got = nif_eth_recv(b->iface, buf, sizeof(buf), &frame);

    note_time(b, since_ns);
    if (got > 0) {
        b->board_count++;
        b->board_bad += !is_whole(frame, (size_t)got);
    } else if (got != NIF_EAGAIN) {
        b->poll_err = got;
    }
    return got > 0;
}

static uint64_t loop_once(struct bench *b)
{
    uint64_t since_ns = b->world.now_ns;
    uint64_t again_us = NIF_NEVER;
    int err = nif_iface_poll(b->iface, &again_us);

    note_time(b, since_ns);
    if (err < 0) {
        b->poll_err = err;
    }
    for (unsigned i = 0; i < 8 && take_one(b); i++) {
    }
    return again_us;
}

static bool has_link(const struct bench *b)
{
    return (nif_iface_flags(b->iface) & NIF_IFACE_LINK) != 0;
}

// Runs for `us`, or until the link is `up` (0, 1; 2: no matter).
static void run(struct bench *b, uint64_t us, int up)
{
    uint64_t until_us = b->world.now_ns / 1000 + us;

    while (b->world.now_ns / 1000 < until_us && has_link(b) != up) {
        uint64_t again_us = loop_once(b);

        nif_clock_wait(&b->cpu.clock,
            again_us < until_us ? again_us : until_us);
    }
}

void bench_run(struct bench *b, uint64_t us)
{
    run(b, us, 2);
}

bool bench_run_to_link(struct bench *b, bool up, uint64_t us)
{
    run(b, us, up);
    return has_link(b) == up;
}

int bench_send(struct bench *b, unsigned number, size_t len)
{
    uint64_t since_ns = b->world.now_ns;
    uint8_t frame[SIM_FRAME_MAX];
    const struct nif_seg segs[] = {
        { frame, 14 },
        { frame + 14, len - 14 },
    };
    int err;

    make_frame(frame, len, &bench_card, &bench_board, number);
    err = nif_eth_send(b->iface, segs, nif_countof(segs));
    note_time(b, since_ns);
    return err;
}

void bench_card_send(struct bench *b, unsigned number, size_t len)
{
    uint8_t frame[SIM_FRAME_MAX];

    make_frame(frame, len, &bench_board, &bench_card, number);
    assert_true(sim_nic_send(&b->nic, frame, len));
}

bool bench_traffic(struct bench *b, uint64_t us)
{
    uint64_t until_ns = b->world.now_ns + us * 1000;
    unsigned board = b->board_count;
    unsigned card = b->card_count;

    while ((b->board_count == board || b->card_count == card) &&
        b->world.now_ns < until_ns) {
        if (b->nic.link && b->nic.queued == 0 && b->board_count == board) {
            bench_card_send(b, 7, 100);
        }
        if (b->card_count == card) {
            (void)bench_send(b, 8, 200);
        }
        bench_run(b, 1000);
    }
    return b->board_count != board && b->card_count != card;
}

unsigned bench_told(const struct bench *b, enum nif_event event)
{
    unsigned n = 0;

    for (size_t i = 0; i < b->event_count; i++) {
        n += b->events[i] == event;
    }
    return n;
}

uint16_t bench_reg(struct bench *b, uint8_t reg)
{
    return b->phy.mdio.ops->read(&b->phy.mdio, reg);
}

void bench_poke(struct bench *b, uint8_t reg, uint16_t value)
{
    b->phy.mdio.ops->write(&b->phy.mdio, reg, value);
}
