// SPDX-License-Identifier: MIT
//
// The W5500 driver as a stack on a scripted chip: connections, and what the
// chip is made to say. Control bytes are written out in the tests: socket n
// has its registers at 20h * n + 08h, its send memory at + 10h, its receive
// memory at + 18h; bit 2 is write.

#ifndef TESTS_W5500_DRIVER_STACK_H
#define TESTS_W5500_DRIVER_STACK_H

#include "driver_script.h"

#include "w5500/w5500.h"

#define CONNS 9

extern struct script s;
extern struct w5500 w;
extern struct nif_conn conns[CONNS];
extern const struct nif_hwaddr own;
extern const struct nif_conn_cfg none;

/// 192.0.2.`last`, and a port.
struct nif_endpoint at(uint8_t last, uint16_t port);

/// A register of socket `n`.
uint8_t *reg(unsigned n, unsigned offset);

/// A turn of the stack, 1 ms later.
void poll(void);

/// A stack at 192.0.2.2/24 on a fresh chip; not started.
void make(const struct w5500_cfg *cfg);

/// cmocka's setup: one that is started, without INTn.
int up(void **state);

void open_conn(unsigned i, enum nif_proto proto);
void bind_conn(unsigned i, uint16_t port);

/// Socket `n` gets to this status, by these flags.
void happens(unsigned n, uint8_t status, uint8_t flags);

/// Connection 0 on socket 0, called and established; what was said about it
/// is forgotten.
void connected(void);

/// The write to a register of socket `n` from frame `from` on, or the count.
size_t find_write8(size_t from, unsigned n, uint16_t offset);

/// True if socket `n` was given that command.
bool commanded(unsigned n, uint8_t command);

#define TEST(name) cmocka_unit_test_setup(name, up)

#endif
