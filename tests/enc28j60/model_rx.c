// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's receiver: where frames are put, what stands in front
// of them, and when there is no room.

#include "tests/enc28j60/model_bench.h"

struct header {
    unsigned next;
    unsigned count;
    unsigned status;
};

static struct header read_header(struct bench *b, unsigned at)
{
    uint8_t raw[6];

    read_at(b, at, raw, sizeof(raw));
    return (struct header){ nif_get_le16(raw), nif_get_le16(raw + 2),
        nif_get_le16(raw + 4) };
}

static void expect_header(struct bench *b, unsigned at, unsigned next,
    unsigned count)
{
    struct header header = read_header(b, at);

    assert_int_equal(header.next, next);
    assert_int_equal(header.count, count);
}

// Lets a frame of `len` bytes with FCS come in.
static void arrive_len(struct bench *b, size_t len)
{
    uint8_t frame[2048];

    make_frame(frame, len - 4, own_mac);
    arrive(b, frame, len - 4);
}

static void free_packet(struct bench *b, unsigned next)
{
    wcr16(b, ENC_ERXRDPTL, next == 0 ? 0x0FFF : next - 1);
    bfs(b, ENC_ECON2, ENC_ECON2_PKTDEC);
}

static void a_frame_has_a_header_its_bytes_and_its_fcs(void **state)
{
    struct bench *b = *state;
    uint8_t frame[104];
    uint8_t out[104];

    start(b, true);
    make_frame(frame, 100, own_mac);
    arrive(b, frame, 100);
    sim_fcs_put(frame, 100);
    expect_header(b, 0x0000, 0x006E, 104);
    rbm(b, out, sizeof(out));
    assert_memory_equal(out, frame, sizeof(out));
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
    assert_int_equal(rcr(b, ENC_EIR), ENC_EIR_PKTIF);
    assert_int_equal(rcr16(b, ENC_ERXWRPTL), 0x006E);
}

static void an_odd_count_is_padded_to_an_even_next_pointer(void **state)
{
    struct bench *b = *state;

    start(b, true);
    arrive_len(b, 71);
    arrive_len(b, 64);
    expect_header(b, 0x0000, 78, 71);
    expect_header(b, 78, 78 + 70, 64);
    assert_int_equal(rcr16(b, ENC_ERXWRPTL), 148);
}

static void a_frame_wraps_inside_the_fifo(void **state)
{
    struct bench *b = *state;
    uint8_t frame[1004];
    uint8_t out[1004];

    start(b, true);
    for (unsigned i = 0; i < 4; i++) {
        arrive_len(b, 1004);
        free_packet(b, (i + 1) * 1010);
    }
    make_frame(frame, 1000, own_mac);
    arrive(b, frame, 1000);
    sim_fcs_put(frame, 1000);
    expect_header(b, 4040, 5050 - 4096, 1004);
    rbm(b, out, sizeof(out));
    assert_memory_equal(out, frame, sizeof(out));
}

static void the_header_itself_wraps(void **state)
{
    struct bench *b = *state;

    start(b, true);
    for (unsigned i = 0; i < 4; i++) {
        arrive_len(b, i < 3 ? 1016 : 1020);
        free_packet(b, i < 3 ? (i + 1) * 1022 : 4092);
    }
    arrive_len(b, 64);
    expect_header(b, 4092, 4092 + 70 - 4096, 64);
}

static void status_bits_say_what_came(void **state)
{
    static const struct {
        uint8_t to[6];
        uint16_t type;
        uint16_t opcode;
        uint16_t want;
    } cases[] = {
        { { 2, 0, 0, 0, 0, 1 }, 0x0800, 0, 0x00C0 },
        { { 2, 0, 0, 0, 0, 1 }, 46, 0, 0x0080 },
        { { 2, 0, 0, 0, 0, 1 }, 50, 0, 0x00A0 }, // 46 bytes follow
        { { 2, 0, 0, 0, 0, 1 }, 10, 0, 0x0080 }, // padding is no error
        { { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, 0x0806, 0, 0x02C0 },
        { { 0x33, 0x33, 0, 0, 0, 1 }, 0x86DD, 0, 0x01C0 },
        { { 2, 0, 0, 0, 0, 1 }, 0x8100, 0, 0x40C0 },
        { { 2, 0, 0, 0, 0, 1 }, 0x8808, 1, 0x18C0 },
        { { 2, 0, 0, 0, 0, 1 }, 0x8808, 2, 0x28C0 },
    };
    struct bench *b = *state;
    unsigned at = 0;

    start(b, true);
    wcr(b, ENC_MACON1, 0x03); // PASSALL, no pauses
    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint8_t frame[60] = { 0 };

        memcpy(frame, cases[i].to, 6);
        nif_put_be16(frame + 12, cases[i].type);
        nif_put_be16(frame + 14, cases[i].opcode);
        arrive(b, frame, sizeof(frame));
        assert_int_equal(read_header(b, at).status, cases[i].want);
        at += 70;
    }
}

