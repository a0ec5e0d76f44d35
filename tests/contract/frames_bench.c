// SPDX-License-Identifier: MIT
//
// The bench of the suite for frame devices.

#include "tests/contract/frames_bench.h"

#include <stdlib.h>
#include <string.h>

// The time that one call may take (nif/iface.h).
#define CALL_NS (2 * SIM_MS)

// An EtherType for local experiments (IEEE 802, 9.2.3).
#define TYPE 0x88B5

// Frames taken, and frames sent, in one turn of the main loop.
#define TAKE_MAX 8

#define CANARY 0xC5

const struct nif_hwaddr bench_own = { { 2, 0, 0, 0, 0, 2 } };
const struct nif_hwaddr bench_card = { { 2, 0, 0, 0, 0, 0x99 } };
const struct nif_hwaddr bench_all = { { 255, 255, 255, 255, 255, 255 } };

// ---- frames

size_t bench_len(unsigned number)
{
    return 60 + (size_t)number * 101 % 1455;
}

// What the body of frame `number` is copied from: made once, for it is most of
// what a long test does.
static const uint8_t *noise(unsigned number)
{
    static uint8_t bytes[4096 + SIM_FRAME_MAX];
    static bool made;
    uint32_t value = 1;

    for (size_t i = 0; !made && i < sizeof(bytes); i++) {
        value = value * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(value >> 24);
    }
    made = true;
    return bytes + number * 13u % 4096;
}

void bench_frame(uint8_t *frame, size_t len, const struct nif_hwaddr *to,
    const struct nif_hwaddr *from, unsigned number)
{
    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    nif_put_be16(frame + 12, TYPE);
    if (len > 14) {
        memcpy(frame + 14, noise(number), len - 14);
    }
    if (len >= 20) {
        nif_put_be32(frame + 14, number);
        nif_put_be16(frame + 18, (uint16_t)len);
    }
}

// The number of a frame of bench_frame(); 0 if it is none, or was bent. Short
// ones were filled up with zeros (RFC 894).
static unsigned number_of(const uint8_t *frame, size_t len)
{
    uint8_t want[SIM_FRAME_MAX] = { 0 };
    struct nif_hwaddr to;
    struct nif_hwaddr from;
    unsigned number = nif_get_be32(frame + 14);
    size_t real = nif_get_be16(frame + 18);

    if (len < 60 || real < 20 || real > len || (real < len && len != 60)) {
        return 0;
    }
    memcpy(&to, frame, 6);
    memcpy(&from, frame + 6, 6);
    bench_frame(want, real, &to, &from, number);
    return memcmp(frame, want, len) == 0 ? number : 0;
}

static void note(struct bench *b, const void *data, size_t len)
{
    const uint8_t *byte = data;

    for (size_t i = 0; i < len; i++) {
        b->log = (b->log ^ byte[i]) * 0x100000001B3ull; // FNV-1a
    }
}

static void note_frame(struct bench *b, struct bench_flow *flow,
    const uint8_t *frame, size_t len)
{
    unsigned number = len >= 60 ? number_of(frame, len) : 0;

    flow->count++;
    if (number == 0) {
        flow->bad++;
    } else if (number <= flow->last) {
        flow->wild++;
    } else {
        flow->last = number;
    }
    flow->at_us = bench_now_us(b);
    flow->len = len;
    memcpy(flow->frame, frame, len);
    note(b, &b->world->now_ns, sizeof(b->world->now_ns));
    note(b, frame, len);
}

static void on_card_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;

    note_frame(b, &b->out, frame, len);
}

// ---- what the device tells

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    struct bench *b = arg;
    bool up = event == NIF_EVENT_LINK_UP;

    b->strange += iface != b->iface;
    note(b, &event, sizeof(event));
    note(b, &b->world->now_ns, sizeof(b->world->now_ns));
    if (event == NIF_EVENT_RESTARTED) {
        b->restarts++;
        return;
    }
    b->twice += b->link == up;
    b->link = up;
    b->ups += up;
    b->downs += !up;
}

static void note_time(struct bench *b, uint64_t since_ns)
{
    uint64_t took_ns = b->world->now_ns - since_ns;

    if (took_ns > b->slowest_ns) {
        b->slowest_ns = took_ns;
    }
}

// A call has returned `result`; those of `known` are allowed, and counts.
static void note_result(struct bench *b, const char *call, int result,
    const int *known, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (result == known[i]) {
            return;
        }
    }
    if (result < 0) {
        b->strange++;
        print_message("%s() gave %s\n", call, nif_err_name(result));
    }
}

// ---- opening and closing

static void ignore(void *arg, uint64_t at_ns, const char *who, const char *what)
{
    (void)arg;
    (void)at_ns;
    (void)who;
    (void)what;
}

