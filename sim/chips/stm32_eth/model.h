// SPDX-License-Identifier: MIT
//
// What the parts of the model share: its own list of registers (RM0090 33.8),
// and who calls whom.

#ifndef SIM_CHIPS_STM32_ETH_MODEL_H
#define SIM_CHIPS_STM32_ETH_MODEL_H

#include "sim/chips/rmii.h"
#include "sim/chips/stm32_eth.h"

#define ETH_MACCR   0x0000u
#define ETH_MACFFR  0x0004u
#define ETH_MACHTHR 0x0008u
#define ETH_MACHTLR 0x000Cu
#define ETH_MIIAR   0x0010u
#define ETH_MIIDR   0x0014u
#define ETH_MACFCR  0x0018u
#define ETH_VLANTR  0x001Cu
#define ETH_MACA0HR 0x0040u
#define ETH_MACA0LR 0x0044u
#define ETH_MACA3LR 0x005Cu
#define ETH_TGFCR   0x0168u // good frames sent
#define ETH_RFCECR  0x0194u // frames with a wrong FCS
#define ETH_RGUFCR  0x01C4u // good unicast frames received
#define ETH_DMABMR  0x1000u
#define ETH_TPDR    0x1004u
#define ETH_RPDR    0x1008u
#define ETH_RDLAR   0x100Cu
#define ETH_TDLAR   0x1010u
#define ETH_DMASR   0x1014u
#define ETH_DMAOMR  0x1018u
#define ETH_DMAIER  0x101Cu
#define ETH_MFBOCR  0x1020u
#define ETH_CHTDR   0x1048u
#define ETH_CHRDR   0x104Cu
#define ETH_CHTBAR  0x1050u
#define ETH_CHRBAR  0x1054u

#define CR_RE   (1u << 2)
#define CR_TE   (1u << 3)
#define CR_APCS (1u << 7)
#define CR_IPCO (1u << 10)
#define CR_DM   (1u << 11)
#define CR_LM   (1u << 12)
#define CR_FES  (1u << 14)
#define CR_ONE  (1u << 15)
#define CR_CSTF (1u << 25)

#define FFR_PM   (1u << 0)
#define FFR_HU   (1u << 1)
#define FFR_HM   (1u << 2)
#define FFR_DAIF (1u << 3)
#define FFR_PAM  (1u << 4)
#define FFR_BFD  (1u << 5)
#define FFR_SAF  (1u << 9)
#define FFR_HPF  (1u << 10)
#define FFR_RA   (1u << 31)

#define BMR_SR   (1u << 0)
#define BMR_EDFE (1u << 7)

#define OMR_SR   (1u << 1)
#define OMR_OSF  (1u << 2)
#define OMR_FUGF (1u << 6)
#define OMR_FEF  (1u << 7)
#define OMR_ST   (1u << 13)
#define OMR_FTF  (1u << 20)
#define OMR_TSF  (1u << 21)
#define OMR_DFRF (1u << 24)
#define OMR_RSF  (1u << 25)

#define SR_TS   (1u << 0)
#define SR_TPSS (1u << 1)
#define SR_TBUS (1u << 2)
#define SR_ROS  (1u << 4)
#define SR_RS   (1u << 6)
#define SR_RBUS (1u << 7)
#define SR_RPSS (1u << 8)
#define SR_FBES (1u << 13)
#define SR_AIS  (1u << 15)
#define SR_NIS  (1u << 16)

// Process states in DMASR.
#define RPS_SHIFT     17
#define RPS_STOPPED   0u
#define RPS_WAITING   3u
#define RPS_SUSPENDED 4u
#define RPS_WRITING   7u
#define TPS_SHIFT     20
#define TPS_STOPPED   0u
#define TPS_WAITING   2u
#define TPS_READING   3u
#define TPS_SUSPENDED 6u

#define DESC_OWN  (1u << 31)
#define DESC_SIZE 0x1FFFu

static inline uint32_t *eth__reg(struct sim_stm32_eth *eth, uint32_t offset)
{
    return &eth->reg[offset / 4];
}

static inline bool eth__has(struct sim_stm32_eth *eth, uint32_t offset,
    uint32_t bit)
{
    return (*eth__reg(eth, offset) & bit) != 0;
}

__attribute__((format(printf, 2, 3))) void
eth__complain(struct sim_stm32_eth *eth, const char *format, ...);

/// True while the 50 MHz are there.
bool eth__clocked(const struct sim_stm32_eth *eth);

/// Sets bits of DMASR, and their summaries where they are enabled.
void eth__raise(struct sim_stm32_eth *eth, uint32_t bits);
void eth__irq_update(struct sim_stm32_eth *eth);

/// Sets a process's state.
void eth__state(struct sim_stm32_eth *eth, unsigned shift, uint32_t state);

// memory.c

/// Memory that the DMA reaches at `address`, or NULL: a fatal bus error.
uint8_t *eth__memory(struct sim_stm32_eth *eth, uint32_t address, size_t len);

/// Word 0 of what lies at `address` now; 0 where nothing does.
uint32_t eth__peek(const struct sim_stm32_eth *eth, uint32_t address);

/// Keeps what a process's next descriptor is now: see write of a demand.
void eth__fence(struct sim_stm32_eth *eth, bool is_tx);

/// Reads a descriptor. False: it cannot be reached.
bool eth__fetch(struct sim_stm32_eth *eth, uint32_t address,
    struct sim_stm32_eth_desc *desc);

/// Writes word 0 back, the last thing that the DMA does to it.
void eth__close(struct sim_stm32_eth *eth,
    const struct sim_stm32_eth_desc *desc, uint32_t word0);

/// Where the next descriptor lies. `chained` and `last` are its bits for that.
uint32_t eth__next(struct sim_stm32_eth *eth,
    const struct sim_stm32_eth_desc *desc, bool chained, bool last,
    uint32_t list);

/// Nanoseconds that the DMA takes for so many bytes.
uint64_t eth__dma_ns(const struct sim_stm32_eth *eth, size_t len);

uint32_t eth__mmio_address(struct nif_mmio *mmio, const void *memory,
    size_t len);

// mii.c
void eth__mii_write(struct sim_stm32_eth *eth, uint32_t value);
void eth__on_mii(struct sim_event *event);

// filter.c
bool eth__wants(struct sim_stm32_eth *eth, const uint8_t *frame);

// tx.c
void eth__tx_go(struct sim_stm32_eth *eth);
void eth__tx_mode(struct sim_stm32_eth *eth, uint32_t before);
void eth__tx_flush(struct sim_stm32_eth *eth);
void eth__tx_reset(struct sim_stm32_eth *eth);
void eth__tx_init(struct sim_stm32_eth *eth);
void eth__on_flush(struct sim_event *event);

// rx.c
void eth__rx_go(struct sim_stm32_eth *eth);
void eth__rx_mode(struct sim_stm32_eth *eth, uint32_t before);
void eth__rx_reset(struct sim_stm32_eth *eth);
void eth__rx_init(struct sim_stm32_eth *eth);

#endif
