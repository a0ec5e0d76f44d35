// SPDX-License-Identifier: MIT
//
// A Cortex-M0+, instruction by instruction, in the order of the tables of DDI
// 0419 A5.2.

#include "tests/boards/rp2040/armv6m.h"

#include <stdio.h>
#include <string.h>

#define SP 13
#define LR 14
#define PC 15

#define RETURN 0xFFFFFFF9u // to the only stack, from an exception

static uint32_t bits(uint32_t op, unsigned from, unsigned count)
{
    return op >> from & ((1u << count) - 1);
}

static uint32_t extend(uint32_t value, unsigned from)
{
    uint32_t sign = 1u << (from - 1);

    return ((value & (sign * 2 - 1)) ^ sign) - sign;
}

static void stop(struct armv6m *cpu, const char *what, uint32_t at)
{
    if (cpu->why[0] == '\0') {
        snprintf(cpu->why, sizeof(cpu->why), "%s %08x, at %08x, called by %08x",
            what, (unsigned)at, (unsigned)cpu->r[PC], (unsigned)cpu->r[LR]);
    }
}

// ---- memory

static uint32_t load(struct armv6m *cpu, uint32_t at, unsigned size)
{
    uint32_t value = 0;

    if (at % size != 0) {
        stop(cpu, "load that is not aligned,", at);
    } else if (!cpu->bus->load(cpu, at, size, &value)) {
        stop(cpu, "load from nothing,", at);
    }
    return value;
}

static void store(struct armv6m *cpu, uint32_t at, unsigned size,
    uint32_t value)
{
    if (at % size != 0) {
        stop(cpu, "store that is not aligned,", at);
    } else if (!cpu->bus->store(cpu, at, size, value)) {
        stop(cpu, "store to nothing,", at);
    }
}

// ---- registers and flags

// The program counter reads as two instructions further on.
static uint32_t get(const struct armv6m *cpu, unsigned n)
{
    return n == PC ? cpu->r[PC] + 4 : cpu->r[n];
}

static void flags(struct armv6m *cpu, uint32_t value)
{
    cpu->n = value >> 31 != 0;
    cpu->z = value == 0;
}

static uint32_t sum(struct armv6m *cpu, uint32_t a, uint32_t b, bool carry)
{
    uint64_t wide = (uint64_t)a + b + carry;
    uint32_t value = (uint32_t)wide;

    cpu->c = wide >> 32 != 0;
    cpu->v = ((a ^ value) & (b ^ value)) >> 31 != 0;
    flags(cpu, value);
    return value;
}

static uint32_t difference(struct armv6m *cpu, uint32_t a, uint32_t b)
{
    return sum(cpu, a, ~b, true);
}

static void go(struct armv6m *cpu, uint32_t to)
{
    cpu->next = to & ~1u;
    cpu->cycles = 2;
}

// ---- exceptions

void armv6m_take(struct armv6m *cpu, uint32_t number)
{
    uint32_t psr = (uint32_t)cpu->n << 31 | (uint32_t)cpu->z << 30 |
        (uint32_t)cpu->c << 29 | (uint32_t)cpu->v << 28 | 1u << 24 |
        cpu->number;
    bool odd = cpu->r[SP] % 8 != 0;
    uint32_t sp = (cpu->r[SP] - 32) & ~7u;
    const uint32_t frame[8] = { cpu->r[0], cpu->r[1], cpu->r[2], cpu->r[3],
        cpu->r[12], cpu->r[LR], cpu->r[PC], psr | (uint32_t)odd << 9 };
    uint32_t handler;

    for (unsigned i = 0; i < 8; i++) {
        store(cpu, sp + 4 * i, 4, frame[i]);
    }
    cpu->r[SP] = sp;
    cpu->r[LR] = RETURN;
    cpu->number = number;
    cpu->asleep = false;
    handler = load(cpu, cpu->vtor + 4 * number, 4);
    if (!(handler & 1)) {
        stop(cpu, "no Thumb code at vector", number);
    }
    cpu->r[PC] = handler & ~1u;
}

