// SPDX-License-Identifier: MIT
//
// The DHCP server: against our own client, and against messages by hand.

#include "nif/dhcp_server.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

#define SECOND 1000000ull
#define POOL   4

#define TEST(name) cmocka_unit_test_setup(name, setup)

static struct pair p;
static struct nif_dhcp_server server;
static struct nif_dhcp_lease leases[POOL];
static struct nif_dhcp client;
static uint8_t frame[NIF_ETH_FRAME_MAX];
static uint8_t got[600]; // the server's last answer
static size_t got_len;

static void start(void)
{
    nif_dhcp_server_init(&server,
        &(struct nif_dhcp_server_cfg){
            .stack = &p.stack[0].stack,
            .leases = leases,
            .count = POOL,
            .first = nif_ip4(192, 0, 2, 100),
            .lease_s = 1000,
            .router = nif_ip4(192, 0, 2, 1),
            .dns = { { .family = NIF_IP_NONE }, nif_ip4(192, 0, 2, 53) },
        });
    assert_true(nif_dhcp_server_poll(&server) == NIF_NEVER);
    assert_int_equal(nif_dhcp_server_start(&server), 0);
}

static int setup(void **state)
{
    (void)state;
    pair_init_single(&p, 7);
    start();
    return 0;
}

// A message of a client; what is zero is left out.
struct request {
    uint8_t type;
    uint8_t who; // last byte of the hardware address
    uint32_t ciaddr;
    uint32_t address; // option 50
    uint32_t server;  // option 54
    uint32_t giaddr;
    const char *id; // option 61
};

static const uint8_t *option(uint8_t code)
{
    for (size_t at = 240; at + 2 <= got_len && got[at] != 255;
         at += 2u + got[at + 1]) {
        if (got[at] == code) {
            return got + at + 1;
        }
    }
    return NULL;
}

static uint32_t word(uint8_t code)
{
    const uint8_t *o = option(code);

    return o != NULL && o[0] == 4 ? nif_get_be32(o + 1) : 0;
}

static uint8_t *put(uint8_t *at, uint8_t code, uint32_t v)
{
    at[0] = code;
    at[1] = 4;
    nif_put_be32(at + 2, v);
    return v != 0 ? at + 6 : at;
}

// Takes the server's next answer; its type, or 0 if there is none.
static uint8_t take(void)
{
    pair_pass(&p, 1000);
    while (pair_take(&p, frame) > 0) {
        if (nif_get_be16(frame + 12) == 0x0806) { // who is ciaddr? We are.
            uint32_t who = nif_get_be32(frame + 38);

            pair_arp(&p, frame, 2, who, PAIR_IP0);
            pair_inject(&p, frame, 60);
            pair_pass(&p, 1000);
            continue;
        }
        assert_int_equal(nif_get_be16(frame + 34), 67);
        assert_int_equal(nif_get_be16(frame + 36), 68);
        got_len = nif_get_be16(frame + 38) - 8u;
        assert_true(got_len >= 300);
        memcpy(got, frame + 42, got_len);
        assert_int_equal(got[0], 2);
        assert_int_equal(nif_get_be32(got + 4), 0x11223344);
        assert_int_equal(word(54), PAIR_IP0);
        return option(53)[1];
    }
    got_len = 0;
    return 0;
}

// Says `body` to the server. Returns as take().
static uint8_t say(const uint8_t *body, size_t len)
{
    size_t n = pair_udp(&p, frame, 68, 67, body, len);

    memset(frame, 0xFF, 6);
    nif_put_be32(frame + 26, nif_get_be32(body + 12));
    nif_put_be32(frame + 30, 0xFFFFFFFF);
    pair_resum(frame);
    pair_inject(&p, frame, n);
    (void)nif_dhcp_server_poll(&server);
    return take();
}

static size_t build(uint8_t body[600], const struct request *r)
{
    static const uint8_t head[] = { 1, 1, 6, 0, 0x11, 0x22, 0x33, 0x44 };
    uint8_t *at = body + 240;

    memset(body, 0, 600);
    memcpy(body, head, sizeof(head));
    nif_put_be32(body + 12, r->ciaddr);
    nif_put_be32(body + 24, r->giaddr);
    body[28] = 2;
    body[33] = r->who;
    nif_put_be32(body + 236, 0x63825363);
    at[0] = 53;
    at[1] = 1;
    at[2] = r->type;
    at = put(at + 3, 50, r->address);
    at = put(at, 54, r->server);
    if (r->id != NULL) {
        at[0] = 61;
        at[1] = (uint8_t)strlen(r->id);
        memcpy(at + 2, r->id, at[1]);
        at += 2 + at[1];
    }
    *at++ = 255;
    return (size_t)(at - body);
}

