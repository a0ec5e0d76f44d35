// SPDX-License-Identifier: MIT
//
// The scripted stack of the mDNS tests.

#include "tests/core/mdns_bench.h"

struct mdns_stack fake;
struct nif_mdns mdns;
uint64_t again_us;

static uint8_t msg[1000];
static size_t msg_len;

// ----------------------------------------------------------------- stack

static uint64_t fake_now_us(struct nif_clock *clock)
{
    (void)clock;
    return fake.now_us;
}

static const struct nif_clock_ops clock_ops = { .now_us = fake_now_us };

static int fake_open(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_proto proto, const struct nif_conn_cfg *cfg)
{
    assert_int_equal(proto, NIF_UDP);
    conn->stack = stack;
    conn->cfg = *cfg;
    return 0;
}

static int fake_bind(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_endpoint *local)
{
    (void)stack;
    (void)conn;
    assert_int_equal(local->port, 5353);
    return fake.bind_err;
}

static int fake_group(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_ip *group, bool join)
{
    (void)stack;
    (void)conn;
    assert_int_equal(nif_ip4_value(group), GROUP);
    fake.joined = join && fake.group_err == 0;
    return fake.group_err;
}

static int fake_option(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_option option, int value)
{
    (void)stack;
    (void)conn;
    fake.ttl = option == NIF_OPT_TTL ? value : fake.ttl;
    return 0;
}

static int fake_send(struct nif_stack *stack, struct nif_conn *conn,
    const void *data, size_t len, const struct nif_endpoint *to)
{
    (void)stack;
    (void)conn;
    if (fake.busy) {
        return NIF_EAGAIN;
    }
    assert_true(len <= sizeof(fake.sent));
    memcpy(fake.sent, data, len);
    fake.sent_len = len;
    fake.sent_to = *to;
    fake.sent_count++;
    return (int)len;
}

static int fake_recv(struct nif_stack *stack, struct nif_conn *conn, void *buf,
    size_t cap, struct nif_endpoint *from)
{
    size_t len = fake.inbox_len < cap ? fake.inbox_len : cap;

    (void)stack;
    (void)conn;
    if (fake.inbox == NULL) {
        return NIF_EAGAIN;
    }
    memcpy(buf, fake.inbox, len);
    *from = fake.inbox_from;
    if (fake.inbox_more > 0) {
        fake.inbox_more--;
    } else {
        fake.inbox = NULL;
    }
    return (int)len;
}

static void fake_abort(struct nif_stack *stack, struct nif_conn *conn)
{
    (void)stack;
    (void)conn;
    fake.joined = false;
}

static void fake_net(struct nif_stack *stack, struct nif_net *out)
{
    (void)stack;
    *out = fake.net;
}

static const struct nif_stack_ops stack_ops = {
    .open = fake_open,
    .bind = fake_bind,
    .group = fake_group,
    .option = fake_option,
    .send = fake_send,
    .recv = fake_recv,
    .abort = fake_abort,
    .net = fake_net,
};

// ----------------------------------------------------------------- setup

int mdns_setup(void **state)
{
    static const struct nif_mdns_service services[] = {
        { .type = "_http._tcp", .port = 80 },
    };

    (void)state;
    fake = (struct mdns_stack){
        .stack = { .ops = &stack_ops, .clock = &fake.clock },
        .clock = { .ops = &clock_ops },
        .now_us = 1000000,
        .net = { .ip = nif_ip4(192, 0, 2, 1), .prefix_len = 24 },
    };
    nif_mdns_init(&mdns,
        &(struct nif_mdns_cfg){ .stack = &fake.stack,
            .seed = 5,
            .host = "board",
            .services = services,
            .service_count = 1 });
    assert_true(nif_mdns_poll(&mdns) == NIF_NEVER);
    assert_int_equal(nif_mdns_start(&mdns), 0);
    return 0;
}

int mdns_setup_running(void **state)
{
    int err = mdns_setup(state);

    mdns_pass(5 * SECOND);
    assert_int_equal(mdns.state, NIF_MDNS_RUNNING);
    return err;
}

