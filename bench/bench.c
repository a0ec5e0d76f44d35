// SPDX-License-Identifier: MIT
//
// What the simulator and the board in it achieve. Figures in virtual time
// are exact and the same everywhere; those in host time depend on the host
// and are printed, never asserted.

#include "bench/peer.h"
#include "boards/host/host.h"
#include "sim/bus/spi.h"
#include "sim/chips/enc28j60.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PORT  9
#define RING  ((size_t)16384)
#define TOTAL ((uint64_t)8 * 1024 * 1024)

static double host_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// ---- the bus: RBM and WBM through the simulated bus to the model

static void bench_spi(void)
{
    static struct sim_enc28j60 model;
    static const uint8_t read_op = 0x3A;
    static const uint8_t write_op = 0x7A;
    static uint8_t data[1500];
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_spi bus;
    double began;
    double took;

    sim_world_init(&world, 1);
    sim_cpu_init(&cpu, &world, SIM_CPU_COST_NS);
    sim_enc28j60_init(&model, &world, NULL);
    sim_spi_init(&bus, &cpu, &model.spi, NULL);
    sim_pass_ns(&world, SIM_MS);
    began = host_s();
    for (int i = 0; i < 20000; i++) {
        struct nif_spi_seg segs[2] = {
            { i & 1 ? &write_op : &read_op, NULL, 1 },
            { i & 1 ? data : NULL, i & 1 ? NULL : data, sizeof(data) },
        };

        if (nif_spi_transact(&bus.spi, segs, 2, 0) != 0) {
            puts("the bus failed");
        }
    }
    took = host_s() - began;
    printf("simulated SPI                     %8.1f million bytes per host "
           "second (aim 20)\n",
        (double)bus.byte_count / took / 1e6);
    sim_enc28j60_done(&model);
    sim_spi_done(&bus);
    sim_world_done(&world);
}

// ---- TCP: the board sends or takes 8 MiB

struct transfer {
    struct nif_clock *clock;
    struct nif_stack *stack;
    struct nif_iface *iface; // to be started; NULL: it is
    bool sends;
    bool listens;
    uint64_t count;
    uint64_t began_ns;
    uint64_t ended_ns;
    struct sim_world *world;
    struct nif_conn listener;
    struct nif_conn conn;
    uint8_t rx[RING];
    uint8_t tx[RING];
};

static struct transfer at_board;
static struct transfer at_peer;

// Moves what can be moved. Returns true when all has been.
static bool move(struct transfer *t, struct nif_conn *conn)
{
    static const uint8_t zeros[RING];
    static uint8_t sink[RING];
    int n;

    do {
        size_t left = TOTAL - t->count;

        n = t->sends
            ? nif_conn_send(conn, zeros, left < RING ? left : RING, NULL)
            : nif_conn_recv(conn, sink, RING, NULL);
        if (n > 0) {
            if (t->count == 0) {
                t->began_ns = t->world->now_ns;
            }
            t->count += (uint64_t)n;
        }
    } while (n > 0 && t->count < TOTAL);
    return t->count == TOTAL;
}

static struct nif_conn *join(struct transfer *t)
{
    struct nif_conn_cfg cfg = { t->rx, RING, t->tx, RING };
    struct nif_endpoint at = { .ip = nif_ip4(192, 0, 2, 2), .port = PORT };
    struct nif_conn *conn = &t->conn;
    bool ok = nif_conn_open(t->stack, &t->conn, NIF_TCP, &cfg) == 0;

    if (t->listens) {
        at.ip = (struct nif_ip){ 0 };
        ok &= nif_conn_open(t->stack, &t->listener, NIF_TCP,
                  &(struct nif_conn_cfg){ 0 }) == 0 &&
            nif_conn_bind(&t->listener, &at) == 0 &&
            nif_conn_listen(&t->listener, &t->conn, 1) == 0;
        while (ok && nif_conn_accept(&t->listener, &conn, NULL) == NIF_EAGAIN) {
            nif_clock_wait(t->clock, nif_stack_poll(t->stack));
        }
    } else {
        ok &= nif_conn_connect(&t->conn, &at) == 0;
        while (ok && nif_conn_state(conn) == NIF_CONN_OPENING) {
            nif_clock_wait(t->clock, nif_stack_poll(t->stack));
        }
    }
    NIF_ASSERT(ok && nif_conn_state(conn) == NIF_CONN_OPEN);
    return conn;
}

static void transfer(struct transfer *t)
{
    struct nif_conn *conn;
    bool done = false;

    if (t->iface) {
        NIF_ASSERT(nif_iface_start(t->iface) == 0);
        while (!(nif_iface_flags(t->iface) & NIF_IFACE_LINK)) {
            nif_clock_wait(t->clock, nif_stack_poll(t->stack));
        }
    } else {
        nif_clock_delay_us(t->clock, 100000); // the board comes first
    }
    conn = join(t);
    while (!done || (t->sends && nif_conn_state(conn) == NIF_CONN_OPEN)) {
        uint64_t again_us = nif_stack_poll(t->stack);

        if (!done && move(t, conn)) {
            done = true;
            t->ended_ns = t->world->now_ns;
        } else {
            nif_clock_wait(t->clock, again_us);
        }
    }
}

