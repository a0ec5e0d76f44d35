// SPDX-License-Identifier: MIT
//
// Captures and stimuli are text from outside: what is wrong with them is said
// with file, line and cause, and what is right is read; and the decoder's
// words.

#include "sim/chips/enc28j60/decode.h"
#include "sim/trace/csv.h"
#include "tests/support/check.h"

#include <string.h>

#define HEAD "idx,cs_fall_ns,cs_rise_ns,nbytes,mosi_hex,miso_hex,mask\n"

static FILE *file_of(const char *text)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    rewind(file);
    return file;
}

static void a_capture_is_read(void **state)
{
    FILE *in = file_of("# remark\n" HEAD "\n7,10,20,0,,,\n"
                       "8,30,40,3,0aFf00,000109,0F7\r\n");
    struct sim_csv_error error;
    struct sim_csv csv;

    (void)state;
    assert_true(sim_csv_read(&csv, in, "x", &error));
    assert_int_equal(csv.count, 2);
    assert_int_equal(csv.txn[0].index, 7);
    assert_int_equal(csv.txn[0].len, 0);
    assert_int_equal(csv.txn[1].line, 5);
    assert_int_equal(csv.txn[1].fall_ns, 30);
    assert_int_equal(csv.txn[1].rise_ns, 40);
    assert_memory_equal(csv.txn[1].mosi, "\x0a\xff\x00", 3);
    assert_memory_equal(csv.txn[1].miso, "\x00\x01\x09", 3);
    assert_memory_equal(csv.txn[1].mask, "\x00\xff\x07", 3);
    sim_csv_done(&csv);
    fclose(in);
}

static void a_bad_capture_is_refused_with_line_and_cause(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        { "", "x:0: the first line must be idx,cs_fall_ns" },
        { "1,2,3,0,,,\n", "x:1: the first line must be" },
        { HEAD, "x:1: no transaction" },
        { HEAD "1,2,3,0,,\n", "x:2: 6 fields, there must be 7" },
        { HEAD "1,2,3,0,,,,\n", "x:2: 8 fields" },
        { HEAD "1,2,3,0,,,\nx,2,3,0,,,\n", "x:3: index, time or count" },
        { HEAD "1,-2,3,0,,,\n", "x:2: index, time or count" },
        { HEAD "1,2,99999999999999999999,0,,,\n", "x:2: index, time or" },
        { HEAD "1,5,4,0,,,\n", "x:2: time runs backwards" },
        { HEAD "1,2,9,0,,,\n2,8,9,0,,,\n", "x:3: time runs backwards" },
        { HEAD "1,2,3,70000,00,00,F\n", "x:2: 70000 bytes are too many" },
        { HEAD "1,2,3,2,0,0000,00\n", "x:2: MOSI is not 2 bytes in hex" },
        { HEAD "1,2,3,2,000000,0000,00\n", "x:2: MOSI is not 2 bytes" },
        { HEAD "1,2,3,2,0000,00g0,00\n", "x:2: MISO is not 2 bytes" },
        { HEAD "1,2,3,2,0000,0000,0\n", "x:2: the mask is not 2 hex" },
        { HEAD "1,2,3,2,0000,0000,0FF\n", "x:2: the mask is not 2 hex" },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        FILE *in = file_of(cases[i].text);
        struct sim_csv_error error;
        struct sim_csv csv;

        assert_false(sim_csv_read(&csv, in, "x", &error));
        error.text[strlen(cases[i].want)] = '\0';
        assert_string_equal(error.text, cases[i].want);
        fclose(in);
    }
}

static void stimuli_are_read(void **state)
{
    FILE *in = file_of("# remark\n5 link up | inferred\n"
                       "6 rx 0102030405 | evidence\n6 link down\n");
    struct sim_csv_error error;
    struct sim_stimuli stimuli;

    (void)state;
    assert_true(sim_stimuli_read(&stimuli, in, "x", &error));
    assert_int_equal(stimuli.count, 3);
    assert_int_equal(stimuli.item[0].at_ns, 5);
    assert_int_equal(stimuli.item[0].kind, SIM_STIMULUS_LINK_UP);
    assert_int_equal(stimuli.item[1].kind, SIM_STIMULUS_RX);
    assert_int_equal(stimuli.item[1].len, 5);
    assert_memory_equal(stimuli.item[1].frame, "\1\2\3\4\5", 5);
    assert_int_equal(stimuli.item[2].kind, SIM_STIMULUS_LINK_DOWN);
    sim_stimuli_done(&stimuli);
    fclose(in);
}

