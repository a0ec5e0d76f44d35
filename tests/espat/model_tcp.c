// SPDX-License-Identifier: MIT
//
// TCP links of the ESP-AT model: opening, sending, receiving both ways,
// closing.

#include "tests/espat/model_bench.h"

static void a_link_carries_bytes_both_ways(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint8_t in[16];

    (void)state;
    open_link(b, 3);
    ask(b, "AT+CIPSEND=3,5", "\r\nOK\r\n\r\n>");
    say(b, "a\r\nb\0"); // binary; say() stops at the NUL
    type(b, "\0", 1);
    expect(b, "\r\nRecv 5 bytes\r\n\r\nSEND OK\r\n");
    assert_int_equal(far_read(b, in, sizeof(in), 100), 5);
    assert_memory_equal(in, "a\r\nb\0", 5);
    far_write(b, "\r\nOK\r\n", 6);
    expect(b, "\r\n+IPD,3,6:\r\nOK\r\n");
    quiet(b, 100);
}

static void each_dialect_has_its_prompt(void **state)
{
    static const char *const prompt[] = {
        [SIM_ESPAT_1_7] = "\r\nOK\r\n> ",
        [SIM_ESPAT_2_0] = "\r\nOK\r\n>",
        [SIM_ESPAT_2_1] = "\r\nOK\r\n>",
        [SIM_ESPAT_2_2] = "\r\nOK\r\n>",
        [SIM_ESPAT_2_4] = "\r\nOK\r\n\r\n>",
        [SIM_ESPAT_3_3] = "\r\nOK\r\n\r\n>",
        [SIM_ESPAT_4_1] = "\r\nOK\r\n\r\n>",
    };

    (void)state;
    for (unsigned v = 0; v < SIM_ESPAT_FIRMWARES; v++) {
        struct bench *b = bench_joined((enum sim_espat_firmware)v);

        open_link(b, 0);
        ask(b, "AT+CIPSEND=0,1", prompt[v]);
        quiet(b, 100);
        say(b, "x");
        expect(b, "\r\nRecv 1 bytes\r\n\r\nSEND OK\r\n");
    }
}

static void there_is_a_most_to_send(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_2);

    (void)state;
    open_link(b, 0);
    ask(b, "AT+CIPSEND=0,2049", "\r\nERROR\r\n");
    ask(b, "AT+CIPSEND=0,0", "\r\nERROR\r\n");
    ask(b, "AT+CIPSEND=1,5", "\r\nERROR\r\n"); // no such link
    b = bench_joined(SIM_ESPAT_2_4);
    open_link(b, 0);
    ask(b, "AT+CIPSEND=0,8193", "\r\nERROR\r\n");
    ask(b, "AT+CIPSEND=0,8192", "\r\nOK\r\n\r\n>");
}

static void a_payload_has_no_end_but_its_length(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint8_t in[16];

    (void)state;
    open_link(b, 0);
    ask(b, "AT+CIPSEND=0,10", "\r\nOK\r\n\r\n>");
    say(b, "AT\r\n");
    quiet(b, 60000);
    say(b, "AT\r\n..");
    expect(b, "\r\nRecv 10 bytes\r\n\r\nSEND OK\r\n");
    assert_int_equal(far_read(b, in, sizeof(in), 100), 10);
    assert_memory_equal(in, "AT\r\nAT\r\n..", 10);
}

static void a_payload_that_is_too_long_is_a_complaint_and_busy(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 0);
    ask(b, "AT+CIPSEND=0,2", "\r\nOK\r\n\r\n>");
    say(b, "abc\r\n");
    expect(b, "\r\nRecv 2 bytes\r\n\r\nbusy p...\r\n\r\nSEND OK\r\n");
    forgive(b, 1);
}

static void sendex_ends_at_backslash_zero(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint8_t in[16];

    (void)state;
    open_link(b, 0);
    ask(b, "AT+CIPSENDEX=0,100", "\r\nOK\r\n\r\n>");
    say(b, "a\\b\\0");
    expect(b, "\r\nRecv 3 bytes\r\n\r\nSEND OK\r\n");
    assert_int_equal(far_read(b, in, sizeof(in), 100), 3);
    assert_memory_equal(in, "a\\b", 3);
}

