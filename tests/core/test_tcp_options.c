// SPDX-License-Identifier: MIT
//
// TCP's options against a peer by hand: window scaling, selective
// acknowledgements, timestamps, times that the application sets.

#include "tests/core/tcp_bench.h"

static uint8_t options[40];

// MSS 1460, window scale 3, SACK permitted.
static const uint8_t syn_all[] = { 2, 4, 5, 0xB4, 1, 3, 3, 3, 1, 1, 4, 2 };

// The value of option `kind` in the last segment heard, or NULL.
static const uint8_t *option(uint8_t kind)
{
    size_t at = 0;

    while (at < p.seg.options_len && p.seg.options[at] != 0) {
        if (p.seg.options[at] == kind) {
            return p.seg.options + at;
        }
        at += p.seg.options[at] == 1 ? 1 : p.seg.options[at + 1];
    }
    return NULL;
}

// What the peer says bears the timestamp `val`, in answer to `ecr`.
static void stamp(uint32_t val, uint32_t ecr)
{
    nif_put_be32(options, 0x0101080A);
    nif_put_be32(options + 4, val);
    nif_put_be32(options + 8, ecr);
    p.options = options;
    p.options_len = 12;
}

// A hundred bytes of `data`, `at` bytes beyond what was said.
static void say_ahead(int32_t at)
{
    peer_say(&p, ACK, at, 0, data + at, 100);
}

static void syn_with(const uint8_t *opt, size_t len)
{
    p.options = opt;
    p.options_len = len;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    p.options = NULL;
}

// ---------------------------------------------------------------- scaling

// RFC 7323 2.2-a 2.3-b
static void windows_are_scaled_if_both_say_so(void **state)
{
    (void)state;
    syn_with(syn_all, 8);
    peer_expect(&p, SYN | ACK, 0);
    assert_memory_equal(option(3), "\x03\x03\x00", 3);
    assert_int_equal(p.seg.wnd, 4096);
    p.wnd = 100;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
    assert_int_equal(nif__tcp_of(p.conn)->snd_wnd, 800);
}

// RFC 7323 2.2-a 2.2-c
static void windows_are_not_scaled_if_the_peer_does_not(void **state)
{
    (void)state;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    assert_null(option(3));
    p.wnd = 100;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
    assert_int_equal(nif__tcp_of(p.conn)->snd_wnd, 100);
}

// RFC 7323 2.3-a
static void a_scale_beyond_14_is_14(void **state)
{
    static const uint8_t opt[] = { 1, 3, 3, 200 };

    (void)state;
    syn_with(opt, 4);
    peer_expect(&p, SYN | ACK, 0);
    p.wnd = 1;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
    assert_int_equal(nif__tcp_of(p.conn)->snd_wnd, 1 << 14);
}

static uint8_t large[200000];

// As the stack's client with a ring of that size.
static void call_with_large_ring(void)
{
    const struct nif_conn_cfg cfg = { large, sizeof(large), p.tx[2], 4096 };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };

    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.client, NIF_TCP,
                         &cfg),
        0);
    assert_int_equal(nif_conn_connect(&p.client, &to), 0);
    peer_pass(&p, 1);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.wnd, 0xFFFF); // never scaled in a SYN
    assert_memory_equal(option(3), "\x03\x03\x02", 3);
    p.our_port = p.seg.src;
    p.ack = p.seg.seq + 1;
    p.options = syn_all;
    p.options_len = 8;
    peer_say(&p, SYN | ACK, 0, 0, NULL, 0);
    p.options = NULL;
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 50000);
}

// RFC 7323 2.2-b 2.3-b
// RFC 9293 REC-1
static void a_large_ring_is_told_in_larger_units(void **state)
{
    (void)state;
    call_with_large_ring();
    // More than 64 KiB fit without a word from the application.
    for (unsigned i = 0; i < 100; i++) {
        peer_say(&p, ACK, 0, 0, data, 1400);
    }
    assert_int_equal(nif__tcp_of(&p.client)->rx.used, 140000);
    pair_clear(&p.pair);
    peer_say(&p, ACK, 1400, 0, data, 1400);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 15000);
}

// What the peer was told before, it may use.
static void larger_units_take_nothing_back_that_was_told(void **state)
{
    (void)state;
    call_with_large_ring();
    peer_say(&p, ACK, 0, 0, data, 1);
    peer_say(&p, ACK, 0, 0, data, 1);
    assert_int_equal(nif_conn_recv(&p.client, got, 2, NULL), 2);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 49999);
    for (unsigned i = 0; i < 142; i++) {
        peer_say(&p, ACK, 0, 0, data, 1400);
    }
    peer_say(&p, ACK, 0, 0, data, 200000 - 2 - 142 * 1400);
    assert_int_equal(nif__tcp_of(&p.client)->rx.used, 200000 - 2);
}

