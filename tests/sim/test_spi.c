// SPDX-License-Identifier: MIT
//
// The simulated SPI bus and its pins: time, undriven lines, interrupts,
// faults.

#include "sim/bus/fault.h"
#include "sim/bus/pin.h"
#include "sim/bus/spi.h"
#include "tests/support/check.h"

#include <string.h>

// A chip that answers the byte before last, and nothing to the first two;
// notes when things happen.
struct echo {
    struct sim_spi_chip chip;
    uint64_t select_ns;
    uint64_t first_ns;
    uint64_t release_ns;
    unsigned selects;
    int last[2];
};

static void echo_select(struct sim_spi_chip *chip)
{
    struct echo *echo = nif_container_of(chip, struct echo, chip);

    echo->select_ns = chip->world->now_ns;
    echo->selects++;
    echo->last[0] = -1;
    echo->last[1] = -1;
}

static int echo_exchange(struct sim_spi_chip *chip, int mosi)
{
    struct echo *echo = nif_container_of(chip, struct echo, chip);
    int miso = echo->last[0];

    if (echo->last[1] < 0) {
        echo->first_ns = chip->world->now_ns;
    }
    echo->last[0] = echo->last[1];
    echo->last[1] = mosi;
    return miso;
}

static void echo_release(struct sim_spi_chip *chip)
{
    struct echo *echo = nif_container_of(chip, struct echo, chip);

    echo->release_ns = chip->world->now_ns;
}

static const struct sim_spi_chip_ops echo_ops = {
    .select = echo_select,
    .exchange = echo_exchange,
    .release = echo_release,
};

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct echo echo;
    struct sim_spi bus;
    struct sim_spi_fault fault;
};

static int setup(void **state)
{
    static struct bench b;

    sim_world_init(&b.world, 1);
    sim_cpu_init(&b.cpu, &b.world, 200);
    b.echo = (struct echo){ .chip = { .ops = &echo_ops, .world = &b.world } };
    sim_spi_init(&b.bus, &b.cpu, &b.echo.chip,
        &(struct sim_spi_cfg){ .hz = 10000000 });
    sim_spi_fault_init(&b.fault, &b.cpu, &b.bus.spi);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    sim_spi_done(&b->bus);
    sim_world_done(&b->world);
    return 0;
}

static int talk(struct nif_spi *spi, const char *tx, uint8_t *rx, size_t len)
{
    struct nif_spi_seg segs[] = {
        { (const uint8_t *)tx, rx, 1 },
        { (const uint8_t *)tx + 1, rx + 1, len - 1 },
    };

    return nif_spi_transact(spi, segs, 2, 0);
}

static void a_transaction_takes_the_time_of_its_bits(void **state)
{
    struct bench *b = *state;
    uint8_t rx[4];

    assert_int_equal(talk(&b->bus.spi, "abcd", rx, 4), 0);
    // 200 processor, 60 set-up, 4 bytes of 800, 20 hold.
    assert_int_equal(b->echo.select_ns, 200);
    assert_int_equal(b->echo.first_ns, 260);
    assert_int_equal(b->echo.release_ns, 260 + 3200 + 20);
    assert_int_equal(b->world.now_ns, 3480);
    assert_memory_equal(rx + 2, "ab", 2);
    assert_int_equal(nif_spi_transact(&b->bus.spi,
                         &(struct nif_spi_seg){ .len = 1 }, 1, 210),
        0);
    assert_int_equal(b->world.now_ns, 3480 + 200 + 60 + 800 + 210);
}

static void the_gap_between_selects_is_kept(void **state)
{
    struct bench *b = *state;
    uint8_t rx[2];
    uint64_t released_ns;

    b->cpu.cost_ns = 0;
    b->bus.cfg.gap_ns = 500;
    assert_int_equal(talk(&b->bus.spi, "ab", rx, 2), 0);
    released_ns = b->echo.release_ns;
    assert_int_equal(talk(&b->bus.spi, "ab", rx, 2), 0);
    assert_int_equal(b->echo.select_ns, released_ns + 500);
}

