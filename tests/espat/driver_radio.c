// SPDX-License-Identifier: MIT
//
// The radio, the addresses and the names of an ESP-AT module.

#include "tests/espat/driver_bench.h"

#include "nif/connector.h"

#include <string.h>

static const struct nif_wifi_params home = {
    .ssid = "home",
    .passphrase = "correct horse",
};

static struct nif_wifi_status status_of(struct bench *b)
{
    struct nif_wifi_status status;

    nif_wifi_status(&b->chip.iface, &status);
    return status;
}

static void start(struct bench *b, enum bench_firmware firmware)
{
    bench_open(b, firmware, NULL);
    assert_int_equal(nif_iface_start(&b->chip.iface), 0);
}

static void a_network_is_joined_and_told_of(void **state)
{
    struct nif_wifi_status status;
    struct nif_net net;
    struct bench b;

    (void)state;
    start(&b, BENCH_AT24);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
    assert_int_equal(status_of(&b).state, NIF_WIFI_JOINING);
    bench_run(&b, 500);
    assert_int_equal(bench_count(&b, "AT+CWJAP=\"home\",\"correct horse\""), 1);
    status = status_of(&b);
    assert_int_equal(status.state, NIF_WIFI_JOINED);
    assert_int_equal(status.rssi_dbm, -61);
    assert_int_equal(status.channel, 6);
    assert_int_equal(status.bssid.byte[5], 0x55);
    assert_true(nif_iface_flags(&b.chip.iface) & NIF_IFACE_LINK);
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), 1);
    nif_stack_net(&b.chip.stack, &net);
    assert_int_equal(nif_ip4_value(&net.ip), 0xC0000202);
    assert_int_equal(net.prefix_len, 24);
    assert_int_equal(nif_ip4_value(&net.gateway), 0xC0000201);
    assert_int_equal(nif_ip4_value(&net.dns[0]), 0xC0000235);
    assert_int_equal(nif_ip4_value(&net.dns[1]), 0xC0000236);
    assert_int_equal(net.hwaddr.byte[5], 7);
    bench_close(&b);
}

static void an_old_firmware_joins_and_stores_nothing(void **state)
{
    struct nif_net net;
    struct bench b;

    (void)state;
    start(&b, BENCH_AT17);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
    bench_run(&b, 500);
    assert_int_equal(bench_count(&b, "AT+CWJAP_CUR=\"home\",\"correct horse\""),
        1);
    assert_int_equal(bench_count(&b, "AT+CWDHCP_CUR=1,1"), 1);
    nif_stack_net(&b.chip.stack, &net);
    assert_int_equal(nif_ip4_value(&net.ip), 0xC0000202);
    assert_int_equal(nif_ip4_value(&net.dns[1]), 0xC0000236);
    assert_int_equal(net.hwaddr.byte[5], 8);
    bench_close(&b);
}

static void what_is_special_in_names_is_escaped(void **state)
{
    const struct nif_wifi_params odd = {
        .ssid = "a\"b,c\\d",
        .passphrase = "pass,\"word\\",
        .country = "JP",
    };
    struct bench b;

    (void)state;
    start(&b, BENCH_AT24);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &odd), 0);
    bench_run(&b, 500);
    assert_int_equal(bench_count(&b,
                         "AT+CWJAP=\"a\\\"b\\,c\\\\d\","
                         "\"pass\\,\\\"word\\\\\""),
        1);
    assert_int_equal(bench_count(&b, "AT+CWCOUNTRY=0,\"JP\",1,13"), 1);
    bench_close(&b);
}

static void the_longest_names_fit(void **state)
{
    static const char ssid[] =
        "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""
        "\"\"\"\"\"\"\"\"";
    static const char word[] =
        ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,";
    const struct nif_wifi_params odd = { .ssid = ssid, .passphrase = word };
    struct bench b;

    (void)state;
    assert_int_equal(strlen(ssid), NIF_WIFI_SSID_MAX);
    start(&b, BENCH_AT17);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &odd), 0);
    bench_run(&b, 500);
    assert_int_equal(status_of(&b).state, NIF_WIFI_JOINED);
    bench_close(&b);
}

