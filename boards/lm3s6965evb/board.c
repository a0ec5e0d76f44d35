// SPDX-License-Identifier: MIT
//
// LM3S6965EVB, as QEMU has it: Stellaris Ethernet. In QEMU it takes any
// Cortex-M for its processor.

#include "boards/target/board.h"
#include "boards/target/cortex_m.h"
#include "boards/target/semihost.h"
#include "stellaris/stellaris.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define CLOCK_HZ 12500000u // QEMU's at reset: 200 MHz by 16

#define RCGC2        REG(0x400FE108)
#define RCGC2_EMAC0  (1u << 28)
#define RCGC2_EPHY0  (1u << 30)
#define USER_REG0    REG(0x400FE1E0)
#define USER_REG1    REG(0x400FE1E4)
#define ETHERNET     0x40048000u
#define ETHERNET_IRQ 42u

static struct stellaris mac;
static struct nif_phy phy;
static struct nif_macphy device;
static uint8_t spare[NIF_ETH_FRAME_MAX];

// The board keeps its address in two registers, three bytes in each.
static void own_hwaddr(struct nif_hwaddr *out)
{
    const uint32_t low = USER_REG0;
    const uint32_t high = USER_REG1;

    for (size_t i = 0; i < 3; i++) {
        out->byte[i] = (uint8_t)(low >> 8 * i);
        out->byte[i + 3] = (uint8_t)(high >> 8 * i);
    }
}

void board_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    struct stellaris_cfg cfg = {
        .mmio = { .base = ETHERNET },
        .clock = cortex_m_clock(CLOCK_HZ),
        .hwaddr = *hwaddr,
        .interrupt = true,
        .spare = spare,
        .clock_hz = CLOCK_HZ,
    };

    RCGC2 |= RCGC2_EMAC0 | RCGC2_EPHY0;
    (void)RCGC2; // a few clocks until they run
    if (hwaddr->byte[5] == 0) {
        own_hwaddr(&cfg.hwaddr);
    }
    stellaris_init(&mac, &cfg);
    nif_phy_init(&phy,
        &(struct nif_phy_cfg){
            .mdio = mac.mac.mdio,
            .clock = cfg.clock,
            .ops = &stellaris_phy,
            .interrupt = &mac.phy_interrupt,
        });
    nif_macphy_init(&device,
        &(struct nif_macphy_cfg){
            .mac = &mac.mac,
            .phy = &phy,
            .clock = cfg.clock,
        });
    port->name = "lm3s6965evb";
    port->clock = cfg.clock;
    port->iface = &device.iface;
    // There is no source of chance on this board.
    port->seed = nif_get_le16(cfg.hwaddr.byte + 4) + 1u;
    cortex_m_interrupt(ETHERNET_IRQ);
    cortex_m_interrupts_on();
}

void cortex_m_external(unsigned number)
{
    if (number != ETHERNET_IRQ) {
        board_fault();
    }
    stellaris_interrupt(&mac);
}

const char *board_args(char buf[BOARD_ARGS])
{
    return semihost_args(buf, BOARD_ARGS);
}
