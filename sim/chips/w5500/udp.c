// SPDX-License-Identifier: MIT
//
// The W5500 model's datagrams: UDP, IPRAW, and the groups that UDP sockets
// join (IGMP versions 1 and 2).

#include "core/tcpip/internal.h"
#include "sim/chips/w5500/model.h"

#include <string.h>

enum {
    UDP_MAX = W55_MTU - IPV4_LEN - UDP_LEN,
    IPRAW_MAX = W55_MTU - IPV4_LEN,

    IGMP_TYPE = 0,
    IGMP_SUM = 2,
    IGMP_GROUP = 4,
    IGMP_LEN = 8,
    IGMP_QUERY = 0x11,
    IGMP_REPORT_V1 = 0x12,
    IGMP_REPORT_V2 = 0x16,
    IGMP_LEAVE = 0x17,
};

#define ALL_ROUTERS 0xE0000002u

static uint32_t peer(const struct sim_w5500_socket *s)
{
    return nif_get_be32(s->reg + W55_SN_DIPR);
}

static bool is_group(uint32_t ip)
{
    return ip >> 28 == 0xE;
}

// ---- receiving

static bool wanted(const struct sim_w5500 *chip,
    const struct sim_w5500_socket *s, uint32_t to)
{
    bool multi = sim_w55_sn_mr(s, W55_SN_MR_MULTI);

    // Whether it is what was joined or what stands in DIPR now, the data sheet
    // does not say: both must be.
    if (is_group(to)) {
        return multi && s->group == to && peer(s) == to;
    }
    if (sim_w55_is_broadcast(chip, to)) {
        return !sim_w55_sn_mr(s, W55_SN_MR_BCASTB);
    }
    return !(multi && sim_w55_sn_mr(s, W55_SN_MR_UCASTB));
}

// Six FF and sixteen times the own address, anywhere.
static bool is_magic(const struct sim_w5500 *chip, const uint8_t *data,
    size_t len)
{
    static const uint8_t sync[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

    for (size_t at = 0; at + 102 <= len; at++) {
        unsigned n = 0;

        if (memcmp(data + at, sync, 6) != 0) {
            continue;
        }
        while (n < 16 &&
            memcmp(data + at + 6 + (size_t)6 * n, chip->common + W55_SHAR, 6) ==
                0) {
            n++;
        }
        if (n == 16) {
            return true;
        }
    }
    return false;
}

void sim_w55_udp_take(struct sim_w5500 *chip, const struct w55_packet *packet)
{
    const uint8_t *udp = packet->body;
    uint8_t head[8];
    size_t len;

    if (packet->len < UDP_LEN) {
        return;
    }
    len = nif_get_be16(udp + UDP_TOTAL);
    if (len < UDP_LEN || len > packet->len ||
        (nif_get_be16(udp + UDP_SUM) != 0 &&
            sim_w55_sum(packet->ip, udp, len) != 0)) {
        return;
    }
    nif_put_be32(head, packet->src);
    memcpy(head + 4, udp + UDP_SRC, 2);
    nif_put_be16(head + 6, (uint16_t)(len - UDP_LEN));
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        struct sim_w5500_socket *s = &chip->socket[n];

        if (sim_w55_state(s) == W55_SR_UDP &&
            memcmp(s->reg + W55_SN_PORT, udp + UDP_DST, 2) == 0 &&
            wanted(chip, s, packet->dst)) {
            sim_w55_store(chip, s, head, sizeof(head), udp + UDP_LEN,
                len - UDP_LEN);
            if (sim_w55_mr(chip, W55_MR_WOL) &&
                is_magic(chip, udp + UDP_LEN, len - UDP_LEN)) {
                sim_w55_common_flag(chip, W55_IR_MP);
            }
        }
    }
}

void sim_w55_ipraw_take(struct sim_w5500 *chip, const struct w55_packet *packet)
{
    uint8_t head[6];

    nif_put_be32(head, packet->src);
    nif_put_be16(head + 4, (uint16_t)packet->len);
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        struct sim_w5500_socket *s = &chip->socket[n];

        if (sim_w55_state(s) == W55_SR_IPRAW &&
            s->reg[W55_SN_PROTO] == packet->proto) {
            sim_w55_store(chip, s, head, sizeof(head), packet->body,
                packet->len);
        }
    }
}

// ---- sending

static struct w55_way way_of(const struct sim_w5500_socket *s, uint8_t proto)
{
    return (struct w55_way){
        .mac = s->reg + W55_SN_DHAR,
        .dst = peer(s),
        .proto = proto,
        .ttl = s->reg[W55_SN_TTL],
        .tos = s->reg[W55_SN_TOS],
        .fragment = nif_get_be16(s->reg + W55_SN_FRAG),
    };
}

