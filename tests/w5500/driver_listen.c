// SPDX-License-Identifier: MIT
//
// The W5500 driver as a stack, byte by byte: bring-up, addresses, listeners.

#include "driver_stack.h"

#include <string.h>

// ---- bring-up and addresses

static void bring_up_writes_what_the_configuration_says(void **state)
{
    static const uint8_t common[] = {
        192, 0, 2, 1, 255, 255, 255, 0,  // GAR, SUBR
        2, 0x11, 0x22, 0x33, 0x44, 0x55, // SHAR
        192, 0, 2, 2, 0, 0, 0xF0, 0xC0,  // SIPR, INTLEVEL, IR, IMR
    };
    static const uint8_t times[] = { 0xFF, 0x03, 0xE8, 0x05 };
    static const uint8_t rx[8] = { 8, 4, 0, 2, 1, 1, 0, 0 };
    static const uint8_t tx[8] = { 4, 4, 4, 2, 2, 0, 0, 0 };
    struct w5500_cfg cfg = { .retry_100us = 1000, .retries = 5 };
    size_t i;

    (void)state;
    memcpy(cfg.rx_kib, rx, 8);
    memcpy(cfg.tx_kib, tx, 8);
    make(&cfg);
    assert_int_equal(nif_iface_start(&w.chip.iface), 0);
    for (unsigned n = 0; n < 8; n++) {
        const uint8_t both[] = { rx[n], tx[n] };

        script_is(&s, find_write8(0, n, 0x1E), (uint8_t)(n * 0x20 + 0x0C), 0x1E,
            both, 2);
    }
    i = script_find(&s, 0, 0x04, 0x0001);
    script_is(&s, i - 1, 0x04, 0x0000, "\x00", 1); // MR: answers ping
    script_is(&s, i, 0x04, 0x0001, common, sizeof(common));
    script_is(&s, i + 1, 0x04, 0x0018, times, sizeof(times));
    // Sockets without room in one direction are not used.
    for (unsigned n = 0; n < 4; n++) {
        open_conn(n, NIF_TCP);
    }
    assert_int_equal(nif_conn_open(&w.stack, &conns[4], NIF_TCP, &none),
        NIF_ENOBUFS);
}

static void a_socket_has_two_kib_if_nobody_says(void **state)
{
    (void)state;
    make(&(struct w5500_cfg){ .seed = 1 });
    assert_int_equal(nif_iface_start(&w.chip.iface), 0);
    for (unsigned n = 0; n < 8; n++) {
        script_is(&s, find_write8(0, n, 0x1E), (uint8_t)(n * 0x20 + 0x0C), 0x1E,
            "\x02\x02", 2);
    }
    script_is(&s, script_find(&s, 0, 0x04, 0x18), 0x04, 0x18,
        "\xFF\x07\xD0\x08", 4);
}

static void an_address_is_written_and_told(void **state)
{
    static const uint8_t want[] = { 10, 0, 0, 1, 255, 255, 128, 0, 2, 0x11,
        0x22, 0x33, 0x44, 0x55, 10, 0, 3, 4 };
    struct nif_net net = { .ip = nif_ip4(10, 0, 3, 4),
        .prefix_len = 17,
        .gateway = nif_ip4(10, 0, 0, 1) };
    struct nif_net got;

    (void)state;
    assert_int_equal(nif_stack_set_net(&w.stack, &net), 0);
    assert_int_equal(s.count, 1);
    script_is(&s, 0, 0x04, 0x0001, want, sizeof(want));
    nif_stack_net(&w.stack, &got);
    assert_true(nif_ip_equal(&got.ip, &net.ip));
    assert_int_equal(got.prefix_len, 17);
    assert_memory_equal(&got.hwaddr, &own, sizeof(own));
    net.prefix_len = 33;
    assert_int_equal(nif_stack_set_net(&w.stack, &net), NIF_EINVAL);
    net.prefix_len = 24;
    net.gateway = nif_ip4(224, 0, 0, 1);
    assert_int_equal(nif_stack_set_net(&w.stack, &net), NIF_EINVAL);
    s.now_us += 100000;
    poll(); // what was written is what the check wants
    assert_int_equal(w.chip.stats.lost, 0);
}

// ---- TCP, listening

