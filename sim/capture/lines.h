// SPDX-License-Identifier: MIT
//
// Text files of analysers, line by line, with fields between commas. Private
// to the readers.

#ifndef SIM_CAPTURE_LINES_H
#define SIM_CAPTURE_LINES_H

#include "sim/capture/capture.h"
#include "sim/trace/text.h"

#define SIM_LINES_FIELDS (SIM_CAPTURE_CHANNELS + 1)

struct sim_lines {
    const char *path;
    struct sim_capture_error *error;
    FILE *in;
    unsigned number; ///< of the line that was read last
    struct sim_text_line line;
    char *field[SIM_LINES_FIELDS];
    size_t count; ///< fields of the line
};

/// Opens a file. Returns false with the error filled in.
bool sim__lines_open(struct sim_lines *lines, const char *path,
    struct sim_capture_error *error);

void sim__lines_close(struct sim_lines *lines);

/// The next line that is not empty, without its end. Returns 1, 0 at the end
/// of the file, -1 with the error filled in.
int sim__lines_next(struct sim_lines *lines);

/// Cuts it into fields at commas that are not in double quotes; quotes and
/// blanks around a field go. False with the error filled in if there are too
/// many.
bool sim__lines_split(struct sim_lines *lines);

/// Fills in the error with file and line. Returns false.
bool sim__lines_fail(struct sim_lines *lines, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/// A decimal number of units of `unit_ns`, to whole nanoseconds, exactly as
/// written. False if it is none, or beyond 100 years.
bool sim__lines_time(const char *text, int64_t unit_ns, int64_t *ns);

#endif
