// SPDX-License-Identifier: MIT
//
// The mDNS responder: what it answers, to whom, and when.

#include "tests/core/mdns_bench.h"

#define TEST(name) cmocka_unit_test_setup(name, mdns_setup_running)

#define INSTANCE "board._http._tcp.local"

static const uint8_t own[4] = { 192, 0, 2, 1 };
static const uint8_t other[4] = { 192, 0, 2, 9 };
static const uint8_t srv_head[6] = { 0, 0, 0, 0, 0, 80 };

static void ask(const char *name, uint16_t type, uint16_t cls)
{
    mdns_begin(0);
    mdns_question(name, type, cls);
    mdns_say(PEER, 5353);
}

// True if an answer went out in that time, to the group.
static bool answered(uint64_t limit_us)
{
    unsigned before = fake.sent_count;

    mdns_pass(limit_us);
    if (fake.sent_count != before) {
        assert_int_equal(fake.sent_count, before + 1);
        assert_int_equal(nif_ip4_value(&fake.sent_to.ip), GROUP);
        assert_int_equal(nif_get_be16(fake.sent + 2), 0x8400);
        assert_int_equal(mdns_count(0), 0);
    }
    return fake.sent_count != before;
}

// RFC 6762 6 10
static void the_address_is_told_at_once_to_all(void **state)
{
    struct nif__dns_record r;
    unsigned before = fake.sent_count;

    (void)state;
    ask("Board.LOCAL", DNS_A, DNS_IN);
    assert_int_equal(fake.sent_count, before + 1);
    assert_int_equal(nif_ip4_value(&fake.sent_to.ip), GROUP);
    assert_int_equal(nif_get_be16(fake.sent), 0); // no id
    assert_int_equal(mdns_count(0), 0);
    assert_int_equal(mdns_count(1), 1);
    assert_true(mdns_find(1, "board.local", DNS_A, &r));
    assert_int_equal(r.cls, FLUSH);
    assert_int_equal(r.ttl_s, 120);
    assert_memory_equal(mdns_data(&r), own, 4);
}

// RFC 6762 6 RFC 6763 4.1 12.1
static void who_looks_for_a_service_gets_all_about_it(void **state)
{
    struct nif__dns_record r;
    uint64_t asked_us = fake.now_us;

    (void)state;
    ask("_http._tcp.local", DNS_PTR, DNS_IN);
    assert_true(mdns_hear(SECOND));
    // Others may have an answer too.
    assert_in_range(fake.now_us - asked_us, 20000, 120001);
    assert_int_equal(mdns_count(1), 1);
    assert_true(mdns_find(1, "_http._tcp.local", DNS_PTR, &r));
    assert_int_equal(r.cls, DNS_IN);
    assert_true(mdns_find(3, INSTANCE, DNS_SRV, &r));
    assert_true(mdns_find(3, INSTANCE, DNS_TXT, &r));
    assert_true(mdns_find(3, "board.local", DNS_A, &r));
    // RFC 6762 18.14: each name once.
    assert_in_range(fake.sent_len, 100, 130);
}

// RFC 6762 6.1
static void what_we_do_not_have_is_said(void **state)
{
    static const uint8_t only_a[] = { 0, 1, 0x40 };
    struct nif__dns_record r;

    (void)state;
    ask("board.local", 28, DNS_IN);
    assert_true(mdns_find(1, "board.local", DNS_NSEC, &r));
    assert_int_equal(r.cls, FLUSH);
    assert_memory_equal(mdns_data(&r) + r.data_len - 3, only_a, 3);
}