static void a_bad_fcs_is_dropped_or_told(void **state)
{
    struct bench *b = *state;
    uint8_t frame[64];

    start(b, true);
    make_frame(frame, 60, own_mac);
    sim_fcs_put(frame, 60);
    frame[63] ^= 1;
    sim_nic_send_raw(&b->nic, frame, 64);
    pass_us(b, 100);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
    wcr(b, ENC_ERXFCON, 0x00);
    sim_nic_send_raw(&b->nic, frame, 64);
    pass_us(b, 100);
    assert_int_equal(read_header(b, 0).status, 0x0050);
}

static void length_limits_hold(void **state)
{
    static const struct {
        size_t len; // with FCS
        bool huge;
        bool want;
    } cases[] = {
        { 17, false, false },
        { 18, false, true },
        { 40, false, true }, // a runt, the host's business
        { 1518, false, true },
        { 1519, false, false },
        { 1519, true, true },
    };
    struct bench *b = *state;

    start(b, true);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint8_t frame[1600];
        uint64_t before = b->chip.counts.rx_stored;

        wcr(b, ENC_MACON3, cases[i].huge ? 0x37 : 0x33);
        make_frame(frame, 1560, own_mac);
        sim_fcs_put(frame, cases[i].len - 4);
        sim_nic_send_raw(&b->nic, frame, cases[i].len);
        pass_us(b, 1400);
        assert_int_equal(b->chip.counts.rx_stored - before, cases[i].want);
        free_packet(b, rcr16(b, ENC_ERXWRPTL));
    }
}

static void a_receiver_that_is_off_stores_nothing(void **state)
{
    struct bench *b = *state;

    start(b, true);
    wcr(b, ENC_MACON1, 0x00);
    arrive_len(b, 64);
    wcr(b, ENC_MACON1, 0x0D);
    bfc(b, ENC_ECON1, ENC_ECON1_RXEN);
    arrive_len(b, 64);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
    assert_int_equal(b->chip.counts.rx_missed, 2);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
    arrive_len(b, 64);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
}

static void rxbusy_is_set_while_a_frame_comes_in(void **state)
{
    struct bench *b = *state;
    uint8_t frame[100];

    start(b, true);
    make_frame(frame, sizeof(frame), own_mac);
    sim_nic_send(&b->nic, frame, sizeof(frame));
    pass_us(b, 50);
    assert_true(rcr(b, ENC_ESTAT) & ENC_ESTAT_RXBUSY);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
    pass_us(b, 50);
    assert_false(rcr(b, ENC_ESTAT) & ENC_ESTAT_RXBUSY);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
}

// Of a FIFO of 4096 bytes 4095 can be used; frames take an even number.
static void the_fifo_takes_what_fits_and_not_a_byte_more(void **state)
{
    static const struct {
        size_t len;
        unsigned rdpt;
        bool fits;
    } cases[] = {
        { 1500, 0x0FFF, true },
        { 64, 70, false }, // write pointer at 0: 69 bytes are free
        { 64, 71, true },  // 70, which is all it needs
        { 65, 72, false }, // needs 72
        { 65, 73, true },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct bench *b = bench_open(NULL);

        *state = b;
        start(b, true);
        b->chip.ptr[SIM_ENC28J60_ERXRDPT] = (uint16_t)cases[i].rdpt;
        arrive_len(b, cases[i].len);
        assert_int_equal(rcr(b, ENC_EPKTCNT), cases[i].fits);
        assert_int_equal(rcr(b, ENC_EIR) & ENC_EIR_RXERIF, !cases[i].fits);
    }
}

