// SPDX-License-Identifier: MIT
//
// The DHCP client against a scripted server: its states.

#include "tests/core/dhcp_bench.h"

// RFC 2131 3.1 4.3.1 4.4.1
static void an_address_is_asked_for_offered_chosen_and_set(void **state)
{
    struct dhcp_answer a;
    struct nif_net net;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    assert_int_equal(frame[0] & frame[5], 0xFF);
    assert_int_equal(nif_get_be32(frame + 26), 0);
    assert_int_equal(nif_get_be32(frame + 30), 0xFFFFFFFF);
    assert_int_equal(nif_get_be16(msg + 10), 0x8000); // answer to all
    assert_non_null(dhcp_option(61));
    assert_non_null(dhcp_option(55));
    a = dhcp_answer(OFFER);
    dhcp_say(&a);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    assert_int_equal(nif_get_be32(dhcp_option(50) + 1), a.ip);
    assert_int_equal(nif_get_be32(dhcp_option(54) + 1), a.server);
    assert_int_equal(dhcp_address(), 0);
    a.type = ACK;
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    nif_stack_net(&p.stack[0].stack, &net);
    assert_int_equal(nif_ip4_value(&net.ip), a.ip);
    assert_int_equal(net.prefix_len, 24);
    assert_int_equal(nif_ip4_value(&net.gateway), a.router);
    assert_int_equal(nif_ip4_value(&net.dns[0]), a.dns);
    assert_int_equal(net.dns[1].family, NIF_IP_NONE);
    assert_in_range(again_us - p.now_us, 1685 * SECOND, 1801 * SECOND);
}

// RFC 2131 4.1
static void without_an_answer_it_asks_again_ever_later(void **state)
{
    static const uint64_t waits_s[] = { 4, 8, 16, 32, 64, 64 };
    uint64_t last_us;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    last_us = p.now_us;
    for (size_t i = 0; i < nif_countof(waits_s); i++) {
        assert_int_equal(dhcp_hear(70 * SECOND), DISCOVER);
        assert_in_range(p.now_us - last_us, (waits_s[i] - 1) * SECOND,
            (waits_s[i] + 1) * SECOND + 1000);
        last_us = p.now_us;
    }
}

// RFC 2131 3.1
static void an_offer_that_is_not_kept_leads_to_a_new_search(void **state)
{
    struct dhcp_answer a;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    dhcp_say(&a);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(dhcp_hear(70 * SECOND), REQUEST);
    }
    assert_int_equal(dhcp_hear(100 * SECOND), DISCOVER);
    assert_int_not_equal(nif_get_be32(msg + 4), a.xid);
}

// RFC 2131 3.1 4.3.2
static void a_refusal_leads_to_a_new_search(void **state)
{
    struct dhcp_answer a;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    dhcp_say(&a);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    a.type = NAK;
    a.server++;
    dhcp_say(&a); // of a server that was not asked
    assert_int_equal(dhcp.nak_count, 0);
    a.server--;
    dhcp_say(&a);
    assert_int_equal(dhcp.nak_count, 1);
    assert_int_equal(dhcp_hear(2 * SECOND), DISCOVER);
}

// RFC 2131 4.3.6 4.4.5
static void a_lease_is_renewed_at_half_time_from_its_server(void **state)
{
    struct dhcp_answer a;
    uint64_t begun_us;

    (void)state;
    dhcp_get_a_lease();
    begun_us = p.now_us;
    assert_int_equal(dhcp_hear(2000 * SECOND), REQUEST);
    assert_in_range(p.now_us - begun_us, 1685 * SECOND, 1802 * SECOND);
    assert_int_equal(nif_get_be32(msg + 12), 0xC0000232);
    assert_int_equal(nif_get_be32(frame + 30), PAIR_IP1); // to him alone
    assert_null(dhcp_option(50));
    assert_null(dhcp_option(54));
    a = dhcp_answer(ACK);
    a.ip++;
    dhcp_say(&a); // another address than ours: not believed
    assert_int_equal(dhcp.lease_count, 1);
    a.ip--;
    dhcp_say(&a);
    assert_int_equal(dhcp.lease_count, 2);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
}

