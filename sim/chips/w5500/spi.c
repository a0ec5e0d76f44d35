// SPDX-License-Identifier: MIT
//
// The W5500 model's bus face: SPI frames out of bytes. A frame is an offset,
// a control byte and data; data takes effect byte by byte.

#include "sim/chips/w5500/model.h"

enum phase {
    PH_OFFSET_HIGH,
    PH_OFFSET_LOW,
    PH_CONTROL,
    PH_DATA,
};

enum {
    WRITE = 1 << 2,
    LENGTH_MASK = 3,
    HZ_MAX = 80000000,
    HZ_GUARANTEED = 33333333,
};

static struct sim_w5500 *of(struct sim_spi_chip *spi)
{
    return nif_container_of(spi, struct sim_w5500, spi);
}

// The first complaint of a transaction is enough.
static bool tell_once(struct sim_w5500 *chip)
{
    bool told = chip->bus.told;

    chip->bus.told = true;
    return !told;
}

// ---- data

static unsigned bsb(const struct sim_w5500 *chip)
{
    return chip->bus.control >> 3;
}

static int read_byte(struct sim_w5500 *chip)
{
    unsigned at = chip->bus.offset;
    unsigned n = bsb(chip) >> 2;

    switch (sim_w55_block(bsb(chip))) {
    case W55_BLOCK_COMMON: return sim_w55_common_read(chip, at);
    case W55_BLOCK_SOCKET: return sim_w55_socket_read(chip, n, at);
    case W55_BLOCK_TX: return sim_w55_memory_read(chip, n, true, (uint16_t)at);
    case W55_BLOCK_RX: return sim_w55_memory_read(chip, n, false, (uint16_t)at);
    case W55_BLOCK_RESERVED: break;
    }
    return -1;
}

static void write_byte(struct sim_w5500 *chip, uint8_t data)
{
    unsigned at = chip->bus.offset;
    unsigned n = bsb(chip) >> 2;

    if (chip->world->now_ns < chip->reset_end_ns) {
        if (tell_once(chip)) {
            sim_w55_broke(chip, SIM_W5500_R_NOT_READY,
                "written at %04X while MR.RST is set", at);
        }
        return;
    }
    switch (sim_w55_block(bsb(chip))) {
    case W55_BLOCK_COMMON: sim_w55_common_write(chip, at, data); break;
    case W55_BLOCK_SOCKET: sim_w55_socket_write(chip, n, at, data); break;
    case W55_BLOCK_TX:
        sim_w55_memory_write(chip, n, true, (uint16_t)at, data);
        break;
    case W55_BLOCK_RX:
        sim_w55_memory_write(chip, n, false, (uint16_t)at, data);
        break;
    case W55_BLOCK_RESERVED: break;
    }
}

static int data_byte(struct sim_w5500 *chip, uint8_t mosi)
{
    int miso = -1;

    if (chip->bus.control & WRITE) {
        write_byte(chip, mosi);
    } else {
        miso = read_byte(chip);
    }
    chip->bus.offset++;
    chip->bus.count++;
    if (chip->bus.left > 0 && --chip->bus.left == 0) {
        chip->bus.phase = PH_OFFSET_HIGH;
    }
    return miso;
}

// What is read next, without side effects.
static uint8_t peek(struct sim_w5500 *chip)
{
    uint16_t at = chip->bus.offset;
    unsigned n = bsb(chip) >> 2;

    switch (sim_w55_block(bsb(chip))) {
    case W55_BLOCK_COMMON: return sim_w55_common_value(chip, at);
    case W55_BLOCK_SOCKET:
        return sim_w55_socket_value(chip, &chip->socket[n], at);
    case W55_BLOCK_TX: return sim_w55_memory_read(chip, n, true, at);
    case W55_BLOCK_RX: return sim_w55_memory_read(chip, n, false, at);
    case W55_BLOCK_RESERVED: break;
    }
    return 0;
}

// One bit apart: the chip has the last bit of the host's byte before, and its
// own first bit was gone when the host looked.
static int shifted_byte(struct sim_w5500 *chip, uint8_t mosi)
{
    uint8_t byte = (uint8_t)(chip->bus.carry << 7 | mosi >> 1);
    int miso = data_byte(chip, byte);

    chip->bus.carry = mosi & 1;
    return miso < 0 ? miso : (miso << 1 & 0xFE) | peek(chip) >> 7;
}

// ---- the header

