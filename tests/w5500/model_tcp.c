// SPDX-License-Identifier: MIT
//
// The W5500 model's TCP sockets against a peer.

#include "tests/w5500/model_peer.h"

static struct peer peer;

// The state of socket n.
static unsigned sr(struct bench *b, unsigned n)
{
    return get8(b, REGS(n), 0x03);
}

static unsigned ir(struct bench *b, unsigned n)
{
    unsigned value = get8(b, REGS(n), 0x02);

    put8(b, REGS(n), 0x02, value);
    return value;
}

static void open_tcp(struct bench *b, unsigned n)
{
    address(b);
    put16(b, REGS(n), 0x04, 5000);
    put32(b, REGS(n), 0x0C, PEER_IP);
    put16(b, REGS(n), 0x10, 7);
    put8(b, REGS(n), 0x00, 0x01);
    command(b, n, 0x01);
    assert_int_equal(sr(b, n), 0x13);
}

// Socket 1 as a client of port 7.
static void connect_1(struct bench *b)
{
    peer_begin(&peer, b);
    peer_listen(&peer, 7);
    open_tcp(b, 1);
    command(b, 1, 0x04);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x17);
    assert_int_equal(ir(b, 1), 0x01); // CON
    assert_int_equal(nif_conn_state(peer_conn(&peer)), NIF_CONN_OPEN);
}

// Socket 1 as a server on port 5000.
static void serve_1(struct bench *b)
{
    peer_begin(&peer, b);
    open_tcp(b, 1);
    put32(b, 5, 0x0C, 0);
    command(b, 1, 0x02);
    assert_int_equal(sr(b, 1), 0x14);
    peer_connect(&peer, 5000);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x17);
    assert_int_equal(ir(b, 1), 0x01);
}

static void peer_send(struct bench *b, const void *data, size_t len)
{
    assert_int_equal(nif_conn_send(peer_conn(&peer), data, len, NULL), len);
    peer_poll(&peer);
    pass_us(b, 1000);
}

static int peer_recv(void *data, size_t cap)
{
    int got = nif_conn_recv(peer_conn(&peer), data, cap, NULL);

    peer_poll(&peer);
    return got;
}

static int teardown(void **state)
{
    peer_end(&peer);
    return bench_teardown(state);
}

// ---- beginning

static void a_client_connects(void **state)
{
    struct bench *b = *state;
    uint8_t dhar[6];

    connect_1(b);
    get(b, 5, 0x06, dhar, 6);
    assert_memory_equal(dhar, peer_mac, 6);
    assert_int_equal(fsr(b, 1), 2048);
    assert_int_equal(rsr(b, 1), 0);
}

static void a_server_is_connected_to(void **state)
{
    struct bench *b = *state;
    uint8_t dhar[6];

    serve_1(b);
    get(b, 5, 0x06, dhar, 6);
    assert_memory_equal(dhar, peer_mac, 6);
    assert_int_equal(get32(b, 5, 0x0C), PEER_IP);
    assert_int_not_equal(get16(b, 5, 0x10), 7); // the peer's port
    assert_int_equal(nif_conn_state(&peer.conn), NIF_CONN_OPEN);
}

static void pointers_begin_anywhere_when_a_connection_is_set_up(void **state)
{
    struct bench *b = *state;

    connect_1(b);
    assert_int_not_equal(get16(b, 5, 0x24), 0);
    assert_int_equal(get16(b, 5, 0x24), get16(b, 5, 0x22));
    assert_int_not_equal(get16(b, 5, 0x28), 0);
    assert_int_equal(get16(b, 5, 0x28), get16(b, 5, 0x2A));
}

static void a_closed_port_refuses_and_no_flag_tells(void **state)
{
    struct bench *b = *state;

    peer_begin(&peer, b);
    open_tcp(b, 1);
    command(b, 1, 0x04);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x00);
    assert_int_equal(ir(b, 1), 0x00);
}

