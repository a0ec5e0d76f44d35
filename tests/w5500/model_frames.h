// SPDX-License-Identifier: MIT
//
// Frames of a peer, byte by byte, for the W5500 model: 02:00:00:00:00:09,
// 192.0.2.1. Nothing of the stack is used to make them.

#ifndef TESTS_W5500_MODEL_FRAMES_H
#define TESTS_W5500_MODEL_FRAMES_H

#include "tests/w5500/model_bench.h"

#define OWN_IP  0xC0000202u
#define PEER_IP 0xC0000201u

enum { SYN = 2, RST = 4, PSH = 8, ACK = 16, FIN = 1 };

/// An ARP packet from the peer's card: `oper` 1 asks, 2 answers.
void arp_from(struct bench *b, unsigned oper, uint32_t from, uint32_t to);

/// An IPv4 packet from the peer. `to_mac` NULL: the chip's card.
struct ip_frame {
    const uint8_t *to_mac;
    uint32_t from; ///< 0: PEER_IP
    uint32_t to;   ///< 0: OWN_IP
    uint8_t proto;
    uint16_t fragment;
};

void ip_from(struct bench *b, const struct ip_frame *ip, const uint8_t *body,
    size_t len);

/// A datagram from port 7.
void udp_from(struct bench *b, const struct ip_frame *ip, unsigned port,
    const void *data, size_t len);

/// A segment from port 7 to port 5000, window 8192.
void tcp_from(struct bench *b, unsigned flags, uint32_t seq, uint32_t ack,
    const void *data, size_t len);

/// A SYN with these options, a multiple of four bytes.
void syn_from(struct bench *b, unsigned flags, uint32_t ack,
    const uint8_t *options, size_t len);

/// An echo request with `len` bytes of data.
void ping_from(struct bench *b, uint32_t to, size_t len);

/// Big-endian numbers of a frame that the chip has sent.
unsigned seen8(const struct bench *b, unsigned frame, unsigned at);
unsigned seen16(const struct bench *b, unsigned frame, unsigned at);
uint32_t seen32(const struct bench *b, unsigned frame, unsigned at);

/// True if the sums of IP and what is in it hold.
bool seen_sound(const struct bench *b, unsigned frame);

#endif
