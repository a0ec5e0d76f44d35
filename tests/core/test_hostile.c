// SPDX-License-Identifier: MIT
//
// Packets that have broken other stacks, and noise. Each must be harmless:
// no read or write beyond a buffer (the sanitizers see it; frames lie at the
// end of theirs), no answer where none is due, and afterwards the stack works.

#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct peer p;
static uint8_t frame[NIF_ETH_FRAME_MAX + 64];

static int setup(void **state)
{
    (void)state;
    peer_init(&p);
    return 0;
}

// The stack still answers, and the connection still takes text.
static void still_works(void)
{
    uint8_t got[8];

    pair_clear(&p.pair);
    peer_say(&p, ACK, 0, 0, "ok", 2);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 2);
    assert_memory_equal(got, "ok", 2);
    pair_clear(&p.pair);
    pair_inject(&p.pair, frame, pair_echo(&p.pair, frame, 8));
    assert_true(pair_take(&p.pair, frame) != 0);
}

static struct pair_seg segment(uint8_t flags)
{
    return (struct pair_seg){
        .src = p.port,
        .dst = p.our_port,
        .seq = p.seq,
        .ack = p.ack,
        .flags = flags,
        .wnd = 8000,
    };
}

struct hostile {
    const char *what;
    uint8_t flags;
    uint8_t option[12];
    size_t option_len;
    int offset; // TCP data offset in words, 0: as it is
    uint16_t urgent;
    size_t text;
};

static const struct hostile segments[] = {
    { "CVE-2020-24341: header longer than the segment", ACK, { 0 }, 0, 15, 0,
        0 },
    { "CVE-2020-11907: header shorter than the least", ACK, { 0 }, 0, 4, 0, 0 },
    { "no header at all", ACK, { 0 }, 0, -1, 0, 5 },
    { "CVE-2020-24337: option of length 0", ACK, { 5, 0, 5, 0 }, 4, 0, 0, 0 },
    { "CVE-2020-13988: option beyond the header", ACK, { 1, 1, 2, 40 }, 4, 0, 0,
        0 },
    { "CVE-2021-31889: malformed SACK", ACK, { 5, 3, 1, 1 }, 4, 0, 0, 0 },
    { "CVE-2020-17437: urgent pointer beyond the text", ACK | 32, { 0 }, 0, 0,
        0xFFFF, 0 },
    { "CVE-2019-12255: urgent pointer 0", ACK | 32, { 0 }, 0, 0, 0, 0 },
    { "CVE-2019-12260: authentication option", ACK, { 29, 4, 1, 1 }, 4, 0, 0,
        0 },
    { "all flags but RST", 0xFB, { 0 }, 0, 0, 0, 0 },
    { "no flags", 0, { 0 }, 0, 0, 0, 0 },
};

// And none ends the connection (CVE-2019-12258).
// RFC 9293 MUST-6 MUST-7
static void segments_that_broke_others_do_not_break_us(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(segments); i++) {
        const struct hostile *h = &segments[i];
        struct pair_seg seg;
        size_t len;

        peer_init(&p);
        peer_connect(&p);
        seg = segment(h->flags);
        seg.options = h->option;
        seg.options_len = h->option_len;
        len = pair_tcp(&p.pair, frame, &seg);
        if (h->offset != 0) {
            frame[34 + 12] = (uint8_t)(h->offset < 0 ? 0 : h->offset << 4);
        }
        nif_put_be16(frame + 34 + 18, h->urgent);
        pair_resum(frame);
        pair_inject(&p.pair, frame, len);
        assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
        still_works();
    }
}

// RFC 9293 MUST-31
static void urgent_text_is_taken_as_text(void **state)
{
    struct pair_seg seg;
    uint8_t got[8];
    size_t len;

    (void)state;
    peer_connect(&p);
    seg = segment(ACK | 32);
    seg.data = "urge";
    seg.len = 4;
    len = pair_tcp(&p.pair, frame, &seg);
    nif_put_be16(frame + 34 + 18, 40000);
    pair_resum(frame);
    pair_inject(&p.pair, frame, len);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 4);
}

// RFC 9293 MUST-57 MUST-63
static void a_syn_to_all_or_from_ourselves_is_not_answered(void **state)
{
    struct pair_seg seg = segment(SYN);
    size_t len = pair_tcp(&p.pair, frame, &seg);

    (void)state;
    nif_put_be32(frame + 30, 0xFFFFFFFF);
    pair_resum(frame);
    pair_inject(&p.pair, frame, len);
    len = pair_tcp(&p.pair, frame, &seg);
    memset(frame, 0xFF, 6);
    pair_inject(&p.pair, frame, len);
    len = pair_tcp(&p.pair, frame, &seg);
    nif_put_be32(frame + 26, PAIR_IP0); // LAND
    pair_resum(frame);
    pair_inject(&p.pair, frame, len);
    peer_expect_nothing(&p);
    assert_int_equal(nif_conn_state(&p.backlog[0]), NIF_CONN_IDLE);
}

