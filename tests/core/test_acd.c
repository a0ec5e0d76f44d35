// SPDX-License-Identifier: MIT
//
// Address conflict detection and link-local addresses.

#include "tests/core/pair.h"

#include "nif/linklocal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull

static struct pair p;
static struct nif_acd acd;
static struct nif_linklocal ll;
static uint8_t in[NIF_ETH_FRAME_MAX];
static uint8_t out[NIF_ETH_FRAME_MAX];

static const struct nif_ip candidate = { NIF_IPV4, { 192, 0, 2, 50 }, 0 };

#define CANDIDATE 0xC0000232u

static struct nif_stack *stack(void)
{
    return &p.stack[0].stack;
}

static int setup(void **state)
{
    const struct nif_net none = { .prefix_len = 0 };

    (void)state;
    pair_init_single(&p, 21);
    assert_int_equal(nif_stack_set_net(stack(), &none), 0);
    nif_acd_init(&acd, &(struct nif_acd_cfg){ .tcpip = &p.stack[0] });
    nif_linklocal_init(&ll,
        &(struct nif_linklocal_cfg){ .stack = stack(), .acd = &acd });
    return 0;
}

// The next ARP frame, and when it was sent, within `us`; else 0.
static uint64_t next_arp(uint64_t us)
{
    uint64_t until = p.now_us + us;

    while (p.now_us < until) {
        pair_pass(&p, 1000);
        if (pair_take(&p, out) != 0) {
            assert_int_equal(nif_get_be16(out + 12), 0x0806);
            return p.now_us;
        }
    }
    return 0;
}

static uint32_t spa(void)
{
    return nif_get_be32(out + 28);
}

static uint32_t tpa(void)
{
    return nif_get_be32(out + 38);
}

static void somebody_says(uint16_t oper, uint32_t from, uint32_t to)
{
    pair_inject(&p, in, pair_arp(&p, in, oper, from, to));
}

static void take_it(void)
{
    const struct nif_net net = { .ip = candidate, .prefix_len = 24 };

    assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
    pair_pass(&p, 8 * SECOND);
    assert_int_equal(acd.state, NIF_ACD_FREE);
    assert_int_equal(nif_stack_set_net(stack(), &net), 0);
    assert_int_equal(nif_acd_defend(&acd), 0);
    pair_pass(&p, 5 * SECOND);
    pair_clear(&p);
}

// RFC 5227 2.1.1
static void an_address_is_free_after_three_questions_and_silence(void **state)
{
    uint64_t begun = p.now_us;
    uint64_t last = begun;

    (void)state;
    assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t at = next_arp(3 * SECOND);

        assert_true(at != 0);
        assert_int_equal(out[0], 0xFF);
        assert_int_equal(nif_get_be16(out + 20), 1);
        assert_int_equal(spa(), 0); // spoils nobody's memory
        assert_int_equal(tpa(), CANDIDATE);
        assert_in_range(at - last, i == 0 ? 0 : SECOND,
            i == 0 ? 1100000 : 2100000);
        last = at;
        assert_int_equal(acd.state, NIF_ACD_PROBING);
    }
    pair_run(&p, last + 2 * SECOND - 10000, NULL);
    assert_int_equal(acd.state, NIF_ACD_PROBING);
    pair_run(&p, last + 2 * SECOND + 10000, NULL);
    assert_int_equal(acd.state, NIF_ACD_FREE);
    assert_int_equal(p.dev[1].queued, 0);
}

// RFC 5227 2.1.1
static void whoever_has_or_wants_the_address_is_a_conflict(void **state)
{
    static const struct {
        uint16_t oper;
        uint32_t spa;
        uint32_t tpa;
        bool conflict;
    } cases[] = {
        { 2, CANDIDATE, 0, true },
        { 1, CANDIDATE, PAIR_IP0, true },
        { 1, 0, CANDIDATE, true }, // a rival
        { 2, 0, CANDIDATE, false },
        { 1, 0, PAIR_IP1, false },
        { 2, PAIR_IP1, CANDIDATE, false },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        setup(state);
        assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
        pair_pass(&p, SECOND);
        somebody_says(cases[i].oper, cases[i].spa, cases[i].tpa);
        assert_int_equal(acd.state == NIF_ACD_CONFLICT, cases[i].conflict);
        assert_int_equal(acd.conflict_count, cases[i].conflict);
    }
}

