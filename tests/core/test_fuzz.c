// SPDX-License-Identifier: MIT
//
// Mutations of valid frames: bits flipped, bytes replaced, cut, grown, spliced,
// with and without repaired checksums. Nothing may be read or written beyond
// a buffer (the sanitizers see it), and now and then a new stack on the same
// memory must work. A fixed seed; ten times as many with NIF_FULL in the
// environment, or NIF_FUZZ=N of them.

#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES      60000u
#define FRAMES_FULL 3000000u

static struct peer p;
static uint8_t frame[NIF_ETH_FRAME_MAX];

// A die of its own: peer_init() sets the pair's back.
static uint32_t roll(uint32_t limit)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(((state >> 32) * limit) >> 32);
}

static size_t valid(unsigned kind)
{
    static const uint8_t mss[] = { 2, 4, 5, 0xB4 };
    struct pair_seg seg = {
        .src = p.port,
        .dst = p.our_port,
        .seq = p.seq,
        .ack = p.ack,
        .wnd = 8000,
        .flags = ACK,
    };

    switch (kind) {
    case 0: return pair_arp(&p.pair, frame, 1, PAIR_IP0 + 1, PAIR_IP0);
    case 1: return pair_echo(&p.pair, frame, 32);
    case 2: return pair_udp(&p.pair, frame, 5000, 7, "datagram", 8);
    case 3:
        seg.src = (uint16_t)(1024 + roll(100));
        seg.flags = SYN;
        seg.options = mss;
        seg.options_len = sizeof(mss);
        return pair_tcp(&p.pair, frame, &seg);
    default:
        seg.flags = (uint8_t)(ACK | (roll(8) == 0 ? FIN : 0) |
            (roll(16) == 0 ? RST : 0));
        seg.data = "some text";
        seg.len = 9;
        return pair_tcp(&p.pair, frame, &seg);
    }
}

// One change. Returns the new length.
static size_t mutate(size_t len)
{
    static const uint8_t odd[] = { 0, 1, 0x7F, 0x80, 0xFE, 0xFF };
    size_t at = roll((uint32_t)len);

    switch (roll(6)) {
    case 0: frame[at] ^= (uint8_t)(1u << roll(8)); break;
    case 1: frame[at] = odd[roll(sizeof(odd))]; break;
    case 2: frame[at] = (uint8_t)roll(256); break;
    case 3: return at < 14 ? 14 : at;
    case 4: { // twice the same piece
        size_t more = roll(64);

        if (at + 2 * more <= sizeof(frame) && at + more <= len) {
            memmove(frame + at + more, frame + at,
                len - at < more ? len - at : more);
            len = len > at + 2 * more ? len : at + 2 * more;
        }
        break;
    }
    default: // a header's length or offset
        frame[14 + roll(40)] ^= (uint8_t)(1u << roll(8));
        break;
    }
    return len;
}

// Gives a frame that lies at the very end of its memory.
static void inject(size_t len)
{
    uint8_t *exact = malloc(len);

    assert_non_null(exact);
    memcpy(exact, frame, len);
    pair_inject(&p.pair, exact, len);
    pair_clear(&p.pair);
    free(exact);
}

static bool has_sums(size_t len)
{
    const uint8_t *ip = frame + 14;
    size_t header = (size_t)(ip[0] & 15) * 4;
    size_t total = nif_get_be16(ip + 2);

    return len >= 34 && nif_get_be16(frame + 12) == 0x0800 && header >= 20 &&
        total >= header + 20 && total <= len - 14;
}

static void begin(void)
{
    static struct nif_conn udp;
    static uint8_t rx[2000];
    struct nif_endpoint at = { .port = 7 };

    peer_init(&p);
    peer_connect(&p);
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &udp, NIF_UDP,
                         &(struct nif_conn_cfg){ .rx = rx,
                             .rx_cap = sizeof(rx) }),
        0);
    assert_int_equal(nif_conn_bind(&udp, &at), 0);
}

static void no_mutation_does_harm(void **state)
{
    const char *wish = getenv("NIF_FUZZ");
    const char *full = getenv("NIF_FULL");
    unsigned long count = wish ? strtoul(wish, NULL, 10)
        : full && *full        ? FRAMES_FULL
                               : FRAMES;

    (void)state;
    for (unsigned long n = 0; n < count; n++) {
        size_t len;

        if (n % 499 == 0) {
            begin(); // and this has to work each time
        }
        len = valid((unsigned)(n % 8));
        for (uint32_t i = roll(4) + 1; i > 0; i--) {
            len = mutate(len);
        }
        if (n % 2 == 0 && has_sums(len)) {
            pair_resum(frame);
        }
        inject(len);
        if (n % 50 == 0) {
            pair_pass(&p.pair, 300000);
            pair_clear(&p.pair);
        }
    }
    print_message("%lu frames, of the last %lu: %u TCP, %u UDP, %u bad IP\n",
        count, count % 499, p.pair.stack[0].stats.tcp_rx,
        p.pair.stack[0].stats.udp_rx, p.pair.stack[0].stats.ip_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_mutation_does_harm),
    };

    return cmocka_run_group_tests_name("fuzz", tests, NULL, NULL);
}
