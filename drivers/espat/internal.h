// SPDX-License-Identifier: MIT
//
// What the files of this driver share. From the bottom up: text.c, line.c,
// command.c, setup.c, radio.c, address.c, link.c, server.c, data.c,
// stream.c, conn.c, espat.c.

#ifndef ESPAT_INTERNAL_H
#define ESPAT_INTERNAL_H

#include "espat.h"

#define ESPAT_NO_LINK 0xFFu

/// In front of each datagram in a ring: address (4), port (2), length (2).
#define ESPAT_HEAD 8u

/// The longest datagram that is received. One of 1472 bytes could be sent.
#define ESPAT_DATAGRAM_MAX 1460u

/// Where the driver is with its module; in this order.
enum espat_phase {
    ESPAT_OFF,
    ESPAT_PULSE, ///< the reset pin is low
    ESPAT_BOOT,  ///< waits for "ready"
    ESPAT_PROBE, ///< asks whether somebody is there
    ESPAT_SETUP,
    ESPAT_READY,
};

/// What is to be done once, or-ed; the lowest first. Up to ESPAT_TODO_HWADDR
/// it is bring-up.
enum espat_todo {
    ESPAT_TODO_RESET = 1 << 0,
    ESPAT_TODO_ECHO = 1 << 1,
    ESPAT_TODO_VERSION = 1 << 2,
    ESPAT_TODO_STORE = 1 << 3,
    ESPAT_TODO_BAUD = 1 << 4,
    ESPAT_TODO_STATION = 1 << 5,
    ESPAT_TODO_QUIT = 1 << 6,
    ESPAT_TODO_MUX = 1 << 7,
    ESPAT_TODO_DINFO = 1 << 8,
    ESPAT_TODO_PASSIVE = 1 << 9,
    ESPAT_TODO_EVENTS = 1 << 10,
    ESPAT_TODO_TLS = 1 << 11,
    ESPAT_TODO_HWADDR = 1 << 12,
    ESPAT_TODO_LEAVE = 1 << 13,
    ESPAT_TODO_MODE = 1 << 14,
    ESPAT_TODO_COUNTRY = 1 << 15,
    ESPAT_TODO_SET_IP = 1 << 16,
    ESPAT_TODO_SET_DNS = 1 << 17,
    ESPAT_TODO_JOIN = 1 << 18,
    ESPAT_TODO_SERVE = 1 << 19,
    ESPAT_TODO_GET_DNS = 1 << 20, ///< before there is an address to use it
    ESPAT_TODO_GET_IP = 1 << 21,
    ESPAT_TODO_GET_AP = 1 << 22,
    ESPAT_TODO_SCAN = 1 << 23,
    ESPAT_TODO_UNLISTEN = 1 << 24,
    ESPAT_TODO_ROOM = 1 << 25,
    ESPAT_TODO_LISTEN = 1 << 26,
    ESPAT_TODO_IDLE = 1 << 27,
    ESPAT_TODO_LINKS = 1 << 28,
    ESPAT_TODO_LENGTHS = 1 << 29,
    ESPAT_TODO_LOOKUP = 1 << 30,
};

#define ESPAT_TODO_SETUP (ESPAT_TODO_LEAVE - 1u)

/// Where the command that runs is.
enum espat_stage {
    ESPAT_IDLE,
    ESPAT_TEXT,   ///< its text goes out
    ESPAT_WAIT,   ///< for what ends it
    ESPAT_PROMPT, ///< for ">"
    ESPAT_DATA,   ///< its payload goes out
    ESPAT_SENT,   ///< for SEND OK
    ESPAT_FILL,   ///< gets a module out of a payload
    ESPAT_PAUSE,  ///< nothing, for a time
};

/// A command: its text, and what becomes of its answer. `result` of `done`
/// is 0 for OK; NIF_ETIMEDOUT if nobody knows; else the error. Nothing is
/// changed before that, so that a module that is busy can be asked again.
struct espat_command {
    void (*write)(struct espat *chip);
    bool (*line)(struct espat *chip, const char *line); ///< or NULL
    void (*done)(struct espat *chip, int result);
    uint16_t limit_s; ///< for the answer
    bool sends;       ///< a prompt comes, then `send_len` bytes go out
};

enum espat_link_state {
    ESPAT_LINK_FREE,
    ESPAT_LINK_COOL,     ///< free, but its last end may not have been told yet
    ESPAT_LINK_STARTING, ///< is to be opened
    ESPAT_LINK_OPEN,
    ESPAT_LINK_CLOSING, ///< is to be closed
};

/// In nif_conn.impl.
struct espat_conn {
    uint8_t id; ///< of its link, or ESPAT_NO_LINK
    bool wants; ///< a link, as soon as there is one
    bool ended; ///< the peer has closed
    bool ready; ///< to be accepted
    bool taken; ///< accepted
    bool known; ///< `peer` and `port` are
    uint8_t peer[4];
    uint16_t port;
    uint16_t local;
    uint16_t keepalive;
    uint16_t order; ///< in which clients came
    uint32_t rx_at;
    uint32_t rx_len;
    uint32_t tx_at;
    uint32_t tx_len;
    struct nif_conn *listener; ///< whose backlog it is in, or NULL
    struct nif_conn *backlog;  ///< of a listener
    size_t backlog_len;
    char host[ESPAT_HOST_MAX + 1]; ///< the peer by name, or ""
};

