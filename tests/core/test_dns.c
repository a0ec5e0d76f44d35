// SPDX-License-Identifier: MIT
//
// DNS lookups against a scripted server, honest and not.

#include "tests/core/dns_bench.h"

// RFC 1035 4.1 7.1
static void a_name_is_asked_for_and_answered(void **state)
{
    static const uint8_t question[] = { 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3,
        'n', 'e', 't', 0, 0, 1, 0, 1 };

    (void)state;
    dns_ask("example.net");
    assert_int_equal(server, SERVER0);
    assert_int_equal(nif_get_be16(query + 2), 0x0100);
    assert_int_equal(nif_get_be16(query + 4), 1);
    assert_int_equal(query_len, 12 + sizeof(question));
    assert_memory_equal(query + 12, question, sizeof(question));
    dns_begin(0x8180, 1);
    dns_add_record(to_question, 2, 1, address, 4);
    dns_say();
    assert_int_equal(result, 0);
    assert_int_equal(nif_ip4_value(&found), 0xC6336407);
    // It is over.
    assert_int_equal(nif_dns_poll(&dns, &found, &(uint64_t){ 0 }), NIF_EINVAL);
    assert_null(p.stack[0].conns);
}

static void an_address_needs_no_server(void **state)
{
    (void)state;
    assert_int_equal(nif_dns_start(&dns, "10.1.2.3"), 0);
    assert_int_equal(nif_dns_poll(&dns, &found, &(uint64_t){ 0 }), 0);
    assert_int_equal(nif_ip4_value(&found), 0x0A010203);
    assert_int_equal(nif_dns_poll(&dns, &found, &(uint64_t){ 0 }), NIF_EINVAL);
}

// RFC 1035 2.3.4
static void what_is_no_name_is_refused(void **state)
{
    static const char *const bad[] = { "", ".", "a..b", ".a" };
    char label[66];
    char name[300];

    (void)state;
    for (size_t i = 0; i < nif_countof(bad); i++) {
        assert_int_equal(nif_dns_start(&dns, bad[i]), NIF_EINVAL);
    }
    assert_int_equal(nif_dns_start(&dns, "a."), 0);
    memset(label, 'x', 64);
    label[64] = '\0';
    assert_int_equal(nif_dns_start(&dns, label), NIF_EINVAL);
    label[63] = '\0';
    assert_int_equal(nif_dns_start(&dns, label), 0);
    memset(name, 'y', sizeof(name));
    for (size_t i = 3; i < sizeof(name); i += 4) {
        name[i] = '.';
    }
    name[254] = '\0';
    assert_int_equal(nif_dns_start(&dns, name), NIF_EINVAL);
    name[253] = '\0';
    assert_int_equal(nif_dns_start(&dns, name), 0);
    nif_dns_stop(&dns);
}

static void without_a_server_nothing_can_be_asked(void **state)
{
    const struct nif_net net = { .ip = nif_ip4(192, 0, 2, 1),
        .prefix_len = 24 };

    (void)state;
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    assert_int_equal(nif_dns_start(&dns, "example.net"), NIF_EADDR);
    assert_int_equal(nif_dns_poll(&dns, &found, &(uint64_t){ 0 }), NIF_EINVAL);
}

// NAME:WRECK CVE-2021-25677
// RFC 5452 4.5 9.2 10
static void servers_are_asked_in_turn_with_new_ids_and_ports(void **state)
{
    uint16_t ids[6];
    uint16_t ports[6];

    (void)state;
    dns_ask("example.net");
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(server, i & 1 ? SERVER1 : SERVER0);
        ids[i] = nif_get_be16(query);
        ports[i] = port;
        assert_int_equal(dns_hear(), i < 5);
    }
    assert_int_equal(result, NIF_ETIMEDOUT);
    assert_int_not_equal(ids[0], ids[1]);
    assert_int_not_equal(ids[1], ids[2]);
    assert_int_not_equal(ports[0], ports[1]);
    assert_int_not_equal(ports[1], ports[2]);
}

