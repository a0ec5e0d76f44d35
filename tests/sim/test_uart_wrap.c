// SPDX-License-Identifier: MIT
//
// What wraps and watches a serial line: faults, traces, a recording that plays
// it again.

#include "sim/trace/replay.h"
#include "tests/sim/uart_bench.h"

#include <stdlib.h>

// ---- faults

struct fault_case {
    struct sim_fault fault;
    const char *heard;
    const char *read;
};

// "abcd" each way, through the fault.
static void run_fault_case(struct bench *b, const struct fault_case *c)
{
    uint8_t in[16];
    size_t got = 0;

    b->uart = &b->fault.uart;
    sim_uart_fault_add(&b->fault, &c->fault);
    assert_int_equal(put(b, "abcd", 4), 4);
    sim_uart_chip_send(&b->far.chip, "abcd", 4);
    pass(b, 6 * BYTE_NS);
    for (unsigned i = 0; i < 8; i++) {
        int n = get(b, in + got, 3);

        assert_true(n >= 0);
        got += (size_t)n;
    }
    assert_int_equal(b->far.count, strlen(c->heard));
    assert_memory_equal(b->far.heard, c->heard, b->far.count);
    assert_int_equal(got, strlen(c->read));
    assert_memory_equal(in, c->read, got);
    assert_true(b->fault.hits > 0);
}

static void faults_hit_just_the_bytes_they_name(void **state)
{
    static const struct fault_case cases[] = {
        { { SIM_FAULT_TX_DROP, 1, 2, 0, 0 }, "ad", "abcd" },
        { { SIM_FAULT_TX_FLIP, 1, 1, 0, 0x20 }, "aBcd", "abcd" },
        { { SIM_FAULT_TX_INSERT, 1, 1, 0, '!' }, "a!bcd", "abcd" },
        { { SIM_FAULT_RX_DROP, 0, 1, 0, 0 }, "abcd", "bcd" },
        { { SIM_FAULT_RX_DROP, 2, UINT64_MAX, 0, 0 }, "abcd", "ab" },
        { { SIM_FAULT_RX_FLIP, 3, 1, 0, 0x20 }, "abcd", "abcD" },
        { { SIM_FAULT_RX_INSERT, 0, 2, 0, '!' }, "abcd", "!a!bcd" },
    };
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(cases); i++) {
        end(b);
        begin(b, NULL);
        run_fault_case(b, &cases[i]);
    }
}

static void what_is_inserted_comes_once_though_the_fifo_was_full(void **state)
{
    static const char text[40] = "0123456789abcdef0123456789abcdef01234567";
    struct bench *b = *state;
    size_t sent = 0;

    b->uart = &b->fault.uart;
    sim_uart_fault_add(&b->fault,
        &(struct sim_fault){ SIM_FAULT_TX_INSERT, 32, 1, 0, '!' });
    for (unsigned i = 0; i < 10; i++) {
        sent += (size_t)put(b, text + sent, sizeof(text) - sent);
        pass(b, 7 * BYTE_NS);
    }
    assert_int_equal(sent, 40);
    assert_int_equal(b->far.count, 41);
    assert_memory_equal(b->far.heard + 30, "ef!01", 5);
}

static void a_stuck_line_speaks_as_fast_as_it_can(void **state)
{
    struct bench *b = *state;
    uint8_t in[64];
    size_t got = 0;

    b->uart = &b->fault.uart;
    sim_uart_fault_add(&b->fault,
        &(struct sim_fault){ SIM_FAULT_RX_STUCK, 0, UINT64_MAX, 0, 0 });
    sim_uart_chip_send(&b->far.chip, "abcd", 4);
    for (unsigned i = 0; i < 100; i++) {
        got += (size_t)get(b, in, 64);
        pass(b, BYTE_NS / 10);
    }
    assert_in_range(got, 9, 11);
    assert_int_equal(in[0], 0);
    assert_int_equal(b->uart->ops->errors(b->uart),
        NIF_UART_FRAMING | NIF_UART_BREAK);
    sim_uart_fault_clear(&b->fault);
    assert_int_equal(get(b, in, 64), 0); // what it had said is gone
    sim_uart_chip_send(&b->far.chip, "e", 1);
    pass(b, BYTE_NS);
    assert_int_equal(get(b, in, 64), 1);
    assert_int_equal(in[0], 'e');
}

static void a_port_can_fail_at_a_call(void **state)
{
    struct bench *b = *state;
    uint8_t in;

    b->uart = &b->fault.uart;
    sim_uart_fault_add(&b->fault,
        &(struct sim_fault){ SIM_FAULT_WRITE_EIO, 1, 1, 0, 0 });
    sim_uart_fault_add(&b->fault,
        &(struct sim_fault){ SIM_FAULT_READ_EIO, 0, 1, 0, 0 });
    assert_int_equal(put(b, "a", 1), 1);
    assert_int_equal(put(b, "b", 1), NIF_EIO);
    assert_int_equal(put(b, "c", 1), 1);
    assert_int_equal(get(b, &in, 1), NIF_EIO);
    assert_int_equal(get(b, &in, 1), 0);
    pass(b, 3 * BYTE_NS);
    assert_int_equal(b->far.count, 2);
    assert_memory_equal(b->far.heard, "ac", 2);
}

