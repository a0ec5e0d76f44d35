// SPDX-License-Identifier: MIT
//
// How stacks behave where nif/stack.h leaves it open or a chip leaves no
// choice: one program, compiled once, whose outcomes are a table.

#ifndef TESTS_CONTRACT_BEHAVIOURS_H
#define TESTS_CONTRACT_BEHAVIOURS_H

#include "tests/contract/bench.h"

#define BEHAVIOUR_TEXT 40

/// One row. `run` is called on a fresh bench and writes what came of it.
struct behaviour {
    const char *name;
    void (*run)(char out[BEHAVIOUR_TEXT]);
    const char *why; ///< stacks differ; NULL: they do not
};

/// All; the end has no name.
extern const struct behaviour behaviours[];

#endif
