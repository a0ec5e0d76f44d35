// SPDX-License-Identifier: MIT
//
// What every Wi-Fi device has to keep (nif/wifi.h), in an air with other
// networks: looking, joining in each way that fails, leaving. What it says of
// itself, its flags and its events are one story throughout.

#include "tests/contract/wifi_bench.h"

#include "tests/support/check.h"

#include <string.h>

// ---------------------------------------------------------------- looking

static int look(const char *ssid, struct nif_wifi_network *found, size_t cap)
{
    uint64_t until_us = bench_in(30 * S);
    int n;

    assert_int_equal(nif_wifi_scan(wifi_iface(), ssid, found, cap), 0);
    assert_int_equal(nif_wifi_found(wifi_iface()), NIF_EAGAIN);
    do {
        bench_pass(10000);
        n = nif_wifi_found(wifi_iface());
    } while (n == NIF_EAGAIN && bench_now() < until_us);
    return n;
}

static void networks_are_found_the_strongest_first(void **state)
{
    struct nif_wifi_network found[8];

    (void)state;
    assert_int_equal(nif_wifi_found(wifi_iface()), NIF_EINVAL);
    (void)wifi_add("weak", SIM_OPEN, -85, 1);
    (void)wifi_add("strong \"quoted\", with\\all", SIM_WPA_WPA2, -30, 11);
    (void)wifi_add("middle", SIM_WPA2, -60, 13);
    memset(found, 0x5A, sizeof(found));
    assert_int_equal(look(NULL, found, 8), 4);
    assert_int_equal(found[0].rssi_dbm, -30);
    assert_int_equal(found[0].channel, 11);
    assert_int_equal(found[0].auth, NIF_WIFI_WPA2_MIXED);
    assert_int_equal(found[0].ssid_len, 25);
    assert_memory_equal(found[0].ssid, "strong \"quoted\", with\\all", 25);
    assert_memory_equal(found[0].bssid.byte, wifi_other[1].cfg.bssid, 6);
    for (unsigned i = 1; i < 4; i++) {
        assert_true(found[i].rssi_dbm <= found[i - 1].rssi_dbm);
    }
    assert_int_equal(found[2].auth, NIF_WIFI_WPA2);
    assert_int_equal(found[3].auth, NIF_WIFI_OPEN);
    assert_int_equal(found[4].channel, 0x5A);
    wifi_agree();
}

static void no_more_are_written_than_there_is_room_for(void **state)
{
    struct nif_wifi_network found[4];

    (void)state;
    (void)wifi_add("weak", SIM_OPEN, -85, 1);
    (void)wifi_add("strong", SIM_WPA2, -30, 11);
    memset(found, 0x5A, sizeof(found));
    assert_int_equal(look(NULL, found, 2), 2);
    assert_int_equal(found[0].rssi_dbm, -30); // not just the first heard
    assert_int_equal(found[1].rssi_dbm, -50);
    assert_int_equal(found[2].channel, 0x5A);
}

static void one_network_may_be_looked_for(void **state)
{
    struct nif_wifi_network found[4];

    (void)state;
    (void)wifi_add("one", SIM_WPA2, -70, 1);
    (void)wifi_add("one", SIM_WPA2, -40, 6); // another house of the same name
    (void)wifi_add("two", SIM_OPEN, -20, 11);
    assert_int_equal(look("one", found, 4), 2);
    assert_int_equal(found[0].rssi_dbm, -40);
    assert_int_equal(found[1].rssi_dbm, -70);
    assert_int_equal(look("nobody", found, 4), 0);
    assert_int_equal(look("two", found, 4), 1); // each looks anew
}

static void while_it_joins_it_does_not_look(void **state)
{
    struct nif_wifi_network found[4];

    (void)state;
    assert_int_equal(nif_wifi_join(wifi_iface(), bench.board.board.wifi), 0);
    assert_int_equal(nif_wifi_scan(wifi_iface(), NULL, found, 4), NIF_EAGAIN);
    wifi_expect_state(NIF_WIFI_JOINED, 60 * S);
    assert_int_equal(look(NULL, found, 4), 1); // joined, it does
    wifi_agree();
    wifi_expect_traffic(0);
}

// ---------------------------------------------------------------- joining

static void an_open_network_is_joined(void **state)
{
    (void)state;
    wifi_agree();
    assert_int_equal(nif_wifi_join(wifi_iface(), bench.board.board.wifi), 0);
    assert_int_equal(wifi_status().state, NIF_WIFI_JOINING);
    wifi_expect_state(NIF_WIFI_JOINED, 60 * S);
    assert_int_equal(wifi_seen[0], NIF_EVENT_LINK_UP);
    assert_int_equal(wifi_seen_count, 1);
    wifi_expect_traffic(0);
}

