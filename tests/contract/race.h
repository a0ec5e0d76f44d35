// SPDX-License-Identifier: MIT
//
// A race search: something happens at every strike point of what a device
// does, one point at a time, each in a run of its own. What a run is, and what
// may happen in it, is told by who searches; here is the search: its ids,
// which points are tried, by how many processes, and what it has cost.
//
// An id is NAME/PHASE/EVENT/INDEX. A program takes one as its argument and
// repeats that run alone, in its own process; or a pattern, as of a shell, and
// tries all points that match: 'w5500-raw*/frame/*'. Behind it, a number is how
// often each run is repeated, with the same trace each time.
//
// Without one, as many points of each phase and event are tried as `most`
// says, evenly spread; with NIF_FULL in the environment, all. Each run begins
// anew: that costs less than a copy of the process at each point.

#ifndef TESTS_CONTRACT_RACE_H
#define TESTS_CONTRACT_RACE_H

#include "sim/world.h"

/// An index beyond all: nothing happens.
#define RACE_NONE UINT64_MAX

/// Phases, and events, at most.
#define RACE_NAMES 16

struct race {
    const char *name;          ///< in front of its ids
    const char *const *phases; ///< their names; the end is NULL
    const char *const *events; ///< the same
    uint64_t most;             ///< points of a phase and event in ordinary runs
    /// True if that event can happen in that phase.
    bool (*can)(unsigned phase, unsigned event);
    /// One run, in which the event happens at that point of the phase. Fails
    /// the test if something is wrong then. Returns how many points the phase
    /// has.
    uint64_t (*run)(unsigned phase, unsigned event, uint64_t index);
};

/// What the program was told. Returns false, and says why, if it makes no
/// sense.
bool race_args(int argc, char **argv);

/// Called by run() when its world is there and nothing is in it yet.
void race_watch(struct sim_world *world);

/// Tries all points that are to be tried. Fails the test if one of them failed.
void race_search(const struct race *race);

/// One run of each phase, again and again: the same trace to the byte. Not
/// where points were asked for.
void race_repeat(const struct race *race);

/// cmocka's teardown of a test that searches: says which run has failed.
int race_tell(void **state);

/// The end of main(): prints what was tried. `failed` is how many tests were.
/// Returns the program's result.
int race_end(const char *about, int failed);

#endif
