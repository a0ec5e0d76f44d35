// SPDX-License-Identifier: MIT
//
// UDP: datagrams in, out and around the rings.

#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct pair p;
static struct nif_conn c;
static struct nif_conn d;
static uint8_t rx[100];
static uint8_t tx[100];
static uint8_t in[NIF_ETH_FRAME_MAX];
static uint8_t out[NIF_ETH_FRAME_MAX];
static uint8_t got[200];

static const struct nif_conn_cfg rings = { rx, sizeof(rx), tx, sizeof(tx) };
static const struct nif_endpoint peer = { .ip = { NIF_IPV4, { 192, 0, 2, 2 },
                                              0 },
    .port = 5000 };

static struct nif_stack *stack(void)
{
    return &p.stack[0].stack;
}

static int setup(void **state)
{
    const struct nif_endpoint local = { .port = 7 };

    (void)state;
    pair_init_single(&p, 11);
    memset(&c, 0, sizeof(c));
    assert_int_equal(nif_conn_open(stack(), &c, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_bind(&c, &local), 0);
    pair_inject(&p, in, pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0));
    pair_clear(&p);
    return 0;
}

// RFC 1122 4.1.3.5-c
static void a_datagram_is_given_with_its_sender(void **state)
{
    struct nif_endpoint from;

    (void)state;
    assert_int_equal(nif_conn_ready(&c), NIF_WRITABLE);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
    pair_inject(&p, in, pair_udp(&p, in, 5000, 7, "hello", 5));
    assert_int_equal(nif_conn_ready(&c), NIF_READABLE | NIF_WRITABLE);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), &from), 5);
    assert_memory_equal(got, "hello", 5);
    assert_true(nif_ip_equal(&from.ip, &peer.ip));
    assert_int_equal(from.port, 5000);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
}

// RFC 1122 3.2.1.3-b 3.2.1.7-a 3.2.1.7-c 4.1.3.4-a 4.1.3.4-c 4.1.3.6-b 4.1.4-a
static void a_datagram_is_sent_byte_for_byte(void **state)
{
    static const uint8_t expected[] = {
        0xC0, 0, 2, 1, 0xC0, 0, 2, 2,                       // addresses
        0, 7, 0x13, 0x88, 0, 11, 0x00, 0x00, 'a', 'b', 'c', // and UDP
    };

    (void)state;
    assert_int_equal(nif_conn_send(&c, "abc", 3, &peer), 3);
    assert_int_equal(pair_take(&p, out), 60);
    memcpy(in, out, 60);
    pair_resum(in);
    assert_memory_equal(in, out, 60); // sums
    out[40] = 0;
    out[41] = 0;
    assert_memory_equal(out + 26, expected, sizeof(expected));
    assert_int_equal(out[22], 64);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_TTL, 3), 0);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_TTL, 0), NIF_EINVAL);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_TTL, 256), NIF_EINVAL);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_NODELAY, 1), NIF_ENOTSUP);
    assert_int_equal(nif_conn_send(&c, "abc", 3, &peer), 3);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(out[22], 3);
    assert_int_equal(p.stack[0].stats.udp_tx, 2);
    assert_int_equal(p.stack[0].stats.eth_tx - p.stack[0].stats.arp_tx, 2);
}

// RFC 768
static void empty_datagrams_go_both_ways(void **state)
{
    (void)state;
    pair_inject(&p, in, pair_udp(&p, in, 5000, 7, NULL, 0));
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 0);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
    assert_int_equal(nif_conn_send(&c, NULL, 0, &peer), 0);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(nif_get_be16(out + 38), 8);
}

static void the_rest_of_a_datagram_is_lost_not_the_next_one(void **state)
{
    (void)state;
    pair_inject(&p, in, pair_udp(&p, in, 5000, 7, "first one", 9));
    pair_inject(&p, in, pair_udp(&p, in, 5000, 7, "second", 6));
    assert_int_equal(nif_conn_recv(&c, got, 5, NULL), 5);
    assert_memory_equal(got, "first", 5);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 6);
    assert_memory_equal(got, "second", 6);
}