// RFC 2131 4.4.5
static void
a_silent_server_is_asked_more_often_then_any_then_it_ends(void **state)
{
    uint64_t begun_us;
    unsigned renewals = 0;
    unsigned rebinds = 0;

    (void)state;
    dhcp_get_a_lease();
    begun_us = p.now_us;
    while (dhcp_address() != 0 && p.now_us < begun_us + 4000 * SECOND) {
        if (dhcp_hear(100 * SECOND) != 0) {
            renewals += dhcp.state == NIF_DHCP_RENEWING;
            rebinds += dhcp.state == NIF_DHCP_REBINDING;
        }
    }
    assert_in_range(p.now_us - begun_us, 3590 * SECOND, 3710 * SECOND);
    assert_in_range(renewals, 3, 20);
    assert_in_range(rebinds, 2, 20);
    assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
}

// RFC 2131 4.4.5 RFC 2132 9.11 9.12
static void the_servers_times_are_taken_if_they_make_sense(void **state)
{
    static const struct {
        uint32_t lease_s;
        uint32_t t1_s;
        uint32_t t2_s;
        uint64_t expected_s; // of the first renewal; 0: never
    } cases[] = {
        { 1000, 0, 0, 500 },
        { 1000, 300, 800, 300 },
        { 1000, 900, 800, 500 },  // T1 behind T2
        { 1000, 300, 2000, 300 }, // T2 behind the end
        { 10, 0, 0, 5 },          // the shortest taken
        { UINT32_MAX, 0, 0, 0 },  // for ever
        { UINT32_MAX, 5, 7, 0 },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct dhcp_answer a = dhcp_answer(OFFER);

        dhcp_setup(state);
        a.lease_s = cases[i].lease_s;
        a.t1_s = cases[i].t1_s;
        a.t2_s = cases[i].t2_s;
        dhcp_get_a_lease_of(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
        if (cases[i].expected_s == 0) {
            assert_true(again_us == NIF_NEVER);
        } else {
            // Up to a sixteenth earlier.
            assert_in_range(again_us - p.now_us,
                cases[i].expected_s * SECOND * 15 / 16 - 1000,
                cases[i].expected_s * SECOND + 1000);
        }
    }
}

// RFC 2131 3.2 3.7 4.4.2
static void after_the_cable_was_out_the_lease_is_asked_about(void **state)
{
    struct dhcp_answer a;

    (void)state;
    dhcp_get_a_lease();
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    assert_int_equal(dhcp_address(), 0xC0000232); // kept meanwhile
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    assert_int_equal(nif_get_be32(dhcp_option(50) + 1), 0xC0000232);
    assert_null(dhcp_option(54));
    a = dhcp_answer(ACK);
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    // Nobody answers: it holds.
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(dhcp_hear(70 * SECOND), REQUEST);
    }
    assert_int_equal(dhcp_hear(100 * SECOND), 0);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    // Another network: a server says no.
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    a = dhcp_answer(NAK);
    a.server = 0xC0000203;
    dhcp_say(&a);
    assert_int_equal(dhcp_address(), 0);
    assert_int_equal(dhcp_hear(SECOND), 0); // but not at once
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
}

// RFC 2131 4.4.5
static void a_lease_that_ends_while_it_is_asked_about_is_over(void **state)
{
    struct dhcp_answer a = dhcp_answer(OFFER);
    uint64_t end_us;

    (void)state;
    a.lease_s = 20;
    dhcp_get_a_lease_of(&a);
    end_us = dhcp.end_us;
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    for (unsigned i = 0; i < 3; i++) { // at once, after 4 and 12 seconds
        assert_int_equal(dhcp_hear(10 * SECOND), REQUEST);
        assert_int_equal(dhcp_address(), 0xC0000232);
    }
    assert_int_equal(dhcp_hear(10 * SECOND), DISCOVER);
    assert_int_equal(dhcp_address(), 0);
    assert_in_range(p.now_us, end_us, end_us + SECOND / 2);
}

