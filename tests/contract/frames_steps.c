// SPDX-License-Identifier: MIT
//
// Steps that the tests of frame devices share: to start, to wait for a link, to
// see whether frames pass.

#include "tests/contract/frames_bench.h"

// The longest start() (nif/iface.h).
#define START_NS SIM_S

// Numbers of the frames that bench_traffic() and bench_exact() make.
#define OWN_NUMBERS 1000000u

static int start(struct bench *b)
{
    uint64_t since_ns = b->world->now_ns;
    int err = nif_iface_start(b->iface);

    assert_true(err == 0 || err == NIF_ENODEV || err == NIF_ETIMEDOUT ||
        err == NIF_EIO);
    assert_true(b->world->now_ns - since_ns <= START_NS);
    assert_int_equal((nif_iface_flags(b->iface) & NIF_IFACE_STARTED) != 0,
        err == 0);
    b->again_us = 0;
    return err;
}

void bench_start(struct bench *b)
{
    assert_int_equal(start(b), 0);
}

int bench_try_start(struct bench *b)
{
    int err = start(b);

    for (int i = 1; i < 3 && err != 0; i++) {
        bench_run(b, 10000);
        err = start(b);
    }
    return err;
}

bool bench_wait_link(struct bench *b, bool up)
{
    uint64_t until_us = bench_now_us(b) + BENCH_LINK_US;

    bench_run(b, 1);
    while (b->link != up && bench_now_us(b) < until_us) {
        bench_run(b, 100);
    }
    return b->link == up;
}

bool bench_run_to_link(struct bench *b, bool up)
{
    return bench_run_to(b, up ? &b->ups : &b->downs,
               (up ? b->ups : b->downs) + (b->link != up), BENCH_LINK_US) &&
        b->link == up;
}

uint64_t bench_wire_us(const struct bench *b, size_t len)
{
    return sim_cable_time_ns(&b->board.cable, len + 24) / 1000 + 1;
}

bool bench_wait_restart(struct bench *b, unsigned want)
{
    return bench_run_to(b, &b->restarts, want, BENCH_RECOVER_US) ||
        b->board.chip->keeps;
}

void bench_up(struct bench *b)
{
    bench_start(b);
    assert_true(bench_wait_link(b, true));
    // The card's idea of the link may be a little later.
    bench_run(b, 1000);
    assert_true(b->nic.link);
}

unsigned bench_number(const struct bench *b)
{
    unsigned last = b->in.last > b->out.last ? b->in.last : b->out.last;

    return last < OWN_NUMBERS ? OWN_NUMBERS : last + 1;
}

bool bench_traffic(struct bench *b, uint64_t us)
{
    uint64_t own_us = b->board.chip->recover_us;
    uint64_t until_us =
        bench_now_us(b) + (us == BENCH_RECOVER_US && own_us != 0 ? own_us : us);
    unsigned number = bench_number(b);
    unsigned in = b->in.count;
    unsigned out = b->out.count;
    bool deaf = b->deaf;

    b->deaf = false;
    b->send_left = 0;
    while ((b->in.count == in || b->out.count == out ||
               b->nic.queued > 0) && // what waits may not disturb others
        bench_now_us(b) < until_us) {
        number++;
        if (b->nic.link && b->nic.queued == 0 && b->in.count == in) {
            bench_card_send(b, &bench_own, number, 100);
        }
        if (b->out.count == out) {
            (void)bench_send(b, number, 200);
        }
        bench_run(b, 1000);
    }
    // What is under way arrives.
    bench_run(b, 2 * BENCH_LATE_US);
    b->deaf = deaf;
    return b->in.count != in && b->out.count != out;
}

void bench_exact(struct bench *b)
{
    static const size_t lens[] = { 20, 59, 60, 61, 128, 590, 1513, 1514 };
    unsigned number = bench_number(b);

    b->poll_err = 0;
    for (unsigned i = 0; i < 5 * nif_countof(lens); i++) {
        size_t len = lens[i % nif_countof(lens)];
        unsigned in = b->in.count;
        unsigned out = b->out.count;

        number++;
        bench_card_send(b, &bench_own, number, len);
        assert_int_equal(bench_send(b, number, len), 0);
        assert_true(bench_run_to(b, &b->in.count, in + 1, BENCH_LATE_US));
        assert_true(bench_run_to(b, &b->out.count, out + 1, BENCH_LATE_US));
        assert_int_equal(b->in.last, number);
        assert_int_equal(b->out.last, number);
    }
    assert_int_equal(b->poll_err, 0);
}
