// SPDX-License-Identifier: MIT
//
// The ENC28J60 model as a whole: making one, its rules and errata, looking
// inside, and the faults that a test can ask for.

#include "sim/chips/enc28j60/model.h"

#include <stdarg.h>
#include <string.h>

// A rule that silicon does not insist on is `mild`: in compat mode it is
// counted, but not complained of.
static const struct {
    const char *name;
    bool mild;
} rules[SIM_ENC28J60_RULES] = {
    [SIM_ENC28J60_R_CLOCK] = { "clock", false },
    [SIM_ENC28J60_R_TIMING] = { "chip-select timing", false },
    [SIM_ENC28J60_R_FRAMING] = { "framing", false },
    [SIM_ENC28J60_R_DUMMY] = { "dummy byte", false },
    [SIM_ENC28J60_R_EXTRA] = { "extra clocks", true },
    [SIM_ENC28J60_R_BITOP] = { "bit operation", true },
    [SIM_ENC28J60_R_RESERVED] = { "reserved", true },
    [SIM_ENC28J60_R_READONLY] = { "read only", true },
    [SIM_ENC28J60_R_NOT_READY] = { "not ready", false },
    [SIM_ENC28J60_R_HOLD] = { "hold time", true },
    [SIM_ENC28J60_R_MII_BUSY] = { "MII busy", false },
    [SIM_ENC28J60_R_RX_SETUP] = { "RX set-up", true },
    [SIM_ENC28J60_R_EVEN] = { "even ERXRDPT", true },
    [SIM_ENC28J60_R_ORDER] = { "pointer order", true },
    [SIM_ENC28J60_R_TX_AREA] = { "TX area", true },
    [SIM_ENC28J60_R_TX_BUSY] = { "TX busy", false },
    [SIM_ENC28J60_R_TX_SETUP] = { "TX set-up", true },
    [SIM_ENC28J60_R_RX_WRITE] = { "write into RX FIFO", false },
    [SIM_ENC28J60_R_DMA] = { "DMA", false },
    [SIM_ENC28J60_R_DUPLEX] = { "duplex", false },
    [SIM_ENC28J60_R_POWER] = { "power save", true },
    [SIM_ENC28J60_R_PIN] = { "reset pin", false },
    [SIM_ENC28J60_R_ABSENT] = { "not modelled", false },
};

void sim_enc_broke(struct sim_enc28j60 *chip, enum sim_enc28j60_rule rule,
    const char *fmt, ...)
{
    char what[160];
    va_list args;

    chip->counts.broken[rule]++;
    if (chip->cfg.compat && rules[rule].mild) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    sim_complain(chip->world, chip->cfg.name, "%s", what);
}

// ---- errata

// DS80349C, summary of silicon issues. 3, 4, 7, 8 and 11 have nothing that a
// host could see here.
static uint32_t errata_of(uint8_t revision)
{
    uint32_t errata = 0;

    for (unsigned n = 2; n <= 19; n++) {
        errata |= SIM_ENC28J60_ERRATUM(n);
    }
    errata &= ~SIM_ENC28J60_ERRATUM(13);
    return errata |
        (revision < 5 ? SIM_ENC28J60_ERRATUM(1) : SIM_ENC28J60_ERRATUM(13));
}

bool sim_enc_bites(struct sim_enc28j60 *chip, unsigned number)
{
    if (!(chip->errata & SIM_ENC28J60_ERRATUM(number))) {
        return false;
    }
    chip->counts.erratum[number]++;
    return true;
}

bool sim_enc_bites_now(struct sim_enc28j60 *chip, unsigned number)
{
    if (!(chip->errata & SIM_ENC28J60_ERRATUM(number)) ||
        ++chip->occasion[number] < chip->cfg.every) {
        return false;
    }
    chip->occasion[number] = 0;
    chip->counts.erratum[number]++;
    return true;
}

void sim_enc28j60_erratum(struct sim_enc28j60 *chip, unsigned number, bool on)
{
    NIF_ASSERT(number < nif_countof(chip->occasion));
    chip->occasion[number] = 0;
    if (on) {
        chip->errata |= SIM_ENC28J60_ERRATUM(number);
    } else {
        chip->errata &= ~SIM_ENC28J60_ERRATUM(number);
    }
}

// ---- looking inside

uint8_t sim_enc28j60_reg(const struct sim_enc28j60 *chip, unsigned id)
{
    return sim_enc_value(chip, id);
}

uint16_t sim_enc28j60_phy_reg(const struct sim_enc28j60 *chip, unsigned addr)
{
    return sim_enc_phy_value(chip, addr);
}

bool sim_enc28j60_has_link(const struct sim_enc28j60 *chip)
{
    return sim_enc_link(chip);
}

unsigned sim_enc28j60_violations(const struct sim_enc28j60 *chip)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < SIM_ENC28J60_RULES; i++) {
        sum += chip->counts.broken[i];
    }
    return sum;
}

const char *sim_enc28j60_rule_name(enum sim_enc28j60_rule rule)
{
    return rules[rule].name;
}

// ---- faults