// RFC 6762 6 RFC 6763 9
static void every_record_can_be_asked_for(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        uint16_t cls;
        unsigned answers;
    } cases[] = {
        { "board.local", DNS_ANY, DNS_IN, 1 },
        { "board.local", DNS_A, 255, 1 },
        { "board.local", DNS_A, 3, 0 },
        { INSTANCE, DNS_SRV, DNS_IN, 1 },
        { INSTANCE, DNS_TXT, DNS_IN, 1 },
        { INSTANCE, DNS_ANY, DNS_IN, 2 },
        { INSTANCE, DNS_A, DNS_IN, 0 },
        { "_services._dns-sd._udp.local", DNS_PTR, DNS_IN, 1 },
        { "_http._tcp.local", DNS_ANY, DNS_IN, 1 },
        { "_http._tcp.local", DNS_SRV, DNS_IN, 0 },
        { "_http._tcp", DNS_PTR, DNS_IN, 0 },
        { "board.local.local", DNS_A, DNS_IN, 0 },
        { "local", DNS_ANY, DNS_IN, 0 },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        unsigned before;

        mdns_setup_running(state);
        before = fake.sent_count;
        ask(cases[i].name, cases[i].type, cases[i].cls);
        mdns_pass(SECOND);
        if (fake.sent_count - before != (cases[i].answers != 0) ||
            (cases[i].answers != 0 && mdns_count(1) != cases[i].answers)) {
            fail_msg("case %zu", i);
        }
    }
}

// RFC 6762 7.1
static void what_the_asker_knows_is_left_out(void **state)
{
    static const struct {
        const char *target;
        uint32_t ttl_s;
        bool answered;
    } cases[] = {
        { INSTANCE, 4500, false },
        { INSTANCE, 2250, false },
        { INSTANCE, 2249, true }, // it will soon have forgotten
        { "other._http._tcp.local", 4500, true },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        mdns_setup_running(state);
        mdns_begin(0);
        mdns_question("_http._tcp.local", DNS_PTR, DNS_IN);
        mdns_record_name(1, "_http._tcp.local", DNS_PTR, cases[i].ttl_s,
            cases[i].target, NULL);
        mdns_say(PEER, 5353);
        assert_int_equal(answered(SECOND), cases[i].answered);
    }
}

// RFC 6762 7.2
static void known_answers_may_come_in_several_messages(void **state)
{
    uint64_t asked_us;

    for (int more = 0; more < 2; more++) {
        mdns_setup_running(state);
        asked_us = fake.now_us;
        mdns_begin(0x0200);
        mdns_question("_http._tcp.local", DNS_PTR, DNS_IN);
        mdns_say(PEER, 5353);
        assert_false(answered(390000));
        if (more) {
            mdns_begin(0);
            mdns_record_name(1, "_http._tcp.local", DNS_PTR, 4500, INSTANCE,
                NULL);
            mdns_say(PEER, 5353);
            assert_false(answered(SECOND));
        } else {
            assert_true(mdns_hear(SECOND));
            assert_in_range(fake.now_us - asked_us, 400000, 500001);
        }
    }
}

// RFC 6762 7.4
static void what_another_says_need_not_be_said(void **state)
{
    (void)state;
    ask("_http._tcp.local", DNS_PTR, DNS_IN);
    mdns_begin(0x8400);
    mdns_record_name(1, "_http._tcp.local", DNS_PTR, 4500, INSTANCE, NULL);
    mdns_say(PEER, 5353);
    assert_false(answered(SECOND));
    // What is another's of the same kind is no answer, and no conflict.
    ask("_http._tcp.local", DNS_PTR, DNS_IN);
    mdns_begin(0x8400);
    mdns_record_name(1, "_http._tcp.local", DNS_PTR, 4500,
        "other._http._tcp.local", NULL);
    mdns_say(PEER, 5353);
    assert_true(answered(SECOND));
    assert_int_equal(mdns.conflict_count, 0);
}

// RFC 6762 6
static void no_record_is_sent_twice_in_a_second(void **state)
{
    uint64_t last_us = fake.now_us;
    unsigned before;

    (void)state;
    ask("board.local", DNS_A, DNS_IN);
    before = fake.sent_count;
    for (unsigned i = 0; i < 5; i++) {
        fake.now_us += 100000;
        ask("board.local", DNS_A, DNS_IN);
    }
    assert_int_equal(fake.sent_count, before);
    fake.now_us += 1000;
    ask(INSTANCE, DNS_TXT, DNS_IN); // another is
    assert_int_equal(fake.sent_count, before + 1);
    assert_true(mdns_hear(2 * SECOND)); // and later the first, once
    assert_in_range(fake.now_us - last_us, SECOND, 2 * SECOND);
    assert_int_equal(mdns_count(1), 1);
    assert_false(mdns_hear(10 * SECOND));
}

