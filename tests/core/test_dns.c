// SPDX-License-Identifier: MIT
//
// DNS lookups against a scripted server, honest and not.

#include "nif/dns.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVER0 0xC0000235u // 192.0.2.53
#define SERVER1 0xC0000236u

static struct pair p;
static struct nif_dns dns;
static struct nif_ip found;
static int result;
static uint8_t frame[NIF_ETH_FRAME_MAX];
static uint8_t query[512];
static size_t query_len;
static uint16_t port;
static uint32_t server;

static int setup(void **state)
{
    struct nif_net net;

    (void)state;
    pair_init_single(&p, 31);
    nif_stack_net(&p.stack[0].stack, &net);
    net.dns[0] = nif_ip4(192, 0, 2, 53);
    net.dns[1] = nif_ip4(192, 0, 2, 54);
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    for (unsigned i = 0; i < 2; i++) {
        pair_inject(&p, frame, pair_arp(&p, frame, 1, SERVER0 + i, PAIR_IP0));
    }
    pair_clear(&p);
    nif_dns_init(&dns, &p.stack[0].stack, 4711);
    return 0;
}

static bool step(struct pair *pair)
{
    uint64_t again_us = NIF_NEVER;

    result = nif_dns_poll(&dns, &found, &again_us);
    pair->also_us = again_us;
    return p.dev[1].queued > 0 || result != NIF_EAGAIN;
}

// Waits for a question. False if the lookup ended.
static bool hear(void)
{
    size_t len;

    pair_run(&p, p.now_us + 20000000, step);
    len = pair_take(&p, frame);
    if (len == 0) {
        return false;
    }
    assert_int_equal(nif_get_be16(frame + 36), 53);
    port = nif_get_be16(frame + 34);
    server = nif_get_be32(frame + 30);
    query_len = nif_get_be16(frame + 38) - 8u;
    memcpy(query, frame + 42, query_len);
    return true;
}

static void ask(const char *host)
{
    assert_int_equal(nif_dns_start(&dns, host), 0);
    assert_true(hear());
}

static void say_from(uint32_t ip, uint16_t from_port, const uint8_t *msg,
    size_t len)
{
    uint64_t again_us = NIF_NEVER;
    size_t n = pair_udp(&p, frame, from_port, port, msg, len);

    nif_put_be32(frame + 26, ip);
    pair_resum(frame);
    pair_inject(&p, frame, n);
    result = nif_dns_poll(&dns, &found, &again_us);
}

// An answer being written: head and question from the query.
static uint8_t msg[600];
static size_t msg_len;

static void begin(uint16_t flags, uint16_t answers)
{
    memcpy(msg, query, query_len);
    nif_put_be16(msg + 2, flags);
    nif_put_be16(msg + 6, answers);
    msg_len = query_len;
}

static void add(const void *bytes, size_t len)
{
    memcpy(msg + msg_len, bytes, len);
    msg_len += len;
}

static void add_record(const void *name, size_t name_len, uint16_t type,
    const void *data, uint16_t len)
{
    uint8_t head[10] = { 0, 0, 0, 1, 0, 0, 0, 60, 0, 0 };

    nif_put_be16(head, type);
    nif_put_be16(head + 8, len);
    add(name, name_len);
    add(head, sizeof(head));
    add(data, len);
}

static void say(void)
{
    say_from(server, 53, msg, msg_len);
}

static const uint8_t to_question[2] = { 0xC0, 12 };
static const uint8_t address[4] = { 198, 51, 100, 7 };

static void a_name_is_asked_for_and_answered(void **state)
{
    static const uint8_t question[] = { 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3,
        'n', 'e', 't', 0, 0, 1, 0, 1 };

    (void)state;
    ask("example.net");
    assert_int_equal(server, SERVER0);
    assert_int_equal(nif_get_be16(query + 2), 0x0100);
    assert_int_equal(nif_get_be16(query + 4), 1);
    assert_int_equal(query_len, 12 + sizeof(question));
    assert_memory_equal(query + 12, question, sizeof(question));
    begin(0x8180, 1);
    add_record(to_question, 2, 1, address, 4);
    say();
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
}

