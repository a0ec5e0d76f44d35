// SPDX-License-Identifier: MIT
//
// An RP2040: what is at its addresses. Sections are those of its data sheet.

#include "tests/boards/rp2040/rp2040.h"

#include <string.h>

#define ROSC_HZ 6500000u
#define XOSC_HZ 12000000u
#define ALL     0x01FFFFFFu // bits of RESETS

// Which bit of RESETS holds a block (2.14.1); -1: none does.
static int reset_bit(unsigned block)
{
    switch (block) {
    case IO_BANK0: return 5;
    case PADS_BANK0: return 8;
    case PLL_SYS: return 12;
    case SPI0: return 16;
    case TIMER: return 21;
    case UART0: return 22;
    case UART1: return 23;
    default: return -1;
    }
}

static void reset_block(struct rp2040 *chip, unsigned block)
{
    memset(chip->reg[block], 0, sizeof(chip->reg[block]));
    switch (block) {
    case IO_BANK0:
        for (unsigned i = 0; i < 30; i++) {
            *reg(chip, block, 8 * i + 4) = 31;
        }
        break;
    case PADS_BANK0:
        for (unsigned i = 0; i < 30; i++) {
            *reg(chip, block, 4 * i + 4) = 0x56;
        }
        break;
    case PLL_SYS:
        *reg(chip, block, 0x04) = 0x2D;
        *reg(chip, block, 0x0C) = 0x77000;
        *reg(chip, block, 0x00) = 1;
        chip->pll_ns = 0;
        break;
    case TIMER: chip->alarm_ns = SIM_NEVER; break;
    case SPI0: chip->spi_rx_len = 0; break;
    case UART1: chip->uart_ns = SIM_NEVER; break;
    default: break;
    }
}

void rp2040__power_on(struct rp2040 *chip)
{
    for (unsigned block = 0; block < RP2040_BLOCKS; block++) {
        reset_block(chip, block);
    }
    *reg(chip, RESETS, 0) = ALL & ~(1u << 6 | 1u << 9); // the ROM uses the QSPI
    chip->hz = ROSC_HZ;
}

// ---- clocks (2.15)

// The PLL's rate; 0: it gives none.
static uint32_t pll_hz(struct rp2040 *chip)
{
    uint32_t prim = *reg(chip, PLL_SYS, 0x0C);
    uint32_t refdiv = *reg(chip, PLL_SYS, 0x00) & 0x3F;
    uint32_t fbdiv = *reg(chip, PLL_SYS, 0x08) & 0xFFF;
    uint32_t by = (prim >> 16 & 7) * (prim >> 12 & 7);
    uint64_t vco = refdiv == 0 ? 0 : (uint64_t)XOSC_HZ / refdiv * fbdiv;

    if (*reg(chip, PLL_SYS, 0x04) & (1 | 1 << 3 | 1 << 5) ||
        chip->pll_ns == 0 || chip->world->now_ns < chip->pll_ns || by == 0) {
        return 0;
    }
    if (vco < 750000000 || vco > 1600000000) {
        rp2040__stop(chip, "the PLL's oscillator cannot do %llu Hz",
            (unsigned long long)vco);
    }
    return (uint32_t)(vco / by);
}

static bool crystal_runs(const struct rp2040 *chip)
{
    return chip->xosc_ns != 0 && chip->world->now_ns >= chip->xosc_ns;
}

static uint32_t ref_hz(struct rp2040 *chip)
{
    switch (*reg(chip, CLOCKS, 0x30) & 3) {
    case 0: return ROSC_HZ;
    case 2: return crystal_runs(chip) ? XOSC_HZ : 0;
    default: return 0;
    }
}

// The processor's rate, after any change. Glitchless or not, a clock that is
// not there is the end.
static void update_clocks(struct rp2040 *chip)
{
    uint32_t sys = *reg(chip, CLOCKS, 0x3C);
    uint32_t hz =
        sys & 1 ? ((sys >> 5 & 7) == 0 ? pll_hz(chip) : 0) : ref_hz(chip);

    if (hz == 0) {
        rp2040__stop(chip, "the processor has no clock");
    } else if (hz > 133000000) {
        rp2040__stop(chip, "the processor cannot do %u Hz", (unsigned)hz);
    } else {
        chip->hz = hz;
    }
}

