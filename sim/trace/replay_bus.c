// SPDX-License-Identifier: MIT
//
// The player's buses with transactions: SPI and MDIO.

#include "sim/trace/replay.h"

#include <stdlib.h>
#include <string.h>

// ---- which recorded transaction is meant

// The bytes that the driver has sent so far are those of `item`.
static bool fits_spi(const struct sim_trace_item *item, size_t done,
    const struct sim_trace_item *got)
{
    bool failed = (item->flags & SIM_TRACE_ERROR) != 0;

    if (item->kind != SIM_TRACE_SPI || (item->flags & SIM_TRACE_UNSEEN)) {
        return false;
    }
    // A port that fails does not get to the end.
    if (done + got->len > item->len && !failed) {
        return false;
    }
    for (size_t i = 0; i < got->len && done + i < item->len; i++) {
        bool known = (!item->data_known || item->data_known[done + i]) &&
            got->data_known[i];

        if (known && got->data[i] != item->data[done + i]) {
            return false;
        }
    }
    return true;
}

static bool fits(const struct sim_trace_item *item,
    const struct sim_trace_item *got)
{
    struct sim_trace_item same = *got;

    same.flags = item->flags; // that is part of the answer
    return got->kind == SIM_TRACE_SPI ? fits_spi(item, 0, got)
                                      : sim_trace_same_request(item, &same);
}

// A slow driver asks less often: turns of a poll loop whose time is over are
// left out, so that it is told what was true by then.
static void leave_out_late_turns(struct sim_replay_bus *bus)
{
    uint64_t now_ns = bus->replay->cpu->world->now_ns;

    for (size_t i = 0; i < bus->polls; i++) {
        const struct sim_poll *poll = &bus->poll[i];

        while (bus->pos >= poll->first && bus->pos + poll->turn < poll->end &&
            bus->seq[bus->pos + poll->turn]->at_ns < now_ns) {
            bus->pos += poll->turn;
            bus->replay->turns_fewer++;
        }
    }
}

// The place of what the driver asks for; bus->count if the recording does not
// have it here.
static size_t choose(struct sim_replay_bus *bus,
    const struct sim_trace_item *got)
{
    size_t pos;

    leave_out_late_turns(bus);
    pos = bus->pos;
    if (pos >= bus->count || fits(bus->seq[pos], got)) {
        return pos;
    }
    for (size_t i = 0; i < bus->polls; i++) {
        const struct sim_poll *poll = &bus->poll[i];
        bool begun = pos >= poll->first + poll->turn;

        if (begun && pos < poll->end && (poll->end - pos) % poll->turn == 0 &&
            poll->end < bus->count && fits(bus->seq[poll->end], got)) {
            bus->replay->turns_fewer += (poll->end - pos) / poll->turn;
            return poll->end;
        }
        if (pos == poll->end && fits(bus->seq[pos - poll->turn], got)) {
            bus->replay->turns_more++;
            return pos - poll->turn;
        }
    }
    return bus->count;
}

static void diverge(struct sim_replay_bus *bus,
    const struct sim_trace_item *want, const struct sim_trace_item *got)
{
    char text[SIM_WORDS];

    sim_words_ask(bus->words, got, text);
    sim__replay_diverge(bus, want, text);
}

// The recorded transaction that the driver's request begins; NULL if there is
// none: the two part here, or the recording is over.
static const struct sim_trace_item *take(struct sim_replay_bus *bus,
    const struct sim_trace_item *got)
{
    const struct sim_trace_item *item;
    size_t pos;

    if (bus->replay->diverged || bus->replay->over) {
        return NULL;
    }
    if (bus->pos >= bus->count) {
        bus->replay->over = true;
        return NULL;
    }
    pos = choose(bus, got);
    if (pos >= bus->count) {
        // In a turn more it is what was never reached that is missing.
        diverge(bus, bus->seq[bus->far], got);
        return NULL;
    }
    item = bus->seq[pos];
    bus->pos = pos + 1;
    bus->far = bus->pos > bus->far ? bus->pos : bus->far;
    return sim__replay_step(bus, item) ? item : NULL;
}

