// SPDX-License-Identifier: MIT
//
// A simulated board: processor, bus, chip model, driver, stack, application,
// joined to one thing that has a socket for a cable. Several can live in one
// world.
//
// What differs from chip to chip is in a file of its own and a row of
// host_chips. The stack is ours over a chip that gives frames, the chip's own
// where it has one; applications and tests use `board.stack` and cannot tell.
//
// A Wi-Fi chip has its access point with it: the chip's row makes both, and
// the socket for the cable is the one at the back of the access point. The
// board's application is told which network it is (nif_board.wifi).
//
// A row also has a test face: what a test can do to the chip behind the
// driver's back. Where a chip has no such thing, it is NULL.

#ifndef BOARDS_HOST_HOST_H
#define BOARDS_HOST_HOST_H

#include "nif/board.h"
#include "nif/igmp.h"
#include "nif/mmio.h"
#include "nif/reassembly.h"
#include "nif/wifi.h"
#include "sim/cpu.h"
#include "sim/net/cable.h"
#include "sim/trace/record.h"
#include "sim/trace/replay.h"

struct host_board;
struct sim_ap;

/// Room for a message that says what is wrong with a configuration.
#define HOST_WHY 200

/// The network of a Wi-Fi chip, if nobody says otherwise.
#define HOST_SSID "netif"

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
    bool absent;             ///< the board has no chip: nobody answers
    bool remote; ///< `app` brings driver and stack of its own, and sets `net`

    // A chip on a serial line.
    const char *dialect; ///< of its firmware; NULL: the newest
    uint32_t baud;       ///< bits per second in the end; 0: the chip's row says
    bool no_rts_cts;     ///< RTS and CTS are not wired
    bool active;         ///< it sends what it has received unasked

    // A Wi-Fi chip: its access point, which the board is told to join.
    const char *ssid;            ///< NULL: HOST_SSID
    const char *passphrase;      ///< NULL: none
    enum nif_wifi_auth security; ///< of the access point

    /// A kind of chip that is not in host_chips; then `chip` says nothing.
    const struct host_chip *kind;
    /// A recording instead of the chip: its only bus, its pin "CHIP.int". The
    /// board has no socket then. NULL: the model.
    struct sim_replay *replay;
};

/// How a bus between driver and chip fails.
enum host_fault {
    HOST_FAULT_NONE,      ///< it is well again
    HOST_FAULT_ZEROS,     ///< what is read is 00
    HOST_FAULT_ONES,      ///< what is read is FF
    HOST_FAULT_NOISE,     ///< what is read is noise
    HOST_FAULT_ONE_NOISE, ///< what is read is noise once
    HOST_FAULT_ERROR,     ///< the port fails
    HOST_FAULT_ONE_ERROR  ///< the port fails once, before or behind its bytes
};

/// Something that a chip may do unasked. It may cost a frame where `loses`
/// says so, but never the connection to the chip for good.
struct host_stimulus {
    const char *name;
    void (*fn)(struct host_board *board);
    bool loses;
    /// It is set up again, or looks for its link anew.
    bool restarts;
    /// The next event that the chip has for us may be noticed late.
    bool late;
    /// Nothing is sent for so long at most, in microseconds; 0: 5000.
    uint32_t rest_us;
};

/// What a frame takes of a chip's memory besides its own length, at most.
#define HOST_RX_EXTRA 12

/// A kind of chip.
struct host_chip {
    const char *name;
    const char *about;   ///< one line
    uint64_t bits_per_s; ///< on its cable
    bool own_dhcp;  ///< while no address is set, the chip asks for one itself
    bool all_parts; ///< its stack has the parts of TCP that small boards have
                    ///< no room for

    /// Builds model, bus and driver: sets the board's `part`, `iface`, `port`
    /// and `revision`. Returns 0, or -1 and says why.
    ///
    /// A driver with a stack of its own must take nif_stack_set_net() before
    /// it is started.
    int (*make)(struct host_board *board, char why[HOST_WHY]);
    void (*done)(struct host_board *board);

    // The test face. All of it may be called from an event.

