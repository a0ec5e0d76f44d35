// SPDX-License-Identifier: MIT
//
// Model of the Ethernet MAC and DMA in the STM32F4 (RM0090 33), and in the F2
// and F7 but for caches: registers, descriptors, MII management, RMII to a
// sim_phy and a socket behind that.
//
//     driver - nif_mmio (this) - descriptors and frames in the driver's memory
//                 |
//                 +-- MII management, RMII -- sim_phy -- port - cable
//
// Modelled: software reset, which needs the reference clock; MII frames that
// take time; address filters, perfect and by hash; both DMA processes with
// their states, chained descriptors and rings, frames over several of them; the
// 2 KB FIFO of received frames, flushed or kept; status and interrupts with
// their summaries; what a wrong speed or duplex does to frames; some counters.
//
// Not modelled: cut-through (TSF and RSF must be set), forwarding of bad
// frames, checksums, time stamps, PAUSE, VLAN filters, source address filters,
// wake-up, loop-back. Using one of these is a complaint.
//
// It complains about: writes to read-only, reserved or unknown bits and
// registers; anything but a wait while it resets; two writes to a register of
// the clock domain of the wire within four of its clocks (the second is lost,
// as in the errata); the MII used while it is busy; descriptors that are not
// aligned, have no room, lie where the DMA cannot reach, or are changed while
// the DMA owns them; lists moved under a running process; a poll demand for a
// descriptor that was given to the DMA without a barrier behind that.
//
// The DMA sees what nif_mmio_address() was called for, and nothing else. Each
// access to a register outside an interrupt handler is a strike point and
// costs a step.

#ifndef SIM_CHIPS_STM32_ETH_H
#define SIM_CHIPS_STM32_ETH_H

#include "nif/mmio.h"
#include "sim/chips/dma.h"
#include "sim/chips/phy.h"
#include "sim/cpu.h"
#include "sim/net/nic.h"

#define SIM_STM32_ETH_REGS  (0x1060 / 4)
#define SIM_STM32_ETH_FIFO  2048
#define SIM_STM32_ETH_FRAME 2048

/// Zero is the default of each field.
struct sim_stm32_eth_cfg {
    uint32_t hclk_hz;    ///< 0: 168 MHz
    bool own_clock;      ///< 50 MHz come from an oscillator; else from the PHY,
                         ///< and not while it is in power down
    uint64_t reset_ns;   ///< of a software reset; 0: 2 us
    const char *name;    ///< in traces and complaints; NULL: "stm32_eth"
    void (*irq)(void *); ///< its interrupt handler, or NULL; runs as an event
    void *irq_arg;
};

/// A descriptor that the DMA has read.
struct sim_stm32_eth_desc {
    uint32_t address;
    uint32_t word[4];
};

/// A frame between memory and the wire.
struct sim_stm32_eth_frame {
    size_t len;
    bool no_pad;
    bool no_fcs;
    struct sim_stm32_eth_desc last; ///< gets the status
    uint8_t data[SIM_STM32_ETH_FRAME];
};

/// The MAC. All is private but what is said to be otherwise.
struct sim_stm32_eth {
    struct nif_mmio mmio; ///< give this to a driver
    struct sim_nic nic;   ///< join its port to a cable
    bool no_clock;        ///< the 50 MHz are missing; may be changed
    // Read only.
    uint64_t rx;       ///< frames put into memory
    uint64_t rx_noise; ///< came at the wrong speed
    uint64_t rx_lost;  ///< no room in the FIFO, or no descriptor
    uint64_t tx;       ///< frames that left
    uint64_t tx_noise; ///< of these, at the wrong speed
    uint64_t tx_void;  ///< of these, without a link
    // Private.
    struct sim_cpu *cpu;
    struct sim_stm32_eth_cfg cfg;
    struct sim_port_ops port_ops;        // the card's, watched
    const struct sim_port_ops *card_ops; // the card's own
    struct sim_phy *phy;
    struct sim_phy_partner partner;
    struct sim_mdio_chip *chip[32];
    uint32_t reg[SIM_STM32_ETH_REGS];
    uint64_t written_ns[SIM_STM32_ETH_REGS]; // plus one; 0: never
    uint8_t own[6];                          // as latched by A0LR
    struct sim_event reset_event;
    struct sim_event mii_event;
    struct sim_event flush_event;
    struct sim_event irq_event;
    bool resetting;
    struct { // of the next descriptor to send and to receive, ...
        uint32_t address;
        uint32_t word0; // ... at the last barrier
    } fence[2];
    bool fatal; // the DMA has stopped until a reset
    bool break_bus;
    unsigned stuck; // times that the handler left the line asserted
    struct sim_dma dma;
    // Transmit.
    struct sim_event tx_event; // a descriptor's data is in the FIFO
    struct sim_event void_event;
    uint32_t tx_at;
    bool tx_suspended;
    bool tx_building; // a first segment was read, no last one
    bool tx_reading;  // tx_event is to come
    bool tx_stopping;
    bool tx_whole;   // all of tx_new was read
    bool tx_leaving; // tx_out is on the wire ...
    bool tx_orphan;  // ... and nobody's any more
    struct sim_stm32_eth_desc tx_desc;
    struct sim_stm32_eth_frame tx_new; // being read
    struct sim_stm32_eth_frame tx_out; // on the wire
    // Receive.
    struct sim_event rx_event; // a buffer was filled
    uint32_t rx_at;
    bool rx_suspended;
    bool rx_writing; // rx_event is to come
    bool rx_stopping;
    struct sim_stm32_eth_desc rx_desc;
    size_t rx_done;  // bytes of the oldest frame that are in memory
    size_t fifo_len; // bytes in it
    size_t fifo_count;
    struct sim_stm32_eth_rx {
        size_t len; // with what is kept of the FCS
        bool unwanted;
        bool typed;
        uint8_t *data;
    } fifo[SIM_STM32_ETH_FIFO / 64];
};

/// A MAC of `cpu` without a PHY, as after power-up. It must not move.
void sim_stm32_eth_init(struct sim_stm32_eth *eth, struct sim_cpu *cpu,
    const struct sim_stm32_eth_cfg *cfg);

/// Joins a PHY, at its address, to MII management and to the socket. Once, and
/// before the cable is joined.
void sim_stm32_eth_join(struct sim_stm32_eth *eth, struct sim_phy *phy);

/// Who is at the other end of the cable from now on: one who is there is
/// unplugged for it. NULL: one who can all and negotiates, as at first.
void sim_stm32_eth_partner(struct sim_stm32_eth *eth,
    const struct sim_phy_partner *partner);

/// True if the MAC sends or receives, or the DMA does.
bool sim_stm32_eth_runs(const struct sim_stm32_eth *eth);

/// The next access of the DMA to memory fails, which stops it.
void sim_stm32_eth_break_bus(struct sim_stm32_eth *eth);

/// Gives memory back.
void sim_stm32_eth_done(struct sim_stm32_eth *eth);

#endif
