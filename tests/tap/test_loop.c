// SPDX-License-Identifier: MIT
//
// The loop between a world and the outside, with an outside that answers at
// once, and one that comes in by itself when it likes.

#include "sim/trace/record.h"
#include "tap/loop.h"
#include "tests/tap/files.h"

#include <time.h>

#define RUN_NS (60 * SIM_MS)

// ---- the outside

struct outside {
    struct tap_end end;
    unsigned turns;
    unsigned sent;
    uint64_t begun_ns;
    uint64_t sleep_ns; // spent in one turn, once
    bool ahead;        // the world was ahead of the clock
    unsigned flood;    // so many frames in each turn, which takes 1 ms
};

static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SIM_S + (uint64_t)now.tv_nsec;
}

static size_t outside_fds(struct tap_end *end, struct pollfd *fds, size_t cap)
{
    (void)fds;
    (void)cap;
    if (end->timeout_ns > 300000) {
        end->timeout_ns = 300000;
    }
    return 0;
}

static void outside_ready(struct tap_end *end, const struct pollfd *fds,
    size_t n)
{
    struct outside *o = nif_container_of(end, struct outside, end);
    uint8_t frame[60] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };

    (void)fds;
    (void)n;
    if (end->loop->world->now_ns > clock_ns() - o->begun_ns) {
        o->ahead = true;
    }
    if (o->sleep_ns > 0) {
        struct timespec time = { 0, (long)o->sleep_ns };

        nanosleep(&time, NULL);
        o->sleep_ns = 0;
    }
    if (o->flood > 0) {
        o->sleep_ns = SIM_MS;
    }
    for (unsigned i = 0; i < o->flood; i++) {
        tap_loop_in(end->loop, frame, sizeof(frame));
    }
    if (++o->turns % 3 == 0) {
        nif_put_be32(frame + 14, o->turns);
        tap_loop_in(end->loop, frame, sizeof(frame));
    }
}

// Answers two of three frames at once, one of them twice.
static void outside_send(struct tap_end *end, const uint8_t *frame, size_t len)
{
    struct outside *o = nif_container_of(end, struct outside, end);
    unsigned answers = o->sent++ % 3;

    for (unsigned i = 0; i < answers; i++) {
        tap_loop_in(end->loop, frame, len);
    }
}

static void outside_close(struct tap_end *end)
{
    (void)end;
}

static const struct tap_end_ops outside_ops = {
    .fds = outside_fds,
    .ready = outside_ready,
    .send = outside_send,
    .close = outside_close,
};

// ---- the world

struct bench {
    struct sim_world world;
    struct sim_nic board;
    struct sim_cable cable;
    struct sim_event tick;
    uint64_t tick_ns;
    struct tap_loop loop;
    struct sim_trace trace;
    struct sim_cable_recorder recorder;
    char *text;
    size_t text_len;
    FILE *out;
    unsigned ticks;
};

static void on_board(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;
    uint8_t copy[TAP_FRAME_MAX];

    // A die is thrown for each frame, so that one in a wrong place changes
    // all that follows.
    memcpy(copy, frame, len);
    copy[20] = (uint8_t)sim_roll(&b->world, 256);
    if (copy[20] < 128) {
        sim_nic_send(&b->board, copy, len);
    }
}

static void on_tick(struct sim_event *event)
{
    struct bench *b = nif_container_of(event, struct bench, tick);
    uint8_t frame[200] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };

    nif_put_be32(frame + 14, b->ticks++);
    sim_nic_send(&b->board, frame, sizeof(frame));
    sim_event_at(&b->world, event, b->world.now_ns + b->tick_ns);
}

