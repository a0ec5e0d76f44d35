// SPDX-License-Identifier: MIT
//
// A recording that plays the chip: poll loops, time, pins, serial lines, MDIO,
// ports that failed. Recordings are written by hand here.

#include "sim/trace/replay.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <string.h>

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_recording rec;
    struct sim_replay replay;
};

static struct bench bench;

static struct bench *open_text(const char *text)
{
    static char whole[8192];
    struct bench *b = &bench;
    struct sim_trace_reader reader;
    FILE *in;

    snprintf(whole, sizeof(whole), "# netif-trace 1\n# time ns\n%s", text);
    in = fmemopen(whole, strlen(whole), "r");
    assert_non_null(in);
    sim_trace_read_init(&reader, in, "text");
    if (sim_recording_read(&b->rec, &reader) != 1) {
        fail_msg("%s", reader.error);
    }
    sim_trace_read_done(&reader);
    fclose(in);
    sim_world_init(&b->world, 1);
    sim_cpu_init(&b->cpu, &b->world, 200);
    sim_replay_init(&b->replay, &b->cpu, &b->rec);
    return b;
}

static void close_text(struct bench *b)
{
    sim_replay_done(&b->replay);
    sim_recording_done(&b->rec);
    sim_world_done(&b->world);
}

// One command with one byte of data, sent as two segments. Returns what came
// in place of the second byte, or an error.
static int ask(struct bench *b, uint8_t command, uint8_t data)
{
    uint8_t got = 0;
    const struct nif_spi_seg segs[] = {
        { &command, NULL, 1 },
        { &data, &got, 1 },
    };
    int err = nif_spi_transact(sim_replay_spi(&b->replay, NULL), segs, 2, 0);

    return err != 0 ? err : got;
}

// Bank switch and status, busy four times, then done; then another command.
#define LOOP                        \
    "1000 spi c 0 +100 0a01 ..11\n" \
    "2000 spi c 1 +100 0b00 ....\n" \
    "2400 spi c 2 +100 1c00 ..81\n" \
    "3000 spi c 3 +100 0b00 ....\n" \
    "3400 spi c 4 +100 1c00 ..81\n" \
    "4000 spi c 5 +100 0b00 ....\n" \
    "4400 spi c 6 +100 1c00 ..80\n" \
    "9000 spi c 7 +100 0d05 ..22\n" \
    "9900 spi c 8 +100 0d06 ..23\n"

static int turn(struct bench *b)
{
    int bank = ask(b, 0x0B, 0);

    return bank < 0 ? bank : ask(b, 0x1C, 0);
}

static void the_recorded_driver_gets_the_recorded_answers_in_time(void **state)
{
    struct bench *b = open_text(LOOP);

    (void)state;
    assert_int_equal(ask(b, 0x0A, 1), 0x11);
    assert_int_equal(b->world.now_ns, 1100);
    assert_int_equal(turn(b), 0x81);
    assert_int_equal(b->world.now_ns, 2500);
    assert_int_equal(turn(b), 0x81);
    assert_int_equal(turn(b), 0x80);
    assert_int_equal(ask(b, 0x0D, 5), 0x22);
    assert_int_equal(b->world.now_ns, 9100);
    assert_int_equal(ask(b, 0x0D, 6), 0x23);
    assert_true(sim_replay_finish(&b->replay));
    assert_int_equal(b->replay.turns_more + b->replay.turns_fewer, 0);
    close_text(b);
}

static void a_poll_loop_may_take_more_turns(void **state)
{
    struct bench *b = open_text(LOOP);

    (void)state;
    assert_int_equal(ask(b, 0x0A, 1), 0x11);
    assert_int_equal(turn(b), 0x81);
    assert_int_equal(turn(b), 0x81);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(turn(b), 0x80);
    }
    assert_int_equal(ask(b, 0x0D, 5), 0x22);
    assert_int_equal(ask(b, 0x0D, 6), 0x23);
    assert_true(sim_replay_finish(&b->replay));
    assert_int_equal(b->replay.turns_more, 4);
    close_text(b);
}

