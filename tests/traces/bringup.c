// SPDX-License-Identifier: MIT
//
// Runs that are recorded and repeated.

#include "bringup.h"

#include <stdio.h>
#include <string.h>

// The same calls at the same times, with or without a card that answers.
static void drive(struct bench *b, const struct bringup_cfg *cfg, bool live,
    struct bringup *run)
{
    run->err = nif_iface_start(b->iface);
    for (unsigned ms = 0; run->err == 0 && ms < 20; ms++) {
        bench_run(b, 1000);
    }
    for (unsigned i = 0; run->err == 0 && cfg->frames && i < 3; i++) {
        if (live) {
            bench_card_send(b, &bench_board, i, 100 + i * 500);
        }
        b->send_left = 2;
        b->send_len = 60 + i * 300;
        bench_run(b, 8000);
    }
    run->board_count = b->board_count;
    run->end_ns = b->world.now_ns;
}

// The world writes into memory what passes, whatever NIF_TRACE says.
struct tape {
    struct sim_trace trace;
    struct sim_trace *before;
    FILE *out;
};

static void tape_begin(struct tape *tape, struct bench *b, struct bringup *run)
{
    *run = (struct bringup){ 0 };
    tape->out = open_memstream(&run->text, &run->len);
    assert_non_null(tape->out);
    sim_trace_init(&tape->trace, &b->world, tape->out);
    tape->before = b->world.trace;
    b->world.trace = &tape->trace;
}

static void tape_end(struct tape *tape, struct bench *b)
{
    b->world.trace = tape->before;
    fclose(tape->out);
}

void bringup_record(const struct bringup_cfg *cfg, struct bringup *run)
{
    static struct bench b;
    struct tape tape;

    bench_open(&b, &cfg->bench);
    tape_begin(&tape, &b, run);
    drive(&b, cfg, true, run);
    tape_end(&tape, &b);
    bench_close(&b);
}

void bringup_replay(const struct bringup_cfg *cfg,
    const struct sim_recording *rec, struct sim_replay *replay,
    struct bringup *run)
{
    static struct bench b;
    struct tape tape;

    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    sim_cpu_init(&b.cpu, &b.world, SIM_CPU_COST_NS);
    tape_begin(&tape, &b, run);
    sim_replay_init(replay, &b.cpu, rec);
    enc28j60_init(&b.chip,
        &(struct enc28j60_cfg){
            .spi = sim_replay_spi(replay, NULL),
            .clock = &b.cpu.clock,
            .interrupt =
                cfg->bench.polled ? NULL : sim_replay_pin(replay, "int"),
            .reset = cfg->bench.reset_pin ? sim_replay_output(replay, "reset")
                                          : NULL,
            .hwaddr = bench_board,
            .full_duplex = cfg->bench.full_duplex,
            .check_ms = cfg->bench.check_ms,
        });
    b.iface = &b.chip.iface;
    drive(&b, cfg, false, run);
    tape_end(&tape, &b);
    sim_replay_finish(replay);
    sim_replay_done(replay);
    sim_world_done(&b.world);
}

void bringup_read(char *text, size_t len, struct sim_recording *rec)
{
    FILE *in = fmemopen(text, len, "r");
    struct sim_trace_reader reader;
    int got;

    assert_non_null(in);
    sim_trace_read_init(&reader, in, "run");
    got = sim_recording_read(rec, &reader);
    if (got != 1) {
        fail_msg("%s", reader.error);
    }
    sim_trace_read_done(&reader);
    fclose(in);
}

void bringup_open(const struct bringup_cfg *cfg, struct bringup *run,
    struct sim_recording *rec)
{
    bringup_record(cfg, run);
    assert_int_equal(run->err, 0);
    bringup_read(run->text, run->len, rec);
}
