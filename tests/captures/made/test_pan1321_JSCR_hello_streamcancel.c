// SPDX-License-Identifier: MIT
//
// Made by `nif trace to-test` of
// pan1321_JSCR_hello_streamcancel.sr.

#include "sim/trace/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TRACE "pan1321_JSCR_hello_streamcancel.trace"

// clang-format off
static const struct sim_verdict_line lines[] = {
    { "uart0", false,
        "AT+JSCR\r\n", 9 },
    { "uart0", true,
        "OK\r\n", 4 },
    { "uart0", false,
        "h", 1 },
    { "uart1", true,
        "+RDAI=001,h\r\n", 13 },
    { "uart0", false,
        "e", 1 },
    { "uart1", true,
        "+RDAI=001,e\r\n", 13 },
    { "uart0", false,
        "l", 1 },
    { "uart1", true,
        "+RDAI=001,l\r\n", 13 },
    { "uart0", false,
        "l", 1 },
    { "uart1", true,
        "+RDAI=001,l\r\n", 13 },
    { "uart0", false,
        "o", 1 },
    { "uart1", true,
        "+RDAI=001,o\r\n", 13 },
    { "uart0", false,
        "^", 1 },
    { "uart0", false,
        "^", 1 },
    { "uart0", false,
        "^", 1 },
    { "uart0", true,
        "OK\r\n", 4 },
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
    assert_int_equal(verdict.total, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dialogue_can_be_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
