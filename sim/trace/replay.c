// SPDX-License-Identifier: MIT
//
// The player: its buses and pins, their order in time, its report.

#include "sim/trace/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct sim_world *world_of(const struct sim_replay *replay)
{
    return replay->cpu->world;
}

// ---- the report

// The event that an item is the first member of.
static const struct sim_recorded *record_of(const struct sim_trace_item *item)
{
    return (const struct sim_recorded *)item;
}

void sim__replay_diverge(struct sim_replay_bus *bus,
    const struct sim_trace_item *want, const char *got)
{
    struct sim_replay *replay = bus->replay;
    struct sim_replay_line *line = &replay->want;

    if (replay->diverged) {
        return;
    }
    replay->diverged = true;
    replay->line = want ? record_of(want)->line : 0;
    snprintf(replay->got, sizeof(replay->got), "%s", got);
    line->bus = want ? want->where : bus->name;
    line->index = want ? want->index : bus->count;
    line->at_ns = want ? want->at_ns : world_of(replay)->now_ns;
    if (want) {
        sim_words_ask(bus->words, want, line->text);
    }
}

static void remember(struct sim_replay_bus *bus,
    const struct sim_trace_item *item)
{
    struct sim_replay *replay = bus->replay;
    struct sim_replay_line *line =
        &replay->last[replay->last_count++ % SIM_REPLAY_LAST];

    line->bus = bus->name;
    line->index = item->index;
    line->at_ns = item->at_ns;
    sim_words_say(bus->words, item, line->text);
}

static void print_line(const struct sim_replay_line *line, FILE *out)
{
    fprintf(out, "  %6" PRIu64 " %14.6f ms  %s  %s\n", line->index,
        (double)line->at_ns / 1e6, line->bus, line->text);
}

void sim_replay_print(const struct sim_replay *replay, FILE *out)
{
    uint64_t count = replay->last_count;
    uint64_t from = count > SIM_REPLAY_LAST ? count - SIM_REPLAY_LAST : 0;

    if (!replay->diverged) {
        return;
    }
    fprintf(out,
        "the driver leaves the recording at transaction %" PRIu64
        " of %s, %.6f ms, line %u\n"
        "  expected  %s\n"
        "  got       %s\n",
        replay->want.index, replay->want.bus, (double)replay->want.at_ns / 1e6,
        replay->line, replay->want.text, replay->got);
    if (from < count) {
        fprintf(out, "the last ones before it:\n");
    }
    for (; from < count; from++) {
        print_line(&replay->last[from % SIM_REPLAY_LAST], out);
    }
}

// ---- order in time

// Where in the recording a bus has come to.
static size_t place_of(const struct sim_replay_bus *bus)
{
    size_t pos = bus->pos;

    if (bus->kind == SIM_TRACE_UART) {
        // What comes, comes by its time.
        pos = sim__replay_uart_next(bus, bus->tx.at, false);
    }
    return pos < bus->count ? bus->place[pos] : SIZE_MAX;
}

static struct sim_replay_pin *next_pin(struct sim_replay *replay)
{
    struct sim_replay_pin *first = NULL;

    for (size_t i = 0; i < replay->pins; i++) {
        struct sim_replay_pin *pin = &replay->pin[i];

        if (!pin->output && pin->next < replay->rec->count &&
            (!first || pin->next < first->next)) {
            first = pin;
        }
    }
    return first;
}

// The next change of a pin is due once all that began before it has begun.
static void arm(struct sim_replay *replay)
{
    struct sim_replay_pin *pin = next_pin(replay);
    struct sim_world *world = world_of(replay);
    uint64_t at_ns;

    sim_event_cancel(world, &replay->event);
    if (!pin) {
        return;
    }
    for (size_t i = 0; i < replay->buses; i++) {
        if (place_of(&replay->bus[i]) < pin->next) {
            return;
        }
    }
    at_ns = replay->rec->event[pin->next].item.at_ns;
    sim_event_at(world, &replay->event,
        at_ns > world->now_ns ? at_ns : world->now_ns);
}

static void find_next(struct sim_replay_pin *pin)
{
    const struct sim_recording *rec = pin->replay->rec;

    do {
        pin->next++;
    } while (pin->next < rec->count &&
        (rec->event[pin->next].item.kind != SIM_TRACE_PIN ||
            strcmp(rec->event[pin->next].item.where, pin->pin.name) != 0));
}

static void on_event(struct sim_event *event)
{
    struct sim_replay *replay =
        nif_container_of(event, struct sim_replay, event);
    struct sim_replay_pin *pin = next_pin(replay);
    bool level = replay->rec->event[pin->next].item.level != '0';

    find_next(pin);
    arm(replay);
    sim_pin_drive(&pin->pin, level);
}

