// SPDX-License-Identifier: MIT
//
// The W5500 model's sockets: commands, and what all modes have in common.

#include "sim/chips/w5500/model.h"

#include <string.h>

struct sim_w5500 *sim_w55_of(struct sim_w5500_socket *s)
{
    struct sim_w5500_socket *first = s - s->number;

    return (struct sim_w5500 *)(void *)((char *)first -
        offsetof(struct sim_w5500, socket));
}

// ---- beginning and ending

void sim_w55_set_pointers(struct sim_w5500_socket *s, uint16_t tx, uint16_t rx)
{
    s->tx_rd = tx;
    s->tx_wr = tx;
    s->tx_ack = tx;
    s->tx_end = tx;
    s->rx_rd = rx;
    s->rx_got = rx;
    s->rx_wr = rx;
    s->fsr = (struct sim_w5500_pair){ .high = 0 };
    s->rsr = (struct sim_w5500_pair){ .high = 0 };
}

void sim_w55_close(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    sim_event_cancel(chip->world, &s->late);
    sim_event_cancel(chip->world, &s->arp.event);
    sim_w55_tx_drop(chip, s->number);
    sim_w55_tcp_forget(chip, s);
    s->arp.asking = false;
    s->arp.known = false;
    s->sending = false;
    s->held = false;
    s->mute = false;
    s->reg[W55_SN_SR] = W55_SR_CLOSED;
}

void sim_w55_socket_reset(struct sim_w5500 *chip, unsigned n)
{
    struct sim_w5500_socket *s = &chip->socket[n];

    s->group = 0; // nothing is said
    sim_w55_close(chip, s);
    s->gone = false;
    sim_event_cancel(chip->world, &s->command);
    for (unsigned i = 0; i < W55_SOCKET_COUNT; i++) {
        s->reg[i] = sim_w55_socket_reg(i)->reset;
    }
    s->stick_ns = 0;
    sim_w55_set_pointers(s, 0, 0);
}

static void close_socket(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    sim_w55_leave(chip, s);
    sim_w55_close(chip, s);
    s->gone = false;
}

void sim_w55_end(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    sim_w55_close(chip, s);
    s->gone = true;
}

void sim_w55_timeout(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    sim_w55_end(chip, s);
    sim_w55_flag(chip, s, W55_SN_IR_TIMEOUT);
}

static void open_socket(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    static const uint8_t states[] = {
        [W55_PROTO_TCP] = W55_SR_INIT,
        [W55_PROTO_UDP] = W55_SR_UDP,
        [W55_PROTO_IPRAW] = W55_SR_IPRAW,
        [W55_PROTO_MACRAW] = W55_SR_MACRAW,
    };
    unsigned proto = s->reg[W55_SN_MR] & W55_SN_MR_PROTO;

    close_socket(chip, s);
    s->mode = s->reg[W55_SN_MR];
    if (proto >= nif_countof(states) || states[proto] == 0 ||
        (proto == W55_PROTO_MACRAW && s->number != 0)) {
        sim_w55_broke(chip, SIM_W5500_R_COMMAND, "socket %u: OPEN with MR %02X",
            s->number, s->reg[W55_SN_MR]);
        return;
    }
    if (!sim_w55_check_blocks(chip, s) && proto == W55_PROTO_TCP) {
        return; // the stack's rings would not fit
    }
    if (proto == W55_PROTO_TCP) {
        sim_w55_set_pointers(s, 0, 0);
    } else {
        sim_w55_set_pointers(s, chip->origin, chip->origin);
    }
    s->reg[W55_SN_SR] = states[proto];
    if (proto == W55_PROTO_UDP && sim_w55_sn_mr(s, W55_SN_MR_MULTI)) {
        sim_w55_join(chip, s);
    }
}

// ---- TCP's commands

