// SPDX-License-Identifier: MIT
//
// Frames to and from the ENC28J60, and its receive filter.

#include "internal.h"

#include <string.h>

// The vendor's number for late collisions (erratum 13).
#define TX_TRIES 16

// So many frames that are not worth delivering in one recv().
#define RX_SKIPS 64

// Losses of place in the ring without a good frame in between.
#define RX_RESETS 3

#define TX_FLAGS (ENC28J60_EIR_TXIF | ENC28J60_EIR_TXERIF)

static struct enc28j60 *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct enc28j60, iface);
}

void enc28j60__soon(struct enc28j60 *chip)
{
    chip->pause_us = 0;
    nif_clock_wake(chip->cfg.clock);
}

void enc28j60__begin(struct enc28j60 *chip, int fault)
{
    chip->err = 0;
    chip->fault = fault;
    chip->phase = ENC28J60_WAKE;
    chip->rx_resets = 0;
    chip->tx_at = ENC28J60_TX_0;
    chip->tx_count = 0;
    chip->tx_tries = 0;
    chip->tx_busy = false;
    enc28j60__soon(chip);
}

int enc28j60__finish(struct enc28j60 *chip, int result)
{
    int err = chip->err;

    if (err == 0) {
        return result;
    }
    chip->stats.lost++;
    enc28j60__begin(chip, err);
    return err;
}

bool enc28j60__is_idle(struct enc28j60 *chip)
{
    return chip->cfg.interrupt != NULL && nif_pin_read(chip->cfg.interrupt);
}

void enc28j60__notify(struct enc28j60 *chip, enum nif_event event)
{
    if (chip->event_fn != NULL) {
        chip->event_fn(chip->event_arg, &chip->iface, event);
    }
}

void enc28j60__set_link(struct enc28j60 *chip, bool up)
{
    if (up != chip->link) {
        chip->link = up;
        enc28j60__notify(chip, up ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
    }
}

// ---- sending

// From one of the two places in the chip to the other. tx_count says how many
// are taken, tx_busy whether the first is on the wire.
#define OTHER_PLACE (ENC28J60_TX_0 ^ ENC28J60_TX_1)

static void start_frame(struct enc28j60 *chip)
{
    enc28j60__write16(chip, ENC28J60_ETXST, chip->tx_at);
    enc28j60__write16(chip, ENC28J60_ETXND, chip->tx_end[0]);
    enc28j60__write8(chip, ENC28J60_SET(ENC28J60_ECON1), ENC28J60_ECON1_TXRTS);
    chip->tx_busy = true;
    chip->tx_us = enc28j60__now(chip);
}

// True if the frame that was not sent is worth another try: after a late
// collision, by its status vector or, as the vector may be missing too, by
// the missing TXIF (errata 13 and 15).
static bool try_again(struct enc28j60 *chip, uint8_t flags)
{
    uint8_t vector = 0;

    enc28j60__write8(chip, ENC28J60_CLEAR(ENC28J60_ECON1),
        ENC28J60_ECON1_TXRTS);
    enc28j60__read_mem(chip,
        (uint16_t)(chip->tx_end[0] + 1 + ENC28J60_TX_BYTE_LATE), &vector, 1);
    if ((flags & ENC28J60_EIR_TXIF) && !(vector & ENC28J60_TX_LATE)) {
        return false;
    }
    return ++chip->tx_tries < TX_TRIES;
}

// The frame on the wire has ended, as `flags` say; zero: it is overdue.
static void end_frame(struct enc28j60 *chip, uint8_t flags)
{
    chip->tx_busy = false;
    if (!flags) {
        enc28j60__soon(chip); // perhaps the chip was reset
        if (!(enc28j60__read8(chip, ENC28J60_ECON1) & ENC28J60_ECON1_TXRTS)) {
            flags = ENC28J60_EIR_TXIF; // ended all the same
        }
    }
    if (flags == ENC28J60_EIR_TXIF) {
        chip->stats.tx++;
    } else if (try_again(chip, flags)) {
        chip->stats.tx_retry++;
        return;
    } else {
        chip->stats.tx_aborted++;
    }
    chip->tx_tries = 0;
    chip->tx_at ^= OTHER_PLACE;
    chip->tx_end[0] = chip->tx_end[1];
    chip->tx_count--;
}

uint8_t enc28j60__move_frames(struct enc28j60 *chip)
{
    uint8_t all = enc28j60__read8(chip, ENC28J60_EIR);
    uint8_t flags = all & TX_FLAGS;

    if (chip->tx_busy) {
        if (!flags && enc28j60__now(chip) - chip->tx_us < ENC28J60_TX_US) {
            return all;
        }
        end_frame(chip, flags);
        flags = TX_FLAGS;
    }
    if (flags) {
        enc28j60__restart_tx(chip);
    }
    if (chip->tx_count > 0) {
        start_frame(chip);
    }
    return all;
}

static int enc28j60_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct enc28j60 *chip = of(iface);
    size_t len = 0;
    uint16_t at;

    for (size_t i = 0; i < n; i++) {
        len += segs[i].len;
    }
    if (len < NIF_ETH_HEADER) {
        return NIF_EINVAL;
    }
    if (len > NIF_ETH_FRAME_MAX) {
        return NIF_ETOOBIG;
    }
    if (chip->phase != ENC28J60_READY || !chip->link) {
        return NIF_ELINK;
    }
    if (chip->tx_busy) {
        (void)enc28j60__move_frames(chip);
    }
    if (chip->tx_count == ENC28J60_TX_PLACES) {
        return enc28j60__finish(chip, NIF_EAGAIN);
    }
    at = chip->tx_at;
    if (chip->tx_count == 1) {
        at ^= OTHER_PLACE;
    }
    enc28j60__write16(chip, ENC28J60_EWRPT, at);
    enc28j60__write_frame(chip, segs, n);
    chip->tx_end[chip->tx_count++] = (uint16_t)(at + len);
    if (!chip->tx_busy) {
        start_frame(chip);
    }
    // What the last poll() said about when it is needed has changed.
    nif_clock_wake(chip->cfg.clock);
    return enc28j60__finish(chip, 0);
}

