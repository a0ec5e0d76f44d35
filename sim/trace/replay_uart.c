// SPDX-License-Identifier: MIT
//
// The player's serial lines.

#include "sim/trace/replay.h"

static struct sim_replay_bus *of(struct nif_uart *uart)
{
    return nif_container_of(uart, struct sim_replay_bus, uart);
}

static size_t words_of(const struct sim_trace_item *item)
{
    return item->bits == 9 ? item->len / 2 : item->len;
}

// A ninth bit is not for this interface: its low eight are.
static uint8_t word_of(const struct sim_trace_item *item, size_t at)
{
    return item->bits == 9 ? item->data[2 * at + 1] : item->data[at];
}

static uint64_t word_end_ns(const struct sim_trace_item *item, size_t at)
{
    return item->at_ns + item->len_ns * (at + 1) / words_of(item);
}

size_t sim__replay_uart_next(const struct sim_replay_bus *bus, size_t at,
    bool rx)
{
    while (at < bus->count &&
        (bus->seq[at]->rx != rx || words_of(bus->seq[at]) == 0)) {
        at++;
    }
    return at;
}

// ---- from the driver

static int replay_write(struct nif_uart *uart, const uint8_t *data, size_t len)
{
    struct sim_replay_bus *bus = of(uart);

    sim_cpu_step(bus->replay->cpu);
    for (size_t i = 0; i < len; i++) {
        const struct sim_trace_item *item;
        uint64_t end_ns;

        bus->tx.at = sim__replay_uart_next(bus, bus->tx.at, false);
        if (bus->replay->diverged || bus->tx.at == bus->count) {
            bus->replay->over = !bus->replay->diverged;
            return i > 0 ? (int)i : NIF_EIO;
        }
        item = bus->seq[bus->tx.at];
        if (data[i] != word_of(item, bus->tx.word)) {
            char text[SIM_WORDS];

            snprintf(text, sizeof(text), "byte %02x instead of %02x, word %zu",
                data[i], word_of(item, bus->tx.word), bus->tx.word);
            sim__replay_diverge(bus, item, text);
            return NIF_EIO;
        }
        end_ns = word_end_ns(item, bus->tx.word);
        bus->drained_ns = end_ns > bus->drained_ns ? end_ns : bus->drained_ns;
        if (++bus->tx.word == words_of(item)) {
            bus->tx.word = 0;
            bus->tx.at++;
            if (!sim__replay_step(bus, item)) {
                return NIF_EIO;
            }
        }
    }
    return (int)len;
}

static bool replay_drained(struct nif_uart *uart)
{
    struct sim_replay_bus *bus = of(uart);

    sim_cpu_step(bus->replay->cpu);
    return bus->replay->cpu->world->now_ns >= bus->drained_ns;
}

// ---- to the driver

// True if this word has come: it is time, and the driver has sent what had
// been sent when the recorded one began.
static bool has_come(const struct sim_replay_bus *bus, size_t at, size_t word)
{
    return at < bus->count &&
        sim__replay_uart_next(bus, bus->tx.at, false) > at &&
        word_end_ns(bus->seq[at], word) <= bus->replay->cpu->world->now_ns;
}

static int replay_read(struct nif_uart *uart, uint8_t *buf, size_t cap)
{
    struct sim_replay_bus *bus = of(uart);
    size_t len = 0;

    sim_cpu_step(bus->replay->cpu);
    if (bus->replay->diverged) {
        return NIF_EIO;
    }
    bus->rx.at = sim__replay_uart_next(bus, bus->rx.at, true);
    while (len < cap && has_come(bus, bus->rx.at, bus->rx.word)) {
        const struct sim_trace_item *item = bus->seq[bus->rx.at];

        buf[len++] = word_of(item, bus->rx.word);
        if (++bus->rx.word == words_of(item)) {
            bus->rx.word = 0;
            bus->rx.at = sim__replay_uart_next(bus, bus->rx.at + 1, true);
        }
    }
    return (int)len;
}

static unsigned replay_errors(struct nif_uart *uart)
{
    struct sim_replay_bus *bus = of(uart);
    unsigned errors = 0;

    sim_cpu_step(bus->replay->cpu);
    bus->err.at = sim__replay_uart_next(bus, bus->err.at, true);
    while (has_come(bus, bus->err.at, bus->err.word)) {
        const struct sim_trace_item *item = bus->seq[bus->err.at];

        errors |= item->errors ? item->errors[bus->err.word] : 0;
        if (++bus->err.word == words_of(item)) {
            bus->err.word = 0;
            bus->err.at = sim__replay_uart_next(bus, bus->err.at + 1, true);
        }
    }
    return errors;
}

static int replay_configure(struct nif_uart *uart, uint32_t baud, bool rts_cts)
{
    struct sim_replay_bus *bus = of(uart);
    const struct sim_trace_bus *head =
        sim_recording_bus(bus->replay->rec, bus->name);

    (void)rts_cts;
    sim_cpu_step(bus->replay->cpu);
    // A rate that the recording never had could not have been answered.
    return head && head->clock_hz != 0 && head->clock_hz != baud ? NIF_ENOTSUP
                                                                 : 0;
}

const struct nif_uart_ops sim__replay_uart_ops = {
    .write = replay_write,
    .read = replay_read,
    .drained = replay_drained,
    .errors = replay_errors,
    .configure = replay_configure,
};
