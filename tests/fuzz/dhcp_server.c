// SPDX-License-Identifier: MIT
//
// Fuzz target: a DHCP server with a small pool, and clients that say anything,
// while its own address comes and goes.

#include "nif/dhcp_server.h"
#include "core/clients/dhcp_message.h"
#include "tests/fuzz/scripted.h"

#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 200
#define POOL      4

static struct nif_dhcp_server server;
static struct nif_dhcp_lease leases[POOL];
static struct nif_dhcp_lease before[POOL];
static uint8_t msg[600];
static uint32_t last; // the address of the last answer
static bool moved;    // the board has had another address

// ------------------------------------------------------------ the clients

static uint8_t *begin(uint8_t type, uint8_t who)
{
    uint8_t *p = nif__dhcp_begin(msg, OP_REQUEST, type);

    memset(msg + MSG_LEAST, 0, sizeof(msg) - MSG_LEAST);
    msg[MSG_CHADDR] = 2;
    msg[MSG_CHADDR + 5] = who;
    return p;
}

static void say(size_t len)
{
    scripted_say(0, CLIENT_PORT, msg, len);
}

// As a client would: one of eight, with or without an identifier.
static void request(void)
{
    static const uint8_t types[] = { DHCP_DISCOVER, DHCP_REQUEST, DHCP_DECLINE,
        DHCP_RELEASE, DHCP_INFORM, DHCP_REQUEST, DHCP_REQUEST, DHCP_DISCOVER };
    uint8_t kind = fuzz_byte();
    uint8_t more = fuzz_byte();
    uint8_t *p = begin(types[kind & 7], kind >> 3 & 7);
    uint32_t ip = (more & 1) != 0 ? fuzz_value() : last;

    if ((kind & 64) != 0) {
        uint8_t id[255] = { 0, kind };

        p = nif__dhcp_put(p, OPT_CLIENT, id, (more & 2) != 0 ? 255 : more >> 4);
    }
    if ((more & 4) != 0) {
        nif_store_be32(msg + MSG_CIADDR, ip);
    } else {
        p = nif__dhcp_put_word(p, OPT_ADDRESS, ip);
    }
    if ((more & 8) == 0) {
        p = nif__dhcp_put_word(p, OPT_SERVER,
            (kind & 128) != 0 ? fuzz_value() : nif_ip4_value(&s.net.ip));
    }
    say(nif__dhcp_end(msg, p));
}

static void bytes(void)
{
    uint8_t kind = fuzz_byte();
    uint8_t *p = begin(kind & 15, kind >> 4);

    if ((kind & 1) != 0) {
        p = msg + MSG_OPTIONS;
    }
    p += fuzz_copy(p, (size_t)2 * fuzz_byte() % (NIF_DHCP_MESSAGE_MAX - 240));
    say((size_t)(p - msg));
    msg[fuzz_byte()] ^= fuzz_byte();
}

// -------------------------------------------------------------- the board

static void change_net(void)
{
    uint8_t kind = fuzz_byte();

    moved = true;
    scripted_ip(&s.net.ip, fuzz_value());
    s.net.prefix_len = kind % 33;
    if (kind >= 224) {
        s.net.ip.family = NIF_IP_NONE;
    }
}

static void restart(void)
{
    if ((fuzz_byte() & 1) != 0) {
        nif_dhcp_server_stop(&server);
    }
    NIF_ASSERT(nif_dhcp_server_start(&server) <= 0);
}

static bool is_given(const struct nif_dhcp_lease *l)
{
    return l->state == NIF_DHCP_LEASE_GIVEN && l->until_us > s.now_us;
}

// What was promised is noted, and was nobody else's; nobody has two, unless
// the pool was another in between.
static void check_promise(uint32_t ip)
{
    size_t i = ip - server.first;

    NIF_ASSERT(i < POOL && is_given(&leases[i]));
    NIF_ASSERT(!is_given(&before[i]) ||
        memcmp(before[i].id, leases[i].id, sizeof(leases[i].id)) == 0);
    for (size_t k = 0; k < POOL; k++) {
        NIF_ASSERT(moved || k == i || !is_given(&leases[k]) ||
            memcmp(leases[k].id, leases[i].id, sizeof(leases[i].id)) != 0);
    }
}

static void check_answer(void)
{
    struct nif__dhcp_options o;
    uint32_t own = nif_ip4_value(&s.net.ip);
    uint32_t mask = nif__mask(s.net.prefix_len);

    NIF_ASSERT(s.net.ip.family == NIF_IPV4);
    NIF_ASSERT(s.sent_len >= MSG_LEAST && s.sent_len <= NIF_DHCP_MESSAGE_MAX);
    NIF_ASSERT(nif__dhcp_read(s.sent, s.sent_len, OP_REPLY, &o));
    NIF_ASSERT(nif__dhcp_word(&o, OPT_SERVER, 0) == own);
    NIF_ASSERT(memcmp(s.sent + MSG_XID, msg + MSG_XID, 4) == 0);
    NIF_ASSERT(memcmp(s.sent + MSG_CHADDR, msg + MSG_CHADDR, 16) == 0);
    last = nif_get_be32(s.sent + MSG_YIADDR);
    if (last == 0) {
        return;
    }
    NIF_ASSERT(last != own && ((last ^ own) & mask) == 0);
    if (nif__dhcp_type(&o) == DHCP_ACK) {
        check_promise(last);
    }
}

static void turn(void)
{
    unsigned count = s.sent_count;

    memcpy(before, leases, sizeof(before));
    s.again_us = nif_dhcp_server_poll(&server);
    NIF_ASSERT(s.sent_count - count <= 1);
    if (s.sent_count != count) {
        check_answer();
    }
}

static void init(void)
{
    struct nif_dhcp_server_cfg cfg = { .stack = &s.stack,
        .leases = leases,
        .count = POOL };
    uint8_t kind = fuzz_byte();

    if ((kind & 1) != 0) {
        scripted_ip(&cfg.first, fuzz_value());
    }
    if ((kind & 2) != 0) {
        cfg.lease_s = fuzz_value();
    }
    if ((kind & 4) != 0) {
        scripted_ip(&cfg.router, fuzz_value());
    }
    for (unsigned i = 0; i < 2; i++) {
        if ((kind >> i & 8) != 0) {
            scripted_ip(&cfg.dns[i], 0xC0000235 + i);
        }
    }
    last = 0;
    moved = false;
    nif_dhcp_server_init(&server, &cfg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scripted_begin(data, size, UNTIL_RECV);
    init();
    NIF_ASSERT(nif_dhcp_server_start(&server) == 0);
    for (unsigned n = 0; fuzz_left() > 0 && n < STEPS_MAX; n++) {
        uint8_t what = fuzz_byte() & 15;

        s.inbox = NULL; // a server that is off misses it
        switch (what) {
        case 0: change_net(); break;
        case 1: restart(); break;
        case 2: scripted_trouble(); break;
        case 3:
        case 4: scripted_pass(); break;
        case 5:
        case 6:
        case 7: bytes(); break;
        default: request(); break;
        }
        turn();
    }
    return 0;
}
