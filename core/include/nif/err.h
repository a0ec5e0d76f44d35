// SPDX-License-Identifier: MIT
//
// The one error type. A function that can fail returns an `int`: zero or a
// count when it worked, one of the negative codes below when it did not.
// Sockets, drivers and tools share the list.

#ifndef NIF_ERR_H
#define NIF_ERR_H

#include "nif/base.h"

NIF_C_BEGIN

/// Every error: name, value, what a person reads.
///
/// The values are ours and frozen: they stand in recorded traces, and errno
/// numbers differ from one C library to the next.
#define NIF_ERR_MAP(X)                                             \
    X(NIF_EAGAIN, -1, "not now: try again after the next poll")    \
    X(NIF_EIO, -2, "the bus failed, or the chip did not answer")   \
    X(NIF_ETIMEDOUT, -3, "it took longer than it may")             \
    X(NIF_ENODEV, -4, "another chip answered, or none")            \
    X(NIF_ETOOBIG, -5, "longer than the buffer or the chip can")   \
    X(NIF_ELINK, -6, "the link is down")                           \
    X(NIF_EPROTO, -7, "the peer or the chip broke its protocol")   \
    X(NIF_EINVAL, -8, "the call makes no sense: fix the caller")   \
    X(NIF_ENOTSUP, -9, "this device or stack cannot do that")      \
    X(NIF_ENOBUFS, -10, "every buffer or table entry is taken")    \
    X(NIF_EADDR, -11, "there is no address yet to do that from")   \
    X(NIF_EADDRINUSE, -12, "the local address and port are taken") \
    X(NIF_EUNREACH, -13, "no way to that address")                 \
    X(NIF_ENOTCONN, -14, "the connection is not open for that")    \
    X(NIF_EISCONN, -15, "the connection is in use already")        \
    X(NIF_EREFUSED, -16, "the peer refused the connection")        \
    X(NIF_ERESET, -17, "the peer reset the connection")            \
    X(NIF_ENOTFOUND, -18, "no such name")                          \
    X(NIF_EAUTH, -19, "the password, or the kind of it, is wrong")

enum nif_err {
    NIF_OK = 0,
#define NIF_ERR_ENUM(name, value, text) name = (value),
    NIF_ERR_MAP(NIF_ERR_ENUM)
#undef NIF_ERR_ENUM
};

/// "NIF_EIO" for NIF_EIO; "NIF_OK" for zero and counts; never NULL.
const char *nif_err_name(int err);

/// One line for a person; never NULL.
const char *nif_err_text(int err);

NIF_C_END

#endif
