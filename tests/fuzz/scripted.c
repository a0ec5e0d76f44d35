// SPDX-License-Identifier: MIT
//
// The input and the scripted stack.

#include "tests/fuzz/scripted.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scripted s;

static const uint8_t *at;
static size_t left;

// ----------------------------------------------------------------- input

size_t fuzz_left(void)
{
    return left;
}

uint8_t fuzz_byte(void)
{
    if (left == 0) {
        return 0;
    }
    left--;
    return *at++;
}

uint16_t fuzz_be16(void)
{
    uint8_t high = fuzz_byte();

    return (uint16_t)(high << 8 | fuzz_byte());
}

uint32_t fuzz_be32(void)
{
    uint32_t high = fuzz_be16();

    return high << 16 | fuzz_be16();
}

size_t fuzz_copy(uint8_t *to, size_t len)
{
    len = len < left ? len : left;
    if (len > 0) {
        memcpy(to, at, len);
        at += len;
        left -= len;
    }
    return len;
}

uint32_t fuzz_value(void)
{
    uint8_t kind = fuzz_byte();

    switch (kind & 15) {
    case 0: return 0;
    case 1: return UINT32_MAX;
    case 2: return UINT32_MAX << (kind >> 4);
    case 3: return 0xC0000201u + (kind >> 4); // 192.0.2.1 and on
    case 4: return 0xC0000264u + (kind >> 4); // 192.0.2.100 and on
    case 5: return 0xC00002FEu;
    case 6: return 0xE00000FBu;
    case 7: return 3600;
    case 8: return (kind >> 4) + 8u;
    case 9: return fuzz_byte();
    case 10: return fuzz_be16();
    case 11: return 0u - fuzz_byte();
    case 12: return 1u << 31;
    default: return fuzz_be32();
    }
}

