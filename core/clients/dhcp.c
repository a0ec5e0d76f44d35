// SPDX-License-Identifier: MIT
//
// DHCP client after RFC 2131 (states: figure 5) and RFC 2132 (options).

#include "nif/dhcp.h"

#include "dhcp_message.h"

#include <string.h>

#define FIRST_US       4000000u  // RFC 2131 4.1: then doubled ...
#define DOUBLED_MAX    4         // ... up to 64 s
#define REQUEST_MAX    4         // questions for one offer
#define RENEW_LEAST_US 60000000u // RFC 2131 4.4.5
#define DECLINED_S     10        // RFC 2131 3.1 step 5
#define REFUSED_S      1         // two servers may be at odds
#define LEASE_LEAST_S  10        // a shorter one is all renewal
#define SECOND_US      1000000u

static uint64_t now_us(const struct nif_dhcp *dhcp)
{
    return nif_clock_now_us(dhcp->cfg.stack->clock);
}

static bool has_come(const struct nif_dhcp *dhcp, uint64_t at_us)
{
    return nif__has_come(dhcp->cfg.stack, at_us);
}

// --------------------------------------------------------------- sending

// What a discovery and a request have beside what makes them such.
static uint8_t *put_wishes(const struct nif_dhcp *dhcp, uint8_t *at)
{
    static const uint8_t wishes[] = { OPT_SIZE, 2,
        (20 + 8 + NIF_DHCP_MESSAGE_MAX) >> 8,
        (20 + 8 + NIF_DHCP_MESSAGE_MAX) & 0xFF, OPT_WANTED, 6, OPT_MASK,
        OPT_ROUTER, OPT_DNS, OPT_LEASE, OPT_T1, OPT_T2 };

    memcpy(at, wishes, sizeof(wishes));
    at += sizeof(wishes);
    if (dhcp->cfg.hostname != NULL) {
        at = nif__dhcp_put(at, OPT_HOSTNAME, dhcp->cfg.hostname,
            strlen(dhcp->cfg.hostname));
    }
    return at;
}

// Sends the message of this type that belongs to the state (RFC 2131 table
// 5). Returns as nif_conn_send().
static int say(struct nif_dhcp *dhcp, uint8_t type)
{
    struct nif_endpoint to;
    uint8_t *m = dhcp->msg;
    uint8_t *at = nif__dhcp_begin(m, OP_REQUEST, type);
    const uint8_t *id = dhcp->cfg.client_id;
    size_t id_len = dhcp->cfg.client_id_len;
    bool bound = dhcp->state >= NIF_DHCP_BOUND;
    bool asks = type == DHCP_DISCOVER || type == DHCP_REQUEST;

    if (id == NULL) {
        id = dhcp->id;
        id_len = sizeof(dhcp->id);
    }
    dhcp->leaving = false;
    dhcp->sent_us = now_us(dhcp);
    nif_store_be32(m + MSG_XID, dhcp->xid);
    memcpy(m + MSG_CHADDR, dhcp->id + 1, 6);
    at = nif__dhcp_put(at, OPT_CLIENT, id, id_len);
    if (bound) {
        nif_store_be32(m + MSG_CIADDR, dhcp->ip);
    } else if (type != DHCP_DISCOVER) {
        at = nif__dhcp_put_word(at, OPT_ADDRESS, dhcp->ip);
    }
    if (!asks || dhcp->state == NIF_DHCP_REQUESTING) {
        at = nif__dhcp_put_word(at, OPT_SERVER, dhcp->server);
    }
    if (asks) {
        if (dhcp->state != NIF_DHCP_REQUESTING) { // else as in the discovery
            // Shifted, not divided: 1.05 s are good enough for "how
            // desperate".
            dhcp->secs = (uint16_t)((dhcp->sent_us - dhcp->begun_us) >> 20);
        }
        nif_store_be32(m + MSG_SECS,
            (uint32_t)dhcp->secs << 16 | (bound ? 0 : FLAG_BROADCAST));
        at = put_wishes(dhcp, at);
    }
    nif__put_ip(&to.ip,
        dhcp->state == NIF_DHCP_RENEWING || type == DHCP_RELEASE ? dhcp->server
                                                                 : UINT32_MAX);
    to.port = SERVER_PORT;
    to.host = NULL;
    return nif_conn_send(&dhcp->conn, m, nif__dhcp_end(m, at), &to);
}

