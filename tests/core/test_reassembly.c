// SPDX-License-Identifier: MIT
//
// Packets longer than a frame: put together, and sent in fragments.

#include "tests/core/pair.h"

#include "nif/reassembly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull
#define SLOTS  4
#define EACH   NIF_REASSEMBLY_MAX
#define MOST   65507u

static struct pair p;
static struct nif_reassembly reassembly;
static struct nif_reassembly_slot slots[SLOTS];
static struct nif_fragment fragment;
static _Alignas(4) uint8_t memory[SLOTS * NIF_REASSEMBLY_BYTES(EACH)];
static struct nif_conn c;
static uint8_t rx[70000];
static uint8_t tx[70000];
static uint8_t got[70000];
static uint8_t whole[68000]; // an IPv4 payload
static uint8_t back[66000];  // another, put together by hand
static uint8_t in[NIF_ETH_FRAME_MAX];
static uint8_t out[NIF_ETH_FRAME_MAX];

static struct nif_tcpip_stats *stats(void)
{
    return &p.stack[0].stats;
}

static void start(size_t count, size_t each)
{
    const struct nif_endpoint local = { .port = 7 };
    const struct nif_conn_cfg rings = { rx, sizeof(rx), tx, sizeof(tx) };

    pair_init_single(&p, 31);
    nif_reassembly_init(&reassembly,
        &(struct nif_reassembly_cfg){ .slots = slots,
            .count = count,
            .buf = memory,
            .each = each });
    nif_fragment_init(&fragment);
    p.parts.reassembly = &reassembly;
    p.parts.fragment = &fragment;
    pair_restart(&p, 31);
    pair_inject(&p, in, pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0));
    pair_clear(&p);
    assert_int_equal(nif_conn_open(&p.stack[0].stack, &c, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_bind(&c, &local), 0);
}

static int setup(void **state)
{
    (void)state;
    start(SLOTS, EACH);
    return 0;
}

static uint16_t sum(uint32_t s, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        s += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
    }
    while (s >> 16) {
        s = (s & 0xFFFF) + (s >> 16);
    }
    return (uint16_t)s;
}

// A datagram of `len` bytes for port 7, sum and all, in `whole`. Returns its
// length as an IPv4 payload.
static size_t make_udp(size_t len)
{
    uint32_t pseudo = (PAIR_IP0 >> 16) + (PAIR_IP0 & 0xFFFF) +
        (PAIR_IP1 >> 16) + (PAIR_IP1 & 0xFFFF) + 17 + 8 + (uint32_t)len;

    memset(whole, 0, 8);
    nif_put_be16(whole, 5000);
    nif_put_be16(whole + 2, 7);
    nif_put_be16(whole + 4, (uint16_t)(8 + len));
    for (size_t i = 0; i < len; i++) {
        whole[8 + i] = (uint8_t)(i * 31 + (i >> 8));
    }
    nif_put_be16(whole + 6, (uint16_t)~sum(pseudo, whole, 8 + len));
    return 8 + len;
}

static size_t make_echo(size_t len)
{
    memset(whole, 0, 8);
    whole[0] = 8;
    for (size_t i = 0; i < len; i++) {
        whole[8 + i] = (uint8_t)(i * 13 + (i >> 8));
    }
    nif_put_be16(whole + 2, (uint16_t)~sum(0, whole, 8 + len));
    return 8 + len;
}

struct frag {
    uint32_t src; // 0: PAIR_IP1
    uint16_t id;
    uint8_t proto; // 0: UDP
    bool more;
    size_t at;
    size_t len;
};

static void say(const struct frag *f)
{
    const struct pair_ip ip = {
        .src = f->src != 0 ? f->src : PAIR_IP1,
        .dst = PAIR_IP0,
        .proto = f->proto != 0 ? f->proto : 17,
    };
    size_t len;
    uint8_t *h = in + 14;

    memcpy(in + 34, whole + f->at, f->len);
    len = pair_wrap(&p, in, &ip, f->len);
    memcpy(in + 34, whole + f->at, f->len); // without a sum of its own
    nif_put_be16(h + 4, f->id);
    nif_put_be16(h + 6, (uint16_t)(f->at / 8 | (f->more ? 0x2000 : 0)));
    nif_put_be16(h + 10, 0);
    nif_put_be16(h + 10, (uint16_t)~sum(0, h, 20));
    pair_inject(&p, in, len);
}