static void a_full_ring_drops_whole_datagrams(void **state)
{
    uint8_t data[84];

    (void)state;
    memset(data, 'x', sizeof(data));
    // 8 + 84 leaves 8: an empty one still fits, one byte does not.
    pair_inject(&p, in, pair_udp(&p, in, 5000, 7, data, sizeof(data)));
    pair_inject(&p, in, pair_udp(&p, in, 5000, 7, "y", 1));
    assert_int_equal(p.stack[0].stats.udp_full, 1);
    pair_inject(&p, in, pair_udp(&p, in, 5000, 7, NULL, 0));
    assert_int_equal(p.stack[0].stats.udp_full, 1);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 84);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 0);
}

static void records_wrap_around_the_end_of_the_ring(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        uint8_t data[40];
        size_t len = 1 + i % 40;

        memset(data, (int)i, sizeof(data));
        pair_inject(&p, in, pair_udp(&p, in, 5000, 7, data, len));
        assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), len);
        assert_memory_equal(got, data, len);
    }
}

// RFC 1122 4.1.3.4-a 4.1.3.4-b
static void no_checksum_is_accepted_a_wrong_one_is_not(void **state)
{
    size_t len = pair_udp(&p, in, 5000, 7, "hello", 5);

    (void)state;
    nif_put_be16(in + 40, 0);
    pair_inject(&p, in, len);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 5);
    for (size_t at = 34; at < 47; at++) {
        if (at >= 38 && at < 40) {
            continue; // the length has its own test
        }
        pair_udp(&p, in, 5000, 7, "hello", 5);
        in[at] ^= 4;
        pair_inject(&p, in, len);
    }
    assert_int_equal(p.stack[0].stats.udp_bad, 11);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
}

// RFC 768
// CVE-2021-31344
static void lengths_that_lie_are_dropped(void **state)
{
    static const uint16_t lies[] = { 0, 7, 14, 1000, 0xFFFF };
    size_t len = pair_udp(&p, in, 5000, 7, "hello", 5);

    (void)state;
    for (size_t i = 0; i < nif_countof(lies); i++) {
        nif_put_be16(in + 38, lies[i]);
        nif_put_be16(in + 40, 0);
        pair_inject(&p, in, len);
        assert_int_equal(p.stack[0].stats.udp_bad, i + 1);
    }
    // Shorter than the packet is what UDP allows: the rest is padding.
    nif_put_be16(in + 38, 10);
    pair_inject(&p, in, len);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 2);
    // A packet that ends inside the header.
    pair_udp(&p, in, 5000, 7, NULL, 0);
    nif_put_be16(in + 16, 27);
    pair_resum(in);
    pair_inject(&p, in, 60);
    assert_int_equal(p.stack[0].stats.udp_bad, nif_countof(lies) + 1);
}

// RFC 1122 3.2.2-b 3.2.2-f 3.2.2.1-a 3.3.8-a 4.1.3.1-a
static void a_closed_port_is_reported_not_too_often_and_not_to_all(void **state)
{
    size_t len = pair_udp(&p, in, 5000, 9, "hello", 5);
    unsigned count = 0;

    (void)state;
    pair_inject(&p, in, len);
    assert_int_equal(pair_take(&p, out), 14 + 20 + 8 + 28);
    assert_int_equal(out[23], 1);
    assert_int_equal(out[34], 3);
    assert_int_equal(out[35], 3);
    assert_memory_equal(out + 42, in + 14, 28);
    memcpy(got, out, 70);
    pair_resum(got);
    assert_memory_equal(got, out, 70);
    for (unsigned i = 0; i < 100; i++) {
        pair_inject(&p, in, len);
        count += pair_take(&p, out) != 0;
    }
    assert_in_range(count, 1, 10);
    p.now_us += 2000000;
    nif_put_be32(in + 30, 0xFFFFFFFF);
    memset(in, 0xFF, 6);
    pair_resum(in);
    pair_inject(&p, in, len);
    assert_int_equal(pair_take(&p, out), 0);
}

