// SPDX-License-Identifier: MIT
//
// The connector on a radio that fails in every way, and what a radio's
// parameters may be.

#include "tests/core/connecting.h"
#include "tests/support/check.h"

#include <string.h>

#define S ((uint64_t)1000000)

static const struct nif_wifi_params home = {
    .ssid = "home",
    .passphrase = "correct horse",
};

static struct nif_connector_cfg joining(void)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    cfg.wifi = &home;
    return cfg;
}

static void come_up(const struct nif_connector_cfg *cfg)
{
    bench.dhcp.last = 5;
    connecting_begin(cfg);
    connecting_pass(2 * S);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    EXPECT(NIF_CONNECTOR_LINK, NIF_CONNECTOR_ADDRESS);
}

static void a_network_is_joined_and_left(void **state)
{
    const struct nif_connector_cfg cfg = joining();

    (void)state;
    come_up(&cfg);
    assert_int_equal(bench.device.joins, 1);
    nif_connector_stop(&bench.c);
    assert_int_equal(bench.device.leaves, 1);
    assert_int_equal(bench.device.stops, 1);
}

static void an_access_point_is_served(void **state)
{
    struct nif_connector_cfg cfg = joining();
    struct nif_wifi_params own = home;

    (void)state;
    own.mode = NIF_WIFI_AP;
    cfg.wifi = &own;
    cfg.addr.ops = NULL;
    cfg.net =
        (struct nif_net){ .ip = nif_ip4(192, 168, 4, 1), .prefix_len = 24 };
    connecting_begin(&cfg);
    connecting_pass(2 * S);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    assert_int_equal(bench.device.status.state, NIF_WIFI_SERVING);
}

// What the network says is tried again, and the chip not blamed for it.
static void every_refusal_is_told_and_tried_again(void **state)
{
    const int errors[] = { NIF_ENOTFOUND, NIF_EAUTH, NIF_EREFUSED, NIF_ERESET };

    for (size_t i = 0; i < nif_countof(errors); i++) {
        struct nif_connector_cfg cfg;

        (void)connecting_setup(state);
        cfg = joining();
        bench.device.outcome = errors[i];
        connecting_begin(&cfg);
        connecting_pass(2 * S - 200000);
        assert_int_equal(bench.seen[0].err, errors[i]);
        EXPECT(NIF_CONNECTOR_RETRY);
        connecting_pass(2 * S);
        assert_int_equal(bench.device.joins, 2);
        assert_int_equal(bench.device.starts, 1);
        bench.device.outcome = 0;
        bench.dhcp.last = 5;
        connecting_pass(10 * S);
        assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    }
}

static void a_chip_that_errs_or_never_ends_is_started_anew(void **state)
{
    const int errors[] = { NIF_EIO, NIF_ELINK, NIF_ETIMEDOUT };

    for (size_t i = 0; i < nif_countof(errors); i++) {
        struct nif_connector_cfg cfg;

        (void)connecting_setup(state);
        cfg = joining();
        cfg.link_ms = 3000;
        bench.device.outcome = errors[i];
        bench.device.silent = errors[i] == NIF_ETIMEDOUT;
        connecting_begin(&cfg);
        connecting_pass(3 * S + 10000);
        assert_int_equal(bench.seen[0].err, errors[i]);
        connecting_pass(S);
        assert_true(bench.device.starts >= 2);
        assert_int_equal(bench.device.starts, bench.device.joins);
    }
}

static void a_joining_that_cannot_begin_is_a_failure_too(void **state)
{
    const struct nif_connector_cfg cfg = joining();

    (void)state;
    bench.device.join_err = NIF_EIO;
    connecting_begin(&cfg);
    EXPECT(NIF_CONNECTOR_RETRY);
    bench.device.join_err = 0;
    bench.device.outcome = NIF_EAUTH; // from now on it is not the chip
    connecting_pass(10 * S);
    assert_true(bench.device.joins > 3);
    assert_int_equal(bench.device.starts, 2);
}

static void what_the_radio_cannot_do_is_the_end(void **state)
{
    const struct nif_connector_cfg cfg = joining();

    (void)state;
    bench.device.join_err = NIF_ENOTSUP;
    connecting_begin(&cfg);
    EXPECT(NIF_CONNECTOR_END);
    assert_int_equal(bench.c.err, NIF_ENOTSUP);
}

static void sent_away_it_joins_again_at_once_if_it_had_held(void **state)
{
    const struct nif_connector_cfg cfg = joining();

    (void)state;
    come_up(&cfg);
    connecting_pass(60 * S);
    bench.device.status =
        (struct nif_wifi_status){ .state = NIF_WIFI_FAILED, .err = NIF_ERESET };
    connecting_link(false);
    assert_int_equal(bench.seen[0].err, NIF_ERESET);
    EXPECT(NIF_CONNECTOR_DOWN);
    assert_int_equal(bench.device.joins, 2);
    connecting_pass(2 * S);
    EXPECT(NIF_CONNECTOR_LINK, NIF_CONNECTOR_ADDRESS);
    assert_int_equal(bench.dhcp.starts, 2);
}

