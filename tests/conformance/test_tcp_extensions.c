// SPDX-License-Identifier: MIT
//
// What RFC 7323 and 2018 ask, as far as the tests of the optional parts
// of TCP do not show it already.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct peer p;
static uint8_t data[4096];
static uint8_t got[5000];
static uint8_t options[24];

static const uint8_t syn_mss[] = { 2, 4, 5, 0xB4 };
static const uint8_t syn_scale[] = { 2, 4, 5, 0xB4, 1, 3, 3, 2 };

static int setup(void **state)
{
    (void)state;
    peer_init(&p);
    return 0;
}

// The value of option `kind` in the last segment heard, or NULL.
static const uint8_t *option(uint8_t kind)
{
    for (size_t at = 0; at < p.seg.options_len;) {
        const uint8_t *o = p.seg.options + at;

        if (*o == kind || *o == 0) {
            return *o == kind ? o : NULL;
        }
        at += *o == 1 ? 1 : o[1];
    }
    return NULL;
}

static void with(const uint8_t *opt, size_t len)
{
    p.options = opt;
    p.options_len = len;
}

static void without(void)
{
    p.options = NULL;
}

static void stamp(uint32_t val, uint32_t ecr)
{
    static const uint8_t head[4] = { 1, 1, 8, 10 };

    memcpy(options, head, sizeof(head));
    nif_put_be32(options + 4, val);
    nif_put_be32(options + 8, ecr);
    with(options, 12);
}

// Connects; the SYN has the options that are set.
static void connect(void)
{
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
}

static void accept_it(void)
{
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
}

static void send_segments(size_t len, unsigned count)
{
    assert_int_equal(nif_conn_send(p.conn, data, len, NULL), len);
    peer_pass(&p, 10);
    for (unsigned i = 0; i < count; i++) {
        assert_true(peer_hear(&p));
    }
    peer_expect_nothing(&p);
}

// ---------------------------------------------------------- window scaling

// RFC 7323 2.2-d
static void a_scale_behind_the_handshake_is_ignored(void **state)
{
    static const uint8_t late[] = { 1, 3, 3, 7 };

    (void)state;
    with(syn_scale, sizeof(syn_scale));
    connect();
    without();
    accept_it();
    with(late, sizeof(late));
    p.wnd = 500; // times 4, not times 128
    peer_say(&p, ACK, 0, 0, NULL, 0);
    without();
    assert_int_equal(nif_conn_send(p.conn, data, 4000, NULL), 4000);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 1460);
    peer_expect_nothing(&p); // what is left of 2000 is less than a segment
}

// RFC 7323 2.4-a
static void a_scaled_window_that_shrinks_does_no_harm(void **state)
{
    (void)state;
    with(syn_scale, sizeof(syn_scale));
    connect();
    without();
    accept_it();
    send_segments(2920, 2);
    p.ack = p.seg.seq - 1460 + 1460; // the first has come
    p.wnd = 100;                     // 400: the second lies beyond
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_pass(&p, 900000);
    assert_true(peer_hear(&p)); // what is inside, or a probe
    assert_int_equal(p.seg.seq, p.ack);
    assert_true(p.seg.len <= 1460);
    pair_clear(&p.pair);
    p.wnd = 2000;
    p.ack += 1460;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_send(p.conn, data, 100, NULL), 100);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 100);
}

// ------------------------------------------------------------- timestamps

// RFC 7323 3.2-b
static void the_echo_in_a_syn_is_ignored(void **state)
{
    (void)state;
    peer_extend(&p, false, true);
    stamp(7, 0xDEADBEEF); // a SYN has no ACK: nothing can be echoed
    connect();
    assert_non_null(option(8));
    stamp(8, nif_get_be32(option(8) + 2));
    accept_it();
    stamp(9, 0);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 1);
    assert_true(peer_hear(&p));
    // No round trip of years: the timeout is that of a short one.
    peer_pass(&p, 400000);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.len, 10);
}