// All of `whole`, in fragments of 1480, in an order by `step`.
static void say_all(uint8_t proto, uint16_t id, size_t len, size_t step)
{
    size_t count = (len + 1479) / 1480;

    for (size_t k = 0; k < count; k++) {
        size_t i = k * step % count;
        size_t at = i * 1480;
        size_t left = len - at;

        say(&(struct frag){ .id = id,
            .proto = proto,
            .at = at,
            .len = left < 1480 ? left : 1480,
            .more = left > 1480 });
    }
}

static int recv_len(void)
{
    return nif_conn_recv(&c, got, sizeof(got), NULL);
}

// ------------------------------------------------------------ put together

// RFC 791 3.2
// RFC 1122 3.3.2
static void a_datagram_comes_together_in_any_order(void **state)
{
    static const size_t lens[] = { 1473, 2952, 2953, 9000, 20000, MOST };
    static const size_t steps[] = { 1, 7, 11 };
    uint16_t id = 0;

    (void)state;
    for (size_t i = 0; i < nif_countof(lens); i++) {
        for (size_t k = 0; k < nif_countof(steps); k++) {
            size_t len = make_udp(lens[i]);

            if (((len + 1479) / 1480) % steps[k] == 0 && steps[k] != 1) {
                continue;
            }
            say_all(17, id++, len, steps[k]);
            assert_int_equal(recv_len(), lens[i]);
            assert_memory_equal(got, whole + 8, lens[i]);
        }
    }
    assert_int_equal(stats()->ip_frag_rx, id);
    assert_int_equal(stats()->ip_fragment, 0);
    // Backwards, too.
    make_udp(3000);
    say(&(struct frag){ .id = 99, .at = 2960, .len = 48 });
    say(&(struct frag){ .id = 99, .at = 1480, .len = 1480, .more = true });
    say(&(struct frag){ .id = 99, .at = 0, .len = 1480, .more = true });
    assert_int_equal(recv_len(), 3000);
}

static void packets_are_told_apart_by_id_source_and_protocol(void **state)
{
    size_t len = make_udp(20);

    (void)state;
    say(&(struct frag){ .id = 1, .len = 16, .more = true });
    say(&(struct frag){ .id = 2, .at = 16, .len = len - 16 });
    say(&(struct frag){ .id = 1, .src = 0xC0000203, .at = 16, .len = 12 });
    say(&(struct frag){ .id = 1, .proto = 1, .at = 16, .len = 12 });
    assert_int_equal(recv_len(), NIF_EAGAIN);
    assert_int_equal(stats()->ip_frag_lost, 1); // its own quota: two
    say(&(struct frag){ .id = 2, .len = 16, .more = true });
    assert_int_equal(recv_len(), 20);
}

