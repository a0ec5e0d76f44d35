// SPDX-License-Identifier: MIT
//
// The ENC28J60's control registers as a table: name, kind, reset value, bits
// that can be written, bits that must stay 0 (DS39662 table 3-2); and the
// names of their bits.

#include "sim/chips/enc28j60/regs.h"

#include <stddef.h>

#define ETH(name, reset, mask, reserved)          \
    {                                             \
        name, ENC_KIND_ETH, reset, mask, reserved \
    }
#define MAC(name, reset, mask, reserved)          \
    {                                             \
        name, ENC_KIND_MAC, reset, mask, reserved \
    }
#define MII(name, reset, mask, reserved)          \
    {                                             \
        name, ENC_KIND_MII, reset, mask, reserved \
    }
#define RES(name)                           \
    {                                       \
        name, ENC_KIND_RESERVED, 0, 0, 0xFF \
    }
#define NONE                                    \
    {                                           \
        "unimplemented", ENC_KIND_NONE, 0, 0, 0 \
    }

static const struct enc_reg table[ENC_REG_COUNT] = {
    [ENC_ERDPTL] = ETH("ERDPTL", 0xFA, 0xFF, 0),
    [ENC_ERDPTH] = ETH("ERDPTH", 0x05, 0x1F, 0),
    [ENC_EWRPTL] = ETH("EWRPTL", 0x00, 0xFF, 0),
    [ENC_EWRPTH] = ETH("EWRPTH", 0x00, 0x1F, 0),
    [ENC_ETXSTL] = ETH("ETXSTL", 0x00, 0xFF, 0),
    [ENC_ETXSTH] = ETH("ETXSTH", 0x00, 0x1F, 0),
    [ENC_ETXNDL] = ETH("ETXNDL", 0x00, 0xFF, 0),
    [ENC_ETXNDH] = ETH("ETXNDH", 0x00, 0x1F, 0),
    [ENC_ERXSTL] = ETH("ERXSTL", 0xFA, 0xFF, 0),
    [ENC_ERXSTH] = ETH("ERXSTH", 0x05, 0x1F, 0),
    [ENC_ERXNDL] = ETH("ERXNDL", 0xFF, 0xFF, 0),
    [ENC_ERXNDH] = ETH("ERXNDH", 0x1F, 0x1F, 0),
    [ENC_ERXRDPTL] = ETH("ERXRDPTL", 0xFA, 0xFF, 0),
    [ENC_ERXRDPTH] = ETH("ERXRDPTH", 0x05, 0x1F, 0),
    [ENC_ERXWRPTL] = ETH("ERXWRPTL", 0x00, 0x00, 0),
    [ENC_ERXWRPTH] = ETH("ERXWRPTH", 0x00, 0x00, 0),
    [ENC_EDMASTL] = ETH("EDMASTL", 0x00, 0xFF, 0),
    [ENC_EDMASTH] = ETH("EDMASTH", 0x00, 0x1F, 0),
    [ENC_EDMANDL] = ETH("EDMANDL", 0x00, 0xFF, 0),
    [ENC_EDMANDH] = ETH("EDMANDH", 0x00, 0x1F, 0),
    [ENC_EDMADSTL] = ETH("EDMADSTL", 0x00, 0xFF, 0),
    [ENC_EDMADSTH] = ETH("EDMADSTH", 0x00, 0x1F, 0),
    [ENC_EDMACSL] = ETH("EDMACSL", 0x00, 0x00, 0),
    [ENC_EDMACSH] = ETH("EDMACSH", 0x00, 0x00, 0),
    [0x18] = NONE,
    [0x19] = NONE,
    [0x1A] = RES("reserved 1A"),
    [ENC_EIE] = ETH("EIE", 0x00, 0xFB, 0x04),
    [ENC_EIR] = ETH("EIR", 0x00, 0x2B, 0),
    [ENC_ESTAT] = ETH("ESTAT", 0x00, 0x52, 0),
    [ENC_ECON2] = ETH("ECON2", 0x80, 0xE8, 0x10),
    [ENC_ECON1] = ETH("ECON1", 0x00, 0xFF, 0),

    [ENC_EHT0] = ETH("EHT0", 0x00, 0xFF, 0),
    [ENC_EHT0 + 1] = ETH("EHT1", 0x00, 0xFF, 0),
    [ENC_EHT0 + 2] = ETH("EHT2", 0x00, 0xFF, 0),
    [ENC_EHT0 + 3] = ETH("EHT3", 0x00, 0xFF, 0),
    [ENC_EHT0 + 4] = ETH("EHT4", 0x00, 0xFF, 0),
    [ENC_EHT0 + 5] = ETH("EHT5", 0x00, 0xFF, 0),
    [ENC_EHT0 + 6] = ETH("EHT6", 0x00, 0xFF, 0),
    [ENC_EHT0 + 7] = ETH("EHT7", 0x00, 0xFF, 0),
    [ENC_EPMM0] = ETH("EPMM0", 0x00, 0xFF, 0),
    [ENC_EPMM0 + 1] = ETH("EPMM1", 0x00, 0xFF, 0),
    [ENC_EPMM0 + 2] = ETH("EPMM2", 0x00, 0xFF, 0),
    [ENC_EPMM0 + 3] = ETH("EPMM3", 0x00, 0xFF, 0),
    [ENC_EPMM0 + 4] = ETH("EPMM4", 0x00, 0xFF, 0),
    [ENC_EPMM0 + 5] = ETH("EPMM5", 0x00, 0xFF, 0),
    [ENC_EPMM0 + 6] = ETH("EPMM6", 0x00, 0xFF, 0),
    [ENC_EPMM0 + 7] = ETH("EPMM7", 0x00, 0xFF, 0),
    [ENC_EPMCSL] = ETH("EPMCSL", 0x00, 0xFF, 0),
    [ENC_EPMCSH] = ETH("EPMCSH", 0x00, 0xFF, 0),
    [0x32] = NONE,
    [0x33] = NONE,
    [ENC_EPMOL] = ETH("EPMOL", 0x00, 0xFF, 0),
    [ENC_EPMOH] = ETH("EPMOH", 0x00, 0x1F, 0),
    [0x36] = RES("reserved bank 1 16"),
    [0x37] = RES("reserved bank 1 17"),
    [ENC_ERXFCON] = ETH("ERXFCON", 0xA1, 0xFF, 0),
    [ENC_EPKTCNT] = ETH("EPKTCNT", 0x00, 0x00, 0),
    [0x3A] = RES("reserved 1A"),

    [ENC_MACON1] = MAC("MACON1", 0x00, 0x0F, 0x10),
    [ENC_MACON2] = RES("MACON2"),
    [ENC_MACON3] = MAC("MACON3", 0x00, 0xFF, 0),
    [ENC_MACON4] = MAC("MACON4", 0x00, 0x70, 0x03),
    [ENC_MABBIPG] = MAC("MABBIPG", 0x00, 0x7F, 0),
    [0x45] = NONE,
    [ENC_MAIPGL] = MAC("MAIPGL", 0x00, 0x7F, 0),
    [ENC_MAIPGH] = MAC("MAIPGH", 0x00, 0x7F, 0),
    [ENC_MACLCON1] = MAC("MACLCON1", 0x0F, 0x0F, 0),
    [ENC_MACLCON2] = MAC("MACLCON2", 0x37, 0x3F, 0),
    [ENC_MAMXFLL] = MAC("MAMXFLL", 0x00, 0xFF, 0),
    [ENC_MAMXFLH] = MAC("MAMXFLH", 0x06, 0xFF, 0),
    [0x4C] = RES("reserved bank 2 0C"),
    [0x4D] = RES("reserved bank 2 0D"),
    [0x4E] = RES("reserved bank 2 0E"),
    [0x4F] = NONE,
    [0x50] = RES("reserved bank 2 10"),
    [0x51] = RES("reserved bank 2 11"),
    [ENC_MICMD] = MII("MICMD", 0x00, 0x03, 0),
    [0x53] = NONE,
    [ENC_MIREGADR] = MII("MIREGADR", 0x00, 0x1F, 0),
    [0x55] = RES("reserved bank 2 15"),
    [ENC_MIWRL] = MII("MIWRL", 0x00, 0xFF, 0),
    [ENC_MIWRH] = MII("MIWRH", 0x00, 0xFF, 0),
    [ENC_MIRDL] = MII("MIRDL", 0x00, 0x00, 0),
    [ENC_MIRDH] = MII("MIRDH", 0x00, 0x00, 0),
    [0x5A] = RES("reserved 1A"),

    [ENC_MAADR5] = MAC("MAADR5", 0x00, 0xFF, 0),
    [ENC_MAADR6] = MAC("MAADR6", 0x00, 0xFF, 0),
    [ENC_MAADR3] = MAC("MAADR3", 0x00, 0xFF, 0),
    [ENC_MAADR4] = MAC("MAADR4", 0x00, 0xFF, 0),
    [ENC_MAADR1] = MAC("MAADR1", 0x00, 0xFF, 0),
    [ENC_MAADR2] = MAC("MAADR2", 0x00, 0xFF, 0),
    [ENC_EBSTSD] = ETH("EBSTSD", 0x00, 0xFF, 0),
    [ENC_EBSTCON] = ETH("EBSTCON", 0x00, 0xFF, 0),
    [ENC_EBSTCSL] = ETH("EBSTCSL", 0x00, 0x00, 0),
    [ENC_EBSTCSH] = ETH("EBSTCSH", 0x00, 0x00, 0),
    [ENC_MISTAT] = MII("MISTAT", 0x00, 0x00, 0),
    [0x6B] = NONE,
    [0x6C] = NONE,
    [0x6D] = NONE,
    [0x6E] = NONE,
    [0x6F] = NONE,
    [0x70] = NONE,
    [0x71] = NONE,
    [ENC_EREVID] = ETH("EREVID", 0x00, 0x00, 0),
    [0x73] = NONE,
    [0x74] = NONE,
    [ENC_ECOCON] = ETH("ECOCON", 0x04, 0x07, 0),
    [0x76] = RES("reserved bank 3 16"),
    [ENC_EFLOCON] = ETH("EFLOCON", 0x00, 0x03, 0),
    [ENC_EPAUSL] = ETH("EPAUSL", 0x00, 0xFF, 0),
    [ENC_EPAUSH] = ETH("EPAUSH", 0x10, 0xFF, 0),
    [0x7A] = RES("reserved 1A"),
};

