// SPDX-License-Identifier: MIT
//
// The world: order of events, fibers, waiting, strike points, dice.

#include "sim/cpu.h"
#include "tests/support/check.h"

#include <string.h>

struct note {
    struct sim_event event;
    struct sim_world *world;
    char *log;
    char letter;
};

static void write_letter(struct sim_event *event)
{
    struct note *note = nif_container_of(event, struct note, event);

    strncat(note->log, &note->letter, 1);
}

static void events_happen_by_time_and_then_in_order(void **state)
{
    static const uint64_t at[] = { 30, 10, 20, 10, 30, 0, 20 };
    struct sim_world world;
    struct note notes[nif_countof(at)];
    char log[16] = "";

    (void)state;
    sim_world_init(&world, 1);
    for (size_t i = 0; i < nif_countof(at); i++) {
        notes[i] = (struct note){
            .event.fn = write_letter,
            .log = log,
            .letter = (char)('a' + i),
        };
        sim_event_at(&world, &notes[i].event, at[i]);
    }
    sim_run_until(&world, 19);
    assert_string_equal(log, "fbd");
    assert_int_equal(world.now_ns, 19);
    sim_run_until(&world, 100);
    assert_string_equal(log, "fbdcgae");
    sim_world_done(&world);
}

static void a_cancelled_event_does_not_happen(void **state)
{
    struct sim_world world;
    struct note notes[40];
    char log[64] = "";

    (void)state;
    sim_world_init(&world, 1);
    for (size_t i = 0; i < nif_countof(notes); i++) {
        notes[i] = (struct note){
            .event.fn = write_letter,
            .log = log,
            .letter = (char)('A' + i),
        };
        sim_event_at(&world, &notes[i].event, 1000 - i % 7);
    }
    for (size_t i = 0; i < nif_countof(notes); i++) {
        if (i != 3 && i != 10) {
            sim_event_cancel(&world, &notes[i].event);
        }
    }
    sim_event_cancel(&world, &notes[0].event);
    assert_true(sim_event_pending(&notes[3].event));
    sim_run_until(&world, 2000);
    assert_string_equal(log, "DK");
    assert_false(sim_event_pending(&notes[3].event));
    sim_world_done(&world);
}

// Two fibers and an event that share the time line.
struct walk {
    struct sim_world *world;
    char *log;
    char letter;
    unsigned step;
    unsigned count;
};

static void walker(void *arg)
{
    struct walk *walk = arg;

    for (unsigned i = 0; i < walk->count; i++) {
        strncat(walk->log, &walk->letter, 1);
        sim_pass_ns(walk->world, walk->step);
    }
}

static void fibers_take_turns_by_time(void **state)
{
    struct sim_world world;
    char log[64] = "";
    struct walk a = { &world, log, 'a', 10, 4 };
    struct walk b = { &world, log, 'b', 15, 3 };
    struct note tick = {
        .event.fn = write_letter,
        .log = log,
        .letter = '|',
    };
    struct sim_fiber *fiber;

    (void)state;
    sim_world_init(&world, 1);
    fiber = sim_fiber_start(&world, "a", walker, &a);
    assert_non_null(fiber);
    assert_non_null(sim_fiber_start(&world, "b", walker, &b));
    sim_event_at(&world, &tick.event, 20);
    sim_run_until(&world, 25);
    // At 30 both are due; b went to sleep first, at 15.
    assert_string_equal(log, "abab|a");
    assert_false(sim_fiber_ended(fiber));
    sim_run_until(&world, 100);
    assert_string_equal(log, "abab|aba");
    assert_true(sim_fiber_ended(fiber));
    assert_int_equal(world.now_ns, 100);
    sim_world_done(&world);
}

static void the_maker_passes_time_like_a_fiber(void **state)
{
    struct sim_world world;
    char log[64] = "";
    struct walk a = { &world, log, 'a', 10, 3 };

    (void)state;
    sim_world_init(&world, 1);
    assert_non_null(sim_fiber_start(&world, "a", walker, &a));
    sim_pass_ns(&world, 5);
    strncat(log, "-", 2);
    sim_pass_ns(&world, 10);
    strncat(log, "-", 2);
    sim_pass_ns(&world, 10);
    assert_string_equal(log, "a-a-a");
    sim_world_done(&world);
}

struct alarm_clock {
    struct sim_event event;
    struct sim_cpu *cpu;
};

static void ring(struct sim_event *event)
{
    struct alarm_clock *alarm =
        nif_container_of(event, struct alarm_clock, event);

    nif_clock_wake(&alarm->cpu->clock);
}

