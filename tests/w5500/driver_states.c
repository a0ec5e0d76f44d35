// SPDX-License-Identifier: MIT
//
// What is easily taken for something else: another socket's block, a state
// that lies beside, a mode that is none.

#include "driver_stack.h"

#include <string.h>

// The check of a driver without INTn has its turn.
static void look(void)
{
    s.now_us += 100000;
    poll();
}

static void each_socket_has_registers_and_memory_of_its_own(void **state)
{
    const struct nif_endpoint to = at(9, 80);
    uint8_t buf[8];

    (void)state;
    for (unsigned n = 0; n < 8; n++) {
        const uint8_t block = (uint8_t)(n * 0x20);

        open_conn(n, NIF_TCP);
        assert_int_equal(nif_conn_connect(&conns[n], &to), 0);
        happens(n, 0x17, 0x05); // CON, RECV
        poll();
        nif_put_be16(reg(n, 0x24), 0x0120);
        nif_put_be16(reg(n, 0x28), 0x0340);
        nif_put_be16(reg(n, 0x26), 3);
        memcpy(s.mem[4 * n + 3] + 0x340, "abc", 3);
        s.count = 0;
        assert_int_equal(nif_conn_send(&conns[n], "hello", 5, NULL), 5);
        assert_true(script_find(&s, 0, block + 0x14, 0x0120) < s.count);
        assert_memory_equal(s.mem[4 * n + 2] + 0x120, "hello", 5);
        assert_int_equal(nif_conn_recv(&conns[n], buf, 8, NULL), 3);
        assert_true(script_find(&s, 0, block + 0x18, 0x0340) < s.count);
        assert_memory_equal(buf, "abc", 3);
    }
}

// Protocols from 8 on are reserved: a chip that says one is out of step.
static void all_four_bits_of_a_protocol_count(void **state)
{
    (void)state;
    connected();
    look();
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_OPEN);
    *reg(0, 0) |= 0x08;
    look();
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_FAILED);
    assert_int_equal(w.chip.stats.lost, 1);
}

// Before that the peer does not know of our end yet.
static void only_time_wait_gives_way(void **state)
{
    static const uint8_t busy[] = { 0x18, 0x1A, 0x1D };

    (void)state;
    connected();
    for (unsigned i = 1; i < 8; i++) {
        open_conn(i, NIF_UDP);
    }
    nif_conn_close(&conns[0]);
    look();
    assert_true(commanded(0, 0x08)); // DISCON
    for (unsigned i = 0; i < nif_countof(busy); i++) {
        happens(0, busy[i], 0);
        look();
        assert_int_equal(nif_conn_open(&w.stack, &conns[8], NIF_TCP, &none),
            NIF_ENOBUFS);
    }
    happens(0, 0x1B, 0);
    look();
    open_conn(8, NIF_TCP);
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_CLOSED);
}

static void an_abort_says_good_bye_after_the_peer_has(void **state)
{
    (void)state;
    connected();
    happens(0, 0x1C, 0x02); // CLOSE_WAIT, DISCON
    poll();
    nif_conn_abort(&conns[0]);
    assert_true(commanded(0, 0x08));
    // Who has said it already does not say it again.
    (void)up(state);
    connected();
    happens(0, 0x1D, 0x02); // LAST_ACK
    poll();
    s.count = 0;
    nif_conn_abort(&conns[0]);
    assert_false(commanded(0, 0x08));
}

// A call whose peer closes at once was a connection all the same.
static void a_call_that_is_closed_at_once_has_come_about(void **state)
{
    const struct nif_endpoint to = at(9, 80);

    (void)state;
    open_conn(0, NIF_TCP);
    assert_int_equal(nif_conn_connect(&conns[0], &to), 0);
    happens(0, 0x1C, 0x03);
    poll();
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_socket_has_registers_and_memory_of_its_own),
        TEST(all_four_bits_of_a_protocol_count),
        TEST(only_time_wait_gives_way),
        TEST(an_abort_says_good_bye_after_the_peer_has),
        TEST(a_call_that_is_closed_at_once_has_come_about),
    };

    return cmocka_run_group_tests_name("w5500 states", tests, NULL, NULL);
}
