// SPDX-License-Identifier: MIT
//
// W5500: registers, commands and bits that the driver uses, in the spelling
// of the data sheet (1.0.9). Driver's own: a chip model must not
// include this.

#ifndef W5500_REGS_H
#define W5500_REGS_H

// A place in the chip: the 16-bit offset, and above it the control byte that
// selects a block and reads. Variable length: its two low bits are 0.
#define W5500_WRITE 0x04

// ---- common registers

#define W5500_MR       0x0000
#define W5500_GAR      0x0001
#define W5500_SUBR     0x0005
#define W5500_SHAR     0x0009
#define W5500_SIPR     0x000F
#define W5500_INTLEVEL 0x0013
#define W5500_IR       0x0015
#define W5500_IMR      0x0016
#define W5500_SIR      0x0017
#define W5500_SIMR     0x0018
#define W5500_RTR      0x0019
#define W5500_RCR      0x001B
#define W5500_UIPR     0x0028
#define W5500_PHYCFGR  0x002E
#define W5500_VERSIONR 0x0039

#define W5500_MR_RST  0x80
#define W5500_MR_PB   0x10
#define W5500_MR_FARP 0x02

#define W5500_IR_CONFLICT 0x80
#define W5500_IR_UNREACH  0x40
#define W5500_IR_ALL      0xF0

#define W5500_PHYCFGR_RST    0x80
#define W5500_PHYCFGR_OPMD   0x40
#define W5500_PHYCFGR_OPMDC  0x38
#define W5500_PHYCFGR_OFF    0x30 // OPMDC: power down
#define W5500_PHYCFGR_DPX    0x04
#define W5500_PHYCFGR_LNK    0x01
#define W5500_VERSIONR_VALUE 0x04

// ---- registers and buffers of socket `n`: blocks 4n + 1, 4n + 2, 4n + 3

#define W5500_SN(n, offset)  (((n) << 21) + 0x080000u + (offset))
#define W5500_TX(n, pointer) (((n) << 21) + 0x100000u + (pointer))
#define W5500_RX(n, pointer) (((n) << 21) + 0x180000u + (pointer))

#define W5500_SN_MR         0x00
#define W5500_SN_CR         0x01
#define W5500_SN_IR         0x02
#define W5500_SN_SR         0x03
#define W5500_SN_PORT       0x04
#define W5500_SN_DHAR       0x06
#define W5500_SN_DIPR       0x0C
#define W5500_SN_TOS        0x15
#define W5500_SN_TTL        0x16
#define W5500_SN_RXBUF_SIZE 0x1E
#define W5500_SN_TX_FSR     0x20
#define W5500_SN_TX_WR      0x24
#define W5500_SN_RX_RSR     0x26
#define W5500_SN_RX_RD      0x28
#define W5500_SN_IMR        0x2C
#define W5500_SN_KPALVTR    0x2F

#define W5500_SN_MR_KIND   0x0F
#define W5500_SN_MR_TCP    0x01
#define W5500_SN_MR_UDP    0x02
#define W5500_SN_MR_MACRAW 0x04
#define W5500_SN_MR_MFEN   0x80 // MACRAW: own address and broadcasts only
#define W5500_SN_MR_MMB    0x20 // MACRAW: no multicasts
#define W5500_SN_MR_MULTI  0x80 // UDP: a group
#define W5500_SN_MR_BCASTB 0x40 // UDP: no broadcasts

#define W5500_SN_CR_OPEN     0x01
#define W5500_SN_CR_LISTEN   0x02
#define W5500_SN_CR_CONNECT  0x04
#define W5500_SN_CR_DISCON   0x08
#define W5500_SN_CR_CLOSE    0x10
#define W5500_SN_CR_SEND     0x20
#define W5500_SN_CR_SEND_MAC 0x21
#define W5500_SN_CR_RECV     0x40

#define W5500_SN_IR_SENDOK  0x10
#define W5500_SN_IR_TIMEOUT 0x08
#define W5500_SN_IR_RECV    0x04
#define W5500_SN_IR_DISCON  0x02
#define W5500_SN_IR_ALL     0x1F

#define W5500_SN_SR_CLOSED      0x00
#define W5500_SN_SR_INIT        0x13
#define W5500_SN_SR_SYNRECV     0x16
#define W5500_SN_SR_ESTABLISHED 0x17
#define W5500_SN_SR_CLOSING     0x1A
#define W5500_SN_SR_TIME_WAIT   0x1B
#define W5500_SN_SR_CLOSE_WAIT  0x1C
#define W5500_SN_SR_UDP         0x22
#define W5500_SN_SR_MACRAW      0x42

#endif
