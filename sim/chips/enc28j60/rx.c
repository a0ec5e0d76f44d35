// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's receiver: which frames are stored, where, and what
// stands in front of them (DS39662 7.2). The room in the FIFO is looked at
// when a frame has come in whole.

#include "sim/chips/enc28j60/model.h"

#include <string.h>

#define HEADER     6
#define LEN_MIN    18
#define TYPE_AT    12
#define LENGTH_MAX 1500 // a larger type field is a type, not a length

// Receive status vector, bits 16 to 31 (DS39662 table 7-3).
enum rsv {
    RSV_CRC_ERROR = 1 << 4,
    RSV_LENGTH_CHECK = 1 << 5,
    RSV_OUT_OF_RANGE = 1 << 6,
    RSV_OK = 1 << 7,
    RSV_MULTICAST = 1 << 8,
    RSV_BROADCAST = 1 << 9,
    RSV_CONTROL = 1 << 11,
    RSV_PAUSE = 1 << 12,
    RSV_UNKNOWN_OPCODE = 1 << 13,
    RSV_VLAN = 1 << 14,
};

// ---- pointers

void sim_enc_rx_base(struct sim_enc28j60 *chip)
{
    chip->rx.wr = chip->ptr[SIM_ENC28J60_ERXST];
    chip->rx.fresh = true;
}

void sim_enc_rx_rdpt(struct sim_enc28j60 *chip, unsigned value)
{
    bool on = sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_RXEN);

    value &= ENC_RAM_MASK;
    if (!chip->rx.rdpt_armed) {
        sim_enc_broke(chip, SIM_ENC28J60_R_ORDER,
            "ERXRDPTH written without ERXRDPTL before it");
    }
    if (on && !sim_enc_in_fifo(chip, value)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_RX_SETUP,
            "ERXRDPT %04X is outside the RX FIFO", value);
    }
    if ((value & 1) == 0) {
        // Known drivers write the FIFO's start at first, and live.
        bool harmless = chip->cfg.compat && !on &&
            value == chip->ptr[SIM_ENC28J60_ERXST] &&
            chip->reg[ENC_EPKTCNT] == 0;

        sim_enc_broke(chip, SIM_ENC28J60_R_EVEN,
            "ERXRDPT %04X is even (erratum 14)", value);
        if (!harmless && sim_enc_bites(chip, 14)) {
            chip->rx.spoil = true;
        }
    }
    chip->rx.rdpt_armed = false;
    chip->ptr[SIM_ENC28J60_ERXRDPT] = (uint16_t)value;
}

void sim_enc_rx_reset(struct sim_enc28j60 *chip)
{
    chip->rx.active = false;
    chip->rx.fresh = false;
    // Not ERXST: ERXWRPT, which shows where it stands, is reset to 0 too.
    chip->rx.wr = chip->ptr[SIM_ENC28J60_ERXWRPT];
    chip->rx.rdpt_low = (uint8_t)chip->ptr[SIM_ENC28J60_ERXRDPT];
    chip->rx.rdpt_armed = false;
    chip->rx.spoil = false;
}

// Bytes that can be written. One is never used; if ERXRDPT is not in the
// FIFO, nothing holds the writer back.
static unsigned room(const struct sim_enc28j60 *chip)
{
    unsigned first = chip->ptr[SIM_ENC28J60_ERXST];
    unsigned size =
        ((chip->ptr[SIM_ENC28J60_ERXND] - first) & ENC_RAM_MASK) + 1;
    unsigned limit = chip->ptr[SIM_ENC28J60_ERXRDPT];
    unsigned wr;
    unsigned rd;

    if (!sim_enc_in_fifo(chip, limit) || !sim_enc_in_fifo(chip, chip->rx.wr)) {
        return size;
    }
    wr = (chip->rx.wr - first) & ENC_RAM_MASK;
    rd = (limit - first) & ENC_RAM_MASK;
    return rd > wr ? rd - wr - 1 : size - 1 - (wr - rd);
}

// ---- storing

static void append(struct sim_enc28j60 *chip, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        chip->ram[chip->rx.wr] = data[i];
        chip->rx.wr = sim_enc_after(chip, chip->rx.wr);
    }
}

static void lose(struct sim_enc28j60 *chip)
{
    chip->counts.rx_lost++;
    // BUFER on a plain overflow is what drivers report; the data sheet is
    // not clear.
    chip->reg[ENC_ESTAT] |= ENC_ESTAT_BUFER;
    sim_enc_flag(chip, ENC_EIR_RXERIF);
}

static void put_header(struct sim_enc28j60 *chip, unsigned at, unsigned next,
    unsigned status, size_t len)
{
    uint8_t header[HEADER];
    uint16_t after = chip->rx.wr;

    nif_put_le16(header, (uint16_t)next);
    nif_put_le16(header + 2, (uint16_t)len);
    nif_put_le16(header + 4, (uint16_t)status);
    if (chip->rx.spoil) {
        chip->rx.spoil = false;
        header[0] ^= 0xFF;
        header[1] ^= 0x1F;
    }
    for (unsigned i = 0; chip->rx.corrupt && i < HEADER; i++) {
        header[i] ^= chip->rx.flip[i];
    }
    chip->rx.corrupt = false;
    chip->rx.wr = (uint16_t)at;
    append(chip, header, HEADER);
    chip->rx.wr = after;
}

