// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's bus face: instructions out of bytes (DS39662 4.2). A
// register write is carried out when chip select rises, as the MII timing of
// real chips suggests; packet memory is read and written byte by byte.

#include "sim/chips/enc28j60/model.h"

enum phase {
    PH_OPCODE,
    PH_RBM,
    PH_WBM,
    PH_DUMMY,
    PH_VALUE,
    PH_DATA,
    PH_READ_OVER,  // behind the value of an RCR
    PH_WRITE_OVER, // behind the data of a WCR, BFS or BFC
    PH_IGNORE,     // behind SRC, or after a mistake
    PH_DEAD = ENC_DEAF,
};

#define HZ_MAX      20000000u
#define SETUP_NS    50
#define GAP_NS      50
#define HOLD_NS     10
#define MAC_HOLD_NS 210
#define E1_HZ       8000000u // erratum 1: unreliable below

static struct sim_enc28j60 *of(struct sim_spi_chip *spi)
{
    return nif_container_of(spi, struct sim_enc28j60, spi);
}

static const char *name(unsigned id)
{
    return sim_enc_reg(id)->name;
}

static bool is_mac(unsigned id)
{
    uint8_t kind = sim_enc_reg(id)->kind;

    return kind == ENC_KIND_MAC || kind == ENC_KIND_MII;
}

// Reserved addresses of bank 2 belong to the MAC, so they answer as it does.
static bool has_dummy(unsigned id)
{
    return is_mac(id) ||
        (sim_enc_reg(id)->kind == ENC_KIND_RESERVED && id >> 5 == 2);
}

// ---- reading

static bool e1_strikes(struct sim_enc28j60 *chip)
{
    return chip->spi.hz != 0 && chip->spi.hz < E1_HZ &&
        sim_enc_bites_now(chip, 1);
}

static uint8_t read_reg(struct sim_enc28j60 *chip, unsigned id)
{
    uint8_t value;

    if (is_mac(id) && !sim_enc_awake(chip)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_NOT_READY,
            "%s read while the MAC cannot be used", name(id));
        return 0;
    }
    value = sim_enc_read(chip, id);
    if (is_mac(id) && e1_strikes(chip)) {
        value ^= 0x10;
    }
    return value;
}

static uint8_t dummy(struct sim_enc28j60 *chip)
{
    uint8_t value = sim_enc_value(chip, chip->bus.id);

    // Silicon puts out something stale, which may happen to be right.
    return (uint8_t)(chip->cfg.compat ? value : ~value);
}

// ---- the first byte

static void begin_read(struct sim_enc28j60 *chip, unsigned addr)
{
    chip->bus.id =
        (uint8_t)enc_reg_at(chip->reg[ENC_ECON1] & ENC_ECON1_BSEL, addr);
    if (addr == 0x1A) {
        sim_enc_broke(chip, SIM_ENC28J60_R_RESERVED, "RCR of reserved 1A");
    }
    chip->bus.phase = has_dummy(chip->bus.id) ? PH_DUMMY : PH_VALUE;
}

static void begin_write(struct sim_enc28j60 *chip, unsigned addr)
{
    chip->bus.id =
        (uint8_t)enc_reg_at(chip->reg[ENC_ECON1] & ENC_ECON1_BSEL, addr);
    chip->bus.phase = PH_DATA;
}

static void begin_memory(struct sim_enc28j60 *chip, uint8_t byte)
{
    if (byte == ENC_BYTE_RBM) {
        chip->bus.phase = PH_RBM;
    } else if (byte == ENC_BYTE_WBM) {
        chip->bus.phase = PH_WBM;
        chip->bus.guard =
            sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_RXEN | ENC_ECON1_TXRTS);
    } else {
        chip->bus.phase = PH_IGNORE;
        sim_enc_broke(chip, SIM_ENC28J60_R_FRAMING,
            "buffer instruction %02X: argument is not 1A", byte);
    }
}

