// SPDX-License-Identifier: MIT
//
// Model of the Ethernet controller of the Stellaris LM3S6965: a MAC with a FIFO
// of 2 KiB each way behind one register, and a PHY of its own.
//
//     driver - nif_mmio (this) - FIFOs, MAC - sim_phy - port - cable
//
// Written from the data sheet, not from QEMU's model: docs/reference/
// stellaris.md says where these two differ, and what here is inferred.
//
// Modelled: one frame at a time to send, by the length in front of it; up to 31
// frames or 2 KiB that were received, their words in one row, and overruns at
// the byte that finds no room; a reset of the receive FIFO, by the driver and
// by a frame with a bad FCS; address filter, padding, FCS; interrupts that
// latch; MII management at the speed of its divider; the PHY's own registers 16
// to 24; 10BASE-T half duplex, where what is sent comes back.
//
// Not modelled: early transmission (MACTHR), jabber, alignment errors, the
// system control's clocks and resets, loop-back, the LEDs.
//
// It complains about: registers that there are not, reserved bits, writes to
// what can only be read; a receive FIFO that is read when it is empty, or reset
// while a frame is coming into it; a transmit FIFO that is written to while it
// sends, or after an error that was not cleared, that gets more than was
// announced, or less; a start without a frame, with the transmitter off, or
// while it sends; the MII used while it is busy; and what the PHY complains of.

#ifndef SIM_CHIPS_STELLARIS_H
#define SIM_CHIPS_STELLARIS_H

#include "nif/iface.h"
#include "nif/mmio.h"
#include "sim/chips/phy.h"
#include "sim/cpu.h"
#include "sim/net/nic.h"

#define SIM_STELLARIS_FIFO   2048 ///< bytes, each way
#define SIM_STELLARIS_FRAMES 31   ///< at most in the receive FIFO

/// Zero is the default of each field.
struct sim_stellaris_cfg {
    uint32_t clock_hz;   ///< of the system, for MDC; 0: 50 MHz
    bool bad_goes_alone; ///< a frame with a bad FCS takes no others with it
    const char *name;    ///< in traces and complaints; NULL: "stellaris"
    void (*irq)(void *); ///< its interrupt handler, or NULL; runs as an event
    void *irq_arg;
};

/// The controller. All is private but what is said to be otherwise.
struct sim_stellaris {
    struct nif_mmio mmio; ///< give this to a driver
    struct sim_nic nic;   ///< join its port to a cable
    struct sim_phy phy;   ///< its own
    // Read only.
    uint64_t rx;      ///< frames put into the FIFO
    uint64_t rx_lost; ///< found no room
    uint64_t rx_bad;  ///< wanted, but with a bad FCS
    uint64_t tx;      ///< frames that left
    uint64_t tx_lost; ///< could not, for collisions
    // Private.
    struct sim_cpu *cpu;
    struct sim_stellaris_cfg cfg;
    struct sim_phy_partner partner;
    struct sim_port_ops port_ops;        // the card's, watched
    const struct sim_port_ops *card_ops; // the card's own
    struct sim_event irq_event;
    struct sim_event mii_event;
    struct sim_event full_event; // the frame that comes finds no more room
    struct sim_event void_event;
    uint32_t reg[16];
    uint16_t vendor[32]; // registers of the PHY, from 16 on
    bool had_link;       // as register 17 has told
    bool had_autoneg;
    unsigned stuck; // times that the handler left the line asserted
    bool handling;
    // Receive: words in a ring; of each frame its bytes and words to come.
    uint32_t rx_word[SIM_STELLARIS_FIFO / 4];
    size_t rx_head;
    size_t rx_words;
    size_t rx_count;
    struct {
        size_t len;
        size_t left;
    } rx_frame[SIM_STELLARIS_FRAMES];
    bool rx_torn;   // emptied by an error, which nobody can have seen yet
    bool rx_coming; // a frame, since rx_ns
    bool rx_full;   // and it has found no room
    uint64_t rx_ns;
    // Transmit.
    size_t tx_need; // bytes, with those of the length
    size_t tx_len;  // bytes so far, whole words
    bool tx_leaving;
    bool tx_orphan; // what is on the wire is nobody's any more
    uint64_t tx_count_before;
    uint8_t tx_data[SIM_STELLARIS_FIFO + SIM_FCS];
};

/// As after power-up, with no cable. It must not move.
void sim_stellaris_init(struct sim_stellaris *mac, struct sim_cpu *cpu,
    const struct sim_stellaris_cfg *cfg);

/// Who is at the other end of the cable from now on: one who is there is
/// unplugged for it. NULL: one who can all and negotiates, as at first.
void sim_stellaris_partner(struct sim_stellaris *mac,
    const struct sim_phy_partner *partner);

/// MAC and PHY are reset, as by the system control.
void sim_stellaris_reset(struct sim_stellaris *mac);

/// As if a frame with a bad FCS had come just now: RXER, and the receive FIFO
/// is reset. Nothing while it does not receive.
void sim_stellaris_spoil(struct sim_stellaris *mac);

/// True if the MAC sends or receives.
bool sim_stellaris_runs(const struct sim_stellaris *mac);

/// Gives memory back.
void sim_stellaris_done(struct sim_stellaris *mac);

#endif