// RFC 1858 RFC 5722
// CVE-2018-5391 CVE-2020-17438
static void what_overlaps_or_contradicts_is_dropped_whole(void **state)
{
    static const struct {
        const char *what;
        struct frag f[4];
        bool arrives;
    } cases[] = {
        { "teardrop: the end inside what is there",
            { { .len = 48, .more = true }, { .at = 24, .len = 8 } }, false },
        { "half over the end of another",
            { { .len = 48, .more = true },
                { .at = 40, .len = 16, .more = true },
                { .at = 56, .len = 52 } },
            false },
        { "half over the start of another",
            { { .at = 48, .len = 60 }, { .len = 56, .more = true } }, false },
        { "around another",
            { { .at = 16, .len = 16, .more = true },
                { .len = 56, .more = true }, { .at = 56, .len = 52 } },
            false },
        { "two ends",
            { { .at = 48, .len = 52 }, { .at = 48, .len = 60 },
                { .len = 48, .more = true } },
            false },
        { "more behind the end",
            { { .at = 48, .len = 60 }, { .at = 112, .len = 8, .more = true },
                { .len = 48, .more = true } },
            false },
        { "an end before what is there",
            { { .at = 56, .len = 8, .more = true }, { .at = 48, .len = 4 },
                { .len = 48, .more = true } },
            false },
        { "an exact repetition",
            { { .len = 48, .more = true }, { .len = 48, .more = true },
                { .at = 48, .len = 60 } },
            true },
        { "a repeated end",
            { { .at = 48, .len = 60 }, { .at = 48, .len = 60 },
                { .len = 48, .more = true } },
            true },
        { "a piece of what is there",
            { { .len = 48, .more = true }, { .at = 8, .len = 8, .more = true },
                { .at = 48, .len = 60 } },
            true },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        setup(state);
        make_udp(100);
        for (size_t k = 0; k < 4 && cases[i].f[k].len > 0; k++) {
            say(&cases[i].f[k]);
        }
        if ((recv_len() == 100) != cases[i].arrives) {
            fail_msg("%s: %s", cases[i].what,
                cases[i].arrives ? "did not arrive" : "arrived");
        }
    }
}

// CVE-1999-0128 CVE-2020-11896 CVE-2020-17438
static void pieces_that_cannot_be_are_dropped(void **state)
{
    static const struct frag cases[] = {
        { .at = 65528, .len = 8, .more = true }, // ping of death
        { .at = 65512, .len = 1000 },
        { .at = 65512, .len = 8, .more = true },
        { .at = 65512, .len = 4 },
        { .at = 8, .len = 7, .more = true }, // not in units of 8
        { .at = 8, .len = 0 },
        { .at = 0, .len = 0, .more = true },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        setup(state);
        say(&cases[i]);
        assert_int_equal(stats()->ip_fragment, 1);
        assert_int_equal(slots[0].state, 0);
        make_udp(20); // and what had begun is over
        say(&(struct frag){ .len = 8, .more = true });
        say(&cases[i]);
        say(&(struct frag){ .at = 8, .len = 20 });
        assert_int_equal(recv_len(), NIF_EAGAIN);
        assert_int_equal(stats()->ip_frag_lost, 1);
    }
    setup(state); // the longest that can be
    say(&(struct frag){ .at = 65512, .len = 3 });
    assert_int_equal(stats()->ip_fragment, 0);
}

static void what_is_too_long_for_the_memory_is_dropped(void **state)
{
    static const size_t eachs[] = { 4000, 4001, 4004, 4007 };

    (void)state;
    for (size_t i = 0; i < nif_countof(eachs); i++) {
        start(2, eachs[i]);
        memset(memory + 2 * NIF_REASSEMBLY_BYTES(eachs[i]), 0xEE, 64);
        say_all(17, 1, make_udp(eachs[i] - 8), 1);
        assert_int_equal(recv_len(), eachs[i] - 8);
        say_all(17, 2, make_udp(eachs[i] - 7), 1);
        assert_int_equal(recv_len(), NIF_EAGAIN);
        for (size_t k = 0; k < 64; k++) {
            assert_int_equal(memory[2 * NIF_REASSEMBLY_BYTES(eachs[i]) + k],
                0xEE);
        }
    }
}

// RFC 1122 3.3.2
static void what_stays_unfinished_is_given_up_and_its_sender_told(void **state)
{
    uint8_t copy[NIF_ETH_FRAME_MAX];

    (void)state;
    make_udp(3000);
    say(&(struct frag){ .id = 5, .len = 1480, .more = true });
    pair_pass(&p, 30 * SECOND - 1000);
    assert_int_equal(p.dev[1].queued, 0);
    pair_pass(&p, 2000);
    assert_int_equal(pair_take(&p, out), 70);
    assert_memory_equal(out, p.dev[1].hwaddr.byte, 6);
    assert_int_equal(nif_get_be16(out + 34), 0x0B01);
    assert_int_equal(nif_get_be16(out + 42 + 4), 5);
    assert_memory_equal(out + 42 + 12, in + 26, 8);
    assert_memory_equal(out + 42 + 20, whole, 8);
    memcpy(copy, out, 70);
    pair_resum(copy);
    assert_memory_equal(copy, out, 70);
    // Without its beginning nobody could tell which it was.
    say(&(struct frag){ .id = 6, .at = 1480, .len = 1480, .more = true });
    pair_pass(&p, 31 * SECOND);
    assert_int_equal(p.dev[1].queued, 0);
    assert_int_equal(stats()->ip_frag_lost, 2);
    assert_true(nif_stack_poll(&p.stack[0].stack) > p.now_us + 60 * SECOND);
}

