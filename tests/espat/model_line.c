// SPDX-License-Identifier: MIT
//
// The ESP-AT model's line engine: lines, echo, busy, errors, the serial line
// itself.

#include "tests/espat/model_bench.h"

static void an_echo_is_every_byte_that_came(void **state)
{
    struct bench *b = bench_open(NULL);

    (void)state;
    await(b, "ready\r\n");
    ask(b, "AT", "AT\r\n\r\nOK\r\n");
    ask(b, "ATE0", "ATE0\r\n\r\nOK\r\n");
    ask(b, "AT", "\r\nOK\r\n");
    ask(b, "ATE1", "\r\nOK\r\n");
    ask(b, "AT+CIPMUX?", "AT+CIPMUX?\r\n+CIPMUX:0\r\n\r\nOK\r\n");
    quiet(b, 100);
}

static void the_old_echo_has_one_cr_more(void **state)
{
    struct bench *b =
        bench_open(&(struct sim_espat_cfg){ .firmware = SIM_ESPAT_1_7 });

    (void)state;
    await(b, "ready\r\n");
    ask(b, "AT", "AT\r\r\n\r\nOK\r\n");
}

static void a_line_ends_with_cr_and_lf_and_neither_alone(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    say(b, "AT\r");
    quiet(b, 100);
    say(b, "\n");
    expect(b, "\r\nOK\r\n");
    b->chip.lenient = true;
    say(b, "AT\n");
    quiet(b, 100);
    say(b, "\r\n");
    expect(b, "\r\nERROR\r\n");
}

static void an_empty_line_is_not_answered(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    say(b, "\r\n\r\n");
    quiet(b, 100);
    ask(b, "AT", "\r\nOK\r\n");
}

static void what_is_no_command_is_an_error(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);
    char line[300];

    (void)state;
    ask(b, "?", "\r\nERROR\r\n"); // what some hosts ask to see who is there
    ask(b, "AT+NONSENSE", "\r\nERROR\r\n");
    forgive(b, 1);
    ask(b, "at", "\r\nERROR\r\n");
    ask(b, "AT+CIPMUX=2", "\r\nERROR\r\n");
    ask(b, "AT+CIPMUX", "\r\nERROR\r\n");
    ask(b, "AT+GMR?", "\r\nERROR\r\n");
    memset(line, 'x', sizeof(line));
    memcpy(line, "AT+", 3);
    line[255] = '\0'; // 257 bytes with CR and LF
    ask(b, line, "\r\nERROR\r\n");
    forgive(b, 1);
    ask(b, "AT+CWJAP=\"home", "\r\nERROR\r\n");
    forgive(b, 1);
    ask(b, "AT+CWJAP=1,2,3,4,5,6,7,8,9,10,11,12,13", "\r\nERROR\r\n");
    forgive(b, 1);
    assert_int_equal(b->chip.error_count, 9);
}

static void the_cause_of_an_error_is_told_when_asked_for(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+SYSLOG=1", "\r\nOK\r\n");
    ask(b, "AT+PING=\"192.0.2.1\"", "ERR CODE:0x01090000\r\n\r\nERROR\r\n");
    ask(b, "AT+CIPMUX=5", "ERR CODE:0x01070000\r\n\r\nERROR\r\n");
    ask(b, "AT+UART_CUR=9600", "ERR CODE:0x01060000\r\n\r\nERROR\r\n");
    ask(b, "AT+SYSLOG=0", "\r\nOK\r\n");
    ask(b, "AT+CIPMUX=5", "\r\nERROR\r\n");
}

static void what_comes_while_a_command_runs_is_busy_once_a_line(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWMODE=1", "\r\nOK\r\n");
    say(b, "AT+CWLAP\r\n"); // 1.5 s
    pass_ms(b, 20);
    say(b, "AT\r\nAT+GMR\r\n\r\n");
    expect(b, "\r\nbusy p...\r\n\r\nbusy p...\r\n");
    quiet(b, 1000);
    expect(b,
        "+CWLAP:(3,\"home\",-50,\"02:0a:00:00:00:01\",6,-1,-1,4,4,7,0)\r\n"
        "\r\nOK\r\n");
    assert_int_equal(b->chip.busy_count, 2);
    ask(b, "AT", "\r\nOK\r\n");
}

static void
what_was_half_a_line_when_a_command_ended_is_no_command(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    say(b, "AT\r\nAT+CIP"); // 5 ms are 57 bytes: within the command
    expect(b, "\r\nOK\r\n");
    say(b, "MUX=1\r\n");
    expect(b, "\r\nERROR\r\n");
    ask(b, "AT+CIPMUX?", "+CIPMUX:0\r\n\r\nOK\r\n");
}

