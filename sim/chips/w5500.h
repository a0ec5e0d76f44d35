// SPDX-License-Identifier: MIT
//
// A model of WIZnet's W5500: a 10/100 MAC with PHY and a TCP/IP stack of its
// own behind SPI, with eight sockets.
//
// Modelled: SPI frames of variable and fixed length, the whole register file,
// packet memory and how it is shared out, INTn with INTLEVEL, the PHY's modes
// and a link that takes time, all resets; MACRAW with its filters; TCP, UDP,
// IPRAW with ARP, retransmission by RTR and RCR, keep-alive, IGMP; answers to
// ARP and ping; address conflicts, ports unreachable, magic packets in UDP.
//
// Not modelled: collisions (half duplex is a bit that reads 0 and no more),
// PPPoE (its registers are stored, asking for it is a complaint), LEDs, and
// that frames are cut off when a socket runs out of memory in their middle.
// IP fragments are dropped, as the chip does.
//
// Where the data sheet is silent: Sn_IR is set whatever Sn_IMR says, unless
// asked otherwise; RECV is not set again by a RECV command that leaves data;
// SENDOK of TCP comes when all of it has left, acknowledged or not; MR.RST
// leaves the PHY alone unless it changes its mode; without a link, frames take
// their time and go nowhere; a closed connection stays 100 ms in TIME_WAIT;
// pointers of a TCP socket begin anywhere when a connection is set up; a
// keep-alive carries no byte; Sn_DHAR of a socket is kept for the peer that it
// was asked for, until the socket is opened anew; nobody tells a UDP sender
// that a port here is closed. A command that a connection's end has overtaken
// is lost without a complaint: no host can foresee that.
//
//     struct sim_w5500 chip;
//
//     sim_w5500_init(&chip, &world, NULL);
//     sim_w5500_pins(&chip, &int_pin, &reset_pin);
//     sim_spi_init(&bus, &cpu, &chip.spi, NULL);
//     sim_cable_join(&cable, &chip.port, &nic.port);
//
// The chip is powered up by init(), at the present time; it needs 1 ms to be
// ready and, unless told otherwise, 1.6 s to find a link.

#ifndef SIM_CHIPS_W5500_H
#define SIM_CHIPS_W5500_H

#include "nif/tcpip.h"
#include "sim/bus/pin.h"
#include "sim/bus/spi.h"
#include "sim/chips/w5500/regs.h"
#include "sim/net/cable.h"

/// Bytes of packet memory for each direction, shared by the sockets.
#define SIM_W5500_RAM 0x4000

/// From plug or PHY reset to the link: negotiation takes that long.
#define SIM_W5500_LINK_NS (1600 * SIM_MS)

/// From the end of a reset by pin, or power-up, to a chip that answers.
#define SIM_W5500_PLL_NS SIM_MS

/// What a host can do wrong.
enum sim_w5500_rule {
    SIM_W5500_R_CLOCK,     ///< SCK beyond 80 MHz, or not mode 0 or 3
    SIM_W5500_R_SPEED,     ///< SCK beyond the 33.3 MHz that are guaranteed
    SIM_W5500_R_FRAMING,   ///< cut byte, no data, wrong count of data
    SIM_W5500_R_RESERVED,  ///< reserved block, register or bit
    SIM_W5500_R_READONLY,  ///< write where there is nothing to write
    SIM_W5500_R_NOT_READY, ///< used before the PLL is locked, or in MR.RST
    SIM_W5500_R_PIN,       ///< reset pulse too short
    SIM_W5500_R_CR_BUSY,   ///< command while Sn_CR is not 0: it is lost
    SIM_W5500_R_COMMAND,   ///< unknown, or not possible in this state
    SIM_W5500_R_SEND_BUSY, ///< SEND before SENDOK of the one before
    SIM_W5500_R_TX_OVER,   ///< more than TX_FSR: unsent bytes overwritten
    SIM_W5500_R_TX_FLIGHT, ///< write into what is being sent
    SIM_W5500_R_LENGTH,    ///< SEND of nothing, or of a frame too short or long
    SIM_W5500_R_POINTER,   ///< RX_RD moved beyond RX_WR
    SIM_W5500_R_BUFFER,    ///< no such size, no memory, or shared by two
    SIM_W5500_R_TEAR,      ///< relied on TX_FSR or RX_RSR read only once
    SIM_W5500_R_ABSENT,    ///< used what is not modelled
    SIM_W5500_RULES,
};

/// All zero is a strict chip with its usual, short times.
struct sim_w5500_cfg {
    const char *name; ///< in complaints; NULL: "w5500"
    /// Forgive what silicon forgives, so that known drivers run unmodified:
    /// such things are counted, but not complained of, and have the effect
    /// that they have on a real chip.
    bool compat;
    bool imr_gates_ir;  ///< the data sheet to the letter: a flag of Sn_IR is
                        ///< only set if Sn_IMR has it
    bool recv_again;    ///< RECV is set again when a RECV command leaves data
    uint32_t cr_ns;     ///< until a command is taken; 0: 150 ns
    uint32_t reset_ns;  ///< until MR.RST is through; 0: 100 ns
    uint64_t link_ns;   ///< from plug or PHY reset to link; 0:
                        ///< SIM_W5500_LINK_NS
    uint64_t linger_ns; ///< in TIME_WAIT; 0: 100 ms
};