static void each_reason_why_it_cannot_join_is_told(void **state)
{
    static const struct {
        const char *answer;
        int err;
    } cases[] = {
        { "+CWJAP:1\r\n\r\nERROR\r\n", NIF_ETIMEDOUT },
        { "+CWJAP:2\r\n\r\nERROR\r\n", NIF_EAUTH },
        { "+CWJAP:3\r\n\r\nERROR\r\n", NIF_ENOTFOUND },
        { "+CWJAP:4\r\n\r\nERROR\r\n", NIF_ETIMEDOUT },
        { "+CWJAP:2\r\n\r\nFAIL\r\n", NIF_EAUTH },
        { "\r\nERROR\r\n", NIF_ETIMEDOUT },
        { "+CWJAP:3\r\n", NIF_ENOTFOUND }, // and the end of it is lost
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct bench b;

        start(&b, BENCH_AT24);
        bench_answer(&b, "AT+CWJAP=*", cases[i].answer);
        assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
        bench_run(&b, 2000);
        assert_int_equal(status_of(&b).state, NIF_WIFI_FAILED);
        assert_int_equal(status_of(&b).err, cases[i].err);
        // It would go on trying by itself.
        assert_int_equal(bench_count(&b, "AT+CWQAP"), 3);
        bench_say(&b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
        bench_run(&b, 200);
        assert_int_equal(status_of(&b).state, NIF_WIFI_FAILED);
        assert_int_equal(bench_count(&b, "AT+CWQAP"), 4);
        assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
        bench_run(&b, 500);
        assert_int_equal(status_of(&b).state, NIF_WIFI_JOINED);
        bench_close(&b);
    }
}

static void
a_joining_whose_end_is_not_heard_has_worked_all_the_same(void **state)
{
    struct bench b;

    (void)state;
    start(&b, BENCH_AT24);
    bench_answer(&b, "AT+CWJAP=*", "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
    assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
    bench_run(&b, 45000);
    assert_int_equal(status_of(&b).state, NIF_WIFI_JOINED);
    bench_close(&b);
}

static void a_kick_ends_the_link_and_the_connections(void **state)
{
    struct nif_conn *conn;
    struct nif_net net;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    conn = bench_dial(&b, 1);
    bench_say(&b, "4,CLOSED\r\nWIFI DISCONNECT\r\n");
    bench_run(&b, 100);
    assert_int_equal(status_of(&b).state, NIF_WIFI_FAILED);
    assert_int_equal(status_of(&b).err, NIF_ELINK);
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), 1);
    assert_true(conn->state == NIF_CONN_FAILED);
    assert_int_equal(conn->err, NIF_ELINK);
    nif_stack_net(&b.chip.stack, &net);
    assert_int_equal(net.ip.family, NIF_IP_NONE);
    assert_int_equal(net.hwaddr.byte[5], 7);
    // To join again is not for the module to decide.
    assert_int_equal(bench_count(&b, "AT+CWQAP"), 3);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
    bench_run(&b, 500);
    assert_true(bench_traffic(&b));
    bench_close(&b);
}

static void a_loss_that_was_not_heard_is_found(void **state)
{
    static const struct bench_rule gone[] = {
        { "AT+CWJAP?", "No AP\r\n\r\nOK\r\n" },
    };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    b.extra = gone;
    b.extra_count = 1;
    bench_run(&b, 9000);
    assert_int_equal(status_of(&b).state, NIF_WIFI_FAILED);
    assert_int_equal(status_of(&b).err, NIF_ELINK);
    bench_close(&b);
}

static void another_address_of_the_lease_is_noticed(void **state)
{
    struct nif_net net;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    bench_answer(&b, "AT+CIPSTA?",
        "+CIPSTA:ip:\"192.0.2.77\"\r\n+CIPSTA:gateway:\"192.0.2.1\"\r\n"
        "+CIPSTA:netmask:\"255.255.240.0\"\r\n\r\nOK\r\n");
    bench_say(&b, "WIFI GOT IP\r\n");
    bench_run(&b, 200);
    nif_stack_net(&b.chip.stack, &net);
    assert_int_equal(net.ip.byte[3], 77);
    assert_int_equal(net.prefix_len, 20);
    bench_close(&b);
}

