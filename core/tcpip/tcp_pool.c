// SPDX-License-Identifier: MIT
//
// Memory for TCP's optional parts that the stack hands out by itself. Nothing
// is given back: what no living connection has is free.

#include "tcp.h"

static bool in_use(const struct nif_conn *conn, const struct nif_tcp_more *more)
{
    const struct nif_conn *c = nif__conn_stack(conn)->conns;

    for (; c != NULL; c = c->next) {
        const struct nif__tcp *t = nif__tcp_view(c);

        if (c != conn && c->proto == NIF_TCP && t->state >= TCP_SYN_SENT &&
            t->more == more) {
            return true;
        }
    }
    return false;
}

static void pool_take(const struct nif_tcp_pool *pool, struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    const struct nif_tcp_more *end = pool->more + pool->count;

    if (t->more != NULL && (t->more < pool->more || t->more >= end)) {
        return; // brought by the application
    }
    t->more = pool->more;
    while (t->more < end && in_use(conn, t->more)) {
        t->more++;
    }
    if (t->more == end) {
        t->more = NULL;
    }
}

static const struct nif_tcp_pool_ops pool_ops = { .take = pool_take };

void nif_tcp_pool_init(struct nif_tcp_pool *pool, struct nif_tcp_more *more,
    size_t count)
{
    *pool = (struct nif_tcp_pool){ &pool_ops, more, count };
}
