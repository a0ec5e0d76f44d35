// SPDX-License-Identifier: MIT
//
// The serial port PL011: a console that waits, and a nif_uart that does not.
//
// Interrupt and task share the ring, of which each moves one end, and the mask
// IMSC, which the task reads, changes and writes. What the interrupt does to
// the mask in between is then undone: it comes once more, and does it again.

#include "pl011.h"

#include <string.h>

#define DR    0x00u
#define FR    0x18u
#define IBRD  0x24u
#define FBRD  0x28u
#define LCR_H 0x2Cu
#define CR    0x30u
#define IFLS  0x34u
#define IMSC  0x38u
#define MIS   0x40u

#define DR_FE (1u << 8)
#define DR_PE (1u << 9)
#define DR_BE (1u << 10)
#define DR_OE (1u << 11)

#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)

#define LCR_H_8_FEN 0x70u
#define CR_ON       0x301u // UARTEN, TXE, RXE
#define CR_LBE      (1u << 7)
#define CR_RTS_CTS  0xC000u // RTSEN, CTSEN
#define IFLS_HALF   0x12u   // both

#define INT_RX  (1u << 4)
#define INT_TX  (1u << 5)
#define INT_RT  (1u << 6) // something is there, and the line is idle
#define RX_INTS (INT_RX | INT_RT)

// More than any FIFO holds: the interrupt ends, and comes again.
#define TAKE_MAX 64

static inline uint32_t get(struct pl011 *port, uint32_t offset)
{
    return nif_mmio_read(&port->cfg.mmio, offset);
}

static inline void set(struct pl011 *port, uint32_t offset, uint32_t value)
{
    nif_mmio_write(&port->cfg.mmio, offset, value);
}

// The divisor in 64ths; of 16 bits the lowest is one whole.
static uint32_t divisor_of(uint32_t hz, uint32_t baud)
{
    return (hz * 4 + baud / 2) / baud;
}

static void start(struct nif_mmio *mmio, uint32_t divisor, uint32_t cr)
{
    nif_mmio_write(mmio, CR, 0);
    nif_mmio_write(mmio, LCR_H, 0); // empties the FIFOs
    nif_mmio_write(mmio, IBRD, divisor >> 6);
    nif_mmio_write(mmio, FBRD, divisor & 0x3F);
    nif_mmio_write(mmio, LCR_H, LCR_H_8_FEN); // takes the divisor over
    nif_mmio_write(mmio, CR, cr);
}

// ---- console

void pl011_init(struct nif_mmio *mmio, uint32_t hz, uint32_t baud)
{
    start(mmio, divisor_of(hz, baud), CR_ON);
}

void pl011_putc(struct nif_mmio *mmio, char c)
{
    while (nif_mmio_read(mmio, FR) & FR_TXFF) {
    }
    nif_mmio_write(mmio, DR, (uint8_t)c);
}

// ---- nif_uart

static struct pl011 *of(struct nif_uart *uart)
{
    return nif_container_of(uart, struct pl011, uart);
}

static unsigned errors_in(uint32_t dr)
{
    return ((dr & DR_OE) ? NIF_UART_OVERRUN : 0u) |
        ((dr & DR_FE) ? NIF_UART_FRAMING : 0u) |
        ((dr & DR_PE) ? NIF_UART_PARITY : 0u) |
        ((dr & DR_BE) ? NIF_UART_BREAK : 0u);
}

// From the FIFO to the ring. One that is full lets the rest wait, and the
// interrupt with it.
static void take(struct pl011 *port)
{
    for (unsigned i = 0; i < TAKE_MAX && !(get(port, FR) & FR_RXFE); i++) {
        uint32_t dr;

        if ((uint16_t)(port->put - port->got) == port->cfg.ring_len) {
            set(port, IMSC, get(port, IMSC) & ~RX_INTS);
            return;
        }
        dr = get(port, DR);
        port->cfg.ring[port->put & (port->cfg.ring_len - 1u)] = (uint8_t)dr;
        port->errors |= (uint8_t)errors_in(dr);
        port->put++;
    }
}

void pl011_interrupt(struct pl011 *port)
{
    uint32_t why = get(port, MIS);

    if (why & RX_INTS) {
        take(port);
    }
    if (why & INT_TX) {
        set(port, IMSC, get(port, IMSC) & ~INT_TX);
    }
    if (why != 0) {
        nif_clock_wake(port->cfg.clock);
    }
}

static int uart_write(struct nif_uart *uart, const uint8_t *data, size_t len)
{
    struct pl011 *port = of(uart);
    size_t n = 0;

    while (n < len && !(get(port, FR) & FR_TXFF)) {
        set(port, DR, data[n++]);
    }
    if (n < len) {
        set(port, IMSC, get(port, IMSC) | INT_TX);
    }
    return (int)n;
}

static int uart_read(struct nif_uart *uart, uint8_t *buf, size_t cap)
{
    struct pl011 *port = of(uart);
    size_t n = 0;

    while (n < cap && port->got != port->put) {
        buf[n++] = port->cfg.ring[port->got & (port->cfg.ring_len - 1u)];
        port->got++;
    }
    if (n > 0) {
        set(port, IMSC, get(port, IMSC) | RX_INTS);
    }
    return (int)n;
}

static bool uart_drained(struct nif_uart *uart)
{
    return !(get(of(uart), FR) & FR_BUSY);
}

static unsigned uart_errors(struct nif_uart *uart)
{
    struct pl011 *port = of(uart);
    uint32_t imsc = get(port, IMSC);
    unsigned errors;

    set(port, IMSC, 0); // an interrupt that comes all the same does nothing
    errors = port->errors;
    port->errors = 0;
    set(port, IMSC, imsc);
    return errors;
}

static int uart_configure(struct nif_uart *uart, uint32_t baud, bool rts_cts)
{
    struct pl011 *port = of(uart);
    uint32_t divisor = baud == 0 ? 0 : divisor_of(port->cfg.hz, baud);

    if (divisor < 1u << 6 || divisor > 0xFFFFu << 6 ||
        (rts_cts && !port->cfg.rts_cts)) {
        return NIF_ENOTSUP;
    }
    set(port, IMSC, 0);
    take(port); // what has come at the old rate
    start(&port->cfg.mmio, divisor,
        CR_ON | (rts_cts ? CR_RTS_CTS : 0) | (port->cfg.loopback ? CR_LBE : 0));
    set(port, IFLS, IFLS_HALF);
    set(port, IMSC, RX_INTS);
    return 0;
}

void pl011_uart_init(struct pl011 *port, const struct pl011_cfg *cfg)
{
    static const struct nif_uart_ops ops = {
        .write = uart_write,
        .read = uart_read,
        .drained = uart_drained,
        .errors = uart_errors,
        .configure = uart_configure,
    };

    memset(port, 0, sizeof(*port));
    port->uart.ops = &ops;
    port->cfg = *cfg;
}
