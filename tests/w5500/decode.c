// SPDX-License-Identifier: MIT
//
// The W5500's decoder: the data sheet's words for its SPI frames, the bits
// that mean something, and the Ethernet frames in them.

#include "sim/trace/decode.h"
#include "nif/base.h"
#include "tests/support/check.h"

#include <string.h>

struct fixture {
    struct sim_decoder *decoder;
    char text[256];
    uint8_t mask[64];
    bool rx;
    uint8_t frame[64];
    size_t len;
    unsigned count;
};

static void on_frame(void *arg, bool rx, const uint8_t *frame, size_t len)
{
    struct fixture *f = arg;

    f->rx = rx;
    f->len = len;
    f->count++;
    memcpy(f->frame, frame, len < sizeof(f->frame) ? len : sizeof(f->frame));
}

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    f.decoder = sim_decoder_new("w5500");
    assert_non_null(f.decoder);
    f.decoder->on_frame = on_frame;
    f.decoder->arg = &f;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    sim_decoder_free(f->decoder);
    return 0;
}

// One transaction; `miso` NULL: nobody listened.
static const char *decode(struct fixture *f, const uint8_t *mosi,
    const uint8_t *miso, size_t len)
{
    const struct sim_trace_item item = {
        .kind = SIM_TRACE_SPI,
        .data = mosi,
        .miso = miso,
        .len = len,
    };

    f->decoder->ops->decode(f->decoder, &item, f->mask, f->text,
        sizeof(f->text));
    return f->text;
}

static const char *write_bytes(struct fixture *f, const uint8_t *mosi,
    size_t len)
{
    return decode(f, mosi, NULL, len);
}

#define WRITE(f, ...)                                \
    write_bytes(f, (const uint8_t[]){ __VA_ARGS__ }, \
        sizeof((const uint8_t[]){ __VA_ARGS__ }))

// Reads these bytes from an offset of a block.
static const char *read_bytes(struct fixture *f, unsigned offset,
    unsigned control, const uint8_t *data, size_t len)
{
    uint8_t mosi[64] = { (uint8_t)(offset >> 8), (uint8_t)offset,
        (uint8_t)control };
    uint8_t miso[64] = { 1, 2, 3 };

    memcpy(miso + 3, data, len);
    return decode(f, mosi, miso, 3 + len);
}

