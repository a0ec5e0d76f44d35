// SPDX-License-Identifier: MIT
//
// Every figure begins with fresh stacks that know each other's hardware
// address, and a first time that is not counted. A step is one poll() of
// each side. How many steps belong to a figure was taken over from the
// measurements that docs/benchmarks.md compares with: polls that find nothing
// are part of the price.

#include "bench/stack/figures.h"

#include "bench/stack/frames.h"
#include "bench/stack/meter.h"

#include <string.h>

#define TIMES         16u // of small figures
#define SEGMENTS      64u
#define BULK_US       1000
#define STEP_US       10000
#define CONNECT_STEPS 6
#define CLOSE_STEPS   40
#define MESSAGE_STEPS 6 // of 10 ms: longer than an ACK is delayed
#define MESSAGE_LEN   64

static struct {
    struct wire wire;
    struct wire_end ends[2];
    struct side *me;   // measured
    struct side *peer; // not
    side_init_fn *init;
    bool lends;
    uint8_t frame[NIF_ETH_FRAME_MAX];
} at;

static _Alignas(4) uint8_t data[SIDE_MSS];

// ----------------------------------------------------------------- steps

static void step(uint32_t us)
{
    at.me->ops->poll(at.me);
    at.peer->ops->poll(at.peer);
    at.wire.now_us += us;
}

static void steps(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        step(STEP_US);
    }
}

// Two new stacks that know each other.
static void fresh(bool sends)
{
    wire_init(&at.wire, &at.ends[0], &at.ends[1]);
    wire_dress(&at.ends[0], &wire_outside, at.lends);
    wire_dress(&at.ends[1], &wire_plain, false);
    at.init(&at.me, &at.ends[0], true, sends);
    side_nif_init(&at.peer, &at.ends[1], false, !sends);
    step(BULK_US);
    for (uint8_t i = 0; i < 2; i++) {
        wire_inject(&at.ends[i], at.frame,
            frames_arp(at.frame, at.ends[i].address));
    }
    steps(4);
    meter_forget();
}

// ----------------------------------------------------------- connections

static void join(struct side *caller, struct side *listener)
{
    listener->ops->listen(listener);
    caller->ops->connect(caller);
    for (unsigned i = 0; i < CONNECT_STEPS; i++) {
        step(STEP_US);
        (void)caller->ops->open(caller);
        (void)listener->ops->open(listener);
    }
    NIF_ASSERT(caller->ops->open(caller) && listener->ops->open(listener));
}

static void part(struct side *first, struct side *second)
{
    bool ended = false;

    first->ops->close(first);
    for (unsigned i = 0; i < CLOSE_STEPS; i++) {
        step(STEP_US);
        if (!ended && second->ops->ended(second)) {
            ended = true;
            second->ops->close(second);
        }
    }
    NIF_ASSERT(ended);
}

static void connections(bool active)
{
    fresh(true);
    join(active ? at.me : at.peer, active ? at.peer : at.me);
    meter_report(active ? "connect-active" : "connect-passive", 1);
    part(active ? at.me : at.peer, active ? at.peer : at.me);
    meter_report(active ? "close-active" : "close-passive", 1);
}

// ------------------------------------------------------------------ data

typedef int give_fn(struct side *side, const uint8_t *data, size_t len);
typedef int take_fn(struct side *side);

// Moves `total` bytes; false if the stack has no such call.
static bool move(struct side *from, give_fn *give, struct side *to,
    take_fn *take, uint32_t total)
{
    uint32_t sent = 0;
    uint32_t got = 0;

    for (unsigned i = 0; got < total; i++) {
        int n = sent < total ? give(from, data, sizeof(data)) : 0;

        if (n == NIF_ENOTSUP) {
            return false;
        }
        NIF_ASSERT(n >= 0 && i < 20 * SEGMENTS);
        sent += (uint32_t)n;
        step(BULK_US);
        n = take(to);
        if (n == NIF_ENOTSUP) {
            return false;
        }
        NIF_ASSERT(n >= 0);
        got += (uint32_t)n;
    }
    return true;
}