static void a_wake_ends_the_wait_and_is_never_lost(void **state)
{
    struct sim_world world;
    struct sim_cpu cpu;
    struct alarm_clock alarm = { { .fn = ring }, &cpu };

    (void)state;
    sim_world_init(&world, 1);
    sim_cpu_init(&cpu, &world, 0);
    sim_event_at(&world, &alarm.event, 7000);
    nif_clock_wait(&cpu.clock, 50);
    assert_int_equal(world.now_ns, 7000);
    nif_clock_wait(&cpu.clock, 50); // the latch is down again
    assert_int_equal(world.now_ns, 50000);
    sim_event_at(&world, &alarm.event, 60000);
    sim_pass_ns(&world, 20000); // it rings while nobody waits
    nif_clock_wait(&cpu.clock, NIF_NEVER);
    assert_int_equal(world.now_ns, 70000);
    nif_clock_wait(&cpu.clock, 10); // the past
    assert_int_equal(world.now_ns, 70000);
    sim_world_done(&world);
}

struct sleeper {
    struct sim_cpu *cpu;
    uint64_t woke_ns;
};

static void sleep_once(void *arg)
{
    struct sleeper *sleeper = arg;

    nif_clock_wait(&sleeper->cpu->clock, NIF_NEVER);
    sleeper->woke_ns = sleeper->cpu->world->now_ns;
}

static void a_sleeping_fiber_is_woken_by_an_event(void **state)
{
    struct sim_world world;
    struct sim_cpu cpu;
    struct alarm_clock alarm = { { .fn = ring }, &cpu };
    struct sleeper sleeper = { &cpu, 0 };

    (void)state;
    sim_world_init(&world, 1);
    sim_cpu_init(&cpu, &world, 200);
    assert_non_null(sim_fiber_start(&world, "s", sleep_once, &sleeper));
    sim_event_at(&world, &alarm.event, 5000);
    sim_run_until(&world, 100000);
    assert_int_equal(sleeper.woke_ns, 5000);
    sim_world_done(&world);
}

static void each_step_of_the_processor_costs(void **state)
{
    struct sim_world world;
    struct sim_cpu cpu;

    (void)state;
    sim_world_init(&world, 1);
    sim_cpu_init(&cpu, &world, 300);
    assert_int_equal(nif_clock_now_us(&cpu.clock), 0);
    assert_int_equal(world.now_ns, 300);
    nif_clock_delay_us(&cpu.clock, 2);
    assert_int_equal(nif_clock_now_us(&cpu.clock), 2);
    assert_int_equal(world.now_ns, 2600);
    sim_world_done(&world);
}

static void a_strike_comes_at_its_boundary_and_once(void **state)
{
    struct sim_world world;
    char log[16] = "";
    struct note note = {
        .event.fn = write_letter,
        .log = log,
        .letter = '!',
    };

    (void)state;
    sim_world_init(&world, 1);
    sim_strike_at(&world, 2, &note.event);
    for (int i = 0; i < 5; i++) {
        sim_strike(&world);
        strncat(log, ".", 2);
    }
    assert_string_equal(log, "..!...");
    assert_int_equal(world.strike_count, 5);
    sim_world_done(&world);
}

static void the_seed_decides_dice_and_noise(void **state)
{
    struct sim_world a;
    struct sim_world b;
    struct sim_world c;
    unsigned same = 0;
    unsigned histogram[10] = { 0 };

    (void)state;
    sim_world_init(&a, 5);
    sim_world_init(&b, 5);
    sim_world_init(&c, 6);
    for (uint64_t i = 0; i < 10000; i++) {
        uint32_t roll = sim_roll(&a, 10);

        assert_int_equal(roll, sim_roll(&b, 10));
        same += roll == sim_roll(&c, 10);
        histogram[roll]++;
        assert_int_equal(sim_noise(&a, i), sim_noise(&b, i));
    }
    assert_in_range(same, 800, 1200);
    for (int i = 0; i < 10; i++) {
        assert_in_range(histogram[i], 800, 1200);
    }
}

static void keep(void *arg, uint64_t at_ns, const char *who, const char *what)
{
    snprintf(arg, 64, "%u %s %s", (unsigned)at_ns, who, what);
}

static void a_complaint_is_told_and_counted(void **state)
{
    struct sim_world world;
    char heard[64];

    (void)state;
    sim_world_init(&world, 1);
    world.on_complaint = keep;
    world.complaint_arg = heard;
    sim_pass_ns(&world, 12);
    sim_complain(&world, "chip", "register %02X", 0x1Au);
    assert_string_equal(heard, "12 chip register 1A");
    assert_int_equal(world.complaints, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_happen_by_time_and_then_in_order),
        cmocka_unit_test(a_cancelled_event_does_not_happen),
        cmocka_unit_test(fibers_take_turns_by_time),
        cmocka_unit_test(the_maker_passes_time_like_a_fiber),
        cmocka_unit_test(a_wake_ends_the_wait_and_is_never_lost),
        cmocka_unit_test(a_sleeping_fiber_is_woken_by_an_event),
        cmocka_unit_test(each_step_of_the_processor_costs),
        cmocka_unit_test(a_strike_comes_at_its_boundary_and_once),
        cmocka_unit_test(the_seed_decides_dice_and_noise),
        cmocka_unit_test(a_complaint_is_told_and_counted),
    };

    return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
