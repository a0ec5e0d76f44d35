// SPDX-License-Identifier: MIT
//
// SNTP client after RFC 4330 5 and 10, and RFC 5905 7.4 and 14.

#include "nif/sntp.h"

#include "client.h"

#include <string.h>

// The message, RFC 4330 4.
enum {
    MSG_FLAGS = 0, // leap (2 bits), version (3), mode (3)
    MSG_STRATUM = 1,
    MSG_DELAY = 4,
    MSG_DISPERSION = 8,
    MSG_REFERENCE = 12, // a kiss code, if the stratum is 0
    MSG_ORIGINATE = 24,
    MSG_RECEIVE = 32,
    MSG_TRANSMIT = 40,

    LEAP_UNKNOWN = 3,
    VERSION = 4,
    MODE_CLIENT = 3,
    MODE_SERVER = 4,
    STRATUM_MAX = 15,

    PORT = 123,
};

#define INTERVAL_S 1024
#define LEAST_S    16          // RFC 4330 10: no less than 15
#define ANSWER_S   3           // an answer that takes longer is not worth much
#define EPOCH_S    2208988800u // from 1900 to 1970
#define DISTANCE   0x100000u   // 16 s, in 16.16 bits (RFC 5905 14)

static uint64_t now_us(const struct nif_sntp *sntp)
{
    return nif_clock_now_us(sntp->cfg.stack->clock);
}

static void close_conn(struct nif_sntp *sntp)
{
    if (sntp->open) {
        nif_conn_abort(&sntp->conn);
        sntp->open = false;
    }
}

// Asks again in about `s` seconds, up to a sixteenth sooner: not all boards
// at the same moment.
static void wait(struct nif_sntp *sntp, uint32_t s)
{
    uint64_t us;

    if (s < sntp->least_s) {
        s = sntp->least_s;
    }
    us = s * NIF__SECOND_US;
    close_conn(sntp);
    sntp->state = NIF_SNTP_WAITING;
    sntp->at_us = now_us(sntp) + us -
        (us >> 20) * (nif_random_draw(&sntp->random) & 0xFFFF);
}

// RFC 4330 10: ever less often, while nobody answers.
static void fail(struct nif_sntp *sntp)
{
    sntp->bad_count++;
    sntp->wait_s = sntp->wait_s == 0 ? LEAST_S : sntp->wait_s * 2;
    if (sntp->wait_s > sntp->cfg.interval_s) {
        sntp->wait_s = sntp->cfg.interval_s;
    }
    wait(sntp, sntp->wait_s);
}

// ---------------------------------------------------------------- asking

static void send_question(struct nif_sntp *sntp)
{
    struct nif_endpoint to = { .port = PORT };
    uint8_t msg[NIF_SNTP_MESSAGE] = { VERSION << 3 | MODE_CLIENT };

    nif__set_ip(&to.ip, sntp->server);
    // Not our time, which is nobody's business, but what an answer repeats
    // and nobody else can know.
    nif_store_be32(msg + MSG_TRANSMIT, sntp->cookie[0]);
    nif_store_be32(msg + MSG_TRANSMIT + 4, sntp->cookie[1]);
    sntp->sent_us = now_us(sntp);
    sntp->unsent =
        nif_conn_send(&sntp->conn, msg, sizeof(msg), &to) == NIF_EAGAIN;
}

static void ask(struct nif_sntp *sntp, const struct nif_ip *server)
{
    const struct nif_conn_cfg buffers = { .rx = sntp->rx,
        .rx_cap = sizeof(sntp->rx) };

    sntp->server = server->family == NIF_IPV4 ? nif_ip4_value(server) : 0;
    if (!nif__host_ip(sntp->server) ||
        nif__client_open(sntp->cfg.stack, &sntp->conn, &buffers, 0) != 0) {
        fail(sntp);
        return;
    }
    sntp->open = true;
    sntp->state = NIF_SNTP_ASKING;
    sntp->cookie[0] = nif_random_draw(&sntp->random);
    sntp->cookie[1] = nif_random_draw(&sntp->random);
    sntp->at_us = now_us(sntp) + ANSWER_S * NIF__SECOND_US;
    send_question(sntp);
}

static void begin(struct nif_sntp *sntp)
{
    struct nif_resolver *r = sntp->cfg.resolver;
    struct nif_ip ip;

    if (nif_ip_parse(sntp->cfg.server, &ip) == 0) {
        ask(sntp, &ip);
    } else if (r != NULL && r->ops->start(r, sntp->cfg.server, NIF_IPV4) == 0) {
        sntp->state = NIF_SNTP_LOOKING;
    } else {
        fail(sntp);
    }
}

static void look(struct nif_sntp *sntp)
{
    struct nif_resolver *r = sntp->cfg.resolver;
    struct nif_ip ip;
    int err;

    sntp->at_us = NIF_NEVER;
    err = r->ops->poll(r, &ip, &sntp->at_us);
    if (err == 0) {
        ask(sntp, &ip);
    } else if (err != NIF_EAGAIN) {
        fail(sntp);
    }
}

// --------------------------------------------------------------- reading

// Microseconds since 1970 of a time stamp. Seconds whose highest bit is not
// set have wrapped (RFC 4330 3).
static int64_t read_time(const uint8_t *p)
{
    uint64_t s = nif_load_be32(p);

    if (s >> 31 == 0) {
        s += (uint64_t)1 << 32;
    }
    return (int64_t)((s - EPOCH_S) * NIF__SECOND_US +
        (nif_load_be32(p + 4) * NIF__SECOND_US >> 32));
}

