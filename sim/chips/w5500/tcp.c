// SPDX-License-Identifier: MIT
//
// The W5500 model's TCP sockets. The core's stack speaks; its rings are the
// socket's blocks of packet memory, so that its bytes lie where the pointers
// say. The socket's registers follow the stack after each of its turns.

#include "core/tcpip/tcp.h"
#include "sim/chips/w5500/model.h"

#include <string.h>

#define MSS_MAX 1460

static struct nif__tcp *tcp_of(struct sim_w5500_socket *s)
{
    return nif__tcp_of(&s->tcp.conn);
}

uint16_t sim_w55_tcp_mss(const struct sim_w5500_socket *s)
{
    uint16_t mss = nif_get_be16(s->reg + W55_SN_MSSR);

    return mss == 0 || mss > MSS_MAX ? MSS_MAX : mss;
}

struct sim_w5500_socket *sim_w55_tcp_find(struct sim_w5500 *chip, uint16_t port,
    uint32_t peer, uint16_t peer_port)
{
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        struct sim_w5500_socket *s = &chip->socket[n];

        if (s->tcp.open && nif_get_be16(s->reg + W55_SN_PORT) == port &&
            nif_get_be32(s->reg + W55_SN_DIPR) == peer &&
            nif_get_be16(s->reg + W55_SN_DPORT) == peer_port) {
            return s;
        }
    }
    return NULL;
}

// ---- beginning and ending

// Makes the connection, idle. Its pointers begin anywhere.
static bool make(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    unsigned tx = sim_w55_size(s, true);
    unsigned rx = sim_w55_size(s, false);
    const struct nif_conn_cfg cfg = {
        .rx = sim_w55_cell(chip, s->number, false, 0),
        .rx_cap = rx,
        .tx = sim_w55_cell(chip, s->number, true, 0),
        .tx_cap = tx,
    };
    uint64_t salt = chip->world->now_ns + s->number;
    uint16_t at = (uint16_t)(sim_noise(chip->world, salt) << 8 |
        sim_noise(chip->world, ~salt));

    if (nif_conn_open(&chip->net.stack.stack, &s->tcp.conn, NIF_TCP, &cfg) !=
        0) {
        return false;
    }
    (void)nif_conn_option(&s->tcp.conn, NIF_OPT_NODELAY, 1);
    nif__flow_of(&s->tcp.conn)->ttl = s->reg[W55_SN_TTL];
    nif__flow_of(&s->tcp.conn)->tos = s->reg[W55_SN_TOS];
    sim_w55_set_pointers(s, at, (uint16_t)~at);
    tcp_of(s)->tx.at = at & (tx - 1);
    tcp_of(s)->rx.at = (uint16_t)~at & (rx - 1);
    nif__arp_flush(&chip->net.stack); // Sn_DHAR may be another
    s->tcp.open = true;
    s->tcp.met = false;
    s->tcp.flowed = false;
    s->tcp.discon = false;
    s->tcp.tries = 0;
    s->tcp.used = 0;
    s->tcp.armed = 0;
    s->tcp.una = 0;
    s->tcp.mss = TCP_MSS_DEFAULT;
    return true;
}

void sim_w55_tcp_forget(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    sim_event_cancel(chip->world, &s->tcp.timer);
    sim_event_cancel(chip->world, &s->tcp.keep);
    if (s->tcp.open) {
        nif__conn_unlink(&s->tcp.conn);
        s->tcp.open = false;
    }
}

void sim_w55_tcp_connect(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    const struct nif_endpoint local = {
        .port = nif_get_be16(s->reg + W55_SN_PORT),
    };
    const struct nif_endpoint peer = {
        .ip = nif_ip4_from(s->reg + W55_SN_DIPR),
        .port = nif_get_be16(s->reg + W55_SN_DPORT),
    };

    sim_w55_stack_address(chip);
    if (!make(chip, s) || nif_conn_bind(&s->tcp.conn, &local) != 0 ||
        nif_conn_connect(&s->tcp.conn, &peer) != 0) {
        sim_w55_broke(chip, SIM_W5500_R_COMMAND,
            "socket %u: CONNECT to where no connection can be", s->number);
        sim_w55_close(chip, s);
        return;
    }
    sim_w55_stack_poll(chip);
}

// The MSS option of a SYN, if there is one that holds.
static uint16_t mss_option(const struct w55_packet *packet)
{
    const uint8_t *tcp = packet->body;
    size_t head = (size_t)(tcp[TCP_OFFSET] >> 4) * 4;
    size_t at = TCP_LEN;

    while (at + 2 <= head && head <= packet->len && tcp[at] != TCP_OPT_END) {
        if (tcp[at] == TCP_OPT_NOP) {
            at++;
            continue;
        }
        if (tcp[at] == TCP_OPT_MSS && tcp[at + 1] == TCP_OPT_MSS_LEN &&
            at + TCP_OPT_MSS_LEN <= head) {
            uint16_t mss = nif_get_be16(tcp + at + 2);

            return mss < TCP_MSS_LEAST ? TCP_MSS_LEAST : mss;
        }
        if (tcp[at + 1] < 2) {
            break;
        }
        at += tcp[at + 1];
    }
    return TCP_MSS_DEFAULT;
}

