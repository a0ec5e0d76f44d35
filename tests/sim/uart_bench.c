// SPDX-License-Identifier: MIT
//
// A bench for the serial line.

#include "tests/sim/uart_bench.h"

static bool listener_received(struct sim_uart_chip *chip, uint8_t byte,
    unsigned errors)
{
    struct listener *l = nif_container_of(chip, struct listener, chip);

    if (l->busy) {
        return false;
    }
    assert_true(l->count < nif_countof(l->heard));
    l->heard[l->count] = byte;
    l->errors[l->count] = errors;
    l->at_ns[l->count++] = chip->world->now_ns;
    return true;
}

static void listener_drained(struct sim_uart_chip *chip)
{
    struct listener *l = nif_container_of(chip, struct listener, chip);

    l->drained_ns = chip->world->now_ns;
    l->drains++;
}

static const struct sim_uart_chip_ops listener_ops = {
    .received = listener_received,
    .drained = listener_drained,
};

void begin(struct bench *b, const struct sim_uart_cfg *cfg)
{
    memset(b, 0, sizeof(*b));
    sim_world_init(&b->world, 1);
    sim_cpu_init(&b->cpu, &b->world, 200);
    b->far.chip.ops = &listener_ops;
    b->far.chip.world = &b->world;
    sim_uart_init(&b->bus, &b->cpu, &b->far.chip, cfg);
    sim_uart_fault_init(&b->fault, &b->cpu, &b->bus.uart);
    b->uart = &b->bus.uart;
}

void end(struct bench *b)
{
    sim_uart_done(&b->bus);
    sim_world_done(&b->world);
}

int setup(void **state)
{
    static struct bench b;

    begin(&b, NULL);
    *state = &b;
    return 0;
}

int teardown(void **state)
{
    struct bench *b = *state;

    assert_int_equal(b->world.complaints, 0);
    end(b);
    return 0;
}

int put(struct bench *b, const char *text, size_t len)
{
    return b->uart->ops->write(b->uart, (const uint8_t *)text, len);
}

int get(struct bench *b, uint8_t *buf, size_t cap)
{
    return b->uart->ops->read(b->uart, buf, cap);
}

void pass(struct bench *b, uint64_t ns)
{
    sim_pass_ns(&b->world, ns);
}