// RFC 5227 2.1.1
static void what_a_switch_gives_back_to_us_is_no_conflict(void **state)
{
    (void)state;
    assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
    pair_pass(&p, SECOND);
    pair_arp(&p, in, 1, 0, CANDIDATE);
    memcpy(in + 6, p.dev[0].hwaddr.byte, 6);
    memcpy(in + 22, p.dev[0].hwaddr.byte, 6);
    pair_inject(&p, in, 60);
    assert_int_equal(acd.state, NIF_ACD_PROBING);
}

// RFC 5227 2.1.1
static void after_ten_conflicts_a_minute_passes_between_two_tries(void **state)
{
    uint64_t begun = 0;

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
        begun = next_arp(2 * SECOND);
        assert_true(begun != 0);
        somebody_says(2, CANDIDATE, 0);
        assert_int_equal(acd.state, NIF_ACD_CONFLICT);
    }
    assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
    assert_in_range(next_arp(70 * SECOND) - begun, 60 * SECOND - 2000,
        60 * SECOND + 2000);
}

// RFC 5227 2.4
static void an_address_in_use_is_defended_once_in_ten_seconds(void **state)
{
    (void)state;
    take_it();
    somebody_says(1, CANDIDATE, PAIR_IP1);
    assert_true(next_arp(SECOND) != 0);
    assert_int_equal(out[0], 0xFF);
    assert_int_equal(spa(), CANDIDATE);
    assert_int_equal(tpa(), CANDIDATE);
    assert_int_equal(acd.state, NIF_ACD_DEFENDING);
    p.now_us += 10 * SECOND;
    somebody_says(2, CANDIDATE, CANDIDATE);
    assert_true(next_arp(SECOND) != 0);
    p.now_us += 8 * SECOND;
    somebody_says(2, CANDIDATE, CANDIDATE);
    assert_int_equal(acd.state, NIF_ACD_CONFLICT);
    somebody_says(2, CANDIDATE, CANDIDATE); // that is settled
    assert_int_equal(acd.conflict_count, 3);
    assert_int_equal(next_arp(SECOND), 0);
    assert_int_equal(p.stack[0].stats.arp_conflict, 4);
    // A new claim may be defended anew.
    take_it();
    somebody_says(2, CANDIDATE, CANDIDATE);
    assert_int_equal(acd.state, NIF_ACD_DEFENDING);
}

static void several_watch_one_stack_and_end_in_any_order(void **state)
{
    static struct nif_acd more[3];

    for (unsigned first = 0; first < 3; first++) {
        setup(state);
        for (uint8_t i = 0; i < 3; i++) {
            const struct nif_ip ip = nif_ip4(192, 0, 2, (uint8_t)(60 + i));

            nif_acd_init(&more[i],
                &(struct nif_acd_cfg){ .tcpip = &p.stack[0] });
            assert_int_equal(nif_acd_probe(&more[i], &ip), 0);
            assert_int_equal(nif_acd_probe(&more[i], &ip), 0);
        }
        nif_acd_stop(&more[first]);
        somebody_says(2, 0xC000023C + (first + 1) % 3, 0);
        assert_int_equal(more[first].state, NIF_ACD_OFF);
        assert_int_equal(more[(first + 1) % 3].state, NIF_ACD_CONFLICT);
        assert_int_equal(more[(first + 2) % 3].state, NIF_ACD_PROBING);
        pair_pass(&p, 8 * SECOND);
        assert_int_equal(more[(first + 2) % 3].state, NIF_ACD_FREE);
        nif_acd_stop(&more[(first + 1) % 3]);
        nif_acd_stop(&more[(first + 2) % 3]);
        assert_null(p.stack[0].acds);
    }
}

// RFC 5227 2.1.1: so that not all ask at once after a power cut.
static void the_first_question_waits_by_lot_up_to_a_second(void **state)
{
    uint64_t least = SECOND;
    uint64_t most = 0;

    for (unsigned i = 0; i < 30; i++) {
        uint64_t begun;

        setup(state);
        p.now_us += i * 7777777ull; // nobody polled meanwhile
        begun = p.now_us;
        assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
        begun = next_arp(2 * SECOND) - begun;
        least = begun < least ? begun : least;
        most = begun > most ? begun : most;
    }
    assert_in_range(least, 1, 200000);
    assert_in_range(most, 800000, 1100000);
}