// A host cannot know that a connection ends at this moment: then a command is
// lost, and that is all.
static void misplaced(struct sim_w5500 *chip, const struct sim_w5500_socket *s,
    uint8_t code)
{
    const char *name = sim_w55_command_name(code);

    if (name && code >= W55_DISCON && s->gone &&
        sim_w55_state(s) == W55_SR_CLOSED) {
        return;
    }
    sim_w55_broke(chip, SIM_W5500_R_COMMAND,
        "socket %u: command %02X (%s) in state %02X", s->number, code,
        name ? name : "there is none", sim_w55_state(s));
}

// LISTEN and CONNECT: from INIT, and with an address.
static void begin_tcp(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint8_t code)
{
    if (sim_w55_state(s) != W55_SR_INIT || sim_w55_ip(chip) == 0) {
        misplaced(chip, s, code);
    } else if (code == W55_LISTEN) {
        s->reg[W55_SN_SR] = W55_SR_LISTEN;
    } else {
        s->reg[W55_SN_SR] = W55_SR_SYNSENT;
        sim_w55_resolve(chip, s);
    }
}

static void discon(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    if (sim_w55_is_tcp(s)) {
        sim_w55_tcp_discon(chip, s);
    } else {
        misplaced(chip, s, W55_DISCON);
    }
}

static void send_keep(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    if (sim_w55_state(s) == W55_SR_ESTABLISHED ||
        sim_w55_state(s) == W55_SR_CLOSE_WAIT) {
        sim_w55_tcp_probe(chip, s);
    } else {
        misplaced(chip, s, W55_SEND_KEEP);
    }
}

// ---- sending

// To all, to a group, or with SEND_MAC: then nobody is asked.
static bool knows_way(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    uint32_t to = nif_get_be32(s->reg + W55_SN_DIPR);

    if (sim_w55_is_broadcast(chip, to)) {
        memset(s->reg + W55_SN_DHAR, 0xFF, 6);
        return true;
    }
    return s->code == W55_SEND_MAC || (s->group != 0 && s->group == to);
}

static void begin_send(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    switch (sim_w55_state(s)) {
    case W55_SR_MACRAW: sim_w55_macraw_send(chip, s); break;
    case W55_SR_UDP:
    case W55_SR_IPRAW:
        if (knows_way(chip, s)) {
            s->arp.known = false;
            sim_w55_datagrams(chip, s);
        } else {
            sim_w55_resolve(chip, s);
        }
        break;
    default: sim_w55_tcp_send(chip, s); break;
    }
}

void sim_w55_resolved(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    bool found)
{
    if (sim_w55_is_tcp(s)) {
        if (found) {
            sim_w55_tcp_connect(chip, s);
        } else {
            sim_w55_timeout(chip, s);
        }
        return;
    }
    if (found) {
        sim_w55_datagrams(chip, s);
        return;
    }
    s->sending = false; // dropped; the socket stays open
    s->tx_rd = s->tx_end;
    s->tx_ack = s->tx_end;
    sim_w55_flag(chip, s, W55_SN_IR_TIMEOUT);
}

static void check_send(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    unsigned len = (uint16_t)(s->tx_wr - s->tx_ack);

    sim_w55_pair_used(chip, s, true);
    if (len > sim_w55_size(s, true)) {
        sim_w55_broke(chip, SIM_W5500_R_TX_OVER,
            "socket %u: TX_WR is %u bytes ahead, more than its memory",
            s->number, len);
    }
}

static bool can_send(const struct sim_w5500_socket *s, uint8_t code)
{
    switch (sim_w55_state(s)) {
    case W55_SR_UDP: return true;
    case W55_SR_MACRAW:
    case W55_SR_IPRAW:
    case W55_SR_ESTABLISHED:
    case W55_SR_CLOSE_WAIT: return code == W55_SEND;
    default: return false;
    }
}