static void begin(struct sim_enc28j60 *chip, uint8_t byte)
{
    chip->bus.op = byte >> 5;
    if (chip->world->now_ns < chip->bus.select_ns + SETUP_NS) {
        sim_enc_broke(chip, SIM_ENC28J60_R_TIMING,
            "first clock less than %d ns after chip select", SETUP_NS);
    }
    switch (chip->bus.op) {
    case ENC_OP_RCR: begin_read(chip, byte & 0x1F); return;
    case ENC_OP_WCR:
    case ENC_OP_BFS:
    case ENC_OP_BFC: begin_write(chip, byte & 0x1F); return;
    case ENC_OP_RBM:
    case ENC_OP_WBM: begin_memory(chip, byte); return;
    default: break;
    }
    // Bytes behind SRC mean nothing; several drivers send one.
    chip->bus.phase = PH_IGNORE;
    chip->bus.pending = byte == ENC_BYTE_SRC;
    if (byte != ENC_BYTE_SRC) {
        sim_enc_broke(chip, SIM_ENC28J60_R_FRAMING, "unknown instruction %02X",
            byte);
    }
}

// ---- packet memory

static void check_write(struct sim_enc28j60 *chip, unsigned at)
{
    unsigned first = chip->ptr[SIM_ENC28J60_ETXST];
    unsigned last = chip->ptr[SIM_ENC28J60_ETXND];

    if (chip->bus.told) {
        return;
    }
    if (sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_RXEN) &&
        sim_enc_in_fifo(chip, at)) {
        chip->bus.told = true;
        sim_enc_broke(chip, SIM_ENC28J60_R_RX_WRITE,
            "WBM at %04X, inside the RX FIFO", at);
    }
    if (sim_enc_bit(chip, ENC_ECON1, ENC_ECON1_TXRTS) &&
        ((at - first) & ENC_RAM_MASK) <= ((last - first) & ENC_RAM_MASK)) {
        chip->bus.told = true;
        sim_enc_broke(chip, SIM_ENC28J60_R_TX_BUSY,
            "WBM at %04X, inside the frame that is being sent", at);
    }
}

static int read_memory(struct sim_enc28j60 *chip)
{
    unsigned at = chip->ptr[SIM_ENC28J60_ERDPT];

    if (sim_enc_bit(chip, ENC_ECON2, ENC_ECON2_AUTOINC)) {
        chip->ptr[SIM_ENC28J60_ERDPT] = sim_enc_after(chip, at);
    }
    return chip->ram[at];
}

static void write_memory(struct sim_enc28j60 *chip, uint8_t byte)
{
    unsigned at = chip->ptr[SIM_ENC28J60_EWRPT];

    if (chip->bus.guard) {
        check_write(chip, at);
    }
    chip->ram[at] = byte;
    if (sim_enc_bit(chip, ENC_ECON2, ENC_ECON2_AUTOINC)) {
        chip->ptr[SIM_ENC28J60_EWRPT] = (uint16_t)((at + 1) & ENC_RAM_MASK);
    }
}

// ---- bytes

static void over(struct sim_enc28j60 *chip)
{
    if (!chip->bus.told) {
        chip->bus.told = true;
        sim_enc_broke(chip, SIM_ENC28J60_R_EXTRA,
            "clocks behind the end of the instruction for %s",
            name(chip->bus.id));
    }
}

static int control_byte(struct sim_enc28j60 *chip, uint8_t byte)
{
    switch (chip->bus.phase) {
    case PH_OPCODE: begin(chip, byte); return -1;
    case PH_DUMMY: chip->bus.phase = PH_VALUE; return dummy(chip);
    case PH_VALUE:
        chip->bus.phase = PH_READ_OVER;
        return read_reg(chip, chip->bus.id);
    case PH_DATA:
        chip->bus.phase = PH_WRITE_OVER;
        chip->bus.data = byte;
        chip->bus.pending = true;
        return -1;
    case PH_READ_OVER: over(chip); return 0;
    case PH_WRITE_OVER: over(chip); return -1;
    default: return -1;
    }
}

static int enc_exchange(struct sim_spi_chip *spi, int mosi)
{
    struct sim_enc28j60 *chip = of(spi);

    chip->bus.last_ns = chip->world->now_ns;
    chip->bus.len++;
    if (chip->bus.phase == PH_RBM) {
        return read_memory(chip);
    }
    if (chip->bus.phase == PH_WBM) {
        write_memory(chip, (uint8_t)mosi);
        return -1;
    }
    return control_byte(chip, (uint8_t)mosi);
}

static void enc_cut(struct sim_spi_chip *spi, int mosi, unsigned bits)
{
    struct sim_enc28j60 *chip = of(spi);

    (void)mosi;
    chip->bus.last_ns = chip->world->now_ns;
    if (chip->bus.phase != PH_DEAD) {
        chip->bus.phase = PH_IGNORE;
        sim_enc_broke(chip, SIM_ENC28J60_R_FRAMING,
            "chip select rose after %u bits of a byte", bits);
    }
}

