// SPDX-License-Identifier: MIT
//
// How a test's wish for a dead bus becomes faults of a simulated one; and a bus
// with nothing at it.

#include "boards/host/host.h"
#include "sim/bus/fault.h"
#include "sim/bus/mdio_fault.h"

void host_spi_fault(struct sim_spi_fault *wrap, enum host_fault kind,
    uint64_t at)
{
    struct sim_fault fault = {
        .at = wrap->transactions + at,
        .count = UINT64_MAX,
    };

    sim_spi_fault_clear(wrap);
    switch (kind) {
    case HOST_FAULT_NONE: return;
    case HOST_FAULT_ZEROS: fault.kind = SIM_FAULT_STUCK; break;
    case HOST_FAULT_ONES:
        fault.kind = SIM_FAULT_STUCK;
        fault.value = 0xFF;
        break;
    case HOST_FAULT_NOISE: fault.kind = SIM_FAULT_NOISE; break;
    case HOST_FAULT_ONE_NOISE:
        fault.kind = SIM_FAULT_NOISE;
        fault.count = 1;
        break;
    case HOST_FAULT_ERROR: fault.kind = SIM_FAULT_EIO; break;
    case HOST_FAULT_ONE_ERROR:
        fault.kind = at % 2 == 0 ? SIM_FAULT_EIO : SIM_FAULT_EIO_LATE;
        fault.count = 1;
        break;
    }
    sim_spi_fault_add(wrap, &fault);
}

void host_mdio_fault(struct sim_mdio_fault *wrap, enum host_fault kind,
    uint64_t at)
{
    bool once = kind == HOST_FAULT_ONE_NOISE || kind == HOST_FAULT_ONE_ERROR;
    struct sim_mdio_fault_cfg fault = {
        .at = wrap->frames + at,
        .count = once ? 1 : UINT64_MAX,
    };

    switch (kind) {
    case HOST_FAULT_NONE: sim_mdio_fault_set(wrap, NULL); return;
    case HOST_FAULT_ZEROS: fault.kind = SIM_MDIO_STUCK; break;
    case HOST_FAULT_ONES:
        fault.kind = SIM_MDIO_STUCK;
        fault.value = UINT16_MAX;
        break;
    case HOST_FAULT_NOISE:
    case HOST_FAULT_ONE_NOISE: fault.kind = SIM_MDIO_NOISE; break;
    case HOST_FAULT_ERROR:
    case HOST_FAULT_ONE_ERROR: fault.kind = SIM_MDIO_EIO; break;
    }
    sim_mdio_fault_set(wrap, &fault);
}

static uint32_t absent_read(struct nif_mmio *mmio, uint32_t offset)
{
    struct host_board *board = mmio->model;

    (void)offset;
    sim_cpu_step(&board->cpu);
    return UINT32_MAX;
}

static void absent_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    struct host_board *board = mmio->model;

    (void)offset;
    (void)value;
    sim_cpu_step(&board->cpu);
}

struct nif_mmio host_absent_mmio(struct host_board *board)
{
    static const struct nif_mmio_ops ops = {
        .read = absent_read,
        .write = absent_write,
    };

    return (struct nif_mmio){ .ops = &ops, .model = board };
}