// RFC 6762 8.1 6
static void who_wants_our_name_is_told_at_once(void **state)
{
    unsigned before;

    (void)state;
    ask("board.local", DNS_A, DNS_IN);
    before = fake.sent_count;
    for (unsigned i = 0; i < 2; i++) {
        fake.now_us += i == 0 ? 249000 : 2000; // 250 ms after the last time
        mdns_begin(0);
        mdns_question("board.local", DNS_ANY, DNS_IN);
        mdns_record(2, "board.local", DNS_A, 120, other, 4);
        mdns_say(PEER, 5353);
        assert_int_equal(fake.sent_count, before + i);
    }
    assert_int_equal(mdns.state, NIF_MDNS_RUNNING);
    assert_int_equal(mdns.conflict_count, 0);
}

// RFC 6762 5.4
static void who_wants_to_be_told_alone_is(void **state)
{
    struct nif__dns_record r;
    unsigned before = fake.sent_count;

    (void)state;
    ask("board.local", DNS_A, FLUSH);
    assert_int_equal(fake.sent_count, before + 1);
    assert_int_equal(nif_ip4_value(&fake.sent_to.ip), PEER);
    assert_int_equal(fake.sent_to.port, 5353);
    assert_int_equal(nif_get_be32(fake.sent), 0x8400);
    assert_true(mdns_find(1, "board.local", DNS_A, &r));
    assert_int_equal(r.cls, FLUSH);
    assert_false(mdns_hear(2 * SECOND));
}

// RFC 6762 6.7
static void plain_clients_get_plain_answers(void **state)
{
    struct nif__dns_record r;
    uint8_t name[NIF_DNS_NAME_MAX];

    (void)state;
    mdns_begin(0x0100);
    mdns_question(INSTANCE, DNS_SRV, DNS_IN);
    mdns_say(PEER, 40000);
    assert_int_equal(nif_ip4_value(&fake.sent_to.ip), PEER);
    assert_int_equal(fake.sent_to.port, 40000);
    assert_true(mdns_find(0, INSTANCE, DNS_SRV, &r));
    assert_true(mdns_find(1, INSTANCE, DNS_SRV, &r));
    assert_int_equal(r.cls, DNS_IN);
    assert_int_equal(r.ttl_s, 10);
    // Its target is not compressed (RFC 2782).
    assert_int_equal(r.data_len, 6 + nif__dns_encode(name, "board.local"));
    assert_memory_equal(mdns_data(&r), srv_head, 6);
    assert_true(mdns_find(3, "board.local", DNS_A, &r));
    assert_int_equal(r.cls, DNS_IN);
    assert_int_equal(r.ttl_s, 10);
}

static void the_id_of_a_plain_question_comes_back(void **state)
{
    static uint8_t bytes[] = { 0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5, 'b',
        'o', 'a', 'r', 'd', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0, 1 };

    (void)state;
    fake.inbox = bytes;
    fake.inbox_len = sizeof(bytes);
    fake.inbox_from =
        (struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, 2), .port = 1234 };
    (void)nif_mdns_poll(&mdns);
    assert_int_equal(nif_get_be16(fake.sent), 0xABCD);
    assert_int_equal(mdns_count(0), 1);
    assert_memory_equal(fake.sent + 12, bytes + 12, sizeof(bytes) - 12);
}

// RFC 6762 6.6
static void who_forgets_us_too_soon_is_reminded(void **state)
{
    struct nif__dns_record r;

    (void)state;
    mdns_begin(0x8400);
    mdns_record(1, "board.local", DNS_A, 0, own, 4);
    mdns_say(PEER, 5353);
    assert_true(mdns_find(1, "board.local", DNS_A, &r));
    assert_int_equal(r.ttl_s, 120);
    assert_int_equal(mdns.state, NIF_MDNS_RUNNING);
}

