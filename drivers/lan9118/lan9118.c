// SPDX-License-Identifier: MIT
//
// The LAN9118 as a MAC (nif/mac.h), and the way to its PHY.

#include "lan9118.h"

#include <string.h>

// Registers, and those of the MAC, which are reached by MAC_CSR_CMD.
#define RX_DATA      0x00
#define TX_DATA      0x20
#define RX_STATUS    0x40
#define TX_STATUS    0x48
#define IRQ_CFG      0x54
#define INT_STS      0x58
#define INT_EN       0x5C
#define BYTE_TEST    0x64
#define FIFO_INT     0x68
#define RX_CFG       0x6C
#define TX_CFG       0x70
#define HW_CFG       0x74
#define RX_FIFO_INF  0x7C
#define TX_FIFO_INF  0x80
#define PMT_CTRL     0x84
#define MAC_CSR_CMD  0xA4
#define MAC_CSR_DATA 0xA8
#define AFC_CFG      0xAC

#define MAC_CR   1
#define ADDRH    2
#define ADDRL    3
#define HASHH    4
#define HASHL    5
#define MII_ACC  6
#define MII_DATA 7

#define BYTE_TEST_VALUE 0x87654321u
#define IRQ_ON          0x111u // enabled, active high, push-pull
#define INT_RSFL        (1u << 3)
#define INT_TSFL        (1u << 7)
#define INT_RXE         (1u << 14)
#define INT_TXE         (1u << 13)
#define RX_DUMP         (1u << 15)
#define TXS_DUMP        (1u << 15)
#define TXD_DUMP        (1u << 14)
#define TX_ON           (1u << 1)
#define TXSAO           (1u << 2) // statuses that nobody fetches are no error
#define HW_SRST         1u
#define HW_SETTINGS     0x00150000u // 5 KiB to send from; MBO
#define PMT_READY       1u
#define AFC_SETTINGS    0x006E3740u

#define CSR_BUSY 0x80000000u
#define CSR_READ 0x40000000u

#define CR_FDPX   (1u << 20)
#define CR_RCVOWN (1u << 23)
#define CR_MCPAS  (1u << 19)
#define CR_PRMS   (1u << 18)
#define CR_HPFILT (1u << 13)
#define CR_PADSTR (1u << 8)
#define CR_TXEN   (1u << 3)
#define CR_RXEN   (1u << 2)

#define MII_BUSY  1u
#define MII_WRITE 2u

// A frame to send in one piece: two words before it.
#define TX_FIRST_LAST 0x3000u
#define TX_MORE       16u // besides the data: those words, and some to spare
#define TX_ERROR      (1u << 15)

#define RX_LENGTH(status) ((status) >> 16 & 0x3FFF)
#define RX_ERROR          (1u << 15)
#define RX_FILTERED       (1u << 30)
#define FCS               4u

// Reads until a deadline; each takes 45 ns or more on the bus.
#define WAKE_MS   100u
#define RESET_MS  20u
#define CSR_READS 10000u // 64 bits of MDIO at 2.5 MHz: 26 us
#define POLL_US   1000u
#define FULL_US   125u // a frame of full length, at 100 Mbit/s
#define RX_SKIPS  32

static struct lan9118 *of(struct nif_mac *mac)
{
    return nif_container_of(mac, struct lan9118, mac);
}

static uint32_t get(struct lan9118 *chip, uint32_t reg)
{
    return nif_mmio_read(&chip->cfg.mmio, reg);
}

static void put(struct lan9118 *chip, uint32_t reg, uint32_t value)
{
    nif_mmio_write(&chip->cfg.mmio, reg, value);
}

void lan9118_interrupt(struct lan9118 *chip)
{
    // After a reset the line is active low, and so calls without end.
    put(chip, IRQ_CFG, IRQ_ON);
    put(chip, INT_EN, 0);
    chip->look = true;
    nif_mac_wake(&chip->mac);
}

// ---- the MAC's registers, and MDIO

