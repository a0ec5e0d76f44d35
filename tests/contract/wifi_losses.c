// SPDX-License-Identifier: MIT
//
// A Wi-Fi device that loses what it had joined, is a network itself, has a
// dead line or a chip that forgets; and the connector, which holds on.

#include "tests/contract/wifi_bench.h"

#include "tests/support/check.h"

#include "nif/connector.h"
#include "nif/dhcp.h"

// ----------------------------------------------------------------- losing

static void who_is_sent_away_says_so(void **state)
{
    (void)state;
    wifi_join_home();
    bench_pass(5 * S);
    for (unsigned i = 0; i < 3; i++) {
        sim_ap_kick(bench.board.ap, NULL);
        wifi_expect_state(NIF_WIFI_FAILED, 10 * S);
        assert_true(wifi_status().err == NIF_ERESET ||
            wifi_status().err == NIF_ELINK);
        bench_pass(30 * S); // it does not join again by itself
        assert_int_equal(wifi_status().state, NIF_WIFI_FAILED);
        assert_int_equal(bench.board.ap->count, 0);
        wifi_agree();
        wifi_join_home();
    }
    wifi_expect_traffic(0);
}

static void a_network_that_vanishes_is_missed(void **state)
{
    struct nif_conn *conn;

    (void)state;
    wifi_join_home();
    wifi_expect_traffic(0);
    conn = bench_dial(1, PEER_PORT);
    sim_ap_switch(bench.board.ap, false);
    wifi_expect_state(NIF_WIFI_FAILED, 30 * S);
    assert_true(wifi_status().err == NIF_ELINK ||
        wifi_status().err == NIF_ERESET);
    bench_pass(10 * S);
    if (wifi_iface()->stack != NULL) {
        assert_int_equal(nif_conn_state(conn), NIF_CONN_FAILED);
    }
    wifi_join(bench.board.board.wifi, NIF_WIFI_FAILED, NIF_ENOTFOUND);
    sim_ap_switch(bench.board.ap, true);
    wifi_join_home();
    wifi_expect_traffic(2);
}

// Kicks and gaps whenever: what it says is true each time.
static void it_tells_one_story_whatever_happens(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        switch (sim_roll(&bench.world, 4)) {
        case 0: sim_ap_kick(bench.board.ap, NULL); break;
        case 1: sim_ap_switch(bench.board.ap, false); break;
        case 2: sim_ap_switch(bench.board.ap, true); break;
        default:
            (void)!nif_wifi_join(wifi_iface(), bench.board.board.wifi);
            break;
        }
        bench_pass(sim_roll(&bench.world, 8000000));
        wifi_agree();
    }
    sim_ap_switch(bench.board.ap, true);
    wifi_join_home();
    wifi_expect_traffic(0);
}

// --------------------------------------------------------- being a network

static void no_state(struct sim_station *station, enum sim_air_end end)
{
    (void)station;
    (void)end;
}

static void no_frame(struct sim_station *station, const uint8_t *frame,
    size_t len)
{
    (void)station;
    (void)frame;
    (void)len;
}

static void it_is_a_network_for_others(void **state)
{
    static const struct sim_station_ops ops = { no_state, no_frame };
    static const uint8_t mac[6] = { 2, 0, 0, 9, 9, 9 };
    static struct sim_station phone;
    const struct nif_wifi_params own = {
        .mode = NIF_WIFI_AP,
        .ssid = "board",
        .passphrase = WIFI_SECRET,
        .channel = 3,
    };
    const struct sim_join in = { .ssid = "board", .passphrase = WIFI_SECRET };
    int err = nif_wifi_join(wifi_iface(), &own);

    (void)state;
    if (err == NIF_ENOTSUP) {
        skip();
    }
    assert_int_equal(err, 0);
    wifi_expect_state(NIF_WIFI_SERVING, 30 * S);
    sim_station_init(&phone, bench.board.ap->air, "phone", mac, &ops);
    sim_station_join(&phone, &in);
    bench_pass(5 * S);
    assert_non_null(phone.ap);
    assert_int_equal(phone.ap->cfg.channel, 3);
    assert_int_equal(wifi_status().stations, !contract_traits()->no_stations);
    sim_station_leave(&phone);
    bench_pass(5 * S);
    assert_int_equal(wifi_status().stations, 0);
    sim_station_done(&phone);
    wifi_join_home(); // from then on a station again
}

// ----------------------------------------------------- what goes wrong below

static void a_dead_line_is_no_network_and_heals(void **state)
{
    static const enum host_fault kinds[] = { HOST_FAULT_ZEROS, HOST_FAULT_ONES,
        HOST_FAULT_NOISE, HOST_FAULT_ERROR };

    (void)state;
    if (bench.board.chip->bus_fault == NULL) {
        skip();
    }
    bench.broken = true;
    for (size_t i = 0; i < nif_countof(kinds); i++) {
        (void)!nif_wifi_join(wifi_iface(), bench.board.board.wifi);
        bench.board.chip->bus_fault(&bench.board, kinds[i], 0);
        bench_pass(120 * S);
        assert_int_not_equal(wifi_status().state, NIF_WIFI_JOINED);
        assert_int_not_equal(wifi_status().state, NIF_WIFI_JOINING);
        wifi_agree();
        bench.board.chip->bus_fault(&bench.board, HOST_FAULT_NONE, 0);
        bench_pass(60 * S);
        wifi_join_home();
    }
    wifi_expect_traffic(0);
}

