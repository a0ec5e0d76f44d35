// SPDX-License-Identifier: MIT
//
// The PL011's nif_uart against a port with FIFOs of 32, as the RP2040 has it:
// what QEMU's, which is never full and never wrong, cannot show.

#include "boards/target/pl011.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#define DEPTH 32
#define RING  64

enum { DR = 0x00, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2C };
enum { CR = 0x30, IFLS = 0x34, IMSC = 0x38, MIS = 0x40 };
enum { INT_RX = 0x10, INT_TX = 0x20, INT_RT = 0x40 };

// The port. `rx` are bytes with their error bits.
static struct {
    uint32_t reg[0x48 / 4];
    uint16_t rx[DEPTH];
    unsigned rx_len;
    uint8_t tx[256];
    unsigned tx_len; // ever written
    unsigned tx_gone;
    bool idle;  // the line was idle since the last byte came
    bool below; // the transmit FIFO has passed its half downwards
    unsigned wakes;
} hw;

static struct pl011 port;
static uint8_t ring[RING];

static uint32_t raw_interrupts(void)
{
    return (hw.rx_len >= DEPTH / 2 ? (uint32_t)INT_RX : 0) |
        (hw.idle && hw.rx_len > 0 ? (uint32_t)INT_RT : 0) |
        (hw.below ? (uint32_t)INT_TX : 0);
}

static uint32_t pop(void)
{
    uint32_t dr;

    assert_true(hw.rx_len > 0);
    dr = hw.rx[0];
    hw.rx_len--;
    memmove(hw.rx, hw.rx + 1, hw.rx_len * sizeof(hw.rx[0]));
    return dr;
}

static uint32_t reg_read(struct nif_mmio *mmio, uint32_t offset)
{
    (void)mmio;
    switch (offset) {
    case DR: return pop();
    case FR:
        return (hw.tx_len > hw.tx_gone ? 0x08u : 0x80u) |
            (hw.tx_len - hw.tx_gone == DEPTH ? 0x20u : 0) |
            (hw.rx_len == 0 ? 0x10u : 0);
    case MIS: return raw_interrupts() & hw.reg[IMSC / 4];
    default: return hw.reg[offset / 4];
    }
}

static void reg_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    (void)mmio;
    if (offset == DR) {
        assert_true(hw.tx_len - hw.tx_gone < DEPTH);
        hw.tx[hw.tx_len++] = (uint8_t)value;
        hw.below = false;
        return;
    }
    // Not to be touched while the port is on (DDI 0183, 3.3.8).
    if (offset == IBRD || offset == FBRD || offset == LCR_H) {
        assert_int_equal(hw.reg[CR / 4] & 1, 0);
    }
    if (offset == LCR_H && !(value & 0x10)) {
        hw.rx_len = 0;
    }
    hw.reg[offset / 4] = value;
}

static void clock_wake(struct nif_clock *clock)
{
    (void)clock;
    hw.wakes++;
}

// One that is neither served nor masked comes without end.
static void interrupt_if_any(void)
{
    for (unsigned i = 0; raw_interrupts() & hw.reg[IMSC / 4]; i++) {
        assert_true(i < 2);
        pl011_interrupt(&port);
    }
}

// A byte from the line, with the DR's error bits; overrun as in hardware.
static void comes(unsigned byte)
{
    if (hw.rx_len < DEPTH) {
        hw.rx[hw.rx_len++] = (uint16_t)byte;
    } else {
        hw.rx[DEPTH - 1] |= 0x800;
    }
    hw.idle = false;
    interrupt_if_any();
}

static void falls_silent(void)
{
    hw.idle = true;
    interrupt_if_any();
}

static void leaves(unsigned count)
{
    unsigned before = hw.tx_len - hw.tx_gone;

    hw.tx_gone += count;
    if (before > DEPTH / 2 && before - count <= DEPTH / 2) {
        hw.below = true;
    }
    interrupt_if_any();
}