// Our own mistakes, and what a target claims: the one in core waits for ever.
void nif_panic(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

// ----------------------------------------------------------------- stack

static void lift(void)
{
    if (s.guarded != NULL) {
        ASAN_UNPOISON_MEMORY_REGION(s.guarded, s.guarded_len);
        s.guarded = NULL;
    }
}

static uint64_t scripted_now_us(struct nif_clock *clock)
{
    (void)clock;
    if (s.guard == UNTIL_CLOCK) {
        lift();
    }
    return s.now_us;
}

static const struct nif_clock_ops clock_ops = { .now_us = scripted_now_us };

static int scripted_open(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_proto proto, const struct nif_conn_cfg *cfg)
{
    NIF_ASSERT(proto == NIF_UDP && !s.open);
    if (s.open_err == 0) {
        conn->stack = stack;
        conn->cfg = *cfg;
        s.open = true;
    }
    return s.open_err;
}

static int scripted_bind(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_endpoint *local)
{
    (void)stack;
    (void)conn;
    (void)local;
    NIF_ASSERT(s.open);
    return 0;
}

static int scripted_group(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_ip *group, bool join)
{
    (void)stack;
    (void)conn;
    NIF_ASSERT(s.open && join && group->family == NIF_IPV4);
    return 0;
}

static int scripted_option(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_option option, int value)
{
    (void)stack;
    (void)conn;
    (void)option;
    (void)value;
    NIF_ASSERT(s.open);
    return 0;
}

static int scripted_send(struct nif_stack *stack, struct nif_conn *conn,
    const void *data, size_t len, const struct nif_endpoint *to)
{
    (void)stack;
    (void)conn;
    NIF_ASSERT(s.open && len <= sizeof(s.sent));
    if (to->ip.family != NIF_IPV4) {
        return NIF_EADDR;
    }
    if (s.send_err != 0) {
        return s.send_err;
    }
    memcpy(s.sent, data, len);
    s.sent_len = len;
    s.sent_to = *to;
    s.sent_count++;
    return (int)len;
}

static int scripted_recv(struct nif_stack *stack, struct nif_conn *conn,
    void *buf, size_t cap, struct nif_endpoint *from)
{
    size_t len = s.inbox_len < cap ? s.inbox_len : cap;

    (void)stack;
    (void)conn;
    NIF_ASSERT(s.open);
    lift();
    if (s.inbox == NULL) {
        return NIF_EAGAIN;
    }
    if (len > 0) {
        memcpy(buf, s.inbox, len);
    }
    *from = s.inbox_from;
    s.inbox = NULL;
    if (s.guard != UNGUARDED) {
        s.guarded = (uint8_t *)buf + len;
        s.guarded_len = cap - len;
        ASAN_POISON_MEMORY_REGION(s.guarded, s.guarded_len);
    }
    return (int)len;
}

static void scripted_abort(struct nif_stack *stack, struct nif_conn *conn)
{
    (void)stack;
    (void)conn;
    NIF_ASSERT(s.open);
    s.open = false;
}

static void scripted_net(struct nif_stack *stack, struct nif_net *out)
{
    (void)stack;
    *out = s.net;
}

static int scripted_set_net(struct nif_stack *stack, const struct nif_net *net)
{
    const struct nif_hwaddr own = s.net.hwaddr;

    (void)stack;
    NIF_ASSERT(net->prefix_len <= 32);
    if (s.set_err == 0) {
        s.net = *net;
        s.net.hwaddr = own;
    }
    return s.set_err;
}

// Now and then it is busy with what it was given.
static unsigned scripted_ready(struct nif_stack *stack, struct nif_conn *conn)
{
    (void)stack;
    (void)conn;
    return s.send_err != NIF_EAGAIN ? NIF_WRITABLE : 0;
}

static const struct nif_stack_ops stack_ops = {
    .open = scripted_open,
    .bind = scripted_bind,
    .group = scripted_group,
    .option = scripted_option,
    .send = scripted_send,
    .recv = scripted_recv,
    .ready = scripted_ready,
    .abort = scripted_abort,
    .net = scripted_net,
    .set_net = scripted_set_net,
};

// --------------------------------------------------------------- targets

void scripted_begin(const uint8_t *data, size_t size, enum scripted_guard guard)
{
    at = data;
    left = size;
    lift();
    memset(&s, 0, sizeof(s));
    s.stack.ops = &stack_ops;
    s.stack.clock = &s.clock;
    s.clock.ops = &clock_ops;
    s.now_us = SECOND;
    s.again_us = NIF_NEVER;
    s.guard = guard;
    s.net.prefix_len = 24;
    s.net.hwaddr = (struct nif_hwaddr){ { 2, 0, 0, 0, 0, 1 } };
    scripted_ip(&s.net.ip, 0xC0000201);
}

void scripted_say(uint32_t ip, uint16_t port, const void *data, size_t len)
{
    s.inbox = data;
    s.inbox_len = len;
    scripted_ip(&s.inbox_from.ip, ip);
    s.inbox_from.port = port;
}

void scripted_trouble(void)
{
    static const int errors[] = { 0, 0, 0, NIF_EAGAIN, NIF_EUNREACH, NIF_EADDR,
        NIF_ENOBUFS, NIF_EIO };
    uint8_t kind = fuzz_byte();

    s.send_err = errors[kind & 7];
    s.open_err = (kind & 0x70) == 0x30 ? NIF_ENOBUFS : 0;
    s.set_err = (kind & 0x70) == 0x40 ? NIF_EINVAL : 0;
}

void scripted_pass(void)
{
    uint8_t kind = fuzz_byte();
    uint64_t n = kind >> 2;

    switch (kind & 3) {
    case 0: s.now_us += n * 5000; break;
    case 1: s.now_us += n * SECOND; break;
    case 2: s.now_us += n * n * n * SECOND; break;
    default:
        if (s.again_us != NIF_NEVER && s.again_us > s.now_us) {
            s.now_us = s.again_us;
        }
        break;
    }
}

void scripted_ip(struct nif_ip *ip, uint32_t value)
{
    *ip = nif_ip4(0, 0, 0, 0);
    nif_put_be32(ip->byte, value);
}