static void leaving_is_at_once_even_while_it_joins(void **state)
{
    struct bench b;

    (void)state;
    start(&b, BENCH_AT24);
    bench_answer(&b, "AT+CWJAP=*", NULL);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
    bench_run(&b, 200);
    assert_int_equal(nif_wifi_leave(&b.chip.iface), 0);
    assert_int_equal(status_of(&b).state, NIF_WIFI_IDLE);
    bench_say(&b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    bench_run(&b, 200);
    assert_int_equal(status_of(&b).state, NIF_WIFI_IDLE);
    assert_int_equal(bench_count(&b, "AT+CWQAP"), 3);
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), 0);
    bench_close(&b);
}

static void a_second_join_takes_the_place_of_the_first(void **state)
{
    const struct nif_wifi_params other = { .ssid = "other" };
    struct bench b;

    (void)state;
    start(&b, BENCH_AT24);
    bench_answer(&b, "AT+CWJAP=\"home\"*", NULL);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
    bench_run(&b, 200);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &other), 0);
    bench_say(&b, "+CWJAP:3\r\n\r\nERROR\r\n"); // the first one's
    bench_run(&b, 500);
    assert_int_equal(status_of(&b).state, NIF_WIFI_JOINED);
    assert_int_equal(bench_count(&b, "AT+CWJAP=\"other\",\"\""), 1);
    bench_close(&b);
}

static void what_makes_no_sense_or_cannot_be_is_refused(void **state)
{
    struct nif_wifi_params p = home;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT17, NULL);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &p), NIF_ENODEV);
    assert_int_equal(nif_wifi_scan(&b.chip.iface, NULL,
                         &(struct nif_wifi_network){ .ssid_len = 0 }, 1),
        NIF_ENODEV);
    assert_int_equal(nif_wifi_found(&b.chip.iface), NIF_EINVAL);
    assert_int_equal(nif_iface_start(&b.chip.iface), 0);
    p.passphrase = "short";
    assert_int_equal(nif_wifi_join(&b.chip.iface, &p), NIF_EINVAL);
    p.passphrase = "0123456789abcdef0123456789abcdef"
                   "0123456789abcdef0123456789abcdef";
    assert_int_equal(nif_wifi_join(&b.chip.iface, &p), NIF_ENOTSUP);
    p = home;
    p.auth = NIF_WIFI_WPA3;
    assert_int_equal(nif_wifi_join(&b.chip.iface, &p), NIF_ENOTSUP);
    assert_int_equal(status_of(&b).state, NIF_WIFI_IDLE);
    bench_close(&b);
}

// ---- looking for networks

static void networks_are_found_strongest_first(void **state)
{
    struct nif_wifi_network found[2] = { { .ssid_len = 0 } };
    struct bench b;

    (void)state;
    start(&b, BENCH_AT24);
    assert_int_equal(nif_wifi_scan(&b.chip.iface, NULL, found, 2), 0);
    assert_int_equal(nif_wifi_found(&b.chip.iface), NIF_EAGAIN);
    bench_run(&b, 200);
    assert_int_equal(nif_wifi_found(&b.chip.iface), 2);
    assert_int_equal(found[0].ssid_len, 3);
    assert_memory_equal(found[0].ssid, "a\"b", 3);
    assert_int_equal(found[0].rssi_dbm, -40);
    assert_int_equal(found[0].channel, 11);
    assert_int_equal(found[0].auth, NIF_WIFI_WPA2);
    assert_int_equal(found[0].bssid.byte[5], 2);
    assert_memory_equal(found[1].ssid, "new", 3);
    assert_int_equal(nif_wifi_scan(&b.chip.iface, "new", found, 2), 0);
    bench_run(&b, 200);
    assert_int_equal(bench_count(&b, "AT+CWLAP=\"new\""), 1);
    bench_close(&b);
}

static void a_scan_that_fails_is_told(void **state)
{
    struct nif_wifi_network found[2] = { { .ssid_len = 0 } };
    struct bench b;

    (void)state;
    start(&b, BENCH_AT24);
    bench_answer(&b, "AT+CWLAP*", "\r\nERROR\r\n");
    assert_int_equal(nif_wifi_scan(&b.chip.iface, NULL, found, 2), 0);
    bench_run(&b, 200);
    assert_int_equal(nif_wifi_found(&b.chip.iface), NIF_EIO);
    bench_close(&b);
}

// ---- being a network

