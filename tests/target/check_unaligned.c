// SPDX-License-Identifier: MIT
//
// A word is loaded from an odd address on purpose. A Cortex-M0 faults there,
// and the image must be seen to fail; others load it.

#include "tests/support/check.h"

static void loads_a_word_from_an_odd_address(void **state)
{
    static uint32_t words[2] = { 0x11111111, 0x11111111 };
    uintptr_t address = (uintptr_t)words + 1;

    (void)state;
    __asm__ volatile("" : "+r"(address)); // the compiler must not see through
    assert_int_equal(*(volatile uint32_t *)address, 0x11111111);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_a_word_from_an_odd_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
