// SPDX-License-Identifier: MIT
//
// One simulated world: its time, its events, its fibers, its dice, its list
// of complaints. A test makes one, puts boards, chips and wires into it, and
// asks at the end whether any of them has seen something that real hardware
// would not forgive.
//
// Time is virtual, in nanoseconds. It moves only when somebody lets it pass:
// bus bits, delays, waits. What happens is ordered by (time, sequence of
// scheduling); the same seed gives the same run, byte for byte. Everything
// is single-threaded.
//
// There are two kinds of actors. *Events* are functions that run at a time
// and take none; chip models and wires consist of them. *Fibers* have a stack
// of their own and let time pass in the middle of a function; boards are
// fibers. The code that made the world may let time pass too, as if it were
// one more fiber: that is how most tests drive a driver.

#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "nif/base.h"

#include <stdio.h>

/// "Never", in nanoseconds.
#define SIM_NEVER UINT64_MAX

#define SIM_US 1000ull
#define SIM_MS 1000000ull
#define SIM_S  1000000000ull

struct sim_world;
struct sim_event;
struct sim_fiber;
struct sim_trace;

/// An event's function. It must not let time pass (asserted).
typedef void sim_event_fn(struct sim_event *event);

/// Something that will happen. It is part of whoever waits for it, and must
/// not move while it is pending. All zero but `fn` is a valid idle event.
struct sim_event {
    sim_event_fn *fn;
    uint64_t at_ns; ///< read only
    uint64_t seq;   ///< private
    size_t slot;    ///< private: place in the queue + 1; 0: idle
};

/// Called for each complaint, before it is counted.
typedef void sim_complaint_fn(void *arg, uint64_t at_ns, const char *who,
    const char *what);

struct sim_world {
    uint64_t now_ns;     ///< read only
    uint64_t seed;       ///< read only
    uint64_t dice;       ///< private: state of sim_roll()
    unsigned complaints; ///< how often sim_complain() was called
    /// Where buses, pins and cables of this world write down what passes;
    /// NULL: nowhere. Set by sim_world_init() if the environment has
    /// NIF_TRACE, the name of a file to which all worlds append.
    struct sim_trace *trace;
    sim_complaint_fn *on_complaint; ///< NULL: printed to stderr
    void *complaint_arg;

    // Strike points: see sim_strike().
    uint64_t strike_count;          ///< read only: boundaries so far
    uint64_t strike_at;             ///< private
    struct sim_event *strike_event; ///< private

    // Private.
    struct sim_event **queue;
    size_t queue_len;
    size_t queue_cap;
    uint64_t seq;
    uint64_t horizon_ns;      // how far the innermost run may go
    uint64_t due_ns;          // the earliest event or parked fiber
    struct sim_fiber *fibers; // all of them, in order of making
    struct sim_fiber *running;
    const bool *main_flag; // what the maker of the world waits for, or NULL
    bool in_event;
    bool own_trace; // by NIF_TRACE
};

/// Starts at time zero.
void sim_world_init(struct sim_world *world, uint64_t seed);

/// Ends the fibers and gives memory back. Pending events are forgotten.
void sim_world_done(struct sim_world *world);

// ---- events

/// Lets `event` happen at `at_ns` (not before now); if it was pending it
/// moves.
void sim_event_at(struct sim_world *world, struct sim_event *event,
    uint64_t at_ns);

/// The event does not happen. Idle events may be cancelled too.
void sim_event_cancel(struct sim_world *world, struct sim_event *event);

static inline bool sim_event_pending(const struct sim_event *event)
{
    return event->slot != 0;
}

// ---- time

/// Private: sim_pass_ns() where something else is due first.
void sim_pass_slowly(struct sim_world *world, uint64_t until_ns);

/// Lets `ns` nanoseconds pass for the caller; all that is due meanwhile
/// happens. Not from an event (asserted).
static inline void sim_pass_ns(struct sim_world *world, uint64_t ns)
{
    uint64_t until_ns = world->now_ns + ns;

    if (until_ns < world->due_ns && until_ns <= world->horizon_ns &&
        !world->in_event) {
        world->now_ns = until_ns;
    } else {
        sim_pass_slowly(world, until_ns);
    }
}

/// Runs the world until `until_ns`: for the code that made it.
void sim_run_until(struct sim_world *world, uint64_t until_ns);

/// When the next event or fiber is due; SIM_NEVER if none.
uint64_t sim_next_due(const struct sim_world *world);

// ---- fibers

/// A fiber's function. When it returns, the fiber has ended.
typedef void sim_fiber_fn(void *arg);

/// Makes a fiber that starts at the present time, when the world runs.
/// `name` must outlive it. Returns NULL if there is no memory.
struct sim_fiber *sim_fiber_start(struct sim_world *world, const char *name,
    sim_fiber_fn *fn, void *arg);

/// True when its function has returned.
bool sim_fiber_ended(const struct sim_fiber *fiber);

/// The caller (fiber or maker of the world) waits until `until_ns` or until
/// `*flag` is true, whichever is first. Whoever sets the flag calls
/// sim_notify() after it.
void sim_block(struct sim_world *world, uint64_t until_ns, const bool *flag);

/// Lets those look again whose flag may have become true. From events and
/// fibers.
void sim_notify(struct sim_world *world);

// ---- strike points

/// A boundary between two bus transactions or two bytes of one. Buses call
/// it; each call has an index, counted from 0. The event given to
/// sim_strike_at() happens exactly there.
static inline void sim_strike(struct sim_world *world);

/// Lets `event` happen at boundary `index`, once. NULL: none.
void sim_strike_at(struct sim_world *world, uint64_t index,
    struct sim_event *event);

/// Private: the boundary was reached.
void sim_strike_hit(struct sim_world *world);

static inline void sim_strike(struct sim_world *world)
{
    if (world->strike_count++ == world->strike_at) {
        sim_strike_hit(world);
    }
}

// ---- dice and complaints

/// A number below `limit` (not zero) from the world's seed.
uint32_t sim_roll(struct sim_world *world, uint32_t limit);

/// A byte of noise that depends on the seed and `salt` only: what a receiver
/// sees on a line that nobody drives. Takes nothing from the dice, so that
/// watching a line changes nothing.
uint8_t sim_noise(const struct sim_world *world, uint64_t salt);

/// A model saw what the datasheet forbids. Counted, so that a test fails
/// although the model goes on.
void sim_complain(struct sim_world *world, const char *who, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

#endif