static int board_app(struct nif_board *board)
{
    at_board.clock = board->clock;
    at_board.stack = board->stack;
    at_board.iface = board->iface;
    transfer(&at_board);
    return 0;
}

static void peer_app(void *arg)
{
    transfer(arg);
}

// What could be had, in bytes per second: the payload of a segment per the
// longer of two times. The wire: preamble, frame, FCS, gap (acknowledgements
// go the other way, in full duplex). The bus: a command and a control byte,
// the frame, and half an acknowledgement (every second segment has one):
// command and header of the receive buffer, 60 bytes and FCS, or the same
// the other way about.
static double ceiling(bool board_sends)
{
    const double payload = 1460;
    const double frame = 14 + 20 + 20 + payload;
    const double byte_us = 8.0 / 20;
    double wire_us = (8 + frame + 4 + 12) * 8.0 / 10;
    double send_us = (1 + 1 + frame) * byte_us;
    double recv_us = (1 + 6 + 1 + frame) * byte_us;
    double ack_sent_us = (1 + 1 + 54) * byte_us / 2;
    double ack_recv_us = (1 + 6 + 1 + 60) * byte_us / 2;
    double spi_us = board_sends ? send_us + ack_recv_us : recv_us + ack_sent_us;

    return payload / (wire_us > spi_us ? wire_us : spi_us) * 1e6;
}

static void bench_tcp(bool board_sends)
{
    static struct host_board board;
    static struct peer peer;
    struct host_board_cfg cfg = {
        .app = board_app,
        .net = { .ip = nif_ip4(192, 0, 2, 2), .prefix_len = 24 },
    };
    struct sim_world world;
    char why[HOST_WHY];
    double began = host_s();
    double took;
    double rate;

    memset(&at_board, 0, sizeof(at_board));
    memset(&at_peer, 0, sizeof(at_peer));
    sim_world_init(&world, 1);
    NIF_ASSERT(host_board_init(&board, &world, &cfg, why) == 0);
    peer_init(&peer, &world);
    at_board.world = &world;
    at_board.listens = true;
    at_board.sends = board_sends;
    at_peer.world = &world;
    at_peer.clock = &peer.cpu.clock;
    at_peer.stack = &peer.tcpip.stack;
    at_peer.sends = !board_sends;
    host_board_plug(&board, &peer.nic.port);
    NIF_ASSERT(sim_fiber_start(&world, "peer", peer_app, &at_peer) != NULL);
    while ((at_board.ended_ns == 0 || at_peer.ended_ns == 0) &&
        world.now_ns < 100 * SIM_S) {
        sim_run_until(&world, world.now_ns + 100 * SIM_MS);
    }
    took = host_s() - began;
    rate = TOTAL * 1e9 /
        (double)((board_sends ? at_peer : at_board).ended_ns -
            (board_sends ? at_board : at_peer).began_ns);
    printf("TCP, board %s             %8.0f kB/s of %.0f possible: %.1f %% "
           "(aim 80)\n",
        board_sends ? "sends   " : "receives", rate / 1e3,
        ceiling(board_sends) / 1e3, 100 * rate / ceiling(board_sends));
    printf("  busy board                      %8.1f times faster than real "
           "time (aim 20)\n",
        (double)world.now_ns / 1e9 / took);
    if (world.complaints > 0) {
        printf("  %u complaints\n", world.complaints);
    }
    host_board_done(&board);
    peer_done(&peer);
    sim_world_done(&world);
}

// ---- nothing to do: an hour

static int idle_app(struct nif_board *board)
{
    NIF_ASSERT(nif_iface_start(board->iface) == 0);
    while (!board->stop) {
        nif_clock_wait(board->clock, nif_stack_poll(board->stack));
    }
    return 0;
}

static void bench_idle(void)
{
    static struct host_board board;
    static struct peer peer;
    struct host_board_cfg cfg = {
        .app = idle_app,
        .net = { .ip = nif_ip4(192, 0, 2, 2), .prefix_len = 24 },
    };
    struct sim_world world;
    char why[HOST_WHY];
    double began = host_s();
    double took;

    sim_world_init(&world, 1);
    NIF_ASSERT(host_board_init(&board, &world, &cfg, why) == 0);
    peer_init(&peer, &world);
    host_board_plug(&board, &peer.nic.port);
    sim_run_until(&world, 3600 * SIM_S);
    took = host_s() - began;
    printf("idle board, interrupt-driven      %8.0f times faster than real "
           "time (aim 10000)\n",
        3600 / took);
    host_board_done(&board);
    peer_done(&peer);
    sim_world_done(&world);
}

int main(void)
{
    bench_spi();
    bench_tcp(true);
    bench_tcp(false);
    bench_idle();
    return 0;
}
