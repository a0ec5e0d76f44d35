// SPDX-License-Identifier: MIT
//
// The short ways of datagrams and pings change nothing but time: two stacks,
// one with and one without them, are given the same frames, calls and mishaps,
// and must send the same frames, say the same and count the same.

#include "core/tcpip/udp.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 60000u
#define CONNS  7
#define PORT   7
#define GROUP  0xE0000005u
#define DATA   2000u
#define AT_IP  14u
#define AT_UDP 34u

// A stack and its connections.
struct bench {
    struct pair pair; // first
    struct nif_tcpip_parts parts;
    struct nif_conn conn[CONNS];
    uint32_t rx[CONNS][64];
    uint32_t tx[CONNS][64];
};

static struct bench two[2];
static uint64_t die;
static uint8_t frame[NIF_ETH_FRAME_MAX];
static uint32_t words[DATA / 4];
static unsigned taken;   // frames that the short way took
static unsigned refused; // and those that it did not
static unsigned emitted;
static unsigned left = CONNS; // the connection that was closed, or none

static uint32_t roll(uint32_t n)
{
    die ^= die << 13;
    die ^= die >> 7;
    die ^= die << 17;
    return (uint32_t)((die >> 32) * n >> 32);
}

static bool count_take(struct nif_tcpip *ip, uint8_t *h, size_t len)
{
    bool all = nif_udp_fast.take(ip, h, len);

    taken += all;
    refused += !all;
    return all;
}

static int count_emit(struct nif_conn *conn, uint32_t dst, uint16_t port,
    struct nif_seg *segs)
{
    emitted++;
    return nif_udp_fast.emit(conn, dst, port, segs);
}

static const struct nif_udp_fast counted = { count_take, count_emit };

// ----------------------------------------------------------------- bench

static struct nif_stack *stack(struct bench *b)
{
    return &b->pair.stack[0].stack;
}

// TCP's, at the port of the next; two for anybody, one of them in memory that
// is not aligned; three at one port, the last of them with a peer; one that is
// not bound.
static const struct {
    uint16_t port;
    bool reuse;
    bool peer;
    bool odd;
} kinds[CONNS] = {
    { .port = PORT },
    { .port = PORT },
    { .port = PORT + 1, .odd = true },
    { .port = PORT + 2, .reuse = true },
    { .port = PORT + 2, .reuse = true },
    { .port = PORT + 2, .reuse = true, .peer = true },
    { .port = 0 },
};

static void open_conn(struct bench *b, unsigned i)
{
    const struct nif_conn_cfg cfg = {
        .rx = (uint8_t *)b->rx[i] + kinds[i].odd,
        .rx_cap = 250 - 3 * i,
        .tx = (uint8_t *)b->tx[i],
        .tx_cap = 250,
    };
    const struct nif_endpoint local = { .port = kinds[i].port };
    const struct nif_endpoint peer = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000 };
    struct nif_conn *c = &b->conn[i];
    enum nif_proto proto = i == 0 ? NIF_TCP : NIF_UDP;

    assert_int_equal(nif_conn_open(stack(b), c, proto, &cfg), 0);
    if (kinds[i].reuse) {
        assert_int_equal(nif_conn_option(c, NIF_OPT_REUSE, 1), 0);
    }
    if (kinds[i].port != 0) {
        assert_int_equal(nif_conn_bind(c, &local), 0);
    }
    if (kinds[i].peer) {
        (void)!nif_conn_connect(c, &peer);
    }
}

static void begin(uint64_t seed)
{
    die = seed * 0x9E3779B97F4A7C15u + 1;
    left = CONNS;
    for (unsigned i = 0; i < nif_countof(words); i++) {
        words[i] = roll(8) == 0 ? UINT32_MAX : roll(UINT32_MAX);
    }
    for (int k = 0; k < 2; k++) {
        struct bench *b = &two[k];

        memset(b, 0, sizeof(*b));
        pair_init_single(&b->pair, seed);
        b->pair.dev[0].place = 2;
        b->parts = *b->pair.stack[0].cfg.parts;
        b->parts.udp_fast = k == 0 ? &counted : NULL;
        b->pair.stack[0].cfg.parts = &b->parts;
        for (unsigned i = 0; i < CONNS; i++) {
            open_conn(b, i);
        }
    }
}

