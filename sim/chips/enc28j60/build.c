// SPDX-License-Identifier: MIT
//
// What the ENC28J60 model sends: the frame out of packet memory, with padding
// and FCS as configured, and the status vector behind it (DS39662 7.1).

#include "sim/chips/enc28j60/model.h"

#include <string.h>

#define VECTOR_LEN 7
#define TYPE_AT    12
#define LENGTH_MAX 1500

// Per-packet control byte (DS39662 figure 7-1).
enum control {
    C_OVERRIDE = 0x01,
    C_CRC = 0x02,
    C_PAD = 0x04,
    C_HUGE = 0x08,
};

struct plan {
    size_t pad; // frame without FCS has at least so many bytes
    bool crc;
    bool huge;
    unsigned skip; // so many bytes at its start are not in the FCS
};

static unsigned mamxfl(const struct sim_enc28j60 *chip)
{
    return chip->reg[ENC_MAMXFLL] | (unsigned)chip->reg[ENC_MAMXFLH] << 8;
}

uint64_t sim_enc_tx_gap_ns(const struct sim_enc28j60 *chip)
{
    unsigned extra = sim_enc_full_duplex(chip) ? 3 : 6;
    uint64_t gap_ns = (chip->reg[ENC_MABBIPG] + extra) * 400ull;

    return gap_ns < ENC_GAP_NS ? ENC_GAP_NS : gap_ns;
}

bool sim_enc_mismatch(struct sim_enc28j60 *chip)
{
    bool phy = sim_enc_phy_bit(chip, ENC_PHCON1, ENC_PHCON1_PDPXMD);

    if (sim_enc_full_duplex(chip) == phy) {
        return false;
    }
    sim_enc_broke(chip, SIM_ENC28J60_R_DUPLEX,
        "MACON3.FULDPX is %d, PHCON1.PDPXMD is %d", !phy, phy);
    return true;
}

// What a careful host does not do, looked at when it sets TXRTS.
void sim_enc_tx_check(struct sim_enc28j60 *chip)
{
    unsigned first = chip->ptr[SIM_ENC28J60_ETXST];
    unsigned last = (chip->ptr[SIM_ENC28J60_ETXND] + VECTOR_LEN) & ENC_RAM_MASK;
    unsigned fifo = chip->ptr[SIM_ENC28J60_ERXST];
    unsigned extra = sim_enc_full_duplex(chip) ? 3 : 6;

    if (sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_RXEN) &&
        (sim_enc_in_fifo(chip, first) || sim_enc_in_fifo(chip, last) ||
            ((fifo - first) & ENC_RAM_MASK) <=
                ((last - first) & ENC_RAM_MASK))) {
        sim_enc_broke(chip, SIM_ENC28J60_R_TX_AREA,
            "TX frame %04X to %04X and its status lie in the RX FIFO", first,
            (unsigned)chip->ptr[SIM_ENC28J60_ETXND]);
    }
    if (first == chip->ptr[SIM_ENC28J60_ETXND]) {
        sim_enc_broke(chip, SIM_ENC28J60_R_TX_SETUP, "TXRTS without a frame");
    }
    if ((chip->reg[ENC_MABBIPG] + extra) * 400 < ENC_GAP_NS) {
        sim_enc_broke(chip, SIM_ENC28J60_R_TX_SETUP,
            "MABBIPG %02X is less than 96 bit times",
            (unsigned)chip->reg[ENC_MABBIPG]);
    }
}

// ---- padding and FCS

static size_t pad_of(const struct sim_enc28j60 *chip, const uint8_t *frame)
{
    unsigned padcfg = chip->reg[ENC_MACON3] >> 5;

    switch (padcfg) {
    case 1: return 60;
    case 3:
    case 7: return 64;
    case 5: return nif_get_be16(frame + TYPE_AT) == 0x8100 ? 64 : 60;
    default: return 0;
    }
}

static struct plan plan_of(struct sim_enc28j60 *chip, unsigned control)
{
    struct plan plan = {
        .huge = sim_enc_bit(chip, ENC_MACON3, ENC_MACON3_HFRMEN),
        .crc = sim_enc_bit(chip, ENC_MACON3, ENC_MACON3_TXCRCEN),
        .skip = sim_enc_bit(chip, ENC_MACON3, ENC_MACON3_PHDREN) ? 4 : 0,
    };

    if (control & C_OVERRIDE) {
        plan.pad = control & C_PAD ? 60 : 0;
        plan.crc = (control & C_CRC) != 0;
        plan.huge = (control & C_HUGE) != 0;
        return plan;
    }
    plan.pad = pad_of(chip, chip->tx.frame);
    if (plan.pad > 0 && !plan.crc) {
        sim_enc_broke(chip, SIM_ENC28J60_R_TX_SETUP,
            "MACON3 %02X pads, but TXCRCEN is 0",
            (unsigned)chip->reg[ENC_MACON3]);
    }
    return plan;
}

