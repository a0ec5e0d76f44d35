// SPDX-License-Identifier: MIT
//
// What two libraries of others say to a module, in their order: the ESP-AT
// model knows all of it, and has nothing to complain of.

#include "tests/espat/model_bench.h"

static void say_all(struct bench *b, const char *const *line, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        say(b, line[i]);
        say(b, "\r\n");
        await(b, "\r\nOK\r\n");
    }
    assert_int_equal(b->chip.error_count, 0);
    assert_int_equal(b->chip.busy_count, 0);
}

static void lwesp_is_understood(void **state)
{
    static const char *const first[] = { "AT+RST" };
    static const char *const second[] = { "AT+RESTORE" };
    static const char *const third[] = { "ATE0", "AT+GMR", "AT+SYSMSG=7",
        "AT+SYSLOG=1", "AT+RFPOWER=40", "AT+CWMODE=3,1", "AT+CWDHCP?",
        "AT+CIPMUX=1", "AT+CIPRECVMODE=1", "AT+CWLAPOPT=1,0x7FF",
        "AT+CIPSTATUS", "AT+CIPSTATE?", "AT+CIPAP?", "AT+CIPAPMAC?",
        "AT+CIPDINFO=1", "AT+CWJAP=\"home\",\"correct horse\"", "AT+CWDHCP?",
        "AT+CIPSTA?", "AT+CIPSTAMAC?", "AT+CIPSTATE?" };
    struct bench *b = bench_open(NULL);

    (void)state;
    await(b, "\r\nready\r\n");
    say_all(b, first, 1);
    await(b, "\r\nready\r\n");
    say_all(b, second, 1);
    await(b, "\r\nready\r\n");
    say_all(b, third, nif_countof(third));
    far_listen(b);
    ask(b, "AT+CIPSTARTEX=\"TCP\",\"far.example\",7",
        "+LINK_CONN:0,0,\"TCP\",0,\"192.0.2.1\",7,");
    await(b, "\r\n\r\nOK\r\n");
    far_accept(b);
    far_write(b, "abc", 3);
    expect(b, "\r\n+IPD,0,3\r\n");
    ask(b, "AT+CIPRECVLEN?", "+CIPRECVLEN:3,-1,-1,-1,-1\r\n\r\nOK\r\n");
    ask(b, "AT+CIPRECVDATA=0,3",
        "+CIPRECVDATA:3,\"192.0.2.1\",7,abc\r\nOK\r\n");
    ask(b, "AT+CIPCLOSE=0", "0,CLOSED\r\n\r\nOK\r\n");
}

static void wifiespat_is_understood(void **state)
{
    static const char *const begin[] = { "ATE0", "AT+CIPMUX=1",
        "AT+CIPRECVMODE=1", "AT+SYSSTORE=0", "AT+CWMODE?", "AT+GMR",
        "AT+CWMODE=1", "AT+CWJAP=\"home\",\"correct horse\"" };
    struct bench *b = bench_open(NULL);
    uint8_t in[8];

    (void)state;
    await(b, "\r\nready\r\n");
    say_all(b, begin, nif_countof(begin));
    open_link(b, 4);
    ask(b, "AT+CIPSEND=4,3", "\r\nOK\r\n\r\n>");
    say(b, "abc");
    expect(b, "\r\nRecv 3 bytes\r\n\r\nSEND OK\r\n");
    assert_int_equal(far_read(b, in, sizeof(in), 50), 3);
    ask(b, "AT+CIPSTATUS", "STATUS:3\r\n+CIPSTATUS:4,\"TCP\",");
    await(b, "\r\nOK\r\n");
    ask(b, "AT+CIPRECVLEN?", "+CIPRECVLEN:-1,-1,-1,-1,0\r\n\r\nOK\r\n");
    ask(b, "?", "\r\nERROR\r\n");
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_teardown(test, bench_teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(lwesp_is_understood),
        ON_BENCH(wifiespat_is_understood),
    };

    return cmocka_run_group_tests_name("espat_hosts", tests, NULL, NULL);
}
