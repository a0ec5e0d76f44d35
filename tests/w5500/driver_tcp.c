// SPDX-License-Identifier: MIT
//
// TCP connections of the W5500 driver, byte by byte: calls, data, ends.

#include "driver_stack.h"

#include <string.h>

// ---- TCP, calling

static void a_call_is_made_as_the_data_sheet_says(void **state)
{
    const struct nif_endpoint to = at(9, 80);
    uint16_t port;
    size_t i;

    (void)state;
    open_conn(0, NIF_TCP);
    assert_int_equal(nif_conn_option(&conns[0], NIF_OPT_TTL, 33), 0);
    assert_int_equal(nif_conn_option(&conns[0], NIF_OPT_TOS, 0x20), 0);
    assert_int_equal(nif_conn_option(&conns[0], NIF_OPT_KEEPALIVE, 11), 0);
    assert_int_equal(s.count, 0); // nothing is open
    assert_int_equal(nif_conn_connect(&conns[0], &to), 0);
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_OPENING);
    i = find_write8(0, 0, 1);
    script_is(&s, i, 0x0C, 1, "\x10", 1); // CLOSE
    i = find_write8(i, 0, 2);
    script_is(&s, i, 0x0C, 2, "\x1F", 1);
    i = find_write8(i, 0, 4);
    port = nif_get_be16(s.said[i].data);
    assert_int_equal(s.said[i].len, 2);
    assert_in_range(port, 0xC000, 0xFFFF);
    script_is(&s, i + 1, 0x0C, 0x15, "\x20\x21", 2); // TOS, TTL
    script_is(&s, i + 2, 0x0C, 0x2F, "\x03", 1);     // 15 s
    script_is(&s, i + 3, 0x0C, 0x00, "\x01", 1);     // TCP
    script_is(&s, i + 4, 0x0C, 0x01, "\x01", 1);     // OPEN
    script_is(&s, i + 6, 0x08, 0x03, "\x13", 1);     // INIT
    script_is(&s, i + 7, 0x0C, 0x0C, "\xC0\x00\x02\x09\x00\x50", 6);
    script_is(&s, i + 8, 0x0C, 0x01, "\x04", 1); // CONNECT
    happens(0, 0x17, 0x01);
    poll();
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_OPEN);
    assert_int_equal(*reg(0, 2), 0); // the flag is cleared
    // An option of an open one is written at once.
    s.count = 0;
    assert_int_equal(nif_conn_option(&conns[0], NIF_OPT_KEEPALIVE, 1275), 0);
    script_is(&s, 1, 0x0C, 0x2F, "\xFF", 1);
    assert_int_equal(nif_conn_option(&conns[0], NIF_OPT_KEEPALIVE, 1276),
        NIF_EINVAL);
}

static void ports_are_drawn_and_differ(void **state)
{
    uint16_t seen[8];

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        const struct nif_endpoint to = at(9, 80);

        open_conn(i, NIF_TCP);
        assert_int_equal(nif_conn_connect(&conns[i], &to), 0);
        seen[i] = nif_get_be16(reg(i, 4));
        for (unsigned k = 0; k < i; k++) {
            assert_int_not_equal(seen[k], seen[i]);
        }
    }
    (void)up(state);
    open_conn(0, NIF_UDP);
    bind_conn(0, 0);
    assert_int_equal(nif_get_be16(reg(0, 4)), seen[0]); // the same seed
}

static void a_ninth_connection_is_refused_and_a_place_comes_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        open_conn(i, i % 2 ? NIF_TCP : NIF_UDP);
    }
    assert_int_equal(nif_conn_open(&w.stack, &conns[8], NIF_TCP, &none),
        NIF_ENOBUFS);
    nif_conn_close(&conns[3]);
    open_conn(8, NIF_UDP);
    bind_conn(8, 77);
    assert_int_equal(nif_get_be16(reg(3, 4)), 77);
    assert_int_equal(nif_conn_open(&w.stack, &conns[3], NIF_TLS, &none),
        NIF_ENOTSUP);
}

