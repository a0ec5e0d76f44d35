// SPDX-License-Identifier: MIT
//
// Addresses for a DMA: one for each memory, aligned as it is, and nothing else
// is reached.

#include "sim/chips/dma.h"
#include "tests/support/check.h"

static NIF_ALIGNED(4096) uint8_t memory[3][4096];

static void the_same_memory_has_the_same_address(void **state)
{
    struct sim_dma dma = { .base = 0x80000000, .grain = 4096 };
    uint32_t at = sim_dma_address(&dma, memory[1], 100);

    (void)state;
    assert_int_equal(at, 0x80000000);
    assert_int_equal(sim_dma_address(&dma, memory[1], 100), at);
    assert_int_equal(sim_dma_address(&dma, memory[1] + 60, 40), at + 60);
    assert_int_not_equal(sim_dma_address(&dma, memory[1] + 60, 41), at + 60);
}

static void addresses_are_aligned_as_the_memory_is(void **state)
{
    struct sim_dma dma = { .base = 0x80000000, .grain = 4096 };

    (void)state;
    assert_int_equal(sim_dma_address(&dma, memory[0] + 10, 4086), 0x8000000A);
    assert_int_equal(sim_dma_address(&dma, memory[2], 4096) % 4096, 0);
    assert_int_equal(sim_dma_address(&dma, memory[1] + 7, 1) % 4096, 7);
}

static void only_what_was_given_is_reached_in_one_piece(void **state)
{
    struct sim_dma dma = { .base = 0x20000000, .grain = 64 };
    uint32_t first = sim_dma_address(&dma, memory[0], 64);
    uint32_t second = sim_dma_address(&dma, memory[0] + 64, 64);

    (void)state;
    assert_ptr_equal(sim_dma_reach(&dma, first, 64), memory[0]);
    assert_ptr_equal(sim_dma_reach(&dma, second + 63, 1), memory[0] + 127);
    assert_true(second > first + 64); // a run past an end meets nothing
    assert_null(sim_dma_reach(&dma, first, 65));
    assert_null(sim_dma_reach(&dma, first - 1, 1));
    assert_null(sim_dma_reach(&dma, second + 64, 1));
    assert_null(sim_dma_reach(&dma, UINT64_C(0x100000000) + first, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_memory_has_the_same_address),
        cmocka_unit_test(addresses_are_aligned_as_the_memory_is),
        cmocka_unit_test(only_what_was_given_is_reached_in_one_piece),
    };

    return cmocka_run_group_tests_name("dma", tests, NULL, NULL);
}
