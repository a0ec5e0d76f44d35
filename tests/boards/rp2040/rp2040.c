// SPDX-License-Identifier: MIT
//
// An RP2040: boot ROM, memory, and the processor's time.

#include "tests/boards/rp2040/rp2040.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FLASH 0x10000000u
#define RAM   0x20000000u
#define BOOT2 0x41F00u // in RAM: where the second stage runs

#define UF2_BLOCK   512u
#define UF2_DATA    32u
#define UF2_PAYLOAD 256u
#define FAMILY      0xE48BFF56u

void rp2040__stop(struct rp2040 *chip, const char *fmt, ...)
{
    char why[sizeof(chip->cpu.why) - 24];
    va_list args;

    if (chip->cpu.why[0] != '\0') {
        return;
    }
    va_start(args, fmt);
    vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    snprintf(chip->cpu.why, sizeof(chip->cpu.why), "%s, at %08x", why,
        (unsigned)chip->cpu.r[15]);
}

// ---- the boot ROM (2.8.1)

static uint32_t get32(const uint8_t *p)
{
    return nif_get_le16(p) | (uint32_t)nif_get_le16(p + 2) << 16;
}

// Where `len` bytes at `at` lie; NULL: nowhere.
static uint8_t *place(struct rp2040 *chip, uint32_t at, uint32_t len)
{
    if (at - FLASH < RP2040_FLASH && at - FLASH + len <= RP2040_FLASH) {
        return chip->flash + (at - FLASH);
    }
    if (at - RAM < RP2040_RAM && at - RAM + len <= RP2040_RAM) {
        return chip->ram + (at - RAM);
    }
    return NULL;
}

int rp2040_load(struct rp2040 *chip, const uint8_t *uf2, size_t len)
{
    uint32_t lowest = UINT32_MAX;

    memset(chip, 0, sizeof(*chip));
    memset(chip->flash, 0xFF, sizeof(chip->flash));
    for (size_t i = 0; i < sizeof(chip->ram); i++) {
        chip->ram[i] = (uint8_t)(i * 73 + 11); // as silicon wakes up: noise
    }
    for (size_t at = 0; at + UF2_BLOCK <= len; at += UF2_BLOCK) {
        uint32_t address = get32(uf2 + at + 12);
        uint8_t *to = place(chip, address, UF2_PAYLOAD);

        if (to == NULL || get32(uf2 + at + 28) != FAMILY) {
            return -1;
        }
        memcpy(to, uf2 + at + UF2_DATA, UF2_PAYLOAD);
        lowest = address < lowest ? address : lowest;
    }
    chip->cpu.r[15] = lowest;
    return lowest == FLASH || lowest == RAM ? 0 : -1;
}

static uint32_t crc_of(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < len * 8; i++) {
        uint32_t bit = crc >> 31 ^ (data[i / 8] >> (7 - i % 8) & 1u);

        crc = crc << 1 ^ (bit ? 0x04C11DB7u : 0);
    }
    return crc;
}

static const struct armv6m_bus bus = { .load = rp2040__load,
    .store = rp2040__store };

static void boot(struct rp2040 *chip)
{
    uint32_t entry = chip->cpu.r[15];

    if (entry == FLASH) {
        if (crc_of(chip->flash, 252) != get32(chip->flash + 252)) {
            rp2040__stop(chip, "the sum of the second stage is wrong");
            return;
        }
        memcpy(chip->ram + BOOT2, chip->flash, 256);
        entry = RAM + BOOT2;
    }
    armv6m_init(&chip->cpu, &bus, entry, RAM + BOOT2);
    chip->sp_low = RAM + RP2040_RAM;
}

// ---- time

static void look_at_time(struct rp2040 *chip)
{
    if (chip->world->now_ns >= chip->alarm_ns) {
        rp2040__alarm(chip);
    }
    if (chip->world->now_ns >= chip->uart_ns) {
        rp2040__look_at_uart(chip);
    }
}

void rp2040__pass(struct rp2040 *chip, unsigned cycles)
{
    chip->ps += cycles * (1000000000000u / chip->hz);
    sim_pass_ns(chip->world, chip->ps / 1000);
    chip->ps %= 1000;
    look_at_time(chip);
}

static void doze(struct rp2040 *chip)
{
    uint64_t from_ns = chip->world->now_ns;

    sim_block(chip->world,
        chip->alarm_ns < chip->uart_ns ? chip->alarm_ns : chip->uart_ns,
        &chip->wake);
    chip->slept_ns += chip->world->now_ns - from_ns;
    chip->wake = false;
    look_at_time(chip);
}

// An edge of the chip's interrupt line, or anything else that may end a sleep.
static void on_edge(void *arg)
{
    struct rp2040 *chip = arg;

    // GPIO 21: the third register of INTR, falls.
    *reg(chip, IO_BANK0, 0xF8) |= 1u << (4 * (21 % 8) + 2);
    chip->attention = true;
    chip->wake = true;
    sim_notify(chip->world);
}

// What is pending ends a sleep, and is taken unless it is held off.
static void interrupt(struct rp2040 *chip)
{
    uint32_t number = rp2040__pending(chip);

    chip->attention = number != 0; // until nothing is
    if (number == 0) {
        return;
    }
    chip->cpu.asleep = false;
    if (!chip->cpu.primask && chip->cpu.number == 0) {
        armv6m_take(&chip->cpu, number);
        rp2040__pass(chip, 15);
    }
}

void rp2040_run(struct rp2040 *chip, struct host_board *board,
    const struct rp2040_cfg *cfg)
{
    chip->cfg = *cfg;
    chip->world = board->world;
    chip->seams = board->seams;
    rp2040__power_on(chip);
    boot(chip);
    if (chip->seams.spi != NULL) {
        nif_pin_on_edge(&chip->seams.pins[0]->pin, false, on_edge, chip);
    }
    chip->enabled = true;
    while (chip->cpu.why[0] == '\0' && !board->board.stop) {
        if (chip->attention) {
            interrupt(chip);
        }
        if (chip->cpu.asleep) {
            doze(chip);
            continue;
        }
        armv6m_step(&chip->cpu);
        if (chip->instructions++ > cfg->instructions_max) {
            rp2040__stop(chip, "it does not come to rest");
        }
        if (chip->cpu.r[13] < chip->sp_low) {
            chip->sp_low = chip->cpu.r[13];
        }
        rp2040__pass(chip, chip->cpu.cycles);
    }
    if (chip->seams.spi != NULL) {
        nif_pin_on_edge(&chip->seams.pins[0]->pin, false, NULL, NULL);
    }
}