static void a_connected_peer_goes_before_anybody(void **state)
{
    const struct nif_endpoint local = { .port = 8 };
    static uint8_t other[100];
    const struct nif_conn_cfg cfg = { .rx = other, .rx_cap = sizeof(other) };

    (void)state;
    assert_int_equal(nif_conn_connect(&c, &peer), 0);
    assert_int_equal(nif_conn_state(&c), NIF_CONN_OPEN);
    assert_int_equal(nif_conn_connect(&c, &peer), 0); // another, any time
    pair_inject(&p, in, pair_udp(&p, in, 5001, 7, "no", 2));
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
    pair_inject(&p, in, pair_udp(&p, in, 5000, 7, "yes", 3));
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 3);
    assert_int_equal(nif_conn_send(&c, "abc", 3, NULL), 3);
    assert_int_equal(nif_conn_open(stack(), &d, NIF_UDP, &cfg), 0);
    assert_int_equal(nif_conn_recv(&d, got, 9, NULL), NIF_ENOTCONN);
    assert_int_equal(nif_conn_send(&d, "x", 1, NULL), NIF_ENOTCONN);
    assert_int_equal(nif_conn_bind(&d, &local), 0);
    assert_int_equal(nif_conn_bind(&d, &local), NIF_EISCONN);
    nif_conn_close(&d);
    assert_int_equal(nif_conn_state(&d), NIF_CONN_CLOSED);
}

