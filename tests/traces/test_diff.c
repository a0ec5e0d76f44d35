// SPDX-License-Identifier: MIT
//
// What is a difference between two recordings, and what is none.

#include "sim/trace/diff.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <string.h>

static struct sim_diff diff;

static void read_text(const char *text, struct sim_recording *rec)
{
    static char whole[8192];
    struct sim_trace_reader reader;
    FILE *in;

    snprintf(whole, sizeof(whole), "# netif-trace 1\n# time ns\n%s", text);
    in = fmemopen(whole, strlen(whole), "r");
    assert_non_null(in);
    sim_trace_read_init(&reader, in, "text");
    if (sim_recording_read(rec, &reader) != 1) {
        fail_msg("%s", reader.error);
    }
    sim_trace_read_done(&reader);
    fclose(in);
}

static void compare_with(const char *a, const char *b,
    const struct sim_diff_cfg *cfg)
{
    struct sim_recording first;
    struct sim_recording second;

    read_text(a, &first);
    read_text(b, &second);
    sim_diff(&first, &second, cfg, &diff);
    sim_recording_done(&first);
    sim_recording_done(&second);
}

static bool equal(const char *a, const char *b)
{
    compare_with(a, b, NULL);
    return !diff.differs;
}

#define ENC "# bus c spi chip=enc28j60\n"

static void turns_of_a_poll_loop_do_not_count(void **state)
{
    static const char two[] = ENC "1000 spi c 0 +100 4001 ....\n"
                                  "2000 spi c 1 +100 1d00 ..00\n"
                                  "3000 spi c 2 +100 1d00 ..01\n"
                                  "4000 spi c 3 +100 4002 ....\n";
    static const char one[] = ENC "1000 spi c 0 +100 4001 ....\n"
                                  "2000 spi c 1 +100 1d00 ..01\n"
                                  "3000 spi c 2 +100 4002 ....\n";
    static const char five[] = ENC "1000 spi c 0 +100 4001 ....\n"
                                   "2000 spi c 1 +100 1d00 ..00\n"
                                   "2200 spi c 2 +100 1d00 ..00\n"
                                   "2400 spi c 3 +100 1d00 ..00\n"
                                   "2600 spi c 4 +100 1d00 ..00\n"
                                   "2800 spi c 5 +100 1d00 ..01\n"
                                   "3000 spi c 6 +100 4002 ....\n";
    static const char never[] = ENC "1000 spi c 0 +100 4001 ....\n"
                                    "2000 spi c 1 +100 1d00 ..00\n"
                                    "3000 spi c 2 +100 1d00 ..00\n"
                                    "4000 spi c 3 +100 4002 ....\n";

    (void)state;
    assert_true(equal(two, one));
    assert_true(equal(two, five));
    assert_int_equal(diff.side[0].turns, 1);
    assert_int_equal(diff.side[1].turns, 4);
    assert_int_equal(diff.events, 3);
    assert_false(equal(two, never));
    assert_string_equal(diff.what, "MISO byte 1: 01, 00");
    assert_string_equal(diff.side[0].at.text, "RCR ESTAT -> 01 CLKRDY");
    assert_string_equal(diff.side[1].at.text, "RCR ESTAT -> 00");
    compare_with(two, five, &(struct sim_diff_cfg){ .exact = true });
    assert_true(diff.differs);
    assert_int_equal(diff.side[1].at.index, 2);
}

static void loops_of_loops_do_not_count_either(void **state)
{
    char text[2][4096];

    (void)state;
    for (unsigned s = 0; s < 2; s++) {
        unsigned n = 0;
        int len = snprintf(text[s], sizeof(text[s]), ENC);

        for (unsigned round = 0; round < 3 + 2 * s; round++) {
            len += snprintf(text[s] + len, sizeof(text[s]) - (size_t)len,
                "%u spi c %u +50 5201 ....\n", 1000 + n * 100, n);
            n++;
            for (unsigned busy = 0; busy < 2 + s; busy++) {
                len += snprintf(text[s] + len, sizeof(text[s]) - (size_t)len,
                    "%u spi c %u +50 1d00 ..%s\n", 1000 + n * 100, n,
                    busy == 1 + s ? "00" : "01");
                n++;
            }
        }
    }
    assert_true(equal(text[0], text[1]));
    assert_int_equal(diff.events, 2);
}

static void what_one_of_them_does_not_know_is_equal(void **state)
{
    (void)state;
    assert_true(equal("1 spi c 0 +9 1c00 0041\n", "1 spi c 0 +9 1c00 ..41\n"));
    assert_true(equal("1 spi c 0 +9 1c00 0041 mask=F1\n",
        "1 spi c 0 +9 1c00 0043\n"));
    assert_false(equal("1 spi c 0 +9 1c00 0041 mask=F2\n",
        "1 spi c 0 +9 1c00 0043\n"));
    assert_true(equal("1 spi c 0 +9 1c00 0041\n", "1 spi c 0 +9 ..00 ..41\n"));
    assert_true(equal("1 spi c 0 +9 1c,00 00,41\n",
        "1 spi c 0 +9 1c00 0041\n"));
}

