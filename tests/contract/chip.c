// SPDX-License-Identifier: MIT
//
// Which chip a contract's program is about: one program for each.

#include "tests/contract/bench.h"

const char *contract_chip = NIF_CONTRACT_CHIP;
