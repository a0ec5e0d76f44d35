// SPDX-License-Identifier: MIT
//
// Records from a board: the ENC28J60's driver with its bus and its interrupt
// recorded over a serial line, against what the simulator saw of the same run;
// and what is lost or damaged on the way.

#include "bringup.h"

#include "nif/trace.h"
#include "sim/trace/board.h"
#include "sim/trace/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- a line that takes so many bytes per second, and keeps them

struct line {
    struct nif_uart uart;
    struct sim_world *world;
    uint64_t byte_ns; // 0: takes all at once
    uint64_t free_ns;
    uint8_t data[1 << 20];
    size_t len;
};

static struct line line;

static int line_write(struct nif_uart *uart, const uint8_t *data, size_t len)
{
    struct line *l = nif_container_of(uart, struct line, uart);
    size_t taken = 0;

    // A FIFO of 16 bytes.
    while (taken < len && l->len < sizeof(l->data) &&
        l->free_ns <= l->world->now_ns + 16 * l->byte_ns) {
        l->data[l->len++] = data[taken++];
        l->free_ns =
            (l->free_ns > l->world->now_ns ? l->free_ns : l->world->now_ns) +
            l->byte_ns;
    }
    return (int)taken;
}

static const struct nif_uart_ops line_ops = { .write = line_write };

static void line_init(struct sim_world *world, uint64_t byte_ns)
{
    memset(&line, 0, sizeof(line));
    line.uart.ops = &line_ops;
    line.world = world;
    line.byte_ns = byte_ns;
}

// ---- the host's end

static struct sim_board board;

static char *receive(const uint8_t *data, size_t len)
{
    struct sim_trace trace;
    char *text;
    size_t text_len;
    FILE *out = open_memstream(&text, &text_len);

    assert_non_null(out);
    sim_trace_init(&trace, NULL, out);
    sim_board_init(&board, &trace);
    for (size_t at = 0; at < len; at += 7) { // pieces as a TTY gives them
        sim_board_read(&board, data + at, len - at < 7 ? len - at : 7);
    }
    sim_board_done(&board);
    fclose(out);
    return text;
}

// ---- a driver that is recorded on the board

struct recorded {
    struct bench b;
    struct nif_trace trace;
    struct nif_trace_spi spi;
    struct nif_trace_pin pin;
    struct sim_trace own;
    uint8_t ring[8192];
    char *text; // the simulator's trace
    size_t text_len;
};

static void run_recorded(struct recorded *r, uint64_t byte_ns, size_t ring_len)
{
    FILE *out = open_memstream(&r->text, &r->text_len);
    struct sim_trace *before;

    assert_non_null(out);
    bench_open(&r->b, NULL);
    line_init(&r->b.world, byte_ns);
    sim_trace_init(&r->own, &r->b.world, out);
    before = r->b.world.trace;
    r->b.world.trace = &r->own;
    nif_trace_init(&r->trace,
        &(struct nif_trace_cfg){ .out = &line.uart,
            .clock = &r->b.cpu.clock,
            .ring = r->ring,
            .ring_len = ring_len });
    nif_trace_spi_init(&r->spi, &r->trace, "enc28j60", &r->b.fault.spi);
    nif_trace_pin_init(&r->pin, &r->trace, "int", &r->b.int_pin.pin);
    enc28j60_init(&r->b.chip,
        &(struct enc28j60_cfg){ .spi = &r->spi.spi,
            .clock = &r->b.cpu.clock,
            .interrupt = &r->pin.pin,
            .hwaddr = bench_board });
    bench_up(&r->b);
    for (unsigned i = 0; i < 3; i++) {
        bench_card_send(&r->b, &bench_board, i, 100 + i * 500);
        r->b.send_left = 2;
        r->b.send_len = 60 + i * 300;
        bench_run(&r->b, 8000);
    }
    for (unsigned i = 0; i < 4000; i++) { // what is left runs off
        assert_int_equal(nif_trace_poll(&r->trace), 0);
        sim_pass_ns(&r->b.world, 100 * SIM_US);
    }
    r->b.world.trace = before;
    assert_int_equal(r->b.board_count, 3);
    bench_close(&r->b);
    fclose(out);
}