// ---------------------------------------------------------------- states

// A new transaction, whose first message goes out in `s` seconds.
static void enter(struct nif_dhcp *dhcp, uint8_t state, uint32_t s)
{
    dhcp->state = state;
    dhcp->tries = 0;
    dhcp->xid = nif_random_draw(&dhcp->random);
    dhcp->begun_us = now_us(dhcp) + (uint32_t)(s * SECOND_US); // a few
    dhcp->at_us = dhcp->begun_us;
}

// RFC 2131 4.4.1: waits a little, so that a street of boards does not call at
// once after a power cut. Up to a quarter of a second.
static void search(struct nif_dhcp *dhcp, uint32_t s)
{
    enter(dhcp, NIF_DHCP_SELECTING, s);
    dhcp->at_us += nif_random_draw(&dhcp->random) & 0x3FFFF;
    dhcp->begun_us = dhcp->at_us;
}

// Nobody may use the address any more.
static int forget(struct nif_dhcp *dhcp)
{
    dhcp->end_us = 0;
    dhcp->ip = 0;
    dhcp->held = false;
    memset(&dhcp->net, 0, sizeof(dhcp->net));
    return nif_stack_set_net(dhcp->cfg.stack, &dhcp->net);
}

static void lose(struct nif_dhcp *dhcp, uint32_t s)
{
    // "None" is always a valid address; a stack that says no all the same is
    // of no use to us.
    if (forget(dhcp) == 0) {
        search(dhcp, s);
    } else {
        nif_dhcp_stop(dhcp);
    }
}

static void decline(struct nif_dhcp *dhcp)
{
    dhcp->state = NIF_DHCP_CHECKING; // no address is ours
    dhcp->decline_count++;
    // It is not repeated; a server that misses it offers the address again.
    (void)say(dhcp, DHCP_DECLINE);
    lose(dhcp, DECLINED_S);
}

static void settle(struct nif_dhcp *dhcp)
{
    if (nif_stack_set_net(dhcp->cfg.stack, &dhcp->net) != 0) {
        lose(dhcp, DECLINED_S);
        return;
    }
    dhcp->state = NIF_DHCP_BOUND;
    dhcp->held = true;
    dhcp->lease_count++;
    dhcp->at_us = dhcp->t1_us;
}

static void check(struct nif_dhcp *dhcp)
{
    int err;

    if (has_come(dhcp, dhcp->end_us)) { // it took too long
        lose(dhcp, 0);
        return;
    }
    dhcp->at_us = dhcp->end_us;
    err = dhcp->cfg.probe->poll(dhcp->cfg.probe, &dhcp->at_us);
    if (err == NIF_EADDRINUSE) {
        decline(dhcp);
    } else if (err != NIF_EAGAIN) {
        settle(dhcp);
    }
}

// What the options of a message say: words, 0 for what is not there.
enum said {
    SAID_MASK,
    SAID_ROUTER,
    SAID_LEASE,
    SAID_SERVER,
    SAID_T1,
    SAID_T2,
    SAID_DNS,
    SAID_DNS_2,
    SAID_WORDS,
};

static void read_words(const struct nif__dhcp_options *o,
    uint32_t said[SAID_WORDS])
{
    static const uint8_t code[SAID_WORDS] = { OPT_MASK, OPT_ROUTER, OPT_LEASE,
        OPT_SERVER, OPT_T1, OPT_T2, OPT_DNS, OPT_DNS };

    for (unsigned i = 0; i < SAID_WORDS; i++) {
        said[i] = nif__dhcp_word(o, code[i], i == SAID_DNS_2);
    }
}

// A product of 48 bits, without the compiler's 64 times 64.
NIF_APART static uint64_t times(uint32_t a, uint16_t b)
{
    uint32_t high = (a >> 16) * b;
    uint32_t low = (a & 0xFFFF) * b;

    return ((uint64_t)high << 16) + low;
}

