// SPDX-License-Identifier: MIT
//
// The simulated MDIO bus.

#include "sim/bus/mdio.h"

#include "sim/trace/trace.h"

#define PREAMBLE  32
#define TO_ANSWER 14 // ST, OP, PHYAD, REGAD
#define FRAME     32

static void pass_bits(const struct sim_mdio *bus, uint64_t bits)
{
    sim_pass_ns(bus->cpu->world, bits * SIM_S / bus->hz);
}

// One frame; `value` is the one written, or gets the one read.
static int frame(struct nif_mdio *mdio, bool write, uint8_t phy, uint8_t reg,
    uint16_t *value)
{
    struct sim_mdio *bus = nif_container_of(mdio, struct sim_mdio, mdio);
    struct sim_world *world = bus->cpu->world;
    struct sim_mdio_chip *chip;
    int err = sim_cpu_bus_call(bus->cpu, bus->name);
    uint64_t at_ns;

    if (err != 0) {
        return err;
    }
    NIF_ASSERT(phy < 32 && reg < 32);
    pass_bits(bus, PREAMBLE);
    at_ns = world->now_ns;
    pass_bits(bus, TO_ANSWER);
    chip = bus->chip[phy];
    if (!write) {
        *value = chip ? chip->ops->read(chip, reg) : UINT16_MAX;
    }
    pass_bits(bus, FRAME - TO_ANSWER);
    if (write && chip && bus->chip[phy] == chip) { // else it has fallen silent
        chip->ops->write(chip, reg, *value);
    }
    if (world->trace) {
        sim_trace_put(world->trace,
            &(struct sim_trace_item){
                .kind = SIM_TRACE_MDIO,
                .flags = chip || write ? 0 : SIM_TRACE_NO_ANSWER,
                .at_ns = at_ns,
                .len_ns = world->now_ns - at_ns,
                .index = bus->index,
                .where = bus->name,
                .op = write ? SIM_TRACE_MDIO_WRITE : SIM_TRACE_MDIO_READ,
                .phy = phy,
                .reg = reg,
                .value = *value,
            });
    }
    bus->index++;
    return 0;
}

static int bus_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    uint16_t value = 0;
    int err = frame(mdio, false, phy, reg, &value);

    return err != 0 ? err : value;
}

static int bus_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    return frame(mdio, true, phy, reg, &value);
}

static const struct nif_mdio_ops bus_ops = {
    .read = bus_read,
    .write = bus_write,
};

void sim_mdio_init(struct sim_mdio *bus, struct sim_cpu *cpu, const char *name,
    uint32_t hz)
{
    *bus = (struct sim_mdio){
        .mdio.ops = &bus_ops,
        .cpu = cpu,
        .name = name,
        .hz = hz ? hz : 2500000,
    };
}

void sim_mdio_join(struct sim_mdio *bus, uint8_t addr,
    struct sim_mdio_chip *chip)
{
    NIF_ASSERT(addr < 32 && !bus->chip[addr]);
    bus->chip[addr] = chip;
    chip->hz = bus->hz;
}