bool bench_can(const struct host_board_cfg *cfg)
{
    static struct host_board board;
    struct host_board_cfg own = *cfg;
    struct sim_world world;
    char why[HOST_WHY] = "";
    int err;

    own.chip = bench_chip;
    sim_world_init(&world, 1);
    err = host_board_init(&board, &world, &own, why);
    if (err == 0) {
        host_board_done(&board);
    }
    sim_world_done(&world);
    return err == 0;
}

void bench_open_in(struct bench *b, struct sim_world *world,
    const struct host_board_cfg *cfg, uint8_t number)
{
    struct host_board_cfg own = { 0 };
    char why[HOST_WHY] = "";

    if (cfg) {
        own = *cfg;
    }
    own.chip = bench_chip;
    own.seed = 1;
    own.number = number;
    own.polling |= bench_polling;
    memset(b, 0, sizeof(*b));
    b->world = world;
    b->log = 0xCBF29CE484222325ull;
    if (host_board_init(&b->board, world, &own, why) != 0) {
        fail_msg("%s", why);
    }
    sim_nic_init(&b->nic, world, "card", 0);
    b->nic.full_duplex = !own.half_duplex;
    b->nic.on_frame = on_card_frame;
    b->nic.arg = b;
    host_board_plug(&b->board, &b->nic.port);
    b->iface = b->board.iface;
    nif_iface_on_event(b->iface, on_event, b);
}

void bench_open(struct bench *b, const struct host_board_cfg *cfg)
{
    static struct sim_world world;

    sim_world_init(&world, 1);
    bench_open_in(b, &world, cfg, 0);
}

void bench_end(struct bench *b)
{
    host_board_done(&b->board);
    sim_nic_done(&b->nic);
    if (b->board.cfg.number == 0) {
        sim_world_done(b->world);
    }
}

void bench_close(struct bench *b)
{
    const char *wrong = bench_wrong(b);

    bench_end(b);
    if (wrong) {
        fail_msg("%s", wrong);
    }
}

void bench_hush(struct bench *b)
{
    b->world->on_complaint = ignore;
}

void bench_forgive(struct bench *b)
{
    b->world->on_complaint = NULL;
    b->forgiven = b->world->complaints;
    b->in.wild = b->out.wild = 0;
    if (b->lied) {
        b->in.bad = b->out.bad = 0;
    }
    b->poll_err = b->recv_err = b->send_err = 0;
}

const char *bench_wrong(const struct bench *b)
{
    const struct {
        const char *what;
        unsigned count;
    } wrong[] = {
        { "frames bent on the way to the board", b->in.bad },
        { "frames bent on the way from the board", b->out.bad },
        { "frames twice or out of order to the board", b->in.wild },
        { "frames twice or out of order from the board", b->out.wild },
        { "a result that is not in nif/iface.h", b->strange },
        { "flags or frames that are not what was told", b->lying },
        { "a link event that told nothing new", b->twice },
        { "a call of more than 2 ms", b->slowest_ns > CALL_NS },
        { "complaints",
            b->world->on_complaint ? 0 : b->world->complaints - b->forgiven },
    };

    for (size_t i = 0; i < nif_countof(wrong); i++) {
        if (wrong[i].count > 0) {
            return wrong[i].what;
        }
    }
    return NULL;
}

// ---- calls

int bench_send(struct bench *b, unsigned number, size_t len)
{
    static const int known[] = { NIF_EAGAIN, NIF_ELINK, NIF_ETOOBIG, NIF_EINVAL,
        NIF_EIO, NIF_ETIMEDOUT };
    uint8_t frame[SIM_FRAME_MAX];
    struct nif_seg segs[5];
    size_t n = number % nif_countof(segs) + 1;
    size_t at = 0;
    uint64_t since_ns;
    int err;

    bench_frame(frame, len < 14 ? 14 : len, &bench_card, &bench_own, number);
    // Cut anywhere, stretches without a byte included.
    for (size_t i = 0; i < n; i++) {
        size_t to = i + 1 == n ? len : at + (len - at) * (number >> i & 3) / 4;

        segs[i] = (struct nif_seg){ frame + at, to - at };
        at = to;
    }
    since_ns = b->world->now_ns;
    err = nif_eth_send(b->iface, segs, n);
    note_time(b, since_ns);
    note_result(b, "send", err, known, nif_countof(known));
    memset(frame, 0xEE, sizeof(frame));
    memset(segs, 0xEE, sizeof(segs));
    if (err != 0 && err != NIF_EAGAIN) {
        b->send_err = err;
    }
    return err;
}

void bench_card_send(struct bench *b, const struct nif_hwaddr *to,
    unsigned number, size_t len)
{
    uint8_t frame[SIM_FRAME_MAX];

    bench_frame(frame, len, to, &bench_card, number);
    assert_true(sim_nic_send(&b->nic, frame, len));
}

