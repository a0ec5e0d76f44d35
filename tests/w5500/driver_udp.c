// SPDX-License-Identifier: MIT
//
// Datagrams of the W5500 driver, byte by byte.

#include "driver_stack.h"

#include <string.h>

// Socket 0 is open at a port, and what was said about it forgotten.
static void opened(uint16_t port)
{
    open_conn(0, NIF_UDP);
    bind_conn(0, port);
    assert_int_equal(*reg(0, 3), 0x22);
    nif_put_be16(reg(0, 0x24), 0x1234);
    s.count = 0;
}

static void a_socket_is_opened_as_the_data_sheet_says(void **state)
{
    size_t i;

    (void)state;
    open_conn(0, NIF_UDP);
    bind_conn(0, 0x1389);
    i = find_write8(0, 0, 4);
    script_is(&s, i, 0x0C, 4, "\x13\x89", 2);
    script_is(&s, i + 1, 0x0C, 0x15, "\x00\x40", 2);
    script_is(&s, i + 3, 0x0C, 0x00, "\x02", 1);
    script_is(&s, i + 4, 0x0C, 0x01, "\x01", 1);
    script_is(&s, i + 6, 0x08, 0x03, "\x22", 1);
}

static void a_datagram_is_sent_by_send(void **state)
{
    const struct nif_endpoint to = at(9, 0x0A0B);

    (void)state;
    opened(5000);
    assert_int_equal(nif_conn_send(&conns[0], "hello", 5, &to), 5);
    script_is(&s, 0, 0x08, 0x20, "\x08\x00", 2);
    script_is(&s, 2, 0x0C, 0x0C, "\xC0\x00\x02\x09\x0A\x0B", 6);
    script_is(&s, 3, 0x0C, 0x16, "\x40", 1); // TTL
    script_is(&s, 4, 0x08, 0x24, "\x12\x34", 2);
    script_is(&s, 5, 0x14, 0x1234, "hello", 5);
    script_is(&s, 6, 0x0C, 0x24, "\x12\x39", 2);
    script_is(&s, 7, 0x0C, 0x01, "\x20", 1);
}

// There is no ARP for all and for a group: SEND_MAC, and DHAR says to whom.
static void what_is_for_many_is_sent_by_send_mac(void **state)
{
    static const struct {
        uint8_t ip[4];
        uint8_t hwaddr[6];
        uint8_t ttl;
    } cases[] = {
        { { 255, 255, 255, 255 }, { 255, 255, 255, 255, 255, 255 }, 64 },
        { { 192, 0, 2, 255 }, { 255, 255, 255, 255, 255, 255 }, 64 },
        { { 239, 129, 2, 3 }, { 1, 0, 0x5E, 1, 2, 3 }, 1 },
        { { 224, 0, 0, 251 }, { 1, 0, 0x5E, 0, 0, 251 }, 1 },
    };

    (void)state;
    opened(5000);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct nif_endpoint to = { nif_ip4_from(cases[i].ip), 7, NULL };
        uint8_t want[12];

        memcpy(want, cases[i].hwaddr, 6);
        memcpy(want + 6, cases[i].ip, 4);
        nif_put_be16(want + 10, 7);
        poll();
        s.count = 0;
        assert_int_equal(nif_conn_send(&conns[0], "x", 1, &to), 1);
        script_is(&s, 2, 0x0C, 0x06, want, 12);
        script_is(&s, 3, 0x0C, 0x16, &cases[i].ttl, 1);
        assert_true(commanded(0, 0x21));
        assert_false(commanded(0, 0x20));
    }
    assert_int_equal(nif_conn_option(&conns[0], NIF_OPT_TTL, 9), 0);
    poll();
    s.count = 0;
    assert_int_equal(nif_conn_send(&conns[0], "x", 1,
                         &(struct nif_endpoint){ nif_ip4(239, 0, 0, 1), 7,
                             NULL }),
        1);
    script_is(&s, 3, 0x0C, 0x16, "\x09", 1);
}

