// SPDX-License-Identifier: MIT
//
// A race search.

#include "tests/contract/race.h"

#include "sim/trace/trace.h"
#include "tests/support/check.h"
#include "tests/support/sample.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS_MAX 8

// Repetitions in an ordinary run, and in a full one.
#define REPEATS      10
#define REPEATS_FULL 100

// What one event has cost.
struct cost {
    const char *name;
    uint64_t points;
    uint64_t tried;
    double cpu_s;
};

// Points [first, points) of a phase and event, `step` apart.
struct range {
    const struct race *race;
    unsigned phase;
    unsigned event;
    uint64_t points;
    uint64_t first;
    uint64_t step;
};

static const char *only; // an id or a pattern, or NULL
static unsigned repeats = 1;
static bool worker;   // this process is one
static char now[100]; // the id of the run that goes on
static struct cost costs[RACE_NAMES];
static double began_s;

// ---- what is wanted

static bool is_full(void)
{
    const char *full = getenv("NIF_FULL");

    return full && *full != '\0';
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool race_args(int argc, char **argv)
{
    char *end = NULL;
    unsigned long n;

    began_s = now_s();
    if (argc > 1) {
        only = argv[1];
    }
    if (argc > 2) {
        n = strtoul(argv[2], &end, 10);
        if (argc > 3 || *end != '\0' || n < 1 || n > 1000000) {
            fprintf(stderr, "usage: %s [ID|PATTERN [REPETITIONS]]\n", argv[0]);
            return false;
        }
        repeats = (unsigned)n;
    }
    return true;
}

static bool wants_one(void)
{
    return only && !strpbrk(only, "*?[\\");
}

static bool is_wanted(const struct range *range, uint64_t index)
{
    snprintf(now, sizeof(now), "%s/%s/%s/%" PRIu64, range->race->name,
        range->race->phases[range->phase], range->race->events[range->event],
        index);
    return !only || fnmatch(only, now, 0) == 0;
}

// ---- the trace of a run, as a number

struct digest {
    uint64_t value;
    struct sim_trace trace;
    FILE *file;
};

static struct digest *watching;

static ssize_t add(void *cookie, const char *data, size_t len)
{
    struct digest *digest = cookie;

    for (size_t i = 0; i < len; i++) { // FNV-1a
        digest->value = (digest->value ^ (uint8_t)data[i]) * 0x100000001B3ull;
    }
    return (ssize_t)len;
}

void race_watch(struct sim_world *world)
{
    if (watching && !world->trace) {
        sim_trace_init(&watching->trace, world, watching->file);
        world->trace = &watching->trace;
    }
}

static uint64_t digest_of(const struct race *race, unsigned phase,
    unsigned event, uint64_t index)
{
    struct digest digest = { .value = 0xCBF29CE484222325ull };

    digest.file =
        fopencookie(&digest, "w", (cookie_io_functions_t){ .write = add });
    assert_non_null(digest.file);
    watching = &digest;
    (void)race->run(phase, event, index);
    watching = NULL;
    assert_int_equal(fclose(digest.file), 0);
    assert_int_equal(digest.trace.err, 0);
    return digest.value;
}

// Returns the trace that all of them have.
static uint64_t repeat(const struct range *range, uint64_t index,
    unsigned times)
{
    const struct race *race = range->race;
    uint64_t first = digest_of(race, range->phase, range->event, index);

    for (unsigned i = 1; i < times; i++) {
        if (digest_of(race, range->phase, range->event, index) != first) {
            fail_msg("the %u. run has another trace than the first", i + 1);
        }
    }
    return first;
}

// ---- who tries

// A worker's share of the points: each n-th of them.
static uint64_t try_share(const struct range *range, unsigned nth, unsigned n)
{
    uint64_t count = 0;

    for (uint64_t i = range->first; i < range->points; i += range->step) {
        if (!is_wanted(range, i) || count++ % n != nth) {
            continue;
        }
        if (repeats > 1) {
            (void)repeat(range, i, repeats);
        } else {
            (void)range->race->run(range->phase, range->event, i);
        }
    }
    now[0] = '\0';
    return count;
}

static uint64_t count_wanted(const struct range *range)
{
    uint64_t count = 0;

    for (uint64_t i = range->first; i < range->points; i += range->step) {
        count += is_wanted(range, i);
    }
    now[0] = '\0';
    return count;
}

static unsigned count_workers(void)
{
    const char *trace = getenv("NIF_TRACE"); // one file: one process
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    if (wants_one() || (trace && *trace != '\0') || n < 1) {
        return 1;
    }
    return n < WORKERS_MAX ? (unsigned)n : WORKERS_MAX;
}

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double cpu_s(int whose)
{
    struct rusage usage;

    getrusage(whose, &usage);
    return seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
}

static unsigned try_by_workers(const struct range *range, unsigned n)
{
    pid_t pids[WORKERS_MAX];
    unsigned failures = 0;

    fflush(NULL);
    for (unsigned w = 0; w < n; w++) {
        pids[w] = fork();
        assert_true(pids[w] >= 0);
        if (pids[w] == 0) {
            worker = true;
            (void)try_share(range, w, n);
            exit(0);
        }
    }
    for (unsigned w = 0; w < n; w++) {
        int status;

        assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
        failures += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    return failures;
}

// Returns how many workers have met a run that failed; each stops there.
static unsigned try_range(const struct range *range)
{
    unsigned n = count_workers();
    unsigned failures = 0;
    int whose = n == 1 ? RUSAGE_SELF : RUSAGE_CHILDREN;
    struct cost *cost = &costs[range->event];
    double since_s = cpu_s(whose);

    NIF_ASSERT(range->event < RACE_NAMES);
    cost->name = range->race->events[range->event];
    cost->points += range->points;
    cost->tried += count_wanted(range);
    if (n == 1) {
        (void)try_share(range, 0, 1);
    } else {
        failures = try_by_workers(range, n);
    }
    cost->cpu_s += cpu_s(whose) - since_s;
    return failures;
}

// ---- surface

void race_search(const struct race *race)
{
    unsigned failures = 0;

    for (unsigned phase = 0; race->phases[phase] && !worker; phase++) {
        uint64_t points = race->run(phase, 0, RACE_NONE);

        assert_true(points > 0);
        for (unsigned event = 0; race->events[event]; event++) {
            struct range range = { race, phase, event, points, 0, 1 };

            if (!only && !is_full()) {
                range.step = (points - 1) / race->most + 1;
                range.step *= sample_step();
                range.first = event % range.step; // not the same for each
            }
            if (race->can(phase, event)) {
                failures += try_range(&range);
            }
        }
    }
    assert_int_equal(failures, 0);
}

void race_repeat(const struct race *race)
{
    unsigned times = is_full() ? REPEATS_FULL : REPEATS;
    unsigned others = 0;

    if (only || worker || sample_step() > 1) {
        return;
    }
    for (unsigned phase = 0; race->phases[phase]; phase++) {
        uint64_t points = race->run(phase, 0, RACE_NONE);
        unsigned event = 0;

        while (!race->can(phase, event)) {
            event++;
        }
        others += digest_of(race, phase, event, RACE_NONE) !=
            repeat(&(struct range){ race, phase, event, points, 0, 1 },
                points / 2, times);
    }
    assert_true(others > 0); // a trace tells one run from another
}

int race_tell(void **state)
{
    (void)state;
    if (now[0] != '\0') {
        print_error("it was %s\n", now);
        now[0] = '\0';
    }
    return 0;
}

int race_end(const char *about, int failed)
{
    struct cost sum = { .name = NULL };

    if (worker) {
        exit(failed != 0); // the rest is told by who has begun it
    }
    for (unsigned i = 0; i < RACE_NAMES; i++) {
        sum.points += costs[i].points;
        sum.tried += costs[i].tried;
        sum.cpu_s += costs[i].cpu_s;
    }
    if (sum.tried == 0 && failed == 0) {
        fprintf(stderr, "%s: no such point\n", only ? only : about);
        return 2;
    }
    printf("<<<\nRace search of %s: %" PRIu64 " of %" PRIu64
           " points tried, %.0f a second, %.1f s of %u processes in %.1f s\n",
        about, sum.tried, sum.points,
        sum.cpu_s > 0 ? (double)sum.tried / sum.cpu_s : 0, sum.cpu_s,
        count_workers(), now_s() - began_s);
    for (unsigned i = 0; i < RACE_NAMES && (only || is_full()); i++) {
        if (costs[i].tried > 0) {
            printf("  %-14s %7" PRIu64 " of %7" PRIu64 " points, %6.1f s\n",
                costs[i].name, costs[i].tried, costs[i].points, costs[i].cpu_s);
        }
    }
    printf(">>>\n");
    return failed;
}