// CVE-2018-5391
static void a_flood_of_one_source_leaves_room_for_others(void **state)
{
    (void)state;
    make_udp(100);
    say(&(struct frag){ .src = PAIR_IP1 + 5, .len = 48, .more = true });
    for (uint16_t id = 0; id < 10000; id++) {
        say(&(struct frag){ .id = id, .at = 8, .len = 8, .more = true });
    }
    // Began before the flood, ends after it; the sum knows another source.
    nif_put_be16(whole + 6, 0);
    say(&(struct frag){ .src = PAIR_IP1 + 5, .at = 48, .len = 60 });
    assert_int_equal(stats()->ip_frag_rx, 1);
    say_all(17, 11111, make_udp(3000), 1);
    assert_int_equal(stats()->ip_frag_rx, 2);
}

static void
a_flood_of_many_sources_does_not_stop_what_comes_at_once(void **state)
{
    size_t len = make_udp(3000);
    uint16_t id = 0;

    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        say(&(struct frag){ .src = 0xC0000203 + i % 240,
            .id = id++,
            .at = 8,
            .len = 8,
            .more = true });
        if (i % 100 == 0) {
            say_all(17, 50000, len, 1);
            assert_int_equal(recv_len(), 3000);
        }
    }
}

// 8-byte pieces with gaps: more holes than honest disorder makes.
static void a_packet_full_of_holes_is_given_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < 200; i++) {
        say(&(struct frag){ .id = 1, .at = i * 16, .len = 8, .more = true });
    }
    assert_true(stats()->ip_frag_lost >= 1);
    say_all(17, 2, make_udp(3000), 1);
    assert_int_equal(recv_len(), 3000);
}

static void without_the_part_fragments_are_dropped(void **state)
{
    (void)state;
    p.parts.reassembly = NULL;
    p.parts.fragment = NULL;
    pair_restart(&p, 31);
    assert_int_equal(p.stack[0].stack.caps.datagram_max, 1472);
    say_all(17, 1, make_udp(3000), 1);
    assert_int_equal(stats()->ip_fragment, 3);
}

// ------------------------------------------------------------- in fragments

// Takes what the stack sends, polls it on, and puts one packet together.
// Returns its length.
static size_t hear(void)
{
    size_t end = 0;
    size_t have = 0;

    for (unsigned i = 0; i < 2000 && (end == 0 || have < end); i++) {
        size_t len = pair_take(&p, out);
        const uint8_t *h = out + 14;
        size_t at;

        if (len == 0) {
            pair_pass(&p, 100);
            continue;
        }
        assert_int_equal(nif_get_be16(out + 12), 0x0800);
        assert_int_equal(sum(0, h, 20), 0xFFFF);
        at = (size_t)(nif_get_be16(h + 6) & 0x1FFF) * 8;
        assert_int_equal(at, have); // in order
        memcpy(back + at, h + 20, nif_get_be16(h + 2) - 20u);
        have += nif_get_be16(h + 2) - 20u;
        if (!(nif_get_be16(h + 6) & 0x2000)) {
            end = have;
        }
    }
    return end;
}

