// SPDX-License-Identifier: MIT
//
// Reads and writes DHCP messages.

#include "dhcp_message.h"

#include <string.h>

#define HTYPE_ETHERNET 1
#define COOKIE         0x63825363u

static bool walk(const uint8_t *at, const uint8_t *end,
    struct nif__dhcp_options *o)
{
    while (at < end && *at != OPT_END) {
        uint8_t code = *at++;

        if (code == OPT_PAD) {
            continue;
        }
        if (at == end || *at >= end - at) {
            return false;
        }
        if (code < OPT_CODES && o->at[code] == NULL) {
            o->at[code] = at;
        }
        at += 1 + *at;
    }
    return true;
}

static uint8_t byte_of(const struct nif__dhcp_options *o, uint8_t code)
{
    const uint8_t *p = o->at[code];

    return p != NULL && p[0] == 1 ? p[1] : 0;
}

bool nif__dhcp_read(const uint8_t *msg, size_t len, uint8_t op,
    struct nif__dhcp_options *o)
{
    uint8_t overload;

    memset(o, 0, sizeof(*o));
    if (len < MSG_OPTIONS || msg[MSG_OP] != op ||
        msg[MSG_HTYPE] != HTYPE_ETHERNET || msg[MSG_HLEN] != 6 ||
        nif_load_be32(msg + MSG_COOKIE) != COOKIE ||
        !walk(msg + MSG_OPTIONS, msg + len, o)) {
        return false;
    }
    overload = byte_of(o, OPT_OVERLOAD); // RFC 2131 4.1: file, then sname
    return ((overload & 1) == 0 || walk(msg + MSG_FILE, msg + MSG_COOKIE, o)) &&
        ((overload & 2) == 0 || walk(msg + MSG_SNAME, msg + MSG_FILE, o));
}

uint8_t nif__dhcp_type(const struct nif__dhcp_options *o)
{
    return byte_of(o, OPT_TYPE);
}

uint32_t nif__dhcp_word(const struct nif__dhcp_options *o, uint8_t code,
    unsigned i)
{
    const uint8_t *p = o->at[code];
    bool list = code == OPT_ROUTER || code == OPT_DNS;

    if (p == NULL || (p[0] & 3) != 0 || p[0] < 4 * (i + 1) ||
        (!list && p[0] != 4)) {
        return 0;
    }
    return nif_load_be32(p + 1 + (size_t)4 * i);
}

uint8_t *nif__dhcp_begin(uint8_t *msg, uint8_t op, uint8_t type)
{
    memset(msg, 0, MSG_LEAST);
    msg[MSG_OP] = op;
    msg[MSG_HTYPE] = HTYPE_ETHERNET;
    msg[MSG_HLEN] = 6;
    nif_store_be32(msg + MSG_COOKIE, COOKIE);
    return nif__dhcp_put(msg + MSG_OPTIONS, OPT_TYPE, &type, 1);
}

uint8_t *nif__dhcp_put(uint8_t *at, uint8_t code, const void *data, size_t len)
{
    at[0] = code;
    at[1] = (uint8_t)len;
    memcpy(at + 2, data, len);
    return at + 2 + len;
}

uint8_t *nif__dhcp_put_word(uint8_t *at, uint8_t code, uint32_t v)
{
    uint8_t word[4];

    nif_store_be32(word, v);
    return nif__dhcp_put(at, code, word, 4);
}

size_t nif__dhcp_end(const uint8_t *msg, uint8_t *at)
{
    size_t len;

    *at++ = OPT_END;
    len = (size_t)(at - msg);
    return len < MSG_LEAST ? MSG_LEAST : len;
}
