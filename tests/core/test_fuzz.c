// SPDX-License-Identifier: MIT
//
// Mutations of valid frames: bits flipped, bytes replaced, cut, grown, spliced,
// with and without repaired checksums. Nothing may be read or written beyond
// a buffer (the sanitizers see it), and now and then a new stack on the same
// memory must work. A fixed seed; ten times as many with NIF_FULL in the
// environment, or NIF_FUZZ=N of them. Where in memory a frame lies must change
// nothing: what is quick for aligned headers says the same as what is for all.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES       60000u
#define FRAMES_FULL  3000000u
#define FRAMES_TWICE 20000u
#define SYN_TIME     9 // the timestamp in `all_options`

static struct peer p;
static struct peer twin;
static bool extended; // the connection has agreed on SACK and timestamps
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

// What a segment of such a connection bears: a time, old or new, or none.
static void put_options(struct pair_seg *seg)
{
    static uint8_t stamp[12] = { 1, 1, 8, 10 };

    if (extended && roll(4) != 0) {
        nif_put_be32(stamp + 4, SYN_TIME - 1 + roll(4));
        seg->options = stamp;
        seg->options_len = sizeof(stamp);
    }
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
        put_options(&seg);
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

static void begin(struct peer *peer, struct nif_conn *udp)
{
    static const uint8_t all_options[] = { 2, 4, 5, 0xB4, 4, 2, 8, 10, 0, 0, 0,
        SYN_TIME, 0, 0, 0, 0 };
    static uint8_t rx[2][2000];
    const struct nif_conn_cfg cfg = { .rx = rx[peer == &twin],
        .rx_cap = sizeof(rx[0]) };
    struct nif_endpoint at = { .port = 7 };

    peer_init(peer);
    if (extended) {
        peer_extend(peer, true, true);
        peer->options = all_options;
        peer->options_len = sizeof(all_options);
    }
    peer_connect(peer);
    assert_int_equal(nif_conn_open(&peer->pair.stack[0].stack, udp, NIF_UDP,
                         &cfg),
        0);
    assert_int_equal(nif_conn_bind(udp, &at), 0);
}

// One of the valid kinds, changed so many times.
static size_t next_frame(unsigned long n, uint32_t changes)
{
    size_t len = valid((unsigned)(n % 8));

    for (; changes > 0; changes--) {
        len = mutate(len);
    }
    if (n % 2 == 0 && has_sums(len)) {
        pair_resum(frame);
    }
    return len;
}

// Reads and sends a little on both connections, and lets the next segments
// follow what has come and gone.
static void keep_talking(void)
{
    static uint8_t text[2][100];
    int got = nif_conn_recv(p.conn, text[0], sizeof(text[0]), NULL);

    assert_int_equal(nif_conn_recv(twin.conn, text[1], sizeof(text[1]), NULL),
        got);
    assert_memory_equal(text[0], text[1], sizeof(text[0]));
    assert_int_equal(nif_conn_send(p.conn, text[0], 30, NULL),
        nif_conn_send(twin.conn, text[0], 30, NULL));
    p.seq = nif__tcp_of(p.conn)->rcv_nxt;
    p.ack = nif__tcp_of(p.conn)->snd_max;
}

// Both stacks have sent the same frames, counted the same, and have the same
// to read.
static void compare(unsigned long n, struct nif_conn udp[2])
{
    static uint8_t sent[2][NIF_ETH_FRAME_MAX];
    struct nif_endpoint from[2];
    size_t len;
    int got;

    do {
        len = pair_take(&p.pair, sent[0]);
        if (pair_take(&twin.pair, sent[1]) != len ||
            memcmp(sent[0], sent[1], len) != 0) {
            fail_msg("frame %lu is answered in two ways", n);
        }
    } while (len > 0);
    if (memcmp(&p.pair.stack[0].stats, &twin.pair.stack[0].stats,
            sizeof(struct nif_tcpip_stats)) != 0) {
        fail_msg("frame %lu is counted in two ways", n);
    }
    got = nif_conn_recv(&udp[0], sent[0], sizeof(sent[0]), &from[0]);
    assert_int_equal(nif_conn_recv(&udp[1], sent[1], sizeof(sent[1]), &from[1]),
        got);
    if (got >= 0) {
        assert_memory_equal(sent[0], sent[1], (size_t)got);
        assert_true(nif_ip_equal(&from[0].ip, &from[1].ip));
        assert_int_equal(from[0].port, from[1].port);
        assert_int_equal(nif_conn_send(&udp[0], sent[0], (size_t)got, &from[0]),
            nif_conn_send(&udp[1], sent[0], (size_t)got, &from[0]));
    }
}

static void where_a_frame_lies_changes_nothing(void **state)
{
    static struct nif_conn udp[2];

    (void)state;
    for (unsigned long n = 0; n < FRAMES_TWICE; n++) {
        size_t len;

        if (n % 499 == 0) {
            extended = !extended;
            begin(&p, &udp[0]);
            begin(&twin, &udp[1]);
        }
        p.pair.dev[0].place = 2; // aligned
        twin.pair.dev[0].place = 1 + 2 * (unsigned)(n % 2);
        len = next_frame(n, roll(3));
        pair_inject(&p.pair, frame, len);
        pair_inject(&twin.pair, frame, len);
        if (n % 50 == 0) {
            pair_pass(&p.pair, 300000);
            pair_pass(&twin.pair, 300000);
        }
        compare(n, udp);
        keep_talking();
    }
}

static void no_mutation_does_harm(void **state)
{
    static struct nif_conn udp;
    const char *wish = getenv("NIF_FUZZ");
    const char *full = getenv("NIF_FULL");
    unsigned long count = wish ? strtoul(wish, NULL, 10)
        : full && *full        ? FRAMES_FULL
                               : FRAMES;

    (void)state;
    for (unsigned long n = 0; n < count; n++) {
        size_t len;

        if (n % 499 == 0) {
            extended = !extended;
            begin(&p, &udp); // and this has to work each time
        }
        len = next_frame(n, roll(4) + 1);
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
        cmocka_unit_test(where_a_frame_lies_changes_nothing),
    };

    return cmocka_run_group_tests_name("fuzz", tests, NULL, NULL);
}
