// SPDX-License-Identifier: MIT
//
// RP2040 and RP2350: pins of the program's own, and their interrupts. Each
// processor has its own enables; this one is processor 0.

#include "pico.h"

#include "boards/target/cortex_m.h"

#define SIO         0xD0000000u
#define SIO_GPIO_IN (SIO + 0x04u)
#if defined(BOARD_PICO2)
#define SIO_OUT_SET (SIO + 0x18u)
#define SIO_OUT_CLR (SIO + 0x20u)
#define SIO_OE_SET  (SIO + 0x38u)
#define SIO_OE_CLR  (SIO + 0x40u)
#else
#define SIO_OUT_SET (SIO + 0x14u)
#define SIO_OUT_CLR (SIO + 0x18u)
#define SIO_OE_SET  (SIO + 0x24u)
#define SIO_OE_CLR  (SIO + 0x28u)
#endif

#define IO_CTRL(gpio) (PICO_IO_BANK0 + 8u * (gpio) + 4u)
#define PAD(gpio)     (PICO_PADS_BANK0 + 4u * (gpio) + 4u)
#define PAD_IE        (1u << 6)
#define PAD_DRIVE_4MA (1u << 4)
#define PAD_PUE       (1u << 3)
#define PAD_SCHMITT   (1u << 1)

// Four bits for each pin: low, high, falls, rises; eight pins in a register.
#define EDGE_LOW      (1u << 2)
#define EDGE_HIGH     (1u << 3)
#define BANK(gpio)    (4u * ((gpio) / 8u))
#define IN_BANK(gpio) (4u * ((gpio) % 8u))

static struct pico_pin *watched;

static struct pico_pin *of(struct nif_pin *pin)
{
    return nif_container_of(pin, struct pico_pin, pin);
}

void pico_function(enum pico_gpio gpio, enum pico_function function,
    bool pull_up)
{
    PICO_REG(IO_CTRL(gpio)) = function;
    // On the RP2350 this also lets go of what the pad held (ISO, bit 8).
    PICO_REG(PAD(gpio)) =
        PAD_IE | PAD_DRIVE_4MA | PAD_SCHMITT | (pull_up ? PAD_PUE : 0);
}

static bool pin_read(struct nif_pin *pin)
{
    return (PICO_REG(SIO_GPIO_IN) >> of(pin)->gpio & 1) != 0;
}

static void pin_write(struct nif_pin *pin, bool level)
{
    PICO_REG(level ? SIO_OUT_SET : SIO_OUT_CLR) = 1u << of(pin)->gpio;
}

static void pin_on_edge(struct nif_pin *pin, bool rising, nif_pin_edge_fn *fn,
    void *arg)
{
    struct pico_pin *p = of(pin);
    uint32_t bank = BANK(p->gpio);
    uint32_t edges = (EDGE_LOW | EDGE_HIGH) << IN_BANK(p->gpio);
    struct pico_pin *at = watched;

    PICO_CLEAR(PICO_PROC0_INTE0 + bank) = edges;
    PICO_REG(PICO_INTR0 + bank) = edges; // from before
    p->rising = rising;
    p->arg = arg;
    p->fn = fn;
    while (at != NULL && at != p) {
        at = at->next;
    }
    if (at == NULL) {
        p->next = watched;
        watched = p;
    }
    if (fn != NULL) {
        cortex_m_interrupt(PICO_IO_IRQ);
        PICO_SET(PICO_PROC0_INTE0 + bank) = (rising ? EDGE_HIGH : EDGE_LOW)
            << IN_BANK(p->gpio);
    }
}

void pico_pins_interrupt(void)
{
    for (struct pico_pin *p = watched; p != NULL; p = p->next) {
        uint32_t bank = BANK(p->gpio);
        uint32_t mine = PICO_REG(PICO_PROC0_INTS0 + bank) &
            (EDGE_LOW | EDGE_HIGH) << IN_BANK(p->gpio);

        if (mine != 0) {
            PICO_REG(PICO_INTR0 + bank) = mine;
            if (p->fn != NULL) {
                p->fn(p->arg);
            }
        }
    }
}

static struct nif_pin *make(struct pico_pin *pin, enum pico_gpio gpio)
{
    static const struct nif_pin_ops ops = {
        .read = pin_read,
        .write = pin_write,
        .on_edge = pin_on_edge,
    };

    pin->pin.ops = &ops;
    pin->gpio = (uint8_t)gpio;
    return &pin->pin;
}

struct nif_pin *pico_output(struct pico_pin *pin, enum pico_gpio gpio,
    bool level)
{
    struct nif_pin *made = make(pin, gpio);

    pin_write(made, level); // before it is driven
    PICO_REG(SIO_OE_SET) = 1u << gpio;
    pico_function(gpio, PICO_SIO, false);
    return made;
}

struct nif_pin *pico_input(struct pico_pin *pin, enum pico_gpio gpio)
{
    PICO_REG(SIO_OE_CLR) = 1u << gpio;
    pico_function(gpio, PICO_SIO, true);
    return make(pin, gpio);
}
