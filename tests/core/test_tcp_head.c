// SPDX-License-Identifier: MIT
//
// TCP against a peer by hand: what stands in the headers of its frames.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct peer p;
static uint8_t data[4096];
static uint8_t got[5000];

static int setup(void **state)
{
    (void)state;
    peer_init(&p);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 13 + (i >> 8));
    }
    return 0;
}

static int send_all(size_t len)
{
    return nif_conn_send(p.conn, data, len, NULL);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            the_identification_of_what_is_never_cut_says_nothing, setup),
        cmocka_unit_test_setup(a_neighbour_with_another_card_is_followed,
            setup),
        cmocka_unit_test_setup(a_neighbour_in_use_is_asked_when_it_is_old,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
