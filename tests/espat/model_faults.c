// SPDX-License-Identifier: MIT
//
// What the ESP-AT model does wrong when it is told to: each fault of the
// field, and that it is over when it is over.

#include "tests/espat/model_bench.h"

static void hurt(struct bench *b, enum sim_espat_fault_kind kind,
    uint32_t value)
{
    sim_espat_fault(&b->chip, &(struct sim_espat_fault){ kind, 0, 1, value });
}

// ---- boot

static void a_boot_may_begin_with_noise(void **state)
{
    struct bench *b = bench_open(NULL);

    (void)state;
    hurt(b, SIM_ESPAT_F_GARBAGE, 100);
    hear(b, 600, 100);
    assert_int_equal(b->heard_len, 100);
    assert_memory_equal(b->heard, "\x00\xFF\r\n", 4);
    b->heard_len = 0;
    expect(b, "\r\nready\r\n");
}

static void ready_may_be_missing_or_late(void **state)
{
    struct bench *b = bench_open(NULL);

    (void)state;
    hurt(b, SIM_ESPAT_F_NO_READY, 0);
    quiet(b, 2000);
    ask(b, "AT+RST", "AT+RST\r\n\r\nOK\r\n");
    expect(b, "\r\nready\r\n");
    hurt(b, SIM_ESPAT_F_LATE_READY, 3000);
    ask(b, "AT+RST", "AT+RST\r\n\r\nOK\r\n");
    quiet(b, 3500);
    expect(b, "\r\nready\r\n");
}

static void it_may_boot_by_itself(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 0);
    sim_espat_reboot(&b->chip, "\r\nBrownout detector was triggered\r\n");
    expect(b, "\r\nBrownout detector was triggered\r\n\r\nready\r\n");
    expect(b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
    ask(b, "AT+CIPMUX?", "AT+CIPMUX?\r\n+CIPMUX:0\r\n\r\nOK\r\n");
    ask(b, "ATE0", "ATE0\r\n\r\nOK\r\n");
    hurt(b, SIM_ESPAT_F_REBOOT, 0);
    ask(b, "AT+GMR", "\r\nready\r\n");
}

static void it_may_be_stuck_until_it_is_reset(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    sim_espat_stick(&b->chip);
    say(b, "AT\r\n");
    quiet(b, 10000);
    nif_pin_write(&b->enable.pin, false);
    pass_ms(b, 2);
    nif_pin_write(&b->enable.pin, true);
    expect(b, "\r\nready\r\n");
}

// ---- commands

static void a_command_may_not_be_heard(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    hurt(b, SIM_ESPAT_F_DEAF, 0);
    say(b, "AT\r\n");
    quiet(b, 1000);
    ask(b, "AT", "\r\nOK\r\n");
}

static void a_command_may_fail_be_slow_or_have_no_end(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    sim_espat_fault(&b->chip,
        &(struct sim_espat_fault){ SIM_ESPAT_F_ERROR, 1, 2, 0 });
    ask(b, "AT", "\r\nOK\r\n"); // the next, from 0
    ask(b, "AT", "\r\nERROR\r\n");
    ask(b, "AT", "\r\nERROR\r\n");
    ask(b, "AT", "\r\nOK\r\n");
    hurt(b, SIM_ESPAT_F_SLOW, 2000);
    say(b, "AT\r\n");
    quiet(b, 2000);
    expect(b, "\r\nOK\r\n");
    hurt(b, SIM_ESPAT_F_NO_FINAL, 0);
    ask(b, "AT+CIPMUX?", "+CIPMUX:0\r\n");
    quiet(b, 1000);
    ask(b, "AT", "\r\nOK\r\n");
}

static void a_command_may_be_unknown(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    sim_espat_refuse(&b->chip, "SYSSTORE");
    ask(b, "AT+SYSSTORE=0", "\r\nERROR\r\n");
    ask(b, "AT+SYSLOG=0", "\r\nOK\r\n");
    sim_espat_refuse(&b->chip, NULL);
    ask(b, "AT+SYSSTORE=0", "\r\nOK\r\n");
}