static void a_poll_loop_may_take_fewer_turns(void **state)
{
    struct bench *b = open_text(LOOP);

    (void)state;
    assert_int_equal(ask(b, 0x0A, 1), 0x11);
    assert_int_equal(turn(b), 0x81);
    assert_int_equal(ask(b, 0x0D, 5), 0x22);
    assert_int_equal(ask(b, 0x0D, 6), 0x23);
    assert_true(sim_replay_finish(&b->replay));
    assert_int_equal(b->replay.turns_fewer, 2);
    close_text(b);
}

static void a_slow_driver_is_told_what_was_true_by_then(void **state)
{
    struct bench *b = open_text(LOOP);

    (void)state;
    assert_int_equal(ask(b, 0x0A, 1), 0x11);
    sim_pass_ns(&b->world, 5000);
    assert_int_equal(turn(b), 0x80);
    assert_int_equal(ask(b, 0x0D, 5), 0x22);
    assert_int_equal(b->world.now_ns, 9100);
    close_text(b);
}

static void a_loop_that_was_never_entered_is_missed(void **state)
{
    struct bench *b = open_text(LOOP);

    (void)state;
    assert_int_equal(ask(b, 0x0A, 1), 0x11);
    assert_int_equal(ask(b, 0x0D, 5), NIF_EIO);
    assert_true(b->replay.diverged);
    assert_int_equal(b->replay.want.index, 1);
    assert_string_equal(b->replay.want.text, "0b00 (0b00)");
    assert_string_equal(b->replay.got, "0d05 (0d05)");
    assert_int_equal(b->replay.line, 4);
    // It stays where it is, whatever comes.
    assert_int_equal(ask(b, 0x0B, 0), NIF_EIO);
    assert_int_equal(b->replay.want.index, 1);
    close_text(b);
}

static void a_loop_is_left_only_after_a_whole_turn(void **state)
{
    struct bench *b = open_text(LOOP);

    (void)state;
    assert_int_equal(ask(b, 0x0A, 1), 0x11);
    assert_int_equal(turn(b), 0x81);
    assert_int_not_equal(ask(b, 0x0B, 0), NIF_EIO);
    assert_int_equal(ask(b, 0x0D, 5), NIF_EIO);
    assert_int_equal(b->replay.want.index, 4);
    close_text(b);
}

static void
in_a_turn_more_it_is_what_was_never_asked_that_is_missing(void **state)
{
    struct bench *b = open_text(LOOP);

    (void)state;
    assert_int_equal(ask(b, 0x0A, 1), 0x11);
    for (unsigned i = 0; i < 3; i++) {
        turn(b);
    }
    assert_int_not_equal(ask(b, 0x0B, 0), NIF_EIO);
    assert_int_equal(ask(b, 0x0E, 9), NIF_EIO);
    assert_int_equal(b->replay.want.index, 7);
    close_text(b);
}

static void a_loop_at_the_end_need_not_be_gone_through(void **state)
{
    struct bench *b = open_text("1000 spi c 0 +100 1c00 ..81\n"
                                "2000 spi c 1 +100 1c00 ..81\n"
                                "3000 spi c 2 +100 1c00 ..81\n");

    (void)state;
    assert_int_equal(ask(b, 0x1C, 0), 0x81);
    assert_true(sim_replay_finish(&b->replay));
    close_text(b);
}

static void
an_answer_that_stays_after_it_has_changed_is_no_poll_loop(void **state)
{
    struct bench *b = open_text("1000 spi c 0 +100 3a00 ..01\n"
                                "2000 spi c 1 +100 3a00 ..02\n"
                                "3000 spi c 2 +100 3a00 ..02\n"
                                "4000 spi c 3 +100 0a02 ....\n");

    (void)state;
    assert_int_equal(ask(b, 0x3A, 0), 1);
    assert_int_equal(ask(b, 0x3A, 0), 2);
    assert_int_equal(ask(b, 0x0A, 2), NIF_EIO);
    assert_int_equal(b->replay.want.index, 2);
    close_text(b);
}

