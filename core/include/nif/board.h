// SPDX-License-Identifier: MIT
//
// What an application is given: the board it runs on. A board file (or the
// simulator) fills this in and calls nif_app().
//
// A board file that does not know which of several chips is fitted lists them
// all and asks which one answers:
//
//     static struct nif_device devices[] = {
//         { .name = "enc28j60", .make = make_enc28j60 },
//         { .name = "w5500", .make = make_w5500 },
//     };
//     board.devices = devices;
//     board.device_count = 2;
//     err = nif_probe(&board, NIF_KIND_ANY, &device);

#ifndef NIF_BOARD_H
#define NIF_BOARD_H

#include "nif/clock.h"
#include "nif/stack.h"
#include "nif/wifi.h"

NIF_C_BEGIN

/// A device that a board has, or may have.
struct nif_device {
    const char *name;
    /// Joins the driver to its bus. Fills memory only; called once. NULL:
    /// `iface` was set by the board.
    struct nif_iface *(*make)(void *arg);
    void *arg;
    struct nif_iface *iface; ///< what make() has made; NULL: not yet
};

struct nif_board {
    const char *name;
    struct nif_clock *clock;
    struct nif_iface *iface;            ///< the device, not yet started
    struct nif_stack *stack;            ///< over `iface`, or its own
    const struct nif_wifi_params *wifi; ///< the network to join, as set up on
                                        ///< this board; NULL: wired
    struct nif_device *devices; ///< all that may be there, best first; or NULL
    size_t device_count;
    uint64_t seed;      ///< differs from board to board and boot to boot
    bool use_dhcp;      ///< the board has no address set: ask for one
    const char *args;   ///< what the application is told, as on a command
                        ///< line; NULL: nothing
    volatile bool stop; ///< set from outside: nif_app() comes to an end

    /// Shows a line to a person, without its end: on a serial port, say.
    /// NULL: there is nobody to see it.
    void (*print)(struct nif_board *board, const char *line);
};

/// What a device is, or-ed together: one of the first two, and one or both of
/// the others.
enum nif_kind {
    NIF_KIND_ANY = 0,
    NIF_KIND_WIRED = 1 << 0,
    NIF_KIND_WIFI = 1 << 1,
    NIF_KIND_FRAMES = 1 << 2,  ///< for our stack
    NIF_KIND_SOCKETS = 1 << 3, ///< has a stack of its own
    NIF_KIND_WIRED_FRAMES = NIF_KIND_WIRED | NIF_KIND_FRAMES,
    NIF_KIND_WIRED_SOCKETS = NIF_KIND_WIRED | NIF_KIND_SOCKETS,
    NIF_KIND_WIFI_FRAMES = NIF_KIND_WIFI | NIF_KIND_FRAMES,
    NIF_KIND_WIFI_SOCKETS = NIF_KIND_WIFI | NIF_KIND_SOCKETS,
};

/// One line of a list of devices.
struct nif_interface {
    const char *name;
    struct nif_iface *iface;
    unsigned kind;  ///< enum nif_kind
    unsigned flags; ///< enum nif_iface_flag
    size_t mtu;     ///< bytes
    struct nif_hwaddr hwaddr;
    struct nif_net net; ///< of its stack, if the board names one for it
};

/// enum nif_kind, or-ed.
unsigned nif_iface_kind(const struct nif_iface *iface);

/// Starts the board's devices one after the other, those that are of all the
/// kinds in `kind` (enum nif_kind), until one answers. It stays started;
/// those that did not answer are stopped. Takes as long as their start().
///
/// Returns 0 and the device; NIF_ENODEV if none answers or there is none of
/// that kind.
NIF_NODISCARD int nif_probe(struct nif_board *board, unsigned kind,
    struct nif_device **out);

/// Lists the devices that are made: at most `cap` of them.
///
/// Returns how many there are, which may be more than `cap`.
size_t nif_interfaces(const struct nif_board *board, struct nif_interface *list,
    size_t cap);

/// The application. Runs until `board->stop`, or for ever.
///
/// Returns 0, or the error that made it give up.
int nif_app(struct nif_board *board);

NIF_C_END

#endif
