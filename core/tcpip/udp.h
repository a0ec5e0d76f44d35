// SPDX-License-Identifier: MIT
//
// UDP (RFC 768) inside.

#ifndef CORE_TCPIP_UDP_H
#define CORE_TCPIP_UDP_H

#include "conn.h"
#include "parts.h"

/// UDP's part of a connection.
struct nif__udp {
    bool reuse; ///< NIF_OPT_REUSE
    struct nif__flow flow;
    struct nif__ring rx;
    struct nif__ring tx;
    uint32_t groups;       ///< joined, bits as in nif/igmp.h
    struct nif__frag frag; ///< of the oldest in `tx`
    int error;             ///< what the network said, told once
};

_Static_assert(offsetof(struct nif__udp, flow) == NIF__FLOW_AT, "elsewhere");

static inline struct nif__udp *nif__udp_of(struct nif_conn *conn)
{
    return (struct nif__udp *)(void *)conn->impl.bytes;
}

_Static_assert(sizeof(struct nif__udp) <= NIF_CONN_IMPL, "does not fit");

/// The rings of a connection hold records: whom a datagram is from, or for, and
/// its length, as on the wire; then the datagram.
struct nif__record {
    uint32_t addr; ///< as it lies
    uint32_t port_len;
};

/// Bytes of a record in front of its datagram.
#define NIF__RECORD 8

_Static_assert(sizeof(struct nif__record) == NIF__RECORD, "padded");

/// Where the record of `len` bytes at `offset` of a ring lies, if it is in one
/// piece and its head at a word's border, as it is as a rule; else NULL.
static inline struct nif__record *nif__record_at(const struct nif__ring *ring,
    uint8_t *buf, size_t cap, size_t offset, size_t len)
{
    size_t at = ring->at + offset;

    at = at >= cap ? at - cap : at;
    return ((uintptr_t)(buf + at) & 3) == 0 && cap - at >= NIF__RECORD + len
        ? (struct nif__record *)(void *)(buf + at)
        : NULL;
}

/// Writes a record of `len` bytes behind the last; it counts once `used` has
/// grown by NIF__RECORD and `len`. Returns the raw sum of the data.
uint32_t nif__record_write(const struct nif__ring *ring, uint8_t *buf,
    size_t cap, const struct nif__record *head, const void *data, size_t len);

/// Takes the oldest record of `len` bytes away. An empty ring begins anew, so
/// that the next lies in one piece.
static inline void nif__record_drop(struct nif__ring *ring, size_t cap,
    size_t len)
{
    if (ring->used == NIF__RECORD + len) {
        *ring = (struct nif__ring){ 0, 0 };
    } else {
        nif__ring_drop(ring, cap, NIF__RECORD + len);
    }
}

/// What IPv4 wants to know of a datagram of `conn` to `dst`.
void nif__udp_head(struct nif_conn *conn, struct nif__head *head, uint32_t dst);

/// As nif__ipv4_resolve(), with the time of a question.
NIF_NODISCARD int nif__udp_resolve(struct nif_tcpip *ip,
    struct nif__head *head);

/// Sends one datagram whose data the caller has put into `out->segs[1]` and, if
/// it goes on, `[2]`. Returns as nif__ipv4_send_long().
int nif__udp_emit(struct nif_conn *conn, uint32_t dst, uint16_t port,
    struct nif__out *out);

/// True if a datagram of `len` bytes fits a frame.
static inline bool nif__udp_fits(const struct nif_tcpip *ip, size_t len)
{
    return IPV4_LEN + UDP_LEN + len <= ip->mtu;
}

void nif__udp_input(struct nif_tcpip *ip, const struct nif__in *in);
void nif__udp_output(struct nif_conn *conn);
NIF_NODISCARD int nif__udp_option(struct nif_conn *conn, enum nif_option option,
    int value);
NIF_NODISCARD int nif__udp_connect(struct nif_conn *conn,
    const struct nif_endpoint *peer);
NIF_NODISCARD int nif__udp_send(struct nif_conn *conn, const void *data,
    size_t len, const struct nif_endpoint *to);
NIF_NODISCARD int nif__udp_recv(struct nif_conn *conn, void *buf, size_t cap,
    struct nif_endpoint *from);
void nif__udp_close(struct nif_conn *conn);
unsigned nif__udp_ready(struct nif_conn *conn);

#endif