static void listen_is_used_up_by_one_connection(void **state)
{
    struct bench *b = *state;
    struct nif_conn second;
    uint8_t rx[64];
    uint8_t tx[64];
    const struct nif_endpoint to = {
        .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000,
    };

    serve_1(b);
    assert_int_equal(nif_conn_open(&peer.stack.stack, &second, NIF_TCP,
                         &(struct nif_conn_cfg){ rx, 64, tx, 64 }),
        0);
    assert_int_equal(nif_conn_connect(&second, &to), 0);
    peer_poll(&peer);
    pass_us(b, 1000);
    assert_int_equal(nif_conn_state(&second), NIF_CONN_FAILED);
    assert_int_equal(second.err, NIF_EREFUSED);
    assert_int_equal(sr(b, 1), 0x17);
    nif_conn_close(&second);
}

static void several_sockets_may_listen_on_one_port(void **state)
{
    struct bench *b = *state;
    struct nif_conn second;
    uint8_t rx[64];
    uint8_t tx[64];
    const struct nif_endpoint to = {
        .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000,
    };

    peer_begin(&peer, b);
    open_tcp(b, 1);
    open_tcp(b, 2);
    command(b, 1, 0x02);
    command(b, 2, 0x02);
    peer_connect(&peer, 5000);
    assert_int_equal(nif_conn_open(&peer.stack.stack, &second, NIF_TCP,
                         &(struct nif_conn_cfg){ rx, 64, tx, 64 }),
        0);
    assert_int_equal(nif_conn_connect(&second, &to), 0);
    peer_poll(&peer);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x17);
    assert_int_equal(sr(b, 2), 0x17);
    assert_int_equal(nif_conn_state(&second), NIF_CONN_OPEN);
    nif_conn_abort(&second);
}

static void connect_and_listen_need_init_and_an_address(void **state)
{
    struct bench *b = *state;

    peer_begin(&peer, b);
    put8(b, 5, 0x00, 0x01);
    command(b, 1, 0x04);
    bench_forgive(b, SIM_W5500_R_COMMAND); // closed
    command(b, 1, 0x01);
    command(b, 1, 0x02);
    bench_forgive(b, SIM_W5500_R_COMMAND); // no address
    open_tcp(b, 1);
    command(b, 1, 0x02);
    command(b, 1, 0x02);
    bench_forgive(b, SIM_W5500_R_COMMAND); // listens already
    assert_int_equal(sr(b, 1), 0x14);
}

// ---- data

static void data_goes_out(void **state)
{
    struct bench *b = *state;
    char in[16];

    connect_1(b);
    send_data(b, 1, "hello", 5);
    pass_us(b, 1000);
    assert_int_equal(ir(b, 1), 0x10); // SENDOK
    assert_int_equal(peer_recv(in, sizeof(in)), 5);
    assert_memory_equal(in, "hello", 5);
}

static void data_comes_in_without_a_header(void **state)
{
    struct bench *b = *state;
    uint8_t in[5];

    connect_1(b);
    peer_send(b, "hello", 5);
    assert_int_equal(ir(b, 1), 0x04); // RECV
    assert_int_equal(rsr(b, 1), 5);
    take_data(b, 1, in, 5);
    assert_memory_equal(in, "hello", 5);
    assert_int_equal(rsr(b, 1), 0);
}

static void a_long_text_survives_both_ways(void **state)
{
    struct bench *b = *state;
    uint8_t out[700];
    uint8_t in[700];
    uint8_t next = 0;

    serve_1(b);
    for (size_t round = 0; round < 200; round++) {
        size_t len = 1 + round * 37 % sizeof(out);
        int got = 0;

        for (size_t i = 0; i < len; i++) {
            out[i] = next++;
        }
        assert_true(fsr(b, 1) >= len);
        send_data(b, 1, out, len);
        for (unsigned wait = 0; got < (int)len && wait < 100; wait++) {
            int n;

            pass_us(b, 1000);
            n = peer_recv(in + got, sizeof(in) - (size_t)got);
            got += n > 0 ? n : 0;
        }
        assert_int_equal(got, len);
        assert_memory_equal(in, out, len);
        peer_send(b, out, len); // and back
        assert_int_equal(rsr(b, 1), len);
        memset(in, 0, sizeof(in));
        take_data(b, 1, in, len);
        assert_memory_equal(in, out, len);
        ir(b, 1);
    }
    assert_int_equal(b->world.complaints, 0);
}