// ---- traces

static void a_trace_has_what_passes_both_ways(void **state)
{
    struct bench *b = *state;
    struct sim_trace trace;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    end(b);
    begin(b, &(struct sim_uart_cfg){ .name = "u" });
    sim_trace_init(&trace, &b->world, out);
    sim_uart_record(&b->bus, &trace, "x");
    sim_uart_chip_send(&b->far.chip, "AT\r\nOK", 6);
    assert_int_equal(put(b, "AT\r\n!", 5), 5);
    pass(b, 10 * BYTE_NS);
    sim_uart_chip_set(&b->far.chip, 57600, false, false);
    sim_uart_chip_send(&b->far.chip, "\x55", 1);
    pass(b, 10 * BYTE_NS);
    fclose(out);
    assert_non_null(strstr(text, "# bus u uart chip=x baud=115200 format=8n1"));
    // Each line of a text is one of the trace.
    assert_non_null(strstr(text, "0 uart u 0 +347220 rx 41540d0a\n"));
    assert_non_null(strstr(text, "200 uart u 1 +347220 tx 41540d0a\n"));
    assert_non_null(strstr(text, "347420 uart u 2 +86805 tx 21\n"));
    assert_non_null(strstr(text, "347220 uart u 3 +173610 rx 4f4b\n"));
    assert_non_null(strstr(text, " rx 66 framing=0\n"));
    free(text);
}

static void flow_control_is_in_a_trace_as_pins(void **state)
{
    struct bench *b = *state;
    struct sim_trace trace;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    sim_trace_init(&trace, &b->world, out);
    sim_uart_record(&b->bus, &trace, "");
    assert_int_equal(b->uart->ops->configure(b->uart, 115200, true), 0);
    sim_uart_chip_set(&b->far.chip, 115200, true, true);
    b->far.busy = true;
    for (unsigned i = 0; i < 121; i++) {
        assert_int_equal(put(b, "x", 1), 1);
        pass(b, BYTE_NS);
    }
    fclose(out);
    assert_non_null(strstr(text, "200 pin uart.rts 0\n"));
    assert_non_null(strstr(text, "200 pin uart.cts 0\n"));
    assert_non_null(strstr(text, " pin uart.cts 1\n"));
    free(text);
}

static void a_recording_plays_the_line_again(void **state)
{
    struct bench *b = *state;
    struct sim_trace trace;
    struct sim_trace_reader reader;
    struct sim_recording rec;
    struct sim_replay replay;
    struct sim_world world;
    struct sim_cpu cpu;
    struct nif_uart *uart;
    uint8_t in[8];
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    sim_trace_init(&trace, &b->world, out);
    sim_uart_record(&b->bus, &trace, "");
    assert_int_equal(put(b, "AT\r\n", 4), 4);
    pass(b, 5 * BYTE_NS);
    sim_uart_chip_send(&b->far.chip, "OK\r\n", 4);
    pass(b, 5 * BYTE_NS);
    fclose(out);

    out = fmemopen(text, len, "r");
    sim_trace_read_init(&reader, out, "here");
    assert_int_equal(sim_recording_read(&rec, &reader), 1);
    sim_trace_read_done(&reader);
    fclose(out);
    sim_world_init(&world, 1);
    sim_cpu_init(&cpu, &world, 200);
    sim_replay_init(&replay, &cpu, &rec);
    uart = sim_replay_uart(&replay, "uart");
    assert_non_null(uart);
    assert_int_equal(uart->ops->configure(uart, 115200, false), 0);
    assert_int_equal(uart->ops->write(uart, (const uint8_t *)"AT\r\n", 4), 4);
    sim_pass_ns(&world, 10 * BYTE_NS);
    assert_int_equal(uart->ops->read(uart, in, 8), 4);
    assert_memory_equal(in, "OK\r\n", 4);
    assert_true(sim_replay_finish(&replay));
    sim_replay_done(&replay);
    sim_recording_done(&rec);
    sim_world_done(&world);
    free(text);
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(faults_hit_just_the_bytes_they_name),
        ON_BENCH(what_is_inserted_comes_once_though_the_fifo_was_full),
        ON_BENCH(a_stuck_line_speaks_as_fast_as_it_can),
        ON_BENCH(a_port_can_fail_at_a_call),
        ON_BENCH(a_trace_has_what_passes_both_ways),
        ON_BENCH(flow_control_is_in_a_trace_as_pins),
        ON_BENCH(a_recording_plays_the_line_again),
    };

    return cmocka_run_group_tests_name("uart_wrap", tests, NULL, NULL);
}
