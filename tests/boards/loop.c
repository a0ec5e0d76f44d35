// SPDX-License-Identifier: MIT
//
// An image for the LM3S6965EVB, whose ports are of the same make as the
// RP2040's: bytes go out by our drivers and come back. SSI0 (PL022) hears
// itself. So does UART1 (PL011), which QEMU has from 9.0 on; by the command
// line "peer" somebody at its other end sends back what comes. Ends with 0 if
// all came back, with 77 if UART1 does not hear itself.

#include "boards/target/board.h"
#include "boards/target/cortex_m.h"
#include "boards/target/pl011.h"
#include "boards/target/pl022.h"
#include "boards/target/semihost.h"

#include <string.h>

#define REG(address) (*(volatile uint32_t *)(address))

#define CLOCK_HZ     12500000u // QEMU's at reset
#define RCGC1        REG(0x400FE104)
#define RCGC1_UART1  (1u << 1)
#define RCGC1_SSI0   (1u << 4)
#define UART1        0x4000D000u
#define UART1_IRQ    6u
#define SSI0         0x40008000u
#define EXIT_SKIP    77
#define LIMIT_US     2000000u
#define RING         64u
#define SPI_MOST     64u
#define SPI_FRAME    1514u
#define UART_LEN_MAX 150u // what is on the way must fit the ways

static struct nif_clock *clock;
static struct pl022 spi;
static struct pl011 uart;
static uint8_t ring[RING];
static uint8_t out[SPI_FRAME];
static uint8_t in[SPI_FRAME];
static unsigned interrupts;

static void print(const char *text)
{
    for (; *text != '\0'; text++) {
        board_putc(*text);
    }
}

NIF_NORETURN static void fail(const char *why)
{
    print("failed: ");
    print(why);
    print("\n");
    board_exit(1);
}

void nif_panic(const char *what)
{
    fail(what);
}

void board_fault(void)
{
    print("fault\n");
    board_exit(BOARD_EXIT_FAULT);
}

void cortex_m_external(unsigned number)
{
    if (number != UART1_IRQ) {
        board_fault();
    }
    interrupts++;
    pl011_interrupt(&uart);
}

static void fill(size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(i * 29 + seed);
        in[i] = 0;
    }
}

// ---- SPI

static void spi_comes_back(size_t len)
{
    // In two pieces: the FIFO does not see the seam.
    const struct nif_spi_seg segs[] = { { out, in, len / 3 },
        { out + len / 3, in + len / 3, len - len / 3 } };

    fill(len, (unsigned)len);
    if (nif_spi_transact(&spi.spi, segs, 2, 0) != 0) {
        fail("spi: the port stands still");
    }
    if (memcmp(in, out, len) != 0) {
        fail("spi: other bytes came back");
    }
}

static void test_spi(void)
{
    pl022_init(&spi,
        &(struct pl022_cfg){
            .mmio = { .base = SSI0 },
            .hz = CLOCK_HZ,
            .cpu_hz = CLOCK_HZ,
            .baud = 6000000,
            .loopback = true,
        });
    for (size_t len = 0; len <= SPI_MOST; len++) {
        spi_comes_back(len);
    }
    spi_comes_back(SPI_FRAME);
    print("spi: 0 to 64 and 1514 bytes\n");
}

// ---- UART

// Takes all of `len` bytes to come, as a driver does: sleeps in between.
static bool hear(size_t len, uint64_t until_us)
{
    const struct nif_uart_ops *ops = uart.uart.ops;
    size_t got = 0;

    while (got < len && nif_clock_now_us(clock) < until_us) {
        int n = ops->read(&uart.uart, in + got, len - got);

        got += (size_t)n;
        if (n == 0) {
            nif_clock_wait(clock, until_us);
        }
    }
    return got == len;
}

static bool uart_comes_back(size_t len, uint64_t limit_us)
{
    const struct nif_uart_ops *ops = uart.uart.ops;
    size_t sent = 0;

    fill(len, (unsigned)len * 7);
    while (sent < len) {
        sent += (size_t)ops->write(&uart.uart, out + sent, len - sent);
    }
    if (!hear(len, nif_clock_now_us(clock) + limit_us)) {
        return false;
    }
    if (memcmp(in, out, len) != 0) {
        fail("uart: other bytes came back");
    }
    return true;
}

static void start_uart(bool loopback)
{
    pl011_uart_init(&uart,
        &(struct pl011_cfg){
            .mmio = { .base = UART1 },
            .hz = CLOCK_HZ,
            .clock = clock,
            .ring = ring,
            .ring_len = RING,
            .loopback = loopback,
        });
    if (uart.uart.ops->configure(&uart.uart, 115200, false) != 0) {
        fail("uart: the rate");
    }
}

static void test_uart(bool peer)
{
    cortex_m_interrupt(UART1_IRQ);
    cortex_m_interrupts_on();
    start_uart(!peer);
    if (!uart_comes_back(1, peer ? LIMIT_US : LIMIT_US / 20)) {
        print("uart: nothing comes back\n");
        board_exit(peer ? 1 : EXIT_SKIP);
    }
    // More than the ring holds, too: the rest waits in FIFO and line.
    for (size_t len = 1; len <= UART_LEN_MAX; len++) {
        if (!uart_comes_back(len, LIMIT_US)) {
            fail("uart: bytes are missing");
        }
    }
    if (uart.uart.ops->errors(&uart.uart) != 0) {
        fail("uart: an error of the line");
    }
    if (interrupts < UART_LEN_MAX) {
        fail("uart: it was not the interrupt that moved them");
    }
    print("uart: 1 to 150 bytes\n");
}

void board_main(void)
{
    char args[BOARD_ARGS];

    board_init();
    RCGC1 |= RCGC1_UART1 | RCGC1_SSI0;
    (void)RCGC1; // a few clocks until they run
    clock = cortex_m_clock(CLOCK_HZ);
    test_spi();
    test_uart(strcmp(semihost_args(args, sizeof(args)), "peer") == 0);
    board_exit(0);
}
