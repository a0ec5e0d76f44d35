// SPDX-License-Identifier: MIT
//
// Several gateways and redirects: which card a datagram for a far host goes to.

#include "tests/core/pair.h"

#include "nif/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull

// Who the datagrams are for.
#define FAR     0xCB007107u // 203.0.113.7
#define FARTHER 0xCB007108u

// Gateways: 192.0.2.254 is the stack's own. Their cards end in the same byte.
#define OWN         254
#define SECOND_BEST 253
#define THIRD       252
#define CLOSER      77 // none of ours: a redirect names it

static struct pair p;
static struct nif_conn c;
static uint8_t rx[500];
static uint8_t tx[500];
static uint8_t in[NIF_ETH_FRAME_MAX];
static uint8_t out[NIF_ETH_FRAME_MAX];
static uint8_t seen[54]; // the headers of the last that was no ARP
static bool dead[256];   // gateways that answer nothing
static struct nif_routes routes;
static struct nif_route table[2];

static const struct nif_ip others[] = {
    { NIF_IPV4, { 198, 51, 100, 1 }, 0 }, // not of this subnet
    { NIF_IPV4, { 192, 0, 2, SECOND_BEST }, 0 },
    { NIF_IPV4, { 192, 0, 2, THIRD }, 0 },
};

static void begin(bool with)
{
    const struct nif_conn_cfg cfg = { rx, sizeof(rx), tx, sizeof(tx) };

    memset(dead, 0, sizeof(dead));
    pair_init_single(&p, 61);
    nif_routes_init(&routes,
        &(struct nif_routes_cfg){ .gateways = others,
            .gateway_count = nif_countof(others),
            .table = table,
            .count = nif_countof(table) });
    p.stack[0].cfg.routes = with ? &routes : NULL;
    assert_int_equal(nif_conn_open(&p.stack[0].stack, &c, NIF_UDP, &cfg), 0);
    pair_clear(&p);
}

static int setup(void **state)
{
    (void)state;
    begin(true);
    return 0;
}

// Answers what the stack asks by ARP. Returns the last byte of the card that a
// datagram went to; 0 if none went.
static uint8_t heard(void)
{
    uint8_t card = 0;

    while (pair_take(&p, out) > 0) {
        uint32_t asked = nif_get_be32(out + 38);

        if (nif_get_be16(out + 12) == 0x0800) {
            card = out[5];
            memcpy(seen, out, sizeof(seen));
        } else if (out[21] == 1 && asked != PAIR_IP0 && !dead[asked & 0xFF]) {
            size_t len = pair_arp(&p, in, 2, asked, PAIR_IP0);
            in[11] = (uint8_t)asked;
            in[27] = (uint8_t)asked;
            pair_inject(&p, in, len);
        }
    }
    return card;
}

// Sends a datagram there; which card it goes to, in time.
static uint8_t way_to(uint32_t addr)
{
    struct nif_endpoint to = { .ip = { .family = NIF_IPV4 }, .port = 9 };
    uint8_t card = 0;

    nif_put_be32(to.ip.byte, addr);
    assert_int_equal(nif_conn_send(&c, "x", 1, &to), 1);
    for (unsigned i = 0; i < 100 && card == 0; i++) {
        card = heard();
        pair_pass(&p, SECOND / 10);
    }
    return card;
}

// `from` says that `via` is closer to `dst`, about a packet of `src`.
static void redirect_of(uint32_t src, uint8_t code, uint8_t from, uint32_t via,
    uint32_t dst)
{
    uint8_t quote[28] = { 0x45, 0, 0, 29, 0, 0, 0, 0, 60, 17, 0, 0 };

    nif_put_be32(quote + 12, src);
    nif_put_be32(quote + 16, dst);
    pair_icmp(&p, in, (uint16_t)(0x0500 | code), via, quote, sizeof(quote));
    in[29] = from;
    pair_resum(in);
    pair_inject(&p, in, 70);
}

static void redirect(uint8_t code, uint8_t from, uint32_t via, uint32_t dst)
{
    redirect_of(PAIR_IP0, code, from, via, dst);
}

