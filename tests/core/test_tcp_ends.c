// SPDX-License-Identifier: MIT
//
// What belongs to the two ends of a TCP connection: addresses, ports, first
// sequence numbers, what IP does for it.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct peer p;
static struct nif_conn other;
static uint8_t got[100];
static uint8_t options[12];

static const struct nif_endpoint peer_end = {
    .ip = { NIF_IPV4, { 192, 0, 2, 2 }, 0 },
    .port = PEER_PORT,
};

static int setup(void **state)
{
    (void)state;
    peer_init(&p);
    return 0;
}

static struct nif_stack *stack(void)
{
    return &p.pair.stack[0].stack;
}

static void open_conn(struct nif_conn *conn)
{
    const struct nif_conn_cfg cfg = { p.rx[2], 1000, p.tx[2], 1000 };

    assert_int_equal(nif_conn_open(stack(), conn, NIF_TCP, &cfg), 0);
}

static uint32_t first_seq(void)
{
    uint32_t seq;

    open_conn(&p.client);
    assert_int_equal(nif_conn_bind(&p.client,
                         &(struct nif_endpoint){ .port = 1234 }),
        0);
    assert_int_equal(nif_conn_connect(&p.client, &peer_end), 0);
    (void)nif_stack_poll(stack());
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, SYN);
    seq = p.seg.seq;
    nif_conn_abort(&p.client);
    return seq;
}

// RFC 9293 MUST-8
static void first_sequence_numbers_follow_a_clock_of_4_us(void **state)
{
    uint32_t first = first_seq();
    uint64_t then_us = p.pair.now_us;

    (void)state;
    p.pair.now_us += 1000000;
    assert_int_equal(first_seq() - first,
        (uint32_t)(p.pair.now_us >> 2) - (uint32_t)(then_us >> 2));
}

// RFC 9293 SHLD-1 MUST-9
static void another_secret_gives_another_sequence(void **state)
{
    uint32_t first = first_seq();

    (void)state;
    setup(NULL);
    assert_int_equal(first_seq(), first); // the same in the same world
    setup(NULL);
    p.pair.stack[0].key[0] ^= 1;
    assert_true(first_seq() - first > 1000 && first - first_seq() > 1000);
}

// RFC 9293 MUST-41 MUST-42
static void who_calls_from_a_port_lets_others_listen_there(void **state)
{
    const struct nif_endpoint local = { .port = 4321 };

    (void)state;
    open_conn(&p.client);
    assert_int_equal(nif_conn_bind(&p.client, &local), 0);
    open_conn(&other);
    assert_int_equal(nif_conn_bind(&other, &local), NIF_EADDRINUSE);
    assert_int_equal(nif_conn_connect(&p.client, &peer_end), 0);
    assert_int_equal(nif_conn_bind(&other, &local), 0);
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_OPENING);
    // But two ends make one connection.
    assert_int_equal(nif_conn_connect(&other, &peer_end), NIF_EADDRINUSE);
    assert_int_equal(nif_conn_connect(&other,
                         &(struct nif_endpoint){ .ip = peer_end.ip,
                             .port = 1 }),
        0);
}

// RFC 9293 MUST-43 MUST-44 MUST-45
static void the_local_address_is_ours_and_stays(void **state)
{
    (void)state;
    open_conn(&p.client);
    assert_int_equal(nif_conn_bind(&p.client,
                         &(struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, 9),
                             .port = 1 }),
        NIF_EADDR);
    assert_int_equal(nif_conn_bind(&p.client,
                         &(struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, 1),
                             .port = 1 }),
        0);
    nif_conn_abort(&p.client);
    peer_connect(&p);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(nif_conn_send(p.conn, "text", 4, NULL), 4);
        peer_pass(&p, 10);
        peer_expect(&p, ACK, 4);
        assert_int_equal(nif_get_be32(p.frame + 26), PAIR_IP0);
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
}

// RFC 9293 MUST-49
static void the_application_says_how_far_segments_go(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_TTL, 3), 0);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_TTL, 0), NIF_EINVAL);
    assert_int_equal(nif_conn_send(p.conn, "text", 4, NULL), 4);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 4);
    assert_int_equal(p.frame[22], 3);
}