static int csr_wait(struct lan9118 *chip)
{
    for (unsigned i = 0; i < CSR_READS; i++) {
        if (!(get(chip, MAC_CSR_CMD) & CSR_BUSY)) {
            return 0;
        }
    }
    return NIF_ETIMEDOUT;
}

static int csr_read(struct lan9118 *chip, uint32_t index, uint32_t *value)
{
    int err;

    put(chip, MAC_CSR_CMD, CSR_BUSY | CSR_READ | index);
    err = csr_wait(chip);
    *value = get(chip, MAC_CSR_DATA);
    return err;
}

static int csr_write(struct lan9118 *chip, uint32_t index, uint32_t value)
{
    put(chip, MAC_CSR_DATA, value);
    put(chip, MAC_CSR_CMD, CSR_BUSY | index);
    return csr_wait(chip);
}

static int mii_wait(struct lan9118 *chip)
{
    for (unsigned i = 0; i < CSR_READS; i++) {
        uint32_t access;
        int err = csr_read(chip, MII_ACC, &access);

        if (err != 0 || !(access & MII_BUSY)) {
            return err;
        }
    }
    return NIF_ETIMEDOUT;
}

static int mii_access(struct lan9118 *chip, uint8_t phy, uint8_t reg,
    uint32_t kind)
{
    int err = csr_write(chip, MII_ACC,
        (uint32_t)phy << 11 | (uint32_t)reg << 6 | kind | MII_BUSY);

    return err == 0 ? mii_wait(chip) : err;
}

static int mdio_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    struct lan9118 *chip = nif_container_of(mdio, struct lan9118, mdio);
    uint32_t value;
    int err = mii_access(chip, phy, reg, 0);

    if (err == 0) {
        err = csr_read(chip, MII_DATA, &value);
    }
    return err == 0 ? (int)(value & 0xFFFF) : err;
}

static int mdio_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    struct lan9118 *chip = nif_container_of(mdio, struct lan9118, mdio);
    int err = csr_write(chip, MII_DATA, value);

    return err == 0 ? mii_access(chip, phy, reg, MII_WRITE) : err;
}

// ---- start, stop, link

// Waits for `mask` in a register to become `want`.
static int await(struct lan9118 *chip, uint32_t reg, uint32_t mask,
    uint32_t want, uint32_t ms)
{
    uint64_t until_us = nif_clock_now_us(chip->cfg.clock) + (uint64_t)ms * 1000;

    while ((get(chip, reg) & mask) != want) {
        if (nif_clock_now_us(chip->cfg.clock) >= until_us) {
            return NIF_ETIMEDOUT;
        }
    }
    return 0;
}

static int set_hwaddr(struct lan9118 *chip)
{
    static const struct nif_hwaddr none;
    uint8_t *own = chip->hwaddr.byte;
    uint32_t low = 0;
    uint32_t high = 0;
    int err;

    chip->hwaddr = chip->cfg.hwaddr;
    if (memcmp(own, none.byte, sizeof(none.byte)) == 0) {
        err = csr_read(chip, ADDRL, &low);
        if (err == 0) {
            err = csr_read(chip, ADDRH, &high);
        }
        nif_put_le32(own, low);
        nif_put_le16(own + 4, (uint16_t)high);
        // Without an EEPROM it reads as ones.
        return err == 0 && (own[0] & 1) ? NIF_ENODEV : err;
    }
    low = nif_get_le32(own);
    err = csr_write(chip, ADDRL, low);
    return err == 0 ? csr_write(chip, ADDRH, nif_get_le16(own + 4)) : err;
}

