// SPDX-License-Identifier: MIT
//
// Made by `nif trace to-test` of
// enc28j60-init-and-ping.sr.

#include "sim/trace/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TRACE   "enc28j60_init_and_ping.trace"
#define STIMULI "enc28j60_init_and_ping-stimuli.txt"

static void the_model_answers_as_the_chip_did(void **state)
{
    struct sim_verdict verdict;

    (void)state;
    if (!sim_verdict_spi(&verdict, __FILE__, TRACE, STIMULI)) {
        fail_msg("%s", verdict.text);
    }
    assert_int_equal(verdict.total, 2744);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_answers_as_the_chip_did),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