static void the_last_byte_of_an_empty_fifo_is_never_used(void **state)
{
    static const struct {
        size_t len;
        unsigned wr;
        unsigned rd;
        bool fits;
    } cases[] = {
        { 194, 0, 0, false }, // with its header as long as the whole FIFO
        { 192, 0, 0, true },
        { 194, 100, 100, false },
        { 192, 100, 100, true },
        { 92, 100, 199, true }, // 98 bytes up to the one that ERXRDPT keeps
        { 93, 100, 199, false },
        { 144, 100, 50, false }, // 149 are free, it needs 150
        { 144, 100, 51, true },  // 150
        { 146, 100, 51, false },
    };
    struct bench *b = *state;

    start(b, true);
    bfc(b, ENC_ECON1, ENC_ECON1_RXEN);
    wcr16(b, ENC_ERXNDL, 199);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint8_t frame[200];
        uint64_t before = b->chip.counts.rx_stored;

        b->chip.rx.wr = (uint16_t)cases[i].wr;
        b->chip.ptr[SIM_ENC28J60_ERXRDPT] = (uint16_t)cases[i].rd;
        make_frame(frame, sizeof(frame), own_mac);
        sim_fcs_put(frame, cases[i].len - 4);
        sim_nic_send_raw(&b->nic, frame, cases[i].len);
        pass_us(b, 200);
        assert_int_equal(b->chip.counts.rx_stored - before, cases[i].fits);
    }
}

static void a_fifo_need_not_begin_at_zero(void **state)
{
    struct bench *b = *state;

    start(b, true);
    bfc(b, ENC_ECON1, ENC_ECON1_RXEN);
    wcr16(b, ENC_ERXSTL, 0x0804);
    wcr16(b, ENC_ERXNDL, 0x0803 + 200);
    wcr16(b, ENC_ERXRDPTL, 0x0803 + 200);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
    arrive_len(b, 64);
    arrive_len(b, 64);
    arrive_len(b, 64); // 60 bytes are left
    assert_int_equal(rcr(b, ENC_EPKTCNT), 2);
    expect_header(b, 0x0804, 0x0804 + 70, 64);
    wcr16(b, ENC_ERXRDPTL, 0x0804 + 69);
    arrive_len(b, 64);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 3);
    expect_header(b, 0x0804 + 140, 0x0804 + 10, 64);
}

static void an_overflow_is_told_and_leaves_earlier_packets_whole(void **state)
{
    struct bench *b = *state;

    start(b, true);
    for (unsigned i = 0; i < 4; i++) {
        arrive_len(b, 1346);
    }
    assert_int_equal(rcr(b, ENC_EPKTCNT), 3);
    assert_true(rcr(b, ENC_EIR) & ENC_EIR_RXERIF);
    assert_true(rcr(b, ENC_ESTAT) & ENC_ESTAT_BUFER);
    assert_int_equal(b->chip.counts.rx_lost, 1);
    expect_header(b, 0x0000, 0x0548, 1346);
    expect_header(b, 0x0A90, 0x0FD8, 1346);
    bfc(b, ENC_EIR, ENC_EIR_RXERIF);
    free_packet(b, 0x0548);
    arrive_len(b, 1346); // from 0FD8 on around the end
    assert_int_equal(rcr(b, ENC_EPKTCNT), 3);
    assert_false(rcr(b, ENC_EIR) & ENC_EIR_RXERIF);
}

static void packet_255_is_the_last_that_is_taken(void **state)
{
    struct bench *b = *state;
    uint8_t frame[18];

    start(b, true);
    make_frame(frame, 14, own_mac);
    sim_fcs_put(frame, 14);
    for (unsigned i = 0; i < 256; i++) {
        b->chip.ptr[SIM_ENC28J60_ERXRDPT] =
            (uint16_t)((b->chip.rx.wr - 1) & 0x0FFF);
        sim_nic_send_raw(&b->nic, frame, sizeof(frame));
        pass_us(b, 40);
    }
    assert_int_equal(rcr(b, ENC_EPKTCNT), 255);
    assert_true(rcr(b, ENC_EIR) & ENC_EIR_RXERIF);
}

static void pktdec_counts_down_to_zero_and_pktif_goes(void **state)
{
    struct bench *b = *state;

    start(b, true);
    arrive_len(b, 64);
    arrive_len(b, 64);
    bfc(b, ENC_EIR, ENC_EIR_PKTIF); // has no effect
    assert_true(rcr(b, ENC_EIR) & ENC_EIR_PKTIF);
    bfs(b, ENC_ECON2, ENC_ECON2_PKTDEC);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
    assert_int_equal(rcr(b, ENC_ECON2), 0x80);
    assert_true(rcr(b, ENC_EIR) & ENC_EIR_PKTIF);
    bfs(b, ENC_ECON2, ENC_ECON2_PKTDEC);
    assert_false(rcr(b, ENC_EIR) & ENC_EIR_PKTIF);
    bfs(b, ENC_ECON2, ENC_ECON2_PKTDEC);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
}