// RFC 1122 3.2.2.6 3.3.3
static void an_echo_of_any_length_comes_back(void **state)
{
    static const size_t lens[] = { 1473, 1480, 2952, 4000, MOST };

    (void)state;
    for (size_t i = 0; i < nif_countof(lens); i++) {
        size_t len = make_echo(lens[i]);

        p.dev[0].refill = i % 2 == 0 ? 1000 : 2; // a device with little room
        say_all(1, (uint16_t)i, len, 1);
        assert_int_equal(hear(), len);
        assert_int_equal(back[0], 0);
        assert_memory_equal(back + 4, whole + 4, len - 4);
        assert_int_equal(sum(0, back, len), 0xFFFF);
    }
    assert_null(fragment.body);
    assert_int_equal(slots[0].state, 0);
}

static void a_reply_that_finds_no_room_gives_its_memory_back(void **state)
{
    (void)state;
    p.dev[0].room = 0;
    p.dev[0].refill = 0;
    say_all(1, 1, make_echo(4000), 1);
    say_all(1, 2, make_echo(4000), 1); // one at a time
    assert_int_equal(stats()->hold_drop, 1);
    pair_pass(&p, SECOND / 2);
    assert_int_equal(slots[0].state, 2);
    p.now_us += SECOND;
    pair_pass(&p, 1000);
    assert_int_equal(slots[0].state, 0);
    p.dev[0].refill = 100;
    say_all(1, 3, make_echo(4000), 1);
    assert_int_equal(hear(), 4008);
}

// RFC 1122 3.3.3 4.1.4
static void a_datagram_longer_than_a_frame_goes_in_fragments(void **state)
{
    static const size_t lens[] = { 1473, 3000, 30000, MOST };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000 };

    (void)state;
    assert_int_equal(p.stack[0].stack.caps.datagram_max, MOST);
    for (size_t i = 0; i < nif_countof(lens); i++) {
        size_t len = make_udp(lens[i]);
        uint32_t pseudo = (PAIR_IP0 >> 16) + (PAIR_IP0 & 0xFFFF) +
            (PAIR_IP1 >> 16) + (PAIR_IP1 & 0xFFFF) + 17 + (uint32_t)len;

        p.dev[0].refill = i % 2 == 0 ? 1000 : 2;
        assert_int_equal(nif_conn_send(&c, whole + 8, lens[i], &to), lens[i]);
        assert_int_equal(hear(), len);
        assert_memory_equal(back + 8, whole + 8, lens[i]);
        assert_int_equal(nif_get_be16(back + 4), len);
        assert_int_equal(sum(pseudo, back, len), 0xFFFF);
    }
    assert_int_equal(nif_conn_send(&c, whole, MOST + 1, &to), NIF_ETOOBIG);
    c.cfg.tx_cap = 2000; // does not hold it
    assert_int_equal(nif_conn_send(&c, whole, 3000, &to), NIF_ETOOBIG);
}

static void datagrams_and_an_echo_at_a_time_stay_apart(void **state)
{
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000 };
    unsigned whole_ones = 0;
    unsigned last_ones = 0;

    (void)state;
    p.dev[0].refill = 1;
    p.dev[0].room = 1;
    say_all(1, 1, make_echo(9000), 1);
    assert_int_equal(nif_conn_send(&c, whole, 9000, &to), 9000);
    assert_int_equal(nif_conn_send(&c, whole, 8000, &to), 8000);
    for (unsigned i = 0; i < 3; i++) {
        (void)!nif_conn_send(&c, "small", 5, &to);
        pair_pass(&p, 10000);
    }
    while (pair_take(&p, out) != 0) {
        uint16_t field = nif_get_be16(out + 20);

        whole_ones += field == 0;
        last_ones += field != 0 && !(field & 0x2000);
    }
    assert_int_equal(whole_ones, 3);
    assert_int_equal(last_ones, 3);
    assert_int_equal(stats()->udp_tx, 5);
}

