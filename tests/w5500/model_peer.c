// SPDX-License-Identifier: MIT
//
// A peer for the W5500 model's sockets.

#include "tests/w5500/model_peer.h"

static struct peer *of_iface(struct nif_iface *iface)
{
    return nif_container_of(iface, struct peer, iface);
}

// ---- the device

static int dev_start(struct nif_iface *iface)
{
    (void)iface;
    return 0;
}

static int dev_poll(struct nif_iface *iface, uint64_t *again_us)
{
    if (of_iface(iface)->count > 0) {
        *again_us = 0;
    }
    return 0;
}

static void dev_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    (void)iface;
    memcpy(out->byte, peer_mac, 6);
}

static unsigned dev_flags(struct nif_iface *iface)
{
    (void)iface;
    return NIF_IFACE_STARTED | NIF_IFACE_LINK;
}

static size_t dev_mtu(struct nif_iface *iface)
{
    (void)iface;
    return 1500;
}

static void dev_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    (void)iface;
    (void)fn;
    (void)arg;
}

static int dev_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    uint8_t frame[NIF_ETH_FRAME_MAX];
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        memcpy(frame + len, segs[i].data, segs[i].len);
        len += segs[i].len;
    }
    return sim_nic_send(&of_iface(iface)->b->nic, frame, len) ? 0 : NIF_EAGAIN;
}

static int dev_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct peer *peer = of_iface(iface);
    size_t len;

    if (peer->count == 0) {
        return NIF_EAGAIN;
    }
    len = peer->ring_len[peer->head];
    assert_true(len <= cap);
    memcpy(buf, peer->ring[peer->head], len);
    peer->head = (peer->head + 1) % PEER_RING;
    peer->count--;
    *frame = buf;
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

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct peer *peer = arg;
    unsigned at = (peer->head + peer->count) % PEER_RING;

    assert_true(peer->count < PEER_RING && len <= NIF_ETH_FRAME_MAX);
    memcpy(peer->ring[at], frame, len);
    peer->ring_len[at] = len;
    peer->count++;
    sim_event_at(&peer->b->world, &peer->event, peer->b->world.now_ns);
}

// ---- the clock

static uint64_t clock_now_us(struct nif_clock *clock)
{
    return nif_container_of(clock, struct peer, clock)->b->world.now_ns /
        SIM_US;
}

static void clock_wake(struct nif_clock *clock)
{
    (void)clock;
}

static const struct nif_clock_ops clock_ops = {
    .now_us = clock_now_us,
    .wake = clock_wake,
};

// ---- the stack

void peer_poll(struct peer *peer)
{
    uint64_t now_us = peer->b->world.now_ns / SIM_US;
    uint64_t due_us = nif_stack_poll(&peer->stack.stack);

    if (due_us == NIF_NEVER) {
        sim_event_cancel(&peer->b->world, &peer->event);
    } else {
        sim_event_at(&peer->b->world, &peer->event,
            due_us > now_us ? due_us * SIM_US : peer->b->world.now_ns + SIM_US);
    }
}

static void on_event(struct sim_event *event)
{
    peer_poll(nif_container_of(event, struct peer, event));
}

void peer_begin(struct peer *peer, struct bench *b)
{
    struct nif_net net = {
        .ip = nif_ip4(192, 0, 2, 1),
        .prefix_len = 24,
    };

    memset(peer, 0, sizeof(*peer));
    peer->b = b;
    peer->iface.ops = &dev_ops;
    peer->iface.eth = &dev_eth;
    peer->clock.ops = &clock_ops;
    peer->event.fn = on_event;
    b->nic.on_frame = on_frame;
    b->nic.arg = peer;
    nif_tcpip_init(&peer->stack,
        &(struct nif_tcpip_cfg){
            .iface = &peer->iface,
            .clock = &peer->clock,
            .rx = peer->rx,
            .rx_cap = sizeof(peer->rx),
            .seed = 7,
        });
    assert_int_equal(nif_stack_set_net(&peer->stack.stack, &net), 0);
    peer_poll(peer);
    pass_us(b, 3000000); // its announcements
}

void peer_end(struct peer *peer)
{
    sim_event_cancel(&peer->b->world, &peer->event);
    peer->b->nic.on_frame = NULL;
}

static void open_conn(struct peer *peer, struct nif_conn *conn)
{
    const struct nif_conn_cfg cfg = {
        .rx = peer->conn_rx,
        .rx_cap = sizeof(peer->conn_rx),
        .tx = peer->conn_tx,
        .tx_cap = sizeof(peer->conn_tx),
    };

    assert_int_equal(nif_conn_open(&peer->stack.stack, conn, NIF_TCP, &cfg), 0);
}

void peer_listen(struct peer *peer, uint16_t port)
{
    const struct nif_endpoint local = { .port = port };

    open_conn(peer, &peer->conn);
    open_conn(peer, &peer->backlog);
    assert_int_equal(nif_conn_bind(&peer->conn, &local), 0);
    assert_int_equal(nif_conn_listen(&peer->conn, &peer->backlog, 1), 0);
}

void peer_connect(struct peer *peer, uint16_t port)
{
    const struct nif_endpoint to = {
        .ip = nif_ip4(192, 0, 2, 2),
        .port = port,
    };

    open_conn(peer, &peer->conn);
    assert_int_equal(nif_conn_connect(&peer->conn, &to), 0);
    peer_poll(peer);
}

struct nif_conn *peer_conn(struct peer *peer)
{
    struct nif_conn *conn = &peer->conn;

    if (nif_conn_state(conn) == NIF_CONN_LISTENING &&
        nif_conn_accept(conn, &conn, NULL) != 0) {
        return &peer->backlog; // accepted already
    }
    return conn;
}
