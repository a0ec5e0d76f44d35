// SPDX-License-Identifier: MIT
//
// The simulated SPI bus.

#include "sim/bus/spi.h"

#include <stdlib.h>
#include <string.h>

static struct sim_spi *of(struct nif_spi *spi)
{
    return nif_container_of(spi, struct sim_spi, spi);
}

static int bus_select(struct nif_spi *spi)
{
    struct sim_spi *bus = of(spi);
    struct sim_world *world = bus->cpu->world;
    int err = sim_cpu_bus_call(bus->cpu, "spi");

    if (err != 0) {
        return err;
    }
    NIF_ASSERT(!bus->selected);
    if (world->now_ns < bus->free_ns) {
        sim_pass_ns(world, bus->free_ns - world->now_ns);
    }
    bus->selected = true;
    if (world->trace) {
        sim_trace_tape_begin(&bus->tape, world->now_ns);
    }
    if (bus->chip) {
        bus->chip->ops->select(bus->chip);
    }
    sim_pass_ns(world, bus->cfg.setup_ns);
    return 0;
}

// Remembers which bytes of this exchange are driven.
static uint8_t *driven_room(struct sim_spi *bus, const struct nif_spi_seg *segs,
    size_t count)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        len += segs[i].len;
    }
    if (len > bus->driven_cap) {
        uint8_t *room = realloc(bus->driven, len);

        NIF_ASSERT(room != NULL);
        bus->driven = room;
        bus->driven_cap = len;
    }
    return bus->driven;
}

static void exchange_seg(struct sim_spi *bus, const struct nif_spi_seg *seg,
    uint8_t *driven)
{
    struct sim_world *world = bus->cpu->world;
    struct sim_spi_chip *chip = bus->chip;
    int idle = bus->cfg.half_duplex ? -1 : 0;

    for (size_t i = 0; i < seg->len; i++) {
        int miso = -1;

        sim_strike(world);
        if (chip) {
            miso = chip->ops->exchange(chip, seg->tx ? seg->tx[i] : idle);
        }
        if (seg->rx) {
            seg->rx[i] = miso >= 0
                ? (uint8_t)miso
                : sim_noise(world, world->now_ns ^ (bus->byte_count << 40));
        }
        if (driven) {
            driven[i] = miso >= 0;
        }
        bus->byte_count++;
        sim_pass_ns(world, bus->byte_ns);
    }
}

// What the host did not listen to stands as undriven: nobody has it.
static void write_down(struct sim_spi *bus, const struct nif_spi_seg *seg,
    const uint8_t *driven)
{
    struct sim_trace_row row = sim_trace_tape_add(&bus->tape, seg->len);

    memset(row.mosi, 0, seg->len);
    memset(row.driven, 0, seg->len);
    if (seg->tx) {
        memcpy(row.mosi, seg->tx, seg->len);
    }
    if (seg->rx && driven) {
        memcpy(row.miso, seg->rx, seg->len);
        memcpy(row.driven, driven, seg->len);
    }
}

static int bus_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    struct sim_spi *bus = of(spi);
    uint8_t *driven = bus->watch_driven || bus->cpu->world->trace
        ? driven_room(bus, segs, count)
        : NULL;

    NIF_ASSERT(bus->selected);
    for (size_t i = 0; i < count; i++) {
        if (bus->cfg.half_duplex && segs[i].tx && segs[i].rx) {
            sim_complain(bus->cpu->world, "spi",
                "both directions at once on one data line");
            return NIF_EIO;
        }
        exchange_seg(bus, &segs[i], driven);
        if (bus->cpu->world->trace) {
            write_down(bus, &segs[i], driven);
        }
        if (driven) {
            driven += segs[i].len;
        }
    }
    return 0;
}

static void bus_release(struct nif_spi *spi, uint32_t hold_ns)
{
    struct sim_spi *bus = of(spi);
    struct sim_world *world = bus->cpu->world;

    NIF_ASSERT(bus->selected);
    sim_pass_ns(world, hold_ns > bus->cfg.hold_ns ? hold_ns : bus->cfg.hold_ns);
    if (bus->chip) {
        bus->chip->ops->release(bus->chip);
    }
    if (world->trace) {
        sim_trace_tape_end(&bus->tape, world->trace, "spi");
    }
    bus->selected = false;
    bus->free_ns = world->now_ns + bus->cfg.gap_ns;
}

static const struct nif_spi_ops bus_ops = {
    .select = bus_select,
    .exchange = bus_exchange,
    .release = bus_release,
};

void sim_spi_init(struct sim_spi *bus, struct sim_cpu *cpu,
    struct sim_spi_chip *chip, const struct sim_spi_cfg *cfg)
{
    *bus = (struct sim_spi){ .spi.ops = &bus_ops, .cpu = cpu, .chip = chip };
    if (cfg) {
        bus->cfg = *cfg;
    }
    if (bus->cfg.hz == 0) {
        bus->cfg.hz = 20000000;
    }
    if (bus->cfg.setup_ns == 0) {
        bus->cfg.setup_ns = 60;
    }
    if (bus->cfg.hold_ns == 0) {
        bus->cfg.hold_ns = 20;
    }
    if (bus->cfg.gap_ns == 0) {
        bus->cfg.gap_ns = 60;
    }
    bus->byte_ns = (uint32_t)(8 * SIM_S / bus->cfg.hz);
    if (chip) {
        chip->hz = bus->cfg.hz;
        chip->mode = bus->cfg.mode;
        chip->byte_ns = bus->byte_ns;
    }
}

void sim_spi_done(struct sim_spi *bus)
{
    free(bus->driven);
    bus->driven = NULL;
    bus->driven_cap = 0;
    sim_trace_tape_done(&bus->tape);
}
