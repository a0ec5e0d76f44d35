// SPDX-License-Identifier: MIT
//
// Model of SMSC's LAN9118: a MAC and a PHY behind a 32-bit bus, with two FIFOs
// for data and two for status each way and no DMA.
//
//     driver - nif_mmio (this) - FIFOs, MAC - sim_phy - port - cable
//
// Modelled: software reset, the sizes of the FIFOs, commands A and B with
// segments and offsets, statuses that are to be popped, the MAC's registers
// behind a command that takes time, MII management, address filters, levels and
// interrupts, the general counter, the EEPROM's address.
//
// Not modelled: receive alignment above a word, wake-up, PAUSE, GPIO, the
// timer, writing the EEPROM, checksums, 16-bit buses.
//
// It complains about: what is written while it resets, registers that do not
// exist or cannot be written, HW_CFG without the bit that must be one, commands
// that contradict each other, FIFOs that run over or are read when they are
// empty, a fast-forward with less than four words left, MAC registers and MII
// used while they are busy.

#ifndef SIM_CHIPS_LAN9118_H
#define SIM_CHIPS_LAN9118_H

#include "nif/iface.h"
#include "nif/mmio.h"
#include "sim/chips/phy.h"
#include "sim/cpu.h"
#include "sim/net/nic.h"

#define SIM_LAN9118_FRAMES 704 ///< at most in the receive FIFO
#define SIM_LAN9118_TX     128 ///< frames to send, and statuses

/// Zero is the default of each field.
struct sim_lan9118_cfg {
    struct nif_hwaddr eeprom; ///< the address there; all zero: no EEPROM
    const char *name;         ///< NULL: "lan9118"
    void (*irq)(void *);      ///< its line is asserted; runs as an event
    void *irq_arg;
};

/// The chip. All is private but what is said to be otherwise.
struct sim_lan9118 {
    struct nif_mmio mmio;           ///< give this to a driver
    struct sim_nic nic;             ///< join its port to a cable
    struct sim_phy phy;             ///< its own, at address 1
    struct sim_phy_partner partner; ///< at the other end; may be set
    // Read only.
    uint64_t rx;      ///< frames put into the FIFO
    uint64_t rx_lost; ///< found no room
    uint64_t tx;      ///< frames that left
    // Private.
    struct sim_cpu *cpu;
    struct sim_lan9118_cfg cfg;
    struct sim_event reset_event;
    struct sim_event csr_event;
    struct sim_event mii_event;
    struct sim_event irq_event;
    struct sim_event void_event;
    uint32_t reg[64];
    uint32_t csr[13];
    bool resetting;
    unsigned stuck;
    bool handling;
    // Receive: statuses, and the data of what was popped and what was not.
    size_t rx_count;
    uint32_t rx_status[SIM_LAN9118_FRAMES];
    size_t rx_words;            // in the data FIFO, and where its words are
    size_t rx_head;             //
    uint32_t rx_data[16 * 256]; //
    size_t rx_ends;             // frames of which words are in it
    size_t rx_left[SIM_LAN9118_FRAMES + 1];
    // Transmit.
    uint32_t tx_a; // commands of the segment that is being written
    uint32_t tx_b;
    unsigned tx_state; // words of it that are to come, after ...
    size_t tx_need;    // ... the commands
    size_t tx_skip;
    size_t tx_size;
    size_t tx_len;  // of the frame so far
    size_t tx_used; // words of the FIFO
    size_t tx_cost; // words of the frame that is being written
    uint8_t tx_data[2048];
    size_t tx_count;
    struct sim_lan9118_tx {
        size_t len;
        size_t cost;
        uint32_t a;
        uint32_t b;
        uint8_t *data;
    } tx_queue[SIM_LAN9118_TX];
    bool tx_leaving;
    bool tx_orphan;
    size_t tx_statuses;
    uint32_t tx_status[SIM_LAN9118_TX];
};

/// As after power-up, with no cable. It must not move.
void sim_lan9118_init(struct sim_lan9118 *chip, struct sim_cpu *cpu,
    const struct sim_lan9118_cfg *cfg);

/// Its supply dips: all is as after power-up.
void sim_lan9118_dip(struct sim_lan9118 *chip);

/// Gives memory back.
void sim_lan9118_done(struct sim_lan9118 *chip);

#endif