static void tx_fsr_is_freed_by_the_peers_ack(void **state)
{
    struct bench *b = *state;
    static uint8_t data[1048];

    connect_1(b);
    sim_cable_plug(&b->cable, false);
    send_data(b, 1, data, 1000);
    pass_us(b, 1000);
    assert_int_equal(ir(b, 1), 0x10); // SENDOK is no delivery
    assert_int_equal(fsr(b, 1), 1048);
    assert_int_equal(get16(b, 5, 0x22), get16(b, 5, 0x24)); // TX_RD
    put(b, 6, get16(b, 5, 0x24), data, 1048);
    assert_int_equal(b->world.complaints, 0);
    put(b, 6, get16(b, 5, 0x24) - 10, data, 1);
    bench_forgive(b, SIM_W5500_R_TX_FLIGHT);
    sim_cable_plug(&b->cable, true);
    pass_us(b, 400000); // it is sent again
    assert_int_equal(fsr(b, 1), 2048);
}

static void bytes_of_a_late_send_keep_their_room(void **state)
{
    struct bench *b = *state;
    static uint8_t data[1000];
    unsigned from;

    connect_1(b);
    from = get16(b, 5, 0x22);
    sim_w5500_sendok(&b->chip, 12 * SIM_MS, 1);
    send_data(b, 1, data, sizeof(data));
    peer_send(b, "hello", 5);
    take_data(b, 1, data, 5); // RECV
    assert_int_equal(fsr(b, 1), 1048);
    assert_int_equal(get16(b, 5, 0x22), from); // TX_RD
    pass_us(b, 20000);
    assert_int_equal(ir(b, 1) & 0x10, 0x10);
    assert_int_equal(peer_recv(data, sizeof(data)), sizeof(data));
    pass_us(b, 300000); // the peer may take its time to say so
    assert_int_equal(fsr(b, 1), 2048);
}

static void a_second_send_appends(void **state)
{
    struct bench *b = *state;
    static uint8_t data[2048];
    uint8_t in[2048];

    connect_1(b);
    for (unsigned i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7);
    }
    send_data(b, 1, data, 1000);
    pass_us(b, 100);
    assert_int_equal(ir(b, 1), 0x10);
    send_data(b, 1, data + 1000, 1048);
    pass_us(b, 1000);
    assert_int_equal(ir(b, 1), 0x10);
    assert_int_equal(peer_recv(in, sizeof(in)), 2048);
    assert_memory_equal(in, data, 2048);
}

static void segments_keep_to_both_mss(void **state)
{
    struct bench *b = *state;
    static uint8_t data[1200];

    peer_begin(&peer, b);
    peer_listen(&peer, 7);
    open_tcp(b, 1);
    put16(b, 5, 0x12, 500);
    command(b, 1, 0x04);
    pass_us(b, 1000);
    b->nic.rx_count = 0;
    send_data(b, 1, data, sizeof(data));
    pass_us(b, 1000);
    assert_in_range(b->nic.rx_count, 3, 3); // 500 + 500 + 200
}

static void a_full_socket_shuts_its_window(void **state)
{
    struct bench *b = *state;
    static uint8_t data[4000];
    uint8_t in[2048];

    for (unsigned i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 3);
    }
    connect_1(b);
    peer_send(b, data, sizeof(data));
    pass_us(b, 1000000);
    assert_int_equal(rsr(b, 1), 2048);
    take_data(b, 1, in, 2048);
    assert_memory_equal(in, data, 2048);
    pass_us(b, 1000000);
    assert_int_equal(rsr(b, 1), 4000 - 2048);
    take_data(b, 1, in, 4000 - 2048);
    assert_memory_equal(in, data + 2048, 4000 - 2048);
}

static void send_needs_a_connection(void **state)
{
    struct bench *b = *state;

    peer_begin(&peer, b);
    open_tcp(b, 1);
    send_data(b, 1, "x", 1);
    bench_forgive(b, SIM_W5500_R_COMMAND);
}

