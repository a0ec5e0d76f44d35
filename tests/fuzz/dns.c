// SPDX-License-Identifier: MIT
//
// Fuzz target: lookups one after another, with a cache, and servers and
// neighbours that answer anything. Id and question of an answer are put right.

#include "nif/dns.h"
#include "core/clients/dns_message.h"
#include "tests/fuzz/scripted.h"

#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX     200
#define QUESTIONS_MAX 6 // of one lookup

static struct nif_dns dns;
static struct nif_dns_cache cache;
static struct nif_dns_entry entries[2];
static uint8_t msg[1400];
static size_t len;
static unsigned questions; // of this lookup
static bool looking;

// ------------------------------------------------------------ the answers

static void put(const void *data, size_t n)
{
    if (n <= sizeof(msg) - len) {
        memcpy(msg + len, data, n);
        len += n;
    }
}

static void put16(uint16_t v)
{
    uint8_t bytes[2];

    nif_put_be16(bytes, v);
    put(bytes, 2);
}

static void put_bytes(size_t n)
{
    uint8_t bytes[64];

    put(bytes, fuzz_copy(bytes, n < sizeof(bytes) ? n : sizeof(bytes)));
}

// That of the question, another one, what a pointer leads to, bytes.
static void put_name(void)
{
    uint8_t kind = fuzz_byte();

    switch (kind & 7) {
    case 0:
    case 1: put16(0xC000 | DNS_BODY); break;
    case 2: put("\5alias\7example\3net", 19); break;
    case 3: put("\1x\xC0\x0C", 4); break;
    case 4: put16((uint16_t)(0xC000 | (len - (kind >> 3)))); break;
    case 5: put16(0xC000 | fuzz_be16()); break;
    case 6: put(s.sent + DNS_BODY, 5); break;
    default: put_bytes(kind >> 3); break;
    }
}

static void put_record(void)
{
    static const uint8_t types[] = { DNS_A, DNS_A, DNS_CNAME, DNS_CNAME,
        DNS_SOA, DNS_PTR, DNS_SRV, DNS_NSEC };
    uint8_t kind = fuzz_byte();
    uint8_t ttl[4];
    size_t data;

    put_name();
    put16(types[kind & 7]);
    put16((kind & 0x30) == 0x30 ? fuzz_be16() : DNS_IN);
    nif_put_be32(ttl, fuzz_value());
    put(ttl, 4);
    put16(0);
    data = len;
    switch (types[kind & 7]) {
    case DNS_A: put("\306\63\144\7", 4); break;
    case DNS_SOA:
        put("\0\0\1\2\3\4\1\2\3\4\1\2\3\4\1\2\3\4\0\0\0\74", 22);
        break;
    default: put_name(); break;
    }
    if (len == data && len > 2) {
        return; // full
    }
    nif_put_be16(msg + data - 2,
        (uint16_t)(len - data + ((kind & 0xC0) == 0xC0 ? fuzz_byte() : 0)));
}

// The server asked, or another; the port asked, or another.
static void say(uint8_t kind)
{
    uint32_t ip = nif_ip4_value(&s.sent_to.ip);

    if (s.sent_to.port == MDNS_PORT) {
        ip = 0xC0000207; // a neighbour
    }
    scripted_say((kind & 0xE0) == 0xE0 ? fuzz_value() : ip,
        (kind & 0x1F) == 0x1F ? fuzz_be16() : s.sent_to.port, msg, len);
}

static void answer(void)
{
    static const uint16_t flags[] = { 0x8180, 0x8180, 0x8180, 0x8583, 0x8380,
        0x8400, 0x8182, 0x8185 };
    uint8_t kind = fuzz_byte();
    uint8_t counts = fuzz_byte();

    if (s.sent_len < DNS_BODY) {
        return;
    }
    len = 0;
    put(s.sent, s.sent_len);
    nif_put_be16(msg + DNS_FLAGS,
        (kind & 0x18) == 0x18 ? fuzz_be16() : flags[kind & 7]);
    nif_put_be16(msg + DNS_ANSWERS, counts & 15);
    nif_put_be16(msg + DNS_AUTHORITIES, counts >> 4 & 3);
    for (unsigned n = (counts & 15) + (counts >> 4 & 3); n > 0; n--) {
        put_record();
    }
    if ((counts & 64) != 0) {
        len -= fuzz_byte() % (len + 1 - DNS_BODY);
    }
    say(kind);
}

