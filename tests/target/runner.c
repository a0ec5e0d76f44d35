// SPDX-License-Identifier: MIT
//
// Runs groups of tests on a processor without cmocka, and begins the program:
// the command line is that of the test, but a word NAME=VALUE of it goes into
// the environment.

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// Bytes shown of each side where memory differs.
#define SHOWN 8

enum outcome { PASSED, FAILED, SKIPPED };

static struct {
    jmp_buf back;
    bool running;
} state;

// ---- ends of a test

static __attribute__((noreturn)) void leave(enum outcome outcome)
{
    fflush(stdout);
    if (!state.running) { // an assertion where there is no test
        exit(1);
    }
    state.running = false;
    longjmp(state.back, (int)outcome);
}

void print_message(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

void print_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

void target_fail(struct target_place here, const char *format, ...)
{
    va_list args;

    printf("%s:%d: ", here.file, here.line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    leave(FAILED);
}

void target_skip(struct target_place here)
{
    printf("%s:%d: skipped\n", here.file, here.line);
    leave(SKIPPED);
}

// ---- assertions

void target_check(struct target_place here, int holds, const char *what)
{
    if (!holds) {
        target_fail(here, "%s", what);
    }
}

void target_equal(struct target_place here, uintmax_t a, uintmax_t b, int equal,
    const char *what)
{
    if ((a == b) != (equal != 0)) {
        target_fail(here, "%s: 0x%llx, 0x%llx", what, (unsigned long long)a,
            (unsigned long long)b);
    }
}

void target_range(struct target_place here, uintmax_t value, uintmax_t from,
    uintmax_t to, const char *what)
{
    if (value < from || value > to) {
        target_fail(here, "%s: %llu, %llu..%llu", what,
            (unsigned long long)value, (unsigned long long)from,
            (unsigned long long)to);
    }
}

void target_text(struct target_place here, const char *a, const char *b,
    const char *what)
{
    if (strcmp(a, b) != 0) {
        target_fail(here, "%s: \"%s\", \"%s\"", what, a, b);
    }
}

static void show(const char *side, const uint8_t *bytes, size_t from,
    size_t len)
{
    printf("%s %zu:", side, from);
    for (size_t i = from; i < len && i - from < SHOWN; i++) {
        printf(" %02x", bytes[i]);
    }
    printf("\n");
}

void target_bytes(struct target_place here, const void *a, const void *b,
    size_t len, int equal, const char *what)
{
    const uint8_t *left = a;
    const uint8_t *right = b;
    size_t at = 0;

    while (at < len && left[at] == right[at]) {
        at++;
    }
    if ((at == len) != (equal != 0)) {
        if (at < len) {
            show("left", left, at, len);
            show("right", right, at, len);
        }
        target_fail(here, "%s, %zu bytes", what, len);
    }
}

// ---- groups

static enum outcome run_fixture(CMFixtureFunction fixture, void **arg)
{
    int how;

    if (fixture == NULL) {
        return PASSED;
    }
    how = setjmp(state.back);
    if (how != 0) {
        return (enum outcome)how;
    }
    state.running = true;
    how = fixture(arg);
    state.running = false;
    return how == 0 ? PASSED : FAILED;
}

static enum outcome run_body(CMUnitTestFunction body, void **arg)
{
    int how = setjmp(state.back);

    if (how != 0) {
        return (enum outcome)how;
    }
    state.running = true;
    body(arg);
    state.running = false;
    return PASSED;
}

// As cmocka has it: where the set-up fails, neither the rest runs; behind a
// test that failed, the tear-down does.
static enum outcome run_test(const struct CMUnitTest *test, void *group)
{
    void *arg = test->initial_state != NULL ? test->initial_state : group;
    enum outcome outcome = run_fixture(test->setup_func, &arg);

    if (outcome != PASSED) {
        return outcome;
    }
    outcome = run_body(test->test_func, &arg);
    if (run_fixture(test->teardown_func, &arg) != PASSED) {
        return FAILED;
    }
    return outcome;
}

int target_group(const char *name, const struct CMUnitTest *tests, size_t n,
    CMFixtureFunction setup, CMFixtureFunction teardown)
{
    unsigned count[3] = { 0 }; // by outcome
    void *group = NULL;
    bool ready = run_fixture(setup, &group) == PASSED;

    for (size_t i = 0; i < n; i++) {
        enum outcome outcome = ready ? run_test(&tests[i], group) : FAILED;

        count[outcome]++;
        if (outcome == FAILED) {
            printf("failed: %s\n", tests[i].name);
        }
    }
    if (ready && run_fixture(teardown, &group) != PASSED) {
        printf("failed: the tear-down of %s\n", name);
        count[FAILED]++;
    }
    printf("group %s: %u passed, %u failed, %u skipped\n", name, count[PASSED],
        count[FAILED], count[SKIPPED]);
    fflush(stdout);
    return (int)count[FAILED];
}

// ---- the program

extern int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

// NAME=VALUE goes into the environment. True if it was that.
static bool is_setting(char *word)
{
    char *value = strchr(word, '=');

    if (value == NULL) {
        return false;
    }
    *value = '\0';
    return setenv(word, value + 1, 1) == 0;
}

int __wrap_main(int argc, char **argv)
{
    int kept = 1;

    for (int i = 1 + TARGET_OWN_WORDS; i < argc; i++) {
        if (!is_setting(argv[i])) {
            argv[kept++] = argv[i];
        }
    }
    argv[kept] = NULL;
    return __real_main(kept, argv);
}
