// SPDX-License-Identifier: MIT
//
// What the W5500 model does by itself with what it receives: ARP, IPv4, ping,
// ports unreachable. Without an address (SIPR 0) it says nothing.

#include "core/tcpip/internal.h"
#include "sim/chips/w5500/model.h"

#include <string.h>

static const uint8_t all[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

static const uint8_t *own(const struct sim_w5500 *chip)
{
    return chip->common + W55_SHAR;
}

static uint32_t mask(const struct sim_w5500 *chip)
{
    return nif_get_be32(chip->common + W55_SUBR);
}

bool sim_w55_is_broadcast(const struct sim_w5500 *chip, uint32_t ip)
{
    uint32_t subnet = mask(chip);

    return ip == UINT32_MAX ||
        (subnet != 0 && ((ip ^ sim_w55_ip(chip)) & subnet) == 0 &&
            (ip | subnet) == UINT32_MAX);
}

// ---- ARP

static void put_arp(const struct sim_w5500 *chip, uint8_t *frame,
    const uint8_t to[6], uint8_t oper)
{
    uint8_t *arp = frame + ETH_LEN;

    memcpy(frame + ETH_DST, to, 6);
    memcpy(frame + ETH_SRC, own(chip), 6);
    nif_put_be16(frame + ETH_TYPE, ETH_TYPE_ARP);
    nif_put_be16(arp + ARP_HTYPE, ARP_HTYPE_ETHERNET);
    nif_put_be16(arp + ARP_PTYPE, ETH_TYPE_IPV4);
    arp[ARP_HLEN] = 6;
    arp[ARP_PLEN] = 4;
    nif_put_be16(arp + ARP_OPER, oper);
    memcpy(arp + ARP_SHA, own(chip), 6);
    nif_put_be32(arp + ARP_SPA, sim_w55_ip(chip));
}

static void ask(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    uint8_t frame[ETH_LEN + ARP_LEN] = { 0 };

    put_arp(chip, frame, all, ARP_REQUEST);
    nif_put_be32(frame + ETH_LEN + ARP_TPA, s->arp.ip);
    sim_w55_transmit(chip, W55_NOBODY, frame, sizeof(frame));
    s->arp.tries++;
    sim_event_at(chip->world, &s->arp.event,
        chip->world->now_ns + sim_w55_rtr_ns(chip));
}

void sim_w55_resolve(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    uint32_t to = nif_get_be32(s->reg + W55_SN_DIPR);
    uint32_t hop = ((to ^ sim_w55_ip(chip)) & mask(chip)) == 0
        ? to
        : nif_get_be32(chip->common + W55_GAR);

    if (s->arp.known && s->arp.ip == hop && !sim_w55_mr(chip, W55_MR_FARP)) {
        sim_w55_resolved(chip, s, true);
        return;
    }
    s->arp.ip = hop;
    s->arp.known = false;
    s->arp.asking = true;
    s->arp.tries = 0;
    ask(chip, s);
}

void sim_w55_arp_event(struct sim_event *event)
{
    struct sim_w5500_socket *s =
        nif_container_of(event, struct sim_w5500_socket, arp.event);
    struct sim_w5500 *chip = sim_w55_of(s);

    if (s->arp.tries <= chip->common[W55_RCR]) {
        ask(chip, s);
        return;
    }
    s->arp.asking = false;
    sim_w55_resolved(chip, s, false);
}

static void learn(struct sim_w5500 *chip, uint32_t ip, const uint8_t mac[6])
{
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        struct sim_w5500_socket *s = &chip->socket[n];

        if (s->arp.asking && s->arp.ip == ip) {
            memcpy(s->reg + W55_SN_DHAR, mac, 6);
            s->arp.asking = false;
            s->arp.known = true;
            sim_event_cancel(chip->world, &s->arp.event);
            sim_w55_resolved(chip, s, true);
        }
    }
}

