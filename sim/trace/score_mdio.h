// SPDX-License-Identifier: MIT
//
// A recording of MDIO as judge of the PHY model: its frames drive the model at
// their times, and each bit that a real PHY drove is compared.
//
// What a PHY had at the other end of its cable is not on MDIO: stimuli
// (sim/trace/csv.h) say when the cable was plugged and pulled. What they say
// for the time 0 has been so for ten seconds when the recording begins.

#ifndef SIM_TRACE_SCORE_MDIO_H
#define SIM_TRACE_SCORE_MDIO_H

#include "sim/chips/phy.h"
#include "sim/trace/csv.h"
#include "sim/trace/recording.h"
#include "sim/trace/score.h"
#include "sim/trace/words.h"

/// What a register is.
enum sim_mdio_kind {
    SIM_MDIO_CONTROL, ///< BMCR
    SIM_MDIO_STATUS,  ///< BMSR
    SIM_MDIO_ID,      ///< 2 and 3
    SIM_MDIO_AUTONEG, ///< 4 to 8
    SIM_MDIO_VENDOR,  ///< 16 to 31
    SIM_MDIO_OTHER,   ///< 9 to 15
    SIM_MDIO_KINDS,
};

/// Numbers are of bits.
struct sim_score_mdio {
    struct sim_score_count all;
    struct sim_score_count kind[SIM_MDIO_KINDS];
    bool differs;         ///< the next three are valid
    uint64_t first_index; ///< frame of the first difference
    unsigned first_line;  ///< of the file
    char first[SIM_WORDS];
    unsigned complaints;
    char complaint[SIM_WORDS]; ///< the first
};

/// The name of a kind, "identifier".
const char *sim_mdio_kind_name(enum sim_mdio_kind kind);

/// Scores the model of the PHY at the address of the first frame; `cfg` says
/// how it is strapped but for that. `stimuli` NULL: no cable. Frames of other
/// PHYs and of clause 45 are left out.
void sim_score_mdio(const struct sim_recording *rec,
    const struct sim_stimuli *stimuli, const struct sim_phy_cfg *cfg,
    struct sim_score_mdio *score);

bool sim_score_mdio_is_perfect(const struct sim_score_mdio *score);

#endif