// ---- ending

static void a_fin_is_told_and_sending_goes_on(void **state)
{
    struct bench *b = *state;
    char in[8];

    connect_1(b);
    nif_conn_shutdown(peer_conn(&peer));
    peer_poll(&peer);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x1C); // CLOSE_WAIT
    assert_int_equal(ir(b, 1), 0x02); // DISCON
    send_data(b, 1, "bye", 3);
    pass_us(b, 1000);
    assert_int_equal(peer_recv(in, sizeof(in)), 3);
    ir(b, 1);
    command(b, 1, 0x08);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x00);
    assert_int_equal(ir(b, 1), 0x00);
}

static void what_came_before_a_fin_can_still_be_read(void **state)
{
    struct bench *b = *state;
    uint8_t in[4];

    connect_1(b);
    assert_int_equal(nif_conn_send(peer_conn(&peer), "last", 4, NULL), 4);
    nif_conn_shutdown(peer_conn(&peer));
    peer_poll(&peer);
    pass_us(b, 1000);
    assert_int_equal(ir(b, 1), 0x06);
    command(b, 1, 0x08);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x00);
    assert_int_equal(rsr(b, 1), 4);
    take_data(b, 1, in, 4);
    assert_memory_equal(in, "last", 4);
    assert_int_equal(rsr(b, 1), 0);
}

static void discon_says_good_bye(void **state)
{
    struct bench *b = *state;

    connect_1(b);
    command(b, 1, 0x08);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x18); // FIN_WAIT
    nif_conn_close(peer_conn(&peer));
    peer_poll(&peer);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x1B); // TIME_WAIT
    assert_int_equal(ir(b, 1), 0x02); // DISCON
    pass_us(b, 100000);
    assert_int_equal(sr(b, 1), 0x00);
    assert_int_equal(ir(b, 1), 0x00);
}

static void close_says_nothing(void **state)
{
    struct bench *b = *state;

    connect_1(b);
    b->nic.rx_count = 0;
    command(b, 1, 0x10);
    pass_us(b, 100000);
    assert_int_equal(sr(b, 1), 0x00);
    assert_int_equal(b->nic.rx_count, 0);
    assert_int_equal(nif_conn_state(peer_conn(&peer)), NIF_CONN_OPEN);
    // What the peer sends to it is refused.
    assert_int_equal(nif_conn_send(peer_conn(&peer), "x", 1, NULL), 1);
    peer_poll(&peer);
    pass_us(b, 1000);
    assert_int_equal(nif_conn_state(peer_conn(&peer)), NIF_CONN_FAILED);
}

static void a_reset_closes_without_a_flag(void **state)
{
    struct bench *b = *state;

    connect_1(b);
    nif_conn_abort(peer_conn(&peer));
    peer_poll(&peer);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x00);
    assert_int_equal(ir(b, 1), 0x00);
}

static void a_reset_can_be_scripted(void **state)
{
    struct bench *b = *state;

    connect_1(b);
    sim_w5500_rst(&b->chip, 1);
    assert_int_equal(sr(b, 1), 0x00);
    assert_int_equal(ir(b, 1), 0x00);
    sim_w5500_rst(&b->chip, 2); // not connected: nothing
    assert_int_equal(sr(b, 2), 0x00);
}

static void who_could_not_know_of_the_end_is_not_blamed(void **state)
{
    struct bench *b = *state;
    const uint8_t codes[] = { 0x08, 0x20, 0x22, 0x40 };

    for (unsigned i = 0; i < sizeof(codes); i++) {
        connect_1(b);
        put16(b, 5, 0x24, get16(b, 5, 0x24) + 1);
        sim_w5500_rst(&b->chip, 1);
        command(b, 1, codes[i]);
        assert_int_equal(sr(b, 1), 0x00);
        assert_int_equal(ir(b, 1), 0x00);
        peer_end(&peer);
    }
    assert_int_equal(b->world.complaints, 0);
    command(b, 1, 0x04); // CONNECT needs OPEN, whatever happened
    bench_forgive(b, SIM_W5500_R_COMMAND);
    command(b, 1, 0x10); // from here on it knows
    command(b, 1, 0x08);
    bench_forgive(b, SIM_W5500_R_COMMAND);
}