// A bind that fails leaves nothing behind: the socket still gets what is for
// all, and does not depend on the address.
static void a_bind_that_fails_binds_nothing(void **state)
{
    const struct nif_net none = { .ip = { .family = NIF_IP_NONE } };
    const struct nif_endpoint taken = { nif_ip4(192, 0, 2, 1), 7, NULL };
    const struct nif_endpoint other = { .port = 8 };

    (void)state;
    assert_int_equal(nif_conn_open(stack(), &d, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_bind(&d, &taken), NIF_EADDRINUSE);
    assert_int_equal(nif_conn_bind(&d, &other), 0);
    pair_udp(&p, in, 5000, 8, "hello", 5);
    memset(in, 0xFF, 6);
    nif_put_be32(in + 30, 0xFFFFFFFF);
    pair_resum(in);
    pair_inject(&p, in, 60);
    assert_int_equal(nif_conn_recv(&d, got, sizeof(got), NULL), 5);
    assert_int_equal(nif_stack_set_net(stack(), &none), 0);
    assert_int_equal(nif_conn_state(&d), NIF_CONN_IDLE);
    nif_conn_abort(&d);
}

static void ports_are_not_given_twice(void **state)
{
    const struct nif_endpoint seven = { .port = 7 };
    const struct nif_endpoint any = { .port = 0 };
    const struct nif_endpoint foreign = { .ip = nif_ip4(10, 1, 1, 1) };
    const struct nif_endpoint six = { .ip = { NIF_IPV6, { 1 }, 0 } };

    (void)state;
    assert_int_equal(nif_conn_open(stack(), &d, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_bind(&d, &seven), NIF_EADDRINUSE);
    assert_int_equal(nif_conn_bind(&d, &foreign), NIF_EADDR);
    assert_int_equal(nif_conn_bind(&d, &six), NIF_EINVAL);
    assert_int_equal(nif_conn_bind(&d, &any), 0);
    assert_int_equal(nif_conn_send(&d, "x", 1, &peer), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_in_range(nif_get_be16(out + 34), 49152, 65535);
    nif_conn_abort(&d);
}

// RFC 1122 4.1.4-b
static void the_type_of_service_can_be_set(void **state)
{
    (void)state;
    assert_int_equal(nif_conn_send(&c, "x", 1, &peer), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(out[15], 0);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_TOS, 46 << 2), 0); // EF
    assert_int_equal(nif_conn_send(&c, "x", 1, &peer), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(out[15], 46 << 2);
    memcpy(in, out, 60);
    pair_resum(in);
    assert_memory_equal(in, out, 60); // the sum knows it
    assert_int_equal(nif_conn_option(&c, NIF_OPT_TOS, 256), NIF_EINVAL);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_TOS, -1), NIF_EINVAL);
}

static void whoever_sends_without_a_port_is_given_one(void **state)
{
    uint16_t port;

    (void)state;
    assert_int_equal(nif_conn_open(stack(), &d, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_send(&d, "x", 1, &peer), 1);
    assert_int_equal(pair_take(&p, out), 60);
    port = nif_get_be16(out + 34);
    assert_in_range(port, 49152, 65535);
    pair_inject(&p, in, pair_udp(&p, in, 5000, port, "hello", 5));
    assert_int_equal(nif_conn_recv(&d, got, sizeof(got), NULL), 5);
    nif_conn_abort(&d);
}

// RFC 1122 3.3.6-b 3.3.6-c
static void broadcasts_go_out_and_come_in(void **state)
{
    const struct nif_endpoint all = { .ip = nif_ip4(255, 255, 255, 255),
        .port = 9 };
    const struct nif_endpoint subnet = { .ip = nif_ip4(192, 0, 2, 255),
        .port = 9 };
    const struct nif_endpoint own = { .ip = nif_ip4(192, 0, 2, 1), .port = 8 };

    (void)state;
    assert_int_equal(nif_conn_send(&c, "x", 1, &all), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(out[0] & out[5], 0xFF);
    assert_int_equal(nif_conn_send(&c, "x", 1, &subnet), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(out[0] & out[5], 0xFF);
    pair_udp(&p, in, 5000, 7, "hello", 5);
    nif_put_be32(in + 30, 0xC00002FF);
    memset(in, 0xFF, 6);
    pair_resum(in);
    pair_inject(&p, in, 60);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 5);
    // Who is bound to one address does not hear what is for all.
    assert_int_equal(nif_conn_open(stack(), &d, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_bind(&d, &own), 0);
    nif_put_be16(in + 36, 8);
    pair_resum(in);
    pair_inject(&p, in, 60);
    assert_int_equal(nif_conn_recv(&d, got, sizeof(got), NULL), NIF_EAGAIN);
    nif_conn_abort(&d);
}

// RFC 1112 6.1 6.4
// RFC 1122 3.3.6-c 4.1.4-a
static void groups_can_be_sent_to_and_stay_on_the_link(void **state)
{
    static const uint8_t hwaddr[6] = { 1, 0, 0x5E, 0x7F, 1, 2 };
    const struct nif_endpoint group = { .ip = nif_ip4(239, 255, 1, 2),
        .port = 9 };

    (void)state;
    assert_int_equal(nif_conn_send(&c, "x", 1, &group), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_memory_equal(out, hwaddr, 6);
    assert_int_equal(out[22], 1);
    assert_int_equal(nif_conn_send(&c, "x", 1, &peer), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(out[22], 64);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_TTL, 255), 0); // mDNS
    assert_int_equal(nif_conn_send(&c, "x", 1, &group), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(out[22], 255);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_TTL, 0), NIF_EINVAL);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_NODELAY, 1), NIF_ENOTSUP);
}

// RFC 1122 3.3.6-b
static void a_port_can_be_shared_by_agreement(void **state)
{
    const struct nif_endpoint eight = { .port = 8 };
    static struct nif_conn e[3];
    static uint8_t ring[3][100];
    size_t len;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct nif_conn_cfg cfg = { .rx = ring[i], .rx_cap = 100 };

        assert_int_equal(nif_conn_open(stack(), &e[i], NIF_UDP, &cfg), 0);
    }
    assert_int_equal(nif_conn_bind(&e[0], &eight), 0);
    assert_int_equal(nif_conn_option(&e[1], NIF_OPT_REUSE, 1), 0);
    assert_int_equal(nif_conn_bind(&e[1], &eight), NIF_EADDRINUSE);
    assert_int_equal(nif_conn_option(&e[0], NIF_OPT_REUSE, 1), 0);
    assert_int_equal(nif_conn_bind(&e[1], &eight), 0);
    assert_int_equal(nif_conn_bind(&e[2], &eight), NIF_EADDRINUSE);
    assert_int_equal(nif_conn_option(&e[2], NIF_OPT_REUSE, 1), 0);
    assert_int_equal(nif_conn_bind(&e[2], &eight), 0);
    assert_int_equal(nif_conn_connect(&e[2], &peer), 0);
    // To us alone: one gets it, who is connected before who is not.
    pair_inject(&p, in, pair_udp(&p, in, 5000, 8, "hello", 5));
    assert_int_equal(nif_conn_recv(&e[0], got, 9, NULL), NIF_EAGAIN);
    assert_int_equal(nif_conn_recv(&e[1], got, 9, NULL), NIF_EAGAIN);
    assert_int_equal(nif_conn_recv(&e[2], got, 9, NULL), 5);
    pair_inject(&p, in, pair_udp(&p, in, 5001, 8, "hello", 5));
    assert_int_equal(nif_conn_recv(&e[0], got, 9, NULL), 5);
    assert_int_equal(nif_conn_recv(&e[1], got, 9, NULL), NIF_EAGAIN);
    // To all: each gets a copy.
    len = pair_udp(&p, in, 5000, 8, "hello", 5);
    memset(in, 0xFF, 6);
    nif_put_be32(in + 30, 0xFFFFFFFF);
    pair_resum(in);
    pair_inject(&p, in, len);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(nif_conn_recv(&e[i], got, 9, NULL), 5);
        nif_conn_abort(&e[i]);
    }
}