static uint8_t ask(const struct request *r)
{
    uint8_t body[600];

    return say(body, build(body, r));
}

// A discovery of somebody with a name.
static uint8_t call(uint8_t who, const char *id)
{
    return ask(&(struct request){ .type = DISCOVER, .who = who, .id = id });
}

static uint8_t tell(uint8_t type, uint8_t who, uint32_t ciaddr,
    uint32_t address, uint32_t to)
{
    return ask(&(struct request){ type, who, ciaddr, address, to, 0, NULL });
}

static uint32_t yiaddr(void)
{
    return nif_get_be32(got + 16);
}

// The whole exchange. Returns the address.
static uint32_t join(uint8_t who)
{
    uint32_t ip;

    assert_int_equal(tell(DISCOVER, who, 0, 0, 0), OFFER);
    ip = yiaddr();
    assert_int_equal(tell(REQUEST, who, 0, ip, PAIR_IP0), ACK);
    assert_int_equal(yiaddr(), ip);
    return ip;
}

static bool step(struct pair *pair)
{
    uint64_t again_us = nif_dhcp_server_poll(&server);

    pair->also_us = nif_dhcp_poll(&client);
    if (again_us < pair->also_us) {
        pair->also_us = again_us;
    }
    return false;
}

// RFC 2131 3.1 4.3.1 4.3.6 4.4.6
static void our_own_client_gets_keeps_and_returns_an_address(void **state)
{
    struct nif_net net = { .prefix_len = 0 };

    (void)state;
    pair_init(&p, 3);
    assert_int_equal(nif_stack_set_net(&p.stack[1].stack, &net), 0);
    start();
    nif_dhcp_init(&client,
        &(struct nif_dhcp_cfg){ .stack = &p.stack[1].stack, .seed = 5 });
    assert_int_equal(nif_dhcp_start(&client), 0);
    pair_run(&p, p.now_us + SECOND, step);
    assert_int_equal(client.state, NIF_DHCP_BOUND);
    nif_stack_net(&p.stack[1].stack, &net);
    assert_int_equal(net.prefix_len, 24);
    assert_int_equal(nif_ip4_value(&net.gateway), PAIR_IP0);
    assert_int_equal(nif_ip4_value(&net.dns[0]), 0xC0000235);
    assert_in_range(nif_ip4_value(&net.ip), 0xC0000264, 0xC0000267);
    // Renewed by unicast, twice.
    pair_run(&p, p.now_us + 1000 * SECOND, step);
    assert_int_equal(client.state, NIF_DHCP_BOUND);
    assert_in_range(client.lease_count, 2, 4);
    assert_int_equal(server.nak_count, 0);
    // The board starts again: it asks for what it had.
    nif_dhcp_stop(&client);
    nif_dhcp_init(&client,
        &(struct nif_dhcp_cfg){ .stack = &p.stack[1].stack,
            .seed = 6,
            .last = net.ip });
    assert_int_equal(nif_dhcp_start(&client), 0);
    pair_run(&p, p.now_us + SECOND, step);
    assert_int_equal(client.state, NIF_DHCP_BOUND);
    assert_int_equal(server.offer_count, 1);
    assert_int_equal(nif_dhcp_release(&client), NIF_EAGAIN); // ARP first
    pair_run(&p, p.now_us + SECOND, step);
    assert_int_equal(nif_dhcp_release(&client), 0);
    pair_run(&p, p.now_us + SECOND, step);
    for (size_t i = 0; i < POOL; i++) {
        assert_true(leases[i].until_us <= p.now_us);
    }
}

// RFC 2131 4.3.1 table 3 RFC 2132 3.3 3.5 3.8 9.2
static void an_offer_has_all_that_a_client_needs(void **state)
{
    (void)state;
    assert_int_equal(tell(DISCOVER, 9, 0, 0, 0), OFFER);
    assert_int_equal(nif_get_be32(frame + 30), 0xFFFFFFFF);
    assert_int_equal(word(1), 0xFFFFFF00);
    assert_int_equal(word(3), PAIR_IP0);
    assert_int_equal(word(6), 0xC0000235);
    assert_int_equal(word(51), 1000);
    assert_in_range(yiaddr(), 0xC0000264, 0xC0000267);
    assert_memory_equal(got + 28, "\2\0\0\0\0\x09", 6);
    assert_null(option(61));
}

// RFC 6842 3
static void the_client_identifier_is_sent_back(void **state)
{
    (void)state;
    assert_int_equal(call(0, "\1name"), OFFER);
    assert_int_equal(option(61)[0], 5);
    assert_memory_equal(option(61) + 1, "\1name", 5);
}