static void bulk(const char *figure, bool sends, give_fn *give, take_fn *take)
{
    const uint32_t total = SEGMENTS * SIDE_MSS;
    struct side *from;
    struct side *to;

    fresh(sends);
    from = sends ? at.me : at.peer;
    to = sends ? at.peer : at.me;
    join(from, to);
    if (move(from, give, to, take, total)) {
        meter_forget();
        NIF_ASSERT(move(from, give, to, take, total));
        meter_report(figure, SEGMENTS);
    }
}

static void messages(const char *figure, bool sends)
{
    struct side *from;
    struct side *to;

    fresh(sends);
    from = sends ? at.me : at.peer;
    to = sends ? at.peer : at.me;
    join(from, to);
    for (unsigned i = 0; i <= TIMES; i++) {
        int got = 0;

        if (i == 1) {
            meter_forget();
        }
        NIF_ASSERT(from->ops->send(from, data, MESSAGE_LEN) == MESSAGE_LEN);
        for (unsigned k = 0; k < MESSAGE_STEPS; k++) {
            step(STEP_US);
            got += to->ops->copy(to);
        }
        NIF_ASSERT(got == MESSAGE_LEN);
    }
    meter_report(figure, TIMES);
}

// --------------------------------------------------------------- answers

typedef bool answer_fn(const struct wire_slot *frame, size_t len);

static bool arp_answers(const struct wire_slot *frame, size_t len)
{
    (void)len;
    return frames_arp_answers(frame);
}

static bool silence(const struct wire_slot *frame, size_t len)
{
    (void)len;
    return frame == NULL;
}

// Gives the frame of `frame_len` bytes in at.frame to the stack again and
// again; each time `answers` must like what comes back.
static void answer(const char *figure, size_t frame_len, answer_fn *answers,
    size_t len)
{
    for (unsigned i = 0; i <= TIMES; i++) {
        if (i == 1) {
            meter_forget();
        }
        wire_inject(&at.ends[0], at.frame, frame_len);
        at.me->ops->poll(at.me);
        at.me->ops->echo(at.me);
        NIF_ASSERT(answers(wire_take(&at.ends[1]), len));
        at.wire.now_us += STEP_US;
    }
    meter_report(figure, TIMES);
}

static void answers(void)
{
    uint8_t *f = at.frame;

    fresh(true);
    answer("udp-echo-64", frames_udp(f, SIDE_ECHO_PORT, 64), frames_udp_answers,
        64);
    answer("udp-echo-1472", frames_udp(f, SIDE_ECHO_PORT, 1472),
        frames_udp_answers, 1472);
    answer("ping-56", frames_ping(f, 56), frames_ping_answers, 56);
    answer("ping-1472", frames_ping(f, 1472), frames_ping_answers, 1472);
    answer("arp", frames_arp(f, 1), arp_answers, 0);
    answer("udp-closed", frames_udp_broadcast(f, 1900, 64), silence, 0);
}

static void idle(const char *figure)
{
    steps(4);
    meter_forget();
    for (unsigned i = 0; i < TIMES; i++) {
        at.me->ops->poll(at.me);
    }
    meter_report(figure, TIMES);
}

// ------------------------------------------------------------------- all

void figures_run(side_init_fn *init, bool lends)
{
    const struct side_ops *me;
    const struct side_ops *peer;

    at.init = init;
    at.lends = lends;
    fresh(true);
    me = at.me->ops;
    peer = at.peer->ops;
    bulk("tcp-send-ref", true, me->send_ref, peer->copy);
    bulk("tcp-send", true, me->send, peer->copy);
    bulk("tcp-look", false, peer->send, me->look);
    bulk("tcp-copy", false, peer->send, me->copy);
    answers();
    connections(true);
    connections(false);
    messages("message-send", true);
    messages("message-recv", false);
    fresh(true);
    idle("idle");
    join(at.me, at.peer);
    idle("idle-connected");
}
