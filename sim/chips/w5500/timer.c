// SPDX-License-Identifier: MIT
//
// The W5500 model's TCP times. The stack's own retransmission timer is put
// away as soon as it is set, and the chip's takes its place: RTR, doubled each
// time as long as it fits 16 bits, RCR times; then TIMEOUT.

#include "core/tcpip/tcp.h"
#include "sim/chips/w5500/model.h"

#define RTR_MAX   65535u
#define FAR_TICKS 0x3FFFFFFFu // the stack never comes to that
#define KEEP_NS   (5 * SIM_S)

static struct nif__tcp *tcp_of(struct sim_w5500_socket *s)
{
    return nif__tcp_of(&s->tcp.conn);
}

// How long try `n` lasts.
static uint64_t try_ns(const struct sim_w5500 *chip, unsigned n)
{
    uint32_t units = nif_get_be16(chip->common + W55_RTR);

    for (; n > 0 && units * 2 <= RTR_MAX; n--) {
        units *= 2;
    }
    return (uint64_t)units * 100 * SIM_US;
}

static void after(struct sim_w5500 *chip, struct sim_event *event, uint64_t ns)
{
    sim_event_at(chip->world, event, chip->world->now_ns + ns);
}

// All tries together.
static uint64_t patience_ns(const struct sim_w5500 *chip)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n <= chip->common[W55_RCR]; n++) {
        sum += try_ns(chip, n);
    }
    return sum;
}

// The stack has set its timer: after something new, or after it has sent
// again.
static void rearm(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    struct nif__tcp *t = tcp_of(s);

    if (s->tcp.armed == 0 || t->snd_una != s->tcp.una) {
        s->tcp.tries = 0;
    }
    s->tcp.una = t->snd_una;
    t->rexmit_from = nif__tcp_at(nif__tcp_now(&chip->net.stack) + FAR_TICKS);
    s->tcp.armed = t->rexmit_from;
    after(chip, &s->tcp.timer, try_ns(chip, s->tcp.tries));
}

void sim_w55_tcp_times(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    struct nif__tcp *t = tcp_of(s);

    t->since = nif__tcp_now(&chip->net.stack); // its long times never come
    if (t->rexmit_from != 0) {
        if (t->rexmit_from != s->tcp.armed) {
            rearm(chip, s);
        }
        return;
    }
    if (s->tcp.armed != 0) {
        s->tcp.armed = 0;
        sim_event_cancel(chip->world, &s->tcp.timer);
    }
    if (sim_event_pending(&s->tcp.timer)) {
        return;
    }
    if (t->state == TCP_TIME_WAIT) {
        after(chip, &s->tcp.timer, chip->cfg.linger_ns);
    } else if (t->state == TCP_FIN_WAIT_2) {
        after(chip, &s->tcp.timer, patience_ns(chip));
    }
}

void sim_w55_tcp_timer(struct sim_event *event)
{
    struct sim_w5500_socket *s =
        nif_container_of(event, struct sim_w5500_socket, tcp.timer);
    struct sim_w5500 *chip = sim_w55_of(s);
    struct nif__tcp *t = tcp_of(s);

    if (t->state == TCP_TIME_WAIT) {
        sim_w55_end(chip, s);
        return;
    }
    if (t->state == TCP_FIN_WAIT_2 ||
        (s->tcp.tries >= chip->common[W55_RCR] && !(t->flags & TCP_PERSIST))) {
        sim_w55_timeout(chip, s);
        return;
    }
    if (s->tcp.tries < UINT8_MAX) {
        s->tcp.tries++;
    }
    // It is due now, and the stack sets it again.
    t->rexmit_from = nif__tcp_at(nif__tcp_now(&chip->net.stack) - FAR_TICKS);
    nif__due(&chip->net.stack, 0);
    sim_w55_stack_poll(chip);
}

// ---- keep-alive

static void send_probe(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    struct nif__tcp *t = tcp_of(s);

    if (nif__tcp_emit(&s->tcp.conn, t->snd_una - 1, TCP_FLAG_ACK, 0) ==
        NIF_EAGAIN) { // it had forgotten Sn_DHAR
        sim_w55_stack_poll(chip);
        if (nif__tcp_emit(&s->tcp.conn, t->snd_una - 1, TCP_FLAG_ACK, 0) < 0) {
            return;
        }
    }
    after(chip, &s->tcp.keep, try_ns(chip, s->tcp.probes));
    s->tcp.probes++;
}

void sim_w55_tcp_probe(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    if (s->reg[W55_SN_KPALVTR] != 0 || s->tcp.probes > 0) {
        return; // it is done automatically, or being done
    }
    if (!s->tcp.flowed) {
        sim_w55_broke(chip, SIM_W5500_R_COMMAND,
            "socket %u: SEND_KEEP before any data has flowed", s->number);
        return;
    }
    send_probe(chip, s);
}

void sim_w55_tcp_heard(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    uint8_t units = s->reg[W55_SN_KPALVTR];

    s->tcp.probes = 0;
    sim_event_cancel(chip->world, &s->tcp.keep);
    if (units > 0) {
        after(chip, &s->tcp.keep, units * KEEP_NS);
    }
}

void sim_w55_tcp_keep(struct sim_event *event)
{
    struct sim_w5500_socket *s =
        nif_container_of(event, struct sim_w5500_socket, tcp.keep);
    struct sim_w5500 *chip = sim_w55_of(s);

    if (sim_w55_state(s) != W55_SR_ESTABLISHED &&
        sim_w55_state(s) != W55_SR_CLOSE_WAIT) {
        return;
    }
    if (s->tcp.probes == 0 && !s->tcp.flowed) {
        sim_w55_tcp_heard(chip, s);
    } else if (s->tcp.probes > chip->common[W55_RCR]) {
        sim_w55_timeout(chip, s);
    } else {
        send_probe(chip, s);
    }
}
