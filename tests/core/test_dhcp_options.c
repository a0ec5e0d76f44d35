// SPDX-License-Identifier: MIT
//
// The DHCP client against a scripted server: what it says, what it believes.

#include "tests/core/dhcp_bench.h"

// RFC 2131 4.3.1 4.4.1
static void offers_that_make_no_sense_are_not_taken(void **state)
{
    static const uint32_t bad_ips[] = { 0, 0x7F000001, 0xE0000001, 0xFFFFFFFF,
        0x00000001 };
    struct dhcp_answer a;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    for (size_t i = 0; i < nif_countof(bad_ips); i++) {
        a = dhcp_answer(OFFER);
        a.ip = bad_ips[i];
        dhcp_say(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    }
    a = dhcp_answer(OFFER);
    a.mask = 0xFF00FF00;
    dhcp_say(&a);
    a = dhcp_answer(OFFER);
    a.xid++;
    dhcp_say(&a);
    a = dhcp_answer(OFFER);
    a.server = 0;
    dhcp_say(&a);
    a = dhcp_answer(OFFER);
    a.lease_s = 0;
    dhcp_say(&a);
    a = dhcp_answer(OFFER);
    a.lease_s = 9;
    dhcp_say(&a);
    a = dhcp_answer(OFFER);
    a.ip = 0xC00002FF; // the subnet's broadcast address
    dhcp_say(&a);
    a = dhcp_answer(OFFER);
    a.ip = 0xC0000200; // and its name
    dhcp_say(&a);
    a = dhcp_answer(ACK); // not asked for
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
}

static void a_gateway_or_server_that_makes_no_sense_is_left_out(void **state)
{
    struct dhcp_answer a = dhcp_answer(OFFER);
    struct nif_net net;

    (void)state;
    a.router = 0xE0000005;
    a.dns = 0x7F000001;
    a.mask = 0;
    dhcp_get_a_lease_of(&a);
    nif_stack_net(&p.stack[0].stack, &net);
    assert_int_equal(net.gateway.family, NIF_IP_NONE);
    assert_int_equal(net.dns[0].family, NIF_IP_NONE);
    assert_int_equal(net.prefix_len, 24); // by the old classes
}

// RFC 2132 2
static void options_are_read_within_bounds(void **state)
{
    static const uint8_t full[] = { 53, 1, 2, 54, 4, 192, 0, 2, 2, 51, 4, 0, 0,
        14, 16, 1, 4, 255, 255, 255, 0, 6, 8, 9, 9, 9, 9, 8, 8, 8, 8, 12, 3,
        'a', 'b', 'c', 255 };
    static const uint8_t bad[][8] = {
        { 53, 1, 2, 54, 200, 1, 1, 1 }, // beyond the end
        { 53, 2, 2, 2, 54, 4, 1, 1 },   // cut
        { 53, 1, 2, 0, 0, 0, 0, 54 },   // a code alone
        { 53, 0, 53, 9, 2, 2, 2, 2 },
    };
    struct dhcp_answer a;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    for (size_t i = 0; i < nif_countof(bad); i++) {
        a.raw = bad[i];
        a.raw_len = sizeof(bad[i]);
        dhcp_say(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    }
    a.raw = full;
    for (a.raw_len = 0; a.raw_len < 9 + 6; a.raw_len++) {
        dhcp_say(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    }
    a.raw_len = sizeof(full);
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_REQUESTING);
    assert_int_equal(nif_ip4_value(&dhcp.net.dns[1]), 0x08080808);
}

// RFC 2131 4.4.1 RFC 2132 9.14 3.14 9.8
static void name_and_identifier_are_sent_as_configured(void **state)
{
    static const uint8_t id[] = { 0, 'b', '7' };
    static char long_name[NIF_DHCP_NAME_MAX + 2];

    (void)state;
    nif_dhcp_stop(&dhcp);
    nif_dhcp_init(&dhcp,
        &(struct nif_dhcp_cfg){ .stack = &p.stack[0].stack,
            .hostname = "board-7",
            .client_id = id,
            .client_id_len = sizeof(id) });
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    assert_int_equal(dhcp_option(12)[0], 7);
    assert_memory_equal(dhcp_option(12) + 1, "board-7", 7);
    assert_int_equal(dhcp_option(61)[0], 3);
    assert_memory_equal(dhcp_option(61) + 1, id, 3);
    assert_non_null(memchr(dhcp_option(55) + 1, 3, dhcp_option(55)[0]));
    dhcp_say(&(struct dhcp_answer){ .type = OFFER,
        .xid = nif_get_be32(msg + 4),
        .ip = 0xC0000232,
        .server = PAIR_IP1,
        .lease_s = 3600 });
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    assert_memory_equal(dhcp_option(61) + 1, id, 3);
    assert_memory_equal(dhcp_option(12) + 1, "board-7", 7);
    nif_dhcp_stop(&dhcp);
    memset(long_name, 'x', NIF_DHCP_NAME_MAX + 1);
    dhcp.cfg.hostname = long_name;
    assert_int_equal(nif_dhcp_start(&dhcp), NIF_EINVAL);
}

// RFC 2132 9.3 RFC 2131 4.1
static void options_overflow_into_the_file_and_name_fields(void **state)
{
    static const uint8_t raw[] = { 53, 1, 2, 52, 1, 3, 255 };
    static const uint8_t file[128] = { 0, 54, 4, 192, 0, 2, 2, 51, 4, 0, 0, 14,
        16, 255, 51, 4, 0, 0, 0, 1 };
    static const uint8_t sname[64] = { 1, 4, 255, 255, 0, 0, 54, 4, 9, 9, 9, 9,
        255 };
    static uint8_t broken[64];
    struct dhcp_answer a;

    (void)state;
    memset(broken, 1, sizeof(broken)); // 64 is no multiple of 3
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    a.raw = raw;
    a.raw_len = sizeof(raw);
    a.file = file;
    a.sname = broken;
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    a.sname = sname;
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_REQUESTING);
    assert_int_equal(dhcp.server, PAIR_IP1); // the first of two counts
    assert_int_equal(dhcp.net.prefix_len, 16);
}

// RFC 2131 4.3.1 RFC 2132 3.5
static void a_router_outside_the_subnet_is_left_out(void **state)
{
    static const uint32_t routers[] = { 0xC0000301, 0xC00002FF, 0xC0000200,
        0xC0000232 };

    for (size_t i = 0; i < nif_countof(routers); i++) {
        struct dhcp_answer a = dhcp_answer(OFFER);

        dhcp_setup(state);
        a.router = routers[i];
        dhcp_get_a_lease_of(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
        assert_int_equal(dhcp.net.gateway.family, NIF_IP_NONE);
    }
}

// URGENT/11 CVE-2019-12264: an address from DHCP that no host can have.
// RFC 2131 4.4.1
static void a_promise_of_a_group_or_broadcast_address_is_refused(void **state)
{
    static const uint32_t bad[] = { 0xE0000001, 0xFFFFFFFF, 0, 0xC00002FF };
    struct dhcp_answer a;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    dhcp_say(&a);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    a.type = ACK;
    for (size_t i = 0; i < nif_countof(bad); i++) {
        a.ip = bad[i];
        dhcp_say(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_REQUESTING);
        dhcp.ip = bad[i]; // even if it had been asked for
        dhcp_say(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_REQUESTING);
        dhcp.ip = 0xC0000232;
    }
}

// URGENT/11 CVE-2019-12257, NUCLEUS:13 CVE-2021-31881 to 31884, Ripple20
// CVE-2020-11903: option lengths that lie, in an offer and in a promise. And
// the search list, whose names can be rings (NAME:WRECK CVE-2020-7461).
// RFC 2132 2
static void options_of_a_wrong_length_are_as_if_not_there(void **state)
{
    static const uint8_t raw[] = { 53, 1, 2, 54, 4, 192, 0, 2, 2, 51, 4, 0, 0,
        14, 16, 1, 3, 255, 255, 255, 3, 5, 192, 0, 2, 254, 9, 6, 3, 8, 8, 8, 58,
        8, 0, 0, 0, 1, 0, 0, 0, 1, 119, 2, 0xC0, 0, 255 };
    uint8_t promise[sizeof(raw)];
    struct dhcp_answer a;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    a.raw = raw;
    a.raw_len = sizeof(raw);
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_REQUESTING);
    assert_int_equal(dhcp.net.prefix_len, 24);
    assert_int_equal(dhcp.net.gateway.family, NIF_IP_NONE);
    assert_int_equal(dhcp.net.dns[0].family, NIF_IP_NONE);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    a.raw = memcpy(promise, raw, sizeof(raw));
    promise[2] = ACK;
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    assert_in_range(again_us - p.now_us, 1685 * SECOND, 1800 * SECOND);
}

// RFC 2131 4.4.1 2
static void answers_to_others_are_not_ours(void **state)
{
    static const size_t places[] = { 0, 1, 2, 4, 28, 33, 236 };
    struct dhcp_answer a;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    for (size_t i = 0; i < nif_countof(places); i++) {
        a.spoil = places[i];
        a.spoilt = 1;
        dhcp_say(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    }
    a.spoilt = 0;
    a.port = 68; // not from a server
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    a.port = 0;
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_REQUESTING);
}

// Mutations of valid replies, at the very end of their memory.
static void no_mutation_of_a_reply_does_harm(void **state)
{
    const char *full = getenv("NIF_FULL");
    unsigned count = full != NULL && *full ? 200000 : 4000;

    (void)state;
    for (unsigned n = 0; n < count; n++) {
        static const uint8_t odd[] = { 0, 1, 2, 3, 4, 52, 53, 127, 128, 255 };
        uint8_t raw[60] = { 53, 1, 2, 54, 4, 192, 0, 2, 2, 51, 4, 0, 0, 14, 16,
            1, 4, 255, 255, 255, 0, 3, 4, 192, 0, 2, 254, 52, 1, 3, 6, 8, 9, 9,
            9, 9, 8, 8, 8, 8 };
        uint8_t file[128] = { 58, 4, 0, 0, 1, 0, 255 };
        struct dhcp_answer a;

        if (n % 100 == 0) {
            dhcp_setup(state);
            p.rng = n + 1;
        }
        if (nif_dhcp_start(&dhcp) != 0 || dhcp_hear(80 * SECOND) == 0) {
            fail_msg("the client is dead, n=%u", n);
        }
        a = dhcp_answer(OFFER);
        a.raw = raw;
        a.raw_len = 1 + pair_roll(&p, sizeof(raw));
        a.file = file;
        a.sname = file + 64;
        for (unsigned i = pair_roll(&p, 5); i > 0; i--) {
            raw[pair_roll(&p, 42)] = odd[pair_roll(&p, sizeof(odd))];
            file[pair_roll(&p, 128)] = odd[pair_roll(&p, sizeof(odd))];
        }
        raw[2] = dhcp_option(53)[1] == DISCOVER ? OFFER : ACK;
        dhcp_say(&a);
        assert_true(dhcp_address() == 0 || nif_get_be32(msg + 4) == dhcp.xid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(offers_that_make_no_sense_are_not_taken,
            dhcp_setup),
        cmocka_unit_test_setup(
            a_gateway_or_server_that_makes_no_sense_is_left_out, dhcp_setup),
        cmocka_unit_test_setup(options_are_read_within_bounds, dhcp_setup),
        cmocka_unit_test_setup(name_and_identifier_are_sent_as_configured,
            dhcp_setup),
        cmocka_unit_test_setup(options_overflow_into_the_file_and_name_fields,
            dhcp_setup),
        cmocka_unit_test_setup(
            a_promise_of_a_group_or_broadcast_address_is_refused, dhcp_setup),
        cmocka_unit_test_setup(options_of_a_wrong_length_are_as_if_not_there,
            dhcp_setup),
        cmocka_unit_test(a_router_outside_the_subnet_is_left_out),
        cmocka_unit_test_setup(answers_to_others_are_not_ours, dhcp_setup),
        cmocka_unit_test(no_mutation_of_a_reply_does_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