static void single_mode_has_no_numbers(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPMUX=0", "\r\nOK\r\n");
    far_listen(b);
    ask(b, "AT+CIPSTART=\"TCP\",\"192.0.2.1\",7", "CONNECT\r\n\r\nOK\r\n");
    far_accept(b);
    ask(b, "AT+CIPSEND=2", "\r\nOK\r\n\r\n>");
    say(b, "hi");
    expect(b, "\r\nRecv 2 bytes\r\n\r\nSEND OK\r\n");
    far_write(b, "ho", 2);
    expect(b, "\r\n+IPD,2:ho");
    ask(b, "AT+CIPDINFO=1", "\r\nOK\r\n");
    far_write(b, "ho", 2);
    expect(b, "\r\n+IPD,2,\"192.0.2.1\",7:ho");
    ask(b, "AT+CIPCLOSE", "CLOSED\r\n\r\nOK\r\n");
}

static void who_has_sent_is_told_if_asked_for(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 0);
    ask(b, "AT+CIPDINFO?", "+CIPDINFO:false\r\n\r\nOK\r\n");
    ask(b, "AT+CIPDINFO=1", "\r\nOK\r\n");
    ask(b, "AT+CIPDINFO?", "+CIPDINFO:true\r\n\r\nOK\r\n");
    far_write(b, "x", 1);
    expect(b, "\r\n+IPD,0,1,\"192.0.2.1\",7:x");
    b = bench_joined(SIM_ESPAT_1_7);
    open_link(b, 0);
    ask(b, "AT+CIPDINFO=1", "\r\nOK\r\n");
    far_write(b, "x", 1);
    expect(b, "\r\n+IPD,0,1,192.0.2.1,7:x"); // no quotes
    b = bench_joined(SIM_ESPAT_4_1);
    ask(b, "AT+CIPDINFO?", "+CIPDINFO:0\r\n\r\nOK\r\n");
}

// ---- failing

static void a_link_that_fails_is_closed_behind_the_error(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSTART=2,\"TCP\",\"192.0.2.1\",9",
        "\r\nERROR\r\n2,CLOSED\r\n"); // refused
    ask(b, "AT+CIPSTART=2,\"TCP\",\"192.0.2.99\",9",
        "\r\nERROR\r\n2,CLOSED\r\n"); // nobody there
    ask(b, "AT+CIPSTART=2,\"TCP\",\"nobody.example\",9",
        "\r\nERROR\r\n2,CLOSED\r\n");
    ask(b, "AT+CIPSTART=5,\"TCP\",\"192.0.2.1\",9", "\r\nERROR\r\n");
    ask(b, "AT+CIPSTART=2,\"TCP\",\"192.0.2.1\",0", "\r\nERROR\r\n");
    ask(b, "AT+CIPSTART=2,\"XYZ\",\"192.0.2.1\",9", "\r\nERROR\r\n");
}

static void the_old_one_has_words_for_it(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_1_7);

    (void)state;
    ask(b, "AT+CIPSTART=2,\"TCP\",\"192.0.2.1\",9",
        "2,CONNECT FAIL\r\n\r\nERROR\r\n");
    ask(b, "AT+CIPSTART=2,\"TCP\",\"nobody.example\",9",
        "DNS Fail\r\n2,CONNECT FAIL\r\n\r\nERROR\r\n");
    open_link(b, 2);
    ask(b, "AT+CIPSTART=2,\"TCP\",\"192.0.2.1\",7",
        "ALREADY CONNECTED\r\n\r\nERROR\r\n");
    ask(b, "AT+CIPMUX=0", "link is builded\r\n\r\nERROR\r\n");
    ask(b, "AT+CIPCLOSE=1", "UNLINK\r\n\r\nERROR\r\n");
    ask(b, "AT+CIPSEND=1,4", "link is not valid\r\n\r\nERROR\r\n");
    ask(b, "AT+CWQAP", "\r\nOK\r\nWIFI DISCONNECT\r\n2,CLOSED\r\n");
    ask(b, "AT+CIPSTART=2,\"TCP\",\"192.0.2.1\",9", "no ip\r\n\r\nERROR\r\n");
}

