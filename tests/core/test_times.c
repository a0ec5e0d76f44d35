// SPDX-License-Identifier: MIT
//
// What a turn costs in which nothing happens, and times that are far away:
// the stack's ticks are 32 bits, and wrap after 50 days.

#include "core/tcpip/internal.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull
#define DAY    (86400 * SECOND)

static struct pair p;
static struct nif_conn c;
static uint8_t in[NIF_ETH_FRAME_MAX];
static uint8_t out[NIF_ETH_FRAME_MAX];

static struct {
    const struct nif_iface_ops *ops;
    const struct nif_eth_ops *eth;
    int seen; // what poll() returns
    uint64_t wants_us;
    unsigned polls;
    unsigned flags;
    unsigned recvs;
} dev;

static int poll_and_tell(struct nif_iface *iface, uint64_t *again_us)
{
    dev.polls++;
    (void)!dev.ops->poll(iface, again_us);
    if (dev.wants_us != 0 && dev.wants_us < *again_us) {
        *again_us = dev.wants_us;
    }
    return dev.seen;
}

static unsigned count_flags(struct nif_iface *iface)
{
    dev.flags++;
    return dev.ops->flags(iface);
}

static int count_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    dev.recvs++;
    return dev.eth->recv(iface, buf, cap, frame);
}

static struct nif_stack *stack(void)
{
    return &p.stack[0].stack;
}

static int setup(void **state)
{
    static struct nif_iface_ops ops;
    static struct nif_eth_ops eth;
    const struct nif_endpoint local = { .port = 7 };

    (void)state;
    pair_init_single(&p, 3);
    memset(&dev, 0, sizeof(dev));
    dev.ops = p.dev[0].iface.ops;
    dev.eth = p.dev[0].iface.eth;
    ops = *dev.ops;
    ops.poll = poll_and_tell;
    ops.flags = count_flags;
    eth = *dev.eth;
    eth.recv = count_recv;
    p.dev[0].iface.ops = &ops;
    p.dev[0].iface.eth = &eth;
    assert_int_equal(nif_conn_open(stack(), &c, NIF_UDP,
                         &(struct nif_conn_cfg){ .rx = NULL }),
        0);
    assert_int_equal(nif_conn_bind(&c, &local), 0);
    return 0;
}

// ------------------------------------------------------------------ idle

static void an_idle_turn_asks_the_device_once(void **state)
{
    (void)state;
    dev.seen = NIF_SEEN_LINK | NIF_SEEN_NO_FRAME;
    for (unsigned i = 0; i < 10; i++) {
        assert_true(nif_stack_poll(stack()) == NIF_NEVER);
    }
    assert_int_equal(dev.polls, 10);
    assert_int_equal(dev.flags, 0);
    assert_int_equal(dev.recvs, 0);
}

static void a_device_that_tells_nothing_is_asked(void **state)
{
    (void)state;
    assert_true(nif_stack_poll(stack()) == NIF_NEVER);
    assert_int_equal(dev.flags, 1);
    assert_int_equal(dev.recvs, 1);
}

static void a_frame_that_may_be_there_is_asked_for(void **state)
{
    (void)state;
    dev.seen = NIF_SEEN_LINK;
    p.dev[0].queued = 0;
    assert_true(nif_stack_poll(stack()) == NIF_NEVER);
    assert_int_equal(dev.flags, 0);
    assert_int_equal(dev.recvs, 1);
}

static void a_device_that_has_one_frame_is_asked_for_no_more(void **state)
{
    uint8_t frame[NIF_ETH_FRAME_MAX];
    size_t len = pair_echo(&p, frame, 10);

    (void)state;
    dev.seen = NIF_SEEN_LINK | NIF_SEEN_ONE_FRAME;
    for (unsigned i = 1; i <= 2; i++) {
        pair_inject(&p, frame, len); // and four turns
        assert_int_equal(dev.recvs, 4 * i);
        assert_int_equal(p.stack[0].stats.icmp_rx, i);
    }
    assert_int_equal(dev.flags, 0);
    dev.seen = NIF_SEEN_NO_LINK | NIF_SEEN_ONE_FRAME;
    (void)nif_stack_poll(stack());
    assert_int_equal(dev.flags, 1);
}

static void a_link_that_changes_is_noticed(void **state)
{
    (void)state;
    p.dev[0].link = false;
    dev.seen = NIF_SEEN_NO_LINK | NIF_SEEN_NO_FRAME;
    (void)nif_stack_poll(stack());
    assert_false(p.stack[0].link);
    (void)nif_stack_poll(stack());
    assert_int_equal(dev.flags, 1);
    p.dev[0].link = true;
    dev.seen = NIF_SEEN_LINK | NIF_SEEN_NO_FRAME;
    (void)nif_stack_poll(stack());
    assert_true(p.stack[0].link);
    assert_int_equal(dev.flags, 2);
}

