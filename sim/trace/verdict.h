// SPDX-License-Identifier: MIT
//
// What tests that were made of captures ask: does a recording still hold? What
// `nif trace to-test` writes calls these, and little else.
//
// Files are named beside the test that uses them: `source` is its __FILE__.

#ifndef SIM_TRACE_VERDICT_H
#define SIM_TRACE_VERDICT_H

#include "sim/trace/recording.h"

/// Room for what is wrong.
#define SIM_VERDICT_TEXT 400

struct sim_verdict {
    /// Everything is as recorded, and no model complains.
    bool good;
    unsigned right;       ///< bytes (SPI), bits (MDIO) or lines (UART) ...
    unsigned total;       ///< ... of so many that were compared
    uint64_t first_index; ///< transaction of the first difference, if any
    char text[SIM_VERDICT_TEXT]; ///< what is wrong, for a person
};

/// Drives the model of the chip on the trace's only SPI bus with what its host
/// said, and what reached the chip from outside; compares what the chip drove.
/// Returns `verdict->good`.
bool sim_verdict_spi(struct sim_verdict *verdict, const char *source,
    const char *trace, const char *stimuli);

/// The same for the PHY on the trace's MDIO bus. `stimuli` NULL: no cable.
bool sim_verdict_mdio(struct sim_verdict *verdict, const char *source,
    const char *trace, const char *stimuli);

/// A line of a dialogue on a serial line: up to a line feed, or to a pause of
/// 50 ms.
struct sim_verdict_line {
    const char *bus;
    bool rx; ///< to the host
    const char *text;
    size_t len;
};

/// Plays the trace's serial lines to a host that says the lines it said then,
/// and compares what it hears.
bool sim_verdict_uart(struct sim_verdict *verdict, const char *source,
    const char *trace, const struct sim_verdict_line *lines, size_t count);

/// Cuts the serial lines of a recording into such lines, by the time they
/// begin, and hands each to `fn`.
typedef void sim_verdict_line_fn(void *arg,
    const struct sim_verdict_line *line);
void sim_verdict_lines(const struct sim_recording *rec, sim_verdict_line_fn *fn,
    void *arg);

#endif
