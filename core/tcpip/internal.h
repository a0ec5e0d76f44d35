// SPDX-License-Identifier: MIT
//
// What the files of the stack share. Bottom up: sums and secrets, rings,
// Ethernet, ARP, IPv4, ICMP. Connections have conn.h, UDP udp.h, TCP tcp.h.
//
// A received packet is described by one `struct nif__in`: every length in it
// was checked once, where the layer begins; nobody checks it again. A packet
// to send is one `struct nif__out` on the C stack.

#ifndef CORE_TCPIP_INTERNAL_H
#define CORE_TCPIP_INTERNAL_H

#include "nif/tcpip.h"

#include "sums.h"
#include "wire.h"

// Times are ticks of 1024 us, in 32 bits: they wrap after 50 days. Two are
// compared by their difference, so that a timer may be 25 days ahead; none is
// set as far as NIF__FAR. What happened long ago is told from
// what is to come by an age, unsigned: a mistake about it can be made once in
// 50 days and lasts as long as the age that is asked for.

/// Milliseconds and seconds (three days at most) in ticks. A wait is up to a
/// tick shorter than asked for: it begins within one.
#define NIF__MS(ms) ((uint32_t)(ms)*125u >> 7)
#define NIF__S(s)   ((uint32_t)(s)*15625u >> 4)

/// No timer is set as far ahead as this: six days.
#define NIF__FAR (1u << 29)

/// What keeps poll() from being an idle one: nif_tcpip.todo.
enum nif__todo {
    NIF__WORK = 1 << 0,  ///< a connection has something to send: see
                         ///< nif_tcpip.one
    NIF__BUSY = 1 << 1,  ///< the device had no room for something
    NIF__HELD = 1 << 2,  ///< a reply waits for room (nif_tcpip.held)
    NIF__TIMER = 1 << 3, ///< `due` has changed, again_us not yet
};

/// A received packet.
struct nif__in {
    uint8_t *ip;   ///< the IPv4 header, behind its Ethernet header; may be
                   ///< written to
    uint8_t *body; ///< what follows it
    size_t len;    ///< of `body`, by the IPv4 header
    uint32_t src;
    uint32_t dst;
    unsigned group;  ///< not 0: the frame or the packet was not for us alone
    uint32_t groups; ///< sent to a multicast group: its bit (nif/igmp.h)
    uint8_t *lent;   ///< put together from fragments: set it to NIF__LENT to
                     ///< keep the memory, and to NIF__FREE afterwards
};

/// From the Ethernet header on.
static inline uint8_t *nif__frame(const struct nif__in *in)
{
    return in->ip - ETH_LEN;
}

/// What a buffer for reassembly is at the moment.
enum { NIF__FREE, NIF__FILLING, NIF__LENT };


/// How much of a packet went out, as fragments.
struct nif__frag {
    uint16_t at; ///< bytes behind the IPv4 header; 0: none yet
    uint16_t id;
};

/// A packet to send. Whoever makes one sets each field of it but `head.word`
/// and the first of `segs`, which are filled in on the way.
struct nif__out {
    struct nif__head head;
    uint32_t body[UDP_LEN / 4]; ///< the header behind the IPv4 header
    const uint8_t *hwaddr;      ///< of fragments: where to; NULL: as the
                                ///< address says
    struct nif_seg segs[3]; ///< the headers, and what follows them; length 0:
                            ///< nothing
    struct nif__frag *frag; ///< of what goes as fragments: kept over calls
};

_Static_assert(offsetof(struct nif__out, body) == sizeof(struct nif__head),
    "the headers do not lie in one piece");

/// nif_ip4_value(), by a word: it lies at a word's border.
static inline uint32_t nif__ip4(const struct nif_ip *ip)
{
    return nif__be32(nif__word(ip->byte));
}

static inline struct nif_tcpip *nif__of(struct nif_stack *stack)
{
    return nif_container_of(stack, struct nif_tcpip, stack);
}

/// True if tick `at` has come.
static inline bool nif__reached(const struct nif_tcpip *ip, uint32_t at)
{
    return (int32_t)(ip->now - at) >= 0;
}

/// Notes one of enum nif__todo.
static inline void nif__todo(struct nif_tcpip *ip, unsigned what)
{
    ip->todo |= (uint8_t)what;
}

/// A timer will fire at tick `at`: poll() must come then.
void nif__due(struct nif_tcpip *ip, uint32_t at);

/// Reads the time anew. Calls from the application begin with it.
void nif__tick(struct nif_tcpip *ip);

/// Notes that `conn` has something to send: alone, as far as is known, so that
/// nobody else need be asked.
void nif__todo_conn(struct nif_conn *conn);

/// Notes that anybody may have something to send.
void nif__todo_all(struct nif_tcpip *ip);

/// There is something for poll() to do, and an application that has polled
/// already must not go to sleep over it.
void nif__kick(struct nif_tcpip *ip);

