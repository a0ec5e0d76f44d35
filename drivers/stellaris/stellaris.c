// SPDX-License-Identifier: MIT
//
// The Stellaris Ethernet controller as a network device.

#include "stellaris.h"

#include <string.h>

// Registers (LM3S6965 data sheet, chapter 15).
#define MACIACK 0x00 // write: acknowledges; read: MACRIS
#define MACIM   0x04
#define MACRCTL 0x08
#define MACTCTL 0x0C
#define MACDATA 0x10
#define MACIA0  0x14
#define MACIA1  0x18
#define MACTHR  0x1C
#define MACMCTL 0x20
#define MACMRXD 0x30
#define MACNP   0x34
#define MACTR   0x38

#define INT_RX  (1u << 0)
#define INT_TX  (3u << 1) // TXER, TXEMP
#define INT_FOV (1u << 3)
#define INT_ALL 0x7Fu

#define RCTL_RXEN    (1u << 0)
#define RCTL_AMUL    (1u << 1)
#define RCTL_PRMS    (1u << 2)
#define RCTL_BADCRC  (1u << 3) // frames with a bad FCS are refused
#define RCTL_RSTFIFO (1u << 4)

#define TCTL_TXEN   (1u << 0)
#define TCTL_PADEN  (1u << 1)
#define TCTL_CRC    (1u << 2)
#define TCTL_DUPLEX (1u << 4)

#define MCTL_START  (1u << 0)
#define MCTL_REG(n) ((uint32_t)(n) << 3)

#define TR_NEWTX 1u

// Each frame in the receive FIFO: its length with these two bytes and the FCS,
// then the frame.
#define RX_EXTRA 6u
#define RX_MAX   (NIF_ETH_FRAME_MAX + RX_EXTRA)
#define RX_MIN   (NIF_ETH_HEADER + RX_EXTRA)

#define PHY_BMSR  1
#define PHY_ID1   2
#define BMSR_LINK 0x0004u

#define MII_READS 10000 // 64 bits at 2.5 MHz are 26 us
#define POLL_US   1000u
#define LOOK_US   100000u
#define SKIPS     32 // frames for others in one recv()

static struct stellaris *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct stellaris, iface);
}

static uint32_t get(struct stellaris *mac, uint32_t reg)
{
    return nif_mmio_read(&mac->cfg.mmio, reg);
}

static void put(struct stellaris *mac, uint32_t reg, uint32_t value)
{
    nif_mmio_write(&mac->cfg.mmio, reg, value);
}

void stellaris_interrupt(struct stellaris *mac)
{
    put(mac, MACIM, 0);
    nif_clock_wake(mac->cfg.clock);
}

// ---- link

// A register of the PHY; 0 where nobody answers, as in QEMU.
static uint32_t read_phy(struct stellaris *mac, unsigned reg)
{
    put(mac, MACMCTL, MCTL_REG(reg) | MCTL_START);
    for (unsigned i = 0; i < MII_READS; i++) {
        if (!(get(mac, MACMCTL) & MCTL_START)) {
            return get(mac, MACMRXD) & 0xFFFF;
        }
    }
    return 0;
}

