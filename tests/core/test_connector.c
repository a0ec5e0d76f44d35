// SPDX-License-Identifier: MIT
//
// The connector on a wired device: the cable, addresses, their loss.

#include "nif/dhcp.h"
#include "nif/linklocal.h"
#include "tests/core/connecting.h"
#include "tests/support/check.h"

#include <string.h>

#define S ((uint64_t)1000000)

static struct nif_stack *stack(void)
{
    return &bench.pump.pair.stack[0].stack;
}

// ------------------------------------------------------------- coming up

static void a_cable_and_a_static_address_bring_it_up(void **state)
{
    const struct nif_connector_cfg cfg = connecting_static();
    struct nif_net net;

    (void)state;
    connecting_begin(&cfg);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_LINKING);
    assert_int_equal(bench.device.starts, 1);
    assert_int_equal(nif_connector_wait(&bench.c, pump_in(&bench.pump, S)),
        NIF_ETIMEDOUT);
    connecting_link(true);
    assert_int_equal(nif_connector_wait(&bench.c, 0), 0);
    EXPECT(NIF_CONNECTOR_LINK, NIF_CONNECTOR_ADDRESS);
    nif_stack_net(stack(), &net);
    assert_int_equal(net.ip.byte[3], 9);
    assert_int_equal(bench.c.ip.byte[3], 9);
}

static void a_waiting_call_keeps_it_going(void **state)
{
    const struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    bench.device.bad_starts = 2;
    bench.device.start_err = NIF_ENODEV;
    bench.device.link = true;
    bench.dhcp.last = 5;
    nif_connector_init(&bench.c, &cfg);
    assert_int_equal(nif_connector_start(&bench.c), 0);
    assert_true(bench.pump.pair.woken); // whoever sleeps is to look again
    assert_int_equal(nif_connector_wait(&bench.c, pump_in(&bench.pump, 9 * S)),
        0);
    assert_int_equal(bench.device.starts, 3);
}

static void a_chip_with_sockets_brings_its_own_stack(void **state)
{
    struct nif_connector_cfg cfg = connecting_static();

    (void)state;
    cfg.stack = NULL;
    bench.device.iface.stack = stack();
    connecting_begin(&cfg);
    connecting_link(true);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
}

// A chip may ask for an address by itself.
static void without_a_way_the_chip_s_own_address_is_waited_for(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.addr.ops = NULL;
    connecting_begin(&cfg);
    connecting_link(true);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_ADDRESSING);
    bench.dhcp.last = 7;
    (void)way_ops.poll(&bench.dhcp); // it sets it
    connecting_pass(10);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
}

static void what_cannot_begin_is_told(void **state)
{
    const struct nif_wifi_params wifi = { .ssid = "net" };
    const struct nif_wifi_params bad = { .ssid = "" };
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.stack = NULL;
    nif_connector_init(&bench.c, &cfg);
    assert_int_equal(nif_connector_start(&bench.c), NIF_EINVAL);
    assert_int_equal(nif_connector_wait(&bench.c, 0), NIF_EINVAL);
    cfg = connecting_cfg();
    cfg.wifi = &bad;
    nif_connector_init(&bench.c, &cfg);
    assert_int_equal(nif_connector_start(&bench.c), NIF_EINVAL);
    assert_int_equal(nif_connector_wait(&bench.c, 0), NIF_EINVAL);
    cfg.wifi = &wifi;
    bench.device.iface.wifi = NULL;
    nif_connector_init(&bench.c, &cfg);
    assert_int_equal(nif_connector_start(&bench.c), NIF_ENOTSUP);
    assert_ptr_equal(stack()->jobs, &bench.pump.job); // none was added
    cfg.wifi = NULL;
    connecting_begin(&cfg);
    assert_int_equal(nif_connector_start(&bench.c), NIF_EISCONN);
}

static void stop_ends_all_of_it(void **state)
{
    const struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    connecting_up(&cfg);
    nif_connector_stop(&bench.c);
    nif_connector_stop(&bench.c); // again: nothing
    assert_int_equal(bench.c.state, NIF_CONNECTOR_OFF);
    assert_int_equal(bench.device.stops, 1);
    assert_int_equal(bench.dhcp.stops, 1);
    assert_null(bench.device.fn);
    assert_ptr_equal(stack()->jobs, &bench.pump.job);
    assert_true(nif_connector_poll(&bench.c) == NIF_NEVER);
    bench.dhcp.last = 6;
    assert_int_equal(nif_connector_start(&bench.c), 0);
    connecting_pass(10);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    assert_int_equal(bench.device.starts, 2);
}


