// SPDX-License-Identifier: MIT
//
// The W5500 as a plain network card: frames through socket 0 in MACRAW mode,
// which has all of the packet memory. The chip's own stack has no address and
// answers no ping.

#include "internal.h"

#include <string.h>

// In front of each received frame: its length and these two bytes.
#define HEAD 2

// The longest frame takes 1.3 ms at 10 Mbit/s; collisions may make it more.
#define TX_US 20000u

// Losses of place in the buffer without a good frame in between.
#define RX_RESETS 3

#define KIB 16

// A frame for us or for all.
#define MODE_OURS (W5500_SN_MR_MACRAW | W5500_SN_MR_MFEN | W5500_SN_MR_MMB)

#define FLAGS (W5500_SN_IR_SENDOK | W5500_SN_IR_TIMEOUT | W5500_SN_IR_RECV)

static struct w5500_raw *of(struct w5500_chip *chip)
{
    return nif_container_of(chip, struct w5500_raw, chip);
}

static struct w5500_raw *of_iface(struct nif_iface *iface)
{
    return of(nif_container_of(iface, struct w5500_chip, iface));
}

// ---- the socket

static void forget(struct w5500_raw *raw)
{
    raw->rx_left = 0;
    raw->rx_look = true;
    raw->tx_len = 0;
    raw->tx_busy = false;
}

// Opens it anew: its buffers are empty then.
static void open_socket(struct w5500_raw *raw)
{
    struct w5500_chip *chip = &raw->chip;

    forget(raw);
    raw->mode = raw->next_mode;
    w5500__close(chip, 0);
    w5500__write8(chip, W5500_SN(0, W5500_SN_IMR), FLAGS);
    w5500__open(chip, 0, raw->mode, W5500_SN_SR_MACRAW);
    raw->rx_at = (uint16_t)w5500__read16(chip, W5500_SN(0, W5500_SN_RX_RD));
    raw->tx_at = (uint16_t)w5500__read16(chip, W5500_SN(0, W5500_SN_TX_WR));
}

// ---- sending. One frame may be on its way, another wait behind it in the
// chip: together they are far less than the 16 KiB, so there is always room.

static void start_frame(struct w5500_raw *raw)
{
    raw->tx_at = (uint16_t)(raw->tx_at + raw->tx_len);
    raw->tx_len = 0;
    w5500__write16(&raw->chip, W5500_SN(0, W5500_SN_TX_WR), raw->tx_at);
    w5500__command(&raw->chip, 0, W5500_SN_CR_SEND);
    raw->tx_busy = true;
    raw->tx_us = w5500__now(&raw->chip);
}

// Looks what has happened, and sends what waits. Flags are cleared before
// anything is done about them: what comes after that sets them again.
static void move(struct w5500_raw *raw)
{
    struct w5500_chip *chip = &raw->chip;
    uint8_t flags = w5500__read8(chip, W5500_SN(0, W5500_SN_IR)) & FLAGS;

    if (flags != 0) {
        w5500__write8(chip, W5500_SN(0, W5500_SN_IR), flags);
    }
    if (flags & W5500_SN_IR_RECV) {
        raw->rx_look = true;
    }
    if (raw->tx_busy) {
        if (flags & (W5500_SN_IR_SENDOK | W5500_SN_IR_TIMEOUT)) {
            raw->tx_busy = false;
            chip->stats.tx++;
        } else if (w5500__now(chip) - raw->tx_us >= TX_US) {
            chip->stats.tx_stuck++;
            w5500__soon(chip); // perhaps the chip was reset
            open_socket(raw);
        }
    }
    if (raw->tx_len > 0 && !raw->tx_busy) {
        start_frame(raw);
    }
}

static int w5500_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct w5500_raw *raw = of_iface(iface);
    struct w5500_chip *chip = &raw->chip;
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        len += segs[i].len;
    }
    if (len < NIF_ETH_HEADER) {
        return NIF_EINVAL;
    }
    if (len > NIF_ETH_FRAME_MAX) {
        return NIF_ETOOBIG;
    }
    if (chip->phase != W5500_READY || !chip->link) {
        return NIF_ELINK;
    }
    if (raw->tx_len > 0) {
        move(raw);
        if (raw->tx_len > 0) {
            return w5500__finish(chip, NIF_EAGAIN);
        }
    }
    w5500__write_segs(chip, W5500_TX(0, raw->tx_at), segs, n);
    raw->tx_len = (uint16_t)len;
    if (raw->tx_busy) {
        move(raw);
    } else {
        start_frame(raw);
    }
    // What the last poll() said about when it is needed has changed.
    nif_clock_wake(chip->cfg.clock);
    return w5500__finish(chip, 0);
}

// ---- receiving

static int lose_place(struct w5500_raw *raw)
{
    struct w5500_chip *chip = &raw->chip;

    if (chip->err == 0) {
        chip->stats.rx_reset++;
        w5500__soon(chip); // perhaps the chip was reset
        if (++raw->rx_resets >= RX_RESETS) {
            chip->err = NIF_EPROTO;
        } else {
            open_socket(raw);
        }
    }
    return NIF_EPROTO;
}

