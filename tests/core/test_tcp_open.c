// SPDX-License-Identifier: MIT
//
// TCP connections begin: handshakes with a peer by hand.

#include "tests/core/tcp_bench.h"

// RFC 9293 MUST-14 MUST-67 MUST-69 SHLD-5
static void a_syn_is_answered_with_mss_and_window(void **state)
{
    (void)state;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    assert_int_equal(p.seg.options_len, 4);
    assert_memory_equal(p.seg.options, "\x02\x04\x05\xB4", 4);
    assert_int_equal(p.seg.wnd, 4096);
    assert_int_equal(nif_conn_state(&p.backlog[0]), NIF_CONN_OPENING);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), NIF_EAGAIN);
}

static void a_lost_syn_ack_is_said_again(void **state)
{
    uint64_t begun_us = p.pair.now_us;

    (void)state;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    assert_true(peer_hear(&p));
    peer_pass(&p, 990000);
    peer_expect_nothing(&p);
    peer_pass(&p, 20000);
    assert_true(peer_hear(&p)); // after 1 s
    assert_int_equal(p.seg.flags, SYN | ACK);
    peer_say(&p, SYN, -1, 0, NULL, 0); // and if he asks again, at once
    peer_expect(&p, SYN | ACK, 0);
    peer_pass(&p, NIF_TCP_SYN_RCVD_S * 1000000ull);
    assert_true(p.pair.now_us > begun_us);
    assert_int_equal(nif_conn_state(&p.backlog[0]), NIF_CONN_IDLE);
}

// Says a SYN from port `port`, of which nothing more is heard.
static void begin_and_vanish(uint16_t port)
{
    p.port = port;
    peer_say(&p, SYN, 1, 0, NULL, 0);
    assert_true(peer_hear(&p));
}

// RFC 4987 3.6
static void a_full_backlog_answers_with_a_cookie(void **state)
{
    (void)state;
    begin_and_vanish(PEER_PORT);
    peer_pass(&p, 1000);
    begin_and_vanish(PEER_PORT + 1);
    pair_clear(&p.pair);
    p.port = PEER_PORT + 2;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    assert_int_equal(p.seg.options_len, 0);
    assert_int_equal(stats()->tcp_full, 1);
    assert_int_equal(nif_conn_state(&p.backlog[0]), NIF_CONN_OPENING);
    // Who gives it back is real: the oldest of the others makes room.
    peer_say(&p, ACK, 0, 0, "hello", 5);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
    assert_ptr_equal(p.conn, &p.backlog[0]);
    assert_int_equal(recv_all(), 5);
    assert_int_equal(nif__tcp_of(p.conn)->mss, 1460);
    assert_int_equal(stats()->tcp_cookie, 1);
    assert_int_equal(send_all(5), 5);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 5);
}

static void a_cookie_that_we_did_not_give_is_refused(void **state)
{
    (void)state;
    begin_and_vanish(PEER_PORT);
    begin_and_vanish(PEER_PORT + 1);
    p.port = PEER_PORT + 2;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, ACK, 0, 4, NULL, 0);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST);
    peer_say(&p, ACK, 1, 0, NULL, 0); // of another SYN
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST);
    peer_pass(&p, 140 * 1000000ull); // too late
    pair_clear(&p.pair);
    begin_and_vanish(PEER_PORT);
    begin_and_vanish(PEER_PORT + 1);
    p.port = PEER_PORT + 2;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST);
    assert_int_equal(stats()->tcp_cookie, 0);
}

// A right guess is worth nothing while no cookie is out.
static void a_cookie_counts_only_after_a_flood(void **state)
{
    uint32_t cookie;

    (void)state;
    begin_and_vanish(PEER_PORT);
    begin_and_vanish(PEER_PORT + 1);
    p.port = PEER_PORT + 2;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    cookie = p.ack;
    setup(NULL); // the same world, without the flood
    p.port = PEER_PORT + 2;
    p.seq++;
    p.ack = cookie;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST);
}

static void a_port_where_nobody_listens_is_refused(void **state)
{
    (void)state;
    p.our_port = 99;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST | ACK);
    assert_int_equal(p.seg.ack, p.seq);
    assert_int_equal(p.seg.seq, 0);
    p.ack = 77777;
    peer_say(&p, ACK, 0, 0, "x", 1);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST);
    assert_int_equal(p.seg.seq, 77777);
    peer_say(&p, RST, 0, 0, NULL, 0);
    peer_expect_nothing(&p);
}