static void servers_are_asked_in_turn_with_new_ids_and_ports(void **state)
{
    uint16_t ids[6];
    uint16_t ports[6];

    (void)state;
    ask("example.net");
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(server, i & 1 ? SERVER1 : SERVER0);
        ids[i] = nif_get_be16(query);
        ports[i] = port;
        assert_int_equal(hear(), i < 5);
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
    ask("example.net");
    assert_int_equal(server, SERVER1);
    assert_true(hear());
    assert_int_equal(server, SERVER1);
}

static void aliases_are_followed_whatever_their_order(void **state)
{
    static const uint8_t alias[] = { 3, 'w', 'w', 'w', 0xC0, 12 };

    (void)state;
    for (int backwards = 0; backwards < 2; backwards++) {
        uint8_t to_alias[2] = { 0xC0, 0 };

        ask("example.net");
        begin(0x8180, 2);
        if (backwards) {
            add_record(alias, sizeof(alias), 1, address, 4);
            add_record(to_question, 2, 5, alias, sizeof(alias));
        } else {
            to_alias[1] = (uint8_t)(msg_len + 12);
            add_record(to_question, 2, 5, alias, sizeof(alias));
            add_record(to_alias, 2, 1, address, 4);
        }
        say();
        assert_int_equal(result, 0);
        assert_int_equal(nif_ip4_value(&found), 0xC6336407);
    }
}

static void an_alias_of_itself_does_not_loop(void **state)
{
    (void)state;
    ask("example.net");
    begin(0x8180, 1);
    add_record(to_question, 2, 5, to_question, 2);
    say();
    assert_int_equal(result, NIF_EAGAIN); // this server cannot tell
    assert_true(hear());
    assert_int_equal(server, SERVER1);
}

static void what_the_server_does_not_know_is_not_found(void **state)
{
    (void)state;
    ask("example.net");
    begin(0x8183, 0);
    say();
    assert_int_equal(result, NIF_ENOTFOUND);
    ask("example.net");
    begin(0x8180, 0);
    say();
    assert_int_equal(result, NIF_ENOTFOUND);
    ask("example.net");
    begin(0x8180, 1); // an IPv6 address is no IPv4 address
    add_record(to_question, 2, 28, "0123456789abcdef", 16);
    say();
    assert_int_equal(result, NIF_ENOTFOUND);
}

static void a_server_in_trouble_sends_us_to_the_next(void **state)
{
    (void)state;
    ask("example.net");
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(server, i & 1 ? SERVER1 : SERVER0);
        begin(i & 1 ? 0x8185 : 0x8182, 0);
        if (i == 5) {
            begin(0x8380, 0); // cut off before the answer
        }
        say();
        if (i < 5) {
            assert_int_equal(result, NIF_EAGAIN);
            assert_true(hear());
        }
    }
    assert_int_equal(result, NIF_EPROTO);
}

static void answers_to_other_questions_are_not_believed(void **state)
{
    (void)state;
    ask("example.net");
    begin(0x8180, 1);
    add_record(to_question, 2, 1, address, 4);
    msg[1] ^= 1; // id
    say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[1] ^= 1;
    say_from(server + 9, 53, msg, msg_len); // another host
    assert_int_equal(result, NIF_EAGAIN);
    say_from(server, 54, msg, msg_len); // another port
    assert_int_equal(result, NIF_EAGAIN);
    msg[2] = 0x01; // a question
    say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[2] = 0x81;
    msg[5] = 2; // two questions
    say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[5] = 1;
    msg[26] = 28; // another type
    say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[26] = 1;
    msg[28] = 3; // another class
    say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[28] = 1;
    msg[13] = 'x'; // another name
    say();
    assert_int_equal(result, NIF_EAGAIN);
    msg[13] = 'E'; // the same in capitals
    say();
    assert_int_equal(result, 0);
}

