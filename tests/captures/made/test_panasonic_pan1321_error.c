// SPDX-License-Identifier: MIT
//
// Made by `nif trace to-test` of
// panasonic_pan1321_error.sr.

#include "sim/trace/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TRACE "panasonic_pan1321_error.trace"

// clang-format off
static const struct sim_verdict_line lines[] = {
    { "uart0", true,
        "ROK\r\n", 5 },
    { "uart0", false,
        "AT+JSEC=1,1,2,04,7777\r\n", 23 },
    { "uart0", true,
        "OK\r\n", 4 },
    { "uart0", false,
        "AT+JDIS=9\r\n", 11 },
    { "uart0", true,
        "ERR=-1\r\n", 8 },
};
// clang-format on

static void the_dialogue_can_be_held(void **state)
{
    struct sim_verdict verdict;

    (void)state;
    if (!sim_verdict_uart(&verdict, __FILE__, TRACE, lines,
            sizeof(lines) / sizeof(lines[0]))) {
        fail_msg("%s", verdict.text);
    }
    assert_int_equal(verdict.total, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dialogue_can_be_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
