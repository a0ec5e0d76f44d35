// SPDX-License-Identifier: MIT
//
// The mDNS responder: how it comes by its names and how it leaves them.

#include "tests/core/mdns_bench.h"

#include <stdio.h>

#define TEST(name)    cmocka_unit_test_setup(name, mdns_setup)
#define RUNNING(name) cmocka_unit_test_setup(name, mdns_setup_running)

#define INSTANCE "board._http._tcp.local"

static const uint8_t own[4] = { 192, 0, 2, 1 };
static const uint8_t less[4] = { 192, 0, 2, 0 };
static const uint8_t more[4] = { 192, 0, 2, 2 };
static const uint8_t zeros[4];
static const uint8_t srv_head[6] = { 0, 0, 0, 0, 0, 80 };

static const char *host(void)
{
    static char text[NIF_MDNS_LABEL_MAX + 1];

    return nif_mdns_host(&mdns, text);
}

// RFC 6762 8.1
static void names_are_asked_for_three_times(void **state)
{
    struct nif__dns_record r;
    uint64_t last_us;

    (void)state;
    assert_true(fake.joined);
    assert_int_equal(fake.ttl, 255);
    last_us = fake.now_us;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(mdns_hear(SECOND));
        assert_in_range(fake.now_us - last_us, i == 0 ? 0 : 250000, 250001);
        last_us = fake.now_us;
        assert_int_equal(nif_ip4_value(&fake.sent_to.ip), GROUP);
        assert_int_equal(fake.sent_to.port, 5353);
        assert_int_equal(nif_get_be32(fake.sent), 0); // id and flags
        assert_int_equal(mdns_count(0), 2);
        assert_true(mdns_find(0, "board.local", DNS_ANY, &r));
        assert_int_equal(r.cls, FLUSH); // QU
        assert_true(mdns_find(0, INSTANCE, DNS_ANY, &r));
        assert_int_equal(mdns_count(2), 3);
        assert_true(mdns_find(2, "board.local", DNS_A, &r));
        assert_int_equal(r.cls, DNS_IN);
        assert_memory_equal(mdns_data(&r), own, 4);
        assert_true(mdns_find(2, INSTANCE, DNS_SRV, &r));
        assert_true(mdns_find(2, INSTANCE, DNS_TXT, &r));
    }
}

// RFC 6762 8.3 10 10.2 RFC 6763 4 6 9
static void names_that_are_free_are_announced_twice(void **state)
{
    struct nif__dns_record r;
    uint64_t last_us;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(mdns_hear(SECOND));
    }
    last_us = fake.now_us;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(mdns_hear(2 * SECOND));
        assert_in_range(fake.now_us - last_us, i == 0 ? 250000 : SECOND,
            i == 0 ? 250001 : SECOND + 1000);
        last_us = fake.now_us;
        assert_int_equal(nif_get_be16(fake.sent + 2), 0x8400);
        assert_int_equal(mdns_count(0), 0);
        assert_int_equal(mdns_count(1), 5);
        assert_true(mdns_find(1, "board.local", DNS_A, &r));
        assert_int_equal(r.cls, FLUSH);
        assert_int_equal(r.ttl_s, 120);
        assert_true(mdns_find(1, "_http._tcp.local", DNS_PTR, &r));
        assert_int_equal(r.cls, DNS_IN); // others may have it too
        assert_int_equal(r.ttl_s, 4500);
        assert_true(mdns_find(1, INSTANCE, DNS_SRV, &r));
        assert_int_equal(r.cls, FLUSH);
        assert_int_equal(r.ttl_s, 120);
        assert_memory_equal(mdns_data(&r), srv_head, 6);
        assert_true(mdns_find(1, INSTANCE, DNS_TXT, &r));
        assert_int_equal(r.ttl_s, 4500);
        assert_int_equal(r.data_len, 1);
        assert_int_equal(mdns_data(&r)[0], 0);
        assert_true(mdns_find(1, "_services._dns-sd._udp.local", DNS_PTR, &r));
    }
    assert_false(mdns_hear(1000 * SECOND));
    assert_int_equal(mdns.state, NIF_MDNS_RUNNING);
}

