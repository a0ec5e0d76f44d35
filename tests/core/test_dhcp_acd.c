// SPDX-License-Identifier: MIT
//
// The DHCP client with address conflict detection.

#include "nif/dhcp_acd.h"
#include "tests/core/dhcp_bench.h"

#define LEASED 0xC0000232u

static struct nif_acd acd;
static struct nif_dhcp_acd check;
static uint8_t in[NIF_ETH_FRAME_MAX];
static unsigned declines;

static int setup(void **state)
{
    dhcp_setup(state);
    nif_acd_init(&acd, &(struct nif_acd_cfg){ .tcpip = &p.stack[0] });
    nif_dhcp_acd_init(&check, &acd, &dhcp);
    dhcp.cfg.probe = &check.probe;
    declines = 0;
    return 0;
}

static bool step(struct pair *pair)
{
    pair->also_us = nif_dhcp_poll(&dhcp);
    nif_dhcp_acd_poll(&check);
    while (pair_take(&p, frame) != 0) {
        // Option 53 is the first one that the client sends.
        declines += nif_get_be16(frame + 12) == 0x0800 &&
            nif_get_be16(frame + 36) == 67 && frame[42 + 240] == 53 &&
            frame[42 + 242] == DECLINE;
    }
    return false;
}

static void pass(uint64_t us)
{
    pair_run(&p, p.now_us + us, step);
}

static void get_a_promise(void)
{
    struct dhcp_answer a;

    assert_int_equal(dhcp_hear(SECOND), DISCOVER);
    a = dhcp_answer(OFFER);
    dhcp_say(&a);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    a.type = ACK;
    dhcp_say(&a);
}

static void somebody_has(uint32_t ip)
{
    pair_inject(&p, in, pair_arp(&p, in, 2, ip, 0));
    pass(100);
}

// RFC 2131 3.1 4.4.1
// RFC 5227 2.1
static void a_leased_address_is_probed_before_it_is_used(void **state)
{
    (void)state;
    get_a_promise();
    assert_int_equal(dhcp.state, NIF_DHCP_CHECKING);
    assert_int_equal(dhcp_address(), 0);
    pass(4 * SECOND);
    assert_int_equal(dhcp.state, NIF_DHCP_CHECKING);
    pass(4 * SECOND);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    assert_int_equal(dhcp_address(), LEASED);
    assert_int_equal(acd.state, NIF_ACD_DEFENDING);
    assert_int_equal(declines, 0);
}

// RFC 2131 4.4.1
static void what_is_being_probed_is_no_lease_after_a_start(void **state)
{
    (void)state;
    get_a_promise();
    pass(SECOND);
    assert_int_equal(dhcp.state, NIF_DHCP_CHECKING);
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    pass(200 * SECOND);
    assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    assert_int_equal(dhcp_address(), 0);
}

// RFC 2131 3.1 4.4.4
static void an_address_of_another_is_declined(void **state)
{
    (void)state;
    get_a_promise();
    pass(SECOND);
    somebody_has(LEASED);
    pass(3 * SECOND);
    assert_int_equal(declines, 1);
    assert_int_equal(dhcp.decline_count, 1);
    assert_int_equal(dhcp_address(), 0);
    assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
}

// RFC 5227 2.4
static void an_address_that_cannot_be_kept_is_declined(void **state)
{
    (void)state;
    get_a_promise();
    pass(8 * SECOND);
    somebody_has(LEASED);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    somebody_has(LEASED);
    assert_int_equal(declines, 1);
    assert_int_equal(dhcp_address(), 0);
    assert_int_equal(acd.state, NIF_ACD_OFF);
}

static void what_is_given_back_is_not_defended(void **state)
{
    (void)state;
    get_a_promise();
    pass(8 * SECOND);
    assert_int_equal(acd.state, NIF_ACD_DEFENDING);
    pair_inject(&p, in, pair_arp(&p, in, 1, PAIR_IP1, LEASED));
    assert_int_equal(nif_dhcp_release(&dhcp), 0);
    pass(100);
    assert_int_equal(acd.state, NIF_ACD_OFF);
    assert_null(p.stack[0].acds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_leased_address_is_probed_before_it_is_used,
            setup),
        cmocka_unit_test_setup(what_is_being_probed_is_no_lease_after_a_start,
            setup),
        cmocka_unit_test_setup(an_address_of_another_is_declined, setup),
        cmocka_unit_test_setup(an_address_that_cannot_be_kept_is_declined,
            setup),
        cmocka_unit_test_setup(what_is_given_back_is_not_defended, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
