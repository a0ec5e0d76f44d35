// SPDX-License-Identifier: MIT
//
// The data of a test, in either direction.

#include "iperf3.h"

// Pieces of one stream in one turn, so that the others get theirs.
#define PIECES 32

// Seconds, microseconds, number of the datagram in 32 or 64 bits.
#define HEAD 16

// The longest datagram that one frame takes.
#define FRAME_LEN 1472

// Bytes that a stream may have given to the stack and the peer not yet
// acknowledged.
#define AHEAD ((size_t)4 * IPERF3_RING)

// Of the pace with which datagrams are sent: not finer than this.
#define PACE_US 1000

uint64_t iperf3_bytes(const struct iperf3_test *test)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < test->count; i++) {
        bytes += test->streams[i].bytes;
    }
    return bytes;
}

static uint64_t arrived(const struct iperf3_stream *s)
{
    size_t left = nif_conn_unacked(s->conn);

    return left < s->bytes ? s->bytes - left : left == SIZE_MAX ? s->bytes : 0;
}

uint64_t iperf3_arrived(const struct iperf3_test *test)
{
    uint64_t bytes = 0;

    if (!test->sends || test->params.udp) {
        return iperf3_bytes(test);
    }
    for (unsigned i = 0; i < test->count; i++) {
        bytes += arrived(&test->streams[i]);
    }
    return bytes;
}

// What is still under way at the end has not been sent in time.
static void settle(struct iperf3_test *test)
{
    for (unsigned i = 0; i < test->count; i++) {
        test->streams[i].bytes = arrived(&test->streams[i]);
    }
}

size_t iperf3_len(const struct iperf3_test *test)
{
    return test->params.len != 0 ? test->params.len : FRAME_LEN;
}

// ---- TCP

static int take(struct iperf3_test *test, struct nif_conn *conn)
{
    const uint8_t *data;
    int n = nif_conn_peek(conn, &data);

    if (n == NIF_ENOTSUP) {
        return nif_conn_recv(conn, test->block, sizeof(test->block), NULL);
    }
    if (n > 0) {
        nif_conn_consume(conn, (size_t)n);
    }
    return n;
}

// The block never changes, so it can be lent again and again.
static int give(struct iperf3_test *test, struct nif_conn *conn)
{
    size_t ahead = nif_conn_unacked(conn);
    int n;

    if (ahead != SIZE_MAX && ahead > AHEAD) {
        return NIF_EAGAIN;
    }
    n = nif_conn_send_ref(conn, test->block, sizeof(test->block));
    return n != NIF_ENOTSUP
        ? n
        : nif_conn_send(conn, test->block, sizeof(test->block), NULL);
}

// All that was to be sent has been given to the stack.
static bool all_given(const struct iperf3_test *test)
{
    return test->sends && test->params.bytes != 0 &&
        iperf3_bytes(test) >= test->params.bytes;
}

static bool move_tcp(struct iperf3_test *test, struct iperf3_stream *s)
{
    bool moved = false;

    for (unsigned i = 0; i < PIECES && !s->ended && !all_given(test); i++) {
        int n = test->sends ? give(test, s->conn) : take(test, s->conn);

        if (n == NIF_EAGAIN) {
            break;
        }
        if (n <= 0) {
            s->ended = true;
            break;
        }
        s->bytes += (uint64_t)n;
        moved = true;
    }
    return moved;
}

// ---- UDP

// RFC 3550 6.4.1, and its appendix A.8.
static void note_jitter(struct iperf3_stream *s, int64_t transit_us)
{
    int64_t d = transit_us - s->transit_us;

    s->transit_us = transit_us;
    if (s->packets == 0) {
        return; // nothing to compare it with
    }
    d = d < 0 ? -d : d;
    s->jitter_us16 += (uint64_t)d - (s->jitter_us16 + 8) / 16;
}

static void note_number(struct iperf3_stream *s, uint64_t number)
{
    if (number > s->packets) {
        s->lost += number - s->packets - 1;
        s->packets = number;
    } else if (s->lost > 0) {
        s->lost--; // late, not lost
    }
}

