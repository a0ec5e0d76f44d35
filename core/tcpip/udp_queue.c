// SPDX-License-Identifier: MIT
//
// Datagrams that cannot go at once wait in the send ring of their connection:
// for the neighbour, for room in the device, and while they go in fragments.

#include "udp.h"

// Sends the oldest datagram that waits. True if it is out of the way.
static bool send_oldest(struct nif_conn *conn)
{
    struct nif__udp *udp = nif__udp_of(conn);
    struct nif__record head;
    struct nif__out out;
    uint32_t port_len;
    size_t len;
    int err;

    nif__ring_read(&udp->tx, conn->cfg.tx, conn->cfg.tx_cap, 0, &head,
        NIF__RECORD);
    port_len = nif__be32(head.port_len);
    len = port_len & 0xFFFF;
    nif__ring_segs(&udp->tx, conn->cfg.tx, conn->cfg.tx_cap, NIF__RECORD, len,
        out.segs + 1);
    err = nif__udp_emit(conn, nif__be32(head.addr), (uint16_t)(port_len >> 16),
        &out);
    if (err == NIF_EAGAIN) {
        return false;
    }
    if (err != 0) {
        nif__conn_stack(conn)->stats.udp_lost++;
    }
    nif__record_drop(&udp->tx, conn->cfg.tx_cap, len);
    return true;
}

static void queue_output(struct nif_conn *conn)
{
    struct nif__udp *udp = nif__udp_of(conn);

    while (udp->tx.used > 0 && nif__ether_room(conn) && send_oldest(conn)) {
    }
    if (udp->tx.used == 0 && conn->state == NIF_CONN_CLOSING) {
        nif__conn_unlink(conn);
    }
}

// Keeps a datagram until it can be sent.
static int keep(struct nif_conn *conn, uint32_t dst, uint16_t port,
    const struct nif_seg *data)
{
    struct nif__udp *udp = nif__udp_of(conn);
    const struct nif__record head = { nif__be32(dst),
        nif__be32((uint32_t)port << 16 | (uint32_t)data->len) };

    if (conn->cfg.tx_cap - udp->tx.used < NIF__RECORD + data->len) {
        return NIF_EAGAIN;
    }
    nif__record_write(&udp->tx, conn->cfg.tx, conn->cfg.tx_cap, &head,
        data->data, data->len);
    udp->tx.used += (uint32_t)(NIF__RECORD + data->len);
    return 0;
}

static int queue_send(struct nif_conn *conn, const struct nif_seg *data,
    uint32_t dst, uint16_t port)
{
    const struct nif__ring *waiting = &nif__udp_of(conn)->tx;
    struct nif_tcpip *ip = nif__conn_stack(conn);
    bool fits = nif__udp_fits(ip, data->len);
    bool tried = fits && waiting->used == 0;
    int err = NIF_EAGAIN;
    struct nif__out out;
    uint32_t hop;

    // It may overtake what waits for another neighbour, but not what waits for
    // room, though that may be there by now.
    while (waiting->used > 0 && send_oldest(conn)) {
    }
    if (!fits) {
        err = nif__ipv4_route(ip, dst, &hop);
        err = err == 0 ? NIF_EAGAIN : err;
    } else if (!tried && (waiting->used == 0 || !(ip->todo & NIF__BUSY))) {
        out.segs[1] = *data;
        out.segs[2].len = 0;
        err = nif__udp_emit(conn, dst, port, &out);
    }
    return err == NIF_EAGAIN ? keep(conn, dst, port, data) : err;
}

const struct nif_udp_queue nif_udp_queue = {
    .send = queue_send,
    .output = queue_output,
};
