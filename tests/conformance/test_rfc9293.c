// SPDX-License-Identifier: MIT
//
// What RFC 9293 asks of a TCP beside segments and moments, for which there
// are scripts (tests/packetdrill).

#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct peer p;
static uint8_t got[5000];
static uint8_t data[4096];

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

// ------------------------------------------------- first sequence numbers

// The number that a SYN from `port` is answered with; the attempt is given up.
static uint32_t first_number(uint16_t port)
{
    uint32_t first;

    p.port = port;
    peer_say(&p, SYN, 1, 0, NULL, 0);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, SYN | ACK);
    first = p.seg.seq;
    peer_say(&p, RST, 2, 0, NULL, 0);
    return first;
}

// RFC 9293 MUST-8
static void first_numbers_follow_a_clock_of_4_microseconds(void **state)
{
    uint32_t first = first_number(PEER_PORT);
    uint64_t begun_us = p.pair.now_us;

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        uint32_t passed;

        peer_pass(&p, 1000000);
        passed = (uint32_t)(p.pair.now_us - begun_us) / 4;
        assert_in_range(first_number(PEER_PORT) - first, passed - 300,
            passed + 300);
    }
}

// RFC 9293 SHLD-1 MUST-9
static void first_numbers_depend_on_the_connection_and_a_secret(void **state)
{
    static uint32_t first[2][8];

    (void)state;
    for (unsigned secret = 0; secret < 2; secret++) {
        memset(&p, 0, sizeof(p));
        pair_init_single(&p.pair, 100 + secret);
        peer_begin(&p, 4096);
        for (unsigned i = 0; i < 8; i++) {
            first[secret][i] = first_number((uint16_t)(PEER_PORT + i));
        }
    }
    for (unsigned i = 1; i < 8; i++) {
        uint32_t step[2] = { first[0][i] - first[0][i - 1],
            first[1][i] - first[1][i - 1] };

        // Neither near each other, nor told by another host's.
        assert_true(step[0] + 10000 > 20000 && step[1] + 10000 > 20000);
        assert_int_not_equal(step[0], step[1]);
        assert_int_not_equal(first[0][i], first[1][i]);
    }
}

// ---------------------------------------------------------------- opening

// RFC 9293 MUST-11
static void a_reset_in_syn_received_leads_back_to_listening(void **state)
{
    (void)state;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, RST, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), NIF_EAGAIN);
    assert_int_equal(nif_conn_state(&p.listener), NIF_CONN_LISTENING);
    assert_int_equal(nif_conn_state(&p.backlog[0]), NIF_CONN_IDLE);
    p.seq += 5000;
    peer_connect(&p);
}

// RFC 9293 MUST-41
static void a_second_listener_is_refused_and_the_first_goes_on(void **state)
{
    static struct nif_conn second;
    const struct nif_conn_cfg none = { .rx = NULL };
    const struct nif_endpoint local = { .port = OUR_PORT };

    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_open(stack(), &second, NIF_TCP, &none), 0);
    assert_int_equal(nif_conn_bind(&second, &local), NIF_EADDRINUSE);
    nif_conn_abort(&second);
    peer_say(&p, ACK, 0, 0, "still", 5);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 5);
    p.port++;
    peer_connect(&p);
}

// RFC 9293 MUST-42
static void one_can_listen_on_the_port_of_a_call(void **state)
{
    static struct nif_conn server;
    const struct nif_conn_cfg none = { .rx = NULL };
    const struct nif_conn_cfg cfg = { p.rx[2], 1000, p.tx[2], 1000 };
    const struct nif_endpoint local = { .port = 99 };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };

    (void)state;
    assert_int_equal(nif_conn_open(stack(), &p.client, NIF_TCP, &cfg), 0);
    assert_int_equal(nif_conn_bind(&p.client, &local), 0);
    assert_int_equal(nif_conn_connect(&p.client, &to), 0); // SYN-SENT
    peer_pass(&p, 1);
    pair_clear(&p.pair);
    nif_conn_close(&p.listener);
    assert_int_equal(nif_conn_open(stack(), &server, NIF_TCP, &none), 0);
    assert_int_equal(nif_conn_bind(&server, &local), 0);
    for (int i = 0; i < 2; i++) {
        const struct nif_conn_cfg rings = { p.rx[i], 1000, p.tx[i], 1000 };

        assert_int_equal(nif_conn_open(stack(), &p.backlog[i], NIF_TCP, &rings),
            0);
    }
    assert_int_equal(nif_conn_listen(&server, p.backlog, 2), 0);
    p.our_port = 99;
    for (unsigned i = 1; i < 3; i++) { // the second while one is in SYN-RCVD
        p.port = (uint16_t)(PEER_PORT + i);
        p.seq = 1000;
        peer_say(&p, SYN, 0, 0, NULL, 0);
        peer_expect(&p, SYN | ACK, 0);
    }
    assert_int_equal(nif_conn_state(&p.client), NIF_CONN_OPENING);
    nif_conn_abort(&p.client);
    nif_conn_close(&server);
}

