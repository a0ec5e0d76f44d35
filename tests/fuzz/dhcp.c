// SPDX-License-Identifier: MIT
//
// Fuzz target: a DHCP client, in every state, and servers that say anything:
// well-formed answers, answers made of options that make sense one by one,
// bytes. Numbers and addresses of the question are put right.

#include "nif/dhcp.h"
#include "core/clients/dhcp_message.h"
#include "tests/fuzz/scripted.h"

#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 200

static struct nif_dhcp dhcp;
static uint8_t msg[600];

// ------------------------------------------------------------ the answers

static uint8_t *begin(uint8_t type)
{
    uint8_t *p = nif__dhcp_begin(msg, OP_REPLY, type);

    memset(msg + MSG_LEAST, 0, sizeof(msg) - MSG_LEAST);
    memcpy(msg + MSG_XID, s.sent + MSG_XID, 4);
    memcpy(msg + MSG_CHADDR, s.sent + MSG_CHADDR, 16);
    return p;
}

static void say(size_t len)
{
    scripted_say(0xC0000202, SERVER_PORT, msg, len);
}

// As a server would.
static void answer(void)
{
    struct nif__dhcp_options asked;
    uint8_t kind = fuzz_byte();
    uint8_t type = DHCP_ACK;
    uint32_t ip = 0xC0000232; // 192.0.2.50
    uint8_t *p;

    if (!nif__dhcp_read(s.sent, s.sent_len, OP_REQUEST, &asked)) {
        return;
    }
    if (nif__dhcp_type(&asked) == DHCP_DISCOVER) {
        type = DHCP_OFFER;
    } else if (nif__dhcp_word(&asked, OPT_ADDRESS, 0) != 0) {
        ip = nif__dhcp_word(&asked, OPT_ADDRESS, 0);
    } else {
        ip = nif_get_be32(s.sent + MSG_CIADDR);
    }
    p = begin((kind & 15) == 15 ? DHCP_NAK : type);
    nif_store_be32(msg + MSG_YIADDR, ip);
    p = nif__dhcp_put_word(p, OPT_SERVER, 0xC0000202);
    p = nif__dhcp_put_word(p, OPT_MASK, 0xFFFFFF00);
    p = nif__dhcp_put_word(p, OPT_ROUTER, 0xC00002FE);
    p = nif__dhcp_put_word(p, OPT_LEASE,
        (kind & 1) != 0 ? fuzz_value() : 10u + kind);
    if ((kind & 2) != 0) {
        p = nif__dhcp_put_word(p, OPT_T1, fuzz_value());
        p = nif__dhcp_put_word(p, OPT_T2, fuzz_value());
    }
    say(nif__dhcp_end(msg, p));
}

static uint8_t *option(uint8_t *p, const uint8_t *end)
{
    static const uint8_t codes[] = { OPT_MASK, OPT_ROUTER, OPT_DNS, OPT_LEASE,
        OPT_OVERLOAD, OPT_TYPE, OPT_SERVER, OPT_T1, OPT_T2, OPT_CLIENT, OPT_PAD,
        OPT_END, 128 };
    uint8_t kind = fuzz_byte();
    uint8_t code = codes[(kind & 31) % nif_countof(codes)];
    uint8_t raw[32];

    if (end - p < 2 + (ptrdiff_t)sizeof(raw)) {
        return p;
    }
    if (code == OPT_PAD || code == OPT_END) {
        *p = code;
        return p + 1;
    }
    if (kind < 128) {
        nif_put_be32(raw, fuzz_value());
        nif_put_be32(raw + 4, 0xC0000235);
        return nif__dhcp_put(p, code, raw, code == OPT_DNS ? 8 : 4);
    }
    return nif__dhcp_put(p, code, raw, fuzz_copy(raw, kind >> 3 & 3));
}

// As no server would.
static void strange(void)
{
    uint8_t kind = fuzz_byte();
    uint8_t *p = begin(kind & 7);
    uint8_t *field = msg + MSG_SNAME;

    nif_store_be32(msg + MSG_YIADDR, fuzz_value());
    if ((kind & 8) != 0) {
        p = nif__dhcp_put_word(p, OPT_SERVER, 0xC0000202);
    }
    for (unsigned n = fuzz_byte() & 15; n > 0; n--) {
        p = option(p, msg + sizeof(msg));
    }
    if ((kind & 16) != 0) { // and in the other fields
        for (unsigned n = fuzz_byte() & 31; n > 0; n--) {
            field = option(field, msg + MSG_COOKIE);
        }
    }
    if ((kind & 32) != 0) {
        p += fuzz_copy(p, 1 + (fuzz_byte() & 15));
    }
    if ((kind & 128) != 0) { // cut off
        p -= fuzz_byte() & 7;
    }
    say((size_t)(p - msg));
    if ((kind & 64) != 0) {
        msg[fuzz_byte()] ^= fuzz_byte();
    }
}

