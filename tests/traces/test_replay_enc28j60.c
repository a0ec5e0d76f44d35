// SPDX-License-Identifier: MIT
//
// The ENC28J60 driver meets recordings of itself.

#include "bringup.h"

#include <stdlib.h>
#include <string.h>

static struct sim_replay replay;

// The lines of the bus, and of pins if any is connected.
static char *bus_lines(const char *text, bool pins)
{
    char *kept = malloc(strlen(text) + 1);
    size_t len = 0;

    assert_non_null(kept);
    while (*text) {
        size_t line = strcspn(text, "\n") + 1;
        const char *what = strchr(text, ' ') + 1;

        if (strncmp(what, "spi ", 4) == 0 ||
            (pins && strncmp(what, "pin ", 4) == 0)) {
            memcpy(kept + len, text, line);
            len += line;
        }
        text += line;
    }
    kept[len] = '\0';
    return kept;
}

// cmocka cuts long strings: says the first line that differs.
static void assert_same_lines(const char *a, const char *b)
{
    size_t at = 0;
    size_t line = 0;

    while (a[at] != '\0' && a[at] == b[at]) {
        line = a[at++] == '\n' ? at : line;
    }
    if (a[at] != b[at]) {
        fail_msg("\n%.*s\n%.*s", (int)strcspn(a + line, "\n"), a + line,
            (int)strcspn(b + line, "\n"), b + line);
    }
}

static void is_repeated(const struct bringup_cfg *cfg)
{
    struct sim_recording rec;
    struct bringup first;
    struct bringup second;
    char *a;
    char *b;

    bringup_record(cfg, &first);
    assert_int_equal(first.err, 0);
    bringup_read(first.text, first.len, &rec);
    bringup_replay(cfg, &rec, &replay, &second);
    sim_replay_print(&replay, stderr);
    assert_false(replay.diverged);
    a = bus_lines(first.text, !cfg->bench.polled);
    b = bus_lines(second.text, !cfg->bench.polled);
    assert_true(strlen(a) > 10000);
    assert_same_lines(a, b);
    assert_int_equal(second.err, 0);
    assert_int_equal(first.board_count, second.board_count);
    assert_int_equal(first.board_count, cfg->frames ? 3 : 0);
    assert_int_equal(first.end_ns, second.end_ns);
    assert_int_equal(replay.turns_more + replay.turns_fewer, 0);
    free(a);
    free(b);
    free(first.text);
    free(second.text);
    sim_recording_done(&rec);
}

static void a_recorded_run_is_repeated_bit_for_bit(void **state)
{
    static const struct bench_cfg cfgs[] = {
        { .hz = 20000000 },
        { .hz = 8000000 },
        { .polled = true },
        { .full_duplex = true },
        { .reset_pin = true },
        { .polled = true, .full_duplex = true, .reset_pin = true },
        { .check_ms = 5 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cfgs); i++) {
        is_repeated(&(struct bringup_cfg){ cfgs[i], true });
    }
}

static void a_changed_byte_of_mosi_is_found_at_its_index(void **state)
{
    static const struct bringup_cfg cfg = { .bench.polled = true };
    struct sim_recording rec;
    struct bringup first;
    struct bringup second;
    unsigned bytes = 0;

    (void)state;
    bringup_record(&cfg, &first);
    bringup_read(first.text, first.len, &rec);
    for (size_t i = 0; i < rec.count; i++) {
        const struct sim_trace_item *item = &rec.event[i].item;

        for (size_t at = 0; item->kind == SIM_TRACE_SPI && at < item->len;
             at++) {
            uint8_t *byte = (uint8_t *)(uintptr_t)&item->data[at];

            *byte ^= 0x01;
            bringup_replay(&cfg, &rec, &replay, &second);
            *byte ^= 0x01;
            free(second.text);
            if (!replay.diverged || replay.want.index != item->index ||
                replay.line != rec.event[i].line) {
                fail_msg("byte %zu of transaction %u: found at %u", at,
                    (unsigned)item->index, (unsigned)replay.want.index);
            }
            bytes++;
        }
    }
    print_message("%u bytes of %zu events\n", bytes, rec.count);
    assert_true(bytes > 300);
    free(first.text);
    sim_recording_done(&rec);
}

static void another_configuration_is_told_in_the_data_sheets_words(void **state)
{
    struct bringup_cfg cfg = { .bench.polled = true };
    struct sim_recording rec;
    struct bringup first;
    struct bringup second;
    char *report;
    size_t len;
    FILE *out;

    (void)state;
    bringup_record(&cfg, &first);
    bringup_read(first.text, first.len, &rec);
    // The bus has no name of a chip, but the header may say which it is.
    rec.bus = calloc(1, sizeof(*rec.bus));
    rec.bus_count = 1;
    sim_trace_bus_parse("spi spi chip=enc28j60", rec.bus);
    cfg.bench.full_duplex = true;
    bringup_replay(&cfg, &rec, &replay, &second);
    assert_true(replay.diverged);
    out = open_memstream(&report, &len);
    sim_replay_print(&replay, out);
    fclose(out);
    print_message("%s", report);
    assert_non_null(strstr(report, "expected  WCR MIWRH 00 (PHCON1 <- 0000)"));
    assert_non_null(strstr(report, "got       WCR MIWRH 01 (PHCON1 <- 0100)"));
    assert_non_null(strstr(report, "the last ones before it:"));
    assert_int_equal(second.err, NIF_EIO);
    free(report);
    free(first.text);
    free(second.text);
    sim_recording_done(&rec);
}

static void a_driver_that_stops_early_is_noticed(void **state)
{
    struct bringup_cfg cfg = { .frames = true };
    struct sim_recording rec;
    struct bringup first;
    struct bringup second;

    (void)state;
    bringup_record(&cfg, &first);
    bringup_read(first.text, first.len, &rec);
    cfg.frames = false;
    bringup_replay(&cfg, &rec, &replay, &second);
    assert_true(replay.diverged);
    assert_string_equal(replay.got, "nothing: the driver stopped");
    free(first.text);
    free(second.text);
    sim_recording_done(&rec);
}

static void a_driver_that_goes_on_meets_the_end(void **state)
{
    struct bringup_cfg cfg = { .bench.polled = true };
    struct sim_recording rec;
    struct bringup first;
    struct bringup second;

    (void)state;
    bringup_record(&cfg, &first);
    bringup_read(first.text, first.len, &rec);
    cfg.frames = true;
    bringup_replay(&cfg, &rec, &replay, &second);
    assert_false(replay.diverged);
    assert_true(replay.over);
    free(first.text);
    free(second.text);
    sim_recording_done(&rec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recorded_run_is_repeated_bit_for_bit),
        cmocka_unit_test(a_changed_byte_of_mosi_is_found_at_its_index),
        cmocka_unit_test(
            another_configuration_is_told_in_the_data_sheets_words),
        cmocka_unit_test(a_driver_that_stops_early_is_noticed),
        cmocka_unit_test(a_driver_that_goes_on_meets_the_end),
    };

    return cmocka_run_group_tests_name("trace_replay_enc28j60", tests, NULL,
        NULL);
}