static void a_listener_takes_nothing_but_a_clean_syn(void **state)
{
    (void)state;
    p.ack = 5;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_hear(&p);
    assert_int_equal(p.seg.flags, RST);
    peer_say(&p, SYN | FIN, 1, 0, NULL, 0);
    peer_say(&p, RST, 0, 0, NULL, 0);
    peer_say(&p, 0, 0, 0, NULL, 0);
    peer_expect_nothing(&p);
    assert_int_equal(nif_conn_state(&p.backlog[0]), NIF_CONN_IDLE);
}

static void a_wrong_ack_of_the_handshake_is_reset(void **state)
{
    (void)state;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, ACK, 0, 5, NULL, 0);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST);
    assert_int_equal(p.seg.seq, p.ack + 5);
    peer_say(&p, RST, 0, 0, NULL, 0); // he gives up
    assert_int_equal(nif_conn_state(&p.backlog[0]), NIF_CONN_IDLE);
}

static void the_oldest_connection_is_accepted_first(void **state)
{
    struct nif_endpoint peer;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        p.port = (uint16_t)(PEER_PORT + i);
        p.seq = 1000;
        peer_say(&p, SYN, 0, 0, NULL, 0);
        peer_expect(&p, SYN | ACK, 0);
        if (i == 1) { // the second is ready first
            peer_say(&p, ACK, 0, 0, NULL, 0);
        } else {
            p.listener.err = (int)p.ack; // kept for below
        }
    }
    p.port = PEER_PORT;
    p.ack = (uint32_t)p.listener.err;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_ready(&p.listener), NIF_ACCEPTABLE);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, &peer), 0);
    assert_int_equal(peer.port, PEER_PORT + 1);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, &peer), 0);
    assert_int_equal(peer.port, PEER_PORT);
    assert_int_equal(nif_ip4_value(&peer.ip), PAIR_IP1);
    assert_int_equal(nif_conn_ready(&p.listener), 0);
    assert_int_equal(nif_conn_accept(&p.backlog[0], &p.conn, NULL), NIF_EINVAL);
}

// RFC 5681 3.1-c
static void a_lost_syn_makes_a_careful_beginning(void **state)
{
    const struct nif_conn_cfg cfg = { p.rx[2], 4096, p.tx[2], 4096 };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };

    (void)state;
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.client, NIF_TCP,
                         &cfg),
        0);
    assert_int_equal(nif_conn_connect(&p.client, &to), 0);
    peer_pass(&p, 1500000);
    while (peer_hear(&p)) {
        p.our_port = p.seg.src;
        p.ack = p.seg.seq + 1;
    }
    peer_say(&p, SYN | ACK, 0, 0, NULL, 0);
    assert_int_equal(nif__tcp_of(&p.client)->cwnd, 1460);
}

static void we_can_call_too(void **state)
{
    (void)state;
    peer_serve(&p);
    assert_int_equal(send_all(5), 5);
    peer_pass(&p, 1);
    peer_expect(&p, ACK, 5);
    assert_memory_equal(p.seg.data, data, 5);
}

// RFC 9293 MUST-12
static void a_refused_call_says_so(void **state)
{
    const struct nif_conn_cfg cfg = { p.rx[2], 100, p.tx[2], 100 };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };

    (void)state;
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.client, NIF_TCP,
                         &cfg),
        0);
    p.conn = &p.client;
    assert_int_equal(send_all(1), NIF_ENOTCONN);
    assert_int_equal(recv_all(), NIF_ENOTCONN);
    assert_int_equal(nif_conn_shutdown(&p.client), NIF_ENOTCONN);
    assert_int_equal(nif_conn_connect(&p.client, &to), 0);
    assert_int_equal(nif_conn_connect(&p.client, &to), NIF_EISCONN);
    assert_int_equal(send_all(1), NIF_EAGAIN);
    peer_pass(&p, 1);
    assert_true(peer_hear(&p));
    p.our_port = p.seg.src;
    p.ack = p.seg.seq + 1;
    peer_say(&p, RST | ACK, 0, 7, NULL, 0); // of something else
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_OPENING);
    peer_say(&p, ACK, 0, 7, NULL, 0);
    peer_hear(&p);
    assert_int_equal(p.seg.flags, RST);
    peer_say(&p, RST, 0, 0, NULL, 0); // without an ACK
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_OPENING);
    peer_say(&p, RST | ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_FAILED);
    assert_int_equal(p.client.err, NIF_EREFUSED);
    assert_int_equal(recv_all(), NIF_EREFUSED);
    assert_int_equal(send_all(1), NIF_EREFUSED);
    assert_int_equal(nif_conn_ready(&p.client), NIF_READABLE | NIF_WRITABLE);
    nif_conn_close(&p.client);
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_CLOSED);
}