uint32_t rp2040__peri_hz(struct rp2040 *chip)
{
    uint32_t ctrl = *reg(chip, CLOCKS, 0x48);

    return ctrl >> 11 & 1 && (ctrl >> 5 & 7) == 0 ? chip->hz : 0;
}

static void write_crystal(struct rp2040 *chip, uint32_t value)
{
    bool on = value >> 12 == 0xFAB && (value & 0xFFF) == 0xAA0;
    uint64_t clocks = 256ull * (*reg(chip, XOSC, 0x0C) & 0x3FFF);

    chip->xosc_ns =
        on ? chip->world->now_ns + clocks * 1000000000 / XOSC_HZ + 1 : 0;
    if (on && clocks < XOSC_HZ / 1000) {
        rp2040__stop(chip, "the crystal has less than 1 ms to start");
    }
}

static void write_pll(struct rp2040 *chip, unsigned offset, uint32_t old,
    uint32_t value)
{
    if (offset == 0x04) {
        if (value & 0x21) {
            chip->pll_ns = 0;
        } else if (old & 0x21) {
            chip->pll_ns = crystal_runs(chip) ? chip->world->now_ns + 50000 : 0;
        }
    } else if (chip->pll_ns != 0 && offset != 0x0C) {
        rp2040__stop(chip, "the PLL is changed while it runs");
    }
}

static void write_clock(struct rp2040 *chip, unsigned block, unsigned offset,
    uint32_t old, uint32_t value)
{
    if (block == XOSC && offset == 0x00) {
        write_crystal(chip, value);
    } else if (block == PLL_SYS) {
        write_pll(chip, offset, old, value);
    } else if (block == WATCHDOG && offset == 0x2C) {
        bool right = (value & 0x3FF) == (12 | 1 << 9) &&
            (*reg(chip, CLOCKS, 0x30) & 3) == 2;

        chip->tick_ns = right ? chip->world->now_ns : 0;
    }
    update_clocks(chip);
}

// ---- resets (2.14)

static void write_resets(struct rp2040 *chip, uint32_t old, uint32_t value)
{
    for (unsigned block = 0; block < RP2040_BLOCKS; block++) {
        int bit = reset_bit(block);

        if (bit >= 0 && value >> bit & 1 && !(old >> bit & 1)) {
            reset_block(chip, block);
        }
    }
    if (value & (1u << 6 | 1u << 9)) {
        rp2040__stop(chip, "the pins of the flash are held in reset");
    }
    update_clocks(chip);
}

// What runs by clk_peri is not done without it.
static uint32_t resets_done(struct rp2040 *chip)
{
    uint32_t by_peri = 1u << 16 | 1u << 17 | 1u << 22 | 1u << 23;

    return ~*reg(chip, RESETS, 0) & ALL &
        ~(rp2040__peri_hz(chip) == 0 ? by_peri : 0);
}

// ---- pins (2.19)

static uint32_t levels(const struct rp2040 *chip)
{
    uint32_t in = chip->sio_out & chip->sio_oe & ~(1u << 21);
    bool high = chip->seams.spi == NULL || chip->seams.pins[0]->level;

    return in | (uint32_t)high << 21;
}

static bool sio(struct rp2040 *chip, unsigned offset, bool store,
    uint32_t *value)
{
    switch (offset) {
    case 0x04: *value = levels(chip); return !store;
    case 0x14: chip->sio_out |= *value; break;
    case 0x18: chip->sio_out &= ~*value; break;
    case 0x24: chip->sio_oe |= *value; break;
    case 0x28: chip->sio_oe &= ~*value; break;
    default: return false;
    }
    rp2040__follow_pins(chip);
    return store;
}

// ---- timer (4.6)

static uint64_t now_us(const struct rp2040 *chip)
{
    return chip->tick_ns == 0 ? 0
                              : (chip->world->now_ns - chip->tick_ns) / 1000;
}

void rp2040__alarm(struct rp2040 *chip)
{
    chip->alarm_ns = SIM_NEVER;
    *reg(chip, TIMER, 0x34) |= 1;
    chip->attention = true;
}

// It rings when the counter comes to it, not if it is there or past it.
static void set_alarm(struct rp2040 *chip, uint32_t at)
{
    uint64_t now = now_us(chip);
    uint32_t left = at - (uint32_t)now;

    chip->alarm_ns =
        chip->tick_ns + (now + (left != 0 ? left : 1ull << 32)) * 1000;
}

