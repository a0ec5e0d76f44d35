// SPDX-License-Identifier: MIT
//
// The stack behind the W5500 model's TCP sockets: the core's, over a device
// whose frames are the chip's. It thinks that everybody is its neighbour and
// asks for cards by ARP; it is told what Sn_DHAR says, for the chip has asked
// already. Its SYNs are made plain: MSS is the only option that the chip has.

#include "core/tcpip/tcp.h"
#include "sim/chips/w5500/model.h"

#include <string.h>

enum {
    TURNS_MAX = 1000, // of poll(), at one moment
    MSS_WORDS = 6,    // a TCP header with MSS
};

static struct sim_w5500 *of_iface(struct nif_iface *iface)
{
    return nif_container_of(iface, struct sim_w5500, net.iface);
}

// ---- the device

static int dev_start(struct nif_iface *iface)
{
    (void)iface;
    return 0;
}

static int dev_poll(struct nif_iface *iface, uint64_t *again_us)
{
    const struct sim_w5500_net *net = &of_iface(iface)->net;

    if (net->answered || net->frame_len > 0) {
        *again_us = 0;
    }
    return 0;
}

static void dev_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    memcpy(out->byte, of_iface(iface)->common + W55_SHAR, 6);
}

// The link is the PHY's business: connections outlive it.
static unsigned dev_flags(struct nif_iface *iface)
{
    (void)iface;
    return NIF_IFACE_STARTED | NIF_IFACE_LINK;
}

static size_t dev_mtu(struct nif_iface *iface)
{
    (void)iface;
    return W55_MTU;
}

static void dev_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    (void)iface;
    (void)fn;
    (void)arg;
}

// The stack asks for a card: the socket that speaks with it knows it.
static void answer(struct sim_w5500 *chip, const uint8_t *frame)
{
    const uint8_t *asked = frame + ETH_LEN;
    uint8_t *arp = chip->net.answer + ETH_LEN;

    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        const struct sim_w5500_socket *s = &chip->socket[n];

        if (s->tcp.open &&
            memcmp(s->reg + W55_SN_DIPR, asked + ARP_TPA, 4) == 0) {
            memcpy(chip->net.answer, frame, ETH_LEN + ARP_LEN);
            memcpy(chip->net.answer + ETH_DST, chip->common + W55_SHAR, 6);
            memcpy(chip->net.answer + ETH_SRC, s->reg + W55_SN_DHAR, 6);
            nif_put_be16(arp + ARP_OPER, ARP_REPLY);
            memcpy(arp + ARP_SHA, s->reg + W55_SN_DHAR, 6);
            memcpy(arp + ARP_SPA, asked + ARP_TPA, 4);
            memcpy(arp + ARP_THA, asked + ARP_SHA, 6);
            memcpy(arp + ARP_TPA, asked + ARP_SPA, 4);
            chip->net.answered = true;
            return;
        }
    }
}

// Leaves MSS alone in the options of a SYN. Returns the frame's length.
static size_t make_plain(const struct sim_w5500_socket *s, uint8_t *frame)
{
    uint8_t *ip = frame + ETH_LEN;
    uint8_t *tcp = ip + IPV4_LEN;
    size_t len = (size_t)MSS_WORDS * 4;

    tcp[TCP_OFFSET] = MSS_WORDS << 4;
    tcp[TCP_LEN] = TCP_OPT_MSS;
    tcp[TCP_LEN + 1] = TCP_OPT_MSS_LEN;
    nif_put_be16(tcp + TCP_LEN + 2, sim_w55_tcp_mss(s));
    nif_put_be16(tcp + TCP_SUM, 0);
    nif_put_be16(tcp + TCP_SUM, sim_w55_sum(ip, tcp, len));
    nif_put_be16(ip + IPV4_TOTAL, (uint16_t)(IPV4_LEN + len));
    nif_put_be16(ip + IPV4_SUM, 0);
    nif_put_be16(ip + IPV4_SUM, nif__checksum(0, ip, IPV4_LEN));
    return ETH_LEN + IPV4_LEN + len;
}

static void send_segment(struct sim_w5500 *chip, uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + ETH_LEN;
    const uint8_t *tcp = ip + IPV4_LEN;
    struct sim_w5500_socket *s =
        sim_w55_tcp_find(chip, nif_get_be16(tcp + TCP_SRC),
            nif_get_be32(ip + IPV4_DST), nif_get_be16(tcp + TCP_DST));

    if (s && (tcp[TCP_FLAGS] & TCP_FLAG_SYN)) {
        len = make_plain(s, frame);
    }
    sim_w55_transmit(chip, s ? s->number : W55_NOBODY, frame, len);
}