static void an_undriven_line_reads_as_noise(void **state)
{
    struct bench *b = *state;
    unsigned distinct = 0;
    bool seen[256] = { 0 };

    for (int i = 0; i < 200; i++) {
        uint8_t rx[2];

        assert_int_equal(talk(&b->bus.spi, "ab", rx, 2), 0);
        distinct += !seen[rx[0]];
        seen[rx[0]] = true;
    }
    assert_true(distinct > 80);
}

static void the_bus_knows_which_bytes_were_driven(void **state)
{
    struct bench *b = *state;
    uint8_t rx[4];
    static const uint8_t want[] = { 0, 0, 1, 1 };
    struct nif_spi_seg seg = { (const uint8_t *)"abcd", rx, 4 };

    b->bus.watch_driven = true;
    assert_int_equal(nif_spi_transact(&b->bus.spi, &seg, 1, 0), 0);
    assert_memory_equal(b->bus.driven, want, 4);
}

static void every_byte_and_call_is_a_strike_point(void **state)
{
    struct bench *b = *state;
    uint8_t rx[4];

    assert_int_equal(talk(&b->bus.spi, "abcd", rx, 4), 0);
    assert_int_equal(b->world.strike_count, 5);
    assert_int_equal(b->cpu.bus_calls, 1);
}

static void half_duplex_takes_one_direction_at_a_time(void **state)
{
    struct bench *b = *state;
    uint8_t rx[2];
    struct nif_spi_seg out = { (const uint8_t *)"xy", NULL, 2 };
    struct nif_spi_seg in = { NULL, rx, 2 };
    struct nif_spi_seg both = { (const uint8_t *)"xy", rx, 2 };
    struct nif_spi_seg turn[] = { out, in };

    b->bus.cfg.half_duplex = true;
    assert_int_equal(nif_spi_transact(&b->bus.spi, turn, 2, 0), 0);
    assert_memory_equal(rx, "xy", 2);
    assert_int_equal(b->world.complaints, 0);
    assert_int_equal(nif_spi_transact(&b->bus.spi, &both, 1, 0), NIF_EIO);
    assert_int_equal(b->world.complaints, 1);
}

// ---- pins

struct isr {
    struct bench *bench;
    struct sim_pin *pin;
    unsigned count;
    int bus_err;
    bool use_bus;
};

static void on_fall(void *arg)
{
    struct isr *isr = arg;
    uint8_t rx[2];

    isr->count++;
    assert_false(nif_pin_read(&isr->pin->pin)); // takes no time here
    if (isr->use_bus) {
        isr->bus_err = talk(&isr->bench->bus.spi, "ab", rx, 2);
    }
}

static void
an_edge_calls_the_handler_and_a_bus_call_there_is_a_complaint(void **state)
{
    struct bench *b = *state;
    struct sim_pin pin;
    struct isr isr = { .bench = b, .pin = &pin };

    sim_pin_init(&pin, &b->cpu, "int", true);
    nif_pin_on_edge(&pin.pin, false, on_fall, &isr);
    sim_pin_drive(&pin, true);
    assert_int_equal(isr.count, 0);
    sim_pin_drive(&pin, false);
    sim_pin_drive(&pin, false);
    sim_pin_drive(&pin, true);
    assert_int_equal(isr.count, 1);
    pin.lose_edges = 1;
    sim_pin_drive(&pin, false);
    assert_int_equal(isr.count, 1);
    sim_pin_drive(&pin, true);
    isr.use_bus = true;
    assert_int_equal(b->world.complaints, 0);
    sim_pin_drive(&pin, false);
    assert_int_equal(isr.count, 2);
    assert_int_equal(isr.bus_err, NIF_EIO);
    assert_int_equal(b->world.complaints, 1);
    sim_pin_drive(NULL, false);
}

static void on_reset(struct sim_pin *pin, void *arg, bool level)
{
    (void)pin;
    *(int *)arg = level;
}

static void the_chip_sees_what_the_processor_writes(void **state)
{
    struct bench *b = *state;
    struct sim_pin pin;
    int seen = -1;

    sim_pin_init(&pin, &b->cpu, "reset", true);
    nif_pin_write(&pin.pin, false); // an input: no effect
    assert_true(nif_pin_read(&pin.pin));
    pin.on_write = on_reset;
    pin.write_arg = &seen;
    nif_pin_write(&pin.pin, false);
    assert_int_equal(seen, 0);
    assert_false(nif_pin_read(&pin.pin));
    nif_pin_write(&pin.pin, true);
    assert_int_equal(seen, 1);
}