static void a_network_with_a_passphrase_is_joined(void **state)
{
    (void)state;
    wifi_join_home();
    bench_pass(20 * S);
    assert_int_equal(wifi_status().channel, 6);
    assert_int_equal(wifi_status().rssi_dbm, -50);
    assert_memory_equal(wifi_status().bssid.byte, bench.board.ap->cfg.bssid, 6);
    assert_int_equal(wifi_seen_count, 1);
    wifi_expect_traffic(0);
}

static void what_cannot_be_joined_has_its_reason(void **state)
{
    struct nif_wifi_params params = *bench.board.board.wifi;

    (void)state;
    params.passphrase = "another horse";
    wifi_join(&params, NIF_WIFI_FAILED, NIF_EAUTH);
    params.ssid = "nowhere";
    wifi_join(&params, NIF_WIFI_FAILED, NIF_ENOTFOUND);
    (void)wifi_add("full", SIM_WPA2, -40, 1);
    wifi_other[0].cfg.refuse = true;
    params =
        (struct nif_wifi_params){ .ssid = "full", .passphrase = WIFI_SECRET };
    wifi_join(&params, NIF_WIFI_FAILED, 0);
    assert_true(wifi_status().err == NIF_EREFUSED ||
        wifi_status().err == NIF_ETIMEDOUT);
    assert_int_equal(wifi_seen_count, 0); // it was never up
    wifi_join_home();                     // and nothing of that is left
    wifi_expect_traffic(0);
}

static void a_hidden_or_strangely_named_network_is_joined(void **state)
{
    static const char name[] = "a \"b\", \\c";
    const struct nif_wifi_params params = { .ssid = name,
        .passphrase = WIFI_SECRET };

    (void)state;
    wifi_add(name, SIM_WPA2, -40, 1)->cfg.hidden = true;
    wifi_join(&params, NIF_WIFI_JOINED, 0);
    bench_pass(20 * S);
    assert_memory_equal(wifi_status().bssid.byte, wifi_other[0].cfg.bssid, 6);
}

static void nonsense_does_not_reach_the_air(void **state)
{
    static const char name33[] = "123456789012345678901234567890123";
    const struct nif_wifi_params wrong[] = {
        { .ssid = NULL },
        { .ssid = "" },
        { .ssid = name33 },
        { .ssid = "x", .passphrase = "short" },
        { .ssid = "x", .auth = NIF_WIFI_WPA2 },
        { .ssid = "x", .auth = NIF_WIFI_OPEN, .passphrase = WIFI_SECRET },
        { .ssid = "x", .country = "long" },
    };

    (void)state;
    wifi_join_home();
    for (size_t i = 0; i < nif_countof(wrong); i++) {
        assert_int_equal(nif_wifi_join(wifi_iface(), &wrong[i]), NIF_EINVAL);
        assert_int_equal(wifi_status().state, NIF_WIFI_JOINED);
    }
    wifi_expect_traffic(0);
}

static void before_it_is_started_it_does_nothing(void **state)
{
    struct nif_wifi_network found[1];

    (void)state;
    assert_int_equal(nif_wifi_join(wifi_iface(), bench.board.board.wifi),
        NIF_ENODEV);
    assert_int_equal(nif_wifi_scan(wifi_iface(), NULL, found, 1), NIF_ENODEV);
    wifi_agree();
    assert_int_equal(nif_iface_start(wifi_iface()), 0);
    wifi_join_home();
    wifi_expect_traffic(0);
}

// ---------------------------------------------------------------- leaving

static void it_leaves_and_comes_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        wifi_join_home();
        assert_int_equal(nif_wifi_leave(wifi_iface()), 0);
        assert_int_equal(wifi_status().state, NIF_WIFI_IDLE);
        wifi_expect_state(NIF_WIFI_IDLE, S);
        bench_pass(30 * S); // and not by itself
        assert_int_equal(wifi_status().state, NIF_WIFI_IDLE);
        wifi_agree();
    }
    assert_int_equal(wifi_seen_count, 6);
    wifi_join_home();
    wifi_expect_traffic(0);
}