// ---- SPI

static struct sim_replay_bus *of_spi(struct nif_spi *spi)
{
    return nif_container_of(spi, struct sim_replay_bus, spi);
}

// Which error a recorded "select NIF_EIO" stands for.
static int error_of(const char *text)
{
    for (int err = -1; err > -64; err--) {
        if (strcmp(text + strlen("select "), nif_err_name(err)) == 0) {
            return err;
        }
    }
    return NIF_EIO;
}

static int replay_select(struct nif_spi *spi)
{
    struct sim_replay_bus *bus = of_spi(spi);
    struct sim_world *world = bus->replay->cpu->world;
    int err = sim_cpu_bus_call(bus->replay->cpu, bus->name);
    const struct sim_trace_item *next;

    if (err != 0 || bus->replay->diverged || bus->replay->over) {
        return NIF_EIO;
    }
    next = bus->pos < bus->count ? bus->seq[bus->pos] : NULL;
    if (next && next->kind == SIM_TRACE_FAULT) {
        sim__replay_wait(bus, next->at_ns);
        bus->far = ++bus->pos;
        if (world->trace) {
            sim_trace_event(world->trace, "fault", bus->name, "%s", next->text);
        }
        return sim__replay_step(bus, next) ? error_of(next->text) : NIF_EIO;
    }
    bus->selected = true;
    bus->item = NULL;
    bus->done = 0;
    // A late driver's poll is not put off to a turn whose time is over.
    leave_out_late_turns(bus);
    if (bus->pos < bus->count) {
        sim__replay_wait(bus, bus->seq[bus->pos]->at_ns);
    }
    bus->begin_ns = world->now_ns;
    sim_trace_tape_begin(&bus->tape, world->now_ns);
    return 0;
}

// What the driver sends in this call, as an event; `*memory` is to be freed.
static struct sim_trace_item sent(const struct sim_replay_bus *bus,
    const struct nif_spi_seg *segs, size_t count, uint8_t **memory)
{
    struct sim_trace_item got = { .kind = SIM_TRACE_SPI, .where = bus->name };
    uint8_t *data;
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        got.len += segs[i].len;
    }
    *memory = data = calloc(2 * got.len + 1, 1);
    NIF_ASSERT(data != NULL);
    for (size_t i = 0; i < count; i++) {
        if (segs[i].tx) {
            memcpy(data + len, segs[i].tx, segs[i].len);
        }
        memset(data + got.len + len, segs[i].tx || !bus->half_duplex,
            segs[i].len);
        len += segs[i].len;
    }
    got.data = data;
    got.data_known = data + got.len;
    return got;
}

// Byte `at` of the answer. On one data line both directions stand as MOSI, if
// it was probed rather than recorded at the driver's calls.
static uint8_t answer(const struct sim_replay_bus *bus, size_t at, bool *known)
{
    const struct sim_trace_item *item = bus->item;
    bool line = bus->half_duplex && sim_trace_answer_mask(item, at) == 0;

    bool ours = ((const struct sim_recorded *)item)->mask_is_ours;

    *known = line || sim_trace_answer_mask(item, at) != 0 ||
        (ours && item->miso_known[at]);
    if (line) {
        return item->data[at];
    }
    return *known ? item->miso[at]
                  : sim_noise(bus->replay->cpu->world,
                        bus->begin_ns ^ (uint64_t)at << 40);
}

// Answers one segment and lets its time pass. Returns 0, or NIF_EIO where the
// recorded port failed.
static int answer_seg(struct sim_replay_bus *bus, const struct nif_spi_seg *seg)
{
    const struct sim_trace_item *item = bus->item;
    size_t len =
        seg->len < item->len - bus->done ? seg->len : item->len - bus->done;
    struct sim_trace_row row = sim_trace_tape_add(&bus->tape, len);

    for (size_t i = 0; i < len; i++) {
        bool known;
        uint8_t byte = answer(bus, bus->done + i, &known);

        row.mosi[i] = seg->tx ? seg->tx[i] : 0;
        row.miso[i] = byte;
        row.driven[i] = known;
        if (seg->rx) {
            seg->rx[i] = byte;
        }
    }
    bus->done += len;
    sim__replay_wait(bus,
        bus->begin_ns + item->len_ns * bus->done / (item->len + 1));
    return bus->done == item->len && (item->flags & SIM_TRACE_ERROR) ? NIF_EIO
                                                                     : 0;
}

