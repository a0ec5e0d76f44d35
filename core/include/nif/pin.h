// SPDX-License-Identifier: MIT
//
// One digital pin: an interrupt line, a reset line. Levels are electrical:
// true is high. A driver that is handed an active-low reset drives it low.

#ifndef NIF_PIN_H
#define NIF_PIN_H

#include "nif/base.h"

NIF_C_BEGIN

struct nif_pin;

/// Called at an edge. Context: interrupt: it may set flags and call
/// nif_clock_wake(); it must not touch a bus.
typedef void nif_pin_edge_fn(void *arg);

/// What a board port or the simulator implements.
struct nif_pin_ops {
    /// The level now.
    bool (*read)(struct nif_pin *pin);

    /// Drives the pin; on an input pin this has no effect.
    void (*write)(struct nif_pin *pin, bool level);

    /// From now on `fn(arg)` is called after each falling edge (`rising`
    /// false) or rising edge. `fn` NULL: no longer. An edge that came before
    /// is not reported: look at read() once after installing.
    void (*on_edge)(struct nif_pin *pin, bool rising, nif_pin_edge_fn *fn,
        void *arg);
};

struct nif_pin {
    const struct nif_pin_ops *ops;
};

static inline bool nif_pin_read(struct nif_pin *pin)
{
    return pin->ops->read(pin);
}

static inline void nif_pin_write(struct nif_pin *pin, bool level)
{
    pin->ops->write(pin, level);
}

static inline void nif_pin_on_edge(struct nif_pin *pin, bool rising,
    nif_pin_edge_fn *fn, void *arg)
{
    pin->ops->on_edge(pin, rising, fn, arg);
}

NIF_C_END

#endif