static void listen_on(unsigned first, unsigned n)
{
    open_conn(first, NIF_TCP);
    bind_conn(first, 80);
    assert_int_equal(nif_conn_option(&conns[first], NIF_OPT_KEEPALIVE, 10), 0);
    for (unsigned i = 1; i <= n; i++) {
        open_conn(first + i, NIF_TCP);
    }
    s.count = 0;
    assert_int_equal(nif_conn_listen(&conns[first], &conns[first + 1], n), 0);
}

// A client has come to socket `n`.
static void comes(unsigned n, uint8_t last, uint16_t port)
{
    const uint8_t from[] = { 192, 0, 2, last, (uint8_t)(port >> 8),
        (uint8_t)port };

    memcpy(reg(n, 0x0C), from, sizeof(from));
    happens(n, 0x17, 0x01);
}

static void a_backlog_listens_on_sockets_of_its_own(void **state)
{
    size_t i;

    (void)state;
    listen_on(0, 2);
    for (unsigned n = 0; n < 3; n++) { // the listener's own is one of them
        assert_int_equal(*reg(n, 3), 0x14);
        assert_int_equal(nif_get_be16(reg(n, 4)), 80);
        assert_int_equal(*reg(n, 0x2F), 2);
    }
    i = find_write8(0, 1, 0);
    script_is(&s, i, 0x2C, 0, "\x01", 1);
    script_is(&s, i + 1, 0x2C, 1, "\x01", 1);
    script_is(&s, i + 4, 0x2C, 1, "\x02", 1); // LISTEN
    assert_int_equal(*reg(3, 3), 0x00);
}

static void nobody_listens_before_there_is_an_address(void **state)
{
    const struct nif_net net = { .ip = nif_ip4(192, 0, 2, 2),
        .prefix_len = 24 };

    (void)state;
    assert_int_equal(nif_stack_set_net(&w.stack, &(struct nif_net){ 0 }), 0);
    listen_on(0, 1);
    poll();
    assert_int_equal(*reg(0, 3), 0);
    assert_int_equal(*reg(1, 3), 0);
    assert_int_equal(nif_stack_set_net(&w.stack, &net), 0);
    assert_int_equal(*reg(0, 3), 0x14);
    assert_int_equal(*reg(1, 3), 0x14);
}

static void who_does_not_follow_is_told_to_listen_again(void **state)
{
    (void)state;
    listen_on(0, 1);
    happens(0, 0x13, 0);
    happens(1, 0x13, 0);
    s.now_us += 100000;
    poll();
    assert_int_equal(*reg(0, 3), 0x14);
    assert_int_equal(*reg(1, 3), 0x14);
}

static void clients_are_accepted_in_the_order_of_their_coming(void **state)
{
    struct nif_conn *out;
    struct nif_endpoint peer;

    (void)state;
    listen_on(0, 3);
    assert_int_equal(nif_conn_accept(&conns[0], &out, &peer), NIF_EAGAIN);
    comes(3, 33, 3333);
    poll();
    comes(1, 11, 1111);
    poll();
    comes(2, 22, 2222);
    poll();
    assert_int_equal(nif_conn_ready(&conns[0]), NIF_ACCEPTABLE);
    assert_int_equal(nif_conn_accept(&conns[0], &out, &peer), 0);
    assert_ptr_equal(out, &conns[3]);
    assert_int_equal(peer.port, 3333);
    assert_int_equal(peer.ip.byte[3], 33);
    assert_int_equal(nif_conn_accept(&conns[0], &out, &peer), 0);
    assert_ptr_equal(out, &conns[1]);
    assert_int_equal(nif_conn_accept(&conns[0], &out, &peer), 0);
    assert_ptr_equal(out, &conns[2]);
    assert_int_equal(peer.port, 2222);
    assert_int_equal(nif_conn_accept(&conns[0], &out, &peer), NIF_EAGAIN);
}

