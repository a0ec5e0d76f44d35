// SPDX-License-Identifier: MIT
//
// Fuzz target: an mDNS responder and neighbours that ask and claim anything
// while it probes, announces and runs. Names are mostly its own, and what it
// says is said back to it, with a difference.

#include "nif/mdns.h"
#include "core/clients/dns_message.h"
#include "tests/fuzz/scripted.h"

#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 200
#define GROUP     0xE00000FBu

static const uint8_t txt[400] = { 255 };
static const struct nif_mdns_service services[] = {
    { .type = "_http._tcp",
        .port = 80,
        .txt = (const uint8_t *)"\3a=b",
        .txt_len = 4 },
    { .type = "_http._tcp", .name = "The other (one)", .port = 8080 },
    { .type = "_a-type-of-24-let._udp",
        .name = "Sixty-three bytes are what a label may have, so this has them "
                ".",
        .txt = txt,
        .txt_len = sizeof(txt) },
};

static struct nif_mdns mdns;
static uint8_t msg[NIF_MDNS_IN_MAX + 20];
static size_t len;

// ------------------------------------------------------------- a message

static void put(const void *data, size_t n)
{
    if (n <= sizeof(msg) - len) {
        memcpy(msg + len, data, n);
        len += n;
    }
}

static void put16(unsigned v)
{
    uint8_t bytes[2];

    nif_put_be16(bytes, (uint16_t)v);
    put(bytes, 2);
}

static void put_bytes(size_t n)
{
    uint8_t bytes[64];

    put(bytes, fuzz_copy(bytes, n < sizeof(bytes) ? n : sizeof(bytes)));
}

static void put_text(const char *text)
{
    uint8_t wire[NIF_DNS_NAME_MAX];

    put(wire, nif__dns_encode(wire, text));
}

static void put_label(const char *text)
{
    uint8_t n = (uint8_t)strlen(text);

    put(&n, 1);
    put(text, n);
}

// What the host is called now, or what it is not, in full or by pointers.
static void put_name(void)
{
    static const char *const names[] = { "_http._tcp.local",
        "_services._dns-sd._udp.local", "board.local", "BOARD-2.local",
        "elsewhere.example", "_a-type-of-24-let._udp.local" };
    uint8_t kind = fuzz_byte();
    char host[NIF_MDNS_LABEL_MAX + 1];

    switch (kind & 7) {
    case 0:
    case 1:
        put_label(nif_mdns_host(&mdns, host));
        put("\5local", 7);
        break;
    case 2:
        put_label(nif_mdns_host(&mdns, host));
        put_text("_http._tcp.local");
        break;
    case 3: put_text(names[(kind >> 3) % nif_countof(names)]); break;
    case 4: put16(0xC000 | DNS_BODY); break;
    case 5: put16(0xC000 | (unsigned)(len - (kind >> 3))); break;
    case 6: put("\1x\xC0\x0C", 4); break;
    default: put_bytes(kind >> 3); break;
    }
}

static uint16_t type(uint8_t kind)
{
    static const uint16_t types[] = { DNS_A, DNS_PTR, DNS_TXT, DNS_SRV, DNS_ANY,
        DNS_NSEC, DNS_CNAME, 28 };

    return types[kind & 7];
}

static void put_question(void)
{
    uint8_t kind = fuzz_byte();

    put_name();
    put16(type(kind));
    put16((kind & 8) != 0           ? DNS_IN | DNS_UNIQUE
            : (kind & 0x30) == 0x30 ? fuzz_be16()
                                    : DNS_IN);
}

static void put_record(void)
{
    uint8_t kind = fuzz_byte();
    uint8_t word[4];
    size_t data;

    put_name();
    put16(type(kind));
    put16((kind & 8) != 0 ? DNS_IN | DNS_UNIQUE : DNS_IN);
    nif_put_be32(word, fuzz_value());
    put(word, 4);
    put16(0);
    data = len;
    if (type(kind) == DNS_A) {
        nif_put_be32(word, fuzz_value());
        put(word, 4);
    } else if (type(kind) == DNS_TXT) {
        put((kind & 16) != 0 ? "\3a=b" : "\0", (kind & 16) != 0 ? 4 : 1);
    } else {
        if (type(kind) == DNS_SRV) {
            put("\0\0\0\0\0P", (kind & 16) != 0 ? 6 : fuzz_byte() & 7);
        }
        put_name();
    }
    nif_put_be16(msg + data - 2,
        (uint16_t)(len - data + ((kind & 0xE0) == 0xE0 ? fuzz_byte() : 0)));
}

