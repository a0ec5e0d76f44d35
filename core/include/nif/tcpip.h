// SPDX-License-Identifier: MIT
//
// Our TCP/IP stack over one frame device: ARP (RFC 826), IPv4 (RFC 791), ICMP
// (RFC 792), UDP (RFC 768), TCP (RFC 9293). What an application does with it
// is in nif/stack.h.
//
// The caller owns all memory: this struct, one receive buffer, and each
// connection's buffers. There is no buffer for a frame to send: headers are
// built on the C stack, data goes to the device out of the connection's own
// buffer. If the device has no room, what is to be sent stays a flag or a
// sequence number, and the next poll() tries again.
//
// What not every board needs is a part of its own, named in the config and
// linked only then: reassembly and fragments (nif/reassembly.h), multicast
// groups (nif/igmp.h), several gateways and redirects (nif/routes.h). Conflict
// detection (nif/acd.h) stands beside it.
//
// Not here: source routes, forwarding, IPv6.

#ifndef NIF_TCPIP_H
#define NIF_TCPIP_H

#include "nif/clock.h"
#include "nif/config.h"
#include "nif/stack.h"

NIF_C_BEGIN

struct nif_reassembly;
struct nif_fragment;
struct nif_igmp;
struct nif_routes;
/// Optional parts of TCP. Each is an object that is linked only if it is
/// named in nif_tcpip_cfg, and works for the connections that have memory for
/// it, by nif_tcp_extend() or from a pool, if the peer has it too.
///
/// Selective acknowledgements (RFC 2018, RFC 6675): several losses in a window
/// are mended in one round trip.
struct nif_tcp_sack;
extern const struct nif_tcp_sack nif_tcp_sack;

/// Timestamps (RFC 7323): round trips are measured with each segment, and old
/// segments are told from new ones (PAWS). 12 bytes in each segment.
struct nif_tcp_stamps;
extern const struct nif_tcp_stamps nif_tcp_stamps;

/// Stretches beyond a hole that are remembered as arrived.
#define NIF_TCP_SACKED 4

/// Memory of a connection for the optional parts. Private; belongs to the
/// stack as long as the connection does.
struct nif_tcp_more {
    struct {
        uint32_t from;
        uint32_t to;
    } sacked[NIF_TCP_SACKED]; ///< by the peer, in order
    uint32_t resent;          ///< holes are sent again up to here
    uint8_t count;            ///< valid entries of `sacked`
    uint32_t ts_recent;       ///< the peer's clock
    uint32_t ts_at;           ///< when it said so, tick
    uint32_t ts_acked;        ///< rcv_nxt of the last ACK
    uint32_t ts_offset;       ///< of our clock
};

struct nif_tcp_pool_ops;

/// Such memory for the connections of one stack, of applications that do not
/// know of it.
/// Each that begins takes some, if there is some left and nif_tcp_extend() gave
/// it none; when it has ended, another may take it.
struct nif_tcp_pool {
    const struct nif_tcp_pool_ops *ops; // private, as the rest
    struct nif_tcp_more *more;
    size_t count;
};

/// Makes `pool` the `count` pieces of memory at `more`, which it keeps.
void nif_tcp_pool_init(struct nif_tcp_pool *pool, struct nif_tcp_more *more,
    size_t count);

/// What else the stack consists of. nif_tcpip_init() takes all of it; a board
/// that is short of flash says in a nif_tcpip_parts what it needs. Bytes of
/// text on a Cortex-M0+:
///
/// nif_tcp_server (990): listen(), accept(), cookies.
/// nif_tcp_refs (990): send_ref().
/// nif_tcp_early (270): segments that come too early are kept; without it
/// they are dropped and come again.
/// nif_tcp_recovery (350): duplicate ACKs tell of a loss before its timeout;
/// without it, only that does. Selective acknowledgements need it.
/// nif_tcp_keep (130): NIF_OPT_KEEPALIVE and NIF_OPT_USER_TIMEOUT.
/// nif_icmp_errors (700): what ICMP says of our packets, UDP's too: refused, no
/// way, too big; and telling others what was wrong with theirs.
/// nif_udp_queue (400): datagrams wait in their connection's send ring until
/// the neighbour is known, or go from there in fragments; without it send()
/// says NIF_EAGAIN until they can go, as if there were no such ring.
/// nif_tcp_fast (1300): shorter ways for what comes and goes most, and building
/// in memory that a device lends; they change nothing but time.
/// nif_udp_fast (950): such ways for datagrams, and for answers to pings.
struct nif_tcp_server;
struct nif_tcp_refs;
struct nif_tcp_early;
struct nif_tcp_recovery;
struct nif_tcp_keep;
struct nif_icmp_errors;
struct nif_udp_queue;
struct nif_tcp_fast;
struct nif_udp_fast;
extern const struct nif_tcp_server nif_tcp_server;
extern const struct nif_tcp_refs nif_tcp_refs;
extern const struct nif_tcp_early nif_tcp_early;
extern const struct nif_tcp_recovery nif_tcp_recovery;
extern const struct nif_tcp_keep nif_tcp_keep;
extern const struct nif_icmp_errors nif_icmp_errors;
extern const struct nif_udp_queue nif_udp_queue;
extern const struct nif_tcp_fast nif_tcp_fast;
extern const struct nif_udp_fast nif_udp_fast;

