// SPDX-License-Identifier: MIT
//
// What waits to be sent or acknowledged: bytes that were copied into the send
// ring and, if tcp_refs.c is there, references to bytes that lie elsewhere.

#include "tcp.h"

static const struct nif_tcp_refs *refs(const struct nif_conn *conn)
{
    return nif__conn_stack(conn)->cfg.parts->refs;
}

void nif__queue_copy(struct nif_conn *conn, const void *data, size_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    size_t at = nif__queue_place(conn, t->tx.used);

    if (conn->cfg.tx_cap - at >= len) {
        nif__copy(conn->cfg.tx + at, data, len);
    } else {
        nif__ring_put(&t->tx, conn->cfg.tx, conn->cfg.tx_cap, t->tx.used, data,
            len);
    }
    t->tx.used += (uint32_t)len;
    t->queued += (uint32_t)len;
    if (t->refs > 0) {
        refs(conn)->copied(conn, (uint32_t)len);
    }
}

uint32_t nif__queue_find(struct nif_conn *conn, uint32_t offset, uint32_t len,
    struct nif_seg *pieces, size_t *n)
{
    const struct nif__tcp *t = nif__tcp_view(conn);
    size_t at = nif__queue_place(conn, offset);
    size_t first = conn->cfg.tx_cap - at;

    if (t->refs > 0) {
        return refs(conn)->find(conn, offset, len, pieces, n);
    }
    *n = 1;
    pieces[0] = (struct nif_seg){ conn->cfg.tx + at, len };
    if (first < len) {
        *n = 2;
        pieces[0].len = first;
        pieces[1] = (struct nif_seg){ conn->cfg.tx, len - first };
    }
    return len;
}
