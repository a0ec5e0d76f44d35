// SPDX-License-Identifier: MIT
//
// Made by `nif trace to-test` of
// lan8720a_read_write_read.sr.

#include "sim/trace/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TRACE "lan8720a_reset.trace"

static void the_model_answers_as_the_chip_did(void **state)
{
    struct sim_verdict verdict;

    (void)state;
    if (!sim_verdict_mdio(&verdict, __FILE__, TRACE, NULL)) {
        fail_msg("%s", verdict.text);
    }
    assert_int_equal(verdict.total, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_answers_as_the_chip_did),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