static void everything_waits_while_a_link_is_opened(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    say(b, "AT+CIPSTART=0,\"TCP\",\"192.0.2.99\",9\r\n");
    pass_ms(b, 100);
    ask(b, "AT", "\r\nbusy p...\r\n");
    expect(b, "\r\nERROR\r\n0,CLOSED\r\n");
}

static void names_are_looked_up_inside(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    far_listen(b);
    ask(b, "AT+CIPSTART=0,\"TCP\",\"far.example\",7",
        "0,CONNECT\r\n\r\nOK\r\n");
    ask(b, "AT+CIPDOMAIN=\"far.example\"",
        "+CIPDOMAIN:\"192.0.2.1\"\r\n\r\nOK\r\n");
    ask(b, "AT+CIPDOMAIN=\"nobody.example\"", "\r\nERROR\r\n");
    b->far.dns_mute = true;
    say(b, "AT+CIPDOMAIN=\"far.example\"\r\n");
    quiet(b, 13000);
    expect(b, "\r\nERROR\r\n");
    b = bench_joined(SIM_ESPAT_1_7);
    ask(b, "AT+CIPDOMAIN=\"far.example\"",
        "+CIPDOMAIN:192.0.2.1\r\n\r\nOK\r\n");
    ask(b, "AT+CIPDOMAIN=\"nobody.example\"", "DNS Fail\r\n\r\nERROR\r\n");
}

// ---- ends

static void the_peers_end_is_told(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 0);
    far_write(b, "bye", 3);
    nif_conn_close(&b->conn);
    far_kick(&b->far);
    expect(b, "\r\n+IPD,0,3:bye0,CLOSED\r\n");
    ask(b, "AT+CIPCLOSE=0", "\r\nERROR\r\n");
    ask(b, "AT+CIPSTATUS", "STATUS:4\r\n\r\nOK\r\n");
}

static void a_reset_of_the_peer_is_told(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 0);
    nif_conn_abort(&b->conn);
    far_kick(&b->far);
    expect(b, "0,CLOSED\r\n");
}

static void closing_is_told_twice(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 4);
    ask(b, "AT+CIPCLOSE=4", "4,CLOSED\r\n\r\nOK\r\n");
    pass_ms(b, 100);
    assert_int_equal(nif_conn_recv(&b->conn, b->heard, 1, NULL), 0);
    ask(b, "AT+CIPCLOSE=5", "\r\nOK\r\n"); // all of none
}

static void a_lost_network_closes_links(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 1);
    sim_ap_kick(&b->home, NULL);
    expect(b, "WIFI DISCONNECT\r\n1,CLOSED\r\n");
    expect(b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
}

static void
a_link_that_ends_within_a_payload_is_swallowed_all_the_same(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    open_link(b, 1);
    ask(b, "AT+CIPSEND=1,6", "\r\nOK\r\n\r\n>");
    say(b, "abc");
    nif_conn_abort(&b->conn);
    far_kick(&b->far);
    expect(b, "1,CLOSED\r\n");
    say(b, "def");
    expect(b, "\r\nRecv 6 bytes\r\n\r\nSEND FAIL\r\n");
    ask(b, "AT", "\r\nOK\r\n");
}

static void a_send_fails_when_its_network_is_lost(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    static uint8_t data[8192];

    (void)state;
    open_link(b, 1);
    // The peer reads nothing: its window and the module's buffer are full.
    for (unsigned i = 0; i < 2; i++) {
        ask(b, "AT+CIPSEND=1,8192", "\r\nOK\r\n\r\n>");
        type(b, data, sizeof(data));
        expect(b, "\r\nRecv 8192 bytes\r\n");
        if (i == 0) {
            expect(b, "\r\nSEND OK\r\n");
        }
    }
    quiet(b, 3000);
    ask(b, "AT", "\r\nbusy p...\r\n");
    sim_ap_kick(&b->home, NULL);
    expect(b, "WIFI DISCONNECT\r\n1,CLOSED\r\n\r\nSEND FAIL\r\n");
    ask(b, "AT", "\r\nOK\r\n");
}