// A SYN has come: the stack has a listener for as long as it looks at it.
static void welcome(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    const struct w55_packet *packet)
{
    struct nif_conn *listener = &s->tcp.listener;
    const struct nif_endpoint local = {
        .port = nif_get_be16(s->reg + W55_SN_PORT),
    };

    sim_w55_stack_address(chip);
    memcpy(s->reg + W55_SN_DHAR, packet->frame + ETH_SRC, 6);
    nif_put_be32(s->reg + W55_SN_DIPR, packet->src);
    memcpy(s->reg + W55_SN_DPORT, packet->body + TCP_SRC, 2);
    if (!make(chip, s)) {
        return;
    }
    s->tcp.mss = mss_option(packet);
    if (nif_conn_open(&chip->net.stack.stack, listener, NIF_TCP,
            &(struct nif_conn_cfg){ .rx = NULL }) != 0 ||
        nif_conn_bind(listener, &local) != 0 ||
        nif_conn_listen(listener, &s->tcp.conn, 1) != 0) {
        nif__conn_unlink(listener);
        sim_w55_tcp_forget(chip, s);
        return;
    }
    *nif__flow_of(listener) = (struct nif__flow){
        .port = local.port,
        .ttl = s->reg[W55_SN_TTL],
        .tos = s->reg[W55_SN_TOS],
    };
    nif__tcp_set(nif__tcp_of(listener), TCP_NODELAY);
    sim_w55_stack_take(chip, packet->frame, packet->frame_len);
    if (s->tcp.open && !s->tcp.met) { // it was not to the stack's taste
        nif__conn_unlink(listener);
        sim_w55_tcp_forget(chip, s);
    }
}

// ---- what the stack has done

static uint8_t state_of(const struct nif__tcp *t)
{
    switch ((enum nif__tcp_state)t->state) {
    case TCP_SYN_SENT: return W55_SR_SYNSENT;
    case TCP_SYN_RCVD: return W55_SR_SYNRECV;
    case TCP_ESTABLISHED: return W55_SR_ESTABLISHED;
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2: return W55_SR_FIN_WAIT;
    case TCP_CLOSE_WAIT: return W55_SR_CLOSE_WAIT;
    case TCP_CLOSING: return W55_SR_CLOSING;
    case TCP_LAST_ACK: return W55_SR_LAST_ACK;
    case TCP_TIME_WAIT: return W55_SR_TIME_WAIT;
    case TCP_CLOSED:
    case TCP_LISTEN: break;
    }
    return W55_SR_CLOSED;
}

// The peer's SYN is there: its MSS, and no option but that. The chip knows no
// congestion, only the peer's window.
static void meet(struct sim_w5500_socket *s)
{
    struct nif__tcp *t = tcp_of(s);

    if (t->listener != NULL) { // it was needed for the SYN only
        t->listener = NULL;
        nif__tcp_set(t, TCP_ACCEPTED);
        nif__conn_unlink(&s->tcp.listener);
    }
    s->tcp.met = true;
    t->rcv_mss = sim_w55_tcp_mss(s);
    t->mss = (uint16_t)nif__min(t->rcv_mss, s->tcp.mss);
    nif__tcp_clear(t, TCP_SCALE);
    t->flow.snd_shift = 0;
    t->flow.rcv_shift = 0;
    t->cwnd = UINT16_MAX;
}

static void follow_pointers(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    const struct nif__tcp *t = tcp_of(s);
    int32_t unsent = (int32_t)(s->tcp.sent_to - t->snd_max);

    s->rx_wr = (uint16_t)(s->rx_got + t->rx.used);
    if (t->rx.used > s->tcp.used) {
        s->tcp.flowed = true;
        sim_w55_flag(chip, s, W55_SN_IR_RECV);
    }
    s->tcp.used = t->rx.used;
    if (s->held) { // the stack does not know of what lies behind TX_RD
        s->tx_ack = (uint16_t)(s->tx_rd - t->queued);
        return;
    }
    s->tx_ack = (uint16_t)(s->tx_end - t->queued);
    s->tx_rd = (uint16_t)(s->tx_end - (s->sending && unsent > 0 ? unsent : 0));
}

