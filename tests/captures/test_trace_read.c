// SPDX-License-Identifier: MIT
//
// The trace format: what is written is read, what is read is written again
// byte for byte, and what makes no sense is refused with line and cause.

#include "sim/trace/read.h"
#include "sim/trace/trace.h"
#include "tests/support/check.h"

#include <stdlib.h>
#include <string.h>

#define DOC  "docs/reference/trace-format.md"
#define HEAD "# netif-trace 1\n"

static FILE *file_of(const char *text)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    rewind(file);
    return file;
}

// Reads all of `text` and writes it again. The caller frees.
static char *again(const char *text, struct sim_trace_reader *reader)
{
    struct sim_trace_item item;
    struct sim_trace trace = { 0 };
    char *copy;
    size_t len;
    FILE *in = file_of(text);
    int got;

    trace.out = open_memstream(&copy, &len);
    sim_trace_read_init(reader, in, "x");
    while ((got = sim_trace_read(reader, &item)) == 1) {
        sim_trace_put(&trace, &item);
    }
    if (got < 0) {
        fail_msg("%s", reader->error);
    }
    fclose(trace.out);
    fclose(in);
    return copy;
}

static void same_again(const char *text)
{
    struct sim_trace_reader reader;
    char *copy = again(text, &reader);

    assert_string_equal(copy, text);
    assert_false(reader.cut);
    sim_trace_read_done(&reader);
    free(copy);
}

static void the_example_of_the_reference_page_is_read_and_written(void **state)
{
    FILE *doc = fopen(DOC, "r");
    char line[512];
    char text[4096] = "";
    unsigned lines = 0;

    (void)state;
    assert_non_null(doc);
    while (fgets(line, sizeof(line), doc)) {
        if (strncmp(line, "    ", 4) == 0 && (line[4] != 'T')) {
            strncat(text, line + 4, sizeof(text) - strlen(text) - 1);
            lines++;
        }
    }
    fclose(doc);
    assert_int_equal(lines, 21);
    same_again(text);
}

static void all_that_can_be_said_survives(void **state)
{
    (void)state;
    same_again(HEAD "0 spi a 0 +0 - -\n"
                    "0 spi a 1 +9 ? ? cut\n"
                    "1 spi a 2 +9 00,....,ff 00,aabb,.. mask=F70F bits=3\n"
                    "1 spi a 3 +9 00 .. error\n"
                    "11 uart u 18446744073709551615 +5 rx 000102 framing=0,2 "
                    "parity=1 break=0 overrun=2 cut\n"
                    "17 uart u 0 +5 tx 01ff bits=9 framing=0\n"
                    "23 mdio m 0 +1 c45-address 31 0 ffff\n"
                    "24 mdio m 1 +1 c45-write 31 31 0000\n"
                    "25 mdio m 2 +1 c45-read 0 1 1234\n"
                    "26 mdio m 3 +1 c45-read-inc 0 1 1234\n"
                    "27 mdio m 4 +1 read 7 1 ffff no-answer\n"
                    "30 pin p x\n31 pin p z\n32 pin p 1\n"
                    "33 eth e tx -\n33 eth e rx 00 bad-fcs\n"
                    "34 link e down cable pulled\n34 link e up\n"
                    "35 log who\n35 fault who a=b c\n" HEAD "# seed 2\n"
                    "1 pin p 0\n");
}

static void an_item_says_what_the_line_says(void **state)
{
    FILE *in = file_of(HEAD "\n# a remark\n# bus b spi mode=3 clock=5\r\n"
                            "7 spi b 4 +20 0a..,01 ..0b,02 mask=07F bits=2\n"
                            "27 pin p 0\n");
    struct sim_trace_reader reader;
    struct sim_trace_item item;
    struct sim_trace_bus bus;

    (void)state;
    sim_trace_read_init(&reader, in, "x");
    assert_int_equal(sim_trace_read(&reader, &item), 1);
    assert_int_equal(item.kind, SIM_TRACE_BEGIN);
    assert_int_equal(sim_trace_read(&reader, &item), 1);
    assert_int_equal(item.kind, SIM_TRACE_HEAD);
    assert_true(sim_trace_bus_parse(item.text, &bus));
    assert_string_equal(bus.name, "b");
    assert_int_equal(bus.kind, SIM_TRACE_SPI);
    assert_int_equal(bus.mode, 3);
    assert_int_equal(bus.clock_hz, 5);
    assert_int_equal(sim_trace_read(&reader, &item), 1);
    assert_int_equal(reader.line, 5);
    assert_int_equal(item.kind, SIM_TRACE_SPI);
    assert_int_equal(item.at_ns, 7);
    assert_int_equal(item.len_ns, 20);
    assert_int_equal(item.index, 4);
    assert_int_equal(item.len, 3);
    assert_memory_equal(item.data, "\x0a\x00\x01", 3);
    assert_memory_equal(item.data_known, "\1\0\1", 3);
    assert_memory_equal(item.miso, "\x00\x0b\x02", 3);
    assert_memory_equal(item.miso_known, "\0\1\1", 3);
    assert_memory_equal(item.mask, "\x00\x07\xff", 3);
    assert_int_equal(item.segs, 2);
    assert_int_equal(item.seg_len[0], 2);
    assert_int_equal(item.bits, 2);
    assert_int_equal(sim_trace_read(&reader, &item), 1);
    assert_int_equal(item.index, 1); // one transaction stands before it
    assert_int_equal(sim_trace_read(&reader, &item), 0);
    sim_trace_read_done(&reader);
    fclose(in);
}