// An access point that throws us out each time must not be stormed.
static void sent_away_again_and_again_it_waits_longer_and_gives_up(void **state)
{
    struct nif_connector_cfg cfg = joining();
    unsigned joins;

    (void)state;
    cfg.retries = 5;
    cfg.retry_ms = 1000;
    come_up(&cfg);
    for (unsigned i = 0; i < 60 && bench.c.state != NIF_CONNECTOR_GAVE_UP;
         i++) {
        if (bench.c.state == NIF_CONNECTOR_UP) {
            bench.device.status = (struct nif_wifi_status){
                .state = NIF_WIFI_FAILED,
                .err = NIF_ERESET,
            };
            connecting_link(false);
        }
        connecting_pass(S);
    }
    assert_int_equal(bench.c.state, NIF_CONNECTOR_GAVE_UP);
    joins = bench.device.joins;
    assert_int_equal(joins, 5);
    assert_int_equal(bench.device.starts, 1);
    // 0.5 + 1 + 2 + 4 s of pauses at least, and four joinings.
    assert_true(bench.seen[bench.count - 1].at_us > 1000000 + 13 * S);
}

static void heard_no_more_is_a_loss_of_the_link(void **state)
{
    const struct nif_connector_cfg cfg = joining();

    (void)state;
    come_up(&cfg);
    connecting_pass(60 * S);
    bench.device.status.state = NIF_WIFI_IDLE; // and says no reason
    connecting_link(false);
    assert_int_equal(bench.seen[0].err, NIF_ELINK);
    connecting_pass(2 * S);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
}

static void parameters_are_checked_before_they_reach_a_chip(void **state)
{
    static const char name32[] = "12345678901234567890123456789012";
    static const char name33[] = "123456789012345678901234567890123";
    static const char key64[] =
        "0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789";
    static const char text63[] =
        "123456789012345678901234567890123456789012345678901234567890123";
    static const char text64[] =
        "g123456789012345678901234567890123456789012345678901234567890123";
    static const char text65[] =
        "12345678901234567890123456789012345678901234567890123456789012345";
    const struct {
        struct nif_wifi_params params;
        int result;
    } rows[] = {
        { { .ssid = "x" }, 0 },
        { { .ssid = "x", .auth = NIF_WIFI_OPEN }, 0 },
        { { .ssid = name32, .passphrase = "12345678" }, 0 },
        { { .ssid = "x", .passphrase = text63, .auth = NIF_WIFI_WPA }, 0 },
        { { .ssid = "x", .passphrase = key64, .auth = NIF_WIFI_WPA2 }, 0 },
        { { .ssid = "x", .passphrase = "12345678", .auth = NIF_WIFI_WPA3 }, 0 },
        { { .ssid = "x", .country = "CH" }, 0 },
        { { .ssid = NULL }, NIF_EINVAL },
        { { .ssid = "" }, NIF_EINVAL },
        { { .ssid = name33 }, NIF_EINVAL },
        { { .ssid = "x", .country = "CHE" }, NIF_EINVAL },
        { { .ssid = "x", .auth = NIF_WIFI_WPA2 }, NIF_EINVAL },
        { { .ssid = "x", .passphrase = "1234567" }, NIF_EINVAL },
        { { .ssid = "x", .passphrase = text64 }, NIF_EINVAL },
        { { .ssid = "x", .passphrase = text65 }, NIF_EINVAL },
        { { .ssid = "x", .passphrase = key64, .auth = NIF_WIFI_WPA3 },
            NIF_EINVAL },
        { { .ssid = "x", .passphrase = "12345678", .auth = NIF_WIFI_OPEN },
            NIF_EINVAL },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(rows); i++) {
        assert_int_equal(nif_wifi_check(&rows[i].params), rows[i].result);
    }
}

static void a_radio_need_not_be_able_to_scan(void **state)
{
    struct nif_wifi_network found[1];

    (void)state;
    assert_int_equal(nif_wifi_scan(&bench.device.iface, NULL, found, 1),
        NIF_ENOTSUP);
    assert_int_equal(nif_wifi_found(&bench.device.iface), NIF_ENOTSUP);
}

#define TEST(name) cmocka_unit_test_setup(name, connecting_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_network_is_joined_and_left),
        TEST(an_access_point_is_served),
        TEST(every_refusal_is_told_and_tried_again),
        TEST(a_chip_that_errs_or_never_ends_is_started_anew),
        TEST(a_joining_that_cannot_begin_is_a_failure_too),
        TEST(what_the_radio_cannot_do_is_the_end),
        TEST(sent_away_it_joins_again_at_once_if_it_had_held),
        TEST(sent_away_again_and_again_it_waits_longer_and_gives_up),
        TEST(heard_no_more_is_a_loss_of_the_link),
        TEST(parameters_are_checked_before_they_reach_a_chip),
        TEST(a_radio_need_not_be_able_to_scan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