static void an_access_point_is_served(void **state)
{
    static const struct bench_rule ap[] = {
        { "AT+CIPAP?",
            "+CIPAP:ip:\"192.168.4.1\"\r\n+CIPAP:gateway:\"192.168.4.1\"\r\n"
            "+CIPAP:netmask:\"255.255.255.0\"\r\n\r\nOK\r\n" },
    };
    struct nif_wifi_params own = home;
    struct nif_net net;
    struct bench b;

    (void)state;
    start(&b, BENCH_AT24);
    b.extra = ap;
    b.extra_count = 1;
    own.mode = NIF_WIFI_AP;
    own.channel = 11;
    assert_int_equal(nif_wifi_join(&b.chip.iface, &own), 0);
    bench_run(&b, 300);
    assert_int_equal(bench_count(&b, "AT+CWMODE=2"), 1);
    assert_int_equal(bench_count(&b,
                         "AT+CWSAP=\"home\",\"correct horse\",11,3"),
        1);
    assert_int_equal(status_of(&b).state, NIF_WIFI_SERVING);
    assert_int_equal(status_of(&b).channel, 11);
    nif_stack_net(&b.chip.stack, &net);
    assert_int_equal(nif_ip4_value(&net.ip), 0xC0A80401);
    bench_say(&b, "+STA_CONNECTED:\"02:00:00:00:00:09\"\r\n");
    bench_run(&b, 20);
    assert_int_equal(status_of(&b).stations, 1);
    bench_say(&b, "+STA_DISCONNECTED:\"02:00:00:00:00:09\"\r\n");
    bench_run(&b, 20);
    assert_int_equal(status_of(&b).stations, 0);
    bench_close(&b);
}

// ---- addresses and names

static void an_address_may_be_set_before_and_after(void **state)
{
    struct nif_net net = {
        .ip = nif_ip4(192, 0, 2, 2),
        .prefix_len = 23,
        .gateway = nif_ip4(192, 0, 2, 1),
        .dns = { nif_ip4(192, 0, 2, 53) },
    };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    assert_int_equal(nif_stack_set_net(&b.chip.stack, &net), 0);
    bench_up(&b);
    assert_int_equal(bench_count(&b,
                         "AT+CIPSTA=\"192.0.2.2\",\"192.0.2.1\","
                         "\"255.255.254.0\""),
        1);
    assert_int_equal(bench_count(&b, "AT+CIPDNS=1,\"192.0.2.53\""), 1);
    assert_int_equal(bench_count(&b, "AT+CWDHCP=1,1"), 0);
    net.ip.byte[3] = 3;
    assert_int_equal(nif_stack_set_net(&b.chip.stack, &net), 0);
    bench_run(&b, 200);
    assert_int_equal(bench_count(&b,
                         "AT+CIPSTA=\"192.0.2.3\",\"192.0.2.1\","
                         "\"255.255.254.0\""),
        1);
    net = (struct nif_net){ .prefix_len = 0 };
    assert_int_equal(nif_stack_set_net(&b.chip.stack, &net), 0);
    bench_run(&b, 200);
    assert_int_equal(bench_count(&b, "AT+CWDHCP=1,1"), 1);
    net.prefix_len = 33;
    assert_int_equal(nif_stack_set_net(&b.chip.stack, &net), NIF_EINVAL);
    bench_close(&b);
}

static int look_up(struct bench *b, const char *host, struct nif_ip *ip)
{
    int err = NIF_EAGAIN;

    for (int i = 0; i < 100 && err == NIF_EAGAIN; i++) {
        err = b->chip.stack.ops->lookup(&b->chip.stack, host, ip);
        bench_run(b, 10);
    }
    return err;
}

static void names_are_looked_up_with_quotes_and_without(void **state)
{
    static const enum bench_firmware all[] = { BENCH_AT24, BENCH_AT17 };

    (void)state;
    for (size_t i = 0; i < nif_countof(all); i++) {
        struct nif_ip ip;
        struct bench b;

        bench_open(&b, all[i], NULL);
        assert_int_equal(look_up(&b, "example.net", &ip), NIF_EADDR);
        bench_up(&b);
        assert_int_equal(look_up(&b, "example.net", &ip), 0);
        assert_int_equal(nif_ip4_value(&ip), 0xC0000250);
        assert_int_equal(bench_count(&b, "AT+CIPDOMAIN=\"example.net\""), 1);
        bench_answer(&b, "AT+CIPDOMAIN=*", "DNS Fail\r\n\r\nERROR\r\n");
        assert_int_equal(look_up(&b, "nobody.example", &ip), NIF_ENOTFOUND);
        bench_answer(&b, "AT+CIPDOMAIN=*", "\r\nERROR\r\n");
        assert_int_equal(look_up(&b, "nobody.example", &ip), NIF_ENOTFOUND);
        assert_int_equal(look_up(&b, "nobody.example", &ip), 0);
        bench_answer(&b, "AT+CIPDOMAIN=*", "+CIPDOMAIN:rubbish\r\n\r\nOK\r\n");
        assert_int_equal(look_up(&b, "example.net", &ip), NIF_EPROTO);
        assert_int_equal(look_up(&b, "", &ip), NIF_EINVAL);
        assert_int_equal(look_up(&b, "new\r\nline", &ip), NIF_EINVAL);
        bench_close(&b);
    }
}