/// The same, but only `conn` has something to send.
void nif__kick_conn(struct nif_conn *conn);

// --------------------------------------------------------------- secrets

/// Takes `seed` as the stack's secret.
void nif__hash_seed(struct nif_tcpip *ip, uint64_t seed);

/// 32 bits that nobody without the secret can foretell from `words`.
uint32_t nif__hash(const struct nif_tcpip *ip, const uint32_t *words, size_t n);

/// The next random number.
uint32_t nif__random(struct nif_tcpip *ip);

/// The next random number of 16 bits: two of them are one hash.
uint16_t nif__lot(struct nif_tcpip *ip);

// ----------------------------------------------------------------- rings

/// What is in a ring; buffer and size are in struct nif_conn_cfg.
struct nif__ring {
    uint32_t at;   ///< of the oldest byte
    uint32_t used; ///< bytes in it
};

/// Writes `len` bytes at `offset` from the oldest, which must fit. Does not
/// change `used`: data may be put where earlier data is still missing.
///
/// Returns the raw sum of what was written.
uint32_t nif__ring_write(const struct nif__ring *ring, uint8_t *buf, size_t cap,
    size_t offset, const void *src, size_t len);

/// The same without the sum, in a third of the time.
void nif__ring_put(const struct nif__ring *ring, uint8_t *buf, size_t cap,
    size_t offset, const void *src, size_t len);

/// Reads `len` bytes at `offset`, which must be there.
void nif__ring_read(const struct nif__ring *ring, const uint8_t *buf,
    size_t cap, size_t offset, void *dst, size_t len);

/// Takes the oldest `len` bytes away.
void nif__ring_drop(struct nif__ring *ring, size_t cap, size_t len);

/// `len` bytes at `offset` as they lie: in one piece or, around the end, two.
void nif__ring_segs(const struct nif__ring *ring, const uint8_t *buf,
    size_t cap, size_t offset, size_t len, struct nif_seg segs[2]);

// -------------------------------------------------------------- Ethernet

/// Copies an Ethernet address: a third of what memcpy() takes.
void nif__hwaddr_copy(uint8_t *to, const uint8_t *from);

/// True if two Ethernet addresses are the same.
bool nif__hwaddr_same(const uint8_t *a, const uint8_t *b);

/// Takes frames, when no reply waits for the device, until there is none, the
/// budget is used up, or a reply does. The device has `seen` this. True if it
/// stopped for its budget.
bool nif__ether_receive(struct nif_tcpip *ip, int seen);

/// Sends a frame of `len` bytes in all. Returns as nif_eth_ops.send.
NIF_NODISCARD int nif__ether_send(struct nif_tcpip *ip,
    const struct nif_seg *segs, size_t n, size_t len);

/// Sends `out`, whose headers are complete; `len` is that of all behind the
/// IPv4 header. Returns as nif_eth_ops.send.
NIF_NODISCARD int nif__ether_send_out(struct nif_tcpip *ip,
    struct nif__out *out, size_t len);

/// Lends `len` bytes of the device to build a frame in, and sends it. Only if
/// the device can. Return as nif_eth_ops.lend and commit.
NIF_NODISCARD int nif__ether_lend(struct nif_tcpip *ip, size_t len,
    uint8_t **buf);
NIF_NODISCARD int nif__ether_commit(struct nif_tcpip *ip, size_t len);

/// Tries again to send the reply that waits.
void nif__ether_retry(struct nif_tcpip *ip);

/// Sends a reply that was built in the received frame, back to where the
/// frame came from. If the device has no room, the frame is held, and
/// nothing is received until it is sent or given up.
void nif__ether_reply(struct nif_tcpip *ip, uint8_t *frame, size_t len);

/// True if this poll() may send more; notes if not that `conn` would.
static inline bool nif__ether_room(struct nif_conn *conn)
{
    if (nif__of(conn->stack)->tx_bytes < NIF_POLL_BYTES) {
        return true;
    }
    nif__todo_conn(conn);
    return false;
}

// ------------------------------------------------------------------- ARP

void nif__arp_input(struct nif_tcpip *ip, uint8_t *frame, size_t len);

/// Looks for a neighbour's address, and asks for it if need be. `hwaddr` lies
/// at an even place.
///
/// Returns 0; NIF_EAGAIN: not known yet; NIF_EUNREACH: it does not answer.
NIF_NODISCARD int nif__arp_resolve(struct nif_tcpip *ip, uint32_t addr,
    uint8_t hwaddr[6]);

/// The same if the address is known already; else false, and nothing is asked.
/// Only neighbours are ever known: whoever is, needs no route.
NIF_NODISCARD bool nif__arp_known(struct nif_tcpip *ip, uint32_t addr,
    uint8_t hwaddr[6]);

/// Sends a question for `tpa` to the card `to` (NULL: to all); `spa` is who
/// asks. Returns as nif__ether_send().
NIF_NODISCARD int nif__arp_request(struct nif_tcpip *ip, const uint8_t *to,
    uint32_t spa, uint32_t tpa);