// RFC 6762 6 8.1 11 18.3 18.11
static void what_is_not_for_us_is_not_taken(void **state)
{
    static const struct {
        uint32_t ip;
        uint16_t port;
        uint16_t flags;
        bool taken;
    } cases[] = {
        { PEER, 5353, 0x8400, true },
        { PEER, 5354, 0x8400, false },       // no responder's port
        { OWN, 5353, 0x8400, false },        // ourselves
        { 0xC0000302, 5353, 0x8400, false }, // another link
        { PEER, 5353, 0x8401, false },       // an error
        { PEER, 5353, 0xA400, false },       // an update
    };
    unsigned before;

    for (size_t i = 0; i < nif_countof(cases); i++) {
        mdns_setup_running(state);
        mdns_begin(cases[i].flags);
        mdns_record(1, "board.local", DNS_A, 120, other, 4);
        mdns_say(cases[i].ip, cases[i].port);
        assert_int_equal(mdns.conflict_count, cases[i].taken);
    }
    mdns_setup_running(state);
    before = fake.sent_count;
    mdns_begin(0);
    mdns_question("board.local", DNS_A, DNS_IN);
    mdns_say(0xC0000302, 40000); // a question from another link
    assert_int_equal(fake.sent_count, before);
    fake.net.prefix_len = 0; // all are on ours, and nobody is a group
    mdns_say(0xC0000302, 40000);
    assert_int_equal(fake.sent_count, before + 1);
    mdns_say(GROUP, 40000);
    mdns_say(UINT32_MAX, 40000);
    assert_int_equal(fake.sent_count, before + 1);
    mdns_setup(state); // and while the name is not ours yet
    ask("board.local", DNS_A, FLUSH);
    assert_int_equal(fake.sent_count, 0);
}

// Many may come at once: what one turn leaves, the next takes, and nobody
// sleeps over it.
static void what_a_turn_leaves_is_taken_by_the_next(void **state)
{
    (void)state;
    fake.inbox_more = 10;
    ask("nobody.local", DNS_A, DNS_IN);
    for (unsigned turns = 0; fake.inbox != NULL; turns++) {
        assert_true(again_us <= fake.now_us && turns < 10);
        again_us = nif_mdns_poll(&mdns);
    }
    assert_true(again_us > fake.now_us);
}

// RFC 6763 9
static void a_type_of_several_services_is_told_once(void **state)
{
    static const struct nif_mdns_service services[] = {
        { .type = "_http._tcp", .port = 80 },
        { .type = "_ipp._tcp", .port = 631 },
        { .type = "_http._tcp", .name = "other", .port = 81 },
    };

    mdns_setup(state);
    mdns.cfg.services = services;
    mdns.cfg.service_count = nif_countof(services);
    mdns_pass(5 * SECOND);
    assert_int_equal(mdns.state, NIF_MDNS_RUNNING);
    ask("_services._dns-sd._udp.local", DNS_PTR, DNS_IN);
    assert_true(mdns_hear(SECOND));
    assert_int_equal(mdns_count(1), 2);
}

static void many_services_are_announced_in_several_messages(void **state)
{
    static const uint8_t txt[] = "\x63"
                                 "a=23456789012345678901234567890123456789"
                                 "012345678901234567890123456789"
                                 "012345678901234567890123456789";
    static struct nif_mdns_service services[NIF_MDNS_SERVICES_MAX];
    static const char *const types[] = { "_a._tcp", "_b._tcp", "_c._tcp",
        "_d._tcp", "_e._udp", "_f._udp", "_g._udp" };
    struct nif__dns_record r;
    unsigned answers = 0;
    unsigned messages = 0;

    mdns_setup(state);
    nif_mdns_stop(&mdns);
    for (size_t i = 0; i < nif_countof(types); i++) {
        services[i] = (struct nif_mdns_service){ types[i], "A long name", 1,
            txt, sizeof(txt) - 1 };
    }
    mdns.cfg.services = services;
    mdns.cfg.service_count = NIF_MDNS_SERVICES_MAX;
    assert_int_equal(nif_mdns_start(&mdns), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(mdns_hear(SECOND));
        assert_int_equal(mdns_count(0), 8);
    }
    while (answers < 29 && mdns_hear(SECOND / 2)) {
        assert_false(mdns_find(3, "nobody.local", DNS_A, &r)); // all is whole
        answers += mdns_count(1);
        messages++;
        fake.now_us++;
    }
    assert_int_equal(answers, 29);
    assert_in_range(messages, 2, 5);
}