// ------------------------------------------------------------------- SACK

static void connect_with(const uint8_t *opt, size_t len)
{
    syn_with(opt, len);
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
}

// RFC 2018 2
static void sack_is_spoken_only_where_there_is_memory_for_it(void **state)
{
    (void)state;
    syn_with(syn_all, sizeof(syn_all));
    peer_expect(&p, SYN | ACK, 0);
    assert_null(option(4));
    setup(NULL);
    peer_extend(&p, true, false);
    syn_with(syn_all, sizeof(syn_all));
    peer_expect(&p, SYN | ACK, 0);
    assert_non_null(option(4));
    setup(NULL);
    peer_extend(&p, true, false);
    syn_with(syn_all, 8); // he does not
    peer_expect(&p, SYN | ACK, 0);
    assert_null(option(4));
}

// True if a call from port `port` is answered with SACK.
static bool is_given(uint16_t port)
{
    p.port = port;
    p.seq = 1000;
    p.options = syn_all;
    p.options_len = sizeof(syn_all);
    peer_say(&p, SYN, 0, 0, NULL, 0);
    p.options = NULL;
    peer_expect(&p, SYN | ACK, 0);
    return option(4) != NULL;
}

static void a_pool_gives_memory_to_who_has_none(void **state)
{
    struct nif_tcp_more one;
    struct nif_tcp_pool pool;

    (void)state;
    nif_tcp_pool_init(&pool, &one, 1);
    p.pair.stack[0].cfg.sack = &nif_tcp_sack;
    p.pair.stack[0].cfg.tcp_pool = &pool;
    assert_true(is_given(PEER_PORT));
    assert_false(is_given(PEER_PORT + 1)); // the first has it
    peer_say(&p, RST, 0, 0, NULL, 0);
    p.port = PEER_PORT;
    peer_say(&p, RST, 0, 0, NULL, 0);
    assert_true(is_given(PEER_PORT + 2));
    assert_false(is_given(PEER_PORT + 3));
}

static void a_pool_takes_nothing_from_who_brings_his_own(void **state)
{
    struct nif_tcp_more one;
    struct nif_tcp_pool pool;

    (void)state;
    nif_tcp_pool_init(&pool, &one, 1);
    peer_extend(&p, true, false);
    p.pair.stack[0].cfg.tcp_pool = &pool;
    assert_true(is_given(PEER_PORT));
    assert_true(is_given(PEER_PORT + 1));
    assert_ptr_equal(nif__tcp_of(&p.backlog[0])->more, &p.more[0]);
    assert_ptr_equal(nif__tcp_of(&p.backlog[1])->more, &p.more[1]);
}

// Block `i` of the SACK option, relative to the peer's next byte.
static void assert_block(size_t i, uint32_t from, uint32_t to)
{
    const uint8_t *o = option(5);

    assert_non_null(o);
    assert_true(o[1] >= 2 + 8 * (i + 1));
    assert_int_equal(nif_get_be32(o + 2 + i * 8) - p.seq, from);
    assert_int_equal(nif_get_be32(o + 6 + i * 8) - p.seq, to);
}

// RFC 2018 4-b 4-c 4-d 4-e 4-f 4-g
static void what_lies_beyond_holes_is_said_the_latest_first(void **state)
{
    (void)state;
    peer_extend(&p, true, false);
    connect_with(syn_all, sizeof(syn_all));
    peer_say(&p, ACK, 100, 0, data + 100, 100);
    peer_expect(&p, ACK, 0);
    assert_block(0, 100, 200);
    peer_say(&p, ACK, 500, 0, data + 500, 100);
    peer_expect(&p, ACK, 0);
    assert_block(0, 500, 600);
    assert_block(1, 100, 200);
    peer_say(&p, ACK, 200, 0, data + 200, 50);
    peer_expect(&p, ACK, 0);
    assert_block(0, 100, 250);
    assert_block(1, 500, 600);
    assert_int_equal(option(5)[1], 18);
    peer_say(&p, ACK, 0, 0, data, 100); // the first hole is filled
    p.seq += 150;
    peer_expect(&p, ACK, 0);
    assert_block(0, 250, 350);
    assert_int_equal(recv_all(), 250);
    assert_memory_equal(got, data, 250);
}