// How many SPI transactions both have; all must be the same, within the
// microsecond that is the grain of a board's clock.
static unsigned same_transactions(const struct sim_recording *seen,
    const struct sim_recording *told)
{
    unsigned count = 0;
    size_t k = 0;

    for (size_t i = 0; i < seen->count; i++) {
        const struct sim_trace_item *a = &seen->event[i].item;
        const struct sim_trace_item *b;
        size_t at;

        if (a->kind != SIM_TRACE_SPI) {
            continue;
        }
        while (told->event[k].item.kind != SIM_TRACE_SPI) {
            k++;
        }
        b = &told->event[k++].item;
        assert_true(sim_trace_same_request(a, b));
        assert_int_equal(sim_trace_answer_diff(a, b, &at), 0);
        assert_int_equal(a->index, b->index);
        assert_in_range(b->at_ns + 1000, a->at_ns, a->at_ns + 2000);
        count++;
    }
    return count;
}

static void the_stream_tells_what_the_simulator_saw(void **state)
{
    static struct recorded r;
    static struct sim_diff diff;
    struct sim_recording seen;
    struct sim_recording told;
    char *text;

    (void)state;
    memset(&r, 0, sizeof(r));
    run_recorded(&r, 100, sizeof(r.ring));
    assert_int_equal(r.trace.lost, 0);
    text = receive(line.data, line.len);
    assert_int_equal(board.bad, 0);
    assert_true(board.records > 300);
    assert_non_null(strstr(text, "# bus enc28j60 spi mode=0 taped=calls\n"));
    bringup_read(r.text, r.text_len, &seen);
    bringup_read(text, strlen(text), &told);
    sim_diff(&seen, &told, &(struct sim_diff_cfg){ .exact = true }, &diff);
    // Of the pin the board hears falling edges, and what it reads.
    assert_true(!diff.differs || strcmp(diff.where, "pin int") == 0);
    assert_true(same_transactions(&seen, &told) > 300);
    sim_recording_done(&seen);
    sim_recording_done(&told);
    free(r.text);
    free(text);
}

static void edges_of_a_pin_stand_at_their_times(void **state)
{
    static struct recorded r;
    unsigned seen = 0;
    char *text;

    (void)state;
    memset(&r, 0, sizeof(r));
    run_recorded(&r, 100, sizeof(r.ring));
    text = receive(line.data, line.len);
    for (const char *at = r.text; (at = strstr(at, " pin int 0\n")); at++) {
        const char *begin = at;
        char want[64];

        while (begin > r.text && begin[-1] != '\n') {
            begin--;
        }
        snprintf(want, sizeof(want), "%llu pin int 0\n",
            strtoull(begin, NULL, 10) / 1000 * 1000);
        if (strtoull(begin, NULL, 10) > 3000000) { // the handler is installed
            seen += strstr(text, want) != NULL;
        }
    }
    assert_in_range(seen, 8, 100);
    free(r.text);
    free(text);
}

static void a_slow_line_loses_whole_records_and_says_so(void **state)
{
    static struct recorded r;
    struct sim_recording told;
    uint64_t counted = 0;
    char *text;

    (void)state;
    memset(&r, 0, sizeof(r));
    run_recorded(&r, 10000, 512); // 1 Mbit/s, no room for a frame
    assert_true(r.trace.lost > 3);
    text = receive(line.data, line.len);
    assert_int_equal(board.bad, 0);
    assert_int_equal(board.lost, r.trace.lost);
    bringup_read(text, strlen(text), &told);
    for (size_t i = 0; i < told.count; i++) {
        const struct sim_trace_item *item = &told.event[i].item;

        if (item->kind == SIM_TRACE_FAULT) {
            assert_memory_equal(item->text, "lost=", 5);
            counted += strtoull(item->text + 5, NULL, 10);
        }
    }
    assert_int_equal(counted, r.trace.lost);
    sim_recording_done(&told);
    free(r.text);
    free(text);
}

// ---- other buses, by hand

static int no_line(struct nif_uart *uart, const uint8_t *data, size_t len)
{
    (void)uart;
    (void)data;
    (void)len;
    return 0;
}

static int three(struct nif_uart *uart, uint8_t *buf, size_t cap)
{
    (void)uart;
    (void)cap;
    buf[0] = 0xC0;
    buf[1] = 0xDB;
    buf[2] = 0x0A;
    return 3;
}

static unsigned framing(struct nif_uart *uart)
{
    (void)uart;
    return NIF_UART_FRAMING | NIF_UART_BREAK;
}

static int read_phy(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    (void)mdio;
    return reg == 31 ? NIF_EIO : phy << 8 | reg;
}

static int write_phy(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    (void)mdio;
    (void)phy;
    (void)reg;
    (void)value;
    return 0;
}

