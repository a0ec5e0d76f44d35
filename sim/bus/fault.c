// SPDX-License-Identifier: MIT
//
// Faults of an SPI bus.

#include "sim/bus/fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_spi_fault *of(struct nif_spi *spi)
{
    return nif_container_of(spi, struct sim_spi_fault, spi);
}

// The fault of that kind that hits transaction `n`, or NULL.
static const struct sim_fault *hit(const struct sim_spi_fault *wrap, uint64_t n,
    enum sim_fault_kind kind)
{
    for (size_t i = 0; i < wrap->fault_count; i++) {
        const struct sim_fault *f = &wrap->fault[i];

        if (f->kind == kind && n >= f->at && n - f->at < f->count) {
            return f;
        }
    }
    return NULL;
}

static bool hit_any(const struct sim_spi_fault *wrap, uint64_t n)
{
    for (size_t i = 0; i < wrap->fault_count; i++) {
        if (hit(wrap, n, wrap->fault[i].kind)) {
            return true;
        }
    }
    return false;
}

static int fault_select(struct nif_spi *spi)
{
    struct sim_spi_fault *wrap = of(spi);
    uint64_t n = wrap->transactions++;

    wrap->at = 0;
    wrap->hits += hit_any(wrap, n);
    if (hit(wrap, n, SIM_FAULT_EIO)) {
        int err = sim_cpu_bus_call(wrap->cpu, "spi");

        return err ? err : NIF_EIO;
    }
    wrap->deaf = hit(wrap, n, SIM_FAULT_DEAF) != NULL;
    return wrap->deaf ? sim_cpu_bus_call(wrap->cpu, "spi")
                      : wrap->lower->ops->select(wrap->lower);
}

static void spoil(struct sim_spi_fault *wrap, uint64_t n,
    const struct nif_spi_seg *seg)
{
    const struct sim_fault *stuck = hit(wrap, n, SIM_FAULT_STUCK);
    const struct sim_fault *flip = hit(wrap, n, SIM_FAULT_FLIP);
    bool noise = wrap->deaf || hit(wrap, n, SIM_FAULT_NOISE);

    for (size_t i = 0; seg->rx && i < seg->len; i++) {
        if (stuck) {
            seg->rx[i] = stuck->value;
        } else if (noise) {
            seg->rx[i] = sim_noise(wrap->cpu->world,
                n << 16 ^ (wrap->at + i) ^ 1u << 31);
        } else if (flip && flip->byte == wrap->at + i) {
            seg->rx[i] ^= flip->value;
        }
    }
    wrap->at += seg->len;
}

static int fault_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    struct sim_spi_fault *wrap = of(spi);
    uint64_t n = wrap->transactions - 1;
    int err = 0;

    if (wrap->fault_count == 0 && !wrap->deaf) {
        return wrap->lower->ops->exchange(wrap->lower, segs, count);
    }
    if (wrap->deaf) {
        for (size_t i = 0; i < count; i++) {
            sim_pass_ns(wrap->cpu->world, 400 * segs[i].len);
        }
    } else {
        err = wrap->lower->ops->exchange(wrap->lower, segs, count);
    }
    for (size_t i = 0; i < count; i++) {
        spoil(wrap, n, &segs[i]);
    }
    return hit(wrap, n, SIM_FAULT_EIO_LATE) ? NIF_EIO : err;
}

static void fault_release(struct nif_spi *spi, uint32_t hold_ns)
{
    struct sim_spi_fault *wrap = of(spi);

    if (!wrap->deaf) {
        wrap->lower->ops->release(wrap->lower, hold_ns);
    }
}

static const struct nif_spi_ops fault_ops = {
    .select = fault_select,
    .exchange = fault_exchange,
    .release = fault_release,
};

void sim_spi_fault_init(struct sim_spi_fault *wrap, struct sim_cpu *cpu,
    struct nif_spi *lower)
{
    *wrap = (struct sim_spi_fault){
        .spi.ops = &fault_ops,
        .cpu = cpu,
        .lower = lower,
    };
}

void sim_spi_fault_add(struct sim_spi_fault *wrap,
    const struct sim_fault *fault)
{
    NIF_ASSERT(wrap->fault_count < SIM_FAULTS_MAX);
    wrap->fault[wrap->fault_count++] = *fault;
}

void sim_spi_fault_clear(struct sim_spi_fault *wrap)
{
    wrap->fault_count = 0;
}

// ---- as text

static const char *const names[] = {
    [SIM_FAULT_EIO] = "spi.error",
    [SIM_FAULT_EIO_LATE] = "spi.error-late",
    [SIM_FAULT_STUCK] = "miso.stuck",
    [SIM_FAULT_NOISE] = "miso.noise",
    [SIM_FAULT_FLIP] = "miso.flip",
    [SIM_FAULT_DEAF] = "spi.deaf",
    [SIM_FAULT_TX_DROP] = "tx.drop",
    [SIM_FAULT_TX_FLIP] = "tx.flip",
    [SIM_FAULT_TX_INSERT] = "tx.insert",
    [SIM_FAULT_RX_DROP] = "rx.drop",
    [SIM_FAULT_RX_FLIP] = "rx.flip",
    [SIM_FAULT_RX_INSERT] = "rx.insert",
    [SIM_FAULT_RX_STUCK] = "rx.stuck",
    [SIM_FAULT_RX_NOISE] = "rx.noise",
    [SIM_FAULT_WRITE_EIO] = "uart.write-error",
    [SIM_FAULT_READ_EIO] = "uart.read-error",
};

void sim_fault_format(const struct sim_fault *fault, char text[SIM_FAULT_TEXT])
{
    snprintf(text, SIM_FAULT_TEXT,
        "%s at=%" PRIu64 " count=%" PRIu64 " byte=%zu value=%02x",
        names[fault->kind], fault->at, fault->count, fault->byte, fault->value);
}

// Reads " name=" and a number behind it. Returns what follows, or NULL.
static const char *number(const char *text, const char *name, int base,
    uint64_t *value)
{
    size_t len = strlen(name);
    char *end;

    if (!text || strncmp(text, name, len) != 0) {
        return NULL;
    }
    errno = 0;
    *value = strtoull(text + len, &end, base);
    return end == text + len || errno != 0 ? NULL : end;
}

bool sim_fault_parse(const char *text, struct sim_fault *fault)
{
    size_t name_len = strcspn(text, " ");
    struct sim_fault f = { 0 };
    uint64_t byte = 0;
    uint64_t value = 0;
    const char *rest;

    rest = number(text + name_len, " at=", 10, &f.at);
    rest = number(rest, " count=", 10, &f.count);
    rest = number(rest, " byte=", 10, &byte);
    rest = number(rest, " value=", 16, &value);
    if (!rest || *rest != '\0' || value > 0xFF) {
        return false;
    }
    f.byte = (size_t)byte;
    f.value = (uint8_t)value;
    for (size_t i = 0; i < nif_countof(names); i++) {
        if (strlen(names[i]) == name_len &&
            memcmp(text, names[i], name_len) == 0) {
            f.kind = (enum sim_fault_kind)i;
            *fault = f;
            return true;
        }
    }
    return false;
}
