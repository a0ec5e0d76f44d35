// SPDX-License-Identifier: MIT
//
// Calls that wait: dialling, by address and by name.

#include "tests/core/net_bench.h"

// ------------------------------------------------------------- dialling

static void what_is_sent_comes_back_whole_over_a_bad_cable(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump.side.echo = true;
    pump.pair.cable.loss = 20;
    pump.pair.cable.swap = 20;
    pump_connect(&pump);
    for (size_t at = 0; at < sizeof(data); at += 4000) {
        assert_int_equal(nif_send_all(&pump.conn, data + at, 4000,
                             in_us(60 * S)),
            0);
        assert_int_equal(nif_recv_all(&pump.conn, got + at, 4000,
                             in_us(60 * S)),
            4000);
    }
    assert_memory_equal(got, data, sizeof(data));
    assert_int_equal(nif_close(&pump.conn, in_us(20 * S)), 0);
}

static void nobody_at_the_port_is_a_refusal(void **state)
{
    const struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(9);

    (void)state;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(5 * S)),
        NIF_EREFUSED);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
    assert_null(pump.pair.stack[0].conns);
}

static void silence_ends_at_the_deadline(void **state)
{
    const struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(7);
    uint64_t until_us;

    (void)state;
    pump_serve(&pump, 7);
    pump_connect(
        &pump); // the neighbour is known, so that TCP itself is waited for
    assert_int_equal(nif_close(&pump.conn, in_us(S)), 0);
    nif_conn_abort(&pump.conn);
    pump.pair.tap = cut;
    until_us = in_us(3 * S);
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, until_us), NIF_ETIMEDOUT);
    assert_in_range(pump.pair.now_us, until_us, until_us + 100);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
}

static void a_dead_neighbour_is_unreachable(void **state)
{
    const struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(7);

    (void)state;
    pump.pair.tap = cut;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(60 * S)),
        NIF_EUNREACH);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
}

static void a_deadline_that_has_passed_is_one_look(void **state)
{
    const struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(7);
    unsigned turns = pump.turns;

    (void)state;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, 0), NIF_ETIMEDOUT);
    assert_int_equal(pump.turns - turns, 1);
}

static void without_an_address_nobody_is_dialled(void **state)
{
    const struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(7);

    (void)state;
    assert_int_equal(nif_stack_set_net(stack(),
                         &(struct nif_net){ .prefix_len = 0 }),
        0);
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), NIF_EADDR);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
}

static void what_cannot_be_opened_is_told_and_left_alone(void **state)
{
    struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(7);

    (void)state;
    cfg.proto = NIF_TLS;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), NIF_ENOTSUP);
    cfg = pump_tcp(&pump);
    cfg.local.ip = nif_ip4(198, 51, 100, 1);
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), NIF_EADDR);
    assert_null(pump.pair.stack[0].conns);
    pump_serve(&pump, 7);
    pump_connect(&pump);
    cfg = pump_tcp(&pump);
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), NIF_EISCONN);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_OPEN);
}

static int scribble(struct nif_stack *of, struct nif_conn *c,
    enum nif_proto proto, const struct nif_conn_cfg *cfg)
{
    (void)of;
    (void)proto;
    (void)cfg;
    c->state = NIF_CONN_OPENING;
    return NIF_ENOBUFS;
}

static void memory_of_a_failed_opening_can_be_used_again(void **state)
{
    static struct nif_stack_ops ops;
    const struct nif_stack_ops *own = stack()->ops;
    const struct nif_open_cfg cfg = pump_tcp(&pump);

    (void)state;
    ops = *own;
    ops.open = scribble;
    stack()->ops = &ops;
    assert_int_equal(nif_open(&pump.conn, &cfg), NIF_ENOBUFS);
    stack()->ops = own;
    assert_int_equal(nif_open(&pump.conn, &cfg), 0);
}

static void the_local_port_can_be_chosen(void **state)
{
    struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(7);

    (void)state;
    pump_serve(&pump, 7);
    cfg.local.port = 4321;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), 0);
    pump_pass(&pump, 10000);
    assert_int_equal(pump.side.from.port, 4321);
}

