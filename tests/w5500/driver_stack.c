// SPDX-License-Identifier: MIT
//
// A stack on a scripted chip.

#include "driver_stack.h"

#include <string.h>

struct script s;
struct w5500 w;
struct nif_conn conns[CONNS];

const struct nif_hwaddr own = { { 2, 0x11, 0x22, 0x33, 0x44, 0x55 } };
const struct nif_conn_cfg none;

struct nif_endpoint at(uint8_t last, uint16_t port)
{
    return (struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, last),
        .port = port };
}

uint8_t *reg(unsigned n, unsigned offset)
{
    return script_sn(&s, n, offset);
}

void poll(void)
{
    s.now_us += 1000;
    (void)nif_stack_poll(&w.stack);
}

void make(const struct w5500_cfg *cfg)
{
    struct w5500_cfg full = *cfg;

    script_init(&s);
    memset(conns, 0, sizeof(conns));
    full.spi = &s.spi;
    full.clock = &s.clock;
    full.hwaddr = own;
    w5500_init(&w, &full);
    assert_int_equal(nif_stack_set_net(&w.stack,
                         &(struct nif_net){ .ip = nif_ip4(192, 0, 2, 2),
                             .prefix_len = 24,
                             .gateway = nif_ip4(192, 0, 2, 1) }),
        0);
}

int up(void **state)
{
    (void)state;
    make(&(struct w5500_cfg){ .seed = 7 });
    assert_int_equal(nif_iface_start(&w.chip.iface), 0);
    poll();
    s.count = 0;
    return 0;
}

void open_conn(unsigned i, enum nif_proto proto)
{
    assert_int_equal(nif_conn_open(&w.stack, &conns[i], proto, &none), 0);
}

void bind_conn(unsigned i, uint16_t port)
{
    const struct nif_endpoint local = { .port = port };

    assert_int_equal(nif_conn_bind(&conns[i], &local), 0);
}

// The chip's socket gets there, by a flag.
void happens(unsigned n, uint8_t status, uint8_t flags)
{
    *reg(n, 3) = status;
    *reg(n, 2) |= flags;
}

// Connection 0 on socket 0, established, with nothing said about it.
void connected(void)
{
    const struct nif_endpoint to = at(9, 80);

    open_conn(0, NIF_TCP);
    assert_int_equal(nif_conn_connect(&conns[0], &to), 0);
    happens(0, 0x17, 0x01);
    poll();
    assert_int_equal(nif_conn_state(&conns[0]), NIF_CONN_OPEN);
    nif_put_be16(reg(0, 0x24), 0x7FF0); // TX_WR begins anywhere
    nif_put_be16(reg(0, 0x28), 0xFFFE); // RX_RD as well
    s.count = 0;
}

size_t find_write8(size_t from, unsigned n, uint16_t offset)
{
    return script_find(&s, from, (uint8_t)(n * 0x20 + 0x0C), offset);
}

// True if socket `n` was given that command.
bool commanded(unsigned n, uint8_t command)
{
    for (size_t i = find_write8(0, n, 1); i < s.count;
         i = find_write8(i + 1, n, 1)) {
        if (s.said[i].data[0] == command) {
            return true;
        }
    }
    return false;
}
