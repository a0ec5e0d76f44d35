// SPDX-License-Identifier: MIT
//
// The `nif trace` sub-commands, and what they share: their options, and the
// reading of every file that holds traffic.

#ifndef TOOLS_NIF_TRACE_H
#define TOOLS_NIF_TRACE_H

#include "sim/capture/capture.h"
#include "sim/trace/csv.h"
#include "sim/trace/decode.h"

#define NIF_TRACE_FILES 64
#define NIF_TRACE_BUSES 8

struct nif_trace_options {
    const char *file[NIF_TRACE_FILES];
    size_t files;
    const char *out;
    const char *chip;
    const char *stimuli;
    const char *pcap;
    const char *format; ///< of what is exported
    const char *wire;
    const char *provenance;
    struct {
        const char *kind; ///< "spi", "gspi", "uart", "mdio"
        char *spec;
    } bus[NIF_TRACE_BUSES];
    size_t buses;
    double rate_hz;
    uint64_t glitch_ns;
    bool json;
    bool quiet;
};

/// argv[0] is "trace". Returns the program's exit code: 0 all is equal or
/// printed, 1 not, 2 usage or unreadable files.
int nif_trace_main(int argc, char **argv);

/// Each sub-command.
int nif_trace_score(const struct nif_trace_options *o);
int nif_trace_decode(const struct nif_trace_options *o);
int nif_trace_export(const struct nif_trace_options *o);
int nif_trace_import(const struct nif_trace_options *o);

/// Gives all events of the named file to `out`: a trace, a table of
/// transactions, or a capture, which is imported on the way. What was guessed
/// is printed to stderr unless `quiet`, and what is wrong in any case.
/// Returns false if something was.
bool nif_trace_read(const struct nif_trace_options *o,
    struct sim_item_sink *out);

/// Prints "nif trace: " and the cause. Returns false.
bool nif_trace_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
