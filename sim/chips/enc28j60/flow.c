// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's flow control in full duplex: pause frames sent and
// obeyed (DS39662 10, IEEE 802.3 annex 31B).

#include "sim/chips/enc28j60/model.h"

#include <string.h>

#define FRAME_LEN 60

enum fcen { FC_OFF, FC_ONCE, FC_PERIODIC, FC_END };

static const uint8_t pause_to[6] = { 0x01, 0x80, 0xC2, 0x00, 0x00, 0x01 };

static enum fcen mode(const struct sim_enc28j60 *chip)
{
    return (enum fcen)(chip->reg[ENC_EFLOCON] & ENC_EFLOCON_FCEN);
}

static unsigned quanta(const struct sim_enc28j60 *chip)
{
    return chip->reg[ENC_EPAUSL] | (unsigned)chip->reg[ENC_EPAUSH] << 8;
}

// EFLOCON was written.
void sim_enc_flow_write(struct sim_enc28j60 *chip)
{
    sim_event_cancel(chip->world, &chip->tx.pause);
    chip->tx.pause_due = false;
    if (mode(chip) == FC_OFF) {
        return;
    }
    if (!sim_enc_full_duplex(chip)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_ABSENT,
            "half-duplex flow control is not modelled");
        return;
    }
    chip->tx.pause_due =
        sim_enc_bit(chip, ENC_MACON1, ENC_MACON1_TXPAUS) && sim_enc_awake(chip);
    sim_enc_tx_kick(chip);
}

void sim_enc_flow_build(struct sim_enc28j60 *chip)
{
    uint8_t *frame = chip->tx.frame;

    memset(frame, 0, FRAME_LEN);
    memcpy(frame, pause_to, sizeof(pause_to));
    sim_enc_own(chip, frame + 6);
    nif_put_be16(frame + 12, 0x8808);
    nif_put_be16(frame + 14, 0x0001);
    nif_put_be16(frame + 16, mode(chip) == FC_END ? 0 : (uint16_t)quanta(chip));
    chip->tx.len = sim_fcs_put(frame, FRAME_LEN);
}

void sim_enc_flow_sent(struct sim_enc28j60 *chip)
{
    chip->counts.tx_pauses++;
    chip->tx.pause_due = false;
    if (mode(chip) != FC_PERIODIC) {
        sim_enc_put_bit(chip, ENC_EFLOCON, ENC_EFLOCON_FCEN, false);
        return;
    }
    // How often is not said; half the time keeps the partner silent.
    sim_event_at(chip->world, &chip->tx.pause,
        chip->world->now_ns + (quanta(chip) / 2 + 1) * (uint64_t)ENC_SLOT_NS);
}

void sim_enc_flow_event(struct sim_event *event)
{
    struct sim_enc28j60 *chip =
        nif_container_of(event, struct sim_enc28j60, tx.pause);

    chip->tx.pause_due = true;
    sim_enc_tx_kick(chip);
}

// A good frame has come in, of at least 18 bytes.
void sim_enc_flow_heard(struct sim_enc28j60 *chip, const uint8_t *frame)
{
    uint8_t own[6];

    if (!sim_enc_bit(chip, ENC_MACON1, ENC_MACON1_RXPAUS) ||
        !sim_enc_full_duplex(chip) || nif_get_be16(frame + 12) != 0x8808 ||
        nif_get_be16(frame + 14) != 0x0001) {
        return;
    }
    sim_enc_own(chip, own);
    if (memcmp(frame, pause_to, sizeof(own)) != 0 &&
        memcmp(frame, own, sizeof(own)) != 0) {
        return;
    }
    chip->tx.quiet_ns =
        chip->world->now_ns + nif_get_be16(frame + 16) * (uint64_t)ENC_SLOT_NS;
}
