// SPDX-License-Identifier: MIT
//
// The scripted W5500.

#include "driver_script.h"

#include "nif/base.h"

#include <string.h>

#define COMMON 0

static struct script *of(struct nif_spi *spi)
{
    return nif_container_of(spi, struct script, spi);
}

uint8_t *script_sn(struct script *s, unsigned n, unsigned offset)
{
    return &s->mem[4 * n + 1][offset];
}

static void fill_reset(struct script *s)
{
    memset(s->mem[COMMON], 0, 64);
    s->mem[COMMON][0x19] = 0x07;
    s->mem[COMMON][0x1A] = 0xD0;
    s->mem[COMMON][0x1B] = 8;
    s->mem[COMMON][0x2E] = 0xBF; // 100 full, link
    s->mem[COMMON][0x39] = s->version;
    for (unsigned n = 0; n < 8; n++) {
        memset(script_sn(s, n, 0), 0, 64);
        *script_sn(s, n, 0x1E) = 2;
        *script_sn(s, n, 0x1F) = 2;
        *script_sn(s, n, 0x20) = 8;
        *script_sn(s, n, 0x2C) = 0xFF;
    }
}

static void command(struct script *s, uint8_t *reg)
{
    static const uint8_t status[16] = { 0, 0x13, 0x22, 0x32, 0x42 };

    if (s->commands == 0) {
        return;
    }
    s->commands--;
    switch (reg[1]) {
    case 0x01:
        reg[3] = status[reg[0] & 15];
        nif_put_be16(reg + 0x20, (uint16_t)(reg[0x1F] << 10));
        if (reg == script_sn(s, 0, 0)) {
            nif_put_be16(reg + 0x24, s->tx_wr);
            nif_put_be16(reg + 0x28, s->rx_rd);
        }
        break;
    case 0x02: reg[3] = 0x14; break;
    case 0x04: reg[3] = 0x15; break;
    case 0x08: reg[3] = 0x18; break;
    case 0x10: reg[3] = 0; break;
    case 0x20:
    case 0x21:
        memcpy(reg + 0x22, reg + 0x24, 2);
        reg[2] |= s->no_sendok ? 0 : 0x10;
        break;
    case 0x40: nif_put_be16(reg + 0x26, 0); break;
    default: break;
    }
    reg[1] = 0;
}

static void written(struct script *s, unsigned block, uint16_t at, uint8_t v)
{
    uint8_t *mem = s->mem[block];

    if (block == COMMON && at == 0 && (v & 0x80)) {
        fill_reset(s);
    } else if ((block == COMMON && at == 0x15) || (block % 4 == 1 && at == 2)) {
        mem[at] &= (uint8_t)~v;
    } else if (block == COMMON && at == 0x2E) {
        mem[at] = (uint8_t)((v & 0xF8) | (mem[at] & 7));
    } else {
        mem[at & 0x3FFF] = v;
    }
    if (block % 4 == 1 && at == 1) {
        command(s, mem);
    }
}

static int script_select(struct nif_spi *spi)
{
    struct script *s = of(spi);

    memset(&s->said[s->count], 0, sizeof(s->said[0]));
    return 0;
}

static uint8_t sir(struct script *s)
{
    unsigned bits = 0;

    for (unsigned n = 0; n < 8; n++) {
        const uint8_t *reg = script_sn(s, n, 0);

        bits |= (unsigned)((reg[2] & reg[0x2C]) != 0) << n;
    }
    return (uint8_t)(bits & s->mem[COMMON][0x18]);
}

static uint8_t one_byte(struct script *s, struct said *f, size_t at,
    uint8_t mosi)
{
    unsigned block = f->control >> 3;
    uint16_t offset;
    uint8_t miso;

    if (at < 2) {
        f->offset = (uint16_t)(f->offset << 8 | mosi);
        return (uint8_t)(at + 1);
    }
    if (at == 2) {
        f->control = mosi;
        return 3;
    }
    offset = (uint16_t)(f->offset + at - 3);
    miso = s->mem[block][offset & 0x3FFF];
    if (s->times_out && block == 1 && offset == 2 && !(f->control & 4)) {
        s->times_out = false;
        s->mem[1][2] |= 0x08;
        s->mem[1][3] = 0x00;
    }
    if (block == COMMON && offset == 0x17) {
        miso = sir(s);
    }
    if (f->control & 4) {
        written(s, block, offset, mosi);
        miso = 0xA5;
    }
    if (f->len < sizeof(f->data)) {
        f->data[f->len] = f->control & 4 ? mosi : miso;
    }
    f->len++;
    return miso;
}

