// SPDX-License-Identifier: MIT
//
// Several connections over a device that has little room: each has its turn.

#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct pair p;
static struct nif_conn c;
static struct nif_conn d;
static struct nif_conn idle;
static uint8_t rings[3][100];
static uint8_t out[NIF_ETH_FRAME_MAX];

static const struct nif_endpoint peer = { .ip = { NIF_IPV4, { 192, 0, 2, 2 },
                                              0 },
    .port = 5000 };

static struct nif_stack *stack(void)
{
    return &p.stack[0].stack;
}

static void open_one(struct nif_conn *conn, unsigned which, uint16_t port)
{
    const struct nif_conn_cfg cfg = { .tx = rings[which],
        .tx_cap = sizeof(rings[0]) };
    const struct nif_endpoint local = { .port = port };

    assert_int_equal(nif_conn_open(stack(), conn, NIF_UDP, &cfg), 0);
    assert_int_equal(nif_conn_bind(conn, &local), 0);
}

// One sends from port 7, the other from port 8, a third, before them, nothing;
// the device has no room.
static int setup(void **state)
{
    (void)state;
    pair_init_single(&p, 11);
    open_one(&idle, 2, 6);
    open_one(&c, 0, 7);
    open_one(&d, 1, 8);
    pair_inject(&p, out, pair_arp(&p, out, 1, PAIR_IP1, PAIR_IP0));
    pair_clear(&p);
    p.dev[0].refill = 0;
    p.dev[0].room = 0;
    return 0;
}

// Lets one frame go, and tells which port it is from.
static uint16_t one_goes(void)
{
    p.dev[0].room = 1;
    for (unsigned i = 0; i < 4 && p.dev[1].queued == 0; i++) {
        (void)nif_stack_poll(stack());
        p.dev[0].refill = 0;
    }
    p.dev[0].refill = 1;
    assert_int_equal(pair_take(&p, out), 60);
    return nif_get_be16(out + 34);
}

static void those_that_wait_for_the_device_take_turns(void **state)
{
    uint16_t last;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(nif_conn_send(&c, "c", 1, &peer), 1);
        assert_int_equal(nif_conn_send(&d, "d", 1, &peer), 1);
    }
    p.dev[0].refill = 1;
    last = one_goes();
    for (unsigned i = 0; i < 3; i++) {
        uint16_t next = one_goes();

        assert_int_equal(next, 15 - last); // 7 and 8
        last = next;
    }
}

static void whose_turn_is_next_may_go_away(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(nif_conn_send(&c, "c", 1, &peer), 1);
        assert_int_equal(nif_conn_send(&d, "d", 1, &peer), 1);
    }
    p.dev[0].refill = 1;
    assert_int_equal(one_goes(), 7);
    nif_conn_abort(&d);
    assert_int_equal(one_goes(), 7);
    pair_pass(&p, 1000000);
    assert_int_equal(pair_take(&p, out), 0);
}

// It was alone in having something to send; its memory is the caller's again.
static void who_goes_away_before_its_turn_is_not_asked(void **state)
{
    const struct nif_endpoint unknown = { .ip = nif_ip4(192, 0, 2, 3),
        .port = 5000 };

    (void)state;
    p.dev[0].refill = 2;
    (void)nif_stack_poll(stack());
    assert_int_equal(nif_conn_send(&c, "c", 1, &unknown), 1);
    nif_conn_abort(&c);
    memset(&c, 0xA5, sizeof(c));
    pair_clear(&p);
    pair_pass(&p, 500000);
    assert_int_equal(pair_take(&p, out), 0);
    assert_int_equal(nif_conn_send(&d, "d", 1, &peer), 1);
    assert_int_equal(pair_take(&p, out), 60);
}

// Each of them was alone in having something to send when it said so.
static void who_waits_longer_is_not_forgotten_for_who_came_last(void **state)
{
    (void)state;
    assert_int_equal(nif_conn_send(&c, "c", 1, &peer), 1);
    (void)nif_stack_poll(stack());
    assert_int_equal(nif_conn_send(&d, "d", 1, &peer), 1);
    p.dev[0].refill = 2;
    (void)nif_stack_poll(stack());
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(pair_take(&p, out), 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(those_that_wait_for_the_device_take_turns,
            setup),
        cmocka_unit_test_setup(whose_turn_is_next_may_go_away, setup),
        cmocka_unit_test_setup(
            who_waits_longer_is_not_forgotten_for_who_came_last, setup),
        cmocka_unit_test_setup(who_goes_away_before_its_turn_is_not_asked,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
