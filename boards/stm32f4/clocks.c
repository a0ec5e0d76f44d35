// SPDX-License-Identifier: MIT
//
// STM32F4: clocks (RM0090 7.2) and pins (8.4).

#include "stm32f4.h"

#define FLASH_ACR    STM32_REG(0x40023C00)
#define ACR_168_MHZ  0x705u // 5 wait states, prefetch, both caches
#define CR_HSEON     (1u << 16)
#define CR_HSERDY    (1u << 17)
#define CR_HSEBYP    (1u << 18)
#define CR_PLLON     (1u << 24)
#define CR_PLLRDY    (1u << 25)
#define PLLCFGR_HSE  (1u << 22)
#define PLLCFGR_Q    (7u << 24) // 336 MHz by 7: 48 MHz, for the RNG
#define PLLCFGR_N    (336u << 6)
#define CFGR_DIVIDE  (5u << 10 | 4u << 13) // APB1 by 4, APB2 by 2
#define CFGR_SW      3u
#define CFGR_PLL     2u
#define CFGR_SWS_PLL (2u << 2)

#define HSI_HZ  16000000u
#define HSI_MHZ 16u // divided to 1 MHz, which is multiplied by N
#define HSE_MHZ 8u
#define PLL_HZ  168000000u

// A Nucleo's 8 MHz come from its debugger, a Discovery's from a crystal.
#if defined(BOARD_NUCLEO_F429ZI)
#define HSE_ON (CR_HSEON | CR_HSEBYP)
#else
#define HSE_ON CR_HSEON
#endif

// Turns of a wait: more than 20 ms at 16 MHz.
#define PATIENCE 50000u

#define GPIO(pin)    (0x40020000u + 0x400u * (unsigned)((pin).port - 'A'))
#define MODER(pin)   STM32_REG(GPIO(pin) + 0x00)
#define OSPEEDR(pin) STM32_REG(GPIO(pin) + 0x08)
#define BSRR(pin)    STM32_REG(GPIO(pin) + 0x18)
#define AFR(pin)     STM32_REG(GPIO(pin) + 0x20 + 4u * ((pin).number / 8u))

static bool wait_for(const volatile uint32_t *reg, uint32_t mask,
    uint32_t value)
{
    for (uint32_t i = 0; i < PATIENCE; i++) {
        if ((*reg & mask) == value) {
            return true;
        }
    }
    return false;
}

uint32_t stm32_start_clocks(void)
{
    uint32_t source = HSI_MHZ;

    RCC_CR |= HSE_ON;
    if (wait_for(&RCC_CR, CR_HSERDY, CR_HSERDY)) {
        source = HSE_MHZ | PLLCFGR_HSE;
    }
    RCC_PLLCFGR = source | PLLCFGR_N | PLLCFGR_Q; // P is 2
    RCC_CR |= CR_PLLON;
    if (!wait_for(&RCC_CR, CR_PLLRDY, CR_PLLRDY)) {
        return HSI_HZ;
    }
    FLASH_ACR = ACR_168_MHZ;
    RCC_CFGR = CFGR_DIVIDE;
    RCC_CFGR = CFGR_DIVIDE | CFGR_PLL;
    return wait_for(&RCC_CFGR, CFGR_SWS_PLL, CFGR_SWS_PLL) ? PLL_HZ : HSI_HZ;
}

static void set_field(volatile uint32_t *reg, unsigned shift, uint32_t mask,
    uint32_t value)
{
    *reg = (*reg & ~(mask << shift)) | value << shift;
}

static void enable(struct stm32_pin pin)
{
    RCC_AHB1ENR |= 1u << (pin.port - 'A');
    (void)RCC_AHB1ENR; // two clocks until it runs
}

void stm32_function(struct stm32_pin pin, unsigned af)
{
    enable(pin);
    set_field(&AFR(pin), 4u * (pin.number % 8u), 0xF, af);
    set_field(&OSPEEDR(pin), 2u * pin.number, 3, 3);
    set_field(&MODER(pin), 2u * pin.number, 3, 2);
}

void stm32_output(struct stm32_pin pin, bool level)
{
    enable(pin);
    BSRR(pin) = 1u << (pin.number + (level ? 0u : 16u));
    set_field(&MODER(pin), 2u * pin.number, 3, 1);
}
