// SPDX-License-Identifier: MIT
//
// The ESP-AT model against a host that types anything: it may complain, but
// is what it was when it has been reset.

#include "tests/espat/model_bench.h"

#include <stdio.h>

#define ROUNDS 1500

static const char *const lines[] = {
    "AT+CWMODE=3\r\n",
    "AT+CWJAP=\"home\",\"correct horse\"\r\n",
    "AT+CWSAP=\"lamp\",\"12345678\",5,3\r\n",
    "AT+CWLAP\r\n",
    "AT+CIPMUX=1\r\n",
    "AT+CIPRECVMODE=1\r\n",
    "AT+CIPDINFO=1\r\n",
    "AT+CIPSTART=0,\"TCP\",\"192.0.2.1\",7\r\n",
    "AT+CIPSTART=1,\"UDP\",\"192.0.2.1\",1000,4000,2\r\n",
    "AT+CIPSTART=2,\"SSL\",\"far.example\",7\r\n",
    "AT+CIPSEND=0,4\r\nabcd",
    "AT+CIPSEND=0,900\r\n",
    "AT+CIPSEND=1,4\r\n",
    "abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
    "AT+CIPSENDEX=0,90\r\nabc\\0",
    "AT+CIPRECVDATA=0,100\r\n",
    "AT+CIPRECVLEN?\r\n",
    "AT+CIPCLOSE=5\r\n",
    "AT+CIPSERVER=1,80\r\n",
    "AT+CIPSERVER=0\r\n",
    "AT+CIPSTO=3\r\n",
    "AT+CIPSTATUS\r\n",
    "AT+CIPSTA?\r\n",
    "AT+CIPSTA=\"192.0.2.9\"\r\n",
    "AT+CWDHCP=1,3\r\n",
    "AT+CIPDOMAIN=\"far.example\"\r\n",
    "AT+SYSMSG=2\r\n",
    "\r\n",
};

static struct nif_conn server;
static struct nif_conn taken[3];
static uint8_t room[3][2][2048];

static void serve(struct bench *b)
{
    struct nif_stack *stack = &b->far.tcpip.stack;

    assert_int_equal(nif_conn_open(stack, &server, NIF_TCP,
                         &(struct nif_conn_cfg){ .rx_cap = 0 }),
        0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(nif_conn_open(stack, &taken[i], NIF_TCP,
                             &(struct nif_conn_cfg){ .rx = room[i][0],
                                 .rx_cap = sizeof(room[i][0]),
                                 .tx = room[i][1],
                                 .tx_cap = sizeof(room[i][1]) }),
            0);
    }
    assert_int_equal(nif_conn_bind(&server,
                         &(struct nif_endpoint){ .port = 7 }),
        0);
    assert_int_equal(nif_conn_listen(&server, taken, 3), 0);
}

// The far end takes who comes, talks, and goes.
static void far_does_something(struct bench *b)
{
    static const uint8_t text[300] = "\r\nOK\r\n+IPD,0,9:ready\r\n";
    struct nif_conn *conn;

    (void)!nif_conn_accept(&server, &conn, NULL);
    for (unsigned i = 0; i < 3; i++) {
        if (nif_conn_state(&taken[i]) == NIF_CONN_OPEN) {
            (void)!nif_conn_send(&taken[i], text, sizeof(text), NULL);
            if (sim_roll(&b->world, 30) == 0) {
                nif_conn_close(&taken[i]);
            }
        } else if (nif_conn_state(&taken[i]) == NIF_CONN_FAILED) {
            nif_conn_close(&taken[i]);
        }
    }
    far_kick(&b->far);
}

static void type_something(struct bench *b)
{
    char line[80];
    size_t len = (size_t)snprintf(line, sizeof(line), "%s",
        lines[sim_roll(&b->world, nif_countof(lines))]);

    assert_true(len < sizeof(line));
    switch (sim_roll(&b->world, 8)) {
    case 0: line[sim_roll(&b->world, (uint32_t)len)] ^= 1; break;
    case 1: len = sim_roll(&b->world, (uint32_t)len); break;
    case 2:
        line[sim_roll(&b->world, (uint32_t)len)] =
            (char)sim_roll(&b->world, 256);
        break;
    default: break;
    }
    type(b, line, len);
}