static int refuse(struct nif_stack *stack, const struct nif_net *net)
{
    (void)stack;
    (void)net;
    return NIF_EINVAL;
}

static const struct nif_stack_ops *ops;

static int recv_if_open(struct nif_stack *stack, struct nif_conn *conn,
    void *buf, size_t cap, struct nif_endpoint *from)
{
    assert_int_not_equal(conn->state, NIF_CONN_CLOSED);
    return ops->recv(stack, conn, buf, cap, from);
}

static void a_stack_that_takes_no_address_is_left_alone(void **state)
{
    struct nif_stack_ops stubborn;
    struct dhcp_answer a;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    dhcp_say(&a);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    ops = p.stack[0].stack.ops;
    stubborn = *ops;
    stubborn.set_net = refuse;
    stubborn.recv = recv_if_open;
    p.stack[0].stack.ops = &stubborn;
    a.type = ACK;
    dhcp_say(&a);
    p.stack[0].stack.ops = ops;
    assert_int_equal(dhcp.state, NIF_DHCP_OFF);
    assert_true(again_us == NIF_NEVER);
}

static void what_the_device_had_no_room_for_is_sent_soon(void **state)
{
    (void)state;
    p.dev[0].refill = 0;
    p.dev[0].room = 0;
    assert_int_equal(dhcp_hear(SECOND), 0);
    assert_true(again_us <= p.now_us + SECOND / 100);
    p.dev[0].refill = 10;
    assert_int_equal(dhcp_hear(SECOND / 10), DISCOVER);
}

static void only_one_client_has_port_68(void **state)
{
    static struct nif_dhcp other;

    (void)state;
    nif_dhcp_init(&other,
        &(struct nif_dhcp_cfg){ .stack = &p.stack[0].stack, .seed = 1 });
    assert_int_equal(nif_dhcp_start(&other), NIF_EADDRINUSE);
    assert_int_equal(other.state, NIF_DHCP_OFF);
    nif_dhcp_stop(&dhcp);
    assert_int_equal(nif_dhcp_start(&other), 0);
}

// RFC 2131 4.4.5
static void the_times_of_two_boards_drift_apart(void **state)
{
    uint64_t t1_us;

    (void)state;
    dhcp_get_a_lease();
    t1_us = dhcp.t1_us - p.now_us;
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    dhcp_say(&(struct dhcp_answer){ .type = ACK,
        .xid = nif_get_be32(msg + 4),
        .ip = 0xC0000232,
        .server = PAIR_IP1,
        .lease_s = 3600 });
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    assert_true(dhcp.t1_us - p.now_us > t1_us + SECOND ||
        dhcp.t1_us - p.now_us + SECOND < t1_us);
}

// RFC 2131 4.4.5
static void a_lease_counts_from_the_question_not_from_the_answer(void **state)
{
    struct dhcp_answer a;
    uint64_t asked_us;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    dhcp_say(&a);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    asked_us = p.now_us;
    assert_int_equal(dhcp_hear(2 * SECOND), 0);
    a.type = ACK;
    dhcp_say(&a);
    assert_in_range(dhcp.end_us, asked_us + 3599 * SECOND,
        asked_us + 3600 * SECOND);
}

// RFC 2131 4.4.1 4.1
static void the_request_repeats_the_seconds_of_the_discovery(void **state)
{
    struct dhcp_answer a;
    uint16_t secs;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    assert_int_equal(nif_get_be16(msg + 8), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(dhcp_hear(70 * SECOND), DISCOVER);
    }
    secs = nif_get_be16(msg + 8);
    assert_in_range(secs, 22, 31);
    assert_int_equal(dhcp_hear(5 * SECOND), 0);
    a = dhcp_answer(OFFER);
    dhcp_say(&a);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    assert_int_equal(nif_get_be16(msg + 8), secs);
    assert_int_equal(nif_get_be32(msg + 4), a.xid);
}

