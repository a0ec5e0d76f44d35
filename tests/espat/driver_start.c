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

static void the_reset_pin_takes_the_place_of_the_command(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    b.chip.cfg.reset = &b.pin;
    assert_int_equal(nif_iface_start(&b.chip.iface), 0);
    assert_int_equal(b.resets, 1);
    assert_int_equal(bench_count(&b, "AT+RST"), 0);
    assert_true(b.world.now_ns < 2 * SIM_S);
    bench_close(&b);
}

static void a_ready_that_is_missing_costs_time_only(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    b.mute_ready = true;
    assert_int_equal(nif_iface_start(&b.chip.iface), 0);
    assert_true(b.world.now_ns > 5 * SIM_S && b.world.now_ns < 8 * SIM_S);
    bench_close(&b);
}

static void nothing_is_stored_and_no_network_joined_by_itself(void **state)
{
    struct bench b;
    struct nif_hwaddr hwaddr;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    assert_int_equal(nif_iface_start(&b.chip.iface), 0);
    assert_null(strstr(b.log, "_DEF"));
    assert_true(strstr(b.log, "SYSSTORE=0") < strstr(b.log, "CWMODE"));
    assert_int_equal(bench_count(&b, "AT+CWQAP"), 1);
    nif_iface_hwaddr(&b.chip.iface, &hwaddr);
    assert_int_equal(hwaddr.byte[5], 7);
    // One that joins all the same is made to leave.
    bench_say(&b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
    bench_run(&b, 100);
    assert_int_equal(bench_count(&b, "AT+CWQAP"), 2);
    assert_int_equal(nif_iface_flags(&b.chip.iface) & NIF_IFACE_LINK, 0);
    bench_close(&b);
}

// ---- the rate

static void the_rate_is_changed_and_asked_for(void **state)
{
    const struct espat_cfg cfg = { .baud = 921600, .rts_cts = true };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, &cfg);
    bench_up(&b);
    assert_int_equal(bench_count(&b, "AT+UART_CUR=921600,8,1,0,3"), 1);
    assert_int_equal(b.baud, 921600);
    assert_int_equal(b.host_baud, 921600);
    assert_true(b.host_rts);
    assert_true(bench_traffic(&b));
    bench_close(&b);
}

static void a_module_that_stays_at_its_rate_is_used_at_that(void **state)
{
    const struct espat_cfg cfg = { .baud = 921600 };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, &cfg);
    b.keeps_baud = true;
    bench_up(&b);
    assert_int_equal(b.host_baud, 115200);
    assert_true(bench_traffic(&b));
    bench_close(&b);
}

static void a_module_that_changes_and_does_not_say_so_is_found(void **state)
{
    const struct espat_cfg cfg = { .baud = 460800 };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, &cfg);
    b.silent_baud = true;
    bench_up(&b);
    assert_int_equal(b.host_baud, 460800);
    assert_true(bench_traffic(&b));
    bench_close(&b);
}

static void a_rate_that_one_of_them_cannot_have_is_not_used(void **state)
{
    const struct espat_cfg cfg = { .baud = 921600 };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, &cfg);
    b.baud_max = 460800;
    bench_up(&b);
    assert_null(strstr(b.log, "UART_CUR"));
    assert_true(bench_traffic(&b));
    bench_close(&b);

    bench_open(&b, BENCH_AT24, &cfg);
    bench_answer(&b, "AT+UART_CUR=*", "\r\nERROR\r\n");
    bench_up(&b);
    assert_int_equal(b.host_baud, 115200);
    assert_true(bench_traffic(&b));
    bench_close(&b);
}

// The board has restarted, the module has not: it is still at the fast rate,
// or in the middle of a payload.
static void a_module_is_found_as_it_was_left(void **state)
{
    const struct espat_cfg cfg = { .baud = 921600 };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, &cfg);
    b.baud = 921600;
    bench_up(&b);
    assert_true(bench_traffic(&b));
    bench_close(&b);

    bench_open(&b, BENCH_AT24, NULL);
    b.data_left = 8000;
    bench_up(&b);
    assert_true(bench_traffic(&b));
    bench_close(&b);
}

// ---- what is no module

static void a_line_without_a_module_is_told_in_bounded_time(void **state)
{
    static const enum bench_dead kinds[] = { BENCH_SILENT, BENCH_ZERO,
        BENCH_ONES, BENCH_NOISE, BENCH_ECHO };

    (void)state;
    for (size_t i = 0; i < 2 * nif_countof(kinds); i++) {
        struct bench b;

        bench_open(&b, BENCH_AT24, NULL);
        b.chip.cfg.reset = i % 2 ? &b.pin : NULL;
        b.dead = kinds[i / 2];
        assert_int_equal(nif_iface_start(&b.chip.iface), NIF_ENODEV);
        assert_true(b.world.now_ns < 12 * SIM_S);
        assert_int_equal(nif_iface_flags(&b.chip.iface) & NIF_IFACE_STARTED, 0);
        b.dead = BENCH_ALIVE; // and it can be tried again
        assert_int_equal(nif_iface_start(&b.chip.iface), 0);
        bench_close(&b);
    }
}

