// SPDX-License-Identifier: MIT
//
// How the ESP-AT model boots, what it remembers, who it says it is.

#include "tests/espat/model_bench.h"

static void an_esp32_is_quiet_until_it_is_ready(void **state)
{
    struct bench *b = bench_open(NULL);

    (void)state;
    expect(b, "\r\nready\r\n");
    assert_in_range(b->world.now_ns, 705 * SIM_MS, 710 * SIM_MS);
    assert_int_equal(b->bus.uart.ops->errors(&b->bus.uart), 0);
    assert_int_equal(b->chip.boot_count, 1);
}

static void an_esp8266_speaks_at_another_rate_first(void **state)
{
    struct bench *b =
        bench_open(&(struct sim_espat_cfg){ .firmware = SIM_ESPAT_1_7 });

    (void)state;
    hear(b, 100, sizeof(b->heard));
    assert_in_range(b->heard_len, 50, 400); // garbage
    assert_true((b->bus.uart.ops->errors(&b->bus.uart) & NIF_UART_FRAMING) !=
        0);
    b->heard_len = 0;
    expect(b, "\r\nready\r\n");
    assert_in_range(b->world.now_ns, 305 * SIM_MS, 310 * SIM_MS);
}

static void at_its_rate_the_rom_can_be_read(void **state)
{
    struct bench *b =
        bench_open(&(struct sim_espat_cfg){ .firmware = SIM_ESPAT_1_7 });

    (void)state;
    assert_int_equal(b->bus.uart.ops->configure(&b->bus.uart, 74880, false), 0);
    await(b, "\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n");
}

static void what_comes_before_ready_is_not_heard(void **state)
{
    struct bench *b = bench_open(NULL);

    (void)state;
    pass_ms(b, 100);
    say(b, "AT\r\n");
    quiet(b, 500);
    expect(b, "\r\nready\r\n");
    quiet(b, 100);
}

static void the_pin_resets_it_and_wants_a_millisecond(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPMUX=1", "\r\nOK\r\n");
    nif_pin_write(&b->enable.pin, false);
    pass_ms(b, 10);
    say(b, "AT\r\n");
    quiet(b, 1000);
    nif_pin_write(&b->enable.pin, true);
    expect(b, "\r\nready\r\n");
    ask(b, "AT+CIPMUX?", "AT+CIPMUX?\r\n+CIPMUX:0\r\n\r\nOK\r\n");
    nif_pin_write(&b->enable.pin, false);
    sim_pass_ns(&b->world, 500 * SIM_US);
    nif_pin_write(&b->enable.pin, true);
    forgive(b, 1);
    expect(b, "\r\nready\r\n");
}

static void it_does_not_boot_while_it_is_held_in_reset(void **state)
{
    struct bench *b = bench_open(NULL);

    (void)state;
    nif_pin_write(&b->enable.pin, false); // before the ROM had begun
    quiet(b, 2000);
    assert_int_equal(b->chip.boot_count, 0);
    nif_pin_write(&b->enable.pin, true);
    expect(b, "\r\nready\r\n");
}

static void rst_says_ok_and_boots(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+RST", "\r\nOK\r\n");
    expect(b, "\r\nready\r\n");
    ask(b, "AT", "AT\r\n\r\nOK\r\n"); // echo is on again
    assert_int_equal(b->chip.boot_count, 2);
}

static void what_is_stored_is_there_after_a_reset(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CWMODE=1", "\r\nOK\r\n");
    assert_int_equal(b->chip.flash_writes, 1);
    ask(b, "AT+SYSSTORE=0", "\r\nOK\r\n");
    ask(b, "AT+CWMODE=3", "\r\nOK\r\n");
    assert_int_equal(b->chip.flash_writes, 1);
    ask(b, "AT+RST", "\r\nOK\r\n");
    await(b, "ready\r\n");
    ask(b, "AT+CWMODE?", "AT+CWMODE?\r\n+CWMODE:1\r\n\r\nOK\r\n");
    ask(b, "AT+RESTORE", "AT+RESTORE\r\n\r\nOK\r\n");
    await(b, "ready\r\n");
    ask(b, "AT+CWMODE?", "AT+CWMODE?\r\n+CWMODE:0\r\n\r\nOK\r\n");
}

static void the_old_one_stores_what_has_no_cur_behind_it(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_1_7);

    (void)state;
    ask(b, "AT+CWMODE_CUR=1", "\r\nOK\r\n");
    ask(b, "AT+CWMODE_CUR?", "+CWMODE_CUR:1\r\n\r\nOK\r\n");
    assert_int_equal(b->chip.flash_writes, 0);
    ask(b, "AT+CWMODE=3", "\r\nOK\r\n");
    ask(b, "AT+CWMODE_DEF=1", "\r\nOK\r\n");
    assert_int_equal(b->chip.flash_writes, 2);
    ask(b, "AT+SYSSTORE=0", "\r\nERROR\r\n");
}