static void it_may_be_busy_for_long(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    sim_espat_storm(&b->chip, 2 * SIM_S);
    ask(b, "AT", "\r\nbusy p...\r\n");
    pass_ms(b, 1900);
    ask(b, "AT", "\r\nbusy p...\r\n");
    pass_ms(b, 100);
    ask(b, "AT", "\r\nOK\r\n");
}

static void a_rate_may_be_confirmed_and_not_hold(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);
    struct nif_uart *uart = &b->bus.uart;

    (void)state;
    hurt(b, SIM_ESPAT_F_BAUD_OLD, 0);
    ask(b, "AT+UART_CUR=921600,8,1,0,0", "\r\nOK\r\n");
    pass_ms(b, 100);
    ask(b, "AT", "\r\nOK\r\n"); // at the old one
    hurt(b, SIM_ESPAT_F_BAUD_EARLY, 0);
    say(b, "AT+UART_CUR=921600,8,1,0,0\r\n");
    hear(b, 100, 6);
    assert_in_range(b->heard_len, 1, 5); // garbage: it was too fast
    b->heard_len = 0;
    assert_int_equal(uart->ops->configure(uart, 921600, false), 0);
    ask(b, "AT", "\r\nOK\r\n");
}

// ---- the network

static void a_join_may_fail_and_then_work(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWMODE=1", "\r\nOK\r\n");
    hurt(b, SIM_ESPAT_F_JOIN_ERROR, 1);
    ask(b, "AT+CWJAP=\"home\",\"correct horse\"", "+CWJAP:1\r\n\r\nERROR\r\n");
    expect(b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
}

static void a_send_may_end_in_other_ways(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint8_t in[8];

    (void)state;
    open_link(b, 0);
    hurt(b, SIM_ESPAT_F_NO_SEND_OK, 0);
    ask(b, "AT+CIPSEND=0,1", "\r\nOK\r\n\r\n>");
    say(b, "a");
    expect(b, "\r\nRecv 1 bytes\r\n");
    quiet(b, 1000);
    hurt(b, SIM_ESPAT_F_SEND_FAIL, 0);
    ask(b, "AT+CIPSEND=0,1", "\r\nOK\r\n\r\n>");
    say(b, "b");
    expect(b, "\r\nRecv 1 bytes\r\n\r\nSEND FAIL\r\n");
    hurt(b, SIM_ESPAT_F_SEND_LATE, 500);
    ask(b, "AT+CIPSEND=0,1", "\r\nOK\r\n\r\n>");
    say(b, "c");
    expect(b, "\r\nRecv 1 bytes\r\n");
    pass_ms(b, 50);
    far_write(b, "answer", 6);
    expect(b, "\r\n+IPD,0,6:answer"); // before the SEND OK
    quiet(b, 300);
    expect(b, "\r\nSEND OK\r\n");
    assert_int_equal(far_read(b, in, sizeof(in), 50), 3);
    assert_memory_equal(in, "abc", 3);
}

static void data_may_come_between_prompt_and_payload(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 0);
    ask(b, "AT+CIPSEND=0,2", "\r\nOK\r\n\r\n>");
    say(b, "a");
    far_write(b, "!", 1);
    expect(b, "\r\n+IPD,0,1:!");
    say(b, "b");
    expect(b, "\r\nRecv 2 bytes\r\n\r\nSEND OK\r\n");
    far_write(b, "!", 1);
    expect(b, "\r\n+IPD,0,1:!");
    // 2.0.0 says nothing more after that.
    b = bench_joined(SIM_ESPAT_2_0);
    open_link(b, 0);
    ask(b, "AT+CIPSEND=0,2", "\r\nOK\r\n>");
    far_write(b, "!", 1);
    expect(b, "\r\n+IPD,0,1:!");
    say(b, "ab");
    expect(b, "\r\nRecv 2 bytes\r\n\r\nSEND OK\r\n");
    far_write(b, "!", 1);
    quiet(b, 1000);
}

