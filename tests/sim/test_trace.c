// SPDX-License-Identifier: MIT
//
// What a trace says of a run, and that recording changes nothing of it.

#include "sim/bus/fault.h"
#include "sim/net/nic.h"
#include "sim/trace/record.h"
#include "tests/support/check.h"

#include <stdlib.h>
#include <string.h>

// Drives the second byte of each transaction with 0xC5.
struct chip {
    struct sim_spi_chip chip;
    unsigned at;
};

static void chip_select(struct sim_spi_chip *chip)
{
    nif_container_of(chip, struct chip, chip)->at = 0;
}

static int chip_exchange(struct sim_spi_chip *chip, int mosi)
{
    (void)mosi;
    return nif_container_of(chip, struct chip, chip)->at++ == 1 ? 0xC5 : -1;
}

static void chip_release(struct sim_spi_chip *chip)
{
    (void)chip;
}

static const struct sim_spi_chip_ops chip_ops = {
    .select = chip_select,
    .exchange = chip_exchange,
    .release = chip_release,
};

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct chip chip;
    struct sim_spi bus;
    struct sim_spi_fault fault;
    struct sim_trace trace;
    struct sim_spi_recorder rec;
    char *text;
    size_t text_len;
    FILE *out;
};

static int setup(void **state)
{
    static struct bench b;

    memset(&b, 0, sizeof(b));
    b.out = open_memstream(&b.text, &b.text_len);
    sim_world_init(&b.world, 7);
    sim_cpu_init(&b.cpu, &b.world, 200);
    b.chip.chip.ops = &chip_ops;
    b.chip.chip.world = &b.world;
    sim_spi_init(&b.bus, &b.cpu, &b.chip.chip, NULL);
    sim_spi_fault_init(&b.fault, &b.cpu, &b.bus.spi);
    sim_trace_init(&b.trace, &b.world, b.out);
    sim_spi_record(&b.rec, &b.trace, "spi0", "", &b.fault.spi, &b.bus);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    sim_spi_record_done(&b->rec);
    sim_spi_done(&b->bus);
    sim_world_done(&b->world);
    fclose(b->out);
    free(b->text);
    return 0;
}

static int talk(struct nif_spi *spi, uint8_t rx[2])
{
    struct nif_spi_seg segs[] = {
        { (const uint8_t[]){ 0x1D, 0x02 }, NULL, 2 },
        { NULL, rx, 1 },
    };

    return nif_spi_transact(spi, segs, 2, 0);
}

static void a_transaction_is_one_line(void **state)
{
    struct bench *b = *state;
    uint8_t rx[2];

    assert_int_equal(talk(&b->rec.spi, rx), 0);
    fflush(b->out);
    assert_string_equal(b->text,
        "# netif-trace 1\n# seed 7\n# time ns\n"
        "# bus spi0 spi clock=20000000 mode=0 taped=calls\n"
        "260 spi spi0 0 +1220 1d02,00 ..c5,..\n");
}

static void a_failure_of_the_bus_is_marked(void **state)
{
    struct bench *b = *state;
    struct sim_fault late = { SIM_FAULT_EIO_LATE, 0, 1, 0, 0 };
    struct sim_fault early = { SIM_FAULT_EIO, 1, 1, 0, 0 };
    uint8_t rx[2];

    sim_spi_fault_add(&b->fault, &late);
    sim_spi_fault_add(&b->fault, &early);
    assert_int_equal(talk(&b->rec.spi, rx), NIF_EIO);
    assert_int_equal(talk(&b->rec.spi, rx), NIF_EIO);
    fflush(b->out);
    assert_non_null(strstr(b->text, " 1d02 ..c5 error\n"));
    assert_non_null(strstr(b->text, " fault spi0 select NIF_EIO\n"));
}

static void recording_takes_no_time_and_changes_no_byte(void **state)
{
    struct bench *b = *state;
    uint64_t recorded_ns;
    uint8_t recorded[2];
    uint8_t plain[2];

    assert_int_equal(talk(&b->rec.spi, recorded), 0);
    recorded_ns = b->world.now_ns;
    teardown(state);
    setup(state);
    assert_int_equal(talk(&b->bus.spi, plain), 0);
    assert_int_equal(b->world.now_ns, recorded_ns);
    assert_int_equal(plain[0], recorded[0]);
}

static void pins_frames_and_events_stand_on_the_same_axis(void **state)
{
    struct bench *b = *state;
    struct sim_pin pin;
    struct sim_cable cable;
    struct sim_nic a;
    struct sim_nic z;
    struct sim_cable_recorder rec;
    uint8_t frame[60] = { 0xAB, 0xCD };

    sim_pin_init(&pin, &b->cpu, "int", true);
    sim_pin_record(&b->trace, &pin);
    sim_cable_init(&cable, &b->world, 10000000);
    sim_nic_init(&a, &b->world, "a", 0);
    sim_nic_init(&z, &b->world, "z", 0);
    sim_cable_join(&cable, &a.port, &z.port);
    sim_cable_record(&rec, &b->trace, "eth0", &cable, 0);
    sim_nic_send(&a, frame, sizeof(frame));
    sim_run_until(&b->world, 100 * SIM_US);
    sim_pin_drive(&pin, false);
    sim_trace_event(&b->trace, "log", "nif", "hello %d", 5);
    sim_nic_send(&z, frame, sizeof(frame));
    sim_run_until(&b->world, 200 * SIM_US);
    fflush(b->out);
    assert_non_null(strstr(b->text, "\n57600 eth eth0 tx abcd0000"));
    assert_non_null(strstr(b->text, "\n100000 pin int 0\n"));
    assert_non_null(strstr(b->text, "\n100000 log nif hello 5\n"));
    assert_non_null(strstr(b->text, "\n157600 eth eth0 rx abcd0000"));
    sim_nic_done(&a);
    sim_nic_done(&z);
    sim_cable_done(&cable);
}

static void a_full_disk_is_remembered(void **state)
{
    struct bench *b = *state;
    FILE *full = fopen("/dev/full", "w");
    struct sim_trace trace;

    assert_non_null(full);
    setvbuf(full, NULL, _IONBF, 0);
    sim_trace_init(&trace, &b->world, full);
    assert_int_not_equal(trace.err, 0);
    sim_trace_event(&trace, "log", "nif", "lost");
    fclose(full);
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_transaction_is_one_line),
        ON_BENCH(a_failure_of_the_bus_is_marked),
        ON_BENCH(recording_takes_no_time_and_changes_no_byte),
        ON_BENCH(pins_frames_and_events_stand_on_the_same_axis),
        ON_BENCH(a_full_disk_is_remembered),
    };

    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
