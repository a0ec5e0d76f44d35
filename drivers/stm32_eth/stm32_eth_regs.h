// SPDX-License-Identifier: MIT
//
// Registers and descriptors of the Ethernet MAC in the STM32F2, F4 and F7
// (RM0090 chapter 33), by the manual's names without their prefix ETH_.

#ifndef STM32_ETH_REGS_H
#define STM32_ETH_REGS_H

// ---- MAC

#define STM32_ETH_MACCR      0x0000u
#define STM32_ETH_MACCR_KEPT 0x00008000u ///< reserved, to stay as after reset
#define STM32_ETH_MACCR_FES  0x00004000u ///< 100 Mbit/s
#define STM32_ETH_MACCR_ROD  0x00002000u ///< does not receive what it sends
#define STM32_ETH_MACCR_DM   0x00000800u ///< full duplex
#define STM32_ETH_MACCR_TE   0x00000008u
#define STM32_ETH_MACCR_RE   0x00000004u

#define STM32_ETH_MACFFR     0x0004u
#define STM32_ETH_MACFFR_PAM 0x00000010u ///< all groups
#define STM32_ETH_MACFFR_HM  0x00000004u ///< groups by hash
#define STM32_ETH_MACFFR_PM  0x00000001u ///< everything

#define STM32_ETH_MACHTHR 0x0008u
#define STM32_ETH_MACHTLR 0x000Cu

#define STM32_ETH_MACMIIAR    0x0010u
#define STM32_ETH_MACMIIAR_MW 0x00000002u ///< write
#define STM32_ETH_MACMIIAR_MB 0x00000001u ///< busy
#define STM32_ETH_MACMIIDR    0x0014u

#define STM32_ETH_MACIMR     0x003Cu
#define STM32_ETH_MACIMR_ALL 0x00000208u

#define STM32_ETH_MACA0HR 0x0040u
#define STM32_ETH_MACA0LR 0x0044u

// ---- counters: their interrupts

#define STM32_ETH_MMCRIMR     0x010Cu
#define STM32_ETH_MMCRIMR_ALL 0x00020060u
#define STM32_ETH_MMCTIMR     0x0110u
#define STM32_ETH_MMCTIMR_ALL 0x0020C000u

// ---- DMA

#define STM32_ETH_DMABMR     0x1000u
#define STM32_ETH_DMABMR_AAB 0x02000000u ///< bursts begin aligned
#define STM32_ETH_DMABMR_FB  0x00010000u ///< bursts of a fixed length
#define STM32_ETH_DMABMR_PBL 0x00002000u ///< ... of 32
#define STM32_ETH_DMABMR_SR  0x00000001u ///< reset; clears itself

#define STM32_ETH_DMATPDR  0x1004u ///< any write: look at the ring again
#define STM32_ETH_DMARPDR  0x1008u
#define STM32_ETH_DMARDLAR 0x100Cu
#define STM32_ETH_DMATDLAR 0x1010u

#define STM32_ETH_DMASR      0x1014u     ///< a one clears
#define STM32_ETH_DMASR_FBES 0x00002000u ///< the bus failed: DMA has stopped
#define STM32_ETH_DMASR_RBUS 0x00000080u ///< no room to receive
#define STM32_ETH_DMASR_TBUS 0x00000004u ///< nothing more to send
#define STM32_ETH_DMASR_TUS  0x00000020u ///< underflow
#define STM32_ETH_DMASR_ALL  0x0001E7FFu ///< all that a one clears

#define STM32_ETH_DMAOMR     0x1018u
#define STM32_ETH_DMAOMR_RSF 0x02000000u ///< receives whole frames
#define STM32_ETH_DMAOMR_TSF 0x00200000u ///< sends whole frames
#define STM32_ETH_DMAOMR_ST  0x00002000u
#define STM32_ETH_DMAOMR_SR  0x00000002u

#define STM32_ETH_DMAIER      0x101Cu
#define STM32_ETH_DMAIER_USED 0x0001A0C1u ///< NISE AISE FBEIE RBUIE RIE TIE

// ---- descriptors, four words: status, size, buffer, next

#define STM32_ETH_OWN 0x80000000u ///< the DMA's, else ours

#define STM32_ETH_TX_IC  0x40000000u ///< interrupt when it has left
#define STM32_ETH_TX_LS  0x20000000u
#define STM32_ETH_TX_FS  0x10000000u
#define STM32_ETH_TX_TCH 0x00100000u ///< word 3 is the next one's address
#define STM32_ETH_TX_ES  0x00008000u ///< it did not leave

#define STM32_ETH_RX_ES        0x00008000u
#define STM32_ETH_RX_FS        0x00000200u
#define STM32_ETH_RX_LS        0x00000100u
#define STM32_ETH_RX_LEN(word) ((word) >> 16 & 0x3FFFu) ///< with FCS
#define STM32_ETH_RX_RCH       0x00004000u              ///< in word 1: as TCH

#endif