static int replay_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    struct sim_replay_bus *bus = of_spi(spi);
    uint8_t *memory;
    struct sim_trace_item got = sent(bus, segs, count, &memory);
    bool first = bus->item == NULL;
    int err = 0;

    if (first) {
        bus->item = take(bus, &got);
    } else if (!bus->replay->diverged &&
        !fits_spi(bus->item, bus->done, &got)) {
        diverge(bus, bus->item, &got);
    }
    free(memory);
    if (!bus->item || bus->replay->diverged) {
        return NIF_EIO;
    }
    for (size_t i = 0; i < count && err == 0; i++) {
        err = answer_seg(bus, &segs[i]);
    }
    bus->tape.err = err;
    return err;
}

static void replay_release(struct nif_spi *spi, uint32_t hold_ns)
{
    struct sim_replay_bus *bus = of_spi(spi);
    struct sim_world *world = bus->replay->cpu->world;
    struct sim_trace_item nothing = { .kind = SIM_TRACE_SPI,
        .where = bus->name };
    char text[SIM_WORDS];

    (void)hold_ns; // the recorded time has it
    if (!bus->selected) {
        return;
    }
    bus->selected = false;
    if (!bus->item) {
        bus->item = take(bus, &nothing);
    }
    if (!bus->item || bus->replay->diverged) {
        return;
    }
    sim__replay_wait(bus, bus->begin_ns + bus->item->len_ns);
    if (bus->done < bus->item->len) {
        snprintf(text, sizeof(text), "its end after %zu of %zu bytes",
            bus->done, bus->item->len);
        sim__replay_diverge(bus, bus->item, text);
    }
    if (world->trace) {
        sim_trace_tape_end(&bus->tape, world->trace, bus->name);
    }
}

const struct nif_spi_ops sim__replay_spi_ops = {
    .select = replay_select,
    .exchange = replay_exchange,
    .release = replay_release,
};

// ---- MDIO

static struct sim_replay_bus *of_mdio(struct nif_mdio *mdio)
{
    return nif_container_of(mdio, struct sim_replay_bus, mdio);
}

static int mdio_frame(struct sim_replay_bus *bus, struct sim_trace_item *got)
{
    struct sim_world *world = bus->replay->cpu->world;
    const struct sim_trace_item *item;

    got->kind = SIM_TRACE_MDIO;
    got->where = bus->name;
    if (sim_cpu_bus_call(bus->replay->cpu, bus->name) != 0) {
        return NIF_EIO;
    }
    item = take(bus, got);
    if (!item) {
        return NIF_EIO;
    }
    sim__replay_wait(bus, item->at_ns);
    got->at_ns = world->now_ns;
    got->len_ns = item->len_ns;
    got->flags = item->flags;
    got->index = bus->tape.index++;
    got->value = item->value;
    sim__replay_wait(bus, world->now_ns + item->len_ns);
    if (world->trace) {
        sim_trace_put(world->trace, got);
    }
    return item->flags & SIM_TRACE_ERROR ? NIF_EIO : (int)item->value;
}

static int replay_mdio_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    return mdio_frame(of_mdio(mdio),
        &(struct sim_trace_item){ .op = SIM_TRACE_MDIO_READ,
            .phy = phy,
            .reg = reg });
}

static int replay_mdio_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    int err = mdio_frame(of_mdio(mdio),
        &(struct sim_trace_item){ .op = SIM_TRACE_MDIO_WRITE,
            .phy = phy,
            .reg = reg,
            .value = value });

    return err < 0 ? err : 0;
}

const struct nif_mdio_ops sim__replay_mdio_ops = {
    .read = replay_mdio_read,
    .write = replay_mdio_write,
};