// RFC 7323 3.2-c 3.2-h
static void timestamps_that_were_not_agreed_upon_are_ignored(void **state)
{
    (void)state;
    peer_extend(&p, false, true);
    with(syn_mss, sizeof(syn_mss));
    connect();
    assert_null(option(8));
    without();
    accept_it();
    stamp(500, 0);
    peer_say(&p, ACK, 0, 0, "new", 3);
    stamp(100, 0); // would be too old
    peer_say(&p, ACK, 0, 0, "old", 3);
    without();
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 6);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    assert_null(option(8));
}

static void connect_with_stamps(uint32_t val)
{
    peer_extend(&p, true, true);
    stamp(val, 0);
    connect();
    assert_non_null(option(8));
    stamp(val, nif_get_be32(option(8) + 2));
    accept_it();
}

// RFC 7323 4.1-a
static void an_echo_that_acknowledges_nothing_is_no_measurement(void **state)
{
    const struct nif__tcp *t;
    uint32_t mean;

    (void)state;
    connect_with_stamps(1000);
    t = nif__tcp_of(p.conn);
    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 1);
    assert_true(peer_hear(&p));
    mean = t->srtt8;
    stamp(1001, nif_get_be32(option(8) + 2));
    peer_pass(&p, 200000);
    peer_say(&p, ACK, 0, 0, "x", 1); // his text; ours has not come
    assert_int_equal(t->srtt8, mean);
    p.ack = p.seg.seq + 10;
    peer_say(&p, ACK, 0, 0, NULL, 0); // now it has
    assert_int_not_equal(t->srtt8, mean);
}

// RFC 7323 5.2-a
static void a_reset_with_an_old_timestamp_counts(void **state)
{
    (void)state;
    connect_with_stamps(1000);
    stamp(1, 0);
    peer_say(&p, RST, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_FAILED);
    assert_int_equal(p.conn->err, NIF_ERESET);
}

// RFC 7323 3.2-e
static void our_reset_bears_a_timestamp_too(void **state)
{
    (void)state;
    connect_with_stamps(1000);
    nif_conn_abort(p.conn);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags & RST, RST);
    assert_non_null(option(8));
}

// The value of our clock, in a segment that is sent now.
static uint32_t our_clock(void)
{
    uint32_t clock;

    assert_int_equal(nif_conn_send(p.conn, data, 10, NULL), 10);
    peer_pass(&p, 1);
    assert_true(peer_hear(&p));
    assert_non_null(option(8));
    clock = nif_get_be32(option(8) + 2);
    p.ack = p.seg.seq + 10;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    return clock;
}

// RFC 7323 5.4-a
static void the_clock_of_timestamps_ticks_between_1_ms_and_1_s(void **state)
{
    uint32_t first;
    uint32_t passed;

    (void)state;
    connect_with_stamps(1000);
    first = our_clock();
    peer_pass(&p, 100 * 1000000ull);
    passed = our_clock() - first;
    assert_in_range(passed, 100, 100000);
}

// ------------------------------------------------------------------- SACK

// RFC 2018 4-a
static void who_did_not_permit_it_gets_no_sack(void **state)
{
    (void)state;
    peer_extend(&p, true, false);
    with(syn_mss, sizeof(syn_mss));
    connect();
    without();
    accept_it();
    peer_say(&p, ACK, 100, 0, data, 100);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.options_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_scale_behind_the_handshake_is_ignored, setup),
        cmocka_unit_test_setup(a_scaled_window_that_shrinks_does_no_harm,
            setup),
        cmocka_unit_test_setup(the_echo_in_a_syn_is_ignored, setup),
        cmocka_unit_test_setup(timestamps_that_were_not_agreed_upon_are_ignored,
            setup),
        cmocka_unit_test_setup(
            an_echo_that_acknowledges_nothing_is_no_measurement, setup),
        cmocka_unit_test_setup(a_reset_with_an_old_timestamp_counts, setup),
        cmocka_unit_test_setup(our_reset_bears_a_timestamp_too, setup),
        cmocka_unit_test_setup(
            the_clock_of_timestamps_ticks_between_1_ms_and_1_s, setup),
        cmocka_unit_test_setup(who_did_not_permit_it_gets_no_sack, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
