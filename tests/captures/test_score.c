// SPDX-License-Identifier: MIT
//
// Real silicon as judge: the ENC28J60 model against the capture of a real
// chip, and the judge against captures that were tampered with.

#include "sim/trace/score.h"
#include "tests/support/check.h"

#include <string.h>

#define CSV     "scenarios/captures/enc28j60-transactions.csv"
#define STIMULI "scenarios/captures/enc28j60-stimuli.txt"

struct bench {
    struct sim_csv csv;
    struct sim_stimuli stimuli;
    struct sim_score score;
};

static int setup(void **state)
{
    static struct bench b;
    struct sim_csv_error error;
    FILE *csv = fopen(CSV, "r");
    FILE *stimuli = fopen(STIMULI, "r");

    assert_non_null(csv);
    assert_non_null(stimuli);
    assert_true(sim_csv_read(&b.csv, csv, CSV, &error));
    assert_true(sim_stimuli_read(&b.stimuli, stimuli, STIMULI, &error));
    fclose(csv);
    fclose(stimuli);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    sim_csv_done(&b->csv);
    sim_stimuli_done(&b->stimuli);
    return 0;
}

static void judge(struct bench *b)
{
    sim_score_enc28j60(&b->csv, &b->stimuli, &b->score);
}

static void all_2744_driven_bytes_are_right(void **state)
{
    static const struct {
        enum sim_enc_kind kind;
        unsigned total;
    } kinds[] = {
        { SIM_ENC_UNDRIVEN, 0 },
        { SIM_ENC_DUMMY, 0 },
        { SIM_ENC_ETH, 10 },
        { SIM_ENC_MII, 30 },
        { SIM_ENC_HEADER, 12 },
        { SIM_ENC_MEMORY, 2692 },
    };
    struct bench *b = *state;

    judge(b);
    if (b->score.differs) {
        print_error("transaction %u: %s\n", b->score.first_index,
            b->score.first);
    }
    assert_int_equal(b->score.all.total, 2744);
    assert_int_equal(b->score.all.right, 2744);
    for (size_t i = 0; i < nif_countof(kinds); i++) {
        assert_int_equal(b->score.kind[kinds[i].kind].total, kinds[i].total);
        assert_int_equal(b->score.kind[kinds[i].kind].right, kinds[i].total);
    }
    assert_int_equal(b->score.complaints, 0);
    assert_true(sim_score_is_perfect(&b->score));
}

// The FCS values were worked out when the capture was analysed, long before
// there was a model.
static void both_transmitted_frames_match(void **state)
{
    static const uint8_t fcs[2][4] = { { 0xBE, 0xF9, 0x14, 0x71 },
        { 0x79, 0x5D, 0x96, 0xDC } };
    struct bench *b = *state;

    judge(b);
    assert_int_equal(b->score.want_count, 2);
    assert_int_equal(b->score.got_count, 2);
    assert_int_equal(b->score.same_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct sim_score_frame *frame = &b->score.got[i];

        assert_int_equal(frame->len, 1346);
        assert_memory_equal(frame->data + 1342, fcs[i], 4);
    }
}

// One bit of one byte of the real chip's answer.
static void a_flipped_byte_is_found(void **state)
{
    static const struct {
        const char *words;
        size_t byte;
        unsigned index;
        uint8_t bits;
    } cases[] = {
        { "RCR ESTAT: silicon 00, model 01: CLKRDY", 1, 3, 0x01 },
        { "RCR MISTAT: silicon 09, model 08: BUSY", 2, 37, 0x01 },
        { "RCR EIR: silicon 01, model 41: PKTIF", 1, 135, 0x40 },
        { "RCR EPKTCNT: silicon 02, model 03", 1, 139, 0x01 },
        { "RBM byte 4 (RX header, status low): silicon 40, model C0", 5, 140,
            0x80 },
        { "RBM byte 999: silicon", 1000, 141, 0x10 },
        { "RBM byte 1345: silicon", 1346, 162, 0x01 },
    };
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct sim_csv_txn *txn = &b->csv.txn[cases[i].index];

        assert_int_equal(txn->index, cases[i].index);
        txn->miso[cases[i].byte] ^= cases[i].bits;
        judge(b);
        txn->miso[cases[i].byte] ^= cases[i].bits;
        assert_int_equal(b->score.all.total, 2744);
        assert_int_equal(b->score.all.right, 2743);
        assert_true(b->score.differs);
        assert_int_equal(b->score.first_index, cases[i].index);
        assert_int_equal(b->score.first_byte, cases[i].byte);
        assert_memory_equal(b->score.first, cases[i].words,
            strlen(cases[i].words));
        assert_false(sim_score_is_perfect(&b->score));
    }
}

static void bytes_that_the_mask_leaves_out_do_not_count(void **state)
{
    struct bench *b = *state;

    b->csv.txn[3].miso[0] ^= 0xFF;  // opcode slot
    b->csv.txn[37].miso[1] ^= 0xFF; // dummy byte
    b->csv.txn[37].miso[2] ^= 0x08; // the bit nobody explains
    judge(b);
    assert_int_equal(b->score.all.right, 2744);
}

static void a_changed_byte_that_is_sent_changes_both_sides(void **state)
{
    struct bench *b = *state;

    b->csv.txn[153].mosi[100] ^= 0x01;
    judge(b);
    assert_int_equal(b->score.same_count, 2);
    assert_int_equal(b->score.all.right, 2744);
}

static void a_host_that_forgets_txrts_sends_nothing(void **state)
{
    struct bench *b = *state;

    b->csv.txn[156].mosi[1] = 0x00;
    judge(b);
    assert_int_equal(b->score.want_count, 1);
    assert_int_equal(b->score.got_count, 1);
    assert_int_not_equal(b->score.all.right, 2744);
}

static void stimuli_matter(void **state)
{
    struct bench *b = *state;
    size_t count = b->stimuli.count;

    b->stimuli.item[1].frame[500] ^= 0x01; // the first frame: wrong FCS too
    judge(b);
    assert_in_range(b->score.all.right, 2700, 2743);
    assert_int_equal(b->score.first_index, 140);
    b->stimuli.item[1].frame[500] ^= 0x01;
    b->stimuli.count = 1; // a link, no frame
    judge(b);
    assert_int_equal(b->score.first_index, 135);
    b->stimuli.count = count;
}

static void a_complaint_spoils_the_result(void **state)
{
    struct bench *b = *state;

    b->csv.txn[126].mosi[1] = 0x0F;
    b->csv.txn[125].mosi[1] = 0xFE; // even ERXRDPT
    judge(b);
    assert_int_equal(b->score.complaints, 1);
    assert_false(sim_score_is_perfect(&b->score));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(all_2744_driven_bytes_are_right),
        T(both_transmitted_frames_match),
        T(a_flipped_byte_is_found),
        T(bytes_that_the_mask_leaves_out_do_not_count),
        T(a_changed_byte_that_is_sent_changes_both_sides),
        T(a_host_that_forgets_txrts_sends_nothing),
        T(stimuli_matter),
        T(a_complaint_spoils_the_result),
    };

    return cmocka_run_group_tests_name("captures_score", tests, NULL, NULL);
}