// RFC 2018 8-b
static void a_stretch_too_many_is_dropped_and_not_said(void **state)
{
    (void)state;
    peer_extend(&p, true, false);
    connect_with(syn_all, sizeof(syn_all));
    for (int32_t i = 1; i <= 5; i++) {
        say_ahead(i * 200);
        peer_expect(&p, ACK, 0);
    }
    assert_int_equal(option(5)[1], 2 + 4 * 8);
    assert_block(0, 800, 900);
    for (int32_t i = 0; i < 5; i++) { // fill them, but not the last
        peer_say(&p, ACK, 0, 0, &data[i * 200 + (i == 0 ? 0 : 100)],
            i == 0 ? 200 : 100);
        p.seq += i == 4 ? 0 : 100;
        pair_clear(&p.pair);
    }
    assert_int_equal(recv_all(), 1000);
    assert_memory_equal(got, data, 1000);
}

// ------------------------------------------------------------- timestamps

static void connect_with_stamps(uint32_t val)
{
    peer_extend(&p, true, true);
    stamp(val, 0);
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    assert_non_null(option(8));
    assert_int_equal(nif_get_be32(option(8) + 6), val);
    stamp(val, nif_get_be32(option(8) + 2));
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
}

// RFC 7323 3.2-a 3.2-d 5.3-b A-a
static void every_segment_bears_a_timestamp_and_returns_the_peers(void **state)
{
    (void)state;
    connect_with_stamps(77);
    stamp(80, 0);
    peer_say(&p, ACK, 0, 0, "x", 1);
    assert_int_equal(nif_conn_send(p.conn, data, 3000, NULL), 3000);
    peer_pass(&p, 100);
    peer_expect(&p, ACK, 536 - 12); // the rest is the option
    assert_int_equal(nif_get_be32(option(8) + 6), 80);
}

// RFC 7323 4.3-a
static void
the_timestamp_that_returns_is_the_oldest_not_acknowledged(void **state)
{
    (void)state;
    connect_with_stamps(77);
    stamp(80, 0);
    peer_say(&p, ACK, 0, 0, "x", 1);
    stamp(90, 0);
    peer_say(&p, ACK, 0, 0, "y", 1); // two: acknowledged now
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    assert_int_equal(nif_get_be32(option(8) + 6), 80);
}

// RFC 7323 3.2-f 3.2-g 5.3-a
static void an_old_segment_is_answered_and_dropped(void **state)
{
    (void)state;
    connect_with_stamps(77);
    stamp(76, 0);
    peer_say(&p, ACK, 0, 0, "old", 3);
    p.seq -= 3;
    peer_expect(&p, ACK, 0);
    assert_int_equal(recv_all(), NIF_EAGAIN);
    assert_int_equal(stats()->tcp_paws, 1);
    // One without a timestamp is not even answered, but a reset counts.
    p.options = NULL;
    peer_say(&p, ACK, 0, 0, "bare", 4);
    p.seq -= 4;
    peer_expect_nothing(&p);
    assert_int_equal(stats()->tcp_paws, 2);
    stamp(78, 0);
    peer_say(&p, ACK, 0, 0, "new", 3);
    assert_int_equal(recv_all(), 3);
    p.options = NULL;
    peer_say(&p, RST, 0, 0, NULL, 0);
    assert_int_equal(p.conn->err, NIF_ERESET);
}

// RFC 7323 5.5-a
static void a_clock_that_stood_still_for_weeks_may_go_back(void **state)
{
    (void)state;
    connect_with_stamps(0x7000);
    p.pair.now_us += 25ull * 24 * 3600 * 1000000;
    stamp(0x6000, 0);
    peer_say(&p, ACK, 0, 0, "after a month", 13);
    assert_int_equal(recv_all(), 13);
}

static void round_trips_are_measured_also_of_what_was_sent_twice(void **state)
{
    uint32_t sent;

    (void)state;
    connect_with_stamps(77);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 300000); // sent again meanwhile
    while (peer_hear(&p)) {
    }
    assert_int_equal(stats()->tcp_timeout, 1);
    sent = nif_get_be32(option(8) + 2);
    p.ack += 10;
    peer_pass(&p, 100000);
    pair_clear(&p.pair);
    stamp(78, sent);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_true(nif__tcp_of(p.conn)->srtt8 > 8);
}