// RFC 2131 4.3.1
static void a_client_gets_the_same_address_again(void **state)
{
    uint32_t ip[POOL];
    uint32_t by_name;

    (void)state;
    for (uint8_t i = 0; i < POOL; i++) {
        ip[i] = join(i);
        for (uint8_t k = 0; k < i; k++) {
            assert_int_not_equal(ip[i], ip[k]);
        }
    }
    p.now_us += 2000 * SECOND; // all are over, and remembered
    for (uint8_t i = POOL; i-- > 0;) {
        assert_int_equal(join(i), ip[i]);
    }
    // The name counts, not the card.
    setup(state);
    assert_int_equal(call(1, "a"), OFFER);
    by_name = yiaddr();
    assert_int_equal(call(2, "a"), OFFER);
    assert_int_equal(yiaddr(), by_name);
    assert_int_equal(call(1, "b"), OFFER);
    assert_int_not_equal(yiaddr(), by_name);
}

static void a_start_from_nothing_gives_the_same_address(void **state)
{
    uint32_t ip[8];

    for (unsigned round = 0; round < 2; round++) {
        for (uint8_t i = 0; i < 8; i++) {
            setup(state);
            if (round == 0) {
                ip[i] = join(i);
            } else {
                assert_int_equal(join(i), ip[i]);
            }
        }
    }
    assert_true(ip[0] != ip[1] || ip[0] != ip[2] || ip[0] != ip[3]);
}

// RFC 2131 4.3.1
static void an_address_that_is_asked_for_is_given_if_it_is_free(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < POOL; i++) {
        assert_int_equal(tell(DISCOVER, (uint8_t)i, 0, 0xC0000267 - i, 0),
            OFFER);
        assert_int_equal(yiaddr(), 0xC0000267 - i);
    }
    setup(state);
    assert_int_equal(tell(DISCOVER, 0, 0, 0xC0000210, 0), // not in the pool
        OFFER);
    assert_in_range(yiaddr(), 0xC0000264, 0xC0000267);
}

static void when_all_are_taken_nobody_is_answered_until_one_ends(void **state)
{
    uint32_t first;

    (void)state;
    first = join(0);
    p.now_us += 100 * SECOND;
    for (uint8_t i = 1; i < POOL; i++) {
        join(i);
    }
    assert_int_equal(tell(DISCOVER, 77, 0, 0, 0), 0);
    assert_int_equal(server.full_count, 1);
    p.now_us += 901 * SECOND;
    assert_int_equal(join(77), first);
    // And offers that nobody took are free again soon.
    setup(state);
    for (uint8_t i = 0; i < POOL; i++) {
        assert_int_equal(tell(DISCOVER, i, 0, 0, 0), OFFER);
    }
    assert_int_equal(tell(DISCOVER, 77, 0, 0, 0), 0);
    p.now_us += 31 * SECOND;
    assert_int_equal(tell(DISCOVER, 77, 0, 0, 0), OFFER);
}

// RFC 2131 4.3.2
static void a_request_for_what_is_not_his_is_refused(void **state)
{
    uint32_t ip;

    (void)state;
    ip = join(1);
    // SELECTING, INIT-REBOOT, RENEWING: another's address.
    assert_int_equal(tell(REQUEST, 2, 0, ip, PAIR_IP0), NAK);
    assert_int_equal(nif_get_be32(frame + 30), 0xFFFFFFFF);
    assert_int_equal(yiaddr(), 0);
    assert_null(option(51));
    assert_int_equal(tell(REQUEST, 2, 0, ip, 0), NAK);
    assert_int_equal(tell(REQUEST, 2, ip, 0, 0), NAK);
    assert_int_equal(tell(REQUEST, 2, 0, 0x0A000005, 0), NAK);
    // A free one, beside the one he has.
    assert_int_equal(tell(REQUEST, 1, 0, ip ^ 1, 0), NAK);
    // An offer that we do not know.
    assert_int_equal(tell(REQUEST, 2, 0, ip ^ 1, PAIR_IP0), NAK);
    assert_int_equal(server.nak_count, 6);
}

// RFC 2131 3.1 4.3.2
static void who_chooses_another_server_sets_the_address_free(void **state)
{
    uint32_t ip;

    (void)state;
    assert_int_equal(tell(DISCOVER, 1, 0, 0, 0), OFFER);
    ip = yiaddr();
    assert_int_equal(tell(REQUEST, 1, 0, 0xC0000290, PAIR_IP0 + 7), 0);
    assert_int_equal(tell(DISCOVER, 2, 0, ip, 0), OFFER);
    assert_int_equal(yiaddr(), ip);
}