static void an_error_is_counted_and_asks_for_all(void **state)
{
    (void)state;
    dev.seen = NIF_EIO;
    (void)nif_stack_poll(stack());
    assert_int_equal(p.stack[0].stats.eth_error, 1);
    assert_int_equal(dev.flags, 1);
    assert_int_equal(dev.recvs, 1);
}

static void a_reply_that_waits_is_tried_in_an_idle_turn(void **state)
{
    (void)state;
    p.dev[0].room = 0;
    p.dev[0].refill = 0;
    pair_inject(&p, in, pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0));
    assert_int_equal(p.dev[1].queued, 0);
    dev.seen = NIF_SEEN_LINK | NIF_SEEN_NO_FRAME;
    p.dev[0].refill = 1;
    (void)nif_stack_poll(stack());
    assert_int_equal(p.dev[1].queued, 1);
}

// ------------------------------------------------------------- far times

static int setup_quiet(void **state)
{
    int err = setup(state);

    dev.seen = NIF_SEEN_LINK | NIF_SEEN_NO_FRAME;
    assert_true(nif_stack_poll(stack()) == NIF_NEVER);
    return err;
}

// The device of the pair has frames by the time; here they come at once.
static void hear(size_t len)
{
    dev.seen = NIF_SEEN_LINK;
    pair_inject(&p, in, len);
    dev.seen = NIF_SEEN_LINK | NIF_SEEN_NO_FRAME;
}

// However long nobody called, a neighbour's age ends when it should.
static void assert_ages(void)
{
    uint64_t age_us = NIF_ARP_AGE_S * SECOND;

    pair_clear(&p);
    hear(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0));
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(p.stack[0].arp[0].ip, PAIR_IP1);
    assert_in_range(nif_stack_poll(stack()), p.now_us + age_us - 2000,
        p.now_us + age_us + 2000);
    p.now_us += age_us - 2000;
    (void)nif_stack_poll(stack());
    assert_int_not_equal(p.stack[0].arp[0].state, 0);
    p.now_us += 4000;
    (void)nif_stack_poll(stack());
    assert_int_equal(p.stack[0].arp[0].state, 0);
}

static void what_the_device_wants_after_a_timer_is_not_forgotten(void **state)
{
    uint64_t age_us = NIF_ARP_AGE_S * SECOND;

    (void)state;
    hear(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0));
    dev.wants_us = p.now_us + age_us + 10 * SECOND;
    assert_in_range(nif_stack_poll(stack()), p.now_us + age_us - 2000,
        p.now_us + age_us + 2000);
    p.now_us += age_us + 3000;
    assert_true(nif_stack_poll(stack()) == dev.wants_us);
    assert_true(nif_stack_poll(stack()) == dev.wants_us);
    dev.wants_us = p.now_us + 5;
    assert_true(nif_stack_poll(stack()) == dev.wants_us);
}

static void timers_end_in_time_after_any_silence(void **state)
{
    static const unsigned days[] = { 0, 1, 6, 7, 12, 13, 24, 25, 26, 37, 38, 49,
        50, 51, 75, 100, 365, 3650 };

    (void)state;
    for (size_t i = 0; i < nif_countof(days); i++) {
        assert_ages();
        p.now_us += days[i] * DAY;
        assert_ages();
    }
}

static void at_rest_it_is_never_awake(void **state)
{
    unsigned wakes = 0;

    (void)state;
    for (unsigned day = 0; day < 400; day++) {
        p.now_us += DAY;
        wakes += nif_stack_poll(stack()) <= p.now_us;
    }
    assert_int_equal(wakes, 0);
}

// RFC 1812 4.3.2.8. The allowance is renewed after any silence, too.
static void errors_are_told_after_any_silence(void **state)
{
    size_t len = pair_udp(&p, in, 5000, 9, "hello", 5);

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        unsigned count = 0;

        for (unsigned k = 0; k < 20; k++) {
            hear(len);
            count += pair_take(&p, out) != 0;
        }
        assert_int_equal(count, 8);
        p.now_us += 7 * DAY;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_idle_turn_asks_the_device_once, setup),
        cmocka_unit_test_setup(a_device_that_tells_nothing_is_asked, setup),
        cmocka_unit_test_setup(a_device_that_has_one_frame_is_asked_for_no_more,
            setup),
        cmocka_unit_test_setup(a_frame_that_may_be_there_is_asked_for, setup),
        cmocka_unit_test_setup(a_link_that_changes_is_noticed, setup),
        cmocka_unit_test_setup(an_error_is_counted_and_asks_for_all, setup),
        cmocka_unit_test_setup(a_reply_that_waits_is_tried_in_an_idle_turn,
            setup),
        cmocka_unit_test_setup(
            what_the_device_wants_after_a_timer_is_not_forgotten, setup_quiet),
        cmocka_unit_test_setup(timers_end_in_time_after_any_silence,
            setup_quiet),
        cmocka_unit_test_setup(at_rest_it_is_never_awake, setup_quiet),
        cmocka_unit_test_setup(errors_are_told_after_any_silence, setup_quiet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
