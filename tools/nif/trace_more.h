// SPDX-License-Identifier: MIT
//
// Sub-commands of `nif trace` that work on whole recordings, one file each.

#ifndef TOOLS_NIF_TRACE_MORE_H
#define TOOLS_NIF_TRACE_MORE_H

#include "sim/trace/recording.h"
#include "tools/nif/trace.h"

/// Each gets its own name as argv[0] ("diff") and returns an exit code.
int nif_trace_diff_main(int argc, char **argv);
int nif_trace_to_test_main(int argc, char **argv);
int nif_trace_minimise_main(int argc, char **argv);
int nif_trace_board_main(int argc, char **argv); ///< "import", from a board
int nif_trace_phy_main(int argc, char **argv);   ///< "score", of a PHY

/// If argv[1] is one of them, runs it, puts its exit code into `*code` and
/// returns true.
bool nif_trace_more(int argc, char **argv, int *code);

/// Prints a line for each of them.
void nif_trace_more_help(FILE *out);

// ---- what they share

/// Opens a file as a trace; a capture of a logic analyser is imported on the
/// way. Returns NULL if it cannot be read, which is told.
FILE *nif_trace_open(const struct nif_trace_options *o);

/// Reads section `number` (from 1) of such a file. Returns false if there is
/// none or it cannot be read, which is told; then there is nothing to give
/// back. `chip` is on the SPI bus of a capture; NULL: it is not known.
bool nif_trace_read_section(const char *file, unsigned number, const char *chip,
    struct sim_recording *rec);

/// Prints `text` as a JSON string, quotes included.
void nif_trace_json_string(const char *text);

#endif