static void bytes(void)
{
    (void)begin(0);
    say(MSG_OPTIONS + fuzz_copy(msg + MSG_OPTIONS, fuzz_byte()));
}

// ------------------------------------------------------------- the client

static int found; // what the probe says

static void probe_begin(struct nif_dhcp_probe *probe, const struct nif_ip *ip)
{
    (void)probe;
    NIF_ASSERT(ip->family == NIF_IPV4);
}

static int probe_poll(struct nif_dhcp_probe *probe, uint64_t *again_us)
{
    (void)probe;
    if (found == NIF_EAGAIN && s.now_us + SECOND < *again_us) {
        *again_us = s.now_us + SECOND;
    }
    return found;
}

static struct nif_dhcp_probe probe = { .begin = probe_begin,
    .poll = probe_poll };

static void application(void)
{
    static const int findings[] = { 0, NIF_EAGAIN, NIF_EADDRINUSE, NIF_EIO };
    uint8_t what = fuzz_byte();
    int err = 0;

    switch (what & 7) {
    case 0: err = nif_dhcp_start(&dhcp); break;
    case 1: nif_dhcp_stop(&dhcp); break;
    case 2: err = nif_dhcp_release(&dhcp); break;
    case 3: nif_dhcp_conflict(&dhcp); break;
    default: found = findings[what >> 3 & 3]; break;
    }
    NIF_ASSERT(err <= 0);
}

// Turns until there is nothing to do, which must be soon.
static void turns(void)
{
    unsigned before = s.sent_count;
    unsigned n = 0;

    do {
        s.again_us = nif_dhcp_poll(&dhcp);
        NIF_ASSERT(++n < 8);
    } while (s.again_us <= s.now_us);
    NIF_ASSERT(s.sent_count - before <= 3);
    // It is never silent for long without an address (RFC 2131 4.1), nor for
    // ever with one.
    if (dhcp.state == NIF_DHCP_OFF) {
        NIF_ASSERT(s.again_us == NIF_NEVER && !s.open);
    } else if (dhcp.state < NIF_DHCP_CHECKING) {
        NIF_ASSERT(s.again_us - s.now_us <= 66 * SECOND);
    } else {
        NIF_ASSERT(s.again_us <= dhcp.end_us);
    }
}

static void check(void)
{
    const struct nif_net *net = &s.net;
    uint32_t ip = nif_ip4_value(&net->ip);
    uint32_t gateway = nif_ip4_value(&net->gateway);
    struct nif__dhcp_options o;

    if (s.sent_count > 0) {
        NIF_ASSERT(s.sent_len >= MSG_LEAST);
        NIF_ASSERT(nif__dhcp_read(s.sent, s.sent_len, OP_REQUEST, &o));
        NIF_ASSERT(nif__dhcp_type(&o) != 0);
    }
    if (dhcp.state >= NIF_DHCP_BOUND) {
        NIF_ASSERT(net->ip.family == NIF_IPV4 && ip == dhcp.ip);
    }
    if (net->ip.family == NIF_IP_NONE) {
        return;
    }
    NIF_ASSERT(nif__host_ip(ip));
    NIF_ASSERT(net->gateway.family == NIF_IP_NONE ||
        ((gateway ^ ip) & nif__mask(net->prefix_len)) == 0);
    // Nobody uses an address whose lease has run out.
    NIF_ASSERT(dhcp.state == NIF_DHCP_OFF || s.now_us < dhcp.end_us);
}

static void init(void)
{
    static const uint8_t id[NIF_DHCP_NAME_MAX] = { 0, 'i', 'd' };
    struct nif_dhcp_cfg cfg = { .stack = &s.stack, .seed = 9 };
    uint8_t kind = fuzz_byte();

    if ((kind & 1) != 0) {
        cfg.hostname =
            "a-name-with-sixty-three-letters-which-is-as-long-as-it-may-be-ok";
        cfg.hostname += (kind & 2) != 0 ? 1 : 60;
    }
    if ((kind & 4) != 0) {
        cfg.client_id = id;
        cfg.client_id_len = sizeof(id);
    }
    if ((kind & 8) != 0) {
        scripted_ip(&cfg.last, 0xC0000232);
    }
    if ((kind & 16) != 0) {
        cfg.probe = &probe;
    }
    found = NIF_EAGAIN;
    nif_dhcp_init(&dhcp, &cfg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scripted_begin(data, size, UNTIL_CLOCK);
    s.net.ip.family = NIF_IP_NONE;
    init();
    NIF_ASSERT(nif_dhcp_start(&dhcp) == 0);
    for (unsigned n = 0; fuzz_left() > 0 && n < STEPS_MAX; n++) {
        switch (fuzz_byte() & 7) {
        case 0: answer(); break;
        case 1: strange(); break;
        case 2: bytes(); break;
        case 3: application(); break;
        case 4: scripted_trouble(); break;
        default: scripted_pass(); break;
        }
        turns();
        check();
    }
    return 0;
}