// Three bytes of command and answer, and one that is longer than any status.
static void what_is_more_than_a_status_is_no_poll_loop(void **state)
{
    static const char *const texts[] = {
        "1000 spi c 0 +100 3a0000 ..0102\n"
        "2000 spi c 1 +100 3a0000 ..0304\n"
        "3000 spi c 2 +100 0a02 ....\n",
        "1000 spi c 0 +100 3a0000000000000000 ..0000000000000000\n"
        "2000 spi c 1 +100 3a0000000000000000 ..0000000000000000\n"
        "3000 spi c 2 +100 0a02 ....\n",
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(texts); i++) {
        struct bench *b = open_text(texts[i]);
        uint8_t bytes[9] = { 0x3A };

        assert_int_equal(nif_spi_transact(sim_replay_spi(&b->replay, NULL),
                             &(struct nif_spi_seg){ bytes, bytes,
                                 i == 0 ? 3 : 9 },
                             1, 0),
            0);
        assert_int_equal(ask(b, 0x0A, 2), NIF_EIO);
        assert_int_equal(b->replay.want.index, 1);
        close_text(b);
    }
}

static void what_only_writes_is_no_poll_loop(void **state)
{
    struct bench *b = open_text("1000 spi c 0 +100 0a01 ....\n"
                                "2000 spi c 1 +100 0a01 ....\n"
                                "3000 spi c 2 +100 0a02 ....\n");

    (void)state;
    assert_int_not_equal(ask(b, 0x0A, 1), NIF_EIO);
    assert_int_equal(ask(b, 0x0A, 2), NIF_EIO);
    assert_int_equal(b->replay.want.index, 1);
    close_text(b);
}

static void data_that_changes_with_each_read_is_no_poll_loop(void **state)
{
    struct bench *b = open_text("1000 spi c 0 +100 3a00 ..01\n"
                                "2000 spi c 1 +100 3a00 ..02\n"
                                "3000 spi c 2 +100 3a00 ..03\n"
                                "4000 spi c 3 +100 3a00 ..04\n"
                                "5000 spi c 4 +100 0a02 ....\n");

    (void)state;
    assert_int_equal(ask(b, 0x3A, 0), 1);
    assert_int_equal(ask(b, 0x3A, 0), 2);
    assert_int_equal(ask(b, 0x0A, 2), NIF_EIO);
    assert_int_equal(b->replay.want.index, 2);
    close_text(b);
}

static void a_transaction_that_is_too_short_is_found(void **state)
{
    struct bench *b = open_text("1000 spi c 0 +100 0a0102 ......\n"
                                "2000 spi c 1 +100 0a03 ....\n");

    (void)state;
    assert_int_not_equal(ask(b, 0x0A, 1), NIF_EIO);
    assert_true(b->replay.diverged);
    assert_int_equal(b->replay.want.index, 0);
    assert_string_equal(b->replay.got, "its end after 2 of 3 bytes");
    close_text(b);
}

static void a_transaction_that_is_too_long_is_found(void **state)
{
    struct bench *b = open_text("1000 spi c 0 +100 0a ..\n"
                                "2000 spi c 1 +100 0a03 ....\n");

    (void)state;
    assert_int_equal(ask(b, 0x0A, 1), NIF_EIO);
    assert_int_equal(b->replay.want.index, 0);
    assert_string_equal(b->replay.want.text, "0a (0a)");
    assert_string_equal(b->replay.got, "0a01 (0a01)");
    close_text(b);
}

// The dummy byte of a MAC register means nothing, but the chip drives it.
static void what_the_chip_drove_is_given_although_it_means_nothing(void **state)
{
    struct bench *b = open_text("# bus c spi chip=enc28j60\n"
                                "1000 spi c 0 +100 9f02 ....\n"
                                "2000 spi c 1 +100 0000a5 ..3c07\n");
    uint8_t bytes[3] = { 0x00, 0x00, 0xA5 };

    (void)state;
    assert_int_not_equal(ask(b, 0x9F, 2), NIF_EIO);
    assert_int_equal(nif_spi_transact(sim_replay_spi(&b->replay, NULL),
                         &(struct nif_spi_seg){ bytes, bytes, 3 }, 1, 0),
        0);
    assert_int_equal(bytes[1], 0x3C);
    assert_int_equal(bytes[2], 0x07);
    close_text(b);
}