static void erxrdpt_changes_when_its_high_byte_is_written(void **state)
{
    struct bench *b = *state;

    wcr16(b, ENC_ERXRDPTL, 0x0FFF);
    wcr(b, ENC_ERXRDPTL, 0x47);
    assert_int_equal(rcr16(b, ENC_ERXRDPTL), 0x0FFF);
    wcr(b, ENC_ERXRDPTH, 0x05);
    assert_int_equal(rcr16(b, ENC_ERXRDPTL), 0x0547);
}

static void writing_erxst_or_erxnd_reloads_the_write_pointer(void **state)
{
    static const unsigned which[] = { ENC_ERXSTL, ENC_ERXNDL };

    for (size_t i = 0; i < nif_countof(which); i++) {
        struct bench *b = bench_open(NULL);

        *state = b;
        start(b, true);
        arrive_len(b, 64);
        bfc(b, ENC_ECON1, ENC_ECON1_RXEN);
        wcr(b, which[i], rcr(b, which[i]));
        assert_int_equal(rcr16(b, ENC_ERXWRPTL), 70); // not yet
        bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
        arrive_len(b, 66);
        expect_header(b, 0x0000, 72, 66);
        assert_int_equal(rcr16(b, ENC_ERXWRPTL), 72);
    }
}

static void rxrst_stops_reception_and_keeps_what_is_there(void **state)
{
    struct bench *b = *state;
    uint8_t frame[100];

    start(b, true);
    arrive_len(b, 64);
    make_frame(frame, sizeof(frame), own_mac);
    sim_nic_send(&b->nic, frame, sizeof(frame));
    pass_us(b, 50);
    bfs(b, ENC_ECON1, ENC_ECON1_RXRST);
    assert_false(rcr(b, ENC_ECON1) & ENC_ECON1_RXEN);
    assert_false(rcr(b, ENC_ESTAT) & ENC_ESTAT_RXBUSY);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN); // held in reset
    assert_false(rcr(b, ENC_ECON1) & ENC_ECON1_RXEN);
    bfc(b, ENC_ECON1, ENC_ECON1_RXRST);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
    pass_us(b, 100);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
    arrive_len(b, 64);
    expect_header(b, 70, 140, 64);
}

static void a_header_can_be_spoilt_on_purpose(void **state)
{
    struct bench *b = *state;

    start(b, true);
    sim_enc28j60_rx_corrupt(&b->chip,
        (uint8_t[]){ 0x01, 0x80, 0, 0x40, 0x80, 0 });
    arrive_len(b, 64);
    arrive_len(b, 64);
    expect_header(b, 0x0000, 70 ^ 0x8001, 64 ^ 0x4000);
    assert_int_equal(read_header(b, 0).status, 0x0040);
    expect_header(b, 70, 140, 64);
}

#define T(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_frame_has_a_header_its_bytes_and_its_fcs),
        T(an_odd_count_is_padded_to_an_even_next_pointer),
        T(a_frame_wraps_inside_the_fifo),
        T(the_header_itself_wraps),
        T(status_bits_say_what_came),
        T(a_bad_fcs_is_dropped_or_told),
        T(length_limits_hold),
        T(a_receiver_that_is_off_stores_nothing),
        T(rxbusy_is_set_while_a_frame_comes_in),
        T(the_fifo_takes_what_fits_and_not_a_byte_more),
        T(the_last_byte_of_an_empty_fifo_is_never_used),
        T(a_fifo_need_not_begin_at_zero),
        T(an_overflow_is_told_and_leaves_earlier_packets_whole),
        T(packet_255_is_the_last_that_is_taken),
        T(pktdec_counts_down_to_zero_and_pktif_goes),
        T(erxrdpt_changes_when_its_high_byte_is_written),
        T(writing_erxst_or_erxnd_reloads_the_write_pointer),
        T(rxrst_stops_reception_and_keeps_what_is_there),
        T(a_header_can_be_spoilt_on_purpose),
    };

    return cmocka_run_group_tests_name("model_rx", tests, NULL, NULL);
}
