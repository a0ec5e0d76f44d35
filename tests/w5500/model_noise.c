// SPDX-License-Identifier: MIT
//
// The W5500 model among hosts and peers that do anything: it may complain, but
// it touches no memory that is not its own, and always comes to an end.

#include "tests/w5500/model_frames.h"

#define STEPS 4000

static unsigned roll(struct bench *b, unsigned limit)
{
    return sim_roll(&b->world, limit);
}

static uint8_t any(struct bench *b)
{
    return (uint8_t)roll(b, 256);
}

// ---- the host

// A command that has a chance to do something.
static void any_command(struct bench *b)
{
    static const uint8_t codes[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x21,
        0x22, 0x40, 0x55 };
    unsigned n = roll(b, 3);

    if (get8(b, REGS(n), 0x03) == 0x00) {
        put8(b, REGS(n), 0x00, (n == 1 ? 1 : roll(b, 6)) | (any(b) & 0xF0u));
        put8(b, REGS(n), 0x01, 0x01);
    } else if (get8(b, REGS(n), 0x03) == 0x13) {
        put8(b, REGS(n), 0x01, codes[1 + roll(b, 2)]);
    } else if (roll(b, 4) == 0) {
        put8(b, REGS(n), 0x01, codes[roll(b, sizeof(codes))]);
    }
}

static void any_bytes(struct bench *b)
{
    uint8_t bytes[40];
    size_t len = roll(b, sizeof(bytes));

    for (size_t i = 0; i < len; i++) {
        bytes[i] = any(b);
    }
    if (len > 2 && roll(b, 4) != 0) { // near the registers
        bytes[0] = 0;
        bytes[1] &= 0x3F;
        bytes[2] &= 0x3F;
    }
    exchange(b, bytes, NULL, len);
}

static void any_data(struct bench *b)
{
    static uint8_t data[3000];
    unsigned n = roll(b, 3);
    size_t len = 1 + roll(b, sizeof(data));

    put(b, 4 * n + 2, get16(b, REGS(n), 0x24), data, len);
    put16(b, REGS(n), 0x24, get16(b, REGS(n), 0x24) + (unsigned)len);
    put8(b, REGS(n), 0x01, 0x20);
}

static void any_reading(struct bench *b)
{
    static uint8_t data[3000];
    unsigned n = roll(b, 3);
    unsigned rd = get16(b, REGS(n), 0x28);
    unsigned len = get16(b, REGS(n), 0x26) + (roll(b, 8) == 0 ? any(b) : 0);

    get(b, 4 * n + 3, rd, data, len < sizeof(data) ? len + 1 : 1);
    put16(b, REGS(n), 0x28, rd + len);
    put8(b, REGS(n), 0x01, 0x40);
}

// ---- the peer

// Speaks with whatever stands in the registers of a socket.
static void any_segment(struct bench *b)
{
    static const uint8_t flags[] = { SYN, SYN | ACK, SYN | ACK, ACK, ACK, ACK,
        ACK | PSH, FIN | ACK, RST, 255 };
    static uint8_t data[1400];
    uint32_t ack = 0;
    uint32_t seq = 1001;

    for (unsigned i = 0; i < b->seen_count; i++) {
        if (seen16(b, i, 12) == 0x0800 && seen8(b, i, 23) == 6) {
            ack = seen32(b, i, 38) + (roll(b, 4) == 0 ? roll(b, 3) : 1);
            seq = seen32(b, i, 42) + (roll(b, 4) == 0 ? roll(b, 2000) : 0);
        }
    }
    tcp_from(b, flags[roll(b, sizeof(flags))], seq, ack, data,
        roll(b, 3) == 0 ? roll(b, sizeof(data)) : 0);
}

static void any_frame(struct bench *b)
{
    static const uint16_t types[] = { 0x0800, 0x0800, 0x0806, 0x86DD };
    static const uint8_t protos[] = { 1, 2, 6, 17, 89 };
    uint8_t frame[200];
    size_t len = 14 + roll(b, sizeof(frame) - 14);

    for (size_t i = 0; i < len; i++) {
        frame[i] = roll(b, 2) == 0 ? 0 : any(b);
    }
    memcpy(frame, roll(b, 2) == 0 ? own_mac : all_macs, 6);
    nif_put_be16(frame + 12, types[roll(b, 4)]);
    if (len > 40) {
        const struct ip_frame ip = { .proto = protos[roll(b, 5)] };

        ip_from(b, &ip, frame + 14, len - 14);
    }
    arrive(b, frame, len);
}

static void step(struct bench *b)
{
    switch (roll(b, 12)) {
    case 0: any_bytes(b); break;
    case 1:
    case 2: any_command(b); break;
    case 3: any_data(b); break;
    case 4: any_reading(b); break;
    case 5:
    case 6: any_segment(b); break;
    case 7: any_frame(b); break;
    case 8:
        udp_from(b, &(struct ip_frame){ .proto = 17 }, 5000, b->seen[0],
            roll(b, 1400));
        break;
    case 9: arp_from(b, 1 + roll(b, 2), PEER_IP, OWN_IP); break;
    case 10: pass_us(b, roll(b, 500000)); break;
    default: pass_us(b, roll(b, 100)); break;
    }
}

static void set_up(struct bench *b)
{
    address(b);
    for (unsigned n = 0; n < 3; n++) {
        put16(b, REGS(n), 0x04, 5000);
        put32(b, REGS(n), 0x0C, PEER_IP);
        put16(b, REGS(n), 0x10, 7);
    }
}

static void quiet(void *arg, uint64_t at_ns, const char *who, const char *what)
{
    (void)arg;
    (void)at_ns;
    (void)who;
    (void)what;
}

static void nothing_that_comes_breaks_the_model(void **state)
{
    const struct sim_w5500_cfg cfg = { .compat = true };

    for (unsigned seed = 0; seed < 10; seed++) {
        struct bench *b = bench_open(&cfg);

        *state = b;
        b->world.on_complaint = quiet;
        b->world.dice += seed;
        set_up(b);
        for (unsigned i = 0; i < STEPS; i++) {
            if (i % 100 == 0 || b->seen_count == SEEN) {
                set_up(b);
                b->seen_count = 0;
            }
            step(b);
        }
        // After a reset it is as new, whatever it went through.
        put8(b, 0, 0x00, 0x80);
        assert_int_equal(get8(b, 0, 0x39), 0x04);
        set_up(b);
        put8(b, 5, 0x00, 0x02);
        command(b, 1, 0x01);
        assert_int_equal(get8(b, 5, 0x03), 0x22);
        udp_from(b, &(struct ip_frame){ .proto = 17 }, 5000, "x", 1);
        assert_int_equal(rsr(b, 1), 9);
        b->world.complaints = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_that_comes_breaks_the_model,
            bench_setup, bench_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
