// SPDX-License-Identifier: MIT
//
// Servers at an ESP-AT module, and datagrams.

#include "tests/espat/driver_bench.h"

#include <string.h>

static const struct nif_endpoint peer = { { NIF_IPV4, { 192, 0, 2, 1 }, 0 }, 7,
    NULL };

static void up(struct bench *b, enum bench_firmware firmware)
{
    bench_open(b, firmware, NULL);
    bench_up(b);
}

static int recv_code(struct nif_conn *conn)
{
    uint8_t byte;

    return nif_conn_recv(conn, &byte, 1, NULL);
}

// ---- servers

static void clients_are_accepted_in_order_with_their_addresses(void **state)
{
    struct nif_conn *listener;
    struct nif_conn *conn;
    struct nif_endpoint from;
    struct bench b;

    (void)state;
    up(&b, BENCH_AT24);
    listener = bench_serve(&b, 3);
    assert_int_equal(bench_count(&b, "AT+CIPSERVER=1,80"), 1);
    assert_int_equal(bench_count(&b, "AT+CIPSTO=0"), 1);
    assert_true(strstr(b.log, "MAXCONN") < strstr(b.log, "CIPSERVER=1"));
    assert_int_equal(nif_conn_accept(listener, &conn, &from), NIF_EAGAIN);
    bench_say(&b, "+LINK_CONN:0,1,\"TCP\",1,\"192.0.2.8\",1234,80\r\n");
    bench_say(&b, "+LINK_CONN:0,0,\"TCP\",1,\"192.0.2.9\",4321,80\r\n");
    bench_run(&b, 100);
    assert_int_equal(nif_conn_accept(listener, &conn, &from), 0);
    assert_int_equal(from.ip.byte[3], 8);
    assert_int_equal(from.port, 1234);
    assert_int_equal(nif_conn_accept(listener, &conn, &from), 0);
    assert_int_equal(from.ip.byte[3], 9);
    bench_data(&b, 0, "request");
    bench_receive(&b, conn, "request");
    nif_conn_close(conn);
    bench_run(&b, 100);
    assert_int_equal(bench_count(&b, "AT+CIPCLOSE=0"), 1);
    assert_int_equal(conn->state, NIF_CONN_IDLE); // the listener's again
    bench_close(&b);
}

// Without LINK_CONN: who it is must be asked.
static void an_old_firmware_is_asked_who_has_come(void **state)
{
    struct nif_conn *listener;
    struct nif_conn *conn;
    struct nif_endpoint from;
    struct bench b;

    (void)state;
    up(&b, BENCH_AT17);
    listener = bench_serve(&b, 2);
    bench_answer(&b, "AT+CIPSTATUS",
        "STATUS:3\r\n+CIPSTATUS:0,\"TCP\",\"192.0.2.9\",4321,80,1\r\n"
        "\r\nOK\r\n");
    bench_say(&b, "0,CONNECT\r\n");
    bench_run(&b, 200);
    assert_int_equal(nif_conn_accept(listener, &conn, &from), 0);
    assert_int_equal(from.ip.byte[3], 9);
    assert_int_equal(from.port, 4321);
    bench_close(&b);
}

static void who_finds_no_place_is_closed(void **state)
{
    struct bench b;

    (void)state;
    up(&b, BENCH_AT24);
    (void)bench_serve(&b, 1);
    bench_say(&b, "0,CONNECT\r\n1,CONNECT\r\n");
    bench_run(&b, 200);
    assert_int_equal(bench_count(&b, "AT+CIPCLOSE=1"), 1);
    assert_int_equal(bench_count(&b, "AT+CIPCLOSE=0"), 0);
    assert_int_equal(b.chip.stats.refused, 1);
    bench_close(&b);
}

static void an_id_may_be_somebody_elses_at_once(void **state)
{
    struct nif_conn *listener;
    struct nif_conn *first;
    struct nif_conn *second;
    struct bench b;

    (void)state;
    up(&b, BENCH_AT24);
    listener = bench_serve(&b, 2);
    bench_say(&b, "+LINK_CONN:0,0,\"TCP\",1,\"192.0.2.8\",1,80\r\n");
    bench_run(&b, 100);
    bench_say(&b,
        "0,CLOSED\r\n"
        "+LINK_CONN:0,0,\"TCP\",1,\"192.0.2.9\",2,80\r\n");
    bench_data(&b, 0, "of the second");
    bench_run(&b, 100);
    assert_int_equal(nif_conn_accept(listener, &first, NULL), 0);
    assert_int_equal(nif_conn_accept(listener, &second, NULL), 0);
    bench_receive(&b, second, "of the second");
    assert_true(recv_code(first) == 0 || recv_code(first) == NIF_ERESET);
    bench_close(&b);
}

