// SPDX-License-Identifier: MIT
//
// The short ways of datagrams and of pings. What comes and is as it should be
// is told by its headers at once: a datagram's text is copied to its place and
// summed in one pass; an echo request becomes its reply. A datagram that goes
// has the headers of the last one but for lengths and sums. All else takes the
// long ways, with the same result.

#include "udp.h"

#include "arch/words.h"

#define HEADERS (ETH_LEN + IPV4_LEN + UDP_LEN)

// ----------------------------------------------------------------- input

static uint32_t be32_at(const uint8_t *p)
{
    return nif__be32(nif__word(p));
}

static uint16_t be16_at(const uint8_t *p)
{
    return nif__be16(nif__half(p));
}

// True for the address of somebody who can be answered.
static bool is_somebody(const struct nif_tcpip *ip, uint32_t src)
{
    return src - 1 < 0xDFFFFFFF && src >> 24 != 127 && src != ip->ip &&
        src != ip->broadcast;
}

// Looks at the IPv4 header at `h`, of a packet of at most `len` bytes. Returns
// the length of what follows; 0 unless it is plain and whole, for us, and from
// somebody.
NIF_APART static uint32_t body_of(const struct nif_tcpip *ip, const uint8_t *h,
    size_t len)
{
    uint32_t first = be32_at(h);
    uint32_t body = (first & 0xFFFF) - IPV4_LEN;

    if (first >> 24 != 0x45 || body > len - IPV4_LEN ||
        (nif__word(h + IPV4_ID) & nif__be32(IPV4_MORE_OR_OFFSET)) != 0 ||
        be32_at(h + IPV4_DST) != ip->ip || !nif__raw_zero(nif__sum_five(h))) {
        return 0;
    }
    return is_somebody(ip, be32_at(h + IPV4_SRC)) ? body : 0;
}

// The connection that the datagram at `h`, to us alone, is for: one with this
// peer, else the first that takes from anybody.
static struct nif_conn *find(const struct nif_tcpip *ip, const uint8_t *h)
{
    struct nif_conn *best = NULL;
    uint16_t port = be16_at(h + IPV4_LEN + UDP_DST);

    for (struct nif_conn *c = ip->conns; c != NULL; c = c->next) {
        const struct nif__flow *flow = nif__flow_of(c);

        if (flow->port != port || c->proto != NIF_UDP ||
            c->state >= NIF_CONN_CLOSING) {
            continue;
        }
        if (flow->peer_port == 0) {
            best = best == NULL ? c : best;
        } else if (flow->peer_port == be16_at(h + IPV4_LEN + UDP_SRC) &&
            flow->peer_ip == be32_at(h + IPV4_SRC)) {
            best = c;
            break;
        }
    }
    return port != 0 ? best : NULL;
}

_Static_assert(UDP_LEN == NIF__RECORD, "one is as long as the other");

// The record for a datagram of `len` bytes, as long as it is with its header.
static struct nif__record *room(struct nif_conn *conn, uint32_t len)
{
    const struct nif__ring *ring = &nif__udp_of(conn)->rx;
    size_t cap = conn->cfg.rx_cap;

    return cap - ring->used < len
        ? NULL
        : nif__record_at(ring, conn->cfg.rx, cap, ring->used, len - UDP_LEN);
}

// Takes the datagram at `h`, with its IPv4 header, of at most `most` bytes. If
// its sender made no sum it is not told here that it is sound.
static bool take_datagram(struct nif_tcpip *ip, const uint8_t *h, uint32_t most)
{
    const uint8_t *udp = h + IPV4_LEN;
    uint32_t len = be16_at(udp + UDP_TOTAL);
    struct nif_conn *conn;
    struct nif__record *to;
    uint32_t sum;

    if (len - UDP_LEN > most - UDP_LEN) {
        return false;
    }
    conn = find(ip, h);
    to = conn != NULL ? room(conn, len) : NULL;
    if (to == NULL) {
        return false;
    }
    sum = nif__copy_sum(to + 1, udp + UDP_LEN, len - UDP_LEN);
    to->addr = nif__word(h + IPV4_SRC);
    sum = nif__carry_add(sum, to->addr);
    sum = nif__carry_add(sum, nif__word(h + IPV4_DST));
    sum = nif__carry_add(sum, nif__word(udp));
    sum = nif__carry_add(sum, nif__word(udp + UDP_TOTAL));
    sum = nif__carry_add(sum, nif__be32(IPV4_PROTO_UDP << 16 | len));
    if (!nif__raw_zero(sum)) {
        return false;
    }
    nif__put_half((uint8_t *)&to->port_len, nif__half(udp));
    nif__put_half((uint8_t *)&to->port_len + 2,
        nif__be16((uint16_t)(len - UDP_LEN)));
    nif__udp_of(conn)->rx.used += len;
    ip->stats.udp_rx++;
    return true;
}