// RFC 1122 3.2.2.2-b 3.2.2.2-c 3.3.1.2-a 3.3.1.2-b 3.3.1.2-d
static void a_redirect_changes_the_way_to_that_host_alone(void **state)
{
    (void)state;
    for (uint8_t code = 0; code < 4; code++) {
        begin(true);
        assert_int_equal(way_to(FAR), OWN);
        redirect(code, OWN, 0xC0000200 | CLOSER, FAR);
        assert_int_equal(way_to(FAR), CLOSER);
        assert_int_equal(way_to(FARTHER), OWN);
        redirect(code, CLOSER, 0xC0000200 | THIRD, FAR); // who is asked now
        assert_int_equal(way_to(FAR), THIRD);
        assert_int_equal(routes.redirect_count, 2);
        assert_int_equal(p.stack[0].stats.icmp_drop, 0);
    }
}

// RFC 1122 3.2.2.2-d
static void a_redirect_that_cannot_be_is_dropped(void **state)
{
    static const struct {
        const char *what;
        uint8_t code;
        uint8_t from;
        uint32_t via;
        uint32_t dst;
    } cases[] = {
        { "a code that there is not", 4, OWN, 0xC0000200 | CLOSER, FAR },
        { "from another gateway", 1, THIRD, 0xC0000200 | CLOSER, FAR },
        { "to another network", 1, OWN, 0xC6336401, FAR },
        { "to ourselves", 1, OWN, PAIR_IP0, FAR },
        { "to all", 1, OWN, 0xC00002FF, FAR },
        { "to nobody", 1, OWN, 0, FAR },
        { "to where it came from", 1, OWN, 0xC0000200 | OWN, FAR },
        { "about a neighbour", 1, OWN, 0xC0000200 | CLOSER, PAIR_IP1 },
        { "about a group", 1, OWN, 0xC0000200 | CLOSER, 0xEF010101 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        begin(true);
        assert_int_equal(way_to(FAR), OWN);
        redirect(cases[i].code, cases[i].from, cases[i].via, cases[i].dst);
        if (routes.redirect_count != 0 || way_to(FAR) != OWN) {
            fail_msg("believed: %s", cases[i].what);
        }
        assert_int_equal(p.stack[0].stats.icmp_drop, 1);
    }
    begin(true);
    redirect_of(PAIR_IP1, 1, OWN, 0xC0000200 | CLOSER, FAR); // not our packet
    assert_int_equal(routes.redirect_count, 0);
    // Without the part, and without a table.
    begin(false);
    redirect(1, OWN, 0xC0000200 | CLOSER, FAR);
    assert_int_equal(way_to(FAR), OWN);
    begin(true);
    routes.cfg.count = 0;
    redirect(1, OWN, 0xC0000200 | CLOSER, FAR);
    assert_int_equal(way_to(FAR), OWN);
}

static void
more_redirects_than_there_is_room_for_forget_the_oldest(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        redirect(1, OWN, 0xC0000200 | CLOSER, FAR + i);
    }
    assert_int_equal(way_to(FAR), OWN);
    assert_int_equal(way_to(FAR + 1), CLOSER);
    assert_int_equal(way_to(FAR + 2), CLOSER);
}

// RFC 1122 3.3.1.2-c 3.3.1.5-a
static void a_gateway_that_is_silent_gives_way_to_the_next(void **state)
{
    (void)state;
    dead[OWN] = true;
    assert_int_equal(way_to(FAR), SECOND_BEST); // one outside is left out
    assert_int_equal(routes.failed_count, 1);
    assert_int_equal(way_to(FARTHER), SECOND_BEST);
    // One that was well is asked again when its time is over.
    dead[SECOND_BEST] = true;
    for (unsigned i = 0; i < 2 * NIF_ARP_AGE_S && routes.failed_count < 2;
         i++) {
        (void)way_to(FAR);
        pair_pass(&p, SECOND);
    }
    assert_int_equal(way_to(FAR), THIRD);
    // After the last comes the first, which is back.
    dead[THIRD] = true;
    dead[OWN] = false;
    for (unsigned i = 0; i < 2 * NIF_ARP_AGE_S && routes.failed_count < 3;
         i++) {
        (void)way_to(FAR);
        pair_pass(&p, SECOND);
    }
    assert_int_equal(way_to(FAR), OWN);
}

