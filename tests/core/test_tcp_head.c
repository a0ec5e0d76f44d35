// SPDX-License-Identifier: MIT
//
// TCP against a peer by hand: what stands in the headers of its frames,
// and what the short ways must not overlook.

#include "nif/reassembly.h"
#include "tests/core/tcp_bench.h"

static void the_identification_of_what_is_never_cut_says_nothing(void **state)
{
    (void)state;
    peer_connect(&p);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(send_all(100), 100);
        peer_pass(&p, 1000);
        peer_expect(&p, ACK, 100);
        assert_int_equal(nif_get_be32(p.frame + 18), 0x00004000);
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
    // Nor that of a reset to a stranger (RFC 6864 4.1 for both).
    p.our_port = 99;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST);
    assert_int_equal(nif_get_be32(p.frame + 18), 0x00004000);
}

static void a_neighbour_with_another_card_is_followed(void **state)
{
    uint8_t *card = p.pair.dev[1].hwaddr.byte;

    (void)state;
    peer_connect(&p);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    assert_memory_equal(p.frame, card, 6);
    card[5] ^= 0x10;
    pair_inject(&p.pair, got,
        pair_arp(&p.pair, got, 2, PAIR_IP1, PAIR_IP0)); // says so by itself
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    assert_memory_equal(p.frame, card, 6);
}

// What is sent marks the neighbour as used, or it would be forgotten.
static void a_neighbour_in_use_is_asked_when_it_is_old(void **state)
{
    (void)state;
    peer_connect(&p);
    for (unsigned s = 0; s < NIF_ARP_AGE_S; s += 10) {
        assert_int_equal(send_all(10), 10);
        peer_pass(&p, 10);
        peer_expect(&p, ACK, 10);
        peer_say(&p, ACK, 0, 0, NULL, 0);
        peer_pass(&p, 10000000 - 10);
    }
    peer_pass(&p, 10000000);
    assert_true(pair_take(&p.pair, got) > 0);
    assert_int_equal(nif_get_be16(got + 12), 0x0806);
    assert_memory_equal(got, p.pair.dev[1].hwaddr.byte, 6); // it, not all
}

// A segment with the first `len` bytes of `data`, in order, in p.frame.
static size_t in_order(size_t len)
{
    const struct pair_seg seg = {
        .src = p.port,
        .dst = p.our_port,
        .seq = p.seq,
        .ack = p.ack,
        .flags = ACK,
        .wnd = p.wnd,
        .data = data,
        .len = len,
    };

    return pair_tcp(&p.pair, p.frame, &seg);
}

// The device had less of it than its IPv4 header says; what lies behind it in
// the device's memory is of another frame, and might even fit.
static void a_segment_that_was_cut_is_none(void **state)
{
    const struct nif_tcpip_stats *stats = &p.pair.stack[0].stats;
    size_t len;

    (void)state;
    peer_connect(&p);
    len = in_order(100);
    for (size_t cut = 1; cut <= 100; cut++) {
        pair_inject(&p.pair, p.frame, len - cut);
        assert_int_equal(stats->ip_bad, cut);
        assert_int_equal(p.conn->state, NIF_CONN_OPEN);
    }
    assert_int_equal(stats->tcp_bad, 0);
    assert_int_equal(recv_all(), NIF_EAGAIN);
}

// The one that has spoken last is looked at first: its numbers, said by others,
// are not its text.
static void who_says_what_was_expected_must_be_who_was_expected(void **state)
{
    size_t len;

    (void)state;
    p.pair.dev[0].place = 2; // the short way
    peer_connect(&p);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10); // he is aimed at
    len = in_order(100);
    p.frame[14 + 12 + 3] ^= 1; // from another address
    pair_resum(p.frame);
    pair_inject(&p.pair, p.frame, len);
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), NIF_EAGAIN);
    for (size_t port = 0; port < 4; port++) { // from or to another port
        len = in_order(100);
        p.frame[34 + port] ^= 1;
        pair_resum(p.frame);
        pair_inject(&p.pair, p.frame, len);
        assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL),
            NIF_EAGAIN);
    }
    pair_inject(&p.pair, p.frame, in_order(100));
    assert_int_equal(nif_conn_recv(p.conn, got, sizeof(got), NULL), 100);
}

// Says `len` bytes of the packet in p.frame from `at` on, as a fragment.
static void say_fragment(size_t at, size_t len, bool more)
{
    uint8_t *ip = got + 14;
    uint32_t sum = 0;

    memcpy(got, p.frame, 34);
    memcpy(got + 34, p.frame + 34 + at, len);
    nif_put_be16(ip + 2, (uint16_t)(20 + len));
    nif_put_be16(ip + 6, (uint16_t)(at / 8 | (more ? 0x2000u : 0)));
    nif_put_be16(ip + 10, 0);
    for (size_t i = 0; i < 20; i += 2) {
        sum += nif_get_be16(ip + i);
    }
    nif_put_be16(ip + 10, (uint16_t) ~((sum & 0xFFFF) + (sum >> 16)));
    pair_inject(&p.pair, got, 34 + len);
}

static void a_segment_in_fragments_is_put_together(void **state)
{
    static struct nif_reassembly reassembly;
    static struct nif_reassembly_slot slot;
    static uint32_t buf[(NIF_REASSEMBLY_BYTES(1480) + 3) / 4];

    (void)state;
    nif_reassembly_init(&reassembly,
        &(struct nif_reassembly_cfg){ .slots = &slot,
            .count = 1,
            .buf = (uint8_t *)buf,
            .each = 1480,
            .per_source = 1 });
    p.pair.stack[0].cfg.reassembly = &reassembly;
    peer_connect(&p);
    (void)in_order(100);
    say_fragment(0, 80, true);
    say_fragment(80, 40, false);
    assert_int_equal(recv_all(), 100);
    assert_memory_equal(got, data, 100);
}

