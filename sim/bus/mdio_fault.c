// SPDX-License-Identifier: MIT
//
// Faults of an MDIO bus.

#include "sim/bus/mdio_fault.h"

static struct sim_mdio_fault *of(struct nif_mdio *mdio)
{
    return nif_container_of(mdio, struct sim_mdio_fault, mdio);
}

// Counts a frame. Returns the fault that hits it, or NULL.
static const struct sim_mdio_fault_cfg *next(struct sim_mdio_fault *wrap)
{
    const struct sim_mdio_fault_cfg *f = &wrap->fault;
    uint64_t n = wrap->frames++;

    if (n < f->at || n - f->at >= f->count) {
        return NULL;
    }
    wrap->hits++;
    return f;
}

static int fail(struct sim_mdio_fault *wrap)
{
    int err = sim_cpu_bus_call(wrap->cpu, "mdio");

    return err != 0 ? err : NIF_EIO;
}

static int fault_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    struct sim_mdio_fault *wrap = of(mdio);
    const struct sim_mdio_fault_cfg *f = next(wrap);
    uint64_t salt = wrap->frames << 1;
    int got;

    if (f && f->kind == SIM_MDIO_EIO) {
        return fail(wrap);
    }
    got = wrap->lower->ops->read(wrap->lower, phy, reg);
    if (!f || got < 0) {
        return got;
    }
    if (f->kind == SIM_MDIO_STUCK) {
        return f->value;
    }
    if (f->kind == SIM_MDIO_FLIP) {
        return got ^ f->value;
    }
    return sim_noise(wrap->cpu->world, salt) << 8 |
        sim_noise(wrap->cpu->world, salt + 1);
}

static int fault_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    struct sim_mdio_fault *wrap = of(mdio);
    const struct sim_mdio_fault_cfg *f = next(wrap);

    if (f && f->kind == SIM_MDIO_EIO) {
        return fail(wrap);
    }
    return wrap->lower->ops->write(wrap->lower, phy, reg, value);
}

static const struct nif_mdio_ops fault_ops = {
    .read = fault_read,
    .write = fault_write,
};

void sim_mdio_fault_init(struct sim_mdio_fault *wrap, struct sim_cpu *cpu,
    struct nif_mdio *lower)
{
    *wrap = (struct sim_mdio_fault){
        .mdio.ops = &fault_ops,
        .lower = lower,
        .cpu = cpu,
    };
}

void sim_mdio_fault_set(struct sim_mdio_fault *wrap,
    const struct sim_mdio_fault_cfg *fault)
{
    wrap->fault = fault ? *fault : (struct sim_mdio_fault_cfg){ .count = 0 };
}
