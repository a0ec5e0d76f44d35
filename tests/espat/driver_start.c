// SPDX-License-Identifier: MIT
//
// Bring-up: every firmware, every state in which a module can be found, and
// lines at which there is none.

#include "tests/espat/driver_bench.h"

#include <string.h>

static void each_firmware_is_set_up_in_its_own_words(void **state)
{
    static const struct {
        enum bench_firmware firmware;
        uint16_t version;
        const char *mode;
        const char *receive;
    } cases[] = {
        { BENCH_AT17, 0x0107, "AT+CWMODE_CUR=1", "AT+CIPRECVMODE=1" },
        { BENCH_AT20, 0x0200, "AT+CWMODE=1", "AT+CIPRECVMODE=1" },
        { BENCH_AT24, 0x0204, "AT+CWMODE=1", "AT+CIPRECVMODE=1" },
        { BENCH_AT33, 0x0303, "AT+CWMODE=1", "AT+CIPRECVTYPE=5,1" },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct bench b;

        bench_open(&b, cases[i].firmware, NULL);
        assert_int_equal(nif_iface_start(&b.chip.iface), 0);
        assert_int_equal(b.chip.version, cases[i].version);
        assert_int_equal(b.chip.is_8266, cases[i].firmware == BENCH_AT17);
        assert_int_equal(bench_count(&b, "AT+RST"), 1);
        assert_int_equal(bench_count(&b, "ATE0"), 1);
        assert_int_equal(bench_count(&b, cases[i].mode), 1);
        assert_int_equal(bench_count(&b, "AT+CIPMUX=1"), 1);
        assert_int_equal(bench_count(&b, "AT+CIPDINFO=1"), 1);
        assert_int_equal(bench_count(&b, cases[i].receive), 1);
        assert_int_equal(bench_count(&b, "AT+SYSSTORE=0"),
            cases[i].firmware != BENCH_AT17);
        assert_true(b.world.now_ns < 2 * SIM_S);
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_firmware_is_set_up_in_its_own_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