// A client takes the id that we were just about to use.
static void a_client_that_is_faster_keeps_the_id(void **state)
{
    struct nif_conn *listener;
    struct nif_conn *conn;
    struct nif_conn *ours;
    struct bench b;

    (void)state;
    up(&b, BENCH_AT24);
    listener = bench_serve(&b, 1);
    bench_answer(&b, "AT+CIPSTART=4*", "4,CONNECT\r\n\r\nERROR\r\n");
    ours = bench_conn(&b, 3, NIF_TCP);
    assert_int_equal(nif_conn_connect(ours, &peer), 0);
    bench_run(&b, 200);
    assert_int_equal(nif_conn_accept(listener, &conn, NULL), 0);
    assert_int_equal(ours->state, NIF_CONN_OPEN);
    assert_int_equal(bench_count(&b, "AT+CIPSTART=3,\"TCP\",\"192.0.2.1\",7"),
        1);
    bench_close(&b);
}

static void one_server_at_a_time(void **state)
{
    const struct nif_endpoint local = { .port = 81 };
    struct nif_conn *listener;
    struct nif_conn *second;
    struct bench b;

    (void)state;
    up(&b, BENCH_AT24);
    listener = bench_serve(&b, 1);
    second = bench_conn(&b, 2, NIF_TCP);
    (void)bench_conn(&b, 3, NIF_TCP);
    assert_int_equal(nif_conn_bind(second, &local), 0);
    assert_int_equal(nif_conn_listen(second, &b.conns[3], 1), NIF_ENOBUFS);
    nif_conn_close(listener);
    assert_int_equal(listener->state, NIF_CONN_CLOSED);
    assert_int_equal(b.conns[1].state, NIF_CONN_CLOSED);
    assert_int_equal(nif_conn_listen(second, &b.conns[3], 1), 0);
    bench_run(&b, 200);
    assert_int_equal(bench_count(&b, "AT+CIPSERVER=0"), 1);
    assert_int_equal(bench_count(&b, "AT+CIPSERVER=1,81"), 1);
    assert_true(strstr(b.log, "CIPSERVER=0") < strstr(b.log, "CIPSERVER=1,81"));
    bench_close(&b);
}

static void a_server_is_there_again_after_a_restart(void **state)
{
    const struct nif_wifi_params home = { .ssid = "home" };
    struct nif_conn *listener;
    struct nif_conn *conn;
    struct bench b;

    (void)state;
    up(&b, BENCH_AT24);
    listener = bench_serve(&b, 1);
    b.echo = true;
    bench_say(&b, "\r\nready\r\n");
    bench_run(&b, 3000);
    assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 1);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
    bench_run(&b, 500);
    assert_int_equal(bench_count(&b, "AT+CIPSERVER=1,80"), 2);
    bench_say(&b, "0,CONNECT\r\n");
    bench_run(&b, 200);
    assert_int_equal(nif_conn_accept(listener, &conn, NULL), 0);
    bench_close(&b);
}

// ---- datagrams

static void datagrams_go_and_come_with_their_addresses(void **state)
{
    const struct nif_endpoint local = { .port = 5000 };
    const struct nif_endpoint all = { nif_ip4(255, 255, 255, 255), 9, NULL };
    struct nif_endpoint from;
    struct nif_conn *conn;
    uint8_t got[32];
    struct bench b;

    (void)state;
    up(&b, BENCH_AT24);
    conn = bench_conn(&b, 1, NIF_UDP);
    assert_int_equal(nif_conn_bind(conn, &local), 0);
    bench_run(&b, 100);
    assert_int_equal(bench_count(&b,
                         "AT+CIPSTART=4,\"UDP\",\"0.0.0.0\",5000,5000,2"),
        1);
    assert_int_equal(nif_conn_send(conn, "ab", 2, NULL), NIF_ENOTCONN);
    assert_int_equal(nif_conn_send(conn, "ab", 2, &peer), 2);
    assert_int_equal(nif_conn_send(conn, "cde", 3, &all), 3);
    bench_run(&b, 200);
    assert_int_equal(bench_count(&b, "AT+CIPSEND=4,2,\"192.0.2.1\",7"), 1);
    assert_int_equal(bench_count(&b, "AT+CIPSEND=4,3,\"255.255.255.255\",9"),
        1);
    assert_memory_equal(b.data, "abcde", 5);
    b.sender = "\"192.0.2.33\",44";
    bench_data(&b, 4, "datagram");
    bench_run(&b, 100);
    assert_int_equal(nif_conn_recv(conn, got, 4, &from), 4);
    assert_memory_equal(got, "data", 4);
    assert_int_equal(from.ip.byte[3], 33);
    assert_int_equal(from.port, 44);
    assert_int_equal(nif_conn_recv(conn, got, 4, &from), NIF_EAGAIN);
    assert_int_equal(nif_conn_send(conn, got, 0, &peer), NIF_ENOTSUP);
    assert_int_equal(nif_conn_send(conn, got, 1461, &peer), NIF_ETOOBIG);
    bench_close(&b);
}

