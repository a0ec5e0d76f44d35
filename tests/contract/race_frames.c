// SPDX-License-Identifier: MIT
//
// Race search for frame devices: something happens to the chip at every strike
// point (each bus transaction, and each byte of one) of bring-up, first
// receive and first send, one at a time. Each time, traffic must flow again in
// bounded virtual time, with no frame bent and nothing that the model
// complains of.
//
//     nif_race_frames(enc28j60)
//
// What happens: a frame comes; the cable is pulled for a moment; the chip
// loses itself; and each thing that the chip's row says it may do unasked.
// A failure prints its id, and the id as an argument repeats it alone:
//
//     test_race_enc28j60 enc28j60/receive/frame/17

#include "tests/contract/frames_bench.h"
#include "tests/support/sample.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME_LEN 100

// The cable is out for so long, for a blink and for long enough to be told.
#define BLINK_NS (3 * SIM_MS)
#define PULL_NS  (300 * SIM_MS)

// The longest until a chip that has lost itself is noticed.
#define NOTICED_US 1500000

// A chip that is asked each millisecond whether it has a link yet gives the
// same answer thousands of times: bring-up is struck at so many points.
#define POINTS_MAX 2000

const char *bench_chip = NIF_CONTRACT_CHIP;
bool bench_polling;

enum phase {
    PHASE_BRING_UP,
    PHASE_RECEIVE,
    PHASE_SEND,
    PHASES,
};

static const char *const phase_names[] = { "bring-up", "receive", "send" };

// What happens: the first four, then the chip's stimuli.
enum event {
    EVENT_FRAME,
    EVENT_BLINK,
    EVENT_LINK,
    EVENT_RESET,
    EVENT_STIMULI,
};

static const char *const event_names[] = { "frame", "blink", "link", "reset" };

struct race {
    struct bench bench;
    struct sim_event strike;
    struct sim_event replug;
    unsigned event;
    bool struck;
    bool untold; // the link was up for the board while the cable was out
};

static const struct host_stimulus *stimuli; // of the chip
static bool can_reset;
static uint64_t total_points;
static const char *only; // an id, or NULL

// ---- events

// How many there are: known once a board has been made.
static unsigned count_events(void)
{
    static struct bench b;
    unsigned count = EVENT_STIMULI;

    bench_open(&b, NULL);
    stimuli = b.board.chip->stimuli;
    can_reset = b.board.chip->reset != NULL;
    bench_end(&b);
    for (unsigned i = 0; stimuli && stimuli[i].name; i++) {
        count++;
    }
    return count;
}

static const char *name_of(unsigned event)
{
    return event < EVENT_STIMULI ? event_names[event]
                                 : stimuli[event - EVENT_STIMULI].name;
}

// True if frames may be lost by it.
static bool loses(unsigned event)
{
    return event == EVENT_LINK || event == EVENT_BLINK ||
        event == EVENT_RESET ||
        (event >= EVENT_STIMULI && stimuli[event - EVENT_STIMULI].loses);
}

static void on_replug(struct sim_event *event)
{
    struct race *race = nif_container_of(event, struct race, replug);

    race->untold = race->event == EVENT_LINK && race->bench.link;
    host_board_link(&race->bench.board, true);
}

static void on_strike(struct sim_event *event)
{
    struct race *race = nif_container_of(event, struct race, strike);
    struct bench *b = &race->bench;

    race->struck = true;
    if (race->event == EVENT_FRAME) {
        bench_card_send(b, &bench_own, 999, FRAME_LEN);
    } else if (race->event == EVENT_LINK || race->event == EVENT_BLINK) {
        host_board_link(&b->board, false);
        sim_event_at(b->world, &race->replug,
            b->world->now_ns +
                (race->event == EVENT_LINK ? PULL_NS : BLINK_NS));
    } else if (race->event == EVENT_RESET) {
        b->board.chip->reset(&b->board);
    } else {
        stimuli[race->event - EVENT_STIMULI].fn(&b->board);
    }
}

// ---- one run

// The part of a run in which the strike comes.
static bool run_phase(struct bench *b, enum phase phase)
{
    int err = 0;

    if (phase == PHASE_BRING_UP) {
        return bench_try_start(b) == 0 && bench_wait_link(b, true);
    }
    if (phase == PHASE_RECEIVE) {
        bench_card_send(b, &bench_own, 1, FRAME_LEN);
    } else {
        err = bench_send(b, 2, FRAME_LEN);
    }
    bench_run(b, 2000);
    return err == 0 || err == NIF_ELINK;
}

