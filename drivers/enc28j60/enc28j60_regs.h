// SPDX-License-Identifier: MIT
//
// ENC28J60: instructions, registers and bits that the driver uses, in the
// spelling of the data sheet (DS39662). Driver's own: a chip model must not
// include this.

#ifndef ENC28J60_REGS_H
#define ENC28J60_REGS_H

// ---- instructions (DS39662 4.2): opcode in bits 7 to 5, address below

#define ENC28J60_RBM 0x3A
#define ENC28J60_WCR 0x40
#define ENC28J60_WBM 0x7A
#define ENC28J60_BFS 0x80
#define ENC28J60_BFC 0xA0
#define ENC28J60_SRC 0xFF

// ---- registers: address in bits 4 to 0, bank in bits 6 and 5, bit 7 set for
// MAC and MII, which answer a byte later and cannot be changed bit by bit

#define ENC28J60_ADDR         0x1F
#define ENC28J60_BANK(b)      ((b) << 5)
#define ENC28J60_BANK_OF(reg) (((reg) >> 5) & 3)
#define ENC28J60_MAC          0x80

// In all banks. These are always written with their instruction.
#define ENC28J60_PUT(reg)   (ENC28J60_WCR | (reg))
#define ENC28J60_SET(reg)   (ENC28J60_BFS | (reg))
#define ENC28J60_CLEAR(reg) (ENC28J60_BFC | (reg))
#define ENC28J60_EIE        0x1B
#define ENC28J60_EIR        0x1C
#define ENC28J60_ESTAT      0x1D
#define ENC28J60_ECON2      0x1E
#define ENC28J60_ECON1      0x1F

// Bank 0. The high byte of a pointer follows its low byte.
#define ENC28J60_ERDPT   0x00
#define ENC28J60_EWRPT   0x02
#define ENC28J60_ETXST   0x04
#define ENC28J60_ETXND   0x06
#define ENC28J60_ERXSTL  0x08
#define ENC28J60_ERXSTH  0x09
#define ENC28J60_ERXNDL  0x0A
#define ENC28J60_ERXNDH  0x0B
#define ENC28J60_ERXRDPT 0x0C

// Bank 1.
#define ENC28J60_EHT0    (ENC28J60_BANK(1) | 0x00)
#define ENC28J60_ERXFCON (ENC28J60_BANK(1) | 0x18)
#define ENC28J60_EPKTCNT (ENC28J60_BANK(1) | 0x19)

// Bank 2.
#define ENC28J60_MACON1   (ENC28J60_MAC | ENC28J60_BANK(2) | 0x00)
#define ENC28J60_MACON3   (ENC28J60_MAC | ENC28J60_BANK(2) | 0x02)
#define ENC28J60_MACON4   (ENC28J60_MAC | ENC28J60_BANK(2) | 0x03)
#define ENC28J60_MABBIPG  (ENC28J60_MAC | ENC28J60_BANK(2) | 0x04)
#define ENC28J60_MAIPGL   (ENC28J60_MAC | ENC28J60_BANK(2) | 0x06)
#define ENC28J60_MAIPGH   (ENC28J60_MAC | ENC28J60_BANK(2) | 0x07)
#define ENC28J60_MAMXFLL  (ENC28J60_MAC | ENC28J60_BANK(2) | 0x0A)
#define ENC28J60_MAMXFLH  (ENC28J60_MAC | ENC28J60_BANK(2) | 0x0B)
#define ENC28J60_MICMD    (ENC28J60_MAC | ENC28J60_BANK(2) | 0x12)
#define ENC28J60_MIREGADR (ENC28J60_MAC | ENC28J60_BANK(2) | 0x14)
#define ENC28J60_MIWRL    (ENC28J60_MAC | ENC28J60_BANK(2) | 0x16)
#define ENC28J60_MIWRH    (ENC28J60_MAC | ENC28J60_BANK(2) | 0x17)
#define ENC28J60_MIRD     (ENC28J60_MAC | ENC28J60_BANK(2) | 0x18)