// ---- faults

struct fault_case {
    struct sim_fault fault;
    int err;
    int rx[4]; // -1: whatever
    unsigned selects;
};

// Three transactions, of which the fault touches the second.
static void run_fault_case(struct bench *b, const struct fault_case *c)
{
    for (unsigned n = 0; n < 3; n++) {
        uint64_t before_ns = b->world.now_ns;
        uint8_t rx[4];

        assert_int_equal(talk(&b->fault.spi, "abcd", rx, 4),
            n == 1 ? c->err : 0);
        assert_true(b->world.now_ns > before_ns);
        for (size_t k = 0; n == 1 && k < 4; k++) {
            if (c->rx[k] >= 0) {
                assert_int_equal(rx[k], c->rx[k]);
            }
        }
        if (n != 1) {
            assert_memory_equal(rx + 2, "ab", 2);
        }
    }
    assert_int_equal(b->echo.selects, c->selects);
    assert_int_equal(b->fault.hits, 1);
}

static void faults_hit_just_the_transactions_they_name(void **state)
{
    static const struct fault_case cases[] = {
        { { SIM_FAULT_EIO, 1, 1, 0, 0 }, NIF_EIO, { -1, -1, -1, -1 }, 2 },
        { { SIM_FAULT_EIO_LATE, 1, 1, 0, 0 }, NIF_EIO, { -1, -1, 'a', 'b' },
            3 },
        { { SIM_FAULT_STUCK, 1, 1, 0, 0xFF }, 0, { 255, 255, 255, 255 }, 3 },
        { { SIM_FAULT_FLIP, 1, 1, 3, 0x40 }, 0, { -1, -1, 'a', '"' }, 3 },
        { { SIM_FAULT_DEAF, 1, 1, 0, 0 }, 0, { -1, -1, -1, -1 }, 2 },
    };
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(cases); i++) {
        setup(state);
        sim_spi_fault_add(&b->fault, &cases[i].fault);
        run_fault_case(b, &cases[i]);
        sim_spi_fault_clear(&b->fault);
    }
}

static void a_fault_is_read_back_as_it_was_written(void **state)
{
    static const char *const bad[] = { "", "miso.stuck", "no at=1 count=1",
        "miso.stuck at=1 count=1 byte=0 value=100",
        "miso.stuck at=1 count=1 byte=0 value=ff x" };
    struct sim_fault fault = { SIM_FAULT_FLIP, 12, UINT64_MAX, 5, 0x80 };
    struct sim_fault again = { 0 };
    char text[SIM_FAULT_TEXT];

    (void)state;
    sim_fault_format(&fault, text);
    assert_true(sim_fault_parse(text, &again));
    assert_int_equal(again.kind, fault.kind);
    assert_int_equal(again.at, 12);
    assert_true(again.count == UINT64_MAX);
    assert_int_equal(again.byte, 5);
    assert_int_equal(again.value, 0x80);
    for (size_t i = 0; i < nif_countof(bad); i++) {
        assert_false(sim_fault_parse(bad[i], &again));
    }
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_transaction_takes_the_time_of_its_bits),
        ON_BENCH(the_gap_between_selects_is_kept),
        ON_BENCH(an_undriven_line_reads_as_noise),
        ON_BENCH(the_bus_knows_which_bytes_were_driven),
        ON_BENCH(every_byte_and_call_is_a_strike_point),
        ON_BENCH(half_duplex_takes_one_direction_at_a_time),
        ON_BENCH(an_edge_calls_the_handler_and_a_bus_call_there_is_a_complaint),
        ON_BENCH(the_chip_sees_what_the_processor_writes),
        ON_BENCH(faults_hit_just_the_transactions_they_name),
        cmocka_unit_test(a_fault_is_read_back_as_it_was_written),
    };

    return cmocka_run_group_tests_name("spi", tests, NULL, NULL);
}
