// SPDX-License-Identifier: MIT
//
// A simulated board: processor, bus, chip model, driver, stack, application,
// joined to one thing that has a socket for a cable. Several can live in one
// world.
//
// What differs from chip to chip is in a file of its own and a row of
// host_chips.

#ifndef BOARDS_HOST_HOST_H
#define BOARDS_HOST_HOST_H

#include "nif/board.h"
#include "nif/igmp.h"
#include "nif/reassembly.h"
#include "sim/cpu.h"
#include "sim/net/cable.h"
#include "sim/trace/record.h"
#include "sim/trace/replay.h"

struct host_board;

/// Room for a message that says what is wrong with a configuration.
#define HOST_WHY 200

/// How a board is built. Zero is the default of each field but `app`.
struct host_board_cfg {
    const char *chip; ///< a name of host_chips; NULL: the first
    int (*app)(struct nif_board *board); ///< NULL: none; a test drives it
    const char *args;                    ///< nif_board.args
    void (*print)(struct nif_board *board, const char *line); ///< or NULL
    uint8_t number;          ///< of the board: its address ends in number + 2
    uint64_t seed;           ///< of what the board draws at random
    uint32_t bus_hz;         ///< 0: the fastest the chip is made for
    uint32_t cpu_ns;         ///< price of a step; 0: SIM_CPU_COST_NS
    bool half_duplex;        ///< default: both ends forced to full duplex
    bool polling;            ///< the interrupt pin is not wired
    bool compat;             ///< the model forgives what silicon forgives
    const char *revision;    ///< of the silicon, "B7"; NULL: the newest
    struct nif_net net;      ///< address; none: DHCP
    struct sim_trace *trace; ///< record bus, pins and frames; or NULL
    /// A recording instead of the chip: its only bus, its pin "CHIP.int". The
    /// board has no socket then. NULL: the model.
    struct sim_replay *replay;
};

/// A kind of chip.
struct host_chip {
    const char *name;
    const char *about;   ///< one line
    uint64_t bits_per_s; ///< on its cable

    /// Builds model, bus and driver: sets the board's `part`, `iface`, `port`
    /// and `revision`. Returns 0, or -1 and says why.
    int (*make)(struct host_board *board, char why[HOST_WHY]);
    void (*done)(struct host_board *board);
};

/// All kinds; ends with a row whose name is NULL.
extern const struct host_chip host_chips[];

struct host_board {
    struct sim_world *world;
    const struct host_chip *chip;
    struct host_board_cfg cfg;
    struct sim_cpu cpu;
    void *part;              ///< model, bus and driver; the chip's own
    struct nif_iface *iface; ///< the driver
    struct sim_port *port;   ///< the socket; NULL: a recording has none
    const char *revision;    ///< of the silicon, for people
    struct sim_cable cable;
    struct sim_cable_recorder cable_recorder;
    struct nif_tcpip tcpip;
    uint8_t rx[NIF_ETH_FRAME_MAX];
    struct nif_reassembly reassembly;
    struct nif_reassembly_slot slots[2];
    struct nif_fragment fragment;
    struct nif_igmp igmp;
    struct nif_igmp_group groups[8];
    uint32_t packets[2 * NIF_REASSEMBLY_BYTES(NIF_REASSEMBLY_MAX) / 4];
    struct nif_device device; ///< the only one
    struct nif_board board;   ///< what the application gets
    struct sim_fiber *fiber;  ///< the application; NULL without one
    int result;               ///< what it returned
};

/// Builds a board in `world`. It must not move. Returns 0, or -1 and says
/// why; the board is then nothing.
int host_board_init(struct host_board *board, struct sim_world *world,
    const struct host_board_cfg *cfg, char why[HOST_WHY]);

/// Plugs the board's cable into `port`; NULL: it has no socket. The
/// application, if any, starts when the world runs.
void host_board_plug(struct host_board *board, struct sim_port *port);

/// Takes the board apart. Call sim_world_done() after it.
void host_board_done(struct host_board *board);

/// True if the board has an address.
bool host_board_has_addr(struct host_board *board);

// ---- private: what the rows of host_chips name, one file each

int host_enc28j60_make(struct host_board *board, char why[HOST_WHY]);
void host_enc28j60_done(struct host_board *board);
int host_direct_make(struct host_board *board, char why[HOST_WHY]);
void host_direct_done(struct host_board *board);

#endif