int bench_recv(struct bench *b, size_t cap, uint8_t **frame)
{
    static const int known[] = { NIF_EAGAIN, NIF_ETOOBIG, NIF_EPROTO, NIF_EIO,
        NIF_ETIMEDOUT };
    uint8_t *buf = b->buf;
    uint64_t since_ns = b->world->now_ns;
    int got;

    memset(buf, CANARY, sizeof(b->buf));
    *frame = NULL;
    got = nif_eth_recv(b->iface, buf, cap, frame);
    note_time(b, since_ns);
    note_result(b, "recv", got, known, nif_countof(known));
    for (size_t i = cap; i < sizeof(b->buf); i++) {
        b->strange += buf[i] != CANARY;
    }
    b->strange += got == 0 || (got > 0 && (got < 14 || (size_t)got > cap));
    if (got < 0 && got != NIF_EAGAIN) {
        b->recv_err = got;
    }
    return got;
}

// Takes what has come. Returns false if there was nothing more.
static bool take_one(struct bench *b)
{
    uint8_t *frame;
    int got = bench_recv(b, NIF_ETH_FRAME_MAX, &frame);

    if (got <= 0) {
        return false;
    }
    note_frame(b, &b->in, frame, (size_t)got);
    memset(frame, 0xEE, (size_t)got); // it may be written to
    return true;
}

// Returns whether there may be more to send.
static bool send_own(struct bench *b)
{
    for (unsigned i = 0; i < TAKE_MAX && b->send_left > 0; i++) {
        int err = bench_send(b, b->send_next, bench_len(b->send_next));

        if (err != 0) {
            b->send_full += err == NIF_EAGAIN;
            return false;
        }
        b->send_left--;
        b->send_next++;
    }
    return b->send_left > 0;
}

// ---- the main loop

void bench_turn(struct bench *b)
{
    static const int known[] = { NIF_EIO, NIF_ENODEV, NIF_ETIMEDOUT,
        NIF_EPROTO };
    uint64_t since_ns;
    uint64_t calls;
    unsigned most = b->take != 0 ? b->take : TAKE_MAX;
    unsigned taken = 0;
    bool link;
    int err;

    sim_cpu_step(&b->board.cpu);
    b->turns++;
    b->again_us = NIF_NEVER;
    since_ns = b->world->now_ns;
    err = nif_iface_poll(b->iface, &b->again_us);
    note_time(b, since_ns);
    note_result(b, "poll", err, known, nif_countof(known));
    if (err < 0) {
        b->poll_err = err;
    }
    if (b->eager_us != 0 && b->again_us > bench_now_us(b) + b->eager_us) {
        b->again_us = bench_now_us(b) + b->eager_us;
    }
    calls = b->board.cpu.bus_calls;
    link = (nif_iface_flags(b->iface) & NIF_IFACE_LINK) != 0;
    b->lying += link != b->link || calls != b->board.cpu.bus_calls;
    if (err > 0) {
        b->lying += (err & (link ? NIF_SEEN_NO_LINK : NIF_SEEN_LINK)) != 0;
    }
    while (taken < most && !b->deaf && take_one(b)) {
        // It may have come since; but then an interrupt has told.
        b->lying += taken < 2 && err > 0 &&
            (err & (taken == 0 ? NIF_SEEN_NO_FRAME : NIF_SEEN_ONE_FRAME)) !=
                0 &&
            !bench_polling && !b->board.cpu.woken;
        taken++;
    }
    if (send_own(b) || taken == most) {
        b->again_us = 0;
    }
}

// Sleeps as nif_clock_wait() does. Returns whether the clock was woken.
static bool sleep_until(struct bench *b, uint64_t until_us)
{
    struct sim_cpu *cpu = &b->board.cpu;
    bool woken;

    sim_block(b->world,
        until_us > SIM_NEVER / 1000 ? SIM_NEVER : until_us * 1000, &cpu->woken);
    woken = cpu->woken;
    cpu->woken = false;
    return woken;
}

bool bench_run_to(struct bench *b, const unsigned *count, unsigned want,
    uint64_t us)
{
    uint64_t until_us = bench_now_us(b) + us;

    while (*count < want && bench_now_us(b) < until_us) {
        if (b->again_us <= bench_now_us(b)) {
            bench_turn(b);
        } else if (sleep_until(b,
                       b->again_us < until_us ? b->again_us : until_us)) {
            b->again_us = 0;
        }
    }
    return *count >= want;
}

void bench_begin_sending(struct bench *b, unsigned count)
{
    b->send_left = count;
    b->send_next = 1;
    b->again_us = 0;
}

void bench_run(struct bench *b, uint64_t us)
{
    static const unsigned never;

    (void)bench_run_to(b, &never, 1, us);
}
