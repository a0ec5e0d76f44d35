// SPDX-License-Identifier: MIT
//
// The simulated serial line.

#include "sim/bus/uart.h"

#include <stdlib.h>
#include <string.h>

#define BITS 10ull // start, 8 data, stop

static struct sim_uart *of(struct nif_uart *uart)
{
    return nif_container_of(uart, struct sim_uart, uart);
}

static uint64_t bit_ps_of(uint32_t baud)
{
    return 1000 * SIM_S / baud;
}

// ---- what a trace gets

static struct sim_trace *trace_of(const struct sim_uart *bus)
{
    return bus->trace ? bus->trace : bus->cpu->world->trace;
}

static void tape_write(struct sim_uart_line *line)
{
    struct sim_uart *bus = line->bus;
    struct sim_trace *trace = trace_of(bus);
    uint64_t now_ns = bus->cpu->world->now_ns;

    if (line->tape_len == 0) {
        return;
    }
    if (trace) {
        sim_trace_put(trace,
            &(struct sim_trace_item){
                .kind = SIM_TRACE_UART,
                .at_ns = line->tape_ns,
                .len_ns = now_ns - line->tape_ns,
                .index = bus->index,
                .where = bus->cfg.name,
                .data = line->tape,
                .len = line->tape_len,
                .errors = line->tape_errors,
                .rx = line->to_host,
            });
    }
    bus->index++;
    line->tape_len = 0;
}

static void tape_add(struct sim_uart_line *line, uint8_t byte, unsigned errors,
    uint64_t begin_ns)
{
    if (line->tape_len == 0) {
        line->tape_ns = begin_ns;
    }
    line->tape[line->tape_len] = byte;
    line->tape_errors[line->tape_len++] = (uint8_t)errors;
}

// The sender has ended a byte.
static void tape_step(struct sim_uart_line *line, bool pause)
{
    if (line->tape_len > 0 &&
        (pause || line->tape_len == SIM_UART_TAPE ||
            line->tape[line->tape_len - 1] == '\n')) {
        tape_write(line);
    }
}

// ---- RTS and CTS: true is "go on"

static bool host_rts(const struct sim_uart *bus)
{
    return bus->flow && bus->cfg.rx_cap - bus->rx_len > bus->cfg.rts_margin;
}

static bool chip_rts(const struct sim_uart *bus)
{
    return bus->chip && bus->chip->rts && !bus->cfg.no_flow &&
        bus->chip->fifo_len < SIM_UART_FIFO_RTS;
}

static void show(const struct sim_uart *bus, const char *pin, bool go,
    bool *shown)
{
    char name[SIM_TRACE_NAME];

    if (go != *shown && trace_of(bus)) {
        snprintf(name, sizeof(name), "%s.%s", bus->cfg.name, pin);
        sim_trace_event(trace_of(bus), "pin", name, "%d", !go);
    }
    *shown = go;
}

static void send_next(struct sim_uart_line *line);

// One of the two may have changed.
static void follow_flow(struct sim_uart *bus)
{
    show(bus, "rts", host_rts(bus), &bus->rts_shown);
    show(bus, "cts", chip_rts(bus), &bus->cts_shown);
    send_next(&bus->down);
    send_next(&bus->up);
}

// ---- the two receivers

static void host_receive(struct sim_uart *bus, uint8_t byte, unsigned *errors)
{
    bus->rx_count++;
    if (bus->rx_len == bus->cfg.rx_cap) {
        bus->rx_lost++;
        *errors |= NIF_UART_OVERRUN;
    } else {
        bus->rx[(bus->rx_at + bus->rx_len++) % bus->cfg.rx_cap] = byte;
    }
    bus->errors |= *errors;
    if (!bus->cfg.polled) {
        nif_clock_wake(&bus->cpu->clock);
    }
}

static void chip_receive(struct sim_uart_chip *chip, uint8_t byte,
    unsigned errors)
{
    size_t at = (chip->fifo_at + chip->fifo_len) % SIM_UART_FIFO;

    if (chip->fifo_len == 0 && chip->ops->received(chip, byte, errors)) {
        return;
    }
    if (chip->fifo_len == SIM_UART_FIFO) {
        chip->lost_count++;
        return;
    }
    chip->fifo[at] = byte;
    chip->fifo_errors[at] = (uint8_t)errors;
    chip->fifo_len++;
}

// ---- the line, as seen by a receiver