static void send(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint8_t code)
{
    if (!can_send(s, code)) {
        misplaced(chip, s, code);
        return;
    }
    if (s->sending) {
        sim_w55_broke(chip, SIM_W5500_R_SEND_BUSY,
            "socket %u: SEND before SENDOK of the one before", s->number);
        return;
    }
    check_send(chip, s);
    if (s->tx_wr == s->tx_rd) {
        sim_w55_broke(chip, SIM_W5500_R_LENGTH, "socket %u: SEND of nothing",
            s->number);
        return;
    }
    s->sending = true;
    s->code = code;
    s->tx_end = s->tx_wr;
    if (chip->sendok_count > 0) {
        chip->sendok_count--;
        s->mute = chip->sendok_ns == SIM_NEVER;
        s->held = !s->mute;
    }
    if (s->held) {
        sim_event_at(chip->world, &s->late,
            chip->world->now_ns + chip->sendok_ns);
    } else {
        begin_send(chip, s);
    }
}

void sim_w55_late_event(struct sim_event *event)
{
    struct sim_w5500_socket *s =
        nif_container_of(event, struct sim_w5500_socket, late);

    s->held = false;
    begin_send(sim_w55_of(s), s);
}

void sim_w55_send_done(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    s->tx_rd = s->tx_end;
    if (!sim_w55_is_tcp(s)) { // else it is the peer that frees it
        s->tx_ack = s->tx_rd;
    }
    s->sending = false;
    if (!s->mute) {
        sim_w55_flag(chip, s, W55_SN_IR_SENDOK);
    }
}

void sim_w55_left(struct sim_w5500 *chip, unsigned n)
{
    struct sim_w5500_socket *s = &chip->socket[n];

    if (s->tcp.open) {
        sim_w55_tcp_left(chip, s);
    } else {
        sim_w55_send_done(chip, s);
    }
}

// ---- receiving

static void receive(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    uint16_t step = (uint16_t)(s->rx_rd - s->rx_got);

    sim_w55_pair_used(chip, s, false);
    if (step > sim_w55_rsr(s)) {
        sim_w55_broke(chip, SIM_W5500_R_POINTER,
            "socket %u: RX_RD moved by %u, RX_RSR is %u", s->number, step,
            sim_w55_rsr(s));
    }
    s->rx_got = s->rx_rd;
    sim_w55_tcp_received(chip, s, step);
    if (chip->cfg.recv_again && sim_w55_rsr(s) > 0) {
        sim_w55_flag(chip, s, W55_SN_IR_RECV);
    }
}

// ---- commands

void sim_w55_command(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint8_t code)
{
    uint64_t ns = s->stick_ns != 0 ? s->stick_ns : chip->cfg.cr_ns;

    if (s->reg[W55_SN_CR] != 0) {
        sim_w55_broke(chip, SIM_W5500_R_CR_BUSY,
            "socket %u: command %02X while Sn_CR is %02X", s->number, code,
            s->reg[W55_SN_CR]);
        return;
    }
    if (code == 0) {
        return;
    }
    s->reg[W55_SN_CR] = code;
    s->stick_ns = 0;
    if (ns != SIM_NEVER) {
        sim_event_at(chip->world, &s->command, chip->world->now_ns + ns);
    }
}

void sim_w55_command_event(struct sim_event *event)
{
    struct sim_w5500_socket *s =
        nif_container_of(event, struct sim_w5500_socket, command);
    struct sim_w5500 *chip = sim_w55_of(s);
    uint8_t code = s->reg[W55_SN_CR];

    s->reg[W55_SN_CR] = 0;
    switch (code) {
    case W55_OPEN: open_socket(chip, s); break;
    case W55_LISTEN:
    case W55_CONNECT: begin_tcp(chip, s, code); break;
    case W55_DISCON: discon(chip, s); break;
    case W55_CLOSE: close_socket(chip, s); break;
    case W55_SEND:
    case W55_SEND_MAC: send(chip, s, code); break;
    case W55_SEND_KEEP: send_keep(chip, s); break;
    case W55_RECV: receive(chip, s); break;
    default: misplaced(chip, s, code); break;
    }
}
