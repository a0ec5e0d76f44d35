// SPDX-License-Identifier: MIT
//
// UDP links of the ESP-AT model: who is the peer, what is received, how much.

#include "tests/espat/model_bench.h"

// A second conn of the far end, for another port.
struct other {
    struct nif_conn conn;
    uint8_t rx[4096];
    uint8_t tx[4096];
};

static struct other other[2];

static void far_bind(struct bench *b, struct other *o, uint16_t port)
{
    assert_int_equal(nif_conn_open(&b->far.tcpip.stack, &o->conn, NIF_UDP,
                         &(struct nif_conn_cfg){ .rx = o->rx,
                             .rx_cap = sizeof(o->rx),
                             .tx = o->tx,
                             .tx_cap = sizeof(o->tx) }),
        0);
    assert_int_equal(nif_conn_bind(&o->conn,
                         &(struct nif_endpoint){ .port = port }),
        0);
}

static void far_send(struct bench *b, struct other *o, const void *data,
    size_t len, uint16_t port)
{
    struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2), .port = port };

    assert_int_equal(nif_conn_send(&o->conn, data, len, &to), (int)len);
    far_kick(&b->far);
}

// Takes a datagram and says from which port it is.
static uint16_t far_take(struct bench *b, struct other *o, const char *text)
{
    struct nif_endpoint from;
    uint8_t in[64];
    int got = NIF_EAGAIN;

    for (unsigned i = 0; i < 500 && got == NIF_EAGAIN; i++) {
        got = nif_conn_recv(&o->conn, in, sizeof(in), &from);
        pass_ms(b, 1);
    }
    assert_int_equal(got, strlen(text));
    assert_memory_equal(in, text, strlen(text));
    return from.port;
}

static struct bench *udp(enum sim_espat_firmware firmware)
{
    struct bench *b = bench_joined(firmware);

    far_bind(b, &other[0], 1000);
    far_bind(b, &other[1], 2000);
    return b;
}

static void a_datagram_goes_each_way_whole(void **state)
{
    struct bench *b = udp(SIM_ESPAT_2_4);
    uint16_t port;

    (void)state;
    ask(b, "AT+CIPSTART=1,\"UDP\",\"192.0.2.1\",1000",
        "1,CONNECT\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSEND=1,3", "\r\nOK\r\n\r\n>");
    say(b, "abc");
    expect(b, "\r\nRecv 3 bytes\r\n\r\nSEND OK\r\n");
    port = far_take(b, &other[0], "abc");
    far_send(b, &other[0], "de", 2, port);
    far_send(b, &other[0], "f", 1, port);
    expect(b, "\r\n+IPD,1,2:de\r\n+IPD,1,1:f");
}

static void mode_0_hears_its_peer_only(void **state)
{
    struct bench *b = udp(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSTART=1,\"UDP\",\"192.0.2.1\",1000,4000,0",
        "1,CONNECT\r\n\r\nOK\r\n");
    far_send(b, &other[1], "no", 2, 4000);
    quiet(b, 200);
    far_send(b, &other[0], "yes", 3, 4000);
    expect(b, "\r\n+IPD,1,3:yes");
}

static void mode_1_takes_one_other_peer(void **state)
{
    struct bench *b = udp(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSTART=1,\"UDP\",\"192.0.2.1\",1000,4000,1",
        "1,CONNECT\r\n\r\nOK\r\n");
    far_send(b, &other[1], "me", 2, 4000);
    expect(b, "\r\n+IPD,1,2:me");
    far_send(b, &other[0], "no", 2, 4000);
    quiet(b, 200);
    ask(b, "AT+CIPSEND=1,1", "\r\nOK\r\n\r\n>");
    say(b, "x");
    expect(b, "\r\nRecv 1 bytes\r\n\r\nSEND OK\r\n");
    assert_int_equal(far_take(b, &other[1], "x"), 4000);
}