void sim__replay_wait(struct sim_replay_bus *bus, uint64_t until_ns)
{
    struct sim_world *world = world_of(bus->replay);

    if (until_ns > world->now_ns) {
        sim_pass_ns(world, until_ns - world->now_ns);
    }
}

bool sim__replay_step(struct sim_replay_bus *bus,
    const struct sim_trace_item *item)
{
    struct sim_replay *replay = bus->replay;
    size_t place = (size_t)(record_of(item) - replay->rec->event);

    for (size_t i = 0; i < replay->pins; i++) {
        struct sim_replay_pin *pin = &replay->pin[i];

        if (pin->output && pin->next < place) {
            char got[SIM_WORDS];

            sim_words_ask(bus->words, item, got);
            sim__replay_diverge(bus, &replay->rec->event[pin->next].item, got);
            return false;
        }
    }
    remember(bus, item);
    arm(replay);
    return true;
}

// ---- pins

static void on_write(struct sim_pin *sim, void *arg, bool level)
{
    struct sim_replay_pin *pin = arg;
    struct sim_replay *replay = pin->replay;
    const struct sim_trace_item *want = pin->next < replay->rec->count
        ? &replay->rec->event[pin->next].item
        : NULL;
    // A pin has no words of its own: any bus's will do.
    struct sim_replay_bus pins = { .replay = replay, .name = sim->name };
    char got[SIM_WORDS];

    if (replay->diverged) {
        return;
    }
    if (want && (want->level == '1') == level) {
        find_next(pin);
        return;
    }
    if (!want) {
        replay->over = true;
        return;
    }
    pins.words = sim_words_new("");
    snprintf(got, sizeof(got), "%s = %d", sim->name, level);
    sim__replay_diverge(&pins, want, got);
    sim_words_free(pins.words);
}

static struct nif_pin *add_pin(struct sim_replay *replay, const char *name,
    bool output)
{
    const struct sim_recording *rec = replay->rec;
    struct sim_replay_pin *pin;
    bool level;

    NIF_ASSERT(replay->pins < SIM_REPLAY_PINS);
    pin = &replay->pin[replay->pins++];
    *pin = (struct sim_replay_pin){
        .pin.name = name,
        .replay = replay,
        .next = SIZE_MAX, // so that the search begins at 0
        .output = output,
    };
    find_next(pin);
    level = pin->next >= rec->count || rec->event[pin->next].item.level == '0';
    sim_pin_init(&pin->pin, replay->cpu, name, level);
    if (output) {
        pin->pin.on_write = on_write;
        pin->pin.write_arg = pin;
    }
    arm(replay);
    return &pin->pin.pin;
}

struct nif_pin *sim_replay_pin(struct sim_replay *replay, const char *name)
{
    return add_pin(replay, name, false);
}

struct nif_pin *sim_replay_output(struct sim_replay *replay, const char *name)
{
    return add_pin(replay, name, true);
}

// ---- buses

// A port that could not select is told of by an event of its own.
static bool belongs(const struct sim_replay_bus *bus,
    const struct sim_trace_item *item)
{
    return strcmp(item->where, bus->name) == 0 &&
        (item->kind == bus->kind ||
            (item->kind == SIM_TRACE_FAULT && bus->kind == SIM_TRACE_SPI &&
                item->text && strncmp(item->text, "select ", 7) == 0));
}

static void collect(struct sim_replay_bus *bus)
{
    const struct sim_recording *rec = bus->replay->rec;

    bus->seq = calloc(rec->count + 1, sizeof(void *));
    bus->place = calloc(rec->count + 1, sizeof(*bus->place));
    NIF_ASSERT(bus->seq && bus->place);
    for (size_t i = 0; i < rec->count; i++) {
        if (belongs(bus, &rec->event[i].item)) {
            bus->seq[bus->count] = &rec->event[i].item;
            bus->place[bus->count++] = i;
        }
    }
}

static void write_bus(const struct sim_replay_bus *bus)
{
    struct sim_trace *trace = world_of(bus->replay)->trace;
    const struct sim_trace_bus *head =
        sim_recording_bus(bus->replay->rec, bus->name);

    if (trace && head) {
        sim_trace_bus(trace, head);
    }
}

static void add_bus(struct sim_replay *replay, const char *name,
    enum sim_trace_kind kind)
{
    const struct sim_trace_bus *head = sim_recording_bus(replay->rec, name);
    struct sim_replay_bus *bus;