// RFC 9293 MUST-48 SHLD-21 SHLD-22
// RFC 1122 3.2.1.6-a
static void the_application_says_how_urgent_segments_are(void **state)
{
    (void)state;
    peer_connect(&p);
    for (int tos = 0x28; tos <= 0xB8; tos += 0x90) {
        assert_int_equal(nif_conn_option(p.conn, NIF_OPT_TOS, tos), 0);
        assert_int_equal(nif_conn_send(p.conn, "text", 4, NULL), 4);
        peer_pass(&p, 10);
        peer_expect(&p, ACK, 4);
        assert_int_equal(p.frame[15], tos);
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_TOS, 256), NIF_EINVAL);
}

// Sends four bytes to port `to` of the peer, where they are heard.
static void send_to(struct nif_conn *conn, uint16_t to)
{
    p.port = to;
    assert_int_equal(nif_conn_send(conn, "text", 4, NULL), 4);
    peer_pass(&p, 10);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.len, 4);
}

static void headers_are_those_of_the_connection_that_sends(void **state)
{
    struct nif_conn *conns[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        p.port = (uint16_t)(PEER_PORT + i);
        p.seq = 1000;
        peer_connect(&p);
        conns[i] = p.conn;
        assert_int_equal(nif_conn_option(p.conn, NIF_OPT_NODELAY, 1), 0);
    }
    assert_int_equal(nif_conn_option(conns[1], NIF_OPT_TTL, 9), 0);
    for (unsigned i = 0; i < 6; i++) {
        send_to(conns[i / 2 & 1], (uint16_t)(PEER_PORT + (i / 2 & 1)));
        assert_int_equal(p.frame[22], i / 2 & 1 ? 9 : 64);
    }
    // One that begins where another was.
    nif_conn_abort(conns[0]);
    pair_clear(&p.pair);
    p.port = PEER_PORT + 2;
    p.seq = 1000;
    peer_connect(&p);
    assert_ptr_equal(p.conn, conns[0]);
    send_to(conns[0], PEER_PORT + 2);
}

static void headers_follow_the_address_of_the_card(void **state)
{
    struct pair_dev *dev = &p.pair.dev[0];

    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_NODELAY, 1), 0);
    send_to(p.conn, PEER_PORT);
    assert_memory_equal(p.frame + 6, dev->hwaddr.byte, 6);
    dev->hwaddr.byte[5] ^= 0x55;
    dev->link = false;
    peer_pass(&p, 10);
    dev->link = true;
    peer_pass(&p, 10);
    pair_clear(&p.pair);
    send_to(p.conn, PEER_PORT);
    assert_memory_equal(p.frame + 6, dev->hwaddr.byte, 6);
}

// RFC 9293 MUST-50
static void options_of_ip_that_nobody_knows_are_passed_over(void **state)
{
    static const uint8_t unknown[] = { 0x5E, 4, 1, 2 };
    const struct pair_ip ip = { PAIR_IP1, PAIR_IP0, 6, unknown,
        sizeof(unknown) };
    const struct pair_seg seg = { .src = PEER_PORT,
        .dst = OUR_PORT,
        .flags = ACK,
        .wnd = 8000,
        .data = "text",
        .len = 4 };
    struct pair_seg next = seg;

    (void)state;
    peer_connect(&p);
    next.seq = p.seq;
    next.ack = p.ack;
    pair_tcp(&p.pair, p.frame, &next);
    memmove(p.frame + 38, p.frame + 34, 24);
    pair_inject(&p.pair, p.frame, pair_wrap(&p.pair, p.frame, &ip, 24));
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 4);
}

// Closes from our side, until TIME-WAIT.
static void close_first(void)
{
    nif_conn_close(p.conn);
    peer_pass(&p, 10);
    assert_true(peer_hear(&p));
    p.ack = p.seg.seq + 1;
    peer_say(&p, FIN | ACK, 0, 0, NULL, 0);
    assert_true(peer_hear(&p));
    assert_int_equal(nif__tcp_of(p.conn)->state, TCP_TIME_WAIT);
}

// RFC 9293 SHLD-4
static void a_later_timestamp_begins_anew_what_is_in_time_wait(void **state)
{
    struct nif_conn *old;

    (void)state;
    peer_extend(&p, false, true);
    nif_put_be32(options, 0x0101080A);
    nif_put_be32(options + 4, 1000);
    p.options = options;
    p.options_len = sizeof(options);
    peer_connect(&p);
    old = p.conn;
    close_first();
    // A sequence number from before, and no later time: an old SYN.
    p.seq -= 5000;
    peer_say(&p, SYN, 1, 0, NULL, 0);
    assert_int_equal(nif__tcp_of(old)->state, TCP_TIME_WAIT);
    pair_clear(&p.pair);
    nif_put_be32(options + 4, 1001);
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    assert_int_not_equal(nif__tcp_of(old)->state, TCP_TIME_WAIT);
}

