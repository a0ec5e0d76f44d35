// SPDX-License-Identifier: MIT
//
// TCP against a peer by hand: timers of which one hides another.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MS 1000u

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_ack_that_waits_outlives_a_timer_that_is_over,
            setup),
        cmocka_unit_test_setup(an_ack_that_waits_outlives_the_timer_of_another,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