// The chip does not say what ARP did: a call that fails before TCP's own time
// is made again.
static void a_call_is_made_again_for_twenty_seconds(void **state)
{
    const struct nif_endpoint to = at(9, 80);
    uint64_t since_us = s.now_us;
    uint16_t port;

    (void)state;
    open_conn(0, NIF_TCP);
    assert_int_equal(nif_conn_connect(&conns[0], &to), 0);
    port = nif_get_be16(reg(0, 4));
    while (nif_conn_state(&conns[0]) == NIF_CONN_OPENING) {
        assert_int_equal(*reg(0, 3), 0x15);
        assert_int_equal(nif_get_be16(reg(0, 4)), port);
        s.now_us += 1800000;
        happens(0, 0, 0x08);
        s.count = 0;
        poll();
    }
    assert_in_range(s.now_us - since_us, 20000000, 24000000);
    assert_int_equal(conns[0].err, NIF_ETIMEDOUT);
}

static void a_call_that_ends_without_a_flag_was_refused(void **state)
{
    const struct nif_endpoint to = at(9, 80);

    (void)state;
    open_conn(0, NIF_TCP);
    assert_int_equal(nif_conn_connect(&conns[0], &to), 0);
    happens(0, 0, 0);
    poll();
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_FAILED);
    assert_int_equal(conns[0].err, NIF_EREFUSED);
}

// Its flags are read before its status: what lies between is not forgotten.
static void a_call_that_times_out_while_it_is_looked_at_was_not(void **state)
{
    const struct nif_endpoint to = at(9, 80);

    (void)state;
    open_conn(0, NIF_TCP);
    assert_int_equal(nif_conn_connect(&conns[0], &to), 0);
    s.now_us += 1800000;
    s.times_out = true;
    poll();
    assert_false(s.times_out);
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_OPENING);
    assert_int_equal(*reg(0, 3), 0x15); // it calls again
}

static void calls_that_make_no_sense_are_refused(void **state)
{
    struct nif_endpoint to = at(9, 80);

    (void)state;
    open_conn(0, NIF_TCP);
    to.ip = nif_ip4(192, 0, 2, 255);
    assert_int_equal(nif_conn_connect(&conns[0], &to), NIF_EINVAL);
    to.ip = nif_ip4(224, 0, 0, 1);
    assert_int_equal(nif_conn_connect(&conns[0], &to), NIF_EINVAL);
    to = at(9, 0);
    assert_int_equal(nif_conn_connect(&conns[0], &to), NIF_EINVAL);
    to = at(2, 80); // ourselves: the chip does not hear itself
    assert_int_equal(nif_conn_connect(&conns[0], &to), NIF_EUNREACH);
    to.ip = nif_ip4(127, 0, 0, 1);
    assert_int_equal(nif_conn_connect(&conns[0], &to), NIF_EUNREACH);
    assert_int_equal(nif_stack_set_net(&w.stack,
                         &(struct nif_net){ .ip = nif_ip4(192, 0, 2, 2),
                             .prefix_len = 24 }),
        0);
    to.ip = nif_ip4(198, 51, 100, 1);
    assert_int_equal(nif_conn_connect(&conns[0], &to), NIF_EUNREACH);
    bind_conn(0, 1234);
    to = at(9, 80);
    assert_int_equal(nif_conn_connect(&conns[0], &to), 0);
    assert_int_equal(nif_conn_connect(&conns[0], &to), NIF_EISCONN);
    // The port is free for another peer, but not for the same.
    open_conn(1, NIF_TCP);
    bind_conn(1, 1234);
    assert_int_equal(nif_conn_connect(&conns[1], &to), NIF_EADDRINUSE);
    to = at(9, 81);
    assert_int_equal(nif_conn_connect(&conns[1], &to), 0);
}

// ---- TCP, data

static void data_go_out_behind_tx_wr(void **state)
{
    (void)state;
    connected();
    assert_int_equal(nif_conn_send(&conns[0], "hello", 5, NULL), 5);
    script_is(&s, 0, 0x08, 0x20, "\x08\x00", 2); // FSR, twice
    script_is(&s, 1, 0x08, 0x20, "\x08\x00", 2);
    script_is(&s, 2, 0x08, 0x24, "\x7F\xF0", 2);
    script_is(&s, 3, 0x14, 0x7FF0, "hello", 5);
    script_is(&s, 4, 0x0C, 0x24, "\x7F\xF5", 2);
    script_is(&s, 5, 0x0C, 0x01, "\x20", 1); // SEND
}