// When `s` seconds of the lease, counted from our question (RFC 2131 4.4.5),
// are over, or up to a sixteenth of it earlier, so that boards that were
// switched on together drift apart.
static uint64_t due_us(struct nif_dhcp *dhcp, uint32_t s, bool fuzz)
{
    uint64_t us = times(s, 15625) << 6;

    if (s == DHCP_FOREVER_S) {
        return NIF_NEVER;
    }
    if (fuzz) {
        us -= times((uint32_t)(us >> 20),
            (uint16_t)nif_random_draw(&dhcp->random));
    }
    return dhcp->sent_us + us;
}

static void take_lease(struct nif_dhcp *dhcp, const uint32_t *said)
{
    uint32_t lease_s = said[SAID_LEASE];
    uint32_t t1_s = said[SAID_T1];
    uint32_t t2_s = said[SAID_T2];

    // RFC 2131 4.4.5: a half, and seven eighths, if not said or not sane.
    if (t2_s == 0 || t2_s >= lease_s) {
        t2_s = lease_s - (lease_s >> 3);
    }
    if (t1_s == 0 || t1_s >= t2_s) {
        t1_s = lease_s >> 1;
    }
    if (lease_s == DHCP_FOREVER_S) {
        t1_s = DHCP_FOREVER_S;
        t2_s = DHCP_FOREVER_S;
    }
    dhcp->t1_us = due_us(dhcp, t1_s, true);
    dhcp->t2_us = due_us(dhcp, t2_s, true);
    dhcp->end_us = due_us(dhcp, lease_s, false);
    if (dhcp->cfg.probe != NULL && !dhcp->held) {
        dhcp->state = NIF_DHCP_CHECKING;
        dhcp->cfg.probe->begin(dhcp->cfg.probe, &dhcp->net.ip);
        check(dhcp);
    } else {
        settle(dhcp);
    }
}

// The time of the next message: doubled each time, plus or minus a second
// (RFC 2131 4.1); with a lease, half of what is left (4.4.5).
static void schedule(struct nif_dhcp *dhcp)
{
    uint64_t wait_us;

    if (dhcp->state < NIF_DHCP_BOUND) {
        // 20 bits by 61/32: up to two seconds.
        uint32_t random = (nif_random_draw(&dhcp->random) >> 12) * 61 >> 5;

        wait_us = (FIRST_US << dhcp->tries) - SECOND_US + random;
        if (dhcp->tries < DOUBLED_MAX) {
            dhcp->tries++;
        }
    } else {
        wait_us = dhcp->state == NIF_DHCP_RENEWING ? dhcp->t2_us : dhcp->end_us;
        wait_us = (wait_us - dhcp->sent_us) >> 1;
        if (wait_us < RENEW_LEAST_US) {
            wait_us = RENEW_LEAST_US;
        }
    }
    dhcp->at_us = dhcp->sent_us + wait_us;
    if (dhcp->state == NIF_DHCP_RENEWING) {
        nif__sooner(&dhcp->at_us, dhcp->t2_us);
    }
}

// With a lease: which state it is time for.
static void age(struct nif_dhcp *dhcp)
{
    if (dhcp->state == NIF_DHCP_BOUND) {
        enter(dhcp, NIF_DHCP_RENEWING, 0);
    }
    if (has_come(dhcp, dhcp->t2_us)) {
        dhcp->state = NIF_DHCP_REBINDING;
    }
}