// RFC 6762 10.1
static void good_bye_is_said_at_the_end(void **state)
{
    struct nif__dns_record r;

    (void)state;
    nif_mdns_stop(&mdns);
    assert_int_equal(nif_get_be16(fake.sent + 2), 0x8400);
    assert_int_equal(mdns_count(1), 5);
    assert_true(mdns_find(1, "board.local", DNS_A, &r));
    assert_int_equal(r.ttl_s, 0);
    assert_true(mdns_find(1, INSTANCE, DNS_SRV, &r));
    assert_int_equal(r.ttl_s, 0);
    assert_false(fake.joined);
    assert_true(nif_mdns_poll(&mdns) == NIF_NEVER);
    // Nothing is said about names that were not ours yet.
    mdns_setup(state);
    nif_mdns_stop(&mdns);
    assert_int_equal(fake.sent_count, 0);
}

// RFC 6762 8.1 9
static void a_name_that_is_taken_is_left_for_the_next(void **state)
{
    struct nif__dns_record r;

    (void)state;
    assert_true(mdns_hear(SECOND));
    for (unsigned i = 2; i <= 11; i++) {
        char name[NIF_MDNS_LABEL_MAX + 8];

        snprintf(name, sizeof(name), "%s.local", host());
        mdns_begin(0x8400);
        mdns_record(1, name, DNS_A, 120, more, 4);
        mdns_say(PEER, 5353);
        assert_int_equal(mdns.number, i);
        assert_true(mdns_hear(SECOND)); // from the beginning
    }
    assert_int_equal(mdns.conflict_count, 10);
    assert_string_equal(host(), "board-11");
    assert_true(mdns_find(0, "board-11.local", DNS_ANY, &r));
    assert_true(mdns_find(0, "board (11)._http._tcp.local", DNS_ANY, &r));
    mdns_pass(5 * SECOND);
    assert_int_equal(mdns.state, NIF_MDNS_RUNNING);
    assert_true(mdns_find(1, "board-11.local", DNS_A, &r));
    assert_int_equal(mdns.collisions, 0); // the count of 8.1 begins anew
}

// RFC 6762 8.1
static void any_record_says_that_a_name_is_taken(void **state)
{
    (void)state;
    mdns_begin(0x8400);
    mdns_record(1, "BOARD.local", 28, 120, "0123456789abcdef", 16);
    mdns_say(PEER, 5353);
    assert_int_equal(mdns.number, 2);
    // Good-byes, the same from a sister, and records of others do not.
    mdns_setup(state);
    mdns_begin(0x8400);
    mdns_record(1, "board.local", DNS_A, 0, more, 4);
    mdns_record(1, "board.local", DNS_A, 120, own, 4);
    mdns_record(1, "boarding.local", DNS_A, 120, more, 4);
    mdns_record(1, "board.local", DNS_NSEC, 120, more, 4);
    mdns_record_name(1, INSTANCE, DNS_SRV, 120, "board.local", srv_head);
    mdns_say(PEER, 5353);
    assert_int_equal(mdns.conflict_count, 0);
}

// RFC 6762 8.1
static void after_fifteen_conflicts_it_goes_slowly(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 15; i++) {
        static const uint8_t txt[] = { 1, 'x' };
        char name[40] = INSTANCE;

        if (mdns.number >= 2) {
            snprintf(name, sizeof(name), "board (%u)._http._tcp.local",
                mdns.number);
        }
        assert_true(mdns_hear(SECOND));
        mdns_begin(0x8400);
        mdns_record(1, name, DNS_TXT, 120, txt, 2);
        mdns_say(PEER, 5353);
    }
    assert_int_equal(mdns.conflict_count, 15);
    assert_false(mdns_hear(5 * SECOND - 10));
    assert_true(mdns_hear(SECOND));
}