// RFC 9293 MUST-43 MUST-44 MUST-45
static void the_local_address_can_be_given_and_stays(void **state)
{
    const struct nif_conn_cfg cfg = { p.rx[2], 1000, p.tx[2], 1000 };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };
    struct nif_endpoint local = { .ip = nif_ip4(192, 0, 2, 9), .port = 99 };

    (void)state;
    assert_int_equal(nif_conn_open(stack(), &p.client, NIF_TCP, &cfg), 0);
    assert_int_equal(nif_conn_bind(&p.client, &local), NIF_EADDR);
    local.ip = nif_ip4(192, 0, 2, 1);
    assert_int_equal(nif_conn_bind(&p.client, &local), 0);
    assert_int_equal(nif_conn_connect(&p.client, &to), 0);
    peer_pass(&p, 1);
    assert_true(peer_hear(&p));
    assert_int_equal(nif_get_be32(p.frame + 26), PAIR_IP0);
    assert_int_equal(p.seg.src, 99);
    p.our_port = 99;
    p.ack = p.seg.seq + 1;
    peer_say(&p, SYN | ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
    assert_int_equal(nif_get_be32(p.frame + 26), PAIR_IP0);
    assert_int_equal(nif_conn_send(&p.client, data, 10, NULL), 10);
    peer_pass(&p, 1);
    peer_expect(&p, ACK, 10);
    assert_int_equal(nif_get_be32(p.frame + 26), PAIR_IP0);
}

// RFC 9293 MUST-63
static void a_syn_from_an_impossible_address_is_ignored(void **state)
{
    static const uint32_t sources[] = { 0xE0000001, 0xFFFFFFFF, 0xC00002FF,
        0x7F000001, 0xF0000001, 0, PAIR_IP0 };
    const struct pair_seg syn = { .src = PEER_PORT,
        .dst = OUR_PORT,
        .seq = 1,
        .flags = SYN,
        .wnd = 8000 };

    (void)state;
    for (size_t i = 0; i < nif_countof(sources); i++) {
        size_t len = pair_tcp(&p.pair, p.frame, &syn);

        nif_put_be32(p.frame + 26, sources[i]);
        pair_resum(p.frame);
        pair_inject(&p.pair, p.frame, len);
        peer_expect_nothing(&p);
        assert_int_equal(nif_conn_state(&p.backlog[0]), NIF_CONN_IDLE);
    }
}

// --------------------------------------------------------------- segments

// RFC 9293 MUST-49
static void the_time_to_live_of_segments_can_be_set(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 1);
    peer_expect(&p, ACK, 10);
    assert_int_equal(p.frame[22], 64);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_TTL, 3), 0);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 1);
    peer_expect(&p, ACK, 10);
    assert_int_equal(p.frame[22], 3);
}

// RFC 9293 MUST-50
static void ip_options_around_a_segment_are_passed_over(void **state)
{
    static const uint8_t options[8] = { 1, 7, 3, 4, 136, 4, 0, 0 };
    const struct pair_ip ip = { PAIR_IP1, PAIR_IP0, 6, options, 8 };
    struct pair_seg seg;

    (void)state;
    peer_connect(&p);
    seg = (struct pair_seg){ .src = p.port,
        .dst = p.our_port,
        .seq = p.seq,
        .ack = p.ack,
        .flags = ACK | PSH,
        .wnd = 8000,
        .data = "hello",
        .len = 5 };
    pair_tcp(&p.pair, p.frame, &seg);
    memmove(p.frame + 42, p.frame + 34, 25);
    pair_inject(&p.pair, p.frame, pair_wrap(&p.pair, p.frame, &ip, 25));
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 5);
    assert_memory_equal(got, "hello", 5);
}

// RFC 9293 MUST-65
// RFC 2018 2-a
static void options_of_the_handshake_are_in_no_other_segment(void **state)
{
    static const uint8_t all[] = { 2, 4, 5, 0xB4, 1, 3, 3, 3, 1, 1, 4, 2 };

    (void)state;
    peer_extend(&p, true, false);
    p.options = all;
    p.options_len = sizeof(all);
    peer_say(&p, SYN, 0, 0, NULL, 0);
    p.options = NULL;
    peer_expect(&p, SYN | ACK, 0);
    assert_true(p.seg.options_len >= 12);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
    assert_int_equal(nif_conn_send(p.conn, data, 100, NULL), 100);
    peer_pass(&p, 1);
    peer_expect(&p, ACK, 100);
    assert_int_equal(p.seg.options_len, 0);
    peer_say(&p, ACK, 0, 0, data, 10);
    peer_pass(&p, 1000000);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.options_len, 0);
    nif_conn_abort(p.conn);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.options_len, 0);
}

// Puts a segment where the device has received it, without a poll.
static void queue(uint32_t at, size_t len)
{
    const struct pair_seg seg = { .src = p.port,
        .dst = p.our_port,
        .seq = p.seq + at,
        .ack = p.ack,
        .flags = ACK,
        .wnd = 8000,
        .data = data + at,
        .len = len };
    struct pair_frame *f = &p.pair.dev[0].queue[p.pair.dev[0].queued++];

    f->at_us = p.pair.now_us;
    f->len = pair_tcp(&p.pair, f->data, &seg);
}