static int dev_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct sim_w5500 *chip = of_iface(iface);
    uint8_t frame[W55_FRAME_MAX] = { 0 };
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        NIF_ASSERT(len + segs[i].len <= sizeof(frame));
        memcpy(frame + len, segs[i].data, segs[i].len);
        len += segs[i].len;
    }
    if (nif_get_be16(frame + ETH_TYPE) != ETH_TYPE_ARP) {
        send_segment(chip, frame, len);
    } else if (frame[ETH_LEN + ARP_OPER + 1] == ARP_REQUEST) {
        answer(chip, frame);
    }
    return 0;
}

static int dev_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct sim_w5500_net *net = &of_iface(iface)->net;
    size_t len = net->frame_len;

    *frame = buf;
    if (net->answered) {
        net->answered = false;
        memcpy(buf, net->answer, sizeof(net->answer));
        return sizeof(net->answer);
    }
    if (len == 0) {
        return NIF_EAGAIN;
    }
    NIF_ASSERT(len <= cap);
    net->frame_len = 0;
    memcpy(buf, net->frame, len);
    return (int)len;
}

static const struct nif_iface_ops dev_ops = {
    .start = dev_start,
    .stop = dev_start,
    .poll = dev_poll,
    .hwaddr = dev_hwaddr,
    .flags = dev_flags,
    .mtu = dev_mtu,
    .on_event = dev_on_event,
};

static const struct nif_eth_ops dev_eth = {
    .send = dev_send,
    .recv = dev_recv,
};

// ---- the clock

static uint64_t clock_now_us(struct nif_clock *clock)
{
    return nif_container_of(clock, struct sim_w5500, net.clock)->world->now_ns /
        SIM_US;
}

static void clock_delay(struct nif_clock *clock, uint32_t us)
{
    (void)clock;
    (void)us;
}

static void clock_wait(struct nif_clock *clock, uint64_t until_us)
{
    (void)clock;
    (void)until_us;
}

static void clock_wake(struct nif_clock *clock)
{
    (void)clock;
}

static const struct nif_clock_ops clock_ops = {
    .now_us = clock_now_us,
    .delay_us = clock_delay,
    .wait = clock_wait,
    .wake = clock_wake,
};

// ---- the stack

void sim_w55_stack_init(struct sim_w5500 *chip)
{
    struct sim_w5500_net *net = &chip->net;

    net->iface.ops = &dev_ops;
    net->iface.eth = &dev_eth;
    net->clock.ops = &clock_ops;
    net->event.fn = sim_w55_stack_event;
    nif_tcpip_init(&net->stack,
        &(struct nif_tcpip_cfg){
            .iface = &net->iface,
            .clock = &net->clock,
            .rx = net->rx,
            .rx_cap = sizeof(net->rx),
            .seed = chip->world->seed,
        });
}

void sim_w55_stack_address(struct sim_w5500 *chip)
{
    struct nif_tcpip *ip = &chip->net.stack;
    struct nif_net net = { .prefix_len = 0 };

    memcpy(ip->net.hwaddr.byte, chip->common + W55_SHAR, 6);
    if (ip->ip != sim_w55_ip(chip)) {
        net.ip = nif_ip4_from(chip->common + W55_SIPR);
        if (nif_stack_set_net(&ip->stack, &net) != 0) {
            ip->ip = sim_w55_ip(chip); // no host can have it: try no more
        }
    }
}

static void follow(struct sim_w5500 *chip)
{
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        if (chip->socket[n].tcp.open) {
            sim_w55_tcp_follow(chip, &chip->socket[n]);
        }
    }
}

void sim_w55_stack_poll(struct sim_w5500 *chip)
{
    struct nif_tcpip *ip = &chip->net.stack;
    uint64_t now_us = chip->world->now_ns / SIM_US;
    uint64_t due_us = now_us;

    // Each turn sends a frame, takes one, or ends it.
    for (unsigned turn = 0; turn < TURNS_MAX && due_us <= now_us; turn++) {
        due_us = nif_stack_poll(&ip->stack);
        follow(chip);
        due_us = ip->todo != 0 ? now_us : due_us;
    }
    if (due_us == NIF_NEVER) {
        sim_event_cancel(chip->world, &chip->net.event);
    } else {
        sim_event_at(chip->world, &chip->net.event,
            (due_us > now_us ? due_us : now_us + 1) * SIM_US);
    }
}

void sim_w55_stack_event(struct sim_event *event)
{
    sim_w55_stack_poll(nif_container_of(event, struct sim_w5500, net.event));
}

void sim_w55_stack_take(struct sim_w5500 *chip, const uint8_t *frame,
    size_t len)
{
    memcpy(chip->net.frame, frame, len);
    chip->net.frame_len = (uint16_t)len;
    sim_w55_stack_poll(chip);
}