static void make(struct bench *b, struct tap_end *end, uint64_t tick_ns)
{
    static const struct sim_impair_cfg impair = { .drop_ppm = 50000,
        .duplicate_ppm = 200000,
        .reorder_ppm = 50000,
        .reorder_ns = SIM_MS };

    memset(b, 0, sizeof(*b));
    sim_world_init(&b->world, 3);
    b->out = open_memstream(&b->text, &b->text_len);
    assert_non_null(b->out);
    sim_trace_init(&b->trace, &b->world, b->out);
    sim_nic_init(&b->board, &b->world, "board", 0);
    b->board.on_frame = on_board;
    b->board.arg = b;
    b->board.full_duplex = true;
    sim_cable_init(&b->cable, &b->world, 10000000);
    tap_loop_init(&b->loop, &b->world, end, &impair);
    b->loop.nic.full_duplex = true;
    sim_cable_record(&b->recorder, &b->trace, "board", &b->cable, 0);
    sim_cable_join(&b->cable, &b->board.port, &b->loop.nic.port);
    b->tick.fn = on_tick;
    b->tick_ns = tick_ns;
    sim_event_at(&b->world, &b->tick, tick_ns);
}

static void unmake(struct bench *b)
{
    sim_event_cancel(&b->world, &b->tick);
    sim_cable_done(&b->cable);
    tap_loop_done(&b->loop);
    sim_nic_done(&b->board);
    sim_world_done(&b->world);
    if (b->out) {
        fclose(b->out);
    }
    free(b->text);
}

// Runs against the outside and leaves a file of stimuli.
static void run_live(struct bench *b, const char *name)
{
    static struct outside o;
    struct tap_stimuli record;

    o = (struct outside){ .end = { .ops = &outside_ops, .name = "test" } };
    assert_int_equal(tap_stimuli_create(&record, name), 0);
    make(b, &o.end, 700 * SIM_US);
    b->loop.record = &record;
    o.begun_ns = clock_ns();
    assert_int_equal(tap_loop_run(&b->loop, RUN_NS, NULL, NULL),
        TAP_LOOP_UNTIL);
    assert_false(o.ahead);
    assert_true(clock_ns() - o.begun_ns >= RUN_NS);
    assert_true(b->loop.in_count > 20);
    assert_true(b->loop.out_count > 20);
    tap_stimuli_end(&record, b->world.now_ns, b->loop.out_count);
    assert_int_equal(tap_stimuli_close(&record), 0);
    fclose(b->out);
    b->out = NULL;
}

static enum tap_loop_why run_again(struct bench *b, const char *name,
    uint64_t tick_ns)
{
    struct tap_stimuli replay;
    enum tap_loop_why why;

    assert_int_equal(tap_stimuli_open(&replay, name, NULL, NULL), 0);
    make(b, NULL, tick_ns);
    assert_int_equal(tap_loop_replay(&b->loop, &replay), 0);
    why = tap_loop_run(&b->loop, SIM_NEVER, NULL, NULL);
    fclose(b->out);
    b->out = NULL;
    tap_stimuli_close(&replay);
    return why;
}

static void a_live_run_and_its_repetition_are_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct bench live;
        struct bench again;
        char name[FILE_NAME];

        file_make(name, NULL);
        run_live(&live, name);
        assert_int_equal(run_again(&again, name, 700 * SIM_US), TAP_LOOP_END);
        assert_int_equal(again.loop.in_count, live.loop.in_count);
        assert_int_equal(again.loop.out_count, live.loop.out_count);
        assert_int_equal(again.world.now_ns, live.world.now_ns);
        assert_int_equal(again.text_len, live.text_len);
        assert_memory_equal(again.text, live.text, live.text_len);
        unmake(&live);
        unmake(&again);
        unlink(name);
    }
}

static void a_world_that_differs_is_told_with_the_line(void **state)
{
    struct bench live;
    struct bench again;
    char name[FILE_NAME];

    (void)state;
    file_make(name, NULL);
    run_live(&live, name);
    assert_int_equal(run_again(&again, name, 650 * SIM_US), TAP_LOOP_ERROR);
    assert_memory_equal(again.loop.error, name, strlen(name));
    assert_non_null(strstr(again.loop.error, ": the run differs"));
    unmake(&live);
    unmake(&again);
    unlink(name);
}