static void look_at_link(struct stellaris *mac)
{
    // The link's loss stays in BMSR until it has been read.
    bool up = !mac->has_phy ||
        ((void)read_phy(mac, PHY_BMSR),
            (read_phy(mac, PHY_BMSR) & BMSR_LINK) != 0);

    if (up != mac->link) {
        mac->link = up;
        if (mac->event_fn != NULL) {
            mac->event_fn(mac->event_arg, &mac->iface,
                up ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
        }
    }
}

// ---- start, stop, poll

static void set_filter(struct stellaris *mac, uint32_t more)
{
    put(mac, MACRCTL, RCTL_RXEN | RCTL_BADCRC | more);
}

static int stellaris_start(struct nif_iface *iface)
{
    struct stellaris *mac = of(iface);
    const uint8_t *own = mac->cfg.hwaddr.byte;

    mac->started = false;
    put(mac, MACIM, 0);
    put(mac, MACTCTL, 0);
    put(mac, MACRCTL, RCTL_RSTFIFO);
    put(mac, MACRCTL, 0);
    put(mac, MACIACK, INT_ALL);
    put(mac, MACIA0, (uint32_t)nif_get_le16(own + 2) << 16 | nif_get_le16(own));
    put(mac, MACIA1, nif_get_le16(own + 4));
    if ((get(mac, MACIA1) & 0xFFFF) != nif_get_le16(own + 4)) {
        return NIF_ENODEV;
    }
    put(mac, MACTHR, 0x3F); // a frame leaves when we say so
    put(mac, MACTCTL, TCTL_TXEN | TCTL_PADEN | TCTL_CRC | TCTL_DUPLEX);
    set_filter(mac, 0);
    mac->promiscuous = false;
    mac->has_phy = read_phy(mac, PHY_ID1) != 0;
    mac->started = true;
    mac->look_us = nif_clock_now_us(mac->cfg.clock);
    return 0;
}

static int stellaris_stop(struct nif_iface *iface)
{
    struct stellaris *mac = of(iface);

    put(mac, MACIM, 0);
    put(mac, MACRCTL, 0);
    put(mac, MACTCTL, 0);
    mac->started = false;
    mac->link = false;
    return 0;
}

static int stellaris_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct stellaris *mac = of(iface);
    uint64_t now_us = nif_clock_now_us(mac->cfg.clock);
    uint64_t due_us = mac->look_us;
    int seen;

    if (!mac->started) {
        return 0;
    }
    if (now_us >= due_us) {
        look_at_link(mac);
        due_us = mac->has_phy ? now_us + LOOK_US : NIF_NEVER;
        mac->look_us = due_us;
    }
    if (get(mac, MACIACK) & INT_FOV) {
        mac->stats.rx_lost++;
    }
    // Acknowledged first, looked at then: a frame that comes in between calls
    // again.
    put(mac, MACIACK, INT_ALL);
    if (mac->cfg.interrupt) {
        put(mac, MACIM, get(mac, MACTR) & TR_NEWTX ? INT_RX | INT_TX : INT_RX);
    } else if (due_us > now_us + POLL_US) {
        due_us = now_us + POLL_US;
    }
    seen = mac->link ? NIF_SEEN_LINK : NIF_SEEN_NO_LINK;
    if (get(mac, MACNP) != 0) {
        due_us = now_us;
    } else {
        seen |= NIF_SEEN_NO_FRAME;
    }
    if (*again_us > due_us) {
        *again_us = due_us;
    }
    return seen;
}

static void stellaris_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = of(iface)->cfg.hwaddr;
}

static unsigned stellaris_flags(struct nif_iface *iface)
{
    const struct stellaris *mac = of(iface);
    unsigned flags =
        NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST | NIF_IFACE_FULL_DUPLEX;

    if (mac->started) {
        flags |= NIF_IFACE_STARTED;
    }
    if (mac->link) {
        flags |= NIF_IFACE_LINK;
    }
    return flags;
}

static size_t stellaris_mtu(struct nif_iface *iface)
{
    (void)iface;
    return NIF_ETH_FRAME_MAX - NIF_ETH_HEADER;
}

static void stellaris_on_event(struct nif_iface *iface, nif_event_fn *fn,
    void *arg)
{
    struct stellaris *mac = of(iface);

    mac->event_fn = fn;
    mac->event_arg = arg;
}

// ---- frames

// Bytes become words, the first in the lowest eight bits.
struct words {
    uint32_t word;
    unsigned count;
};

static void add(struct stellaris *mac, struct words *w, const uint8_t *data,
    size_t len)
{
    for (size_t i = 0; i < len; i++) {
        w->word |= (uint32_t)data[i] << 8 * w->count;
        if (++w->count == 4) {
            put(mac, MACDATA, w->word);
            w->word = 0;
            w->count = 0;
        }
    }
}