static void a_link_may_end_at_once_or_without_a_word(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    far_listen(b);
    hurt(b, SIM_ESPAT_F_CLOSED, 0);
    ask(b, "AT+CIPSTART=0,\"TCP\",\"192.0.2.1\",7",
        "0,CONNECT\r\n\r\nOK\r\n0,CLOSED\r\n");
    b = bench_joined(SIM_ESPAT_2_4);
    open_link(b, 0);
    hurt(b, SIM_ESPAT_F_NOT_CLOSED, 0);
    nif_conn_close(&b->conn);
    far_kick(&b->far);
    quiet(b, 1000);
    ask(b, "AT+CIPCLOSE=0", "0,CLOSED\r\n\r\nOK\r\n");
}

static void an_end_that_is_not_told_is_in_the_list(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 0);
    hurt(b, SIM_ESPAT_F_END_LOST, 0);
    nif_conn_close(&b->conn);
    far_kick(&b->far);
    quiet(b, 1000);
    ask(b, "AT+CIPSTATE?", "\r\nOK\r\n");
}

static void passive_data_may_come_unannounced(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_1);

    (void)state;
    ask(b, "AT+CIPRECVMODE=1", "\r\nOK\r\n");
    open_link(b, 0);
    hurt(b, SIM_ESPAT_F_NO_IPD, 0);
    far_write(b, "abc", 3);
    quiet(b, 1000);
    hurt(b, SIM_ESPAT_F_RECVLEN, 10);
    ask(b, "AT+CIPRECVLEN?", "+CIPRECVLEN:13,-1,-1,-1,-1\r\n\r\nOK\r\n");
    ask(b, "AT+CIPRECVDATA=0,13", "+CIPRECVDATA:3,abc\r\nOK\r\n");
    far_write(b, "d", 1);
    expect(b, "\r\n+IPD,0,1\r\n");
}

static void debug_lines_may_stand_in_answers(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    far_listen(b);
    hurt(b, SIM_ESPAT_F_DEBUG, 0);
    ask(b, "AT+CIPSTART=0,\"TCP\",\"192.0.2.1\",7",
        "local port:2390\r\n0,CONNECT\r\n\r\nOK\r\n");
    far_accept(b);
    ask(b, "AT+CIPRECVMODE=1", "\r\nOK\r\n");
    far_write(b, "abc", 3);
    expect(b, "\r\n+IPD,0,3\r\n");
    hurt(b, SIM_ESPAT_F_DEBUG, 0);
    ask(b, "AT+CIPRECVDATA=0,9",
        "to read 3 bytes\r\n+CIPRECVDATA:3,abc\r\nOK\r\n");
}

// ---- in between

static void a_text_can_come_at_any_place(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    sim_espat_say(&b->chip, "WIFI DISCONNECT\r\n");
    expect(b, "WIFI DISCONNECT\r\n");
    sim_espat_inject(&b->chip, SIM_ESPAT_AT_INPUT, b->chip.in_count + 2,
        "0,CLOSED\r\n");
    say(b, "AT");
    quiet(b, 100);
    say(b, "\r");
    expect(b, "0,CLOSED\r\n");
    say(b, "\n");
    expect(b, "\r\nOK\r\n");
    // Between the answer and its OK.
    sim_espat_inject(&b->chip, SIM_ESPAT_AT_LINE, b->chip.out_lines + 1,
        "0,CLOSED\r\n");
    ask(b, "AT+CIPMUX?", "+CIPMUX:0\r\n0,CLOSED\r\n\r\nOK\r\n");
    sim_espat_inject(&b->chip, SIM_ESPAT_AT_OUTPUT, b->chip.out_count + 4,
        "debug");
    ask(b, "AT+CIPMUX?", "+CIPdebugMUX:0\r\n\r\nOK\r\n");
    ask(b, "AT+CIPMUX?", "+CIPMUX:0\r\n\r\nOK\r\n");
}