// From a neighbour, as a rule.
static void say(void)
{
    uint8_t kind = fuzz_byte();

    scripted_say((kind & 7) == 7 ? fuzz_value() : 0xC0000202,
        (kind & 0x38) == 0x38 ? fuzz_be16() : MDNS_PORT, msg, len);
}

static void message(bool response)
{
    uint8_t counts = fuzz_byte();
    uint8_t kind = fuzz_byte();
    unsigned questions = response ? 0 : counts & 7;

    memset(msg, 0, DNS_BODY);
    len = DNS_BODY;
    msg[DNS_FLAGS] = response ? 0x84 : (kind & 3) == 3 ? 2 : 0;
    msg[DNS_QUESTIONS + 1] = (uint8_t)questions;
    msg[DNS_ANSWERS + 1] = counts >> 3 & 7;
    msg[DNS_AUTHORITIES + 1] = counts >> 6;
    for (unsigned n = questions; n > 0; n--) {
        put_question();
    }
    for (unsigned n = (counts >> 3 & 7) + (counts >> 6); n > 0; n--) {
        put_record();
    }
    if ((kind & 0x0C) == 0x0C) {
        len -= fuzz_byte() % (len + 1);
    }
    if ((kind & 0x30) == 0x30) {
        msg[fuzz_byte()] ^= fuzz_byte();
    }
    say();
}

// What it said last: a neighbour that is called the same, or nearly.
static void echo(void)
{
    uint8_t kind = fuzz_byte();

    if (s.sent_count == 0) {
        return;
    }
    len = 0;
    put(s.sent, s.sent_len);
    for (unsigned n = kind & 3; n > 0; n--) {
        msg[fuzz_be16() % len] ^= fuzz_byte();
    }
    if ((kind & 4) != 0) { // its last bytes are data, or a name
        msg[len - 1 - (kind >> 3)] ^= 1;
    }
    say();
}

static void bytes(void)
{
    len = 0;
    put_bytes(DNS_BODY);
    for (unsigned n = fuzz_byte() & 7; n > 0; n--) {
        put_bytes(fuzz_byte());
    }
    say();
}

// ---------------------------------------------------------- the responder

// Walks through a message. Returns where it ends, 0 if it does not hold
// together.
static size_t walk(const struct nif__dns_msg *m)
{
    struct nif__dns_record r;
    size_t at = DNS_BODY;

    for (size_t section = DNS_QUESTIONS; section < DNS_BODY; section += 2) {
        for (unsigned n = nif_get_be16(m->at + section); n > 0; n--) {
            if (section == DNS_QUESTIONS ? !nif__dns_question(m, &at, &r)
                                         : !nif__dns_record(m, &at, &r)) {
                return 0;
            }
        }
    }
    return at;
}

// When a record was last told to the group.
static struct told {
    uint64_t at_us;
    size_t name_len;
    uint8_t name[NIF_DNS_NAME_MAX];
    uint16_t type;
    uint16_t data_len; // types have two PTR records, of different length
} told[32];
static unsigned told_count;

static struct told *told_of(const struct nif__dns_msg *m,
    const struct nif__dns_record *r)
{
    struct told new = { .type = (uint16_t)r->type };
    uint8_t name[NIF_DNS_NAME_MAX];
    struct told *t = told;

    new.name_len = nif__dns_expand(m, r->name, new.name);
    if (r->type == DNS_PTR) {
        new.data_len = (uint16_t)nif__dns_expand(m, r->data, name);
    }
    for (; t < told + told_count; t++) {
        if (t->type == new.type && t->data_len == new.data_len &&
            t->name_len ==
                new.name_len &&memcmp(t->name, new.name, new.name_len) == 0) {
            return t;
        }
    }
    if (told_count == nif_countof(told)) { // many names later
        t = told;
        told_count = 0;
    }
    told_count++;
    *t = new;
    return t;
}

