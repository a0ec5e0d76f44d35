// SPDX-License-Identifier: MIT
//
// Frames to and from the STM32's MAC: slots that it and its DMA pass to each
// other by the bit OWN.

#include "internal.h"

#include <string.h>

#define FCS 4u

// A frame leaves within half a second, after 16 collisions at 10 Mbit/s.
#define TX_US 1000000u

static uint32_t address(struct stm32_eth *chip, const void *memory, size_t len)
{
    return nif_mmio_address(chip->cfg.mmio, memory, len);
}

// Joins `count` slots to a ring. Returns the address of the first.
static uint32_t join(struct stm32_eth *chip, struct stm32_eth_slot *slot,
    uint8_t count, uint32_t size)
{
    uint32_t first = address(chip, slot, sizeof(*slot));
    uint32_t next = first;

    for (uint8_t i = count; i-- > 0;) {
        slot[i].word[0] = 0;
        slot[i].word[1] = size;
        slot[i].word[2] = address(chip, slot[i].data, STM32_ETH_SLOT);
        slot[i].word[3] = next;
        next = address(chip, &slot[i], sizeof(*slot));
    }
    return first;
}

void stm32_eth__lay_out(struct stm32_eth *chip)
{
    uint32_t rx = join(chip, chip->cfg.rx, chip->cfg.rx_count,
        STM32_ETH_RX_RCH | STM32_ETH_SLOT);
    uint32_t tx = join(chip, chip->cfg.tx, chip->cfg.tx_count, 0);

    for (unsigned i = 0; i < chip->cfg.rx_count; i++) {
        chip->cfg.rx[i].word[0] = STM32_ETH_OWN;
    }
    chip->rx_at = 0;
    chip->tx_at = 0;
    chip->tx_done = 0;
    chip->tx_pending = 0;
    chip->lent = false;
    chip->refused = false;
    chip->ready = true;
    nif_mmio_barrier(chip->cfg.mmio);
    stm32_eth__put(chip, STM32_ETH_DMARDLAR, rx);
    stm32_eth__put(chip, STM32_ETH_DMATDLAR, tx);
}

static uint8_t behind(uint8_t at, uint8_t count)
{
    at++;
    return at < count ? at : 0;
}

// ---- sending

bool stm32_eth__reclaim(struct stm32_eth *chip)
{
    uint32_t now_us = stm32_eth__now(chip);

    while (chip->tx_pending > 0) {
        uint32_t status = chip->cfg.tx[chip->tx_done].word[0];

        if (status & STM32_ETH_OWN) {
            return now_us - chip->tx_us < TX_US;
        }
        if (status & STM32_ETH_TX_ES) {
            chip->stats.tx_bad++;
        } else {
            chip->stats.tx++;
        }
        chip->tx_done = behind(chip->tx_done, chip->cfg.tx_count);
        chip->tx_pending--;
        chip->tx_us = now_us;
    }
    return true;
}

// No slot is free. With an interrupt, one that is wakes; else poll() has to
// ask to be called sooner than it has, once.
static int refuse(struct stm32_eth *chip)
{
    if (!chip->cfg.interrupt && !chip->refused) {
        chip->refused = true;
        nif_mac_wake(&chip->mac);
    }
    return NIF_EAGAIN;
}

int stm32_eth__send(struct nif_mac *mac, const struct nif_seg *segs, size_t n,
    size_t len)
{
    struct stm32_eth *chip = stm32_eth__of(mac);
    struct stm32_eth_slot *slot = &chip->cfg.tx[chip->tx_at];
    uint32_t word = STM32_ETH_OWN | STM32_ETH_TX_FS | STM32_ETH_TX_LS |
        STM32_ETH_TX_TCH | STM32_ETH_TX_IC;
    uint8_t *to = slot->data;

    (void)stm32_eth__reclaim(chip);
    if (chip->tx_pending == chip->cfg.tx_count) {
        return refuse(chip);
    }
    for (; n > 0; n--) {
        memcpy(to, segs->data, segs->len);
        to += segs->len;
        segs++;
    }
    slot->word[1] = (uint32_t)len;
    nif_mmio_barrier(chip->cfg.mmio); // all of it before OWN
    slot->word[0] = word;
    nif_mmio_barrier(chip->cfg.mmio); // OWN before the DMA looks
    stm32_eth__put(chip, STM32_ETH_DMASR,
        STM32_ETH_DMASR_TBUS | STM32_ETH_DMASR_TUS);
    stm32_eth__demand(chip, STM32_ETH_DMATPDR);
    if (chip->tx_pending == 0) {
        chip->tx_us = stm32_eth__now(chip);
    }
    chip->tx_pending++;
    chip->tx_at = behind(chip->tx_at, chip->cfg.tx_count);
    return 0;
}

// ---- receiving

bool stm32_eth__has_frame(const struct stm32_eth *chip)
{
    uint8_t at = chip->rx_at;

    if (chip->lent) {
        at = behind(at, chip->cfg.rx_count);
    }
    return chip->ready && !(chip->cfg.rx[at].word[0] & STM32_ETH_OWN);
}

// The slot at `rx_at` is the DMA's again. It may have stopped for want of one.
static void give_back(struct stm32_eth *chip)
{
    nif_mmio_barrier(chip->cfg.mmio); // all that was read before OWN
    chip->cfg.rx[chip->rx_at].word[0] = STM32_ETH_OWN;
    nif_mmio_barrier(chip->cfg.mmio);
    stm32_eth__demand(chip, STM32_ETH_DMARPDR);
    chip->rx_at = behind(chip->rx_at, chip->cfg.rx_count);
    chip->lent = false;
}

// The length of a frame by its status; 0 if it is not worth delivering.
static size_t frame_len(uint32_t status)
{
    const uint32_t whole = STM32_ETH_RX_FS | STM32_ETH_RX_LS;
    size_t len = STM32_ETH_RX_LEN(status);

    if ((status & (whole | STM32_ETH_RX_ES)) != whole ||
        len < NIF_ETH_HEADER + FCS || len > NIF_ETH_FRAME_MAX + FCS) {
        return 0;
    }
    return len - FCS;
}

int stm32_eth__recv(struct nif_mac *mac, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct stm32_eth *chip = stm32_eth__of(mac);

    *frame = buf;
    if (chip->lent) {
        give_back(chip);
    }
    for (unsigned i = 0; i < chip->cfg.rx_count && stm32_eth__has_frame(chip);
         i++) {
        struct stm32_eth_slot *slot = &chip->cfg.rx[chip->rx_at];
        size_t len = frame_len(slot->word[0]);

        if (len == 0) {
            chip->stats.rx_bad++;
            give_back(chip);
            continue;
        }
        nif_mmio_barrier(chip->cfg.mmio); // OWN before what it is about
        chip->stats.rx++;
        chip->lent = true;
        *frame = slot->data;
        return len <= cap ? (int)len : NIF_ETOOBIG;
    }
    return NIF_EAGAIN;
}
