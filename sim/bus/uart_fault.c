// SPDX-License-Identifier: MIT
//
// Faults of a serial line.

#include "sim/bus/uart_fault.h"

static struct sim_uart_fault *of(struct nif_uart *uart)
{
    return nif_container_of(uart, struct sim_uart_fault, uart);
}

// The fault of that kind that hits byte or call `n`, or NULL.
static const struct sim_fault *hit(struct sim_uart_fault *wrap, uint64_t n,
    enum sim_fault_kind kind)
{
    for (size_t i = 0; i < wrap->fault_count; i++) {
        const struct sim_fault *f = &wrap->fault[i];

        if (f->kind == kind && n >= f->at && n - f->at < f->count) {
            wrap->hits++;
            return f;
        }
    }
    return NULL;
}

// ---- to the chip

// Returns 1 if the byte was taken, 0 if there is no room, or an error.
static int write_byte(struct sim_uart_fault *wrap, uint8_t byte)
{
    struct nif_uart *lower = wrap->lower;
    const struct sim_fault *f;
    int got;

    if (hit(wrap, wrap->tx_count, SIM_FAULT_TX_DROP)) {
        return 1;
    }
    f = wrap->tx_inserted ? NULL
                          : hit(wrap, wrap->tx_count, SIM_FAULT_TX_INSERT);
    if (f) {
        got = lower->ops->write(lower, &f->value, 1);
        if (got <= 0) {
            return got;
        }
        wrap->tx_inserted = true;
    }
    f = hit(wrap, wrap->tx_count, SIM_FAULT_TX_FLIP);
    byte ^= f ? f->value : 0;
    return lower->ops->write(lower, &byte, 1);
}

static int fault_write(struct nif_uart *uart, const uint8_t *data, size_t len)
{
    struct sim_uart_fault *wrap = of(uart);
    size_t count = 0;

    if (hit(wrap, wrap->writes++, SIM_FAULT_WRITE_EIO)) {
        int err = sim_cpu_bus_call(wrap->cpu, "uart");

        return err ? err : NIF_EIO;
    }
    while (count < len) {
        int got = write_byte(wrap, data[count]);

        if (got <= 0) {
            return count > 0 ? (int)count : got;
        }
        wrap->tx_inserted = false;
        wrap->tx_count++;
        count++;
    }
    return (int)count;
}

// ---- from the chip

static const struct sim_fault *stuck(struct sim_uart_fault *wrap)
{
    const struct sim_fault *f = hit(wrap, wrap->rx_count, SIM_FAULT_RX_STUCK);

    return f ? f : hit(wrap, wrap->rx_count, SIM_FAULT_RX_NOISE);
}

// One byte of a line that never rests. Returns 0 if it is not over yet.
static int read_stuck(struct sim_uart_fault *wrap, const struct sim_fault *f,
    uint8_t *byte)
{
    uint64_t byte_ns = 10 * SIM_S / wrap->baud;
    uint64_t now_ns = wrap->cpu->world->now_ns;

    if (wrap->stuck_ns == 0) {
        wrap->stuck_ns = now_ns + byte_ns;
    }
    if (now_ns < wrap->stuck_ns) {
        return 0;
    }
    wrap->stuck_ns += byte_ns;
    *byte = f->value;
    if (f->kind == SIM_FAULT_RX_NOISE) {
        *byte = sim_noise(wrap->cpu->world, wrap->rx_count ^ 1ull << 40);
        wrap->errors |= NIF_UART_FRAMING;
    } else if (f->value == 0) {
        wrap->errors |= NIF_UART_FRAMING | NIF_UART_BREAK;
    }
    wrap->rx_count++;
    return 1;
}

// One byte of the lower port. Returns 0 if there is none.
static int read_lower(struct sim_uart_fault *wrap, uint8_t *byte)
{
    const struct sim_fault *f;

    while (true) { // as long as bytes are there that are dropped
        if (!wrap->rx_held) {
            int got = wrap->lower->ops->read(wrap->lower, &wrap->rx_byte, 1);

            if (got <= 0) {
                return got;
            }
            wrap->rx_held = true;
        }
        if (!hit(wrap, wrap->rx_count, SIM_FAULT_RX_DROP)) {
            break;
        }
        wrap->rx_held = false;
        wrap->rx_count++;
    }
    f = wrap->rx_inserted ? NULL
                          : hit(wrap, wrap->rx_count, SIM_FAULT_RX_INSERT);
    if (f) {
        wrap->rx_inserted = true;
        *byte = f->value;
        return 1;
    }
    f = hit(wrap, wrap->rx_count, SIM_FAULT_RX_FLIP);
    *byte = wrap->rx_byte ^ (f ? f->value : 0);
    wrap->rx_held = false;
    wrap->rx_inserted = false;
    wrap->rx_count++;
    return 1;
}

static int fault_read(struct nif_uart *uart, uint8_t *buf, size_t cap)
{
    struct sim_uart_fault *wrap = of(uart);
    size_t count = 0;
    int got = 1;

    if (hit(wrap, wrap->reads++, SIM_FAULT_READ_EIO)) {
        int err = sim_cpu_bus_call(wrap->cpu, "uart");

        return err ? err : NIF_EIO;
    }
    while (count < cap && got == 1) {
        const struct sim_fault *f = stuck(wrap);

        if (f) {
            uint8_t gone[64];

            // The call passes the time in which the line goes on.
            got = wrap->lower->ops->read(wrap->lower, gone, sizeof(gone));
            got = got < 0 ? got : read_stuck(wrap, f, &buf[count]);
        } else {
            wrap->stuck_ns = 0;
            got = read_lower(wrap, &buf[count]);
        }
        count += got == 1;
    }
    return count > 0 ? (int)count : got;
}

// ---- the rest

static bool fault_drained(struct nif_uart *uart)
{
    return of(uart)->lower->ops->drained(of(uart)->lower);
}

static unsigned fault_errors(struct nif_uart *uart)
{
    struct sim_uart_fault *wrap = of(uart);
    unsigned errors = wrap->errors | wrap->lower->ops->errors(wrap->lower);

    wrap->errors = 0;
    return errors;
}

static int fault_configure(struct nif_uart *uart, uint32_t baud, bool rts_cts)
{
    struct sim_uart_fault *wrap = of(uart);
    int err = wrap->lower->ops->configure(wrap->lower, baud, rts_cts);

    if (err == 0) {
        wrap->baud = baud;
    }
    return err;
}

static const struct nif_uart_ops fault_ops = {
    .write = fault_write,
    .read = fault_read,
    .drained = fault_drained,
    .errors = fault_errors,
    .configure = fault_configure,
};

void sim_uart_fault_init(struct sim_uart_fault *wrap, struct sim_cpu *cpu,
    struct nif_uart *lower)
{
    *wrap = (struct sim_uart_fault){
        .uart.ops = &fault_ops,
        .cpu = cpu,
        .lower = lower,
        .baud = 115200,
    };
}

void sim_uart_fault_add(struct sim_uart_fault *wrap,
    const struct sim_fault *fault)
{
    NIF_ASSERT(wrap->fault_count < SIM_FAULTS_MAX);
    wrap->fault[wrap->fault_count++] = *fault;
}

void sim_uart_fault_clear(struct sim_uart_fault *wrap)
{
    wrap->fault_count = 0;
}
