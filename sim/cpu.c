// SPDX-License-Identifier: MIT
//
// The processor of a simulated board.

#include "sim/cpu.h"

#include "nif/err.h"

void sim_cpu_step(struct sim_cpu *cpu)
{
    // An interrupt handler runs within an event, which takes no time.
    if (cpu->interrupt == 0) {
        sim_pass_ns(cpu->world, cpu->cost_ns);
    }
}

int sim_cpu_bus_call(struct sim_cpu *cpu, const char *bus)
{
    if (cpu->interrupt != 0) {
        sim_complain(cpu->world, bus, "bus call from an interrupt handler");
        return NIF_EIO;
    }
    cpu->bus_calls++;
    sim_strike(cpu->world);
    sim_cpu_step(cpu);
    return 0;
}

static uint64_t cpu_now_us(struct nif_clock *clock)
{
    struct sim_cpu *cpu = nif_container_of(clock, struct sim_cpu, clock);

    sim_cpu_step(cpu);
    return cpu->world->now_ns / 1000;
}

static void cpu_delay_us(struct nif_clock *clock, uint32_t us)
{
    struct sim_cpu *cpu = nif_container_of(clock, struct sim_cpu, clock);

    sim_pass_ns(cpu->world, (uint64_t)us * 1000);
}

static void cpu_wait(struct nif_clock *clock, uint64_t until_us)
{
    struct sim_cpu *cpu = nif_container_of(clock, struct sim_cpu, clock);
    uint64_t until_ns =
        until_us > UINT64_MAX / 1000 ? SIM_NEVER : until_us * 1000;

    sim_cpu_step(cpu);
    sim_block(cpu->world, until_ns, &cpu->woken);
    cpu->woken = false;
}

static void cpu_wake(struct nif_clock *clock)
{
    struct sim_cpu *cpu = nif_container_of(clock, struct sim_cpu, clock);

    cpu->woken = true;
    sim_notify(cpu->world);
}

static const struct nif_clock_ops cpu_clock_ops = {
    .now_us = cpu_now_us,
    .delay_us = cpu_delay_us,
    .wait = cpu_wait,
    .wake = cpu_wake,
};

void sim_cpu_init(struct sim_cpu *cpu, struct sim_world *world,
    uint32_t cost_ns)
{
    *cpu = (struct sim_cpu){
        .clock.ops = &cpu_clock_ops,
        .world = world,
        .cost_ns = cost_ns,
    };
}