// RFC 2131 4.3.1 4.4.1
static void a_promise_of_another_server_is_not_ours(void **state)
{
    struct dhcp_answer a;

    (void)state;
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    dhcp_say(&a);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    a.type = ACK;
    a.server = 0xC0000203;
    dhcp_say(&a);
    a.server = 0; // nor of one without a name
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_REQUESTING);
    a.server = PAIR_IP1;
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
}

// RFC 2131 3.2 4.4.2
static void an_address_from_the_last_boot_is_asked_for_first(void **state)
{
    struct dhcp_answer a;

    for (int silent = 0; silent < 2; silent++) {
        dhcp_setup(state);
        nif_dhcp_stop(&dhcp);
        dhcp.cfg.last = nif_ip4(192, 0, 2, 50);
        assert_int_equal(nif_dhcp_start(&dhcp), 0);
        assert_int_equal(dhcp_hear(SECOND), REQUEST);
        assert_int_equal(nif_get_be32(dhcp_option(50) + 1), 0xC0000232);
        assert_null(dhcp_option(54));
        assert_int_equal(nif_get_be32(msg + 12), 0);
        assert_int_equal(dhcp_address(), 0);
        if (!silent) {
            a = dhcp_answer(ACK);
            dhcp_say(&a);
            assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
            assert_int_equal(dhcp_address(), 0xC0000232);
            continue;
        }
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(dhcp_hear(70 * SECOND), REQUEST);
        }
        assert_int_equal(dhcp_hear(100 * SECOND), DISCOVER); // it was no lease
        assert_int_equal(dhcp_address(), 0);
    }
}

// A probe that a test steers.
static struct {
    struct nif_dhcp_probe probe; // first
    struct nif_ip ip;
    int answer;
} prober;

static void probe_begin(struct nif_dhcp_probe *probe, const struct nif_ip *ip)
{
    (void)probe;
    prober.ip = *ip;
    prober.answer = NIF_EAGAIN;
}

static int probe_poll(struct nif_dhcp_probe *probe, uint64_t *at_us)
{
    (void)probe;
    *at_us = p.now_us + SECOND;
    return prober.answer;
}

static void start_with_probe(void)
{
    nif_dhcp_stop(&dhcp);
    prober.probe = (struct nif_dhcp_probe){ probe_begin, probe_poll };
    dhcp.cfg.probe = &prober.probe;
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
}

// RFC 2131 3.1 4.4.1
static void an_address_is_looked_for_on_the_link_before_it_is_ours(void **state)
{
    struct dhcp_answer a = dhcp_answer(OFFER);

    (void)state;
    start_with_probe();
    dhcp_get_a_lease_of(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_CHECKING);
    assert_int_equal(nif_ip4_value(&prober.ip), 0xC0000232);
    assert_int_equal(dhcp_address(), 0);
    assert_int_equal(dhcp_hear(2 * SECOND), 0);
    a.type = NAK; // too late
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_CHECKING);
    prober.answer = 0;
    assert_int_equal(dhcp_hear(2 * SECOND), 0);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    assert_int_equal(dhcp_address(), 0xC0000232);
    // What we have we need not look for.
    assert_int_equal(dhcp_hear(2000 * SECOND), REQUEST);
    prober.answer = NIF_EAGAIN;
    a.type = ACK;
    a.xid = nif_get_be32(msg + 4);
    dhcp_say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
}

// RFC 2131 3.1 4.4.4 4.4.1
static void an_address_in_use_is_declined_and_ten_seconds_pass(void **state)
{
    struct dhcp_answer a = dhcp_answer(OFFER);

    (void)state;
    start_with_probe();
    dhcp_get_a_lease_of(&a);
    prober.answer = NIF_EADDRINUSE;
    assert_int_equal(dhcp_hear(2 * SECOND), 4);
    assert_int_equal(nif_get_be32(frame + 30), 0xFFFFFFFF);
    assert_int_equal(nif_get_be32(dhcp_option(50) + 1), 0xC0000232);
    assert_int_equal(nif_get_be32(dhcp_option(54) + 1), PAIR_IP1);
    assert_non_null(dhcp_option(61));
    assert_null(dhcp_option(55));
    assert_null(dhcp_option(57));
    assert_int_equal(nif_get_be32(msg + 12), 0);
    assert_int_equal(dhcp_address(), 0);
    assert_int_equal(dhcp.decline_count, 1);
    assert_int_equal(dhcp_hear(10 * SECOND - 1000), 0);
    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
}