static void a_program_with_one_stack_need_not_name_it(void **state)
{
    struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(7);

    (void)state;
    pump_serve(&pump, 7);
    cfg.stack = NULL;
    assert_null(nif_default_stack());
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), NIF_EINVAL);
    nif_use_stack(stack());
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), 0);
}


// ---------------------------------------------------------------- names

// Knows "peer.test", after `looks` looks.
struct oracle {
    struct nif_resolver resolver;
    const char *host;
    unsigned looks;
    uint64_t due_us; // of the next
    unsigned stops;
    int start_err;
    int poll_err;
};

static struct oracle oracle;

static int oracle_start(struct nif_resolver *r, const char *host,
    enum nif_ip_family family)
{
    (void)r;
    oracle.host = host;
    return family == NIF_IPV6 ? NIF_ENOTSUP : oracle.start_err;
}

static int oracle_poll(struct nif_resolver *r, struct nif_ip *out,
    uint64_t *again_us)
{
    (void)r;
    if (oracle.looks > 0) {
        // It may be asked before its time: the stack has events of its own.
        if (pump.pair.now_us >= oracle.due_us) {
            oracle.looks--;
            oracle.due_us = pump.pair.now_us + 1000;
        }
        *again_us = oracle.due_us;
        return NIF_EAGAIN;
    }
    *out = nif_ip4(192, 0, 2, 2);
    return oracle.poll_err;
}

static void oracle_stop(struct nif_resolver *r)
{
    (void)r;
    oracle.stops++;
}

static const struct nif_resolver_ops oracle_ops = {
    .start = oracle_start,
    .poll = oracle_poll,
    .stop = oracle_stop,
};

static struct nif_open_cfg by_name(void)
{
    struct nif_open_cfg cfg = pump_tcp(&pump);

    oracle = (struct oracle){
        .resolver = { .ops = &oracle_ops, .stack = stack() },
        .looks = 20,
    };
    cfg.resolver = &oracle.resolver;
    return cfg;
}

static void a_name_is_looked_up_and_dialled(void **state)
{
    const struct nif_open_cfg cfg = by_name();
    const struct nif_endpoint to = { .host = "peer.test", .port = 7 };
    uint64_t begun_us = pump.pair.now_us;

    (void)state;
    pump_serve(&pump, 7);
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(5 * S)), 0);
    assert_string_equal(oracle.host, "peer.test");
    assert_int_equal(oracle.stops, 1);
    assert_in_range(pump.pair.now_us - begun_us, 18000, 40000);
}

static void an_address_as_text_needs_no_resolver(void **state)
{
    const struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = { .host = "192.0.2.2", .port = 7 };
    struct nif_ip ip;

    (void)state;
    pump_serve(&pump, 7);
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), 0);
    (void)by_name();
    assert_int_equal(nif_lookup(&oracle.resolver, "192.0.2.9", NIF_IPV4, &ip,
                         in_us(S)),
        0);
    assert_int_equal(nif_lookup(&oracle.resolver, "192.0.2.9", NIF_IPV6, &ip,
                         in_us(S)),
        NIF_ENOTFOUND);
    assert_null(oracle.host);
}

static void what_the_resolver_says_is_what_dial_says(void **state)
{
    const struct nif_endpoint to = { .host = "peer.test", .port = 7 };
    struct nif_open_cfg cfg = by_name();
    struct nif_ip ip;

    (void)state;
    oracle.poll_err = NIF_ENOTFOUND;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), NIF_ENOTFOUND);
    cfg = by_name();
    oracle.start_err = NIF_EINVAL;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), NIF_EINVAL);
    assert_int_equal(oracle.stops, 0); // nothing had begun
    cfg = by_name();
    oracle.looks = 1000;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(100000)),
        NIF_ETIMEDOUT);
    assert_int_equal(oracle.stops, 1);
    assert_int_equal(nif_lookup(cfg.resolver, "a.test", NIF_IPV6, &ip,
                         in_us(S)),
        NIF_ENOTSUP);
    cfg.resolver = NULL;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(S)), NIF_ENOTSUP);
    assert_null(pump.pair.stack[0].conns);
}

static unsigned chip_looks;

static int chip_lookup(struct nif_stack *of, const char *host,
    struct nif_ip *out)
{
    (void)of;
    assert_string_equal(host, "peer.test");
    *out = nif_ip4(192, 0, 2, 2);
    return chip_looks++ < 3 ? NIF_EAGAIN : 0;
}

