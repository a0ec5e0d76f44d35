// SPDX-License-Identifier: MIT
//
// Which chip a contract's program is about, and which firmware of it: one
// program for each.

#include "tests/contract/bench.h"

#ifndef NIF_CONTRACT_DIALECT
#define NIF_CONTRACT_DIALECT NULL
#endif
const char *contract_chip = NIF_CONTRACT_CHIP;
const char *contract_dialect = NIF_CONTRACT_DIALECT;
bool contract_active;