// RFC 5227 2.4
static void the_policy_says_what_to_do_about_others(void **state)
{
    (void)state;
    acd.cfg.policy = NIF_ACD_GIVE_UP;
    take_it();
    somebody_says(2, CANDIDATE, CANDIDATE);
    assert_int_equal(acd.state, NIF_ACD_CONFLICT);
    assert_int_equal(next_arp(SECOND), 0);
    setup(state);
    acd.cfg.policy = NIF_ACD_NEVER;
    take_it();
    for (unsigned i = 0; i < 100; i++) {
        somebody_says(2, CANDIDATE, CANDIDATE);
    }
    assert_int_equal(p.dev[1].queued, 1);
    assert_int_equal(acd.state, NIF_ACD_DEFENDING);
}

// RFC 5227 2.1
static void a_cable_that_comes_back_asks_for_a_new_probe(void **state)
{
    unsigned probes = 0;

    (void)state;
    take_it();
    p.dev[0].link = false;
    pair_pass(&p, SECOND);
    p.dev[0].link = true;
    while (next_arp(3 * SECOND) != 0) {
        probes += spa() == 0 && tpa() == CANDIDATE;
    }
    assert_int_equal(probes, 3);
    assert_int_equal(acd.state, NIF_ACD_DEFENDING);
    somebody_says(2, CANDIDATE, CANDIDATE);
    somebody_says(2, CANDIDATE, CANDIDATE);
    assert_int_equal(acd.state, NIF_ACD_CONFLICT);
}

static void without_a_cable_nothing_is_free(void **state)
{
    (void)state;
    p.dev[0].link = false;
    pair_pass(&p, SECOND);
    assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
    pair_pass(&p, 20 * SECOND);
    assert_int_equal(acd.state, NIF_ACD_PROBING);
    p.dev[0].link = true;
    pair_pass(&p, 8 * SECOND);
    assert_int_equal(acd.state, NIF_ACD_FREE);
}

static void wrong_calls_are_refused_and_a_watch_can_end(void **state)
{
    static const struct nif_ip bad[] = {
        { NIF_IP_NONE, { 0 }, 0 },
        { NIF_IPV4, { 224, 0, 0, 1 }, 0 },
        { NIF_IPV6, { 1 }, 0 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(bad); i++) {
        assert_int_equal(nif_acd_probe(&acd, &bad[i]), NIF_EINVAL);
    }
    assert_int_equal(nif_acd_defend(&acd), NIF_EINVAL);
    nif_acd_stop(&acd); // was not on
    assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
    assert_int_equal(nif_acd_probe(&acd, &candidate), 0);
    nif_acd_stop(&acd);
    assert_null(p.stack[0].acds);
    assert_int_equal(next_arp(10 * SECOND), 0);
    assert_int_equal(acd.state, NIF_ACD_OFF);
}

// ------------------------------------------------------------ link-local

static bool poll_ll(struct pair *pair)
{
    pair->also_us = nif_linklocal_poll(&ll);
    return false;
}

static void pass_ll(uint64_t us)
{
    pair_run(&p, p.now_us + us, poll_ll);
}

static uint32_t own(void)
{
    return p.stack[0].ip;
}

// RFC 3927 2.1 2.2 2.4
static void a_board_gives_itself_an_address_of_the_range(void **state)
{
    struct nif_net net;

    (void)state;
    nif_linklocal_start(&ll);
    pass_ll(8 * SECOND);
    assert_int_equal(ll.state, NIF_LINKLOCAL_BOUND);
    assert_in_range(own(), 0xA9FE0100, 0xA9FEFEFF);
    nif_stack_net(stack(), &net);
    assert_int_equal(net.prefix_len, 16);
    assert_true(nif_ip_equal(&net.ip, &ll.ip));
    nif_linklocal_stop(&ll);
    assert_int_equal(own(), 0);
    assert_int_equal(acd.state, NIF_ACD_OFF);
}

// RFC 3927 2.1
static void the_same_board_gets_the_same_address_another_does_not(void **state)
{
    struct nif_ip first;

    nif_linklocal_start(&ll);
    first = ll.ip;
    setup(state);
    nif_linklocal_start(&ll);
    assert_true(nif_ip_equal(&first, &ll.ip));
    setup(state);
    for (size_t i = 0; i < 6; i++) {
        setup(state);
        p.stack[0].own.byte[i] ^= 0x10;
        nif_linklocal_start(&ll);
        assert_false(nif_ip_equal(&first, &ll.ip));
    }
}

// RFC 3927 2.1
static void every_candidate_is_in_the_range(void **state)
{
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;

    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t ip;

        nif_linklocal_init(&ll,
            &(struct nif_linklocal_cfg){ .stack = stack(), .acd = &acd });
        nif_put_be32(p.stack[0].own.byte + 2, i * 7919);
        nif_linklocal_start(&ll);
        ip = nif_ip4_value(&ll.ip);
        assert_in_range(ip, 0xA9FE0100, 0xA9FEFEFF);
        least = ip < least ? ip : least;
        most = ip > most ? ip : most;
    }
    assert_true(least < 0xA9FE0110 && most > 0xA9FEFEF0); // all of it
}

