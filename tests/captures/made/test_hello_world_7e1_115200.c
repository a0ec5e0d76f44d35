// SPDX-License-Identifier: MIT
//
// Made by `nif trace to-test` of
// hello_world_7e1_115200.sr.

#include "sim/trace/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TRACE "hello_world_7e1_115200.trace"

// clang-format off
static const struct sim_verdict_line lines[] = {
    { "uart0", false,
        "Hello World!\r\n", 14 },
    { "uart0", false,
        "Hello World!\r\n", 14 },
    { "uart0", false,
        "Hello World!\r\n", 14 },
    { "uart0", false,
        "Hello World!\r\n", 14 },
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
    assert_int_equal(verdict.total, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dialogue_can_be_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
