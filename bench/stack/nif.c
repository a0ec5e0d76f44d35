// SPDX-License-Identifier: MIT
//
// Our stack as a side of the wire. Its application looks only when there is
// something, as one does that is called back; how it knows is not counted.

#include "bench/stack/meter.h"
#include "bench/stack/side.h"
#include "nif/tcpip.h"

#define DATAGRAM_MAX 1472

struct side_nif {
    struct side side;
    struct nif_tcpip tcpip;
    struct nif_conn_cfg cfg;
    struct nif_conn listener;
    struct nif_conn conn;
    struct nif_conn udp;
    struct nif_conn *tcp; ///< the connection, once it is there
    bool listens;
    _Alignas(4) uint8_t buffers[SIDE_BULK + SIDE_SMALL];
};

// A stack that is measured and one that is not.
static struct side_nif sides[2];
static _Alignas(4) uint8_t udp_rx[DATAGRAM_MAX + 64];
static _Alignas(4) uint8_t scratch[DATAGRAM_MAX];

static struct side_nif *of(struct side *side)
{
    return nif_container_of(side, struct side_nif, side);
}

// From meter_on() to meter_off() there must be nothing but the call.
static void heed(const struct side *side)
{
    if (side->counted) {
        meter_heed();
    }
}

static bool ready(struct nif_conn *conn, unsigned what)
{
    return (nif_conn_ready(conn) & what) != 0;
}

// ----------------------------------------------------------- connections

static void nif_side_poll(struct side *side)
{
    heed(side);
    meter_on();
    (void)nif_stack_poll(&of(side)->tcpip.stack);
    meter_off();
}

static void nif_side_listen(struct side *side)
{
    struct side_nif *s = of(side);
    const struct nif_endpoint at = { .port = SIDE_TCP_PORT };
    const struct nif_conn_cfg none = { 0 };

    s->listens = true;
    NIF_ASSERT(nif_conn_open(&s->tcpip.stack, &s->listener, NIF_TCP, &none) ==
        0);
    NIF_ASSERT(nif_conn_open(&s->tcpip.stack, &s->conn, NIF_TCP, &s->cfg) == 0);
    NIF_ASSERT(nif_conn_option(&s->listener, NIF_OPT_NODELAY, 1) == 0);
    NIF_ASSERT(nif_conn_bind(&s->listener, &at) == 0);
    NIF_ASSERT(nif_conn_listen(&s->listener, &s->conn, 1) == 0);
}

static void nif_side_connect(struct side *side)
{
    struct side_nif *s = of(side);
    const struct nif_endpoint peer = {
        .ip = nif_ip4(192, 0, 2, side->end->far->address),
        .port = SIDE_TCP_PORT,
    };
    int err;

    heed(side);
    meter_on();
    err = nif_conn_open(&s->tcpip.stack, &s->conn, NIF_TCP, &s->cfg);
    if (err == 0) {
        err = nif_conn_connect(&s->conn, &peer);
    }
    meter_off();
    NIF_ASSERT(err == 0);
    NIF_ASSERT(nif_conn_option(&s->conn, NIF_OPT_NODELAY, 1) == 0);
}

static bool nif_side_open(struct side *side)
{
    struct side_nif *s = of(side);

    if (s->tcp != NULL) {
        return true;
    }
    if (!s->listens && nif_conn_state(&s->conn) == NIF_CONN_OPEN) {
        s->tcp = &s->conn;
    } else if (s->listens && ready(&s->listener, NIF_ACCEPTABLE)) {
        int err;

        heed(side);
        meter_on();
        err = nif_conn_accept(&s->listener, &s->tcp, NULL);
        meter_off();
        NIF_ASSERT(err == 0);
    }
    return s->tcp != NULL;
}

static bool nif_side_ended(struct side *side)
{
    int got;

    if (!ready(of(side)->tcp, NIF_READABLE)) {
        return false;
    }
    heed(side);
    meter_on();
    got = nif_conn_recv(of(side)->tcp, scratch, sizeof(scratch), NULL);
    meter_off();
    return got == 0;
}

static void nif_side_close(struct side *side)
{
    heed(side);
    meter_on();
    nif_conn_close(of(side)->tcp);
    meter_off();
}

// ------------------------------------------------------------------ data