// It is time for the next message of the state.
static void step(struct nif_dhcp *dhcp)
{
    uint8_t type = DHCP_REQUEST;

    // RFC 2131 4.4.5: at once, whatever is being asked about it.
    if (dhcp->held && has_come(dhcp, dhcp->end_us)) {
        lose(dhcp, 0);
        return;
    }
    if (dhcp->state >= NIF_DHCP_BOUND) {
        age(dhcp);
    } else if (dhcp->state == NIF_DHCP_SELECTING) {
        type = DHCP_DISCOVER;
    } else if (dhcp->tries >= REQUEST_MAX) {
        // Nobody says no: a lease that lasts holds (RFC 2131 3.2 step 4).
        if (dhcp->held) {
            dhcp->state = NIF_DHCP_BOUND;
            dhcp->at_us = dhcp->t1_us;
        } else {
            lose(dhcp, 0);
        }
        return;
    }
    // Any error but "not now" is as a message lost: the next one is timed.
    if (say(dhcp, type) == NIF_EAGAIN) {
        dhcp->at_us = dhcp->sent_us + NIF__RESEND_US;
    } else {
        schedule(dhcp);
    }
    if (dhcp->held) {
        nif__sooner(&dhcp->at_us, dhcp->end_us);
    }
}

// ------------------------------------------------------------- receiving

// Can be the address of a host in a subnet: not its first, nor its last.
static bool host_in(uint32_t ip, uint32_t hosts)
{
    return nif__host_ip(ip) &&
        (hosts <= 1 || ((ip & hosts) != 0 && (~ip & hosts) != 0));
}

// What an offer or a promise says about the network, into `dhcp->net`. False
// if it makes no sense.
static bool read_net(struct nif_dhcp *dhcp, const uint32_t *said, uint32_t ip)
{
    uint32_t router = said[SAID_ROUTER];
    uint32_t hosts = ~said[SAID_MASK];
    struct nif_net *net = &dhcp->net;

    if (hosts == UINT32_MAX) { // not said: by the old classes
        hosts = ip >> 31 == 0 ? 0xFFFFFF : ip >> 30 == 2 ? 0xFFFF : 0xFF;
    }
    if ((hosts & (hosts + 1)) != 0 || !host_in(ip, hosts) ||
        said[SAID_LEASE] < LEASE_LEAST_S) {
        return false;
    }
    memset(net, 0, sizeof(*net));
    nif__set_ip(&net->ip, ip);
    if (router != ip && ((router ^ ip) & ~hosts) == 0 &&
        host_in(router, hosts)) {
        nif__set_ip(&net->gateway, router);
    }
    for (unsigned i = 0; i < nif_countof(net->dns); i++) {
        nif__set_ip(&net->dns[i], said[SAID_DNS + i]);
    }
    for (net->prefix_len = 32; hosts != 0; hosts >>= 1) {
        net->prefix_len--;
    }
    return true;
}

// An answer of this type to our question.
static void take(struct nif_dhcp *dhcp, uint8_t type, const uint32_t *said)
{
    uint32_t ip = nif_load_be32(dhcp->msg + MSG_YIADDR);
    bool selecting = dhcp->state == NIF_DHCP_SELECTING;

    if (dhcp->state == NIF_DHCP_CHECKING || dhcp->state == NIF_DHCP_BOUND ||
        selecting != (type == DHCP_OFFER)) {
        return;
    }
    if ((dhcp->state == NIF_DHCP_REQUESTING ||
            dhcp->state == NIF_DHCP_RENEWING) &&
        said[SAID_SERVER] != dhcp->server) {
        return; // the other states ask anybody
    }
    if (type == DHCP_NAK) {
        dhcp->nak_count++;
        lose(dhcp, REFUSED_S);
        return;
    }
    if ((!selecting && (type != DHCP_ACK || ip != dhcp->ip)) ||
        !read_net(dhcp, said, ip)) {
        return;
    }
    dhcp->server = said[SAID_SERVER];
    if (selecting) {
        dhcp->ip = ip;
        dhcp->state = NIF_DHCP_REQUESTING;
        dhcp->tries = 0;
        dhcp->at_us = 0; // at once
    } else {
        take_lease(dhcp, said);
    }
}

// Looks at the next message. False if there is none.
static bool receive(struct nif_dhcp *dhcp)
{
    const uint8_t *m = dhcp->msg;
    struct nif__dhcp_options o;
    struct nif_endpoint from;
    int len = nif_conn_recv(&dhcp->conn, dhcp->msg, sizeof(dhcp->msg), &from);

    if (len < 0) {
        return false;
    }
    if (from.port == SERVER_PORT &&
        nif__dhcp_read(m, (size_t)len, OP_REPLY, &o) &&
        nif_load_be32(m + MSG_XID) == dhcp->xid &&
        memcmp(m + MSG_CHADDR, dhcp->id + 1, 6) == 0) {
        uint32_t said[SAID_WORDS];

        read_words(&o, said);
        if (nif__host_ip(said[SAID_SERVER])) {
            take(dhcp, nif__dhcp_type(&o), said);
        }
    }
    return true;
}

