// SPDX-License-Identifier: MIT
//
// Frames from 192.0.2.2 (02:00:00:00:00:02) to 192.0.2.1 (…:01), made by
// hand, and the look at what comes back: no figure is printed for a reply
// that was not one.

#ifndef BENCH_STACK_FRAMES_H
#define BENCH_STACK_FRAMES_H

#include "bench/stack/wire.h"

/// Writes a frame with `len` bytes of payload into `out` (of
/// NIF_ETH_FRAME_MAX bytes); returns the frame's length.
size_t frames_udp(uint8_t *out, uint16_t port, size_t len);
size_t frames_udp_broadcast(uint8_t *out, uint16_t port, size_t len);
size_t frames_ping(uint8_t *out, size_t len);

/// A question for the address of `to` (its last byte) by the other one.
size_t frames_arp(uint8_t *out, uint8_t to);

/// True if the frame answers: the same payload, right addresses and sums.
bool frames_udp_answers(const struct wire_slot *frame, size_t len);
bool frames_ping_answers(const struct wire_slot *frame, size_t len);
bool frames_arp_answers(const struct wire_slot *frame);

#endif