// ---- receiving

static void reset_ring(struct enc28j60 *chip)
{
    if (chip->err != 0) {
        return;
    }
    chip->stats.rx_reset++;
    enc28j60__soon(chip); // perhaps the chip was reset
    if (++chip->rx_resets >= RX_RESETS) {
        chip->err = NIF_EPROTO;
    } else {
        enc28j60__restart_rx(chip);
    }
}

// Takes one frame. Returns its length, NIF_EAGAIN if it was not worth
// delivering, or an error.
static int take_frame(struct enc28j60 *chip, uint8_t *buf, size_t cap)
{
    uint8_t head[ENC28J60_RX_HEADER] = { 0 };
    unsigned next;
    unsigned count;
    unsigned end;
    int result = NIF_EAGAIN;

    enc28j60__read_mem(chip, chip->rx_next, head, sizeof(head));
    next = nif_get_le16(head);
    count = nif_get_le16(head + 2);
    end = (chip->rx_next + ENC28J60_RX_HEADER + count + 1) & ~1u;
    if (end > ENC28J60_RX_END) {
        end -= ENC28J60_RX_END + 1;
    }
    if (count > ENC28J60_COUNT_MAX || next != end) {
        reset_ring(chip);
        return NIF_EPROTO;
    }
    if (count >= ENC28J60_COUNT_MIN && (head[4] & ENC28J60_RX_OK)) {
        result = (int)(count - ENC28J60_FCS);
        if ((size_t)result > cap) {
            result = NIF_ETOOBIG;
        }
    }
    if (result > 0) {
        enc28j60__stream(chip, ENC28J60_RBM, buf, (size_t)result);
    } else {
        chip->stats.rx_bad++;
    }
    // The frame is still counted, or what was read is not a frame: the chip
    // has been reset meanwhile.
    if (!enc28j60__count_frames(chip)) {
        reset_ring(chip);
        return NIF_EPROTO;
    }
    chip->rx_pending--;
    enc28j60__set_rx_next(chip, next);
    enc28j60__write8(chip, ENC28J60_SET(ENC28J60_ECON2), ENC28J60_ECON2_PKTDEC);
    return result;
}

static int enc28j60_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct enc28j60 *chip = of(iface);
    int result = NIF_EAGAIN;

    if (chip->phase != ENC28J60_READY) {
        return result;
    }
    if (chip->tx_busy) {
        (void)enc28j60__move_frames(chip);
    }
    for (unsigned i = 0; i < RX_SKIPS && result == NIF_EAGAIN; i++) {
        if (!chip->rx_pending &&
            (enc28j60__is_idle(chip) || !enc28j60__count_frames(chip))) {
            break;
        }
        result = take_frame(chip, buf, cap);
    }
    if (result > 0 && chip->err == 0) {
        chip->stats.rx++;
        chip->rx_resets = 0;
        *frame = buf;
    }
    return enc28j60__finish(chip, result);
}

static int enc28j60_filter(struct nif_iface *iface,
    const struct nif_eth_filter *f)
{
    struct enc28j60 *chip = of(iface);
    uint8_t mode = ENC28J60_ERXFCON_CRCEN;

    memset(chip->own + ENC28J60_OWN_EHT, 0,
        ENC28J60_OWN_ERXFCON - ENC28J60_OWN_EHT);
    // Without any other filter all frames with a good FCS pass.
    if (!f->promiscuous) {
        mode = ENC28J60_ERXFCON_OURS;
        if (f->all_multicast) {
            mode |= ENC28J60_ERXFCON_MCEN;
        }
        for (size_t i = 0; i < f->group_count; i++) {
            enc28j60__pass_group(chip, &f->groups[i]);
        }
    }
    chip->own[ENC28J60_OWN_ERXFCON] = mode;
    if (chip->phase == ENC28J60_READY) {
        enc28j60__write_own(chip);
    }
    return enc28j60__finish(chip, 0);
}

const struct nif_eth_ops enc28j60__eth_ops = {
    .send = enc28j60_send,
    .recv = enc28j60_recv,
    .filter = enc28j60_filter,
};