static void time_is_told_and_compared_only_on_demand(void **state)
{
    static const char a[] = "1000 spi c 0 +9 0a .. \n"
                            "2000 spi c 1 +9 0b .. \n"
                            "3000 spi c 2 +9 0c .. \n";
    static const char b[] = "5000 spi c 0 +9 0a .. \n"
                            "6030 spi c 1 +9 0b .. \n"
                            "6990 spi c 2 +9 0c .. \n";

    (void)state;
    assert_true(equal(a, b));
    assert_int_equal(diff.deviation_ns, 30);
    assert_int_equal(diff.deviation_index, 1);
    assert_string_equal(diff.deviation_where, "spi c");
    compare_with(a, b, &(struct sim_diff_cfg){ .times = true });
    assert_true(diff.differs);
    assert_int_equal(diff.side[0].at.index, 1);
    assert_string_equal(diff.what, "time, by 30 ns");
    compare_with(a, b,
        &(struct sim_diff_cfg){ .times = true, .tolerance_ns = 30 });
    assert_false(diff.differs);
}

static void what_is_only_in_one_is_told_apart_from_what_follows(void **state)
{
    static const char a[] = "1000 spi c 0 +9 01 .. \n"
                            "2000 spi c 1 +9 02 .. \n"
                            "3000 spi c 2 +9 03 .. \n"
                            "4000 spi c 3 +9 04 .. \n"
                            "5000 spi c 4 +9 05 .. \n";
    static const char b[] = "1000 spi c 0 +9 01 .. \n"
                            "1100 spi c 1 +9 0a .. \n"
                            "1200 spi c 2 +9 0b .. \n"
                            "2000 spi c 3 +9 02 .. \n"
                            "3000 spi c 4 +9 03 .. \n"
                            "4000 spi c 5 +9 04 .. \n"
                            "5000 spi c 6 +9 05 .. \n";

    (void)state;
    assert_false(equal(a, b));
    assert_int_equal(diff.skip[0], 0);
    assert_int_equal(diff.skip[1], 2);
    assert_int_equal(diff.side[0].at.line, 4);
    assert_int_equal(diff.side[1].at.line, 4);
    assert_string_equal(diff.what, "MOSI byte 0: 02, 0a");
    assert_int_equal(diff.before[SIM_DIFF_BEFORE - 1].index, 0);
    assert_false(diff.before[SIM_DIFF_BEFORE - 2].there);
    assert_int_equal(diff.side[1].after[1].index, 3);
}

static void one_that_ends_early_differs_there(void **state)
{
    (void)state;
    assert_false(equal("1 spi c 0 +9 01 ..\n2 spi c 1 +9 02 ..\n",
        "1 spi c 0 +9 01 ..\n"));
    assert_true(diff.side[0].at.there);
    assert_false(diff.side[1].at.there);
    assert_int_equal(diff.side[0].at.index, 1);
}

static void the_earliest_of_several_buses_is_told(void **state)
{
    (void)state;
    assert_false(equal("100 spi c 0 +9 01 ..\n"
                       "200 mdio m 0 +9 read 1 1 7809\n"
                       "300 spi c 1 +9 02 ..\n",
        "100 spi c 0 +9 01 ..\n"
        "200 mdio m 0 +9 read 1 1 782d\n"
        "300 spi c 1 +9 03 ..\n"));
    assert_string_equal(diff.where, "mdio m");
    assert_string_equal(diff.what, "value 7809, 782D");
    assert_string_equal(diff.side[1].at.text, "read PHY 1 BMSR -> 782D");
}

static void a_serial_line_is_a_stream(void **state)
{
    (void)state;
    assert_true(equal("100 uart u 0 +400 tx 41540d0a\n",
        "100 uart u 0 +200 tx 4154\n"
        "700 uart u 1 +200 tx 0d0a\n"));
    assert_int_equal(diff.deviation_ns, 400);
    assert_false(equal("100 uart u 0 +400 rx 4f4b0d0a\n",
        "100 uart u 0 +400 rx 4f4c0d0a\n"));
    assert_string_equal(diff.what, "word 4b, 4c");
    assert_string_equal(diff.where, "uart u rx");
    assert_false(equal("100 uart u 0 +400 rx 4f4b framing=1\n",
        "100 uart u 0 +400 rx 4f4b\n"));
}

static void pins_frames_and_complaints_are_compared(void **state)
{
    (void)state;
    assert_false(equal("1 pin i 0\n2 pin i 1\n", "1 pin i 0\n2 pin i x\n"));
    assert_false(equal("1 eth e tx 0102\n", "1 eth e tx 0103\n"));
    assert_false(equal("1 pin i 0\n",
        "1 pin i 0\n2 complaint c it is wrong\n"));
    assert_true(equal("1 pin i 0\n1 log a b\n", "1 pin i 0\n1 log a c\n"));
    assert_true(equal("1 spi c 0 +9 01 ..\n20 pin i 0\n",
        "1 spi c 0 +9 01 ..\n"));
    assert_string_equal(diff.alone, "pin i only in the first");
}

static void buses_of_other_names_are_compared(void **state)
{
    (void)state;
    assert_false(equal("1 spi spi0 0 +9 01 ..\n",
        "1 spi enc28j60 0 +9 02 ..\n"));
    assert_string_equal(diff.what, "MOSI byte 0: 01, 02");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_of_a_poll_loop_do_not_count),
        cmocka_unit_test(loops_of_loops_do_not_count_either),
        cmocka_unit_test(what_one_of_them_does_not_know_is_equal),
        cmocka_unit_test(time_is_told_and_compared_only_on_demand),
        cmocka_unit_test(what_is_only_in_one_is_told_apart_from_what_follows),
        cmocka_unit_test(one_that_ends_early_differs_there),
        cmocka_unit_test(the_earliest_of_several_buses_is_told),
        cmocka_unit_test(a_serial_line_is_a_stream),
        cmocka_unit_test(pins_frames_and_complaints_are_compared),
        cmocka_unit_test(buses_of_other_names_are_compared),
    };

    return cmocka_run_group_tests_name("trace_diff", tests, NULL, NULL);
}
