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
// What happens: a frame comes; the cable is pulled for a moment; somebody else
// is at its other end; the chip loses itself; and each thing that the chip's
// row says it may do unasked.
// A failure prints its id, and the id as an argument repeats it alone:
//
//     test_race_enc28j60 enc28j60/receive/frame/17

#include "tests/contract/frames_bench.h"
#include "tests/contract/race.h"

#include <stdio.h>

#define FRAME_LEN 100

// The cable is out for so long, for a blink and for long enough to be told.
#define BLINK_NS (3 * SIM_MS)
#define PULL_NS  (300 * SIM_MS)

// The longest until a chip that has lost itself is noticed.
#define NOTICED_US 1500000

const char *bench_chip = NIF_CONTRACT_CHIP;
bool bench_polling;

enum phase {
    PHASE_BRING_UP,
    PHASE_RECEIVE,
    PHASE_SEND,
};

static const char *const phase_names[] = { "bring-up", "receive", "send",
    NULL };

// What happens: the first five, then the chip's stimuli.
enum event {
    EVENT_FRAME,
    EVENT_BLINK,
    EVENT_LINK,
    EVENT_RESET,
    EVENT_PARTNER,
    EVENT_STIMULI,
};

static const char *event_names[RACE_NAMES] = { "frame", "blink", "link",
    "reset", "partner" };

struct scene {
    struct bench bench;
    struct sim_event strike;
    struct sim_event replug;
    unsigned event;
    bool struck;
    bool half;   // the partner is half duplex
    bool untold; // the link was up for the board while the cable was out
};

static const struct host_stimulus *stimuli; // of the chip
static bool can_reset;
static bool has_partners;

// ---- events

// They are known once a board has been made.
static void learn_events(void)
{
    static struct bench b;

    bench_open(&b, NULL);
    stimuli = b.board.chip->stimuli;
    can_reset = b.board.chip->reset != NULL;
    has_partners = b.board.chip->partner != NULL;
    bench_end(&b);
    for (unsigned i = 0; stimuli && stimuli[i].name; i++) {
        assert_true(EVENT_STIMULI + i + 1 < RACE_NAMES);
        event_names[EVENT_STIMULI + i] = stimuli[i].name;
    }
}

static bool can(unsigned phase, unsigned event)
{
    (void)phase;
    return (event != EVENT_RESET || can_reset) &&
        (event != EVENT_PARTNER || has_partners);
}

// True if frames may be lost by it.
static bool loses(unsigned event)
{
    return event == EVENT_LINK || event == EVENT_BLINK ||
        event == EVENT_RESET || event == EVENT_PARTNER ||
        (event >= EVENT_STIMULI && stimuli[event - EVENT_STIMULI].loses);
}

static void on_replug(struct sim_event *event)
{
    struct scene *scene = nif_container_of(event, struct scene, replug);

    scene->untold = scene->event == EVENT_LINK && scene->bench.link;
    host_board_link(&scene->bench.board, true);
}

static void change_partner(struct scene *scene)
{
    struct host_board *board = &scene->bench.board;
    bool full = true;

    board->chip->partner(board, 1, &full); // another speed and duplex
    scene->bench.nic.full_duplex = full;
    scene->half = !full;
}

