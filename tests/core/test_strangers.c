// SPDX-License-Identifier: MIT
//
// Who is not on the way: strangers who guess, and floods of TCP. Nothing that
// they say is believed, what they cost is bounded, and the stack serves on.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define GUESSES 8192u // all over the numbers there are

static struct peer p;
static uint8_t text[1460];
static uint8_t got[4096];

static int setup(void **state)
{
    (void)state;
    peer_init(&p);
    return 0;
}

static const struct nif_tcpip_stats *stats(void)
{
    return &p.pair.stack[0].stats;
}

// What the peer says at sequence number `seq`.
static const uint8_t *text_at(uint32_t seq, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        text[i] = (uint8_t)((seq + i) * 31 + ((seq + i) >> 7));
    }
    return text;
}

// The peer says the next `len` bytes, and they come.
static void expect_text(size_t len)
{
    uint32_t seq = p.seq;

    pair_clear(&p.pair);
    peer_say(&p, ACK, 0, 0, text_at(seq, len), len);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), len);
    assert_memory_equal(got, text_at(seq, len), len);
    pair_clear(&p.pair);
}

// ---------------------------------------------------------------- guessing

static void say_as_peer(uint8_t flags, uint32_t seq, uint32_t ack, size_t len)
{
    const struct pair_seg seg = {
        .src = p.port,
        .dst = p.our_port,
        .seq = seq,
        .ack = ack,
        .flags = flags,
        .wnd = 1,
        .data = "evil",
        .len = len,
    };

    pair_inject(&p.pair, p.frame, pair_tcp(&p.pair, p.frame, &seg));
    pair_clear(&p.pair);
}

// A router's report about a segment of ours with that number.
static void report(uint16_t what, uint32_t seq)
{
    uint8_t quote[28] = { 0x45, 0, 0, 40, 0, 0, 0x40, 0, 60, 6, 0, 0 };

    nif_put_be32(quote + 12, PAIR_IP0);
    nif_put_be32(quote + 16, PAIR_IP1);
    nif_put_be16(quote + 20, p.our_port);
    nif_put_be16(quote + 22, p.port);
    nif_put_be32(quote + 24, seq);
    pair_inject(&p.pair, p.frame,
        pair_icmp(&p.pair, p.frame, what, 576, quote, sizeof(quote)));
    pair_clear(&p.pair);
}

// What must be as it was, whatever strangers say.
static void assert_untouched(const struct nif__tcp *before)
{
    const struct nif__tcp *t = nif__tcp_of(p.conn);

    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
    assert_int_equal(p.conn->err, 0);
    assert_int_equal(t->snd_una, before->snd_una);
    assert_int_equal(t->snd_wnd, before->snd_wnd);
    assert_int_equal(t->rcv_nxt, before->rcv_nxt);
    assert_int_equal(t->rx.used, before->rx.used);
    assert_int_equal(t->aheads, before->aheads);
    assert_int_equal(t->mss, before->mss);
}

// Knows both ends, and tries numbers all over the place, half of them inside
// the window.
// CVE-2004-0230
// RFC 5961 3.2-c 3.2-d 4.2-b
static void a_stranger_cannot_reset_inject_or_slow_down(void **state)
{
    static const uint8_t flags[] = { RST, RST | ACK, SYN, SYN | ACK, ACK,
        FIN | ACK, PSH | ACK };
    struct nif__tcp before;

    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, "on the way", 10, NULL), 10);
    peer_pass(&p, 10);
    before = *nif__tcp_of(p.conn);
    for (uint32_t n = 0; n < GUESSES; n++) {
        uint32_t guess = p.seq + 2777 + n * (UINT32_MAX / GUESSES);
        uint32_t near = p.seq + 1 + pair_roll(&p.pair, 4000);
        size_t len = n % 2 == 0 ? 0 : 4;

        say_as_peer(flags[n % sizeof(flags)], guess, guess * 3, len);
        say_as_peer(flags[n % sizeof(flags)], near, guess * 3, len);
        report(n % 2 == 0 ? 0x0303 : 0x0304, guess);
    }
    assert_untouched(&before);
    assert_true(stats()->tcp_challenge <= 15);
    expect_text(100);
}

