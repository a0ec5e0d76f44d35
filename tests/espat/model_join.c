// SPDX-License-Identifier: MIT
//
// The ESP-AT model as a station: joining, failing to, losing it, addresses.

#include "tests/espat/model_bench.h"

static struct bench *station(enum sim_espat_firmware firmware)
{
    struct bench *b = bench_ready(firmware);

    ask(b, firmware == SIM_ESPAT_1_7 ? "AT+CWMODE_CUR=1" : "AT+CWMODE=1",
        "\r\nOK\r\n");
    return b;
}

static void a_join_says_connected_then_got_ip_then_ok(void **state)
{
    struct bench *b = station(SIM_ESPAT_2_4);

    (void)state;
    assert_false(sim_espat_online(&b->chip));
    ask(b, "AT+CWJAP=\"home\",\"correct horse\"",
        "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    assert_in_range(b->world.now_ns, 2700 * SIM_MS, 6000 * SIM_MS);
    assert_true(sim_espat_online(&b->chip));
    ask(b, "AT+CIPSTA?",
        "+CIPSTA:ip:\"192.0.2.2\"\r\n+CIPSTA:gateway:\"192.0.2.1\"\r\n"
        "+CIPSTA:netmask:\"255.255.255.0\"\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSTAMAC?", "+CIPSTAMAC:\"02:00:00:00:e5:02\"\r\n\r\nOK\r\n");
    ask(b, "AT+CWJAP?",
        "+CWJAP:\"home\",\"02:0a:00:00:00:01\",6,-50,0,1,3,0,1\r\n"
        "\r\nOK\r\n");
    ask(b, "AT+CWSTATE?", "+CWSTATE:2,\"home\"\r\n\r\nOK\r\n");
    ask(b, "AT+CIFSR",
        "+CIFSR:STAIP,\"192.0.2.2\"\r\n"
        "+CIFSR:STAMAC,\"02:00:00:00:e5:02\"\r\n\r\nOK\r\n");
    ask(b, "AT+CIPDNS?", "+CIPDNS:0,\"192.0.2.1\"\r\n\r\nOK\r\n");
}

static void a_join_that_fails_has_a_code(void **state)
{
    struct bench *b = station(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWRECONNCFG=0,0", "\r\nOK\r\n");
    ask(b, "AT+CWJAP=\"elsewhere\",\"\",,,0", "+CWJAP:3\r\n\r\nERROR\r\n");
    ask(b, "AT+CWJAP=\"home\",\"wrong horse\",,,0",
        "+CWJAP:2\r\n\r\nERROR\r\n");
    b->home.cfg.refuse = true;
    ask(b, "AT+CWJAP=\"home\",\"correct horse\",,,0",
        "+CWJAP:4\r\n\r\nERROR\r\n");
    b->home.cfg.refuse = false;
    // No address: time out, 3 s.
    nif_dhcp_server_stop(&b->far.dhcpd);
    b->far.dhcp = false;
    ask(b, "AT+CWJAP=\"home\",\"correct horse\",,,0,,,3",
        "WIFI CONNECTED\r\n+CWJAP:1\r\n\r\nERROR\r\n");
}

static void the_old_one_says_fail(void **state)
{
    struct bench *b = station(SIM_ESPAT_1_7);

    (void)state;
    ask(b, "AT+CWJAP_CUR?", "No AP\r\n\r\nOK\r\n");
    ask(b, "AT+CWJAP_CUR=\"home\",\"wrong horse\"", "+CWJAP:2\r\n\r\nFAIL\r\n");
}

static void a_join_wants_station_mode_and_arguments_that_fit(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWJAP=\"home\",\"correct horse\"", "\r\nERROR\r\n");
    ask(b, "AT+CWMODE=1", "\r\nOK\r\n");
    ask(b, "AT+CWJAP=home,\"correct horse\"", "\r\nERROR\r\n");
    ask(b, "AT+CWJAP=\"123456789012345678901234567890123\",\"x\"",
        "\r\nERROR\r\n");
    ask(b, "AT+CWJAP=\"home\",\"correct horse\",\"02:0a:00:00:00:02\"",
        "+CWJAP:3\r\n\r\nERROR\r\n");
}

static void one_that_failed_may_succeed_later(void **state)
{
    struct bench *b = station(SIM_ESPAT_2_4);

    (void)state;
    sim_ap_switch(&b->home, false);
    ask(b, "AT+CWJAP=\"home\",\"correct horse\"", "+CWJAP:3\r\n\r\nERROR\r\n");
    sim_ap_switch(&b->home, true);
    expect(b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
}

static void another_join_leaves_the_first_network(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWJAP=\"elsewhere\",\"\",,,0",
        "WIFI DISCONNECT\r\n+CWJAP:3\r\n\r\nERROR\r\n");
    assert_false(sim_espat_online(&b->chip));
}

static void leaving_says_ok_and_disconnect(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWQAP", "\r\nOK\r\nWIFI DISCONNECT\r\n");
    quiet(b, 5000); // and does not come back
    ask(b, "AT+CWJAP?", "\r\nOK\r\n");
    ask(b, "AT+CWQAP", "\r\nOK\r\n");
    quiet(b, 100);
}

static void one_that_is_sent_away_comes_back(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    sim_ap_kick(&b->home, NULL);
    expect(b, "WIFI DISCONNECT\r\n");
    quiet(b, 2500); // a second of pause, and the join
    expect(b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
}

static void a_network_that_vanishes_is_missed_after_a_while(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    sim_ap_switch(&b->home, false);
    quiet(b, 5900);
    expect(b, "WIFI DISCONNECT\r\n");
    quiet(b, 10000);
    sim_ap_switch(&b->home, true);
    expect(b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
}

static void a_stored_network_is_joined_unasked(void **state)
{
    struct bench *b =
        bench_open(&(struct sim_espat_cfg){ .firmware = SIM_ESPAT_2_4,
            .stored_ssid = "home",
            .stored_passphrase = "correct horse" });

    (void)state;
    expect(b, "\r\nready\r\n");
    ask(b, "ATE0", "ATE0\r\n\r\nOK\r\n"); // commands are taken meanwhile
    expect(b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
}

static void the_old_one_is_busy_until_it_has_joined(void **state)
{
    struct bench *b =
        bench_open(&(struct sim_espat_cfg){ .firmware = SIM_ESPAT_1_7,
            .stored_ssid = "home",
            .stored_passphrase = "correct horse" });

    (void)state;
    await(b, "\r\nready\r\n");
    ask(b, "AT", "AT\r\r\n\r\nbusy p...\r\n");
    expect(b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
    ask(b, "AT", "AT\r\r\n\r\nOK\r\n");
    // Not for ever.
    nif_dhcp_server_stop(&b->far.dhcpd);
    b->far.dhcp = false;
    ask(b, "AT+RST", "AT+RST\r\r\n\r\nOK\r\n");
    await(b, "\r\nready\r\n");
    expect(b, "WIFI CONNECTED\r\n");
    ask(b, "AT", "AT\r\r\n\r\nbusy p...\r\n");
    pass_ms(b, 13000);
    ask(b, "AT", "AT\r\r\n\r\nOK\r\n");
}

static void an_address_can_be_fixed(void **state)
{
    struct bench *b = station(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWDHCP?", "+CWDHCP:3\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSTA=\"192.0.2.77\",\"192.0.2.1\",\"255.255.255.0\"",
        "\r\nOK\r\n");
    ask(b, "AT+CWDHCP?", "+CWDHCP:2\r\n\r\nOK\r\n");
    ask(b, "AT+CWJAP=\"home\",\"correct horse\"",
        "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSTA?",
        "+CIPSTA:ip:\"192.0.2.77\"\r\n+CIPSTA:gateway:\"192.0.2.1\"\r\n"
        "+CIPSTA:netmask:\"255.255.255.0\"\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSTA=\"192.0.2.78\"", "\r\nOK\r\nWIFI GOT IP\r\n");
    ask(b, "AT+CWDHCP=1,1", "\r\nOK\r\n");
    expect(b, "WIFI GOT IP\r\n");
    ask(b, "AT+CIPSTA=\"192.0.2\"", "\r\nERROR\r\n");
}

static void the_old_one_counts_its_dhcp_otherwise(void **state)
{
    struct bench *b = station(SIM_ESPAT_1_7);

    (void)state;
    ask(b, "AT+CWDHCP_CUR?", "+CWDHCP_CUR:3\r\n\r\nOK\r\n");
    ask(b, "AT+CWDHCP_CUR=1,0", "\r\nOK\r\n"); // the station's is off
    ask(b, "AT+CWDHCP_CUR?", "+CWDHCP_CUR:1\r\n\r\nOK\r\n");
    ask(b, "AT+CWDHCP_CUR=2,1", "\r\nOK\r\n");
    ask(b, "AT+CWDHCP_CUR?", "+CWDHCP_CUR:3\r\n\r\nOK\r\n");
}

static void a_scan_has_all_that_are_heard_strongest_first(void **state)
{
    struct bench *b = station(SIM_ESPAT_2_4);
    struct sim_ap near_ap;
    struct sim_ap hidden;

    (void)state;
    sim_ap_init(&near_ap, &b->air,
        &(struct sim_ap_cfg){ .ssid = "a\"b",
            .rssi_dbm = -30,
            .channel = 11,
            .bssid = { 2, 0xA, 0, 0, 0, 2 } });
    sim_ap_init(&hidden, &b->air,
        &(struct sim_ap_cfg){ .ssid = "secret",
            .hidden = true,
            .security = SIM_WPA2_WPA3,
            .bssid = { 2, 0xA, 0, 0, 0, 3 } });
    ask(b, "AT+CWLAP",
        "+CWLAP:(0,\"a\\\"b\",-30,\"02:0a:00:00:00:02\",11,-1,-1,0,0,7,0)\r\n"
        "+CWLAP:(3,\"home\",-50,\"02:0a:00:00:00:01\",6,-1,-1,4,4,7,0)\r\n"
        "\r\nOK\r\n");
    ask(b, "AT+CWLAPOPT=1,31", "\r\nOK\r\n");
    ask(b, "AT+CWLAP=\"secret\"",
        "+CWLAP:(7,\"secret\",-50,\"02:0a:00:00:00:03\",6)\r\n\r\nOK\r\n");
    sim_ap_done(&hidden);
    sim_ap_done(&near_ap);
}

static void what_is_kept_of_a_join_is_written_once(void **state)
{
    struct bench *b = station(SIM_ESPAT_2_4);
    unsigned before = b->chip.flash_writes;

    (void)state;
    ask(b, "AT+CWJAP=\"home\",\"correct horse\"",
        "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    assert_int_equal(b->chip.flash_writes, before + 1);
    ask(b, "AT+RST", "\r\nOK\r\n");
    expect(b, "\r\nready\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n");
}

static void without_an_interval_it_does_not_try_again(void **state)
{
    struct bench *b = station(SIM_ESPAT_2_4);

    (void)state;
    sim_ap_switch(&b->home, false);
    ask(b, "AT+CWJAP=\"home\",\"correct horse\",,,0",
        "+CWJAP:3\r\n\r\nERROR\r\n");
    sim_ap_switch(&b->home, true);
    quiet(b, 20000);
}

static void the_old_one_does_not_know_wpa3(void **state)
{
    struct bench *b = station(SIM_ESPAT_1_7);

    (void)state;
    b->home.cfg.security = SIM_WPA3;
    ask(b, "AT+CWJAP_CUR=\"home\",\"correct horse\"",
        "+CWJAP:3\r\n\r\nFAIL\r\n");
    b = station(SIM_ESPAT_2_4);
    b->home.cfg.security = SIM_WPA3;
    ask(b, "AT+CWJAP=\"home\",\"correct horse\"",
        "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
}

static void joining_unasked_can_be_switched_off(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWAUTOCONN=0", "\r\nOK\r\n");
    ask(b, "AT+CWAUTOCONN?", "+CWAUTOCONN:0\r\n\r\nOK\r\n");
    ask(b, "AT+RST", "\r\nOK\r\n");
    expect(b, "\r\nready\r\n");
    quiet(b, 10000);
}

static void another_mode_leaves_the_network(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWMODE=3", "\r\nOK\r\n");
    quiet(b, 1000);
    ask(b, "AT+CWMODE=2", "WIFI DISCONNECT\r\n\r\nOK\r\n");
    quiet(b, 10000);
}

static void addresses_that_no_host_can_have_are_refused(void **state)
{
    struct bench *b = station(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSTA=\"192.0.2.7\",\"192.0.2.1\",\"255.0.255.0\"",
        "\r\nERROR\r\n");
    ask(b, "AT+CIPSTA=\"192.0.2.7\",\"192.0.2.1\"", "\r\nERROR\r\n");
}

static void name_servers_can_be_fixed(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    unsigned asked;

    (void)state;
    ask(b, "AT+CIPDNS=1,\"192.0.2.77\",\"192.0.2.1\"", "\r\nOK\r\n");
    ask(b, "AT+CIPDNS?",
        "+CIPDNS:1,\"192.0.2.77\",\"192.0.2.1\"\r\n\r\nOK\r\n");
    ask(b, "AT+CIPDNS=1,\"192.0.2.77\"", "\r\nOK\r\n");
    asked = b->far.dns_asked;
    ask(b, "AT+CIPDOMAIN=\"far.example\"", "\r\nERROR\r\n");
    assert_int_equal(b->far.dns_asked, asked);
    // They hold for the next join, too.
    ask(b, "AT+CWJAP=\"home\",\"correct horse\"",
        "WIFI DISCONNECT\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n"
        "\r\nOK\r\n");
    ask(b, "AT+CIPDOMAIN=\"far.example\"", "\r\nERROR\r\n");
    assert_int_equal(b->far.dns_asked, asked);
}

static void the_time_is_asked_for_when_it_is_told_to(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_3_3);

    (void)state;
    ask(b, "AT+CIPSNTPTIME?",
        "+CIPSNTPTIME:Thu Jan 01 00:00:00 1970\r\n\r\nOK\r\n");
    ask(b, "AT+SYSTIMESTAMP?", "+SYSTIMESTAMP:0\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSNTPCFG=1,-3,\"far.example\"", "\r\nOK\r\n");
    expect(b, "+TIME_UPDATED\r\n");
    ask(b, "AT+CIPSNTPCFG?", "+CIPSNTPCFG:1,-3,\"far.example\"\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSNTPTIME?", "+CIPSNTPTIME:Fri Jan 02 00:04:");
    await(b, " 2026\r\n\r\nOK\r\n");
    ask(b, "AT+SYSTIMESTAMP?", "+SYSTIMESTAMP:17673230");
    await(b, "\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSNTPCFG=1,15", "\r\nERROR\r\n");
    ask(b, "AT+CIPSNTPCFG=1,-x", "\r\nERROR\r\n");
    ask(b, "AT+CIPSNTPCFG=0,0", "\r\nOK\r\n");
    b = bench_joined(SIM_ESPAT_2_4); // says nothing by itself
    ask(b, "AT+CIPSNTPCFG=1,0,\"far.example\"", "\r\nOK\r\n");
    quiet(b, 5000);
    ask(b, "AT+CIPSNTPTIME?", "+CIPSNTPTIME:Fri Jan 02 03:04:");
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_teardown(test, bench_teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_join_says_connected_then_got_ip_then_ok),
        ON_BENCH(a_join_that_fails_has_a_code),
        ON_BENCH(the_old_one_says_fail),
        ON_BENCH(a_join_wants_station_mode_and_arguments_that_fit),
        ON_BENCH(one_that_failed_may_succeed_later),
        ON_BENCH(another_join_leaves_the_first_network),
        ON_BENCH(leaving_says_ok_and_disconnect),
        ON_BENCH(one_that_is_sent_away_comes_back),
        ON_BENCH(a_network_that_vanishes_is_missed_after_a_while),
        ON_BENCH(a_stored_network_is_joined_unasked),
        ON_BENCH(the_old_one_is_busy_until_it_has_joined),
        ON_BENCH(an_address_can_be_fixed),
        ON_BENCH(the_old_one_counts_its_dhcp_otherwise),
        ON_BENCH(a_scan_has_all_that_are_heard_strongest_first),
        ON_BENCH(what_is_kept_of_a_join_is_written_once),
        ON_BENCH(without_an_interval_it_does_not_try_again),
        ON_BENCH(the_old_one_does_not_know_wpa3),
        ON_BENCH(joining_unasked_can_be_switched_off),
        ON_BENCH(another_mode_leaves_the_network),
        ON_BENCH(addresses_that_no_host_can_have_are_refused),
        ON_BENCH(name_servers_can_be_fixed),
        ON_BENCH(the_time_is_asked_for_when_it_is_told_to),
    };

    return cmocka_run_group_tests_name("espat_join", tests, NULL, NULL);
}