static void a_socket_can_be_used_again(void **state)
{
    struct bench *b = *state;

    serve_1(b);
    for (unsigned i = 0; i < 5; i++) {
        nif_conn_abort(&peer.conn);
        peer_poll(&peer);
        pass_us(b, 1000);
        assert_int_equal(sr(b, 1), 0x00);
        command(b, 1, 0x01);
        command(b, 1, 0x02);
        peer_connect(&peer, 5000);
        pass_us(b, 1000);
        assert_int_equal(sr(b, 1), 0x17);
        peer_send(b, "abc", 3);
        assert_int_equal(rsr(b, 1), 3);
    }
}

static void two_chips_speak_with_each_other(void **state)
{
    static struct sim_w5500 chip;
    static struct bench other; // its bus alone is used
    const struct sim_w5500_cfg cfg = { .name = "other", .link_ns = SIM_US };
    struct bench *b = *state;
    uint8_t mac[6];
    uint8_t in[5];

    peer_begin(&peer, b);
    sim_cable_plug(&b->cable, false);
    sim_w5500_init(&chip, &b->world, &cfg);
    sim_spi_init(&other.bus, &b->cpu, &chip.spi, NULL);
    sim_cable_join(&b->cable, &b->chip.port, &chip.port);
    pass_us(b, 1001);
    open_tcp(b, 1);
    command(b, 1, 0x02);
    put(&other, 0, 0x09, peer_mac, 6);
    put32(&other, 0, 0x0F, PEER_IP);
    put32(&other, 0, 0x05, 0xFFFFFF00);
    put16(&other, 9, 0x04, 7); // socket 2
    put32(&other, 9, 0x0C, OWN_IP);
    put16(&other, 9, 0x10, 5000);
    put8(&other, 9, 0x00, 0x01);
    put8(&other, 9, 0x01, 0x01);
    put8(&other, 9, 0x01, 0x04);
    pass_us(b, 1000);
    assert_int_equal(sr(b, 1), 0x17);
    assert_int_equal(sr(&other, 2), 0x17);
    get(&other, 9, 0x06, mac, 6);
    assert_memory_equal(mac, own_mac, 6);
    send_data(b, 1, "hello", 5);
    pass_us(b, 1000);
    assert_int_equal(get16(&other, 9, 0x26), 5);
    get(&other, 11, get16(&other, 9, 0x28), in, 5);
    assert_memory_equal(in, "hello", 5);
    sim_w5500_done(&chip);
    sim_spi_done(&other.bus);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_connects),
        TEST(a_server_is_connected_to),
        TEST(pointers_begin_anywhere_when_a_connection_is_set_up),
        TEST(a_closed_port_refuses_and_no_flag_tells),
        TEST(listen_is_used_up_by_one_connection),
        TEST(several_sockets_may_listen_on_one_port),
        TEST(connect_and_listen_need_init_and_an_address),
        TEST(data_goes_out),
        TEST(data_comes_in_without_a_header),
        TEST(a_long_text_survives_both_ways),
        TEST(tx_fsr_is_freed_by_the_peers_ack),
        TEST(bytes_of_a_late_send_keep_their_room),
        TEST(a_second_send_appends),
        TEST(segments_keep_to_both_mss),
        TEST(a_full_socket_shuts_its_window),
        TEST(send_needs_a_connection),
        TEST(a_fin_is_told_and_sending_goes_on),
        TEST(what_came_before_a_fin_can_still_be_read),
        TEST(discon_says_good_bye),
        TEST(close_says_nothing),
        TEST(a_reset_closes_without_a_flag),
        TEST(a_reset_can_be_scripted),
        TEST(who_could_not_know_of_the_end_is_not_blamed),
        TEST(a_socket_can_be_used_again),
        TEST(two_chips_speak_with_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
