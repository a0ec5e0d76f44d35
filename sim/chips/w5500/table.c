// SPDX-License-Identifier: MIT
//
// The W5500's register file as a table: name, access, reset value, bits that
// can be written, byte by byte; and the names of commands and states.

#include "sim/chips/w5500/regs.h"

#include <stddef.h>

#define BYTE(n, a, r, m, f)                                                 \
    {                                                                       \
        .name = (n), .access = (a), .reset = (r), .mask = (m), .first = (f) \
    }
#define REG1(at, n, a, r, m) [at] = BYTE(n, a, r, m, at)
#define REG2(at, n, a, hi, lo)                           \
    [at] = BYTE(n, a, hi, (a) == W55_RW ? 0xFF : 0, at), \
    [(at) + 1] = BYTE(n, a, lo, (a) == W55_RW ? 0xFF : 0, at)
#define REG4(at, n, a)                                            \
    REG2(at, n, a, 0, 0),                                         \
        [(at) + 2] = BYTE(n, a, 0, (a) == W55_RW ? 0xFF : 0, at), \
                [(at) + 3] = BYTE(n, a, 0, (a) == W55_RW ? 0xFF : 0, at)
#define REG6(at, n, r)                         \
    [at] = BYTE(n, W55_RW, r, 0xFF, at),       \
    [(at) + 1] = BYTE(n, W55_RW, r, 0xFF, at), \
    [(at) + 2] = BYTE(n, W55_RW, r, 0xFF, at), \
    [(at) + 3] = BYTE(n, W55_RW, r, 0xFF, at), \
    [(at) + 4] = BYTE(n, W55_RW, r, 0xFF, at), \
    [(at) + 5] = BYTE(n, W55_RW, r, 0xFF, at)

static const struct w55_reg common[W55_COMMON_COUNT] = {
    REG1(W55_MR, "MR", W55_RW, 0x00, 0xBA),
    REG4(W55_GAR, "GAR", W55_RW),
    REG4(W55_SUBR, "SUBR", W55_RW),
    REG6(W55_SHAR, "SHAR", 0x00),
    REG4(W55_SIPR, "SIPR", W55_RW),
    REG2(W55_INTLEVEL, "INTLEVEL", W55_RW, 0x00, 0x00),
    REG1(W55_IR, "IR", W55_W1C, 0x00, 0xF0),
    REG1(W55_IMR, "IMR", W55_RW, 0x00, 0xF0),
    REG1(W55_SIR, "SIR", W55_RO, 0x00, 0x00),
    REG1(W55_SIMR, "SIMR", W55_RW, 0x00, 0xFF),
    REG2(W55_RTR, "RTR", W55_RW, 0x07, 0xD0),
    REG1(W55_RCR, "RCR", W55_RW, 0x08, 0xFF),
    REG1(W55_PTIMER, "PTIMER", W55_RW, 0x28, 0xFF),
    REG1(W55_PMAGIC, "PMAGIC", W55_RW, 0x00, 0xFF),
    REG6(W55_PHAR, "PHAR", 0x00),
    REG2(W55_PSID, "PSID", W55_RW, 0x00, 0x00),
    REG2(W55_PMRU, "PMRU", W55_RW, 0xFF, 0xFF),
    REG4(W55_UIPR, "UIPR", W55_RO),
    REG2(W55_UPORTR, "UPORTR", W55_RO, 0x00, 0x00),
    REG1(W55_PHYCFGR, "PHYCFGR", W55_RW, 0xB8, 0xF8),
    REG1(W55_VERSIONR, "VERSIONR", W55_RO, 0x04, 0x00),
};