// DHCP, before there is an address.
static void without_an_address_there_is_the_broadcast_only(void **state)
{
    struct nif_endpoint to = at(9, 67);

    (void)state;
    assert_int_equal(nif_stack_set_net(&w.stack, &(struct nif_net){ 0 }), 0);
    opened(68);
    assert_int_equal(nif_conn_send(&conns[0], "x", 1, &to), NIF_EADDR);
    to.ip = nif_ip4(255, 255, 255, 255);
    assert_int_equal(nif_conn_send(&conns[0], "x", 1, &to), 1);
    assert_true(commanded(0, 0x21));
}

static void one_datagram_is_on_its_way_at_a_time(void **state)
{
    const struct nif_endpoint to = at(9, 7);

    (void)state;
    opened(5000);
    s.no_sendok = true;
    assert_int_equal(nif_conn_send(&conns[0], "a", 1, &to), 1);
    assert_int_equal(nif_conn_ready(&conns[0]), 0);
    assert_int_equal(nif_conn_send(&conns[0], "b", 1, &to), NIF_EAGAIN);
    happens(0, 0x22, 0x10);
    poll();
    assert_int_equal(nif_conn_ready(&conns[0]), NIF_WRITABLE);
    assert_int_equal(w.chip.stats.tx, 1);
    // It need not be polled to find out.
    assert_int_equal(nif_conn_send(&conns[0], "b", 1, &to), 1);
    happens(0, 0x22, 0x10);
    assert_int_equal(nif_conn_send(&conns[0], "c", 1, &to), 1);
}

static void what_nobody_answers_is_told_to_a_peer_only(void **state)
{
    const struct nif_endpoint to = at(9, 7);

    (void)state;
    opened(5000);
    s.no_sendok = true;
    assert_int_equal(nif_conn_send(&conns[0], "a", 1, &to), 1);
    happens(0, 0x22, 0x08);
    poll();
    assert_int_equal(nif_conn_recv(&conns[0], NULL, 0, NULL), NIF_EAGAIN);
    assert_int_equal(nif_conn_connect(&conns[0], &to), 0);
    assert_int_equal(nif_conn_send(&conns[0], "b", 1, NULL), 1);
    happens(0, 0x22, 0x08);
    poll();
    assert_int_equal(w.chip.stats.tx_failed, 2);
    assert_int_equal(nif_conn_ready(&conns[0]), NIF_READABLE | NIF_WRITABLE);
    assert_int_equal(nif_conn_send(&conns[0], "c", 1, NULL), NIF_EUNREACH);
    assert_int_equal(nif_conn_send(&conns[0], "c", 1, NULL), 1);
}

// What the chip did not send may still lie there: the next must not go out
// together with it.
static void a_datagram_that_stays_in_the_chip_is_cleared_away(void **state)
{
    const struct nif_endpoint to = at(9, 7);

    (void)state;
    opened(5000);
    s.no_sendok = true;
    assert_int_equal(nif_conn_send(&conns[0], "a", 1, &to), 1);
    nif_put_be16(reg(0, 0x20), 0x7FF);
    happens(0, 0x22, 0x08);
    s.count = 0;
    poll();
    assert_true(commanded(0, 0x10));
    assert_true(commanded(0, 0x01));
}

static void an_end_of_sending_that_is_not_told_is_given_up(void **state)
{
    const struct nif_endpoint to = at(9, 7);
    uint64_t since_us;

    (void)state;
    opened(5000);
    s.no_sendok = true;
    assert_int_equal(nif_conn_send(&conns[0], "a", 1, &to), 1);
    since_us = s.now_us;
    while (w.chip.stats.tx_stuck == 0) {
        s.now_us += 100000;
        poll();
    }
    assert_in_range(s.now_us - since_us, 2000000, 2150000); // 9 * 200 ms, +
    assert_int_equal(nif_conn_send(&conns[0], "b", 1, &to), 1);
}