static void links_are_listed(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+CIPSTATUS", "STATUS:2\r\n\r\nOK\r\n");
    open_link(b, 2);
    ask(b, "AT+CIPSTATE?", "+CIPSTATE:2,\"TCP\",\"192.0.2.1\",7,");
    await(b, ",0\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSTATUS", "STATUS:3\r\n+CIPSTATUS:2,\"TCP\",\"192.0.2.1\",7,");
    await(b, ",0\r\n\r\nOK\r\n");
    ask(b, "AT+CWQAP", "\r\nOK\r\nWIFI DISCONNECT\r\n2,CLOSED\r\n");
    ask(b, "AT+CIPSTATUS", "STATUS:5\r\n\r\nOK\r\n");
}

static void links_have_another_form_when_asked_for(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    ask(b, "AT+SYSMSG=2", "\r\nOK\r\n");
    far_listen(b);
    ask(b, "AT+CIPSTARTEX=\"TCP\",\"192.0.2.1\",7",
        "+LINK_CONN:0,0,\"TCP\",0,\"192.0.2.1\",7,");
    await(b, "\r\n\r\nOK\r\n");
    ask(b, "AT+CIPCLOSE=0", "0,CLOSED\r\n\r\nOK\r\n");
}

static void tls_takes_its_time_and_is_plain_inside(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint8_t in[4];

    (void)state;
    far_listen(b);
    say(b, "AT+CIPSTART=0,\"SSL\",\"192.0.2.1\",7\r\n");
    quiet(b, 1400);
    expect(b, "0,CONNECT\r\n\r\nOK\r\n");
    far_accept(b);
    ask(b, "AT+CIPSEND=0,2", "\r\nOK\r\n\r\n>");
    say(b, "hi");
    expect(b, "\r\nRecv 2 bytes\r\n\r\nSEND OK\r\n");
    assert_int_equal(far_read(b, in, sizeof(in), 100), 2);
    ask(b, "AT+CIPSTATE?", "+CIPSTATE:0,\"SSL\",");
}

static void the_old_one_is_busy_otherwise_while_it_sends(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_1_7);
    static uint8_t data[2048];

    (void)state;
    open_link(b, 1);
    for (unsigned i = 0; i < 7; i++) { // until nobody takes any more
        ask(b, "AT+CIPSEND=1,2048", "\r\nOK\r\n> ");
        type(b, data, sizeof(data));
        expect(b, "\r\nRecv 2048 bytes\r\n");
        hear(b, 1000, 1);
        if (b->heard_len == 0) {
            break;
        }
        expect(b, "\r\nSEND OK\r\n");
    }
    ask(b, "AT", "\r\nbusy s...\r\n");
}

static void plain_send_has_no_escape_and_no_peer(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint8_t in[8];

    (void)state;
    open_link(b, 0);
    ask(b, "AT+CIPSEND=0,4,\"192.0.2.1\",7", "\r\nERROR\r\n");
    ask(b, "AT+CIPSEND=0,0000000004", "\r\nERROR\r\n"); // too many digits
    ask(b, "AT+CIPSEND=0,4", "\r\nOK\r\n\r\n>");
    say(b, "a\\0b");
    expect(b, "\r\nRecv 4 bytes\r\n\r\nSEND OK\r\n");
    assert_int_equal(far_read(b, in, sizeof(in), 50), 4);
    assert_memory_equal(in, "a\\0b", 4);
}

static void a_peer_that_says_nothing_is_given_up_after_20_s(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint64_t at_ns = b->world.now_ns;

    (void)state;
    // The far end is the router, and forwards nothing.
    ask(b, "AT+CIPSTART=0,\"TCP\",\"198.51.100.1\",9",
        "\r\nERROR\r\n0,CLOSED\r\n");
    assert_in_range(b->world.now_ns - at_ns, 20 * SIM_S, 20100 * SIM_MS);
    at_ns = b->world.now_ns;
    b->far.dns_mute = true;
    ask(b, "AT+CIPDOMAIN=\"far.example\"", "\r\nERROR\r\n");
    assert_in_range(b->world.now_ns - at_ns, 14 * SIM_S, 14100 * SIM_MS);
}

