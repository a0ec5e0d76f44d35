// SPDX-License-Identifier: MIT
//
// An image that the linker fills with all that core has.

#include "bench/stack/target/board.h"

int main(void)
{
    return 0;
}