static void a_module_that_dies_is_told_and_comes_back(void **state)
{
    static const enum bench_dead kinds[] = { BENCH_SILENT, BENCH_ZERO,
        BENCH_ONES, BENCH_NOISE, BENCH_ECHO };

    (void)state;
    for (size_t i = 0; i < nif_countof(kinds); i++) {
        struct nif_wifi_status wifi;
        struct nif_conn *conn;
        struct bench b;

        bench_open(&b, BENCH_AT24, NULL);
        b.chip.cfg.reset = &b.pin;
        bench_up(&b);
        conn = bench_dial(&b, 1);
        b.dead = kinds[i];
        bench_run(&b, 20000);
        assert_true(b.poll_err == NIF_EIO || b.poll_err == NIF_ENODEV);
        assert_int_equal(conn->state, NIF_CONN_FAILED);
        assert_int_equal(conn->err, NIF_ERESET);
        nif_wifi_status(&b.chip.iface, &wifi);
        assert_int_equal(wifi.state, NIF_WIFI_FAILED);
        assert_int_equal(wifi.err, NIF_EIO);
        assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), 1);
        assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 0);
        b.dead = BENCH_ALIVE;
        bench_run(&b, 15000);
        assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 1);
        nif_conn_abort(conn);
        assert_true(b.slowest_ns < 2 * SIM_MS);
        bench_close(&b);
    }
}

// The port fails from its n-th call on, for each n of bring-up and of some
// traffic.
static void a_port_that_fails_is_told_at_once(void **state)
{
    unsigned at = 1;
    int err = NIF_EIO;

    (void)state;
    while (err == NIF_EIO) {
        struct bench b;

        bench_open(&b, BENCH_AT24, NULL);
        b.fail_at = at;
        err = nif_iface_start(&b.chip.iface);
        if (err == 0) { // now in the middle of work
            uint64_t again_us = NIF_NEVER;

            b.fail_at = b.calls + 1;
            assert_int_equal(nif_iface_poll(&b.chip.iface, &again_us), NIF_EIO);
        }
        b.fail_at = 0;
        assert_int_equal(nif_iface_start(&b.chip.iface), 0);
        bench_close(&b);
        at += 7;
    }
    assert_int_equal(err, 0);
    assert_true(at > 300);
}

static void a_module_that_answers_without_sense_is_given_up(void **state)
{
    static const struct bench_rule no_version[] = {
        { "AT+GMR", "\r\nOK\r\n" },
    };
    static const struct bench_rule no_mux[] = {
        { "AT+CIPMUX=1", "\r\nERROR\r\n" },
    };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    b.extra = no_version;
    b.extra_count = 1;
    assert_int_equal(nif_iface_start(&b.chip.iface), NIF_ETIMEDOUT);
    assert_int_equal(bench_count(&b, "AT+GMR"), 3);
    b.extra = no_mux;
    assert_int_equal(nif_iface_start(&b.chip.iface), NIF_ETIMEDOUT);
    b.extra_count = 0;
    assert_int_equal(nif_iface_start(&b.chip.iface), 0);
    bench_close(&b);
}

// While it joins a network of its own at boot, AT 1.x is busy for everybody.
static void a_busy_module_is_waited_for(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT17, NULL);
    for (int i = 0; i < 20; i++) {
        bench_answer(&b, "AT*", "\r\nbusy p...\r\n");
    }
    assert_int_equal(nif_iface_start(&b.chip.iface), 0);
    assert_int_equal(b.chip.stats.busy, 20);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_firmware_is_set_up_in_its_own_words),
        cmocka_unit_test(the_reset_pin_takes_the_place_of_the_command),
        cmocka_unit_test(a_ready_that_is_missing_costs_time_only),
        cmocka_unit_test(nothing_is_stored_and_no_network_joined_by_itself),
        cmocka_unit_test(the_rate_is_changed_and_asked_for),
        cmocka_unit_test(a_module_that_stays_at_its_rate_is_used_at_that),
        cmocka_unit_test(a_module_that_changes_and_does_not_say_so_is_found),
        cmocka_unit_test(a_rate_that_one_of_them_cannot_have_is_not_used),
        cmocka_unit_test(a_module_is_found_as_it_was_left),
        cmocka_unit_test(a_line_without_a_module_is_told_in_bounded_time),
        cmocka_unit_test(a_module_that_dies_is_told_and_comes_back),
        cmocka_unit_test(a_port_that_fails_is_told_at_once),
        cmocka_unit_test(a_module_that_answers_without_sense_is_given_up),
        cmocka_unit_test(a_busy_module_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
