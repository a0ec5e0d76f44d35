// SPDX-License-Identifier: MIT
//
// The ENC28J60 among the decoders: its words, and which bits on MISO mean
// something.

#include "sim/chips/enc28j60/decode.h"
#include "sim/net/cable.h"
#include "sim/trace/decode.h"

#include <stdlib.h>
#include <string.h>

struct enc {
    struct sim_decoder base;
    struct sim_enc_decoder dec;
};

static struct enc *of(struct sim_decoder *decoder)
{
    return nif_container_of(decoder, struct enc, base);
}

// What was read from the chip carries its FCS, what is handed to it does not.
static void on_frame(void *arg, bool sent, const uint8_t *frame, size_t len)
{
    struct enc *enc = arg;

    if (enc->base.on_frame) {
        enc->base.on_frame(enc->base.arg, !sent, frame,
            sent || len < SIM_FCS ? len : len - SIM_FCS);
    }
}

static void enc_init(struct sim_decoder *decoder)
{
    struct enc *enc = of(decoder);

    sim_enc_decode_init(&enc->dec);
    enc->dec.on_frame = on_frame;
    enc->dec.arg = enc;
}

// The transaction as the decoder takes it; `*zeros` is to be freed.
static struct sim_enc_txn txn_of(const struct sim_trace_item *item,
    uint8_t **zeros)
{
    struct sim_enc_txn txn = { item->data, item->miso, item->len };

    *zeros = NULL;
    if (!item->data || !item->miso) {
        *zeros = calloc(1, item->len + 1);
        NIF_ASSERT(*zeros != NULL);
        txn.mosi = item->data ? item->data : *zeros;
        txn.miso = item->miso ? item->miso : *zeros;
    }
    return txn;
}

// From kinds of bytes to bits that mean something. Of MISTAT, bit 3 is
// reserved and reads as 1 on silicon: no data sheet says when.
static void to_mask(uint8_t *mask, size_t len, unsigned id)
{
    for (size_t i = 0; i < len; i++) {
        switch ((enum sim_enc_kind)mask[i]) {
        case SIM_ENC_UNDRIVEN:
        case SIM_ENC_DUMMY: mask[i] = 0; break;
        case SIM_ENC_MII: mask[i] = id == ENC_MISTAT ? 0x07 : 0xFF; break;
        case SIM_ENC_ETH:
        case SIM_ENC_HEADER:
        case SIM_ENC_MEMORY:
        case SIM_ENC_KINDS: mask[i] = 0xFF; break;
        }
    }
}

static void enc_decode(struct sim_decoder *decoder,
    const struct sim_trace_item *item, uint8_t *mask, char *text, size_t cap)
{
    struct enc *enc = of(decoder);
    uint8_t *zeros;
    struct sim_enc_txn txn;
    unsigned id = 0;

    if (item->flags & SIM_TRACE_UNSEEN) {
        sim_decode_plain(item, text, cap);
        return;
    }
    txn = txn_of(item, &zeros);
    if (txn.len > 0) {
        id = enc_reg_at(enc->dec.reg[ENC_ECON1] & ENC_ECON1_BSEL,
            txn.mosi[0] & 0x1F);
    }
    sim_enc_decode(&enc->dec, &txn, mask, text, cap);
    if (mask) {
        to_mask(mask, txn.len, id);
    }
    free(zeros);
}

static void enc_differ(const struct sim_decoder *decoder,
    const struct sim_trace_item *item, size_t at, int other, char *text,
    size_t cap)
{
    const struct enc *enc = (const struct enc *)(const void *)decoder;
    uint8_t *zeros;
    struct sim_enc_txn txn = txn_of(item, &zeros);

    sim_enc_differ(&enc->dec, &txn, at, other, text, cap);
    free(zeros);
}

const struct sim_decoder_ops sim__decoder_enc28j60 = {
    .name = "enc28j60",
    .kind = SIM_TRACE_SPI,
    .size = sizeof(struct enc),
    .init = enc_init,
    .decode = enc_decode,
    .differ = enc_differ,
};
