// SPDX-License-Identifier: MIT
//
// Runs an image of the Pico: pico_emulator CHIP IMAGE.uf2 [IPERF3]. The image's
// processor has the model of CHIP at its port; at the other end of the cable is
// a board with our stack that gives it an address, asks for its page and has
// bytes echoed; or measures an image of iperf3, as the words IPERF3 say. All in
// virtual time. Ends with 0 if the image did what it is to do.

#include "nif/dhcp_server.h"
#include "nif/net.h"
#include "tests/boards/rp2040/rp2040.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX         (1 << 20)
#define LIMIT_US         20000000u
#define LIMIT_S          30
#define INSTRUCTIONS_MAX 50000000u // eight times as many as are needed
#define ECHO_LEN         20000u
#define ECHO_US          200000u // at most
#define RING             4096u
#define HTTP_PORT        80
#define ECHO_PORT        7

// What is at the ports: a chip of the simulator, how fast its bus is to be, and
// what it bears.
static const struct device {
    const char *name;
    const char *chip;
    uint32_t baud;
    uint32_t spi_max_hz;
    uint32_t cs_ns;
    bool is_espat; // one listener at a time
    bool rts_cts;
    uint32_t page_us; // until the page is there: what bring-up takes, and more
} devices[] = {
    { "enc28j60", "enc28j60", 15625000, 20000000, 50, false, false, 300000 },
    { "w5500", "w5500", 31250000, 33333333, 5, false, false, 2500000 },
    { "espat", "espat", 115207, 0, 0, true, false, 4000000 },
    { "espat-rts", "espat", 920810, 0, 0, true, true, 4000000 },
};

int nif_app_iperf3_client(struct nif_board *board);

static struct {
    const struct device *device;
    const char *iperf3; // what is measured, as its client is told; or NULL
    struct sim_world world;
    struct host_board board; // the chip and its cable
    struct host_board peer;
    struct rp2040 chip;
    struct rp2040_cfg cfg;
    uint8_t rx[RING];
    uint8_t tx[RING];
    char page[2048];
    uint8_t back[ECHO_LEN];
    const char *failed; // what; NULL: nothing
    uint64_t page_us;   // when it was there
    uint64_t echo_us;   // how long it took
} all;

// ---- the other end

static struct {
    struct nif_job job;
    struct nif_dhcp_server server;
    struct nif_dhcp_lease lease; // 192.0.2.2
} dhcp;

static uint64_t serve(struct nif_job *job)
{
    (void)job;
    return nif_dhcp_server_poll(&dhcp.server);
}

static int start_dhcp(struct nif_board *board)
{
    nif_dhcp_server_init(&dhcp.server,
        &(struct nif_dhcp_server_cfg){
            .stack = board->stack,
            .leases = &dhcp.lease,
            .count = 1,
        });
    dhcp.job.poll = serve;
    nif_job_add(board->stack, &dhcp.job);
    return nif_dhcp_server_start(&dhcp.server);
}

static void pause_us(struct nif_board *board, uint32_t us)
{
    uint64_t until_us = nif_clock_now_us(board->clock) + us;

    while (nif_clock_now_us(board->clock) < until_us) {
        uint64_t again_us = nif_poll_all(board->stack);

        nif_clock_wait(board->clock, again_us < until_us ? again_us : until_us);
    }
}

static uint8_t text(size_t i)
{
    return (uint8_t)(i * 131 >> 3);
}

static int dial(struct nif_conn *conn, struct nif_board *board, uint16_t port)
{
    const struct nif_open_cfg cfg = {
        .stack = board->stack,
        .buffers = { all.rx, RING, all.tx, RING },
    };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = port };
    uint64_t until_us = nif_clock_now_us(board->clock) + LIMIT_US;
    int err = NIF_ETIMEDOUT;

    // It has to start, and to find its link.
    while (err != 0 && nif_clock_now_us(board->clock) < until_us) {
        err = nif_dial(conn, &cfg, &to, until_us);
        if (err != 0) {
            pause_us(board, 100000);
        }
    }
    return err;
}

