// SPDX-License-Identifier: MIT
//
// A serial line out of edges. Between two edges the level stands still, so
// the bits between them are sampled in their middle when the second comes.

#include "sim/capture/uart.h"

#include "nif/uart.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_BITS 2 // a longer pause ends an item

// ---- formats

bool sim_uart_format_parse(const char *text, struct sim_uart_format *format)
{
    if (strlen(text) != 3 || text[0] < '5' || text[0] > '9' ||
        !strchr("neoNEO", text[1]) || (text[2] != '1' && text[2] != '2')) {
        return false;
    }
    format->bits = (uint8_t)(text[0] - '0');
    format->parity = (char)(text[1] | 0x20);
    format->stops = (uint8_t)(text[2] - '0');
    return true;
}

void sim_uart_format_text(const struct sim_uart_format *format, char text[8])
{
    snprintf(text, 8, "%u%c%u", format->bits % 10u, format->parity,
        format->stops % 10u);
}

// Bits from the start bit to the last stop bit, both included.
static unsigned frame_bits(const struct sim_uart_format *format)
{
    return 1u + format->bits + (format->parity != 'n') + format->stops;
}

// So many half bits in nanoseconds.
static uint64_t halves_ns(const struct sim_uart_layer *uart, unsigned halves)
{
    return (uint64_t)(halves * 0.5e9 / uart->format.baud + 0.5);
}

// ---- items

static void flush(struct sim_uart_layer *uart, bool cut)
{
    size_t width = uart->format.bits == 9 ? 2 : 1;
    const struct sim_trace_item item = {
        .kind = SIM_TRACE_UART,
        .flags = cut || uart->cut ? SIM_TRACE_CUT : 0,
        .at_ns = uart->from_ns,
        .len_ns = uart->to_ns - uart->from_ns,
        .where = uart->bus,
        .rx = uart->rx,
        .data = uart->data,
        .len = uart->count * width,
        .bits = width == 2 ? 9 : 0,
        .errors = uart->any_error ? uart->error : NULL,
    };

    if (uart->out && uart->count > 0) {
        uart->out->item(uart->out, &item);
    }
    uart->count = 0;
    uart->any_error = false;
    uart->cut = false;
}

static void add(struct sim_uart_layer *uart)
{
    size_t width = uart->format.bits == 9 ? 2 : 1;
    uint8_t *at;

    if (uart->count == 0) {
        uart->from_ns = uart->start_ns;
    }
    at = uart->data + width * uart->count;
    if (width == 2) {
        nif_put_be16(at, uart->shift);
    } else {
        *at = (uint8_t)uart->shift;
    }
    uart->error[uart->count] = uart->errors;
    uart->any_error = uart->any_error || uart->errors != 0;
    uart->to_ns =
        uart->start_ns + halves_ns(uart, 2 * frame_bits(&uart->format));
    uart->count++;
    if (uart->shift == '\n' || uart->count == SIM_UART_BURST) {
        flush(uart, false);
    }
}

// ---- words

static void end_word(struct sim_uart_layer *uart)
{
    bool low = uart->errors & NIF_UART_FRAMING && uart->shift == 0;

    // A break is all of it low, the stop bit too.
    if (low && (uart->format.parity == 'n' || !uart->odd)) {
        uart->errors = NIF_UART_BREAK;
    }
    uart->in_word = false;
    uart->waits_idle = uart->errors & (NIF_UART_FRAMING | NIF_UART_BREAK) &&
        uart->level != SIM_CAPTURE_HIGH;
    uart->words++;
    uart->bad += uart->errors != 0;
    if (uart->on_word) {
        uart->on_word(uart->arg, uart->start_ns, uart->shift, uart->errors);
    }
    add(uart);
}

// The bit in whose middle we are is `high`.
static void sample(struct sim_uart_layer *uart, bool high)
{
    unsigned parity_at = 1u + uart->format.bits;
    unsigned bit = uart->bit++;

    if (bit == 0) {
        if (high) {
            uart->in_word = false;
            uart->glitches++;
        }
    } else if (bit < parity_at) {
        uart->shift = (uint16_t)(uart->shift | high << (bit - 1));
        uart->odd = uart->odd != high;
    } else if (bit == parity_at && uart->format.parity != 'n') {
        uart->odd = uart->odd != high;
        if (uart->odd != (uart->format.parity == 'o')) {
            uart->errors |= NIF_UART_PARITY;
        }
    } else {
        if (!high) {
            uart->errors |= NIF_UART_FRAMING;
        }
        if (uart->bit == frame_bits(&uart->format)) {
            end_word(uart);
        }
    }
}

// Time passes until `at_ns`, and the level stays.
static void pass(struct sim_uart_layer *uart, uint64_t at_ns)
{
    while (uart->in_word &&
        uart->start_ns + halves_ns(uart, 2 * uart->bit + 1) <= at_ns) {
        sample(uart, uart->level == SIM_CAPTURE_HIGH);
    }
    if (!uart->in_word && uart->count > 0 &&
        at_ns > uart->to_ns + halves_ns(uart, 2 * PAUSE_BITS)) {
        flush(uart, false);
    }
}

static void fall(struct sim_uart_layer *uart, uint64_t at_ns)
{
    if (uart->in_word || uart->waits_idle) {
        return;
    }
    uart->in_word = true;
    uart->start_ns = at_ns;
    uart->bit = 0;
    uart->shift = 0;
    uart->odd = false;
    uart->errors = 0;
}

void sim_uart_layer_edges(struct sim_uart_layer *uart,
    const struct sim_edge *edges, size_t count)
{
    uint64_t at_ns = edges[0].at_ns;

    pass(uart, at_ns);
    for (size_t i = 0; i < count; i++) {
        uint8_t level = edges[i].level;

        if (edges[i].channel != uart->channel) {
            continue;
        }
        if (uart->format.invert && level != SIM_CAPTURE_UNKNOWN) {
            level = !level;
        }
        if (uart->level == SIM_CAPTURE_HIGH && level == SIM_CAPTURE_LOW) {
            fall(uart, at_ns);
        } else if (level == SIM_CAPTURE_HIGH) {
            uart->waits_idle = false;
        }
        uart->level = level;
    }
}

void sim_uart_layer_end(struct sim_uart_layer *uart, uint64_t at_ns)
{
    pass(uart, at_ns);
    // Half a stop bit later nothing could have changed.
    if (uart->in_word && uart->bit + 1 == frame_bits(&uart->format)) {
        sample(uart, uart->level == SIM_CAPTURE_HIGH);
    }
    flush(uart, uart->in_word);
}

uint64_t sim_uart_layer_delay(const struct sim_uart_layer *uart)
{
    return halves_ns(uart, 2 * (frame_bits(&uart->format) + PAUSE_BITS + 1));
}

void sim_uart_layer_init(struct sim_uart_layer *uart, uint16_t channel,
    const struct sim_uart_format *format)
{
    *uart = (struct sim_uart_layer){
        .channel = channel,
        .format = *format,
        .level = SIM_CAPTURE_UNKNOWN,
    };
}