    /// The chip loses itself, as when its supply breaks down for a moment.
    /// NULL: there is nothing to lose.
    void (*reset)(struct host_board *board);
    /// It may have lost nothing by that: as it comes is as it was set up.
    bool keeps;
    /// The partner is there, or is not, as the chip sees it. NULL: that is
    /// the cable's doing. See host_board_link().
    void (*link)(struct host_board *board, bool up);
    /// From the `at`-th transfer on, counted from now and from 0, the bus
    /// fails like that; it stays so until HOST_FAULT_NONE. Each call takes the
    /// place of the one before. NULL: there is no bus.
    void (*bus_fault)(struct host_board *board, enum host_fault kind,
        uint64_t at);
    /// The longest until traffic flows again after whatever is over, in
    /// microseconds; 0: five seconds.
    uint32_t recover_us;
    /// Bytes of frames that can wait in it to be received, where that is less
    /// than two of full length; each takes up to HOST_RX_EXTRA more. 0: it is
    /// not.
    uint32_t rx_room;
    /// How often the chip was used against its data sheet, forgiven or not.
    /// NULL: it does not know.
    unsigned (*complaints)(struct host_board *board);
    /// From the next start on, rings and pointers begin `left` bytes before
    /// their end, as after long use. NULL: they always begin at the same place.
    void (*age)(struct host_board *board, uint32_t left);
    /// Puts the `i`-th kind of partner to the other end of the cable, round and
    /// round; who is there is unplugged for it. `*full`: whether the link will
    /// be full duplex. NULL: there is one kind only.
    void (*partner)(struct host_board *board, unsigned i, bool *full);
    /// Whether the chip is in its least power. NULL: it has one state only.
    bool (*sleeps)(struct host_board *board);
    /// What it may do unasked; ends with a row whose name is NULL. Or NULL.
    const struct host_stimulus *stimuli;
};

/// All kinds, the end is NULL.
extern const struct host_chip *const host_chips[];

/// What the board's driver was given: for who wants to be in its place. NULL
/// where there is none.
struct host_seams {
    struct nif_spi *spi;
    struct nif_uart *uart;
    struct nif_mdio *mdio;
    struct sim_pin *pins[2];
};

struct host_board {
    struct sim_world *world;
    const struct host_chip *chip;
    struct host_board_cfg cfg;
    struct sim_cpu cpu;
    void *part;              ///< model, bus and driver; the chip's own
    struct nif_iface *iface; ///< the driver
    struct nif_stack *stack; ///< the chip's own, or `tcpip` over its frames
    struct sim_port *port;   ///< the socket; NULL: a recording has none
    struct host_seams seams;
    struct nif_wifi_params wifi; ///< the network, for a Wi-Fi chip
    struct sim_ap *ap;           ///< its access point; NULL: wired
    const char *revision;        ///< of the silicon, for people
    struct sim_cable cable;
    struct sim_cable_recorder cable_recorder;
    struct nif_tcpip tcpip; ///< for frames only; so are the next ones
    uint8_t rx[NIF_ETH_FRAME_MAX];
    struct nif_reassembly reassembly;
    struct nif_reassembly_slot slots[2];
    struct nif_fragment fragment;
    struct nif_igmp igmp;
    struct nif_igmp_group groups[8];
    struct nif_tcp_pool tcp_pool;
    struct nif_tcp_more tcp_more[16];
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

/// Pulls the board's cable or puts it back; for a Wi-Fi chip, its access point
/// vanishes and comes back.
void host_board_link(struct host_board *board, bool up);

/// Room for host_board_kind().
#define HOST_KIND 24

/// What the board's device is: "wired, frames" and the like. Returns `text`.
const char *host_board_kind(const struct host_board *board,
    char text[HOST_KIND]);

/// Registers in memory where nothing is on the bus: each reads as ones. For
/// rows whose chip has them, on a board without it.
struct nif_mmio host_absent_mmio(struct host_board *board);

/// For rows with registers in memory, of a chip that people call `chip`:
/// whether nothing is asked of it that it does not have. Says why not.
bool host_is_plain(const struct host_board *board, const char *chip,
    char why[HOST_WHY]);

// ---- private: the rows of host_chips, each in a file of its own

extern const struct host_chip host_enc28j60;
extern const struct host_chip host_w5500;
extern const struct host_chip host_w5500_raw;
extern const struct host_chip host_lan8720;
extern const struct host_chip host_stm32_eth;
extern const struct host_chip host_lan9118;
extern const struct host_chip host_stellaris;
extern const struct host_chip host_virtio_net;
extern const struct host_chip host_virtio_net_legacy;
extern const struct host_chip host_espat;
extern const struct host_chip host_direct;

#endif