// The chip's interrupt.
static void wake_soon(struct pump *p)
{
    p->step_us = p->pair.now_us + 1000;
}

static void a_chip_that_resolves_by_itself_is_asked(void **state)
{
    static struct nif_stack_ops ops;
    const struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = { .host = "peer.test", .port = 7 };
    struct nif_resolver chip;
    struct nif_ip ip;

    (void)state;
    chip_looks = 0;
    pump_serve(&pump, 7);
    assert_int_equal(nif_chip_resolver_init(&chip, stack()), NIF_ENOTSUP);
    ops = *stack()->ops;
    ops.lookup = chip_lookup;
    stack()->ops = &ops;
    pump.step = wake_soon;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, in_us(60 * S)), 0);
    assert_int_equal(chip_looks, 4);
    assert_int_equal(nif_chip_resolver_init(&chip, stack()), 0);
    assert_int_equal(nif_lookup(&chip, "peer.test", NIF_IPV6, &ip, in_us(S)),
        NIF_ENOTSUP);
    assert_int_equal(chip.ops->poll(&chip, &ip, &(uint64_t){ 0 }), NIF_EINVAL);
}

// Answers the one question that stack 1 gets at port 53.
static void answer_dns(struct pump *p)
{
    uint8_t msg[512];
    struct nif_endpoint from;
    int len = nif_conn_recv(&p->side.client, msg, sizeof(msg) - 16, &from);
    static const uint8_t record[16] = { 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4,
        192, 0, 2, 2 };

    if (len > 12) {
        msg[2] |= 0x80; // an answer, with one record
        msg[7] = 1;
        memcpy(msg + len, record, sizeof(record));
        assert_true(nif_conn_send(&p->side.client, msg,
                        (size_t)len + sizeof(record), &from) > 0);
    }
}

static void the_dns_resolver_asks_the_server_of_the_stack(void **state)
{
    struct pump_side *s = &pump.side;
    static struct nif_dns_resolver dns;
    const struct nif_open_cfg server = {
        .stack = &pump.pair.stack[1].stack,
        .proto = NIF_UDP,
        .buffers = { s->rx[0], 1000, s->tx[0], 1000 },
        .local.port = 53,
    };
    struct nif_net net;
    struct nif_ip ip;

    (void)state;
    nif_dns_resolver_init(&dns, stack(), 1);
    assert_int_equal(nif_lookup(&dns.resolver, "peer.test", NIF_IPV4, &ip,
                         in_us(S)),
        NIF_EADDR);
    assert_int_equal(nif_lookup(&dns.resolver, "peer.test", NIF_IPV6, &ip,
                         in_us(S)),
        NIF_ENOTSUP);
    nif_stack_net(stack(), &net);
    net.dns[0] = nif_ip4(192, 0, 2, 2);
    assert_int_equal(nif_stack_set_net(stack(), &net), 0);
    assert_int_equal(nif_open(&s->client, &server), 0);
    pump.step = answer_dns;
    assert_int_equal(nif_lookup(&dns.resolver, "peer.test", NIF_IP_NONE, &ip,
                         in_us(10 * S)),
        0);
    assert_int_equal(nif_ip4_value(&ip), PAIR_IP1);
    assert_null(pump.pair.stack[0].conns); // its own connection is gone
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_sent_comes_back_whole_over_a_bad_cable),
        TEST(nobody_at_the_port_is_a_refusal),
        TEST(silence_ends_at_the_deadline),
        TEST(a_dead_neighbour_is_unreachable),
        TEST(a_deadline_that_has_passed_is_one_look),
        TEST(without_an_address_nobody_is_dialled),
        TEST(what_cannot_be_opened_is_told_and_left_alone),
        TEST(memory_of_a_failed_opening_can_be_used_again),
        TEST(the_local_port_can_be_chosen),
        TEST(a_program_with_one_stack_need_not_name_it),
        TEST(a_name_is_looked_up_and_dialled),
        TEST(an_address_as_text_needs_no_resolver),
        TEST(what_the_resolver_says_is_what_dial_says),
        TEST(a_chip_that_resolves_by_itself_is_asked),
        TEST(the_dns_resolver_asks_the_server_of_the_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
