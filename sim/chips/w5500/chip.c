// SPDX-License-Identifier: MIT
//
// The W5500 model as a whole: making one, its rules, looking inside, and the
// faults that a test can ask for.

#include "sim/chips/w5500/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// A rule that silicon does not insist on is `mild`: in compat mode it is
// counted, but not complained of.
static const struct {
    const char *name;
    bool mild;
} rules[SIM_W5500_RULES] = {
    [SIM_W5500_R_CLOCK] = { "clock", false },
    [SIM_W5500_R_SPEED] = { "guaranteed clock", true },
    [SIM_W5500_R_FRAMING] = { "framing", false },
    [SIM_W5500_R_RESERVED] = { "reserved", true },
    [SIM_W5500_R_READONLY] = { "read only", true },
    [SIM_W5500_R_NOT_READY] = { "not ready", false },
    [SIM_W5500_R_PIN] = { "reset pin", false },
    [SIM_W5500_R_CR_BUSY] = { "command while busy", false },
    [SIM_W5500_R_COMMAND] = { "command", false },
    [SIM_W5500_R_SEND_BUSY] = { "SEND before SENDOK", true },
    [SIM_W5500_R_TX_OVER] = { "more than TX_FSR", false },
    [SIM_W5500_R_TX_FLIGHT] = { "write into flight", false },
    [SIM_W5500_R_LENGTH] = { "length", false },
    [SIM_W5500_R_POINTER] = { "pointer", false },
    [SIM_W5500_R_BUFFER] = { "buffer", false },
    [SIM_W5500_R_TEAR] = { "single read", true },
    [SIM_W5500_R_ABSENT] = { "not modelled", false },
};

void sim_w55_broke(struct sim_w5500 *chip, enum sim_w5500_rule rule,
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

// ---- looking inside

uint8_t sim_w5500_reg(const struct sim_w5500 *chip, unsigned offset)
{
    return sim_w55_common_value(chip, offset);
}

uint8_t sim_w5500_socket_reg(const struct sim_w5500 *chip, unsigned socket,
    unsigned offset)
{
    return sim_w55_socket_value(chip, &chip->socket[socket], offset);
}

bool sim_w5500_has_link(const struct sim_w5500 *chip)
{
    return chip->link;
}

unsigned sim_w5500_violations(const struct sim_w5500 *chip)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < SIM_W5500_RULES; i++) {
        sum += chip->counts.broken[i];
    }
    return sum;
}

const char *sim_w5500_rule_name(enum sim_w5500_rule rule)
{
    return rules[rule].name;
}

// ---- faults

void sim_w5500_brown_out(struct sim_w5500 *chip)
{
    sim_w55_power_up(chip);
    chip->ready_ns = 0;
}

void sim_w5500_tear(struct sim_w5500 *chip, unsigned socket, unsigned count)
{
    NIF_ASSERT(socket < W55_SOCKETS);
    chip->socket[socket].tears = (uint16_t)count;
}

void sim_w5500_sendok(struct sim_w5500 *chip, uint64_t delay_ns, uint32_t count)
{
    chip->sendok_ns = delay_ns;
    chip->sendok_count = count;
}

void sim_w5500_origin(struct sim_w5500 *chip, uint16_t left)
{
    chip->origin = (uint16_t)-left;
}

void sim_w5500_rx_bogus(struct sim_w5500 *chip, uint16_t length)
{
    chip->bogus = true;
    chip->bogus_len = length;
}

void sim_w5500_cr_stick(struct sim_w5500 *chip, unsigned socket, uint64_t ns)
{
    NIF_ASSERT(socket < W55_SOCKETS);
    chip->socket[socket].stick_ns = ns;
}

void sim_w5500_irq_lose(struct sim_w5500 *chip, unsigned count)
{
    if (chip->int_pin) {
        chip->int_pin->lose_edges += count;
    }
}

void sim_w5500_glitch(struct sim_w5500 *chip, unsigned count)
{
    chip->glitches = count;
}

void sim_w5500_miso(struct sim_w5500 *chip, enum sim_w5500_miso miso)
{
    chip->miso = (uint8_t)miso;
}

void sim_w5500_rst(struct sim_w5500 *chip, unsigned socket)
{
    NIF_ASSERT(socket < W55_SOCKETS);
    if (chip->socket[socket].tcp.open) {
        sim_w55_end(chip, &chip->socket[socket]);
    }
}

// ---- making one

static void make_sockets(struct sim_w5500 *chip)
{
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        struct sim_w5500_socket *s = &chip->socket[n];

        s->number = (uint8_t)n;
        s->command.fn = sim_w55_command_event;
        s->late.fn = sim_w55_late_event;
        s->arp.event.fn = sim_w55_arp_event;
        s->tcp.timer.fn = sim_w55_tcp_timer;
        s->tcp.keep.fn = sim_w55_tcp_keep;
    }
}

static void set_defaults(struct sim_w5500_cfg *cfg)
{
    if (!cfg->name) {
        cfg->name = "w5500";
    }
    if (cfg->cr_ns == 0) {
        cfg->cr_ns = 150;
    }
    if (cfg->reset_ns == 0) {
        cfg->reset_ns = 100;
    }
    if (cfg->link_ns == 0) {
        cfg->link_ns = SIM_W5500_LINK_NS;
    }
    if (cfg->linger_ns == 0) {
        cfg->linger_ns = 100 * SIM_MS;
    }
}

void sim_w5500_init(struct sim_w5500 *chip, struct sim_world *world,
    const struct sim_w5500_cfg *cfg)
{
    memset(chip, 0, sizeof(*chip));
    if (cfg) {
        chip->cfg = *cfg;
    }
    set_defaults(&chip->cfg);
    chip->world = world;
    chip->spi.ops = &sim_w55_spi_ops;
    chip->spi.world = world;
    chip->port.ops = &sim_w55_port_ops;
    chip->port.name = chip->cfg.name;
    chip->reset_hit.fn = sim_w55_reset_hit;
    chip->int_event.fn = sim_w55_irq_event;
    chip->link_up.fn = sim_w55_link_event;
    chip->tx.event.fn = sim_w55_tx_event;
    make_sockets(chip);
    sim_w55_stack_init(chip);
    sim_w55_power_up(chip);
}

void sim_w5500_done(struct sim_w5500 *chip)
{
    struct sim_event *events[] = { &chip->reset_hit, &chip->int_event,
        &chip->link_up, &chip->tx.event, &chip->net.event };

    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        sim_w55_socket_reset(chip, n);
    }
    for (size_t i = 0; i < nif_countof(events); i++) {
        sim_event_cancel(chip->world, events[i]);
    }
    sim_w55_tx_reset(chip);
}

void sim_w5500_pins(struct sim_w5500 *chip, struct sim_pin *int_pin,
    struct sim_pin *reset_pin)
{
    chip->int_pin = int_pin;
    chip->reset_pin = reset_pin;
    sim_pin_drive(int_pin, !chip->int_low);
    if (reset_pin) {
        reset_pin->on_write = sim_w55_reset_level;
        reset_pin->write_arg = chip;
        if (!reset_pin->level) {
            sim_w55_reset_level(reset_pin, chip, false);
        }
    }
}