static int nif_side_send(struct side *side, const uint8_t *data, size_t len)
{
    int sent;

    heed(side);
    meter_on();
    sent = nif_conn_send(of(side)->tcp, data, len, NULL);
    meter_off();
    return sent == NIF_EAGAIN ? 0 : sent;
}

static int nif_side_send_ref(struct side *side, const uint8_t *data, size_t len)
{
    int sent;

    heed(side);
    meter_on();
    sent = nif_conn_send_ref(of(side)->tcp, data, len);
    meter_off();
    return sent == NIF_EAGAIN ? 0 : sent;
}

static int nif_side_copy(struct side *side)
{
    int total = 0;
    int got;

    while (ready(of(side)->tcp, NIF_READABLE)) {
        heed(side);
        meter_on();
        got = nif_conn_recv(of(side)->tcp, scratch, SIDE_MSS, NULL);
        meter_off();
        NIF_ASSERT(got > 0);
        total += got;
    }
    return total;
}

static int nif_side_look(struct side *side)
{
    const uint8_t *data;
    int total = 0;
    int got;

    if (nif_conn_peek(of(side)->tcp, &data) == NIF_ENOTSUP) {
        return NIF_ENOTSUP;
    }
    while (ready(of(side)->tcp, NIF_READABLE)) {
        heed(side);
        meter_on();
        got = nif_conn_peek(of(side)->tcp, &data);
        if (got > 0) {
            nif_conn_consume(of(side)->tcp, (size_t)got);
        }
        meter_off();
        NIF_ASSERT(got > 0);
        total += got;
    }
    return total;
}

static void nif_side_echo(struct side *side)
{
    struct nif_conn *udp = &of(side)->udp;
    struct nif_endpoint from;
    int got;

    if (!ready(udp, NIF_READABLE)) {
        return;
    }
    heed(side);
    meter_on();
    got = nif_conn_recv(udp, scratch, sizeof(scratch), &from);
    if (got >= 0) {
        got = nif_conn_send(udp, scratch, (size_t)got, &from);
    }
    meter_off();
    NIF_ASSERT(got >= 0);
}

static const struct side_ops nif_side_ops = {
    .poll = nif_side_poll,
    .listen = nif_side_listen,
    .connect = nif_side_connect,
    .open = nif_side_open,
    .send = nif_side_send,
    .send_ref = nif_side_send_ref,
    .copy = nif_side_copy,
    .look = nif_side_look,
    .ended = nif_side_ended,
    .close = nif_side_close,
    .echo = nif_side_echo,
};

// ------------------------------------------------------------------ init

static void open_echo(struct side_nif *s)
{
    const struct nif_conn_cfg cfg = { .rx = udp_rx, .rx_cap = sizeof(udp_rx) };
    const struct nif_endpoint at = { .port = SIDE_ECHO_PORT };

    NIF_ASSERT(nif_conn_open(&s->tcpip.stack, &s->udp, NIF_UDP, &cfg) == 0);
    NIF_ASSERT(nif_conn_bind(&s->udp, &at) == 0);
}

void side_nif_init(struct side **out, struct wire_end *end, bool counted,
    bool sends)
{
    struct side_nif *s = &sides[counted];
    const struct nif_tcpip_cfg cfg = {
        .iface = &end->iface,
        .clock = &end->clock,
        .rx_cap = NIF_ETH_FRAME_MAX, // the device shows its own
        .seed = counted ? 0x0123456789ABCDEF : 0x1122334455667788,
    };
    const struct nif_net net = {
        .ip = nif_ip4(192, 0, 2, end->address),
        .prefix_len = 24,
    };
    size_t tx_cap = sends ? SIDE_BULK : SIDE_SMALL;

    s->side = (struct side){ &nif_side_ops, end, counted };
    s->tcp = NULL;
    s->listens = false;
    s->cfg = (struct nif_conn_cfg){
        .tx = s->buffers,
        .tx_cap = tx_cap,
        .rx = s->buffers + tx_cap,
        .rx_cap = sizeof(s->buffers) - tx_cap,
    };
    nif_tcpip_init(&s->tcpip, &cfg);
    NIF_ASSERT(nif_stack_set_net(&s->tcpip.stack, &net) == 0);
    if (counted) {
        open_echo(s);
    }
    *out = &s->side;
}