static int select_fails(struct nif_spi *spi)
{
    (void)spi;
    return NIF_EIO;
}

static void uart_mdio_and_failures_are_recorded_too(void **state)
{
    static const struct nif_uart_ops uart_ops = { .write = no_line,
        .read = three,
        .errors = framing };
    static const struct nif_mdio_ops mdio_ops = { .read = read_phy,
        .write = write_phy };
    static const struct nif_spi_ops spi_ops = { .select = select_fails };
    struct nif_uart lower_uart = { &uart_ops };
    struct nif_mdio lower_mdio = { &mdio_ops };
    struct nif_spi lower_spi = { &spi_ops };
    struct nif_trace trace;
    struct nif_trace_uart uart;
    struct nif_trace_mdio mdio;
    struct nif_trace_spi spi;
    struct sim_world world;
    struct sim_cpu cpu;
    uint8_t ring[1024];
    uint8_t buf[8];
    char *text;

    (void)state;
    sim_world_init(&world, 1);
    sim_cpu_init(&cpu, &world, 1000);
    line_init(&world, 0);
    nif_trace_init(&trace,
        &(struct nif_trace_cfg){ &line.uart, &cpu.clock, ring, sizeof(ring) });
    nif_trace_uart_init(&uart, &trace, "at", &lower_uart);
    nif_trace_mdio_init(&mdio, &trace, "mdio", &lower_mdio);
    nif_trace_spi_init(&spi, &trace, "spi", &lower_spi);
    assert_int_equal(uart.uart.ops->read(&uart.uart, buf, 8), 3);
    assert_int_equal(uart.uart.ops->write(&uart.uart, buf, 3), 0);
    assert_int_equal(uart.uart.ops->errors(&uart.uart),
        NIF_UART_FRAMING | NIF_UART_BREAK);
    assert_int_equal(mdio.mdio.ops->read(&mdio.mdio, 1, 2), 0x0102);
    assert_int_equal(mdio.mdio.ops->read(&mdio.mdio, 1, 31), NIF_EIO);
    assert_int_equal(mdio.mdio.ops->write(&mdio.mdio, 1, 0, 0x8000), 0);
    assert_int_equal(nif_spi_transact(&spi.spi,
                         &(struct nif_spi_seg){ buf, NULL, 1 }, 1, 0),
        NIF_EIO);
    text = receive(line.data, line.len);
    assert_string_equal(text,
        "# netif-trace 1\n# time ns\n# resolution 1000\n"
        "# bus at uart taped=calls\n"
        "# bus mdio mdio taped=calls\n"
        "# bus spi spi mode=0 taped=calls\n"
        "1000 uart at 0 +0 rx c0db0a\n"
        "2000 fault at framing break\n"
        "3000 mdio mdio 0 +1000 read 1 2 0102\n"
        "5000 mdio mdio 1 +1000 read 1 31 0000 error\n"
        "7000 mdio mdio 2 +1000 write 1 0 8000\n"
        "9000 fault spi select NIF_EIO\n");
    free(text);
    sim_world_done(&world);
}

// Inverts what it is sent, in place if need be.
static int invert(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    (void)spi;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; segs[i].rx && k < segs[i].len; k++) {
            segs[i].rx[k] = (uint8_t)~segs[i].tx[k];
        }
    }
    return 0;
}

static int select_works(struct nif_spi *spi)
{
    (void)spi;
    return 0;
}

static void release(struct nif_spi *spi, uint32_t hold_ns)
{
    (void)spi;
    (void)hold_ns;
}

static void count_edge(void *arg)
{
    (*(unsigned *)arg)++;
}

struct handshake {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_pin ready;
    struct nif_trace trace;
    struct nif_trace_spi spi;
    struct nif_trace_pin pin;
    struct nif_spi lower;
    uint8_t ring[1024];
};

static void open_handshake(struct handshake *h)
{
    static const struct nif_spi_ops ops = { .select = select_works,
        .exchange = invert,
        .release = release };

    memset(h, 0, sizeof(*h));
    sim_world_init(&h->world, 1);
    sim_cpu_init(&h->cpu, &h->world, 1000);
    sim_pin_init(&h->ready, &h->cpu, "ready", true);
    line_init(&h->world, 0);
    h->lower.ops = &ops;
    nif_trace_init(&h->trace,
        &(struct nif_trace_cfg){ &line.uart, &h->cpu.clock, h->ring,
            sizeof(h->ring) });
    nif_trace_spi_init(&h->spi, &h->trace, "spi", &h->lower);
    nif_trace_pin_init(&h->pin, &h->trace, "ready", &h->ready.pin);
}

