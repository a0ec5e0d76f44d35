// SPDX-License-Identifier: MIT
//
// What the verdicts share.

#ifndef SIM_TRACE_VERDICT_PRIVATE_H
#define SIM_TRACE_VERDICT_PRIVATE_H

#include "sim/trace/verdict.h"

/// Puts what is wrong into the verdict. Returns false.
bool sim__verdict_fail(struct sim_verdict *verdict, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/// Reads the first section of a trace beside `source`.
bool sim__verdict_read(struct sim_verdict *verdict, const char *source,
    const char *trace, struct sim_recording *rec);

#endif