// Who knows what comes next, but not what we have sent, injects nothing either.
// RFC 5961 5.2-a
static void a_stranger_who_knows_one_number_lacks_the_other(void **state)
{
    struct nif__tcp before;

    (void)state;
    for (unsigned place = 1; place <= 2; place++) { // the long and short ways
        setup(NULL);
        p.pair.dev[0].place = place;
        peer_connect(&p);
        before = *nif__tcp_of(p.conn);
        for (uint32_t n = 0; n < GUESSES; n++) {
            uint32_t guess = p.ack + 10000 + n * (UINT32_MAX / GUESSES - 3);

            say_as_peer(n % 2 == 0 ? ACK : FIN | ACK, p.seq, guess, 4);
        }
        assert_untouched(&before);
        expect_text(100);
    }
}

// ------------------------------------------------------------------ floods

// CVE-1999-0116: SYNs from anybody. The backlog is what it was, open
// connections go on, and who answers is served.
static void a_flood_of_syns_leaves_room_for_a_real_peer(void **state)
{
    struct nif_conn *first;
    unsigned cookies;

    (void)state;
    peer_connect(&p);
    first = p.conn;
    for (unsigned n = 0; n < 5000; n++) {
        const struct pair_seg syn = {
            .src = (uint16_t)(1024 + pair_roll(&p.pair, 60000)),
            .dst = OUR_PORT,
            .seq = pair_roll(&p.pair, UINT32_MAX),
            .flags = SYN,
            .wnd = 1000,
        };

        pair_tcp(&p.pair, p.frame, &syn);
        nif_put_be32(p.frame + 26, PAIR_IP1 + 1 + pair_roll(&p.pair, 200));
        pair_resum(p.frame);
        pair_inject(&p.pair, p.frame, 54);
        if (n % 1000 == 0) {
            expect_text(50);
            peer_pass(&p, 100000);
        }
        pair_clear(&p.pair);
    }
    cookies = stats()->tcp_cookie;
    p.port = 9999;
    p.seq = 77;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
    assert_true(p.conn != first);
    assert_int_equal(stats()->tcp_cookie, cookies + 1);
    expect_text(100);
    assert_int_equal(nif_conn_state(first), NIF_CONN_OPEN);
}

// CVE-2018-5390: segments that never join. A few stretches are remembered, and
// what they cost does not grow; the text comes out as it was said.
static void a_flood_of_early_segments_ends_in_the_right_text(void **state)
{
    uint32_t begun;

    (void)state;
    for (unsigned place = 1; place <= 2; place++) {
        setup(NULL);
        p.pair.dev[0].place = place;
        peer_connect(&p);
        begun = p.seq;
        for (unsigned n = 0; n < 5000; n++) {
            uint32_t at = 1 + pair_roll(&p.pair, 4500);
            size_t len = 1 + pair_roll(&p.pair, 3);

            peer_say(&p, ACK, (int32_t)at, 0, text_at(begun + at, len), len);
            assert_true(nif__tcp_of(p.conn)->aheads <= NIF__TCP_AHEADS);
            pair_clear(&p.pair);
        }
        assert_int_equal(nif_conn_recv(p.conn, got, 1, NULL), NIF_EAGAIN);
        while (nif__tcp_of(p.conn)->rcv_nxt - begun < 4000) {
            p.seq = nif__tcp_of(p.conn)->rcv_nxt;
            peer_say(&p, ACK, 0, 0, text_at(p.seq, 3), 3);
            pair_clear(&p.pair);
        }
        assert_in_range(nif_conn_recv(p.conn, got, sizeof(got), NULL), 4000,
            sizeof(got));
        assert_memory_equal(got, text_at(begun, 1460), 1460);
        assert_memory_equal(got + 1460, text_at(begun + 1460, 1460), 1460);
        assert_memory_equal(got + 2920, text_at(begun + 2920, 1080), 1080);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_stranger_cannot_reset_inject_or_slow_down,
            setup),
        cmocka_unit_test(a_stranger_who_knows_one_number_lacks_the_other),
        cmocka_unit_test_setup(a_flood_of_syns_leaves_room_for_a_real_peer,
            setup),
        cmocka_unit_test(a_flood_of_early_segments_ends_in_the_right_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