static void a_close_waits_for_the_datagram(void **state)
{
    const struct nif_endpoint to = at(9, 7);

    (void)state;
    opened(5000);
    s.no_sendok = true;
    assert_int_equal(nif_conn_send(&conns[0], "a", 1, &to), 1);
    nif_conn_close(&conns[0]);
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_CLOSING);
    poll();
    assert_false(commanded(0, 0x10));
    happens(0, 0x22, 0x10);
    poll();
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_CLOSED);
    assert_int_equal(*reg(0, 3), 0);
}

static void what_is_no_datagram_is_refused(void **state)
{
    static uint8_t data[2000];
    struct nif_endpoint to = at(9, 7);

    (void)state;
    make(&(struct w5500_cfg){ .tx_kib = { 1, 2 }, .rx_kib = { 1, 2 } });
    assert_int_equal(nif_iface_start(&w.chip.iface), 0);
    poll();
    open_conn(0, NIF_UDP);
    open_conn(1, NIF_UDP);
    assert_int_equal(w.stack.caps.datagram_max, 1472);
    assert_int_equal(w.stack.caps.conn_max, 8);
    assert_false(w.stack.caps.empty_datagrams);
    assert_int_equal(nif_conn_send(&conns[0], data, 1024, &to), 1024);
    assert_int_equal(nif_conn_send(&conns[0], data, 1025, &to), NIF_ETOOBIG);
    assert_int_equal(nif_conn_send(&conns[1], data, 1472, &to), 1472);
    assert_int_equal(nif_conn_send(&conns[1], data, 1473, &to), NIF_ETOOBIG);
    assert_int_equal(nif_conn_send(&conns[1], data, 0, &to), NIF_ENOTSUP);
    assert_int_equal(nif_conn_send(&conns[1], data, 1, NULL), NIF_ENOTCONN);
    to.ip = nif_ip4(198, 51, 100, 1); // by the gateway
    poll();
    assert_int_equal(nif_conn_send(&conns[1], data, 1, &to), 1);
    to.port = 0;
    assert_int_equal(nif_conn_send(&conns[1], data, 1, &to), NIF_EINVAL);
}

// ---- receiving

// A datagram lies at `rd` in the receive memory of socket 0.
static void put(uint16_t rd, uint8_t last, uint16_t port, const char *text,
    uint16_t len)
{
    const uint8_t head[8] = { 192, 0, 2, last, (uint8_t)(port >> 8),
        (uint8_t)port, (uint8_t)(len >> 8), (uint8_t)len };

    for (size_t i = 0; i < 8; i++) {
        s.mem[3][(rd + i) & 0x3FFF] = head[i];
    }
    for (size_t i = 0; text[i] != '\0'; i++) {
        s.mem[3][(rd + 8 + i) & 0x3FFF] = (uint8_t)text[i];
    }
}

static void arrives(uint16_t rsr)
{
    nif_put_be16(reg(0, 0x26), rsr);
    happens(0, 0x22, 0x04);
    poll();
    s.count = 0;
}

