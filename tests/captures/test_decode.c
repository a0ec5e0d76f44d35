// SPDX-License-Identifier: MIT
//
// Decoders: the words for traffic on each kind of bus, what differs, and which
// bits on MISO mean something.

#include "sim/trace/decode.h"
#include "tests/support/check.h"

#include <string.h>

static void mdio_has_the_names_of_clause_22(void **state)
{
    static const struct {
        struct sim_trace_item item;
        const char *want;
    } cases[] = {
        { { .phy = 1, .reg = 1, .value = 0x782D },
            "PHY 1 BMSR = 782D 100FD 100HD 10FD 10HD an-complete an-able link "
            "extended" },
        { { .op = SIM_TRACE_MDIO_WRITE, .phy = 31, .value = 0x8000 },
            "PHY 31 BMCR <- 8000 reset" },
        { { .reg = 17, .value = 2 }, "PHY 0 register 17 = 0002" },
        { { .reg = 2, .value = 0xFFFF, .flags = SIM_TRACE_NO_ANSWER },
            "PHY 0 PHYID1: no answer" },
        { { .op = SIM_TRACE_MDIO_C45_READ, .reg = 2, .value = 3 },
            "clause 45 read port 0 device 2: 0003" },
    };
    struct sim_decoder *mdio =
        sim_decoder_for(&(struct sim_trace_bus){ .kind = SIM_TRACE_MDIO });
    char text[128];

    (void)state;
    assert_non_null(mdio);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        mdio->ops->decode(mdio, &cases[i].item, NULL, text, sizeof(text));
        assert_string_equal(text, cases[i].want);
    }
    mdio->ops->differ(mdio, &cases[0].item, 0, 0x7809, text, sizeof(text));
    assert_string_equal(text, "PHY 1 BMSR: 782D, not 7809: an-complete link");
    sim_decoder_free(mdio);
}

static void say_serial(struct sim_decoder *at, uint64_t at_ns, bool rx,
    const char *words, char *text)
{
    at->from_ns = at_ns;
    at->ops->decode(at,
        &(struct sim_trace_item){
            .kind = SIM_TRACE_UART,
            .at_ns = at_ns,
            .len_ns = 1000,
            .rx = rx,
            .data = (const uint8_t *)words,
            .len = strlen(words),
        },
        NULL, text, 128);
}

static void serial_traffic_is_told_by_lines(void **state)
{
    struct sim_decoder *at = sim_decoder_new("at");
    char text[128];

    (void)state;
    say_serial(at, 10, false, "AT+X", text);
    assert_string_equal(text, "");
    say_serial(at, 5000, true, "OK\r\n", text);
    assert_string_equal(text, "<- OK\\r\\n");
    assert_int_equal(at->from_ns, 5000);
    say_serial(at, 9000, false, "=\"\x01\\\n", text);
    assert_string_equal(text, "-> AT+X=\"\\x01\\\\\\n");
    assert_int_equal(at->from_ns, 10); // when the line began
    sim_decoder_free(at);
}

static void a_line_ends_where_it_is_silent_for_50_ms(void **state)
{
    struct sim_decoder *at = sim_decoder_new("at");
    char text[128];

    (void)state;
    say_serial(at, 0, false, "one", text);
    say_serial(at, 1000 + 50000000, false, "+", text);
    assert_string_equal(text, "");
    say_serial(at, 2000 + 2 * 50000001, false, "two", text);
    assert_string_equal(text, "-> one+");
    say_serial(at, 200000000, true, "three", text);
    at->ops->end(at, text, sizeof(text));
    assert_string_equal(text, "-> two");
    at->ops->end(at, text, sizeof(text));
    assert_string_equal(text, "<- three");
    at->ops->end(at, text, sizeof(text));
    assert_string_equal(text, "");
    sim_decoder_free(at);
}

static void the_chip_s_bytes_are_masked_and_what_differs_has_words(void **state)
{
    static const uint8_t bank3[2] = { 0x9F, 0x03 };
    static const uint8_t read[3] = { 0x0A, 0, 0 };
    static const uint8_t miso[3] = { 0, 0x55, 0x09 };
    struct sim_trace_item item = { .kind = SIM_TRACE_SPI,
        .data = bank3,
        .miso = miso,
        .len = 2 };
    struct sim_decoder *enc =
        sim_decoder_for(&(struct sim_trace_bus){ .kind = SIM_TRACE_SPI,
            .chip = "enc28j60" });
    uint8_t mask[3];
    char text[128];

    (void)state;
    assert_non_null(enc);
    enc->ops->decode(enc, &item, mask, text, sizeof(text));
    assert_string_equal(text, "BFS ECON1 BSEL1 BSEL0");
    assert_memory_equal(mask, "\0\0", 2);
    item.data = read;
    item.len = 3;
    enc->ops->differ(enc, &item, 2, 0x08, text, sizeof(text));
    assert_string_equal(text, "RCR MISTAT: silicon 09, model 08: BUSY");
    enc->ops->decode(enc, &item, mask, text, sizeof(text));
    assert_string_equal(text, "RCR MISTAT -> 09 BUSY");
    assert_memory_equal(mask, "\0\0\x07", 3); // not the dummy, not bit 3
    item.flags = SIM_TRACE_UNSEEN;
    enc->ops->decode(enc, &item, mask, text, sizeof(text));
    assert_string_equal(text, "bytes that were not probed");
    sim_decoder_free(enc);
}

static void a_bus_finds_its_decoder_by_chip_name_or_kind(void **state)
{
    const struct {
        struct sim_trace_bus bus;
        const char *want;
    } cases[] = {
        { { .kind = SIM_TRACE_SPI, .chip = "enc28j60" }, "enc28j60" },
        { { .kind = SIM_TRACE_SPI, .name = "enc28j60" }, "enc28j60" },
        { { .kind = SIM_TRACE_SPI, .name = "spi0" }, NULL },
        { { .kind = SIM_TRACE_UART, .chip = "enc28j60" }, "at" },
        { { .kind = SIM_TRACE_UART, .name = "uart0" }, "at" },
        { { .kind = SIM_TRACE_MDIO, .name = "m" }, "mdio" },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct sim_decoder *decoder = sim_decoder_for(&cases[i].bus);

        if (cases[i].want) {
            assert_non_null(decoder);
            assert_string_equal(decoder->ops->name, cases[i].want);
        } else {
            assert_null(decoder);
        }
        sim_decoder_free(decoder);
    }
    assert_null(sim_decoder_new("w5500x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mdio_has_the_names_of_clause_22),
        cmocka_unit_test(serial_traffic_is_told_by_lines),
        cmocka_unit_test(a_line_ends_where_it_is_silent_for_50_ms),
        cmocka_unit_test(
            the_chip_s_bytes_are_masked_and_what_differs_has_words),
        cmocka_unit_test(a_bus_finds_its_decoder_by_chip_name_or_kind),
    };

    return cmocka_run_group_tests_name("trace_decode", tests, NULL, NULL);
}