static void bytes(void)
{
    uint8_t kind = fuzz_byte();

    if (s.sent_len < DNS_BODY) {
        return;
    }
    len = 0;
    put(s.sent, (kind & 1) != 0 ? DNS_BODY : s.sent_len);
    put_bytes(fuzz_byte());
    msg[DNS_FLAGS] |= DNS_RESPONSE >> 8;
    nif_put_be16(msg + DNS_ANSWERS, fuzz_be16());
    say(0);
}

// ------------------------------------------------------------ the lookups

static void start(void)
{
    static const char *const names[] = { "example.net", "a.b", "board.local",
        "192.0.2.9", "EXAMPLE.NET.", "" };
    uint8_t kind = fuzz_byte();
    char text[300] = { 0 };
    int err;

    if ((kind & 7) < nif_countof(names)) {
        err = nif_dns_start(&dns, names[kind & 7]);
    } else {
        (void)fuzz_copy((uint8_t *)text, kind);
        err = nif_dns_start(&dns, text);
    }
    NIF_ASSERT(err <= 0 && err != NIF_EAGAIN);
    looking = err == 0;
    NIF_ASSERT(looking || !s.open);
}

static void check_question(void)
{
    const struct nif__dns_msg m = { s.sent, s.sent_len };
    struct nif__dns_record q;
    size_t at = DNS_BODY;

    NIF_ASSERT(nif__dns_question(&m, &at, &q) && at == m.len);
    NIF_ASSERT(q.type == DNS_A && q.cls == DNS_IN);
    NIF_ASSERT(nif_get_be16(s.sent + DNS_QUESTIONS) == 1);
}

static void turn(void)
{
    struct nif_ip ip = { .family = NIF_IP_NONE };
    unsigned count = s.sent_count;
    uint64_t again_us = NIF_NEVER;
    int err = nif_dns_poll(&dns, &ip, &again_us);

    s.again_us = again_us;
    if (s.sent_count != count) {
        NIF_ASSERT(s.sent_count == count + 1);
        check_question();
    }
    if (err == NIF_EAGAIN) {
        NIF_ASSERT(looking && s.open && again_us > s.now_us);
        return;
    }
    NIF_ASSERT(!s.open && (looking || err == NIF_EINVAL));
    if (err == 0) {
        NIF_ASSERT(ip.family == NIF_IPV4 && dns.ip_count >= 1);
        NIF_ASSERT(dns.ip_count <= NIF_DNS_IPS);
        NIF_ASSERT(nif_ip4_value(&ip) == dns.ip[0]);
    }
    looking = false;
}

static void change_net(void)
{
    uint8_t kind = fuzz_byte();

    s.net.prefix_len = kind % 33;
    for (unsigned i = 0; i < 2; i++) {
        scripted_ip(&s.net.dns[i], 0xC0000235 + i);
        if ((kind >> i & 64) != 0) {
            s.net.dns[i].family = NIF_IP_NONE;
        }
    }
}

static void step(void)
{
    unsigned count = s.sent_count;

    switch (fuzz_byte() & 15) {
    case 0:
    case 1:
        start();
        questions = 0;
        break;
    case 2: scripted_trouble(); break;
    case 3:
    case 4: scripted_pass(); break;
    case 5:
    case 6: bytes(); break;
    case 7: change_net(); break;
    case 8:
        nif_dns_stop(&dns);
        looking = false;
        break;
    case 9: nif_dns_share(&dns, (fuzz_byte() & 3) != 0 ? &cache : NULL); break;
    default: answer(); break;
    }
    if (s.sent_count != count) {
        check_question();
    }
    turn();
    questions += s.sent_count - count;
    NIF_ASSERT(questions <= QUESTIONS_MAX);
    s.inbox = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scripted_begin(data, size, UNTIL_RECV);
    scripted_ip(&s.net.dns[0], 0xC0000235);
    nif_dns_init(&dns, &s.stack, 3);
    nif_dns_cache_init(&cache, entries, nif_countof(entries), 4);
    nif_dns_share(&dns, &cache);
    looking = false;
    questions = 0;
    for (unsigned n = 0; fuzz_left() > 0 && n < STEPS_MAX; n++) {
        step();
    }
    return 0;
}