// The answer of a server that knows the time (RFC 4330 5, RFC 5905 14).
static bool knows_time(const uint8_t *m)
{
    return m[MSG_FLAGS] >> 6 != LEAP_UNKNOWN && m[MSG_STRATUM] <= STRATUM_MAX &&
        nif_load_be32(m + MSG_DELAY) < DISTANCE &&
        nif_load_be32(m + MSG_DISPERSION) < DISTANCE &&
        nif_load_be32(m + MSG_TRANSMIT) != 0;
}

// "Go away" (RFC 5905 7.4).
static void kissed(struct nif_sntp *sntp, const uint8_t *code)
{
    if (memcmp(code, "DENY", 4) == 0 || memcmp(code, "RSTR", 4) == 0) {
        nif_sntp_stop(sntp);
        sntp->bad_count++;
        sntp->state = NIF_SNTP_DENIED;
        return;
    }
    if (memcmp(code, "RATE", 4) == 0) {
        sntp->least_s = sntp->least_s < sntp->cfg.interval_s
            ? sntp->cfg.interval_s
            : sntp->least_s;
        if (sntp->least_s >> 17 == 0) { // 36 hours
            sntp->least_s *= 2;
        }
    }
    fail(sntp);
}

static void take(struct nif_sntp *sntp, const uint8_t *m)
{
    int64_t sent_us = (int64_t)sntp->sent_us;
    int64_t got_us = (int64_t)now_us(sntp);
    int64_t there_us = read_time(m + MSG_RECEIVE);
    int64_t back_us = read_time(m + MSG_TRANSMIT);

    if (m[MSG_STRATUM] == 0) {
        kissed(sntp, m + MSG_REFERENCE);
        return;
    }
    // It cannot have kept the question longer than the answer took.
    if (!knows_time(m) || back_us < there_us ||
        back_us - there_us > got_us - sent_us) {
        fail(sntp);
        return;
    }
    // RFC 4330 5: the mean of the way there and the way back.
    sntp->offset_us = ((there_us - sent_us) + (back_us - got_us)) / 2;
    sntp->stratum = m[MSG_STRATUM];
    sntp->good_count++;
    sntp->wait_s = 0;
    wait(sntp, sntp->cfg.interval_s);
}

static void receive(struct nif_sntp *sntp)
{
    uint8_t m[NIF_SNTP_MESSAGE];
    struct nif_endpoint from;

    for (unsigned i = 0; i < 2; i++) {
        int len = nif_conn_recv(&sntp->conn, m, sizeof(m), &from);

        if (len < 0) {
            return;
        }
        if (len == NIF_SNTP_MESSAGE && from.port == PORT &&
            nif_ip4_value(&from.ip) == sntp->server &&
            (m[MSG_FLAGS] & 7) == MODE_SERVER &&
            (m[MSG_FLAGS] >> 3 & 7) == VERSION &&
            nif_load_be32(m + MSG_ORIGINATE) == sntp->cookie[0] &&
            nif_load_be32(m + MSG_ORIGINATE + 4) == sntp->cookie[1]) {
            take(sntp, m);
            return;
        }
    }
}

// --------------------------------------------------------------- surface

uint64_t nif_sntp_poll(struct nif_sntp *sntp)
{
    if (sntp->state == NIF_SNTP_WAITING &&
        nif__has_come(sntp->cfg.stack, sntp->at_us)) {
        begin(sntp);
    }
    if (sntp->state == NIF_SNTP_LOOKING) {
        look(sntp);
    }
    if (sntp->state == NIF_SNTP_ASKING) {
        receive(sntp);
    }
    if (sntp->state == NIF_SNTP_ASKING) {
        if (nif__has_come(sntp->cfg.stack, sntp->at_us)) {
            fail(sntp);
        } else if (sntp->unsent) {
            send_question(sntp);
        }
        if (sntp->state == NIF_SNTP_ASKING && sntp->unsent) {
            return now_us(sntp) + NIF__RESEND_US;
        }
    }
    return sntp->state == NIF_SNTP_OFF || sntp->state == NIF_SNTP_DENIED
        ? NIF_NEVER
        : sntp->at_us;
}

int nif_sntp_now(const struct nif_sntp *sntp, uint64_t *unix_us)
{
    if (sntp->stratum == 0) {
        return NIF_EAGAIN;
    }
    *unix_us = now_us(sntp) + (uint64_t)sntp->offset_us;
    return 0;
}

void nif_sntp_start(struct nif_sntp *sntp)
{
    nif_sntp_stop(sntp);
    sntp->state = NIF_SNTP_WAITING;
    sntp->wait_s = 0;
    sntp->at_us = now_us(sntp) + nif_random_below(&sntp->random, 1000000);
}

void nif_sntp_stop(struct nif_sntp *sntp)
{
    if (sntp->state == NIF_SNTP_LOOKING) {
        sntp->cfg.resolver->ops->stop(sntp->cfg.resolver);
    }
    close_conn(sntp);
    sntp->state = NIF_SNTP_OFF;
}

void nif_sntp_init(struct nif_sntp *sntp, const struct nif_sntp_cfg *cfg)
{
    memset(sntp, 0, sizeof(*sntp));
    sntp->cfg = *cfg;
    if (cfg->interval_s == 0) {
        sntp->cfg.interval_s = INTERVAL_S;
    } else if (cfg->interval_s < LEAST_S) {
        sntp->cfg.interval_s = LEAST_S;
    }
    sntp->least_s = LEAST_S;
    nif_random_init(&sntp->random, cfg->seed, NIF__SALT_SNTP);
}