// What is wrong after the strike; NULL if nothing.
static const char *verdict(struct race *race, enum phase phase)
{
    struct bench *b = &race->bench;
    const char *wrong;

    // What was to come comes, however it was struck.
    if (!loses(race->event) && phase != PHASE_BRING_UP) {
        unsigned in = phase == PHASE_RECEIVE;
        unsigned out = phase == PHASE_SEND;

        in += race->event == EVENT_FRAME;

        if (!bench_run_to(b, &b->in.count, in, 100000) ||
            !bench_run_to(b, &b->out.count, out, 100000)) {
            return "a frame was lost";
        }
    }
    if (race->event != EVENT_RESET && b->world->complaints > 0) {
        return "the model complained";
    }
    wrong = bench_wrong(b);
    if (wrong) {
        return wrong;
    }
    if (!bench_traffic(b, BENCH_RECOVER_US)) {
        return "no traffic afterwards";
    }
    if (race->untold) {
        return "the loss of the link was not told";
    }
    // A chip that has lost itself may be noticed only now.
    if (race->event == EVENT_RESET) {
        (void)bench_run_to(b, &b->restarts, 1, NOTICED_US);
    }
    bench_forgive(b);
    if (!bench_traffic(b, BENCH_RECOVER_US)) {
        return "traffic, but not for long";
    }
    return bench_wrong(b);
}

// One run with a strike at point `index` of the phase, UINT64_MAX: none.
// `*points` is how many the phase has. Returns what is wrong, or NULL.
static const char *run(enum phase phase, unsigned event, uint64_t index,
    uint64_t *points)
{
    static struct race race;
    struct bench *b = &race.bench;
    const char *wrong = NULL;
    uint64_t first;

    race = (struct race){
        .strike.fn = on_strike,
        .replug.fn = on_replug,
        .event = event,
    };
    bench_open(b, NULL);
    bench_hush(b);
    if (phase != PHASE_BRING_UP) {
        bench_up(b);
    }
    first = b->world->strike_count;
    if (index != UINT64_MAX) {
        sim_strike_at(b->world, first + index, &race.strike);
    }
    if (!run_phase(b, phase)) {
        wrong = "the phase failed";
    }
    *points = b->world->strike_count - first;
    if (index != UINT64_MAX) {
        if (!wrong && !race.struck) {
            wrong = "the phase has no such point";
        }
        if (!wrong) {
            wrong = verdict(&race, phase);
        }
    }
    sim_event_cancel(b->world, &race.replug);
    bench_end(b);
    return wrong;
}

// ---- the search

static unsigned strike(enum phase phase, unsigned event, uint64_t index)
{
    char id[80];
    uint64_t points;
    const char *wrong;

    snprintf(id, sizeof(id), "%s%s/%s/%s/%" PRIu64, bench_chip,
        bench_polling ? "-polled" : "", phase_names[phase], name_of(event),
        index);
    if (only && strcmp(id, only) != 0) {
        return 0;
    }
    total_points++;
    wrong = run(phase, event, index, &points);
    if (wrong) {
        print_error("%s: %s\n", id, wrong);
    }
    return wrong != NULL;
}

static void traffic_flows_again_after_a_strike_anywhere(void **state)
{
    unsigned events = count_events();
    unsigned step = only ? 1 : sample_step();
    unsigned failures = 0;
    uint64_t points;

    (void)state;
    for (enum phase phase = 0; phase < PHASES; phase++) {
        assert_null(run(phase, EVENT_FRAME, UINT64_MAX, &points));
        assert_true(points > 0);
        points = points < POINTS_MAX ? points : POINTS_MAX;
        for (unsigned event = 0; event < events; event++) {
            for (uint64_t i = 0;
                 i < points && (event != EVENT_RESET || can_reset); i += step) {
                failures += strike(phase, event, i);
            }
        }
    }
    assert_int_equal(failures, 0);
}

static int search(const char *wiring)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traffic_flows_again_after_a_strike_anywhere),
    };
    char name[64];

    snprintf(name, sizeof(name), "races of %s, %s", bench_chip, wiring);
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    static char chip[32];
    clock_t began = clock();
    int failed;
    double took;

    if (argc > 1) {
        size_t len = strcspn(argv[1], "/");

        snprintf(chip, sizeof(chip), "%.*s", (int)len, argv[1]);
        len = strlen(chip);
        if (len > 7 && strcmp(chip + len - 7, "-polled") == 0) {
            chip[len - 7] = '\0';
        }
        bench_chip = chip;
        only = strchr(argv[1], '/') ? argv[1] : NULL;
    }
    failed = search("as wired");
    if (bench_can(&(struct host_board_cfg){ .polling = true })) {
        bench_polling = true;
        failed += search("without interrupt");
    }
    if (total_points == 0) {
        fprintf(stderr, "%s: no such point\n", only ? only : bench_chip);
        return 2;
    }
    took = (double)(clock() - began) / CLOCKS_PER_SEC;
    printf("<<<\nRace search: %" PRIu64 " points, %.0f a second\n>>>\n",
        total_points, (double)total_points / took);
    return failed;
}