// Five probes, ten seconds from each to the next.
static void a_silent_peer_is_asked_if_that_was_wanted(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);
    uint64_t at_ns;

    (void)state;
    far_listen(b);
    ask(b, "AT+CIPSTART=0,\"TCP\",\"192.0.2.1\",7,7201", "\r\nERROR\r\n");
    ask(b, "AT+CIPSTART=0,\"TCP\",\"192.0.2.1\",7,20",
        "0,CONNECT\r\n\r\nOK\r\n");
    far_accept(b);
    quiet(b, 200000); // it answers
    sim_cable_plug(&b->cable, false);
    at_ns = b->world.now_ns;
    quiet(b, 45000);
    await(b, "0,CLOSED\r\n");
    assert_in_range(b->world.now_ns - at_ns, 50 * SIM_S, 75 * SIM_S);
}

static void a_certificate_counts_where_it_is_looked_at(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_2_4);

    (void)state;
    b->chip.tls_untrusted = true;
    ask(b, "AT+CIPSSLCSNI=1,\"far.example\"", "\r\nOK\r\n");
    ask(b, "AT+CIPSSLCALPN=1,2,\"h2\",\"http/1.1\"", "\r\nOK\r\n");
    ask(b, "AT+CIPSSLCALPN=1,2,\"h2\"", "\r\nERROR\r\n");
    ask(b, "AT+CIPSSLCCONF=1,2,0,0", "\r\nOK\r\n");
    far_listen(b);
    ask(b, "AT+CIPSTART=1,\"SSL\",\"192.0.2.1\",7",
        "\r\nERROR\r\n1,CLOSED\r\n");
    pass_ms(b, 100);
    ask(b, "AT+CIPSTART=0,\"SSL\",\"192.0.2.1\",7",
        "0,CONNECT\r\n\r\nOK\r\n"); // where nobody looks
}

static void the_old_one_has_memory_for_one_tls_link(void **state)
{
    struct bench *b = bench_joined(SIM_ESPAT_1_7);

    (void)state;
    far_listen(b);
    ask(b, "AT+CIPSTART=0,\"SSL\",\"192.0.2.1\",7", "\r\nERROR\r\n");
    ask(b, "AT+CIPSSLSIZE=4096", "\r\nOK\r\n");
    ask(b, "AT+CIPSTART=0,\"SSL\",\"192.0.2.1\",7", "0,CONNECT\r\n\r\nOK\r\n");
    ask(b, "AT+CIPSTART=1,\"SSL\",\"192.0.2.1\",7", "\r\nERROR\r\n");
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_teardown(test, bench_teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_link_carries_bytes_both_ways),
        ON_BENCH(each_dialect_has_its_prompt),
        ON_BENCH(there_is_a_most_to_send),
        ON_BENCH(a_payload_has_no_end_but_its_length),
        ON_BENCH(a_payload_that_is_too_long_is_a_complaint_and_busy),
        ON_BENCH(sendex_ends_at_backslash_zero),
        ON_BENCH(single_mode_has_no_numbers),
        ON_BENCH(who_has_sent_is_told_if_asked_for),
        ON_BENCH(a_link_that_fails_is_closed_behind_the_error),
        ON_BENCH(the_old_one_has_words_for_it),
        ON_BENCH(everything_waits_while_a_link_is_opened),
        ON_BENCH(names_are_looked_up_inside),
        ON_BENCH(the_peers_end_is_told),
        ON_BENCH(a_reset_of_the_peer_is_told),
        ON_BENCH(closing_is_told_twice),
        ON_BENCH(a_lost_network_closes_links),
        ON_BENCH(a_link_that_ends_within_a_payload_is_swallowed_all_the_same),
        ON_BENCH(a_send_fails_when_its_network_is_lost),
        ON_BENCH(links_are_listed),
        ON_BENCH(links_have_another_form_when_asked_for),
        ON_BENCH(tls_takes_its_time_and_is_plain_inside),
        ON_BENCH(the_old_one_is_busy_otherwise_while_it_sends),
        ON_BENCH(plain_send_has_no_escape_and_no_peer),
        ON_BENCH(a_peer_that_says_nothing_is_given_up_after_20_s),
        ON_BENCH(a_silent_peer_is_asked_if_that_was_wanted),
        ON_BENCH(a_certificate_counts_where_it_is_looked_at),
        ON_BENCH(the_old_one_has_memory_for_one_tls_link),
    };

    return cmocka_run_group_tests_name("espat_tcp", tests, NULL, NULL);
}