// RFC 9293 MUST-58 MUST-59
static void segments_that_wait_together_bring_one_acknowledgement(void **state)
{
    unsigned acks = 0;

    (void)state;
    peer_connect(&p);
    for (unsigned i = 0; i < 5; i++) {
        queue(i * 200, 200);
    }
    peer_pass(&p, 1000);
    while (peer_hear(&p)) {
        acks++;
    }
    assert_int_equal(acks, 1);
    assert_int_equal(p.seg.ack, p.seq + 1000);
}

// RFC 9293 MUST-66
static void a_reset_counts_also_while_our_window_is_shut(void **state)
{
    (void)state;
    peer_init_rings(&p, 1000);
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, data, 500);
    peer_say(&p, ACK, 0, 0, data, 500);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 0);
    peer_say(&p, RST, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_FAILED);
    assert_int_equal(p.conn->err, NIF_ERESET);
}

// RFC 9293 MUST-55
static void source_quench_changes_nothing(void **state)
{
    uint8_t quote[28];

    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, data, 1460, NULL), 1460);
    peer_pass(&p, 1);
    peer_expect(&p, ACK, 1460);
    memcpy(quote, p.frame + 14, sizeof(quote));
    for (unsigned i = 0; i < 3; i++) {
        pair_inject(&p.pair, p.frame,
            pair_icmp(&p.pair, p.frame, 0x0400, 0, quote, sizeof(quote)));
    }
    peer_expect_nothing(&p);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    // Slow start goes on: three segments at least.
    assert_int_equal(nif_conn_send(p.conn, data, 4096, NULL), 4096);
    peer_pass(&p, 100);
    peer_expect(&p, ACK, 1460);
    peer_expect(&p, ACK, 1460);
    peer_expect(&p, ACK, 1176);
}

// True if our ARP has asked the peer, and only him, whether he is there.
static bool asked(void)
{
    bool found = false;

    while (pair_take(&p.pair, p.frame) > 0) {
        found = found ||
            (nif_get_be16(p.frame + 12) == 0x0806 && !(p.frame[0] & 1) &&
                nif_get_be32(p.frame + 38) == PAIR_IP1);
    }
    return found;
}

// RFC 9293 MUST-20a SHLD-10
// RFC 1122 3.3.1.4-e
static void after_three_retransmissions_the_way_is_doubted(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 800000);
    assert_int_equal(p.pair.stack[0].stats.tcp_timeout, 2);
    assert_false(asked());
    peer_pass(&p, 1000000);
    assert_int_equal(p.pair.stack[0].stats.tcp_timeout, 3);
    assert_true(asked());
}

// RFC 6298 4-a
static void the_timeout_stays_above_a_round_trip_that_never_varies(void **state)
{
    uint32_t trip_us = 200000;

    (void)state;
    peer_connect(&p);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
        peer_pass(&p, 1);
        peer_expect(&p, ACK, 10);
        peer_pass(&p, trip_us);
        peer_expect_nothing(&p); // not sent again within a round trip
        peer_say(&p, ACK, 0, 0, NULL, 0);
        if (trip_us < 1000000) {
            trip_us += trip_us / 10;
        }
    }
    assert_int_equal(p.pair.stack[0].stats.tcp_timeout, 0);
    // Nothing of the variation is left now; without an answer, soon after.
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 1);
    peer_expect(&p, ACK, 10);
    peer_pass(&p, trip_us + 20000);
    p.ack -= 10;
    peer_expect(&p, ACK, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_numbers_follow_a_clock_of_4_microseconds,
            setup),
        cmocka_unit_test(first_numbers_depend_on_the_connection_and_a_secret),
        cmocka_unit_test_setup(a_reset_in_syn_received_leads_back_to_listening,
            setup),
        cmocka_unit_test_setup(
            a_second_listener_is_refused_and_the_first_goes_on, setup),
        cmocka_unit_test_setup(one_can_listen_on_the_port_of_a_call, setup),
        cmocka_unit_test_setup(the_local_address_can_be_given_and_stays, setup),
        cmocka_unit_test_setup(a_syn_from_an_impossible_address_is_ignored,
            setup),
        cmocka_unit_test_setup(the_time_to_live_of_segments_can_be_set, setup),
        cmocka_unit_test_setup(ip_options_around_a_segment_are_passed_over,
            setup),
        cmocka_unit_test_setup(options_of_the_handshake_are_in_no_other_segment,
            setup),
        cmocka_unit_test_setup(
            segments_that_wait_together_bring_one_acknowledgement, setup),
        cmocka_unit_test_setup(a_reset_counts_also_while_our_window_is_shut,
            setup),
        cmocka_unit_test_setup(source_quench_changes_nothing, setup),
        cmocka_unit_test_setup(after_three_retransmissions_the_way_is_doubted,
            setup),
        cmocka_unit_test_setup(
            the_timeout_stays_above_a_round_trip_that_never_varies, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
