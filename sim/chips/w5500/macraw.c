// SPDX-License-Identifier: MIT
//
// The W5500 model's MACRAW mode: socket 0 as a plain network card.

#include "sim/chips/w5500/model.h"

#include <string.h>

enum {
    HEADER = 2, // the length of frame and header
    TYPE_AT = 12,
    TYPE_IPV6 = 0x86DD,
};

static const uint8_t all[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

static bool wanted(const struct sim_w5500 *chip,
    const struct sim_w5500_socket *s, const uint8_t *frame)
{
    if (sim_w55_sn_mr(s, W55_SN_MR_MIP6B) &&
        nif_get_be16(frame + TYPE_AT) == TYPE_IPV6) {
        return false;
    }
    if (memcmp(frame, all, sizeof(all)) == 0) {
        return !sim_w55_sn_mr(s, W55_SN_MR_BCASTB);
    }
    if (frame[0] & 1) {
        return !sim_w55_sn_mr(s, W55_SN_MR_MMB);
    }
    return !sim_w55_sn_mr(s, W55_SN_MR_MFEN) ||
        memcmp(frame, chip->common + W55_SHAR, sizeof(all)) == 0;
}

void sim_w55_macraw_take(struct sim_w5500 *chip, const uint8_t *frame,
    size_t len)
{
    struct sim_w5500_socket *s = &chip->socket[0];
    uint8_t head[HEADER];

    if (sim_w55_state(s) != W55_SR_MACRAW) {
        return;
    }
    if (!wanted(chip, s, frame)) {
        chip->counts.rx_filtered++;
        return;
    }
    nif_put_be16(head,
        chip->bogus ? chip->bogus_len : (uint16_t)(HEADER + len));
    if (sim_w55_store(chip, s, head, HEADER, frame, len)) {
        chip->bogus = false;
    }
}

void sim_w55_macraw_send(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    uint8_t frame[W55_FRAME_MAX];
    uint16_t len = (uint16_t)(s->tx_end - s->tx_rd);

    if (len < NIF_ETH_HEADER || len > W55_FRAME_MAX) {
        sim_w55_broke(chip, SIM_W5500_R_LENGTH,
            "MACRAW: SEND of a frame of %u bytes", len);
        len = len > W55_FRAME_MAX ? W55_FRAME_MAX : len;
    }
    sim_w55_fetch(chip, s, s->tx_rd, frame, len);
    sim_w55_transmit(chip, s->number, frame, len);
}
