// SPDX-License-Identifier: MIT
//
// What is wrong with the program itself ends it.

#include "nif/base.h"

#include <stdio.h>
#include <stdlib.h>

void nif_panic(const char *what)
{
    fprintf(stderr, "panic: %s\n", what);
    abort();
}
