// SPDX-License-Identifier: MIT
//
// Made by `nif trace to-test` of
// panasonic_pan1321_init.sr.

#include "sim/trace/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TRACE "panasonic_pan1321_init.trace"

// clang-format off
static const struct sim_verdict_line lines[] = {
    { "uart0", true,
        "ROK\r\n", 5 },
    { "uart0", false,
        "AT+JSEC=1,1,2,04,7777\r\n", 23 },
    { "uart0", true,
        "OK\r\n", 4 },
    { "uart0", false,
        "AT+JDIS=3\r\n", 11 },
    { "uart0", true,
        "OK\r\n", 4 },
    { "uart0", false,
        "AT+JRLS=1101,11,Serial port,01,000000\r\n", 39 },
    { "uart0", true,
        "OK\r\n", 4 },
    { "uart0", false,
        "AT+JSLN=21,MyCoolBluetoothDevice\r\n", 34 },
    { "uart0", true,
        "OK\r\n", 4 },
    { "uart0", false,
        "AT+JAAC=1\r\n", 11 },
    { "uart0", true,
        "OK\r\n", 4 },
    { "uart0", false,
        "AT+JSCR\r\n", 9 },
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
    assert_int_equal(verdict.total, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dialogue_can_be_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