// ------------------------------------------------------------------ loss

static void a_cable_that_goes_and_comes_asks_for_the_address_again(void **state)
{
    const struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    connecting_up(&cfg);
    connecting_pass(60 * S);
    bench.device.link = false; // its flag is enough
    connecting_pass(10);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_LINKING);
    assert_int_equal(bench.seen[0].err, NIF_ELINK);
    EXPECT(NIF_CONNECTOR_DOWN);
    connecting_link(true);
    EXPECT(NIF_CONNECTOR_LINK, NIF_CONNECTOR_ADDRESS);
    assert_int_equal(bench.dhcp.starts, 2);
    assert_int_equal(bench.device.starts, 1);
    assert_int_equal(bench.c.tries, 0);
}

// It may be another cable.
static void a_cable_changed_between_two_looks_is_noticed(void **state)
{
    const struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    connecting_up(&cfg);
    connecting_pass(60 * S);
    bench.device.fn(bench.device.arg, &bench.device.iface, NIF_EVENT_RESTARTED);
    connecting_pass(10);
    assert_int_equal(bench.count, 0);
    bench.device.fn(bench.device.arg, &bench.device.iface, NIF_EVENT_LINK_DOWN);
    bench.device.fn(bench.device.arg, &bench.device.iface, NIF_EVENT_LINK_UP);
    connecting_pass(10);
    EXPECT(NIF_CONNECTOR_DOWN, NIF_CONNECTOR_LINK, NIF_CONNECTOR_ADDRESS);
    assert_int_equal(bench.dhcp.starts, 2);
}

static void a_loose_contact_is_a_failure_each_time(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.retries = 4;
    connecting_up(&cfg);
    for (unsigned i = 1; i < 4; i++) {
        connecting_link(false);
        assert_int_equal(bench.c.tries, i);
        connecting_link(true);
        assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    }
    connecting_link(false);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_GAVE_UP);
    assert_int_equal(bench.c.attempts, 1); // the device was not to blame
}

static void an_address_that_changes_or_goes_is_told(void **state)
{
    const struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    connecting_up(&cfg);
    bench.dhcp.last = 6;
    connecting_pass(10);
    EXPECT(NIF_CONNECTOR_ADDRESS);
    assert_int_equal(bench.c.ip.byte[3], 6);
    assert_int_equal(nif_stack_set_net(stack(),
                         &(struct nif_net){ .prefix_len = 0 }),
        0);
    bench.dhcp.has = false;
    connecting_pass(10);
    assert_int_equal(bench.seen[0].err, NIF_EADDR);
    EXPECT(NIF_CONNECTOR_DOWN);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_ADDRESSING);
    bench.dhcp.last = 6; // the same again
    connecting_pass(10);
    EXPECT(NIF_CONNECTOR_ADDRESS);
}


// -------------------------------------------------------------- fallback

static void the_fallback_comes_late_and_goes_when_it_is_not_needed(void **state)
{
    const struct nif_connector_cfg cfg = connecting_fallback();

    (void)state;
    connecting_begin(&cfg);
    connecting_link(true);
    connecting_pass(4 * S - 100000);
    assert_int_equal(bench.fallback.starts, 0);
    bench.fallback.last = 77;
    connecting_pass(200000);
    EXPECT(NIF_CONNECTOR_LINK, NIF_CONNECTOR_NO_ADDRESS, NIF_CONNECTOR_ADDRESS);
    assert_int_equal(bench.fallback.starts, 1);
    assert_int_equal(bench.c.ip.byte[3], 77);
    assert_int_equal(bench.dhcp.stops, 0); // goes on asking
    bench.dhcp.last = 5;
    connecting_pass(10);
    EXPECT(NIF_CONNECTOR_ADDRESS);
    assert_int_equal(bench.fallback.stops, 1);
    assert_int_equal(bench.c.ip.byte[3], 5);
}