// Both have sent the same, and think the same of the world.
static void compare(void)
{
    static uint8_t sent[2][NIF_ETH_FRAME_MAX];
    struct nif_tcpip *a = &two[0].pair.stack[0];
    struct nif_tcpip *b = &two[1].pair.stack[0];
    size_t len;

    do {
        len = pair_take(&two[0].pair, sent[0]);
        assert_int_equal(pair_take(&two[1].pair, sent[1]), len);
        assert_memory_equal(sent[0], sent[1], len);
    } while (len > 0);
    assert_memory_equal(&a->stats, &b->stats, sizeof(a->stats));
    assert_memory_equal(a->arp, b->arp, sizeof(a->arp));
    assert_int_equal(a->ip_id, b->ip_id);
    assert_int_equal(a->todo, b->todo);
    assert_int_equal(a->due, b->due);
}

static void inject(size_t len)
{
    for (int k = 0; k < 2; k++) {
        pair_inject(&two[k].pair, frame, len);
    }
    compare();
}

static void receive(unsigned i, size_t cap)
{
    static uint8_t got[2][DATA];
    struct nif_endpoint from[2];
    int n[2];

    memset(from, 0, sizeof(from));
    assert_int_equal(nif_conn_ready(&two[0].conn[i]),
        nif_conn_ready(&two[1].conn[i]));
    for (int k = 0; k < 2; k++) {
        n[k] = nif_conn_recv(&two[k].conn[i], got[k], cap, &from[k]);
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(&from[0], &from[1], sizeof(from[0]));
    if (n[0] > 0) {
        assert_memory_equal(got[0], got[1], (size_t)n[0]);
    }
}

static int send(unsigned i, const void *data, size_t len,
    const struct nif_endpoint *to)
{
    int n[2];

    for (int k = 0; k < 2; k++) {
        n[k] = nif_conn_send(&two[k].conn[i], data, len, to);
    }
    assert_int_equal(n[0], n[1]);
    compare();
    return n[0];
}

// ---------------------------------------------------------------- frames

static uint32_t some_host(void)
{
    static const uint32_t hosts[] = { PAIR_IP1, PAIR_IP1, PAIR_IP1, PAIR_IP0,
        PAIR_IP1 + 1, 0, 0x7F000001, GROUP, 0xF0000001, UINT32_MAX, 0xC00002FF,
        0x0A000001, 0xDFFFFFFF };

    return hosts[roll(nif_countof(hosts))];
}

// Somewhere in the headers.
static void bend(uint8_t *at, unsigned len)
{
    at += roll(len);
    *at = roll(3) == 0 ? (uint8_t)roll(256) : *at ^ (uint8_t)(1u << roll(8));
}

// Puts the sums right, as far as its lengths allow: that of a datagram as its
// own length says.
static void repair(size_t len)
{
    uint8_t *ip = frame + AT_IP;
    uint8_t *body = ip + (size_t)(ip[0] & 15) * 4;
    size_t room = nif_get_be16(ip + 2) - (size_t)(body - ip);
    bool udp = ip[9] == 17;
    size_t at = udp ? 6 : 2;

    nif_put_be16(ip + 10, 0);
    nif_put_be16(ip + 10, nif__checksum(0, ip, (size_t)(body - ip)));
    if (udp) {
        room = nif_get_be16(body + 4);
    }
    if (room <= len) {
        nif_put_be16(body + at, 0);
        nif_put_be16(body + at,
            nif__checksum(udp ? nif__raw_pseudo(nif_get_be32(ip + 12),
                                    nif_get_be32(ip + 16), 17, room)
                              : 0,
                body, room));
    }
}

// The most that there is room for, in the ring of connection `i` or in a frame.
static size_t edge(unsigned i, bool echo)
{
    size_t room = two[0].conn[i].cfg.rx_cap;

    room -= nif__udp_of(&two[0].conn[i])->rx.used;
    if (echo && two[0].pair.stack[0].mtu < 1000) {
        room = two[0].pair.stack[0].mtu - 20u;
    }
    return room > 8 ? room - 8 : 1;
}

// A datagram or an echo request, which may have one of the things about it that
// the short ways must see. Returns its length.
static size_t some_frame(void)
{
    size_t len = roll(4) == 0 ? roll(240) : 4 * roll(20);
    unsigned to = 1 + roll(CONNS - 1);
    bool echo = roll(4) == 0;
    bool resum = roll(4) != 0;
    struct pair *p = &two[0].pair;

    if (roll(8) == 0) {
        len = edge(to, echo) - 1 + roll(3);
    }
    len = echo
        ? pair_echo(p, frame, len)
        : pair_udp(p, frame, (uint16_t)(4999 + roll(3)),
              roll(9) == 0 ? (uint16_t)(roll(2) * (PORT - 1)) : kinds[to].port,
              words + roll(9), len);
    switch (roll(16)) {
    case 0: bend(frame, AT_IP); break;
    case 1: bend(frame + AT_IP, 20); break;
    case 2: bend(frame + AT_UDP, 8); break;
    case 3: nif_put_be32(frame + 26, some_host()); break;
    case 4: nif_put_be32(frame + 30, some_host()); break;
    case 5: nif_put_be16(frame + 38, (uint16_t)roll((uint32_t)len)); break;
    case 6: nif_put_be16(frame + 16, (uint16_t)roll((uint32_t)len)); break;
    case 7: nif_put_be16(frame + 20, (uint16_t)(roll(8) << 13)); break;
    case 8: frame[22] = (uint8_t)roll(256); break;
    default: resum = false; break;
    }
    if (resum) {
        repair(len);
    }
    if (!echo && roll(16) == 0) {
        nif_put_be16(frame + 40, 0); // the sender has made no sum
    }
    if (roll(16) == 0) { // cut, on memory that has an earlier one
        return 14 + roll((uint32_t)len - 14);
    }
    return len + (roll(4) == 0 ? roll(20) : 0);
}

// ----------------------------------------------------------------- chaos

// Half of them go where the last one went.
static void some_send(void)
{
    static struct nif_endpoint to;
    static unsigned from;
    size_t len = roll(8) == 0 ? roll(1700) : roll(200);
    uint32_t host = roll(2) == 0 ? PAIR_IP1 : some_host();

    if (roll(2) == 0) {
        to.ip = nif_ip4((uint8_t)(host >> 24), (uint8_t)(host >> 16),
            (uint8_t)(host >> 8), (uint8_t)host);
        to.port = (uint16_t)(roll(9) == 0 ? 0 : 4999 + roll(3));
        from = roll(CONNS);
        if (roll(30) == 0) {
            to.ip.family = NIF_IP_NONE;
        }
    }
    (void)send(from, (uint8_t *)words + roll(8), len,
        roll(4) == 0 ? NULL : &to);
}

static void set_address(struct bench *b, unsigned value)
{
    struct nif_net net = {
        .ip = nif_ip4(192, 0, 2, value % 3 == 0 ? 9 : 1),
        .prefix_len = value % 4 == 0 ? 16 : 24,
        .gateway = nif_ip4(192, 0, 2, 254),
    };

    if (value % 5 == 0) {
        net.ip.family = NIF_IP_NONE;
    }
    (void)!nif_stack_set_net(stack(b), &net);
}

static void befall(struct bench *b, unsigned what, struct nif_conn *conn,
    unsigned value)
{
    struct pair_dev *dev = &b->pair.dev[0];

    switch (what) {
    case 0: set_address(b, value); break;
    case 1: nif_conn_close(conn); break;
    case 2: (void)!nif_conn_option(conn, NIF_OPT_TTL, (int)value); break;
    case 3: (void)!nif_conn_option(conn, NIF_OPT_TOS, (int)value); break;
    case 4: dev->refill = value % 3 == 0 ? 1 : 1000; break;
    case 5: dev->link = value % 3 != 0; break;
    case 6: b->pair.stack[0].mtu = value % 3 == 0 ? 200 : 1500; break;
    default: pair_pass(&b->pair, value * 1000ull); break;
    }
    (void)nif_stack_poll(stack(b));
}

// What was closed is opened again, in the same place, at the next one.
static void some_mishap(void)
{
    unsigned what = roll(8);
    unsigned i = roll(CONNS);
    unsigned value = roll(300);

    for (int k = 0; k < 2; k++) {
        if (left < CONNS) {
            nif_conn_abort(&two[k].conn[left]);
            open_conn(&two[k], left);
        } else {
            befall(&two[k], what, &two[k].conn[i], value);
        }
    }
    left = left == CONNS && what == 1 ? i : CONNS;
    compare();
}

// A neighbour says who he is; now and then he has another card.
static void some_arp(void)
{
    size_t len = pair_arp(&two[0].pair, frame, (uint16_t)(1 + roll(2)),
        PAIR_IP1 + roll(2), PAIR_IP0);

    frame[11] = frame[27] = (uint8_t)(2 + roll(2));
    inject(len);
}

static void the_short_ways_change_nothing_but_time(void **state)
{
    unsigned rounds = getenv("NIF_FULL") != NULL ? 20 * ROUNDS : ROUNDS;

    (void)state;
    for (unsigned i = 0; i < rounds; i++) {
        if (i % 100 == 0) {
            begin(i + 1);
        }
        switch (roll(16)) {
        case 0: some_arp(); break;
        case 1: some_mishap(); break;
        case 2:
        case 3:
        case 4: some_send(); break;
        case 5:
        case 6:
        case 7: receive(roll(CONNS), roll(4) == 0 ? roll(100) : DATA); break;
        default: inject(some_frame()); break;
        }
    }
    // That was about something.
    assert_true(taken > rounds / 10 && refused > rounds / 10);
    assert_true(emitted > rounds / 20);
}

// The sum of UDP that is 0 is sent as what means the same (RFC 768).
static void a_sum_of_nothing_is_not_sent(void **state)
{
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000 };
    uint8_t data[2] = { 0, 0 };

    (void)state;
    begin(1);
    inject(pair_arp(&two[0].pair, frame, 1, PAIR_IP1, PAIR_IP0));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(nif_conn_send(&two[0].conn[1], data, 2, &to), 2);
        do {
            assert_true(pair_take(&two[0].pair, frame) > 0);
        } while (frame[23] != 17);
        memcpy(data, frame + 40, 2);
    }
    assert_int_equal(nif_get_be16(frame + 40), 0xFFFF);
}

// Headers that were made for one are not those of another in its place.
static void who_takes_the_place_of_another_begins_anew(void **state)
{
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000 };

    (void)state;
    begin(2);
    inject(pair_arp(&two[0].pair, frame, 1, PAIR_IP1, PAIR_IP0));
    for (int k = 0; k < 2; k++) {
        assert_int_equal(nif_conn_option(&two[k].conn[1], NIF_OPT_TTL, 3), 0);
    }
    assert_int_equal(send(1, "abc", 3, &to), 3);
    for (int k = 0; k < 2; k++) {
        nif_conn_close(&two[k].conn[1]);
        open_conn(&two[k], 1);
    }
    assert_int_equal(send(1, "abc", 3, &to), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_of_nothing_is_not_sent),
        cmocka_unit_test(who_takes_the_place_of_another_begins_anew),
        cmocka_unit_test(the_short_ways_change_nothing_but_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
