// SPDX-License-Identifier: MIT
//
// The model's own list of the ENC28J60's registers and bits, after data sheet
// DS39662. Not shared with any driver, so that a wrong number on one side is
// noticed by the other.

#ifndef SIM_CHIPS_ENC28J60_REGS_H
#define SIM_CHIPS_ENC28J60_REGS_H

#include <stdint.h>

/// A control register: bank << 5 | address. Those that all banks share are
/// listed as of bank 0.
enum enc_reg_id {
    // Bank 0.
    ENC_ERDPTL = 0x00,
    ENC_ERDPTH = 0x01,
    ENC_EWRPTL = 0x02,
    ENC_EWRPTH = 0x03,
    ENC_ETXSTL = 0x04,
    ENC_ETXSTH = 0x05,
    ENC_ETXNDL = 0x06,
    ENC_ETXNDH = 0x07,
    ENC_ERXSTL = 0x08,
    ENC_ERXSTH = 0x09,
    ENC_ERXNDL = 0x0A,
    ENC_ERXNDH = 0x0B,
    ENC_ERXRDPTL = 0x0C,
    ENC_ERXRDPTH = 0x0D,
    ENC_ERXWRPTL = 0x0E,
    ENC_ERXWRPTH = 0x0F,
    ENC_EDMASTL = 0x10,
    ENC_EDMASTH = 0x11,
    ENC_EDMANDL = 0x12,
    ENC_EDMANDH = 0x13,
    ENC_EDMADSTL = 0x14,
    ENC_EDMADSTH = 0x15,
    ENC_EDMACSL = 0x16,
    ENC_EDMACSH = 0x17,
    // All banks.
    ENC_EIE = 0x1B,
    ENC_EIR = 0x1C,
    ENC_ESTAT = 0x1D,
    ENC_ECON2 = 0x1E,
    ENC_ECON1 = 0x1F,
    // Bank 1.
    ENC_EHT0 = 0x20,
    ENC_EPMM0 = 0x28,
    ENC_EPMCSL = 0x30,
    ENC_EPMCSH = 0x31,
    ENC_EPMOL = 0x34,
    ENC_EPMOH = 0x35,
    ENC_ERXFCON = 0x38,
    ENC_EPKTCNT = 0x39,
    // Bank 2.
    ENC_MACON1 = 0x40,
    ENC_MACON2 = 0x41,
    ENC_MACON3 = 0x42,
    ENC_MACON4 = 0x43,
    ENC_MABBIPG = 0x44,
    ENC_MAIPGL = 0x46,
    ENC_MAIPGH = 0x47,
    ENC_MACLCON1 = 0x48,
    ENC_MACLCON2 = 0x49,
    ENC_MAMXFLL = 0x4A,
    ENC_MAMXFLH = 0x4B,
    ENC_MICMD = 0x52,
    ENC_MIREGADR = 0x54,
    ENC_MIWRL = 0x56,
    ENC_MIWRH = 0x57,
    ENC_MIRDL = 0x58,
    ENC_MIRDH = 0x59,
    // Bank 3.
    ENC_MAADR5 = 0x60,
    ENC_MAADR6 = 0x61,
    ENC_MAADR3 = 0x62,
    ENC_MAADR4 = 0x63,
    ENC_MAADR1 = 0x64,
    ENC_MAADR2 = 0x65,
    ENC_EBSTSD = 0x66,
    ENC_EBSTCON = 0x67,
    ENC_EBSTCSL = 0x68,
    ENC_EBSTCSH = 0x69,
    ENC_MISTAT = 0x6A,
    ENC_EREVID = 0x72,
    ENC_ECOCON = 0x75,
    ENC_EFLOCON = 0x77,
    ENC_EPAUSL = 0x78,
    ENC_EPAUSH = 0x79,
    ENC_REG_COUNT = 0x80,
};

/// Instructions: the opcode's three bits, and whole first bytes where the
/// argument is fixed.
enum enc_op {
    ENC_OP_RCR = 0,
    ENC_OP_RBM = 1,
    ENC_OP_WCR = 2,
    ENC_OP_WBM = 3,
    ENC_OP_BFS = 4,
    ENC_OP_BFC = 5,
    ENC_OP_SRC = 7,
    ENC_BYTE_RBM = 0x3A,
    ENC_BYTE_WBM = 0x7A,
    ENC_BYTE_SRC = 0xFF,
};

enum enc_bits {
    ENC_EIE_INTIE = 0x80,
    // EIE has an enable bit where EIR has a flag.
    ENC_EIR_PKTIF = 0x40,
    ENC_EIR_DMAIF = 0x20,
    ENC_EIR_LINKIF = 0x10,
    ENC_EIR_TXIF = 0x08,
    ENC_EIR_TXERIF = 0x02,
    ENC_EIR_RXERIF = 0x01,

    ENC_ESTAT_INT = 0x80,
    ENC_ESTAT_BUFER = 0x40,
    ENC_ESTAT_LATECOL = 0x10,
    ENC_ESTAT_RXBUSY = 0x04,
    ENC_ESTAT_TXABRT = 0x02,
    ENC_ESTAT_CLKRDY = 0x01,