// What is written meanwhile goes with the next SEND, which waits for SENDOK.
static void the_next_send_waits_for_sendok(void **state)
{
    (void)state;
    connected();
    s.no_sendok = true;
    assert_int_equal(nif_conn_send(&conns[0], "abc", 3, NULL), 3);
    nif_put_be16(reg(0, 0x20), 0x800 - 3);
    s.count = 0;
    assert_int_equal(nif_conn_send(&conns[0], "defg", 4, NULL), 4);
    assert_int_equal(nif_conn_send(&conns[0], "hi", 2, NULL), 2);
    assert_false(commanded(0, 0x20));
    assert_memory_equal(s.mem[2] + 0x3FF3, "defghi", 6);
    assert_int_equal(nif_conn_unacked(&conns[0]), 9);
    *reg(0, 2) = 0x10;
    s.count = 0;
    poll();
    assert_true(commanded(0, 0x20));
    script_is(&s, find_write8(0, 0, 0x24), 0x0C, 0x24, "\x7F\xF9", 2);
}

static void no_more_is_taken_than_the_chip_has_room_for(void **state)
{
    static uint8_t data[3000];

    (void)state;
    connected();
    s.no_sendok = true;
    assert_int_equal(nif_conn_send(&conns[0], data, 3000, NULL), 2048);
    nif_put_be16(reg(0, 0x20), 0);
    assert_int_equal(nif_conn_ready(&conns[0]), 0);
    assert_int_equal(nif_conn_send(&conns[0], data, 1, NULL), NIF_EAGAIN);
    nif_put_be16(reg(0, 0x20), 10);
    assert_int_equal(nif_conn_ready(&conns[0]), NIF_WRITABLE);
    assert_int_equal(nif_conn_send(&conns[0], data, 3000, NULL), 10);
    assert_int_equal(nif_conn_send(&conns[0], data, 3000, NULL), NIF_EAGAIN);
}

static void counts_that_cannot_be_are_not_believed(void **state)
{
    uint8_t byte;

    (void)state;
    connected();
    nif_put_be16(reg(0, 0x20), 0x801);
    assert_int_equal(nif_conn_send(&conns[0], "x", 1, NULL), NIF_ERESET);
    assert_int_equal(w.chip.stats.lost, 1);
    (void)up(state);
    connected();
    happens(0, 0x17, 0x04);
    nif_put_be16(reg(0, 0x26), 0x801);
    poll();
    assert_int_equal(nif_conn_recv(&conns[0], &byte, 1, NULL), NIF_ERESET);
}

// With INTn poll() is needed all the same: room comes without an interrupt.
static void who_waits_for_room_is_polled_for(void **state)
{
    static uint8_t data[3000];

    (void)state;
    connected();
    assert_int_equal(nif_conn_send(&conns[0], data, 3000, NULL), 2048);
    w.chip.cfg.interrupt = &s.interrupt;
    poll();
    assert_in_range(nif_stack_poll(&w.stack), s.now_us, s.now_us + 1000);
    nif_put_be16(reg(0, 0x20), 0x800);
    assert_int_equal(nif_conn_send(&conns[0], data, 100, NULL), 100);
    poll();
    assert_in_range(nif_stack_poll(&w.stack), s.now_us + 2000,
        s.now_us + 100000);
}

// Arduino's Ethernet library, issues 17 and 78.
static void a_lost_sendok_stops_nobody_for_long(void **state)
{
    (void)state;
    connected();
    s.no_sendok = true;
    assert_int_equal(nif_conn_send(&conns[0], "abc", 3, NULL), 3);
    assert_int_equal(nif_conn_send(&conns[0], "def", 3, NULL), 3);
    nif_put_be16(reg(0, 0x20), 0x7FD); // not acknowledged yet
    s.now_us += 1100000;
    s.count = 0;
    poll();
    assert_false(commanded(0, 0x20));
    nif_put_be16(reg(0, 0x20), 0x800);
    s.now_us += 100000;
    poll();
    assert_true(commanded(0, 0x20));
}

