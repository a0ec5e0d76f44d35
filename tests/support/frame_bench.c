// SPDX-License-Identifier: MIT
//
// The bench of a frame device's tests: what is the same whatever driver_bench.h
// joins it to.

#include "driver_bench.h"

#include <string.h>

const struct nif_hwaddr bench_board = { { 2, 0x11, 0x22, 0x33, 0x44, 0x55 } };
const struct nif_hwaddr bench_card = { { 2, 0, 0, 0, 0, 0x99 } };

// The time that one call may take (nif/iface.h).
#define CALL_NS (2 * SIM_MS)

void bench_frame(uint8_t *frame, size_t len, const struct nif_hwaddr *to,
    const struct nif_hwaddr *from, unsigned number)
{
    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    nif_put_be16(frame + 12, 0x88B5);
    for (size_t i = 14; i < len; i++) {
        frame[i] = (uint8_t)(i * 7 + (size_t)number * 13 + (i >> 8));
    }
    if (len >= 20) {
        nif_put_be32(frame + 14, number);
        nif_put_be16(frame + 18, (uint16_t)len);
    }
}

// True if `frame` is one of bench_frame()'s; padding may follow it.
static bool is_whole(const uint8_t *frame, size_t len)
{
    uint8_t want[SIM_FRAME_MAX];
    struct nif_hwaddr to;
    struct nif_hwaddr from;
    size_t real = nif_get_be16(frame + 18);

    memcpy(&to, frame, 6);
    memcpy(&from, frame + 6, 6);
    if (len == 60 && frame[19] == 0) { // too short for its length
        return frame[12] == 0x88 && frame[13] == 0xB5;
    }
    if (len < 60 || real < 20 || real > len) {
        return false;
    }
    bench_frame(want, real, &to, &from, nif_get_be32(frame + 14));
    return memcmp(frame, want, real) == 0 && (len == real || len == 60);
}

static void on_card_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;

    b->card_count++;
    b->card_bad += !is_whole(frame, len);
    b->card_len = len;
    memcpy(b->card, frame, len);
}

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    struct bench *b = arg;

    assert_ptr_equal(iface, b->iface);
    assert_true(b->event_count < nif_countof(b->events));
    b->events[b->event_count++] = event;
    b->event_ns = b->world.now_ns;
}

void bench_begin(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    sim_world_init(&b->world, 1);
    sim_cpu_init(&b->cpu, &b->world, SIM_CPU_COST_NS);
}

void bench_wire(struct bench *b, struct sim_port *port, uint64_t bits_per_s)
{
    sim_cable_init(&b->cable, &b->world, bits_per_s);
    sim_nic_init(&b->nic, &b->world, "card", 0);
    b->nic.on_frame = on_card_frame;
    b->nic.arg = b;
    sim_cable_join(&b->cable, port, &b->nic.port);
}

void bench_listen(struct bench *b)
{
    nif_iface_on_event(b->iface, on_event, b);
}

void bench_end(struct bench *b, unsigned complaints)
{
    unsigned seen = b->world.complaints;

    sim_nic_done(&b->nic);
    sim_cable_done(&b->cable);
    sim_world_done(&b->world);
    assert_true(seen <= complaints);
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
        assert_true(frame == buf || b->lends);
        b->board_count++;
        b->board_bad += !is_whole(frame, (size_t)got);
        b->board_len = (size_t)got;
        memcpy(b->board, frame, (size_t)got);
        return true;
    }
    if (got != NIF_EAGAIN) {
        b->recv_err = got;
    }
    return false;
}

static void send_own(struct bench *b)
{
    while (b->send_left > 0 &&
        bench_send(b, b->send_number, b->send_len) == 0) {
        b->send_left--;
        b->send_number++;
    }
}

uint64_t bench_turn(struct bench *b)
{
    uint64_t since_ns = b->world.now_ns;
    uint64_t again_us = NIF_NEVER;
    int err = nif_iface_poll(b->iface, &again_us);

    note_time(b, since_ns);
    if (err < 0) {
        b->poll_err = err;
    }
    for (unsigned i = 0; i < 8 && !b->deaf && take_one(b); i++) {
        send_own(b);
    }
    send_own(b);
    return again_us;
}

void bench_run(struct bench *b, uint64_t us)
{
    static const unsigned never;

    (void)bench_run_to(b, &never, 1, us);
}

bool bench_run_to(struct bench *b, const unsigned *count, unsigned want,
    uint64_t us)
{
    uint64_t until_us = b->world.now_ns / 1000 + us;

    while (*count != want && b->world.now_ns / 1000 < until_us) {
        uint64_t again_us = bench_turn(b);

        nif_clock_wait(&b->cpu.clock,
            again_us < until_us ? again_us : until_us);
    }
    return *count == want;
}

int bench_send(struct bench *b, unsigned number, size_t len)
{
    uint64_t since_ns = b->world.now_ns;
    uint8_t frame[SIM_FRAME_MAX];
    size_t middle = len / 2;
    const struct nif_seg segs[] = {
        { frame, len < 14 ? len : 14 },
        { frame + 14, middle > 14 ? middle - 14 : 0 },
        { frame + (middle > 14 ? middle : 14),
            len > 14 ? len - (middle > 14 ? middle : 14) : 0 },
    };
    int err;

    bench_frame(frame, len, &bench_card, &bench_board, number);
    err = nif_eth_send(b->iface, segs, nif_countof(segs));
    note_time(b, since_ns);
    return err;
}

void bench_card_send(struct bench *b, const struct nif_hwaddr *to,
    unsigned number, size_t len)
{
    uint8_t frame[SIM_FRAME_MAX];

    bench_frame(frame, len, to, &bench_card, number);
    assert_true(sim_nic_send(&b->nic, frame, len));
}

bool bench_has_link(const struct bench *b)
{
    return (nif_iface_flags(b->iface) & NIF_IFACE_LINK) != 0;
}

bool bench_traffic(struct bench *b, uint64_t us)
{
    uint64_t until_ns = b->world.now_ns + us * 1000;
    unsigned board = b->board_count;
    unsigned card = b->card_count;

    while ((b->board_count == board || b->card_count == card) &&
        b->world.now_ns < until_ns) {
        if (b->nic.link && b->nic.queued == 0 && b->board_count == board) {
            bench_card_send(b, &bench_board, 7, 100);
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
