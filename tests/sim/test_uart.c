// SPDX-License-Identifier: MIT
//
// The simulated serial line: time, rates that differ, buffers, flow control.

#include "tests/sim/uart_bench.h"

// ---- time

static void a_byte_takes_ten_bits(void **state)
{
    struct bench *b = *state;

    assert_int_equal(put(b, "ab", 2), 2);
    assert_false(b->uart->ops->drained(b->uart));
    pass(b, BYTE_NS - 200 - 4400); // just before the middle of the stop bit
    assert_int_equal(b->far.count, 0);
    pass(b, 100);
    assert_int_equal(b->far.count, 1);
    pass(b, 2 * BYTE_NS);
    assert_int_equal(b->far.count, 2);
    assert_int_equal(b->far.at_ns[1] - b->far.at_ns[0], BYTE_NS);
    assert_memory_equal(b->far.heard, "ab", 2);
    assert_true(b->uart->ops->drained(b->uart));
}

static void both_directions_move_at_once(void **state)
{
    struct bench *b = *state;
    uint8_t in[4];

    sim_uart_chip_send(&b->far.chip, "wxyz", 4);
    assert_int_equal(sim_uart_chip_queued(&b->far.chip), 4);
    assert_int_equal(put(b, "abcd", 4), 4);
    pass(b, 4 * BYTE_NS);
    assert_memory_equal(b->far.heard, "abcd", 4);
    assert_int_equal(get(b, in, 4), 4);
    assert_memory_equal(in, "wxyz", 4);
    assert_int_equal(get(b, in, 4), 0);
    assert_int_equal(b->far.drains, 1);
    assert_int_equal(b->far.drained_ns, 4 * BYTE_NS);
}

static void a_write_takes_what_the_fifo_has_room_for(void **state)
{
    struct bench *b = *state;
    static const char text[64] = "0123456789012345678901234567890123456789";

    // One is on the line at once.
    assert_int_equal(put(b, text, 64), 32 + 1);
    assert_int_equal(put(b, text, 64), 0);
    pass(b, BYTE_NS);
    assert_int_equal(put(b, text, 64), 1);
}

static void each_call_costs_time_and_is_a_strike_point(void **state)
{
    struct bench *b = *state;
    uint64_t calls;
    uint8_t in;

    assert_int_equal(get(b, &in, 1), 0);
    assert_int_equal(b->world.now_ns, 200);
    assert_int_equal(b->world.strike_count, 1);
    assert_int_equal(put(b, "ab", 2), 2);
    assert_int_equal(b->uart->ops->errors(b->uart), 0);
    assert_false(b->uart->ops->drained(b->uart));
    assert_int_equal(b->world.now_ns, 800);
    assert_int_equal(b->uart->ops->configure(b->uart, 115200, false), 0);
    assert_int_equal(b->world.now_ns, 1000);
    calls = b->world.strike_count;
    pass(b, 3 * BYTE_NS);
    // Each byte as it arrives and as its sender ends it.
    assert_int_equal(b->world.strike_count, calls + 4);
}

static void the_clock_is_woken_by_what_comes_and_when_all_is_sent(void **state)
{
    struct bench *b = *state;

    assert_int_equal(put(b, "a", 1), 1);
    nif_clock_wait(&b->cpu.clock, 10000);
    assert_int_equal(b->world.now_ns / 1000, 87);
    sim_uart_chip_send(&b->far.chip, "x", 1);
    nif_clock_wait(&b->cpu.clock, 10000);
    assert_int_equal(b->world.now_ns / 1000, 169); // 9.5 bits later
    end(b);
    begin(b, &(struct sim_uart_cfg){ .polled = true });
    sim_uart_chip_send(&b->far.chip, "x", 1);
    nif_clock_wait(&b->cpu.clock, 10000);
    assert_int_equal(b->world.now_ns, 10000000);
}

// ---- rates

static void rates_within_five_percent_understand_each_other(void **state)
{
    struct bench *b = *state;
    static const char text[] = "\x55\xAA\x00\xFF the quick brown fox";
    uint8_t in[32];

    sim_uart_chip_set(&b->far.chip, 119000, false, false);
    sim_uart_chip_send(&b->far.chip, text, sizeof(text));
    assert_int_equal(put(b, text, sizeof(text)), sizeof(text));
    pass(b, 30 * BYTE_NS);
    assert_int_equal(get(b, in, 32), sizeof(text));
    assert_memory_equal(in, text, sizeof(text));
    assert_int_equal(b->far.count, sizeof(text));
    assert_memory_equal(b->far.heard, text, sizeof(text));
    assert_int_equal(b->uart->ops->errors(b->uart), 0);
}

