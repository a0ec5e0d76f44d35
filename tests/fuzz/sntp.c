// SPDX-License-Identifier: MIT
//
// Fuzz target: the SNTP client, a resolver that finds anything, and servers
// that answer anything. What an answer must repeat is put right.

#include "nif/sntp.h"
#include "tests/fuzz/scripted.h"

#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 200
#define PORT      123
#define LEAST_S   15          // RFC 4330 10
#define NTP       0xEC5B2A80u // seconds since 1900: 2025-08-28

static struct nif_sntp sntp;
static uint8_t msg[100];

// ----------------------------------------------------------- the resolver

static bool running;
static int answers;
static uint32_t finds;

static int resolver_start(struct nif_resolver *r, const char *host,
    enum nif_ip_family family)
{
    (void)r;
    NIF_ASSERT(host[0] == 't' && family == NIF_IPV4);
    running = answers != NIF_EINVAL;
    return running ? 0 : NIF_EINVAL;
}

static int resolver_poll(struct nif_resolver *r, struct nif_ip *out,
    uint64_t *again_us)
{
    (void)r;
    NIF_ASSERT(running);
    if (answers == NIF_EAGAIN) {
        *again_us = s.now_us + SECOND;
    } else {
        running = false;
    }
    scripted_ip(out, finds);
    return answers;
}

static void resolver_stop(struct nif_resolver *r)
{
    (void)r;
    running = false;
}

static const struct nif_resolver_ops resolver_ops = {
    .start = resolver_start,
    .poll = resolver_poll,
    .stop = resolver_stop,
};
static struct nif_resolver resolver = { .ops = &resolver_ops };

static void resolve(void)
{
    static const int results[] = { 0, 0, NIF_EAGAIN, NIF_ENOTFOUND, NIF_EPROTO,
        NIF_EINVAL, NIF_ETIMEDOUT, 0 };
    uint8_t kind = fuzz_byte();

    answers = results[kind & 7];
    finds = (kind & 8) != 0 ? fuzz_value() : 0xC0000202;
}

// ------------------------------------------------------------ the answers

// Times near to each other as a rule.
static void put_time(uint8_t *at)
{
    uint8_t kind = fuzz_byte();

    nif_put_be32(at, (kind & 7) == 7 ? fuzz_value() : NTP + (kind & 7));
    nif_put_be32(at + 4, (uint32_t)kind << 24);
}

static void answer(void)
{
    static const char kisses[4][5] = { "DENY", "RATE", "RSTR", "INIT" };
    uint8_t kind = fuzz_byte();
    uint8_t more = fuzz_byte();

    memset(msg, 0, sizeof(msg));
    msg[0] = (more & 7) == 7 ? fuzz_byte() : 4 << 3 | 4;
    msg[1] = (more & 0x38) == 0x38 ? fuzz_byte() : (more & 0x38) == 0 ? 0 : 2;
    if ((kind & 1) != 0) {
        nif_put_be32(msg + 4, fuzz_value());
        nif_put_be32(msg + 8, fuzz_value());
    }
    memcpy(msg + 12, kisses[kind >> 1 & 3], 4);
    memcpy(msg + 24, s.sent + 40, 8);
    put_time(msg + 32);
    if ((kind & 8) != 0) {
        put_time(msg + 40);
    } else {
        memcpy(msg + 40, msg + 32, 8);
    }
    if ((kind & 16) != 0) {
        msg[fuzz_byte() % sizeof(msg)] ^= fuzz_byte();
    }
    scripted_say((more & 0xC0) == 0xC0 ? fuzz_value()
                                       : nif_ip4_value(&s.sent_to.ip),
        (kind & 0xE0) == 0xE0 ? fuzz_be16() : PORT, msg,
        (kind & 0xE0) == 0xC0 ? fuzz_byte() % sizeof(msg) : NIF_SNTP_MESSAGE);
}

// ------------------------------------------------------------- the client

static uint64_t asked_us; // the last question; 0: none since the start

static void check_question(void)
{
    NIF_ASSERT(s.sent_len == NIF_SNTP_MESSAGE);
    NIF_ASSERT((s.sent[0] & 7) == 3 && s.sent_to.port == PORT);
    NIF_ASSERT(asked_us == 0 || s.now_us - asked_us >= LEAST_S * SECOND);
    asked_us = s.now_us;
}

static void turns(void)
{
    unsigned n = 0;

    do {
        unsigned count = s.sent_count;

        s.again_us = nif_sntp_poll(&sntp);
        NIF_ASSERT(s.sent_count - count <= 1 && ++n < 8);
        if (s.sent_count != count) {
            check_question();
        }
    } while (s.again_us <= s.now_us);
    NIF_ASSERT(s.open == (sntp.state == NIF_SNTP_ASKING));
    NIF_ASSERT(running == (sntp.state == NIF_SNTP_LOOKING));
    NIF_ASSERT((s.again_us == NIF_NEVER) ==
        (sntp.state == NIF_SNTP_OFF || sntp.state == NIF_SNTP_DENIED));
}

static void check(uint32_t good_before)
{
    uint64_t us = 0;
    int err = nif_sntp_now(&sntp, &us);

    NIF_ASSERT((err == 0) == (sntp.good_count > 0));
    if (sntp.good_count != good_before) { // 1968 to 2104
        NIF_ASSERT((int64_t)us > -70000000 * (int64_t)SECOND);
        NIF_ASSERT((int64_t)us < 4260000000 * (int64_t)SECOND);
    }
}

static void restart(void)
{
    if ((fuzz_byte() & 1) != 0) {
        nif_sntp_stop(&sntp);
    } else {
        nif_sntp_start(&sntp);
    }
    asked_us = 0;
}

static void init(void)
{
    uint8_t kind = fuzz_byte();
    struct nif_sntp_cfg cfg = { .stack = &s.stack,
        .seed = 12,
        .server = "192.0.2.2" };

    if ((kind & 1) != 0) {
        cfg.server = "time.example.net";
        cfg.resolver = (kind & 2) != 0 ? &resolver : NULL;
    }
    if ((kind & 4) != 0) {
        cfg.interval_s = fuzz_value();
    }
    running = false;
    answers = 0;
    finds = 0xC0000202;
    asked_us = 0;
    nif_sntp_init(&sntp, &cfg);
    nif_sntp_start(&sntp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scripted_begin(data, size, UNGUARDED);
    init();
    for (unsigned n = 0; fuzz_left() > 0 && n < STEPS_MAX; n++) {
        uint32_t good = sntp.good_count;

        s.inbox = NULL;
        switch (fuzz_byte() & 7) {
        case 0: resolve(); break;
        case 1: restart(); break;
        case 2: scripted_trouble(); break;
        case 3:
        case 4:
        case 5: scripted_pass(); break;
        default: answer(); break;
        }
        turns();
        check(good);
    }
    return 0;
}