static bool take_datagram(struct iperf3_test *test, struct iperf3_stream *s)
{
    uint8_t *p = test->block;
    int n = nif_conn_recv(s->conn, p, sizeof(test->block), NULL);
    uint64_t now_us = nif_clock_now_us(test->board->clock);
    uint64_t sent_us;

    if (n < 12) { // no more, or nothing of ours
        return n >= 0;
    }
    s->bytes += (uint64_t)n;
    sent_us = (uint64_t)nif_get_be32(p) * 1000000 + nif_get_be32(p + 4);
    note_jitter(s, (int64_t)(now_us - sent_us));
    if (!test->params.wide) {
        note_number(s, nif_get_be32(p + 8));
    } else if (n >= HEAD) {
        note_number(s,
            (uint64_t)nif_get_be32(p + 8) << 32 | nif_get_be32(p + 12));
    }
    return true;
}

// Bytes of a stream that may have been sent by now.
static uint64_t allowed(const struct iperf3_test *test, uint64_t now_us)
{
    uint64_t us = now_us - test->begun_us + PACE_US;
    uint64_t rate = test->params.bits_per_s / 8;

    // In two steps: seconds and what is beside them, or it could overflow.
    return rate == 0 ? UINT64_MAX
                     : rate * (us / 1000000) + rate * (us % 1000000) / 1000000;
}

static bool give_datagram(struct iperf3_test *test, struct iperf3_stream *s)
{
    uint64_t now_us = nif_clock_now_us(test->board->clock);
    uint8_t *p = test->block;
    size_t len = iperf3_len(test);
    uint64_t number = s->packets + 1;
    int n;

    if (all_given(test) || s->bytes + len > allowed(test, now_us)) {
        return false;
    }
    nif_put_be32(p, (uint32_t)(now_us / 1000000));
    nif_put_be32(p + 4, (uint32_t)(now_us % 1000000));
    if (test->params.wide) {
        nif_put_be32(p + 8, (uint32_t)(number >> 32));
        nif_put_be32(p + 12, (uint32_t)number);
    } else {
        nif_put_be32(p + 8, (uint32_t)number);
    }
    n = nif_conn_send(s->conn, p, len, NULL);
    if (n > 0) {
        s->packets = number;
        s->bytes += (uint64_t)n;
    }
    return n > 0;
}

static bool move_udp(struct iperf3_test *test, struct iperf3_stream *s)
{
    unsigned i = 0;

    while (i < PIECES &&
        (test->sends ? give_datagram(test, s) : take_datagram(test, s))) {
        i++;
    }
    return i > 0;
}

// ---- all of it

static bool move(struct iperf3_test *test)
{
    bool moved = false;

    for (unsigned i = 0; i < test->count; i++) {
        struct iperf3_stream *s = &test->streams[i];

        moved |= test->params.udp ? move_udp(test, s) : move_tcp(test, s);
    }
    return moved;
}

static int run(struct iperf3_test *test,
    bool (*enough)(const struct iperf3_test *test))
{
    struct nif_board *board = test->board;
    bool paced = test->sends && test->params.udp;
    uint64_t idle_us = test->begun_us + IPERF3_STEP_US;

    while (!board->stop) {
        uint64_t again_us = nif_poll_all(board->stack);
        bool moved = move(test);
        uint64_t now_us = nif_clock_now_us(board->clock);

        test->ended_us = now_us;
        if ((nif_conn_ready(test->ctrl) & NIF_READABLE) ||
            (enough != NULL && enough(test))) {
            return 0;
        }
        if (moved) {
            idle_us = now_us + IPERF3_STEP_US;
            continue;
        }
        if (now_us >= idle_us) {
            return NIF_ETIMEDOUT;
        }
        again_us = again_us < idle_us ? again_us : idle_us;
        if (paced && now_us + PACE_US < again_us) {
            again_us = now_us + PACE_US;
        }
        nif_clock_wait(board->clock, again_us);
    }
    return NIF_ENOTCONN;
}

int iperf3_run(struct iperf3_test *test,
    bool (*enough)(const struct iperf3_test *test))
{
    int err;

    test->begun_us = nif_clock_now_us(test->board->clock);
    err = run(test, enough);
    if (test->sends && !test->params.udp) {
        settle(test);
    }
    return err;
}