static void a_file_that_does_not_fit_is_told(void **state)
{
#define RX " rx 0200000000020200000000018800aabbccdd\n"
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        { "100000 0" RX, ": the file has no 'end'" },
        // Nothing has left by then, and much has left by then.
        { "100000 1" RX "200000 1 end\n", ":2: the run differs" },
        { "5000000 0" RX "6000000 0 end\n", ":2: the run differs" },
        { "100000 0" RX "90000000 1 end\n", ":3: the run differs" },
        { "100000 0" RX "200000 x end\n", ":3: a line begins" },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(rows); i++) {
        struct bench again;
        char name[FILE_NAME];
        char text[200] = "# netif-stimuli 1\n";

        strncat(text, rows[i].text, sizeof(text) - strlen(text) - 1);
        file_make(name, text);
        assert_int_equal(run_again(&again, name, 700 * SIM_US), TAP_LOOP_ERROR);
        if (!strstr(again.loop.error, rows[i].says)) {
            fail_msg("row %zu: %s", i, again.loop.error);
        }
        unmake(&again);
        unlink(name);
    }
}

static void lag_is_measured(void **state)
{
    static struct outside o;
    struct bench b;

    (void)state;
    o = (struct outside){
        .end = { .ops = &outside_ops, .name = "test" },
        .sleep_ns = 30 * SIM_MS,
    };
    make(&b, &o.end, 700 * SIM_US);
    o.begun_ns = clock_ns();
    assert_int_equal(tap_loop_run(&b.loop, RUN_NS, NULL, NULL), TAP_LOOP_UNTIL);
    assert_true(b.loop.lag_max_ns > 20 * SIM_MS);
    assert_true(b.loop.lag_ns < b.loop.lag_max_ns); // it has caught up
    unmake(&b);
}

// There is always an answer of the board's to stop the world for; its time goes
// on all the same.
static void a_flood_from_outside_does_not_hold_the_world(void **state)
{
    static struct outside o;
    struct bench b;

    (void)state;
    o = (struct outside){
        .end = { .ops = &outside_ops, .name = "test" },
        .flood = 8,
    };
    make(&b, &o.end, 700 * SIM_US);
    o.begun_ns = clock_ns();
    assert_int_equal(tap_loop_run(&b.loop, RUN_NS, NULL, NULL), TAP_LOOP_UNTIL);
    assert_true(o.sent > 100);
    assert_true(o.turns < 200);
    assert_false(o.ahead);
    unmake(&b);
}

static void frames_that_are_none_do_not_come_in(void **state)
{
    struct bench b;
    uint8_t frame[TAP_FRAME_MAX + 1] = { 0 };

    (void)state;
    make(&b, NULL, SIM_MS);
    tap_loop_in(&b.loop, frame, 13);
    tap_loop_in(&b.loop, frame, TAP_FRAME_MAX + 1);
    assert_int_equal(b.loop.in_dropped, 2);
    assert_int_equal(b.loop.in_count, 0);
    tap_loop_in(&b.loop, frame, TAP_FRAME_MAX);
    assert_int_equal(b.loop.in_count, 1);
    unmake(&b);
}

static bool has_ticked(void *arg)
{
    return ((struct bench *)arg)->ticks >= 1000000;
}

static void without_an_outside_time_runs_free(void **state)
{
    struct bench b;
    uint64_t begun_ns = clock_ns();

    (void)state;
    make(&b, NULL, SIM_S);
    assert_int_equal(tap_loop_run(&b.loop, 3600 * SIM_S, NULL, NULL),
        TAP_LOOP_UNTIL);
    assert_int_equal(b.world.now_ns, 3600 * SIM_S);
    assert_int_equal(b.ticks, 3600);
    assert_true(clock_ns() - begun_ns < 1800 * SIM_S);
    assert_int_equal(tap_loop_run(&b.loop, 3601 * SIM_S, has_ticked, &b),
        TAP_LOOP_UNTIL);
    b.ticks = 1000000;
    assert_int_equal(tap_loop_run(&b.loop, SIM_NEVER, has_ticked, &b),
        TAP_LOOP_DONE);
    unmake(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_run_and_its_repetition_are_the_same),
        cmocka_unit_test(a_world_that_differs_is_told_with_the_line),
        cmocka_unit_test(a_file_that_does_not_fit_is_told),
        cmocka_unit_test(lag_is_measured),
        cmocka_unit_test(a_flood_from_outside_does_not_hold_the_world),
        cmocka_unit_test(frames_that_are_none_do_not_come_in),
        cmocka_unit_test(without_an_outside_time_runs_free),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
