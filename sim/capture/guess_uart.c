// SPDX-License-Identifier: MIT
//
// Rate, format and direction of serial lines, by what they do.

#include "sim/capture/import.h"

#include <math.h>

// How well the pulses of a line fit a bit time: 0 not, to 1. If less than
// three quarters of them do, not: the rest may be glitches.
static double fit(const struct sim_import *import, uint16_t channel,
    double bit_ns)
{
    uint64_t last_ns = 0;
    double sum = 0;
    size_t good = 0;
    size_t count = 0;

    for (size_t i = 0; i < import->look_count && count < 20000; i++) {
        const struct sim_edge *edge = &import->look[i];
        double bits;
        double off;

        if (edge->channel != channel) {
            continue;
        }
        bits = (double)(edge->at_ns - last_ns) / bit_ns;
        off = fabs(bits - round(bits));
        if (last_ns > 0 && bits < 10.5) {
            count++;
            if (bits > 0.5 && off < 0.22) {
                good++;
                sum += 1 - off;
            }
        }
        last_ns = edge->at_ns;
    }
    return 4 * good >= 3 * count && good > 0 ? sum / (double)good : 0;
}

// Multiples of the rate fit as well, and on a coarse grid its own fit is not
// the best: the slowest that fits is meant, or the better one beside it.
static double guess_baud(const struct sim_import *import, uint16_t channel)
{
    static const double rates[] = { 300, 600, 1200, 2400, 4800, 9600, 14400,
        19200, 28800, 31250, 38400, 57600, 74880, 76800, 115200, 230400, 250000,
        460800, 500000, 576000, 921600, 1000000, 1500000, 2000000, 3000000,
        4000000 };
    double best = 0;
    double rate = 0;

    for (size_t i = 0; i < nif_countof(rates); i++) {
        double how = fit(import, channel, 1e9 / rates[i]);

        if (how > best && (rate == 0 || rates[i] < 1.3 * rate)) {
            best = how;
            rate = rates[i];
        }
    }
    return rate;
}

struct tally {
    unsigned high; // words whose eighth bit is set
    unsigned at;   // in a line
    bool a;        // it began with an A
    unsigned commands;
};

static void tally_word(void *arg, uint64_t at_ns, uint16_t word, uint8_t errors)
{
    struct tally *tally = arg;

    (void)at_ns;
    (void)errors;
    tally->high += (word & 0x80) != 0;
    if (tally->at == 1 && tally->a && word == 'T') {
        tally->commands++;
    }
    tally->a = tally->at == 0 && word == 'A';
    tally->at = word == '\n' || word == '\r' ? 0 : tally->at + 1;
}

static struct sim_uart_layer try_format(const struct sim_import *import,
    uint16_t channel, const struct sim_uart_format *format, struct tally *tally)
{
    struct sim_uart_layer uart;

    *tally = (struct tally){ 0 };
    sim_uart_layer_init(&uart, channel, format);
    uart.on_word = tally_word;
    uart.arg = tally;
    for (size_t i = 0; i < import->look_count; i++) {
        if (import->look[i].channel == channel) {
            sim_uart_layer_edges(&uart, &import->look[i], 1);
        }
    }
    sim_uart_layer_end(&uart, import->end_ns);
    return uart;
}

static void guess_format(const struct sim_import *import, uint16_t channel,
    struct sim_uart_format *format)
{
    static const char *const formats[] = { "8n1", "8e1", "8o1", "7e1", "7o1",
        "7n1", "9n1" };
    uint64_t best = UINT64_MAX;
    struct sim_uart_format tried = *format;
    bool eighth = false; // 8n1 without an error, and the eighth bit in use

    for (size_t i = 0; i < nif_countof(formats); i++) {
        struct tally tally;
        struct sim_uart_layer uart;

        sim_uart_format_parse(formats[i], &tried);
        uart = try_format(import, channel, &tried, &tally);
        if (i == 0) {
            eighth = uart.bad == 0 && tally.high > 0 && uart.words >= 8;
        }
        // Seven bits and parity look like eight: if all parities are right,
        // that is no accident.
        if (uart.bad < best ||
            (eighth && uart.bad == 0 && tried.bits == 7 &&
                tried.parity != 'n')) {
            best = uart.bad;
            *format = tried;
            eighth = eighth && i == 0;
        }
    }
}

static void guess_line(const struct sim_import *import, uint16_t channel,
    struct sim_uart_format *format, const struct sim_uart_format *other)
{
    if (channel == SIM_CAPTURE_NONE) {
        return;
    }
    if (format->baud == 0) {
        format->baud = guess_baud(import, channel);
    }
    if (format->baud == 0) {
        // A line that never moves, or whose rate nobody can tell.
        format->baud = other->baud > 0 ? other->baud : 115200;
    }
    if (format->bits == 0) {
        guess_format(import, channel, format);
    }
}

// The side that says "AT…" is the host, whatever the probes are called.
static void guess_ways(struct sim_import *import, struct sim_import_bus *bus)
{
    struct tally tally[2] = { 0 };

    if (bus->tx != SIM_CAPTURE_NONE) {
        try_format(import, bus->tx, &bus->tx_format, &tally[0]);
    }
    if (bus->rx != SIM_CAPTURE_NONE) {
        try_format(import, bus->rx, &bus->rx_format, &tally[1]);
    }
    if (tally[1].commands > tally[0].commands) {
        uint16_t channel = bus->tx;
        struct sim_uart_format format = bus->tx_format;

        bus->tx = bus->rx;
        bus->tx_format = bus->rx_format;
        bus->rx = channel;
        bus->rx_format = format;
    }
}

void sim__guess_uart(struct sim_import *import, struct sim_import_bus *bus)
{
    guess_line(import, bus->tx, &bus->tx_format, &bus->rx_format);
    guess_line(import, bus->rx, &bus->rx_format, &bus->tx_format);
    if (!bus->ways_given) {
        guess_ways(import, bus);
    }
}
