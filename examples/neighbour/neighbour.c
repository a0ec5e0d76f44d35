// SPDX-License-Identifier: MIT
//
// A host among others, by all the clients: its address by DHCP, its name by
// mDNS, the time of day by SNTP, other names by DNS. What it knows it tells
// whoever connects to port 79, a line each:
//
//     address 192.0.2.104/24
//     gateway 192.0.2.1
//     lease 1 renewals 2 refusals 0
//     name board.local
//     time 1764090000.123456
//     lookup printer.test 192.0.2.9
//
// It is told what to do by words as on a command line (struct nif_board):
//
//     name=board sntp=192.0.2.1 lookup=printer.test

#include "../uplink.h"
#include "nif/ip.h"
#include "nif/mdns.h"
#include "nif/net.h"
#include "nif/resolver.h"
#include "nif/sntp.h"

#include <string.h>

#define STATUS_PORT 79
#define WORD_MAX    64
#define TEXT_MAX    400
#define LOOKUP_US   2000000u // between two lookups of the same name

struct neighbour {
    struct nif_board *board;
    struct uplink up;
    struct nif_mdns mdns;
    struct nif_sntp sntp;
    struct nif_dns_cache cache;
    struct nif_dns_entry entries[4];
    struct nif_dns_resolver names; // for `lookup`
    struct nif_dns_resolver times; // for SNTP's server
    bool looking;
    int found; // what the last lookup said
    struct nif_ip found_ip;
    uint64_t look_us;
    char name[WORD_MAX];
    char server[WORD_MAX];
    char lookup[WORD_MAX];
    struct nif_conn listener;
    struct nif_conn conns[2];
    struct nif_conn *asker; // who is being told
    size_t told;            // of `text`
    size_t text_len;
    char text[TEXT_MAX];
    uint8_t rx[2][64];
    uint8_t tx[2][TEXT_MAX];
};

// ------------------------------------------------------------------ text

static void put(struct neighbour *n, const char *s)
{
    size_t len = strlen(s);

    if (len > TEXT_MAX - n->text_len) {
        len = TEXT_MAX - n->text_len;
    }
    memcpy(n->text + n->text_len, s, len);
    n->text_len += len;
}

