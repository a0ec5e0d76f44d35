// SPDX-License-Identifier: MIT
//
// Reads a decoded logic-analyser capture of an SPI bus, one transaction per
// line, and the list of what reached the chip from outside meanwhile.
//
// The capture: lines `idx,cs_fall_ns,cs_rise_ns,nbytes,mosi_hex,miso_hex,mask`
// after one with these names; `#` begins a comment. The mask has one hex digit
// per byte: F the chip drives this byte, 0 it does not or the value means
// nothing, any other digit says which of the low four bits count.
//
// The stimuli: lines `TIME_NS link up`, `TIME_NS link down`, `TIME_NS rx HEX`
// (a frame with its FCS), in order of time; what follows a `|` is a remark.

#ifndef SIM_TRACE_CSV_H
#define SIM_TRACE_CSV_H

#include "nif/base.h"
#include "sim/trace/item.h"

#include <stdio.h>

/// One chip-select period. The bytes belong to the capture.
struct sim_csv_txn {
    unsigned index; ///< as in the file
    unsigned line;
    uint64_t fall_ns;
    uint64_t rise_ns;
    size_t len;
    uint8_t *mosi;
    uint8_t *miso;
    uint8_t *mask; ///< bits of `miso` that can be compared
};

struct sim_csv {
    struct sim_csv_txn *txn;
    size_t count;
};

enum sim_stimulus_kind {
    SIM_STIMULUS_LINK_UP,
    SIM_STIMULUS_LINK_DOWN,
    SIM_STIMULUS_RX,
};

struct sim_stimulus {
    uint64_t at_ns;
    enum sim_stimulus_kind kind;
    uint8_t *frame;
    size_t len;
};

struct sim_stimuli {
    struct sim_stimulus *item;
    size_t count;
};

/// What is wrong with a file, as "name:line: cause".
struct sim_csv_error {
    char text[256];
};

/// Reads a capture from `in`; `name` is for messages.
///
/// Returns false with `*error` filled and nothing to free.
bool sim_csv_read(struct sim_csv *csv, FILE *in, const char *name,
    struct sim_csv_error *error);

/// Adds an SPI transaction of a trace, with copies of its bytes: what nobody
/// knows gets a mask of 0. Other events are left out.
void sim_csv_add(struct sim_csv *csv, const struct sim_trace_item *item,
    unsigned line);

void sim_csv_done(struct sim_csv *csv);

/// Reads stimuli from `in`; `name` is for messages.
///
/// Returns false with `*error` filled and nothing to free.
bool sim_stimuli_read(struct sim_stimuli *stimuli, FILE *in, const char *name,
    struct sim_csv_error *error);

void sim_stimuli_done(struct sim_stimuli *stimuli);

#endif