static void where_all_are_silent_the_first_that_comes_back_is_used(void **state)
{
    (void)state;
    memset(dead, 1, sizeof(dead));
    assert_int_equal(way_to(FAR), 0);
    dead[THIRD] = false;
    for (unsigned i = 0; i < 20 && way_to(FAR) == 0; i++) {
    }
    assert_int_equal(way_to(FAR), THIRD);
}

static void a_way_over_a_silent_gateway_is_forgotten(void **state)
{
    (void)state;
    redirect(1, OWN, 0xC0000200 | CLOSER, FAR);
    dead[CLOSER] = true;
    assert_int_equal(way_to(FAR), OWN);
    assert_int_equal(routes.failed_count, 0); // it is none of the defaults
}

static void another_address_begins_with_the_first_gateway(void **state)
{
    struct nif_net net;

    (void)state;
    redirect(1, OWN, 0xC0000200 | CLOSER, FAR);
    dead[OWN] = true;
    assert_int_equal(way_to(FARTHER), SECOND_BEST);
    dead[OWN] = false;
    nif_stack_net(&p.stack[0].stack, &net);
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    assert_int_equal(way_to(FAR), OWN);
    assert_int_equal(way_to(FARTHER), OWN);
    net.gateway.family = NIF_IP_NONE; // the others are still there
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    assert_int_equal(way_to(FAR), SECOND_BEST);
}

// Waits until a frame of IPv4 goes to that card.
static void expect_card(uint8_t card)
{
    for (unsigned i = 0; i < 600; i++) {
        pair_pass(&p, SECOND / 10);
        if (heard() == card) {
            return;
        }
    }
    fail_msg("nothing goes to %u", card);
}

// FAR answers the call that was seen last.
static void answer_call(void)
{
    const struct pair_seg seg = { .src = 80,
        .dst = nif_get_be16(seen + 34),
        .ack = nif_get_be32(seen + 38) + 1,
        .flags = 0x12,
        .wnd = 8000 };
    size_t len = pair_tcp(&p, in, &seg);

    nif_put_be32(in + 26, FAR);
    pair_resum(in);
    pair_inject(&p, in, len);
}

// A connection whose gateway dies goes on over the next, without the
// application: while it calls, and when it stands.
static void a_connection_goes_on_over_the_next_gateway(void **state)
{
    const struct nif_conn_cfg cfg = { rx, sizeof(rx), tx, sizeof(tx) };
    const struct nif_endpoint to = { .ip = { NIF_IPV4, { 203, 0, 113, 7 }, 0 },
        .port = 80 };
    static struct nif_conn tcp;

    (void)state;
    assert_int_equal(way_to(FAR), OWN); // known, and then gone
    dead[OWN] = true;
    assert_int_equal(nif_conn_open(&p.stack[0].stack, &tcp, NIF_TCP, &cfg), 0);
    assert_int_equal(nif_conn_connect(&tcp, &to), 0);
    expect_card(SECOND_BEST);
    answer_call();
    assert_int_equal(nif_conn_state(&tcp), NIF_CONN_OPEN);
    dead[SECOND_BEST] = true;
    assert_int_equal(nif_conn_send(&tcp, "on", 2, NULL), 2);
    expect_card(THIRD);
    assert_int_equal(nif_conn_state(&tcp), NIF_CONN_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redirect_changes_the_way_to_that_host_alone),
        cmocka_unit_test(a_redirect_that_cannot_be_is_dropped),
        cmocka_unit_test_setup(
            more_redirects_than_there_is_room_for_forget_the_oldest, setup),
        cmocka_unit_test_setup(a_gateway_that_is_silent_gives_way_to_the_next,
            setup),
        cmocka_unit_test_setup(
            where_all_are_silent_the_first_that_comes_back_is_used, setup),
        cmocka_unit_test_setup(a_way_over_a_silent_gateway_is_forgotten, setup),
        cmocka_unit_test_setup(another_address_begins_with_the_first_gateway,
            setup),
        cmocka_unit_test_setup(a_connection_goes_on_over_the_next_gateway,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