static void a_stored_rate_holds_from_ready_on(void **state)
{
    struct bench *b =
        bench_open(&(struct sim_espat_cfg){ .firmware = SIM_ESPAT_2_4,
            .stored_baud = 921600 });

    (void)state;
    assert_int_equal(b->bus.uart.ops->configure(&b->bus.uart, 921600, false),
        0);
    expect(b, "\r\nready\r\n");
}

static void it_says_who_it_is(void **state)
{
    static const struct {
        enum sim_espat_firmware firmware;
        const char *begin;
    } of[] = {
        { SIM_ESPAT_1_7, "AT version:1.7.4.0(" },
        { SIM_ESPAT_2_0, "AT version:2.0.0.0(" },
        { SIM_ESPAT_2_1, "AT version:2.1.0.0(" },
        { SIM_ESPAT_2_2, "AT version:2.2.1.0(6754f3c - ESP8266 - " },
        { SIM_ESPAT_2_4,
            "AT version:2.4.0.0(4c6eb5e - ESP32C3 - May 20 2022 03:12:58)\r\n"
            "SDK version:v4.3.3-dirty\r\n"
            "compile time(5f5ee9a9):May 20 2022 11:13:52\r\n"
            "Bin version:2.4.0(MINI-1)\r\n\r\nOK\r\n" },
        { SIM_ESPAT_3_3, "AT version:3.3.0.0(" },
        { SIM_ESPAT_4_1, "AT version:4.1.1.0(" },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(of); i++) {
        struct bench *b = bench_ready(of[i].firmware);

        ask(b, "AT+GMR", of[i].begin);
    }
}

static void each_firmware_has_its_commands(void **state)
{
    static const struct {
        const char *line;
        enum sim_espat_firmware from;
        enum sim_espat_firmware to;
    } of[] = {
        { "AT+SYSSTORE=0", SIM_ESPAT_2_0, SIM_ESPAT_4_1 },
        { "AT+CWMODE=1", SIM_ESPAT_1_7, SIM_ESPAT_4_1 },
        { "AT+CWMODE_CUR=1", SIM_ESPAT_1_7, SIM_ESPAT_1_7 },
        { "AT+CIPRECVMODE=1", SIM_ESPAT_1_7, SIM_ESPAT_4_1 },
        { "AT+CIPRECVTYPE=1", SIM_ESPAT_3_3, SIM_ESPAT_4_1 },
        { "AT+CIPSTATE?", SIM_ESPAT_2_4, SIM_ESPAT_4_1 },
        { "AT+CWSTATE?", SIM_ESPAT_2_4, SIM_ESPAT_4_1 },
        { "AT+CIPSTATUS", SIM_ESPAT_1_7, SIM_ESPAT_4_1 },
    };

    (void)state;
    for (unsigned v = 0; v < SIM_ESPAT_FIRMWARES; v++) {
        struct bench *b = bench_ready((enum sim_espat_firmware)v);

        for (size_t i = 0; i < nif_countof(of); i++) {
            say(b, of[i].line);
            say(b, "\r\n");
            await(b,
                v >= of[i].from && v <= of[i].to ? "\r\nOK\r\n"
                                                 : "\r\nERROR\r\n");
        }
        assert_int_equal(b->world.complaints, 0);
    }
}

static void a_rate_that_was_stored_survives_other_settings(void **state)
{
    struct bench *b = bench_ready(SIM_ESPAT_2_4);
    struct nif_uart *uart = &b->bus.uart;

    (void)state;
    ask(b, "AT+UART_DEF=921600,8,1,0,0", "\r\nOK\r\n");
    pass_ms(b, 10);
    assert_int_equal(uart->ops->configure(uart, 921600, false), 0);
    ask(b, "AT+CWMODE=1", "\r\nOK\r\n");
    ask(b, "AT+RST", "\r\nOK\r\n");
    expect(b, "\r\nready\r\n");
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_teardown(test, bench_teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(an_esp32_is_quiet_until_it_is_ready),
        ON_BENCH(an_esp8266_speaks_at_another_rate_first),
        ON_BENCH(at_its_rate_the_rom_can_be_read),
        ON_BENCH(what_comes_before_ready_is_not_heard),
        ON_BENCH(the_pin_resets_it_and_wants_a_millisecond),
        ON_BENCH(it_does_not_boot_while_it_is_held_in_reset),
        ON_BENCH(rst_says_ok_and_boots),
        ON_BENCH(what_is_stored_is_there_after_a_reset),
        ON_BENCH(the_old_one_stores_what_has_no_cur_behind_it),
        ON_BENCH(a_stored_rate_holds_from_ready_on),
        ON_BENCH(it_says_who_it_is),
        ON_BENCH(each_firmware_has_its_commands),
        ON_BENCH(a_rate_that_was_stored_survives_other_settings),
    };

    return cmocka_run_group_tests_name("espat_boot", tests, NULL, NULL);
}
