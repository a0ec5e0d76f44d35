// SPDX-License-Identifier: MIT
//
// DNS lookups with a cache, several at a time, and of neighbours.

#include "tests/core/dns_bench.h"

#define TEST(name) cmocka_unit_test_setup(name, dns_setup_cache)

// True if the answer is there without a question.
static bool known(const char *host)
{
    uint64_t again_us = NIF_NEVER;

    assert_int_equal(nif_dns_start(&dns, host), 0);
    result = nif_dns_poll(&dns, &found, &again_us);
    if (result == NIF_EAGAIN) {
        nif_dns_stop(&dns);
        pair_clear(&p);
    }
    return result != NIF_EAGAIN;
}

static void answer_with(uint32_t ip)
{
    uint8_t data[4];

    nif_put_be32(data, ip);
    dns_begin(0x8180, 1);
    dns_add_record(to_question, 2, 1, data, 4);
    dns_say();
    assert_int_equal(result, 0);
}

// RFC 1035 3.2.1 7.4
static void an_answer_is_remembered_as_long_as_it_lives(void **state)
{
    (void)state;
    dns_ask("Example.net");
    answer_with(0x01020304);
    assert_true(known("example.NET."));
    assert_int_equal(result, 0);
    assert_int_equal(nif_ip4_value(&found), 0x01020304);
    assert_int_equal(cache.hit_count, 1);
    assert_false(known("example.org"));
    p.now_us += 59 * SECOND;
    assert_true(known("example.net"));
    p.now_us += SECOND;
    assert_false(known("example.net"));
}

// RFC 2181 8 RFC 1035 3.2.1
static void what_may_not_be_kept_is_not(void **state)
{
    static const uint32_t none[] = { 0, 0x80000000, 0xFFFFFFFF };

    for (size_t i = 0; i < nif_countof(none); i++) {
        dns_setup_cache(state);
        ttl_s = none[i];
        dns_ask("example.net");
        answer_with(1);
        assert_false(known("example.net"));
    }
    dns_setup_cache(state);
    ttl_s = 0x7FFFFFFF; // a day at most
    dns_ask("example.net");
    answer_with(1);
    p.now_us += 86399 * SECOND;
    assert_true(known("example.net"));
    p.now_us += SECOND;
    assert_false(known("example.net"));
}

static void the_alias_that_ends_first_ends_the_answer(void **state)
{
    static const uint8_t alias[] = { 3, 'w', 'w', 'w', 0xC0, 12 };

    (void)state;
    dns_ask("example.net");
    dns_begin(0x8180, 2);
    ttl_s = 10;
    dns_add_record(to_question, 2, 5, alias, sizeof(alias));
    ttl_s = 60;
    dns_add_record(alias, sizeof(alias), 1, address, 4);
    dns_say();
    assert_int_equal(result, 0);
    p.now_us += 9 * SECOND;
    assert_true(known("example.net"));
    p.now_us += SECOND;
    assert_false(known("example.net"));
}

// An answer "no" with a SOA record that lives `ttl_s` and says `minimum`.
static void deny(uint16_t flags, uint32_t minimum)
{
    uint8_t soa[22] = { 0, 0 };

    nif_put_be32(soa + 18, minimum);
    dns_begin(flags, 0);
    nif_put_be16(msg + 8, 1);
    dns_add_record(to_question, 2, 6, soa, sizeof(soa));
    dns_say();
    assert_int_equal(result, NIF_ENOTFOUND);
}

// RFC 2308 3 5
static void absence_is_remembered_as_long_as_the_zone_says(void **state)
{
    static const struct {
        uint16_t flags;
        uint32_t ttl_s;
        uint32_t minimum;
        uint32_t kept_s;
    } cases[] = {
        { 0x8183, 30, 600, 30 },
        { 0x8183, 600, 30, 30 },
        { 0x8180, 40, 40, 40 }, // the name is there, the type is not
        { 0x8183, 100000, 100000, 3600 },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        dns_setup_cache(state);
        dns_ask("example.net");
        ttl_s = cases[i].ttl_s;
        deny(cases[i].flags, cases[i].minimum);
        p.now_us += (cases[i].kept_s - 1) * SECOND;
        assert_true(known("example.net"));
        assert_int_equal(result, NIF_ENOTFOUND);
        p.now_us += SECOND;
        assert_false(known("example.net"));
    }
}