// RFC 9267, FNET CVE-2020-17467 to 17469, 24383: names without an end, counts
// that lie. Mutations of what neighbours say; the responder must go on.
static void no_mutation_does_harm(void **state)
{
    static const uint8_t valid[] = { 0, 0, 0, 0, 0, 2, 0, 1, 0, 1, 0, 0, 5, 'b',
        'o', 'a', 'r', 'd', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 255, 0, 1, 5, '_',
        'h', 't', 't', 'p', 4, '_', 't', 'c', 'p', 0xC0, 18, 0, 12, 0x80, 1,
        0xC0, 29, 0, 12, 0, 1, 0, 0, 17, 0x94, 0, 8, 5, 'b', 'o', 'a', 'r', 'd',
        0xC0, 29, 0xC0, 58, 0, 33, 0, 1, 0, 0, 0, 120, 0, 8, 0, 0, 0, 0, 0, 80,
        0xC0, 12 };
    static const uint8_t odd[] = { 0, 1, 5, 12, 16, 33, 63, 64, 0xC0, 0xFF };
    const char *full = getenv("NIF_FULL");
    unsigned count = full != NULL && *full ? 1000000 : 30000;
    uint64_t rng = 88172645463325252u;

    for (unsigned n = 0; n < count; n++) {
        uint8_t *p = malloc(sizeof(valid));
        size_t len = sizeof(valid);

        assert_non_null(p);
        memcpy(p, valid, len);
        for (unsigned i = 0; i < n % 4; i++) {
            rng ^= rng << 13;
            rng ^= rng >> 7;
            rng ^= rng << 17;
            p[2 + rng % (len - 2)] = odd[(rng >> 32) % sizeof(odd)];
        }
        p[2] |= (uint8_t)(n & 4 ? 0x84 : 0);
        len = n % 8 == 7 ? (rng >> 40) % len : len;
        fake.inbox = p;
        fake.inbox_len = len;
        fake.inbox_from = (struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, 2),
            .port = n & 1 ? 5353 : 9999 };
        (void)nif_mdns_poll(&mdns);
        free(p);
        fake.now_us += 100000;
        if (n % 1000 == 0) {
            mdns_setup_running(state);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_address_is_told_at_once_to_all),
        TEST(who_looks_for_a_service_gets_all_about_it),
        TEST(what_we_do_not_have_is_said),
        cmocka_unit_test(every_record_can_be_asked_for),
        cmocka_unit_test(what_the_asker_knows_is_left_out),
        cmocka_unit_test(known_answers_may_come_in_several_messages),
        TEST(what_another_says_need_not_be_said),
        TEST(no_record_is_sent_twice_in_a_second),
        TEST(who_wants_our_name_is_told_at_once),
        TEST(who_wants_to_be_told_alone_is),
        TEST(plain_clients_get_plain_answers),
        TEST(the_id_of_a_plain_question_comes_back),
        TEST(who_forgets_us_too_soon_is_reminded),
        cmocka_unit_test(what_is_not_for_us_is_not_taken),
        TEST(what_a_turn_leaves_is_taken_by_the_next),
        cmocka_unit_test(a_type_of_several_services_is_told_once),
        cmocka_unit_test(many_services_are_announced_in_several_messages),
        TEST(no_mutation_does_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