static void one_server_is_enough(void **state)
{
    struct nif_net net;

    (void)state;
    nif_stack_net(&p.stack[0].stack, &net);
    net.dns[0].family = NIF_IP_NONE;
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    pair_inject(&p, frame, pair_arp(&p, frame, 1, SERVER1, PAIR_IP0));
    pair_clear(&p);
    dns_ask("example.net");
    assert_int_equal(server, SERVER1);
    assert_true(dns_hear());
    assert_int_equal(server, SERVER1);
}

// RFC 1034 3.6.2 RFC 2181 10.1
static void aliases_are_followed_whatever_their_order(void **state)
{
    static const uint8_t alias[] = { 3, 'w', 'w', 'w', 0xC0, 12 };

    (void)state;
    for (int backwards = 0; backwards < 2; backwards++) {
        uint8_t to_alias[2] = { 0xC0, 0 };

        dns_ask("example.net");
        dns_begin(0x8180, 2);
        if (backwards) {
            dns_add_record(alias, sizeof(alias), 1, address, 4);
            dns_add_record(to_question, 2, 5, alias, sizeof(alias));
        } else {
            to_alias[1] = (uint8_t)(msg_len + 12);
            dns_add_record(to_question, 2, 5, alias, sizeof(alias));
            dns_add_record(to_alias, 2, 1, address, 4);
        }
        dns_say();
        assert_int_equal(result, 0);
        assert_int_equal(nif_ip4_value(&found), 0xC6336407);
    }
}

static void a_chain_of_aliases_has_eight_links_at_most(void **state)
{
    for (uint8_t links = 8; links <= 9; links++) {
        uint8_t name[] = { 1, 'a', 0xC0, 12 };

        dns_setup(state);
        dns_ask("example.net");
        dns_begin(0x8180, links + 1u);
        dns_add_record(to_question, 2, 5, name, sizeof(name));
        for (uint8_t i = 1; i < links; i++) {
            uint8_t next[] = { 1, (uint8_t)('a' + i), 0xC0, 12 };

            dns_add_record(name, sizeof(name), 5, next, sizeof(next));
            name[1] = next[1];
        }
        dns_add_record(name, sizeof(name), 1, address, 4);
        dns_say();
        assert_int_equal(result, links == 8 ? 0 : NIF_EAGAIN);
    }
}

// RFC 1034 5.2.2
static void an_alias_of_itself_does_not_loop(void **state)
{
    (void)state;
    dns_ask("example.net");
    dns_begin(0x8180, 1);
    dns_add_record(to_question, 2, 5, to_question, 2);
    dns_say();
    assert_int_equal(result, NIF_EAGAIN); // this server cannot tell
    assert_true(dns_hear());
    assert_int_equal(server, SERVER1);
}

// RFC 2308 2.1 2.2
static void what_the_server_does_not_know_is_not_found(void **state)
{
    (void)state;
    dns_ask("example.net");
    dns_begin(0x8183, 0);
    dns_say();
    assert_int_equal(result, NIF_ENOTFOUND);
    dns_ask("example.net");
    dns_begin(0x8180, 0);
    dns_say();
    assert_int_equal(result, NIF_ENOTFOUND);
    dns_ask("example.net");
    dns_begin(0x8180, 1); // an IPv6 address is no IPv4 address
    dns_add_record(to_question, 2, 28, "0123456789abcdef", 16);
    dns_say();
    assert_int_equal(result, NIF_ENOTFOUND);
}

