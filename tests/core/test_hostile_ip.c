// SPDX-License-Identifier: MIT
//
// Packets below TCP that have broken other stacks, mutations of sound ones,
// and floods. Afterwards the stack serves. What is about one protocol alone
// stands with its tests: ARP, ICMP, IGMP, fragments.

#include "tests/core/pair.h"

#include "nif/igmp.h"
#include "nif/reassembly.h"
#include "nif/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull

static struct pair p;
static struct nif_conn c;
static struct nif_conn d; // connected
static uint8_t rx[2][2000];
static uint8_t tx[2000];
static uint8_t in[NIF_ETH_FRAME_MAX + 64];
static uint8_t out[NIF_ETH_FRAME_MAX];
static uint8_t got[2000];
static struct nif_reassembly reassembly;
static struct nif_reassembly_slot slots[2];
static uint32_t packets[NIF_REASSEMBLY_BYTES(3000) / 2];
static struct nif_fragment fragment;
static struct nif_igmp igmp;
static struct nif_igmp_group groups[2];
static struct nif_routes routes;
static struct nif_route ways[2];

static const struct nif_endpoint peer = { .ip = { NIF_IPV4, { 192, 0, 2, 2 },
                                              0 },
    .port = 5000 };

static struct nif_tcpip_stats *stats(void)
{
    return &p.stack[0].stats;
}

// A stack with every part, a connection of port 7 and one of port 8 with a
// peer, in a group.
static int setup(void **state)
{
    const struct nif_ip group = { NIF_IPV4, { 239, 1, 1, 1 }, 0 };
    const struct nif_endpoint seven = { .port = 7 };
    const struct nif_endpoint eight = { .port = 8 };
    const struct nif_conn_cfg cfg = { rx[0], sizeof(rx[0]), tx, sizeof(tx) };
    const struct nif_conn_cfg other = { .rx = rx[1], .rx_cap = sizeof(rx[1]) };
    struct nif_stack *stack = &p.stack[0].stack;

    (void)state;
    pair_init_single(&p, 51);
    nif_reassembly_init(&reassembly,
        &(struct nif_reassembly_cfg){ .slots = slots,
            .count = 2,
            .buf = (uint8_t *)packets,
            .each = 3000 });
    nif_fragment_init(&fragment);
    nif_igmp_init(&igmp,
        &(struct nif_igmp_cfg){ .groups = groups, .count = 2 });
    p.parts.reassembly = &reassembly;
    p.parts.fragment = &fragment;
    p.parts.igmp = &igmp;
    pair_restart(&p, 51);
    nif_routes_init(&routes,
        &(struct nif_routes_cfg){ .table = ways, .count = 2 });
    p.stack[0].cfg.routes = &routes;
    assert_int_equal(nif_conn_open(stack, &c, NIF_UDP, &cfg), 0);
    assert_int_equal(nif_conn_bind(&c, &seven), 0);
    assert_int_equal(nif_conn_open(stack, &d, NIF_UDP, &other), 0);
    assert_int_equal(nif_conn_bind(&d, &eight), 0);
    assert_int_equal(nif_conn_connect(&d, &peer), 0);
    assert_int_equal(nif_conn_group(&d, &group, true), 0);
    pair_inject(&p, in, pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0));
    pair_clear(&p);
    return 0;
}

static size_t answer_to(size_t len)
{
    pair_inject(&p, in, len);
    return pair_take(&p, out);
}

static void drain(struct nif_conn *conn)
{
    while (nif_conn_recv(conn, got, sizeof(got), NULL) != NIF_EAGAIN) {
    }
}

// Among the answers to `in` is one of that type with that byte; there may be
// others, as timers run.
static void expect_among(size_t len, uint16_t type, size_t at, uint8_t value)
{
    pair_inject(&p, in, len);
    do {
        assert_int_not_equal(pair_take(&p, out), 0);
    } while (nif_get_be16(out + 12) != type || out[at] != value);
}

// ARP, echo and UDP work as if nothing had been.
static void still_serves(void)
{
    drain(&c);
    pair_clear(&p);
    expect_among(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0), 0x0806, 21, 2);
    expect_among(pair_echo(&p, in, 100), 0x0800, 34, 0);
    pair_inject(&p, in, pair_udp(&p, in, 5000, 7, "hello", 5));
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), 5);
    assert_memory_equal(got, "hello", 5);
    pair_clear(&p);
}

