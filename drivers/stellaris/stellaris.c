// SPDX-License-Identifier: MIT
//
// The Stellaris Ethernet controller as a MAC (nif/mac.h): start and stop, its
// modes, what is looked after, and frames. Its PHY is in phy.c.

#include "stellaris.h"

#include "internal.h"

#include <string.h>

// Registers (LM3S6965 data sheet, chapter 15).
#define MACRIS  0x00 // written: MACIACK
#define MACIM   0x04
#define MACRCTL 0x08
#define MACTCTL 0x0C
#define MACDATA 0x10
#define MACIA0  0x14
#define MACIA1  0x18
#define MACTHR  0x1C
#define MACNP   0x34
#define MACTR   0x38

#define INT_RX    (1u << 0)
#define INT_TXER  (1u << 1) // clearing it empties the transmit FIFO
#define INT_TXEMP (1u << 2)
#define INT_FOV   (1u << 3)
#define INT_RXER  (1u << 4)
#define INT_PHY   (1u << 6)
#define INT_ALL   0x7Fu

#define RCTL_RXEN    (1u << 0)
#define RCTL_AMUL    (1u << 1)
#define RCTL_PRMS    (1u << 2)
#define RCTL_BADCRC  (1u << 3) // frames with a bad FCS are refused
#define RCTL_RSTFIFO (1u << 4)

#define TCTL_TXEN   (1u << 0)
#define TCTL_PADEN  (1u << 1)
#define TCTL_CRC    (1u << 2)
#define TCTL_DUPLEX (1u << 4)
#define TCTL_BASE   (TCTL_PADEN | TCTL_CRC) // not as after a reset

#define THR_WHOLE 0x3Fu // a frame leaves when it is told to

#define TR_NEWTX 1u

// Each frame in the receive FIFO: its length with these two bytes and the FCS,
// then the frame.
#define RX_LENGTH 2u
#define RX_EXTRA  6u
#define RX_MIN    (NIF_ETH_HEADER + RX_EXTRA)
#define RX_FIFO   2048u

#define POLL_US  1000u
#define FULL_US  30u // a quarter of a frame of full length, at 100 Mbit/s
#define STUCK_US 2000000u
#define SKIPS    32 // frames for others in one recv()

static struct stellaris *of(struct nif_mac *mac)
{
    return nif_container_of(mac, struct stellaris, mac);
}

void stellaris_interrupt(struct stellaris *chip)
{
    stellaris__put(chip, MACIM, 0);
    chip->look = true;
    nif_mac_wake(&chip->mac);
}

// ---- start, stop, link

// With the receiver off: no frame is cut in two.
static void empty_rx(struct stellaris *chip)
{
    stellaris__put(chip, MACRCTL, RCTL_BADCRC);
    stellaris__put(chip, MACRCTL, RCTL_BADCRC | RCTL_RSTFIFO);
    stellaris__put(chip, MACRCTL, chip->rctl);
}

static void set_modes(struct stellaris *chip, unsigned rctl, unsigned tctl)
{
    chip->rctl =
        (uint8_t)((chip->rctl & (RCTL_PRMS | RCTL_AMUL)) | RCTL_BADCRC | rctl);
    chip->tctl = (uint8_t)(TCTL_BASE | tctl);
    chip->spare_len = 0;
    stellaris__put(chip, MACTCTL, chip->tctl);
    empty_rx(chip);
}

// What a reset before the last set_modes() would have taken; one after it takes
// the modes (is_lost()).
static bool has_address(struct stellaris *chip)
{
    const uint8_t *own = chip->cfg.hwaddr.byte;

    return stellaris__get(chip, MACIA0) == nif_get_le32(own) &&
        stellaris__get(chip, MACIA1) == nif_get_le16(own + 4);
}

static int stellaris_start(struct nif_mac *mac)
{
    struct stellaris *chip = of(mac);
    const uint8_t *own = chip->cfg.hwaddr.byte;

    stellaris__put(chip, MACIM, 0);
    set_modes(chip, 0, 0);
    stellaris__put(chip, MACIA0, nif_get_le32(own));
    stellaris__put(chip, MACIA1, nif_get_le16(own + 4));
    if (!has_address(chip)) {
        return NIF_ENODEV;
    }
    stellaris__put(chip, MACRIS, INT_ALL);
    stellaris__put(chip, MACTHR, THR_WHOLE);
    chip->look = true;
    chip->full = false;
    chip->echo = false;
    return stellaris__find_phy(chip);
}

static int stellaris_stop(struct nif_mac *mac)
{
    struct stellaris *chip = of(mac);

    stellaris__put(chip, MACIM, 0);
    set_modes(chip, 0, 0);
    return 0;
}

