// SPDX-License-Identifier: MIT
//
// What is set up for TLS links. There is no cryptography here: a certificate
// is trusted or not, as the test says.

#include "sim/chips/espat/model.h"

#define VERIFY 2 // CIPSSLCCONF: the peer's certificate is looked at

bool espat__tls_good(const struct espat *e, const struct espat_link *link)
{
    return link->server || !e->chip->tls_untrusted ||
        (e->tls_auth[espat__id(e, link)] & VERIFY) == 0;
}

// The link that is meant: with CIPMUX=1 it stands first.
static bool read_id(const struct espat *e, const struct espat_args *args,
    long *id)
{
    *id = 0;
    return !e->mux || espat__number(args, 0, 0, LINKS - 1, id);
}

enum espat_result espat__cipsslsize(struct espat *e,
    const struct espat_args *args)
{
    long size;

    if (!espat__number(args, 0, 2048, 4096, &size) || args->count != 1) {
        return RESULT_INVALID;
    }
    e->tls_size = (uint16_t)size;
    return RESULT_OK;
}

enum espat_result espat__cipsslcconf(struct espat *e,
    const struct espat_args *args)
{
    long id;
    long auth;
    long number;

    if (args->form == FORM_QUERY) {
        for (unsigned i = 0; i < (e->mux ? LINKS : 1u); i++) {
            espat__say(e, "%s:%u,%u,0,0\r\n", args->name, i, e->tls_auth[i]);
        }
        return RESULT_OK;
    }
    if (!read_id(e, args, &id) || !espat__number(args, e->mux, 0, 3, &auth)) {
        return RESULT_INVALID;
    }
    for (size_t i = e->mux + 1u; i < args->count; i++) {
        if (!espat__number(args, i, 0, 1, &number)) { // of a certificate
            return RESULT_INVALID;
        }
    }
    e->tls_auth[id] = (uint8_t)auth;
    return RESULT_OK;
}

// Names that a handshake has in it; nobody here can see them.
enum espat_result espat__cipsslname(struct espat *e,
    const struct espat_args *args)
{
    const char *name;
    long id;

    if (!read_id(e, args, &id) || !espat__text(args, e->mux, HOST_MAX, &name)) {
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum espat_result espat__cipsslcalpn(struct espat *e,
    const struct espat_args *args)
{
    size_t first = e->mux + 1u;
    const char *name;
    long count;
    long id;

    if (!read_id(e, args, &id) || !espat__number(args, e->mux, 0, 5, &count)) {
        return RESULT_INVALID;
    }
    if (args->count != first + (size_t)count) {
        return RESULT_COUNT;
    }
    for (size_t i = first; i < args->count; i++) {
        if (!espat__text(args, i, HOST_MAX, &name)) {
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}
