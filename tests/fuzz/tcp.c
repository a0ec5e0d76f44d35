// SPDX-License-Identifier: MIT
//
// Fuzz target: a TCP peer that says anything, and an application that does
// anything, in any state. Each step takes a few bytes of the input.

#include "tests/core/peer.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 200

static struct peer p;
static const uint8_t *at;
static size_t left;

static unsigned byte(void)
{
    if (left == 0) {
        return 0;
    }
    left--;
    return *at++;
}

// Near zero as a rule: what is far outside is dropped at the door.
static uint32_t near(void)
{
    unsigned kind = byte();

    switch (kind & 7) {
    case 0: return byte() << 8 | byte();
    case 1: return 0u - byte();
    case 2: return byte();
    case 3: return byte() << 24 | byte() << 16 | byte() << 8 | byte();
    default: return 0;
    }
}

static void segment(void)
{
    static uint8_t frame[NIF_ETH_FRAME_MAX];
    static const uint8_t text[1400] = "what a peer says";
    struct pair_seg seg = {
        .src = p.port,
        .dst = p.our_port,
        .seq = p.seq + near(),
        .ack = p.ack + near(),
        .flags = (uint8_t)byte(),
        .wnd = (uint16_t)(byte() << 8 | byte()),
    };
    unsigned options = byte() % 11 * 4;
    size_t len = (size_t)byte() * 6;
    uint8_t *exact;

    if (byte() % 16 == 0) {
        seg.src = (uint16_t)(2000 + byte());
    }
    if (options > left) {
        options = (unsigned)left & ~3u;
    }
    seg.options = at;
    seg.options_len = options;
    at += options;
    left -= options;
    seg.data = text;
    seg.len = len > 1400 ? 1400 : len;
    if (seg.seq == p.seq && (seg.flags & ACK)) {
        p.seq += (uint32_t)seg.len + (seg.flags & FIN);
    }
    len = pair_tcp(&p.pair, frame, &seg);
    exact = malloc(len);
    if (exact == NULL) {
        abort();
    }
    memcpy(exact, frame, len);
    pair_inject(&p.pair, exact, len);
    free(exact);
}

static void ignore(int result)
{
    (void)result;
}

// The peer listens: what it has heard is what it acknowledges.
static void hear(void)
{
    static uint8_t frame[NIF_ETH_FRAME_MAX];
    struct pair_seg seg;
    size_t len;

    while ((len = pair_take(&p.pair, frame)) > 0) {
        uint32_t end;

        if (nif_get_be16(frame + 12) != 0x0800) {
            continue;
        }
        if (!pair_read_tcp(frame, len, &seg)) {
            abort(); // nobody asked for anything but TCP
        }
        end = seg.seq + (uint32_t)seg.len + ((seg.flags & (SYN | FIN)) != 0);
        if (seg.dst == p.port && (int32_t)(end - p.ack) > 0) {
            p.ack = end;
        }
    }
}

static void application(void)
{
    static const uint8_t lent[3000] = "what stays where it is";
    static uint8_t buf[5000];
    const uint8_t *seen;
    int n;

    switch (byte() % 9) {
    case 0:
        ignore(nif_conn_send(p.conn, buf, (size_t)byte() * 20, NULL));
        break;
    case 1:
        ignore(nif_conn_recv(p.conn, buf, (size_t)byte() * 20, NULL));
        break;
    case 2: ignore(nif_conn_send_ref(p.conn, lent, (size_t)byte() * 11)); break;
    case 3:
        n = nif_conn_peek(p.conn, &seen);
        if (n > 0) {
            memcpy(buf, seen, (size_t)n);
            nif_conn_consume(p.conn, byte() % ((unsigned)n + 1));
        }
        break;
    case 4: (void)nif_conn_shutdown(p.conn); break;
    case 5:
        ignore(nif_conn_option(p.conn, (enum nif_option)(byte() % 6),
            (int)byte()));
        break;
    case 6:
        if (byte() % 4 == 0) {
            nif_conn_close(p.conn);
        }
        break;
    case 7: ignore(nif_conn_accept(&p.listener, &p.conn, NULL)); break;
    default: (void)nif_conn_ready(p.conn); break;
    }
}

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned begin;

    at = data;
    left = size;
    peer_init(&p);
    begin = byte();
    peer_extend(&p, (begin & 2) != 0, (begin & 4) != 0);
    // Aligned, as most devices give frames, or at the end of their memory.
    p.pair.dev[0].place = begin & 8 ? 2 : 0;
    if (begin & 1) {
        peer_connect(&p);
    } else {
        peer_serve(&p);
    }
    for (unsigned n = 0; left > 0 && n < STEPS_MAX; n++) {
        unsigned what = byte();

        if (p.conn->state == NIF_CONN_CLOSED ||
            (what % 4 == 3 && p.conn->state == NIF_CONN_IDLE)) {
            break; // the memory is ours again
        }
        switch (what % 4) {
        case 0:
        case 1: segment(); break;
        case 2: peer_pass(&p, (uint64_t)(what >> 2) * (what >> 2) * 500); break;
        default: application(); break;
        }
        hear();
    }
    return 0;
}