// ---- flash behind the SSI (2.6.3, 4.10)

// Whether a read of flash is one of the flash's command 03h, and not too fast.
static bool can_execute(const struct rp2040 *chip)
{
    uint32_t ctrlr0 = chip->ssi[0x00 / 4];
    uint32_t spi_ctrlr0 = chip->ssi[0xF4 / 4];
    uint32_t by = chip->ssi[0x14 / 4];

    return chip->ssi[0x08 / 4] == 1 && by >= 2 && by % 2 == 0 &&
        chip->hz / by <= 50000000 && (ctrlr0 >> 16 & 31) == 31 &&
        (ctrlr0 >> 8 & 3) == 3 && (ctrlr0 >> 21 & 3) == 0 &&
        chip->ssi[0x04 / 4] == 0 && spi_ctrlr0 >> 24 == 3 &&
        (spi_ctrlr0 >> 8 & 3) == 2 && (spi_ctrlr0 >> 2 & 15) == 6 &&
        (spi_ctrlr0 & 3) == 0;
}

// A line of 8 bytes is two words, each with command and address (2.6.3.1).
static bool fetch(struct rp2040 *chip, uint32_t at)
{
    uint32_t *lines = chip->cached[at / 8 % RP2040_SETS];
    uint32_t line = at / 8 + 1; // 0: none
    bool hit = lines[0] == line || lines[1] == line;

    if (lines[0] == line) {
        return true;
    }
    lines[1] = lines[0];
    lines[0] = line;
    if (!hit && !can_execute(chip)) {
        rp2040__stop(chip, "flash is read and is not ready");
        return false;
    }
    if (!hit) {
        chip->misses++;
        rp2040__pass(chip, 2 * 64 * chip->ssi[0x14 / 4]);
    }
    return true;
}

static bool ssi_store(struct rp2040 *chip, unsigned offset, uint32_t value)
{
    if (offset != 0x08 && chip->ssi[0x08 / 4] != 0) {
        rp2040__stop(chip, "the SSI is on and takes no setting");
    }
    chip->ssi[offset / 4 % 64] = value;
    return true;
}

// ---- blocks, a register at a time

static bool in_reset(struct rp2040 *chip, unsigned block)
{
    int bit = reset_bit(block);

    if (bit < 0 || resets_done(chip) >> bit & 1) {
        return false;
    }
    rp2040__stop(chip, "block %u is in reset", block);
    return true;
}

static uint32_t selected_of(struct rp2040 *chip, unsigned offset)
{
    return 1u << (*reg(chip, CLOCKS, offset) & 3);
}

static uint32_t read_block(struct rp2040 *chip, unsigned block, unsigned offset)
{
    uint64_t now_ns = chip->world->now_ns;

    switch (block << 12 | offset) {
    case CLOCKS << 12 | 0x38: return selected_of(chip, 0x30);
    case CLOCKS << 12 | 0x44: return selected_of(chip, 0x3C);
    case RESETS << 12 | 0x08: return resets_done(chip);
    case XOSC << 12 | 0x04: return (uint32_t)crystal_runs(chip) << 31;
    case PLL_SYS << 12 | 0x00:
        return *reg(chip, block, offset) |
            (uint32_t)(chip->pll_ns != 0 && now_ns >= chip->pll_ns) << 31;
    case TIMER << 12 | 0x24: return (uint32_t)(now_us(chip) >> 32);
    case TIMER << 12 | 0x28: return (uint32_t)now_us(chip);
    case ROSC << 12 | 0x1C: return sim_roll(chip->world, 2);
    default: break;
    }
    if (block == SPI0 || block == UART0 || block == UART1) {
        return rp2040__read_port(chip, block, offset);
    }
    if (block == IO_BANK0 && offset >= 0x120 && offset < 0x130) {
        return *reg(chip, block, offset - 0x30) &
            *reg(chip, block, offset - 0x20);
    }
    return *reg(chip, block, offset);
}

static void write_block(struct rp2040 *chip, unsigned block, unsigned offset,
    uint32_t old, uint32_t value)
{
    chip->attention = true;
    switch (block) {
    case CLOCKS:
    case XOSC:
    case PLL_SYS:
    case WATCHDOG: write_clock(chip, block, offset, old, value); break;
    case RESETS: write_resets(chip, old, value); break;
    case IO_BANK0:
        if (offset >= 0xF0 && offset < 0x100) {
            *reg(chip, block, offset) = old & ~value;
        }
        rp2040__follow_pins(chip);
        break;
    case UART0:
    case UART1:
    case SPI0: rp2040__write_port(chip, block, offset, value); break;
    case TIMER:
        if (offset == 0x34) {
            *reg(chip, block, offset) = old & ~value;
        } else if (offset == 0x10) {
            set_alarm(chip, value);
        }
        break;
    default: break;
    }
}

