// SPDX-License-Identifier: MIT
//
// Recorders.

#include "sim/trace/record.h"

#include <stdlib.h>
#include <string.h>

static struct sim_spi_recorder *of(struct nif_spi *spi)
{
    return nif_container_of(spi, struct sim_spi_recorder, spi);
}

static int rec_select(struct nif_spi *spi)
{
    struct sim_spi_recorder *rec = of(spi);
    int err = rec->lower->ops->select(rec->lower);

    // After select(): the port may have had to wait for the bus.
    sim_trace_tape_begin(&rec->tape, rec->trace->world->now_ns);
    if (err != 0) {
        sim_trace_event(rec->trace, "fault", rec->name, "select %s",
            nif_err_name(err));
    }
    return err;
}

// One segment: MISO goes through the tape where the driver wants none.
static int record_seg(struct sim_spi_recorder *rec,
    const struct nif_spi_seg *seg)
{
    struct sim_trace_row row = sim_trace_tape_add(&rec->tape, seg->len);
    struct nif_spi_seg through = *seg;
    int err;

    if (!seg->rx && !(rec->bus && rec->bus->cfg.half_duplex)) {
        through.rx = row.miso;
    }
    err = rec->lower->ops->exchange(rec->lower, &through, 1);
    if (seg->tx) {
        memcpy(row.mosi, seg->tx, seg->len);
    } else {
        memset(row.mosi, 0, seg->len);
    }
    if (seg->rx) {
        memcpy(row.miso, seg->rx, seg->len);
    }
    if (rec->bus && rec->bus->driven) {
        memcpy(row.driven, rec->bus->driven, seg->len);
    } else {
        memset(row.driven, !rec->bus, seg->len);
    }
    return err;
}

static int rec_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    struct sim_spi_recorder *rec = of(spi);

    for (size_t i = 0; i < count && rec->tape.err == 0; i++) {
        if (segs[i].len > 0) {
            rec->tape.err = record_seg(rec, &segs[i]);
        }
    }
    return rec->tape.err;
}

static void rec_release(struct nif_spi *spi, uint32_t hold_ns)
{
    struct sim_spi_recorder *rec = of(spi);

    rec->lower->ops->release(rec->lower, hold_ns);
    sim_trace_tape_end(&rec->tape, rec->trace, rec->name);
}

static const struct nif_spi_ops rec_ops = {
    .select = rec_select,
    .exchange = rec_exchange,
    .release = rec_release,
};

static void write_bus(const struct sim_spi_recorder *rec, const char *chip)
{
    struct sim_trace_bus bus = { .kind = SIM_TRACE_SPI, .taped = "calls" };

    snprintf(bus.name, sizeof(bus.name), "%s", rec->name);
    snprintf(bus.chip, sizeof(bus.chip), "%s", chip);
    if (rec->bus) {
        bus.clock_hz = rec->bus->cfg.hz;
        bus.mode = rec->bus->cfg.mode;
        bus.half_duplex = rec->bus->cfg.half_duplex;
    }
    sim_trace_bus(rec->trace, &bus);
}

void sim_spi_record(struct sim_spi_recorder *rec, struct sim_trace *trace,
    const char *name, const char *chip, struct nif_spi *lower,
    struct sim_spi *bus)
{
    *rec = (struct sim_spi_recorder){
        .spi.ops = &rec_ops,
        .lower = lower,
        .bus = bus,
        .trace = trace,
        .name = name,
    };
    write_bus(rec, chip);
    if (bus) {
        bus->watch_driven = true;
    }
}

void sim_spi_record_done(struct sim_spi_recorder *rec)
{
    sim_trace_tape_done(&rec->tape);
}

// ---- MDIO

// Writes a frame that began at `at_ns`; `result` is what the bus returned.
static void record_frame(struct nif_mdio *mdio, struct sim_trace_item *item,
    uint64_t at_ns, int result)
{
    struct sim_mdio_recorder *rec =
        nif_container_of(mdio, struct sim_mdio_recorder, mdio);

    item->kind = SIM_TRACE_MDIO;
    item->where = rec->name;
    item->at_ns = at_ns;
    item->len_ns = rec->trace->world->now_ns - at_ns;
    item->index = rec->index++;
    item->flags = result < 0 ? (unsigned)SIM_TRACE_ERROR : 0;
    sim_trace_put(rec->trace, item);
}

static int rec_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    struct sim_mdio_recorder *rec =
        nif_container_of(mdio, struct sim_mdio_recorder, mdio);
    uint64_t at_ns = rec->trace->world->now_ns;
    int got = rec->lower->ops->read(rec->lower, phy, reg);

    record_frame(mdio,
        &(struct sim_trace_item){ .op = SIM_TRACE_MDIO_READ,
            .phy = phy,
            .reg = reg,
            .value = (uint16_t)(got < 0 ? 0 : got) },
        at_ns, got);
    return got;
}

static int rec_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    struct sim_mdio_recorder *rec =
        nif_container_of(mdio, struct sim_mdio_recorder, mdio);
    uint64_t at_ns = rec->trace->world->now_ns;
    int err = rec->lower->ops->write(rec->lower, phy, reg, value);

    record_frame(mdio,
        &(struct sim_trace_item){ .op = SIM_TRACE_MDIO_WRITE,
            .phy = phy,
            .reg = reg,
            .value = value },
        at_ns, err);
    return err;
}

static const struct nif_mdio_ops rec_mdio_ops = {
    .read = rec_read,
    .write = rec_write,
};

void sim_mdio_record(struct sim_mdio_recorder *rec, struct sim_trace *trace,
    const char *name, const char *chip, struct nif_mdio *lower, uint32_t hz)
{
    struct sim_trace_bus bus = {
        .kind = SIM_TRACE_MDIO,
        .taped = "calls",
        .clock_hz = hz,
    };

    *rec = (struct sim_mdio_recorder){
        .mdio.ops = &rec_mdio_ops,
        .lower = lower,
        .trace = trace,
        .name = name,
    };
    snprintf(bus.name, sizeof(bus.name), "%s", name);
    snprintf(bus.chip, sizeof(bus.chip), "%s", chip);
    sim_trace_bus(trace, &bus);
}

// ---- pins and cables

static void on_pin(struct sim_pin *pin, void *arg, bool level)
{
    sim_trace_event(arg, "pin", pin->name, "%d", level);
}

void sim_pin_record(struct sim_trace *trace, struct sim_pin *pin)
{
    pin->on_change = on_pin;
    pin->change_arg = trace;
}

static void on_cable(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    struct sim_cable_recorder *rec = arg;

    (void)sent_ns;
    if (!frame->cut && sim_fcs_good(frame->data, frame->len)) {
        sim_trace_frame(rec->trace, rec->name, side == rec->side ? "tx" : "rx",
            frame->data, frame->len - SIM_FCS);
    }
}

void sim_cable_record(struct sim_cable_recorder *rec, struct sim_trace *trace,
    const char *name, struct sim_cable *cable, unsigned side)
{
    *rec = (struct sim_cable_recorder){
        .trace = trace,
        .tap = { .fn = on_cable, .arg = rec },
        .side = side,
        .name = name,
    };
    sim_cable_watch(cable, &rec->tap);
}
