// SPDX-License-Identifier: MIT
//
// Files of stimuli: what was written is read, what is wrong is refused with
// its place.

#include "nif/base.h"
#include "tap/stimuli.h"
#include "tests/tap/files.h"

#define FRAME "ffffffffffff0200000000010806"

static bool take_seed(void *arg, const char *name, const char *value)
{
    char *seed = arg;

    snprintf(seed, 8, "%s", value);
    return strcmp(name, "seed") == 0 && strcmp(value, "bad") != 0;
}

static void what_was_written_is_read_again(void **state)
{
    struct tap_stimuli s;
    struct tap_stimulus item = { 0 };
    uint8_t frame[TAP_FRAME_MAX];
    char name[FILE_NAME];
    char seed[8] = "";

    (void)state;
    for (size_t i = 0; i < sizeof(frame); i++) {
        frame[i] = (uint8_t)(i * 7);
    }
    file_make(name, NULL);
    assert_int_equal(tap_stimuli_create(&s, name), 0);
    tap_stimuli_option(&s, "seed", "42");
    tap_stimuli_rx(&s, 1000, 0, frame, 14);
    tap_stimuli_rx(&s, 1000, 3, frame, sizeof(frame));
    tap_stimuli_end(&s, 18446744073709551614u, 4);
    assert_int_equal(tap_stimuli_close(&s), 0);

    assert_int_equal(tap_stimuli_open(&s, name, take_seed, seed), 0);
    assert_string_equal(seed, "42");
    assert_int_equal(tap_stimuli_next(&s, &item), 1);
    assert_int_equal(item.at_ns, 1000);
    assert_int_equal(item.out_count, 0);
    assert_int_equal(item.kind, TAP_STIMULUS_RX);
    assert_int_equal(item.len, 14);
    assert_int_equal(tap_stimuli_next(&s, &item), 1);
    assert_int_equal(item.out_count, 3);
    assert_int_equal(item.len, sizeof(frame));
    assert_memory_equal(item.frame, frame, sizeof(frame));
    assert_int_equal(tap_stimuli_next(&s, &item), 1);
    assert_int_equal(item.kind, TAP_STIMULUS_END);
    assert_true(item.at_ns == 18446744073709551614u);
    assert_int_equal(tap_stimuli_next(&s, &item), 0);
    assert_int_equal(tap_stimuli_close(&s), 0);
    unlink(name);
}

struct bad {
    const char *text;
    unsigned line; // that the error names
    const char *says;
};

#define HEAD "# netif-stimuli 1\n"

static const struct bad bad[] = {
    { "", 0, "not a file of stimuli" },
    { "hello\n", 1, "not a file of stimuli" },
    { "# netif-stimuli 2\n", 1, "not a file of stimuli" },
    { "# netif-stimuli 1", 1, "cut" },
    { HEAD "# option seed\n", 2, "a name and a value" },
    { HEAD "# option seed bad\n", 2, "cannot be used" },
    { HEAD "# option colour red\n", 2, "cannot be used" },
    { HEAD "# a remark\nrx " FRAME "\n", 3, "a time and a count" },
    { HEAD "-1 0 end\n", 2, "a time and a count" },
    { HEAD "1 -1 end\n", 2, "a time and a count" },
    { HEAD "1 end\n", 2, "a time and a count" },
    { HEAD "99999999999999999999 0 end\n", 2, "a time and a count" },
    { HEAD "5 0 rx " FRAME "\n4 0 rx " FRAME "\n", 3, "time goes back" },
    { HEAD "5 0 link down\n", 2, "neither" },
    { HEAD "5 0 rx\n", 2, "neither" },
    { HEAD "5 0 rx ffff\n", 2, "14 to 1514" },
    { HEAD "5 0 rx " FRAME "f\n", 2, "14 to 1514" },
    { HEAD "5 0 rx " FRAME "0g\n", 2, "not a byte" },
    { HEAD "5 0 rx " FRAME "AB\n", 2, "not a byte" },
    { HEAD "5 0 rx " FRAME, 2, "cut" },
};

// Reads all of it. Returns what the last call returned.
static int read_all(struct tap_stimuli *s, const char *name)
{
    struct tap_stimulus item = { 0 };
    char seed[8];
    int got = tap_stimuli_open(s, name, take_seed, seed);

    for (int i = 0; got >= 0 && i < 10; i++) {
        got = tap_stimuli_next(s, &item);
        if (got == 0) {
            break;
        }
    }
    return got;
}

static void what_is_wrong_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(bad); i++) {
        struct tap_stimuli s;
        char name[FILE_NAME];
        char place[FILE_NAME + 12];

        file_make(name, bad[i].text);
        assert_int_equal(read_all(&s, name), -1);
        if (!strstr(s.error, bad[i].says)) {
            fail_msg("row %zu: '%s' does not say '%s'", i, s.error,
                bad[i].says);
        }
        snprintf(place, sizeof(place), bad[i].line ? "%s:%u: " : "%s: ", name,
            bad[i].line);
        assert_memory_equal(s.error, place, strlen(place));
        tap_stimuli_close(&s);
        unlink(name);
    }
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct tap_stimuli s;

    (void)state;
    assert_int_equal(tap_stimuli_open(&s, "/nonexistent/x", NULL, NULL), -1);
    assert_string_equal(s.error, "/nonexistent/x: No such file or directory");
    assert_int_equal(tap_stimuli_create(&s, "/nonexistent/x"), -1);
    assert_string_equal(s.error, "/nonexistent/x: No such file or directory");
}

static void a_full_disk_is_told(void **state)
{
    struct tap_stimuli s;

    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_int_equal(tap_stimuli_create(&s, "/dev/full"), 0);
    tap_stimuli_end(&s, 1, 1);
    assert_int_equal(tap_stimuli_close(&s), -1);
    assert_non_null(strstr(s.error, "not all of it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(what_is_wrong_is_refused_with_its_place),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(a_full_disk_is_told),
    };

    return cmocka_run_group_tests_name("stimuli", tests, NULL, NULL);
}