// RFC 2131 4.3.6
static void a_renewal_is_answered_to_the_client_alone(void **state)
{
    uint32_t ip;

    (void)state;
    ip = join(1);
    p.now_us += 500 * SECOND;
    assert_int_equal(tell(REQUEST, 1, ip, 0, 0), ACK);
    assert_int_equal(nif_get_be32(frame + 30), ip);
    assert_int_equal(nif_get_be32(got + 12), ip);
    assert_int_equal(word(51), 1000);
    assert_true(leases[ip - 0xC0000264].until_us > p.now_us + 999 * SECOND);
}

static void a_board_that_has_forgotten_confirms_what_is_free(void **state)
{
    (void)state;
    assert_int_equal(tell(REQUEST, 1, 0xC0000265, 0, 0), ACK);
    assert_int_equal(tell(REQUEST, 2, 0, 0xC0000266, 0), ACK);
    assert_int_equal(leases[1].hwaddr.byte[5], 1);
    assert_int_equal(leases[2].hwaddr.byte[5], 2);
}

// RFC 2131 4.3.3
static void what_was_declined_is_left_alone(void **state)
{
    uint32_t ip;

    (void)state;
    ip = join(1);
    assert_int_equal(tell(DECLINE, 2, 0, ip, PAIR_IP0), 0);
    assert_int_equal(leases[ip - 0xC0000264].state, NIF_DHCP_LEASE_GIVEN);
    assert_int_equal(tell(DECLINE, 1, 0, ip, PAIR_IP0), 0);
    join(1);
    assert_int_equal(tell(DECLINE, 1, 0, ip, PAIR_IP0), 0); // once only
    for (uint8_t i = 1; i < POOL; i++) {
        assert_int_not_equal(join(i), ip);
    }
    // When there is nothing else, it is better than nothing.
    assert_int_equal(join(9), ip);
}

// RFC 2131 4.3.4
static void what_was_released_is_free_and_remembered(void **state)
{
    uint32_t ip[POOL];

    (void)state;
    for (uint8_t i = 0; i < POOL; i++) {
        ip[i] = join(i);
    }
    assert_int_equal(tell(RELEASE, 1, ip[2], 0, PAIR_IP0), 0);
    assert_int_equal(tell(DISCOVER, 9, 0, 0, 0), 0);
    assert_int_equal(tell(RELEASE, 1, ip[1], 0, PAIR_IP0), 0);
    assert_int_equal(join(1), ip[1]); // it comes back
    tell(RELEASE, 1, ip[1], 0, PAIR_IP0);
    assert_int_equal(join(9), ip[1]); // another comes
}

// RFC 2131 4.3.5
static void who_has_an_address_is_told_about_the_network(void **state)
{
    (void)state;
    assert_int_equal(tell(INFORM, 1, 0xC0000220, 0, 0), ACK);
    assert_int_equal(nif_get_be32(frame + 30), 0xC0000220);
    assert_int_equal(yiaddr(), 0);
    assert_null(option(51));
    assert_int_equal(word(3), PAIR_IP0);
    assert_int_equal(tell(INFORM, 1, 0xC00002FF ^ 0x100, 0, 0),
        0); // of another network
    assert_int_equal(tell(INFORM, 1, 0, 0, 0), 0);
}

static void addresses_that_cannot_be_given_are_skipped(void **state)
{
    static struct nif_dhcp_lease many[8];

    (void)state;
    pair_init_single(&p, 7);
    nif_dhcp_server_init(&server,
        &(struct nif_dhcp_server_cfg){
            .stack = &p.stack[0].stack,
            .leases = many,
            .count = 8, // .251 to .255, and beyond the subnet
            .first = nif_ip4(192, 0, 2, 251),
            .router = nif_ip4(192, 0, 2, 254),
        });
    assert_int_equal(nif_dhcp_server_start(&server), 0);
    for (uint8_t i = 0; i < 3; i++) {
        assert_in_range(join(i), 0xC00002FB, 0xC00002FD);
        assert_int_equal(word(51), 3600);
    }
    assert_int_equal(tell(DISCOVER, 9, 0, 0, 0), 0);
    // From the one after our own, if nothing is said.
    setup(state);
    server.cfg.first = (struct nif_ip){ .family = NIF_IP_NONE };
    assert_in_range(join(1), PAIR_IP0 + 1, PAIR_IP0 + POOL);
    setup(state);
    server.cfg.first = nif_ip4(192, 0, 2, 0);
    for (uint8_t i = 1; i < POOL - 1; i++) {
        assert_in_range(join(i), PAIR_IP0 + 1, PAIR_IP0 + 2);
    }
    assert_int_equal(tell(DISCOVER, 9, 0, 0, 0), 0); // ours and the net's
}