// The way both ends would use it: every byte there and back.
static void two_stacks_exchange_the_longest_datagram(void **state)
{
    static struct nif_reassembly other;
    static struct nif_reassembly_slot other_slot[1];
    static _Alignas(4) uint8_t other_memory[NIF_REASSEMBLY_BYTES(EACH)];
    static struct nif_conn d;
    static uint8_t d_rx[70000];
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000 };
    const struct nif_conn_cfg cfg = { .rx = d_rx, .rx_cap = sizeof(d_rx) };

    (void)state;
    nif_reassembly_init(&other,
        &(struct nif_reassembly_cfg){ .slots = other_slot,
            .count = 1,
            .buf = other_memory,
            .each = EACH });
    pair_init(&p, 3);
    p.parts.reassembly = &other;
    p.parts.fragment = &fragment;
    pair_restart(&p, 3);
    assert_int_equal(nif_conn_open(&p.stack[1].stack, &d, NIF_UDP, &cfg), 0);
    assert_int_equal(nif_conn_bind(&d, &(struct nif_endpoint){ .port = 5000 }),
        0);
    assert_int_equal(nif_conn_open(&p.stack[0].stack, &c, NIF_UDP,
                         &(struct nif_conn_cfg){ .tx = tx,
                             .tx_cap = sizeof(tx) }),
        0);
    make_udp(MOST);
    assert_int_equal(nif_conn_send(&c, whole + 8, MOST, &to), MOST);
    pair_pass(&p, SECOND);
    assert_int_equal(nif_conn_recv(&d, got, sizeof(got), NULL), MOST);
    assert_memory_equal(got, whole + 8, MOST);
}

// A fixed sample; 65,000 with NIF_FULL in the environment.
static void mutations_of_fragments_do_no_harm(void **state)
{
    const char *full = getenv("NIF_FULL");
    unsigned count = full != NULL && *full != 0 ? 65000 : 3000;

    (void)state;
    start(2, 5000);
    for (unsigned n = 0; n < count; n++) {
        size_t at = pair_roll(&p, 700) * 8;
        struct frag f = {
            .id = (uint16_t)pair_roll(&p, 3),
            .proto = pair_roll(&p, 2) == 0 ? 1 : 17,
            .at = at,
            .len = 1 + pair_roll(&p, 1480),
            .more = pair_roll(&p, 3) != 0,
        };

        if (pair_roll(&p, 2) == 0) {
            f.at = pair_roll(&p, 4) * 1480;
            f.len = 1480;
        } else if (f.more) {
            f.len = (f.len + 7) & ~(size_t)7;
        }
        say(&f);
        if (n % 64 == 0) {
            pair_pass(&p, pair_roll(&p, 20000000));
            pair_clear(&p);
            (void)recv_len();
        }
    }
    pair_pass(&p, 40 * SECOND);
    say_all(17, 77, make_udp(3000), 1);
    while (recv_len() >= 0 && memcmp(got, whole + 8, 3000) != 0) {
    }
    assert_memory_equal(got, whole + 8, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_datagram_comes_together_in_any_order, setup),
        cmocka_unit_test_setup(packets_are_told_apart_by_id_source_and_protocol,
            setup),
        cmocka_unit_test_setup(what_overlaps_or_contradicts_is_dropped_whole,
            setup),
        cmocka_unit_test_setup(pieces_that_cannot_be_are_dropped, setup),
        cmocka_unit_test(what_is_too_long_for_the_memory_is_dropped),
        cmocka_unit_test_setup(
            what_stays_unfinished_is_given_up_and_its_sender_told, setup),
        cmocka_unit_test_setup(a_flood_of_one_source_leaves_room_for_others,
            setup),
        cmocka_unit_test_setup(
            a_flood_of_many_sources_does_not_stop_what_comes_at_once, setup),
        cmocka_unit_test_setup(a_packet_full_of_holes_is_given_up, setup),
        cmocka_unit_test_setup(without_the_part_fragments_are_dropped, setup),
        cmocka_unit_test_setup(an_echo_of_any_length_comes_back, setup),
        cmocka_unit_test_setup(a_reply_that_finds_no_room_gives_its_memory_back,
            setup),
        cmocka_unit_test_setup(a_datagram_longer_than_a_frame_goes_in_fragments,
            setup),
        cmocka_unit_test_setup(datagrams_and_an_echo_at_a_time_stay_apart,
            setup),
        cmocka_unit_test_setup(two_stacks_exchange_the_longest_datagram, setup),
        cmocka_unit_test_setup(mutations_of_fragments_do_no_harm, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