// At least `digits` of them.
static void put_number(struct neighbour *n, uint64_t value, unsigned digits)
{
    char s[21];
    size_t at = sizeof(s) - 1;

    s[at] = '\0';
    do {
        s[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 || sizeof(s) - 1 - at < digits);
    put(n, s + at);
}

static void put_ip(struct neighbour *n, const struct nif_ip *ip)
{
    char s[NIF_IP_TEXT_MAX];

    put(n, ip->family == NIF_IP_NONE ? "none" : nif_ip_format(ip, s));
}

static void put_status(struct neighbour *n)
{
    char host[NIF_MDNS_LABEL_MAX + 1];
    struct nif_net net;
    uint64_t now_us;

    n->text_len = 0;
    n->told = 0;
    nif_stack_net(n->board->stack, &net);
    put(n, "address ");
    put_ip(n, &net.ip);
    put(n, "/");
    put_number(n, net.prefix_len, 1);
    put(n, "\ngateway ");
    put_ip(n, &net.gateway);
    put(n, "\nlease ");
    put_number(n, n->up.dhcp.lease_count > 0, 1);
    put(n, " renewals ");
    put_number(n, n->up.dhcp.lease_count > 0 ? n->up.dhcp.lease_count - 1 : 0,
        1);
    put(n, " refusals ");
    put_number(n, n->up.dhcp.nak_count, 1);
    if (n->name[0] != '\0') {
        put(n, "\nname ");
        put(n, nif_mdns_host(&n->mdns, host));
        put(n, ".local");
    }
    if (nif_sntp_now(&n->sntp, &now_us) == 0) {
        put(n, "\ntime ");
        put_number(n, now_us / 1000000, 1);
        put(n, ".");
        put_number(n, now_us % 1000000, 6);
    }
    if (n->lookup[0] != '\0') {
        put(n, "\nlookup ");
        put(n, n->lookup);
        put(n, " ");
        if (n->found == 0) {
            put_ip(n, &n->found_ip);
        } else {
            put(n, nif_err_name(n->found));
        }
    }
    put(n, "\n");
}

// ------------------------------------------------------------- the words

// Takes the value of "key=value" among the words of `args`.
static void take_word(const char *args, const char *key, char out[WORD_MAX])
{
    size_t key_len = strlen(key);

    out[0] = '\0';
    while (*args != '\0') {
        size_t word = 0;

        while (args[word] != '\0' && args[word] != ' ') {
            word++;
        }
        if (word > key_len && strncmp(args, key, key_len) == 0) {
            size_t len = word - key_len;

            len = len < WORD_MAX ? len : WORD_MAX - 1;
            memcpy(out, args + key_len, len);
            out[len] = '\0';
        }
        args += word;
        while (*args == ' ') {
            args++;
        }
    }
}

// ----------------------------------------------------------------- steps

static int open_status(struct neighbour *n)
{
    const struct nif_conn_cfg buffers[] = {
        { n->rx[0], sizeof(n->rx[0]), n->tx[0], sizeof(n->tx[0]) },
        { n->rx[1], sizeof(n->rx[1]), n->tx[1], sizeof(n->tx[1]) },
    };

    return nif_listen(&n->listener,
        &(struct nif_listen_cfg){
            .stack = n->board->stack,
            .local = { .port = STATUS_PORT },
            .backlog = n->conns,
            .buffers = buffers,
            .n = nif_countof(buffers),
        });
}

static int begin(struct neighbour *n, struct nif_board *board)
{
    static const struct nif_mdns_service service = {
        .type = "_finger._tcp",
        .port = STATUS_PORT,
    };
    const char *args = board->args != NULL ? board->args : "";
    struct nif_stack *stack = board->stack;
    int err;

    *n = (struct neighbour){ .board = board, .found = NIF_EAGAIN };
    take_word(args, "name=", n->name);
    take_word(args, "sntp=", n->server);
    take_word(args, "lookup=", n->lookup);
    nif_dns_cache_init(&n->cache, n->entries, nif_countof(n->entries),
        board->seed + 1);
    nif_dns_resolver_init(&n->names, stack, board->seed + 2);
    nif_dns_resolver_init(&n->times, stack, board->seed + 3);
    nif_dns_share(&n->names.dns, &n->cache);
    nif_dns_share(&n->times.dns, &n->cache);
    nif_sntp_init(&n->sntp,
        &(struct nif_sntp_cfg){ .stack = stack,
            .seed = board->seed + 4,
            .server = n->server,
            .resolver = &n->times.resolver,
            .interval_s = 16 });
    nif_mdns_init(&n->mdns,
        &(struct nif_mdns_cfg){ .stack = stack,
            .seed = board->seed + 5,
            .host = n->name,
            .services = &service,
            .service_count = 1 });
    err = open_status(n);
    if (err == 0) {
        err = uplink_start(&n->up, board);
    }
    if (err == 0 && n->name[0] != '\0') {
        err = nif_mdns_start(&n->mdns);
    }
    if (n->server[0] != '\0') {
        nif_sntp_start(&n->sntp);
    }
    return err;
}

static void look_up(struct neighbour *n, uint64_t *again_us)
{
    struct nif_resolver *r = &n->names.resolver;
    uint64_t now_us = nif_clock_now_us(n->board->clock);

    if (n->lookup[0] == '\0') {
        return;
    }
    if (!n->looking && now_us >= n->look_us) {
        n->looking = r->ops->start(r, n->lookup, NIF_IPV4) == 0;
        n->look_us = now_us + LOOKUP_US;
    }
    if (n->looking) {
        struct nif_ip ip;
        int result = r->ops->poll(r, &ip, again_us);

        if (result != NIF_EAGAIN) {
            n->looking = false;
            n->found = result;
            n->found_ip = ip;
        }
    } else {
        nif_again_by(again_us, n->look_us);
    }
}

static void tell(struct neighbour *n)
{
    int sent;

    if (n->asker == NULL) {
        if (nif_conn_accept(&n->listener, &n->asker, NULL) != 0) {
            return;
        }
        put_status(n);
    }
    sent =
        nif_conn_send(n->asker, n->text + n->told, n->text_len - n->told, NULL);
    if (sent > 0) {
        n->told += (size_t)sent;
    }
    if (n->told == n->text_len || (sent < 0 && sent != NIF_EAGAIN)) {
        nif_conn_close(n->asker);
        n->asker = NULL;
    }
}

int nif_app(struct nif_board *board)
{
    static struct neighbour n;
    int err = begin(&n, board);

    while (err == 0 && !board->stop) {
        uint64_t again_us = nif_stack_poll(board->stack);

        nif_again_by(&again_us, nif_connector_poll(&n.up.connector));
        nif_again_by(&again_us, nif_sntp_poll(&n.sntp));
        if (n.name[0] != '\0') {
            nif_again_by(&again_us, nif_mdns_poll(&n.mdns));
        }
        look_up(&n, &again_us);
        tell(&n);
        nif_clock_wait(board->clock, again_us);
    }
    if (n.name[0] != '\0') {
        nif_mdns_stop(&n.mdns);
    }
    nif_connector_stop(&n.up.connector);
    return err;
}
