// SPDX-License-Identifier: MIT
//
// Ends of the wire that are a descriptor from which whole frames are read: a
// TAP device, or a packet socket on an interface.

#ifndef TAP_DEVICE_H
#define TAP_DEVICE_H

#include "tap/end.h"

/// A TAP device by name: an existing one that this user may use (made by `ip
/// tuntap add NAME mode tap user YOU`), or, for root, a new one that vanishes
/// with the program and gets `host_addr` ("192.0.2.1/24"). Returns NULL and
/// says why.
struct tap_end *tap_device_open(const char *name, const char *host_addr,
    char why[TAP_WHY]);

/// Opens a TAP device of the present network namespace and returns its
/// descriptor, or -1 with errno. `name` has room for IFNAMSIZ bytes; "" lets
/// the kernel choose.
int tap_device_fd(char *name);

/// A packet socket on `name` in the present network namespace, without the
/// frames that it sends itself; -1 with errno.
int tap_packet_fd(const char *name);

/// Makes an end of such a descriptor, which it closes with itself.
/// `name` is borrowed.
struct tap_end *tap_device_end(int fd, const char *name);

/// The descriptor of such an end, for a program that is to have it.
int tap_device_end_fd(const struct tap_end *end);

/// Switches off what would hand us frames with unfinished checksums or of
/// more than one segment. Best effort.
void tap_offloads_off(const char *name);

#endif
