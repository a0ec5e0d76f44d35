// SPDX-License-Identifier: MIT
//
// The applications that a simulated board can run.

#ifndef TOOLS_NIF_APPS_H
#define TOOLS_NIF_APPS_H

#include "nif/board.h"

struct nif_app_row {
    const char *name;
    const char *about; ///< one line
    int (*run)(struct nif_board *board);
};

/// All of them, the default first; ends with a row whose name is NULL.
extern const struct nif_app_row nif_apps[];

/// By its name, or NULL.
const struct nif_app_row *nif_app_find(const char *name);

#endif