// From 3.3 on datagrams can be told apart, with their data.
static void a_new_firmware_keeps_datagrams_apart(void **state)
{
    const struct nif_endpoint local = { .port = 5000 };
    struct nif_endpoint from;
    struct nif_conn *conn;
    uint8_t got[8];
    struct bench b;

    (void)state;
    up(&b, BENCH_AT33);
    conn = bench_conn(&b, 1, NIF_UDP);
    assert_int_equal(nif_conn_bind(conn, &local), 0);
    bench_run(&b, 100);
    assert_int_equal(bench_count(&b, "AT+CIPRECVTYPE=4,0"), 1);
    bench_say(&b, "\r\n+IPD,4,2,\"192.0.2.1\",7:ab");
    bench_say(&b, "\r\n+IPD,4,1,\"192.0.2.2\",8:c");
    bench_run(&b, 100);
    assert_int_equal(nif_conn_recv(conn, got, 8, &from), 2);
    assert_int_equal(nif_conn_recv(conn, got, 8, &from), 1);
    assert_int_equal(from.port, 8);
    nif_conn_close(conn);
    bench_run(&b, 2000);
    assert_int_equal(conn->state, NIF_CONN_CLOSED);
    assert_int_equal(bench_count(&b, "AT+CIPRECVTYPE=4,1"), 1);
    bench_close(&b);
}

static void a_connected_socket_hears_its_peer_only(void **state)
{
    struct nif_conn *conn;
    uint8_t got[8];
    struct bench b;

    (void)state;
    up(&b, BENCH_AT24);
    conn = bench_conn(&b, 1, NIF_UDP);
    assert_int_equal(nif_conn_connect(conn, &peer), 0);
    assert_int_equal(conn->state, NIF_CONN_OPEN);
    bench_run(&b, 100);
    b.sender = "\"192.0.2.33\",44";
    bench_data(&b, 4, "other");
    bench_run(&b, 100);
    assert_int_equal(nif_conn_recv(conn, got, 8, NULL), NIF_EAGAIN);
    b.sender = "\"192.0.2.1\",7";
    bench_data(&b, 4, "own");
    bench_run(&b, 100);
    assert_int_equal(nif_conn_recv(conn, got, 8, NULL), 3);
    bench_close(&b);
}

// The network was lost and is back: a datagram socket did not end by that.
static void a_datagram_socket_outlives_its_network(void **state)
{
    const struct nif_wifi_params home = { .ssid = "home" };
    struct nif_conn *conn;
    struct bench b;

    (void)state;
    up(&b, BENCH_AT24);
    conn = bench_conn(&b, 1, NIF_UDP);
    assert_int_equal(nif_conn_connect(conn, &peer), 0);
    bench_run(&b, 100);
    bench_say(&b, "WIFI DISCONNECT\r\n");
    bench_run(&b, 100);
    assert_int_equal(nif_conn_send(conn, "x", 1, NULL), NIF_EADDR);
    assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
    bench_run(&b, 1000);
    assert_int_equal(nif_conn_send(conn, "x", 1, NULL), 1);
    bench_run(&b, 200);
    assert_int_equal(b.data_len, 1);
    bench_close(&b);
}

// A client such as DNS has no place of its own to send from.
static void who_has_no_place_to_send_from_borrows_one(void **state)
{
    static uint8_t spare[128];
    const struct espat_cfg cfg = { .tx = spare, .tx_cap = sizeof(spare) };
    uint8_t rx[128];
    const struct nif_conn_cfg none = { .rx = rx, .rx_cap = sizeof(rx) };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    assert_int_equal(nif_conn_open(&b.chip.stack, &b.conns[1], NIF_UDP, &none),
        NIF_EINVAL);
    bench_close(&b);
    bench_open(&b, BENCH_AT24, &cfg);
    bench_up(&b);
    for (unsigned i = 1; i <= 2; i++) {
        assert_int_equal(nif_conn_open(&b.chip.stack, &b.conns[i], NIF_UDP,
                             &none),
            0);
        assert_int_equal(nif_conn_connect(&b.conns[i], &peer), 0);
    }
    assert_int_equal(nif_conn_send(&b.conns[1], "one", 3, NULL), 3);
    assert_int_equal(nif_conn_send(&b.conns[2], "two", 3, NULL), NIF_EAGAIN);
    bench_run(&b, 300);
    assert_int_equal(nif_conn_send(&b.conns[2], "two", 3, NULL), 3);
    bench_run(&b, 300);
    assert_memory_equal(b.data, "onetwo", 6);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_are_accepted_in_order_with_their_addresses),
        cmocka_unit_test(an_old_firmware_is_asked_who_has_come),
        cmocka_unit_test(who_finds_no_place_is_closed),
        cmocka_unit_test(an_id_may_be_somebody_elses_at_once),
        cmocka_unit_test(a_client_that_is_faster_keeps_the_id),
        cmocka_unit_test(one_server_at_a_time),
        cmocka_unit_test(a_server_is_there_again_after_a_restart),
        cmocka_unit_test(datagrams_go_and_come_with_their_addresses),
        cmocka_unit_test(a_new_firmware_keeps_datagrams_apart),
        cmocka_unit_test(a_connected_socket_hears_its_peer_only),
        cmocka_unit_test(a_datagram_socket_outlives_its_network),
        cmocka_unit_test(who_has_no_place_to_send_from_borrows_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