// RFC 2308 5
static void absence_without_a_soa_record_is_not_remembered(void **state)
{
    static const uint8_t soa[22] = { [21] = 60 };

    for (unsigned i = 0; i < 3; i++) {
        dns_setup_cache(state);
        dns_ask("example.net");
        dns_begin(0x8183, i == 1);
        nif_put_be16(msg + 8, i == 2);
        if (i == 1) { // among the answers
            dns_add_record(to_question, 2, 6, soa, sizeof(soa));
        } else if (i == 2) { // too short
            dns_add_record(to_question, 2, 6, soa + 1, 21);
        }
        dns_say();
        assert_int_equal(result, NIF_ENOTFOUND);
        assert_false(known("example.net"));
    }
}

// RFC 2181 9
static void what_was_cut_is_used_and_not_kept(void **state)
{
    (void)state;
    dns_ask("example.net");
    dns_begin(0x8380, 1);
    dns_add_record(to_question, 2, 1, address, 4);
    dns_say();
    assert_int_equal(result, 0);
    assert_false(known("example.net"));
}

static void trouble_of_a_server_is_not_kept(void **state)
{
    (void)state;
    dns_ask("example.net");
    for (unsigned i = 0; i < 6; i++) {
        dns_begin(0x8182, 0);
        dns_say();
        assert_int_equal(result != NIF_EPROTO && dns_hear(), i < 5);
    }
    assert_int_equal(result, NIF_EPROTO);
    assert_false(known("example.net"));
}

static void the_entry_that_ends_first_makes_room(void **state)
{
    static const char *const hosts[] = { "a", "b", "c", "d" };
    static const uint32_t ttls[] = { 90, 10, 80, 70 };

    (void)state;
    for (size_t i = 0; i < nif_countof(hosts); i++) {
        dns_ask(hosts[i]);
        ttl_s = ttls[i];
        answer_with((uint32_t)i + 1);
    }
    assert_true(known("a"));
    assert_false(known("b"));
    assert_true(known("c"));
    assert_true(known("d"));
    assert_int_equal(nif_ip4_value(&found), 4);
    // What may not be kept takes no place.
    dns_ask("e");
    ttl_s = 0;
    answer_with(5);
    assert_true(known("a") && known("c") && known("d"));
    // A name that is known has its entry already.
    p.now_us += 75 * SECOND;
    dns_ask("d");
    ttl_s = 100;
    answer_with(9);
    assert_true(known("d"));
    assert_int_equal(nif_ip4_value(&found), 9);
    assert_true(known("a"));
}

static void all_addresses_are_told_as_far_as_there_is_room(void **state)
{
    (void)state;
    dns_ask("example.net");
    dns_begin(0x8180, 6);
    for (uint8_t i = 0; i < 6; i++) {
        const uint8_t data[4] = { 10, 0, 0, i };

        dns_add_record(to_question, 2, 1, data, 4);
    }
    dns_say();
    assert_int_equal(result, 0);
    memset(dns.ip, 0, sizeof(dns.ip));
    assert_true(known("example.net"));
    assert_int_equal(dns.ip_count, NIF_DNS_IPS);
    for (uint32_t i = 0; i < NIF_DNS_IPS; i++) {
        assert_int_equal(dns.ip[i], 0x0A000000 + i);
    }
}

static void several_lookups_run_side_by_side(void **state)
{
    static struct nif_dns other;
    uint64_t again_us = NIF_NEVER;
    uint8_t first[512];
    uint16_t first_port;

    (void)state;
    nif_dns_init(&other, &p.stack[0].stack, 4711); // the same seed
    nif_dns_share(&other, &cache);
    dns_ask("one.net");
    memcpy(first, query, sizeof(first));
    first_port = port;
    assert_int_equal(nif_dns_start(&other, "two.net"), 0);
    assert_true(dns_hear());
    assert_int_not_equal(port, first_port);
    assert_int_not_equal(nif_get_be16(query), nif_get_be16(first));
    // The second is answered first.
    dns_begin(0x8180, 1);
    dns_add_record(to_question, 2, 1, address, 4);
    dns_say();
    assert_int_equal(result, NIF_EAGAIN);
    assert_int_equal(nif_dns_poll(&other, &found, &again_us), 0);
    port = first_port;
    memcpy(query, first, sizeof(first));
    answer_with(7);
    assert_int_equal(nif_ip4_value(&found), 7);
}

static void a_cancelled_lookup_leaves_nothing_behind(void **state)
{
    uint64_t again_us = NIF_NEVER;

    (void)state;
    dns_ask("example.net");
    nif_dns_stop(&dns);
    assert_null(p.stack[0].conns);
    assert_int_equal(nif_dns_poll(&dns, &found, &again_us), NIF_EINVAL);
    nif_dns_stop(&dns);
}

