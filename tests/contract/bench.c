// SPDX-License-Identifier: MIT
//
// Two boards and a cable, time, and connections. Data is in bench_data.c.

#include "tests/contract/bench.h"

#include "tests/support/check.h"

#include <inttypes.h>
#include <string.h>

#define GONE 0x5A // what reclaimed memory is filled with

struct bench bench;

#define ESPAT                                                               \
    .chip = "espat", .no_half_close = true, .no_abort = true,               \
    .one_server = true, .no_refusal = true, .late = true, .no_reset = true, \
    .stuck_stops_all = true, .own_dhcp = true, .late_us = 60000

// The first that fits.
static const struct contract_traits traits[] = {
    // It holds acknowledgements back, and the peer what is not worth a frame.
    { .chip = "w5500", .no_abort = true, .late_us = 60000 },
    // Its memory is full before so much has come over SPI.
    { .chip = "w5500-raw", .burst = 20000 },
    // MDIO is for the PHY only.
    { .chip = "lan8720", .data_beside_bus = true },
    { .chip = "stm32_eth", .data_beside_bus = true },
    { .chip = "lan9118", .data_beside_bus = true },
    { .chip = "stellaris", .data_beside_bus = true },
    // Before ESP-AT 3.3 one setting is for TCP and UDP alike.
    { ESPAT, .dialect = "2.4", .no_borders = true },
    { ESPAT, .dialect = "2.2", .no_borders = true },
    { ESPAT, .dialect = "2.1", .no_borders = true },
    { ESPAT, .dialect = "2.0", .no_datagrams = true },
    { ESPAT, .dialect = "1.7", .no_borders = true, .no_sender = true,
        .no_stations = true },
    { ESPAT }, { .chip = NULL }, // all others do as nif/stack.h says
};

static bool is_ours(const struct contract_traits *t)
{
    return strcmp(t->chip, contract_chip) == 0 &&
        (!t->dialect ||
            (contract_dialect && !contract_active &&
                strcmp(t->dialect, contract_dialect) == 0));
}

const struct contract_traits *contract_traits(void)
{
    const struct contract_traits *t = traits;

    while (t->chip && !is_ours(t)) {
        t++;
    }
    return t;
}

static void skip_if(bool cannot, const char *why)
{
    if (cannot) {
        print_message("skipped: %s %s in passive receive %s\n", contract_chip,
            contract_dialect, why);
        skip();
    }
}

void bench_needs_datagrams(void)
{
    skip_if(contract_traits()->no_datagrams, "receives no datagrams");
}

void bench_needs_borders(void)
{
    bench_needs_datagrams();
    skip_if(contract_traits()->no_borders,
        "runs datagrams that wait together to one");
}

void bench_needs_senders(void)
{
    bench_needs_datagrams();
    skip_if(contract_traits()->no_sender,
        "does not tell who has sent a datagram");
}

void bench_came_from(const struct nif_endpoint *from, uint16_t port)
{
    if (!contract_traits()->no_sender) {
        assert_int_equal(from->port, port);
        assert_true(nif_ip_equal(&from->ip, &bench.peer.at.ip));
    }
}

uint64_t contract_late_us(void)
{
    return contract_traits()->late_us != 0 ? contract_traits()->late_us : 20000;
}

// -------------------------------------------------------- time and chance

uint64_t bench_now(void)
{
    return bench.world.now_ns / 1000;
}

uint64_t bench_in(uint64_t us)
{
    return bench_now() + us;
}

static int never(void *arg)
{
    (void)arg;
    return NIF_EAGAIN;
}

void bench_pass(uint64_t us)
{
    assert_int_equal(nif_wait_for(bench.stack, never, NULL, bench_in(us)),
        NIF_ETIMEDOUT);
}

static uint64_t again_us; // what the last turn of bench_doze() gave

void bench_doze(uint64_t us)
{
    uint64_t until_us = bench_in(us);

    do {
        nif_clock_wait(bench.stack->clock,
            again_us < until_us ? again_us : until_us);
        if (bench_now() < until_us) {
            again_us = nif_poll_all(bench.stack);
        }
    } while (bench_now() < until_us);
}

void bench_rest(void)
{
    again_us = 0;
    for (unsigned i = 0; i < 200; i++) {
        bench_doze(2 * contract_late_us() + i);
        if (again_us > bench_in(contract_late_us())) {
            return;
        }
    }
}

static int look_flag(void *arg)
{
    return *(const bool *)arg ? 0 : NIF_EAGAIN;
}