static void arp_take(struct sim_w5500 *chip, const uint8_t *frame)
{
    const uint8_t *arp = frame + ETH_LEN;
    uint32_t ip = sim_w55_ip(chip);
    uint32_t from = nif_get_be32(arp + ARP_SPA);
    uint16_t oper = nif_get_be16(arp + ARP_OPER);
    uint8_t reply[ETH_LEN + ARP_LEN];

    if (nif_get_be16(arp + ARP_HTYPE) != ARP_HTYPE_ETHERNET ||
        nif_get_be16(arp + ARP_PTYPE) != ETH_TYPE_IPV4 || arp[ARP_HLEN] != 6 ||
        arp[ARP_PLEN] != 4) {
        return;
    }
    if (oper == ARP_REPLY && from != 0) {
        learn(chip, from, arp + ARP_SHA);
    }
    if (ip == 0) {
        return;
    }
    if (from == ip && memcmp(arp + ARP_SHA, own(chip), 6) != 0) {
        sim_w55_common_flag(chip, W55_IR_CONFLICT);
    }
    if (oper == ARP_REQUEST && nif_get_be32(arp + ARP_TPA) == ip) {
        put_arp(chip, reply, arp + ARP_SHA, ARP_REPLY);
        memcpy(reply + ETH_LEN + ARP_THA, arp + ARP_SHA, 6);
        nif_put_be32(reply + ETH_LEN + ARP_TPA, from);
        sim_w55_transmit(chip, W55_NOBODY, reply, sizeof(reply));
        chip->counts.answers++;
    }
}

// ---- IPv4

uint16_t sim_w55_sum(const uint8_t *ip, const uint8_t *body, size_t len)
{
    uint32_t raw = nif__raw_pseudo(nif_get_be32(ip + IPV4_SRC),
        nif_get_be32(ip + IPV4_DST), ip[IPV4_PROTO], len);

    return nif__checksum(raw, body, len);
}

uint8_t *sim_w55_head(struct sim_w5500 *chip, uint8_t *frame,
    const struct w55_way *way, size_t len)
{
    uint8_t *ip = frame + ETH_LEN;

    memcpy(frame + ETH_DST, way->mac, 6);
    memcpy(frame + ETH_SRC, own(chip), 6);
    nif_put_be16(frame + ETH_TYPE, ETH_TYPE_IPV4);
    ip[IPV4_VERSION_IHL] = 0x45;
    ip[IPV4_TOS] = way->tos;
    nif_put_be16(ip + IPV4_TOTAL, (uint16_t)(IPV4_LEN + len));
    nif_put_be16(ip + IPV4_ID, chip->net.ip_id++);
    nif_put_be16(ip + IPV4_FRAGMENT, way->fragment);
    ip[IPV4_TTL] = way->ttl;
    ip[IPV4_PROTO] = way->proto;
    nif_put_be16(ip + IPV4_SUM, 0);
    nif_put_be32(ip + IPV4_SRC, sim_w55_ip(chip));
    nif_put_be32(ip + IPV4_DST, way->dst);
    nif_put_be16(ip + IPV4_SUM, nif__checksum(0, ip, IPV4_LEN));
    return ip + IPV4_LEN;
}

static void echo(struct sim_w5500 *chip, const struct w55_packet *packet)
{
    uint8_t frame[W55_FRAME_MAX];
    const struct w55_way way = {
        .mac = packet->frame + ETH_SRC,
        .dst = packet->src,
        .proto = IPV4_PROTO_ICMP,
        .ttl = 128,
    };
    uint8_t *icmp = sim_w55_head(chip, frame, &way, packet->len);

    memcpy(icmp, packet->body, packet->len);
    icmp[ICMP_TYPE] = ICMP_ECHO_REPLY;
    nif_put_be16(icmp + ICMP_SUM, 0);
    nif_put_be16(icmp + ICMP_SUM, nif__checksum(0, icmp, packet->len));
    sim_w55_transmit(chip, W55_NOBODY, frame,
        (size_t)(icmp + packet->len - frame));
    chip->counts.answers++;
}

