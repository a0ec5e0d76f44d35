// SPDX-License-Identifier: MIT
//
// The model's own list of the W5500's registers, bits, commands and states,
// after its data sheet. Not shared with any driver, so that a wrong number on
// one side is noticed by the other.

#ifndef SIM_CHIPS_W5500_REGS_H
#define SIM_CHIPS_W5500_REGS_H

#include <stdint.h>

#define W55_SOCKETS 8

/// Common registers: offsets in block 00. Of those with more than one byte,
/// the first, which is the most significant one.
enum w55_common {
    W55_MR = 0x00,
    W55_GAR = 0x01,
    W55_SUBR = 0x05,
    W55_SHAR = 0x09,
    W55_SIPR = 0x0F,
    W55_INTLEVEL = 0x13,
    W55_IR = 0x15,
    W55_IMR = 0x16,
    W55_SIR = 0x17,
    W55_SIMR = 0x18,
    W55_RTR = 0x19,
    W55_RCR = 0x1B,
    W55_PTIMER = 0x1C,
    W55_PMAGIC = 0x1D,
    W55_PHAR = 0x1E,
    W55_PSID = 0x24,
    W55_PMRU = 0x26,
    W55_UIPR = 0x28,
    W55_UPORTR = 0x2C,
    W55_PHYCFGR = 0x2E,
    W55_VERSIONR = 0x39,
    W55_COMMON_COUNT = 0x3A,
};

/// Socket registers: offsets in block 4n + 1.
enum w55_socket_reg {
    W55_SN_MR = 0x00,
    W55_SN_CR = 0x01,
    W55_SN_IR = 0x02,
    W55_SN_SR = 0x03,
    W55_SN_PORT = 0x04,
    W55_SN_DHAR = 0x06,
    W55_SN_DIPR = 0x0C,
    W55_SN_DPORT = 0x10,
    W55_SN_MSSR = 0x12,
    W55_SN_PROTO = 0x14,
    W55_SN_TOS = 0x15,
    W55_SN_TTL = 0x16,
    W55_SN_RXBUF_SIZE = 0x1E,
    W55_SN_TXBUF_SIZE = 0x1F,
    W55_SN_TX_FSR = 0x20,
    W55_SN_TX_RD = 0x22,
    W55_SN_TX_WR = 0x24,
    W55_SN_RX_RSR = 0x26,
    W55_SN_RX_RD = 0x28,
    W55_SN_RX_WR = 0x2A,
    W55_SN_IMR = 0x2C,
    W55_SN_FRAG = 0x2D,
    W55_SN_KPALVTR = 0x2F,
    W55_SOCKET_COUNT = 0x30,
};

enum w55_bit {
    W55_MR_RST = 1 << 7,
    W55_MR_WOL = 1 << 5,
    W55_MR_PB = 1 << 4,
    W55_MR_PPPOE = 1 << 3,
    W55_MR_FARP = 1 << 1,

    W55_IR_CONFLICT = 1 << 7,
    W55_IR_UNREACH = 1 << 6,
    W55_IR_PPPOE = 1 << 5,
    W55_IR_MP = 1 << 4,
    W55_IR_ALL = 0xF0,

    W55_PHYCFGR_RST = 1 << 7,
    W55_PHYCFGR_OPMD = 1 << 6,
    W55_PHYCFGR_OPMDC = 7 << 3,
    W55_PHYCFGR_DPX = 1 << 2,
    W55_PHYCFGR_SPD = 1 << 1,
    W55_PHYCFGR_LNK = 1 << 0,

    W55_SN_MR_PROTO = 0x0F,
    W55_SN_MR_MULTI = 1 << 7,  // UDP
    W55_SN_MR_MFEN = 1 << 7,   // MACRAW
    W55_SN_MR_BCASTB = 1 << 6, // UDP, MACRAW
    W55_SN_MR_ND = 1 << 5,     // TCP
    W55_SN_MR_MC = 1 << 5,     // UDP: IGMP version 1
    W55_SN_MR_MMB = 1 << 5,    // MACRAW
    W55_SN_MR_UCASTB = 1 << 4, // UDP
    W55_SN_MR_MIP6B = 1 << 4,  // MACRAW

    W55_SN_IR_SENDOK = 1 << 4,
    W55_SN_IR_TIMEOUT = 1 << 3,
    W55_SN_IR_RECV = 1 << 2,
    W55_SN_IR_DISCON = 1 << 1,
    W55_SN_IR_CON = 1 << 0,
    W55_SN_IR_ALL = 0x1F,
};

/// The low nibble of Sn_MR.
enum w55_proto {
    W55_PROTO_CLOSED = 0,
    W55_PROTO_TCP = 1,
    W55_PROTO_UDP = 2,
    W55_PROTO_IPRAW = 3,
    W55_PROTO_MACRAW = 4,
};

/// Sn_CR.
enum w55_command {
    W55_OPEN = 0x01,
    W55_LISTEN = 0x02,
    W55_CONNECT = 0x04,
    W55_DISCON = 0x08,
    W55_CLOSE = 0x10,
    W55_SEND = 0x20,
    W55_SEND_MAC = 0x21,
    W55_SEND_KEEP = 0x22,
    W55_RECV = 0x40,
};

/// Sn_SR.
enum w55_state {
    W55_SR_CLOSED = 0x00,
    W55_SR_INIT = 0x13,
    W55_SR_LISTEN = 0x14,
    W55_SR_SYNSENT = 0x15,
    W55_SR_SYNRECV = 0x16,
    W55_SR_ESTABLISHED = 0x17,
    W55_SR_FIN_WAIT = 0x18,
    W55_SR_CLOSING = 0x1A,
    W55_SR_TIME_WAIT = 0x1B,
    W55_SR_CLOSE_WAIT = 0x1C,
    W55_SR_LAST_ACK = 0x1D,
    W55_SR_UDP = 0x22,
    W55_SR_IPRAW = 0x32,
    W55_SR_MACRAW = 0x42,
};

/// What a block of the control byte is.
enum w55_block {
    W55_BLOCK_COMMON,
    W55_BLOCK_RESERVED,
    W55_BLOCK_SOCKET,
    W55_BLOCK_TX,
    W55_BLOCK_RX,
};

/// Who may do what with a register's byte.
enum w55_access {
    W55_RESERVED, ///< not there; reads 0
    W55_RO,
    W55_RW,
    W55_W1C, ///< a 1 that is written clears
};

/// One byte of the register file.
struct w55_reg {
    const char *name; ///< of the register that it belongs to; NULL: reserved
    uint8_t access;   ///< enum w55_access
    uint8_t reset;
    uint8_t mask;  ///< bits that can be written
    uint8_t first; ///< offset of the register's first byte
};

/// A byte of block 00 or of a socket's block; beyond the last, a reserved one.
const struct w55_reg *sim_w55_common(unsigned offset);
const struct w55_reg *sim_w55_socket_reg(unsigned offset);

/// What the block select bits mean.
enum w55_block sim_w55_block(unsigned bsb);

/// Names of a socket's state and of a command; NULL if there is none.
const char *sim_w55_state_name(unsigned state);
const char *sim_w55_command_name(unsigned command);

#endif