// The peer wakes nobody: short naps.
static bool nap(nif_try_fn *fn, void *arg, uint64_t us)
{
    uint64_t until_us = bench_in(us);

    while (fn(arg) == NIF_EAGAIN) {
        if (bench_now() >= until_us) {
            return false;
        }
        bench_pass(1000);
    }
    return true;
}

bool bench_until(const bool *flag, uint64_t us)
{
    union {
        const bool *in;
        void *out;
    } arg = { flag };

    return nap(look_flag, arg.out, us);
}

struct reach {
    const uint32_t *number;
    uint32_t n;
};

static int look_number(void *arg)
{
    const struct reach *r = arg;

    return *r->number >= r->n ? 0 : NIF_EAGAIN;
}

bool bench_reach(const uint32_t *number, uint32_t n, uint64_t us)
{
    struct reach r = { .number = number, .n = n };

    return nap(look_number, &r, us);
}

// ---------------------------------------------------------------- boards

bool bench_is_up(struct host_board *board)
{
    struct nif_iface *iface = board->iface;
    bool link = (nif_iface_flags(iface) & NIF_IFACE_LINK) != 0;
    struct nif_wifi_status status;

    if (!link && iface->wifi) {
        nif_wifi_status(iface, &status);
        if (status.state == NIF_WIFI_FAILED || status.state == NIF_WIFI_IDLE) {
            (void)!nif_wifi_join(iface, board->board.wifi);
        }
    }
    return link &&
        (board->cfg.net.ip.family == NIF_IP_NONE || host_board_has_addr(board));
}

static int look_up(void *arg)
{
    return bench_is_up(arg) ? 0 : NIF_EAGAIN;
}

int bench_bring_up(struct host_board *board)
{
    struct nif_stack *stack = board->stack;
    int err = nif_iface_start(board->iface);

    return err != 0 ? err
                    : nif_wait_for(stack, look_up, board,
                          nif_clock_now_us(stack->clock) + 30 * S);
}

// What a chip complains of when it was told nonsense is no news.
static void on_complaint(void *arg, uint64_t at_ns, const char *who,
    const char *what)
{
    (void)arg;
    if (!bench.broken) {
        print_error("[%" PRIu64 " ns] %s: %s\n", at_ns, who, what);
    }
}

static void build(struct host_board *board, const struct host_board_cfg *cfg)
{
    char why[HOST_WHY] = "";

    if (host_board_init(board, &bench.world, cfg, why) != 0) {
        fail_msg("%s", why);
    }
}

void bench_begin(const struct bench_cfg *cfg)
{
    struct host_board_cfg own = {
        .chip = contract_chip,
        .dialect = contract_dialect,
        .active = contract_active,
        .seed = 1,
        .passphrase = cfg->passphrase,
    };
    const struct host_board_cfg other = {
        .chip = cfg->twins ? contract_chip : "direct",
        .dialect = cfg->twins ? contract_dialect : NULL,
        .active = contract_active,
        .seed = 2,
        .number = 1,
        .app = peer_app,
        .net = { .ip = nif_ip4(192, 0, 2, 1), .prefix_len = 24 },
    };

    memset(&bench, 0, sizeof(bench));
    sim_world_init(&bench.world, 1);
    bench.world.on_complaint = on_complaint;
    if (cfg->made) {
        cfg->made(&bench.world);
    }
    if (!cfg->no_address) {
        own.net = (struct nif_net){
            .ip = nif_ip4(192, 0, 2, 2),
            .prefix_len = 24,
            .gateway = nif_ip4(192, 0, 2, 1),
            .dns = { nif_ip4(192, 0, 2, 1) },
        };
    }
    build(&bench.board, &own);
    build(&bench.peer.board, &other);
    bench.stack = bench.board.stack;
    bench.peer.at.ip = other.net.ip;
    bench.peer.board_ip = nif_ip4(192, 0, 2, 2);
    bench.peer.backlog = cfg->twins ? 2 : PEER_ENDS;
    host_board_plug(&bench.board, bench.peer.board.port);
    host_board_plug(&bench.peer.board, NULL); // only starts it
    assert_true(cfg->idle || bench_bring_up(&bench.board) == 0);
    assert_true(bench_until(&bench.peer.up, 20 * S));
    assert_int_equal(bench.peer.failed, 0);
}

int bench_setup(void **state)
{
    (void)state;
    bench_begin(&(struct bench_cfg){ .twins = false });
    return 0;
}

int bench_setup_bare(void **state)
{
    (void)state;
    bench_begin(&(struct bench_cfg){ .no_address = true });
    return 0;
}

int bench_setup_twins(void **state)
{
    (void)state;
    bench_begin(&(struct bench_cfg){ .twins = true });
    return 0;
}

