// SPDX-License-Identifier: MIT
//
// STM32F4 with its Ethernet MAC: registers and pins (RM0090). Two boards: an
// STM32F407 Discovery with a LAN8720 module at its headers, and, with
// BOARD_NUCLEO_F429ZI, a Nucleo-F429ZI, whose PHY is on the board.

#ifndef BOARDS_STM32F4_STM32F4_H
#define BOARDS_STM32F4_STM32F4_H

#include "boards/target/board.h"

#define STM32_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

// Reset and clock control (7.3).
#define RCC          0x40023800u
#define RCC_CR       STM32_REG(RCC + 0x00)
#define RCC_PLLCFGR  STM32_REG(RCC + 0x04)
#define RCC_CFGR     STM32_REG(RCC + 0x08)
#define RCC_AHB1RSTR STM32_REG(RCC + 0x10)
#define RCC_AHB1ENR  STM32_REG(RCC + 0x30)
#define RCC_AHB2ENR  STM32_REG(RCC + 0x34)
#define RCC_APB1ENR  STM32_REG(RCC + 0x40)
#define RCC_APB2ENR  STM32_REG(RCC + 0x44)

#define RCC_AHB1ENR_ETH    (7u << 25) // MAC, TX, RX
#define RCC_AHB1RSTR_ETH   (1u << 25)
#define RCC_AHB2ENR_RNG    (1u << 6)
#define RCC_APB1ENR_USART3 (1u << 18)
#define RCC_APB2ENR_SYSCFG (1u << 14)

/// A port's letter, and a pin's number in it.
struct stm32_pin {
    char port;
    uint8_t number;
};

#define STM32_AF_USART 7u // 1 to 3
#define STM32_AF_ETH   11u

/// Starts the PLL: 168 MHz, the buses at 42 (APB1) and 84 MHz (APB2). Returns
/// the processor's clock: that of reset, 16 MHz, if the PLL does not start.
uint32_t stm32_start_clocks(void);

/// Gives a pin to a peripheral, at its highest speed.
void stm32_function(struct stm32_pin pin, unsigned af);

/// Makes a pin an output.
void stm32_output(struct stm32_pin pin, bool level);

#endif