static int read_all(uint8_t *buf, size_t cap)
{
    return port.uart.ops->read(&port.uart, buf, cap);
}

static int set_up(void **state)
{
    static const struct nif_mmio_ops ops = { .read = reg_read,
        .write = reg_write };
    static const struct nif_clock_ops clock_ops = { .wake = clock_wake };
    static struct nif_clock clock = { .ops = &clock_ops };

    (void)state;
    memset(&hw, 0, sizeof(hw));
    pl011_uart_init(&port,
        &(struct pl011_cfg){
            .mmio = { .ops = &ops },
            .hz = 125000000,
            .clock = &clock,
            .ring = ring,
            .ring_len = RING,
            .rts_cts = true,
        });
    return port.uart.ops->configure(&port.uart, 115200, false);
}

// ---- receiving

static void bytes_come_when_the_line_falls_silent(void **state)
{
    uint8_t buf[8];

    (void)state;
    comes('o');
    comes('k');
    assert_int_equal(read_all(buf, 8), 0);
    assert_int_equal(hw.wakes, 0);
    falls_silent();
    assert_int_equal(hw.wakes, 1);
    assert_int_equal(read_all(buf, 8), 2);
    assert_memory_equal(buf, "ok", 2);
}

static void a_stream_comes_whole_round_the_ring(void **state)
{
    uint8_t buf[RING];
    unsigned want = 0;

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        int n = 0;

        comes(i & 0xFF);
        if (i % 29 == 28) {
            n = read_all(buf, i % 31 + 29);
        }
        for (int k = 0; k < n; k++) {
            assert_int_equal(buf[k], want++ & 0xFF);
        }
    }
    assert_true(want > 10000 - RING);
    assert_int_equal(port.uart.ops->errors(&port.uart), 0);
}

static void a_full_ring_leaves_bytes_in_the_fifo(void **state)
{
    uint8_t buf[RING + DEPTH];

    (void)state;
    for (unsigned i = 0; i < RING + DEPTH; i++) {
        comes(i);
    }
    assert_int_equal(hw.rx_len, DEPTH); // where RTS sees them
    assert_int_equal(read_all(buf, 10), 10);
    interrupt_if_any();
    assert_int_equal(hw.rx_len, DEPTH - 10);
    falls_silent();
    assert_int_equal(read_all(buf + 10, RING), RING);
    interrupt_if_any();
    assert_int_equal(read_all(buf + 10 + RING, RING), DEPTH - 10);
    for (unsigned i = 0; i < RING + DEPTH; i++) {
        assert_int_equal(buf[i], i);
    }
    assert_int_equal(port.uart.ops->errors(&port.uart), 0);
}

static void one_byte_more_is_an_overrun_that_is_told_once(void **state)
{
    uint8_t buf[RING];

    (void)state;
    for (unsigned i = 0; i < RING + DEPTH + 1; i++) {
        comes(i);
    }
    assert_int_equal(port.uart.ops->errors(&port.uart), 0);
    assert_int_equal(read_all(buf, RING), RING);
    interrupt_if_any();
    assert_int_equal(port.uart.ops->errors(&port.uart), NIF_UART_OVERRUN);
    assert_int_equal(port.uart.ops->errors(&port.uart), 0);
}

static void each_error_of_the_line_has_its_name(void **state)
{
    static const struct {
        unsigned dr;
        unsigned error;
    } list[] = {
        { 0x100, NIF_UART_FRAMING },
        { 0x200, NIF_UART_PARITY },
        { 0x400, NIF_UART_BREAK },
        { 0x800, NIF_UART_OVERRUN },
        { 0x500, NIF_UART_FRAMING | NIF_UART_BREAK },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        comes(list[i].dr | 'x');
        falls_silent();
        assert_int_equal(port.uart.ops->errors(&port.uart), list[i].error);
        comes('y');
        falls_silent();
        assert_int_equal(port.uart.ops->errors(&port.uart), 0);
    }
}

// ---- sending