static void mode_2_hears_all_and_answers_the_last(void **state)
{
    struct bench *b = udp(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPDINFO=1", "\r\nOK\r\n");
    ask(b, "AT+CIPSTART=1,\"UDP\",\"0.0.0.0\",5000,4000,0", "\r\nERROR\r\n");
    ask(b, "AT+CIPSTART=1,\"UDP\",\"0.0.0.0\",5000,,2", "\r\nERROR\r\n");
    ask(b, "AT+CIPSTART=1,\"UDP\",\"0.0.0.0\",5000,4000,2",
        "1,CONNECT\r\n\r\nOK\r\n");
    far_send(b, &other[0], "a", 1, 4000);
    expect(b, "\r\n+IPD,1,1,\"192.0.2.1\",1000:a");
    far_send(b, &other[1], "b", 1, 4000);
    expect(b, "\r\n+IPD,1,1,\"192.0.2.1\",2000:b");
    ask(b, "AT+CIPSEND=1,1", "\r\nOK\r\n\r\n>");
    say(b, "x");
    expect(b, "\r\nRecv 1 bytes\r\n\r\nSEND OK\r\n");
    far_take(b, &other[1], "x");
    ask(b, "AT+CIPSEND=1,1,\"192.0.2.1\",1000", "\r\nOK\r\n\r\n>");
    say(b, "y");
    expect(b, "\r\nRecv 1 bytes\r\n\r\nSEND OK\r\n");
    far_take(b, &other[0], "y");
}

static void datagrams_have_limits(void **state)
{
    struct bench *b = udp(SIM_ESPAT_2_4);
    static uint8_t data[1500];
    char text[32];

    (void)state;
    memset(data, 'x', sizeof(data));
    ask(b, "AT+CIPSTART=1,\"UDP\",\"192.0.2.1\",1000,4000",
        "1,CONNECT\r\n\r\nOK\r\n");
    far_send(b, &other[0], data, 1461, 4000);
    quiet(b, 300);
    far_send(b, &other[0], data, 1460, 4000);
    expect(b, "\r\n+IPD,1,1460:");
    hear(b, 1000, 1460);
    b->heard_len = 0;
    for (unsigned len = 1472; len <= 1473; len++) {
        snprintf(text, sizeof(text), "AT+CIPSEND=1,%u", len);
        ask(b, text, "\r\nOK\r\n\r\n>");
        type(b, data, len);
        await(b,
            len == 1472 ? "bytes\r\n\r\nSEND OK\r\n"
                        : "bytes\r\n\r\nSEND FAIL\r\n");
    }
}

static void passive_datagrams_run_together_and_are_lost(void **state)
{
    struct bench *b = udp(SIM_ESPAT_2_1);

    (void)state;
    ask(b, "AT+CIPRECVMODE=1", "\r\nOK\r\n");
    ask(b, "AT+CIPSTART=1,\"UDP\",\"192.0.2.1\",1000,4000",
        "1,CONNECT\r\n\r\nOK\r\n");
    far_send(b, &other[0], "abc", 3, 4000);
    far_send(b, &other[0], "def", 3, 4000);
    expect(b, "\r\n+IPD,1,3\r\n");
    ask(b, "AT+CIPRECVDATA=1,4", "+CIPRECVDATA:4,abcd\r\nOK\r\n");
    ask(b, "AT+CIPRECVDATA=1,4", "\r\nERROR\r\n");
    b = udp(SIM_ESPAT_2_0); // does not deliver them at all
    ask(b, "AT+CIPRECVMODE=1", "\r\nOK\r\n");
    ask(b, "AT+CIPSTART=1,\"UDP\",\"192.0.2.1\",1000,4000",
        "1,CONNECT\r\n\r\nOK\r\n");
    far_send(b, &other[0], "abc", 3, 4000);
    quiet(b, 300);
    ask(b, "AT+CIPRECVLEN?", "+CIPRECVLEN:-1,0,-1,-1,-1\r\n\r\nOK\r\n");
}

// ---- pings

static unsigned pongs;

static void on_cable(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    static const uint8_t id_and_data[] = { 0x12, 0x34, 0, 1, 'p', 'i' };

    (void)arg;
    (void)sent_ns;
    pongs += side == 0 && frame->len > 44 && frame->data[23] == 1 &&
        frame->data[34] == 0 && memcmp(frame->data + 38, id_and_data, 6) == 0;
}

static void a_module_answers_pings(void **state)
{
    static const uint8_t ping[] = {
        2, 0, 0, 0, 0xE5, 2, 2, 0, 0, 0, 0, 1, 8, 0,   // Ethernet
        0x45, 0, 0, 30, 0, 1, 0, 0, 64, 1, 0xF6, 0xDA, // IPv4
        192, 0, 2, 1, 192, 0, 2, 2,                    // from, to
        8, 0, 0x75, 0x61, 0x12, 0x34, 0, 1, 'p', 'i'   // echo
    };
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    struct sim_cable_tap tap = { .fn = on_cable };

    (void)state;
    pongs = 0;
    sim_cable_watch(&b->cable, &tap);
    assert_true(sim_nic_send(&b->far.nic, ping, sizeof(ping)));
    pass_ms(b, 50);
    assert_int_equal(pongs, 1);
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_teardown(test, bench_teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_datagram_goes_each_way_whole),
        ON_BENCH(mode_0_hears_its_peer_only),
        ON_BENCH(mode_1_takes_one_other_peer),
        ON_BENCH(mode_2_hears_all_and_answers_the_last),
        ON_BENCH(datagrams_have_limits),
        ON_BENCH(passive_datagrams_run_together_and_are_lost),
        ON_BENCH(a_module_answers_pings),
    };

    return cmocka_run_group_tests_name("espat_udp", tests, NULL, NULL);
}