static void disturb(struct bench *b)
{
    switch (sim_roll(&b->world, 300)) {
    case 0: sim_ap_kick(&b->home, NULL); break;
    case 1: sim_espat_reboot(&b->chip, "\r\ncrash\r\n"); break;
    case 2: sim_espat_stall(&b->chip, 50 * SIM_MS); break;
    case 3: sim_ap_switch(&b->home, !b->home.on); break;
    case 4:
        sim_espat_stick(&b->chip); // until it is reset
    // fall through
    case 5:
        nif_pin_write(&b->enable.pin, false);
        pass_ms(b, 2);
        nif_pin_write(&b->enable.pin, true);
        break;
    default: break;
    }
}

static void one_run(enum sim_espat_firmware firmware)
{
    struct bench *b = bench_joined(firmware);

    b->chip.lenient = true;
    serve(b);
    for (unsigned i = 0; i < ROUNDS; i++) {
        type_something(b);
        disturb(b);
        far_does_something(b);
        hear(b, sim_roll(&b->world, 3) == 0 ? 2000 : 20, sizeof(b->heard));
        b->heard_len = 0;
    }
    nif_pin_write(&b->enable.pin, false);
    pass_ms(b, 2);
    hear(b, 200, sizeof(b->heard));
    b->heard_len = 0;
    nif_pin_write(&b->enable.pin, true);
    await(b, "\r\nready\r\n");
}

static void anything_can_be_typed(void **state)
{
    (void)state;
    for (unsigned v = 0; v < SIM_ESPAT_FIRMWARES; v++) {
        one_run((enum sim_espat_firmware)v);
    }
}

// ---- a reset at any moment

struct strike {
    struct sim_event event;
    struct bench *b;
    bool hit;
};

static void on_strike(struct sim_event *event)
{
    struct strike *strike = nif_container_of(event, struct strike, event);

    strike->hit = true;
    sim_espat_reboot(&strike->b->chip, NULL);
}

// Opens a link, sends, gets an answer, closes; as far as it comes.
static void one_dialogue(struct bench *b)
{
    static const char *const said[] = { "AT+CIPMUX=1\r\n",
        "AT+CIPSTART=0,\"TCP\",\"192.0.2.1\",7\r\n", "AT+CIPSEND=0,3\r\n",
        "abc", "AT+CIPCLOSE=0\r\n" };

    for (size_t i = 0; i < nif_countof(said); i++) {
        type(b, said[i], strlen(said[i]));
        hear(b, 60, sizeof(b->heard));
        far_does_something(b);
        b->heard_len = 0;
    }
}

static void a_reset_at_any_byte_ends_in_ready(void **state)
{
    struct strike strike = { .event.fn = on_strike, .hit = true };
    unsigned tried = 0;

    (void)state;
    for (uint64_t n = 0; strike.hit; n += 7) {
        struct bench *b = bench_joined(SIM_ESPAT_2_4);

        b->chip.lenient = true;
        serve(b);
        strike.b = b;
        strike.hit = false;
        sim_strike_at(&b->world, b->world.strike_count + n, &strike.event);
        one_dialogue(b);
        if (strike.hit) {
            hear(b, 3000, sizeof(b->heard));
            b->heard_len = 0;
            ask(b, "AT", "AT\r\n\r\nOK\r\n");
            assert_int_equal(b->chip.boot_count, 2);
            tried++;
        }
        sim_strike_at(&b->world, 0, NULL);
    }
    assert_true(tried > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(anything_can_be_typed, bench_teardown),
        cmocka_unit_test_teardown(a_reset_at_any_byte_ends_in_ready,
            bench_teardown),
    };

    return cmocka_run_group_tests_name("espat_hostile", tests, NULL, NULL);
}