// RFC 2131 3.1 RFC 5227 2.4
static void a_conflict_found_later_is_declined_too(void **state)
{
    (void)state;
    nif_dhcp_conflict(&dhcp); // nothing to lose yet
    dhcp_get_a_lease();
    nif_dhcp_conflict(&dhcp);
    assert_int_equal(dhcp_address(), 0);
    assert_int_equal(dhcp_hear(SECOND), 4);
    assert_int_equal(nif_get_be32(dhcp_option(50) + 1), 0xC0000232);
    assert_int_equal(nif_get_be32(msg + 12), 0);
    assert_int_equal(dhcp_hear(12 * SECOND), DISCOVER);
}

static void a_probe_that_outlasts_the_lease_ends_with_it(void **state)
{
    struct dhcp_answer a = dhcp_answer(OFFER);

    (void)state;
    start_with_probe();
    a.lease_s = 30;
    dhcp_get_a_lease_of(&a);
    assert_int_equal(dhcp_hear(29 * SECOND), 0);
    assert_int_equal(dhcp.state, NIF_DHCP_CHECKING);
    assert_int_equal(dhcp_hear(3 * SECOND), DISCOVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_address_is_asked_for_offered_chosen_and_set,
            dhcp_setup),
        cmocka_unit_test_setup(without_an_answer_it_asks_again_ever_later,
            dhcp_setup),
        cmocka_unit_test_setup(an_offer_that_is_not_kept_leads_to_a_new_search,
            dhcp_setup),
        cmocka_unit_test_setup(a_refusal_leads_to_a_new_search, dhcp_setup),
        cmocka_unit_test_setup(a_lease_is_renewed_at_half_time_from_its_server,
            dhcp_setup),
        cmocka_unit_test_setup(
            a_silent_server_is_asked_more_often_then_any_then_it_ends,
            dhcp_setup),
        cmocka_unit_test(the_servers_times_are_taken_if_they_make_sense),
        cmocka_unit_test_setup(after_the_cable_was_out_the_lease_is_asked_about,
            dhcp_setup),
        cmocka_unit_test_setup(
            a_lease_that_ends_while_it_is_asked_about_is_over, dhcp_setup),
        cmocka_unit_test_setup(a_stack_that_takes_no_address_is_left_alone,
            dhcp_setup),
        cmocka_unit_test_setup(what_the_device_had_no_room_for_is_sent_soon,
            dhcp_setup),
        cmocka_unit_test_setup(only_one_client_has_port_68, dhcp_setup),
        cmocka_unit_test_setup(the_times_of_two_boards_drift_apart, dhcp_setup),
        cmocka_unit_test_setup(
            a_lease_counts_from_the_question_not_from_the_answer, dhcp_setup),
        cmocka_unit_test_setup(the_request_repeats_the_seconds_of_the_discovery,
            dhcp_setup),
        cmocka_unit_test_setup(a_promise_of_another_server_is_not_ours,
            dhcp_setup),
        cmocka_unit_test_setup(
            an_address_is_looked_for_on_the_link_before_it_is_ours, dhcp_setup),
        cmocka_unit_test_setup(
            an_address_in_use_is_declined_and_ten_seconds_pass, dhcp_setup),
        cmocka_unit_test_setup(a_conflict_found_later_is_declined_too,
            dhcp_setup),
        cmocka_unit_test_setup(a_probe_that_outlasts_the_lease_ends_with_it,
            dhcp_setup),
        cmocka_unit_test(an_address_from_the_last_boot_is_asked_for_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
