// SPDX-License-Identifier: MIT
//
// The SNTP client against a scripted server.

#include "nif/sntp.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull
#define SERVER 0xC0000202u // 192.0.2.2
#define NTP    0xEC5B2A80u // seconds since 1900: 2025-08-28

#define TEST(name) cmocka_unit_test_setup(name, setup)

static struct pair p;
static struct nif_sntp sntp;
static uint8_t frame[NIF_ETH_FRAME_MAX];
static uint8_t question[48];
static uint16_t port;
static uint64_t again_us;

static int setup(void **state)
{
    (void)state;
    pair_init_single(&p, 41);
    pair_inject(&p, frame, pair_arp(&p, frame, 1, SERVER, PAIR_IP0));
    pair_clear(&p);
    nif_sntp_init(&sntp,
        &(struct nif_sntp_cfg){ .stack = &p.stack[0].stack,
            .seed = 12,
            .server = "192.0.2.2",
            .interval_s = 256 });
    assert_true(nif_sntp_poll(&sntp) == NIF_NEVER);
    nif_sntp_start(&sntp);
    return 0;
}

static bool step(struct pair *pair)
{
    again_us = nif_sntp_poll(&sntp);
    pair->also_us = again_us;
    return p.dev[1].queued > 0;
}

// Waits for a question. False if none comes in that time.
static bool hear(uint64_t limit_us)
{
    uint64_t until_us = p.now_us + limit_us;

    while (p.now_us < until_us) {
        pair_run(&p, until_us, step);
        if (pair_take(&p, frame) == 0) {
            return false;
        }
        if (nif_get_be16(frame + 12) != 0x0806) {
            break;
        }
        pair_arp(&p, frame, 2, nif_get_be32(frame + 38), PAIR_IP0);
        pair_inject(&p, frame, 60);
    }
    if (p.now_us >= until_us) {
        return false;
    }
    assert_int_equal(nif_get_be32(frame + 30), SERVER);
    assert_int_equal(nif_get_be16(frame + 36), 123);
    assert_int_equal(nif_get_be16(frame + 38), 8 + 48);
    port = nif_get_be16(frame + 34);
    memcpy(question, frame + 42, 48);
    return true;
}

// A good answer to the last question: `s` seconds and a half.
static void answer(uint8_t m[48], uint32_t s)
{
    memset(m, 0, 48);
    m[0] = 4 << 3 | 4;
    m[1] = 2;
    memcpy(m + 24, question + 40, 8);
    nif_put_be32(m + 32, s);
    nif_put_be32(m + 36, 0x80000000);
    memcpy(m + 40, m + 32, 8);
}

static void say_from(uint32_t ip, uint16_t from, const uint8_t *m, size_t len)
{
    size_t n = pair_udp(&p, frame, from, port, m, len);

    nif_put_be32(frame + 26, ip);
    pair_resum(frame);
    pair_inject(&p, frame, n);
    again_us = nif_sntp_poll(&sntp);
}

static void say(const uint8_t m[48])
{
    say_from(SERVER, 123, m, 48);
}

static uint64_t now(void)
{
    uint64_t us = 0;

    assert_int_equal(nif_sntp_now(&sntp, &us), 0);
    return us;
}

// RFC 4330 4 5
static void the_time_is_asked_for_and_told(void **state)
{
    static const uint8_t zero[39];
    uint64_t us;
    uint8_t m[48];

    (void)state;
    assert_int_equal(nif_sntp_now(&sntp, &us), NIF_EAGAIN);
    assert_true(hear(SECOND));
    assert_int_equal(question[0], 0x23);
    assert_memory_equal(question + 1, zero, 39);
    // The way there takes 30 ms, the way back 10, the server 100.
    p.now_us += 30000;
    answer(m, NTP);
    nif_put_be32(m + 44, 0x80000000 + 429496730); // 0.6 s
    p.now_us += 110000;
    say(m);
    assert_int_equal(sntp.good_count, 1);
    assert_int_equal(sntp.stratum, 2);
    // As if both ways took 20 ms.
    assert_in_range(now(), (NTP - 2208988800ull) * SECOND + 620000 - 50,
        (NTP - 2208988800ull) * SECOND + 620000 + 50);
    us = now();
    p.now_us += 5 * SECOND;
    assert_int_equal(now(), us + 5 * SECOND);
}

// RFC 4330 3
static void the_clock_goes_on_after_2036(void **state)
{
    static const struct {
        uint32_t ntp;
        uint64_t unix_s;
    } cases[] = {
        { 0xFFFFFFFF, 2085978495 },
        { 0, 2085978496 }, // 2036-02-07 06:28:16
        { 100, 2085978596 },
        { 0x7FFFFFFF, 4233462143 },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint8_t m[48];

        setup(state);
        assert_true(hear(SECOND));
        answer(m, cases[i].ntp);
        if (cases[i].ntp == 0) {
            m[43] = 1; // no time at all is no answer: one second later
            m[35] = 1;
        }
        say(m);
        assert_in_range(now(),
            (cases[i].unix_s + (cases[i].ntp == 0)) * SECOND + 499900,
            (cases[i].unix_s + (cases[i].ntp == 0)) * SECOND + 510000);
    }
}

