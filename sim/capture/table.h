// SPDX-License-Identifier: MIT
//
// Tables of bytes that Saleae's SPI and Async Serial analysers export.

#ifndef SIM_CAPTURE_TABLE_H
#define SIM_CAPTURE_TABLE_H

#include "sim/capture/capture.h"

/// Reads a table; its items, and lines of the header, go to `out`. Returns
/// false with `*error` filled in if it makes no sense.
bool sim_table_read(const char *path, struct sim_item_sink *out,
    struct sim_capture_error *error);

#endif