static void the_middle_of_each_bit_is_what_counts(void **state)
{
    struct bench *b = *state;
    uint8_t in[8];

    // Twice as fast a receiver sees each bit twice: start 0, bits of 0x55
    // 1 0 1 0 1 0 1 0, stop 1 become 00 11 00 11 00 | 11 00 11 00 11. It takes
    // ten: 0 0110 0110 0, whose stop bit is low; then, after the next edge,
    // 0 0110 011 11 (and rest).
    sim_uart_chip_set(&b->far.chip, 57600, false, false);
    sim_uart_chip_send(&b->far.chip, "\x55", 1);
    pass(b, 4 * BYTE_NS);
    assert_int_equal(get(b, in, 8), 2);
    assert_int_equal(in[0], 0x66);
    assert_int_equal(in[1], 0xE6);
    assert_int_equal(b->uart->ops->errors(b->uart), NIF_UART_FRAMING);
    assert_int_equal(b->uart->ops->errors(b->uart), 0);
}

static void a_much_slower_sender_is_a_break(void **state)
{
    struct bench *b = *state;
    uint8_t in[8];

    sim_uart_chip_set(&b->far.chip, 9600, false, false);
    sim_uart_chip_send(&b->far.chip, "\x00", 1);
    pass(b, 20 * BYTE_NS);
    assert_int_equal(get(b, in, 8), 1);
    assert_int_equal(in[0], 0);
    assert_int_equal(b->uart->ops->errors(b->uart),
        NIF_UART_FRAMING | NIF_UART_BREAK);
}

static void a_much_faster_sender_is_heard_as_few_bytes(void **state)
{
    struct bench *b = *state;

    assert_int_equal(b->uart->ops->configure(b->uart, 921600, false), 0);
    assert_int_equal(put(b, "AT+GMR\r\n", 8), 8);
    pass(b, 3 * BYTE_NS);
    assert_in_range(b->far.count, 1, 2);
    assert_memory_not_equal(b->far.heard, "A", 1);
    // The line has come to rest: the next one is understood.
    assert_int_equal(b->uart->ops->configure(b->uart, 115200, false), 0);
    b->far.count = 0;
    assert_int_equal(put(b, "AT", 2), 2);
    pass(b, 3 * BYTE_NS);
    assert_int_equal(b->far.count, 2);
    assert_memory_equal(b->far.heard, "AT", 2);
}

static void a_rate_that_changes_within_a_byte_is_a_complaint(void **state)
{
    struct bench *b = *state;

    assert_int_equal(put(b, "a", 1), 1);
    assert_int_equal(b->uart->ops->configure(b->uart, 9600, false), 0);
    assert_int_equal(b->world.complaints, 1);
    b->world.complaints = 0;
    assert_int_equal(b->uart->ops->configure(b->uart, 5000001, false),
        NIF_ENOTSUP);
    assert_int_equal(b->uart->ops->configure(b->uart, 0, false), NIF_ENOTSUP);
}

static void a_reset_cuts_the_byte_on_the_line(void **state)
{
    struct bench *b = *state;
    uint8_t in[8];

    sim_uart_chip_send(&b->far.chip, "\x00zz", 3);
    pass(b, BYTE_NS / 2); // the start bit and four others were low
    sim_uart_chip_reset(&b->far.chip);
    assert_int_equal(sim_uart_chip_queued(&b->far.chip), 0);
    pass(b, 3 * BYTE_NS);
    assert_int_equal(get(b, in, 8), 1);
    assert_int_equal(in[0], 0xF0);
    sim_uart_chip_send(&b->far.chip, "y", 1);
    pass(b, BYTE_NS);
    assert_int_equal(get(b, in, 8), 1);
    assert_int_equal(in[0], 'y');
}

// ---- room

static void what_does_not_fit_is_lost_and_reported(void **state)
{
    struct bench *b = *state;
    uint8_t in[64];

    end(b);
    begin(b, &(struct sim_uart_cfg){ .rx_cap = 32 });
    for (unsigned i = 0; i < 40; i++) {
        sim_uart_chip_send(&b->far.chip, &(uint8_t){ (uint8_t)i }, 1);
    }
    pass(b, 45 * BYTE_NS);
    assert_int_equal(b->bus.rx_count, 40);
    assert_int_equal(b->bus.rx_lost, 8);
    assert_int_equal(get(b, in, 64), 32);
    assert_int_equal(in[31], 31); // the first ones stay
    assert_int_equal(b->uart->ops->errors(b->uart), NIF_UART_OVERRUN);
    assert_int_equal(b->uart->ops->errors(b->uart), 0);
}

static void a_busy_chip_has_a_fifo_and_no_more(void **state)
{
    struct bench *b = *state;

    b->far.busy = true;
    for (unsigned i = 0; i < 140; i++) {
        assert_int_equal(put(b, "x", 1), 1);
        pass(b, BYTE_NS);
    }
    assert_int_equal(b->far.chip.lost_count, 12);
    b->far.busy = false;
    sim_uart_chip_resume(&b->far.chip);
    assert_int_equal(b->far.count, 128);
}

