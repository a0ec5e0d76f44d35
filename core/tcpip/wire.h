// SPDX-License-Identifier: MIT
//
// Where things lie in a frame: offsets from the start of each header, and
// the numbers that stand there; and the headers that we build.

#ifndef CORE_TCPIP_WIRE_H
#define CORE_TCPIP_WIRE_H

#include "nif/base.h"

#include "sums.h"

// Ethernet II.
enum {
    ETH_DST = 0,
    ETH_SRC = 6,
    ETH_TYPE = 12,
    ETH_LEN = 14,

    ETH_TYPE_IPV4 = 0x0800,
    ETH_TYPE_ARP = 0x0806,
};

// ARP for IPv4 over Ethernet, RFC 826.
enum {
    ARP_HTYPE = 0,
    ARP_PTYPE = 2,
    ARP_HLEN = 4,
    ARP_PLEN = 5,
    ARP_OPER = 6,
    ARP_SHA = 8,
    ARP_SPA = 14,
    ARP_THA = 18,
    ARP_TPA = 24,
    ARP_LEN = 28,

    ARP_HTYPE_ETHERNET = 1,
    ARP_REQUEST = 1,
    ARP_REPLY = 2,
};

// IPv4, RFC 791.
enum {
    IPV4_VERSION_IHL = 0,
    IPV4_TOS = 1,
    IPV4_TOTAL = 2,
    IPV4_ID = 4,
    IPV4_FRAGMENT = 6,
    IPV4_TTL = 8,
    IPV4_PROTO = 9,
    IPV4_SUM = 10,
    IPV4_SRC = 12,
    IPV4_DST = 16,
    IPV4_LEN = 20,

    IPV4_MORE_OR_OFFSET = 0x3FFF,
    IPV4_MORE = 0x2000,
    IPV4_OFFSET = 0x1FFF, // in units of 8 bytes
    IPV4_TOTAL_MAX = 65535,
    IPV4_PROTO_IGMP = 2,
    IPV4_DONT_FRAGMENT = 0x4000,
    IPV4_PROTO_ICMP = 1,
    IPV4_PROTO_TCP = 6,
    IPV4_PROTO_UDP = 17,
    IPV4_TTL_DEFAULT = 64,

    IPV4_OPT_END = 0,
    IPV4_OPT_NOP = 1,
    IPV4_OPT_LSRR = 131,
    IPV4_OPT_SSRR = 137,
};

// ICMP, RFC 792.
enum {
    ICMP_TYPE = 0,
    ICMP_CODE = 1,
    ICMP_SUM = 2,
    ICMP_REST = 4,
    ICMP_MTU = 6,
    ICMP_LEN = 8,
    ICMP_QUOTE = 8, // bytes behind the offending header

    ICMP_ECHO_REPLY = 0,
    ICMP_UNREACHABLE = 3,
    ICMP_REDIRECT = 5,
    ICMP_ECHO = 8,
    ICMP_TIME_EXCEEDED = 11,
    ICMP_PARAMETER = 12,
    ICMP_CODE_PROTOCOL = 2,
    ICMP_CODE_PORT = 3,
    ICMP_CODE_TOO_BIG = 4,
    ICMP_CODE_REASSEMBLY = 1,
    ICMP_REDIRECT_CODES = 4, // network, host, and both for a type of service
};

// UDP, RFC 768.
enum {
    UDP_SRC = 0,
    UDP_DST = 2,
    UDP_TOTAL = 4,
    UDP_SUM = 6,
    UDP_LEN = 8,
};

// TCP, RFC 9293.
enum {
    TCP_SRC = 0,
    TCP_DST = 2,
    TCP_SEQ = 4,
    TCP_ACK = 8,
    TCP_OFFSET = 12,
    TCP_FLAGS = 13,
    TCP_WINDOW = 14,
    TCP_SUM = 16,
    TCP_URGENT = 18,
    TCP_LEN = 20,
    TCP_LEN_MAX = 60,

    TCP_FLAG_FIN = 0x01,
    TCP_FLAG_SYN = 0x02,
    TCP_FLAG_RST = 0x04,
    TCP_FLAG_PSH = 0x08,
    TCP_FLAG_ACK = 0x10,

    TCP_OPT_END = 0,
    TCP_OPT_NOP = 1,
    TCP_OPT_MSS = 2,
    TCP_OPT_MSS_LEN = 4,
    TCP_OPT_SCALE = 3, // RFC 7323
    TCP_OPT_SCALE_LEN = 3,
    TCP_OPT_SACK_OK = 4, // RFC 2018
    TCP_OPT_SACK_OK_LEN = 2,
    TCP_OPT_SACK = 5,
    TCP_OPT_STAMP = 8, // RFC 7323
    TCP_OPT_STAMP_LEN = 10,

    TCP_MSS_DEFAULT = 536, // RFC 9293 3.7.1
    TCP_MSS_LEAST = 64,    // below it, headers eat the link
};

/// The headers of a packet to send, two bytes behind a word's border, so that
/// IP's and what follows it begin at one. The first line is the caller's.
struct nif__head {
    uint32_t dst;
    uint8_t proto;
    uint8_t ttl;
    uint8_t tos;
    uint8_t body_len; ///< of the header behind the IPv4 header
    uint32_t word[(2 + ETH_LEN + IPV4_LEN) / 4];
};

/// Where a frame's first byte and IPv4's header are in nif__head.word.
#define NIF__HEAD_AT 2
#define NIF__HEAD_IP ((2 + ETH_LEN) / 4)

/// The Ethernet header.
static inline uint8_t *nif__head_ether(struct nif__head *head)
{
    return (uint8_t *)head->word + NIF__HEAD_AT;
}

/// Makes the aligned IPv4 header `h` of an echo request to `own` that of its
/// reply: only the ends change places, and the time to live is another, so that
/// the rest of its sum holds (RFC 1624).
static inline void nif__turn_head(uint8_t *h, uint32_t own)
{
    uint16_t old = nif__half(h + IPV4_TTL);
    uint16_t now = nif__be16(IPV4_TTL_DEFAULT << 8 | IPV4_PROTO_ICMP);
    uint32_t sum = (uint16_t)~nif__half(h + IPV4_SUM);

    nif__put_half(h + IPV4_TTL, now);
    nif__put_half(h + IPV4_SUM,
        nif__raw_end(sum + now + (uint32_t)(uint16_t)~old));
    nif__put_word(h + IPV4_DST, nif__word(h + IPV4_SRC));
    nif__put_word(h + IPV4_SRC, nif__be32(own));
}

#endif