static void what_nobody_drove_is_noise(void **state)
{
    unsigned kinds = 0;

    (void)state;
    for (unsigned seed = 1; seed <= 4; seed++) {
        struct bench *b = open_text("1000 spi c 0 +100 0a01 11..\n"
                                    "2000 spi c 1 +100 0a01 1133 mask=F0\n");
        int one;
        int two;

        b->world.seed = seed;
        one = ask(b, 0x0A, 1);
        two = ask(b, 0x0A, 1);
        kinds += one != two;
        kinds += two != 0x33;
        close_text(b);
    }
    assert_true(kinds >= 6);
}

static void a_port_that_failed_fails_again(void **state)
{
    struct bench *b = open_text("1000 fault c select NIF_ETIMEDOUT\n"
                                "2000 spi c 0 +100 0a .. error\n"
                                "3000 spi c 1 +100 0a01 ..07\n");

    (void)state;
    assert_int_equal(ask(b, 0x0A, 1), NIF_ETIMEDOUT);
    assert_int_equal(ask(b, 0x0A, 1), NIF_EIO);
    assert_int_equal(ask(b, 0x0A, 1), 7);
    assert_true(sim_replay_finish(&b->replay));
    close_text(b);
}

static void a_pin_changes_when_it_did_but_never_too_early(void **state)
{
    struct bench *b = open_text("1000 spi c 0 +100 0a01 ..07\n"
                                "1500 pin c.int 0\n"
                                "2000 spi c 1 +100 0a02 ..08\n");
    struct nif_pin *pin = sim_replay_pin(&b->replay, "c.int");

    (void)state;
    sim_pass_ns(&b->world, 5000);
    assert_true(nif_pin_read(pin));
    assert_int_equal(ask(b, 0x0A, 1), 7);
    sim_pass_ns(&b->world, 1);
    assert_false(nif_pin_read(pin));
    close_text(b);
    b = open_text("1000 spi c 0 +100 0a01 ..07\n"
                  "1500 pin c.int 0\n");
    pin = sim_replay_pin(&b->replay, "c.int");
    assert_int_equal(ask(b, 0x0A, 1), 7);
    sim_pass_ns(&b->world, 199);
    assert_true(nif_pin_read(pin)); // takes 200 ns: it is 1499 now
    sim_pass_ns(&b->world, 1);
    assert_false(nif_pin_read(pin));
    close_text(b);
}

static void
a_pin_that_the_driver_drives_must_be_driven_as_recorded(void **state)
{
    static const char text[] = "500 pin c.reset 0\n"
                               "700 pin c.reset 1\n"
                               "1000 spi c 0 +100 0a01 ..07\n";
    struct bench *b = open_text(text);
    struct nif_pin *pin = sim_replay_output(&b->replay, "c.reset");

    (void)state;
    nif_pin_write(pin, false);
    nif_pin_write(pin, true);
    assert_int_equal(ask(b, 0x0A, 1), 7);
    assert_true(sim_replay_finish(&b->replay));
    close_text(b);
    b = open_text(text);
    pin = sim_replay_output(&b->replay, "c.reset");
    nif_pin_write(pin, false);
    assert_int_equal(ask(b, 0x0A, 1), NIF_EIO);
    assert_string_equal(b->replay.want.text, "c.reset = 1");
    assert_string_equal(b->replay.got, "0a01 (0a01)");
    close_text(b);
}

// An event is written when it is over: the pin stands before the transaction.
static void a_pin_that_changed_within_a_transaction_waits_for_it(void **state)
{
    struct bench *b = open_text("1050 pin c.int 0\n"
                                "1000 spi c 0 +100 0a01 ..07\n");
    struct nif_pin *pin = sim_replay_pin(&b->replay, "c.int");

    (void)state;
    sim_pass_ns(&b->world, 3000);
    assert_true(nif_pin_read(pin));
    assert_int_equal(ask(b, 0x0A, 1), 7);
    assert_false(nif_pin_read(pin));
    close_text(b);
}