// The four faces of a register (2.1.2).
static void store_block(struct rp2040 *chip, uint32_t at, uint32_t value)
{
    unsigned block = at >> 14 & (RP2040_BLOCKS - 1);
    unsigned offset = at & 0xFFF;
    uint32_t old = *reg(chip, block, offset);

    switch (at >> 12 & 3) {
    case 1: value = old ^ value; break;
    case 2: value = old | value; break;
    case 3: value = old & ~value; break;
    default: break;
    }
    *reg(chip, block, offset) = value;
    write_block(chip, block, offset, old, value);
}

// ---- the processor's own (2.4.8)

static bool own(struct rp2040 *chip, uint32_t at, bool store, uint32_t *value)
{
    switch (at) {
    case 0xE000E100:
        if (store) {
            chip->nvic |= *value;
        } else {
            *value = chip->nvic;
        }
        break;
    case 0xE000ED08:
        if (store && *value % 256 != 0) {
            rp2040__stop(chip, "VTOR takes no %08x", (unsigned)*value);
        }
        if (store) {
            chip->cpu.vtor = *value;
        } else {
            *value = chip->cpu.vtor;
        }
        break;
    default: return false;
    }
    chip->attention = true;
    return true;
}

uint32_t rp2040__pending(struct rp2040 *chip)
{
    uint32_t lines = *reg(chip, TIMER, 0x34) & *reg(chip, TIMER, 0x38) & 1;

    for (unsigned i = 0; i < 16; i += 4) {
        if (*reg(chip, IO_BANK0, 0xF0 + i) & *reg(chip, IO_BANK0, 0x100 + i)) {
            lines |= 1u << 13;
        }
    }
    lines |= (uint32_t)rp2040__uart_asks(chip) << 21;
    lines &= chip->nvic;
    return lines == 0 ? 0 : 16 + (uint32_t)__builtin_ctz(lines);
}

// ---- all addresses

static bool in_ram(uint32_t at)
{
    return at - 0x20000000u < RP2040_RAM;
}

static bool is_block(struct rp2040 *chip, uint32_t at)
{
    return at - 0x40000000u < RP2040_BLOCKS << 14 &&
        (at & 0xFFF) < RP2040_REGS * 4 &&
        !in_reset(chip, at >> 14 & (RP2040_BLOCKS - 1));
}

bool rp2040__load(struct armv6m *cpu, uint32_t at, unsigned size,
    uint32_t *value)
{
    struct rp2040 *chip = nif_container_of(cpu, struct rp2040, cpu);

    if (in_ram(at)) {
        memcpy(value, chip->ram + (at - 0x20000000u), size);
        return true;
    }
    if (at - 0x10000000u < RP2040_FLASH) {
        memcpy(value, chip->flash + (at - 0x10000000u), size);
        return fetch(chip, at - 0x10000000u);
    }
    if (size == 4 && is_block(chip, at)) {
        *value = read_block(chip, at >> 14 & (RP2040_BLOCKS - 1), at & 0xFFF);
        return true;
    }
    if (at >> 12 == 0xD0000) {
        return sio(chip, at & 0xFFF, false, value);
    }
    return at >> 16 == 0xE000 && own(chip, at, false, value);
}

bool rp2040__store(struct armv6m *cpu, uint32_t at, unsigned size,
    uint32_t value)
{
    struct rp2040 *chip = nif_container_of(cpu, struct rp2040, cpu);

    if (in_ram(at)) {
        memcpy(chip->ram + (at - 0x20000000u), &value, size);
        return true;
    }
    if (size != 4) {
        return false;
    }
    if (is_block(chip, at)) {
        store_block(chip, at, value);
        return true;
    }
    if (at >> 12 == 0xD0000) {
        return sio(chip, at & 0xFFF, true, &value);
    }
    if (at >> 8 == 0x180000) {
        return ssi_store(chip, at & 0xFF, value);
    }
    return at >> 16 == 0xE000 && own(chip, at, true, &value);
}
