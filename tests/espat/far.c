// SPDX-License-Identifier: MIT
//
// The far end of the wire.

#include "tests/espat/far.h"

#include <string.h>

#define TURN_NS (20 * SIM_US)

// 2026-01-02 03:04:05, in seconds since 1900.
#define BEGAN_S (1767323045u + 2208988800u)

static struct far *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct far, iface);
}

static uint64_t clock_now_us(struct nif_clock *clock)
{
    return nif_container_of(clock, struct far, clock)->world->now_ns / 1000;
}

static void clock_wake(struct nif_clock *clock)
{
    far_kick(nif_container_of(clock, struct far, clock));
}

static const struct nif_clock_ops clock_ops = {
    .now_us = clock_now_us,
    .wake = clock_wake,
};

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int far_poll(struct nif_iface *iface, uint64_t *again_us)
{
    (void)iface;
    (void)again_us;
    return 0;
}

static void far_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = (struct nif_hwaddr){ { 2, 0, 0, 0, 0, of(iface)->phone ? 8 : 1 } };
}

static unsigned far_flags(struct nif_iface *iface)
{
    return NIF_IFACE_STARTED | NIF_IFACE_BROADCAST |
        (of(iface)->nic.link || of(iface)->st.ap ? NIF_IFACE_LINK : 0);
}

static size_t far_mtu(struct nif_iface *iface)
{
    (void)iface;
    return 1500;
}

static int far_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    uint8_t frame[NIF_ETH_FRAME_MAX];
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        memcpy(frame + len, segs[i].data, segs[i].len);
        len += segs[i].len;
    }
    if (of(iface)->phone) {
        return sim_station_send(&of(iface)->st, frame, len) ? 0 : NIF_ELINK;
    }
    return sim_nic_send(&of(iface)->nic, frame, len) ? 0 : NIF_EAGAIN;
}

static int far_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct far *far = of(iface);
    size_t len;

    *frame = buf;
    if (far->count == 0) {
        return NIF_EAGAIN;
    }
    len = far->ring[far->head].len;
    NIF_ASSERT(len <= cap);
    memcpy(buf, far->ring[far->head].data, len);
    far->head = (far->head + 1) % FAR_RING;
    far->count--;
    return (int)len;
}

static const struct nif_iface_ops far_ops = {
    .poll = far_poll,
    .hwaddr = far_hwaddr,
    .flags = far_flags,
    .mtu = far_mtu,
};

static const struct nif_eth_ops far_eth = { .send = far_send,
    .recv = far_recv };

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct far *far = arg;
    size_t at = (far->head + far->count) % FAR_RING;

    if (far->count < FAR_RING && len <= NIF_ETH_FRAME_MAX) {
        memcpy(far->ring[at].data, frame, len);
        far->ring[at].len = len;
        far->count++;
        far_kick(far);
    }
}

// Answers a question about an address of far.example, or that there is none.
static void serve_names(struct far *far)
{
    static const uint8_t known[] = "\3far\7example";
    static const uint8_t answer[] = { 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4,
        192, 0, 2, 1 };
    uint8_t msg[600];
    struct nif_endpoint from;
    int len = nif_conn_recv(&far->dns, msg, sizeof(msg) - 20, &from);
    bool found;

    if (len < 12) {
        return;
    }
    far->dns_asked++;
    if (far->dns_mute) {
        return;
    }
    found = memcmp(msg + 12, known, sizeof(known)) == 0;
    msg[2] = 0x81;
    msg[3] = found ? 0x80 : 0x83;
    msg[7] = found;
    if (found) {
        memcpy(msg + len, answer, sizeof(answer));
        len += (int)sizeof(answer);
    }
    (void)!nif_conn_send(&far->dns, msg, (size_t)len, &from);
}

// Tells the time (RFC 4330 4).
static void serve_time(struct far *far)
{
    uint64_t at_us = far->world->now_ns / 1000;
    struct nif_endpoint from;
    uint8_t msg[64];
    int len = nif_conn_recv(&far->sntp, msg, sizeof(msg), &from);

    if (len < 48) {
        return;
    }
    memcpy(msg + 24, msg + 40, 8); // what it asked with
    msg[0] = 0x24;                 // version 4, server
    msg[1] = 2;
    nif_put_be32(msg + 32, BEGAN_S + (uint32_t)(at_us / 1000000));
    nif_put_be32(msg + 36, (uint32_t)((at_us % 1000000 << 32) / 1000000));
    memcpy(msg + 40, msg + 32, 8);
    memcpy(msg + 16, msg + 32, 8);
    (void)!nif_conn_send(&far->sntp, msg, 48, &from);
}