// RFC 9293 MUST-46
static void calls_that_make_no_sense_are_refused(void **state)
{
    const struct nif_conn_cfg cfg = { p.rx[2], 100, p.tx[2], 100 };
    const struct nif_conn_cfg none = { .rx = NULL };
    static const struct nif_endpoint bad[] = {
        { .ip = { NIF_IPV4, { 192, 0, 2, 2 }, 0 }, .port = 0 },
        { .ip = { NIF_IPV6, { 1 }, 0 }, .port = 1 },
        { .ip = { NIF_IPV4, { 255, 255, 255, 255 }, 0 }, .port = 1 },
        { .ip = { NIF_IPV4, { 192, 0, 2, 255 }, 0 }, .port = 1 },
        { .ip = { NIF_IPV4, { 224, 0, 0, 1 }, 0 }, .port = 1 },
    };
    static const struct nif_endpoint nobody[] = {
        { .ip = { NIF_IPV4, { 0 }, 0 }, .port = 1 },
        { .ip = { NIF_IPV4, { 127, 0, 0, 1 }, 0 }, .port = 1 },
        { .ip = { NIF_IPV4, { 240, 0, 0, 1 }, 0 }, .port = 1 },
        { .ip = { NIF_IPV4, { 192, 0, 2, 1 }, 0 }, .port = 1 }, // ourselves
    };
    struct nif_stack *stack = &p.pair.stack[0].stack;

    (void)state;
    assert_int_equal(nif_conn_open(stack, &p.client, NIF_TCP, &cfg), 0);
    for (size_t i = 0; i < nif_countof(bad); i++) {
        assert_int_equal(nif_conn_connect(&p.client, &bad[i]), NIF_EINVAL);
    }
    for (size_t i = 0; i < nif_countof(nobody); i++) {
        assert_int_equal(nif_conn_connect(&p.client, &nobody[i]), NIF_EUNREACH);
    }
    assert_int_equal(nif_conn_listen(&p.client, p.backlog, 1), NIF_EINVAL);
    assert_int_equal(nif_conn_option(&p.client, NIF_OPT_KEEPALIVE, -1),
        NIF_EINVAL);
    assert_int_equal(nif_conn_option(&p.client, (enum nif_option)99, 1),
        NIF_ENOTSUP);
    assert_int_equal(nif_conn_open(stack, &p.client, NIF_TCP, &none), 0);
    assert_int_equal(nif_conn_connect(&p.client,
                         &(struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, 2),
                             .port = 1 }),
        NIF_EINVAL); // without buffers
}

// RFC 9293 MUST-10
static void both_may_begin_at_once(void **state)
{
    const struct nif_conn_cfg cfg = { p.rx[2], 100, p.tx[2], 100 };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };

    (void)state;
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.client, NIF_TCP,
                         &cfg),
        0);
    assert_int_equal(nif_conn_connect(&p.client, &to), 0);
    peer_pass(&p, 1);
    assert_true(peer_hear(&p));
    p.our_port = p.seg.src;
    p.ack = p.seg.seq + 1;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, SYN | ACK, -1, 0, NULL, 0); // RFC 9293 figure 7
    peer_expect(&p, ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_OPEN);
}

// RFC 9293 MUST-22
static void nobody_there_ends_in_a_timeout(void **state)
{
    const struct nif_conn_cfg cfg = { p.rx[2], 100, p.tx[2], 100 };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };
    const struct nif_endpoint dead = { .ip = nif_ip4(192, 0, 2, 99),
        .port = PEER_PORT };
    unsigned syns = 0;

    (void)state;
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.client, NIF_TCP,
                         &cfg),
        0);
    assert_int_equal(nif_conn_connect(&p.client, &to), 0);
    for (unsigned i = 0; i < NIF_TCP_R2_SYN_S - 1; i++) {
        peer_pass(&p, 1000000);
        while (peer_hear(&p)) { // he answers to ARP, not to TCP
            syns++;
        }
    }
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_OPENING);
    assert_int_equal(syns, 8); // 0, 1, 3, 7, 15, 31, 63, 123 s
    peer_pass(&p, 3000000);
    assert_int_equal(p.client.err, NIF_ETIMEDOUT);
    nif_conn_close(&p.client);
    // Who does not even answer to ARP is found out sooner.
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.client, NIF_TCP,
                         &cfg),
        0);
    assert_int_equal(nif_conn_connect(&p.client, &dead), 0);
    peer_pass(&p, 3500000);
    assert_int_equal(p.client.err, NIF_EUNREACH);
}