/// What happened so far.
struct sim_w5500_counts {
    uint64_t rx_frames;   ///< good frames that the MAC has received
    uint64_t rx_bad;      ///< cut, too short, too long, wrong FCS
    uint64_t rx_filtered; ///< kept from a MACRAW socket by its filters
    uint64_t rx_lost;     ///< frames and datagrams without room in a socket
    uint64_t tx_frames;   ///< frames that the MAC has sent, its own included
    uint64_t answers;     ///< to ARP and ping, without the host
    uint64_t resets;      ///< of the whole chip, the first power-up included
    uint64_t tears;       ///< torn values that were read
    uint32_t broken[SIM_W5500_RULES];
};

/// What MISO does.
enum sim_w5500_miso {
    SIM_W5500_MISO_WELL,
    SIM_W5500_MISO_LOW,
    SIM_W5500_MISO_HIGH,
};

/// Private: where the SPI frame is.
struct sim_w5500_spi {
    uint8_t phase;
    uint8_t control;
    uint16_t offset;
    uint16_t left;  // data bytes of a fixed length still to come
    unsigned count; // data bytes so far
    unsigned len;   // bytes since chip select
    bool told;      // one complaint a transaction is enough
    bool shifted;   // by a fault: a clock edge too many has come
    uint8_t carry;  // then: the bit that belongs to the next byte
    bool muted;     // nothing is there until the next chip select
};

/// Private: how a 16-bit value that changes by itself was read.
struct sim_w5500_pair {
    uint8_t high;  // as read
    bool half;     // the high byte was read
    bool known;    // `last` is what was read before
    bool agreed;   // two reads in a row gave the same
    uint16_t last; // as read
};

/// Private: the question for a card's address that a socket waits for.
struct sim_w5500_arp {
    struct sim_event event; // the next try
    uint32_t ip;            // who is asked, and whose card Sn_DHAR is
    uint8_t tries;
    bool asking;
    bool known; // Sn_DHAR is the card of `ip`
};

/// Private: a socket's part of TCP.
struct sim_w5500_tcp {
    struct nif_conn conn;
    struct nif_conn listener;
    bool open;        // `conn` is the stack's
    bool met;         // the peer's SYN has come
    bool flowed;      // data has gone through once
    bool discon;      // DISCON was set
    uint8_t tries;    // of the retransmission that runs
    uint8_t probes;   // of keep-alive, without an answer
    uint16_t mss;     // the peer's
    uint32_t used;    // bytes in the ring that the host was told of
    uint32_t armed;   // the stack's retransmission timer, as it was put away
    uint32_t una;     // of the stack, as last seen
    uint32_t sent_to; // the sequence number behind what SEND gave
    struct sim_event timer; // retransmission, FIN_WAIT, TIME_WAIT
    struct sim_event keep;  // the next keep-alive
};

/// Private: one socket.
struct sim_w5500_socket {
    uint8_t number;
    uint8_t mode; // Sn_MR as it was at OPEN
    uint8_t reg[W55_SOCKET_COUNT];
    uint16_t tx_rd;
    uint16_t tx_wr;
    uint16_t tx_ack; // behind it the host may write; TX_RD but for TCP
    uint16_t tx_end; // of what SEND has asked for
    uint16_t rx_rd;  // as written
    uint16_t rx_got; // as of the last RECV
    uint16_t rx_wr;
    bool sending;   // SENDOK is owed
    bool held;      // by a fault: nothing leaves yet
    bool mute;      // by a fault: no SENDOK
    bool torn;      // the last read of a pair was
    bool gone;      // a connection has ended by itself
    uint8_t code;   // SEND or SEND_MAC
    uint32_t group; // joined, or 0
    uint32_t wire;  // its frames that have not left yet
    struct sim_event command;
    struct sim_event late; // SENDOK, or a SEND that is held
    struct sim_w5500_pair fsr;
    struct sim_w5500_pair rsr;
    struct sim_w5500_arp arp;
    struct sim_w5500_tcp tcp;
    // Faults that stand.
    uint64_t stick_ns; // of the next command; 0: none
    uint16_t tears;
};

struct sim_w5500_frame;

/// Private: the MAC's transmitter.
struct sim_w5500_tx {
    struct sim_w5500_frame *head;
    struct sim_w5500_frame *tail;
    bool on_cable;
    bool busy;
    uint64_t idle_ns; // not before then: the gap
    struct sim_event event;
};

/// Private: what the stack behind the sockets stands on.
struct sim_w5500_net {
    struct nif_tcpip stack;
    struct nif_iface iface;
    struct nif_clock clock;
    struct sim_event event;
    uint8_t rx[NIF_ETH_FRAME_MAX];
    uint8_t frame[NIF_ETH_FRAME_MAX]; // for the stack
    uint16_t frame_len;
    uint8_t answer[60]; // to its own question
    bool answered;
    uint16_t ip_id;
};

