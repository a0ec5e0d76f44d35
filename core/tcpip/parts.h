// SPDX-License-Identifier: MIT
//
// How the stack calls its parts: one that nobody names is not linked.

#ifndef CORE_TCPIP_PARTS_H
#define CORE_TCPIP_PARTS_H

#include "nif/tcpip.h"

struct nif__in;
struct nif__seg;

/// What tcp_listen.c does. Only with it is there a listener, or a connection of
/// one.
struct nif_tcp_server {
    int (*listen)(struct nif_conn *conn, struct nif_conn *backlog, size_t n);
    int (*accept)(struct nif_conn *conn, struct nif_conn **out,
        struct nif_endpoint *peer);

    /// A segment came for `listener`: a SYN takes a connection of its backlog.
    void (*welcome)(struct nif_conn *listener, const struct nif__in *in,
        struct nif__seg *seg);

    /// A connection of a backlog is through with its handshake.
    void (*arrived)(struct nif_conn *conn);

    /// True if `seg`, which came for one in TIME-WAIT, begins a new one: whose
    /// first sequence number is beyond the old one's last, from now on.
    bool (*revives)(const struct nif_conn *conn, const struct nif__seg *seg);

    bool (*acceptable)(const struct nif_conn *listener);
    void (*close)(struct nif_conn *listener);
};

/// What tcp_refs.c does. Only with it are there references in a queue; then it
/// does the work of the functions of tcp_queue.c.
struct nif_tcp_refs {
    int (*send)(struct nif_conn *conn, const void *data, size_t len);

    /// `len` more bytes lie behind the last reference.
    void (*copied)(struct nif_conn *conn, uint32_t len);

    uint32_t (*find)(struct nif_conn *conn, uint32_t offset, uint32_t len,
        struct nif_seg *pieces, size_t *n);

    /// The same if they lie where the last walk ended, in one piece, as a rule;
    /// else false.
    bool (*next)(struct nif_conn *conn, uint32_t offset, uint32_t len,
        struct nif_seg *piece);

    /// The oldest `len` bytes have arrived.
    void (*drop)(struct nif_conn *conn, uint32_t len);
};

/// What tcp_early.c does. Only with it is anything ahead of a hole.
struct nif_tcp_early {
    /// Keeps what is beyond rcv_nxt, or not.
    void (*take)(struct nif_conn *conn, uint32_t seq, const uint8_t *data,
        uint32_t len);

    /// The next `len` bytes are there: so is what joins their end.
    void (*joined)(struct nif_conn *conn, uint32_t len);
};

/// What tcp_recovery.c does. Only with it is a connection ever in TCP_RECOVERY.
struct nif_tcp_recovery {
    /// A duplicate ACK came.
    void (*dupack)(struct nif_conn *conn);

    /// In recovery: `acked` new bytes were acknowledged up to `ack`.
    void (*acked)(struct nif_conn *conn, uint32_t ack, uint32_t acked);
};

/// What tcp_keep.c does. Only with it is either time set.
struct nif_tcp_keep {
    int (*option)(struct nif_conn *conn, enum nif_option option, int value);

    /// Nothing was heard for as long as was said.
    void (*probe)(struct nif_conn *conn);
};

/// What tcp_fast.c and tcp_push.c do.
struct nif_tcp_fast {
    /// Takes the IPv4 packet at `h`, a word's border, of at most `len` bytes,
    /// IPv4's header at least, that came to our card alone, if it holds the
    /// segment that was to be expected of an open connection, and nothing
    /// about it is unusual. False: as if it had not been looked at.
    bool (*take)(struct nif_tcpip *ip, const uint8_t *h, size_t len);

    /// Sends what can be sent. False: not all that might be.
    bool (*push)(struct nif_conn *conn);

    /// Sends a segment of `len` bytes in all, `sum` being that of its headers,
    /// through memory that the device lends. Returns as nif__ether_send().
    int (*build)(struct nif_tcpip *ip, const struct nif_seg *segs, size_t n,
        size_t len, uint32_t sum);
};

/// What udp_fast.c does.
struct nif_udp_fast {
    /// Takes the IPv4 packet at `h`, a word's border, of at most `len` bytes,
    /// IPv4's header at least, that came to our card alone, if it holds a
    /// datagram that somebody wants or an echo request, and nothing about it is
    /// unusual. False: as if it had not been looked at.
    bool (*take)(struct nif_tcpip *ip, uint8_t *h, size_t len);

    /// Sends a datagram that fits a frame, its data being `segs[1]`; the first
    /// is for its headers. Returns as nif__udp_emit().
    int (*emit)(struct nif_conn *conn, uint32_t dst, uint16_t port,
        struct nif_seg *segs);
};

/// What udp_queue.c does. Only with it are there datagrams in a send ring.
struct nif_udp_queue {
    /// Sends a datagram that could not go at once, or keeps it until it can go.
    /// Returns as nif_stack_ops.send, but 0 for what is taken.
    int (*send)(struct nif_conn *conn, const struct nif_seg *data, uint32_t dst,
        uint16_t port);

    /// Sends what was kept, as far as it can be.
    void (*output)(struct nif_conn *conn);
};

/// What icmp_errors.c does, of UDP's packets too.
struct nif_icmp_errors {
    /// An error came about a packet of ours. False if it was none of ours.
    bool (*heard)(struct nif_tcpip *ip, const struct nif__in *in);

    /// See nif__icmp_error().
    void (*tell)(struct nif_tcpip *ip, const struct nif__in *in, uint16_t what,
        uint32_t rest);
};

/// What tcp_sack.c does for connections with TCP_SACK.
struct nif_tcp_sack {
    /// Offers it to the peer, having heard nothing yet.
    void (*begin)(struct nif_conn *conn);

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
    /// Offers them to the peer, the clock of the connection beginning at a
    /// place that says nothing.
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
