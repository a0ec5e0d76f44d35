// SPDX-License-Identifier: MIT
//
// A simulated board, whatever its chip.

#include "boards/host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct host_chip *find(const char *name, char why[HOST_WHY])
{
    int len;

    for (const struct host_chip *const *c = host_chips; *c; c++) {
        if (!name || strcmp((*c)->name, name) == 0) {
            return *c;
        }
    }
    len = snprintf(why, HOST_WHY, "there is no chip '%s'; there is:", name);
    for (const struct host_chip *const *c = host_chips; *c && len < HOST_WHY;
         c++) {
        len += snprintf(why + len, HOST_WHY - (size_t)len, " %s", (*c)->name);
    }
    return NULL;
}

static void run_app(void *arg)
{
    struct host_board *board = arg;

    board->result = board->cfg.app(&board->board);
}

// Our stack over a chip that gives frames.
static void make_stack(struct host_board *board)
{
    nif_reassembly_init(&board->reassembly,
        &(struct nif_reassembly_cfg){
            .slots = board->slots,
            .count = nif_countof(board->slots),
            .buf = (uint8_t *)board->packets,
            .each = NIF_REASSEMBLY_MAX,
        });
    nif_fragment_init(&board->fragment);
    nif_igmp_init(&board->igmp,
        &(struct nif_igmp_cfg){
            .groups = board->groups,
            .count = nif_countof(board->groups),
        });
    nif_tcp_pool_init(&board->tcp_pool, board->tcp_more,
        nif_countof(board->tcp_more));
    nif_tcpip_init(&board->tcpip,
        &(struct nif_tcpip_cfg){
            .iface = board->iface,
            .clock = &board->cpu.clock,
            .rx = board->rx,
            .rx_cap = sizeof(board->rx),
            .seed = board->cfg.seed,
            .reassembly = &board->reassembly,
            .fragment = &board->fragment,
            .igmp = &board->igmp,
            .sack = board->chip->all_parts ? &nif_tcp_sack : NULL,
            .stamps = board->chip->all_parts ? &nif_tcp_stamps : NULL,
            .tcp_pool = board->chip->all_parts ? &board->tcp_pool : NULL,
        });
}

// What the application is given.
static void make_board(struct host_board *board)
{
    const struct host_board_cfg *cfg = &board->cfg;
    bool has_addr = cfg->net.ip.family != NIF_IP_NONE;

    board->device = (struct nif_device){
        .name = board->chip->name,
        .iface = board->iface,
    };
    board->board = (struct nif_board){
        .name = board->chip->name,
        .clock = &board->cpu.clock,
        .iface = board->iface,
        .stack = board->stack,
        .wifi = board->iface->wifi ? &board->wifi : NULL,
        .devices = &board->device,
        .device_count = 1,
        .args = cfg->args,
        .print = cfg->print,
        .seed = cfg->seed,
        .use_dhcp = !has_addr && !board->chip->own_dhcp,
    };
}

// An option of another kind of chip is a mistake.
static bool fits(const struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    const char *name = board->chip->name;

    if (!board->iface->wifi && (cfg->ssid || cfg->passphrase)) {
        snprintf(why, HOST_WHY,
            "%s has no radio: --ssid and --passphrase say nothing to it", name);
        return false;
    }
    if (!board->seams.uart && (cfg->dialect || cfg->baud || cfg->no_rts_cts)) {
        snprintf(why, HOST_WHY,
            "%s has no serial line: --dialect, --baud and --no-rts-cts say "
            "nothing to it",
            name);
        return false;
    }
    return true;
}

int host_board_init(struct host_board *board, struct sim_world *world,
    const struct host_board_cfg *cfg, char why[HOST_WHY])
{
    memset(board, 0, sizeof(*board));
    board->world = world;
    board->cfg = *cfg;
    board->wifi = (struct nif_wifi_params){
        .ssid = cfg->ssid ? cfg->ssid : HOST_SSID,
        .passphrase = cfg->passphrase,
        .auth = cfg->security,
    };
    board->chip = cfg->kind ? cfg->kind : find(cfg->chip, why);
    if (!board->chip) {
        return -1;
    }
    sim_cpu_init(&board->cpu, world,
        cfg->cpu_ns ? cfg->cpu_ns : SIM_CPU_COST_NS);
    if (board->chip->make(board, why) != 0) {
        return -1;
    }
    sim_cable_init(&board->cable, world, board->chip->bits_per_s);
    board->stack = board->iface->stack;
    if (!board->stack) {
        make_stack(board);
        board->stack = &board->tcpip.stack;
    }
    make_board(board);
    if (!fits(board, why)) {
        host_board_done(board);
        return -1;
    }
    // That costs a look at the clock, which is then the other stack's.
    if (cfg->net.ip.family != NIF_IP_NONE && !cfg->remote &&
        nif_stack_set_net(board->stack, &cfg->net) != 0) {
        snprintf(why, HOST_WHY, "that cannot be a board's address");
        host_board_done(board);
        return -1;
    }
    return 0;
}

void host_board_plug(struct host_board *board, struct sim_port *port)
{
    if (port && board->cfg.trace) {
        sim_cable_record(&board->cable_recorder, board->cfg.trace,
            board->chip->name, &board->cable, 0);
    }
    if (port) {
        sim_cable_join(&board->cable, board->port, port);
    }
    if (board->cfg.app) {
        board->fiber =
            sim_fiber_start(board->world, board->chip->name, run_app, board);
        NIF_ASSERT(board->fiber != NULL);
    }
}

void host_board_done(struct host_board *board)
{
    sim_cable_done(&board->cable);
    board->chip->done(board);
}

bool host_board_has_addr(struct host_board *board)
{
    struct nif_net net;

    nif_stack_net(board->stack, &net);
    return net.ip.family != NIF_IP_NONE;
}

void host_board_link(struct host_board *board, bool up)
{
    if (board->chip->link) {
        board->chip->link(board, up);
    } else {
        sim_cable_plug(&board->cable, up);
    }
}

const char *host_board_kind(const struct host_board *board,
    char text[HOST_KIND])
{
    unsigned kind = nif_iface_kind(board->iface);

    snprintf(text, HOST_KIND, "%s%s%s",
        kind & NIF_KIND_WIFI ? "Wi-Fi" : "wired",
        kind & NIF_KIND_FRAMES ? ", frames" : "",
        kind & NIF_KIND_SOCKETS ? ", sockets" : "");
    return text;
}
