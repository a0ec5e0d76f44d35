// SPDX-License-Identifier: MIT
//
// The control connection of iperf3: states, parameters, results.

#include "iperf3.h"

#include <string.h>

uint64_t iperf3_deadline(const struct iperf3_test *test)
{
    return nif_clock_now_us(test->board->clock) + IPERF3_STEP_US;
}

int iperf3_say(struct iperf3_test *test, enum iperf3_state state)
{
    const uint8_t byte = (uint8_t)state;

    return nif_send_all(test->ctrl, &byte, 1, iperf3_deadline(test));
}

static int whole(int got, size_t len)
{
    if (got < 0) {
        return got;
    }
    return (size_t)got == len ? 0 : NIF_ERESET; // it has ended before
}

int iperf3_hear(struct iperf3_test *test, uint64_t until_us)
{
    uint8_t byte = 0;
    int err = whole(nif_recv_all(test->ctrl, &byte, 1, until_us), 1);

    if (err != 0) {
        return err;
    }
    return byte != 0 ? byte : NIF_EPROTO;
}

int iperf3_get(struct nif_conn *conn, void *buf, size_t len)
{
    uint64_t until_us = nif_clock_now_us(conn->stack->clock) + IPERF3_STEP_US;

    return whole(nif_recv_all(conn, buf, len, until_us), len);
}

int iperf3_put_json(struct iperf3_test *test)
{
    size_t len = strlen(test->json);
    uint8_t head[4];
    int err;

    nif_put_be32(head, (uint32_t)len);
    err = nif_send_all(test->ctrl, head, 4, iperf3_deadline(test));
    return err != 0
        ? err
        : nif_send_all(test->ctrl, test->json, len, iperf3_deadline(test));
}

int iperf3_get_json(struct iperf3_test *test)
{
    uint8_t head[4];
    int err = iperf3_get(test->ctrl, head, 4);
    size_t len = err == 0 ? nif_get_be32(head) : 0;
    size_t take = len < IPERF3_JSON ? len : IPERF3_JSON - 1;

    if (err == 0 && len > 65536) {
        err = NIF_EPROTO;
    }
    if (err == 0) {
        err = iperf3_get(test->ctrl, test->json, take);
    }
    test->json[err == 0 ? take : 0] = '\0';
    for (len -= take; err == 0 && len > 0; len -= take) {
        char rest[64];

        take = len < sizeof(rest) ? len : sizeof(rest);
        err = iperf3_get(test->ctrl, rest, take);
    }
    return err;
}

// ---- parameters

static void put_number(struct iperf3_text *t, const char *key, uint64_t v)
{
    iperf3_put(t, key);
    iperf3_put_u64(t, v);
}

void iperf3_write_params(struct iperf3_test *test)
{
    const struct iperf3_params *p = &test->params;
    struct iperf3_text t = { test->json, sizeof(test->json), 0 };

    iperf3_put(&t, p->udp ? "{\"udp\":true" : "{\"tcp\":true");
    put_number(&t, ",\"omit\":0,\"time\":", p->seconds);
    put_number(&t, ",\"num\":", p->bytes);
    put_number(&t, ",\"blockcount\":0,\"parallel\":", p->parallel);
    iperf3_put(&t, p->reverse ? ",\"reverse\":true" : "");
    put_number(&t, ",\"len\":", p->udp ? iperf3_len(test) : 131072);
    put_number(&t, ",\"bandwidth\":", p->bits_per_s);
    iperf3_put(&t, p->wide ? ",\"udp_counters_64bit\":1" : "");
    iperf3_put(&t, ",\"pacing_timer\":1000,\"client_version\":\"3.12\"}");
}

void iperf3_read_params(struct iperf3_test *test)
{
    const char *text = test->json;

    test->params = (struct iperf3_params){
        .udp = iperf3_true(text, "udp"),
        .reverse = iperf3_true(text, "reverse"),
        .wide = iperf3_true(text, "udp_counters_64bit"),
        .strange = iperf3_true(text, "bidirectional") ||
            iperf3_true(text, "sctp") || iperf3_find(text, "authtoken") != NULL,
        .parallel = (uint32_t)iperf3_number(text, "parallel", 1),
        .seconds = iperf3_number(text, "time", 0),
        .bytes = iperf3_number(text, "num", 0),
        .bits_per_s = iperf3_number(text, "bandwidth", 0),
    };
    if (test->params.udp) {
        test->params.len = (uint32_t)iperf3_number(text, "len", 0);
    }
}