/// NULL: that part is left out, and what only it can do is NIF_ENOTSUP.
struct nif_tcpip_parts {
    const struct nif_tcp_server *server;
    const struct nif_tcp_refs *refs;
    const struct nif_tcp_early *early;
    const struct nif_tcp_recovery *recovery;
    const struct nif_tcp_keep *keep;
    const struct nif_icmp_errors *errors;
    const struct nif_udp_queue *queue;
    const struct nif_tcp_fast *fast;
    const struct nif_udp_fast *udp_fast;
};

struct nif_tcpip_cfg {
    struct nif_iface *iface; ///< with frames; must outlive the stack
    struct nif_clock *clock; ///< must outlive the stack
    uint8_t *rx;             ///< one received frame
    size_t rx_cap;           ///< NIF_ETH_FRAME_MAX
    uint64_t seed;           ///< secret; for initial sequence numbers and
                             ///< ports: another at each boot
    struct nif_reassembly *reassembly;   ///< nif/reassembly.h, or NULL
    struct nif_fragment *fragment;       ///< nif/reassembly.h, or NULL
    struct nif_igmp *igmp;               ///< nif/igmp.h, or NULL
    struct nif_routes *routes;           ///< nif/routes.h, or NULL
    const struct nif_tcpip_parts *parts; ///< must outlive the stack; NULL: all
                                         ///< of them, bare: none
    const struct nif_tcp_sack *sack;     ///< &nif_tcp_sack, or NULL
    const struct nif_tcp_stamps *stamps; ///< &nif_tcp_stamps, or NULL
    const struct nif_tcp_pool *tcp_pool; ///< for these two, or NULL
};

/// What is counted: name, and what a person reads. Counters wrap. Those of each
/// packet come first, see struct nif_tcpip.
#define NIF_TCPIP_STATS_MAP(X)                               \
    X(eth_rx, "frames received")                             \
    X(eth_tx, "frames sent")                                 \
    X(udp_rx, "datagrams received")                          \
    X(udp_tx, "datagrams sent")                              \
    X(tcp_rx, "segments received")                           \
    X(tcp_tx, "segments sent")                               \
    X(icmp_rx, "ICMP messages received")                     \
    X(icmp_tx, "ICMP messages sent")                         \
    X(arp_rx, "ARP packets received")                        \
    X(arp_tx, "ARP packets sent")                            \
    X(eth_drop, "frames of no known type or not for us")     \
    X(eth_busy, "times the device had no room")              \
    X(eth_error, "errors of the device")                     \
    X(hold_drop, "replies given up, device full too long")   \
    X(arp_drop, "ARP packets malformed or from nowhere")     \
    X(arp_failed, "neighbours that did not answer")          \
    X(arp_conflict, "ARP packets of others in our name")     \
    X(ip_bad, "IP packets with a bad header or checksum")    \
    X(ip_fragment, "IP fragments dropped")                   \
    X(ip_frag_rx, "IP packets put together from fragments")  \
    X(ip_frag_tx, "IP fragments sent")                       \
    X(ip_frag_lost, "IP packets given up unfinished")        \
    X(ip_option, "IP packets dropped for their options")     \
    X(ip_source, "IP packets with an impossible source")     \
    X(ip_other, "IP packets for others")                     \
    X(ip_proto, "IP packets of no known protocol")           \
    X(icmp_drop, "ICMP messages malformed or not answered")  \
    X(icmp_error, "ICMP errors about what we sent")          \
    X(icmp_limit, "ICMP errors not sent, too many a second") \
    X(udp_bad, "datagrams with a bad length or checksum")    \
    X(udp_closed, "datagrams for a closed port")             \
    X(udp_full, "datagrams dropped, receive buffer full")    \
    X(udp_lost, "datagrams dropped, no way to their target") \
    X(tcp_bad, "segments with a bad header or checksum")     \
    X(tcp_closed, "segments for no connection")              \
    X(tcp_full, "calls that found the backlog full")         \
    X(tcp_rst_rx, "resets obeyed")                           \
    X(tcp_rst_tx, "resets sent")                             \
    X(tcp_outside, "segments outside the window")            \
    X(tcp_order, "segments out of order")                    \
    X(tcp_cookie, "connections begun by a cookie")           \
    X(tcp_paws, "segments dropped for their timestamp")      \
    X(tcp_challenge, "challenge acknowledgements sent")      \
    X(tcp_timeout, "retransmissions after a timeout")        \
    X(tcp_fast, "retransmissions after duplicate ACKs")      \
    X(tcp_probe, "window and keepalive probes sent")

