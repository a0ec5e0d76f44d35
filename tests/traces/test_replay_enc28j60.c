// SPDX-License-Identifier: MIT
//
// The ENC28J60 driver meets recordings of itself.

#include "bringup.h"

#include "sim/trace/diff.h"

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

    bringup_open(cfg, &first, &rec);
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

// What was recorded is constant to all but those who tamper with it.
static uint8_t *writable(const uint8_t *at)
{
    uint8_t *to;

    memcpy(&to, &at, sizeof(to));
    return to;
}

// The driver meets the recording with one byte of event `i` changed.
static void meet_changed_mosi(const struct bringup_cfg *cfg,
    struct sim_recording *rec, size_t i, size_t at)
{
    const struct sim_recorded *event = &rec->event[i];
    uint8_t *byte = writable(&event->item.data[at]);
    struct bringup run;

    *byte ^= 0x01;
    bringup_replay(cfg, rec, &replay, &run);
    *byte ^= 0x01;
    free(run.text);
    if (!replay.diverged || replay.want.index != event->item.index ||
        replay.line != event->line) {
        fail_msg("byte %zu of transaction %u: found at %u", at,
            (unsigned)event->item.index, (unsigned)replay.want.index);
    }
}

static void a_changed_byte_of_mosi_is_found_at_its_index(void **state)
{
    static const struct bringup_cfg cfg = { .bench.polled = true };
    struct sim_recording rec;
    struct bringup first;
    unsigned bytes = 0;

    (void)state;
    bringup_open(&cfg, &first, &rec);
    for (size_t i = 0; i < rec.count; i++) {
        const struct sim_trace_item *item = &rec.event[i].item;

        for (size_t at = 0; item->kind == SIM_TRACE_SPI && at < item->len;
             at++) {
            meet_changed_mosi(&cfg, &rec, i, at);
            bytes++;
        }
    }
    assert_true(bytes > 300);
    free(first.text);
    sim_recording_done(&rec);
}

// A driver need not look at each bit that it is given, so that it is the
// comparison that must find these.
static void a_changed_byte_of_miso_is_found_at_its_index(void **state)
{
    static const struct bringup_cfg cfg = { .bench.polled = true };
    static const struct sim_diff_cfg exact = { .exact = true };
    static struct sim_diff diff;
    struct sim_recording rec;
    struct sim_recording other;
    struct bringup first;
    unsigned bytes = 0;

    (void)state;
    bringup_open(&cfg, &first, &rec);
    bringup_read(first.text, first.len, &other);
    for (size_t i = 0; i < rec.count; i++) {
        const struct sim_trace_item *item = &rec.event[i].item;

        for (size_t at = 0; item->kind == SIM_TRACE_SPI && at < item->len;
             at++) {
            uint8_t *byte = writable(&item->miso[at]);

            *byte ^= 0x10;
            sim_diff(&other, &rec, &exact, &diff);
            *byte ^= 0x10;
            assert_int_equal(diff.differs, item->miso_known[at]);
            if (diff.differs) {
                assert_int_equal(diff.side[0].at.index, item->index);
                assert_int_equal(diff.side[1].at.line, rec.event[i].line);
                bytes++;
            }
        }
    }
    assert_true(bytes > 100);
    free(first.text);
    sim_recording_done(&rec);
    sim_recording_done(&other);
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
    bringup_open(&cfg, &first, &rec);
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
    bringup_open(&cfg, &first, &rec);
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
    bringup_open(&cfg, &first, &rec);
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
        cmocka_unit_test(a_changed_byte_of_miso_is_found_at_its_index),
        cmocka_unit_test(
            another_configuration_is_told_in_the_data_sheets_words),
        cmocka_unit_test(a_driver_that_stops_early_is_noticed),
        cmocka_unit_test(a_driver_that_goes_on_meets_the_end),
    };

    return cmocka_run_group_tests_name("trace_replay_enc28j60", tests, NULL,
        NULL);
}