static inline struct espat *at__of(struct nif_stack *stack)
{
    return nif_container_of(stack, struct espat, stack);
}

static inline struct espat_conn *at__conn(struct nif_conn *conn)
{
    return (struct espat_conn *)(void *)conn->impl.bytes;
}

static inline const struct espat_conn *at__of_conn(const struct nif_conn *conn)
{
    return (const struct espat_conn *)(const void *)conn->impl.bytes;
}

// ---- text.c: commands as text, and numbers out of text. The readers take
// and return NULL where the text is not what it should be.

void at__put(struct espat *chip, const char *text);

/// "AT+" and the name; the form that stores nothing where names differ.
void at__put_cur(struct espat *chip, const char *name);
void at__put_number(struct espat *chip, uint32_t value);

/// In quotes, with what must be escaped.
void at__put_quoted(struct espat *chip, const char *text);

/// a.b.c.d in quotes.
void at__put_ip(struct espat *chip, const uint8_t *ip);

/// Behind `prefix`, if the text begins with it.
const char *at__skip(const char *text, const char *prefix);
const char *at__number(const char *text, uint32_t *out);
const char *at__signed(const char *text, int *out);

/// An address, in quotes or not.
const char *at__ip(const char *text, uint8_t *out);

/// The same into a nif_ip; 0.0.0.0 is none.
const char *at__nif_ip(const char *text, struct nif_ip *out);
const char *at__hwaddr(const char *text, struct nif_hwaddr *out);

/// Text in quotes; at most `cap` - 1 bytes and a NUL go into `out`.
const char *at__quoted(const char *text, char *out, size_t cap);

/// Behind "+NAME:" or "+NAME_CUR:".
const char *at__value(const char *line, const char *name);

// ---- line.c: what comes in

/// Reads what there is, as much as a call may do. Returns whether there may
/// be more; or NIF_EIO.
int at__read(struct espat *chip, uint64_t now_us);

/// True within a payload.
bool at__inside(const struct espat *chip);

/// Forgets a line or payload that has begun.
void at__forget_input(struct espat *chip);

/// The connection gets no more of a payload under way.
void at__forget_conn(struct espat *chip, const struct nif_conn *conn);

// ---- command.c: one at a time

/// Does what is due: the next command, or the next piece of one.
int at__step(struct espat *chip, uint64_t now_us);

/// Begins a command; ends it (0, or why not); knows no more, and asks in `us`.
void at__begin(struct espat *chip, const struct espat_command *command,
    uint64_t now_us);
void at__finish(struct espat *chip, int result);
void at__out_of_step(struct espat *chip, uint64_t now_us, uint32_t us);

/// A line that is not empty has come.
void at__on_line(struct espat *chip, const char *line);
void at__on_prompt(struct espat *chip);

/// A line says why the command fails; ERROR will follow, or has got lost.
void at__note_detail(struct espat *chip, int err);

/// Bytes were bent on the line: it may be an answer that has suffered, or a
/// module that starts anew and speaks at its first rate. So a command that may
/// take long is asked after soon.
void at__disturbed(struct espat *chip, uint64_t now_us);

/// Forgets the command that runs.
void at__forget_command(struct espat *chip);

static inline bool at__runs(const struct espat *chip,
    const struct espat_command *command, uint8_t id)
{
    return (chip->command == command || chip->victim == command) &&
        chip->id == id;
}

/// The next of espat_todo, or NULL.
const struct espat_command *at__next_todo(struct espat *chip);

// ---- setup.c

/// Begins to set the module up: with a reset, unless it has just had one. What
/// it had is lost, with `fault` as the reason; 0: it is started.
void at__restart(struct espat *chip, int fault, bool reset);

/// Lets some time pass before bring-up goes on.
void at__back_off(struct espat *chip);

/// Leaves the module in reset, or as quiet as can be.
void at__stop(struct espat *chip);

/// What is due in bring-up. Returns the command to give, or NULL.
const struct espat_command *at__next_setup(struct espat *chip, uint64_t now_us);

/// "ready" has come.
void at__on_ready(struct espat *chip);

/// The question whose answer cannot be mistaken.
extern const struct espat_command at__probe;

/// Nobody answers the question.
void at__on_silence(struct espat *chip, uint64_t now_us);

extern const struct espat_command at__reset;
extern const struct espat_command at__echo;
extern const struct espat_command at__version;
extern const struct espat_command at__store;
extern const struct espat_command at__baud;
extern const struct espat_command at__station;
extern const struct espat_command at__quit;
extern const struct espat_command at__mux;
extern const struct espat_command at__dinfo;
extern const struct espat_command at__receive;
extern const struct espat_command at__events;
extern const struct espat_command at__tls;
extern const struct espat_command at__get_hwaddr;

