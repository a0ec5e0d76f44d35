// SPDX-License-Identifier: MIT
//
// A mistake of ours ends the program where it is seen, and leaves a core.

#include "nif/base.h"

#include <stdio.h>
#include <stdlib.h>

void nif_panic(const char *what)
{
    fprintf(stderr, "nif: %s\n", what);
    abort();
}
