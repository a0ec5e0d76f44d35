// SPDX-License-Identifier: MIT
//
// How TCP calls its optional parts: a part that nobody names in nif_tcpip_cfg
// is not linked.

#ifndef CORE_TCPIP_TCP_PARTS_H
#define CORE_TCPIP_TCP_PARTS_H

#include "nif/tcpip.h"

struct nif__seg;

/// What tcp_sack.c does for connections with TCP_SACK.
struct nif_tcp_sack {
    /// Puts the option into the header of an ACK; returns its length.
    size_t (*put)(const struct nif_conn *conn, uint8_t *opt);

    /// Takes what an acceptable segment says. True if it is news.
    bool (*heard)(struct nif_conn *conn, const struct nif__seg *seg);

    /// In recovery: sends the next hole again. False if there is none, or no
    /// room for it.
    bool (*resend)(struct nif_conn *conn);

    /// Of the bytes from snd_una to snd_max, those that are on the way no
    /// more: arrived, or lost and not sent again.
    uint32_t (*gone)(const struct nif_conn *conn);

    /// True if the first unacknowledged segment is lost (RFC 6675 4).
    bool (*lost)(const struct nif_conn *conn);

    /// All that was heard is void (RFC 2018 8).
    void (*forget)(struct nif_conn *conn);
};

/// What tcp_stamp.c does for connections with TCP_STAMP.
struct nif_tcp_stamps {
    /// Begins with a connection's clock at a place that says nothing.
    void (*begin)(struct nif_conn *conn);

    /// Puts the option into a header; returns its length.
    size_t (*put)(struct nif_conn *conn, uint8_t *opt);

    /// False if the segment is from an earlier round of sequence numbers
    /// (PAWS, RFC 7323 5) or has no timestamp: drop it.
    bool (*check)(struct nif_conn *conn, const struct nif__seg *seg);

    /// Takes the time that an acceptable segment brings, and how long ours
    /// were on the way if it acknowledges something new.
    void (*heard)(struct nif_conn *conn, const struct nif__seg *seg, bool acks);
};

/// What tcp_pool.c does.
struct nif_tcp_pool_ops {
    /// A connection begins: gives it memory, unless the application has.
    void (*take)(const struct nif_tcp_pool *pool, struct nif_conn *conn);
};

#endif