static void a_write_takes_what_has_room_and_is_told_of_more(void **state)
{
    uint8_t data[100];

    (void)state;
    for (unsigned i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7);
    }
    assert_int_equal(port.uart.ops->write(&port.uart, data, 100), DEPTH);
    assert_int_equal(port.uart.ops->write(&port.uart, data + 32, 68), 0);
    assert_false(port.uart.ops->drained(&port.uart));
    leaves(15);
    assert_int_equal(hw.wakes, 0);
    leaves(1);
    assert_int_equal(hw.wakes, 1);
    assert_int_equal(port.uart.ops->write(&port.uart, data + 32, 68), 16);
    leaves(DEPTH);
    assert_int_equal(hw.wakes, 2);
    assert_true(port.uart.ops->drained(&port.uart));
    assert_memory_equal(hw.tx, data, 48);
}

static void a_write_that_fits_asks_for_no_interrupt(void **state)
{
    uint8_t data[DEPTH] = { 0 };

    (void)state;
    assert_int_equal(port.uart.ops->write(&port.uart, data, DEPTH), DEPTH);
    leaves(DEPTH);
    assert_int_equal(hw.wakes, 0);
}

// ---- settings

static void the_divisor_is_the_nearest_64th(void **state)
{
    static const struct {
        uint32_t baud;
        uint32_t ibrd;
        uint32_t fbrd;
    } list[] = { { 115200, 67, 52 }, { 921600, 8, 31 }, { 9600, 813, 51 },
        { 7812500, 1, 0 }, { 120, 65104, 11 } };

    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        assert_int_equal(port.uart.ops->configure(&port.uart, list[i].baud,
                             false),
            0);
        assert_int_equal(hw.reg[IBRD / 4], list[i].ibrd);
        assert_int_equal(hw.reg[FBRD / 4], list[i].fbrd);
        assert_int_equal(hw.reg[LCR_H / 4], 0x70);
    }
}

static void what_cannot_be_had_is_refused(void **state)
{
    static const uint32_t list[] = { 0, 118, 8000000, 4000000000u };

    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        assert_int_equal(port.uart.ops->configure(&port.uart, list[i], false),
            NIF_ENOTSUP);
    }
    assert_int_equal(hw.reg[IBRD / 4], 67); // as it was
    port.cfg.rts_cts = false;
    assert_int_equal(port.uart.ops->configure(&port.uart, 9600, true),
        NIF_ENOTSUP);
}

static void flow_control_goes_on_and_off(void **state)
{
    (void)state;
    assert_int_equal(hw.reg[CR / 4], 0x301);
    assert_int_equal(hw.reg[IFLS / 4], 0x12); // at half of the FIFO
    assert_int_equal(port.uart.ops->configure(&port.uart, 921600, true), 0);
    assert_int_equal(hw.reg[CR / 4], 0xC301);
    assert_int_equal(port.uart.ops->configure(&port.uart, 115200, false), 0);
    assert_int_equal(hw.reg[CR / 4], 0x301);
}

static void a_new_rate_keeps_what_came_at_the_old_one(void **state)
{
    uint8_t buf[4];

    (void)state;
    comes('O');
    comes('K');
    assert_int_equal(port.uart.ops->configure(&port.uart, 921600, false), 0);
    assert_int_equal(read_all(buf, 4), 2);
    assert_memory_equal(buf, "OK", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, set_up)
        T(bytes_come_when_the_line_falls_silent),
        T(a_stream_comes_whole_round_the_ring),
        T(a_full_ring_leaves_bytes_in_the_fifo),
        T(one_byte_more_is_an_overrun_that_is_told_once),
        T(each_error_of_the_line_has_its_name),
        T(a_write_takes_what_has_room_and_is_told_of_more),
        T(a_write_that_fits_asks_for_no_interrupt),
        T(the_divisor_is_the_nearest_64th),
        T(what_cannot_be_had_is_refused),
        T(flow_control_goes_on_and_off),
        T(a_new_rate_keeps_what_came_at_the_old_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
