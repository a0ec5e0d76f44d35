// SPDX-License-Identifier: MIT
//
// The part of cmocka's interface that this project's tests use, for
// processors that have no cmocka. Test files are compiled unchanged: they find
// this header where they look for <cmocka.h>. What it names is cmocka's and
// means the same; runner.c has the rest.
//
// Each group ends with a line that run.py reads:
//
//     group NAME: 12 passed, 0 failed, 1 skipped

#ifndef TESTS_TARGET_INCLUDE_CMOCKA_H
#define TESTS_TARGET_INCLUDE_CMOCKA_H

#include <stddef.h>
#include <stdint.h>

// ---- tests and groups

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    CMUnitTestFunction test_func;
    CMFixtureFunction setup_func;
    CMFixtureFunction teardown_func;
    void *initial_state;
};

#define cmocka_unit_test(f)     \
    {                           \
#f, f, NULL, NULL, NULL \
    }
#define cmocka_unit_test_setup(f, up) \
    {                                 \
#f, f, up, NULL, NULL         \
    }
#define cmocka_unit_test_teardown(f, d) \
    {                                   \
#f, f, NULL, d, NULL            \
    }
#define cmocka_unit_test_setup_teardown(f, up, d) \
    {                                             \
#f, f, up, d, NULL                        \
    }

#define cmocka_run_group_tests(tests, up, down) \
    cmocka_run_group_tests_name(#tests, tests, up, down)
#define cmocka_run_group_tests_name(name, tests, up, down) \
    target_group(name, tests, sizeof(tests) / sizeof((tests)[0]), up, down)

/// Runs them. Returns how many failed, or had a fixture that did.
int target_group(const char *name, const struct CMUnitTest *tests, size_t n,
    CMFixtureFunction setup, CMFixtureFunction teardown);

// ---- within a test

/// Where an assertion stands.
struct target_place {
    const char *file;
    int line;
};

#define TARGET_HERE ((struct target_place){ __FILE__, __LINE__ })

__attribute__((format(printf, 1, 2))) void print_message(const char *format,
    ...);
__attribute__((format(printf, 1, 2))) void print_error(const char *format, ...);

/// End the test: failed, or skipped.
__attribute__((noreturn, format(printf, 2, 3))) void
target_fail(struct target_place here, const char *format, ...);
__attribute__((noreturn)) void target_skip(struct target_place here);

#define skip()        target_skip(TARGET_HERE)
#define fail()        target_fail(TARGET_HERE, "fail()")
#define fail_msg(...) target_fail(TARGET_HERE, __VA_ARGS__)

// ---- assertions

void target_check(struct target_place here, int holds, const char *what);
void target_equal(struct target_place here, uintmax_t a, uintmax_t b, int equal,
    const char *what);
void target_range(struct target_place here, uintmax_t value, uintmax_t from,
    uintmax_t to, const char *what);
void target_text(struct target_place here, const char *a, const char *b,
    const char *what);
void target_bytes(struct target_place here, const void *a, const void *b,
    size_t len, int equal, const char *what);

#define assert_true(c)     target_check(TARGET_HERE, (c) ? 1 : 0, #c)
#define assert_false(c)    target_check(TARGET_HERE, (c) ? 0 : 1, "!(" #c ")")
#define assert_non_null(p) target_check(TARGET_HERE, (p) != NULL, #p)
#define assert_null(p)     target_check(TARGET_HERE, (p) == NULL, "!" #p)
#define assert_ptr_equal(a, b)                                        \
    target_check(TARGET_HERE, (const void *)(a) == (const void *)(b), \
        #a " == " #b)
#define assert_int_equal(a, b) \
    target_equal(TARGET_HERE, (uintmax_t)(a), (uintmax_t)(b), 1, #a " == " #b)
#define assert_int_not_equal(a, b) \
    target_equal(TARGET_HERE, (uintmax_t)(a), (uintmax_t)(b), 0, #a " != " #b)
#define assert_in_range(v, from, to)                             \
    target_range(TARGET_HERE, (uintmax_t)(v), (uintmax_t)(from), \
        (uintmax_t)(to), #v " in " #from ".." #to)
#define assert_string_equal(a, b) target_text(TARGET_HERE, a, b, #a " == " #b)
#define assert_memory_equal(a, b, len) \
    target_bytes(TARGET_HERE, a, b, len, 1, #a " == " #b)
#define assert_memory_not_equal(a, b, len) \
    target_bytes(TARGET_HERE, a, b, len, 0, #a " != " #b)

#endif