#define READ(f, offset, control, ...)                                \
    read_bytes(f, offset, control, (const uint8_t[]){ __VA_ARGS__ }, \
        sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void registers_have_their_names_and_words(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(READ(f, 0x39, 0x00, 0x04), "read VERSIONR = 04");
    assert_string_equal(WRITE(f, 0, 0, 0x04, 0x80), "write MR = 80 RST");
    assert_string_equal(READ(f, 0x2E, 0x00, 0xBF),
        "read PHYCFGR = BF RST DPX SPD LNK");
    assert_string_equal(READ(f, 0x15, 0x00, 0xC0),
        "read IR = C0 CONFLICT UNREACH");
    assert_string_equal(WRITE(f, 0, 0, 0x0C, 0x84), "write S0_MR = 84 MACRAW");
    assert_string_equal(WRITE(f, 0, 1, 0x0C, 0x01), "write S0_CR = 01 OPEN");
    assert_string_equal(READ(f, 3, 0xE8, 0x17), "read S7_SR = 17 ESTABLISHED");
    assert_string_equal(READ(f, 2, 0x28, 0x14), "read S1_IR = 14 SENDOK RECV");
    assert_string_equal(READ(f, 0x26, 0x48, 0x01, 0x22),
        "read S2_RX_RSR = 0122");
    assert_string_equal(WRITE(f, 0, 0x3F, 0x04, 1),
        "write 003F (reserved) = 01");
}

static void a_burst_is_told_register_by_register(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(WRITE(f, 0, 1, 4, 192, 0, 2, 1, 255, 255, 255, 0, 2, 0,
                            0, 0, 0, 1, 192, 0, 2, 2),
        "write GAR = 192.0.2.1, SUBR = 255.255.255.0, SHAR = "
        "02:00:00:00:00:01, SIPR = 192.0.2.2");
    assert_string_equal(WRITE(f, 0, 3, 4, 2, 1), "write GAR[2] = 02:01");
    assert_string_equal(READ(f, 0x27, 0x08, 0x22), "read S0_RX_RSR[1] = 22");
}

static void fixed_lengths_are_several_frames(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(WRITE(f, 0, 0x1B, 5, 7, 0, 0x19, 6, 0x11, 0x22),
        "write RCR = 07; write RTR = 1122");
}

static void memory_and_what_is_no_frame_is_told(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(WRITE(f, 0x12, 0x34, 0x34, 1, 2, 3),
        "write S1 TX memory at 1234: 3 bytes");
    assert_string_equal(READ(f, 0x0800, 0x18, 1, 2),
        "read S0 RX memory at 0800: 2 bytes");
    assert_string_equal(WRITE(f, 0, 0, 0x24, 1), "write reserved block 4");
    assert_string_equal(WRITE(f, 0, 0), "ended in the header");
    assert_string_equal(WRITE(f, 0, 0, 4), "write, without data");
    assert_string_equal(decode(f, NULL, NULL, 0), "no clock");
}

static void only_data_that_is_read_means_something(void **state)
{
    struct fixture *f = *state;

    READ(f, 0x39, 0x00, 0x04, 0x00);
    assert_memory_equal(f->mask, ((uint8_t[]){ 0, 0, 0, 255, 255 }), 5);
    WRITE(f, 0, 0, 4, 1);
    assert_memory_equal(f->mask, ((uint8_t[]){ 0, 0, 0, 0 }), 4);
    READ(f, 0, 0x20, 0x04);
    assert_memory_equal(f->mask, ((uint8_t[]){ 0, 0, 0, 0 }), 4);
}

static void frames_of_macraw_are_found(void **state)
{
    struct fixture *f = *state;

    WRITE(f, 0, 0, 0x0C, 0x04); // MR
    WRITE(f, 0, 1, 0x0C, 0x01); // OPEN
    WRITE(f, 0, 0, 0x14, 'a', 'b', 'c');
    WRITE(f, 0, 0x24, 0x0C, 0, 3);
    WRITE(f, 0, 1, 0x0C, 0x20);
    assert_int_equal(f->count, 1);
    assert_false(f->rx);
    assert_int_equal(f->len, 3);
    assert_memory_equal(f->frame, "abc", 3);
    // Length first, then the frame, in a transaction each.
    READ(f, 0, 0x18, 0, 6);
    READ(f, 2, 0x18, 'w', 'x', 'y', 'z');
    WRITE(f, 0, 0x28, 0x0C, 0, 6);
    assert_int_equal(f->count, 1);
    WRITE(f, 0, 1, 0x0C, 0x40);
    assert_int_equal(f->count, 2);
    assert_true(f->rx);
    assert_int_equal(f->len, 4);
    assert_memory_equal(f->frame, "wxyz", 4);
}

static void a_frame_may_wrap_and_be_taken_in_two_steps(void **state)
{
    struct fixture *f = *state;

    WRITE(f, 0, 0, 0x0C, 0x04);
    WRITE(f, 0, 1, 0x0C, 0x01);
    // A frame of 2045 bytes nobody has read: the pointer is moved over it.
    READ(f, 0, 0x18, 0x07, 0xFF);
    WRITE(f, 0, 0x28, 0x0C, 0x07, 0xFF);
    WRITE(f, 0, 1, 0x0C, 0x40);
    f->count = 0;
    READ(f, 0x07FF, 0x18, 0, 4, 'p', 'q');
    WRITE(f, 0, 0x28, 0x0C, 0x08, 0x01);
    WRITE(f, 0, 1, 0x0C, 0x40); // the header alone
    assert_int_equal(f->count, 0);
    WRITE(f, 0, 0x28, 0x0C, 0x08, 0x03);
    WRITE(f, 0, 1, 0x0C, 0x40);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->len, 2);
    assert_memory_equal(f->frame, "pq", 2);
}

static void an_impossible_length_is_passed_over(void **state)
{
    struct fixture *f = *state;

    WRITE(f, 0, 0, 0x0C, 0x04);
    WRITE(f, 0, 1, 0x0C, 0x01);
    READ(f, 0, 0x18, 0xFF, 0xFE, 0, 0);
    WRITE(f, 0, 0x28, 0x0C, 0, 4);
    WRITE(f, 0, 1, 0x0C, 0x40);
    assert_int_equal(f->count, 0);
    READ(f, 4, 0x18, 0, 3, 'k');
    WRITE(f, 0, 0x28, 0x0C, 0, 7);
    WRITE(f, 0, 1, 0x0C, 0x40);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->len, 1);
}

static void a_difference_has_its_place(void **state)
{
    struct fixture *f = *state;
    const uint8_t mosi[5] = { 0, 0x02, 0x08 };
    const uint8_t miso[5] = { 0, 0, 0, 0x10, 0x42 };
    const uint8_t memory[5] = { 0x08, 0x00, 0x18 };
    struct sim_trace_item item = {
        .kind = SIM_TRACE_SPI,
        .data = mosi,
        .miso = miso,
        .len = 5,
    };

    f->decoder->ops->differ(f->decoder, &item, 4, 0x00, f->text,
        sizeof(f->text));
    assert_string_equal(f->text, "S0_SR: 42, not 00");
    item.data = memory;
    f->decoder->ops->differ(f->decoder, &item, 3, -1, f->text, sizeof(f->text));
    assert_string_equal(f->text, "S0 RX memory at 0800: 10, not undriven");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(registers_have_their_names_and_words),
        TEST(a_burst_is_told_register_by_register),
        TEST(fixed_lengths_are_several_frames),
        TEST(memory_and_what_is_no_frame_is_told),
        TEST(only_data_that_is_read_means_something),
        TEST(frames_of_macraw_are_found),
        TEST(a_frame_may_wrap_and_be_taken_in_two_steps),
        TEST(an_impossible_length_is_passed_over),
        TEST(a_difference_has_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
