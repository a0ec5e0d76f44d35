// SPDX-License-Identifier: MIT
//
// ARM's MPS2 with one of its FPGA images, as QEMU has it: LAN9118, CMSDK UART.
// Built once for each image (AN385, AN386, AN500, AN505), which differ in
// processor and addresses.

#include "boards/target/board.h"
#include "boards/target/cortex_m.h"
#include "boards/target/semihost.h"
#include "lan9118/lan9118.h"

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

#if defined(BOARD_AN505)
#define NAME         "mps2-an505"
#define CLOCK_HZ     20000000u
#define UART0        0x50200000u
#define ETHERNET     0x42000000u
#define ETHERNET_IRQ 48u
#else
#define CLOCK_HZ     25000000u
#define UART0        0x40004000u
#define ETHERNET_IRQ 13u
#if defined(BOARD_AN500)
#define NAME     "mps2-an500"
#define ETHERNET 0xA0000000u
#elif defined(BOARD_AN386)
#define NAME     "mps2-an386"
#define ETHERNET 0x40200000u
#else
#define NAME     "mps2-an385"
#define ETHERNET 0x40200000u
#endif
#endif

#define UART_DATA    (UART0 + 0x0)
#define UART_STATE   (UART0 + 0x4)
#define UART_CTRL    (UART0 + 0x8)
#define UART_BAUDDIV (UART0 + 0x10)
#define STATE_TXFULL 1u
#define CTRL_TXEN    1u
#define BAUD         115200u

static struct lan9118 mac;
static struct nif_phy phy;
static struct nif_macphy device;

void board_init(void)
{
    REG(UART_BAUDDIV) = CLOCK_HZ / BAUD;
    REG(UART_CTRL) = CTRL_TXEN;
}

void board_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    struct nif_clock *clock = cortex_m_clock(CLOCK_HZ);

    lan9118_init(&mac,
        &(struct lan9118_cfg){
            .mmio = { .base = ETHERNET },
            .clock = clock,
            .hwaddr = *hwaddr,
            .interrupt = true,
        });
    nif_phy_init(&phy,
        &(struct nif_phy_cfg){
            .mdio = mac.mac.mdio,
            .clock = clock,
            .addrs = 1 << 1,
        });
    nif_macphy_init(&device,
        &(struct nif_macphy_cfg){
            .mac = &mac.mac,
            .phy = &phy,
            .clock = clock,
        });
    port->name = NAME;
    port->clock = clock;
    port->iface = &device.iface;
    // There is no source of chance on this board.
    port->seed = nif_get_le16(hwaddr->byte + 4) + 1u;
    cortex_m_interrupt(ETHERNET_IRQ);
    cortex_m_interrupts_on();
}

void cortex_m_external(unsigned number)
{
    if (number != ETHERNET_IRQ) {
        board_fault();
    }
    lan9118_interrupt(&mac);
}

const char *board_args(char buf[BOARD_ARGS])
{
    return semihost_args(buf, BOARD_ARGS);
}

void board_putc(char c)
{
    while (REG(UART_STATE) & STATE_TXFULL) {
    }
    REG(UART_DATA) = (uint8_t)c;
}

void board_exit(int code)
{
    semihost_exit(code);
}