static void leave(struct armv6m *cpu)
{
    uint32_t sp = cpu->r[SP];
    uint32_t psr = load(cpu, sp + 28, 4);

    for (unsigned i = 0; i < 4; i++) {
        cpu->r[i] = load(cpu, sp + 4 * i, 4);
    }
    cpu->r[12] = load(cpu, sp + 16, 4);
    cpu->r[LR] = load(cpu, sp + 20, 4);
    go(cpu, load(cpu, sp + 24, 4));
    cpu->n = psr >> 31 != 0;
    cpu->z = bits(psr, 30, 1) != 0;
    cpu->c = bits(psr, 29, 1) != 0;
    cpu->v = bits(psr, 28, 1) != 0;
    cpu->number = bits(psr, 0, 6);
    cpu->r[SP] = sp + 32 + 4 * bits(psr, 9, 1);
}

// A branch by register: to code, or out of an exception.
static void branch(struct armv6m *cpu, uint32_t to)
{
    if (cpu->number != 0 && to == RETURN) {
        leave(cpu);
    } else if (!(to & 1)) {
        stop(cpu, "branch to what is not Thumb,", to);
    } else {
        go(cpu, to);
    }
}

// ---- 00xxxx: shifts, sums, comparisons with a number in the instruction

static uint32_t shift(struct armv6m *cpu, unsigned kind, uint32_t value,
    uint32_t by)
{
    uint64_t wide = value;
    int64_t sign = (int32_t)value;

    if (by == 0) {
        return value;
    }
    by = by > 33 ? 33 : by;
    switch (kind) {
    case 0: // left
        wide <<= by;
        cpu->c = wide >> 32 & 1;
        return (uint32_t)wide;
    case 1: // right
        cpu->c = wide << 1 >> by & 1;
        return (uint32_t)(wide >> by);
    default: // right, with the sign
        cpu->c = sign >> (by - 1) & 1;
        return (uint32_t)(sign >> by);
    }
}

static void basic(struct armv6m *cpu, uint32_t op)
{
    uint32_t *d = &cpu->r[bits(op, 0, 3)];
    uint32_t *wide = &cpu->r[bits(op, 8, 3)];
    uint32_t m = cpu->r[bits(op, 3, 3)];
    uint32_t imm = bits(op, 6, 5);
    uint32_t operand =
        bits(op, 10, 1) ? bits(op, 6, 3) : cpu->r[bits(op, 6, 3)];

    switch (op >> 11) {
    case 0:
    case 1:
    case 2:
        imm = imm == 0 && op >> 11 != 0 ? 32 : imm;
        *d = shift(cpu, op >> 11, m, imm);
        flags(cpu, *d);
        break;
    case 3:
        *d = bits(op, 9, 1) ? difference(cpu, m, operand)
                            : sum(cpu, m, operand, false);
        break;
    case 4:
        *wide = bits(op, 0, 8);
        flags(cpu, *wide);
        break;
    case 5: (void)difference(cpu, *wide, bits(op, 0, 8)); break;
    case 6: *wide = sum(cpu, *wide, bits(op, 0, 8), false); break;
    default: *wide = difference(cpu, *wide, bits(op, 0, 8)); break;
    }
}

// ---- 010000: register by register

static uint32_t rotate(struct armv6m *cpu, uint32_t value, uint32_t by)
{
    if (by == 0) {
        return value;
    }
    by %= 32;
    value = by == 0 ? value : value >> by | value << (32 - by);
    cpu->c = value >> 31 != 0;
    return value;
}