// RFC 4330 5 RFC 5905 14
static void what_a_server_without_time_says_is_not_believed(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        { 0, 3 << 6 | 4 << 3 | 4 }, // its clock is not set
        { 1, 16 },                  // unsynchronized
        { 1, 255 }, { 5, 16 },      // 16 s from its source
        { 9, 16 }, { 4, 0x80 },
        { 40, 0 },    // sent before 2036's wrap, received after
        { 43, 0x7F }, // sent before it was received
        { 43, 0x90 }, // kept longer than it took
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint8_t m[48];

        setup(state);
        assert_true(hear(SECOND));
        answer(m, NTP);
        m[cases[i].at] = cases[i].value;
        say(m);
        assert_int_equal(sntp.good_count, 0);
        assert_int_equal(sntp.bad_count, 1);
        assert_int_equal(sntp.state, NIF_SNTP_WAITING);
    }
}

// RFC 4330 5
static void an_answer_without_a_time_is_none(void **state)
{
    uint8_t m[48];

    (void)state;
    assert_true(hear(SECOND));
    answer(m, 0);
    memset(m + 32, 0, 16);
    say(m);
    assert_int_equal(sntp.good_count, 0);
    assert_int_equal(sntp.bad_count, 1);
}

// RFC 4330 5 RFC 9109 3
static void answers_to_other_questions_are_not_believed(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        { 0, 4 << 3 | 3 }, // a question
        { 0, 4 << 3 | 5 }, // a broadcast
        { 0, 2 << 3 | 4 }, // another version
    };
    uint16_t first_port;
    uint8_t first[8];
    uint8_t m[48];

    (void)state;
    assert_true(hear(SECOND));
    for (size_t i = 0; i < nif_countof(cases); i++) {
        answer(m, NTP);
        m[cases[i].at] = cases[i].value;
        say(m);
    }
    for (size_t i = 24; i < 32; i++) { // each byte of what is repeated
        answer(m, NTP);
        m[i] ^= 1;
        say(m);
    }
    answer(m, NTP);
    say_from(SERVER + 1, 123, m, 48);
    say_from(SERVER, 124, m, 48);
    say_from(SERVER, 123, m, 47);
    assert_int_equal(sntp.good_count, 0);
    assert_int_equal(sntp.state, NIF_SNTP_ASKING);
    // The next question has another number, and comes from another port.
    first_port = port;
    memcpy(first, question + 40, 8);
    assert_true(hear(60 * SECOND));
    assert_memory_not_equal(first, question + 40, 8);
    assert_int_not_equal(port, first_port);
    say(m); // the answer to the first
    assert_int_equal(sntp.good_count, 0);
    answer(m, NTP);
    say(m);
    assert_int_equal(sntp.good_count, 1);
}

// RFC 4330 10
static void a_silent_server_is_asked_ever_less_often(void **state)
{
    static const uint64_t waits_s[] = { 16, 32, 64, 128, 256, 256 };
    uint64_t last_us;
    uint8_t m[48];

    (void)state;
    assert_true(hear(SECOND));
    for (size_t i = 0; i < nif_countof(waits_s); i++) {
        last_us = p.now_us;
        assert_true(hear(300 * SECOND));
        // Three seconds for the answer, and up to a sixteenth less.
        assert_in_range(p.now_us - last_us, waits_s[i] * SECOND * 15 / 16,
            (waits_s[i] + 4) * SECOND);
    }
    assert_int_equal(sntp.bad_count, 6);
    answer(m, NTP); // and from the beginning, when it has answered
    say(m);
    assert_true(hear(300 * SECOND));
    last_us = p.now_us;
    assert_true(hear(300 * SECOND));
    assert_in_range(p.now_us - last_us, 15 * SECOND, 20 * SECOND);
}

// RFC 4330 10
static void a_known_time_is_asked_about_at_its_interval(void **state)
{
    uint64_t last_us;
    uint8_t m[48];

    (void)state;
    assert_true(hear(SECOND));
    answer(m, NTP);
    say(m);
    last_us = p.now_us;
    assert_true(hear(300 * SECOND));
    assert_in_range(p.now_us - last_us, 240 * SECOND, 256 * SECOND);
    assert_int_equal(nif_sntp_now(&sntp, &last_us), 0); // known meanwhile
    // No less than 16 s, whatever is wished.
    nif_sntp_stop(&sntp);
    nif_sntp_init(&sntp,
        &(struct nif_sntp_cfg){ .stack = &p.stack[0].stack,
            .server = "192.0.2.2",
            .interval_s = 1 });
    nif_sntp_start(&sntp);
    assert_true(hear(SECOND));
    answer(m, NTP);
    say(m);
    assert_false(hear(14 * SECOND));
    assert_true(hear(3 * SECOND));
}

static void kiss(const char *code)
{
    uint8_t m[48];

    answer(m, 0);
    m[1] = 0;
    memcpy(m + 12, code, 4);
    say(m);
}

