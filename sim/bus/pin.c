// SPDX-License-Identifier: MIT
//
// One simulated line between a chip and a processor.

#include "sim/bus/pin.h"

#include "sim/trace/trace.h"

static struct sim_pin *of(struct nif_pin *pin)
{
    return nif_container_of(pin, struct sim_pin, pin);
}

static void change(struct sim_pin *pin, bool level)
{
    pin->level = level;
    if (pin->cpu->world->trace) {
        sim_trace_event(pin->cpu->world->trace, "pin", pin->name, "%d", level);
    }
    if (pin->on_change) {
        pin->on_change(pin, pin->change_arg, level);
    }
}

static bool pin_read(struct nif_pin *nif)
{
    struct sim_pin *pin = of(nif);

    sim_cpu_step(pin->cpu);
    return pin->level;
}

static void pin_write(struct nif_pin *nif, bool level)
{
    struct sim_pin *pin = of(nif);

    sim_cpu_step(pin->cpu);
    if (pin->on_write && level != pin->level) {
        change(pin, level);
        pin->on_write(pin, pin->write_arg, level);
    }
}

static void pin_on_edge(struct nif_pin *nif, bool rising, nif_pin_edge_fn *fn,
    void *arg)
{
    struct sim_pin *pin = of(nif);

    sim_cpu_step(pin->cpu);
    pin->rising = rising;
    pin->edge_fn = fn;
    pin->edge_arg = arg;
}

static const struct nif_pin_ops pin_ops = {
    .read = pin_read,
    .write = pin_write,
    .on_edge = pin_on_edge,
};

void sim_pin_init(struct sim_pin *pin, struct sim_cpu *cpu, const char *name,
    bool level)
{
    *pin = (struct sim_pin){
        .pin.ops = &pin_ops,
        .cpu = cpu,
        .name = name,
        .level = level,
    };
}

void sim_pin_drive(struct sim_pin *pin, bool level)
{
    if (!pin || pin->level == level) {
        return;
    }
    change(pin, level);
    if (!pin->edge_fn || pin->rising != level) {
        return;
    }
    if (pin->lose_edges > 0) {
        pin->lose_edges--;
        return;
    }
    pin->cpu->interrupt++;
    pin->edge_fn(pin->edge_arg);
    pin->cpu->interrupt--;
}
