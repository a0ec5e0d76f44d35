// SPDX-License-Identifier: MIT
//
// An RP2040's ports, as far as a board with a network chip uses them: UART0 is
// written to only, SPI0 and UART1 have the chip at their other end.

#include "tests/boards/rp2040/rp2040.h"

#include <string.h>

#define UART_FIFO 32u

static unsigned function_of(struct rp2040 *chip, unsigned gpio)
{
    return *reg(chip, IO_BANK0, 8 * gpio + 4) & 31;
}

static bool drives(struct rp2040 *chip, unsigned gpio)
{
    return function_of(chip, gpio) == 5 && chip->sio_oe >> gpio & 1;
}

// Chip select at GPIO 17, where the chip hears it.
static void follow_select(struct rp2040 *chip)
{
    struct nif_spi *spi = chip->seams.spi;
    bool low = drives(chip, 17) && !(chip->sio_out >> 17 & 1);
    uint64_t now_ns = chip->world->now_ns;

    if (low == chip->selected) {
        return;
    }
    chip->selected = low;
    if (low) {
        if (now_ns - chip->cs_ns < chip->cfg.cs_ns) {
            rp2040__stop(chip, "selected again after %u ns",
                (unsigned)(now_ns - chip->cs_ns));
        }
        chip->cs_ns = now_ns;
        if (spi->ops->select(spi) != 0) {
            rp2040__stop(chip, "the bus cannot select");
        }
    } else {
        spi->ops->release(spi, 0);
        chip->cs_ns = chip->world->now_ns;
    }
}

void rp2040__follow_pins(struct rp2040 *chip)
{
    bool enabled = !drives(chip, 22) || chip->sio_out >> 22 & 1;

    chip->light = drives(chip, 25) && chip->sio_out >> 25 & 1;
    if (chip->seams.spi != NULL) {
        follow_select(chip);
    } else if (enabled != chip->enabled) {
        chip->enabled = enabled;
        nif_pin_write(&chip->seams.pins[0]->pin, enabled);
    }
}

static void use_port(struct rp2040 *chip, unsigned gpio, unsigned function,
    const char *name)
{
    if (function_of(chip, gpio) != function) {
        rp2040__stop(chip, "%s: GPIO %u has function %u", name, gpio,
            function_of(chip, gpio));
    }
}

// A character of the console: the rate must be near 115200 (4.2.3).
static void put_char(struct rp2040 *chip, char c)
{
    uint64_t by =
        (uint64_t)*reg(chip, UART0, 0x24) * 64 + *reg(chip, UART0, 0x28);
    uint32_t baud = by == 0 ? 0 : (uint32_t)(rp2040__peri_hz(chip) * 4ull / by);

    use_port(chip, 0, 2, "UART0");
    if (baud < 113000 || baud > 117500 ||
        (*reg(chip, UART0, 0x30) & 0x101) != 0x101 ||
        *reg(chip, UART0, 0x2C) != 0x70) {
        rp2040__stop(chip, "UART0 is at %u baud, LCR_H %x, CR %x",
            (unsigned)baud, (unsigned)*reg(chip, UART0, 0x2C),
            (unsigned)*reg(chip, UART0, 0x30));
    }
    if (chip->console_len + 1 < sizeof(chip->console)) {
        chip->console[chip->console_len++] = c;
    }
    sim_pass_ns(chip->world, 86806); // as if it had no FIFO
}

// A byte each way (4.4).
static void spi_exchange(struct rp2040 *chip, uint8_t out)
{
    uint32_t by =
        *reg(chip, SPI0, 0x10) * (1 + (*reg(chip, SPI0, 0x00) >> 8 & 0xFF));
    uint8_t in = 0;
    const struct nif_spi_seg seg = { &out, &in, 1 };
    uint64_t since_ns = chip->world->now_ns - chip->cs_ns;

    use_port(chip, 16, 1, "SPI0");
    use_port(chip, 18, 1, "SPI0");
    use_port(chip, 19, 1, "SPI0");
    chip->spi_hz = by == 0 ? 0 : rp2040__peri_hz(chip) / by;
    if (by < 2 || by % 2 != 0 || chip->spi_hz > chip->cfg.spi_max_hz ||
        (*reg(chip, SPI0, 0x00) & 0xFF) != 7 ||
        (*reg(chip, SPI0, 0x04) & 0xF) != 2) {
        rp2040__stop(chip, "SPI0 is at %u Hz, CR0 %x, CR1 %x",
            (unsigned)chip->spi_hz, (unsigned)*reg(chip, SPI0, 0x00),
            (unsigned)*reg(chip, SPI0, 0x04));
    } else if (!chip->selected || since_ns < chip->cfg.cs_ns) {
        rp2040__stop(chip,
            chip->selected ? "clock too soon after select"
                           : "clock without select");
    } else if (chip->seams.spi->ops->exchange(chip->seams.spi, &seg, 1) != 0 ||
        chip->spi_rx_len == sizeof(chip->spi_rx)) {
        rp2040__stop(chip, "SPI0: a byte is lost");
    } else {
        chip->spi_rx[chip->spi_rx_len++] = in;
    }
}

static uint32_t spi_take(struct rp2040 *chip)
{
    uint8_t value = chip->spi_rx[0];

    if (chip->spi_rx_len == 0) {
        rp2040__stop(chip, "SPI0: read while empty");
        return 0;
    }
    chip->spi_rx_len--;
    memmove(chip->spi_rx, chip->spi_rx + 1, chip->spi_rx_len);
    return value;
}

// ---- UART1 (4.2)

