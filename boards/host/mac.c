// SPDX-License-Identifier: MIT
//
// A MAC and the PHY behind its MDIO as one device.

#include "boards/host/mac.h"

static struct host_mac *of(const struct host_board *board)
{
    return board->part; // begins with it
}

void host_macphy(struct host_board *board, struct nif_macphy *device,
    struct nif_mac *mac, struct nif_phy *phy)
{
    nif_macphy_init(device,
        &(struct nif_macphy_cfg){
            .mac = mac,
            .phy = phy,
            .clock = &board->cpu.clock,
        });
    board->iface = &device->iface;
}

void host_mac_join(struct host_board *board, struct nif_mac *mac,
    struct nif_phy_cfg *phy)
{
    struct host_mac *at = of(board);

    sim_mdio_fault_init(&at->fault, &board->cpu, mac->mdio);
    board->seams.mdio = &at->fault.mdio;
    phy->mdio = &at->fault.mdio;
    phy->clock = &board->cpu.clock;
    nif_phy_init(&at->phy, phy);
    host_macphy(board, &at->device, mac, &at->phy);
}

// ---- the test face

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

void host_mac_bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at)
{
    host_mdio_fault(&of(board)->fault, kind, at);
}