// A result that its caller did not wait for is nobody else's.
static void a_lookup_that_was_given_up_leaves_nothing_behind(void **state)
{
    struct nif_ip ip;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    bench_answer(&b, "AT+CIPDOMAIN=\"slow.example\"", "\r\nERROR\r\n");
    assert_int_equal(b.chip.stack.ops->lookup(&b.chip.stack, "slow.example",
                         &ip),
        NIF_EAGAIN);
    assert_int_equal(look_up(&b, "example.net", &ip), 0);
    assert_int_equal(b.chip.stack.ops->lookup(&b.chip.stack, "example.net",
                         &ip),
        NIF_EAGAIN);
    bench_run(&b, 10000);
    bench_answer(&b, "AT+CIPDOMAIN=*",
        "+CIPDOMAIN:\"192.0.2.9\"\r\n\r\nOK\r\n");
    assert_int_equal(look_up(&b, "example.net", &ip), 0);
    assert_int_equal(ip.byte[3], 9);
    bench_close(&b);
}

// ---- the connector

static void the_connector_brings_it_up_and_up_again(void **state)
{
    struct nif_connector c;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    nif_connector_init(&c,
        &(struct nif_connector_cfg){
            .iface = &b.chip.iface,
            .wifi = &home,
            .seed = 1,
        });
    assert_int_equal(nif_connector_start(&c), 0);
    assert_int_equal(nif_connector_wait(&c, 20000000), 0);
    assert_int_equal(c.state, NIF_CONNECTOR_UP);
    bench_say(&b, "WIFI DISCONNECT\r\n");
    for (int i = 0; i < 20; i++) {
        (void)nif_poll_all(&b.chip.stack);
        bench_run(&b, 1);
    }
    assert_int_not_equal(c.state, NIF_CONNECTOR_UP);
    assert_int_equal(nif_connector_wait(&c, 40000000), 0);
    bench_say(&b, "\r\nready\r\n");
    b.echo = true;
    for (int i = 0; i < 20; i++) {
        (void)nif_poll_all(&b.chip.stack);
        bench_run(&b, 1);
    }
    assert_int_not_equal(c.state, NIF_CONNECTOR_UP);
    assert_int_equal(nif_connector_wait(&c, 60000000), 0);
    nif_connector_stop(&c);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_is_joined_and_told_of),
        cmocka_unit_test(an_old_firmware_joins_and_stores_nothing),
        cmocka_unit_test(what_is_special_in_names_is_escaped),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test(each_reason_why_it_cannot_join_is_told),
        cmocka_unit_test(
            a_joining_whose_end_is_not_heard_has_worked_all_the_same),
        cmocka_unit_test(a_kick_ends_the_link_and_the_connections),
        cmocka_unit_test(a_loss_that_was_not_heard_is_found),
        cmocka_unit_test(another_address_of_the_lease_is_noticed),
        cmocka_unit_test(leaving_is_at_once_even_while_it_joins),
        cmocka_unit_test(a_second_join_takes_the_place_of_the_first),
        cmocka_unit_test(what_makes_no_sense_or_cannot_be_is_refused),
        cmocka_unit_test(networks_are_found_strongest_first),
        cmocka_unit_test(a_scan_that_fails_is_told),
        cmocka_unit_test(an_access_point_is_served),
        cmocka_unit_test(an_address_may_be_set_before_and_after),
        cmocka_unit_test(names_are_looked_up_with_quotes_and_without),
        cmocka_unit_test(a_lookup_that_was_given_up_leaves_nothing_behind),
        cmocka_unit_test(the_connector_brings_it_up_and_up_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
