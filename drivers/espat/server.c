// SPDX-License-Identifier: MIT
//
// The module's one server port, and its list of links, which tells of what
// was not heard.

#include "internal.h"

#include <string.h>

// Looks in which a link is not listed until it is taken as gone.
#define MISSED 2u

// ---- the server

static void write_unlisten(struct espat *chip)
{
    at__put(chip, "AT+CIPSERVER=0");
}

static void unlisten_done(struct espat *chip, int result)
{
    (void)result;
    chip->server_on = false;
}

const struct espat_command at__unlisten = {
    write_unlisten,
    NULL,
    unlisten_done,
    2,
    false,
};

static void write_room(struct espat *chip)
{
    // Not the backlog's length: a place in it may be free before the module
    // has closed the link that was there.
    at__put(chip, "AT+CIPSERVERMAXCONN=5");
}

static void setting_done(struct espat *chip, int result)
{
    (void)chip;
    (void)result; // the backlog is watched here, too
}

const struct espat_command at__server_room = {
    write_room,
    NULL,
    setting_done,
    2,
    false,
};

static void write_listen(struct espat *chip)
{
    at__put(chip, "AT+CIPSERVER=1,");
    at__put_number(chip, chip->server_port);
}

static void listen_done(struct espat *chip, int result)
{
    chip->server_on = result == 0;
    if (result != 0 && chip->listener != NULL) {
        at__fail(chip, chip->listener, NIF_EADDRINUSE);
    }
}

const struct espat_command at__listen = {
    write_listen,
    NULL,
    listen_done,
    2,
    false,
};

static void write_server_idle(struct espat *chip)
{
    // Else clients that say nothing for 180 s are thrown out.
    at__put(chip, "AT+CIPSTO=0");
}

const struct espat_command at__server_idle = {
    write_server_idle,
    NULL,
    setting_done,
    2,
    false,
};

// ---- the list of links

static void write_links(struct espat *chip)
{
    for (uint8_t id = 0; id < ESPAT_LINKS; id++) {
        chip->link[id].seen = false;
    }
    at__put(chip, chip->by_status ? "AT+CIPSTATUS" : "AT+CIPSTATE?");
}

// Something is listed that is not known here: its beginning was not heard, or
// our word that it be closed was not.
static void found(struct espat *chip, uint8_t id, bool client,
    const uint8_t *ip, uint16_t port)
{
    struct espat_link *link = &chip->link[id];

    link->seen = true;
    link->missed = 0;
    if (at__link_is_free(chip, id)) {
        if (client) {
            at__welcome(chip, id, ip, port);
            chip->link[id].seen = true;
        } else {
            link->state = ESPAT_LINK_CLOSING;
        }
    } else if (link->conn != NULL && link->state == ESPAT_LINK_OPEN) {
        struct espat_conn *c = at__conn(link->conn);

        if (link->conn->state == NIF_CONN_OPENING && !c->known) {
            memcpy(c->peer, ip, sizeof(c->peer));
            c->port = port;
            c->known = true;
        }
    }
}

// +CIPSTATE:<id>,"TCP","<ip>",<port>,<own port>,<1 came in>
static bool links_line(struct espat *chip, const char *line)
{
    const char *text = at__skip(line, "+CIPSTAT");
    uint32_t id;
    uint32_t port;
    uint32_t own;
    uint32_t client;
    char kind[4];
    uint8_t ip[4];

    if (text == NULL) {
        return false;
    }
    text = at__skip(text, chip->by_status ? "US:" : "E:");
    text = at__skip(at__number(text, &id), ",");
    text = at__skip(at__quoted(text, kind, sizeof(kind)), ",");
    text = at__skip(at__ip(text, ip), ",");
    text = at__skip(at__number(text, &port), ",");
    text = at__skip(at__number(text, &own), ",");
    if (at__number(text, &client) == NULL || id >= ESPAT_LINKS) {
        return false;
    }
    found(chip, (uint8_t)id, client == 1, ip, (uint16_t)port);
    return true;
}

static void links_done(struct espat *chip, int result)
{
    if (result != 0 && result != NIF_ETIMEDOUT) {
        chip->by_status = !chip->by_status; // the other name for it
    }
    for (uint8_t id = 0; id < ESPAT_LINKS; id++) {
        struct espat_link *link = &chip->link[id];

        if (link->state != ESPAT_LINK_OPEN) {
            continue;
        }
        if (link->conn != NULL && link->conn->state == NIF_CONN_OPENING) {
            at__admit(link->conn);
        }
        if (result == 0 && !link->seen && !link->closed &&
            ++link->missed >= MISSED) {
            at__on_closed(chip, id); // its end was not heard
        }
    }
}

const struct espat_command at__links = {
    write_links,
    links_line,
    links_done,
    2,
    false,
};