static const char *get_page(struct nif_board *board)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    static struct nif_conn conn;
    uint64_t until_us;
    size_t len = 0;
    int n = 1;

    if (dial(&conn, board, HTTP_PORT) != 0) {
        return "nobody takes calls at port 80";
    }
    until_us = nif_clock_now_us(board->clock) + LIMIT_US;
    if (nif_send_all(&conn, request, sizeof(request) - 1, until_us) != 0) {
        return "nobody takes a request";
    }
    while (n > 0 && len + 1 < sizeof(all.page)) {
        n = nif_recv(&conn, all.page + len, sizeof(all.page) - 1 - len,
            until_us);
        len += n > 0 ? (size_t)n : 0;
    }
    (void)nif_close(&conn, until_us);
    all.page_us = nif_clock_now_us(board->clock);
    return strstr(all.page, "</ul>") ? NULL : "the page has no end";
}

static const char *echo(struct nif_board *board)
{
    static struct nif_conn conn;
    static uint8_t data[ECHO_LEN];
    uint64_t from_us;
    uint64_t until_us;
    size_t got = 0;

    for (size_t i = 0; i < ECHO_LEN; i++) {
        data[i] = text(i);
    }
    if (dial(&conn, board, ECHO_PORT) != 0) {
        return "nobody takes calls at port 7";
    }
    from_us = nif_clock_now_us(board->clock);
    until_us = from_us + LIMIT_US;
    for (size_t at = 0; at < ECHO_LEN; at += 1000) {
        int n = nif_send_all(&conn, data + at, 1000, until_us) == 0
            ? nif_recv_all(&conn, all.back + got, 1000, until_us)
            : -1;

        got += n > 0 ? (size_t)n : 0;
    }
    all.echo_us = nif_clock_now_us(board->clock) - from_us;
    (void)nif_close(&conn, until_us);
    return got == ECHO_LEN && memcmp(data, all.back, ECHO_LEN) == 0
        ? NULL
        : "the echo is not what was sent";
}

// Its server is measured: as soon as it has its address.
static const char *measure(struct nif_board *board)
{
    for (unsigned i = 0; i < 100 && dhcp.server.ack_count == 0; i++) {
        pause_us(board, 100000);
    }
    pause_us(board, 1000000); // for its probes, and to listen
    board->args = all.iperf3;
    (void)nif_iface_stop(board->iface); // the client starts it
    return nif_app_iperf3_client(board) == 0 ? NULL : "iperf3 has failed";
}

static void print(struct nif_board *board, const char *line)
{
    (void)board;
    printf("%s\n", line);
}

static int peer_app(struct nif_board *board)
{
    int err = nif_iface_start(board->iface);

    if (err == 0) {
        err = start_dhcp(board);
    }
    if (err != 0) {
        all.failed = "the other end does not start";
    } else {
        all.failed = all.iperf3 ? measure(board) : get_page(board);
    }
    if (all.failed == NULL && !all.iperf3 && !all.device->is_espat) {
        all.failed = echo(board);
    }
    if (all.failed == NULL && dhcp.server.ack_count == 0) {
        all.failed = "it has an address that nobody gave it";
    }
    nif_dhcp_server_stop(&dhcp.server);
    all.board.board.stop = true;
    all.chip.wake = true;
    sim_notify(&all.world);
    return err;
}

static int image_app(struct nif_board *board)
{
    (void)board;
    rp2040_run(&all.chip, &all.board, &all.cfg);
    return 0;
}