static void a_chip_that_loses_itself_is_joined_anew(void **state)
{
    (void)state;
    if (bench.board.chip->reset == NULL) {
        skip();
    }
    bench.broken = true;
    for (uint64_t us = 0; us < 4 * S; us += 370000) {
        (void)!nif_wifi_join(wifi_iface(), bench.board.board.wifi);
        bench_pass(us); // anywhere on the way
        bench.board.chip->reset(&bench.board);
        bench_pass(60 * S);
        assert_int_equal(wifi_status().state, NIF_WIFI_FAILED);
        wifi_agree();
        wifi_join_home();
    }
    wifi_expect_traffic(0);
}

// Anywhere on the way: it takes longer, but is not given up, nor told twice.
static void whatever_it_does_unasked_it_is_joined(void **state)
{
    const struct host_stimulus *s = bench.board.chip->stimuli;

    (void)state;
    for (; s != NULL && s->name != NULL; s++) {
        for (uint64_t us = 0; us < 4 * S; us += 610000) {
            assert_int_equal(nif_wifi_join(wifi_iface(),
                                 bench.board.board.wifi),
                0);
            bench_pass(us);
            s->fn(&bench.board);
            wifi_expect_state(NIF_WIFI_JOINED, 60 * S);
            assert_int_equal(nif_wifi_leave(wifi_iface()), 0);
            s->fn(&bench.board);
            bench_pass(10 * S);
            assert_int_equal(wifi_status().state, NIF_WIFI_IDLE);
            assert_int_equal(bench.board.ap->count, 0);
            wifi_agree();
        }
    }
    wifi_join_home();
    wifi_expect_traffic(0);
}

// -------------------------------------------------------------- connector

static struct nif_connector connector;
static struct nif_dhcp dhcp;

static void connect(const struct nif_wifi_params *params, uint32_t watchdog_ms)
{
    struct nif_connector_cfg cfg = {
        .iface = wifi_iface(),
        .stack = bench.stack,
        .wifi = params,
        .seed = 5,
        .retry_ms = 1000,
        .watchdog_ms = watchdog_ms,
    };

    if (!bench.board.chip->own_dhcp) {
        nif_dhcp_init(&dhcp,
            &(struct nif_dhcp_cfg){ .stack = bench.stack, .seed = 3 });
    }
    nif_connector_init(&connector, &cfg);
    assert_int_equal(nif_connector_start(&connector), 0);
}

static void a_connector_holds_on_to_it(void **state)
{
    (void)state;
    connect(bench.board.board.wifi, 0);
    assert_int_equal(nif_connector_wait(&connector, bench_in(60 * S)), 0);
    bench.peer.ends = 0;
    bench_prove(0);
    for (unsigned i = 1; i < 4; i++) {
        bench_pass(40 * S);
        if (i == 2) {
            sim_ap_switch(bench.board.ap, false);
            bench_pass(60 * S);
            sim_ap_switch(bench.board.ap, true);
        } else {
            sim_ap_kick(bench.board.ap, NULL);
        }
        bench_pass(10 * S);
        assert_int_equal(nif_connector_wait(&connector, bench_in(90 * S)), 0);
        bench.peer.ends = i;
        bench_prove(i);
    }
    nif_connector_stop(&connector);
    assert_int_equal(nif_iface_flags(wifi_iface()) & NIF_IFACE_STARTED, 0);
}

static void a_connector_backs_off_from_a_wrong_passphrase(void **state)
{
    struct nif_wifi_params params = *bench.board.board.wifi;
    uint32_t begun;

    (void)state;
    params.passphrase = "another horse";
    connect(&params, 0);
    bench_pass(60 * S);
    assert_int_equal(connector.err, NIF_EAUTH);
    assert_int_not_equal(connector.state, NIF_CONNECTOR_UP);
    begun = connector.attempts;
    assert_true(begun >= 3);
    bench_pass(60 * S);
    assert_true(connector.attempts - begun <= begun); // rarer and rarer
    params.passphrase = WIFI_SECRET;
    assert_int_equal(nif_connector_wait(&connector, bench_in(120 * S)), 0);
    bench.peer.ends = 0;
    bench_prove(0);
    nif_connector_stop(&connector);
}

static void a_connector_outlives_a_dead_line(void **state)
{
    (void)state;
    if (bench.board.chip->bus_fault == NULL) {
        skip();
    }
    bench.broken = true;
    connect(bench.board.board.wifi, 20000);
    assert_int_equal(nif_connector_wait(&connector, bench_in(60 * S)), 0);
    bench.board.chip->bus_fault(&bench.board, HOST_FAULT_ONES, 0);
    bench_pass(200 * S);
    assert_int_not_equal(connector.state, NIF_CONNECTOR_UP);
    bench.board.chip->bus_fault(&bench.board, HOST_FAULT_NONE, 0);
    assert_int_equal(nif_connector_wait(&connector, bench_in(200 * S)), 0);
    bench.peer.ends = 0;
    bench_prove(0);
    nif_connector_stop(&connector);
}

int wifi_losses(void)
{
    const struct CMUnitTest tests[] = {
        WIFI_TEST(who_is_sent_away_says_so),
        WIFI_TEST(a_network_that_vanishes_is_missed),
        WIFI_TEST(it_tells_one_story_whatever_happens),
        WIFI_TEST(it_is_a_network_for_others),
        WIFI_TEST(a_dead_line_is_no_network_and_heals),
        WIFI_TEST(a_chip_that_loses_itself_is_joined_anew),
        WIFI_TEST(whatever_it_does_unasked_it_is_joined),
        WIFI_TEST_OFF(a_connector_holds_on_to_it),
        WIFI_TEST_OFF(a_connector_backs_off_from_a_wrong_passphrase),
        WIFI_TEST_OFF(a_connector_outlives_a_dead_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
