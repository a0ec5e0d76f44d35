// SPDX-License-Identifier: MIT
//
// What a failed assertion does where no board has said better: stand still,
// where a debugger finds it. In a file of its own, so that a board's own
// nif_panic() leaves this one out of the link.

#include "nif/base.h"

NIF_WEAK void nif_panic(const char *what)
{
    const char *volatile seen = what;

    (void)seen;
here:
    goto here;
}