// RFC 4330 8 RFC 5905 7.4
static void a_server_that_denies_is_left_alone(void **state)
{
    static const char *const codes[] = { "DENY", "RSTR" };

    for (size_t i = 0; i < nif_countof(codes); i++) {
        uint8_t m[48];

        setup(state);
        assert_true(hear(SECOND));
        answer(m, NTP); // somebody else's kiss
        m[1] = 0;
        memcpy(m + 12, codes[i], 4);
        m[24] ^= 1;
        say(m);
        assert_int_equal(sntp.state, NIF_SNTP_ASKING);
        kiss(codes[i]);
        assert_int_equal(sntp.state, NIF_SNTP_DENIED);
        assert_true(again_us == NIF_NEVER);
        assert_false(hear(10000 * SECOND));
        nif_sntp_start(&sntp);
        assert_true(hear(SECOND));
    }
}

// RFC 4330 8 RFC 5905 7.4
static void a_server_that_has_too_much_to_do_is_asked_less(void **state)
{
    uint64_t last_us;
    uint8_t m[48];

    (void)state;
    assert_true(hear(SECOND));
    kiss("RATE");
    last_us = p.now_us;
    assert_true(hear(600 * SECOND));
    assert_in_range(p.now_us - last_us, 480 * SECOND, 512 * SECOND);
    kiss("RATE");
    last_us = p.now_us;
    assert_true(hear(1200 * SECOND));
    assert_in_range(p.now_us - last_us, 960 * SECOND, 1024 * SECOND);
    answer(m, NTP); // and that stays so
    say(m);
    last_us = p.now_us;
    assert_true(hear(1200 * SECOND));
    assert_in_range(p.now_us - last_us, 960 * SECOND, 1024 * SECOND);
    kiss("STEP"); // no more than a failure
    assert_int_equal(sntp.state, NIF_SNTP_WAITING);
}

// A resolver that a test steers.
static struct {
    struct nif_resolver resolver; // first
    int result;
    bool runs;
} oracle;

static int oracle_start(struct nif_resolver *r, const char *host,
    enum nif_ip_family family)
{
    (void)r;
    assert_string_equal(host, "time.example.net");
    assert_int_equal(family, NIF_IPV4);
    oracle.runs = true;
    return 0;
}

static int oracle_poll(struct nif_resolver *r, struct nif_ip *out,
    uint64_t *at_us)
{
    (void)r;
    *at_us = p.now_us + 1000;
    *out = nif_ip4(192, 0, 2, 2);
    oracle.runs = oracle.result == NIF_EAGAIN;
    return oracle.result;
}

static void oracle_stop(struct nif_resolver *r)
{
    (void)r;
    oracle.runs = false;
}

static const struct nif_resolver_ops oracle_ops = {
    .start = oracle_start,
    .poll = oracle_poll,
    .stop = oracle_stop,
};

static void a_server_by_name_is_looked_for_each_time(void **state)
{
    uint8_t m[48];

    (void)state;
    nif_sntp_stop(&sntp);
    sntp.cfg.server = "time.example.net";
    nif_sntp_start(&sntp);
    assert_false(hear(SECOND)); // nobody knows names
    assert_int_equal(sntp.bad_count, 1);
    oracle.resolver.ops = &oracle_ops;
    oracle.result = NIF_ENOTFOUND;
    sntp.cfg.resolver = &oracle.resolver;
    nif_sntp_start(&sntp);
    assert_false(hear(SECOND));
    assert_int_equal(sntp.bad_count, 2);
    oracle.result = NIF_EAGAIN;
    assert_false(hear(20 * SECOND));
    assert_int_equal(sntp.state, NIF_SNTP_LOOKING);
    oracle.result = 0;
    assert_true(hear(SECOND));
    assert_false(oracle.runs);
    answer(m, NTP);
    say(m);
    assert_int_equal(sntp.good_count, 1);
    oracle.result = NIF_EAGAIN;
    assert_false(hear(300 * SECOND));
    assert_true(oracle.runs);
    nif_sntp_stop(&sntp);
    assert_false(oracle.runs);
    assert_null(p.stack[0].conns);
}

static void what_the_stack_would_not_take_is_sent_soon(void **state)
{
    (void)state;
    p.dev[0].refill = 0;
    p.dev[0].room = 0;
    assert_false(hear(SECOND));
    assert_int_equal(sntp.state, NIF_SNTP_ASKING);
    assert_in_range(again_us - p.now_us, 0, 10000);
    p.dev[0].refill = 1;
    assert_true(hear(SECOND / 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_time_is_asked_for_and_told),
        cmocka_unit_test(the_clock_goes_on_after_2036),
        cmocka_unit_test(what_a_server_without_time_says_is_not_believed),
        TEST(an_answer_without_a_time_is_none),
        TEST(answers_to_other_questions_are_not_believed),
        TEST(a_silent_server_is_asked_ever_less_often),
        TEST(a_known_time_is_asked_about_at_its_interval),
        cmocka_unit_test(a_server_that_denies_is_left_alone),
        TEST(a_server_that_has_too_much_to_do_is_asked_less),
        TEST(a_server_by_name_is_looked_for_each_time),
        TEST(what_the_stack_would_not_take_is_sent_soon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
