// SPDX-License-Identifier: MIT
//
// Calls of the chip's socket 0 to a peer of frames.

#include "tests/w5500/model_call.h"

unsigned sr(struct bench *b)
{
    return get8(b, 5, 0x03);
}

unsigned last(const struct bench *b)
{
    assert_true(b->seen_count > 0);
    return b->seen_count - 1;
}

unsigned flags(const struct bench *b, unsigned frame)
{
    assert_true(seen_sound(b, frame));
    return seen8(b, frame, 47);
}

void open_tcp(struct bench *b)
{
    address(b);
    put16(b, 5, 0x04, 5000);
    put32(b, 5, 0x0C, PEER_IP);
    put16(b, 5, 0x10, 7);
    put8(b, 5, 0x00, 0x01);
    command(b, 1, 0x01);
}

uint32_t call(struct bench *b)
{
    open_tcp(b);
    command(b, 1, 0x04);
    pass_us(b, 10);
    assert_int_equal(sr(b), 0x15);
    assert_int_equal(seen16(b, 0, 12), 0x0806);
    b->seen_count = 0;
    arp_from(b, 2, PEER_IP, OWN_IP);
    pass_us(b, 10);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(flags(b, 0), SYN);
    return seen32(b, 0, 38) + 1;
}

uint32_t establish(struct bench *b)
{
    uint32_t seq = call(b);

    tcp_from(b, SYN | ACK, 1000, seq, NULL, 0);
    pass_us(b, 20);
    assert_int_equal(sr(b), 0x17);
    put8(b, 5, 0x02, 0xFF);
    b->seen_count = 0;
    return seq;
}