static const struct w55_reg socket_regs[W55_SOCKET_COUNT] = {
    REG1(W55_SN_MR, "MR", W55_RW, 0x00, 0xFF),
    REG1(W55_SN_CR, "CR", W55_RW, 0x00, 0xFF),
    REG1(W55_SN_IR, "IR", W55_W1C, 0x00, 0x1F),
    REG1(W55_SN_SR, "SR", W55_RO, 0x00, 0x00),
    REG2(W55_SN_PORT, "PORT", W55_RW, 0x00, 0x00),
    REG6(W55_SN_DHAR, "DHAR", 0xFF),
    REG4(W55_SN_DIPR, "DIPR", W55_RW),
    REG2(W55_SN_DPORT, "DPORT", W55_RW, 0x00, 0x00),
    REG2(W55_SN_MSSR, "MSSR", W55_RW, 0x00, 0x00),
    REG1(W55_SN_PROTO, "PROTO", W55_RW, 0x00, 0xFF),
    REG1(W55_SN_TOS, "TOS", W55_RW, 0x00, 0xFF),
    REG1(W55_SN_TTL, "TTL", W55_RW, 0x80, 0xFF),
    REG1(W55_SN_RXBUF_SIZE, "RXBUF_SIZE", W55_RW, 0x02, 0xFF),
    REG1(W55_SN_TXBUF_SIZE, "TXBUF_SIZE", W55_RW, 0x02, 0xFF),
    REG2(W55_SN_TX_FSR, "TX_FSR", W55_RO, 0x08, 0x00),
    REG2(W55_SN_TX_RD, "TX_RD", W55_RO, 0x00, 0x00),
    REG2(W55_SN_TX_WR, "TX_WR", W55_RW, 0x00, 0x00),
    REG2(W55_SN_RX_RSR, "RX_RSR", W55_RO, 0x00, 0x00),
    REG2(W55_SN_RX_RD, "RX_RD", W55_RW, 0x00, 0x00),
    REG2(W55_SN_RX_WR, "RX_WR", W55_RO, 0x00, 0x00),
    REG1(W55_SN_IMR, "IMR", W55_RW, 0xFF, 0xFF),
    REG2(W55_SN_FRAG, "FRAG", W55_RW, 0x40, 0x00),
    REG1(W55_SN_KPALVTR, "KPALVTR", W55_RW, 0x00, 0xFF),
};

static const struct w55_reg none = { .access = W55_RESERVED };

const struct w55_reg *sim_w55_common(unsigned offset)
{
    return offset < W55_COMMON_COUNT ? &common[offset] : &none;
}

const struct w55_reg *sim_w55_socket_reg(unsigned offset)
{
    return offset < W55_SOCKET_COUNT ? &socket_regs[offset] : &none;
}

enum w55_block sim_w55_block(unsigned bsb)
{
    static const enum w55_block of[4] = { W55_BLOCK_RESERVED, W55_BLOCK_SOCKET,
        W55_BLOCK_TX, W55_BLOCK_RX };

    return bsb == 0 ? W55_BLOCK_COMMON : of[bsb & 3];
}

const char *sim_w55_state_name(unsigned state)
{
    switch (state) {
    case W55_SR_CLOSED: return "CLOSED";
    case W55_SR_INIT: return "INIT";
    case W55_SR_LISTEN: return "LISTEN";
    case W55_SR_SYNSENT: return "SYNSENT";
    case W55_SR_SYNRECV: return "SYNRECV";
    case W55_SR_ESTABLISHED: return "ESTABLISHED";
    case W55_SR_FIN_WAIT: return "FIN_WAIT";
    case W55_SR_CLOSING: return "CLOSING";
    case W55_SR_TIME_WAIT: return "TIME_WAIT";
    case W55_SR_CLOSE_WAIT: return "CLOSE_WAIT";
    case W55_SR_LAST_ACK: return "LAST_ACK";
    case W55_SR_UDP: return "UDP";
    case W55_SR_IPRAW: return "IPRAW";
    case W55_SR_MACRAW: return "MACRAW";
    default: return NULL;
    }
}

const char *sim_w55_command_name(unsigned command)
{
    switch (command) {
    case W55_OPEN: return "OPEN";
    case W55_LISTEN: return "LISTEN";
    case W55_CONNECT: return "CONNECT";
    case W55_DISCON: return "DISCON";
    case W55_CLOSE: return "CLOSE";
    case W55_SEND: return "SEND";
    case W55_SEND_MAC: return "SEND_MAC";
    case W55_SEND_KEEP: return "SEND_KEEP";
    case W55_RECV: return "RECV";
    default: return NULL;
    }
}