// Its level at a time within the byte that is on it, or behind it.
static bool level_at(const struct sim_uart_line *line, uint64_t at_ns)
{
    uint64_t bit;

    if (at_ns < line->begin_ns || at_ns >= line->cut_ns) {
        return true;
    }
    bit = (at_ns - line->begin_ns) * 1000 / line->bit_ps;
    if (bit >= BITS - 1) {
        return true;
    }
    return bit > 0 && (line->byte >> (bit - 1) & 1) != 0;
}

static uint64_t look_ns(const struct sim_uart_line *line, unsigned bit)
{
    return line->edge_ns + (2 * bit + 1) * line->rx_bit_ps / 2000;
}

// True if each look of the receiver falls into the sender's same bit.
static bool rates_agree(uint64_t tx_ps, uint64_t rx_ps)
{
    return (2 * BITS - 1) * rx_ps > 2 * (BITS - 1) * tx_ps &&
        (2 * BITS - 1) * rx_ps < 2 * BITS * tx_ps;
}

// A falling edge: a byte may begin.
static void hear(struct sim_uart_line *line)
{
    struct sim_uart *bus = line->bus;
    uint32_t baud = line->to_host ? bus->baud : bus->chip ? bus->chip->baud : 0;

    if (baud == 0) {
        return;
    }
    line->hearing = true;
    line->edge_ns = bus->cpu->world->now_ns;
    line->rx_bit_ps = bit_ps_of(baud);
    line->fast = line->edge_ns == line->begin_ns &&
        rates_agree(line->bit_ps, line->rx_bit_ps);
    line->bit = line->fast ? BITS - 1 : 0;
    line->bits = 0;
    sim_event_at(bus->cpu->world, &line->look, look_ns(line, line->bit));
}

static void on_edge(struct sim_event *event)
{
    hear(nif_container_of(event, struct sim_uart_line, edge));
}

// Waits for the next falling edge within the byte that is on the line. The
// edge of one that begins later is found when it does.
static void hunt(struct sim_uart_line *line)
{
    struct sim_world *world = line->bus->cpu->world;

    line->hearing = false;
    for (unsigned i = 1; line->busy && i < BITS; i++) {
        uint64_t at_ns = line->begin_ns + i * line->bit_ps / 1000 + 1;

        if (at_ns >= world->now_ns && !level_at(line, at_ns) &&
            level_at(line, at_ns - line->bit_ps / 1000)) {
            sim_event_at(world, &line->edge, at_ns);
            return;
        }
    }
}

static void deliver(struct sim_uart_line *line)
{
    struct sim_uart *bus = line->bus;
    uint8_t byte = (uint8_t)(line->bits >> 1);
    unsigned errors = 0;

    if (!(line->bits >> (BITS - 1) & 1)) {
        errors = NIF_UART_FRAMING | (line->bits == 0 ? NIF_UART_BREAK : 0);
    }
    if (line->to_host) {
        host_receive(bus, byte, &errors);
        tape_add(line, byte, errors, line->edge_ns);
        if (!line->busy || !line->fast || line->tape_len == SIM_UART_TAPE) {
            tape_write(line);
        }
    } else {
        chip_receive(bus->chip, byte, errors);
    }
    sim_strike(bus->cpu->world);
    follow_flow(bus);
}

static void on_look(struct sim_event *event)
{
    struct sim_uart_line *line =
        nif_container_of(event, struct sim_uart_line, look);

    if (line->fast) {
        for (unsigned i = 0; i < BITS; i++) {
            line->bits |= (unsigned)level_at(line, look_ns(line, i)) << i;
        }
    } else {
        line->bits |= (unsigned)level_at(line, event->at_ns) << line->bit;
    }
    if ((line->bits & 1) != 0) {
        hunt(line); // it was a spike, not a start bit
    } else if (line->bit < BITS - 1) {
        line->bit++;
        sim_event_at(line->bus->cpu->world, &line->look,
            look_ns(line, line->bit));
    } else {
        hunt(line);
        deliver(line);
    }
}

// ---- the two senders

static bool take_from_host(struct sim_uart *bus, uint8_t *byte)
{
    if (bus->tx_len == 0 || (bus->flow && !chip_rts(bus))) {
        return false;
    }
    *byte = bus->tx[bus->tx_at];
    bus->tx_at = (bus->tx_at + 1) % bus->cfg.tx_cap;
    bus->tx_len--;
    return true;
}

static bool take_from_chip(struct sim_uart *bus, uint8_t *byte)
{
    struct sim_uart_chip *chip = bus->chip;

    if (!chip || chip->tx_at == chip->tx_len || (chip->cts && !host_rts(bus))) {
        return false;
    }
    *byte = chip->tx[chip->tx_at++];
    if (chip->tx_at == chip->tx_len) {
        chip->tx_at = 0;
        chip->tx_len = 0;
    }
    return true;
}

