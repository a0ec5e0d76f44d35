// SPDX-License-Identifier: MIT
//
// A shared wire as an end for a world.

#include "nif/base.h"
#include "tap/loop.h"
#include "tap/wire.h"

#include <stdlib.h>

struct wire_end {
    struct tap_end end;
    struct tap_wire *wire;
    struct tap_wire_cfg cfg; // the user's
};

static struct wire_end *of(struct tap_end *end)
{
    return nif_container_of(end, struct wire_end, end);
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    tap_loop_in(((struct wire_end *)arg)->end.loop, frame, len);
}

static void on_say(void *arg, const char *text)
{
    const struct wire_end *w = arg;

    if (w->cfg.say) {
        w->cfg.say(w->cfg.arg, text);
    }
}

static size_t wire_fds(struct tap_end *end, struct pollfd *fds, size_t cap)
{
    return tap_wire_fds(of(end)->wire, fds, cap, &end->timeout_ns);
}

static void wire_ready(struct tap_end *end, const struct pollfd *fds, size_t n)
{
    tap_wire_ready(of(end)->wire, fds, n);
    end->lost = tap_wire_lost(of(end)->wire);
}

static void wire_send(struct tap_end *end, const uint8_t *frame, size_t len)
{
    tap_wire_send(of(end)->wire, frame, len);
    end->lost = tap_wire_lost(of(end)->wire);
}

static void wire_close(struct tap_end *end)
{
    tap_wire_close(of(end)->wire);
    free(of(end));
}

static const struct tap_end_ops wire_ops = {
    .fds = wire_fds,
    .ready = wire_ready,
    .send = wire_send,
    .close = wire_close,
};

struct tap_end *tap_wire_end(const struct tap_wire_cfg *cfg, char why[TAP_WHY])
{
    struct wire_end *w = calloc(1, sizeof(*w));

    NIF_ASSERT(w != NULL);
    w->end = (struct tap_end){ .ops = &wire_ops, .name = "the wire" };
    w->cfg = *cfg;
    w->wire = tap_wire_open(&(struct tap_wire_cfg){ .where = cfg->where,
                                .frame = on_frame,
                                .say = on_say,
                                .arg = w },
        why);
    if (!w->wire) {
        free(w);
        return NULL;
    }
    return &w->end;
}

bool tap_wire_end_is_held(const struct tap_end *end)
{
    return tap_wire_is_held(((const struct wire_end *)(const void *)end)->wire);
}
