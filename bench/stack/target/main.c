// SPDX-License-Identifier: MIT
//
// Runs the figures on a Cortex-M0 in QEMU and prints, a line each,
//
//     DEVICE FIGURE INSTRUCTIONS TIMES
//
// where DEVICE is "gather" or "lend", INSTRUCTIONS all that were counted.
// How they are counted is told in meter.S.

#include "bench/stack/figures.h"
#include "bench/stack/meter.h"
#include "bench/stack/target/board.h"

#define SYST_MASK 0xFFFFFF

uint32_t meter_began;
void meter_add(uint32_t now);
void meter_add_pause(uint32_t now);
void outside_nothing(void);
void wire_nothing(void);
void hundred(void);

static struct {
    uint32_t count; // instructions between readings
    uint32_t stretches;
    uint32_t pauses;
    uint32_t per_stretch; // what the meter itself adds
    uint32_t per_pause;
    bool heeds;
    const char *device;
} meter;

// 12.8 steps are one instruction.
static void add(uint32_t now, uint32_t *parts)
{
    uint32_t ticks = (meter_began - now) & SYST_MASK;

    if (meter.heeds) {
        meter.count += (ticks * 5 + 32) >> 6;
        *parts += 1;
    }
}

void meter_add(uint32_t now)
{
    add(now, &meter.stretches);
    meter.heeds = false;
}

void meter_add_pause(uint32_t now)
{
    add(now, &meter.pauses);
}

void meter_heed(void)
{
    meter.heeds = true;
}

void meter_forget(void)
{
    meter.count = 0;
    meter.stretches = 0;
    meter.pauses = 0;
}

static uint32_t counted(void)
{
    uint32_t count = meter.count - meter.stretches * meter.per_stretch -
        meter.pauses * meter.per_pause;

    meter_forget();
    return count;
}

void meter_report(const char *figure, unsigned count)
{
    board_print(meter.device);
    board_print(" ");
    board_print(figure);
    board_print(" ");
    board_print_u32(counted());
    board_print(" ");
    board_print_u32(count);
    board_print("\n");
}

// A call of `fn` by the meter; the pointer is volatile so that all calls are
// made in the same way.
static uint32_t cost(void (*fn)(void))
{
    void (*volatile pointer)(void) = fn;
    void (*call)(void) = pointer;

    meter_forget();
    meter_heed();
    meter_on();
    call();
    meter_off();
    return counted();
}

// False if a hundred instructions are not a hundred more than the one of an
// empty function, or if the meter is not invisible in its pauses.
static bool calibrate(void)
{
    meter_forget();
    meter_heed();
    meter_on();
    meter_off();
    meter.per_stretch = counted();
    meter.per_pause = cost(outside_nothing) - cost(wire_nothing);
    return cost(hundred) == cost(wire_nothing) + 99 &&
        cost(outside_nothing) == cost(wire_nothing);
}

int main(void)
{
    if (!calibrate()) {
        board_print("the meter does not count instructions\n");
        return 1;
    }
    meter.device = "gather";
    figures_run(side_nif_init, false);
    meter.device = "lend";
    figures_run(side_nif_init, true);
    return 0;
}