static void data_come_in_and_their_room_is_given_back(void **state)
{
    uint8_t buf[100] = { 0 };

    (void)state;
    connected();
    assert_int_equal(nif_conn_recv(&conns[0], buf, 100, NULL), NIF_EAGAIN);
    assert_int_equal(nif_conn_recv(&conns[0], buf, 100, NULL), NIF_EAGAIN);
    s.count = 0;
    memcpy(s.mem[3] + 0x3FFE, "ab", 2); // around the end of 16 bits
    memcpy(s.mem[3], "cdef", 4);
    nif_put_be16(reg(0, 0x26), 6);
    assert_int_equal(nif_conn_recv(&conns[0], buf, 100, NULL), NIF_EAGAIN);
    assert_int_equal(s.count, 0); // nobody has said so
    happens(0, 0x17, 0x04);
    poll();
    s.count = 0;
    assert_int_equal(nif_conn_recv(&conns[0], buf, 4, NULL), 4);
    script_is(&s, 0, 0x08, 0x26, "\x00\x06", 2);
    script_is(&s, 1, 0x08, 0x26, "\x00\x06", 2);
    script_is(&s, 2, 0x08, 0x28, "\xFF\xFE", 2);
    script_is(&s, 3, 0x18, 0xFFFE, "abcd", 4);
    script_is(&s, 4, 0x0C, 0x28, "\x00\x02", 2);
    script_is(&s, 5, 0x0C, 0x01, "\x40", 1); // RECV
    assert_memory_equal(buf, "abcd", 4);
    assert_int_equal(nif_conn_ready(&conns[0]), NIF_READABLE | NIF_WRITABLE);
    assert_int_equal(nif_conn_recv(&conns[0], buf, 100, NULL), 2);
    assert_memory_equal(buf, "ef", 2);
}

// ---- TCP, ends

static void our_end_follows_when_all_is_acknowledged(void **state)
{
    (void)state;
    connected();
    assert_int_equal(nif_conn_send(&conns[0], "abc", 3, NULL), 3);
    nif_put_be16(reg(0, 0x20), 0x7FD);
    assert_int_equal(nif_conn_shutdown(&conns[0]), 0);
    assert_int_equal(nif_conn_send(&conns[0], "d", 1, NULL), NIF_ENOTCONN);
    poll();
    poll();
    assert_false(commanded(0, 0x08));
    nif_put_be16(reg(0, 0x20), 0x800);
    poll();
    assert_true(commanded(0, 0x08)); // DISCON
    s.count = 0;
    poll();
    assert_false(commanded(0, 0x08)); // once
    happens(0, 0x00, 0x02);
    poll();
    assert_int_equal(nif_conn_recv(&conns[0], &(uint8_t){ 0 }, 1, NULL), 0);
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_OPEN);
    nif_conn_close(&conns[0]);
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_CLOSED);
}

static void each_sign_of_the_peers_end_is_one(void **state)
{
    static const uint8_t status[] = { 0x1A, 0x1B, 0x1C, 0x1D };
    uint8_t byte;

    for (unsigned i = 0; i <= nif_countof(status); i++) {
        (void)up(state);
        connected();
        assert_int_equal(nif_conn_recv(&conns[0], &byte, 1, NULL), NIF_EAGAIN);
        if (i < nif_countof(status)) {
            happens(0, status[i], 0x04);
        } else {
            happens(0, 0x17, 0x02); // DISCON
        }
        nif_put_be16(reg(0, 0x26), 1);
        poll();
        assert_int_equal(nif_conn_recv(&conns[0], &byte, 1, NULL), 1);
        assert_int_equal(nif_conn_recv(&conns[0], &byte, 1, NULL), 0);
    }
    // FIN_WAIT is ours alone.
    (void)up(state);
    connected();
    happens(0, 0x18, 0x04);
    poll();
    assert_int_equal(nif_conn_recv(&conns[0], &byte, 1, NULL), NIF_EAGAIN);
}