#define AT                                          \
    "# bus u uart baud=115200 format=8n1\n"         \
    "1000000 uart u 0 +260 tx 41540d\n"             \
    "1005000 uart u 1 +340 rx 4f4b0d0a framing=2\n" \
    "2000000 uart u 2 +170 tx 4154\n"               \
    "2005000 uart u 3 +90 rx 55\n"

static int put(struct nif_uart *uart, const char *text)
{
    return uart->ops->write(uart, (const uint8_t *)text, strlen(text));
}

static void
a_serial_line_answers_when_it_did_and_only_what_was_asked(void **state)
{
    struct bench *b = open_text(AT);
    struct nif_uart *uart = sim_replay_uart(&b->replay, "u");
    uint8_t buf[8];

    (void)state;
    assert_int_equal(uart->ops->configure(uart, 9600, false), NIF_ENOTSUP);
    assert_int_equal(uart->ops->configure(uart, 115200, false), 0);
    assert_int_equal(put(uart, "AT"), 2);
    sim_pass_ns(&b->world, 3000000);
    assert_int_equal(uart->ops->read(uart, buf, 8), 0);
    assert_int_equal(put(uart, "\r"), 1);
    assert_int_equal(uart->ops->errors(uart), NIF_UART_FRAMING);
    assert_int_equal(uart->ops->errors(uart), 0);
    assert_int_equal(uart->ops->read(uart, buf, 3), 3);
    assert_memory_equal(buf, "OK\r", 3);
    assert_int_equal(uart->ops->read(uart, buf, 8), 1);
    assert_int_equal(uart->ops->read(uart, buf, 8), 0);
    assert_false(sim_replay_finish(&b->replay));
    assert_int_equal(b->replay.want.index, 2);
    close_text(b);
}

static void bytes_of_a_serial_line_come_one_after_the_other(void **state)
{
    struct bench *b = open_text(AT);
    struct nif_uart *uart = sim_replay_uart(&b->replay, "u");
    uint8_t buf[8];

    (void)state;
    sim_run_until(&b->world, 999600);
    assert_int_equal(put(uart, "AT\r"), 3);
    assert_false(uart->ops->drained(uart)); // 1000000 now
    sim_run_until(&b->world, 1000060);
    assert_true(uart->ops->drained(uart)); // 1000260
    sim_run_until(&b->world, 1005140);
    assert_int_equal(uart->ops->read(uart, buf, 8), 4); // 1005340
    close_text(b);
    b = open_text(AT);
    uart = sim_replay_uart(&b->replay, "u");
    assert_int_equal(put(uart, "AT\r"), 3);
    sim_run_until(&b->world, 1004970); // plus 200
    assert_int_equal(uart->ops->read(uart, buf, 8), 2);
    close_text(b);
}

static void another_byte_on_a_serial_line_is_found(void **state)
{
    struct bench *b = open_text(AT);
    struct nif_uart *uart = sim_replay_uart(&b->replay, "u");
    uint8_t buf[8];

    (void)state;
    assert_int_equal(put(uart, "AT\n"), NIF_EIO);
    assert_true(b->replay.diverged);
    assert_string_equal(b->replay.want.text, "tx \"AT\\r\"");
    assert_string_equal(b->replay.got, "byte 0a instead of 0d, word 2");
    assert_int_equal(uart->ops->read(uart, buf, 8), NIF_EIO);
    close_text(b);
}

#define MDIO                              \
    "1000 mdio m 0 +100 write 1 0 8000\n" \
    "2000 mdio m 1 +100 read 1 0 8000\n"  \
    "3000 mdio m 2 +100 read 1 0 8000\n"  \
    "4000 mdio m 3 +100 read 1 0 3100\n"  \
    "5000 mdio m 4 +100 read 1 2 0007\n"