// ---- chip select

static void enc_select(struct sim_spi_chip *spi)
{
    struct sim_enc28j60 *chip = of(spi);
    uint64_t released_ns = chip->bus.release_ns;

    chip->bus = (struct sim_enc28j60_spi){
        .phase = chip->in_reset ? PH_DEAD : PH_OPCODE,
        .select_ns = chip->world->now_ns,
        .release_ns = released_ns,
    };
    if (chip->in_reset) {
        return;
    }
    if (spi->hz > HZ_MAX || spi->mode != 0) {
        sim_enc_broke(chip, SIM_ENC28J60_R_CLOCK,
            "SPI mode %u at %u Hz; it takes mode 0 up to %u Hz", spi->mode,
            (unsigned)spi->hz, HZ_MAX);
    }
    if (released_ns != 0 && chip->world->now_ns < released_ns + GAP_NS) {
        sim_enc_broke(chip, SIM_ENC28J60_R_TIMING,
            "chip select was high for less than %d ns", GAP_NS);
    }
}

// MAC and MII registers: the host must be patient and plain.
static bool mac_write_is_lost(struct sim_enc28j60 *chip, uint64_t hold_ns)
{
    unsigned id = chip->bus.id;

    if (!sim_enc_awake(chip)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_NOT_READY,
            "%s written while the MAC cannot be used", name(id));
        return true;
    }
    if (chip->bus.op != ENC_OP_WCR) {
        sim_enc_broke(chip, SIM_ENC28J60_R_BITOP,
            "%s on %s, which is not an ETH register",
            chip->bus.op == ENC_OP_BFS ? "BFS" : "BFC", name(id));
        if (!chip->cfg.compat) {
            return true;
        }
    }
    if (hold_ns < MAC_HOLD_NS) {
        sim_enc_broke(chip, SIM_ENC28J60_R_HOLD,
            "chip select held for %u ns after writing %s, %d are needed",
            (unsigned)hold_ns, name(id), MAC_HOLD_NS);
        if (!chip->cfg.compat) {
            return true;
        }
    }
    return e1_strikes(chip);
}

static void finish(struct sim_enc28j60 *chip, uint64_t hold_ns)
{
    if (chip->bus.op == ENC_OP_SRC) {
        sim_enc_soft_reset(chip);
        return;
    }
    if (is_mac(chip->bus.id) && mac_write_is_lost(chip, hold_ns)) {
        return;
    }
    sim_enc_write(chip, chip->bus.op, chip->bus.id, chip->bus.data);
}

static void check_end(struct sim_enc28j60 *chip)
{
    if (chip->bus.phase == PH_VALUE && has_dummy(chip->bus.id)) {
        sim_enc_broke(chip, SIM_ENC28J60_R_DUMMY,
            "RCR of %s ended at the dummy byte", name(chip->bus.id));
    } else if (chip->bus.phase == PH_VALUE || chip->bus.phase == PH_DUMMY ||
        chip->bus.phase == PH_DATA) {
        sim_enc_broke(chip, SIM_ENC28J60_R_FRAMING,
            "instruction for %s has no data byte", name(chip->bus.id));
    }
}

static void enc_release(struct sim_spi_chip *spi)
{
    struct sim_enc28j60 *chip = of(spi);
    uint64_t end_ns = chip->bus.last_ns + spi->byte_ns;
    uint64_t now_ns = chip->world->now_ns;
    uint64_t hold_ns = now_ns > end_ns ? now_ns - end_ns : 0;

    chip->bus.release_ns = now_ns;
    if (chip->bus.phase != PH_DEAD && chip->bus.len > 0) {
        if (hold_ns < HOLD_NS) {
            sim_enc_broke(chip, SIM_ENC28J60_R_TIMING,
                "chip select held for %u ns after the last clock",
                (unsigned)hold_ns);
        }
        check_end(chip);
        if (chip->bus.pending) {
            finish(chip, hold_ns);
        }
    }
}

const struct sim_spi_chip_ops sim_enc_spi_ops = {
    .select = enc_select,
    .exchange = enc_exchange,
    .release = enc_release,
    .cut = enc_cut,
};