static void make_world(void)
{
    const struct host_board_cfg board = {
        .chip = all.device->chip,
        .app = image_app,
        .bus_hz = all.device->is_espat ? 0 : all.device->baud,
        .no_rts_cts = all.device->is_espat && !all.device->rts_cts,
        .cpu_ns = 8,
        .remote = true,
        .seed = 1,
    };
    const struct host_board_cfg peer = {
        .chip = "direct",
        .app = peer_app,
        .print = print,
        .number = 255, // its address ends in 1
        .seed = 2,
        .cpu_ns = 10000,
        .half_duplex = true,
        .net = { .ip = nif_ip4(192, 0, 2, 1), .prefix_len = 24 },
    };
    char why[HOST_WHY] = "";

    sim_world_init(&all.world, 1);
    if (host_board_init(&all.board, &all.world, &board, why) != 0 ||
        host_board_init(&all.peer, &all.world, &peer, why) != 0) {
        fprintf(stderr, "%s\n", why);
        exit(2);
    }
    host_board_plug(&all.board, all.peer.port);
    host_board_plug(&all.peer, NULL);
}

static int fail(const char *why)
{
    printf("failed: %s\n", why);
    return 1;
}

static void print_figures(const char *name)
{
    const struct rp2040 *chip = &all.chip;

    if (all.iperf3 == NULL) {
        printf("%s: page after %llu ms, ", name,
            (unsigned long long)all.page_us / 1000);
    }
    if (all.echo_us != 0) {
        printf("%u bytes echoed in %llu ms, ", ECHO_LEN,
            (unsigned long long)all.echo_us / 1000);
    }
    printf("%llu thousand instructions, %llu lines of flash, %llu ms asleep, "
           "%u bytes of stack\n",
        (unsigned long long)chip->instructions / 1000,
        (unsigned long long)chip->misses,
        (unsigned long long)chip->slept_ns / 1000000,
        (unsigned)(0x20042000 - chip->sp_low));
}

static int report(void)
{
    const struct rp2040 *chip = &all.chip;
    char name[24];

    snprintf(name, sizeof(name), "pico-%s", all.device->chip);
    printf("%s", chip->console);
    if (chip->cpu.why[0] != '\0') {
        return fail(chip->cpu.why);
    }
    if (all.failed != NULL || !sim_fiber_ended(all.peer.fiber)) {
        return fail(all.failed ? all.failed : "it takes too long");
    }
    if (!strstr(chip->console, name) ||
        (all.iperf3 == NULL && !strstr(all.page, name))) {
        return fail("page and console do not say the board's name");
    }
    if (chip->spi_hz + chip->uart_baud != all.device->baud) {
        printf("%u + %u baud\n", chip->spi_hz, chip->uart_baud);
        return fail("the bus has another rate");
    }
    // Without its interrupts a driver works, too, but it is slow.
    if (all.page_us > all.device->page_us || all.echo_us > ECHO_US) {
        return fail("it is too slow");
    }
    if (all.world.complaints != 0 || chip->light || chip->slept_ns == 0) {
        return fail("a complaint of the chip, the light, or no sleep");
    }
    print_figures(name);
    return 0;
}

static const struct device *find(const char *name)
{
    for (size_t i = 0; i < nif_countof(devices); i++) {
        if (strcmp(devices[i].name, name) == 0) {
            return &devices[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static uint8_t uf2[FILE_MAX];
    FILE *file;
    size_t len;
    int result;

    all.device = argc >= 3 && argc <= 4 ? find(argv[1]) : NULL;
    all.iperf3 = argc == 4 ? argv[3] : NULL;
    file = all.device ? fopen(argv[2], "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr,
            "usage: pico_emulator enc28j60|w5500|espat|espat-rts "
            "IMAGE.uf2 [\"192.0.2.2 -t 2\"]\n");
        return 2;
    }
    len = fread(uf2, 1, sizeof(uf2), file);
    fclose(file);
    if (rp2040_load(&all.chip, uf2, len) != 0) {
        fprintf(stderr, "%s is no image for an RP2040\n", argv[2]);
        return 2;
    }
    all.cfg = (struct rp2040_cfg){
        .spi_max_hz = all.device->spi_max_hz,
        .cs_ns = all.device->cs_ns,
        .instructions_max = all.iperf3 ? UINT64_MAX : INSTRUCTIONS_MAX,
    };
    make_world();
    sim_run_until(&all.world, LIMIT_S * SIM_S);
    result = report();
    host_board_done(&all.board);
    host_board_done(&all.peer);
    sim_world_done(&all.world);
    return result;
}