static void a_command_takes_its_time(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);
    uint64_t at_ns;

    (void)state;
    say(b, "AT\r\n");
    at_ns = b->world.now_ns;
    hear(b, 100, 1);
    // 4 bytes of 87 us in, 5 ms, 1 byte out.
    assert_in_range(b->world.now_ns - at_ns, 5200000, 5700000);
    expect(b, "\r\nOK\r\n");
}

static void strings_have_escapes_and_arguments_may_be_left_out(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWMODE=2", "\r\nOK\r\n");
    ask(b, "AT+CWSAP=\"a\\\"b\\,c\\\\d\",\"12345678\",5,3,,1", "\r\nOK\r\n");
    ask(b, "AT+CWSAP=\"a,b\",\"12345678\",5,3,,1", "\r\nERROR\r\n");
    forgive(b, 1); // a comma must be escaped, too
    ask(b, "AT+CWSAP?",
        "+CWSAP:\"a\"b,c\\d\",\"12345678\",5,3,4,1\r\n\r\nOK\r\n");
}

// ---- the serial line

static void a_new_rate_holds_when_ok_has_left_at_the_old_one(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);
    struct nif_uart *uart = &b->bus.uart;

    (void)state;
    ask(b, "AT+UART_CUR=921600,8,1,0,0", "\r\nOK\r\n");
    pass_ms(b, 10);
    assert_int_equal(uart->ops->configure(uart, 921600, false), 0);
    ask(b, "AT", "\r\nOK\r\n");
    // 80 MHz divided by a whole number.
    ask(b, "AT+UART_CUR?", "+UART_CUR:930232,8,1,0,0\r\n\r\nOK\r\n");
    ask(b, "AT+UART_DEF?", "+UART_DEF:115273,8,1,0,0\r\n\r\nOK\r\n");
    assert_int_equal(b->chip.flash_writes, 0);
    ask(b, "AT+UART_CUR=115200,7,1,0,0", "\r\nERROR\r\n");
    ask(b, "AT+UART_CUR=79,8,1,0,0", "\r\nERROR\r\n");
}

static void flow_control_stops_either_side(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);
    struct nif_uart *uart = &b->bus.uart;

    (void)state;
    ask(b, "AT+UART_CUR=115200,8,1,0,3", "\r\nOK\r\n");
    pass_ms(b, 10);
    assert_int_equal(uart->ops->configure(uart, 115200, true), 0);
    ask(b, "AT+UART_CUR?", "+UART_CUR:115273,8,1,0,3\r\n\r\nOK\r\n");
    sim_espat_stall(&b->chip, 100 * SIM_MS);
    for (unsigned i = 0; i < 40; i++) {
        say(b, "\r\n\r\n\r\n"); // 240 bytes: more than the FIFO
    }
    say(b, "AT\r\n");
    expect(b, "\r\nOK\r\n");
    assert_int_equal(b->chip.uart.lost_count, 0);
}

static void without_flow_control_a_busy_core_loses_bytes(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    sim_espat_stall(&b->chip, 100 * SIM_MS);
    for (unsigned i = 0; i < 40; i++) {
        say(b, "\r\n\r\n\r\n");
    }
    say(b, "AT\r\n");
    quiet(b, 200);
    assert_int_equal(b->chip.uart.lost_count, 240 + 4 - 128);
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_teardown(test, bench_teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(an_echo_is_every_byte_that_came),
        ON_BENCH(the_old_echo_has_one_cr_more),
        ON_BENCH(a_line_ends_with_cr_and_lf_and_neither_alone),
        ON_BENCH(an_empty_line_is_not_answered),
        ON_BENCH(what_is_no_command_is_an_error),
        ON_BENCH(the_cause_of_an_error_is_told_when_asked_for),
        ON_BENCH(what_comes_while_a_command_runs_is_busy_once_a_line),
        ON_BENCH(what_was_half_a_line_when_a_command_ended_is_no_command),
        ON_BENCH(a_command_takes_its_time),
        ON_BENCH(strings_have_escapes_and_arguments_may_be_left_out),
        ON_BENCH(a_new_rate_holds_when_ok_has_left_at_the_old_one),
        ON_BENCH(flow_control_stops_either_side),
        ON_BENCH(without_flow_control_a_busy_core_loses_bytes),
    };

    return cmocka_run_group_tests_name("espat_line", tests, NULL, NULL);
}