static void store(struct sim_enc28j60 *chip, const uint8_t *data, size_t len,
    unsigned status)
{
    size_t padded = HEADER + len + (len & 1);
    uint16_t at;

    if (chip->rx.fresh && chip->ptr[SIM_ENC28J60_ERXST] != 0 &&
        sim_enc_bites(chip, 5)) {
        chip->rx.wr = 0;
    }
    chip->rx.fresh = false;
    if (padded > room(chip) || chip->reg[ENC_EPKTCNT] == UINT8_MAX) {
        lose(chip);
        return;
    }
    at = chip->rx.wr;
    append(chip, (const uint8_t[HEADER]){ 0 }, HEADER);
    append(chip, data, len);
    if (len & 1) {
        chip->rx.wr = sim_enc_after(chip, chip->rx.wr);
    }
    put_header(chip, at, chip->rx.wr, status, len);
    chip->ptr[SIM_ENC28J60_ERXWRPT] = chip->rx.wr;
    chip->reg[ENC_EPKTCNT]++;
    chip->counts.rx_stored++;
    sim_enc_irq(chip);
}

// ---- judging

static bool length_is_wrong(const uint8_t *data, size_t len)
{
    unsigned length = nif_get_be16(data + TYPE_AT);
    size_t payload = len - TYPE_AT - 2 - SIM_FCS;

    return length <= LENGTH_MAX &&
        (length > payload || (length < payload && payload > 46));
}

static unsigned control_bits(const uint8_t *data)
{
    unsigned opcode = nif_get_be16(data + TYPE_AT + 2);

    return RSV_CONTROL | (opcode == 1 ? RSV_PAUSE : RSV_UNKNOWN_OPCODE);
}

static unsigned judge(const struct sim_enc28j60 *chip, const uint8_t *data,
    size_t len, bool good)
{
    static const uint8_t all[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    unsigned type = nif_get_be16(data + TYPE_AT);
    unsigned status = good ? RSV_OK : RSV_CRC_ERROR;

    if (sim_enc_bit(chip, ENC_MACON3, ENC_MACON3_FRMLNEN) &&
        length_is_wrong(data, len)) {
        status |= RSV_LENGTH_CHECK;
    }
    if (type > LENGTH_MAX) {
        status |= RSV_OUT_OF_RANGE;
    }
    // Whether a broadcast counts as a multicast too is not said.
    if (memcmp(data, all, sizeof(all)) == 0) {
        status |= RSV_BROADCAST;
    } else if (data[0] & 1) {
        status |= RSV_MULTICAST;
    }
    if (type == 0x8808) {
        status |= control_bits(data);
    } else if (type == 0x8100) {
        status |= RSV_VLAN;
    }
    return status;
}

static bool wanted(struct sim_enc28j60 *chip, const uint8_t *data, size_t len,
    bool good)
{
    unsigned max =
        chip->reg[ENC_MAMXFLL] | (unsigned)chip->reg[ENC_MAMXFLH] << 8;

    if (len < LEN_MIN) {
        return false;
    }
    if (len > max && !sim_enc_bit(chip, ENC_MACON3, ENC_MACON3_HFRMEN)) {
        return false;
    }
    if (!sim_enc_filter(chip, data, len)) {
        return false;
    }
    if (!good && sim_enc_bit(chip, ENC_ERXFCON, ENC_ERXFCON_CRCEN)) {
        return false;
    }
    if (good && nif_get_be16(data + TYPE_AT) == 0x8808) {
        return sim_enc_bit(chip, ENC_MACON1, ENC_MACON1_PASSALL);
    }
    return true;
}

static void take(struct sim_enc28j60 *chip, const uint8_t *data, size_t len,
    bool good)
{
    if (good && len >= LEN_MIN) {
        sim_enc_flow_heard(chip, data);
    }
    if (sim_enc_mismatch(chip) || !wanted(chip, data, len, good)) {
        chip->counts.rx_filtered++;
        return;
    }
    store(chip, data, len, judge(chip, data, len, good));
}

// ---- the medium

static bool listens(const struct sim_enc28j60 *chip)
{
    return sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_RXEN) &&
        sim_enc_bit(chip, ENC_MACON1, ENC_MACON1_MARXEN) && sim_enc_awake(chip);
}

void sim_enc_rx_begin(struct sim_enc28j60 *chip)
{
    bool sending =
        chip->tx.state == ENC_TX_WIRE || chip->tx.state == ENC_TX_JAM;

    chip->rx.active = listens(chip) && sim_enc_link(chip) &&
        !sim_enc_phy_bit(chip, ENC_PHCON1, ENC_PHCON1_PLOOPBK) &&
        (sim_enc_full_duplex(chip) || !sending);
    if (!chip->rx.active) {
        chip->counts.rx_missed++;
    }
    sim_enc_rx_spoil(chip);
}

// Erratum 17: the checksum unit and the receiver do not get along.
void sim_enc_rx_spoil(struct sim_enc28j60 *chip)
{
    if (!chip->rx.active || !sim_enc_dma_runs(chip) ||
        !sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_CSUMEN) ||
        !sim_enc_bites(chip, 17)) {
        return;
    }
    chip->rx.active = false;
    lose(chip);
}

void sim_enc_rx_frame(struct sim_enc28j60 *chip, const struct sim_frame *frame)
{
    if (!chip->rx.active) {
        return;
    }
    chip->rx.active = false;
    take(chip, frame->data, frame->len,
        !frame->cut && sim_fcs_good(frame->data, frame->len));
}

void sim_enc_rx_loop(struct sim_enc28j60 *chip, const uint8_t *data, size_t len)
{
    if (listens(chip)) {
        take(chip, data, len, sim_fcs_good(data, len));
    }
}

void sim_enc_rx_stop(struct sim_enc28j60 *chip)
{
    if (chip->rx.active) {
        chip->rx.active = false;
        chip->counts.rx_missed++;
    }
}
