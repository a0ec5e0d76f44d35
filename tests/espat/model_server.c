// SPDX-License-Identifier: MIT
//
// The server of the ESP-AT model, and the module as an access point.

#include "tests/espat/model_bench.h"

struct client {
    struct nif_conn conn;
    uint8_t rx[2048];
    uint8_t tx[2048];
};

static struct client client[7];

static void call(struct far *far, struct client *c, struct nif_ip ip,
    uint16_t port)
{
    struct nif_endpoint peer = { .ip = ip, .port = port };

    assert_int_equal(nif_conn_open(&far->tcpip.stack, &c->conn, NIF_TCP,
                         &(struct nif_conn_cfg){ .rx = c->rx,
                             .rx_cap = sizeof(c->rx),
                             .tx = c->tx,
                             .tx_cap = sizeof(c->tx) }),
        0);
    assert_int_equal(nif_conn_connect(&c->conn, &peer), 0);
    far_kick(far);
}

static void call_station(struct bench *b, unsigned n)
{
    call(&b->far, &client[n], nif_ip4(192, 0, 2, 2), 80);
}

static void clients_get_the_lowest_number_that_is_free(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    ask(b, "AT+CIPSERVER?", "+CIPSERVER:1,80,\"TCP\",0\r\n\r\nOK\r\n");
    call_station(b, 0);
    expect(b, "0,CONNECT\r\n");
    open_link(b, 1);
    call_station(b, 1);
    expect(b, "2,CONNECT\r\n");
    ask(b, "AT+CIPSTATE?", "+CIPSTATE:0,\"TCP\",\"192.0.2.1\",");
    await(b, ",80,1\r\n+CIPSTATE:1,\"TCP\",\"192.0.2.1\",7,");
    await(b, ",0\r\n+CIPSTATE:2,\"TCP\",\"192.0.2.1\",");
    await(b, ",80,1\r\n\r\nOK\r\n");
    ask(b, "AT+CIPCLOSE=0", "0,CLOSED\r\n\r\nOK\r\n");
    call_station(b, 2);
    expect(b, "0,CONNECT\r\n");
}

static void a_server_talks_with_its_clients(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint8_t in[8];

    (void)state;
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    call_station(b, 0);
    expect(b, "0,CONNECT\r\n");
    assert_int_equal(nif_conn_send(&client[0].conn, "GET", 3, NULL), 3);
    far_kick(&b->far);
    expect(b, "\r\n+IPD,0,3:GET");
    ask(b, "AT+CIPSEND=0,2", "\r\nOK\r\n\r\n>");
    say(b, "hi");
    expect(b, "\r\nRecv 2 bytes\r\n\r\nSEND OK\r\n");
    pass_ms(b, 50);
    assert_int_equal(nif_conn_recv(&client[0].conn, in, 8, NULL), 2);
    nif_conn_close(&client[0].conn);
    far_kick(&b->far);
    expect(b, "0,CLOSED\r\n");
}

static void a_number_may_be_used_again_at_once(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    call_station(b, 0);
    expect(b, "0,CONNECT\r\n");
    nif_conn_abort(&client[0].conn);
    call_station(b, 1);
    expect(b, "0,CLOSED\r\n0,CONNECT\r\n");
}

static void a_sixth_client_is_sent_away(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    char text[16];

    (void)state;
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    for (unsigned i = 0; i < 5; i++) {
        call_station(b, i);
        snprintf(text, sizeof(text), "%u,CONNECT\r\n", i);
        expect(b, text);
    }
    call_station(b, 5);
    expect(b, "Have 5 Connections\r\n");
    pass_ms(b, 50);
    assert_int_equal(nif_conn_recv(&client[5].conn, text, 1, NULL), 0);
}

static void fewer_clients_may_be_asked_for(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSERVERMAXCONN=1", "\r\nOK\r\n");
    ask(b, "AT+CIPSERVERMAXCONN?", "+CIPSERVERMAXCONN:1\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    call_station(b, 0);
    expect(b, "0,CONNECT\r\n");
    call_station(b, 1);
    expect(b, "Have 1 Connections\r\n");
    ask(b, "AT+CIPSERVERMAXCONN=2", "\r\nERROR\r\n");
}

static void a_server_wants_many_links_and_is_one(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPMUX=0", "\r\nOK\r\n");
    ask(b, "AT+CIPSERVER=1,80", "\r\nERROR\r\n");
    ask(b, "AT+CIPMUX=1", "\r\nOK\r\n");
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    ask(b, "AT+CIPSERVER=1,81", "\r\nERROR\r\n");
    ask(b, "AT+CIPMUX=0", "\r\nERROR\r\n");
    b = bench_joined(SIM_ESPAT_1_7);
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    ask(b, "AT+CIPSERVER=1,80", "no change\r\n\r\nOK\r\n");
}

static void a_stopped_server_keeps_its_links_unless_told(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    call_station(b, 0);
    expect(b, "0,CONNECT\r\n");
    ask(b, "AT+CIPSERVER=0", "\r\nOK\r\n");
    assert_int_equal(nif_conn_send(&client[0].conn, "x", 1, NULL), 1);
    far_kick(&b->far);
    expect(b, "\r\n+IPD,0,1:x");
    call_station(b, 1);
    quiet(b, 300);
    assert_int_equal(nif_conn_state(&client[1].conn), NIF_CONN_FAILED);
    ask(b, "AT+CIPSERVER=0", "\r\nERROR\r\n");
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n"); // and begins anew
    call_station(b, 2);
    expect(b, "1,CONNECT\r\n");
    ask(b, "AT+CIPSERVER=0,1", "0,CLOSED\r\n1,CLOSED\r\n\r\nOK\r\n");
}

static void silent_clients_are_closed_after_a_while(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSTO?", "+CIPSTO:180\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSTO=10", "\r\nOK\r\n");
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    open_link(b, 4); // is a client of its own: not closed
    call_station(b, 0);
    expect(b, "0,CONNECT\r\n");
    quiet(b, 9000);
    assert_int_equal(nif_conn_send(&client[0].conn, "x", 1, NULL), 1);
    far_kick(&b->far);
    expect(b, "\r\n+IPD,0,1:x");
    quiet(b, 9900);
    expect(b, "0,CLOSED\r\n");
    quiet(b, 10000);
    ask(b, "AT+CIPSTO=0", "\r\nOK\r\n");
    call_station(b, 1);
    expect(b, "0,CONNECT\r\n");
    quiet(b, 200000);
}

static void a_server_with_tls_takes_longer(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSERVER=1,443,\"SSL\"", "\r\nOK\r\n");
    call(&b->far, &client[0], nif_ip4(192, 0, 2, 2), 443);
    quiet(b, 1400);
    expect(b, "0,CONNECT\r\n");
}

