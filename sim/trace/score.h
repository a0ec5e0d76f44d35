// SPDX-License-Identifier: MIT
//
// Real silicon as judge of a chip model: the host's side of a capture drives
// the model at the recorded times, what reached the chip from outside is
// given to it at its times, and what the model answers is compared with what
// the real chip answered.
//
// A capture says when chip select moved, not when each byte was clocked.
// Bytes are spread over the period, with room in front and behind. Frames
// begin and end at the time that the stimuli give: how long they took to
// arrive is not known either. Errata that strike by chance are off.

#ifndef SIM_TRACE_SCORE_H
#define SIM_TRACE_SCORE_H

#include "sim/chips/enc28j60/decode.h"
#include "sim/net/cable.h"
#include "sim/trace/csv.h"

#define SIM_SCORE_FRAMES 16

struct sim_score_count {
    unsigned right;
    unsigned total;
};

struct sim_score_frame {
    uint8_t data[SIM_FRAME_MAX];
    size_t len;
};

/// The result. Large: not for the stack.
struct sim_score {
    struct sim_score_count all; ///< bytes that the real chip drove
    struct sim_score_count kind[SIM_ENC_KINDS];
    bool differs;         ///< the next three are valid
    unsigned first_index; ///< transaction of the first difference
    size_t first_byte;
    char first[160]; ///< the same in the data sheet's words
    /// Frames that the capture's host asked for, with padding and FCS, and
    /// those that the model sent.
    struct sim_score_frame want[SIM_SCORE_FRAMES];
    struct sim_score_frame got[SIM_SCORE_FRAMES];
    unsigned want_count;
    unsigned got_count;
    unsigned same_count;
    unsigned complaints;
    char complaint[160]; ///< the first
};

/// Scores the ENC28J60 model.
void sim_score_enc28j60(const struct sim_csv *csv,
    const struct sim_stimuli *stimuli, struct sim_score *score);

/// True if nothing differs and nobody complains.
bool sim_score_is_perfect(const struct sim_score *score);

#endif
