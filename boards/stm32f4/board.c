// SPDX-License-Identifier: MIT
//
// STM32F4: console, light, and the Ethernet MAC with its PHY.

#include "board_settings.h"
#include "boards/target/cortex_m.h"
#include "lan8720/lan8720.h"
#include "stm32_eth/stm32_eth.h"
#include "stm32f4.h"

#include <string.h>

#if defined(BOARD_NUCLEO_F429ZI)
#define NAME "nucleo-f429zi"
static const struct stm32_pin led = { 'B', 0 };
static const struct stm32_pin tx_pins[] = { { 'G', 11 }, { 'G', 13 },
    { 'B', 13 } };
#else
#define NAME "stm32f4"
static const struct stm32_pin led = { 'D', 12 };
static const struct stm32_pin tx_pins[] = { { 'B', 11 }, { 'B', 12 },
    { 'B', 13 } };
#endif

// TX_EN, TXD0 and TXD1 are above; then REF_CLK, MDIO, CRS_DV, MDC, RXD0, RXD1,
// which have no other place.
static const struct stm32_pin eth_pins[] = { { 'A', 1 }, { 'A', 2 }, { 'A', 7 },
    { 'C', 1 }, { 'C', 4 }, { 'C', 5 } };
static const struct stm32_pin console_tx = { 'D', 8 };
static const struct stm32_pin console_rx = { 'D', 9 };

#define VTOR       STM32_REG(0xE000ED08)
#define SYSCFG_PMC STM32_REG(0x40013804)
#define PMC_RMII   (1u << 23)
#define UID        0x1FFF7A10u // 96 bits, no two chips have the same
#define ETH        0x40028000u
#define ETH_IRQ    61u

#define USART3_SR  STM32_REG(0x40004800)
#define USART3_DR  STM32_REG(0x40004804)
#define USART3_BRR STM32_REG(0x40004808)
#define USART3_CR1 STM32_REG(0x4000480C)
#define SR_TXE     (1u << 7)
#define CR1_ON     (1u << 13 | 1u << 3) // USART, transmitter
#define BAUD       115200u

#define RNG_CR       STM32_REG(0x50060800)
#define RNG_SR       STM32_REG(0x50060804)
#define RNG_DR       STM32_REG(0x50060808)
#define RNG_CR_EN    (1u << 2)
#define RNG_SR_READY (1u << 0)
#define RNG_PATIENCE 10000u // a number takes 40 clocks of 48 MHz

#define RX_SLOTS 4
#define TX_SLOTS 2

extern uint32_t image_vectors[];

static uint32_t hz;
static struct stm32_eth mac;

void board_init(void)
{
    VTOR = (uint32_t)(uintptr_t)image_vectors;
    hz = stm32_start_clocks();
    stm32_output(led, false);
    RCC_APB1ENR |= RCC_APB1ENR_USART3;
    stm32_function(console_tx, STM32_AF_USART);
    stm32_function(console_rx, STM32_AF_USART);
    // The port's clock is a fourth of the processor's; at reset, all of it.
    USART3_BRR = ((hz > 16000000u ? hz / 4 : hz) + BAUD / 2) / BAUD;
    USART3_CR1 = CR1_ON;
}

// 32 bits of noise; 0 if the generator has none.
static uint32_t draw(void)
{
    RCC_AHB2ENR |= RCC_AHB2ENR_RNG;
    RNG_CR = RNG_CR_EN;
    for (uint32_t i = 0; i < RNG_PATIENCE; i++) {
        if (RNG_SR & RNG_SR_READY) {
            return RNG_DR;
        }
    }
    return 0;
}

// An address of the chip's own number: the same with each start.
static void own_hwaddr(struct nif_hwaddr *out)
{
    uint32_t mix = 0;

    for (unsigned i = 0; i < 3; i++) {
        mix = (mix ^ STM32_REG(UID + 4 * i)) * 0x9E3779B1u;
        mix ^= mix >> 15;
    }
    out->byte[0] = 0x02; // locally administered
    out->byte[1] = (uint8_t)STM32_REG(UID);
    nif_put_be32(out->byte + 2, mix);
    out->byte[5] |= 1; // main.c takes zero for none
}

// In the order that stm32_eth.h asks for.
static void start_mac(void)
{
    RCC_APB2ENR |= RCC_APB2ENR_SYSCFG;
    (void)RCC_APB2ENR; // two clocks until it runs
    SYSCFG_PMC |= PMC_RMII;
    for (size_t i = 0; i < sizeof(tx_pins) / sizeof(tx_pins[0]); i++) {
        stm32_function(tx_pins[i], STM32_AF_ETH);
    }
    for (size_t i = 0; i < sizeof(eth_pins) / sizeof(eth_pins[0]); i++) {
        stm32_function(eth_pins[i], STM32_AF_ETH);
    }
    RCC_AHB1ENR |= RCC_AHB1ENR_ETH;
    RCC_AHB1RSTR |= RCC_AHB1RSTR_ETH;
    RCC_AHB1RSTR &= ~RCC_AHB1RSTR_ETH;
}

static struct nif_iface *make_device(struct nif_clock *clock,
    const struct nif_hwaddr *hwaddr)
{
    static struct nif_mmio registers = { .base = ETH };
    static struct stm32_eth_slot rx[RX_SLOTS];
    static struct stm32_eth_slot tx[TX_SLOTS];
    static struct lan8720 phy;
    static struct nif_macphy device;

    stm32_eth_init(&mac,
        &(struct stm32_eth_cfg){
            .mmio = &registers,
            .clock = clock,
            .rx = rx,
            .tx = tx,
            .rx_count = RX_SLOTS,
            .tx_count = TX_SLOTS,
            .interrupt = true,
            .hclk_hz = hz,
            .hwaddr = *hwaddr,
        });
    lan8720_init(&phy,
        &(struct lan8720_cfg){
            .phy = { .mdio = mac.mac.mdio, .clock = clock },
        });
    nif_macphy_init(&device,
        &(struct nif_macphy_cfg){
            .mac = &mac.mac,
            .phy = &phy.phy,
            .clock = clock,
        });
    return &device.iface;
}

void board_make(struct board_port *port, const struct nif_hwaddr *hwaddr)
{
    struct nif_hwaddr own = *hwaddr;

    board_print(NAME "\n");
    if (hz < 25000000u) {
        board_print("board: the PLL does not start: no network at 16 MHz\n");
    }
    if (own.byte[5] == 0) {
        own_hwaddr(&own);
    }
    port->name = NAME;
    port->clock = cortex_m_clock(hz);
    port->seed = ((uint64_t)draw() << 32 | draw()) ^ nif_get_be32(&own.byte[2]);
    start_mac();
    port->iface = make_device(port->clock, &own);
    cortex_m_interrupt(ETH_IRQ);
    cortex_m_interrupts_on();
}

void cortex_m_external(unsigned number)
{
    if (number != ETH_IRQ) {
        board_fault();
    }
    stm32_eth_interrupt(&mac);
}

const char *board_args(char buf[BOARD_ARGS])
{
    static const char args[] = BOARD_SETTINGS_ARGS;

    _Static_assert(sizeof(args) <= BOARD_ARGS, "NIF_ARGS is too long");
    memcpy(buf, args, sizeof(args));
    return buf;
}

void board_putc(char c)
{
    while (!(USART3_SR & SR_TXE)) {
    }
    USART3_DR = (uint8_t)c;
}

void board_exit(int code)
{
    (void)code; // the console has said it
    stm32_output(led, true);
    (void)cortex_m_lock();
    for (;;) {
        cortex_m_sleep();
    }
}