// Each ACK brings a measure: the last segment is not waited for as long as the
// first was.
static void what_stamps_measure_counts_for_what_is_on_the_way(void **state)
{
    uint32_t sent;

    (void)state;
    connect_with_stamps(77);
    nif__tcp_of(p.conn)->srtt8 = 8 * 700; // as if the way had been long:
    nif__tcp_of(p.conn)->rttvar4 = 1700;  // 2.4 s
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_NODELAY, 1), 0);
    for (unsigned i = 0; i < 31; i++) {
        assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
        peer_pass(&p, 10);
        peer_expect(&p, ACK, 10);
    }
    sent = nif_get_be32(option(8) + 2);
    p.ack -= 310;
    stamp(78, sent);
    for (unsigned i = 0; i < 30; i++) {
        p.ack += 10;
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
    peer_pass(&p, 500000);
    assert_int_equal(stats()->tcp_timeout, 1);
}

static void blocks_and_timestamps_fit_together(void **state)
{
    static const uint8_t syn[] = { 2, 4, 5, 0xB4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0,
        0, 0 };

    (void)state;
    peer_extend(&p, true, true);
    syn_with(syn, sizeof(syn));
    peer_expect(&p, SYN | ACK, 0);
    stamp(10, nif_get_be32(option(8) + 2));
    peer_say(&p, ACK, 0, 0, NULL, 0);
    for (int32_t i = 1; i <= 4; i++) {
        say_ahead(i * 200);
        peer_expect(&p, ACK, 0);
    }
    assert_int_equal(p.seg.options_len, 40);
    assert_non_null(option(8));
    assert_block(0, 800, 900);
    assert_block(2, 400, 500);
}

// ------------------------------------------------------------------ times

// RFC 9293 MUST-21
static void the_application_says_how_long_to_try(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_USER_TIMEOUT, -1),
        NIF_EINVAL);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_USER_TIMEOUT, 5), 0);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 4900000);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
    peer_pass(&p, 200000);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_FAILED);
    assert_int_equal(p.conn->err, NIF_ETIMEDOUT);
}

static void a_shorter_time_counts_for_what_waits_already(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 20000000);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_USER_TIMEOUT, 10), 0);
    peer_pass(&p, 1000);
    assert_int_equal(p.conn->err, NIF_ETIMEDOUT);
}

static void progress_starts_the_time_anew(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_USER_TIMEOUT, 5), 0);
    assert_int_equal(nif_conn_send(p.conn, data, 100, NULL), 100);
    for (unsigned i = 0; i < 4; i++) {
        peer_pass(&p, 4000000);
        pair_clear(&p.pair);
        p.ack = nif__tcp_of(p.conn)->snd_una + 10;
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
    peer_pass(&p, 5100000);
    assert_int_equal(p.conn->err, NIF_ETIMEDOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(windows_are_scaled_if_both_say_so, setup),
        cmocka_unit_test_setup(windows_are_not_scaled_if_the_peer_does_not,
            setup),
        cmocka_unit_test_setup(a_scale_beyond_14_is_14, setup),
        cmocka_unit_test_setup(a_large_ring_is_told_in_larger_units, setup),
        cmocka_unit_test_setup(larger_units_take_nothing_back_that_was_told,
            setup),
        cmocka_unit_test_setup(sack_is_spoken_only_where_there_is_memory_for_it,
            setup),
        cmocka_unit_test_setup(a_pool_gives_memory_to_who_has_none, setup),
        cmocka_unit_test_setup(a_pool_takes_nothing_from_who_brings_his_own,
            setup),
        cmocka_unit_test_setup(what_lies_beyond_holes_is_said_the_latest_first,
            setup),
        cmocka_unit_test_setup(a_stretch_too_many_is_dropped_and_not_said,
            setup),
        cmocka_unit_test_setup(
            every_segment_bears_a_timestamp_and_returns_the_peers, setup),
        cmocka_unit_test_setup(
            the_timestamp_that_returns_is_the_oldest_not_acknowledged, setup),
        cmocka_unit_test_setup(an_old_segment_is_answered_and_dropped, setup),
        cmocka_unit_test_setup(a_clock_that_stood_still_for_weeks_may_go_back,
            setup),
        cmocka_unit_test_setup(
            round_trips_are_measured_also_of_what_was_sent_twice, setup),
        cmocka_unit_test_setup(
            what_stamps_measure_counts_for_what_is_on_the_way, setup),
        cmocka_unit_test_setup(blocks_and_timestamps_fit_together, setup),
        cmocka_unit_test_setup(the_application_says_how_long_to_try, setup),
        cmocka_unit_test_setup(a_shorter_time_counts_for_what_waits_already,
            setup),
        cmocka_unit_test_setup(progress_starts_the_time_anew, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
