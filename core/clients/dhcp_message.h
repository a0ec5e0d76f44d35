// SPDX-License-Identifier: MIT
//
// The DHCP message (RFC 2131 2) and its options (RFC 2132), for the client and
// the server.

#ifndef CORE_CLIENTS_DHCP_MESSAGE_H
#define CORE_CLIENTS_DHCP_MESSAGE_H

#include "client.h"

enum {
    MSG_OP = 0,
    MSG_HTYPE = 1,
    MSG_HLEN = 2,
    MSG_XID = 4,
    MSG_SECS = 8,
    MSG_FLAGS = 10,
    MSG_CIADDR = 12,
    MSG_YIADDR = 16,
    MSG_GIADDR = 24,
    MSG_CHADDR = 28,
    MSG_SNAME = 44,
    MSG_FILE = 108,
    MSG_COOKIE = 236,
    MSG_OPTIONS = 240,
    MSG_LEAST = 300, // BOOTP relays drop what is shorter (RFC 1542 2.1)

    OP_REQUEST = 1,
    OP_REPLY = 2,

    FLAG_BROADCAST = 0x8000,
    SERVER_PORT = 67,
    CLIENT_PORT = 68,
};

enum {
    OPT_PAD = 0,
    OPT_MASK = 1,
    OPT_ROUTER = 3,
    OPT_DNS = 6,
    OPT_HOSTNAME = 12,
    OPT_ADDRESS = 50,
    OPT_LEASE = 51,
    OPT_OVERLOAD = 52,
    OPT_TYPE = 53,
    OPT_SERVER = 54,
    OPT_WANTED = 55,
    OPT_SIZE = 57,
    OPT_T1 = 58,
    OPT_T2 = 59,
    OPT_CLIENT = 61,
    OPT_CODES = 64, // no option from here on is of interest
    OPT_END = 255,
};

enum {
    DHCP_DISCOVER = 1,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
    DHCP_INFORM,
};

#define DHCP_FOREVER_S UINT32_MAX

/// The options of a message: where the length of each stands, or NULL.
struct nif__dhcp_options {
    const uint8_t *at[OPT_CODES];
};

/// Checks a message of `len` bytes, of Ethernet, and finds its options, those
/// in the fields that option 52 names too. False if it does not hold together.
bool nif__dhcp_read(const uint8_t *msg, size_t len, uint8_t op,
    struct nif__dhcp_options *o);

/// The type of the message, 0 if it has none.
uint8_t nif__dhcp_type(const struct nif__dhcp_options *o);

/// Word `i` of an option made of words of four bytes. 0 if it is not there or
/// its length is wrong.
uint32_t nif__dhcp_word(const struct nif__dhcp_options *o, uint8_t code,
    unsigned i);

/// Begins a message at `msg`. Returns where its options go.
uint8_t *nif__dhcp_begin(uint8_t *msg, uint8_t op, uint8_t type);

/// Adds an option. Returns where the next one goes.
uint8_t *nif__dhcp_put(uint8_t *at, uint8_t code, const void *data, size_t len);
uint8_t *nif__dhcp_put_word(uint8_t *at, uint8_t code, uint32_t v);

/// Ends the message. Returns its length.
size_t nif__dhcp_end(const uint8_t *msg, uint8_t *at);

#endif