static int stellaris_link(struct nif_mac *mac, const struct nif_phy_link *link)
{
    struct stellaris *chip = of(mac);

    if (link->up) {
        set_modes(chip, RCTL_RXEN,
            link->full_duplex ? TCTL_TXEN | TCTL_DUPLEX : TCTL_TXEN);
    } else {
        set_modes(chip, 0, 0);
    }
    chip->echo = link->up && !link->is_100 && !link->full_duplex;
    return has_address(chip) ? 0 : NIF_EIO;
}

// ---- to send

// Bytes become words, the first in the lowest eight bits.
struct words {
    uint32_t word;
    unsigned count;
};

static void add(struct stellaris *chip, struct words *w, const uint8_t *data,
    size_t len)
{
    for (size_t i = 0; i < len; i++) {
        w->word |= (uint32_t)data[i] << 8 * w->count;
        if (++w->count == 4) {
            stellaris__put(chip, MACDATA, w->word);
            w->word = 0;
            w->count = 0;
        }
    }
}

// A chip that has lost itself pads nothing; one that is gone is no chip.
static bool is_lost(struct stellaris *chip)
{
    return stellaris__get(chip, MACTCTL) != chip->tctl;
}

static bool is_sending(struct stellaris *chip)
{
    return (stellaris__get(chip, MACTR) & TR_NEWTX) != 0;
}

// Sends a frame of `len` bytes. Nothing else is being sent.
static void transmit(struct stellaris *chip, const struct nif_seg *segs,
    size_t n, size_t len)
{
    // In front of a frame is the length of its data.
    struct words w = { (uint32_t)(len - NIF_ETH_HEADER), RX_LENGTH };

    if (stellaris__get(chip, MACRIS) & INT_TXER) {
        stellaris__put(chip, MACRIS, INT_TXER);
        chip->stats.tx_bad++;
    }
    for (size_t i = 0; i < n; i++) {
        add(chip, &w, segs[i].data, segs[i].len);
    }
    if (w.count > 0) {
        stellaris__put(chip, MACDATA, w.word);
    }
    if (is_lost(chip)) {          // in the middle of it, perhaps
        nif_mac_wake(&chip->mac); // poll() will see it
        return;
    }
    stellaris__put(chip, MACTR, TR_NEWTX);
    chip->stats.tx++;
}

// The frame that has waited goes.
static void transmit_spare(struct stellaris *chip)
{
    const struct nif_seg seg = { chip->cfg.spare, chip->spare_len };

    if (chip->spare_len != 0) {
        chip->spare_len = 0;
        transmit(chip, &seg, 1, seg.len);
    }
}

// ---- poll

// What calls the handler from now on.
static void let_through(struct stellaris *chip)
{
    if (chip->cfg.interrupt) {
        stellaris__put(chip, MACIM,
            chip->full ? INT_RX | INT_PHY | INT_TXEMP | INT_TXER
                       : INT_RX | INT_PHY);
    }
}

// Acknowledges, and then looks: what comes in between calls again. True if a
// frame has come, or there is room again for one to send.
static bool look(struct stellaris *chip)
{
    uint32_t told = stellaris__get(chip, MACRIS);
    bool was_full = chip->full;

    chip->look = false; // the handler may set it again from here on
    chip->stats.rx_lost += (told & INT_FOV) != 0;
    stellaris__put(chip, MACRIS,
        told & (INT_RX | INT_TXEMP | INT_FOV | INT_PHY));
    chip->phy_asks = chip->phy_asks || (told & INT_PHY) != 0;
    let_through(chip);
    if (was_full && !is_sending(chip)) {
        chip->full = false;
        chip->waits = false;
        transmit_spare(chip);
        let_through(chip);
        chip->look = true;
    }
    if (stellaris__get(chip, MACNP) != 0) {
        chip->look = true;
    }
    return chip->look;
}

// True if a frame does not leave, in spite of all collisions that may be.
static bool is_stuck(struct stellaris *chip)
{
    uint32_t now_us;

    if (!chip->full) {
        chip->waits = false;
        return false;
    }
    now_us = (uint32_t)nif_clock_now_us(chip->cfg.clock);
    if (!chip->waits) {
        chip->waits = true;
        chip->since_us = now_us;
    }
    return now_us - chip->since_us >= STUCK_US;
}

static int stellaris_poll(struct nif_mac *mac, uint64_t *again_us)
{
    struct stellaris *chip = of(mac);
    uint32_t in_us = UINT32_MAX;
    bool frame;

    if (is_lost(chip)) {
        return NIF_EIO;
    }
    frame = (chip->look || chip->full || !chip->cfg.interrupt) && look(chip);
    if (is_stuck(chip)) {
        return NIF_ETIMEDOUT;
    }
    if (frame) {
        in_us = 0;
    } else if (!chip->cfg.interrupt) {
        in_us = chip->full ? FULL_US : POLL_US;
    }
    if (in_us != UINT32_MAX) {
        nif_again_by(again_us, nif_clock_now_us(chip->cfg.clock) + in_us);
    }
    return frame ? 0 : NIF_SEEN_NO_FRAME;
}