static void what_is_no_request_of_ours_is_not_answered(void **state)
{
    const struct nif_net none = { .prefix_len = 0 };
    uint8_t body[600];
    size_t len;

    (void)state;
    assert_int_equal(ask(&(struct request){ .type = DISCOVER,
                         .giaddr = 0x0A000001 }),
        0);
    assert_int_equal(tell(OFFER, 0, 0, 0, 0), 0);
    assert_int_equal(tell(99, 0, 0, 0, 0), 0);
    len = build(body, &(struct request){ .type = DISCOVER });
    body[0] = 2; // an answer
    assert_int_equal(say(body, len), 0);
    body[0] = 1;
    body[2] = 8; // no Ethernet
    assert_int_equal(say(body, len), 0);
    body[2] = 6;
    body[236] = 0; // BOOTP
    assert_int_equal(say(body, len), 0);
    body[236] = 0x63;
    assert_int_equal(say(body, len), OFFER);
    pair_inject(&p, frame, pair_udp(&p, frame, 69, 67, body, len));
    (void)nif_dhcp_server_poll(&server);
    assert_int_equal(take(), 0); // from no client's port
    // Without an address of its own it has none to give.
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &none), 0);
    assert_int_equal(say(body, len), 0);
    nif_dhcp_server_stop(&server);
    assert_null(p.stack[0].conns);
}

static void only_one_server_has_port_67(void **state)
{
    static struct nif_dhcp_server other;

    (void)state;
    nif_dhcp_server_init(&other, &server.cfg);
    assert_int_equal(nif_dhcp_server_start(&other), NIF_EADDRINUSE);
}

// NUCLEUS:13 CVE-2021-31881 to 31884, Ripple20 CVE-2020-11903: options cut,
// too long, of a wrong length. Afterwards the pool must still work.
static void no_mutation_of_a_request_does_harm(void **state)
{
    const char *full = getenv("NIF_FULL");
    unsigned count = full != NULL && *full ? 500000 : 20000;

    (void)state;
    for (unsigned n = 0; n < count; n++) {
        static const uint8_t odd[] = { 0, 1, 3, 4, 50, 52, 54, 61, 127, 255 };
        struct request r = {
            .type = (uint8_t)(1 + pair_roll(&p, 8)),
            .who = (uint8_t)pair_roll(&p, 6),
            .address = 0xC0000262 + pair_roll(&p, 7),
            .server = pair_roll(&p, 2) ? PAIR_IP0 : 0,
            .id = pair_roll(&p, 2) ? "client" : NULL,
        };
        uint8_t body[600];
        size_t len = build(body, &r);

        for (uint32_t i = pair_roll(&p, 4); i > 0; i--) {
            body[240 + pair_roll(&p, 30)] = odd[pair_roll(&p, sizeof(odd))];
        }
        if (pair_roll(&p, 4) == 0) {
            len = 236 + pair_roll(&p, (uint32_t)len - 236);
        }
        if (say(body, len) != 0 && yiaddr() != 0) {
            assert_in_range(yiaddr(), 0xC0000264, 0xC0000267);
        }
        pair_clear(&p);
        p.now_us += 1000;
    }
    p.now_us += 2000 * SECOND;
    join(200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_client_gets_keeps_and_returns_an_address),
        TEST(an_offer_has_all_that_a_client_needs),
        TEST(the_client_identifier_is_sent_back),
        TEST(a_client_gets_the_same_address_again),
        cmocka_unit_test(a_start_from_nothing_gives_the_same_address),
        TEST(an_address_that_is_asked_for_is_given_if_it_is_free),
        TEST(when_all_are_taken_nobody_is_answered_until_one_ends),
        TEST(a_request_for_what_is_not_his_is_refused),
        TEST(who_chooses_another_server_sets_the_address_free),
        TEST(a_renewal_is_answered_to_the_client_alone),
        TEST(a_board_that_has_forgotten_confirms_what_is_free),
        TEST(what_was_declined_is_left_alone),
        TEST(what_was_released_is_free_and_remembered),
        TEST(who_has_an_address_is_told_about_the_network),
        cmocka_unit_test(addresses_that_cannot_be_given_are_skipped),
        TEST(what_is_no_request_of_ours_is_not_answered),
        TEST(only_one_server_has_port_67),
        TEST(no_mutation_of_a_request_does_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