/// Begins to tell all who has our address.
void nif__arp_announce(struct nif_tcpip *ip);

/// Asks again, forgets what is old, announces.
void nif__arp_timer(struct nif_tcpip *ip);

/// What goes to `addr` seems not to arrive: asks its neighbour, host or
/// gateway, whether it is still there (RFC 1122 3.3.1.4).
void nif__arp_doubt(struct nif_tcpip *ip, uint32_t addr);

/// Forgets all, and the ways to others (nif/routes.h).
void nif__arp_flush(struct nif_tcpip *ip);

// ------------------------------------------------------------------ IPv4

void nif__ipv4_input(struct nif_tcpip *ip, uint8_t *frame, size_t len);

/// Sends what does not fit a frame, if there are fragments. `len` is that of
/// all behind the IPv4 header. `out.frag`
/// is where it is kept how far it came: after NIF_EAGAIN part may be gone, and
/// the same is to be given again.
///
/// Returns as nif__ipv4_resolve(); NIF_ETOOBIG; the device's error.
NIF_NODISCARD int nif__ipv4_send_long(struct nif_tcpip *ip,
    struct nif__out *out, size_t len);

/// Sends the packet of `in`, whose body the caller has made a reply of `len`
/// bytes, back to its source.
void nif__ipv4_reply(struct nif_tcpip *ip, const struct nif__in *in,
    size_t len);

/// True for an IPv4 address that one host can have.
bool nif__ipv4_is_host(const struct nif_ip *ip);

/// True for 255.255.255.255 and the broadcast address of our subnet.
static inline bool nif__ipv4_is_broadcast(const struct nif_tcpip *ip,
    uint32_t addr)
{
    return addr == UINT32_MAX || addr == ip->broadcast;
}

/// The Ethernet address of a multicast group.
void nif__ipv4_group_hwaddr(uint32_t group, uint8_t hwaddr[6]);

/// Finds the card for `head->dst`, and puts its address into the Ethernet
/// header.
///
/// Returns 0; NIF_EAGAIN if the neighbour is not known yet; NIF_EUNREACH;
/// NIF_EADDR.
NIF_NODISCARD int nif__ipv4_resolve(struct nif_tcpip *ip,
    struct nif__head *head);

/// Fills in the headers up to IPv4's of a packet of `total` bytes, but for the
/// card that it goes to. `id_fragment` are these two fields.
///
/// Returns the raw sum of the addresses, for the pseudo header.
uint32_t nif__ipv4_head(const struct nif_tcpip *ip, struct nif__head *head,
    size_t total, uint32_t id_fragment);

/// Fills in the checksum of UDP over `len` bytes; `sum` is the raw sum of the
/// addresses.
void nif__udp_put_sum(struct nif__out *out, uint32_t sum, size_t len);

/// Hands a whole packet to its protocol.
void nif__ipv4_deliver(struct nif_tcpip *ip, const struct nif__in *in);

/// The gateway for `addr`, which is no neighbour; 0: there is none.
uint32_t nif__ipv4_gateway(const struct nif_tcpip *ip, uint32_t addr);

/// True if a packet to `addr` has a way. Else NIF_EADDR or NIF_EUNREACH.
NIF_NODISCARD int nif__ipv4_route(const struct nif_tcpip *ip, uint32_t addr,
    uint32_t *hop);

// ------------------------------------------------------------------ ICMP

void nif__icmp_input(struct nif_tcpip *ip, const struct nif__in *in);

/// An error that somebody reported about a packet of ours.
struct nif__icmp_error {
    uint8_t type;
    uint8_t code;
    uint32_t src;        ///< of our packet: our address
    uint32_t dst;        ///< of our packet: the peer
    const uint8_t *body; ///< of our packet, behind its IPv4 header
    size_t len;          ///< of that what the report has: 8 at least
    uint16_t mtu;        ///< fragmentation needed: to this (RFC 1191), or 0
};

/// Tells the sender of `in` what was wrong with it, if nif_icmp_errors is
/// there: `what` is type and code,
/// type first; `rest` are the four bytes behind the checksum. Not more than
/// some in a second, and never where RFC 1122 3.2.2 forbids.
void nif__icmp_error(struct nif_tcpip *ip, const struct nif__in *in,
    uint16_t what, uint32_t rest);

/// True if what an error or a redirect of 8 bytes at least, to us alone, quotes
/// is the beginning of a packet of ours that holds together: of its first
/// fragment, or the ports would not be there.
bool nif__icmp_quote_sound(const struct nif_tcpip *ip,
    const struct nif__in *in);

/// What UDP and TCP do about an error.
void nif__udp_icmp(struct nif_tcpip *ip, const struct nif__icmp_error *error);
void nif__tcp_icmp(struct nif_tcpip *ip, const struct nif__icmp_error *error);

/// Renews once a second what is limited per second.
void nif__rate_renew(struct nif_tcpip *ip);

#endif