// RFC 1122 3.2.2-f
static void what_all_get_and_nobody_wants_is_dropped_in_silence(void **state)
{
    size_t len = pair_udp(&p, in, 5000, 9, "hello", 5);

    (void)state;
    memset(in, 0xFF, 6);
    nif_put_be32(in + 30, 0xC00002FF);
    pair_resum(in);
    pair_inject(&p, in, len);
    nif_put_be16(in + 16, 27); // and if there is no whole header
    pair_resum(in);
    pair_inject(&p, in, len);
    assert_int_equal(p.stack[0].stats.udp_closed, 2); // nobody looked so far
    pair_inject(&p, in, 14 + 27);
    assert_int_equal(p.dev[1].queued, 0);
    assert_int_equal(p.stack[0].stats.udp_closed, 2);
    assert_int_equal(p.stack[0].stats.udp_bad, 1);
}

// RFC 1122 3.2.1.3-f
static void without_an_address_one_can_call_to_all(void **state)
{
    const struct nif_net none = { .prefix_len = 0 };
    const struct nif_endpoint all = { .ip = nif_ip4(255, 255, 255, 255),
        .port = 67 };

    (void)state;
    assert_int_equal(nif_stack_set_net(stack(), &none), 0);
    assert_int_equal(nif_conn_send(&c, "x", 1, &all), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(nif_get_be32(out + 26), 0);
    memcpy(in, out, 60);
    pair_resum(in);
    assert_memory_equal(in, out, 60);
    // The answer may come to the address that will be ours.
    pair_udp(&p, in, 67, 7, "hello", 5);
    nif_put_be32(in + 30, 0x0A000005);
    pair_resum(in);
    pair_inject(&p, in, 60);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 5);
}

// RFC 1122 3.3.3-b
static void what_cannot_be_sent_is_said(void **state)
{
    const struct nif_endpoint no_port = { .ip = nif_ip4(192, 0, 2, 2) };
    const struct nif_endpoint no_ip = { .port = 9 };
    static uint8_t big[1473];

    (void)state;
    assert_int_equal(nif_conn_send(&c, "x", 1, &no_port), NIF_EINVAL);
    assert_int_equal(nif_conn_send(&c, "x", 1, &no_ip), NIF_EINVAL);
    assert_int_equal(nif_conn_send(&c, big, sizeof(big), &peer), NIF_ETOOBIG);
    assert_int_equal(nif_conn_send(&c, big, 1472, &peer), 1472);
    assert_int_equal(pair_take(&p, out), 1514);
    p.dev[0].link = false;
    assert_int_equal(nif_conn_send(&c, "x", 1, &peer), NIF_ELINK);
}

static void a_busy_device_fills_the_ring_and_then_says_no(void **state)
{
    uint8_t data[42];

    (void)state;
    memset(data, 'z', sizeof(data));
    p.dev[0].room = 0;
    p.dev[0].refill = 0;
    assert_int_equal(nif_conn_send(&c, data, 42, &peer), 42);
    assert_int_equal(nif_conn_send(&c, data, 42, &peer), 42);
    assert_int_equal(nif_conn_send(&c, data, 1, &peer), NIF_EAGAIN);
    // It waits, but it does not keep the processor awake.
    assert_true(nif_stack_poll(stack()) > p.now_us);
    nif_conn_close(&c);
    assert_int_equal(nif_conn_state(&c), NIF_CONN_CLOSING);
    p.dev[0].refill = 1;
    pair_pass(&p, 100);
    assert_int_equal(p.dev[1].queued, 2);
    assert_int_equal(nif_conn_state(&c), NIF_CONN_CLOSED);
}

// Room that comes between two looks is for what waits.
static void what_waits_for_the_device_is_not_overtaken(void **state)
{
    (void)state;
    p.dev[0].room = 0;
    p.dev[0].refill = 0;
    assert_int_equal(nif_conn_send(&c, "1", 1, &peer), 1);
    p.dev[0].opens = 1;
    assert_int_equal(nif_conn_send(&c, "2", 1, &peer), 1);
    assert_int_equal(p.dev[1].queued, 0);
    p.dev[0].refill = 9;
    pair_pass(&p, 100);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(pair_take(&p, out), 60);
        assert_int_equal(out[42], '0' + i);
    }
}

