// SPDX-License-Identifier: MIT
//
// Passive reception of the ESP-AT model: data that wait to be fetched.

#include "tests/espat/model_bench.h"

static struct bench *passive(enum sim_espat_firmware firmware)
{
    struct bench *b = bench_joined(firmware);

    ask(b, "AT+CIPRECVMODE=1", "\r\nOK\r\n");
    ask(b, "AT+CIPRECVMODE?", "+CIPRECVMODE:1\r\n\r\nOK\r\n");
    open_link(b, 0);
    return b;
}

static void data_are_announced_once_until_they_are_read(void **state)
{
    struct bench *b = passive(SIM_ESPAT_2_4);

    (void)state;
    far_write(b, "hello", 5);
    expect(b, "\r\n+IPD,0,5\r\n");
    far_write(b, "12", 2);
    quiet(b, 100);
    ask(b, "AT+CIPRECVLEN?", "+CIPRECVLEN:7,-1,-1,-1,-1\r\n\r\nOK\r\n");
    ask(b, "AT+CIPRECVDATA=0,4", "+CIPRECVDATA:4,hell\r\nOK\r\n");
    quiet(b, 100); // what is left is not announced again
    far_write(b, "!", 1);
    expect(b, "\r\n+IPD,0,4\r\n"); // what comes is, with all there is
    ask(b, "AT+CIPRECVDATA=0,100", "+CIPRECVDATA:4,o12!\r\nOK\r\n");
    ask(b, "AT+CIPRECVDATA=0,100", "\r\nERROR\r\n");
    ask(b, "AT+CIPRECVDATA=1,100", "\r\nERROR\r\n");
}

static void fetched_data_may_say_whose_they_are(void **state)
{
    struct bench *b = passive(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPDINFO=1", "\r\nOK\r\n");
    far_write(b, "hi", 2);
    expect(b, "\r\n+IPD,0,2\r\n");
    ask(b, "AT+CIPRECVDATA=0,9", "+CIPRECVDATA:2,\"192.0.2.1\",7,hi\r\nOK\r\n");
}

static void the_old_one_answers_in_another_form(void **state)
{
    struct bench *b = passive(SIM_ESPAT_1_7);

    (void)state;
    far_write(b, "hello", 5);
    expect(b, "\r\n+IPD,0,5\r\n");
    ask(b, "AT+CIPRECVLEN?", "+CIPRECVLEN:5,0,0,0,0\r\n\r\nOK\r\n");
    ask(b, "AT+CIPRECVDATA=0,4", "+CIPRECVDATA,4:hell\r\n\r\nOK\r\n");
}

static void newer_ones_leave_closed_links_empty(void **state)
{
    struct bench *b = passive(SIM_ESPAT_3_3);

    (void)state;
    far_write(b, "hello", 5);
    expect(b, "\r\n+IPD,0,5\r\n");
    ask(b, "AT+CIPRECVLEN?", "+CIPRECVLEN:5,,,,\r\n\r\nOK\r\n");
}

static void closed_is_held_back_until_all_is_read(void **state)
{
    struct bench *b = passive(SIM_ESPAT_2_4);

    (void)state;
    far_write(b, "bye", 3);
    nif_conn_close(&b->conn);
    far_kick(&b->far);
    expect(b, "\r\n+IPD,0,3\r\n");
    quiet(b, 1000);
    ask(b, "AT+CIPRECVDATA=0,2", "+CIPRECVDATA:2,by\r\nOK\r\n");
    quiet(b, 100);
    ask(b, "AT+CIPRECVDATA=0,2", "+CIPRECVDATA:1,e\r\nOK\r\n0,CLOSED\r\n");
    ask(b, "AT+CIPRECVDATA=0,2", "\r\nERROR\r\n");
}

static void the_old_one_closes_at_once_and_keeps_the_data(void **state)
{
    struct bench *b = passive(SIM_ESPAT_1_7);

    (void)state;
    far_write(b, "bye", 3);
    nif_conn_close(&b->conn);
    far_kick(&b->far);
    expect(b, "\r\n+IPD,0,3\r\n0,CLOSED\r\n");
    ask(b, "AT+CIPSEND=0,1", "link is not valid\r\n\r\nERROR\r\n");
    ask(b, "AT+CIPRECVDATA=0,2", "+CIPRECVDATA,2:by\r\n\r\nOK\r\n");
    ask(b, "AT+CIPRECVLEN?", "+CIPRECVLEN:1,0,0,0,0\r\n\r\nOK\r\n");
    // Gone when the number is used again.
    ask(b, "AT+CIPSTART=0,\"UDP\",\"192.0.2.1\",9", "0,CONNECT\r\n\r\nOK\r\n");
    ask(b, "AT+CIPRECVDATA=0,2", "\r\nERROR\r\n");
}

static void a_window_of_5760_bytes_holds_the_peer(void **state)
{
    struct bench *b = passive(SIM_ESPAT_2_4);
    static uint8_t data[8000];
    size_t got = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i % 251);
    }
    far_write(b, data, sizeof(data));
    pass_ms(b, 5000);
    // The peer does not send the last bit: it is less than a segment.
    assert_in_range(8000 - nif_conn_unacked(&b->conn), 5760 - 1460, 5760);
    await(b, "\r\n");
    b->heard_len = 0;
    while (got < sizeof(data)) {
        say(b, "AT+CIPRECVDATA=0,500\r\n");
        await(b, "+CIPRECVDATA:500,");
        hear(b, 1000, 500);
        assert_memory_equal(b->heard, data + got, 500);
        got += 500;
        b->heard_len = 0;
        await(b, "\r\nOK\r\n");
        pass_ms(b, 300);
    }
}