static int lan9118_start(struct nif_mac *mac)
{
    struct lan9118 *chip = of(mac);
    int err;

    // Until it reads like this the chip sleeps, or there is none.
    err = await(chip, BYTE_TEST, UINT32_MAX, BYTE_TEST_VALUE, WAKE_MS);
    if (err != 0) {
        return NIF_ENODEV;
    }
    err = await(chip, PMT_CTRL, PMT_READY, PMT_READY, WAKE_MS);
    if (err == 0) {
        put(chip, INT_EN, 0);
        put(chip, HW_CFG, HW_SRST);
        err = await(chip, HW_CFG, HW_SRST, 0, RESET_MS);
    }
    if (err != 0) {
        return err;
    }
    put(chip, HW_CFG, HW_SETTINGS);
    put(chip, AFC_CFG, AFC_SETTINGS);
    put(chip, RX_CFG, 0);
    put(chip, TX_CFG, TX_ON | TXSAO);
    put(chip, FIFO_INT, 0x48000000); // an interrupt with the first status
    put(chip, IRQ_CFG, IRQ_ON);
    put(chip, INT_STS, UINT32_MAX);
    chip->look = true;
    chip->full = false;
    return set_hwaddr(chip);
}

static int lan9118_stop(struct nif_mac *mac)
{
    struct lan9118 *chip = of(mac);

    put(chip, INT_EN, 0);
    return csr_write(chip, MAC_CR, 0) == 0 ? 0 : NIF_EIO;
}

static int lan9118_link(struct nif_mac *mac, const struct nif_phy_link *link)
{
    struct lan9118 *chip = of(mac);
    uint32_t control =
        chip->control & (CR_PRMS | CR_MCPAS); // the filter's part

    if (link->up) {
        control |= CR_TXEN | CR_RXEN | CR_PADSTR;
        control |= link->full_duplex ? CR_FDPX : CR_RCVOWN;
    } else {
        put(chip, TX_CFG, TXS_DUMP | TXD_DUMP);
        put(chip, TX_CFG, TX_ON | TXSAO);
    }
    chip->control = control;
    return csr_write(chip, MAC_CR, control);
}

// A chip that has lost itself does not send; one that is gone is no chip.
static bool is_lost(struct lan9118 *chip)
{
    return get(chip, TX_CFG) != (TX_ON | TXSAO);
}

// Free bytes of the FIFO. Takes the statuses of what was sent out of theirs.
static uint32_t tx_free(struct lan9118 *chip)
{
    uint32_t inf = get(chip, TX_FIFO_INF);

    for (unsigned i = inf >> 16 & 0xFF; i > 0; i--) {
        if (get(chip, TX_STATUS) & TX_ERROR) {
            chip->stats.tx_bad++;
        }
    }
    return inf & 0xFFFF;
}

// True if the handler has been called since, or there is none.
static bool has_frame(struct lan9118 *chip)
{
    if (!chip->look && chip->cfg.interrupt) {
        return false;
    }
    chip->look = false; // the handler may set it again from here on
    // Acknowledged first, looked at then.
    put(chip, INT_STS, UINT32_MAX);
    if (chip->cfg.interrupt) {
        put(chip, INT_EN, INT_RSFL | INT_RXE | INT_TXE);
    }
    if ((get(chip, RX_FIFO_INF) >> 16 & 0xFF) == 0) {
        return false;
    }
    chip->look = true;
    return true;
}

static int lan9118_poll(struct nif_mac *mac, uint64_t *again_us)
{
    struct lan9118 *chip = of(mac);
    uint32_t in_us = UINT32_MAX;
    bool frame;

    if (is_lost(chip)) {
        return NIF_EIO;
    }
    if (chip->full) {
        chip->full = false;
        (void)tx_free(chip);
        in_us = FULL_US;
    } else if (!chip->cfg.interrupt) {
        in_us = POLL_US;
    }
    frame = has_frame(chip);
    if (frame) {
        in_us = 0;
    }
    if (in_us != UINT32_MAX) {
        nif_again_by(again_us, nif_clock_now_us(chip->cfg.clock) + in_us);
    }
    return frame ? 0 : NIF_SEEN_NO_FRAME;
}

// ---- frames