static void a_datagram_comes_with_whose_it_is(void **state)
{
    struct nif_endpoint from;
    uint8_t buf[10];

    (void)state;
    opened(5000);
    nif_put_be16(reg(0, 0x28), 0xFFFA); // its head goes around the end
    put(0xFFFA, 9, 0x1234, "hello", 5);
    arrives(13);
    assert_int_equal(nif_conn_recv(&conns[0], buf, 10, &from), 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(from.port, 0x1234);
    assert_int_equal(from.ip.byte[3], 9);
    script_is(&s, find_write8(0, 0, 0x28), 0x0C, 0x28, "\x00\x07", 2);
    assert_true(commanded(0, 0x40));
}

static void who_is_not_the_peer_is_not_heard(void **state)
{
    const struct nif_endpoint peer = at(9, 0x1207);
    uint8_t buf[10];

    (void)state;
    opened(5000);
    assert_int_equal(nif_conn_connect(&conns[0], &peer), 0);
    put(0, 9, 0x1208, "ab", 2);
    arrives(10);
    assert_int_equal(nif_conn_ready(&conns[0]) & NIF_READABLE, 0);
    assert_true(commanded(0, 0x40)); // its room is given back
    put(10, 8, 0x1207, "ab", 2);
    arrives(10);
    assert_int_equal(nif_conn_recv(&conns[0], buf, 10, NULL), NIF_EAGAIN);
    assert_int_equal(w.chip.stats.rx_bad, 2);
    put(20, 9, 0x1207, "ab", 2);
    arrives(10);
    assert_int_equal(nif_conn_recv(&conns[0], buf, 10, NULL), 2);
}

static void a_head_that_makes_no_sense_costs_what_waits(void **state)
{
    static const uint16_t lengths[] = { 3, 1473, 0xFFFF };
    uint8_t buf[10];

    for (size_t i = 0; i < nif_countof(lengths); i++) {
        (void)up(state);
        opened(5000);
        put(0, 9, 7, "ab", lengths[i]);
        arrives(lengths[i] == 1473 ? 1481 : 10);
        assert_int_equal(nif_conn_recv(&conns[0], buf, 10, NULL), NIF_EAGAIN);
        assert_int_equal(w.chip.stats.rx_reset, 1);
        assert_true(commanded(0, 0x10));
        assert_true(commanded(0, 0x01));
        assert_int_equal(w.chip.stats.lost, 0);
    }
}

// ---- groups, and what the chip reports

static void a_group_is_joined_by_the_registers(void **state)
{
    static const uint8_t want[] = { 1, 0, 0x5E, 1, 2, 3, 239, 129, 2, 3, 0x13,
        0x88 };
    const struct nif_ip group = nif_ip4(239, 129, 2, 3);
    const struct nif_ip second = nif_ip4(239, 0, 0, 1);
    const struct nif_endpoint to = at(9, 7);
    size_t i;

    (void)state;
    opened(5000);
    s.count = 0;
    assert_int_equal(nif_conn_group(&conns[0], &group, true), 0);
    script_is(&s, 0, 0x04, 0x00, "\x02", 1); // always ARP
    assert_true(commanded(0, 0x10));
    i = find_write8(0, 0, 6);
    script_is(&s, i, 0x0C, 0x06, want, 12);
    script_is(&s, i + 1, 0x0C, 0x00, "\x82", 1);
    script_is(&s, i + 2, 0x0C, 0x01, "\x01", 1);
    assert_int_equal(nif_conn_group(&conns[0], &group, true), 0);
    assert_int_equal(nif_conn_group(&conns[0], &second, true), NIF_ENOBUFS);
    assert_int_equal(nif_conn_group(&conns[0], &second, false), NIF_EINVAL);
    // What was sent to somebody else leaves the group as it is.
    assert_int_equal(nif_conn_send(&conns[0], "x", 1, &to), 1);
    s.count = 0;
    poll();
    script_is(&s, find_write8(0, 0, 6), 0x0C, 0x06, want, 12);
    assert_int_equal(nif_conn_group(&conns[0], &group, false), 0);
    assert_int_equal(*reg(0, 0), 0x02);
    assert_int_equal(nif_conn_group(&conns[0], &second, true), 0);
}

static void a_group_is_joined_again_from_a_new_address(void **state)
{
    const struct nif_ip group = nif_ip4(224, 0, 0, 251);

    (void)state;
    opened(5000);
    assert_int_equal(nif_conn_group(&conns[0], &group, true), 0);
    s.count = 0;
    assert_int_equal(nif_stack_set_net(&w.stack,
                         &(struct nif_net){ .ip = nif_ip4(192, 0, 2, 3),
                             .prefix_len = 24 }),
        0);
    assert_true(commanded(0, 0x10));
    assert_true(commanded(0, 0x01));
    assert_int_equal(*reg(0, 0), 0x82);
}

static void a_group_is_joined_again_when_the_cable_comes_back(void **state)
{
    const struct nif_ip group = nif_ip4(239, 129, 2, 3);

    (void)state;
    opened(5000);
    open_conn(1, NIF_UDP);
    bind_conn(1, 5001);
    assert_int_equal(nif_conn_group(&conns[0], &group, true), 0);
    for (unsigned up = 0; up < 2; up++) {
        s.mem[0][0x2E] = (uint8_t)(0xB8 | up);
        s.count = 0;
        s.now_us += 100000;
        poll();
        assert_int_equal(commanded(0, 0x01), up);
        assert_false(commanded(1, 0x01));
        assert_int_equal(*reg(0, 0), 0x82);
    }
}

static void one_that_is_bound_to_the_address_hears_no_broadcast(void **state)
{
    const struct nif_endpoint local = at(2, 5000);
    const struct nif_endpoint other = at(3, 5001);

    (void)state;
    open_conn(0, NIF_UDP);
    assert_int_equal(nif_conn_bind(&conns[0], &other), NIF_EADDR);
    assert_int_equal(nif_conn_bind(&conns[0], &local), 0);
    assert_int_equal(*reg(0, 0), 0x42);
    assert_int_equal(nif_conn_bind(&conns[0], &local), NIF_EISCONN);
    open_conn(1, NIF_UDP);
    assert_int_equal(nif_conn_bind(&conns[1], &local), NIF_EADDRINUSE);
    assert_int_equal(nif_stack_set_net(&w.stack, &(struct nif_net){ 0 }), 0);
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_FAILED);
    assert_int_equal(conns[0].err, NIF_EADDR);
    assert_int_equal(*reg(0, 3), 0);
}