// Bytes that have not left.
static uint64_t uart_waiting(const struct rp2040 *chip)
{
    uint64_t now_ns = chip->world->now_ns;

    return chip->uart_tx_ns <= now_ns
        ? 0
        : (chip->uart_tx_ns - now_ns + chip->uart_byte_ns - 1) /
            chip->uart_byte_ns;
}

static void uart_start(struct rp2040 *chip)
{
    uint32_t cr = *reg(chip, UART1, 0x30);
    uint64_t by =
        (uint64_t)*reg(chip, UART1, 0x24) * 64 + *reg(chip, UART1, 0x28);
    bool flow = (cr & 0xC000) == 0xC000;

    if ((cr & 0x301) != 0x301) {
        chip->uart_ns = SIM_NEVER;
        return;
    }
    use_port(chip, 4, 2, "UART1");
    use_port(chip, 5, 2, "UART1");
    if (by == 0 || *reg(chip, UART1, 0x2C) != 0x70) {
        rp2040__stop(chip, "UART1 is not set up");
        return;
    }
    chip->uart_baud = (uint32_t)(rp2040__peri_hz(chip) * 4ull / by);
    chip->uart_byte_ns = 10 * (1000000000 / chip->uart_baud);
    chip->uart_ns = chip->world->now_ns + chip->uart_byte_ns;
    if (uart_waiting(chip) > 0) {
        rp2040__stop(chip, "UART1 is set while a byte is on its way");
    } else if (chip->seams.uart->ops->configure(chip->seams.uart,
                   chip->uart_baud, flow) != 0) {
        rp2040__stop(chip, "UART1: nobody does %u baud",
            (unsigned)chip->uart_baud);
    }
}

static void uart_send(struct rp2040 *chip, uint8_t byte)
{
    uint64_t now_ns = chip->world->now_ns;

    if (chip->uart_ns == SIM_NEVER || uart_waiting(chip) > UART_FIFO ||
        chip->seams.uart->ops->write(chip->seams.uart, &byte, 1) != 1) {
        rp2040__stop(chip, "UART1: a byte is lost");
        return;
    }
    if (chip->uart_tx_ns < now_ns) {
        chip->uart_tx_ns = now_ns;
    }
    chip->uart_tx_ns += chip->uart_byte_ns;
    if (uart_waiting(chip) > UART_FIFO / 2) {
        chip->uart_above = true;
        chip->uart_tx_due = false;
    }
}

static uint32_t uart_take(struct rp2040 *chip)
{
    uint8_t byte = chip->uart_rx[0];

    if (chip->uart_rx_len == 0) {
        rp2040__stop(chip, "UART1: read while empty");
        return 0;
    }
    chip->uart_rx_len--;
    memmove(chip->uart_rx, chip->uart_rx + 1, chip->uart_rx_len);
    return byte;
}

void rp2040__look_at_uart(struct rp2040 *chip)
{
    int n = chip->seams.uart->ops->read(chip->seams.uart,
        chip->uart_rx + chip->uart_rx_len, UART_FIFO - chip->uart_rx_len);

    if (n > 0) {
        chip->uart_rx_len += (unsigned)n;
        chip->uart_rx_ns = chip->world->now_ns;
    }
    if (chip->uart_above && uart_waiting(chip) <= UART_FIFO / 2) {
        chip->uart_above = false;
        chip->uart_tx_due = true;
    }
    chip->attention = true;
    chip->uart_ns = chip->world->now_ns + chip->uart_byte_ns;
}

static uint32_t uart_interrupts(struct rp2040 *chip)
{
    bool idle =
        chip->world->now_ns - chip->uart_rx_ns >= 3ull * chip->uart_byte_ns;

    return (chip->uart_rx_len >= UART_FIFO / 2 ? 0x10u : 0) |
        (chip->uart_tx_due ? 0x20u : 0) |
        (chip->uart_rx_len > 0 && idle ? 0x40u : 0);
}

bool rp2040__uart_asks(struct rp2040 *chip)
{
    return (uart_interrupts(chip) & *reg(chip, UART1, 0x38)) != 0;
}

static uint32_t uart_flags(struct rp2040 *chip)
{
    uint64_t waiting = uart_waiting(chip);

    return (waiting > 0 ? 0x08u : 0x80u) | (waiting > UART_FIFO ? 0x20u : 0) |
        (chip->uart_rx_len == 0 ? 0x10u : 0);
}

// ---- all of them

uint32_t rp2040__read_port(struct rp2040 *chip, unsigned block, unsigned offset)
{
    switch (block << 12 | offset) {
    case UART0 << 12 | 0x18: return 0x90; // both FIFOs are empty
    case UART1 << 12 | 0x00: return uart_take(chip);
    case UART1 << 12 | 0x18: return uart_flags(chip);
    case UART1 << 12 | 0x40:
        return uart_interrupts(chip) & *reg(chip, UART1, 0x38);
    case SPI0 << 12 | 0x08: return spi_take(chip);
    case SPI0 << 12 | 0x0C: return 3u | (chip->spi_rx_len > 0 ? 4u : 0);
    default: return *reg(chip, block, offset);
    }
}

void rp2040__write_port(struct rp2040 *chip, unsigned block, unsigned offset,
    uint32_t value)
{
    switch (block << 12 | offset) {
    case UART0 << 12 | 0x00: put_char(chip, (char)value); break;
    case UART1 << 12 | 0x00: uart_send(chip, (uint8_t)value); break;
    case UART1 << 12 | 0x30: uart_start(chip); break;
    case SPI0 << 12 | 0x08: spi_exchange(chip, (uint8_t)value); break;
    default: break;
    }
}
