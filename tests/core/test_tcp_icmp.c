// SPDX-License-Identifier: MIT
//
// What ICMP says about TCP's segments is believed as far as is safe.

#include "tests/core/tcp_bench.h"

// Says that a segment of ours with this sequence number did not arrive.
static void complain(uint8_t type, uint8_t code, uint16_t mtu, uint32_t seq)
{
    uint8_t tcp[8];

    nif_put_be16(tcp, p.our_port);
    nif_put_be16(tcp + 2, p.port);
    nif_put_be32(tcp + 4, seq);
    nif__tcp_icmp(&p.pair.stack[0],
        &(struct nif__icmp_error){ .type = type,
            .code = code,
            .mtu = mtu,
            .src = PAIR_IP0,
            .dst = PAIR_IP1,
            .body = tcp,
            .len = sizeof(tcp) });
}

static void begin_call(void)
{
    const struct nif_conn_cfg cfg = { p.rx[2], 1000, p.tx[2], 1000 };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };

    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.client, NIF_TCP,
                         &cfg),
        0);
    assert_int_equal(nif_conn_connect(&p.client, &to), 0);
    peer_pass(&p, 1);
    assert_true(peer_hear(&p));
    p.our_port = p.seg.src;
    p.ack = p.seg.seq + 1;
}

// RFC 9293 MUST-54
// RFC 5927 5.2
static void a_hard_error_ends_a_call_but_no_connection(void **state)
{
    (void)state;
    begin_call();
    complain(3, 3, 0, p.seg.seq + 1); // not on the way
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_OPENING);
    complain(3, 3, 0, p.seg.seq);
    assert_int_equal(p.client.err, NIF_EREFUSED);
    setup(NULL);
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    complain(3, 3, 0, p.seg.seq);
    complain(3, 2, 0, p.seg.seq);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
}

// RFC 9293 MUST-47 MUST-54 MUST-56 SHLD-25
static void a_soft_error_is_said_when_it_comes_to_giving_up(void **state)
{
    (void)state;
    begin_call();
    complain(3, 0, 0, p.seg.seq);
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_OPENING);
    assert_int_equal(p.client.err, NIF_EUNREACH); // a hint
    peer_pass(&p, (NIF_TCP_R2_SYN_S + 2) * 1000000ull);
    assert_int_equal(p.client.err, NIF_EUNREACH);
    setup(NULL);
    peer_connect(&p);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_USER_TIMEOUT, 5), 0);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 10);
    complain(11, 0, 0, nif__tcp_of(p.conn)->snd_una);
    peer_pass(&p, 6000000);
    assert_int_equal(p.conn->err, NIF_EUNREACH);
}

// RFC 9293 MUST-54
// RFC 1191 6.3
static void too_big_makes_segments_smaller_and_sends_again(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, data, 2920, NULL), 2920);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 1460);
    assert_int_equal(nif_get_be16(p.frame + 20), 0x4000); // do not fragment
    peer_expect(&p, ACK, 1460);
    p.ack -= 2920;
    complain(3, 4, 1000, p.ack);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 960);
    peer_expect(&p, ACK, 960);
    peer_expect(&p, ACK, 960);
    peer_expect(&p, ACK, 40);
    assert_int_equal(p.pair.stack[0].stats.tcp_timeout, 0);
    // A larger one is not believed.
    peer_say(&p, ACK, 0, -40, NULL, 0);
    complain(3, 4, 1400, p.ack - 40);
    assert_int_equal(nif__tcp_of(p.conn)->mss, 960);
}

// RFC 5927 7.2
static void too_big_is_not_believed_below_576(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, data, 1460, NULL), 1460);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 1460);
    complain(3, 4, 68, p.ack - 1460);
    assert_int_equal(nif__tcp_of(p.conn)->mss, 536);
    complain(3, 4, 0, p.ack - 1460); // of a router before RFC 1191
    assert_int_equal(nif__tcp_of(p.conn)->mss, 536);
}

// RFC 5927 4.1
static void what_is_not_on_the_way_is_not_believed(void **state)
{
    (void)state;
    peer_connect(&p);
    complain(3, 4, 600, p.ack); // nothing is
    assert_int_equal(nif_conn_send(p.conn, data, 100, NULL), 100);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 100);
    complain(3, 4, 600, p.ack);
    complain(3, 4, 600, p.ack - 101);
    p.port++;
    complain(3, 4, 600, p.ack - 100);
    p.port--;
    assert_int_equal(nif__tcp_of(p.conn)->mss, 1460);
    complain(3, 4, 600, p.ack - 100);
    assert_int_equal(nif__tcp_of(p.conn)->mss, 560);
}

// RFC 2923 2.1
static void a_silent_way_gets_segments_that_may_be_cut(void **state)
{
    uint16_t flags = 0xFFFF;

    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, data, 1460, NULL), 1460);
    for (unsigned i = 0; i < 5; i++) {
        peer_pass(&p, 1000000);
        while (peer_hear(&p)) { // answers to ARP, not to TCP
            flags = nif_get_be16(p.frame + 20);
        }
    }
    assert_int_equal(flags, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_hard_error_ends_a_call_but_no_connection,
            setup),
        cmocka_unit_test_setup(a_soft_error_is_said_when_it_comes_to_giving_up,
            setup),
        cmocka_unit_test_setup(too_big_makes_segments_smaller_and_sends_again,
            setup),
        cmocka_unit_test_setup(too_big_is_not_believed_below_576, setup),
        cmocka_unit_test_setup(what_is_not_on_the_way_is_not_believed, setup),
        cmocka_unit_test_setup(a_silent_way_gets_segments_that_may_be_cut,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
