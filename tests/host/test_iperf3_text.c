// SPDX-License-Identifier: MIT
//
// Text and JSON of the iperf3 examples.

#include "examples/iperf3/iperf3.h"
#include "tests/support/check.h"

#include <string.h>

static void values_are_found_in_their_own_object_only(void **state)
{
    static const char text[] =
        " { \"a\" : { \"b\" : 1, \"x\" : [ 1, {\"b\":2} ] } , \"s\":"
        "\"\\\"b\\\":3,}\", \"b\" :\t42.9, \"t\":true,\"f\":false,"
        "\"n\":-5,\"one\":1,\"big\":99999999999999999999999 }";

    (void)state;
    assert_int_equal(iperf3_number(text, "b", 7), 42);
    assert_int_equal(iperf3_number(iperf3_find(text, "a"), "b", 7), 1);
    assert_int_equal(iperf3_number(text, "n", 7), 7);
    assert_int_equal(iperf3_number(text, "s", 7), 7);
    assert_int_equal(iperf3_number(text, "none", 7), 7);
    assert_true(iperf3_number(text, "big", 7) == UINT64_MAX);
    assert_true(iperf3_true(text, "t"));
    assert_false(iperf3_true(text, "f"));
    assert_true(iperf3_true(text, "one"));
    assert_false(iperf3_true(text, "none"));
}

static void a_text_may_end_anywhere(void **state)
{
    static const char text[] = "{\"a\":{\"b\":[1,\"\\\"\"]},\"c\":12}";
    char cut[sizeof(text)];

    (void)state;
    for (size_t len = 0; len < sizeof(text); len++) {
        memcpy(cut, text, len);
        memset(cut + len, 0, sizeof(cut) - len);
        assert_true(iperf3_number(cut, "c", 0) <= 12);
        assert_null(iperf3_find(cut, "d"));
    }
    assert_null(iperf3_find("[1]", "c"));
    assert_null(iperf3_find("{c:1}", "c"));
    assert_null(iperf3_find("{\"c\" 1}", "c"));
    assert_null(iperf3_find("", "c"));
}

static void numbers_are_written_with_their_point(void **state)
{
    char buf[12];
    struct iperf3_text t = { buf, sizeof(buf), 0 };

    (void)state;
    iperf3_put_point(&t, 5, 3);
    assert_string_equal(buf, "0.005");
    iperf3_put_u64(&t, 0);
    iperf3_put_point(&t, 12345, 1);
    assert_string_equal(buf, "0.00501234."); // cut where it is full
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_in_their_own_object_only),
        cmocka_unit_test(a_text_may_end_anywhere),
        cmocka_unit_test(numbers_are_written_with_their_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