static void an_unsolicited_line_may_split_an_echo_but_no_line(void **state)
{
    struct bench *b = bench_open(NULL);

    (void)state;
    await(b, "ready\r\n");
    say(b, "AT+CI");
    pass_ms(b, 1);
    sim_espat_say(&b->chip, "WIFI DISCONNECT\r\n");
    pass_ms(b, 5);
    say(b, "PMUX?\r\n");
    expect(b, "AT+CIWIFI DISCONNECT\r\nPMUX?\r\n+CIPMUX:0\r\n\r\nOK\r\n");
}

// ---- bytes that are lost on the line

static void a_lost_byte_makes_commands_payload(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint8_t in[16];

    (void)state;
    open_link(b, 0);
    ask(b, "AT+CIPSEND=0,6", "\r\nOK\r\n\r\n>");
    say(b, "abcd"); // two were lost
    quiet(b, 20000);
    b->chip.lenient = true;
    say(b, "AT\r\n");
    expect(b, "\r\nRecv 6 bytes\r\n\r\nSEND OK\r\n");
    assert_int_equal(far_read(b, in, sizeof(in), 50), 6);
    assert_memory_equal(in, "abcdAT", 6);
    quiet(b, 100); // CR LF is an empty line
}

static void a_fault_is_read_back_as_it_was_written(void **state)
{
    static const char *const bad[] = { "", "espat.deaf", "espat.deaf at=1",
        "espat.none at=1 count=1 value=0", "espat.deaf at=-1 count=1 value=0",
        "espat.deaf at=1 count=4294967296 value=0",
        "espat.deaf at=1 count=1 value=0 x" };
    char text[SIM_ESPAT_FAULT_TEXT];

    (void)state;
    for (unsigned kind = 0; kind < SIM_ESPAT_FAULTS; kind++) {
        struct sim_espat_fault fault = { (enum sim_espat_fault_kind)kind, 7,
            UINT32_MAX, 500 };
        struct sim_espat_fault again = { SIM_ESPAT_F_GARBAGE, 0, 0, 0 };

        sim_espat_fault_format(&fault, text);
        assert_true(sim_espat_fault_parse(text, &again));
        assert_int_equal(again.kind, kind);
        assert_int_equal(again.at, 7);
        assert_int_equal(again.count, UINT32_MAX);
        assert_int_equal(again.value, 500);
        for (size_t i = 0; i < nif_countof(bad); i++) {
            assert_false(sim_espat_fault_parse(bad[i], &again));
        }
        assert_int_equal(again.at, 7);
    }
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_teardown(test, bench_teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_boot_may_begin_with_noise),
        ON_BENCH(ready_may_be_missing_or_late),
        ON_BENCH(it_may_boot_by_itself),
        ON_BENCH(it_may_be_stuck_until_it_is_reset),
        ON_BENCH(a_command_may_not_be_heard),
        ON_BENCH(a_command_may_fail_be_slow_or_have_no_end),
        ON_BENCH(a_command_may_be_unknown),
        ON_BENCH(it_may_be_busy_for_long),
        ON_BENCH(a_rate_may_be_confirmed_and_not_hold),
        ON_BENCH(a_join_may_fail_and_then_work),
        ON_BENCH(a_send_may_end_in_other_ways),
        ON_BENCH(data_may_come_between_prompt_and_payload),
        ON_BENCH(a_link_may_end_at_once_or_without_a_word),
        ON_BENCH(an_end_that_is_not_told_is_in_the_list),
        ON_BENCH(passive_data_may_come_unannounced),
        ON_BENCH(debug_lines_may_stand_in_answers),
        ON_BENCH(a_text_can_come_at_any_place),
        ON_BENCH(an_unsolicited_line_may_split_an_echo_but_no_line),
        ON_BENCH(a_lost_byte_makes_commands_payload),
        ON_BENCH(a_fault_is_read_back_as_it_was_written),
    };

    return cmocka_run_group_tests_name("espat_faults", tests, NULL, NULL);
}