static uint32_t fcs_of(const struct sim_enc28j60 *chip, size_t len,
    unsigned skip)
{
    skip = len < skip ? 0 : skip;
    return sim_fcs(chip->tx.frame + skip, len - skip);
}

static void put_fcs(uint8_t *at, uint32_t fcs)
{
    for (unsigned i = 0; i < SIM_FCS; i++) {
        at[i] = (uint8_t)(fcs >> (8 * i));
    }
}

static size_t fetch(struct sim_enc28j60 *chip)
{
    unsigned at = chip->ptr[SIM_ENC28J60_ETXST];
    unsigned count = (chip->ptr[SIM_ENC28J60_ETXND] - at) & ENC_RAM_MASK;
    size_t room = SIM_FRAME_MAX - SIM_FCS;

    for (size_t i = 0; i < room; i++) {
        at = (at + 1) & ENC_RAM_MASK;
        chip->tx.frame[i] = i < count ? chip->ram[at] : 0;
    }
    return count;
}

void sim_enc_tx_build(struct sim_enc28j60 *chip)
{
    size_t room = SIM_FRAME_MAX - SIM_FCS;
    size_t count = fetch(chip);
    struct plan plan = plan_of(chip, chip->ram[chip->ptr[SIM_ENC28J60_ETXST]]);
    size_t len = count < plan.pad ? plan.pad : count;
    size_t limit = mamxfl(chip);

    chip->tx.bad_crc = false;
    chip->tx.whole = (uint32_t)(len + (plan.crc ? SIM_FCS : 0));
    if (plan.huge && len > room) {
        sim_enc_broke(chip, SIM_ENC28J60_R_ABSENT,
            "frames of more than %d bytes are not modelled", SIM_FRAME_MAX);
    }
    if (plan.huge || limit > room) {
        limit = room;
    }
    chip->tx.oversize = chip->tx.whole > limit;
    if (chip->tx.oversize) {
        chip->tx.len = limit;
    } else if (plan.crc) {
        put_fcs(chip->tx.frame + len, fcs_of(chip, len, plan.skip));
        chip->tx.len = len + SIM_FCS;
    } else {
        uint8_t fcs[SIM_FCS] = { 0 };

        if (len >= SIM_FCS) {
            put_fcs(fcs, fcs_of(chip, len - SIM_FCS, plan.skip));
        }
        chip->tx.bad_crc = len < SIM_FCS ||
            memcmp(fcs, chip->tx.frame + len - SIM_FCS, SIM_FCS) != 0;
        chip->tx.len = len;
    }
}

// ---- the status vector (DS39662 table 7-1)

static uint32_t frame_bits(const struct sim_enc28j60 *chip)
{
    static const uint8_t all[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    const uint8_t *frame = chip->tx.frame;
    unsigned type = nif_get_be16(frame + TYPE_AT);
    uint32_t bits = 0;

    if (chip->tx.bad_crc) {
        bits |= ENC_TSV_CRC;
    }
    if (type > LENGTH_MAX) {
        bits |= ENC_TSV_RANGE;
    } else if (sim_enc_bit(chip, ENC_MACON3, ENC_MACON3_FRMLNEN) &&
        type + TYPE_AT + 2u + SIM_FCS > chip->tx.len) {
        bits |= ENC_TSV_LENGTH;
    }
    if (memcmp(frame, all, sizeof(all)) == 0) {
        bits |= ENC_TSV_BROADCAST;
    } else if (frame[0] & 1) {
        bits |= ENC_TSV_MULTICAST;
    }
    return bits;
}

void sim_enc_tx_vector(struct sim_enc28j60 *chip, uint32_t why)
{
    unsigned type = nif_get_be16(chip->tx.frame + TYPE_AT);
    uint32_t status = why | frame_bits(chip) |
        (uint32_t)(chip->tx.collisions & 0x0F) << 16 |
        (chip->tx.whole & 0xFFFF);
    uint8_t vector[VECTOR_LEN];

    if (chip->tx.deferred) {
        status |= ENC_TSV_DEFER;
    }
    nif_put_le32(vector, status);
    nif_put_le16(vector + 4, (uint16_t)chip->tx.wire_bytes);
    vector[6] =
        (uint8_t)((type == 0x8808 ? 0x01 : 0) | (type == 0x8100 ? 0x08 : 0));
    for (unsigned i = 0; i < VECTOR_LEN; i++) {
        chip->ram[(chip->ptr[SIM_ENC28J60_ETXND] + 1 + i) & ENC_RAM_MASK] =
            vector[i];
    }
}