static void each_link_may_receive_its_own_way(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_3_3);

    (void)state;
    ask(b, "AT+CIPRECVTYPE=2,1", "\r\nOK\r\n");
    ask(b, "AT+CIPRECVTYPE?",
        "+CIPRECVTYPE:0,0\r\n+CIPRECVTYPE:1,0\r\n+CIPRECVTYPE:2,1\r\n"
        "+CIPRECVTYPE:3,0\r\n+CIPRECVTYPE:4,0\r\n\r\nOK\r\n");
    open_link(b, 2);
    far_write(b, "a", 1);
    expect(b, "\r\n+IPD,2,1\r\n");
    ask(b, "AT+CIPRECVDATA=2,1", "+CIPRECVDATA:1,a\r\nOK\r\n");
    ask(b, "AT+CIPRECVTYPE=5,0", "\r\nOK\r\n");
    far_write(b, "b", 1);
    expect(b, "\r\n+IPD,2,1:b");
}

static void a_full_line_stalls_the_peer_and_loses_nothing(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    static uint8_t data[8000];
    unsigned longest = 0;
    size_t got = 0;
    uint64_t at_ns;

    (void)state;
    open_link(b, 0);
    at_ns = b->world.now_ns;
    for (unsigned round = 0; round < 3; round++) {
        memset(data, 'a' + (int)round, sizeof(data));
        far_write(b, data, sizeof(data));
        for (size_t end = got + sizeof(data); got < end;) {
            unsigned len = 0;
            unsigned at;

            await(b, "\r\n+IPD,0,");
            hear(b, 1000, 5);
            for (at = 0; b->heard[at] != ':'; at++) {
                len = len * 10 + b->heard[at] - '0';
            }
            assert_in_range(len, 1, 2920);
            longest = len > longest ? len : longest;
            hear(b, 1000, at + 1 + len);
            for (unsigned i = 0; i < len; i++) {
                assert_int_equal(b->heard[at + 1 + i], 'a' + (int)round);
            }
            b->heard_len = 0;
            got += len;
        }
    }
    assert_int_equal(got, 3 * sizeof(data));
    // The line is what limits it: 11520 bytes a second.
    assert_in_range(b->world.now_ns - at_ns, 2083 * SIM_MS, 2200 * SIM_MS);
    assert_in_range(longest, 1461, 2920); // more than a segment at a time
}

static void closing_with_unread_data_is_a_reset(void **state)
{
    struct bench *b = passive(SIM_ESPAT_2_4);

    (void)state;
    far_write(b, "hello", 5);
    expect(b, "\r\n+IPD,0,5\r\n");
    ask(b, "AT+CIPCLOSE=0", "0,CLOSED\r\n\r\nOK\r\n");
    pass_ms(b, 50);
    assert_int_equal(nif_conn_recv(&b->conn, b->heard, 1, NULL), NIF_ERESET);
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_teardown(test, bench_teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(data_are_announced_once_until_they_are_read),
        ON_BENCH(fetched_data_may_say_whose_they_are),
        ON_BENCH(the_old_one_answers_in_another_form),
        ON_BENCH(newer_ones_leave_closed_links_empty),
        ON_BENCH(closed_is_held_back_until_all_is_read),
        ON_BENCH(the_old_one_closes_at_once_and_keeps_the_data),
        ON_BENCH(a_window_of_5760_bytes_holds_the_peer),
        ON_BENCH(each_link_may_receive_its_own_way),
        ON_BENCH(a_full_line_stalls_the_peer_and_loses_nothing),
        ON_BENCH(closing_with_unread_data_is_a_reset),
    };

    return cmocka_run_group_tests_name("espat_passive", tests, NULL, NULL);
}