static void send_next(struct sim_uart_line *line)
{
    struct sim_uart *bus = line->bus;
    struct sim_world *world = bus->cpu->world;

    if (line->busy ||
        !(line->to_host ? take_from_chip(bus, &line->byte)
                        : take_from_host(bus, &line->byte))) {
        return;
    }
    line->busy = true;
    line->begin_ns = world->now_ns;
    line->cut_ns = SIM_NEVER;
    line->bit_ps = bit_ps_of(line->to_host ? bus->chip->baud : bus->baud);
    sim_event_at(world, &line->done,
        line->begin_ns + BITS * line->bit_ps / 1000);
    if (!line->hearing) {
        hear(line);
    }
}

static void on_done(struct sim_event *event)
{
    struct sim_uart_line *line =
        nif_container_of(event, struct sim_uart_line, done);
    struct sim_uart *bus = line->bus;

    line->busy = false;
    if (!line->to_host) {
        tape_add(line, line->byte, 0, line->begin_ns);
    }
    sim_strike(bus->cpu->world);
    send_next(line);
    tape_step(line, !line->busy);
    if (line->to_host) {
        if (!line->busy && bus->chip->tx_len == 0 && bus->chip->ops->drained) {
            bus->chip->ops->drained(bus->chip);
        }
    } else if (!bus->cfg.polled &&
        (!line->busy || bus->tx_len == bus->cfg.tx_cap / 2)) {
        nif_clock_wake(&bus->cpu->clock);
    }
}

// ---- the processor's port

static int bus_write(struct nif_uart *uart, const uint8_t *data, size_t len)
{
    struct sim_uart *bus = of(uart);
    size_t count = 0;
    int err = sim_cpu_bus_call(bus->cpu, bus->cfg.name);

    if (err != 0) {
        return err;
    }
    while (count < len && bus->tx_len < bus->cfg.tx_cap) {
        bus->tx[(bus->tx_at + bus->tx_len++) % bus->cfg.tx_cap] = data[count++];
        send_next(&bus->down);
    }
    bus->tx_count += count;
    return (int)count;
}

static int bus_read(struct nif_uart *uart, uint8_t *buf, size_t cap)
{
    struct sim_uart *bus = of(uart);
    size_t count = 0;
    int err = sim_cpu_bus_call(bus->cpu, bus->cfg.name);

    if (err != 0) {
        return err;
    }
    while (count < cap && bus->rx_len > 0) {
        buf[count++] = bus->rx[bus->rx_at];
        bus->rx_at = (bus->rx_at + 1) % bus->cfg.rx_cap;
        bus->rx_len--;
    }
    follow_flow(bus);
    return (int)count;
}

static bool bus_drained(struct nif_uart *uart)
{
    struct sim_uart *bus = of(uart);

    sim_cpu_step(bus->cpu);
    return bus->tx_len == 0 && !bus->down.busy;
}

static unsigned bus_errors(struct nif_uart *uart)
{
    struct sim_uart *bus = of(uart);
    unsigned errors;

    sim_cpu_step(bus->cpu);
    errors = bus->errors;
    bus->errors = 0;
    return errors;
}

static int bus_configure(struct nif_uart *uart, uint32_t baud, bool rts_cts)
{
    struct sim_uart *bus = of(uart);
    int err = sim_cpu_bus_call(bus->cpu, bus->cfg.name);

    if (err != 0) {
        return err;
    }
    if (baud == 0 || baud > bus->cfg.baud_max ||
        (rts_cts && bus->cfg.no_flow)) {
        return NIF_ENOTSUP;
    }
    if (bus->down.busy && baud != bus->baud) {
        sim_complain(bus->cpu->world, bus->cfg.name,
            "rate changed while a byte was being sent");
    }
    bus->baud = baud;
    bus->flow = rts_cts;
    follow_flow(bus);
    return 0;
}

static const struct nif_uart_ops bus_ops = {
    .write = bus_write,
    .read = bus_read,
    .drained = bus_drained,
    .errors = bus_errors,
    .configure = bus_configure,
};

// ---- the chip's end

void sim_uart_chip_send(struct sim_uart_chip *chip, const void *data,
    size_t len)
{
    if (chip->tx_len + len > chip->tx_cap) {
        size_t cap = 2 * (chip->tx_len + len);
        uint8_t *room = realloc(chip->tx, cap);

        NIF_ASSERT(room != NULL);
        chip->tx = room;
        chip->tx_cap = cap;
    }
    if (len > 0) {
        memcpy(chip->tx + chip->tx_len, data, len);
        chip->tx_len += len;
        send_next(&chip->bus->up);
    }
}