static void a_chip_with_rts_loses_nothing(void **state)
{
    struct bench *b = *state;
    unsigned sent = 0;

    b->far.busy = true;
    assert_int_equal(b->uart->ops->configure(b->uart, 115200, true), 0);
    assert_int_equal(put(b, "-", 1), 1);
    pass(b, 2 * BYTE_NS);
    assert_false(b->uart->ops->drained(b->uart)); // RTS is not driven: stop
    sim_uart_chip_set(&b->far.chip, 115200, true, false);
    for (unsigned i = 0; i < 300; i++) {
        sent += (unsigned)put(b, "x", 1);
        pass(b, BYTE_NS);
    }
    assert_in_range(sent, 150, 160); // 120, one on the line, 32 in our FIFO
    assert_int_equal(b->far.chip.lost_count, 0);
    b->far.busy = false;
    sim_uart_chip_resume(&b->far.chip);
    pass(b, 40 * BYTE_NS);
    assert_int_equal(b->far.count, sent + 1);
}

static void a_host_with_rts_loses_nothing(void **state)
{
    struct bench *b = *state;
    uint8_t in[256];
    size_t got = 0;

    end(b);
    begin(b, &(struct sim_uart_cfg){ .rx_cap = 32 });
    assert_int_equal(b->uart->ops->configure(b->uart, 115200, true), 0);
    sim_uart_chip_set(&b->far.chip, 115200, true, true);
    for (unsigned i = 0; i < 200; i++) {
        sim_uart_chip_send(&b->far.chip, &(uint8_t){ (uint8_t)i }, 1);
    }
    pass(b, 300 * BYTE_NS);
    assert_in_range(b->bus.rx_len, 24, 26);
    for (unsigned i = 0; i < 20; i++) {
        int n = get(b, in + got, sizeof(in) - got);

        assert_true(n >= 0);
        got += (size_t)n;
        pass(b, 40 * BYTE_NS);
    }
    assert_int_equal(got, 200);
    for (size_t i = 0; i < got; i++) {
        assert_int_equal(in[i], i);
    }
    assert_int_equal(b->bus.rx_lost, 0);
}

static void a_port_without_the_wires_says_so(void **state)
{
    struct bench *b = *state;

    end(b);
    begin(b, &(struct sim_uart_cfg){ .no_flow = true });
    assert_int_equal(b->uart->ops->configure(b->uart, 115200, true),
        NIF_ENOTSUP);
    // Nothing drives the chip's CTS either.
    sim_uart_chip_set(&b->far.chip, 115200, true, true);
    sim_uart_chip_send(&b->far.chip, "x", 1);
    pass(b, 2 * BYTE_NS);
    assert_int_equal(sim_uart_chip_queued(&b->far.chip), 1);
}

// ---- strike

static void on_strike(struct sim_event *event)
{
    event->at_ns = 1;
}

static void an_event_can_come_between_two_bytes(void **state)
{
    struct bench *b = *state;
    struct sim_event strike = { .fn = on_strike };

    sim_strike_at(&b->world, 2, &strike); // after the call and the first byte
    assert_int_equal(put(b, "abc", 3), 3);
    pass(b, BYTE_NS - 10);
    assert_int_equal(strike.at_ns, 0);
    pass(b, 20);
    assert_int_equal(strike.at_ns, 1);
    assert_int_equal(b->far.count, 1);
}

static void a_line_that_ends_nowhere_says_nothing(void **state)
{
    struct bench *b = *state;
    struct sim_uart bus;
    uint8_t in;

    sim_uart_init(&bus, &b->cpu, NULL, NULL);
    assert_int_equal(bus.uart.ops->write(&bus.uart, (uint8_t[]){ 1, 2 }, 2), 2);
    pass(b, 3 * BYTE_NS);
    assert_true(bus.uart.ops->drained(&bus.uart));
    assert_int_equal(bus.uart.ops->read(&bus.uart, &in, 1), 0);
    assert_int_equal(bus.uart.ops->errors(&bus.uart), 0);
    sim_uart_done(&bus);
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_byte_takes_ten_bits),
        ON_BENCH(both_directions_move_at_once),
        ON_BENCH(a_write_takes_what_the_fifo_has_room_for),
        ON_BENCH(each_call_costs_time_and_is_a_strike_point),
        ON_BENCH(the_clock_is_woken_by_what_comes_and_when_all_is_sent),
        ON_BENCH(rates_within_five_percent_understand_each_other),
        ON_BENCH(the_middle_of_each_bit_is_what_counts),
        ON_BENCH(a_much_slower_sender_is_a_break),
        ON_BENCH(a_much_faster_sender_is_heard_as_few_bytes),
        ON_BENCH(a_rate_that_changes_within_a_byte_is_a_complaint),
        ON_BENCH(a_reset_cuts_the_byte_on_the_line),
        ON_BENCH(what_does_not_fit_is_lost_and_reported),
        ON_BENCH(a_busy_chip_has_a_fifo_and_no_more),
        ON_BENCH(a_chip_with_rts_loses_nothing),
        ON_BENCH(a_host_with_rts_loses_nothing),
        ON_BENCH(a_port_without_the_wires_says_so),
        ON_BENCH(a_line_that_ends_nowhere_says_nothing),
        ON_BENCH(an_event_can_come_between_two_bytes),
    };

    return cmocka_run_group_tests_name("uart", tests, NULL, NULL);
}