// A main loop that sleeps is woken by it, and no address is left.
static void it_has_left_soon_and_whole(void **state)
{
    struct nif_net net;

    (void)state;
    wifi_join_home();
    wifi_expect_traffic(0);
    bench_rest();
    assert_int_equal(nif_wifi_leave(wifi_iface()), 0);
    bench_doze(contract_late_us());
    assert_int_equal(bench.board.ap->count, 0);
    if (wifi_iface()->stack != NULL) { // else it is not the device's
        nif_stack_net(bench.stack, &net);
        assert_int_equal(net.ip.family, NIF_IP_NONE);
        assert_int_equal(net.gateway.family, NIF_IP_NONE);
        assert_int_equal(net.dns[0].family, NIF_IP_NONE);
        assert_int_equal(net.dns[1].family, NIF_IP_NONE);
    }
}

static void a_join_is_ended_by_leaving(void **state)
{
    (void)state;
    assert_int_equal(nif_wifi_join(wifi_iface(), bench.board.board.wifi), 0);
    bench_pass(S / 4);
    assert_int_equal(nif_wifi_leave(wifi_iface()), 0);
    assert_int_equal(wifi_status().state, NIF_WIFI_IDLE);
    bench_pass(30 * S);
    assert_int_equal(wifi_status().state, NIF_WIFI_IDLE);
    wifi_agree();
    wifi_join_home();
    wifi_expect_traffic(0);
}

// However far the first is: what becomes of it is of no interest.
static void the_network_that_was_wanted_last_is_joined(void **state)
{
    const struct nif_wifi_params away = { .ssid = "away",
        .passphrase = WIFI_SECRET };
    const struct nif_wifi_params *const first[] = { &away,
        &(struct nif_wifi_params){ .ssid = "away", .passphrase = "not this" },
        &(struct nif_wifi_params){ .ssid = "nowhere" } };

    (void)state;
    (void)wifi_add("away", SIM_WPA2, -40, 1);
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(nif_wifi_join(wifi_iface(),
                             first[i % nif_countof(first)]),
            0);
        bench_pass(i * (S / 8));
        wifi_join_home();
        assert_int_equal(bench.board.ap->count, 1);
        assert_int_equal(wifi_other[0].count, 0);
        bench_pass(10 * S);
        assert_int_equal(wifi_status().state, NIF_WIFI_JOINED);
        wifi_agree();
        assert_int_equal(nif_wifi_leave(wifi_iface()), 0);
    }
    wifi_join_home();
    wifi_expect_traffic(0);
}

// One kind behind the other: nothing of the first is told to the second.
static void secrets_are_not_for_the_next_network(void **state)
{
    const struct nif_wifi_params open = { .ssid = "open" };

    (void)state;
    (void)wifi_add("open", SIM_OPEN, -40, 1);
    for (unsigned i = 0; i < 2; i++) {
        wifi_join_home();
        wifi_join(&open, NIF_WIFI_JOINED, 0);
        assert_int_equal(wifi_other[0].count, 1);
    }
    wifi_join_home();
    wifi_expect_traffic(0);
}

static void it_moves_from_one_network_to_another(void **state)
{
    const struct nif_wifi_params away = { .ssid = "away",
        .passphrase = WIFI_SECRET };

    (void)state;
    (void)wifi_add("away", SIM_WPA2, -40, 1);
    wifi_join_home();
    wifi_join(&away, NIF_WIFI_JOINED, 0);
    assert_int_equal(bench.board.ap->count, 0);
    assert_int_equal(wifi_other[0].count, 1);
    wifi_join_home();
    assert_int_equal(wifi_other[0].count, 0);
    wifi_expect_traffic(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIFI_TEST(networks_are_found_the_strongest_first),
        WIFI_TEST(no_more_are_written_than_there_is_room_for),
        WIFI_TEST(one_network_may_be_looked_for),
        WIFI_TEST(while_it_joins_it_does_not_look),
        cmocka_unit_test_setup_teardown(an_open_network_is_joined,
            wifi_setup_open, wifi_teardown),
        WIFI_TEST(a_network_with_a_passphrase_is_joined),
        WIFI_TEST(what_cannot_be_joined_has_its_reason),
        WIFI_TEST(a_hidden_or_strangely_named_network_is_joined),
        WIFI_TEST(nonsense_does_not_reach_the_air),
        WIFI_TEST_OFF(before_it_is_started_it_does_nothing),
        WIFI_TEST(it_leaves_and_comes_back),
        WIFI_TEST(it_has_left_soon_and_whole),
        WIFI_TEST(a_join_is_ended_by_leaving),
        WIFI_TEST(the_network_that_was_wanted_last_is_joined),
        WIFI_TEST(secrets_are_not_for_the_next_network),
        WIFI_TEST(it_moves_from_one_network_to_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) + wifi_losses();
}
