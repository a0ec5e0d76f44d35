// SPDX-License-Identifier: MIT
//
// Recordings come from outside: whatever stands in them, they are refused or
// read, and then played, compared, cut into lines and judged without harm. The
// sanitizers look on.

#include "sim/trace/diff.h"
#include "sim/trace/replay.h"
#include "sim/trace/score_mdio.h"
#include "sim/trace/verdict.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char seed_text[] =
    "# netif-trace 1\n"
    "# time ns\n"
    "# bus enc28j60 spi chip=enc28j60 clock=20000000 mode=0 taped=calls\n"
    "# bus half spi half-duplex=1\n"
    "# bus u uart baud=115200 format=8n1\n"
    "1000 spi enc28j60 0 +100 1d00 ..01\n"
    "2000 spi enc28j60 1 +100 1d00 ..01\n"
    "3000 spi enc28j60 2 +100 1d00 ..01 mask=0F\n"
    "4000 spi enc28j60 3 +100 7a,000102 ..,...... bits=3\n"
    "5000 spi enc28j60 4 +100 3a,00000000000000 ff,00010203040506\n"
    "5500 spi half 0 +100 0a0b0c ....12\n"
    "6000 uart u 0 +100 tx 41540d0a\n"
    "7000 uart u 1 +100 rx 4f4b0d0a framing=1\n"
    "8000 uart u 2 +100 tx 01410142 bits=9\n"
    "9000 mdio m 0 +100 read 1 1 782d\n"
    "9500 mdio m 1 +100 write 1 0 8000\n"
    "9600 pin enc28j60.int 0\n"
    "9700 eth enc28j60 rx 000102030405060708090a0b0c0d0e\n"
    "9800 link enc28j60 up\n"
    "9900 fault enc28j60 select NIF_EIO\n"
    "9950 spi enc28j60 5 +10 ff .. \n";

static void on_line(void *arg, const struct sim_verdict_line *line)
{
    *(size_t *)arg += line->len;
}

// A driver that asks whatever it is answered.
static void ask(struct sim_replay *replay)
{
    struct nif_spi *spi = sim_replay_spi(replay, "enc28j60");
    struct nif_uart *uart = sim_replay_uart(replay, "u");
    struct nif_mdio *mdio = sim_replay_mdio(replay, NULL);
    struct nif_pin *pin = sim_replay_pin(replay, "enc28j60.int");
    uint8_t buf[8] = { 0x1D };
    int sum = nif_pin_read(pin);

    for (unsigned i = 0; spi && i < 6; i++) {
        sum +=
            nif_spi_transact(spi, &(struct nif_spi_seg){ buf, buf, 2 }, 1, 0);
        buf[0] = 0x1D;
        buf[1] = 0;
    }
    for (unsigned i = 0; uart && i < 4; i++) {
        sum += uart->ops->write(uart, (const uint8_t *)"AT\r\n", 4);
        sum += uart->ops->read(uart, buf, sizeof(buf));
        sum += (int)uart->ops->errors(uart) + uart->ops->drained(uart);
    }
    if (mdio) {
        sum += mdio->ops->read(mdio, 1, 1) + mdio->ops->write(mdio, 1, 0, 7);
    }
    (void)sum;
}

static void use(const struct sim_recording *rec, FILE *null)
{
    static const struct sim_phy_cfg cfg;
    static struct sim_replay replay;
    static struct sim_diff diff;
    struct sim_score_mdio score;
    struct sim_world world;
    struct sim_cpu cpu;
    size_t len = 0;

    sim_diff(rec, rec, NULL, &diff);
    assert_false(diff.differs);
    sim_verdict_lines(rec, on_line, &len);
    sim_score_mdio(rec, NULL, &cfg, &score);
    sim_world_init(&world, 1);
    sim_cpu_init(&cpu, &world, 200);
    sim_replay_init(&replay, &cpu, rec);
    ask(&replay);
    sim_replay_finish(&replay);
    sim_replay_print(&replay, null);
    sim_replay_done(&replay);
    sim_world_done(&world);
}

// Changes, doubles and leaves out characters and lines.
static size_t mutate(struct sim_world *dice, char *text, size_t len, size_t cap)
{
    for (unsigned n = 1 + sim_roll(dice, 4); n > 0; n--) {
        size_t at = sim_roll(dice, (uint32_t)len);
        size_t span = 1 + sim_roll(dice, 40);

        span = span < len - at ? span : len - at;
        switch (sim_roll(dice, 4)) {
        case 0:
            text[at] = "0123456789abcF.,+-? xz\n"[sim_roll(dice, 23)];
            break;
        case 1:
            memmove(text + at, text + at + span, len - at - span);
            len -= span;
            break;
        case 2:
            if (len + span < cap) {
                memmove(text + at + span, text + at, len - at);
                len += span;
            }
            break;
        default: text[at] = (char)(text[at] ^ 1 << sim_roll(dice, 7)); break;
        }
        len = len > 20 ? len : 20;
    }
    return len;
}

static void changed_recordings_are_refused_or_read(void **state)
{
    static char text[4096];
    const char *many = getenv("NIF_FUZZ");
    unsigned long rounds = many ? strtoul(many, NULL, 10) : 3000;
    FILE *null = fopen("/dev/null", "w");
    struct sim_world dice;
    unsigned long reads = 0;

    (void)state;
    assert_non_null(null);
    sim_world_init(&dice, 7);
    for (unsigned long i = 0; i < rounds; i++) {
        size_t len = sizeof(seed_text) - 1;
        struct sim_trace_reader reader;
        struct sim_recording rec;
        FILE *in;

        memcpy(text, seed_text, len);
        len = i == 0 ? len : mutate(&dice, text, len, sizeof(text));
        in = fmemopen(text, len, "r");
        assert_non_null(in);
        sim_trace_read_init(&reader, in, "text");
        if (sim_recording_read(&rec, &reader) == 1) {
            use(&rec, null);
            sim_recording_done(&rec);
            reads++;
        } else if (i == 0) {
            fail_msg("%s", reader.error);
        }
        sim_trace_read_done(&reader);
        fclose(in);
    }
    sim_world_done(&dice);
    fclose(null);
    assert_in_range(reads, rounds / 20 + 1, rounds - rounds / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_recordings_are_refused_or_read),
    };

    return cmocka_run_group_tests_name("trace_hostile", tests, NULL, NULL);
}