static void udp_send(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint16_t from, uint16_t len)
{
    const struct w55_way way = way_of(s, IPV4_PROTO_UDP);
    uint8_t frame[W55_FRAME_MAX];
    uint8_t *udp = sim_w55_head(chip, frame, &way, UDP_LEN + (size_t)len);
    uint16_t sum;

    memcpy(udp + UDP_SRC, s->reg + W55_SN_PORT, 2);
    memcpy(udp + UDP_DST, s->reg + W55_SN_DPORT, 2);
    nif_put_be16(udp + UDP_TOTAL, (uint16_t)(UDP_LEN + len));
    nif_put_be16(udp + UDP_SUM, 0);
    sim_w55_fetch(chip, s, from, udp + UDP_LEN, len);
    sum = sim_w55_sum(frame + ETH_LEN, udp, UDP_LEN + (size_t)len);
    nif_put_be16(udp + UDP_SUM, sum != 0 ? sum : 0xFFFF);
    sim_w55_transmit(chip, s->number, frame,
        (size_t)(udp + UDP_LEN + len - frame));
}

static void ipraw_send(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint16_t from, uint16_t len)
{
    const struct w55_way way = way_of(s, s->reg[W55_SN_PROTO]);
    uint8_t frame[W55_FRAME_MAX];
    uint8_t *body = sim_w55_head(chip, frame, &way, len);

    sim_w55_fetch(chip, s, from, body, len);
    sim_w55_transmit(chip, s->number, frame, (size_t)(body + len - frame));
}

// What is longer than a packet goes as several, each whole.
void sim_w55_datagrams(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    bool udp = sim_w55_state(s) == W55_SR_UDP;
    uint16_t most = udp ? UDP_MAX : IPRAW_MAX;
    uint16_t at = s->tx_rd;

    while (at != s->tx_end) {
        uint16_t rest = (uint16_t)(s->tx_end - at);
        uint16_t len = rest < most ? rest : most;

        if (udp) {
            udp_send(chip, s, at, len);
        } else {
            ipraw_send(chip, s, at, len);
        }
        at = (uint16_t)(at + len);
    }
}

// ---- groups

static void igmp_send(struct sim_w5500 *chip, const struct sim_w5500_socket *s,
    uint8_t type, uint32_t to)
{
    uint8_t mac[6];
    const struct w55_way way = {
        .mac = mac,
        .dst = to,
        .proto = IPV4_PROTO_IGMP,
        .ttl = 1,
    };
    uint8_t frame[ETH_LEN + IPV4_LEN + IGMP_LEN] = { 0 };
    uint8_t *igmp;

    nif__ipv4_group_hwaddr(to, mac);
    igmp = sim_w55_head(chip, frame, &way, IGMP_LEN);
    igmp[IGMP_TYPE] = type;
    nif_put_be32(igmp + IGMP_GROUP, s->group);
    nif_put_be16(igmp + IGMP_SUM, nif__checksum(0, igmp, IGMP_LEN));
    sim_w55_transmit(chip, W55_NOBODY, frame, sizeof(frame));
}

static void report(struct sim_w5500 *chip, const struct sim_w5500_socket *s)
{
    igmp_send(chip, s,
        sim_w55_sn_mr(s, W55_SN_MR_MC) ? IGMP_REPORT_V1 : IGMP_REPORT_V2,
        s->group);
}

void sim_w55_join(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    uint8_t mac[6];

    nif__ipv4_group_hwaddr(peer(s), mac);
    if (!is_group(peer(s)) || memcmp(mac, s->reg + W55_SN_DHAR, 6) != 0) {
        sim_w55_broke(chip, SIM_W5500_R_COMMAND,
            "socket %u: OPEN with MULTI, but DIPR and DHAR are no group",
            s->number);
        return;
    }
    s->group = peer(s);
    report(chip, s);
}

void sim_w55_leave(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    if (s->group != 0 && !sim_w55_sn_mr(s, W55_SN_MR_MC)) {
        igmp_send(chip, s, IGMP_LEAVE, ALL_ROUTERS);
    }
    s->group = 0;
}

void sim_w55_igmp_take(struct sim_w5500 *chip, const struct w55_packet *packet)
{
    const uint8_t *igmp = packet->body;

    if (packet->len < IGMP_LEN || igmp[IGMP_TYPE] != IGMP_QUERY ||
        nif__checksum(0, igmp, packet->len) != 0) {
        return;
    }
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        const struct sim_w5500_socket *s = &chip->socket[n];
        uint32_t group = nif_get_be32(igmp + IGMP_GROUP);

        if (s->group != 0 && (group == 0 || group == s->group)) {
            report(chip, s);
        }
    }
}
