// SPDX-License-Identifier: MIT
//
// Data through connections: calls that look twice, and flows of a known text.

#include "tests/contract/bench.h"

#include "tests/support/check.h"

#include <string.h>

#define GUARD 0x5A // behind a buffer

// No call takes longer than 2 ms (nif/iface.h).
static void look_at_time(const char *call, uint64_t begun_us)
{
    if (bench_now() - begun_us > 2100) {
        fail_msg("%s() took %u us", call, (unsigned)(bench_now() - begun_us));
    }
}

int bench_send(struct nif_conn *conn, const void *data, size_t len,
    const struct nif_endpoint *to)
{
    unsigned ready = nif_conn_ready(conn);
    uint64_t begun_us = bench_now();
    int n = nif_conn_send(conn, data, len, to);

    look_at_time("send", begun_us);
    if (n == NIF_EAGAIN && (ready & NIF_WRITABLE) && conn->proto != NIF_UDP) {
        fail_msg("writable, and send() says NIF_EAGAIN");
    }
    if (n > 0 && (size_t)n > len) {
        fail_msg("send() took %d of %zu bytes", n, len);
    }
    if (n == 0 && len > 0) {
        fail_msg("send() took nothing and did not say NIF_EAGAIN");
    }
    return n;
}

int bench_recv(struct nif_conn *conn, void *buf, size_t cap,
    struct nif_endpoint *from)
{
    unsigned ready = nif_conn_ready(conn);
    uint64_t begun_us = bench_now();
    int n = nif_conn_recv(conn, buf, cap, from);

    look_at_time("recv", begun_us);
    if (n == NIF_EAGAIN && (ready & NIF_READABLE)) {
        fail_msg("readable, and recv() says NIF_EAGAIN");
    }
    if (n > 0 && (size_t)n > cap) {
        fail_msg("recv() gave %d bytes into %zu", n, cap);
    }
    return n;
}

static size_t piece_of(const struct flow *flow, uint32_t at, uint32_t total)
{
    uint32_t most = flow->piece != 0 ? flow->piece : 1500;
    uint32_t len = 1 + (at * 2654435761u >> 7) % most;

    return len < total - at ? len : total - at;
}

static bool step_out(struct flow *flow)
{
    uint8_t text[4096];
    size_t len = piece_of(flow, flow->sent, flow->out);
    int n;

    for (size_t i = 0; i < len; i++) {
        text[i] = peer_text(flow->salt_out, flow->sent + (uint32_t)i);
    }
    n = bench_send(flow->conn, text, len, NULL);
    memset(text, 0, sizeof(text)); // they were borrowed for the call
    if (n > 0) {
        flow->sent += (uint32_t)n;
    } else if (n != NIF_EAGAIN) {
        flow->err = n;
    }
    return n > 0;
}

static bool step_in(struct flow *flow)
{
    uint8_t text[4096 + 1];
    size_t cap = piece_of(flow, flow->got, flow->in);
    int n;

    text[cap] = GUARD;
    n = bench_recv(flow->conn, text, cap, NULL);
    assert_int_equal(text[cap], GUARD);
    for (int i = 0; i < n; i++) {
        if (text[i] != peer_text(flow->salt_in, flow->got + (uint32_t)i)) {
            fail_msg("byte %u is not what was sent", flow->got + (unsigned)i);
        }
    }
    if (n > 0) {
        flow->got += (uint32_t)n;
    } else if (n == 0) {
        flow->ended = true;
    } else if (n != NIF_EAGAIN) {
        flow->err = n;
    }
    return n > 0;
}

bool flow_done(const struct flow *flow)
{
    return flow->err != 0 || flow->ended ||
        (flow->sent == flow->out && flow->got == flow->in);
}

bool flow_step(struct flow *flow)
{
    bool moved = flow->sent < flow->out && step_out(flow);

    return (flow->got < flow->in && step_in(flow)) || moved;
}

static int try_flow(void *arg)
{
    struct flow *flow = arg;
    unsigned moves = 0;

    while (!flow_done(flow) && flow_step(flow) && ++moves < 8) {
    }
    if (moves == 8) {
        nif_clock_wake(bench.stack->clock); // and there is more
    }
    return flow_done(flow) ? 0 : NIF_EAGAIN;
}

void flow_run(struct flow *flow, uint64_t until_us)
{
    int err = nif_wait_for(bench.stack, try_flow, flow, until_us);

    if (err != 0 || flow->err != 0 || flow->sent != flow->out ||
        flow->got != flow->in) {
        fail_msg("%u of %u bytes out, %u of %u in, then %s", flow->sent,
            flow->out, flow->got, flow->in,
            nif_err_name(err != 0 ? err : flow->err));
    }
}
