// SPDX-License-Identifier: MIT
//
// The module's two interfaces: a network device over the air with the core's
// stack on it, which has its turns as events.

#include "sim/chips/espat/model.h"

// The least time from one turn to the next, so that no moment lasts for ever.
#define TURN_NS (20 * SIM_US)

static struct espat_net *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct espat_net, iface);
}

// ---- a clock that costs nothing

static uint64_t clock_now_us(struct nif_clock *clock)
{
    return nif_container_of(clock, struct espat_net, clock)->e->world->now_ns /
        1000;
}

static void clock_delay_us(struct nif_clock *clock, uint32_t us)
{
    (void)clock;
    (void)us;
    NIF_ASSERT(!"a model lets no time pass");
}

static void clock_wait(struct nif_clock *clock, uint64_t until_us)
{
    (void)until_us;
    clock_delay_us(clock, 0);
}

static void clock_wake(struct nif_clock *clock)
{
    espat__net_kick(nif_container_of(clock, struct espat_net, clock));
}

static const struct nif_clock_ops clock_ops = {
    .now_us = clock_now_us,
    .delay_us = clock_delay_us,
    .wait = clock_wait,
    .wake = clock_wake,
};

// ---- the device

static int net_nothing(struct nif_iface *iface)
{
    (void)iface;
    return 0;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int net_poll(struct nif_iface *iface, uint64_t *again_us)
{
    (void)iface;
    (void)again_us; // what comes from the air kicks the stack
    return 0;
}

static void net_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = of(iface)->hwaddr;
}

static unsigned net_flags(struct nif_iface *iface)
{
    return NIF_IFACE_STARTED | NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST |
        (of(iface)->up ? NIF_IFACE_LINK : 0);
}

static size_t net_mtu(struct nif_iface *iface)
{
    (void)iface;
    return NIF_ETH_FRAME_MAX - NIF_ETH_HEADER;
}

static void net_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    (void)iface;
    (void)fn;
    (void)arg;
}

static int net_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct espat_net *net = of(iface);
    uint8_t frame[NIF_ETH_FRAME_MAX];
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        if (segs[i].len > sizeof(frame) - len) {
            return NIF_ETOOBIG;
        }
        memcpy(frame + len, segs[i].data, segs[i].len);
        len += segs[i].len;
    }
    if (!net->up) {
        return NIF_ELINK;
    }
    if (net->ap) {
        sim_ap_send(&net->e->ap, frame, len);
    } else {
        sim_station_send(&net->e->station, frame, len);
    }
    return 0;
}

static int net_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct espat_net *net = of(iface);
    struct espat_frame *slot = &net->ring[net->head];

    *frame = buf;
    if (net->count == 0) {
        return NIF_EAGAIN;
    }
    net->head = (net->head + 1) % RING;
    net->count--;
    if (slot->len > cap) {
        return NIF_ETOOBIG;
    }
    memcpy(buf, slot->data, slot->len);
    return (int)slot->len;
}

static const struct nif_iface_ops net_ops = {
    .start = net_nothing,
    .stop = net_nothing,
    .poll = net_poll,
    .hwaddr = net_hwaddr,
    .flags = net_flags,
    .mtu = net_mtu,
    .on_event = net_on_event,
};

static const struct nif_eth_ops net_eth = {
    .send = net_send,
    .recv = net_recv,
};

void espat__net_frame(struct espat_net *net, const uint8_t *frame, size_t len)
{
    struct espat_frame *slot = &net->ring[(net->head + net->count) % RING];

    if (!net->up || net->count == RING || len > sizeof(slot->data)) {
        return;
    }
    memcpy(slot->data, frame, len);
    slot->len = len;
    net->count++;
    espat__net_kick(net);
}

// ---- turns

void espat__net_kick(struct espat_net *net)
{
    uint64_t now_ns = net->e->world->now_ns;

    if (net->up &&
        (!sim_event_pending(&net->timer) ||
            net->timer.at_ns > now_ns + TURN_NS)) {
        sim_event_at(net->e->world, &net->timer, now_ns + TURN_NS);
    }
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void on_turn(struct sim_event *event)
{
    struct espat_net *net = nif_container_of(event, struct espat_net, timer);
    struct espat *e = net->e;
    uint64_t now_ns = e->world->now_ns;
    uint64_t again_us = nif_stack_poll(&net->tcpip.stack);
    uint64_t again_ns;

    again_us = sooner(again_us, espat__wifi_service(e, net));
    again_ns = again_us > SIM_NEVER / 1000 ? SIM_NEVER : again_us * 1000;
    again_ns = sooner(again_ns, espat__start_service(e));
    again_ns = sooner(again_ns, espat__lookup_service(e));
    espat__server_service(e);
    again_ns = sooner(again_ns, espat__links_service(e));
    again_ns = sooner(again_ns, espat__send_service(e));
    if (net->up && again_ns != SIM_NEVER) {
        again_ns = again_ns > now_ns + TURN_NS ? again_ns : now_ns + TURN_NS;
        if (!sim_event_pending(&net->timer) || net->timer.at_ns > again_ns) {
            sim_event_at(e->world, &net->timer, again_ns);
        }
    }
}

uint64_t espat__dice(struct espat *e)
{
    return (uint64_t)sim_roll(e->world, UINT32_MAX) << 32 |
        sim_roll(e->world, UINT32_MAX);
}

static void init_one(struct espat *e, struct espat_net *net, bool ap)
{
    *net = (struct espat_net){
        .iface = { .ops = &net_ops, .eth = &net_eth },
        .e = e,
        .clock.ops = &clock_ops,
        .ap = ap,
        .timer.fn = on_turn,
    };
    memcpy(net->hwaddr.byte, e->chip->cfg.mac, 6);
    net->hwaddr.byte[5] = (uint8_t)(net->hwaddr.byte[5] + ap);
}

void espat__net_boot(struct espat_net *net)
{
    struct espat *e = net->e;

    nif_tcpip_init(&net->tcpip,
        &(struct nif_tcpip_cfg){ .iface = &net->iface,
            .clock = &net->clock,
            .rx = net->rx,
            .rx_cap = sizeof(net->rx),
            .seed = espat__dice(e) });
}

void espat__net_up(struct espat_net *net)
{
    net->head = 0;
    net->count = 0;
    net->up = true;
    espat__net_kick(net);
}

void espat__net_down(struct espat_net *net)
{
    net->up = false;
    net->count = 0;
    sim_event_cancel(net->e->world, &net->timer);
}

void espat__net_init(struct espat *e)
{
    init_one(e, &e->net[0], false);
    init_one(e, &e->net[1], true);
    espat__wifi_init(e);
}

bool espat__net_has_ip(struct espat_net *net)
{
    struct nif_net at;

    if (!net->up) {
        return false;
    }
    nif_stack_net(&net->tcpip.stack, &at);
    return at.ip.family == NIF_IPV4 && !nif_ip_is_any(&at.ip);
}

void espat__net_address(struct espat_net *net, const struct nif_net *address)
{
    if (nif_stack_set_net(&net->tcpip.stack, address) == 0) {
        espat__net_kick(net);
    }
}
