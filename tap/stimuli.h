// SPDX-License-Identifier: MIT
//
// What reached a world from outside, as text, so that the run can be
// repeated without the outside. Each line: the world's time in nanoseconds,
// how many frames had left the world by then, and what came:
//
//     # netif-stimuli 1
//     # option seed 1
//     12000400 3 rx ffffffffffff0200…
//     90000000 17 end
//
// The count is what makes a repetition exact: the loop stops at each frame
// that leaves, and what came in came in at such a stop or at a time.

#ifndef TAP_STIMULI_H
#define TAP_STIMULI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TAP_FRAME_MAX 1514

enum tap_stimulus_kind {
    TAP_STIMULUS_RX,  ///< a frame comes in
    TAP_STIMULUS_END, ///< the run ends
};

struct tap_stimulus {
    uint64_t at_ns;
    uint64_t out_count;
    enum tap_stimulus_kind kind;
    size_t len;
    uint8_t frame[TAP_FRAME_MAX];
};

/// Told of each "# option NAME VALUE" of the head; returns false to refuse.
typedef bool tap_stimuli_option_fn(void *arg, const char *name,
    const char *value);

struct tap_stimuli {
    FILE *file;
    const char *path; ///< for messages; borrowed
    unsigned line;    ///< read so far
    char error[300];  ///< why the last call failed: file, line, cause
};

/// Opens a file for reading and reads its head. Returns 0, or -1 with
/// `error`.
int tap_stimuli_open(struct tap_stimuli *s, const char *path,
    tap_stimuli_option_fn *option, void *arg);

/// Reads the next event. Returns 1; 0 at the end of the file; -1 with
/// `error`.
int tap_stimuli_next(struct tap_stimuli *s, struct tap_stimulus *out);

/// Creates a file and writes its head; options follow, then events. Returns
/// 0, or -1 with `error`.
int tap_stimuli_create(struct tap_stimuli *s, const char *path);
void tap_stimuli_option(struct tap_stimuli *s, const char *name,
    const char *value);
void tap_stimuli_rx(struct tap_stimuli *s, uint64_t at_ns, uint64_t out_count,
    const uint8_t *frame, size_t len);
void tap_stimuli_end(struct tap_stimuli *s, uint64_t at_ns, uint64_t out_count);

/// Closes it. Returns 0, or -1 with `error` if not all could be written.
int tap_stimuli_close(struct tap_stimuli *s);

#endif
