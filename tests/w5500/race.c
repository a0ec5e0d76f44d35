// SPDX-License-Identifier: MIT
//
// Race search: something happens to the driver at every strike point (each
// bus transaction and each byte of one) of bring-up, first receive and first
// send, one at a time. Each time, traffic must flow again in bounded virtual
// time, with no frame bent and nothing that the model complains of.
//
// NIF_RACE=frame/receive/17 runs just that point.

#include "tests/w5500/driver_bench.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// A chip that has reset itself is noticed by the driver's check, ten times a
// second; then it is set up again and finds its link.
#define RECOVERY_US 400000u

#define FRAME_LEN 100

enum kind {
    KIND_FRAME,
    KIND_LINK,
    KIND_RESET,
    KINDS,
};

enum phase {
    PHASE_BRING_UP,
    PHASE_RECEIVE,
    PHASE_SEND,
    PHASES,
};

static const char *const kind_names[] = { "frame", "link", "reset" };
static const char *const phase_names[] = { "bring-up", "receive", "send" };

struct race {
    struct bench bench;
    struct sim_event strike;
    struct sim_event replug;
    enum kind kind;
    bool struck;
};

static void on_replug(struct sim_event *event)
{
    struct race *race = nif_container_of(event, struct race, replug);

    sim_cable_plug(&race->bench.cable, true);
}

static void on_strike(struct sim_event *event)
{
    struct race *race = nif_container_of(event, struct race, strike);
    struct bench *b = &race->bench;

    race->struck = true;
    switch (race->kind) {
    case KIND_FRAME: bench_card_send(b, &bench_board, 999, FRAME_LEN); break;
    case KIND_LINK:
        sim_cable_plug(&b->cable, false);
        sim_event_at(&b->world, &race->replug, b->world.now_ns + 3 * SIM_MS);
        break;
    case KIND_RESET: sim_w5500_brown_out(&b->model); break;
    case KINDS: break;
    }
}

static void ignore(void *arg, uint64_t at_ns, const char *who, const char *what)
{
    (void)arg;
    (void)at_ns;
    (void)who;
    (void)what;
}

// An application tries again where start() fails.
static bool start(struct bench *b)
{
    for (int i = 0; i < 3; i++) {
        if (nif_iface_start(b->iface) == 0) {
            return true;
        }
        bench_run(b, 10000);
    }
    return false;
}

static bool bring_up(struct bench *b)
{
    bool ok = start(b);

    for (int i = 0;
         ok && i < 300 && !(nif_iface_flags(b->iface) & NIF_IFACE_LINK); i++) {
        bench_run(b, 1000);
    }
    return ok;
}

// The part of a run in which the strike comes.
static bool run_phase(struct bench *b, enum phase phase)
{
    switch (phase) {
    case PHASE_BRING_UP: return bring_up(b);
    case PHASE_RECEIVE:
        bench_card_send(b, &bench_board, 1, FRAME_LEN);
        bench_run(b, 2000);
        return true;
    case PHASE_SEND: {
        int err = bench_send(b, 2, FRAME_LEN);

        bench_run(b, 2000);
        return err == 0 || err == NIF_ELINK;
    }
    case PHASES: break;
    }
    return false;
}

// What is wrong after the strike; NULL if nothing.
static const char *verdict(struct race *race, enum phase phase)
{
    struct bench *b = &race->bench;
    unsigned complaints;

    // Its own frames apart, the board has had this long.
    bench_run(b, 10000);
    if (race->kind == KIND_FRAME && phase != PHASE_BRING_UP &&
        b->board_count != (phase == PHASE_RECEIVE ? 2u : 1u)) {
        return "the frame was lost";
    }
    if (race->kind != KIND_RESET && b->world.complaints > 0) {
        return "the model complained";
    }
    if (!bench_traffic(b, RECOVERY_US)) {
        return "no traffic afterwards";
    }
    complaints = b->world.complaints;
    if (!bench_traffic(b, 10000) || b->world.complaints != complaints) {
        return "traffic, but not in order";
    }
    if (b->board_bad + b->card_bad > 0) {
        return "a frame was bent";
    }
    return b->slowest_ns > 2 * SIM_MS ? "a call took longer than 2 ms" : NULL;
}