static void process(struct armv6m *cpu, uint32_t op)
{
    uint32_t *d = &cpu->r[bits(op, 0, 3)];
    uint32_t m = cpu->r[bits(op, 3, 3)];

    switch (bits(op, 6, 4)) {
    case 0: flags(cpu, *d &= m); break;
    case 1: flags(cpu, *d ^= m); break;
    case 2: flags(cpu, *d = shift(cpu, 0, *d, m & 0xFF)); break;
    case 3: flags(cpu, *d = shift(cpu, 1, *d, m & 0xFF)); break;
    case 4: flags(cpu, *d = shift(cpu, 2, *d, m & 0xFF)); break;
    case 5: *d = sum(cpu, *d, m, cpu->c); break;
    case 6: *d = sum(cpu, *d, ~m, cpu->c); break;
    case 7: flags(cpu, *d = rotate(cpu, *d, m & 0xFF)); break;
    case 8: flags(cpu, *d & m); break;
    case 9: *d = difference(cpu, 0, m); break;
    case 10: (void)difference(cpu, *d, m); break;
    case 11: (void)sum(cpu, *d, m, false); break;
    case 12: flags(cpu, *d |= m); break;
    case 13: flags(cpu, *d *= m); break;
    case 14: flags(cpu, *d &= ~m); break;
    default: flags(cpu, *d = ~m); break;
    }
}

// ---- 010001: the high registers, and branches to one

static void special(struct armv6m *cpu, uint32_t op)
{
    unsigned d = bits(op, 0, 3) | bits(op, 7, 1) << 3;
    uint32_t m = get(cpu, bits(op, 3, 4));
    uint32_t value;

    switch (bits(op, 8, 2)) {
    case 1: (void)difference(cpu, get(cpu, d), m); return;
    case 3:
        if (bits(op, 7, 1)) {
            cpu->r[LR] = cpu->next | 1;
        }
        branch(cpu, m);
        return;
    default: value = bits(op, 8, 2) == 0 ? get(cpu, d) + m : m; break;
    }
    if (d == PC) {
        go(cpu, value);
    } else {
        cpu->r[d] = d == SP ? value & ~3u : value;
    }
}

// ---- loads and stores

static void move(struct armv6m *cpu, bool is_load, unsigned reg, uint32_t at,
    unsigned size)
{
    cpu->cycles = 2;
    if (is_load) {
        cpu->r[reg] = load(cpu, at, size);
    } else {
        store(cpu, at, size, cpu->r[reg]);
    }
}

// 0101xxx: by a register.
static void move_by_register(struct armv6m *cpu, uint32_t op)
{
    static const struct {
        bool is_load;
        unsigned size;
        unsigned sign;
    } kinds[] = { { false, 4, 0 }, { false, 2, 0 }, { false, 1, 0 },
        { true, 1, 8 }, { true, 4, 0 }, { true, 2, 0 }, { true, 1, 0 },
        { true, 2, 16 } };
    uint32_t kind = bits(op, 9, 3);
    unsigned t = bits(op, 0, 3);
    uint32_t at = cpu->r[bits(op, 3, 3)] + cpu->r[bits(op, 6, 3)];

    move(cpu, kinds[kind].is_load, t, at, kinds[kind].size);
    if (kinds[kind].sign != 0) {
        cpu->r[t] = extend(cpu->r[t], kinds[kind].sign);
    }
}

// 011xxx to 1001xx: by a number.
static void move_by_number(struct armv6m *cpu, uint32_t op)
{
    uint32_t base = cpu->r[bits(op, 3, 3)];
    uint32_t imm = bits(op, 6, 5);
    bool is_load = bits(op, 11, 1) != 0;
    unsigned t = bits(op, 0, 3);

    switch (op >> 12) {
    case 6: move(cpu, is_load, t, base + 4 * imm, 4); break;
    case 7: move(cpu, is_load, t, base + imm, 1); break;
    case 8: move(cpu, is_load, t, base + 2 * imm, 2); break;
    default:
        move(cpu, is_load, bits(op, 8, 3), cpu->r[SP] + 4 * bits(op, 0, 8), 4);
        break;
    }
}

// 1100xx: several, from the lowest register on.
static void move_many(struct armv6m *cpu, uint32_t op)
{
    unsigned n = bits(op, 8, 3);
    bool is_load = bits(op, 11, 1) != 0;
    uint32_t at = cpu->r[n];
    unsigned cycles = 1;

    for (unsigned i = 0; i < 8; i++) {
        if (op >> i & 1) {
            move(cpu, is_load, i, at, 4);
            at += 4;
            cycles++;
        }
    }
    cpu->cycles = cycles;
    if (!is_load || !(op >> n & 1)) {
        cpu->r[n] = at;
    }
}