static void mdio_is_played_with_its_poll_loops(void **state)
{
    struct bench *b = open_text(MDIO);
    struct nif_mdio *mdio = sim_replay_mdio(&b->replay, NULL);

    (void)state;
    assert_int_equal(mdio->ops->write(mdio, 1, 0, 0x8000), 0);
    assert_int_equal(b->world.now_ns, 1100);
    assert_int_equal(mdio->ops->read(mdio, 1, 0), 0x8000);
    assert_int_equal(mdio->ops->read(mdio, 1, 0), 0x8000);
    assert_int_equal(mdio->ops->read(mdio, 1, 0), 0x3100);
    assert_int_equal(mdio->ops->read(mdio, 1, 0), 0x3100);
    assert_int_equal(mdio->ops->read(mdio, 1, 2), 7);
    assert_true(sim_replay_finish(&b->replay));
    assert_int_equal(b->replay.turns_more, 1);
    close_text(b);
}

static void a_slow_mdio_driver_is_told_what_was_true_by_then(void **state)
{
    struct bench *b = open_text(MDIO);
    struct nif_mdio *mdio = sim_replay_mdio(&b->replay, "m");

    (void)state;
    assert_int_equal(mdio->ops->write(mdio, 1, 0, 0x8000), 0);
    sim_pass_ns(&b->world, 5000);
    assert_int_equal(mdio->ops->read(mdio, 1, 0), 0x3100);
    assert_int_equal(mdio->ops->read(mdio, 1, 2), 7);
    assert_int_equal(b->replay.turns_fewer, 2);
    close_text(b);
}

static void another_mdio_frame_is_found_by_name(void **state)
{
    struct bench *b = open_text(MDIO);
    struct nif_mdio *mdio = sim_replay_mdio(&b->replay, "m");

    (void)state;
    assert_int_equal(mdio->ops->write(mdio, 1, 0, 0x8000), 0);
    assert_int_equal(mdio->ops->read(mdio, 1, 1), NIF_EIO);
    assert_string_equal(b->replay.want.text, "read PHY 1 BMCR");
    assert_string_equal(b->replay.got, "read PHY 1 BMSR");
    close_text(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_recorded_driver_gets_the_recorded_answers_in_time),
        cmocka_unit_test(a_poll_loop_may_take_more_turns),
        cmocka_unit_test(a_poll_loop_may_take_fewer_turns),
        cmocka_unit_test(a_slow_driver_is_told_what_was_true_by_then),
        cmocka_unit_test(a_loop_that_was_never_entered_is_missed),
        cmocka_unit_test(a_loop_is_left_only_after_a_whole_turn),
        cmocka_unit_test(
            in_a_turn_more_it_is_what_was_never_asked_that_is_missing),
        cmocka_unit_test(a_loop_at_the_end_need_not_be_gone_through),
        cmocka_unit_test(
            an_answer_that_stays_after_it_has_changed_is_no_poll_loop),
        cmocka_unit_test(what_is_more_than_a_status_is_no_poll_loop),
        cmocka_unit_test(what_only_writes_is_no_poll_loop),
        cmocka_unit_test(data_that_changes_with_each_read_is_no_poll_loop),
        cmocka_unit_test(a_transaction_that_is_too_short_is_found),
        cmocka_unit_test(a_transaction_that_is_too_long_is_found),
        cmocka_unit_test(
            what_the_chip_drove_is_given_although_it_means_nothing),
        cmocka_unit_test(what_nobody_drove_is_noise),
        cmocka_unit_test(a_port_that_failed_fails_again),
        cmocka_unit_test(a_pin_changes_when_it_did_but_never_too_early),
        cmocka_unit_test(a_pin_that_changed_within_a_transaction_waits_for_it),
        cmocka_unit_test(
            a_pin_that_the_driver_drives_must_be_driven_as_recorded),
        cmocka_unit_test(
            a_serial_line_answers_when_it_did_and_only_what_was_asked),
        cmocka_unit_test(bytes_of_a_serial_line_come_one_after_the_other),
        cmocka_unit_test(another_byte_on_a_serial_line_is_found),
        cmocka_unit_test(mdio_is_played_with_its_poll_loops),
        cmocka_unit_test(a_slow_mdio_driver_is_told_what_was_true_by_then),
        cmocka_unit_test(another_mdio_frame_is_found_by_name),
    };

    return cmocka_run_group_tests_name("trace_replay", tests, NULL, NULL);
}