static void a_port_unreachable_is_told_to_who_asked(void **state)
{
    static const uint8_t who[] = { 192, 0, 2, 9, 0x12, 0x34 };
    const struct nif_endpoint peer = at(9, 0x1234);
    const struct nif_endpoint other = at(9, 0x1235);

    (void)state;
    opened(5000);
    open_conn(1, NIF_UDP);
    assert_int_equal(nif_conn_connect(&conns[0], &peer), 0);
    assert_int_equal(nif_conn_connect(&conns[1], &other), 0);
    memcpy(s.mem[0] + 0x28, who, sizeof(who));
    s.mem[0][0x15] = 0x40;
    poll();
    assert_int_equal(s.mem[0][0x15], 0);
    assert_int_equal(nif_conn_recv(&conns[0], NULL, 0, NULL), NIF_EREFUSED);
    assert_int_equal(nif_conn_recv(&conns[0], NULL, 0, NULL), NIF_EAGAIN);
    assert_int_equal(nif_conn_recv(&conns[1], NULL, 0, NULL), NIF_EAGAIN);
}

// INTn would stay low.
static void flags_of_nobody_are_cleared(void **state)
{
    (void)state;
    happens(5, 0, 0x04);
    open_conn(0, NIF_TCP); // taken, but not open
    happens(0, 0, 0x02);
    poll();
    assert_int_equal(*reg(5, 2), 0);
    assert_int_equal(*reg(0, 2), 0);
}

static void a_conflict_is_counted(void **state)
{
    (void)state;
    s.mem[0][0x15] = 0x80;
    poll();
    poll();
    assert_int_equal(w.chip.stats.conflicts, 1);
    assert_int_equal(s.mem[0][0x15], 0);
}

