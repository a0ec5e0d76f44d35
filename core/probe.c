// SPDX-License-Identifier: MIT
//
// Which devices a board has.

#include "nif/board.h"

unsigned nif_iface_kind(const struct nif_iface *iface)
{
    unsigned kind = iface->wifi != NULL ? NIF_KIND_WIFI : NIF_KIND_WIRED;

    if (iface->eth != NULL) {
        kind |= NIF_KIND_FRAMES;
    }
    if (iface->stack != NULL) {
        kind |= NIF_KIND_SOCKETS;
    }
    return kind;
}

int nif_probe(struct nif_board *board, unsigned kind, struct nif_device **out)
{
    for (size_t i = 0; i < board->device_count; i++) {
        struct nif_device *d = &board->devices[i];

        if (d->iface == NULL && d->make != NULL) {
            d->iface = d->make(d->arg);
        }
        if (d->iface == NULL || (nif_iface_kind(d->iface) & kind) != kind) {
            continue;
        }
        if (nif_iface_start(d->iface) == 0) {
            *out = d;
            return 0;
        }
        // Whatever it is: its bus may be another's, too.
        (void)nif_iface_stop(d->iface);
    }
    return NIF_ENODEV;
}

static void describe(const struct nif_board *board, const char *name,
    struct nif_iface *iface, struct nif_interface *line)
{
    struct nif_stack *stack = iface->stack;

    *line = (struct nif_interface){
        .name = name,
        .iface = iface,
        .kind = nif_iface_kind(iface),
        .flags = nif_iface_flags(iface),
        .mtu = nif_iface_mtu(iface),
    };
    nif_iface_hwaddr(iface, &line->hwaddr);
    if (iface == board->iface) {
        stack = board->stack;
    }
    if (stack != NULL) {
        nif_stack_net(stack, &line->net);
    }
}

size_t nif_interfaces(const struct nif_board *board, struct nif_interface *list,
    size_t cap)
{
    size_t count = 0;

    for (size_t i = 0; i < board->device_count; i++) {
        const struct nif_device *d = &board->devices[i];

        if (d->iface == NULL) {
            continue;
        }
        if (count < cap) {
            describe(board, d->name, d->iface, &list[count]);
        }
        count++;
    }
    return count;
}