// RFC 6762 6: no record goes to the group twice within a second; within a
// quarter of it, not even if somebody probes for its name.
static void check_rate(const struct nif__dns_msg *m)
{
    struct nif__dns_record r;
    size_t at = DNS_BODY;

    for (unsigned n = nif_get_be16(m->at + DNS_ANSWERS); n > 0; n--) {
        struct told *t;

        NIF_ASSERT(nif__dns_record(m, &at, &r));
        t = told_of(m, &r);
        NIF_ASSERT(t->at_us == 0 || s.now_us - t->at_us >= SECOND / 4);
        t->at_us = s.now_us;
    }
}

// Nothing but what holds together is sent, answers with answers, and probes
// with what is wanted.
static void check_message(void)
{
    const struct nif__dns_msg m = { s.sent, s.sent_len };
    bool response = (nif_get_be16(m.at + DNS_FLAGS) & DNS_RESPONSE) != 0;

    NIF_ASSERT(m.len >= DNS_BODY && m.len <= NIF_MDNS_OUT_MAX);
    NIF_ASSERT(walk(&m) == m.len);
    NIF_ASSERT(nif_get_be16(m.at + (response ? DNS_ANSWERS : DNS_AUTHORITIES)) >
        0);
    NIF_ASSERT(response || nif_ip4_value(&s.sent_to.ip) == GROUP);
    NIF_ASSERT(response ? mdns.state >= NIF_MDNS_ANNOUNCING
                        : mdns.state == NIF_MDNS_PROBING);
    if (response && nif_ip4_value(&s.sent_to.ip) == GROUP) {
        check_rate(&m);
    }
}

static void turns(void)
{
    unsigned before = s.sent_count;
    unsigned n = 0;

    do {
        unsigned count = s.sent_count;

        s.again_us = nif_mdns_poll(&mdns);
        NIF_ASSERT(++n < 16);
        if (s.sent_count != count) {
            check_message();
        }
    } while (s.again_us <= s.now_us);
    // One of each service does not fit into one message with the others.
    NIF_ASSERT(s.sent_count - before <= 8);
    NIF_ASSERT(mdns.state <= NIF_MDNS_WAITING || mdns.ip != 0);
    // Nothing is put off for long.
    NIF_ASSERT(mdns.state == NIF_MDNS_OFF ||
        (mdns.state != NIF_MDNS_PROBING && mdns.state != NIF_MDNS_ANNOUNCING &&
            mdns.pending == 0) ||
        s.again_us - s.now_us <= 5 * SECOND);
}

static void change_net(void)
{
    uint8_t kind = fuzz_byte();

    scripted_ip(&s.net.ip, 0xC0000201u + (kind & 1));
    s.net.prefix_len = (kind & 2) != 0 ? 24 : kind % 33;
    if ((kind & 12) == 12) {
        s.net.ip.family = NIF_IP_NONE;
    }
}

static void restart(void)
{
    uint8_t kind = fuzz_byte();

    if ((kind & 3) == 0) {
        nif_mdns_stop(&mdns);
    }
    if ((kind & 4) == 0) {
        NIF_ASSERT(nif_mdns_start(&mdns) <= 0);
    }
}

static void init(void)
{
    uint8_t kind = fuzz_byte();
    struct nif_mdns_cfg cfg = { .stack = &s.stack,
        .seed = 5,
        .host = "board",
        .services = services,
        .service_count = kind & 3 };

    if ((kind & 4) != 0) {
        cfg.host = "a-name-with-sixty-three-letters-which-is-as-long-as-may-be-"
                   "okay";
    }
    told_count = 0;
    nif_mdns_init(&mdns, &cfg);
    NIF_ASSERT(nif_mdns_start(&mdns) == 0);
    if ((kind & 8) != 0) { // announced already
        for (unsigned n = 0; n < 8; n++) {
            (void)nif_mdns_poll(&mdns);
            s.now_us += SECOND;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scripted_begin(data, size, UNTIL_RECV);
    init();
    for (unsigned n = 0; fuzz_left() > 0 && n < STEPS_MAX; n++) {
        uint8_t what = fuzz_byte() & 15;

        s.inbox = NULL; // one that is off misses it
        switch (what) {
        case 0: change_net(); break;
        case 1: restart(); break;
        case 2: scripted_trouble(); break;
        case 3:
        case 4:
        case 5: scripted_pass(); break;
        case 6: bytes(); break;
        case 7:
        case 8:
        case 9: echo(); break;
        case 10:
        case 11:
        case 12: message(true); break;
        default: message(false); break;
        }
        turns();
    }
    return 0;
}