static void options_are_as_the_page_says(void **state)
{
    (void)state;
    open_conn(0, NIF_UDP);
    open_conn(1, NIF_TCP);
    assert_int_equal(nif_conn_option(&conns[0], NIF_OPT_REUSE, 1), NIF_ENOTSUP);
    assert_int_equal(nif_conn_option(&conns[0], NIF_OPT_REUSE, 0), 0);
    assert_int_equal(nif_conn_option(&conns[0], NIF_OPT_KEEPALIVE, 5),
        NIF_ENOTSUP);
    assert_int_equal(nif_conn_option(&conns[1], NIF_OPT_NODELAY, 1), 0);
    assert_int_equal(nif_conn_option(&conns[1], NIF_OPT_USER_TIMEOUT, 0), 0);
    assert_int_equal(nif_conn_option(&conns[1], NIF_OPT_USER_TIMEOUT, 9),
        NIF_ENOTSUP);
    assert_int_equal(nif_conn_option(&conns[1], NIF_OPT_TTL, 0), NIF_EINVAL);
    assert_int_equal(nif_conn_option(&conns[1], NIF_OPT_TTL, 256), NIF_EINVAL);
    assert_int_equal(nif_conn_option(&conns[1], NIF_OPT_TOS, -1), NIF_EINVAL);
    assert_int_equal(nif_conn_option(&conns[1], NIF_OPT_TOS, 0), 0);
}

// A flag that is lost costs a check at most.
static void a_lost_flag_delays_but_does_not_deafen(void **state)
{
    uint8_t buf[10];

    (void)state;
    opened(5000);
    s.now_us += 100000;
    poll();
    assert_int_equal(nif_conn_recv(&conns[0], buf, 10, NULL), NIF_EAGAIN);
    put(0, 9, 7, "ab", 2);
    nif_put_be16(reg(0, 0x26), 10);
    assert_int_equal(nif_conn_recv(&conns[0], buf, 10, NULL), NIF_EAGAIN);
    s.now_us += 100000;
    poll();
    assert_int_equal(nif_conn_recv(&conns[0], buf, 10, NULL), 2);
}

// A socket that is closed in the chip, or is another kind, is opened again.
static void a_socket_that_the_chip_closed_is_opened_again(void **state)
{
    (void)state;
    opened(5000);
    *reg(0, 3) = 0;
    s.now_us += 100000;
    poll();
    assert_int_equal(*reg(0, 3), 0x22);
    assert_int_equal(w.chip.stats.lost, 0);
    *reg(0, 0) = 0x01; // was reset, and more: no socket of ours
    s.now_us += 100000;
    poll();
    assert_int_equal(w.chip.stats.lost, 1);
    for (unsigned i = 0; i < 10; i++) {
        poll();
    }
    assert_int_equal(w.chip.stats.restarted, 1);
    assert_int_equal(*reg(0, 0), 0x02);
    assert_int_equal(*reg(0, 3), 0x22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_socket_is_opened_as_the_data_sheet_says),
        TEST(a_datagram_is_sent_by_send),
        TEST(what_is_for_many_is_sent_by_send_mac),
        TEST(without_an_address_there_is_the_broadcast_only),
        TEST(one_datagram_is_on_its_way_at_a_time),
        TEST(what_nobody_answers_is_told_to_a_peer_only),
        TEST(a_datagram_that_stays_in_the_chip_is_cleared_away),
        TEST(an_end_of_sending_that_is_not_told_is_given_up),
        TEST(a_close_waits_for_the_datagram),
        TEST(what_is_no_datagram_is_refused),
        TEST(a_datagram_comes_with_whose_it_is),
        TEST(who_is_not_the_peer_is_not_heard),
        TEST(a_head_that_makes_no_sense_costs_what_waits),
        TEST(a_group_is_joined_by_the_registers),
        TEST(a_group_is_joined_again_from_a_new_address),
        TEST(a_group_is_joined_again_when_the_cable_comes_back),
        TEST(one_that_is_bound_to_the_address_hears_no_broadcast),
        TEST(a_port_unreachable_is_told_to_who_asked),
        TEST(flags_of_nobody_are_cleared),
        TEST(a_conflict_is_counted),
        TEST(options_are_as_the_page_says),
        TEST(a_lost_flag_delays_but_does_not_deafen),
        TEST(a_socket_that_the_chip_closed_is_opened_again),
    };

    return cmocka_run_group_tests_name("w5500 udp", tests, NULL, NULL);
}
