// SPDX-License-Identifier: MIT
//
// What each kind of outcome looks like. run.py compares it with what it must
// be before it believes any other image.

#include "tests/support/check.h"

#include <string.h>

static int ran;

static int set_up(void **state)
{
    (void)state;
    ran = 0;
    return 0;
}

static int cannot_set_up(void **state)
{
    (void)state;
    return -1;
}

static int tear_down_fails(void **state)
{
    (void)state;
    ran++;
    assert_int_equal(ran, 0);
    return 0;
}

static void passes(void **state)
{
    (void)state;
    assert_true(ran == 0);
    assert_false(ran);
    assert_null(NULL);
    assert_non_null(state);
    assert_int_equal(-1, ran - 1);
    assert_int_not_equal(1, 2);
    assert_in_range(3, 3, 3);
    assert_string_equal("same", "same");
    assert_memory_equal("same", "same", 4);
    assert_memory_not_equal("same", "Same", 4);
}

static void is_false(void **state)
{
    (void)state;
    assert_true(ran != 0);
}

static void is_not_equal(void **state)
{
    (void)state;
    assert_int_equal(1, UINT64_C(0x100000001));
}

static void is_equal(void **state)
{
    (void)state;
    assert_int_not_equal(-1, INT64_C(-1));
}

static void is_out_of_range(void **state)
{
    (void)state;
    assert_in_range(5, 1, 4);
}

static void differs_in_text(void **state)
{
    (void)state;
    assert_string_equal("one", "ones");
}

static void differs_in_bytes(void **state)
{
    (void)state;
    assert_memory_equal("one", "onE", 3);
}

static void does_not_differ(void **state)
{
    (void)state;
    assert_memory_not_equal("one", "onE", 2);
}

static void is_no_null(void **state)
{
    (void)state;
    assert_null(&ran);
}

static void gives_up(void **state)
{
    (void)state;
    fail_msg("after %d", ran);
}

static void is_skipped(void **state)
{
    (void)state;
    skip();
}

static void never_runs(void **state)
{
    (void)state;
    ran = 100;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(passes, set_up),
        cmocka_unit_test(is_false),
        cmocka_unit_test(is_not_equal),
        cmocka_unit_test(is_equal),
        cmocka_unit_test(is_out_of_range),
        cmocka_unit_test(differs_in_text),
        cmocka_unit_test(differs_in_bytes),
        cmocka_unit_test(does_not_differ),
        cmocka_unit_test(is_no_null),
        cmocka_unit_test(gives_up),
        cmocka_unit_test(is_skipped),
        cmocka_unit_test_setup(never_runs, cannot_set_up),
        cmocka_unit_test_teardown(passes, tear_down_fails),
    };
    const struct CMUnitTest never[] = { cmocka_unit_test(never_runs) };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    failed += cmocka_run_group_tests(never, cannot_set_up, NULL);
    return ran == 1 ? failed : 100;
}
