// SPDX-License-Identifier: MIT
//
// A bench for applications: boards on one switch, in virtual time, each with
// one, and what they have printed.

#ifndef TESTS_HOST_BOARDS_H
#define TESTS_HOST_BOARDS_H

#include "boards/host/host.h"
#include "sim/net/switch.h"
#include "tests/support/check.h"

#define BOARDS 3

struct boards {
    struct sim_world world;
    struct sim_switch net;
    struct host_board board[BOARDS];
    unsigned count;
    uint32_t cpu_ns; ///< of each bus call or look at the clock; 0: as usual
    char said[BOARDS][2000]; ///< what each board has printed
};

/// All that a test has.
extern struct boards boards;

/// For cmocka: no board yet; and the end of all, after each application has
/// ended by itself or because it was told to. Fails if one does not, or leaves
/// connections, or if a model complained.
int boards_setup(void **state);
int boards_teardown(void **state);

/// One more board, with the address 192.0.2.2, .3 and so on.
void boards_add(const char *chip, int (*app)(struct nif_board *board),
    const char *args);

/// Which of the boards that is.
unsigned boards_index(const struct nif_board *board);

/// Lets time pass.
void boards_run(uint64_t seconds);

/// The application of a board has ended. Returns how.
int boards_result(unsigned board);

/// Where that text begins in what a board has printed, which must be there.
const char *boards_said(unsigned board, const char *text);

#endif