// RFC 9293 MUST-3
static void a_wrong_sum_of_a_segment_is_noticed(void **state)
{
    uint8_t got[8];

    (void)state;
    peer_connect(&p);
    for (size_t at = 34; at < 58; at++) {
        struct pair_seg seg = segment(ACK);
        size_t len;

        seg.data = "evil";
        seg.len = 4;
        len = pair_tcp(&p.pair, frame, &seg);
        frame[at] ^= 0x20;
        pair_inject(&p.pair, frame, len);
    }
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), NIF_EAGAIN);
    peer_expect_nothing(&p);
    assert_int_equal(p.pair.stack[0].stats.tcp_bad, 24);
}

// CVE-2020-11906, 13987, 2021-31400, 31890, 2018-16525: every frame cut at
// every place, with the lengths inside left as they were, and with them made to
// fit.
static void frames_cut_anywhere_are_harmless(void **state)
{
    uint8_t whole[128];

    (void)state;
    peer_connect(&p);
    for (int kind = 0; kind < 4; kind++) {
        struct pair_seg seg = segment(ACK);
        size_t len;

        seg.data = "evil";
        seg.len = 4;
        len = kind == 0 ? pair_arp(&p.pair, whole, 1, PAIR_IP1, PAIR_IP0)
            : kind == 1 ? pair_echo(&p.pair, whole, 20)
            : kind == 2 ? pair_udp(&p.pair, whole, 5000, 9, "evil", 4)
                        : pair_tcp(&p.pair, whole, &seg);
        for (size_t cut = 0; cut < len; cut++) {
            pair_inject(&p.pair, whole, cut);
            if (kind > 0 && cut >= 34) {
                memcpy(frame, whole, cut);
                nif_put_be16(frame + 16, (uint16_t)(cut - 14));
                memset(frame + cut, 0, 20);
                pair_resum(frame);
                pair_inject(&p.pair, frame, cut);
            }
        }
    }
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
}

// A segment near the connection's numbers, with some of it by lot.
static size_t lot(uint8_t *out)
{
    struct pair_seg seg = segment((uint8_t)pair_roll(&p.pair, 64));
    uint8_t options[40];
    uint8_t text[100];
    size_t len;

    for (size_t k = 0; k < sizeof(options); k++) {
        options[k] = (uint8_t)pair_roll(&p.pair, 8);
    }
    memset(text, options[0], sizeof(text));
    seg.seq += pair_roll(&p.pair, 9000) - 3000;
    seg.ack += pair_roll(&p.pair, 2000) - 1000;
    seg.wnd = (uint16_t)pair_roll(&p.pair, 5000);
    seg.options = options;
    seg.options_len = (size_t)pair_roll(&p.pair, 11) * 4;
    seg.data = text;
    seg.len = pair_roll(&p.pair, sizeof(text));
    len = pair_tcp(&p.pair, out, &seg);
    if (pair_roll(&p.pair, 2) == 0) {
        out[14 + pair_roll(&p.pair, (uint32_t)len - 14)] =
            (uint8_t)pair_roll(&p.pair, 256);
    }
    if ((out[14] & 15) >= 5 && (out[14] & 15) * 4u + 20 <= len - 14 &&
        nif_get_be16(out + 16) == len - 14) {
        pair_resum(out);
    }
    return len;
}

// Sound frames with some bytes changed, sums right: what a peer can send.
static void noise_that_passes_the_sums_is_harmless(void **state)
{
    uint8_t text[100] = { 0 };

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        peer_init(&p);
        p.pair.rng = seed * 0x9E3779B97F4A7C15u;
        peer_connect(&p);
        for (unsigned i = 0; i < 500; i++) {
            pair_inject(&p.pair, frame, lot(frame));
            if (i % 16 == 0) {
                (void)!nif_conn_send(p.conn, text, sizeof(text), NULL);
                (void)!nif_conn_recv(p.conn, text, sizeof(text), NULL);
                peer_pass(&p, pair_roll(&p.pair, 3000000));
            }
            pair_clear(&p.pair);
        }
        nif_conn_abort(p.conn);
        peer_init(&p);
        peer_connect(&p);
        still_works();
    }
}

static void pure_noise_is_harmless(void **state)
{
    (void)state;
    peer_connect(&p);
    for (unsigned i = 0; i < 5000; i++) {
        size_t len = pair_roll(&p.pair, 200);

        for (size_t k = 0; k < len; k++) {
            frame[k] = (uint8_t)pair_roll(&p.pair, 256);
        }
        if (len >= 34 && i & 1) { // at least let it in
            memcpy(frame, p.pair.dev[0].hwaddr.byte, 6);
            frame[6] &= 0xFE;
            nif_put_be16(frame + 12, i & 2 ? 0x0800 : 0x0806);
            frame[14] = 0x45;
        }
        pair_inject(&p.pair, frame, len);
        pair_clear(&p.pair);
    }
    still_works();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_that_broke_others_do_not_break_us),
        cmocka_unit_test_setup(urgent_text_is_taken_as_text, setup),
        cmocka_unit_test_setup(a_syn_to_all_or_from_ourselves_is_not_answered,
            setup),
        cmocka_unit_test_setup(a_wrong_sum_of_a_segment_is_noticed, setup),
        cmocka_unit_test_setup(frames_cut_anywhere_are_harmless, setup),
        cmocka_unit_test(noise_that_passes_the_sums_is_harmless),
        cmocka_unit_test_setup(pure_noise_is_harmless, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