// RFC 1035 4.1.1 7.2 RFC 2181 9
static void a_server_in_trouble_sends_us_to_the_next(void **state)
{
    (void)state;
    dns_ask("example.net");
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(server, i & 1 ? SERVER1 : SERVER0);
        dns_begin(i & 1 ? 0x8185 : 0x8182, 0);
        if (i == 5) {
            dns_begin(0x8380, 0); // cut off before the answer
        }
        dns_say();
        if (i < 5) {
            assert_int_equal(result, NIF_EAGAIN);
            assert_true(dns_hear());
        }
    }
    assert_int_equal(result, NIF_EPROTO);
}

// AMNESIA:33 CVE-2020-17439, 17470, INFRA:HALT CVE-2020-25926: unsolicited
// and guessed answers.
// RFC 5452 9.1 RFC 1035 7.3
static void answers_to_other_questions_are_not_believed(void **state)
{
    (void)state;
    dns_ask("example.net");
    dns_begin(0x8180, 1);
    dns_add_record(to_question, 2, 1, address, 4);
    msg[1] ^= 1; // id
    dns_say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[1] ^= 1;
    dns_say_from(server + 9, 53, msg, msg_len); // another host
    assert_int_equal(result, NIF_EAGAIN);
    dns_say_from(server, 54, msg, msg_len); // another port
    assert_int_equal(result, NIF_EAGAIN);
    msg[2] = 0x01; // a question
    dns_say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[2] = 0x81;
    msg[5] = 2; // two questions
    dns_say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[5] = 1;
    msg[26] = 28; // another type
    dns_say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[26] = 1;
    msg[28] = 3; // another class
    dns_say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[28] = 1;
    msg[13] = 'x'; // another name
    dns_say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[13] = 'E'; // the same in capitals
    dns_say();
    assert_int_equal(result, 0);
}

// RFC 5452 6
static void records_about_other_names_are_not_believed(void **state)
{
    static const uint8_t other[] = { 4, 'e', 'v', 'i', 'l', 0 };

    (void)state;
    dns_ask("example.net");
    dns_begin(0x8180, 2);
    dns_add_record(other, sizeof(other), 1, "\6\6\6\6", 4);
    dns_add_record(to_question, 2, 1, address, 4);
    dns_say();
    assert_int_equal(result, 0);
    assert_int_equal(nif_ip4_value(&found), 0xC6336407);
    // Nor those of another class.
    dns_ask("example.net");
    dns_begin(0x8180, 1);
    dns_add_record(to_question, 2, 1, address, 4);
    msg[query_len + 5] = 3;
    dns_say();
    assert_int_equal(result, NIF_ENOTFOUND);
}

struct malformed {
    const char *what;
    uint8_t bytes[24];
    size_t len;
    uint16_t answers;
};

// Ripple20 CVE-2020-11901, AMNESIA:33 CVE-2020-24334, 24338, 24339, 24340,
// Nut/Net CVE-2020-25107 to 25111, NAME:WRECK CVE-2016-20009, 2020-15795,
// 27009, 27736, 27737, INFRA:HALT 2020-25767.
// What lies behind the question (at 12, 17 bytes).
static const struct malformed malformed[] = {
    { "a pointer to itself",
        { 0xC0, 29, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 1, 1, 1 }, 16, 1 },
    { "a pointer forwards",
        { 0xC0, 40, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 1, 1, 1 }, 16, 1 },
    { "a pointer beyond the end", { 0xFF, 0xFF, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4 },
        12, 1 },
    { "a pointer into the head",
        { 0xC0, 4, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 1, 1, 1 }, 16, 1 },
    { "half a pointer", { 0xC0 }, 1, 1 },
    { "a label beyond the end", { 63, 'a', 'b' }, 3, 1 },
    { "a label of a reserved kind", { 0x80, 'a', 0 }, 3, 1 },
    { "no end of the name", { 3, 'a', 'b', 'c' }, 4, 1 },
    { "a record without its head", { 0xC0, 12, 0, 1, 0 }, 5, 1 },
    { "data beyond the end",
        { 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0xFF, 0xFF, 1, 1 }, 14, 1 },
    { "an alias beyond the end", { 0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 1, 9 },
        13, 1 },
};