static int lan9118_send(struct nif_mac *mac, const struct nif_seg *segs,
    size_t n, size_t len)
{
    struct lan9118 *chip = of(mac);
    uint32_t word = 0;
    unsigned count = 0;

    if (tx_free(chip) < len + TX_MORE) {
        chip->full = true;
        nif_mac_wake(&chip->mac); // poll() says until when
        return NIF_EAGAIN;
    }
    put(chip, TX_DATA, TX_FIRST_LAST | (uint32_t)len);
    put(chip, TX_DATA, (uint32_t)len);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < segs[i].len; k++) {
            word |= (uint32_t)segs[i].data[k] << 8 * count;
            if (++count == 4) {
                put(chip, TX_DATA, word);
                word = 0;
                count = 0;
            }
        }
    }
    if (count > 0) {
        put(chip, TX_DATA, word);
    }
    chip->stats.tx++;
    return 0;
}

// Reads a frame of `len` bytes with its FCS; `cap` of them go to `buf`.
static void read_frame(struct lan9118 *chip, size_t len, uint8_t *buf,
    size_t cap)
{
    for (size_t at = 0; at < len; at += 4) {
        uint32_t word = get(chip, RX_DATA);

        for (size_t k = at; k < at + 4 && k < cap; k++) {
            buf[k] = (uint8_t)word;
            word >>= 8;
        }
    }
}

static int lan9118_recv(struct nif_mac *mac, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct lan9118 *chip = of(mac);

    for (unsigned i = 0; i < RX_SKIPS; i++) {
        uint32_t status;
        size_t len;

        if ((get(chip, RX_FIFO_INF) >> 16 & 0xFF) == 0) {
            return NIF_EAGAIN;
        }
        status = get(chip, RX_STATUS);
        len = RX_LENGTH(status) - FCS;
        if (status & (RX_ERROR | RX_FILTERED) || len < NIF_ETH_HEADER ||
            len > NIF_ETH_FRAME_MAX) {
            read_frame(chip, RX_LENGTH(status), buf, 0);
            chip->stats.rx_bad++;
            continue;
        }
        read_frame(chip, len + FCS, buf, len < cap ? len : cap);
        if (is_lost(chip)) {
            return NIF_EIO; // in the middle of it, perhaps
        }
        if (len > cap) {
            return NIF_ETOOBIG;
        }
        chip->stats.rx++;
        *frame = buf;
        return (int)len;
    }
    return NIF_EAGAIN;
}

// Groups pass all or none: the hash is not worth its code.
static int lan9118_filter(struct nif_mac *mac, const struct nif_eth_filter *f)
{
    struct lan9118 *chip = of(mac);

    chip->control &= ~(CR_PRMS | CR_MCPAS);
    if (f->promiscuous) {
        chip->control |= CR_PRMS;
    }
    if (f->all_multicast || f->group_count > 0) {
        chip->control |= CR_MCPAS;
    }
    if (!(chip->control & CR_RXEN)) {
        return 0;
    }
    return csr_write(chip, MAC_CR, chip->control);
}

static void lan9118_hwaddr(struct nif_mac *mac, struct nif_hwaddr *out)
{
    *out = of(mac)->hwaddr;
}

void lan9118_init(struct lan9118 *chip, const struct lan9118_cfg *cfg)
{
    static const struct nif_mac_ops mac_ops = {
        .start = lan9118_start,
        .stop = lan9118_stop,
        .link = lan9118_link,
        .poll = lan9118_poll,
        .send = lan9118_send,
        .recv = lan9118_recv,
        .filter = lan9118_filter,
        .hwaddr = lan9118_hwaddr,
    };
    static const struct nif_mdio_ops mdio_ops = {
        .read = mdio_read,
        .write = mdio_write,
    };

    memset(chip, 0, sizeof(*chip));
    chip->mac.ops = &mac_ops;
    chip->mac.mdio = &chip->mdio;
    chip->mdio.ops = &mdio_ops;
    chip->cfg = *cfg;
    chip->hwaddr = cfg->hwaddr;
}
