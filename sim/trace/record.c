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

static uint8_t *mosi(struct sim_spi_recorder *rec)
{
    return rec->bytes;
}

static uint8_t *miso(struct sim_spi_recorder *rec)
{
    return rec->bytes + rec->cap;
}

static uint8_t *driven(struct sim_spi_recorder *rec)
{
    return rec->bytes + 2 * rec->cap;
}

static int rec_select(struct nif_spi *spi)
{
    struct sim_spi_recorder *rec = of(spi);
    int err = rec->lower->ops->select(rec->lower);

    // After select(): the port may have had to wait for the bus.
    rec->at_ns = rec->trace->world->now_ns;
    rec->len = 0;
    rec->segs = 0;
    rec->err = 0;
    if (err != 0) {
        sim_trace_event(rec->trace, "fault", rec->name, "select %s",
            nif_err_name(err));
    }
    return err;
}

static void make_room(struct sim_spi_recorder *rec, size_t len)
{
    size_t cap = rec->cap ? rec->cap : 2048;
    uint8_t *bytes;

    if (rec->len + len <= rec->cap) {
        return;
    }
    while (cap < rec->len + len) {
        cap *= 2;
    }
    bytes = malloc(3 * cap);
    NIF_ASSERT(bytes != NULL);
    for (size_t i = 0; i < 3 && rec->len > 0; i++) {
        memcpy(bytes + i * cap, rec->bytes + i * rec->cap, rec->len);
    }
    free(rec->bytes);
    rec->bytes = bytes;
    rec->cap = cap;
}

// One segment: MISO goes through a buffer of ours where the driver wants
// none, so that the trace has it.
static int record_seg(struct sim_spi_recorder *rec,
    const struct nif_spi_seg *seg)
{
    struct nif_spi_seg through = *seg;
    int err;

    make_room(rec, seg->len);
    if (!seg->rx && !(rec->bus && rec->bus->cfg.half_duplex)) {
        through.rx = miso(rec) + rec->len;
    }
    err = rec->lower->ops->exchange(rec->lower, &through, 1);
    if (seg->tx) {
        memcpy(mosi(rec) + rec->len, seg->tx, seg->len);
    } else {
        memset(mosi(rec) + rec->len, 0, seg->len);
    }
    if (seg->rx) {
        memcpy(miso(rec) + rec->len, seg->rx, seg->len);
    }
    if (rec->bus) {
        memcpy(driven(rec) + rec->len, rec->bus->driven, seg->len);
    } else {
        memset(driven(rec) + rec->len, 1, seg->len);
    }
    rec->len += seg->len;
    if (rec->segs < nif_countof(rec->seg_len)) {
        rec->seg_len[rec->segs++] = seg->len;
    } else {
        rec->seg_len[rec->segs - 1] += seg->len;
    }
    return err;
}

static int rec_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    struct sim_spi_recorder *rec = of(spi);

    for (size_t i = 0; i < count && rec->err == 0; i++) {
        if (segs[i].len > 0) {
            rec->err = record_seg(rec, &segs[i]);
        }
    }
    return rec->err;
}

static void rec_release(struct nif_spi *spi, uint32_t hold_ns)
{
    struct sim_spi_recorder *rec = of(spi);
    struct sim_trace_spi t = { 0 };

    rec->lower->ops->release(rec->lower, hold_ns);
    make_room(rec, 1);
    t.bus = rec->name;
    t.index = rec->index++;
    t.at_ns = rec->at_ns;
    t.mosi = mosi(rec);
    t.miso = miso(rec);
    t.driven = driven(rec);
    t.seg_len = rec->seg_len;
    t.segs = rec->segs;
    t.err = rec->err;
    sim_trace_spi(rec->trace, &t);
}

static const struct nif_spi_ops rec_ops = {
    .select = rec_select,
    .exchange = rec_exchange,
    .release = rec_release,
};

void sim_spi_record(struct sim_spi_recorder *rec, struct sim_trace *trace,
    const char *name, struct nif_spi *lower, struct sim_spi *bus)
{
    *rec = (struct sim_spi_recorder){
        .spi.ops = &rec_ops,
        .lower = lower,
        .bus = bus,
        .trace = trace,
        .name = name,
    };
    if (bus) {
        bus->watch_driven = true;
    }
}

void sim_spi_record_done(struct sim_spi_recorder *rec)
{
    free(rec->bytes);
    rec->bytes = NULL;
    rec->cap = 0;
}

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