// ---- the access point

static struct far phone;

static void stations_join_get_an_address_and_call(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWMODE=2", "\r\nOK\r\n");
    ask(b, "AT+CWSAP=\"lamp\",\"let me in\",11,3", "\r\nOK\r\n");
    ask(b, "AT+CIPMUX=1", "\r\nOK\r\n");
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    ask(b, "AT+CIPAP?",
        "+CIPAP:ip:\"192.168.4.1\"\r\n+CIPAP:gateway:\"192.168.4.1\"\r\n"
        "+CIPAP:netmask:\"255.255.255.0\"\r\n\r\nOK\r\n");
    far_phone(&phone, &b->air, "lamp", "let me in");
    expect(b, "+STA_CONNECTED:\"02:00:00:00:00:08\"\r\n");
    await(b, "+DIST_STA_IP:\"02:00:00:00:00:08\",\"192.168.4.");
    await(b, "\r\n");
    ask(b, "AT+CWLIF", "+CWLIF:192.168.4.");
    await(b, ",02:00:00:00:00:08\r\n\r\nOK\r\n");
    call(&phone, &client[0], nif_ip4(192, 168, 4, 1), 80);
    expect(b, "0,CONNECT\r\n");
    assert_int_equal(nif_conn_send(&client[0].conn, "on", 2, NULL), 2);
    far_kick(&phone);
    expect(b, "\r\n+IPD,0,2:on");
    sim_station_leave(&phone.st);
    expect(b, "+STA_DISCONNECTED:\"02:00:00:00:00:08\"\r\n");
    far_done(&phone);
}

static void an_access_point_is_heard_as_it_is_set_up(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWSAP=\"lamp\",\"let me in\",11,3", "\r\nERROR\r\n");
    ask(b, "AT+CWMODE=3", "\r\nOK\r\n");
    ask(b, "AT+CWSAP=\"lamp\",\"short\",11,3", "\r\nERROR\r\n");
    ask(b, "AT+CWSAP=\"lamp\",\"\",11,0,2,1", "\r\nOK\r\n");
    ask(b, "AT+CWSAP?", "+CWSAP:\"lamp\",\"\",11,0,2,1\r\n\r\nOK\r\n");
    assert_string_equal(b->air.aps->cfg.ssid, "lamp");
    assert_int_equal(b->air.aps->cfg.security, SIM_OPEN);
    assert_int_equal(b->air.aps->cfg.channel, 11);
    assert_true(b->air.aps->cfg.hidden);
    ask(b, "AT+CIFSR",
        "+CIFSR:APIP,\"192.168.4.1\"\r\n+CIFSR:APMAC,\"02:00:00:00:e5:03\"\r\n"
        "+CIFSR:STAIP,\"0.0.0.0\"\r\n+CIFSR:STAMAC,\"02:00:00:00:e5:02\"\r\n"
        "\r\nOK\r\n");
    ask(b, "AT+CWMODE=1", "\r\nOK\r\n");
    assert_ptr_equal(b->air.aps, &b->home);
}

static void both_at_once_reach_either_side(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWMODE=3", "\r\nOK\r\n");
    ask(b, "AT+CWSAP=\"lamp\",\"let me in\",11,3", "\r\nOK\r\n");
    ask(b, "AT+CIPSERVER=1,80", "\r\nOK\r\n");
    far_phone(&phone, &b->air, "lamp", "let me in");
    await(b, "+DIST_STA_IP:\"02:00:00:00:00:08\",\"192.168.4.");
    await(b, "\r\n");
    call(&phone, &client[0], nif_ip4(192, 168, 4, 1), 80);
    expect(b, "0,CONNECT\r\n");
    call_station(b, 1);
    expect(b, "1,CONNECT\r\n");
    ask(b, "AT+CWMODE=1", "0,CLOSED\r\n\r\nOK\r\n");
    far_done(&phone);
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_teardown(test, bench_teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(clients_get_the_lowest_number_that_is_free),
        ON_BENCH(a_server_talks_with_its_clients),
        ON_BENCH(a_number_may_be_used_again_at_once),
        ON_BENCH(a_sixth_client_is_sent_away),
        ON_BENCH(fewer_clients_may_be_asked_for),
        ON_BENCH(a_server_wants_many_links_and_is_one),
        ON_BENCH(a_stopped_server_keeps_its_links_unless_told),
        ON_BENCH(silent_clients_are_closed_after_a_while),
        ON_BENCH(a_server_with_tls_takes_longer),
        ON_BENCH(stations_join_get_an_address_and_call),
        ON_BENCH(an_access_point_is_heard_as_it_is_set_up),
        ON_BENCH(both_at_once_reach_either_side),
    };

    return cmocka_run_group_tests_name("espat_server", tests, NULL, NULL);
}