    for (size_t i = 0; i < replay->buses; i++) {
        if (replay->bus[i].kind == kind &&
            strcmp(replay->bus[i].name, name) == 0) {
            return;
        }
    }
    if (replay->buses == SIM_REPLAY_BUSES) {
        return; // a driver that asks for it is told that there is none
    }
    bus = &replay->bus[replay->buses++];
    *bus = (struct sim_replay_bus){
        .spi.ops = &sim__replay_spi_ops,
        .mdio.ops = &sim__replay_mdio_ops,
        .uart.ops = &sim__replay_uart_ops,
        .replay = replay,
        .name = name,
        .kind = kind,
        .half_duplex = head && head->half_duplex,
        .words = sim_words_new(head && head->chip[0] ? head->chip : name),
    };
    collect(bus);
    if (kind != SIM_TRACE_UART) {
        bus->poll = sim_polls_find(bus->seq, bus->count, &bus->polls);
    }
    write_bus(bus);
}

void sim_replay_init(struct sim_replay *replay, struct sim_cpu *cpu,
    const struct sim_recording *rec)
{
    *replay = (struct sim_replay){
        .cpu = cpu,
        .rec = rec,
        .event.fn = on_event,
    };
    for (size_t i = 0; i < rec->bus_count; i++) {
        add_bus(replay, rec->bus[i].name, rec->bus[i].kind);
    }
    for (size_t i = 0; i < rec->count; i++) {
        const struct sim_trace_item *item = &rec->event[i].item;

        if (sim_trace_is_bus(item->kind)) {
            add_bus(replay, item->where, item->kind);
        }
    }
}

void sim_replay_done(struct sim_replay *replay)
{
    sim_event_cancel(world_of(replay), &replay->event);
    for (size_t i = 0; i < replay->buses; i++) {
        struct sim_replay_bus *bus = &replay->bus[i];

        sim_trace_tape_done(&bus->tape);
        sim_words_free(bus->words);
        free(bus->seq);
        free(bus->place);
        free(bus->poll);
    }
    replay->buses = 0;
    replay->pins = 0;
}

static struct sim_replay_bus *find(struct sim_replay *replay, const char *name,
    enum sim_trace_kind kind)
{
    struct sim_replay_bus *found = NULL;

    for (size_t i = 0; i < replay->buses; i++) {
        struct sim_replay_bus *bus = &replay->bus[i];

        if (bus->kind == kind && (!name || strcmp(bus->name, name) == 0)) {
            if (found) {
                return NULL;
            }
            found = bus;
        }
    }
    return found;
}

struct nif_spi *sim_replay_spi(struct sim_replay *replay, const char *name)
{
    struct sim_replay_bus *bus = find(replay, name, SIM_TRACE_SPI);

    return bus ? &bus->spi : NULL;
}

struct nif_mdio *sim_replay_mdio(struct sim_replay *replay, const char *name)
{
    struct sim_replay_bus *bus = find(replay, name, SIM_TRACE_MDIO);

    return bus ? &bus->mdio : NULL;
}

struct nif_uart *sim_replay_uart(struct sim_replay *replay, const char *name)
{
    struct sim_replay_bus *bus = find(replay, name, SIM_TRACE_UART);

    return bus ? &bus->uart : NULL;
}

// ---- the end

// True if only turns of a poll loop are left.
static bool is_in_last_loop(const struct sim_replay_bus *bus)
{
    for (size_t i = 0; i < bus->polls; i++) {
        const struct sim_poll *poll = &bus->poll[i];

        if (poll->end == bus->count && bus->pos >= poll->first + poll->turn) {
            return true;
        }
    }
    return false;
}

static bool is_done(const struct sim_replay_bus *bus,
    const struct sim_trace_item **left)
{
    size_t pos = bus->pos;

    if (bus->kind == SIM_TRACE_UART) {
        size_t rx = sim__replay_uart_next(bus, bus->rx.at, true);

        pos = sim__replay_uart_next(bus, bus->tx.at, false);
        pos = rx < pos ? rx : pos;
    }
    if (pos >= bus->count || is_in_last_loop(bus)) {
        return true;
    }
    *left = bus->seq[bus->kind == SIM_TRACE_UART ? pos : bus->far];
    return false;
}

bool sim_replay_finish(struct sim_replay *replay)
{
    const struct sim_trace_item *left;

    for (size_t i = 0; i < replay->buses && !replay->diverged; i++) {
        if (!is_done(&replay->bus[i], &left)) {
            sim__replay_diverge(&replay->bus[i], left,
                "nothing: the driver stopped");
        }
    }
    return !replay->diverged;
}