static void a_killed_run_leaves_a_readable_file(void **state)
{
    struct sim_trace_reader reader;
    char *copy = again(HEAD "1 pin p 0\n2 spi a 0 +5 00", &reader);

    (void)state;
    assert_true(reader.cut);
    assert_string_equal(copy, HEAD "1 pin p 0\n");
    sim_trace_read_done(&reader);
    free(copy);
}

static void nonsense_is_refused_with_line_and_cause(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        { "", "x:0: no trace: the first line must be '# netif-trace 1'" },
        { "1 pin p 0\n", "x:1: no trace: the first line must be" },
        { "# netif-trace 2\n", "x:1: version '2' of the format" },
        { HEAD "# time us\n", "x:2: times must be in ns, not 'us'" },
        { HEAD "-1 pin p 0\n", "x:2: '-1' is not a time" },
        { HEAD "1.5 pin p 0\n", "x:2: '1.5' is not a time" },
        { HEAD "99999999999999999999 pin p 0\n", "x:2: '9999999999" },
        { HEAD "1 pon p 0\n", "x:2: unknown event 'pon'" },
        { HEAD "1\n", "x:2: unknown event ''" },
        { HEAD "1 pin\n", "x:2: no name" },
        { HEAD "1 pin p 2\n", "x:2: a pin is 0, 1, x or z, not '2'" },
        { HEAD "1 pin p 0 0\n", "x:2: '0' is too much" },
        { HEAD "2 pin p 0\n1 pin p 1\n", "x:3: time runs backwards: the ev" },
        { HEAD "2 spi a 0 +9 - -\n10 pin p 1\n", "x:3: time runs backw" },
        { HEAD "1 spi a x +1 00 00\n", "x:2: no number of a transaction" },
        { HEAD "1 spi a 0 1 00 00\n", "x:2: '1' is not a length" },
        { HEAD "1 spi a 0 +-1 00 00\n", "x:2: '+-1' is not a length" },
        { HEAD "1 spi a 0 +1 00\n", "x:2: MISO '' is not as many" },
        { HEAD "1 spi a 0 +1 0 00\n", "x:2: MOSI '0' is not bytes in hex" },
        { HEAD "1 spi a 0 +1 0. 00\n", "x:2: MOSI '0.' is not bytes" },
        { HEAD "1 spi a 0 +1 - 00\n", "x:2: MOSI '-' is not bytes" },
        { HEAD "1 spi a 0 +1 00 0000\n", "x:2: MISO '0000' is not as many" },
        { HEAD "1 spi a 0 +1 0000 00\n", "x:2: MISO '00' is not as many" },
        { HEAD "1 spi a 0 +1 00,00 0000\n", "x:2: MISO '0000' is not as" },
        { HEAD "1 spi a 0 +1 00,0000 0000,00\n", "x:2: MISO '0000,00' is" },
        { HEAD "1 spi a 0 +1 00 00 mask=FF\n", "x:2: the mask has not" },
        { HEAD "1 spi a 0 +1 00 00 mask=g\n", "x:2: the mask is not in" },
        { HEAD "1 spi a 0 +1 00 00 bits=8\n", "x:2: bits=8 makes no" },
        { HEAD "1 spi a 0 +1 - - bits=1\n", "x:2: bits=1 makes no" },
        { HEAD "1 uart a 0 +1 up 00\n", "x:2: 'up' is neither tx nor" },
        { HEAD "1 uart a 0 +1 tx 0\n", "x:2: '0' is not bytes in hex" },
        { HEAD "1 uart a 0 +1 tx 00 framing=1\n", "x:2: there is no word" },
        { HEAD "1 uart a 0 +1 tx - framing=0\n", "x:2: there is no word" },
        { HEAD "1 uart a 0 +1 tx 00 mask=F\n", "x:2: 'mask' is too much" },
        { HEAD "1 uart a 0 +1 tx 00 bits=9\n", "x:2: bits=9 makes no sen" },
        { HEAD "1 mdio a 0 +1 peek 0 0 0000\n", "x:2: 'peek' is nothing" },
        { HEAD "1 mdio a 0 +1 read 32 0 0000\n", "x:2: PHY and register" },
        { HEAD "1 mdio a 0 +1 read 0 0 000\n", "x:2: '000' is not a val" },
        { HEAD "1 eth a tx 0x00\n", "x:2: '0x00' is not bytes in hex" },
        { HEAD "1 link a sideways\n", "x:2: a link is up or down, not" },
        { HEAD "1 pin averyveryveryveryveryveryveryveryveryveryverylong"
               "wordofmorethan64letters 0\n",
            "x:2: no name, or one that is too long" },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        FILE *in = file_of(cases[i].text);
        struct sim_trace_reader reader;
        struct sim_trace_item item;
        int got;

        sim_trace_read_init(&reader, in, "x");
        while ((got = sim_trace_read(&reader, &item)) == 1) {
        }
        if (got != -1) {
            fail_msg("not refused: %s", cases[i].text);
        }
        reader.error[strlen(cases[i].want)] = '\0';
        assert_string_equal(reader.error, cases[i].want);
        sim_trace_read_done(&reader);
        fclose(in);
    }
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    FILE *in = tmpfile();
    struct sim_trace_reader reader;
    struct sim_trace_item item;
    static const char zero[] = HEAD "1 pin p\0 0\n";

    (void)state;
    fwrite(zero, 1, sizeof(zero) - 1, in);
    rewind(in);
    sim_trace_read_init(&reader, in, "x");
    assert_int_equal(sim_trace_read(&reader, &item), 1);
    assert_int_equal(sim_trace_read(&reader, &item), -1);
    assert_string_equal(reader.error, "x:2: this is not text");
    sim_trace_read_done(&reader);
    rewind(in);
    for (unsigned i = 0; i <= SIM_TRACE_LINE_MAX; i++) {
        putc('0', in);
    }
    rewind(in);
    sim_trace_read_init(&reader, in, "x");
    assert_int_equal(sim_trace_read(&reader, &item), -1);
    assert_string_equal(reader.error,
        "x:1: the line is too long, or this is no trace");
    sim_trace_read_done(&reader);
    fclose(in);
}