size_t sim_uart_chip_queued(const struct sim_uart_chip *chip)
{
    return chip->tx_len - chip->tx_at + chip->bus->up.busy;
}

void sim_uart_chip_set(struct sim_uart_chip *chip, uint32_t baud, bool rts,
    bool cts)
{
    NIF_ASSERT(baud > 0);
    chip->baud = baud;
    chip->rts = rts;
    chip->cts = cts;
    if (chip->bus) {
        follow_flow(chip->bus);
    }
}

void sim_uart_chip_resume(struct sim_uart_chip *chip)
{
    while (chip->fifo_len > 0 &&
        chip->ops->received(chip, chip->fifo[chip->fifo_at],
            chip->fifo_errors[chip->fifo_at])) {
        chip->fifo_at = (chip->fifo_at + 1) % SIM_UART_FIFO;
        chip->fifo_len--;
    }
    follow_flow(chip->bus);
}

void sim_uart_chip_reset(struct sim_uart_chip *chip)
{
    struct sim_uart_line *up = &chip->bus->up;

    chip->tx_at = 0;
    chip->tx_len = 0;
    chip->fifo_len = 0;
    if (up->busy) {
        up->busy = false;
        up->cut_ns = chip->world->now_ns;
        sim_event_cancel(chip->world, &up->done);
        sim_event_cancel(chip->world, &up->edge);
    }
    if (!up->hearing) {
        tape_write(up);
    }
    follow_flow(chip->bus);
}

// ---- beginning and end

void sim_uart_record(struct sim_uart *bus, struct sim_trace *trace,
    const char *chip)
{
    struct sim_trace_bus head = {
        .kind = SIM_TRACE_UART,
        .clock_hz = bus->baud,
        .format = "8n1",
        .taped = "wire",
    };

    snprintf(head.name, sizeof(head.name), "%s", bus->cfg.name);
    snprintf(head.chip, sizeof(head.chip), "%s", chip);
    bus->trace = trace;
    sim_trace_bus(trace, &head);
}

static void init_line(struct sim_uart_line *line, struct sim_uart *bus,
    bool to_host)
{
    line->bus = bus;
    line->to_host = to_host;
    line->done.fn = on_done;
    line->look.fn = on_look;
    line->edge.fn = on_edge;
}

void sim_uart_init(struct sim_uart *bus, struct sim_cpu *cpu,
    struct sim_uart_chip *chip, const struct sim_uart_cfg *cfg)
{
    *bus = (struct sim_uart){ .uart.ops = &bus_ops, .cpu = cpu, .chip = chip };
    if (cfg) {
        bus->cfg = *cfg;
    }
    bus->cfg.name = bus->cfg.name ? bus->cfg.name : "uart";
    bus->cfg.baud = bus->cfg.baud ? bus->cfg.baud : 115200;
    bus->cfg.baud_max = bus->cfg.baud_max ? bus->cfg.baud_max : 5000000;
    bus->cfg.rx_cap = bus->cfg.rx_cap ? bus->cfg.rx_cap : 512;
    bus->cfg.tx_cap = bus->cfg.tx_cap ? bus->cfg.tx_cap : 32;
    if (bus->cfg.rts_margin == 0) {
        bus->cfg.rts_margin = bus->cfg.rx_cap / 4;
    }
    bus->baud = bus->cfg.baud;
    bus->rx = malloc(bus->cfg.rx_cap);
    bus->tx = malloc(bus->cfg.tx_cap);
    NIF_ASSERT(bus->rx != NULL && bus->tx != NULL);
    init_line(&bus->down, bus, false);
    init_line(&bus->up, bus, true);
    if (chip) {
        chip->bus = bus;
        sim_uart_chip_set(chip, 115200, false, false);
    }
}

static void end_line(struct sim_uart_line *line)
{
    struct sim_world *world = line->bus->cpu->world;

    tape_write(line);
    sim_event_cancel(world, &line->done);
    sim_event_cancel(world, &line->look);
    sim_event_cancel(world, &line->edge);
}

void sim_uart_done(struct sim_uart *bus)
{
    end_line(&bus->down);
    end_line(&bus->up);
    free(bus->rx);
    free(bus->tx);
    bus->rx = NULL;
    bus->tx = NULL;
    if (bus->chip) {
        free(bus->chip->tx);
        bus->chip->tx = NULL;
        bus->chip->tx_cap = 0;
        bus->chip->tx_len = 0;
        bus->chip->tx_at = 0;
    }
}