static void push(struct armv6m *cpu, uint32_t op)
{
    uint32_t list = bits(op, 0, 8) | bits(op, 8, 1) << LR;
    unsigned count = (unsigned)__builtin_popcount(list);
    uint32_t at = cpu->r[SP] - 4 * count;

    cpu->r[SP] = at;
    for (unsigned i = 0; i < 16; i++) {
        if (list >> i & 1) {
            store(cpu, at, 4, cpu->r[i]);
            at += 4;
        }
    }
    cpu->cycles = 1 + count;
}

static void pop(struct armv6m *cpu, uint32_t op)
{
    unsigned count = (unsigned)__builtin_popcount(bits(op, 0, 8));
    uint32_t at = cpu->r[SP];
    uint32_t to;

    for (unsigned i = 0; i < 8; i++) {
        if (op >> i & 1) {
            cpu->r[i] = load(cpu, at, 4);
            at += 4;
        }
    }
    cpu->r[SP] = at;
    if (bits(op, 8, 1)) {
        to = load(cpu, at, 4);
        cpu->r[SP] = at + 4;
        branch(cpu, to);
        count += 2;
    }
    cpu->cycles = 1 + count;
}

// ---- 1011xx: what is left

static uint32_t swap(uint32_t value, unsigned kind)
{
    uint32_t pairs = (value & 0x00FF00FF) << 8 | (value >> 8 & 0x00FF00FF);

    switch (kind) {
    case 0: return pairs << 16 | pairs >> 16;
    case 1: return pairs;
    default: return extend(pairs, 16);
    }
}

static void stretch(struct armv6m *cpu, uint32_t op)
{
    uint32_t m = cpu->r[bits(op, 3, 3)];
    uint32_t *d = &cpu->r[bits(op, 0, 3)];

    switch (bits(op, 6, 2)) {
    case 0: *d = extend(m, 16); break;
    case 1: *d = extend(m, 8); break;
    case 2: *d = m & 0xFFFF; break;
    default: *d = m & 0xFF; break;
    }
}

static void hint(struct armv6m *cpu, uint32_t op)
{
    if (op == 0xBF30) {
        cpu->asleep = true;
    } else if (op != 0xBF00) {
        stop(cpu, "hint", op);
    }
}

static void miscellaneous(struct armv6m *cpu, uint32_t op)
{
    uint32_t by = 4 * bits(op, 0, 7);

    switch (bits(op, 8, 4)) {
    case 0:
        cpu->r[SP] = bits(op, 7, 1) ? cpu->r[SP] - by : cpu->r[SP] + by;
        break;
    case 2: stretch(cpu, op); break;
    case 4:
    case 5: push(cpu, op); break;
    case 6: cpu->primask = bits(op, 4, 1) != 0; break;
    case 10:
        cpu->r[bits(op, 0, 3)] = swap(cpu->r[bits(op, 3, 3)], bits(op, 6, 2));
        break;
    case 12:
    case 13: pop(cpu, op); break;
    case 15: hint(cpu, op); break;
    default: stop(cpu, "instruction", op); break;
    }
}

// ---- branches, and what is 32 bits long

static bool holds(const struct armv6m *cpu, uint32_t condition)
{
    bool truth;

    switch (condition >> 1) {
    case 0: truth = cpu->z; break;
    case 1: truth = cpu->c; break;
    case 2: truth = cpu->n; break;
    case 3: truth = cpu->v; break;
    case 4: truth = cpu->c && !cpu->z; break;
    case 5: truth = cpu->n == cpu->v; break;
    default: truth = cpu->n == cpu->v && !cpu->z; break;
    }
    return truth != (condition & 1);
}

static void branch_if(struct armv6m *cpu, uint32_t op)
{
    if (bits(op, 8, 4) >= 14) {
        stop(cpu, "instruction", op);
    } else if (holds(cpu, bits(op, 8, 4))) {
        go(cpu, get(cpu, PC) + extend(bits(op, 0, 8), 8) * 2);
    }
}