struct sim_w5500 {
    struct sim_spi_chip spi;        ///< give this to a bus
    struct sim_port port;           ///< join this to a cable
    struct sim_pin *int_pin;        ///< read only; or NULL
    struct sim_pin *reset_pin;      ///< read only; or NULL
    struct sim_w5500_counts counts; ///< read only

    // Private.
    struct sim_world *world;
    struct sim_w5500_cfg cfg;
    struct sim_w5500_spi bus;
    uint8_t common[W55_COMMON_COUNT];
    struct sim_w5500_socket socket[W55_SOCKETS];
    bool in_reset; // RSTn is low
    uint64_t ready_ns;
    uint64_t reset_end_ns; // of MR.RST
    struct sim_event reset_hit;
    // INTn.
    bool int_low;
    uint64_t int_ns; // not low again before then
    struct sim_event int_event;
    // The PHY.
    bool cable;
    bool link;
    uint8_t opmdc; // in use
    struct sim_event link_up;
    struct sim_w5500_tx tx;
    struct sim_w5500_net net;
    // Faults that stand.
    uint8_t miso;
    uint16_t origin; // where pointers begin
    bool bogus;
    uint16_t bogus_len;
    uint64_t sendok_ns;
    uint32_t sendok_count;
    uint32_t glitches;
    uint8_t tx_ram[SIM_W5500_RAM];
    uint8_t rx_ram[SIM_W5500_RAM];
};

/// Powers a chip up. `cfg` NULL: all defaults. It must not move, and lives
/// as long as the world has its events: call sim_w5500_done() before.
void sim_w5500_init(struct sim_w5500 *chip, struct sim_world *world,
    const struct sim_w5500_cfg *cfg);

/// Takes the chip's events out of the world and gives memory back.
void sim_w5500_done(struct sim_w5500 *chip);

/// Joins the chip to its INTn and RSTn lines, each NULL if not connected.
void sim_w5500_pins(struct sim_w5500 *chip, struct sim_pin *int_pin,
    struct sim_pin *reset_pin);

// ---- looking inside, without side effects

/// A byte of the common registers, as a host would read it.
uint8_t sim_w5500_reg(const struct sim_w5500 *chip, unsigned offset);

/// A byte of a socket's registers, as a host would read it.
uint8_t sim_w5500_socket_reg(const struct sim_w5500 *chip, unsigned socket,
    unsigned offset);

/// True if the PHY sees a link.
bool sim_w5500_has_link(const struct sim_w5500 *chip);

/// How many rules were broken so far, all together.
unsigned sim_w5500_violations(const struct sim_w5500 *chip);

/// The name of a rule, for messages.
const char *sim_w5500_rule_name(enum sim_w5500_rule rule);

// ---- faults

/// chip.reset: the supply breaks down for a moment. All registers are as
/// after a reset, memory is random, the link begins anew, and nothing tells
/// the host.
void sim_w5500_brown_out(struct sim_w5500 *chip);

/// reg.tear: the next `count` reads of TX_FSR or RX_RSR of `socket` find a
/// value that changes between its two bytes: 256 too much or too little. Never
/// two in a row.
void sim_w5500_tear(struct sim_w5500 *chip, unsigned socket, unsigned count);

/// tx.sendok: the next `count` SENDs keep their frames for `delay_ns` before
/// they leave; SIM_NEVER: they leave, but SENDOK never comes.
void sim_w5500_sendok(struct sim_w5500 *chip, uint64_t delay_ns,
    uint32_t count);

/// From now on, pointers of sockets that are opened for anything but TCP begin
/// `left` bytes before they wrap. (OPEN sets them, to what, the data sheet
/// does not say.)
void sim_w5500_origin(struct sim_w5500 *chip, uint16_t left);

/// rx.bogus: the next frame that is stored by MACRAW has `length` in front of
/// it.
void sim_w5500_rx_bogus(struct sim_w5500 *chip, uint16_t length);

/// cr.stick: the next command of `socket` is taken after `ns`; SIM_NEVER: not
/// before a reset.
void sim_w5500_cr_stick(struct sim_w5500 *chip, unsigned socket, uint64_t ns);

/// irq.lose: the next `count` edges of INTn are not seen by the processor.
void sim_w5500_irq_lose(struct sim_w5500 *chip, unsigned count);

/// bus.glitch: in each of the next `count` transactions a clock edge too many
/// comes behind the control byte, with MOSI low: from there on chip and host
/// are one bit apart. What is left of the last byte is dropped.
void sim_w5500_glitch(struct sim_w5500 *chip, unsigned count);

/// bus.miso: the line is stuck from now on.
void sim_w5500_miso(struct sim_w5500 *chip, enum sim_w5500_miso miso);

/// tcp.reset: the peer of `socket` resets the connection, now.
void sim_w5500_rst(struct sim_w5500 *chip, unsigned socket);

#endif