static void an_end_without_a_flag_is_a_reset(void **state)
{
    uint8_t byte;

    (void)state;
    connected();
    happens(0, 0, 0);
    s.now_us += 100000; // there is no interrupt: the check sees it
    poll();
    assert_int_equal(nif_conn_recv(&conns[0], &byte, 1, NULL), NIF_ERESET);
    nif_conn_close(&conns[0]);
    connected();
    happens(0, 0, 0x08);
    poll();
    assert_int_equal(nif_conn_recv(&conns[0], &byte, 1, NULL), NIF_ETIMEDOUT);
}

static void what_comes_after_close_is_thrown_away(void **state)
{
    (void)state;
    connected();
    nif_conn_close(&conns[0]);
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_CLOSING);
    happens(0, 0x17, 0x04);
    nif_put_be16(reg(0, 0x26), 300);
    s.count = 0;
    poll();
    script_is(&s, find_write8(0, 0, 0x28), 0x0C, 0x28, "\x01\x2A", 2);
    assert_true(commanded(0, 0x40));
    assert_true(commanded(0, 0x08));
    happens(0, 0x00, 0);
    poll();
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_CLOSED);
}

static void a_farewell_lasts_a_minute_at_most(void **state)
{
    uint64_t since_us;

    (void)state;
    connected();
    nif_conn_close(&conns[0]);
    since_us = s.now_us;
    while (nif_conn_state(&conns[0]) == NIF_CONN_CLOSING) {
        s.now_us += 500000;
        s.count = 0;
        poll();
    }
    assert_in_range(s.now_us - since_us, 60000000, 61000000);
    assert_true(commanded(0, 0x10));
}

// The memory is the caller's, the socket is not free yet.
static void an_abort_ends_with_a_fin(void **state)
{
    (void)state;
    connected();
    s.now_us += 90000000; // a time that was not noted lies long back
    poll();
    nif_conn_abort(&conns[0]);
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_CLOSED);
    assert_true(commanded(0, 0x08));
    assert_false(commanded(0, 0x10));
    open_conn(1, NIF_UDP);
    bind_conn(1, 5);
    assert_int_equal(*reg(0, 3), 0x18); // on another socket
    assert_int_equal(*reg(1, 3), 0x22);
    s.now_us += 600000;
    poll();
    assert_int_equal(*reg(0, 3), 0x18);
    s.now_us += 600000;
    poll();
    assert_true(commanded(0, 0x10));
    assert_int_equal(*reg(0, 3), 0x00);
}

static void a_socket_that_says_goodbye_gives_way(void **state)
{
    (void)state;
    connected();
    nif_conn_abort(&conns[0]);
    for (unsigned i = 0; i < 8; i++) {
        open_conn(i, NIF_UDP);
        bind_conn(i, (uint16_t)(100 + i));
    }
    for (unsigned n = 0; n < 8; n++) {
        assert_int_equal(*reg(n, 3), 0x22);
    }
    s.now_us += 2000000;
    poll();
    assert_int_equal(*reg(0, 3), 0x22); // and is left alone
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_made_as_the_data_sheet_says),
        TEST(ports_are_drawn_and_differ),
        TEST(a_ninth_connection_is_refused_and_a_place_comes_back),
        TEST(a_call_is_made_again_for_twenty_seconds),
        TEST(a_call_that_ends_without_a_flag_was_refused),
        TEST(a_call_that_times_out_while_it_is_looked_at_was_not),
        TEST(calls_that_make_no_sense_are_refused),
        TEST(data_go_out_behind_tx_wr),
        TEST(the_next_send_waits_for_sendok),
        TEST(no_more_is_taken_than_the_chip_has_room_for),
        TEST(counts_that_cannot_be_are_not_believed),
        TEST(who_waits_for_room_is_polled_for),
        TEST(a_lost_sendok_stops_nobody_for_long),
        TEST(data_come_in_and_their_room_is_given_back),
        TEST(our_end_follows_when_all_is_acknowledged),
        TEST(each_sign_of_the_peers_end_is_one),
        TEST(an_end_without_a_flag_is_a_reset),
        TEST(what_comes_after_close_is_thrown_away),
        TEST(a_farewell_lasts_a_minute_at_most),
        TEST(an_abort_ends_with_a_fin),
        TEST(a_socket_that_says_goodbye_gives_way),
    };

    return cmocka_run_group_tests_name("w5500 tcp", tests, NULL, NULL);
}
