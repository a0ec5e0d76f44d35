// SPDX-License-Identifier: MIT
//
// Driver of the TOY1. Every access is one SPI transaction: a command byte
// (register, or-ed with 0x80 to write), then data.

#include "toy.h"

#define ID     0x00 // 1 byte, reads 0x7E
#define STATUS 0x01 // 1 byte
#define RX_LEN 0x02 // 2 bytes, big-endian
#define RX     0x03 // that many bytes; reading them frees the buffer
#define TX     0x04 // 2 bytes length, then the frame
#define WRITE  0x80

#define ID_TOY1     0x7E
#define STATUS_LINK 0x01
#define STATUS_RX   0x02 // a frame is there
#define STATUS_TX   0x04 // a frame is being sent

#define LINK_POLL_US 10000u

static struct toy *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct toy, iface);
}

// After the first error nothing more is sent until take_err().
static void read(struct toy *toy, uint8_t reg, uint8_t *to, size_t len)
{
    const struct nif_spi_seg segs[] = { { &reg, NULL, 1 }, { NULL, to, len } };

    if (toy->err == 0) {
        toy->err = nif_spi_transact(toy->cfg.spi, segs, 2, 0);
    }
}

static int take_err(struct toy *toy)
{
    int err = toy->err;

    toy->err = 0;
    return err;
}

static uint8_t status(struct toy *toy)
{
    uint8_t value = 0;

    read(toy, STATUS, &value, 1);
    return value;
}

// ---- every device

static int toy_start(struct nif_iface *iface)
{
    struct toy *toy = of(iface);
    uint8_t id = 0;
    int err;

    toy->err = 0;
    read(toy, ID, &id, 1);
    err = take_err(toy);
    toy->started = err == 0 && id == ID_TOY1;
    return err != 0 || toy->started ? err : NIF_ENODEV;
}

static int toy_stop(struct nif_iface *iface)
{
    of(iface)->started = false;
    return 0;
}

static int toy_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct toy *toy = of(iface);
    uint64_t next_us = nif_clock_now_us(toy->cfg.clock) + LINK_POLL_US;
    bool link = status(toy) & STATUS_LINK;
    int err = take_err(toy);

    if (next_us < *again_us) {
        *again_us = next_us;
    }
    if (err == 0 && link != toy->link) {
        toy->link = link;
        if (toy->on_event) {
            toy->on_event(toy->event_arg, iface,
                link ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
        }
    }
    return err;
}

static void toy_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = of(iface)->cfg.hwaddr;
}

static unsigned toy_flags(struct nif_iface *iface)
{
    const struct toy *toy = of(iface);

    return (toy->started ? NIF_IFACE_STARTED : 0u) |
        (toy->link ? NIF_IFACE_LINK : 0u) | NIF_IFACE_BROADCAST;
}

static size_t toy_mtu(struct nif_iface *iface)
{
    (void)iface;
    return 1500;
}

static void toy_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    of(iface)->on_event = fn;
    of(iface)->event_arg = arg;
}

// ---- frames

static int toy_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct toy *toy = of(iface);
    struct nif_spi_seg out[6];
    uint8_t head[3] = { TX | WRITE };
    size_t len = 0;

    if (n > nif_countof(out) - 1) {
        return NIF_EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        out[i + 1] = (struct nif_spi_seg){ segs[i].data, NULL, segs[i].len };
        len += segs[i].len;
    }
    if (len > NIF_ETH_FRAME_MAX) {
        return NIF_ETOOBIG;
    }
    if (status(toy) & STATUS_TX) {
        return toy->err ? take_err(toy) : NIF_EAGAIN;
    }
    nif_put_be16(head + 1, (uint16_t)len);
    out[0] = (struct nif_spi_seg){ head, NULL, sizeof(head) };
    if (toy->err == 0) {
        toy->err = nif_spi_transact(toy->cfg.spi, out, n + 1, 0);
    }
    return take_err(toy);
}

static int toy_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct toy *toy = of(iface);
    uint8_t head[2] = { 0 };
    size_t len;

    if (!(status(toy) & STATUS_RX)) {
        return toy->err ? take_err(toy) : NIF_EAGAIN;
    }
    read(toy, RX_LEN, head, 2);
    len = nif_get_be16(head);
    if (len > NIF_ETH_FRAME_MAX || len < NIF_ETH_HEADER) {
        return toy->err ? take_err(toy) : NIF_EPROTO;
    }
    read(toy, RX, buf, len < cap ? len : cap);
    *frame = buf;
    if (toy->err != 0) {
        return take_err(toy);
    }
    return len <= cap ? (int)len : NIF_ETOOBIG;
}

static const struct nif_iface_ops toy_ops = {
    .start = toy_start,
    .stop = toy_stop,
    .poll = toy_poll,
    .hwaddr = toy_hwaddr,
    .flags = toy_flags,
    .mtu = toy_mtu,
    .on_event = toy_on_event,
};

static const struct nif_eth_ops toy_eth_ops = {
    .send = toy_send,
    .recv = toy_recv,
};

void toy_init(struct toy *toy, const struct toy_cfg *cfg)
{
    *toy = (struct toy){
        .iface = { .ops = &toy_ops, .eth = &toy_eth_ops },
        .cfg = *cfg,
    };
}