// ---------------------------------------------------------------- by name

struct shape {
    const char *what;
    size_t at; // in the frame
    uint16_t value;
};

static size_t valid(unsigned kind);

enum {
    ARP_ASK,
    ARP_TELL,
    ECHO,
    REPORT,
    UDP,
    UDP_GROUP,
    FRAGMENT,
    REDIRECT,
    KINDS
};

static void expect_silence(unsigned kind, const struct shape *shape, bool resum)
{
    size_t len = valid(kind);

    nif_put_be16(in + shape->at, shape->value);
    if (resum) {
        pair_resum(in);
    }
    if (answer_to(len) != 0) {
        fail_msg("answered: %s", shape->what);
    }
    if (nif_conn_recv(&c, got, sizeof(got), NULL) != NIF_EAGAIN) {
        fail_msg("delivered: %s", shape->what);
    }
}

// CVE-2019-12262 CVE-2020-11906 CVE-2020-11914, and all of IPv6:
// CVE-2020-11899 CVE-2020-11913 CVE-2020-17441
static void ethernet_of_other_kinds_is_ignored(void **state)
{
    static const struct shape shapes[] = {
        { "reverse ARP", 12, 0x8035 },
        { "IPv6", 12, 0x86DD },
        { "a VLAN tag", 12, 0x8100 },
        { "an 802.3 length", 12, 46 },
        { "type 0", 12, 0 },
        { "a frame of another card", 0, 0x0277 },
        { "a group as the sender", 6, 0x0300 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(shapes); i++) {
        expect_silence(ECHO, &shapes[i], false);
        expect_silence(ARP_ASK, &shapes[i], false);
        expect_silence(UDP, &shapes[i], false);
        drain(&c);
    }
    still_serves();
}

// CVE-2020-13987 CVE-2021-31401 CVE-2020-35683 CVE-2020-35684 CVE-2021-31345
static void lengths_that_lie_are_noticed(void **state)
{
    static const struct shape shapes[] = {
        { "IP longer than the frame", 16, 1500 },
        { "IP of 65,535", 16, 0xFFFF },
        { "IP of no length", 16, 0 },
        { "IP shorter than its header", 16, 19 },
    };
    static const struct shape udps[] = {
        { "UDP longer than IP", 38, 1000 },
        { "UDP a byte longer than IP", 38, 19 },
        { "UDP longer than IP by its header", 38, 26 },
        { "UDP of 65,535", 38, 0xFFFF },
        { "UDP shorter than its header", 38, 7 },
        { "UDP of no length", 38, 0 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(shapes); i++) {
        for (unsigned kind = ECHO; kind <= UDP; kind++) {
            expect_silence(kind, &shapes[i], false);
        }
    }
    for (size_t i = 0; i < nif_countof(udps); i++) {
        expect_silence(UDP, &udps[i], false);
        valid(UDP); // without a sum, so that it is the length that counts
        nif_put_be16(in + udps[i].at, udps[i].value);
        nif_put_be16(in + 40, 0);
        assert_int_equal(answer_to(60), 0);
        assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
    }
    // One byte more than came; the datagram within would be whole.
    pair_udp(&p, in, 5000, 7, got, 40);
    nif_put_be16(in + 16, 69);
    pair_resum(in);
    nif_put_be16(in + 40, 0);
    assert_int_equal(answer_to(82), 0);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
    // Headers that end inside the packet.
    for (unsigned kind = ECHO; kind <= UDP; kind++) {
        for (uint16_t more = 0; more < 8; more++) {
            struct shape s = { "a header cut off", 16, (uint16_t)(20 + more) };

            expect_silence(kind, &s, true);
        }
    }
    still_serves();
}

// CVE-1999-0513
// RFC 1122 3.2.1.3-d
static void what_comes_from_no_host_gets_no_answer(void **state)
{
    static const uint32_t sources[] = { 0, 0xFFFFFFFF, 0xC00002FF, 0xE0000001,
        0x7F000001, 0xF0000001, PAIR_IP0 };

    (void)state;
    for (size_t i = 0; i < nif_countof(sources); i++) {
        for (unsigned kind = ECHO; kind <= UDP; kind++) {
            size_t len = valid(kind);

            nif_put_be32(in + 26, sources[i]);
            pair_resum(in);
            assert_int_equal(answer_to(len), 0);
            assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL),
                NIF_EAGAIN);
            assert_int_equal(nif_conn_recv(&d, got, sizeof(got), NULL),
                NIF_EAGAIN);
        }
    }
    assert_int_equal(stats()->ip_source, 3 * nif_countof(sources));
    still_serves();
}