static void on_turn(struct sim_event *event)
{
    struct far *far = nif_container_of(event, struct far, timer);
    uint64_t again_us = nif_stack_poll(&far->tcpip.stack);
    uint64_t now_ns = far->world->now_ns;
    uint64_t again_ns;

    if (far->dhcp) {
        uint64_t at_us = nif_dhcp_server_poll(&far->dhcpd);

        again_us = at_us < again_us ? at_us : again_us;
    }
    if (far->phone) {
        uint64_t at_us = nif_dhcp_poll(&far->client);

        again_us = at_us < again_us ? at_us : again_us;
    } else {
        serve_names(far);
        serve_time(far);
    }
    if (again_us == NIF_NEVER) {
        return;
    }
    again_ns = again_us * 1000;
    again_ns = again_ns > now_ns + TURN_NS ? again_ns : now_ns + TURN_NS;
    if (!sim_event_pending(&far->timer) || far->timer.at_ns > again_ns) {
        sim_event_at(far->world, &far->timer, again_ns);
    }
}

void far_kick(struct far *far)
{
    uint64_t at_ns = far->world->now_ns + TURN_NS;

    if (!sim_event_pending(&far->timer) || far->timer.at_ns > at_ns) {
        sim_event_at(far->world, &far->timer, at_ns);
    }
}

static void begin(struct far *far, struct sim_world *world, bool phone)
{
    *far = (struct far){
        .iface = { .ops = &far_ops, .eth = &far_eth },
        .clock.ops = &clock_ops,
        .world = world,
        .timer.fn = on_turn,
        .phone = phone,
    };
    nif_tcpip_init(&far->tcpip,
        &(struct nif_tcpip_cfg){ .iface = &far->iface,
            .clock = &far->clock,
            .rx = far->rx,
            .rx_cap = sizeof(far->rx),
            .seed = 7 });
}

void far_init(struct far *far, struct sim_world *world)
{
    struct nif_net net = { .ip = nif_ip4(192, 0, 2, 1), .prefix_len = 24 };
    int err;

    begin(far, world, false);
    far->dhcp = true;
    sim_nic_init(&far->nic, world, "far", 0);
    far->nic.on_frame = on_frame;
    far->nic.arg = far;
    err = nif_stack_set_net(&far->tcpip.stack, &net);
    NIF_ASSERT(err == 0);
    nif_dhcp_server_init(&far->dhcpd,
        &(struct nif_dhcp_server_cfg){ .stack = &far->tcpip.stack,
            .leases = far->lease,
            .count = 1,
            .router = net.ip,
            .dns = { net.ip } });
    err = nif_dhcp_server_start(&far->dhcpd);
    NIF_ASSERT(err == 0);
    err = nif_conn_open(&far->tcpip.stack, &far->dns, NIF_UDP,
        &(struct nif_conn_cfg){ .rx = far->dns_rx,
            .rx_cap = sizeof(far->dns_rx),
            .tx = far->dns_tx,
            .tx_cap = sizeof(far->dns_tx) });
    NIF_ASSERT(err == 0);
    err = nif_conn_bind(&far->dns, &(struct nif_endpoint){ .port = 53 });
    NIF_ASSERT(err == 0);
    err = nif_conn_open(&far->tcpip.stack, &far->sntp, NIF_UDP,
        &(struct nif_conn_cfg){ .rx = far->sntp_rx,
            .rx_cap = sizeof(far->sntp_rx),
            .tx = far->sntp_tx,
            .tx_cap = sizeof(far->sntp_tx) });
    NIF_ASSERT(err == 0);
    err = nif_conn_bind(&far->sntp, &(struct nif_endpoint){ .port = 123 });
    NIF_ASSERT(err == 0);
    far_kick(far);
}

// ---- a telephone

static void phone_state(struct sim_station *st, enum sim_air_end end)
{
    struct far *far = nif_container_of(st, struct far, st);

    if (end == SIM_AIR_JOINED) {
        int err = nif_dhcp_start(&far->client);

        NIF_ASSERT(err == 0);
        far_kick(far);
    }
}

static void phone_frame(struct sim_station *st, const uint8_t *frame,
    size_t len)
{
    on_frame(nif_container_of(st, struct far, st), frame, len);
}

static const struct sim_station_ops phone_ops = {
    .state = phone_state,
    .frame = phone_frame,
};

void far_phone(struct far *far, struct sim_air *air, const char *ssid,
    const char *passphrase)
{
    begin(far, air->world, true);
    nif_dhcp_init(&far->client,
        &(struct nif_dhcp_cfg){ .stack = &far->tcpip.stack, .seed = 9 });
    sim_station_init(&far->st, air, "phone", (uint8_t[]){ 2, 0, 0, 0, 0, 8 },
        &phone_ops);
    sim_station_join(&far->st, &(struct sim_join){ ssid, passphrase, NULL, 0 });
}

void far_done(struct far *far)
{
    sim_event_cancel(far->world, &far->timer);
    if (far->phone) {
        sim_station_done(&far->st);
    } else {
        sim_nic_done(&far->nic);
    }
}