// RFC 6762 9
static void a_name_that_was_ours_is_asked_for_first(void **state)
{
    struct nif__dns_record r;

    (void)state;
    mdns_begin(0x8400);
    mdns_record_name(1, INSTANCE, DNS_SRV, 120, "other.local", srv_head);
    mdns_say(PEER, 5353);
    assert_int_equal(mdns.state, NIF_MDNS_PROBING);
    assert_int_equal(mdns.number, 0);
    assert_true(mdns_hear(SECOND));
    assert_true(mdns_find(0, "board.local", DNS_ANY, &r));
    mdns_pass(5 * SECOND); // the other is gone
    assert_int_equal(mdns.state, NIF_MDNS_RUNNING);
    assert_string_equal(host(), "board");
}

// RFC 6762 8.2 8.2.1
static void of_two_who_ask_at_once_the_later_in_order_has_it(void **state)
{
    static const struct {
        const char *name;
        const uint8_t *data[2];
        uint16_t type[2];
        bool lost;
    } cases[] = {
        { "board.local", { less }, { DNS_A }, false },
        { "board.local", { more }, { DNS_A }, true },
        { "board.local", { own }, { DNS_A }, false },
        { "board.local", { own, own }, { DNS_A, 28 }, true }, // one more
        { "board.local", { own, less }, { 28, DNS_A }, false },
        { "board.local", { less }, { 28 }, true }, // a later type
        { "board.local", { own, more }, { 99, DNS_A }, true },
        { "other.local", { more }, { DNS_A }, false },
        { INSTANCE, { more }, { DNS_TXT }, true },
        { INSTANCE, { zeros }, { DNS_TXT }, true }, // as ours, and more
        { INSTANCE, { less }, { DNS_SRV }, true },  // no TXT: a later type
        { INSTANCE, { more }, { DNS_A }, false },   // an earlier one
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        mdns_setup(state);
        assert_true(mdns_hear(SECOND));
        mdns_begin(0);
        mdns_question(cases[i].name, DNS_ANY, DNS_IN);
        for (unsigned k = 0; k < 2 && cases[i].type[k] != 0; k++) {
            mdns_record(2, cases[i].name, cases[i].type[k], 120,
                cases[i].data[k], 4);
        }
        mdns_say(PEER, 5353);
        if (mdns_hear(SECOND - 1000) == cases[i].lost) {
            fail_msg("case %zu", i);
        }
        assert_int_equal(mdns.number, 0); // the same name, a second later
        assert_int_equal(mdns.state, NIF_MDNS_PROBING);
    }
}

static void two_services_of_one_name_are_compared_record_by_record(void **state)
{
    static const struct {
        const char *target;
        uint8_t port;
        bool lost;
    } cases[] = {
        { "board.local", 80, false }, // we are the same
        { "board.local", 81, true }, { "board.local", 79, false },
        { "boarf.local", 80, true }, { "boarc.local", 80, false },
        { "aoardx.local", 80, true }, // a longer label
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint8_t head[6] = { 0, 0, 0, 0, 0, cases[i].port };

        mdns_setup(state);
        assert_true(mdns_hear(SECOND));
        mdns_begin(0);
        mdns_question(INSTANCE, DNS_ANY, DNS_IN);
        mdns_record_name(2, INSTANCE, DNS_SRV, 120, cases[i].target, head);
        mdns_record(2, INSTANCE, DNS_TXT, 120, "", 1);
        mdns_say(PEER, 5353);
        if (mdns_hear(SECOND - 1000) == cases[i].lost) {
            fail_msg("case %zu", i);
        }
    }
}

static void another_address_is_announced_anew(void **state)
{
    struct nif__dns_record r;

    (void)state;
    fake.net.ip = nif_ip4(192, 0, 2, 77);
    assert_true(mdns_hear(SECOND));
    assert_int_equal(mdns.state, NIF_MDNS_PROBING);
    mdns_pass(5 * SECOND);
    assert_true(mdns_find(1, "board.local", DNS_A, &r));
    assert_int_equal(mdns_data(&r)[3], 77);
    fake.net.ip.family = NIF_IP_NONE;
    assert_false(mdns_hear(1000 * SECOND));
    assert_int_equal(mdns.state, NIF_MDNS_WAITING);
    fake.net.ip = nif_ip4(192, 0, 2, 1);
    assert_true(mdns_hear(SECOND));
}

