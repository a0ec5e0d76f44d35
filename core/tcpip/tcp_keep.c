// SPDX-License-Identifier: MIT
//
// How long a connection may be silent or stand still, as the application says:
// keepalive (RFC 9293 3.8.4) and user timeout (3.8.3).

#include "tcp.h"

static int keep_option(struct nif_conn *conn, enum nif_option option, int value)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (option != NIF_OPT_KEEPALIVE && option != NIF_OPT_USER_TIMEOUT) {
        return NIF_ENOTSUP;
    }
    if (value < 0 || value > UINT16_MAX) {
        return NIF_EINVAL;
    }
    if (option == NIF_OPT_USER_TIMEOUT) {
        t->user_timeout_s = (uint16_t)value;
    } else {
        t->keepalive_s = (uint16_t)value;
    }
    if (nif__tcp_pending(t) == 0) {
        nif__tcp_moved(conn);
    }
    // What waits already may have to end sooner: poll() looks again.
    nif__due(nif__conn_stack(conn), nif__tcp_now(nif__conn_stack(conn)));
    nif__kick_conn(conn);
    return 0;
}

static void keep_probe(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->backoff >= NIF_TCP_KEEP_PROBES) {
        nif__tcp_give_up(conn);
        return;
    }
    // One before the window: whoever gets it must answer (RFC 9293 3.8.4).
    if (nif__tcp_emit(conn, t->snd_una - 1, TCP_FLAG_ACK, 0) != NIF_EAGAIN) {
        nif__conn_stack(conn)->stats.tcp_probe++;
    }
    t->backoff++;
}

const struct nif_tcp_keep nif_tcp_keep = {
    .option = keep_option,
    .probe = keep_probe,
};