struct nif_tcpip_stats {
#define NIF_TCPIP_STATS_FIELD(name, text) uint32_t name;
    NIF_TCPIP_STATS_MAP(NIF_TCPIP_STATS_FIELD)
#undef NIF_TCPIP_STATS_FIELD
};

/// A neighbour. Private.
struct nif_tcpip_neighbour {
    uint32_t ip;
    uint32_t at; ///< tick when something is to be done about it
    struct nif_hwaddr hwaddr;
    uint8_t state;
    uint8_t tries; ///< questions sent without an answer
    bool used;     ///< since it was last confirmed
};

/// The headers of the last segment. That of the next one of the same
/// connection is told from it by a few fields. Private.
struct nif_tcpip_head {
    uint32_t ip_sum;   ///< raw sum of what stays in IPv4's header
    uint32_t tcp_sum;  ///< and in TCP's, with its pseudo header
    uint32_t to[2];    ///< whom to and how, as IPv4 wants to know it
    uint32_t word[24]; ///< two bytes first, so that IPv4's begins at a border
};

struct nif_acd;

/// The stack. Must not move while connections are open. What is used with
/// every packet comes first: small processors reach it with one instruction.
struct nif_tcpip {
    struct nif_stack stack;

    // Private. What is used most comes first, small before large: a Cortex-M0
    // reaches 124 bytes in one instruction.
    uint8_t calm;          ///< what an idle device says; 255: not known yet
    uint8_t todo;          ///< what keeps poll() from being an idle one
    bool link;             ///< as last seen
    uint8_t challenges;    ///< challenge ACKs still allowed in this second
    uint8_t errors;        ///< ICMP errors still allowed in this second
    uint8_t announces;     ///< announcements of the address still to send
    struct nif_hwaddr own; ///< the card's; where a received frame has it
    uint16_t ip_id;
    uint16_t mtu; ///< the device's
    struct nif_iface *iface;
    uint32_t ip; ///< own address, 0: none
    uint32_t mask;
    uint32_t broadcast;     ///< of the subnet, or UINT32_MAX
    struct nif_conn *conns; ///< all that are open
    struct nif_conn *aimed; ///< whose headers are in `head`, with the card that
                            ///< they go to; NULL: nobody's
    struct nif_conn *one;   ///< who has something to send, NULL: anybody
    const uint8_t *held;    ///< a reply, built in the received frame, or NULL
    uint32_t tx_bytes;      ///< sent in this poll()
    uint32_t now;           ///< as of the last call that was not idle, tick
    uint32_t due;           ///< the earliest of all timers, tick
    uint64_t now_us;        ///< the same as `now`
    uint64_t again_us;      ///< `due` as poll() says it

    struct nif_tcpip_stats stats; ///< may be read

    // Private.
    struct nif_tcpip_cfg cfg;
    struct nif_acd *acds;  ///< who watches an address
    uint32_t gateway;      ///< 0: none
    uint32_t cookie_at;    ///< tick of the last SYN cookie, 0: none yet
    uint32_t seq_skip;     ///< by so much first sequence numbers are ahead of
                           ///< their clock
    uint32_t held_until;   ///< tick when a held reply is given up
    uint32_t rate_at;      ///< tick when the allowances above were renewed
    uint32_t announce;     ///< tick when the next announcement is due
    uint32_t arp_due;      ///< tick when ARP has something to do
    uint32_t key[2];       ///< secret, from the seed
    uint32_t random;       ///< how many random numbers were drawn
    uint32_t lot;          ///< 16 bits of the last that nobody has yet, and a
                           ///< 1 before them; or 0
    struct nif_conn *turn; ///< who sends first the next time; NULL: the first
    uint16_t held_len;
    struct nif_net net;
    struct nif_tcpip_head head;
    struct nif_tcpip_neighbour arp[NIF_ARP_ENTRIES];
};

/// Makes `tcpip` a stack over `cfg->iface`, without an address. Touches
/// memory only; the device is started by the application.
void nif_tcpip_init(struct nif_tcpip *tcpip, const struct nif_tcpip_cfg *cfg);

/// The same, but links no part that `cfg->parts` does not name.
void nif_tcpip_init_bare(struct nif_tcpip *tcpip,
    const struct nif_tcpip_cfg *cfg);

/// Gives `conn`, a TCP connection of our stack that has just been opened, the
/// memory that the optional parts of TCP need (nif_tcpip_cfg.sack, .stamps).
/// It is the stack's as long as the connection is. One of a backlog keeps it
/// when it goes back to its listener.
void nif_tcp_extend(struct nif_conn *conn, struct nif_tcp_more *more);

NIF_C_END

#endif
