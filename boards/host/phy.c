// SPDX-License-Identifier: MIT
//
// A LAN8720A behind the MAC of a board.

#include "boards/host/phy.h"

#include "boards/host/mac.h"

// MODE[2:0]: 100BASE-TX, full duplex, does not negotiate.
#define STRAP_100_FULL 3

static struct host_phy *of(const struct host_board *board)
{
    return board->part; // begins with it
}

// What its mode has become, by itself or by the loss of what was written; a
// reset that lasts is stronger.
static void change_mode(struct host_phy *phy, uint16_t bmcr)
{
    struct sim_mdio_chip *chip = &phy->model.mdio;

    if (!phy->model.resetting) {
        chip->ops->write(chip, NIF_PHY_BMCR, bmcr);
    }
}

// nRST: it is reset, and answers again if it had ceased to.
static void on_reset(struct sim_pin *pin, void *arg, bool level)
{
    struct host_phy *phy = arg;

    (void)pin;
    if (phy->at) {
        *phy->at = &phy->model.mdio;
        sim_phy_nrst(&phy->model, level);
    }
}

static void on_alarm(struct sim_event *event)
{
    struct host_phy *phy = nif_container_of(event, struct host_phy, alarm);

    sim_pin_drive(&phy->interrupt,
        (phy->model.int_source & phy->model.int_mask) == 0);
}

// ---- beginning and end

void host_phy_init(struct host_board *board, const char *interrupt,
    const char *reset, struct sim_mdio_chip **at)
{
    struct host_phy *phy = of(board);

    phy->alarm.fn = on_alarm;
    sim_phy_init(&phy->model, board->world,
        &(struct sim_phy_cfg){
            .addr = HOST_PHY_ADDR,
            // Boards strap it either way.
            .mode = board->cfg.polling ? STRAP_100_FULL : 0,
        });
    sim_pin_init(&phy->interrupt, &board->cpu, interrupt, true);
    sim_pin_init(&phy->reset, &board->cpu, reset, true);
    phy->reset.on_write = on_reset;
    phy->reset.write_arg = phy;
    if (!board->cfg.absent) {
        phy->at = at;
        sim_phy_pin(&phy->model, &phy->interrupt);
    }
}

void host_phy_drive(struct host_board *board, const char *name,
    struct nif_mdio *mdio, uint32_t hz)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct host_phy *phy = of(board);

    if (cfg->trace) {
        sim_mdio_record(&phy->recorder, cfg->trace, name, "lan8720a", mdio, hz);
        sim_pin_record(cfg->trace, &phy->interrupt);
        mdio = &phy->recorder.mdio;
    }
    sim_mdio_fault_init(&phy->fault, &board->cpu, mdio);
    board->seams.mdio = &phy->fault.mdio;
    board->seams.pins[0] = &phy->interrupt;
    lan8720_init(&phy->driver,
        &(struct lan8720_cfg){
            .phy.clock = &board->cpu.clock,
            .phy.mdio = &phy->fault.mdio,
            .phy.interrupt = cfg->polling ? NULL : &phy->interrupt.pin,
            .reset = &phy->reset.pin,
        });
}

void host_phy_done(struct host_board *board)
{
    sim_event_cancel(board->world, &of(board)->alarm);
    sim_phy_done(&of(board)->model);
}

// ---- the test face

const struct sim_phy_partner *host_phy_partner(unsigned i, bool *full)
{
    static const struct {
        struct sim_phy_partner partner;
        bool full;
    } partners[] = {
        { { .page = 0 }, true },
        { { .page = 0x8021 }, false }, // 10BASE-T, half duplex
        { { .page = 0x8041 }, true },  // 10BASE-T, full duplex
        { { .page = HOST_PHY_HALF_ONLY }, false },
        { { .silent_about_it = true, .is_100 = true }, false },
        { { .silent_about_it = true }, false },
    };

    i %= (unsigned)nif_countof(partners);
    *full = partners[i].full;
    return &partners[i].partner;
}

bool host_phy_sleeps(const struct host_board *board)
{
    return (of(board)->model.bmcr & NIF_PHY_BMCR_DOWN) != 0;
}

// As a dip of its supply: what was written is gone.
void host_phy_reset(struct host_board *board)
{
    change_mode(of(board), NIF_PHY_BMCR_RESET);
}

void host_phy_bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at)
{
    host_mdio_fault(&of(board)->fault, kind, at);
}

void host_phy_lose_edge(struct host_board *board)
{
    of(board)->interrupt.lose_edges++;
}

void host_phy_alarm(struct host_board *board)
{
    struct host_phy *phy = of(board);

    sim_pin_drive(&phy->interrupt, false);
    sim_event_at(board->world, &phy->alarm,
        board->world->now_ns + 300 * SIM_US);
}

void host_phy_force(struct host_board *board)
{
    change_mode(of(board), 0);
}

void host_phy_hang(struct host_board *board)
{
    struct host_phy *phy = of(board);

    change_mode(phy, NIF_PHY_BMCR_DOWN);
    if (phy->at) {
        *phy->at = NULL;
    }
}