static void the_fallback_s_address_goes_with_the_link(void **state)
{
    const struct nif_connector_cfg cfg = connecting_fallback();
    struct nif_net net;

    (void)state;
    connecting_begin(&cfg);
    connecting_link(true);
    bench.fallback.last = 77;
    connecting_pass(20 * S);
    bench.count = 0;
    connecting_link(false);
    EXPECT(NIF_CONNECTOR_DOWN);
    assert_int_equal(bench.fallback.stops, 1);
    nif_stack_net(stack(), &net);
    assert_int_equal(net.ip.family, NIF_IP_NONE);
    connecting_link(true);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_ADDRESSING);
    bench.fallback.last = 78;
    connecting_pass(5 * S);
    assert_int_equal(bench.fallback.starts, 2);
    nif_connector_stop(&bench.c);
    assert_int_equal(bench.fallback.stops, 2);
}

static void without_a_fallback_no_address_is_told_once(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.addr_ms = 4000;
    connecting_begin(&cfg);
    connecting_link(true);
    connecting_pass(60 * S);
    EXPECT(NIF_CONNECTOR_LINK, NIF_CONNECTOR_NO_ADDRESS);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_ADDRESSING);
}

static void a_fallback_that_does_not_start_is_done_without(void **state)
{
    const struct nif_connector_cfg cfg = connecting_fallback();

    (void)state;
    bench.fallback.start_err = NIF_ENOBUFS;
    connecting_begin(&cfg);
    connecting_link(true);
    connecting_pass(60 * S);
    assert_int_equal(bench.fallback.polls, 0);
    bench.dhcp.last = 5;
    connecting_pass(10);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    assert_int_equal(bench.fallback.stops, 0);
}

// The client of the pull: its name alone links it.
static void dhcp_is_a_way_to_an_address(void **state)
{
    static struct nif_dhcp dhcp;
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    nif_dhcp_init(&dhcp, &(struct nif_dhcp_cfg){ .stack = stack(), .seed = 1 });
    cfg.addr = (struct nif_addr_way){ &nif_addr_dhcp, &dhcp };
    connecting_begin(&cfg);
    assert_int_equal(dhcp.state, NIF_DHCP_OFF);
    assert_false(nif_addr_dhcp.has(&dhcp));
    connecting_link(true);
    assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    assert_false(nif_addr_dhcp.has(&dhcp));
    connecting_pass(10 * S);
    // Its questions go out through the stack's own device.
    assert_true(bench.pump.pair.sent[0] >= 2);
    dhcp.state = NIF_DHCP_BOUND;
    assert_true(nif_addr_dhcp.has(&dhcp));
    nif_connector_stop(&bench.c);
    assert_int_equal(dhcp.state, NIF_DHCP_OFF);
    assert_null(bench.pump.pair.stack[0].conns);
}

static void link_local_is_a_fallback(void **state)
{
    static struct nif_acd acd;
    static struct nif_linklocal ll;
    struct nif_connector_cfg cfg = connecting_fallback();
    struct nif_net net;

    (void)state;
    nif_acd_init(&acd,
        &(struct nif_acd_cfg){ .tcpip = &bench.pump.pair.stack[0] });
    nif_linklocal_init(&ll,
        &(struct nif_linklocal_cfg){ .stack = stack(), .acd = &acd });
    cfg.fallback = (struct nif_addr_way){ &nif_addr_linklocal, &ll };
    connecting_begin(&cfg);
    connecting_link(true);
    connecting_pass(20 * S);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    assert_int_equal(bench.c.ip.byte[0], 169);
    assert_true(nif_addr_linklocal.has(&ll));
    connecting_link(false);
    assert_false(nif_addr_linklocal.has(&ll));
    nif_stack_net(stack(), &net);
    assert_int_equal(net.ip.family, NIF_IP_NONE);
}

#define TEST(name) cmocka_unit_test_setup(name, connecting_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cable_and_a_static_address_bring_it_up),
        TEST(a_waiting_call_keeps_it_going),
        TEST(a_chip_with_sockets_brings_its_own_stack),
        TEST(without_a_way_the_chip_s_own_address_is_waited_for),
        TEST(what_cannot_begin_is_told),
        TEST(stop_ends_all_of_it),
        TEST(a_cable_that_goes_and_comes_asks_for_the_address_again),
        TEST(a_cable_changed_between_two_looks_is_noticed),
        TEST(a_loose_contact_is_a_failure_each_time),
        TEST(an_address_that_changes_or_goes_is_told),
        TEST(the_fallback_comes_late_and_goes_when_it_is_not_needed),
        TEST(the_fallback_s_address_goes_with_the_link),
        TEST(without_a_fallback_no_address_is_told_once),
        TEST(a_fallback_that_does_not_start_is_done_without),
        TEST(dhcp_is_a_way_to_an_address),
        TEST(link_local_is_a_fallback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