// RFC 9267 2 3 4 5 6
static void malformed_answers_are_refused(void **state)
{
    for (size_t i = 0; i < nif_countof(malformed); i++) {
        dns_setup(state);
        dns_ask("example.net");
        dns_begin(0x8180, malformed[i].answers);
        dns_add(malformed[i].bytes, malformed[i].len);
        dns_say();
        if (result == 0 || result == NIF_ENOTFOUND) {
            fail_msg("believed: %s", malformed[i].what);
        }
        assert_true(dns_hear()); // the next server is asked
        assert_int_equal(server, SERVER1);
    }
}

// AMNESIA:33 CVE-2020-24335, 24336: more records than there are, RDLENGTH that
// is not the type's.
// RFC 9267 6
static void an_address_of_the_wrong_length_is_none(void **state)
{
    (void)state;
    dns_ask("example.net");
    dns_begin(0x8180, 2);
    dns_add_record(to_question, 2, 1, "\1\2\3", 3);
    dns_add_record(to_question, 2, 1, "\1\2\3\4\5", 5);
    dns_say();
    assert_int_equal(result, NIF_ENOTFOUND);
    dns_ask("example.net");
    dns_begin(0x8180, 0xFFFF); // more records than there are
    dns_add_record(to_question, 2, 1, address, 4);
    dns_say();
    assert_int_equal(result, NIF_EAGAIN);
    assert_true(dns_hear()); // the next server is asked
}

static void answers_cut_anywhere_and_noise_are_harmless(void **state)
{
    for (size_t cut = 0; cut < 45; cut++) {
        dns_setup(state);
        dns_ask("example.net");
        dns_begin(0x8180, 1);
        dns_add_record(to_question, 2, 1, address, 4);
        assert_int_equal(msg_len, 45);
        msg_len = cut;
        dns_say();
        assert_int_equal(result, NIF_EAGAIN);
    }
    for (unsigned i = 0; i < 2000; i++) {
        dns_setup(state);
        p.rng = i * 977 + 1;
        dns_ask("example.net");
        dns_begin(0x8180, 3);
        for (unsigned k = 0; k < 60; k++) {
            msg[msg_len++] =
                (uint8_t)(pair_roll(&p, 3) == 0 ? 0xC0 | pair_roll(&p, 3)
                                                : pair_roll(&p, 64));
        }
        dns_say();
        nif_dns_stop(&dns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_name_is_asked_for_and_answered, dns_setup),
        cmocka_unit_test_setup(an_address_needs_no_server, dns_setup),
        cmocka_unit_test_setup(what_is_no_name_is_refused, dns_setup),
        cmocka_unit_test_setup(without_a_server_nothing_can_be_asked,
            dns_setup),
        cmocka_unit_test_setup(servers_are_asked_in_turn_with_new_ids_and_ports,
            dns_setup),
        cmocka_unit_test_setup(one_server_is_enough, dns_setup),
        cmocka_unit_test_setup(aliases_are_followed_whatever_their_order,
            dns_setup),
        cmocka_unit_test(a_chain_of_aliases_has_eight_links_at_most),
        cmocka_unit_test_setup(an_alias_of_itself_does_not_loop, dns_setup),
        cmocka_unit_test_setup(what_the_server_does_not_know_is_not_found,
            dns_setup),
        cmocka_unit_test_setup(a_server_in_trouble_sends_us_to_the_next,
            dns_setup),
        cmocka_unit_test_setup(answers_to_other_questions_are_not_believed,
            dns_setup),
        cmocka_unit_test_setup(records_about_other_names_are_not_believed,
            dns_setup),
        cmocka_unit_test(malformed_answers_are_refused),
        cmocka_unit_test_setup(an_address_of_the_wrong_length_is_none,
            dns_setup),
        cmocka_unit_test(answers_cut_anywhere_and_noise_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