// Else what is left of the old connection on the way would belong to the new
// one, too (RFC 9293 3.6.1). Our clock of first numbers goes slower than a
// fast sender.
static void whose_time_wait_is_cut_short_begins_beyond_its_old_end(void **state)
{
    uint32_t end;

    (void)state;
    peer_connect(&p);
    p.wnd = 65535;
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(nif_conn_send(p.conn, p.rx[2], 1000, NULL), 1000);
        peer_pass(&p, 1);
        peer_expect(&p, ACK, 1000);
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
    close_first();
    end = p.ack;
    p.seq += 1000;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    assert_in_range(p.seg.seq - end, 0, 1000000);
}

// The peer has closed first, and does not take what we had to say.
static void a_reset_of_what_was_said_last_is_an_error(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, FIN | ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
    assert_int_equal(nif_conn_send(p.conn, "mine", 4, NULL), 4);
    assert_int_equal(nif_conn_shutdown(p.conn), 0);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 4);
    peer_say(&p, RST, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), NIF_ERESET);
}

// Who is held only by the peer's silence would be held by his talk.
static void a_peer_that_never_closes_cannot_hold_us_by_talking(void **state)
{
    (void)state;
    peer_connect(&p);
    nif_conn_close(p.conn);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
    for (unsigned i = 0; i < NIF_TCP_FIN_WAIT_S / 10; i++) {
        peer_say(&p, ACK, 0, 0, NULL, 0);
        assert_int_equal(nif_conn_state(p.conn), NIF_CONN_CLOSING);
        peer_pass(&p, 10000000);
    }
    peer_pass(&p, 1000000);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_IDLE);
}

// A FIN that could not go yet, for want of window, is not said by the way: its
// acknowledgement would be one of what was never sent.
static void what_is_sent_again_brings_no_fin_that_was_not_sent(void **state)
{
    (void)state;
    p.wnd = 100;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, got, 100, NULL), 100);
    nif_conn_close(p.conn);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 100);
    p.ack -= 100;
    peer_say(&p, ACK, 0, 0, NULL, 0); // a duplicate: it is lost
    peer_expect(&p, ACK, 100);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect(&p, FIN | ACK, 0);
}

// A peer with a shut window takes nothing beyond its edge, no reset either.
static void who_gives_up_a_shut_window_resets_where_it_is_expected(void **state)
{
    (void)state;
    peer_connect(&p);
    p.wnd = 0;
    peer_say(&p, ACK, 0, 0, "shut", 4);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 4);
    assert_int_equal(nif_conn_send(p.conn, "waits", 5, NULL), 5);
    peer_pass(&p, 400000);
    peer_expect(&p, ACK, 0);
    peer_expect(&p, ACK, 1); // a probe, which is not taken
    p.ack--;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect_nothing(&p);
    nif_conn_abort(p.conn);
    peer_expect(&p, RST | ACK, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_sequence_numbers_follow_a_clock_of_4_us,
            setup),
        cmocka_unit_test_setup(another_secret_gives_another_sequence, setup),
        cmocka_unit_test_setup(who_calls_from_a_port_lets_others_listen_there,
            setup),
        cmocka_unit_test_setup(the_local_address_is_ours_and_stays, setup),
        cmocka_unit_test_setup(the_application_says_how_far_segments_go, setup),
        cmocka_unit_test_setup(the_application_says_how_urgent_segments_are,
            setup),
        cmocka_unit_test_setup(headers_are_those_of_the_connection_that_sends,
            setup),
        cmocka_unit_test_setup(headers_follow_the_address_of_the_card, setup),
        cmocka_unit_test_setup(options_of_ip_that_nobody_knows_are_passed_over,
            setup),
        cmocka_unit_test_setup(
            a_later_timestamp_begins_anew_what_is_in_time_wait, setup),
        cmocka_unit_test_setup(
            a_peer_that_never_closes_cannot_hold_us_by_talking, setup),
        cmocka_unit_test_setup(
            what_is_sent_again_brings_no_fin_that_was_not_sent, setup),
        cmocka_unit_test_setup(
            who_gives_up_a_shut_window_resets_where_it_is_expected, setup),
        cmocka_unit_test_setup(
            whose_time_wait_is_cut_short_begins_beyond_its_old_end, setup),
        cmocka_unit_test_setup(a_reset_of_what_was_said_last_is_an_error,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