// ---- results

static uint64_t span_us(const struct iperf3_test *test)
{
    uint64_t us = test->ended_us - test->begun_us;

    return us > 0 ? us : 1;
}

// The numbers by which iperf3 knows its streams: 1, 3, 4, 5, ...
static unsigned id_of(unsigned i)
{
    return i == 0 ? 1 : i + 2;
}

void iperf3_write_results(struct iperf3_test *test)
{
    struct iperf3_text t = { test->json, sizeof(test->json), 0 };

    iperf3_put(&t,
        "{\"cpu_util_total\":0,\"cpu_util_user\":0,\"cpu_util_system\":0,"
        "\"sender_has_retransmits\":0,\"streams\":[");
    for (unsigned i = 0; i < test->count; i++) {
        const struct iperf3_stream *s = &test->streams[i];

        put_number(&t, i == 0 ? "{\"id\":" : ",{\"id\":", id_of(i));
        put_number(&t, ",\"bytes\":", s->bytes);
        iperf3_put(&t, ",\"retransmits\":-1,\"jitter\":");
        iperf3_put_point(&t, s->jitter_us16 / 16, 6);
        put_number(&t, ",\"errors\":", s->lost);
        put_number(&t, ",\"packets\":", s->packets);
        iperf3_put(&t, ",\"start_time\":0,\"end_time\":");
        iperf3_put_point(&t, span_us(test), 6);
        iperf3_put(&t, "}");
    }
    iperf3_put(&t, "]}");
}

void iperf3_read_results(struct iperf3_test *test)
{
    const char *s = iperf3_find(test->json, "streams");

    test->peer_bytes = 0;
    test->peer_lost = 0;
    if (s == NULL || *s != '[') {
        return;
    }
    for (unsigned i = 0; i < test->count && s != NULL; i++) {
        s = strchr(s, '{');
        if (s != NULL) {
            test->peer_bytes += iperf3_number(s, "bytes", 0);
            test->peer_lost += iperf3_number(s, "errors", 0);
            s = strchr(s, '}');
        }
    }
}

// ---- for people

void iperf3_print(struct nif_board *board, const char *line)
{
    if (board->print != NULL) {
        board->print(board, line);
    }
}

static uint64_t lost(const struct iperf3_test *test)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < test->count; i++) {
        n += test->streams[i].lost;
    }
    return n;
}

// Of several streams, what each has moved.
static void report_streams(const struct iperf3_test *test)
{
    for (unsigned i = 0; i < test->count && test->count > 1; i++) {
        char line[48];
        struct iperf3_text t = { line, sizeof(line), 0 };

        iperf3_put(&t, "iperf3: stream ");
        iperf3_put_u64(&t, i + 1);
        iperf3_put(&t, ": ");
        iperf3_put_u64(&t, test->streams[i].bytes);
        iperf3_put(&t, " bytes");
        iperf3_print(test->board, line);
    }
}

void iperf3_report(struct iperf3_test *test)
{
    char line[160];
    struct iperf3_text t = { line, sizeof(line), 0 };
    uint64_t bytes = iperf3_bytes(test);
    // In kbit/s: bits, thousands of which in a second.
    uint64_t rate = bytes * 8 * 1000 / span_us(test);

    iperf3_put(&t, test->params.udp ? "iperf3: UDP, " : "iperf3: TCP, ");
    iperf3_put(&t, test->sends ? "sent " : "received ");
    iperf3_put_u64(&t, bytes);
    iperf3_put(&t, " bytes in ");
    iperf3_put_point(&t, span_us(test) / 1000, 3);
    iperf3_put(&t, " s, ");
    iperf3_put_point(&t, rate, 3);
    iperf3_put(&t, " Mbit/s; the other side has counted ");
    iperf3_put_u64(&t, test->peer_bytes);
    if (test->params.udp) {
        iperf3_put(&t, ", lost ");
        iperf3_put_u64(&t, test->sends ? test->peer_lost : lost(test));
    }
    report_streams(test);
    iperf3_print(test->board, line);
}
