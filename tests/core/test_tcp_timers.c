// SPDX-License-Identifier: MIT
//
// TCP against a peer by hand: timers of which one hides another.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MS UINT64_C(1000)

static struct peer p;

// The peer's side of the connection that is not talked to at the moment.
static struct {
    struct nif_conn *conn;
    uint16_t port;
    uint32_t seq;
    uint32_t ack;
} other;

static int setup(void **state)
{
    (void)state;
    peer_init(&p);
    return 0;
}

static void change_connection(void)
{
    struct nif_conn *conn = other.conn;
    uint16_t port = other.port;
    uint32_t seq = other.seq;
    uint32_t ack = other.ack;

    other.conn = p.conn;
    other.port = p.port;
    other.seq = p.seq;
    other.ack = p.ack;
    p.conn = conn;
    p.port = port;
    p.seq = seq;
    p.ack = ack;
}

// Sends something: its retransmission is due in NIF_TCP_RTO_MIN_MS.
static void send_some(void)
{
    assert_int_equal(nif_conn_send(p.conn, "some text", 9, NULL), 9);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 9);
}

// 20 ms before that, the peer says something: its ACK is due 20 ms after it.
static void hear_some(void)
{
    peer_pass(&p, (NIF_TCP_RTO_MIN_MS - 20) * MS);
    peer_say(&p, ACK, 0, 0, "hello", 5);
    peer_expect_nothing(&p);
}

static void expect_ack_in_time(void)
{
    peer_pass(&p, (NIF_TCP_DELACK_MS - 1) * MS);
    peer_expect_nothing(&p);
    peer_pass(&p, 4 * MS);
    peer_expect(&p, ACK, 0);
    peer_expect_nothing(&p);
}

static void an_ack_that_waits_outlives_a_timer_that_is_over(void **state)
{
    (void)state;
    peer_connect(&p);
    send_some();
    peer_say(&p, ACK, 0, 0, NULL, 0); // no retransmission, but the turn comes
    hear_some();
    expect_ack_in_time();
}

static void an_ack_that_waits_outlives_the_timer_of_another(void **state)
{
    (void)state;
    peer_connect(&p);
    other.port = PEER_PORT + 1;
    other.seq = 77000;
    change_connection();
    peer_connect(&p);
    send_some();
    change_connection();
    hear_some();
    peer_pass(&p, (NIF_TCP_DELACK_MS - 1) * MS);
    change_connection();
    p.ack -= 9;
    peer_expect(&p, ACK, 9); // the other's came first
    change_connection();
    peer_expect_nothing(&p);
    peer_pass(&p, 4 * MS);
    peer_expect(&p, ACK, 0);
}

// Two segments are out; the first is acknowledged 10 ms later.
static void lose_the_second(void)
{
    peer_pass(&p, 10 * MS);
    p.ack -= 10; // the second's
    peer_say(&p, ACK, 0, 0, NULL, 0);
}

static void send_two(void)
{
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_NODELAY, 1), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(nif_conn_send(p.conn, "0123456789", 10, NULL), 10);
        peer_pass(&p, 10);
        peer_expect(&p, ACK, 10);
    }
}

// As the SYN was lost it is 3 s; the first measure makes it the shortest.
static void what_was_measured_counts_for_what_is_on_the_way(void **state)
{
    (void)state;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    assert_true(peer_hear(&p));
    peer_pass(&p, 1100 * MS);
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
    peer_pass(&p, 2500 * MS); // the timer of the SYN is over
    send_two();
    lose_the_second();
    peer_pass(&p, (NIF_TCP_RTO_MIN_MS - 5) * MS);
    peer_expect_nothing(&p);
    peer_pass(&p, 10 * MS);
    peer_expect(&p, ACK, 10);
}

// A time that was doubled holds for what was lost, not for what follows.
static void behind_an_ack_the_time_is_not_doubled(void **state)
{
    (void)state;
    peer_connect(&p);
    send_two();
    peer_pass(&p, (NIF_TCP_RTO_MIN_MS + 5) * MS);
    p.ack -= 20;
    peer_expect(&p, ACK, 20); // both again, in one; now it is doubled
    lose_the_second();
    peer_pass(&p, (NIF_TCP_RTO_MIN_MS - 5) * MS);
    peer_expect_nothing(&p);
    peer_pass(&p, 10 * MS);
    peer_expect(&p, ACK, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_ack_that_waits_outlives_a_timer_that_is_over,
            setup),
        cmocka_unit_test_setup(an_ack_that_waits_outlives_the_timer_of_another,
            setup),
        cmocka_unit_test_setup(what_was_measured_counts_for_what_is_on_the_way,
            setup),
        cmocka_unit_test_setup(behind_an_ack_the_time_is_not_doubled, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