// ---- frames

static int stellaris_send(struct nif_mac *mac, const struct nif_seg *segs,
    size_t n, size_t len)
{
    struct stellaris *chip = of(mac);
    uint8_t *spare = chip->cfg.spare;

    if (!is_sending(chip)) {
        if (chip->spare_len == 0) {
            transmit(chip, segs, n, len);
            return 0;
        }
        transmit_spare(chip);
    }
    chip->full = true;
    chip->look = true;
    nif_mac_wake(&chip->mac); // poll() says until when
    if (spare == NULL || chip->spare_len != 0) {
        return NIF_EAGAIN;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(spare, segs[i].data, segs[i].len);
        spare += segs[i].len;
    }
    chip->spare_len = (uint16_t)len;
    return 0;
}

// Reads the oldest frame, of which `cap` bytes go to `buf`. Returns its length;
// 0 if it was none, and nobody knows what the FIFO has next.
static size_t read_frame(struct stellaris *chip, uint8_t *buf, size_t cap)
{
    uint32_t word = stellaris__get(chip, MACDATA);
    size_t total = (uint16_t)word;
    size_t len = total - RX_EXTRA;

    if (total < RX_MIN || total > RX_FIFO) {
        return 0;
    }
    cap = cap < len ? cap : len;
    word >>= 16;
    for (size_t at = RX_LENGTH; at < total; at++) {
        if (at % 4 == 0) {
            word = stellaris__get(chip, MACDATA);
        }
        if (at - RX_LENGTH < cap) {
            buf[at - RX_LENGTH] = (uint8_t)word;
        }
        word >>= 8;
    }
    // A frame with a bad FCS empties the FIFO, in the middle of others too.
    return (stellaris__get(chip, MACRIS) & INT_RXER) != 0 ? 0 : len;
}

static bool is_ours(const struct stellaris *chip, const uint8_t *frame)
{
    const uint8_t *own = chip->cfg.hwaddr.byte;

    if (chip->echo && memcmp(frame + 6, own, 6) == 0) {
        return false;
    }
    return (frame[0] & 1) || (chip->rctl & RCTL_PRMS) ||
        memcmp(frame, own, 6) == 0;
}

static int stellaris_recv(struct nif_mac *mac, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct stellaris *chip = of(mac);

    for (unsigned i = 0; i < SKIPS; i++) {
        size_t len;

        stellaris__put(chip, MACRIS, INT_RXER); // of which nothing was read yet
        if (stellaris__get(chip, MACNP) == 0) {
            return NIF_EAGAIN;
        }
        len = read_frame(chip, buf, cap);
        if (is_lost(chip)) {
            return NIF_EIO; // in the middle of it, perhaps
        }
        if (len == 0) {
            empty_rx(chip);
            chip->stats.rx_bad++;
        } else if (len > NIF_ETH_FRAME_MAX) {
            chip->stats.rx_bad++;
        } else if (len > cap) {
            return NIF_ETOOBIG;
        } else if (!is_ours(chip, buf)) {
            chip->stats.rx_other++;
        } else {
            chip->stats.rx++;
            *frame = buf;
            return (int)len;
        }
    }
    return NIF_EAGAIN;
}

// Groups pass all or none.
static int stellaris_filter(struct nif_mac *mac, const struct nif_eth_filter *f)
{
    struct stellaris *chip = of(mac);
    unsigned rctl = chip->rctl & ~(RCTL_PRMS | RCTL_AMUL);

    if (f->promiscuous) {
        rctl |= RCTL_PRMS;
    }
    if (f->all_multicast || f->group_count > 0) {
        rctl |= RCTL_AMUL;
    }
    chip->rctl = (uint8_t)rctl;
    if (rctl & RCTL_RXEN) {
        stellaris__put(chip, MACRCTL, rctl);
    }
    return 0;
}

static void stellaris_hwaddr(struct nif_mac *mac, struct nif_hwaddr *out)
{
    *out = of(mac)->cfg.hwaddr;
}

void stellaris_init(struct stellaris *chip, const struct stellaris_cfg *cfg)
{
    static const struct nif_mac_ops mac_ops = {
        .start = stellaris_start,
        .stop = stellaris_stop,
        .link = stellaris_link,
        .poll = stellaris_poll,
        .send = stellaris_send,
        .recv = stellaris_recv,
        .filter = stellaris_filter,
        .hwaddr = stellaris_hwaddr,
    };

    memset(chip, 0, sizeof(*chip));
    chip->mac.ops = &mac_ops;
    chip->mac.mdio = &chip->mdio;
    chip->cfg = *cfg;
    stellaris__init_phy(chip);
}