void sim_enc28j60_brown_out(struct sim_enc28j60 *chip)
{
    sim_enc_power_up(chip);
}

void sim_enc28j60_tx_fail(struct sim_enc28j60 *chip,
    enum sim_enc28j60_tx_fault fault, uint32_t count)
{
    chip->tx.next_fault = (uint8_t)fault;
    chip->tx.fault_count = count;
}

void sim_enc28j60_rx_corrupt(struct sim_enc28j60 *chip,
    const uint8_t pattern[6])
{
    memcpy(chip->rx.flip, pattern, sizeof(chip->rx.flip));
    chip->rx.corrupt = true;
}

void sim_enc28j60_flag_stick(struct sim_enc28j60 *chip, unsigned id,
    uint8_t bits)
{
    chip->stick[id] = bits;
}

void sim_enc28j60_flag_hide(struct sim_enc28j60 *chip, unsigned id,
    uint8_t bits)
{
    chip->hide[id] = bits;
}

void sim_enc28j60_irq_spurious(struct sim_enc28j60 *chip, uint8_t bits)
{
    sim_enc_flag(chip, bits & sim_enc_reg(ENC_EIR)->mask);
}

// ---- the cable's face

static struct sim_enc28j60 *of_port(struct sim_port *port)
{
    return nif_container_of(port, struct sim_enc28j60, port);
}

static void enc_link(struct sim_port *port, bool up)
{
    of_port(port)->phy.cable = up;
    sim_enc_link_look(of_port(port));
}

static void enc_rx_begin(struct sim_port *port)
{
    sim_enc_tx_collide(of_port(port));
    sim_enc_rx_begin(of_port(port));
}

static void enc_rx_end(struct sim_port *port, const struct sim_frame *frame)
{
    struct sim_enc28j60 *chip = of_port(port);
    uint64_t idle_ns = chip->world->now_ns + ENC_GAP_NS;

    if (!sim_enc_full_duplex(chip) && chip->tx.idle_ns < idle_ns) {
        chip->tx.idle_ns = idle_ns;
    }
    sim_enc_rx_frame(chip, frame);
    sim_enc_tx_kick(chip);
}

static void enc_tx_end(struct sim_port *port)
{
    sim_enc_tx_left(of_port(port));
}

static const struct sim_port_ops port_ops = {
    .link = enc_link,
    .rx_begin = enc_rx_begin,
    .rx_end = enc_rx_end,
    .tx_end = enc_tx_end,
};

// ---- making one

void sim_enc28j60_init(struct sim_enc28j60 *chip, struct sim_world *world,
    const struct sim_enc28j60_cfg *cfg)
{
    memset(chip, 0, sizeof(*chip));
    if (cfg) {
        chip->cfg = *cfg;
    }
    if (!chip->cfg.name) {
        chip->cfg.name = "enc28j60";
    }
    if (chip->cfg.revision == 0) {
        chip->cfg.revision = 6;
    }
    if (chip->cfg.every == 0) {
        chip->cfg.every = 3;
    }
    if (chip->cfg.link_ns == 0) {
        chip->cfg.link_ns = SIM_ENC28J60_LINK_NS;
    }
    chip->world = world;
    chip->errata = (errata_of(chip->cfg.revision) & ~chip->cfg.errata_off) |
        chip->cfg.errata_on;
    chip->spi.ops = &sim_enc_spi_ops;
    chip->spi.world = world;
    chip->port.ops = &port_ops;
    chip->port.name = chip->cfg.name;
    chip->ost.fn = sim_enc_ost_end;
    chip->reset_hit.fn = sim_enc_reset_hit;
    chip->dma.fn = sim_enc_dma_event;
    chip->phy.mii.fn = sim_enc_mii_event;
    chip->phy.link_up.fn = sim_enc_link_event;
    chip->phy.reset_end.fn = sim_enc_phy_reset_end;
    chip->tx.event.fn = sim_enc_tx_event;
    chip->tx.excess.fn = sim_enc_tx_excess;
    chip->tx.pause.fn = sim_enc_flow_event;
    sim_enc_power_up(chip);
}

void sim_enc28j60_done(struct sim_enc28j60 *chip)
{
    struct sim_event *events[] = { &chip->ost, &chip->reset_hit, &chip->dma,
        &chip->phy.mii, &chip->phy.link_up, &chip->phy.reset_end,
        &chip->tx.event, &chip->tx.excess, &chip->tx.pause };

    for (size_t i = 0; i < nif_countof(events); i++) {
        sim_event_cancel(chip->world, events[i]);
    }
}

void sim_enc28j60_pins(struct sim_enc28j60 *chip, struct sim_pin *int_pin,
    struct sim_pin *reset_pin)
{
    chip->int_pin = int_pin;
    chip->reset_pin = reset_pin;
    sim_pin_drive(int_pin, !chip->int_low);
    if (reset_pin) {
        reset_pin->on_write = sim_enc_reset_level;
        reset_pin->write_arg = chip;
        if (!reset_pin->level) {
            sim_enc_reset_level(reset_pin, chip, false);
        }
    }
}