// Somebody says that a port of a peer is not open: which one stands in the
// packet that is sent back.
static void unreachable(struct sim_w5500 *chip, const struct w55_packet *packet)
{
    const uint8_t *ip = packet->body + ICMP_LEN;
    size_t head;

    if (packet->len < ICMP_LEN + IPV4_LEN + UDP_LEN) {
        return;
    }
    head = (size_t)(ip[IPV4_VERSION_IHL] & 0x0F) * 4;
    if (head < IPV4_LEN || packet->len < ICMP_LEN + head + UDP_LEN ||
        nif_get_be32(ip + IPV4_SRC) != sim_w55_ip(chip)) {
        return;
    }
    memcpy(chip->common + W55_UIPR, ip + IPV4_DST, 4);
    memcpy(chip->common + W55_UPORTR, ip + head + UDP_DST, 2);
    sim_w55_common_flag(chip, W55_IR_UNREACH);
}

static void icmp_take(struct sim_w5500 *chip, const struct w55_packet *packet)
{
    const uint8_t *icmp = packet->body;

    if (packet->len < ICMP_LEN || packet->dst != sim_w55_ip(chip) ||
        nif__checksum(0, icmp, packet->len) != 0) {
        return;
    }
    if (icmp[ICMP_TYPE] == ICMP_ECHO && !sim_w55_mr(chip, W55_MR_PB)) {
        echo(chip, packet);
    } else if (icmp[ICMP_TYPE] == ICMP_UNREACHABLE &&
        icmp[ICMP_CODE] == ICMP_CODE_PORT) {
        unreachable(chip, packet);
    }
}

// False if the packet is malformed, a fragment, or for somebody else.
static bool open_packet(const struct sim_w5500 *chip, const uint8_t *frame,
    size_t len, struct w55_packet *packet)
{
    const uint8_t *ip = frame + ETH_LEN;
    size_t head;
    size_t total;

    if (len < ETH_LEN + IPV4_LEN) {
        return false;
    }
    head = (size_t)(ip[IPV4_VERSION_IHL] & 0x0F) * 4;
    total = nif_get_be16(ip + IPV4_TOTAL);
    if (ip[IPV4_VERSION_IHL] >> 4 != 4 || head < IPV4_LEN || total < head ||
        len < ETH_LEN + total || nif__checksum(0, ip, head) != 0 ||
        (nif_get_be16(ip + IPV4_FRAGMENT) & IPV4_MORE_OR_OFFSET) != 0) {
        return false;
    }
    *packet = (struct w55_packet){
        .frame = frame,
        .frame_len = len,
        .ip = ip,
        .body = ip + head,
        .len = total - head,
        .src = nif_get_be32(ip + IPV4_SRC),
        .dst = nif_get_be32(ip + IPV4_DST),
        .proto = ip[IPV4_PROTO],
    };
    return sim_w55_is_broadcast(chip, packet->dst) ||
        packet->dst >> 28 == 0xE ||
        (packet->dst == sim_w55_ip(chip) && packet->dst != 0);
}

static void ip_take(struct sim_w5500 *chip, const uint8_t *frame, size_t len)
{
    struct w55_packet packet;

    if (!open_packet(chip, frame, len, &packet)) {
        return;
    }
    switch (packet.proto) {
    case IPV4_PROTO_ICMP: icmp_take(chip, &packet); break;
    case IPV4_PROTO_IGMP: sim_w55_igmp_take(chip, &packet); break;
    case IPV4_PROTO_UDP: sim_w55_udp_take(chip, &packet); break;
    case IPV4_PROTO_TCP: sim_w55_tcp_take(chip, &packet); break;
    default: break;
    }
    sim_w55_ipraw_take(chip, &packet);
}

void sim_w55_net_take(struct sim_w5500 *chip, const uint8_t *frame, size_t len)
{
    if ((frame[ETH_DST] & 1) == 0 && memcmp(frame, own(chip), 6) != 0) {
        return;
    }
    switch (nif_get_be16(frame + ETH_TYPE)) {
    case ETH_TYPE_ARP: arp_take(chip, frame); break;
    case ETH_TYPE_IPV4: ip_take(chip, frame, len); break;
    default: break;
    }
}