static void
a_handshake_within_a_transaction_does_not_break_its_record(void **state)
{
    static struct handshake h;
    uint8_t buf[2] = { 0x12, 0x34 };
    struct nif_spi *spi = &h.spi.spi;
    char *text;

    (void)state;
    open_handshake(&h);
    assert_int_equal(spi->ops->select(spi), 0);
    nif_pin_write(&h.pin.pin, false);
    assert_int_equal(spi->ops->exchange(spi,
                         &(struct nif_spi_seg){ buf, buf, 2 }, 1),
        0);
    spi->ops->release(spi, 0);
    nif_pin_read(&h.pin.pin); // what waits is written down
    text = receive(line.data, line.len);
    assert_int_equal(board.bad, 0);
    assert_non_null(strstr(text, " spi spi 0 +3000 1234 edcb\n"));
    assert_non_null(strstr(text, " pin ready 0\n"));
    free(text);
    sim_world_done(&h.world);
}

static void edges_that_nobody_writes_down_in_time_are_counted(void **state)
{
    static struct handshake h;
    unsigned edges = 0;
    char *text;

    (void)state;
    open_handshake(&h);
    nif_pin_on_edge(&h.pin.pin, false, count_edge, &edges);
    for (unsigned i = 0; i < 20; i++) {
        sim_pin_drive(&h.ready, false);
        sim_pin_drive(&h.ready, true);
    }
    assert_int_equal(edges, 20);
    nif_pin_read(&h.pin.pin);
    assert_int_equal(h.trace.lost, 20 - NIF_TRACE_EDGES);
    assert_int_equal(nif_trace_poll(&h.trace), 0);
    text = receive(line.data, line.len);
    assert_non_null(strstr(text, "fault board lost=12\n"));
    free(text);
    sim_world_done(&h.world);
}

static void who_listens_late_learns_the_names(void **state)
{
    static struct recorded r;
    char *text;

    (void)state;
    memset(&r, 0, sizeof(r));
    run_recorded(&r, 100, sizeof(r.ring));
    text = receive(line.data + 300, line.len - 300);
    assert_non_null(strstr(text, "# bus enc28j60 spi"));
    assert_non_null(strstr(text, " pin int 0\n"));
    assert_in_range(board.bad, 0, 1);
    free(text);
    free(r.text);
}

// Whatever comes over the line: no more than the damaged record is lost.
static void damage_costs_one_record(void **state)
{
    static struct recorded r;
    uint64_t records;
    uint64_t worst = 0;

    (void)state;
    memset(&r, 0, sizeof(r));
    run_recorded(&r, 100, sizeof(r.ring));
    free(receive(line.data, line.len));
    records = board.records;
    for (size_t at = 1; at < line.len && at < 6000; at += 11) {
        line.data[at] ^= 0x41;
        free(receive(line.data, line.len));
        line.data[at] ^= 0x41;
        assert_true(board.records < records);
        worst =
            records - board.records > worst ? records - board.records : worst;
    }
    assert_in_range(worst, 1, 2); // an end that is damaged joins two
    free(r.text);
}

static void noise_is_survived_and_counted(void **state)
{
    static uint8_t noise[20000];
    struct sim_world world;

    (void)state;
    sim_world_init(&world, 5);
    for (size_t i = 0; i < sizeof(noise); i++) {
        noise[i] = i % 9 == 0 ? 0xC0 : (uint8_t)sim_roll(&world, 256);
    }
    free(receive(noise, sizeof(noise)));
    assert_true(board.bad > 2000);
    assert_true(board.records < 10);
    sim_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stream_tells_what_the_simulator_saw),
        cmocka_unit_test(edges_of_a_pin_stand_at_their_times),
        cmocka_unit_test(a_slow_line_loses_whole_records_and_says_so),
        cmocka_unit_test(uart_mdio_and_failures_are_recorded_too),
        cmocka_unit_test(
            a_handshake_within_a_transaction_does_not_break_its_record),
        cmocka_unit_test(edges_that_nobody_writes_down_in_time_are_counted),
        cmocka_unit_test(who_listens_late_learns_the_names),
        cmocka_unit_test(damage_costs_one_record),
        cmocka_unit_test(noise_is_survived_and_counted),
    };

    return cmocka_run_group_tests_name("trace_board", tests, NULL, NULL);
}
