// SPDX-License-Identifier: MIT
//
// packetdrill's language, as far as the scripts of this folder use it:
//
//     0       socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
//     +.1     < S 0:0(0) win 8000 <mss 1000>
//     +0      > S. 0:0(0) ack 1 <mss 1460>
//     +0...1  read(4, ..., 100) = 100
//
// Comments are // to the end of the line. Times are seconds: from the
// beginning, or with + from the event before; * is any time. Sequence numbers
// count from each side's SYN, also in `sack 1001:2001`. A first line
// --so_flags="..." is for the plug-in.

#ifndef TESTS_PACKETDRILL_SCRIPT_H
#define TESTS_PACKETDRILL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRIPT_EVENTS  128
#define SCRIPT_ARGS    6
#define SCRIPT_OPTIONS 40
#define SCRIPT_FLAGS   64

enum script_kind { SCRIPT_CALL, SCRIPT_IN, SCRIPT_OUT };

struct script_segment {
    uint8_t flags; ///< as in the header
    uint32_t seq;
    uint32_t len;
    bool has_ack;
    uint32_t ack;
    int32_t win; ///< -1: any
    uint8_t options[SCRIPT_OPTIONS];
    size_t options_len;
    bool any_options; ///< <...>
};

struct script_call {
    char name[16];
    char args[SCRIPT_ARGS][48];
    size_t arg_count;
    long result;
    char error[16]; ///< name of the errno, or ""
};

struct script_event {
    int line;
    enum script_kind kind;
    bool any_time;
    bool relative;
    int64_t at_us;
    int64_t end_us; ///< of a blocking call; -1: it does not block
    struct script_segment segment;
    struct script_call call;
};

struct script {
    struct script_event events[SCRIPT_EVENTS];
    size_t count;
    char flags[SCRIPT_FLAGS]; ///< for the plug-in
    char error[160];          ///< why it could not be read
};

/// Reads `text`. Returns false and says in `error` what is wrong.
bool script_parse(struct script *s, const char *text);

/// The value of a name or a number, in [] or not. False: unknown.
bool script_value(const char *text, long *out);

#endif
