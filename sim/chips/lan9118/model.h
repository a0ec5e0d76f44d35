// SPDX-License-Identifier: MIT
//
// What the parts of the model share: its own list of registers.

#ifndef SIM_CHIPS_LAN9118_MODEL_H
#define SIM_CHIPS_LAN9118_MODEL_H

#include "sim/chips/lan9118.h"

#define LAN_RX_DATA     0x00u // to 0x1C
#define LAN_TX_DATA     0x20u // to 0x3C
#define LAN_RX_STATUS   0x40u
#define LAN_RX_PEEK     0x44u
#define LAN_TX_STATUS   0x48u
#define LAN_TX_PEEK     0x4Cu
#define LAN_ID_REV      0x50u
#define LAN_IRQ_CFG     0x54u
#define LAN_INT_STS     0x58u
#define LAN_INT_EN      0x5Cu
#define LAN_BYTE_TEST   0x64u
#define LAN_FIFO_INT    0x68u
#define LAN_RX_CFG      0x6Cu
#define LAN_TX_CFG      0x70u
#define LAN_HW_CFG      0x74u
#define LAN_RX_DP_CTL   0x78u
#define LAN_RX_FIFO_INF 0x7Cu
#define LAN_TX_FIFO_INF 0x80u
#define LAN_PMT_CTRL    0x84u
#define LAN_FREE_RUN    0x9Cu
#define LAN_RX_DROP     0xA0u
#define LAN_CSR_CMD     0xA4u
#define LAN_CSR_DATA    0xA8u
#define LAN_E2P_CMD     0xB0u

#define CSR_MAC_CR   1
#define CSR_ADDRH    2
#define CSR_ADDRL    3
#define CSR_HASHH    4
#define CSR_HASHL    5
#define CSR_MII_ACC  6
#define CSR_MII_DATA 7
#define CSRS         13

#define CR_RXEN   (1u << 2)
#define CR_TXEN   (1u << 3)
#define CR_PADSTR (1u << 8)
#define CR_BCAST  (1u << 11)
#define CR_HPFILT (1u << 13)
#define CR_PRMS   (1u << 18)
#define CR_MCPAS  (1u << 19)
#define CR_FDPX   (1u << 20)

#define TX_CFG_STOP (1u << 0)
#define TX_CFG_ON   (1u << 1)
#define TX_CFG_SAO  (1u << 2)

#define INT_RSFL   (1u << 3)
#define INT_RXDF   (1u << 6)
#define INT_TSFL   (1u << 7)
#define INT_TSFF   (1u << 8)
#define INT_TDFA   (1u << 9)
#define INT_TDFO   (1u << 10)
#define INT_TXE    (1u << 13)
#define INT_RXE    (1u << 14)
#define INT_TX_IOC (1u << 21)

static inline struct sim_lan9118 *lan__of(struct nif_mmio *mmio)
{
    return (struct sim_lan9118 *)mmio->model;
}

static inline uint32_t *lan__reg(struct sim_lan9118 *chip, uint32_t offset)
{
    return &chip->reg[offset / 4];
}

/// Sets bits of INT_STS.
void lan__raise(struct sim_lan9118 *chip, uint32_t bits);

// fifo.c
void lan__tx_write(struct sim_lan9118 *chip, uint32_t word);
uint32_t lan__tx_pop(struct sim_lan9118 *chip, bool peek);
void lan__tx_go(struct sim_lan9118 *chip);
void lan__tx_dump(struct sim_lan9118 *chip);
size_t lan__tx_free(struct sim_lan9118 *chip);
void lan__tx_init(struct sim_lan9118 *chip);
uint32_t lan__rx_read(struct sim_lan9118 *chip);
uint32_t lan__rx_pop(struct sim_lan9118 *chip, bool peek);
void lan__rx_forward(struct sim_lan9118 *chip);
void lan__rx_dump(struct sim_lan9118 *chip);
void lan__rx_init(struct sim_lan9118 *chip);

#endif