// One run with a strike at point `index` of the phase, UINT64_MAX: none.
// `*points` is how many the phase has. Returns what is wrong, or NULL.
static const char *run(enum kind kind, enum phase phase, uint64_t index,
    uint64_t *points)
{
    static struct race race;
    struct bench *b = &race.bench;
    const char *wrong = NULL;
    uint64_t first;

    race = (struct race){
        .strike.fn = on_strike,
        .replug.fn = on_replug,
        .kind = kind,
    };
    bench_open(b, NULL);
    b->world.on_complaint = ignore;
    if (phase != PHASE_BRING_UP) {
        bench_up(b);
    }
    first = b->world.strike_count;
    if (index != UINT64_MAX) {
        sim_strike_at(&b->world, first + index, &race.strike);
    }
    if (!run_phase(b, phase)) {
        wrong = "the phase failed";
    }
    *points = b->world.strike_count - first;
    if (!wrong && index != UINT64_MAX && !race.struck) {
        wrong = "the phase has no such point";
    }
    if (!wrong) {
        wrong = verdict(&race, phase);
    }
    sim_event_cancel(&b->world, &race.replug);
    bench_close_with(b, UINT32_MAX);
    return wrong;
}

static uint64_t total_points;

static unsigned search(enum kind kind, enum phase phase)
{
    unsigned failures = 0;
    uint64_t points;
    uint64_t ignored;

    // Without a strike: the verdict wants one, only the count is of interest.
    (void)run(kind, phase, UINT64_MAX, &points);
    assert_in_range(points, 50, 100000);
    for (uint64_t i = 0; i < points; i++) {
        const char *wrong = run(kind, phase, i, &ignored);

        if (wrong) {
            printf("NIF_RACE=%s/%s/%" PRIu64 ": %s\n", kind_names[kind],
                phase_names[phase], i, wrong);
            failures++;
        }
    }
    total_points += points;
    return failures;
}

static void traffic_flows_again_after_a_strike_anywhere(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (enum kind kind = 0; kind < KINDS; kind++) {
        for (enum phase phase = 0; phase < PHASES; phase++) {
            failures += search(kind, phase);
        }
    }
    assert_int_equal(failures, 0);
}

// Reads "frame/receive/17". Returns false if it is no such thing.
static bool get_point(const char *text, enum kind *kind, enum phase *phase,
    uint64_t *index)
{
    for (*kind = 0; *kind < KINDS; (*kind)++) {
        for (*phase = 0; *phase < PHASES; (*phase)++) {
            char head[40];
            int len = snprintf(head, sizeof(head), "%s/%s/", kind_names[*kind],
                phase_names[*phase]);

            if (strncmp(text, head, (size_t)len) == 0) {
                char *end;

                *index = strtoull(text + len, &end, 10);
                return end != text + len && *end == '\0';
            }
        }
    }
    return false;
}

static int run_one(const char *text)
{
    enum kind kind;
    enum phase phase;
    uint64_t index;
    uint64_t points;
    const char *wrong;

    if (!get_point(text, &kind, &phase, &index)) {
        fprintf(stderr, "NIF_RACE=%s: write it as frame/receive/17\n", text);
        return 2;
    }
    wrong = run(kind, phase, index, &points);
    printf("NIF_RACE=%s: %s\n", text, wrong ? wrong : "well");
    return wrong != NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traffic_flows_again_after_a_strike_anywhere),
    };
    const char *point = getenv("NIF_RACE");
    clock_t began = clock();
    int failed;
    double took;

    if (point) {
        return run_one(point);
    }
    failed = cmocka_run_group_tests_name("race", tests, NULL, NULL);
    took = (double)(clock() - began) / CLOCKS_PER_SEC;
    printf("<<<\nRace search: %" PRIu64 " points, %.0f a second\n>>>\n",
        total_points, (double)total_points / took);
    return failed;
}