    ENC_ECON2_AUTOINC = 0x80,
    ENC_ECON2_PKTDEC = 0x40,
    ENC_ECON2_PWRSV = 0x20,
    ENC_ECON2_VRPS = 0x08,

    ENC_ECON1_TXRST = 0x80,
    ENC_ECON1_RXRST = 0x40,
    ENC_ECON1_DMAST = 0x20,
    ENC_ECON1_CSUMEN = 0x10,
    ENC_ECON1_TXRTS = 0x08,
    ENC_ECON1_RXEN = 0x04,
    ENC_ECON1_BSEL = 0x03,

    ENC_ERXFCON_UCEN = 0x80,
    ENC_ERXFCON_ANDOR = 0x40,
    ENC_ERXFCON_CRCEN = 0x20,
    ENC_ERXFCON_PMEN = 0x10,
    ENC_ERXFCON_MPEN = 0x08,
    ENC_ERXFCON_HTEN = 0x04,
    ENC_ERXFCON_MCEN = 0x02,
    ENC_ERXFCON_BCEN = 0x01,

    ENC_MACON1_TXPAUS = 0x08,
    ENC_MACON1_RXPAUS = 0x04,
    ENC_MACON1_PASSALL = 0x02,
    ENC_MACON1_MARXEN = 0x01,

    ENC_MACON3_PADCFG = 0xE0,
    ENC_MACON3_TXCRCEN = 0x10,
    ENC_MACON3_PHDREN = 0x08,
    ENC_MACON3_HFRMEN = 0x04,
    ENC_MACON3_FRMLNEN = 0x02,
    ENC_MACON3_FULDPX = 0x01,

    ENC_MACON4_DEFER = 0x40,
    ENC_MACON4_BPEN = 0x20,
    ENC_MACON4_NOBKOFF = 0x10,

    ENC_MICMD_MIISCAN = 0x02,
    ENC_MICMD_MIIRD = 0x01,

    ENC_MISTAT_R3 = 0x08,
    ENC_MISTAT_NVALID = 0x04,
    ENC_MISTAT_SCAN = 0x02,
    ENC_MISTAT_BUSY = 0x01,

    ENC_EBSTCON_BISTST = 0x01,

    ENC_EFLOCON_FULDPXS = 0x04,
    ENC_EFLOCON_FCEN = 0x03,
};

/// PHY registers.
enum enc_phy_id {
    ENC_PHCON1 = 0x00,
    ENC_PHSTAT1 = 0x01,
    ENC_PHID1 = 0x02,
    ENC_PHID2 = 0x03,
    ENC_PHCON2 = 0x10,
    ENC_PHSTAT2 = 0x11,
    ENC_PHIE = 0x12,
    ENC_PHIR = 0x13,
    ENC_PHLCON = 0x14,
    ENC_PHY_COUNT = 0x20,
};

enum enc_phy_bits {
    ENC_PHCON1_PRST = 0x8000,
    ENC_PHCON1_PLOOPBK = 0x4000,
    ENC_PHCON1_PPWRSV = 0x0800,
    ENC_PHCON1_PDPXMD = 0x0100,
    ENC_PHSTAT1_PFDPX = 0x1000,
    ENC_PHSTAT1_PHDPX = 0x0800,
    ENC_PHSTAT1_LLSTAT = 0x0004,
    ENC_PHCON2_FRCLNK = 0x4000,
    ENC_PHCON2_TXDIS = 0x2000,
    ENC_PHCON2_JABBER = 0x0400,
    ENC_PHCON2_HDLDIS = 0x0100,
    ENC_PHSTAT2_TXSTAT = 0x2000,
    ENC_PHSTAT2_RXSTAT = 0x1000,
    ENC_PHSTAT2_COLSTAT = 0x0800,
    ENC_PHSTAT2_LSTAT = 0x0400,
    ENC_PHSTAT2_DPXSTAT = 0x0200,
    ENC_PHIE_PLNKIE = 0x0010,
    ENC_PHIE_PGEIE = 0x0002,
    ENC_PHIR_PLNKIF = 0x0010,
    ENC_PHIR_PGIF = 0x0004,
};

enum enc_reg_kind {
    ENC_KIND_NONE, ///< not implemented: reads 0
    ENC_KIND_RESERVED,
    ENC_KIND_ETH,
    ENC_KIND_MAC, ///< with a dummy byte when read
    ENC_KIND_MII, ///< the same
};

/// What the data sheet says of one register.
struct enc_reg {
    const char *name;
    uint8_t kind;     ///< enum enc_reg_kind
    uint8_t reset;    ///< after power-on
    uint8_t mask;     ///< bits that a host can write
    uint8_t reserved; ///< bits that must be written as 0
};

/// The register that address `addr` means while `bank` is chosen.
static inline unsigned enc_reg_at(unsigned bank, unsigned addr)
{
    return addr >= ENC_EIE ? addr : (bank & 3) << 5 | addr;
}

/// Never NULL; `id` is below ENC_REG_COUNT.
const struct enc_reg *sim_enc_reg(unsigned id);

/// The datasheet's name of bit `bit` (0 to 7), or NULL.
const char *sim_enc_bit_name(unsigned id, unsigned bit);

/// Name of a PHY register, or NULL.
const char *sim_enc_phy_name(unsigned addr);

#endif