// The same memory, another connection: nothing of the old one's headers.
static void a_connection_opened_again_has_its_own_headers(void **state)
{
    const struct nif_endpoint other = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 4711 };
    const struct nif_conn_cfg cfg = { p.rx[2], sizeof(p.rx[2]), p.tx[2],
        sizeof(p.tx[2]) };
    struct nif_conn *conn = &p.client;

    (void)state;
    peer_serve(&p);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    nif_conn_abort(conn);
    pair_clear(&p.pair);
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, conn, NIF_TCP, &cfg),
        0);
    assert_int_equal(nif_conn_connect(conn, &other), 0);
    peer_pass(&p, 10);
    assert_true(pair_take(&p.pair, p.frame) > 54);
    assert_int_equal(p.frame[47], SYN);
    assert_int_equal(nif_get_be16(p.frame + 36), 4711);
}

// Whatever stands in it, it is the caller's.
static void memory_of_a_connection_that_is_over_is_not_read(void **state)
{
    struct nif_conn alive;

    (void)state;
    peer_serve(&p);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    alive = p.client;
    nif_conn_abort(&p.client);
    pair_clear(&p.pair);
    p.client = alive;
    peer_say(&p, ACK, 0, 0, data, 10);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST);
}

// RFC 2923 2.1, and back: what arrives again is whole again.
static void headers_are_whole_again_after_a_black_hole(void **state)
{
    bool cut = false;

    (void)state;
    peer_connect(&p);
    assert_int_equal(send_all(1000), 1000);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 1000);
    for (unsigned i = 0; i < 5; i++) {
        peer_pass(&p, 1000000);
        while (peer_hear(&p)) {
            cut |= (nif_get_be16(p.frame + 20) & 0x4000) == 0;
        }
    }
    assert_true(cut);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(send_all(100), 100);
        peer_pass(&p, 1000);
        peer_expect(&p, ACK, 100);
        assert_int_equal(nif_get_be32(p.frame + 18), 0x00004000);
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
}

// Its time is kept in 16 bits, of which one value means none.
static void an_ack_is_owed_at_any_time(void **state)
{
    uint32_t wait = NIF__TCP_MS(NIF_TCP_DELACK_MS) + 1;

    (void)state;
    peer_connect(&p);
    for (uint32_t before = 2; before-- > 0;) {
        uint32_t now = (uint32_t)(p.pair.now_us >> 10);
        uint32_t ticks = (0 - wait - before - now) & 0xFFFF;

        peer_pass(&p, (uint64_t)ticks << 10);
        peer_say(&p, ACK, 0, 0, data, 10);
        peer_expect_nothing(&p);
        peer_pass(&p, NIF_TCP_DELACK_MS * 1000 + 3000);
        peer_expect(&p, ACK, 0);
    }
}

// What poll() may send is used up by text; the ACK, which is small, goes first
// of what is left.
static void text_that_has_to_wait_does_not_hold_an_ack_back(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, data, 10);
    assert_int_equal(send_all(2920), 2920);
    peer_say(&p, ACK, -10, 0, data, 10); // known: to be answered at once
    peer_expect(&p, ACK, 1460);
    peer_expect(&p, ACK, 0);
    peer_expect(&p, ACK, 1460);
}

static void assert_built(size_t len)
{
    const uint8_t *lent = (const uint8_t *)p.pair.dev[0].lent + 2;

    peer_expect(&p, ACK, len);
    assert_memory_equal(lent, p.frame, 54 + len);
}

static void segments_are_built_where_the_device_lends(void **state)
{
    (void)state;
    pair_lend(&p.pair.dev[0]);
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, data, 100);
    peer_say(&p, ACK, 0, 0, data, 100);
    peer_pass(&p, 10);
    assert_built(0);
    assert_int_equal(send_all(100), 100);
    peer_pass(&p, 10);
    assert_built(100);
}

// On another cable the same address may be another card's.
static void after_a_pull_the_neighbour_is_looked_for_anew(void **state)
{
    uint8_t *card = p.pair.dev[1].hwaddr.byte;

    (void)state;
    peer_connect(&p);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    p.pair.dev[0].link = false;
    peer_pass(&p, 10);
    p.pair.dev[0].link = true;
    card[5] ^= 0x10;
    peer_pass(&p, 10);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    assert_memory_equal(p.frame, card, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_segment_that_was_cut_is_none, setup),
        cmocka_unit_test_setup(
            who_says_what_was_expected_must_be_who_was_expected, setup),
        cmocka_unit_test_setup(a_segment_in_fragments_is_put_together, setup),
        cmocka_unit_test_setup(a_connection_opened_again_has_its_own_headers,
            setup),
        cmocka_unit_test_setup(memory_of_a_connection_that_is_over_is_not_read,
            setup),
        cmocka_unit_test_setup(headers_are_whole_again_after_a_black_hole,
            setup),
        cmocka_unit_test_setup(an_ack_is_owed_at_any_time, setup),
        cmocka_unit_test_setup(text_that_has_to_wait_does_not_hold_an_ack_back,
            setup),
        cmocka_unit_test_setup(segments_are_built_where_the_device_lends,
            setup),
        cmocka_unit_test_setup(after_a_pull_the_neighbour_is_looked_for_anew,
            setup),
        cmocka_unit_test_setup(
            the_identification_of_what_is_never_cut_says_nothing, setup),
        cmocka_unit_test_setup(a_neighbour_with_another_card_is_followed,
            setup),
        cmocka_unit_test_setup(a_neighbour_in_use_is_asked_when_it_is_old,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