// --------------------------------------------------------------- surface

uint64_t nif_dhcp_poll(struct nif_dhcp *dhcp)
{
    // One datagram per turn would do; two keep up with the chatter of others.
    for (unsigned i = 0; i < 2 && dhcp->open && receive(dhcp); i++) {
    }
    if (dhcp->state == NIF_DHCP_CHECKING) {
        check(dhcp);
    } else if (dhcp->state != NIF_DHCP_OFF && has_come(dhcp, dhcp->at_us)) {
        step(dhcp);
    }
    return dhcp->state == NIF_DHCP_OFF ? NIF_NEVER : dhcp->at_us;
}

int nif_dhcp_start(struct nif_dhcp *dhcp)
{
    struct nif_conn_cfg buffers;
    int err = 0;

    if (dhcp->cfg.client_id_len > NIF_DHCP_NAME_MAX ||
        (dhcp->cfg.hostname != NULL &&
            strlen(dhcp->cfg.hostname) > NIF_DHCP_NAME_MAX)) {
        return NIF_EINVAL;
    }
    if (!dhcp->open) {
        buffers.rx = dhcp->rx;
        buffers.rx_cap = sizeof(dhcp->rx);
        buffers.tx = NULL;
        buffers.tx_cap = 0;
        err = nif__client_open(dhcp->cfg.stack, &dhcp->conn, &buffers,
            CLIENT_PORT);
        dhcp->open = err == 0;
    }
    // What was promised but not found free yet is no lease.
    if (err == 0 && (!dhcp->held || has_come(dhcp, dhcp->end_us))) {
        err = forget(dhcp);
        dhcp->ip = nif_ip4_value(&dhcp->cfg.last);
    }
    if (err != 0) {
        nif_dhcp_stop(dhcp);
        return err;
    }
    nif_stack_net(dhcp->cfg.stack, &dhcp->net);
    memcpy(dhcp->id + 1, dhcp->net.hwaddr.byte, 6);
    if (dhcp->ip != 0) {
        enter(dhcp, NIF_DHCP_REBOOTING, 0);
    } else {
        search(dhcp, 0);
    }
    return 0;
}

int nif_dhcp_release(struct nif_dhcp *dhcp)
{
    if (dhcp->state < NIF_DHCP_BOUND) {
        return NIF_ENOTCONN;
    }
    if (!dhcp->leaving) {
        if (say(dhcp, DHCP_RELEASE) == NIF_EAGAIN) {
            return NIF_EAGAIN;
        }
        dhcp->leaving = true;
    }
    // A chip that still asks for the server's hardware address would send
    // nothing, or not from this address, if it were stopped now.
    if ((nif_conn_ready(&dhcp->conn) & NIF_WRITABLE) == 0) {
        return NIF_EAGAIN;
    }
    nif_dhcp_stop(dhcp);
    return forget(dhcp);
}

void nif_dhcp_conflict(struct nif_dhcp *dhcp)
{
    if (dhcp->state >= NIF_DHCP_BOUND) {
        decline(dhcp);
    }
}

void nif_dhcp_stop(struct nif_dhcp *dhcp)
{
    if (dhcp->open) {
        nif_conn_abort(&dhcp->conn);
        dhcp->open = false;
    }
    dhcp->state = NIF_DHCP_OFF;
}

void nif_dhcp_init(struct nif_dhcp *dhcp, const struct nif_dhcp_cfg *cfg)
{
    memset(dhcp, 0, sizeof(*dhcp));
    dhcp->cfg = *cfg;
    dhcp->id[0] = 1;
    nif_random_init(&dhcp->random, cfg->seed, NIF__SALT_DHCP);
}
