// SPDX-License-Identifier: MIT
//
// QEMU's machine riscv32 virt: CLINT, PLIC, up to eight virtio devices.
//
// No interrupt is ever taken. WFI ends when one is pending that is let
// through in `mie`, whether or not it may interrupt; wait() then looks who it
// was.

#include "boards/target/board.h"
#include "boards/target/semihost.h"
#include "virtio_net/virtio_net.h"

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define VIRTIO      0x10001000u
#define VIRTIO_SIZE 0x1000u
#define SLOTS       8u
#define ID_OFFSET   0x08u
#define ID_NET      1u

#define CLINT_MTIMECMP 0x02004000u
#define CLINT_MTIME    0x0200BFF8u
#define MTIME_PER_US   10u

#define PLIC_PRIORITY(irq) (0x0C000000u + 4 * (irq))
#define PLIC_ENABLE        0x0C002000u // context 0: machine mode
#define PLIC_THRESHOLD     0x0C200000u
#define PLIC_CLAIM         0x0C200004u

#define MIE_TIMER    (1u << 7)
#define MIE_EXTERNAL (1u << 11)

static struct virtio_net net;
static bool woken;

// ---- clock

static uint64_t mtime(void)
{
    uint32_t high;
    uint32_t low;

    do {
        high = REG(CLINT_MTIME + 4);
        low = REG(CLINT_MTIME);
    } while (high != REG(CLINT_MTIME + 4));
    return (uint64_t)high << 32 | low;
}

static void set_alarm(uint64_t at)
{
    REG(CLINT_MTIMECMP + 4) = UINT32_MAX; // not early on the way
    REG(CLINT_MTIMECMP) = (uint32_t)at;
    REG(CLINT_MTIMECMP + 4) = (uint32_t)(at >> 32);
}

static uint64_t clock_now_us(struct nif_clock *clock)
{
    (void)clock;
    return mtime() / MTIME_PER_US;
}

static void clock_delay_us(struct nif_clock *clock, uint32_t us)
{
    uint64_t until = mtime() + (uint64_t)(us + 1) * MTIME_PER_US;

    (void)clock;
    while (mtime() < until) {
    }
}

// Whoever has called: the network.
static void serve(void)
{
    uint32_t irq = REG(PLIC_CLAIM);

    if (irq != 0) {
        virtio_net_interrupt(&net);
        REG(PLIC_CLAIM) = irq;
    }
}

static void clock_wait(struct nif_clock *clock, uint64_t until_us)
{
    set_alarm(until_us < UINT64_MAX / MTIME_PER_US ? until_us * MTIME_PER_US
                                                   : UINT64_MAX);
    serve();
    while (!woken && clock_now_us(clock) < until_us) {
        __asm__ volatile("wfi" ::: "memory");
        serve();
    }
    woken = false;
}

static void clock_wake(struct nif_clock *clock)
{
    (void)clock;
    woken = true;
}

static struct nif_clock *make_clock(void)
{
    static const struct nif_clock_ops ops = {
        .now_us = clock_now_us,
        .delay_us = clock_delay_us,
        .wait = clock_wait,
        .wake = clock_wake,
    };
    static struct nif_clock clock = { .ops = &ops };

    return &clock;
}

// The slots are filled from the last on.
static unsigned find_slot(void)
{
    for (unsigned i = SLOTS; i-- > 0;) {
        if (REG(VIRTIO + i * VIRTIO_SIZE + ID_OFFSET) == ID_NET) {
            return i;
        }
    }
    return 0; // start() says NIF_ENODEV
}

void board_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    unsigned slot = find_slot();
    uint64_t now = mtime();

    if (hwaddr->byte[5] != 0) {
        board_print("board: the device's address is QEMU's to give\n");
        board_exit(2);
    }
    __asm__ volatile("csrw mie, %0" : : "r"(MIE_TIMER | MIE_EXTERNAL));
    set_alarm(UINT64_MAX);
    REG(PLIC_THRESHOLD) = 0;
    port->name = "riscv-virt";
    port->clock = make_clock();
    port->iface = &net.iface;
    port->seed = now * 0x9E3779B97F4A7C15u + 1;
    virtio_net_init(&net,
        &(struct virtio_net_cfg){
            .mmio = { .base = VIRTIO + slot * VIRTIO_SIZE },
            .clock = port->clock,
            .interrupt = true,
        });
    REG(PLIC_PRIORITY(slot + 1)) = 1;
    REG(PLIC_ENABLE) = 1u << (slot + 1);
}

const char *board_args(char buf[BOARD_ARGS])
{
    return semihost_args(buf, BOARD_ARGS);
}