static void on_strike(struct sim_event *event)
{
    struct scene *scene = nif_container_of(event, struct scene, strike);
    struct bench *b = &scene->bench;

    scene->struck = true;
    if (scene->event == EVENT_FRAME) {
        bench_card_send(b, &bench_own, 999, FRAME_LEN);
    } else if (scene->event == EVENT_LINK || scene->event == EVENT_BLINK) {
        host_board_link(&b->board, false);
        sim_event_at(b->world, &scene->replug,
            b->world->now_ns +
                (scene->event == EVENT_LINK ? PULL_NS : BLINK_NS));
    } else if (scene->event == EVENT_RESET) {
        b->board.chip->reset(&b->board);
    } else if (scene->event == EVENT_PARTNER) {
        change_partner(scene);
    } else {
        stimuli[scene->event - EVENT_STIMULI].fn(&b->board);
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
static const char *verdict(struct scene *scene, enum phase phase)
{
    struct bench *b = &scene->bench;
    const char *wrong;

    // What was to come comes, however it was struck.
    if (!loses(scene->event) && phase != PHASE_BRING_UP) {
        unsigned in = phase == PHASE_RECEIVE;
        unsigned out = phase == PHASE_SEND;

        in += scene->event == EVENT_FRAME;

        if (!bench_run_to(b, &b->in.count, in, 100000) ||
            !bench_run_to(b, &b->out.count, out, 100000)) {
            return "a frame was lost";
        }
    }
    if (scene->event != EVENT_RESET && b->world->complaints > 0) {
        return "the model complained";
    }
    wrong = bench_wrong(b);
    if (wrong) {
        return wrong;
    }
    if (!bench_traffic(b, BENCH_RECOVER_US)) {
        return "no traffic afterwards";
    }
    if (scene->untold) {
        return "the loss of the link was not told";
    }
    // A chip that has lost itself may be noticed only now.
    if (scene->event == EVENT_RESET) {
        (void)bench_run_to(b, &b->restarts, 1, NOTICED_US);
    }
    bench_forgive(b);
    if (!bench_traffic(b, BENCH_RECOVER_US)) {
        return "traffic, but not for long";
    }
    if (scene->half &&
        (nif_iface_flags(b->iface) & NIF_IFACE_FULL_DUPLEX) != 0) {
        return "not the duplex of its partner";
    }
    return bench_wrong(b);
}

static uint64_t run(unsigned phase, unsigned event, uint64_t index)
{
    static struct sim_world world;
    static struct scene scene;
    struct bench *b = &scene.bench;
    const char *wrong = NULL;
    uint64_t first;
    uint64_t points;

    scene = (struct scene){
        .strike.fn = on_strike,
        .replug.fn = on_replug,
        .event = event,
    };
    sim_world_init(&world, 1);
    race_watch(&world);
    bench_open_in(b, &world, NULL, 0);
    bench_hush(b);
    if (phase != PHASE_BRING_UP) {
        bench_up(b);
    }
    first = b->world->strike_count;
    if (index != RACE_NONE) {
        sim_strike_at(b->world, first + index, &scene.strike);
    }
    if (!run_phase(b, phase)) {
        wrong = "the phase failed";
    }
    points = b->world->strike_count - first;
    if (index != RACE_NONE) {
        if (!wrong && !scene.struck) {
            wrong = "the phase has no such point";
        }
        if (!wrong) {
            wrong = verdict(&scene, phase);
        }
    }
    sim_event_cancel(b->world, &scene.replug);
    bench_end(b);
    if (wrong) {
        fail_msg("%s", wrong);
    }
    return points;
}

// ---- the search

static char name[40]; // of the chip as it is wired

static const struct race race = {
    .name = name,
    .phases = phase_names,
    .events = event_names,
    .most = NIF_RACE_MOST,
    .can = can,
    .run = run,
};

static void traffic_flows_again_after_a_strike_anywhere(void **state)
{
    (void)state;
    race_search(&race);
}

static void an_id_repeats_its_run_to_the_byte(void **state)
{
    (void)state;
    race_repeat(&race);
}

static int search(bool polling)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(traffic_flows_again_after_a_strike_anywhere,
            race_tell),
        cmocka_unit_test(an_id_repeats_its_run_to_the_byte),
    };

    bench_polling = polling;
    snprintf(name, sizeof(name), "%s%s", bench_chip, polling ? "-polled" : "");
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    int failed;

    if (!race_args(argc, argv)) {
        return 2;
    }
    learn_events();
    failed = search(false);
    if (bench_can(&(struct host_board_cfg){ .polling = true })) {
        failed += search(true);
    }
    return race_end(bench_chip, failed);
}
