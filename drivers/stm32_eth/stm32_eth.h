// SPDX-License-Identifier: MIT
//
// Driver for the Ethernet MAC in the STM32F2, F4 and F7, as a struct nif_mac;
// the PHY is another's (nif/mac.h joins them). Relatives with the same
// registers, as in the CH32V307, may work too.
//
//     static struct nif_mmio registers = { .base = 0x40028000 };
//     static struct stm32_eth_slot rx[4], tx[2]; // where the DMA can reach it
//     static struct stm32_eth mac;
//
//     stm32_eth_init(&mac, &(struct stm32_eth_cfg){
//         .mmio = &registers, .clock = clock, .hclk_hz = 168000000,
//         .rx = rx, .rx_count = 4, .tx = tx, .tx_count = 2,
//         .hwaddr = address, .interrupt = true });
//
// The board's part, before start(), in this order: clock of SYSCFG; RMII in
// SYSCFG_PMC (bit 23), with the MAC's clocks still off; the nine pins with
// AF11 at their highest speed; the clocks of MAC, TX and RX; a pulse of the
// MAC's reset in RCC_AHB1RSTR. HCLK is at least 25 MHz.
//
// Memory. The caller gives slots, each for one frame; the driver has none of
// its own. They lie where the DMA can reach them (not in the F4's CCM), and
// are not cached (F7: DTCM, or an MPU region). A frame received is used in
// place, a frame to send is copied. With 4 slots, 0.5 ms of full traffic at
// 100 Mbit/s find room.
//
// Clock. The DMA needs the 50 MHz of RMII to come out of its reset, and a PHY
// in power down may not give it. So that reset comes when the link does:
// without the clock poll() then says NIF_ETIMEDOUT, though there is a link.
//
// Interrupts. The board's handler of ETH calls stm32_eth_interrupt(). Without
// `interrupt`, poll() wants to be called every 50 us for each slot of `rx`,
// and each millisecond at the latest: so full traffic at 100 Mbit/s, of frames
// of 600 bytes or more, finds room. While send() has no room it is each 125 us.
//
// Errors. A fault of the bus stops the DMA for good, and a frame that has not
// left within a second never will: poll() returns NIF_EIO or NIF_ETIMEDOUT, and
// nif_macphy starts all anew.
//
// Not certain: all of it was read in the manual and in other drivers, and has
// run against a model only. Checksums are those of the stack, not the MAC's.

#ifndef STM32_ETH_H
#define STM32_ETH_H

#include "nif/clock.h"
#include "nif/mac.h"
#include "nif/mmio.h"

NIF_C_BEGIN

/// Bytes of a frame in a slot: more than the longest, and a multiple of 16.
#define STM32_ETH_SLOT 1536

/// A descriptor of the DMA and its frame. 1552 bytes.
struct stm32_eth_slot {
    volatile uint32_t word[4];
    uint8_t data[STM32_ETH_SLOT];
};

/// What is where and how it is to be run.
struct stm32_eth_cfg {
    struct nif_mmio *mmio;
    struct nif_clock *clock;
    struct stm32_eth_slot *rx; ///< as many slots as the next but one says
    struct stm32_eth_slot *tx;
    uint8_t rx_count; ///< 2 or more
    uint8_t tx_count; ///< 1 or more
    bool interrupt;   ///< stm32_eth_interrupt() is called
    uint32_t hclk_hz; ///< of the bus, MDC is made of it; 0: 150 MHz or more
    struct nif_hwaddr hwaddr; ///< the board's own, not a group's
};

/// What happened since init. Counters wrap.
struct stm32_eth_stats {
    uint32_t rx;      ///< frames received
    uint32_t rx_bad;  ///< dropped: in error, cut, too short or too long
    uint32_t rx_full; ///< times that no slot was free
    uint32_t tx;      ///< frames that left
    uint32_t tx_bad;  ///< given up: collisions, no carrier
};

/// Caller-allocated. Must not move after stm32_eth_init(). All is private but
/// what is said to be otherwise.
struct stm32_eth {
    struct nif_mac mac; ///< first member: what nif/mac.h is given
    struct nif_mdio mdio;
    struct stm32_eth_cfg cfg;
    struct stm32_eth_stats stats; ///< may be read
    uint32_t ffr;                 // the filter, ...
    uint32_t hash[2];             // ... and its groups: MACHTHR, MACHTLR
    uint32_t tx_us;               // when a frame last left or was given
    uint8_t rx_at;                // the next slot to be received
    uint8_t tx_at;                // the next to be filled
    uint8_t tx_done;              // the oldest that has not left
    uint8_t tx_pending;           // so many have not
    bool ready;                   // the slots are laid out
    bool running;                 // frames flow
    bool lent;                    // `rx_at` was given out by recv()
    bool refused;                 // send() had no room, and poll() has to ask
    volatile bool fatal;          // the handler saw a fault of the bus
    volatile bool full;           // the handler saw that no slot was free
};

/// Makes `chip` a stopped MAC. Touches memory only. `cfg` is copied; what it
/// points at must outlive `chip`.
void stm32_eth_init(struct stm32_eth *chip, const struct stm32_eth_cfg *cfg);

/// To be called by the handler of ETH. Context: interrupt.
void stm32_eth_interrupt(struct stm32_eth *chip);

NIF_C_END

#endif