static void begin_data(struct sim_w5500 *chip, uint8_t control)
{
    static const uint8_t fixed[4] = { 0, 1, 2, 4 };

    chip->bus.phase = PH_DATA;
    chip->bus.control = control;
    chip->bus.left = fixed[control & LENGTH_MASK];
    chip->bus.count = 0;
    if (chip->glitches > 0 && !chip->bus.shifted) {
        chip->glitches--;
        chip->bus.shifted = true;
    }
    if (sim_w55_block(bsb(chip)) == W55_BLOCK_RESERVED) {
        sim_w55_broke(chip, SIM_W5500_R_RESERVED,
            "control byte %02X: block %u is reserved", control, bsb(chip));
    }
}

static int take(struct sim_w5500 *chip, uint8_t mosi)
{
    switch (chip->bus.phase) {
    case PH_OFFSET_HIGH:
        chip->bus.offset = (uint16_t)(mosi << 8);
        chip->bus.phase = PH_OFFSET_LOW;
        return -1;
    case PH_OFFSET_LOW:
        chip->bus.offset |= mosi;
        chip->bus.phase = PH_CONTROL;
        return -1;
    case PH_CONTROL: begin_data(chip, mosi); return -1;
    default:
        return chip->bus.shifted ? shifted_byte(chip, mosi)
                                 : data_byte(chip, mosi);
    }
}

static int w55_exchange(struct sim_spi_chip *spi, int mosi)
{
    struct sim_w5500 *chip = of(spi);
    int miso = -1;

    if (!chip->bus.muted && !chip->in_reset) {
        chip->bus.len++;
        miso = take(chip, (uint8_t)mosi);
    }
    switch (chip->miso) {
    case SIM_W5500_MISO_LOW: return 0x00;
    case SIM_W5500_MISO_HIGH: return 0xFF;
    default: return miso;
    }
}

static void w55_cut(struct sim_spi_chip *spi, int mosi, unsigned bits)
{
    struct sim_w5500 *chip = of(spi);

    (void)mosi;
    if (!chip->bus.muted) {
        chip->bus.muted = true;
        sim_w55_broke(chip, SIM_W5500_R_FRAMING,
            "chip select rose after %u bits of a byte", bits);
    }
}

// ---- chip select

static void check_clock(struct sim_w5500 *chip)
{
    const struct sim_spi_chip *spi = &chip->spi;

    if (spi->hz > HZ_MAX || (spi->mode != 0 && spi->mode != 3)) {
        sim_w55_broke(chip, SIM_W5500_R_CLOCK,
            "SPI mode %u at %u Hz; it takes modes 0 and 3 up to %u Hz",
            spi->mode, (unsigned)spi->hz, HZ_MAX);
    } else if (spi->hz > HZ_GUARANTEED) {
        sim_w55_broke(chip, SIM_W5500_R_SPEED,
            "SPI at %u Hz; %u Hz are guaranteed", (unsigned)spi->hz,
            HZ_GUARANTEED);
    }
}

static void w55_select(struct sim_spi_chip *spi)
{
    struct sim_w5500 *chip = of(spi);

    chip->bus = (struct sim_w5500_spi){ .phase = PH_OFFSET_HIGH };
    if (chip->in_reset) {
        chip->bus.muted = true;
    } else if (chip->world->now_ns < chip->ready_ns) {
        chip->bus.muted = true;
        sim_w55_broke(chip, SIM_W5500_R_NOT_READY,
            "selected %u us before the PLL is locked",
            (unsigned)((chip->ready_ns - chip->world->now_ns) / SIM_US));
    } else {
        check_clock(chip);
    }
}

static void w55_release(struct sim_spi_chip *spi)
{
    struct sim_w5500 *chip = of(spi);
    const struct sim_w5500_spi *bus = &chip->bus;

    if (bus->muted || bus->len == 0) {
        return;
    }
    if (bus->phase == PH_OFFSET_LOW || bus->phase == PH_CONTROL) {
        sim_w55_broke(chip, SIM_W5500_R_FRAMING,
            "chip select rose before the control byte");
    } else if (bus->phase == PH_DATA && (bus->count == 0 || bus->left > 0)) {
        sim_w55_broke(chip, SIM_W5500_R_FRAMING,
            "chip select rose after %u bytes of data, control byte %02X",
            bus->count, bus->control);
    }
}

const struct sim_spi_chip_ops sim_w55_spi_ops = {
    .select = w55_select,
    .exchange = w55_exchange,
    .release = w55_release,
    .cut = w55_cut,
};