// RFC 6762 3 5.1 6.7 11
static void names_in_local_are_asked_of_the_neighbours(void **state)
{
    (void)state;
    dns_ask("Printer.local");
    assert_int_equal(server, 0xE00000FB);
    assert_int_equal(to_port, 5353);
    assert_int_not_equal(port, 5353);
    assert_int_equal(nif_get_be16(query + 2), 0);
    dns_begin(0x8400, 1);
    dns_add_record(to_question, 2, 1, address, 4);
    dns_say_from(PAIR_IP1, 53, msg, msg_len); // no responder's port
    assert_int_equal(result, NIF_EAGAIN);
    dns_say_from(0x08080808, 5353, msg, msg_len); // from afar
    assert_int_equal(result, NIF_EAGAIN);
    dns_say_from(PAIR_IP1, 5353, msg, msg_len);
    assert_int_equal(result, 0);
    // Nobody has it.
    dns_ask("nobody.local.");
    for (unsigned i = 1; i < 6; i++) {
        assert_true(dns_hear());
        assert_int_equal(server, 0xE00000FB);
    }
    assert_false(dns_hear());
    assert_int_equal(result, NIF_ENOTFOUND);
    dns_ask("notlocal"); // and this one is for a server
    assert_int_equal(to_port, 53);
    dns_ask("local");
    assert_int_equal(to_port, 53);
    nif_dns_stop(&dns);
}

static void what_the_stack_would_not_take_is_sent_soon(void **state)
{
    uint64_t again_us = NIF_NEVER;

    (void)state;
    p.dev[0].refill = 0;
    p.dev[0].room = 0;
    assert_int_equal(nif_dns_start(&dns, "example.net"), 0);
    assert_int_equal(nif_dns_poll(&dns, &found, &again_us), NIF_EAGAIN);
    assert_in_range(again_us - p.now_us, 1, 10000);
    p.dev[0].refill = 1;
    assert_true(dns_hear());
    nif_dns_stop(&dns);
}

// Mutations of valid answers, at the very end of their memory.
static void no_mutation_of_an_answer_does_harm(void **state)
{
    static const uint8_t alias[] = { 3, 'w', 'w', 'w', 0xC0, 12 };
    static const uint8_t odd[] = { 0, 1, 5, 6, 12, 63, 64, 0xC0, 0xFF };
    const char *full = getenv("NIF_FULL");
    unsigned count = full != NULL && *full ? 500000 : 10000;

    for (unsigned n = 0; n < count; n++) {
        if (n % 100 == 0) {
            dns_setup_cache(state);
            p.rng = n + 1;
        }
        p.now_us += 90000 * SECOND; // nothing is known any more
        dns_ask("example.net");
        dns_begin(0x8180, 2);
        nif_put_be16(msg + 8, 1);
        dns_add_record(to_question, 2, 5, alias, sizeof(alias));
        dns_add_record(alias, sizeof(alias), 1, address, 4);
        dns_add_record(to_question, 2, 6, msg, 22);
        for (uint32_t i = pair_roll(&p, 4); i > 0; i--) {
            msg[6 + pair_roll(&p, (uint32_t)msg_len - 6)] =
                odd[pair_roll(&p, sizeof(odd))];
        }
        if (pair_roll(&p, 4) == 0) {
            msg_len = 12 + pair_roll(&p, (uint32_t)msg_len - 12);
        }
        dns_say();
        nif_dns_stop(&dns);
        pair_clear(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_remembered_as_long_as_it_lives),
        cmocka_unit_test(what_may_not_be_kept_is_not),
        TEST(the_alias_that_ends_first_ends_the_answer),
        cmocka_unit_test(absence_is_remembered_as_long_as_the_zone_says),
        cmocka_unit_test(absence_without_a_soa_record_is_not_remembered),
        TEST(what_was_cut_is_used_and_not_kept),
        TEST(trouble_of_a_server_is_not_kept),
        TEST(the_entry_that_ends_first_makes_room),
        TEST(all_addresses_are_told_as_far_as_there_is_room),
        TEST(several_lookups_run_side_by_side),
        TEST(a_cancelled_lookup_leaves_nothing_behind),
        TEST(names_in_local_are_asked_of_the_neighbours),
        TEST(what_the_stack_would_not_take_is_sent_soon),
        cmocka_unit_test(no_mutation_of_an_answer_does_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