void sim_w55_tcp_follow(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    struct nif__tcp *t = tcp_of(s);
    uint8_t before = sim_w55_state(s);
    uint8_t now = state_of(t);

    if (t->state == TCP_CLOSED && before == W55_SR_LISTEN) {
        return; // the SYN is still to be looked at
    }
    if (now == W55_SR_CLOSED || s->tcp.conn.state == NIF_CONN_FAILED) {
        sim_w55_end(chip, s);
        return;
    }
    if (!s->tcp.met && t->state >= TCP_SYN_RCVD) {
        meet(s);
    }
    if (now == W55_SR_TIME_WAIT && before != now) {
        sim_event_cancel(chip->world, &s->tcp.timer);
    }
    s->reg[W55_SN_SR] = now;
    follow_pointers(chip, s);
    if (before < W55_SR_ESTABLISHED && now >= W55_SR_ESTABLISHED) {
        sim_w55_flag(chip, s, W55_SN_IR_CON);
        s->tcp.sent_to = t->snd_una;
        sim_w55_tcp_heard(chip, s);
    }
    if ((t->flags & TCP_FIN_SEEN) && !s->tcp.discon) {
        s->tcp.discon = true;
        sim_w55_flag(chip, s, W55_SN_IR_DISCON);
    }
    if (t->ack_at != 0 && (s->reg[W55_SN_MR] & W55_SN_MR_ND) != 0) {
        t->ack_at = 0;
        nif__tcp_set(t, TCP_ACK_NOW);
        nif__kick(&chip->net.stack);
    }
    sim_w55_tcp_times(chip, s);
    sim_w55_tcp_left(chip, s);
}

// ---- the host's commands

void sim_w55_tcp_discon(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    if (!s->tcp.open || tcp_of(s)->state < TCP_SYN_RCVD) {
        sim_w55_close(chip, s);
        return;
    }
    (void)nif_conn_shutdown(&s->tcp.conn);
    sim_w55_stack_poll(chip);
}

// The bytes lie where they belong: to copy them there changes nothing, and
// tells the stack of them.
void sim_w55_tcp_send(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    unsigned size = (unsigned)s->tcp.conn.cfg.tx_cap;
    uint16_t at = s->tx_rd;

    while (at != s->tx_end) {
        unsigned from = at & (size - 1);
        unsigned rest = (uint16_t)(s->tx_end - at);
        int sent = nif_conn_send(&s->tcp.conn, s->tcp.conn.cfg.tx + from,
            rest < size - from ? rest : size - from, NULL);

        if (sent <= 0) {
            break; // more than there was room for
        }
        at = (uint16_t)(at + sent);
    }
    s->tx_end = at;
    s->tcp.flowed = true;
    s->tcp.sent_to = tcp_of(s)->snd_una + tcp_of(s)->queued;
    sim_w55_stack_poll(chip);
}

void sim_w55_tcp_left(struct sim_w5500 *chip, struct sim_w5500_socket *s)
{
    const struct nif__tcp *t = tcp_of(s);

    if (s->sending && !s->held && s->wire == 0 &&
        !nif__before(t->snd_max, s->tcp.sent_to)) {
        sim_w55_send_done(chip, s);
    }
}

void sim_w55_tcp_received(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint16_t len)
{
    uint32_t used = s->tcp.open ? tcp_of(s)->rx.used : 0;

    if (used > 0) {
        nif_conn_consume(&s->tcp.conn, len < used ? len : used);
        s->tcp.used = tcp_of(s)->rx.used;
        sim_w55_stack_poll(chip);
    }
}

// ---- segments that come

static struct sim_w5500_socket *listener_on(struct sim_w5500 *chip,
    uint16_t port)
{
    for (unsigned n = 0; n < W55_SOCKETS; n++) {
        struct sim_w5500_socket *s = &chip->socket[n];

        if (sim_w55_state(s) == W55_SR_LISTEN &&
            nif_get_be16(s->reg + W55_SN_PORT) == port) {
            return s;
        }
    }
    return NULL;
}

void sim_w55_tcp_take(struct sim_w5500 *chip, const struct w55_packet *packet)
{
    const uint8_t *tcp = packet->body;
    struct sim_w5500_socket *s;
    bool syn;

    if (packet->len < TCP_LEN || packet->dst != sim_w55_ip(chip) ||
        sim_w55_sum(packet->ip, tcp, packet->len) != 0) {
        return;
    }
    syn = (tcp[TCP_FLAGS] & TCP_FLAG_SYN) != 0;
    s = sim_w55_tcp_find(chip, nif_get_be16(tcp + TCP_DST), packet->src,
        nif_get_be16(tcp + TCP_SRC));
    if (!s && syn && !(tcp[TCP_FLAGS] & (TCP_FLAG_ACK | TCP_FLAG_RST))) {
        s = listener_on(chip, nif_get_be16(tcp + TCP_DST));
        if (s) {
            welcome(chip, s, packet);
            return;
        }
    }
    if (s && syn && !s->tcp.met) {
        s->tcp.mss = mss_option(packet);
    }
    if (s) {
        sim_w55_tcp_heard(chip, s);
    }
    sim_w55_stack_address(chip);
    sim_w55_stack_take(chip, packet->frame, packet->frame_len);
}