// Answers the echo request at `h`, behind its IPv4 header `len` bytes: as the
// type changes from 8 to 0, the sum grows by 0x0800 (RFC 1624).
static bool take_echo(struct nif_tcpip *ip, uint8_t *h, uint32_t len)
{
    uint8_t *icmp = h + IPV4_LEN;
    uint32_t sum;

    if (icmp[ICMP_TYPE] != ICMP_ECHO || IPV4_LEN + len > ip->mtu ||
        ip->ip == 0 || !nif__raw_zero(nif__copy_sum(NULL, icmp, len))) {
        return false;
    }
    ip->stats.icmp_rx++;
    ip->stats.icmp_tx++;
    sum = (uint32_t)nif__half(icmp + ICMP_SUM) + nif__be16(0x0800);
    icmp[ICMP_TYPE] = ICMP_ECHO_REPLY;
    nif__put_half(icmp + ICMP_SUM, (uint16_t)((sum >> 16) + sum));
    nif__turn_head(h, ip->ip);
    nif__ether_reply(ip, h - ETH_LEN, ETH_LEN + IPV4_LEN + len);
    return true;
}

static bool take(struct nif_tcpip *ip, uint8_t *h, size_t len)
{
    uint32_t body = body_of(ip, h, len);

    if (body < UDP_LEN) {
        return false;
    }
    if (h[IPV4_PROTO] == IPV4_PROTO_UDP) {
        return take_datagram(ip, h, body);
    }
    return h[IPV4_PROTO] == IPV4_PROTO_ICMP && take_echo(ip, h, body);
}

_Static_assert((int)UDP_LEN == (int)ICMP_LEN, "a body may be too short");

// ---------------------------------------------------------------- output

// Makes the headers of datagrams of `conn` to `dst`, and finds whom they go to.
// Returns as nif__ipv4_resolve().
NIF_APART static int aim(struct nif_conn *conn, uint32_t dst, uint32_t ports)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__head *head = (struct nif__head *)(void *)ip->head.to;
    uint32_t *h = head->word + NIF__HEAD_IP;
    uint32_t sum;
    int err;

    ip->aimed = NULL; // the headers are nobody's until they are whole
    nif__udp_head(conn, head, dst);
    err = nif__udp_resolve(ip, head);
    if (err != 0) {
        return err;
    }
    sum = nif__carry_add(nif__ipv4_head(ip, head, 0, 0), ports);
    h[5] = ports;
    ip->head.tcp_sum = nif__carry_add(sum, nif__be32(IPV4_PROTO_UDP << 16));
    ip->head.ip_sum = (uint16_t)~nif__half((uint8_t *)h + IPV4_SUM);
    ip->aimed = conn;
    return 0;
}

// Puts lengths and IPv4's sum into the headers of a datagram of `len` bytes,
// its header included. Returns the raw sum for UDP's, but for the data. Small
// processors reach each word with one instruction.
NIF_APART static uint32_t put_headers(struct nif_tcpip_head *head, uint32_t len,
    uint32_t id)
{
    uint32_t *h = head->word + NIF__HEAD_IP;
    uint32_t sum;

    h[1] = nif__be32(id << 16);
    h[6] = nif__be32(len << 16); // and no sum yet
    sum =
        nif__carry_add(head->tcp_sum, nif__be32(2 * len)); // it is there twice
    len += IPV4_LEN;
    nif__put_half((uint8_t *)h + IPV4_TOTAL, nif__be16((uint16_t)len));
    nif__put_half((uint8_t *)h + IPV4_SUM,
        (uint16_t)nif__raw_end_here(nif__carry_add(nif__carry_add(head->ip_sum,
                                                       h[1]),
            nif__be32(len))));
    return sum;
}

static int emit(struct nif_conn *conn, uint32_t dst, uint16_t port,
    struct nif_seg *segs)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    const uint32_t *h = ip->head.word + NIF__HEAD_IP;
    uint32_t ports = nif__be32((uint32_t)nif__flow_of(conn)->port << 16 | port);
    uint8_t *frame = (uint8_t *)ip->head.word + NIF__HEAD_AT;
    size_t len = segs[1].len;
    uint32_t sum;
    uint16_t end;
    int err;

    if (ip->aimed != conn || h[5] != ports || h[4] != nif__be32(dst)) {
        err = aim(conn, dst, ports);
        if (err != 0) {
            return err;
        }
    }
    sum = put_headers(&ip->head, UDP_LEN + (uint32_t)len, ip->ip_id++);
    sum = nif__carry_add(sum, nif__copy_sum(NULL, segs[1].data, len));
    end = (uint16_t)nif__raw_end_here(sum);
    // 0 would say "no checksum" (RFC 768).
    nif__put_half(frame + HEADERS - UDP_LEN + UDP_SUM, end != 0 ? end : 0xFFFF);
    segs[0] = (struct nif_seg){ frame, HEADERS };
    err = nif__ether_send(ip, segs, len > 0 ? 2 : 1, HEADERS + len);
    if (err == 0) {
        ip->stats.udp_tx++;
    }
    return err;
}

const struct nif_udp_fast nif_udp_fast = {
    .take = take,
    .emit = emit,
};