// CVE-2020-11896: a packet in a packet, in fragments, whose lengths differ.
static void a_tunnel_in_fragments_leads_nowhere(void **state)
{
    const struct pair_ip ip = { PAIR_IP1, PAIR_IP0, 4, NULL, 0 };
    uint8_t inner[64];

    (void)state;
    memcpy(inner, in + 14, sizeof(inner));
    pair_echo(&p, in, 36);
    memcpy(inner, in + 14, sizeof(inner));
    nif_put_be16(inner + 2, 0xFFFF);
    for (unsigned piece = 0; piece < 2; piece++) {
        memcpy(in + 34, inner + 32 * (size_t)piece, 32);
        pair_wrap(&p, in, &ip, 32);
        nif_put_be16(in + 20, piece == 0 ? 0x2000 : 4);
        pair_resum(in);
        pair_inject(&p, in, 66);
    }
    assert_int_equal(stats()->ip_frag_rx, 1);
    assert_int_equal(stats()->ip_proto, 1);
    assert_int_equal(stats()->icmp_rx, 0);
    assert_int_equal(pair_take(&p, out), 70); // protocol unreachable
    assert_int_equal(nif_get_be16(out + 34), 0x0302);
    still_serves();
}

// ---------------------------------------------------------------- mutations

static size_t valid(unsigned kind)
{
    const struct pair_ip to_group = { PAIR_IP1, 0xEF010101, 17, NULL, 0 };
    uint8_t ours[28] = { 0x45, 0, 0, 33, 0, 0, 0, 0, 60, 17, 0, 0, 192, 0, 2, 1,
        192, 0, 2, 2, 0, 8, 0x13, 0x88, 0, 13, 0, 0 };
    size_t len;

    switch (kind) {
    case ARP_ASK: return pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0);
    case ARP_TELL: return pair_arp(&p, in, 2, PAIR_IP1, PAIR_IP0);
    case ECHO: return pair_echo(&p, in, 40);
    case REPORT: return pair_icmp(&p, in, 0x0303, 0, ours, sizeof(ours));
    case REDIRECT: // of what went to 203.0.113.7, by our gateway
        nif_put_be32(ours + 16, 0xCB007107);
        len = pair_icmp(&p, in, 0x0501, 0xC0000250, ours, sizeof(ours));
        in[29] = 0xFE;
        pair_resum(in);
        return len;
    case UDP_GROUP:
        pair_udp(&p, in, 5000, 8, "to a group", 10);
        len = pair_wrap(&p, in, &to_group, 18);
        nif_put_be16(in, 0x0100);
        nif_put_be32(in + 2, 0x5E010101);
        return len;
    case FRAGMENT:
        len = pair_echo(&p, in, 40);
        nif_put_be16(in + 18, (uint16_t)pair_roll(&p, 4));
        nif_put_be16(in + 20, (uint16_t)(pair_roll(&p, 2) == 0 ? 0x2000 : 6));
        return len;
    default: return pair_udp(&p, in, 5000, 7, "a datagram", 10);
    }
}

static size_t mutate(size_t len)
{
    static const uint8_t odd[] = { 0, 1, 0x7F, 0x80, 0xFE, 0xFF };
    size_t at = pair_roll(&p, (uint32_t)len);

    switch (pair_roll(&p, 5)) {
    case 0: in[at] ^= (uint8_t)(1u << pair_roll(&p, 8)); break;
    case 1: in[at] = odd[pair_roll(&p, sizeof(odd))]; break;
    case 2: in[14 + pair_roll(&p, 30)] = (uint8_t)pair_roll(&p, 256); break;
    case 3: return at;
    default: return len + pair_roll(&p, 60);
    }
    return len;
}

// Sums that can be made without reading beyond the frame.
static bool can_be_summed(size_t len)
{
    size_t header = (size_t)(in[14] & 15) * 4;
    size_t total = nif_get_be16(in + 16);

    return len >= 34 && nif_get_be16(in + 12) == 0x0800 && header >= 20 &&
        total >= header + 20 && total <= len - 14;
}