// Number:Jack CVE-2020-27213
// RFC 9293 SHLD-1 MUST-9
static void first_sequence_numbers_cannot_be_told_from_each_other(void **state)
{
    uint32_t first;

    (void)state;
    peer_say(&p, SYN, 1, 0, NULL, 0);
    assert_true(peer_hear(&p));
    first = p.seg.seq;
    p.port++;
    peer_say(&p, SYN, 1, 0, NULL, 0);
    assert_true(peer_hear(&p));
    assert_true(p.seg.seq - first > 100000 && first - p.seg.seq > 100000);
}

// CVE-2018-16523
// RFC 9293 MUST-7
static void mss_options_are_taken_with_care(void **state)
{
    static const uint8_t text[3000];
    static const struct {
        uint8_t option[8];
        size_t len;
        size_t expected;
    } cases[] = {
        { { 2, 4, 0x02, 0x00 }, 4, 512 },
        { { 2, 4, 0x00, 0x00 }, 4, 64 },
        { { 2, 4, 0x00, 0x01 }, 4, 64 },
        { { 2, 4, 0xFF, 0xFF }, 4, 1460 },
        { { 1, 1, 1, 1 }, 4, 536 },
        { { 2, 0, 0x02, 0x00 }, 4, 536 },
        { { 2, 1, 0x02, 0x00 }, 4, 536 },
        { { 2, 3, 0x02, 0x00 }, 4, 536 },
        { { 1, 1, 1, 2 }, 4, 536 },
        { { 1, 1, 2, 4 }, 4, 536 },
        { { 0, 0, 0, 0, 2, 4, 2, 0 }, 8, 536 },
        { { 3, 3, 7, 1, 2, 4, 2, 0 }, 8, 512 },
        { { 5, 255, 7, 1, 2, 4, 2, 0 }, 8, 536 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct pair_seg syn = { .src = PEER_PORT,
            .dst = OUR_PORT,
            .seq = 999,
            .flags = SYN,
            .wnd = 8000,
            .options = cases[i].option,
            .options_len = cases[i].len };

        peer_init(&p);
        pair_inject(&p.pair, p.frame, pair_tcp(&p.pair, p.frame, &syn));
        peer_expect(&p, SYN | ACK, 0);
        p.seq = 1000;
        peer_say(&p, ACK, 0, 0, NULL, 0);
        assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
        assert_int_equal(nif_conn_send(p.conn, text, sizeof(text), NULL),
            sizeof(text));
        peer_pass(&p, 1000);
        peer_expect(&p, ACK, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_syn_is_answered_with_mss_and_window, setup),
        cmocka_unit_test_setup(a_lost_syn_ack_is_said_again, setup),
        cmocka_unit_test_setup(a_full_backlog_answers_with_a_cookie, setup),
        cmocka_unit_test_setup(a_cookie_that_we_did_not_give_is_refused, setup),
        cmocka_unit_test_setup(a_cookie_counts_only_after_a_flood, setup),
        cmocka_unit_test_setup(a_port_where_nobody_listens_is_refused, setup),
        cmocka_unit_test_setup(a_listener_takes_nothing_but_a_clean_syn, setup),
        cmocka_unit_test_setup(a_wrong_ack_of_the_handshake_is_reset, setup),
        cmocka_unit_test_setup(the_oldest_connection_is_accepted_first, setup),
        cmocka_unit_test_setup(a_lost_syn_makes_a_careful_beginning, setup),
        cmocka_unit_test_setup(we_can_call_too, setup),
        cmocka_unit_test_setup(a_refused_call_says_so, setup),
        cmocka_unit_test_setup(calls_that_make_no_sense_are_refused, setup),
        cmocka_unit_test_setup(both_may_begin_at_once, setup),
        cmocka_unit_test_setup(nobody_there_ends_in_a_timeout, setup),
        cmocka_unit_test_setup(
            first_sequence_numbers_cannot_be_told_from_each_other, setup),
        cmocka_unit_test_setup(mss_options_are_taken_with_care, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