static void call(struct armv6m *cpu, uint32_t op, uint32_t low)
{
    uint32_t s = bits(op, 10, 1);
    uint32_t i1 = bits(low, 13, 1) ^ s ^ 1;
    uint32_t i2 = bits(low, 11, 1) ^ s ^ 1;
    uint32_t by = s << 24 | i1 << 23 | i2 << 22 | bits(op, 0, 10) << 12 |
        bits(low, 0, 11) << 1;

    cpu->r[LR] = cpu->next | 1;
    go(cpu, get(cpu, PC) + extend(by, 25));
    cpu->cycles = 3;
}

// MSR and MRS: of the special registers, those that are there.
static void system_register(struct armv6m *cpu, uint32_t op, uint32_t low)
{
    bool is_write = op >> 4 == 0xF38;
    uint32_t *r = &cpu->r[is_write ? bits(op, 0, 4) : bits(low, 8, 4)];

    switch (bits(low, 0, 8)) {
    case 5: // IPSR
        *r = cpu->number;
        break;
    case 8: // MSP
        if (is_write) {
            cpu->r[SP] = *r & ~3u;
        } else {
            *r = cpu->r[SP];
        }
        break;
    case 16: // PRIMASK
        if (is_write) {
            cpu->primask = *r & 1;
        } else {
            *r = cpu->primask;
        }
        break;
    default: stop(cpu, "special register", low); break;
    }
    cpu->cycles = 3;
}

static void long_one(struct armv6m *cpu, uint32_t op)
{
    uint32_t low = load(cpu, cpu->r[PC] + 2, 2);

    cpu->next += 2;
    if (op >> 11 == 0x1E && (low & 0xD000) == 0xD000) {
        call(cpu, op, low);
    } else if (op >> 4 == 0xF38 || op == 0xF3EF) {
        system_register(cpu, op, low);
    } else if (op != 0xF3BF || low < 0x8F40 || low > 0x8F6F) { // barriers
        stop(cpu, "instruction", op << 16 | low);
    }
}

// ---- all together

static void execute(struct armv6m *cpu, uint32_t op)
{
    switch (op >> 11) {
    case 8:
        if (bits(op, 10, 1)) {
            special(cpu, op);
        } else {
            process(cpu, op);
        }
        break;
    case 9:
        move(cpu, true, bits(op, 8, 3),
            (get(cpu, PC) & ~3u) + 4 * bits(op, 0, 8), 4);
        break;
    case 10:
    case 11: move_by_register(cpu, op); break;
    case 20:
        cpu->r[bits(op, 8, 3)] = (get(cpu, PC) & ~3u) + 4 * bits(op, 0, 8);
        break;
    case 21: cpu->r[bits(op, 8, 3)] = cpu->r[SP] + 4 * bits(op, 0, 8); break;
    case 22:
    case 23: miscellaneous(cpu, op); break;
    case 24:
    case 25: move_many(cpu, op); break;
    case 26:
    case 27: branch_if(cpu, op); break;
    case 28: go(cpu, get(cpu, PC) + extend(bits(op, 0, 11), 11) * 2); break;
    case 30: long_one(cpu, op); break;
    case 29:
    case 31: stop(cpu, "instruction", op); break;
    default:
        if (op >> 11 < 8) {
            basic(cpu, op);
        } else {
            move_by_number(cpu, op);
        }
        break;
    }
}

void armv6m_step(struct armv6m *cpu)
{
    uint32_t op = load(cpu, cpu->r[PC], 2);

    if (cpu->why[0] != '\0') {
        return;
    }
    cpu->next = cpu->r[PC] + 2;
    cpu->cycles = 1;
    execute(cpu, op);
    if (cpu->why[0] == '\0') {
        cpu->r[PC] = cpu->next;
    }
}

void armv6m_init(struct armv6m *cpu, const struct armv6m_bus *bus,
    uint32_t entry, uint32_t sp)
{
    memset(cpu, 0, sizeof(*cpu));
    cpu->bus = bus;
    cpu->r[SP] = sp;
    cpu->r[PC] = entry & ~1u;
}