static void long_names_give_way_to_the_number(void **state)
{
    static char name[NIF_MDNS_LABEL_MAX + 2];

    (void)state;
    memset(name, 'x', NIF_MDNS_LABEL_MAX);
    nif_mdns_stop(&mdns);
    mdns.cfg.host = name;
    assert_int_equal(nif_mdns_start(&mdns), 0);
    mdns.number = 12;
    assert_int_equal(strlen(host()), NIF_MDNS_LABEL_MAX);
    assert_string_equal(host() + NIF_MDNS_LABEL_MAX - 3, "-12");
    assert_true(mdns_hear(SECOND));
    assert_true(mdns_hear(SECOND));
}

static void what_cannot_be_is_refused(void **state)
{
    static const struct nif_mdns_service bad[] = {
        { .type = "_http" },
        { .type = "http._tcp" },
        { .type = "_http.tcp" },
        { .type = "_http._tcp.local" },
        { .type = "_http." },
        { .type = "_a._tcp", .name = "" },
        { .type = "_abcdefghijklmnopqrst._tcp" },
        { .type = "_a._tcp", .txt = own, .txt_len = 401 },
        { .type = NULL },
    };
    char name[NIF_MDNS_LABEL_MAX + 2];

    (void)state;
    nif_mdns_stop(&mdns);
    for (size_t i = 0; i < nif_countof(bad); i++) {
        mdns.cfg.services = &bad[i];
        assert_int_equal(nif_mdns_start(&mdns), NIF_EINVAL);
    }
    mdns.cfg.service_count = NIF_MDNS_SERVICES_MAX + 1;
    assert_int_equal(nif_mdns_start(&mdns), NIF_EINVAL);
    mdns.cfg.service_count = 0;
    mdns.cfg.host = "";
    assert_int_equal(nif_mdns_start(&mdns), NIF_EINVAL);
    mdns.cfg.host = "board.local";
    assert_int_equal(nif_mdns_start(&mdns), NIF_EINVAL);
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    mdns.cfg.host = name;
    assert_int_equal(nif_mdns_start(&mdns), NIF_EINVAL);
    mdns.cfg.host = "board";
    fake.bind_err = NIF_EADDRINUSE;
    assert_int_equal(nif_mdns_start(&mdns), NIF_EADDRINUSE);
    fake.bind_err = 0;
    fake.group_err = NIF_ENOTSUP;
    assert_int_equal(nif_mdns_start(&mdns), NIF_ENOTSUP);
    assert_int_equal(mdns.state, NIF_MDNS_OFF);
    fake.group_err = 0;
    assert_int_equal(nif_mdns_start(&mdns), 0); // a host without services
    mdns_pass(5 * SECOND);
    assert_int_equal(mdns_count(1), 1);
}

static void a_busy_stack_delays_and_loses_nothing(void **state)
{
    (void)state;
    fake.busy = true;
    assert_false(mdns_hear(SECOND));
    fake.busy = false;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(mdns_hear(260000));
        assert_int_equal(nif_get_be16(fake.sent + 2), 0);
    }
    fake.busy = true;
    assert_false(mdns_hear(SECOND / 2));
    fake.busy = false;
    assert_true(mdns_hear(20000));
    assert_int_equal(nif_get_be16(fake.sent + 2), 0x8400);
    assert_int_equal(mdns_count(1), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_asked_for_three_times),
        TEST(names_that_are_free_are_announced_twice),
        RUNNING(good_bye_is_said_at_the_end),
        TEST(a_name_that_is_taken_is_left_for_the_next),
        TEST(any_record_says_that_a_name_is_taken),
        TEST(after_fifteen_conflicts_it_goes_slowly),
        RUNNING(a_name_that_was_ours_is_asked_for_first),
        cmocka_unit_test(of_two_who_ask_at_once_the_later_in_order_has_it),
        cmocka_unit_test(
            two_services_of_one_name_are_compared_record_by_record),
        RUNNING(another_address_is_announced_anew),
        TEST(long_names_give_way_to_the_number),
        TEST(what_cannot_be_is_refused),
        TEST(a_busy_stack_delays_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