bool mdns_hear(uint64_t limit_us)
{
    uint64_t until_us = fake.now_us + limit_us;
    unsigned before = fake.sent_count;

    for (;;) {
        again_us = nif_mdns_poll(&mdns);
        if (fake.sent_count != before) {
            return true;
        }
        if (again_us > until_us) {
            fake.now_us = until_us;
            return false;
        }
        fake.now_us = again_us > fake.now_us ? again_us : fake.now_us + 1;
    }
}

void mdns_pass(uint64_t us)
{
    uint64_t until_us = fake.now_us + us;

    while (fake.now_us < until_us && mdns_hear(until_us - fake.now_us)) {
        fake.now_us++;
    }
}

// ------------------------------------------------------------ reading it

static const struct nif__dns_msg *last(void)
{
    static struct nif__dns_msg m;

    m = (struct nif__dns_msg){ fake.sent, fake.sent_len };
    return &m;
}

unsigned mdns_count(unsigned section)
{
    return nif_get_be16(fake.sent + 4 + (size_t)2 * section);
}

static size_t encode(const char *name, uint8_t out[NIF_DNS_NAME_MAX])
{
    size_t len = nif__dns_encode(out, name);

    assert_int_not_equal(len, 0);
    return len;
}

bool mdns_find(unsigned section, const char *name, uint16_t type,
    struct nif__dns_record *r)
{
    uint8_t wire[NIF_DNS_NAME_MAX];
    struct nif__dns_msg wanted = { wire, encode(name, wire) };
    size_t at = 12;

    for (unsigned s = 0; s <= section; s++) {
        for (unsigned i = mdns_count(s); i > 0; i--) {
            assert_true(s == 0 ? nif__dns_question(last(), &at, r)
                               : nif__dns_record(last(), &at, r));
            if (s == section && r->type == type &&
                nif__dns_same(last(), r->name, &wanted, 0)) {
                return true;
            }
        }
    }
    if (section == 3) {
        assert_int_equal(at, fake.sent_len);
    }
    return false;
}

const uint8_t *mdns_data(const struct nif__dns_record *r)
{
    return fake.sent + r->data;
}

// ------------------------------------------------------------ writing it

void mdns_begin(uint16_t flags)
{
    memset(msg, 0, sizeof(msg));
    nif_put_be16(msg + 2, flags);
    msg_len = 12;
}

void mdns_question(const char *name, uint16_t type, uint16_t cls)
{
    msg_len += encode(name, msg + msg_len);
    nif_put_be16(msg + msg_len, type);
    nif_put_be16(msg + msg_len + 2, cls);
    msg_len += 4;
    msg[5]++;
}

void mdns_record(unsigned section, const char *name, uint16_t type,
    uint32_t ttl_s, const void *data, size_t len)
{
    mdns_question(name, type, DNS_IN);
    msg[5]--;
    msg[5 + 2 * section]++;
    nif_put_be32(msg + msg_len, ttl_s);
    nif_put_be16(msg + msg_len + 4, (uint16_t)len);
    memcpy(msg + msg_len + 6, data, len);
    msg_len += 6 + len;
}

void mdns_record_name(unsigned section, const char *name, uint16_t type,
    uint32_t ttl_s, const char *target, const uint8_t head[6])
{
    uint8_t data[6 + NIF_DNS_NAME_MAX];
    size_t len = head != NULL ? 6 : 0;

    if (head != NULL) {
        memcpy(data, head, 6);
    }
    len += encode(target, data + len);
    mdns_record(section, name, type, ttl_s, data, len);
}

void mdns_say(uint32_t ip, uint16_t port)
{
    fake.inbox = msg;
    fake.inbox_len = msg_len;
    fake.inbox_from =
        (struct nif_endpoint){ .ip = nif_ip4(0, 0, 0, 0), .port = port };
    nif_put_be32(fake.inbox_from.ip.byte, ip);
    again_us = nif_mdns_poll(&mdns);
}