static void a_bus_that_makes_no_sense_is_none(void **state)
{
    static const char *const bad[] = { "", "b", "b i2c", "b spi mode=4",
        "b spi clock=-1", "b spi clock=99999999999",
        "b uart format=", "b spi chip", "b uart format=longerthanitis" };
    struct sim_trace_bus bus;

    (void)state;
    for (size_t i = 0; i < nif_countof(bad); i++) {
        assert_false(sim_trace_bus_parse(bad[i], &bus));
    }
    assert_true(sim_trace_bus_parse("b uart baud=9600 format=7e1 later=1",
        &bus));
    assert_int_equal(bus.clock_hz, 9600);
}

static void names_and_texts_cannot_break_a_line(void **state)
{
    struct sim_trace trace;
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    sim_trace_init(&trace, NULL, out);
    sim_trace_put(&trace,
        &(struct sim_trace_item){ .kind = SIM_TRACE_LOG,
            .where = "my board\n",
            .text = "one\ntwo" });
    fclose(out);
    assert_string_equal(text, HEAD "# time ns\n0 log my_board_ one two\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_reference_page_is_read_and_written),
        cmocka_unit_test(all_that_can_be_said_survives),
        cmocka_unit_test(an_item_says_what_the_line_says),
        cmocka_unit_test(a_killed_run_leaves_a_readable_file),
        cmocka_unit_test(nonsense_is_refused_with_line_and_cause),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(a_bus_that_makes_no_sense_is_none),
        cmocka_unit_test(names_and_texts_cannot_break_a_line),
    };

    return cmocka_run_group_tests_name("trace_read", tests, NULL, NULL);
}