static void bad_stimuli_are_refused_with_line_and_cause(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        { "5 link up\nx link up\n", "x:2: 'x' is not a time in nanoseconds" },
        { "5 link sideways\n", "x:1: unknown event 'link sideways'" },
        { "5\n", "x:1: unknown event" },
        { "5 tx 0102030405\n", "x:1: unknown event 'tx" },
        { "5 link up\n4 link down\n", "x:2: time runs backwards" },
        { "5 rx 01020304\n", "x:1: a frame of 4 bytes" },
        { "5 rx 01020304050\n", "x:1: the frame is not in hex" },
        { "5 rx 010203040z\n", "x:1: the frame is not in hex" },
        { "5 link up now\n", "x:1: 'now' is too much" },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        FILE *in = file_of(cases[i].text);
        struct sim_csv_error error;
        struct sim_stimuli stimuli;

        assert_false(sim_stimuli_read(&stimuli, in, "x", &error));
        error.text[strlen(cases[i].want)] = '\0';
        assert_string_equal(error.text, cases[i].want);
        fclose(in);
    }
}

static void transactions_are_put_into_words(void **state)
{
    static const struct {
        uint8_t mosi[4];
        uint8_t miso[4];
        size_t len;
        const char *want;
    } cases[] = {
        { { 0 }, { 0 }, 0, "no clock" },
        { { 0x1D, 0 }, { 0, 0x41 }, 2, "RCR ESTAT -> 41 BUFER CLKRDY" },
        { { 0x9F, 0x02 }, { 0 }, 2, "BFS ECON1 BSEL1" },
        { { 0x02, 0, 0 }, { 0, 7, 0x31 }, 3,
            "RCR MACON3 -> 31 PADCFG0 TXCRCEN FULDPX" },
        { { 0x54, 0x11 }, { 0 }, 2, "WCR MIREGADR 11" },
        { { 0x56, 0x34 }, { 0 }, 2, "WCR MIWRL 34" },
        { { 0x57, 0x12 }, { 0 }, 2, "WCR MIWRH 12 (PHSTAT2 <- 1234)" },
        { { 0x18, 0, 0 }, { 0, 0, 0x04 }, 3, "RCR MIRDL -> 04" },
        { { 0x19, 0, 0 }, { 0, 0, 0x18 }, 3,
            "RCR MIRDH -> 18 (PHSTAT2 = 1804)" },
        { { 0x18, 0 }, { 0 }, 2, "RCR MIRDL, ended before its value" },
        { { 0xBF, 0x03 }, { 0 }, 2, "BFC ECON1 BSEL1 BSEL0" },
        { { 0x4D }, { 0 }, 1, "WCR ERXRDPTH, without data" },
        { { 0xDE, 0x40 }, { 0 }, 2, "unknown instruction DE" },
        { { 0x9E, 0x40 }, { 0 }, 2, "BFS ECON2 PKTDEC" },
        { { 0x7A, 1, 2 }, { 0 }, 3, "WBM 2 bytes at 0000" },
        { { 0x7A, 3 }, { 0 }, 2, "WBM 1 bytes at 0002" },
        { { 0x3A, 0 }, { 0, 9 }, 2, "RBM 1 bytes at 05FA" },
        { { 0xFF, 0xFF }, { 0 }, 2, "SRC" },
    };
    static struct sim_enc_decoder decoder;

    (void)state;
    sim_enc_decode_init(&decoder);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct sim_enc_txn txn = { cases[i].mosi, cases[i].miso, cases[i].len };
        uint8_t kind[4];
        char text[160];

        sim_enc_decode(&decoder, &txn, kind, text, sizeof(text));
        assert_string_equal(text, cases[i].want);
    }
}

static void a_text_that_is_too_long_is_cut(void **state)
{
    static struct sim_enc_decoder decoder;
    static const uint8_t mosi[2] = { 0x9F, 0xFF };
    static const uint8_t miso[2] = { 0 };
    struct sim_enc_txn txn = { mosi, miso, 2 };
    char text[12];

    (void)state;
    memset(text, 'x', sizeof(text));
    sim_enc_decode_init(&decoder);
    sim_enc_decode(&decoder, &txn, NULL, text, 10);
    assert_string_equal(text, "BFS ECON1");
    assert_int_equal(text[10], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capture_is_read),
        cmocka_unit_test(a_bad_capture_is_refused_with_line_and_cause),
        cmocka_unit_test(stimuli_are_read),
        cmocka_unit_test(bad_stimuli_are_refused_with_line_and_cause),
        cmocka_unit_test(transactions_are_put_into_words),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),
    };

    return cmocka_run_group_tests_name("captures_csv", tests, NULL, NULL);
}