// RFC 3927 2.2.1 2.5
static void whoever_meets_his_address_takes_another(void **state)
{
    uint32_t first;

    (void)state;
    nif_linklocal_start(&ll);
    pass_ll(SECOND);
    first = nif_ip4_value(&ll.ip);
    somebody_says(2, first, 0);
    pass_ll(8 * SECOND);
    assert_int_equal(ll.state, NIF_LINKLOCAL_BOUND);
    assert_int_not_equal(own(), first);
    first = own();
    somebody_says(2, first, first); // defended ...
    assert_int_equal(own(), first);
    somebody_says(2, first, first); // ... not for ever
    pass_ll(100);
    assert_int_equal(own(), 0);
    pass_ll(8 * SECOND);
    assert_int_equal(ll.state, NIF_LINKLOCAL_BOUND);
    assert_int_not_equal(own(), first);
}

// RFC 3927 1.9
static void another_address_goes_before_the_link_local_one(void **state)
{
    const struct nif_net net = { .ip = candidate, .prefix_len = 24 };
    const struct nif_net none = { .prefix_len = 0 };

    (void)state;
    ll.cfg.wait_s = 10;
    nif_linklocal_start(&ll);
    pass_ll(9 * SECOND);
    assert_int_equal(ll.state, NIF_LINKLOCAL_WAITING);
    pass_ll(9 * SECOND);
    assert_int_equal(ll.state, NIF_LINKLOCAL_BOUND);
    assert_int_equal(nif_stack_set_net(stack(), &net), 0);
    pass_ll(100);
    assert_int_equal(ll.state, NIF_LINKLOCAL_YIELDED);
    assert_int_equal(acd.state, NIF_ACD_OFF);
    assert_int_equal(own(), CANDIDATE);
    pass_ll(100 * SECOND);
    assert_int_equal(own(), CANDIDATE);
    assert_int_equal(nif_stack_set_net(stack(), &none), 0);
    pass_ll(9 * SECOND);
    assert_int_equal(ll.state, NIF_LINKLOCAL_WAITING);
    pass_ll(2 * SECOND);
    assert_int_equal(ll.state, NIF_LINKLOCAL_PROBING);
    pass_ll(8 * SECOND);
    assert_int_equal(ll.state, NIF_LINKLOCAL_BOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            an_address_is_free_after_three_questions_and_silence, setup),
        cmocka_unit_test_setup(whoever_has_or_wants_the_address_is_a_conflict,
            setup),
        cmocka_unit_test_setup(what_a_switch_gives_back_to_us_is_no_conflict,
            setup),
        cmocka_unit_test_setup(
            after_ten_conflicts_a_minute_passes_between_two_tries, setup),
        cmocka_unit_test_setup(
            an_address_in_use_is_defended_once_in_ten_seconds, setup),
        cmocka_unit_test(several_watch_one_stack_and_end_in_any_order),
        cmocka_unit_test(the_first_question_waits_by_lot_up_to_a_second),
        cmocka_unit_test_setup(the_policy_says_what_to_do_about_others, setup),
        cmocka_unit_test_setup(a_cable_that_comes_back_asks_for_a_new_probe,
            setup),
        cmocka_unit_test_setup(without_a_cable_nothing_is_free, setup),
        cmocka_unit_test_setup(wrong_calls_are_refused_and_a_watch_can_end,
            setup),
        cmocka_unit_test_setup(a_board_gives_itself_an_address_of_the_range,
            setup),
        cmocka_unit_test_setup(
            the_same_board_gets_the_same_address_another_does_not, setup),
        cmocka_unit_test_setup(every_candidate_is_in_the_range, setup),
        cmocka_unit_test_setup(whoever_meets_his_address_takes_another, setup),
        cmocka_unit_test_setup(another_address_goes_before_the_link_local_one,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