// Who comes to the listener's socket moves into the first that is free.
static void the_listeners_socket_is_a_waiting_room(void **state)
{
    struct nif_conn *out;
    struct nif_endpoint peer;

    (void)state;
    listen_on(0, 1);
    comes(0, 11, 1111);
    poll();
    assert_int_equal(nif_conn_accept(&conns[0], &out, &peer), 0);
    assert_ptr_equal(out, &conns[1]);
    assert_int_equal(peer.port, 1111);
    comes(1, 22, 2222); // nobody is free for this one
    poll();
    assert_int_equal(nif_conn_accept(&conns[0], &out, &peer), NIF_EAGAIN);
    nif_conn_abort(&conns[1]);
    poll();
    assert_int_equal(nif_conn_accept(&conns[0], &out, &peer), 0);
    assert_ptr_equal(out, &conns[1]);
    assert_int_equal(peer.port, 2222);
    assert_int_equal(*reg(1, 3), 0x17);
    assert_int_equal(*reg(2, 3), 0x14); // and the next is awaited
}

static void who_leaves_the_waiting_room_is_forgotten(void **state)
{
    struct nif_conn *out;

    (void)state;
    listen_on(0, 1);
    comes(1, 11, 1111);
    poll();
    comes(0, 22, 2222);
    poll();
    happens(0, 0x00, 0);
    poll();
    assert_int_equal(*reg(0, 3), 0x14);
    assert_int_equal(nif_conn_accept(&conns[0], &out, NULL), 0);
    assert_int_equal(nif_conn_accept(&conns[0], &out, NULL), NIF_EAGAIN);
}

// The waiting room is given away when an eighth connection is opened, and
// made again when there is a socket.
static void an_eighth_connection_takes_the_waiting_room(void **state)
{
    (void)state;
    listen_on(0, 1);
    for (unsigned i = 2; i < 9; i++) {
        open_conn(i, NIF_UDP);
        bind_conn(i, (uint16_t)(100 + i));
    }
    assert_int_equal(*reg(0, 3), 0x22);
    nif_conn_close(&conns[5]);
    s.now_us += 100000;
    poll();
    assert_int_equal(*reg(5, 3), 0x14);
}

static void a_backlog_that_was_not_accepted_goes_with_its_listener(void **state)
{
    (void)state;
    listen_on(0, 2);
    comes(1, 11, 1111);
    poll();
    nif_conn_close(&conns[0]);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(nif_conn_state(&conns[i]), NIF_CONN_CLOSED);
    }
    assert_int_equal(*reg(0, 3), 0x00);
    assert_int_equal(*reg(1, 3), 0x18); // is told
    assert_int_equal(*reg(2, 3), 0x00);
    open_conn(3, NIF_TCP);
    bind_conn(3, 80); // the port is free
}

static void who_resets_before_its_turn_costs_no_place(void **state)
{
    struct nif_conn *out;

    (void)state;
    listen_on(0, 1);
    comes(1, 11, 1111);
    poll();
    happens(1, 0x00, 0);
    s.now_us += 100000;
    poll();
    assert_int_equal(nif_conn_accept(&conns[0], &out, NULL), NIF_EAGAIN);
    assert_int_equal(*reg(1, 3), 0x14);
    // In the handshake, too.
    happens(1, 0x16, 0);
    s.now_us += 100000;
    poll();
    assert_int_equal(nif_conn_state(&conns[1]), NIF_CONN_OPENING);
    happens(1, 0x00, 0x08);
    poll();
    assert_int_equal(*reg(1, 3), 0x14);
    assert_int_equal(nif_conn_state(&conns[1]), NIF_CONN_IDLE);
    assert_int_equal(conns[1].err, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bring_up_writes_what_the_configuration_says),
        cmocka_unit_test(a_socket_has_two_kib_if_nobody_says),
        TEST(an_address_is_written_and_told),
        TEST(a_backlog_listens_on_sockets_of_its_own),
        TEST(nobody_listens_before_there_is_an_address),
        TEST(who_does_not_follow_is_told_to_listen_again),
        TEST(clients_are_accepted_in_the_order_of_their_coming),
        TEST(the_listeners_socket_is_a_waiting_room),
        TEST(who_leaves_the_waiting_room_is_forgotten),
        TEST(an_eighth_connection_takes_the_waiting_room),
        TEST(a_backlog_that_was_not_accepted_goes_with_its_listener),
        TEST(who_resets_before_its_turn_costs_no_place),
    };

    return cmocka_run_group_tests_name("w5500 listen", tests, NULL, NULL);
}
