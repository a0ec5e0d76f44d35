// SPDX-License-Identifier: MIT
//
// The PL022's nif_spi against a port with FIFOs of 8 whose shift register takes
// its time, and whose device answers each byte with its complement.

#include "boards/target/pl022.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#define DEPTH 8
#define MOST  300

enum { CR0 = 0x00, CR1 = 0x04, DR = 0x08, SR = 0x0C, CPSR = 0x10 };

static struct {
    uint32_t reg[5];
    uint8_t rx[DEPTH];
    unsigned rx_len;
    uint8_t tx[DEPTH];
    unsigned tx_len;
    unsigned turns; // until the byte in the shift register is through
    unsigned slow;  // turns of a byte; 0: the clock stands still
    unsigned accesses;
    bool selected;
    uint8_t sent[MOST];
    unsigned sent_len;
} hw;

static struct pl022 port;

// A moment passes with each access to a register.
static void pass(void)
{
    hw.accesses++;
    if (hw.tx_len == 0 || hw.slow == 0 || ++hw.turns < hw.slow) {
        return;
    }
    hw.turns = 0;
    assert_true(hw.selected);
    assert_true(hw.rx_len < DEPTH); // a byte would be lost
    hw.rx[hw.rx_len++] = (uint8_t)~hw.tx[0];
    hw.sent[hw.sent_len++] = hw.tx[0];
    hw.tx_len--;
    memmove(hw.tx, hw.tx + 1, hw.tx_len);
}

static uint32_t reg_read(struct nif_mmio *mmio, uint32_t offset)
{
    uint32_t dr;

    (void)mmio;
    pass();
    switch (offset) {
    case DR:
        assert_true(hw.rx_len > 0);
        dr = hw.rx[0];
        hw.rx_len--;
        memmove(hw.rx, hw.rx + 1, hw.rx_len);
        return dr;
    case SR:
        return (hw.tx_len == 0 ? 1u : 0) | (hw.tx_len < DEPTH ? 2u : 0) |
            (hw.rx_len > 0 ? 4u : 0) | (hw.tx_len > 0 ? 0x10u : 0);
    default: return hw.reg[offset / 4];
    }
}

static void reg_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    (void)mmio;
    pass();
    if (offset == DR) {
        assert_true(hw.tx_len < DEPTH);
        hw.tx[hw.tx_len++] = (uint8_t)value;
    } else if (offset == CR0 || offset == CPSR) {
        assert_int_equal(hw.reg[CR1 / 4] & 2, 0); // not while it is on
        hw.reg[offset / 4] = value;
    } else {
        hw.reg[offset / 4] = value;
    }
}

static void cs_write(struct nif_pin *pin, bool level)
{
    (void)pin;
    if (level && hw.slow != 0) {
        assert_int_equal(hw.tx_len, 0); // nothing is cut off
    }
    hw.selected = !level;
}

static void set_rate(uint32_t hz, uint32_t baud)
{
    static const struct nif_mmio_ops ops = { .read = reg_read,
        .write = reg_write };
    static const struct nif_pin_ops pin_ops = { .write = cs_write };
    static struct nif_pin cs = { .ops = &pin_ops };

    pl022_init(&port,
        &(struct pl022_cfg){
            .mmio = { .ops = &ops },
            .hz = hz,
            .cpu_hz = hz,
            .baud = baud,
            .cs = &cs,
        });
}

static int set_up(void **state)
{
    (void)state;
    memset(&hw, 0, sizeof(hw));
    hw.slow = 3;
    hw.selected = true;
    set_rate(125000000, 20000000);
    assert_false(hw.selected);
    return 0;
}

static void fill(uint8_t *data, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        data[i] = (uint8_t)(i * 31 + seed);
    }
}

static void bytes_of_every_length_go_both_ways(void **state)
{
    (void)state;
    for (unsigned len = 0; len < 100; len++) {
        uint8_t tx[100];
        uint8_t rx[101] = { 0 };
        const struct nif_spi_seg seg = { tx, rx, len };

        fill(tx, len, len);
        hw.sent_len = 0;
        hw.slow = 1 + len % 13;
        assert_int_equal(nif_spi_transact(&port.spi, &seg, 1, 0), 0);
        assert_int_equal(hw.sent_len, len);
        assert_memory_equal(hw.sent, tx, len);
        for (unsigned i = 0; i < len; i++) {
            assert_int_equal(rx[i], (uint8_t)~tx[i]);
        }
        assert_int_equal(rx[len], 0);
        assert_false(hw.selected);
    }
}

static void segments_are_one_transaction(void **state)
{
    uint8_t head[3] = { 0x0B, 1, 2 };
    uint8_t data[20];
    uint8_t got[20];
    const struct nif_spi_seg segs[] = { { head, NULL, 3 }, { data, NULL, 20 },
        { NULL, got, 20 }, { NULL, NULL, 9 } };

    (void)state;
    fill(data, 20, 5);
    assert_int_equal(nif_spi_transact(&port.spi, segs, 4, 300), 0);
    assert_int_equal(hw.sent_len, 52);
    assert_memory_equal(hw.sent, head, 3);
    assert_memory_equal(hw.sent + 3, data, 20);
    for (unsigned i = 0; i < 29; i++) {
        assert_int_equal(hw.sent[23 + i], 0);
    }
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(got[i], 0xFF);
    }
}

static void a_port_that_stands_still_is_an_error_and_no_end(void **state)
{
    uint8_t tx[20] = { 1, 2, 3 };
    uint8_t rx[20];
    const struct nif_spi_seg seg = { tx, rx, 20 };

    (void)state;
    hw.slow = 0;
    assert_int_equal(nif_spi_transact(&port.spi, &seg, 1, 0), NIF_EIO);
    assert_true(hw.accesses < 2000);
    // It goes on; what was left over is not taken for an answer.
    hw.slow = 1;
    hw.selected = true;
    for (unsigned i = 0; i < DEPTH; i++) {
        pass();
    }
    hw.selected = false;
    assert_int_equal(hw.rx_len, DEPTH);
    fill(tx, 20, 9);
    assert_int_equal(nif_spi_transact(&port.spi, &seg, 1, 0), 0);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(rx[i], (uint8_t)~tx[i]);
    }
}

static void the_rate_is_the_fastest_that_is_allowed(void **state)
{
    static const struct {
        uint32_t hz;
        uint32_t baud;
        uint32_t rate;
    } list[] = {
        { 125000000, 20000000, 15625000 }, { 125000000, 33333333, 31250000 },
        { 125000000, 100000000, 62500000 }, { 150000000, 20000000, 18750000 },
        { 150000000, 33333333, 25000000 }, { 125000000, 400000, 398089 },
        { 125000000, 10000, 10000 },
        { 125000000, 1, 1922 }, // the slowest there is
    };

    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        uint32_t rate;

        set_rate(list[i].hz, list[i].baud);
        rate = hw.reg[CPSR / 4] * ((hw.reg[CR0 / 4] >> 8) + 1);
        rate = list[i].hz / rate;
        assert_int_equal(rate, list[i].rate);
        assert_int_equal(rate, pl022_baud(&port.cfg));
        assert_int_equal(hw.reg[CPSR / 4] % 2, 0);
        assert_int_equal(hw.reg[CR0 / 4] & 0xFF, 7); // mode 0, 8 bits
        assert_int_equal(hw.reg[CR1 / 4], 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, set_up)
        T(bytes_of_every_length_go_both_ways),
        T(segments_are_one_transaction),
        T(a_port_that_stands_still_is_an_error_and_no_end),
        T(the_rate_is_the_fastest_that_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