void at__notify(struct espat *chip, enum nif_event event);

// ---- radio.c

extern const struct nif_wifi_ops at__wifi_ops;
extern const struct espat_command at__leave;
extern const struct espat_command at__mode;
extern const struct espat_command at__country;
extern const struct espat_command at__join;
extern const struct espat_command at__serve;
extern const struct espat_command at__get_ap;
extern const struct espat_command at__scan;

/// Takes a line about the radio. Returns whether it was one.
bool at__on_radio(struct espat *chip, const char *line);

/// The network is lost, or the module.
void at__lose_radio(struct espat *chip, int err);

/// Tells of the link what poll() has found.
void at__tell_link(struct espat *chip);

// ---- address.c

extern const struct espat_command at__set_ip;
extern const struct espat_command at__set_dns;
extern const struct espat_command at__get_ip;
extern const struct espat_command at__get_dns;
extern const struct espat_command at__lookup;

void at__net(struct nif_stack *stack, struct nif_net *out);
int at__set_net(struct nif_stack *stack, const struct nif_net *net);
int at__ask(struct nif_stack *stack, const char *host, struct nif_ip *out);

// ---- link.c: the module's connections

extern const struct espat_command at__close;
extern const struct espat_command at__start;

// server.c
extern const struct espat_command at__unlisten;
extern const struct espat_command at__server_room;
extern const struct espat_command at__listen;
extern const struct espat_command at__server_idle;
extern const struct espat_command at__links;

/// Takes a line about connections. Returns whether it was one.
bool at__on_link(struct espat *chip, const char *line);

/// What is to be done with a connection: a command, or NULL.
const struct espat_command *at__next_link(struct espat *chip, uint64_t now_us);

/// A connection waits for a link that is not quite free yet.
bool at__cools(const struct espat *chip);

/// A connection that wants a link can have one, now or soon.
bool at__has_link(const struct espat *chip);

/// The module is to close the link; nobody has it any more.
void at__drop_link(struct espat *chip, uint8_t id);

/// A link's end was told, or found out.
void at__on_closed(struct espat *chip, uint8_t id);

/// A client has come in at link `id`; who it is, if `ip` is not NULL.
void at__welcome(struct espat *chip, uint8_t id, const uint8_t *ip,
    uint16_t port);

/// It can be accepted.
void at__admit(struct nif_conn *conn);

bool at__link_is_free(const struct espat *chip, uint8_t id);

/// All links are gone; the connections end with `err`.
void at__lose_links(struct espat *chip, int err);

// ---- data.c

extern const struct espat_command at__fetch;
extern const struct espat_command at__send;
extern const struct espat_command at__lengths;

/// Copies into a ring, from `at` on, which may be beyond its end once.
void at__ring_write(uint8_t *ring, size_t cap, size_t at, const uint8_t *data,
    size_t len);

/// Room in the receive buffer of a connection.
size_t at__room(struct nif_conn *conn);

/// Writes into the receive buffer, `offset` bytes behind what counts.
void at__rx_write(struct nif_conn *conn, size_t offset, const uint8_t *data,
    size_t len);

/// Where bytes for sending lie: of the connection, or the driver's.
uint8_t *at__tx(struct espat *chip, struct nif_conn *conn, size_t *cap);

/// True if there is something to fetch, and room for it.
bool at__can_fetch(struct espat *chip, struct espat_link *link);

/// The next piece of a payload: at most `*len` bytes.
const uint8_t *at__payload(struct espat *chip, size_t *len);

/// The connection whose payload goes out ends: keeps the rest, if there is
/// room for it.
void at__orphan(struct espat *chip);

/// A payload of `len` bytes begins, of link `id` or, if `asked`, of the one
/// that was asked; goes on; ends.
void at__data_begin(struct espat *chip, uint8_t id, uint32_t len, bool asked);
void at__data(struct espat *chip, const uint8_t *data, size_t len);
void at__data_end(struct espat *chip, bool good);

// ---- conn.c

extern const struct nif_stack_ops at__stack_ops;

/// A datagram socket has its link from the moment that it has a port; 0: any.
/// Returns 0 or NIF_ENOBUFS.
int at__begin_udp(struct espat *chip, struct nif_conn *conn, uint16_t port);

// stream.c: as nif_stack_ops has them.
int at__send_data(struct nif_stack *stack, struct nif_conn *conn,
    const void *data, size_t len, const struct nif_endpoint *to);
int at__recv_data(struct nif_stack *stack, struct nif_conn *conn, void *buf,
    size_t cap, struct nif_endpoint *from);

/// Who is at the other end; `out` may be NULL.
void at__tell_peer(const struct espat_conn *c, struct nif_endpoint *out);

/// Ends a connection with an error; its link is dropped.
void at__fail(struct espat *chip, struct nif_conn *conn, int err);

/// The connection is the caller's again, or its listener's.
void at__release(struct espat *chip, struct nif_conn *conn);

static inline bool at__has_address(const struct espat *chip)
{
    return chip->net.ip.family != NIF_IP_NONE;
}

#endif