static void records_about_other_names_are_not_believed(void **state)
{
    static const uint8_t other[] = { 4, 'e', 'v', 'i', 'l', 0 };

    (void)state;
    ask("example.net");
    begin(0x8180, 2);
    add_record(other, sizeof(other), 1, "\6\6\6\6", 4);
    add_record(to_question, 2, 1, address, 4);
    say();
    assert_int_equal(result, 0);
    assert_int_equal(nif_ip4_value(&found), 0xC6336407);
}

struct malformed {
    const char *what;
    uint8_t bytes[24];
    size_t len;
    uint16_t answers;
};

// RFC 9267 sections 2 to 6. What lies behind the question (at 12, 17 bytes).
static const struct malformed malformed[] = {
    { "a pointer to itself",
        { 0xC0, 29, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 1, 1, 1 }, 16, 1 },
    { "a pointer forwards",
        { 0xC0, 40, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 1, 1, 1 }, 16, 1 },
    { "a pointer beyond the end", { 0xFF, 0xFF, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4 },
        12, 1 },
    { "a pointer into the head",
        { 0xC0, 2, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 1, 1, 1 }, 16, 1 },
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

static void malformed_answers_are_refused(void **state)
{
    for (size_t i = 0; i < nif_countof(malformed); i++) {
        setup(state);
        ask("example.net");
        begin(0x8180, malformed[i].answers);
        add(malformed[i].bytes, malformed[i].len);
        say();
        if (result == 0 || result == NIF_ENOTFOUND) {
            fail_msg("believed: %s", malformed[i].what);
        }
        assert_true(hear()); // the next server is asked
        assert_int_equal(server, SERVER1);
    }
}

static void an_address_of_the_wrong_length_is_none(void **state)
{
    (void)state;
    ask("example.net");
    begin(0x8180, 0xFFFF); // and more records than there are
    add_record(to_question, 2, 1, "\1\2\3", 3);
    add_record(to_question, 2, 1, "\1\2\3\4\5", 5);
    say();
    assert_int_equal(result, NIF_ENOTFOUND);
}

static void answers_cut_anywhere_and_noise_are_harmless(void **state)
{
    for (size_t cut = 0; cut < 45; cut++) {
        setup(state);
        ask("example.net");
        begin(0x8180, 1);
        add_record(to_question, 2, 1, address, 4);
        assert_int_equal(msg_len, 45);
        msg_len = cut;
        say();
        assert_int_not_equal(result, 0);
    }
    for (unsigned i = 0; i < 2000; i++) {
        setup(state);
        p.rng = i * 977 + 1;
        ask("example.net");
        begin(0x8180, 3);
        for (unsigned k = 0; k < 60; k++) {
            msg[msg_len++] =
                (uint8_t)(pair_roll(&p, 3) == 0 ? 0xC0 | pair_roll(&p, 3)
                                                : pair_roll(&p, 64));
        }
        say();
        nif_dns_stop(&dns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_name_is_asked_for_and_answered, setup),
        cmocka_unit_test_setup(an_address_needs_no_server, setup),
        cmocka_unit_test_setup(what_is_no_name_is_refused, setup),
        cmocka_unit_test_setup(without_a_server_nothing_can_be_asked, setup),
        cmocka_unit_test_setup(servers_are_asked_in_turn_with_new_ids_and_ports,
            setup),
        cmocka_unit_test_setup(one_server_is_enough, setup),
        cmocka_unit_test_setup(aliases_are_followed_whatever_their_order,
            setup),
        cmocka_unit_test_setup(an_alias_of_itself_does_not_loop, setup),
        cmocka_unit_test_setup(what_the_server_does_not_know_is_not_found,
            setup),
        cmocka_unit_test_setup(a_server_in_trouble_sends_us_to_the_next, setup),
        cmocka_unit_test_setup(answers_to_other_questions_are_not_believed,
            setup),
        cmocka_unit_test_setup(records_about_other_names_are_not_believed,
            setup),
        cmocka_unit_test(malformed_answers_are_refused),
        cmocka_unit_test_setup(an_address_of_the_wrong_length_is_none, setup),
        cmocka_unit_test(answers_cut_anywhere_and_noise_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