// Takes one frame of those that wait. Returns its length or an error.
static int take_frame(struct w5500_raw *raw, uint8_t *buf, size_t cap)
{
    struct w5500_chip *chip = &raw->chip;
    uint8_t head[HEAD];
    unsigned count;
    int result;

    w5500__read(chip, W5500_RX(0, raw->rx_at), head, sizeof(head));
    count = nif_get_be16(head);
    if (count < HEAD + NIF_ETH_HEADER || count > HEAD + NIF_ETH_FRAME_MAX ||
        count > raw->rx_left) {
        return lose_place(raw);
    }
    result = (int)(count - HEAD);
    if ((size_t)result > cap) {
        chip->stats.rx_bad++;
        result = NIF_ETOOBIG;
    } else {
        w5500__read(chip, W5500_RX(0, (uint16_t)(raw->rx_at + HEAD)), buf,
            (size_t)result);
    }
    raw->rx_at = (uint16_t)(raw->rx_at + count);
    raw->rx_left = (uint16_t)(raw->rx_left - count);
    w5500__write16(chip, W5500_SN(0, W5500_SN_RX_RD), raw->rx_at);
    w5500__command(chip, 0, W5500_SN_CR_RECV);
    if (w5500__read8(chip, W5500_SN(0, W5500_SN_MR)) != raw->mode) {
        return lose_place(raw); // it was reset meanwhile: that is no frame
    }
    return result;
}

static int w5500_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct w5500_raw *raw = of_iface(iface);
    struct w5500_chip *chip = &raw->chip;
    int result = NIF_EAGAIN;

    if (chip->phase != W5500_READY) {
        return result;
    }
    if (raw->tx_len > 0) {
        move(raw);
    }
    // Until the buffer is found empty: one flag may stand for many frames.
    if (raw->rx_left == 0 && raw->rx_look) {
        unsigned waiting =
            w5500__read_settled(chip, W5500_SN(0, W5500_SN_RX_RSR));

        raw->rx_look = waiting > 0;
        raw->rx_left = (uint16_t)waiting;
    }
    if (raw->rx_left > KIB * 1024u) {
        result = lose_place(raw);
    } else if (raw->rx_left > 0) {
        result = take_frame(raw, buf, cap);
    }
    if (result > 0 && chip->err == 0) {
        chip->stats.rx++;
        raw->rx_resets = 0;
        *frame = buf;
    }
    return w5500__finish(chip, result);
}

// A new mode counts from the next OPEN on, which empties the buffers: so that
// waits until they are empty, or until the next check.
static void set_mode(struct w5500_raw *raw)
{
    if (raw->next_mode != raw->mode && !raw->tx_busy && !raw->rx_look) {
        open_socket(raw);
    }
}

// Of groups the chip can have all or none.
static int w5500_filter(struct nif_iface *iface, const struct nif_eth_filter *f)
{
    struct w5500_raw *raw = of_iface(iface);
    uint8_t mode = MODE_OURS;

    if (f->promiscuous) {
        mode = W5500_SN_MR_MACRAW;
    } else if (f->all_multicast || f->group_count > 0) {
        mode = W5500_SN_MR_MACRAW | W5500_SN_MR_MFEN;
    }
    raw->next_mode = mode;
    if (raw->chip.phase == W5500_READY) {
        move(raw);
        set_mode(raw);
    }
    return w5500__finish(&raw->chip, 0);
}

// ---- the face

static uint32_t raw_serve(struct w5500_chip *chip)
{
    struct w5500_raw *raw = of(chip);
    bool bare = chip->cfg.interrupt == NULL;

    if (raw->tx_busy || !w5500__is_idle(chip)) {
        move(raw);
    }
    set_mode(raw);
    if (raw->tx_len > 0 && bare) {
        return 0;
    }
    if (bare) {
        return chip->cfg.poll_us;
    }
    if (raw->rx_look || !w5500__is_idle(chip)) {
        return 0;
    }
    return raw->tx_busy ? TX_US : W5500_LATER;
}

static bool raw_check(struct w5500_chip *chip)
{
    struct w5500_raw *raw = of(chip);
    uint8_t now[4];
    bool good;

    w5500__read(chip, W5500_SN(0, W5500_SN_MR), now, sizeof(now));
    good =
        now[W5500_SN_MR] == raw->mode && now[W5500_SN_SR] == W5500_SN_SR_MACRAW;
    move(raw);
    if (raw->next_mode != raw->mode) {
        open_socket(raw);
    }
    raw->rx_look = true; // should INTn not be connected after all
    return good;
}

static void raw_set_up(struct w5500_chip *chip)
{
    open_socket(of(chip));
}

static void raw_lost(struct w5500_chip *chip)
{
    of(chip)->rx_resets = 0;
    forget(of(chip));
}

static const struct w5500__face raw_face = {
    .set_up = raw_set_up,
    .serve = raw_serve,
    .check = raw_check,
    .lost = raw_lost,
};

static const struct nif_eth_ops eth_ops = {
    .send = w5500_send,
    .recv = w5500_recv,
    .filter = w5500_filter,
};

void w5500_raw_init(struct w5500_raw *raw, const struct w5500_cfg *cfg)
{
    struct w5500_chip *chip = &raw->chip;

    memset(raw, 0, sizeof(*raw));
    w5500__init(chip, &raw_face, cfg);
    chip->iface.eth = &eth_ops;
    chip->own[W5500_MR] = W5500_MR_PB;
    chip->own[W5500_SIMR] = 1;
    memset(chip->cfg.rx_kib, 0, sizeof(chip->cfg.rx_kib));
    memset(chip->cfg.tx_kib, 0, sizeof(chip->cfg.tx_kib));
    chip->cfg.rx_kib[0] = KIB;
    chip->cfg.tx_kib[0] = KIB;
    raw->next_mode = MODE_OURS;
}
