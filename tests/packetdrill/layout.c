// SPDX-License-Identifier: MIT
//
// Compiled only against packetdrill's own header: our declarations have the
// same members at the same places.

#include "tests/packetdrill/interface.h"

#include <packetdrill.h>

#define SAME(name, place)                                 \
    _Static_assert(offsetof(struct pd_interface, name) == \
            offsetof(struct packetdrill_interface, name), \
        "packetdrill has " #name " elsewhere");

PD_CALLS(SAME)
_Static_assert(sizeof(struct pd_interface) ==
        sizeof(struct packetdrill_interface),
    "packetdrill has more calls");