static void expect_gone(const void *memory, size_t len)
{
    const uint8_t *at = memory;

    for (size_t i = 0; i < len; i++) {
        if (at[i] != GONE) {
            fail_msg("byte %zu was written to after it was given back", i);
        }
    }
}

int bench_teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BENCH_OWN; i++) {
        if (!bench.reclaimed[i] &&
            nif_conn_state(&bench.conn[i]) != NIF_CONN_CLOSED) {
            nif_conn_abort(&bench.conn[i]);
        }
    }
    bench_pass(S);
    for (unsigned i = 0; i < BENCH_OWN; i++) {
        if (bench.reclaimed[i]) {
            expect_gone(&bench.conn[i], sizeof(bench.conn[i]));
            expect_gone(bench.rx[i], BENCH_RING);
            expect_gone(bench.tx[i], BENCH_RING);
        } else {
            assert_int_equal(nif_conn_state(&bench.conn[i]), NIF_CONN_CLOSED);
        }
    }
    assert_true(nif_iface_stop(bench.board.iface) == 0 || bench.broken);
    bench.peer.board.board.stop = true;
    peer_kick();
    sim_run_until(&bench.world, bench.world.now_ns + SIM_S);
    assert_true(sim_fiber_ended(bench.peer.board.fiber));
    for (unsigned i = 0; i < PEER_ENDS; i++) {
        assert_false(bench.peer.end[i].wrong);
    }
    assert_true(bench.world.complaints == 0 || bench.broken);
    host_board_done(&bench.board);
    host_board_done(&bench.peer.board);
    sim_world_done(&bench.world);
    return 0;
}

// ----------------------------------------------------------- connections

struct nif_open_cfg bench_open(unsigned i, enum nif_proto proto)
{
    return (struct nif_open_cfg){
        .stack = bench.stack,
        .proto = proto,
        .buffers = { bench.rx[i], BENCH_RING, bench.tx[i], BENCH_RING },
    };
}

struct nif_conn *bench_dial(unsigned i, uint16_t port)
{
    const struct nif_open_cfg cfg = bench_open(i, NIF_TCP);
    struct nif_endpoint to = bench.peer.at;

    to.port = port;
    assert_int_equal(nif_dial(&bench.conn[i], &cfg, &to, bench_in(10 * S)), 0);
    assert_int_equal(nif_conn_state(&bench.conn[i]), NIF_CONN_OPEN);
    return &bench.conn[i];
}

void bench_settle(void)
{
    if (contract_traits()->late) {
        bench_pass(S / 10);
    }
}

int bench_try_listen(unsigned i, uint16_t port, unsigned n)
{
    struct nif_conn_cfg buffers[BENCH_OWN];

    for (unsigned k = 0; k < n; k++) {
        buffers[k] = bench_open(i + 1 + k, NIF_TCP).buffers;
    }
    return nif_listen(&bench.conn[i],
        &(struct nif_listen_cfg){
            .stack = bench.stack,
            .local.port = port,
            .backlog = &bench.conn[i + 1],
            .buffers = buffers,
            .n = n,
        });
}

void bench_listen(unsigned i, uint16_t port, unsigned n)
{
    assert_int_equal(bench_try_listen(i, port, n), 0);
    assert_int_equal(nif_conn_state(&bench.conn[i]), NIF_CONN_LISTENING);
    bench_settle();
}

static int look_closed(void *arg)
{
    return nif_conn_state(arg) == NIF_CONN_CLOSED ? 0 : NIF_EAGAIN;
}

void bench_wait_closed(unsigned i, uint64_t us)
{
    assert_int_equal(nif_wait_for(bench.stack, look_closed, &bench.conn[i],
                         bench_in(us)),
        0);
}

void bench_reclaim(unsigned i, uint64_t us)
{
    bench_wait_closed(i, us);
    memset(&bench.conn[i], GONE, sizeof(bench.conn[i]));
    memset(bench.rx[i], GONE, BENCH_RING);
    memset(bench.tx[i], GONE, BENCH_RING);
    bench.reclaimed[i] = true;
}

void bench_prove(unsigned i)
{
    struct flow flow = { .salt_out = 77,
        .salt_in = 77,
        .out = 3000,
        .in = 3000 };

    if (nif_conn_state(&bench.peer.listener) != NIF_CONN_LISTENING) {
        peer_serve(&(struct peer_manner){ .echo = true });
    }
    bench.peer.as = (struct peer_manner){ .echo = true };
    flow.conn = bench_dial(i, PEER_PORT);
    flow_run(&flow, bench_in(20 * S));
    assert_int_equal(nif_close(flow.conn, bench_in(10 * S)), 0);
}
