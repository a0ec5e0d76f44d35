// SPDX-License-Identifier: MIT
//
// Counts the instructions of the stack under test and of nobody else: it is
// on while a call into that stack runs, and stands still while the stack is
// in its device or its clock. Two of them exist, target/meter.S for
// Cortex-M0+ in QEMU and host/meter.c for callgrind.

#ifndef BENCH_STACK_METER_H
#define BENCH_STACK_METER_H

#include "nif/clock.h"
#include "nif/iface.h"

/// Begins and ends a stretch. It is counted only if meter_heed() was called
/// before it.
void meter_heed(void);
void meter_on(void);
void meter_off(void);

/// Says what was counted since the last report, for `count` times of
/// `figure`; then nothing is counted.
void meter_report(const char *figure, unsigned count);

/// Forgets what was counted since the last report.
void meter_forget(void);

// The device and the clock (wire.h) with the meter off while in them. A call
// of one costs the stack under test the call and one return.
int outside_start(struct nif_iface *iface);
int outside_poll(struct nif_iface *iface, uint64_t *again_us);
void outside_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out);
unsigned outside_flags(struct nif_iface *iface);
size_t outside_mtu(struct nif_iface *iface);
void outside_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg);
int outside_send(struct nif_iface *iface, const struct nif_seg *segs, size_t n);
int outside_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame);
int outside_lend(struct nif_iface *iface, size_t len, uint8_t **buf);
int outside_commit(struct nif_iface *iface, size_t len);
uint64_t outside_now_us(struct nif_clock *clock);
void outside_wake(struct nif_clock *clock);

#endif
