// SPDX-License-Identifier: MIT
//
// Faults of the module: those that hit an occasion, those that a test does
// now, and the first kind as text.

#include "sim/chips/espat/model.h"

#include <errno.h>
#include <stdlib.h>

// ---- at an occasion

const struct sim_espat_fault *espat__hit(struct espat *e,
    enum sim_espat_fault_kind kind)
{
    uint32_t n = e->occasions[kind]++;

    for (size_t i = 0; i < e->fault_count; i++) {
        const struct sim_espat_fault *f = &e->fault[i];

        if (f->kind == kind && n >= f->at && n - f->at < f->count) {
            return f;
        }
    }
    return NULL;
}

void sim_espat_fault(struct sim_espat *chip,
    const struct sim_espat_fault *fault)
{
    struct espat *e = chip->in;
    struct sim_espat_fault *to = &e->fault[e->fault_count];

    NIF_ASSERT(e->fault_count < SIM_ESPAT_FAULTS_MAX);
    e->fault_count++;
    *to = *fault;
    to->at += e->occasions[fault->kind];
}

void sim_espat_refuse(struct sim_espat *chip, const char *name)
{
    chip->in->refused = name;
}

void sim_espat_reboot(struct sim_espat *chip, const char *text)
{
    sim_event_cancel(chip->world, &chip->in->power);
    espat__boot(chip->in, text);
}

void sim_espat_stick(struct sim_espat *chip)
{
    struct espat *e = chip->in;

    espat__stop(e);
    e->stuck = true;
    e->state = STATE_OFF;
}

void sim_espat_stall(struct sim_espat *chip, uint64_t ns)
{
    chip->in->stalled = true;
    sim_event_at(chip->world, &chip->in->stall, chip->world->now_ns + ns);
}

void sim_espat_storm(struct sim_espat *chip, uint64_t ns)
{
    chip->in->storm_ns = chip->world->now_ns + ns;
}

void sim_espat_say(struct sim_espat *chip, const char *text)
{
    espat__out(chip->in, text, strlen(text));
}

void sim_espat_inject(struct sim_espat *chip, enum sim_espat_where where,
    uint64_t at, const char *text)
{
    chip->in->inject[where] = text;
    chip->in->inject_at[where] = at;
}

// ---- as text

static const char *const names[] = {
    [SIM_ESPAT_F_GARBAGE] = "espat.garbage",
    [SIM_ESPAT_F_NO_READY] = "espat.no-ready",
    [SIM_ESPAT_F_LATE_READY] = "espat.late-ready",
    [SIM_ESPAT_F_DEAF] = "espat.deaf",
    [SIM_ESPAT_F_ERROR] = "espat.error",
    [SIM_ESPAT_F_SLOW] = "espat.slow",
    [SIM_ESPAT_F_NO_FINAL] = "espat.no-final",
    [SIM_ESPAT_F_NO_SEND_OK] = "espat.no-send-ok",
    [SIM_ESPAT_F_SEND_LATE] = "espat.send-late",
    [SIM_ESPAT_F_SEND_FAIL] = "espat.send-fail",
    [SIM_ESPAT_F_CLOSED] = "espat.closed",
    [SIM_ESPAT_F_NOT_CLOSED] = "espat.not-closed",
    [SIM_ESPAT_F_END_LOST] = "espat.end-lost",
    [SIM_ESPAT_F_NO_IPD] = "espat.no-ipd",
    [SIM_ESPAT_F_RECVLEN] = "espat.recvlen",
    [SIM_ESPAT_F_JOIN_ERROR] = "espat.join-error",
    [SIM_ESPAT_F_BAUD_OLD] = "espat.baud-old",
    [SIM_ESPAT_F_BAUD_EARLY] = "espat.baud-early",
    [SIM_ESPAT_F_DEBUG] = "espat.debug",
    [SIM_ESPAT_F_REBOOT] = "espat.reboot",
};

void sim_espat_fault_format(const struct sim_espat_fault *fault,
    char text[SIM_ESPAT_FAULT_TEXT])
{
    snprintf(text, SIM_ESPAT_FAULT_TEXT, "%s at=%u count=%u value=%u",
        names[fault->kind], (unsigned)fault->at, (unsigned)fault->count,
        (unsigned)fault->value);
}

// Reads " name=" and a number behind it. Returns what follows, or NULL.
static const char *number(const char *text, const char *name, uint32_t *value)
{
    size_t len = strlen(name);
    unsigned long long v;
    char *end;

    if (!text || strncmp(text, name, len) != 0 || text[len] < '0' ||
        text[len] > '9') {
        return NULL;
    }
    errno = 0;
    v = strtoull(text + len, &end, 10);
    *value = (uint32_t)v;
    return errno != 0 || v > UINT32_MAX ? NULL : end;
}

bool sim_espat_fault_parse(const char *text, struct sim_espat_fault *fault)
{
    size_t name_len = strcspn(text, " ");
    struct sim_espat_fault f = { .count = 0 };
    const char *rest;

    rest = number(text + name_len, " at=", &f.at);
    rest = number(rest, " count=", &f.count);
    rest = number(rest, " value=", &f.value);
    for (size_t i = 0; rest && *rest == '\0' && i < nif_countof(names); i++) {
        if (strlen(names[i]) == name_len &&
            memcmp(text, names[i], name_len) == 0) {
            f.kind = (enum sim_espat_fault_kind)i;
            *fault = f;
            return true;
        }
    }
    return false;
}