static void inject_mutation(unsigned kind, bool resum)
{
    size_t len = valid(kind);

    for (unsigned i = pair_roll(&p, 3); i < 3; i++) {
        len = mutate(len);
        len = len > 200 ? 200 : len;
    }
    if (resum && can_be_summed(len)) {
        pair_resum(in);
    }
    pair_inject(&p, in, len);
    pair_clear(&p);
    drain(&d);
}

// A fixed sample of each; 65,000 of each with NIF_FULL in the environment.
static void no_mutation_of_a_sound_frame_does_harm(void **state)
{
    const char *full = getenv("NIF_FULL");
    unsigned count = full != NULL && *full != 0 ? 65000 : 2000;

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (unsigned n = 0; n < count; n++) {
            inject_mutation(kind, n % 3 != 0);
            if (n % 64 == 0) {
                pair_pass(&p, pair_roll(&p, 5000000));
            }
            if (n % 500 == 0) {
                still_serves();
            }
        }
        // Some are sound enough to be believed.
        assert_true(kind != REDIRECT || routes.redirect_count > 10);
        setup(state);
        still_serves();
    }
}

// ------------------------------------------------------------------ floods

// In each round `count` frames of a kind, with sources by lot; the device
// takes few frames at a time. The stack answers others in between.
static void flood(unsigned kind, bool to_closed_port)
{
    p.dev[0].refill = 2;
    for (unsigned n = 0; n < 20000; n++) {
        size_t len = valid(kind);
        uint32_t src = PAIR_IP1 + 1 + pair_roll(&p, 240);

        if (kind == ARP_ASK) {
            nif_put_be32(in + 28, src);
            in[27] = (uint8_t)pair_roll(&p, 256);
        } else {
            nif_put_be32(in + 26, src);
            if (to_closed_port) {
                nif_put_be16(in + 36, (uint16_t)(1000 + pair_roll(&p, 60000)));
            }
            pair_resum(in);
        }
        pair_inject(&p, in, len);
        if (n % 1000 == 0) {
            drain(&d);
            still_serves();
            p.now_us += 20000;
        }
        pair_clear(&p);
    }
}

static void floods_leave_the_stack_serving(void **state)
{
    static const struct {
        unsigned kind;
        bool closed;
    } kinds[] = {
        { ARP_ASK, false },
        { ECHO, false },
        { REPORT, false },
        { UDP, false },
        { UDP, true },
        { UDP_GROUP, false },
        { FRAGMENT, false },
        { REDIRECT, false },
    };

    for (size_t i = 0; i < nif_countof(kinds); i++) {
        setup(state);
        flood(kinds[i].kind, kinds[i].closed);
        p.now_us += 100 * SECOND;
        still_serves();
    }
}

// Whoever makes us talk to addresses that are not there must not keep us from
// a neighbour that is.
static void answers_into_the_void_do_not_stop_a_neighbour(void **state)
{
    struct nif_endpoint to = peer;

    (void)state;
    assert_int_equal(nif_conn_send(&c, "x", 1, &peer), 1);
    for (unsigned n = 0; n < 200; n++) {
        to.ip.byte[3] = (uint8_t)(10 + n);
        (void)!nif_conn_send(&c, "x", 1, &to);
        pair_clear(&p);
        assert_int_equal(nif_conn_send(&d, "x", 1, NULL), 1);
        assert_int_equal(pair_take(&p, out), 60);
        assert_int_equal(nif_get_be16(out + 12), 0x0800);
        pair_pass(&p, 10000);
    }
    still_serves();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ethernet_of_other_kinds_is_ignored, setup),
        cmocka_unit_test_setup(lengths_that_lie_are_noticed, setup),
        cmocka_unit_test_setup(what_comes_from_no_host_gets_no_answer, setup),
        cmocka_unit_test_setup(a_tunnel_in_fragments_leads_nowhere, setup),
        cmocka_unit_test_setup(no_mutation_of_a_sound_frame_does_harm, setup),
        cmocka_unit_test(floods_leave_the_stack_serving),
        cmocka_unit_test_setup(answers_into_the_void_do_not_stop_a_neighbour,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