// Bank 3. MAADR1 is the first byte on the wire.
#define ENC28J60_MAADR5 (ENC28J60_MAC | ENC28J60_BANK(3) | 0x00)
#define ENC28J60_MAADR6 (ENC28J60_MAC | ENC28J60_BANK(3) | 0x01)
#define ENC28J60_MAADR3 (ENC28J60_MAC | ENC28J60_BANK(3) | 0x02)
#define ENC28J60_MAADR4 (ENC28J60_MAC | ENC28J60_BANK(3) | 0x03)
#define ENC28J60_MAADR1 (ENC28J60_MAC | ENC28J60_BANK(3) | 0x04)
#define ENC28J60_MAADR2 (ENC28J60_MAC | ENC28J60_BANK(3) | 0x05)
#define ENC28J60_MISTAT (ENC28J60_MAC | ENC28J60_BANK(3) | 0x0A)
#define ENC28J60_EREVID (ENC28J60_BANK(3) | 0x12)

// PHY registers.
#define ENC28J60_PHCON1  0x00
#define ENC28J60_PHCON2  0x10
#define ENC28J60_PHSTAT2 0x11
#define ENC28J60_PHIE    0x12
#define ENC28J60_PHIR    0x13
#define ENC28J60_PHLCON  0x14

// ---- bits

#define ENC28J60_EIE_USED 0xDB // INTIE PKTIE LINKIE TXIE TXERIE RXERIE

#define ENC28J60_EIR_LINKIF 0x10
#define ENC28J60_EIR_TXIF   0x08
#define ENC28J60_EIR_TXERIF 0x02
#define ENC28J60_EIR_RXERIF 0x01

#define ENC28J60_ESTAT_CLKRDY 0x01
#define ENC28J60_ESTAT_AWAKE  0x09 // CLKRDY and bit 3: reads 0 (erratum 19)

#define ENC28J60_ECON2_AUTOINC 0x80
#define ENC28J60_ECON2_PKTDEC  0x40
#define ENC28J60_ECON2_PWRSV   0x20
#define ENC28J60_ECON2_VRPS    0x08

#define ENC28J60_ECON1_TXRST 0x80
#define ENC28J60_ECON1_RXRST 0x40
#define ENC28J60_ECON1_TXRTS 0x08
#define ENC28J60_ECON1_RXEN  0x04

#define ENC28J60_ERXFCON_CRCEN 0x20
#define ENC28J60_ERXFCON_OURS  0xA5 // UCEN CRCEN HTEN BCEN
#define ENC28J60_ERXFCON_MCEN  0x02

#define ENC28J60_MACON1_MARXEN 0x01
#define ENC28J60_MACON1_PAUSES 0x0D // TXPAUS RXPAUS MARXEN

#define ENC28J60_MACON3_PAD60   0x20
#define ENC28J60_MACON3_TXCRCEN 0x10
#define ENC28J60_MACON3_FRMLNEN 0x02
#define ENC28J60_MACON3_FULDPX  0x01

#define ENC28J60_MACON4_DEFER 0x40

#define ENC28J60_MICMD_MIIRD 0x01
#define ENC28J60_MISTAT_BUSY 0x01

#define ENC28J60_EREVID_MAX 0x1F // five bits

#define ENC28J60_PHCON1_PDPXMD   0x0100
#define ENC28J60_PHCON2_HDLDIS   0x0100
#define ENC28J60_PHSTAT2_LSTAT   0x0400
#define ENC28J60_PHSTAT2_DPXSTAT 0x0200
#define ENC28J60_PHIE_PLNKIE     0x0010
#define ENC28J60_PHIE_PGEIE      0x0002
// LEDA: link, LEDB: sending and receiving, stretched; two bits written as 1.
#define ENC28J60_PHLCON_LEDS 0x3476

// ---- what lies in the packet memory

#define ENC28J60_RX_HEADER    6
#define ENC28J60_RX_OK        0x80 // bit 23 of the vector, in header byte 4
#define ENC28J60_TX_BYTE_LATE 3    // byte of the status vector ...
#define ENC28J60_TX_LATE      0x20 // ... with bit 29, late collision

#endif