static const struct enc_reg unimplemented = NONE;

const struct enc_reg *sim_enc_reg(unsigned id)
{
    return table[id].name ? &table[id] : &unimplemented;
}

const char *sim_enc_bit_name(unsigned id, unsigned bit)
{
    static const struct {
        uint8_t id;
        const char *bit[8]; // from bit 7 down
    } names[] = {
        { ENC_EIE,
            { "INTIE", "PKTIE", "DMAIE", "LINKIE", "TXIE", NULL, "TXERIE",
                "RXERIE" } },
        { ENC_EIR,
            { NULL, "PKTIF", "DMAIF", "LINKIF", "TXIF", NULL, "TXERIF",
                "RXERIF" } },
        { ENC_ESTAT,
            { "INT", "BUFER", NULL, "LATECOL", NULL, "RXBUSY", "TXABRT",
                "CLKRDY" } },
        { ENC_ECON2,
            { "AUTOINC", "PKTDEC", "PWRSV", NULL, "VRPS", NULL, NULL, NULL } },
        { ENC_ECON1,
            { "TXRST", "RXRST", "DMAST", "CSUMEN", "TXRTS", "RXEN", "BSEL1",
                "BSEL0" } },
        { ENC_ERXFCON,
            { "UCEN", "ANDOR", "CRCEN", "PMEN", "MPEN", "HTEN", "MCEN",
                "BCEN" } },
        { ENC_MACON1,
            { NULL, NULL, NULL, NULL, "TXPAUS", "RXPAUS", "PASSALL",
                "MARXEN" } },
        { ENC_MACON3,
            { "PADCFG2", "PADCFG1", "PADCFG0", "TXCRCEN", "PHDREN", "HFRMEN",
                "FRMLNEN", "FULDPX" } },
        { ENC_MACON4,
            { NULL, "DEFER", "BPEN", "NOBKOFF", NULL, NULL, NULL, NULL } },
        { ENC_MICMD,
            { NULL, NULL, NULL, NULL, NULL, NULL, "MIISCAN", "MIIRD" } },
        { ENC_MISTAT,
            { NULL, NULL, NULL, NULL, NULL, "NVALID", "SCAN", "BUSY" } },
        { ENC_EFLOCON,
            { NULL, NULL, NULL, NULL, NULL, "FULDPXS", "FCEN1", "FCEN0" } },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].id == id) {
            return names[i].bit[7 - (bit & 7)];
        }
    }
    return NULL;
}

const char *sim_enc_phy_name(unsigned addr)
{
    switch (addr) {
    case ENC_PHCON1: return "PHCON1";
    case ENC_PHSTAT1: return "PHSTAT1";
    case ENC_PHID1: return "PHID1";
    case ENC_PHID2: return "PHID2";
    case ENC_PHCON2: return "PHCON2";
    case ENC_PHSTAT2: return "PHSTAT2";
    case ENC_PHIE: return "PHIE";
    case ENC_PHIR: return "PHIR";
    case ENC_PHLCON: return "PHLCON";
    default: return NULL;
    }
}
