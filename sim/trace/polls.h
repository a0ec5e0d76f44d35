// SPDX-License-Identifier: MIT
//
// Poll loops in a recording. How often a driver asked a chip whether it is
// done is a property of that run, not of the driver: whoever compares
// recordings must be able to leave it out.
//
// A poll loop is a run of identical requests, of one transaction or of a few
// (a bank switch belongs to it), in which something is read. All turns but the
// last one get the same answer, as far as it means something; in the last
// one, each transaction may differ in one byte, the status.

#ifndef SIM_TRACE_POLLS_H
#define SIM_TRACE_POLLS_H

#include "sim/trace/item.h"

/// A turn has at most so many transactions.
#define SIM_POLL_TURN 16

/// A loop: events `first` to `end` - 1 of a bus repeat with a period of
/// `turn`; the last turn may be begun only.
struct sim_poll {
    size_t first;
    size_t end;
    size_t turn;
};

/// What the host sent is the same: MOSI with its length, an MDIO frame but for
/// the value read.
bool sim_trace_same_request(const struct sim_trace_item *a,
    const struct sim_trace_item *b);

/// Bits of byte `at` of what the chip answered that mean something: driven,
/// seen, not masked. An MDIO read's value has the bytes 0 (high) and 1.
uint8_t sim_trace_answer_mask(const struct sim_trace_item *item, size_t at);

/// How many bytes of the two answers to the same request differ where both
/// mean something; `*at` is the first of them.
size_t sim_trace_answer_diff(const struct sim_trace_item *a,
    const struct sim_trace_item *b, size_t *at);

/// The longest loop with turns of `turn` transactions that begins at `first`
/// in `seq`, the `count` transactions of one bus. False if there is none of
/// two whole turns.
bool sim_poll_at(const struct sim_trace_item *const *seq, size_t count,
    size_t first, size_t turn, struct sim_poll *poll);

/// All loops of a bus, by the length of their turns, then by where they begin.
/// The list is the caller's to free.
struct sim_poll *sim_polls_find(const struct sim_trace_item *const *seq,
    size_t count, size_t *polls);

/// Leaves out of `seq` all turns of all loops but the last, loops of loops
/// too. `*count` becomes what is left.
void sim_polls_collapse(const struct sim_trace_item **seq, size_t *count);

#endif
