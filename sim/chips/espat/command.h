// SPDX-License-Identifier: MIT
//
// Commands of the ESP-AT model: dialects, arguments, results, and which file
// has which.

#ifndef SIM_CHIPS_ESPAT_COMMAND_H
#define SIM_CHIPS_ESPAT_COMMAND_H

#include "sim/chips/espat.h"

#define ARGS    12
#define ARG_MAX 160

// ---- dialects

struct espat_dialect {
    const char *chip;
    const char *gmr;
    const char *prompt;
    const char *recvlen_none; ///< CIPRECVLEN of a link that is not open
    uint16_t boot_ms;
    uint16_t send_max;
    uint16_t ipd_max;
    bool nonos;        ///< AT 1.7: texts of its own
    bool rom_text;     ///< its ROM speaks on the same line
    bool no_ap_line;   ///< CWJAP? says No AP
    bool dinfo_digits; ///< CIPDINFO? says 0 or 1
};

extern const struct espat_dialect espat__dialects[SIM_ESPAT_FIRMWARES];

// ---- arguments of a command

enum espat_form {
    FORM_EXEC = 1 << 0,  ///< AT+X
    FORM_QUERY = 1 << 1, ///< AT+X?
    FORM_TEST = 1 << 2,  ///< AT+X=?
    FORM_SET = 1 << 3,   ///< AT+X=...
};

struct espat_args {
    enum espat_form form;
    const char *name; ///< as it was typed, behind "AT+"
    size_t count;
    struct {
        bool quoted;
        bool given; ///< false: left empty
        char text[ARG_MAX + 1];
    } arg[ARGS];
};

/// How a command ended: 0 is OK, small numbers are sub-codes of `ERR CODE`.
enum espat_result {
    RESULT_OK = 0,
    RESULT_LENGTH = 0x04,
    RESULT_TYPE = 0x05,
    RESULT_COUNT = 0x06,
    RESULT_INVALID = 0x07,
    RESULT_PARSE = 0x08,
    RESULT_UNKNOWN = 0x09,
    RESULT_FAILED = 0x0A,
    RESULT_STATE = 0x0C,
    RESULT_PENDING = 0x100, ///< its end comes by espat__finish()
    RESULT_SAID,            ///< it has said all itself, and set the state
};

typedef enum espat_result espat_fn(struct espat *e,
    const struct espat_args *args);

struct espat_command {
    const char *name;
    unsigned forms; ///< enum espat_form, or-ed
    uint8_t from;   ///< firmware
    uint8_t to;
    bool suffix; ///< AT 1.7 has it with _CUR and _DEF, too
    espat_fn *fn;
};

// ---- args.c
bool espat__parse(struct espat_args *args, char *text);
bool espat__number(const struct espat_args *args, size_t n, long low, long high,
    long *value);
bool espat__text(const struct espat_args *args, size_t n, size_t max,
    const char **text);
static inline bool espat__given(const struct espat_args *args, size_t n)
{
    return n < args->count && args->arg[n].given;
}

// ---- commands.c
const struct espat_command *espat__command(const struct espat *e,
    const char *name, bool *known);

espat_fn espat__at, espat__ate, espat__rst, espat__restore, espat__gmr,
    espat__uart, espat__sysstore, espat__sysmsg, espat__syslog, espat__ignored;
espat_fn espat__cwmode, espat__cwjap, espat__cwqap, espat__cwlap,
    espat__cwlapopt, espat__cwsap, espat__cwlif, espat__cwdhcp, espat__cipsta,
    espat__cipap, espat__mac, espat__cipdns, espat__cwhostname,
    espat__cwautoconn, espat__cwreconncfg, espat__cwstate, espat__cifsr;
espat_fn espat__cipmux, espat__cipstart, espat__cipstartex, espat__cipsend,
    espat__cipsendex, espat__cipclose, espat__cipserver,
    espat__cipservermaxconn, espat__cipsto, espat__cipstatus, espat__cipstate,
    espat__cipdomain, espat__cipdinfo, espat__ciprecvmode, espat__ciprecvtype,
    espat__ciprecvdata, espat__ciprecvlen, espat__ciptcpopt, espat__cipsslsize,
    espat__cipsslcconf, espat__cipsslname, espat__cipsslcalpn, espat__sntpcfg,
    espat__sntptime, espat__systimestamp;

#endif