static void the_application_is_woken_by_its_own_call(void **state)
{
    (void)state;
    p.woken = false;
    assert_int_equal(nif_conn_send(&c, "x", 1, &peer), 1);
    assert_true(p.woken);
}

static void wrong_calls_are_refused(void **state)
{
    const struct nif_conn_cfg bad = { .rx = NULL, .rx_cap = 5 };

    (void)state;
    assert_int_equal(nif_conn_open(stack(), &d, NIF_TLS, &rings), NIF_ENOTSUP);
    assert_int_equal(nif_conn_open(stack(), &d, NIF_UDP, &bad), NIF_EINVAL);
    assert_int_equal(nif_conn_listen(&c, &d, 1), NIF_EINVAL);
    assert_int_equal(nif_conn_shutdown(&c), NIF_ENOTCONN);
}

static void a_new_address_ends_what_was_bound_to_the_old_one(void **state)
{
    const struct nif_endpoint own = { .ip = nif_ip4(192, 0, 2, 1), .port = 8 };
    const struct nif_net net = { .ip = nif_ip4(192, 0, 2, 9),
        .prefix_len = 24 };

    (void)state;
    assert_int_equal(nif_conn_open(stack(), &d, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_bind(&d, &own), 0);
    assert_int_equal(nif_stack_set_net(stack(), &net), 0);
    assert_int_equal(nif_conn_state(&d), NIF_CONN_FAILED);
    assert_int_equal(d.err, NIF_EADDR);
    assert_int_equal(nif_conn_recv(&d, got, sizeof(got), NULL), NIF_EADDR);
    assert_int_equal(nif_conn_send(&d, "x", 1, &peer), NIF_EADDR);
    assert_int_equal(nif_conn_state(&c), NIF_CONN_IDLE);
    nif_conn_close(&d);
    assert_int_equal(nif_conn_state(&d), NIF_CONN_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_datagram_is_given_with_its_sender, setup),
        cmocka_unit_test_setup(a_datagram_is_sent_byte_for_byte, setup),
        cmocka_unit_test_setup(empty_datagrams_go_both_ways, setup),
        cmocka_unit_test_setup(the_rest_of_a_datagram_is_lost_not_the_next_one,
            setup),
        cmocka_unit_test_setup(a_full_ring_drops_whole_datagrams, setup),
        cmocka_unit_test_setup(records_wrap_around_the_end_of_the_ring, setup),
        cmocka_unit_test_setup(no_checksum_is_accepted_a_wrong_one_is_not,
            setup),
        cmocka_unit_test_setup(lengths_that_lie_are_dropped, setup),
        cmocka_unit_test_setup(
            a_closed_port_is_reported_not_too_often_and_not_to_all, setup),
        cmocka_unit_test_setup(a_connected_peer_goes_before_anybody, setup),
        cmocka_unit_test_setup(a_bind_that_fails_binds_nothing, setup),
        cmocka_unit_test_setup(ports_are_not_given_twice, setup),
        cmocka_unit_test_setup(the_type_of_service_can_be_set, setup),
        cmocka_unit_test_setup(whoever_sends_without_a_port_is_given_one,
            setup),
        cmocka_unit_test_setup(broadcasts_go_out_and_come_in, setup),
        cmocka_unit_test_setup(groups_can_be_sent_to_and_stay_on_the_link,
            setup),
        cmocka_unit_test_setup(a_port_can_be_shared_by_agreement, setup),
        cmocka_unit_test_setup(
            what_all_get_and_nobody_wants_is_dropped_in_silence, setup),
        cmocka_unit_test_setup(without_an_address_one_can_call_to_all, setup),
        cmocka_unit_test_setup(what_cannot_be_sent_is_said, setup),
        cmocka_unit_test_setup(what_waits_for_the_device_is_not_overtaken,
            setup),
        cmocka_unit_test_setup(a_busy_device_fills_the_ring_and_then_says_no,
            setup),
        cmocka_unit_test_setup(the_application_is_woken_by_its_own_call, setup),
        cmocka_unit_test_setup(wrong_calls_are_refused, setup),
        cmocka_unit_test_setup(a_new_address_ends_what_was_bound_to_the_old_one,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