static int script_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    struct script *s = of(spi);
    struct said *f = &s->said[s->count];
    size_t head = f->pieces == 0 ? 0 : 3;

    // The head comes in one stretch (embassy 5707).
    assert_true(f->pieces != 0 || segs[0].len >= 3);
    f->pieces++;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < segs[i].len; k++) {
            uint8_t miso =
                one_byte(s, f, head + f->len, segs[i].tx ? segs[i].tx[k] : 0);

            head += head < 3;
            if (segs[i].rx) {
                segs[i].rx[k] = miso;
            }
        }
    }
    s->now_us++;
    return 0;
}

static void script_release(struct nif_spi *spi, uint32_t hold_ns)
{
    (void)hold_ns;
    // What comes after that is heard, but not kept.
    if (of(spi)->count + 1 < nif_countof(of(spi)->said)) {
        of(spi)->count++;
    }
}

static const struct nif_spi_ops spi_ops = {
    .select = script_select,
    .exchange = script_exchange,
    .release = script_release,
};

static struct script *of_clock(struct nif_clock *clock)
{
    return nif_container_of(clock, struct script, clock);
}

static uint64_t script_now(struct nif_clock *clock)
{
    return of_clock(clock)->now_us;
}

static void script_delay(struct nif_clock *clock, uint32_t us)
{
    of_clock(clock)->now_us += us;
    of_clock(clock)->delay_us += us;
}

static void script_wait(struct nif_clock *clock, uint64_t until_us)
{
    if (until_us != NIF_NEVER && until_us > of_clock(clock)->now_us) {
        of_clock(clock)->now_us = until_us;
    }
}

static void script_wake(struct nif_clock *clock)
{
    of_clock(clock)->woken++;
}

static const struct nif_clock_ops clock_ops = {
    .now_us = script_now,
    .delay_us = script_delay,
    .wait = script_wait,
    .wake = script_wake,
};

static bool int_read(struct nif_pin *pin)
{
    return nif_container_of(pin, struct script, interrupt)->int_level;
}

static void int_write(struct nif_pin *pin, bool level)
{
    (void)pin;
    (void)level;
    fail();
}

static void reset_write(struct nif_pin *pin, bool level)
{
    struct script *s = nif_container_of(pin, struct script, reset);

    if (level) {
        s->low_us = s->now_us - s->low_at_us;
        fill_reset(s);
    } else {
        s->low_at_us = s->now_us;
    }
}

static void on_edge(struct nif_pin *pin, bool rising, nif_pin_edge_fn *fn,
    void *arg)
{
    (void)pin;
    (void)rising;
    (void)fn;
    (void)arg;
}

static const struct nif_pin_ops int_ops = { int_read, int_write, on_edge };
static const struct nif_pin_ops reset_ops = { int_read, reset_write, on_edge };

void script_init(struct script *s)
{
    memset(s, 0, sizeof(*s));
    s->spi.ops = &spi_ops;
    s->clock.ops = &clock_ops;
    s->interrupt.ops = &int_ops;
    s->reset.ops = &reset_ops;
    s->int_level = true;
    s->commands = SIZE_MAX;
    s->now_us = 1000;
    s->version = 4;
    fill_reset(s);
}

size_t script_find(const struct script *s, size_t from, uint8_t control,
    uint16_t offset)
{
    while (from < s->count &&
        (s->said[from].control != control || s->said[from].offset != offset)) {
        from++;
    }
    return from;
}

void script_is(const struct script *s, size_t at, uint8_t control,
    uint16_t offset, const void *data, size_t len)
{
    const struct said *f = &s->said[at];

    assert_true(at < s->count);
    assert_int_equal(f->control, control);
    assert_int_equal(f->offset, offset);
    assert_int_equal(f->len, len);
    assert_memory_equal(f->data, data, len);
}