static int stellaris_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct stellaris *mac = of(iface);
    struct words w = { 0, 0 };
    uint8_t head[2];
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
    if (!mac->link) {
        return NIF_ELINK;
    }
    if (get(mac, MACTR) & TR_NEWTX) {
        return NIF_EAGAIN;
    }
    nif_put_le16(head, (uint16_t)(len - NIF_ETH_HEADER));
    add(mac, &w, head, sizeof(head));
    for (size_t i = 0; i < n; i++) {
        add(mac, &w, segs[i].data, segs[i].len);
    }
    if (w.count > 0) {
        put(mac, MACDATA, w.word);
    }
    put(mac, MACTR, TR_NEWTX);
    mac->stats.tx++;
    return 0;
}

static bool is_ours(const struct stellaris *mac, const uint8_t *frame)
{
    return (frame[0] & 1) || mac->promiscuous ||
        memcmp(frame, mac->cfg.hwaddr.byte, sizeof(mac->cfg.hwaddr.byte)) == 0;
}

// Takes one frame out of the FIFO. Returns its length; NIF_ETOOBIG, NIF_EPROTO.
static int take_frame(struct stellaris *mac, uint8_t *buf, size_t cap)
{
    uint32_t word = get(mac, MACDATA);
    size_t total = word & 0xFFFF;
    size_t len = total - RX_EXTRA;
    size_t at = 0;

    if (total < RX_MIN || total > RX_MAX) {
        uint32_t control = get(mac, MACRCTL);

        put(mac, MACRCTL, control | RCTL_RSTFIFO);
        put(mac, MACRCTL, control);
        mac->stats.rx_bad++;
        return NIF_EPROTO;
    }
    word >>= 16;
    for (size_t i = 2; i < total; i++) {
        if (i % 4 == 0) {
            word = get(mac, MACDATA);
        }
        if (at < len && at < cap) {
            buf[at] = (uint8_t)word;
        }
        at++;
        word >>= 8;
    }
    return len <= cap ? (int)len : NIF_ETOOBIG;
}

static int stellaris_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct stellaris *mac = of(iface);

    if (!mac->started) {
        return NIF_EAGAIN;
    }
    for (unsigned i = 0; i < SKIPS && get(mac, MACNP) != 0; i++) {
        int result = take_frame(mac, buf, cap);

        if (result < 0) {
            return result;
        }
        if (is_ours(mac, buf)) {
            mac->stats.rx++;
            *frame = buf;
            return result;
        }
        mac->stats.rx_other++;
    }
    return NIF_EAGAIN;
}

static int stellaris_filter(struct nif_iface *iface,
    const struct nif_eth_filter *f)
{
    struct stellaris *mac = of(iface);
    uint32_t more = 0;

    mac->promiscuous = f->promiscuous;
    if (f->promiscuous) {
        more |= RCTL_PRMS;
    }
    if (f->all_multicast || f->group_count > 0) {
        more |= RCTL_AMUL;
    }
    if (mac->started) {
        set_filter(mac, more);
    }
    return 0;
}

void stellaris_init(struct stellaris *mac, const struct stellaris_cfg *cfg)
{
    static const struct nif_iface_ops iface_ops = {
        .start = stellaris_start,
        .stop = stellaris_stop,
        .poll = stellaris_poll,
        .hwaddr = stellaris_hwaddr,
        .flags = stellaris_flags,
        .mtu = stellaris_mtu,
        .on_event = stellaris_on_event,
    };
    static const struct nif_eth_ops eth_ops = {
        .send = stellaris_send,
        .recv = stellaris_recv,
        .filter = stellaris_filter,
    };

    memset(mac, 0, sizeof(*mac));
    mac->iface.ops = &iface_ops;
    mac->iface.eth = &eth_ops;
    mac->cfg = *cfg;
}
