// SPDX-License-Identifier: MIT
//
// The LAN9118's FIFOs and the wire.

#include "sim/chips/lan9118/model.h"
#include "sim/chips/rmii.h"

#include <stdlib.h>
#include <string.h>

#define POLY      0x04C11DB7u
#define FRAME_MAX 1518u // without FCS, with a VLAN tag
#define FRAME_MIN 60u
#define OVERHEAD  20u // bytes of preamble and gap
#define TYPE_MIN  0x600u

// Command A and B.
#define A_IOC      (1u << 31)
#define A_FIRST    (1u << 13)
#define A_LAST     (1u << 12)
#define A_SIZE(a)  ((a)&0x7FFu)
#define A_SKIP(a)  ((a) >> 16 & 31u)
#define A_ALIGN(a) ((a) >> 24 & 3u)
#define B_LEN(b)   ((b)&0x7FFu)
#define B_NO_FCS   (1u << 13)
#define B_NO_PAD   (1u << 12)
#define TAG(b)     ((b)&0xFFFF0000u)

// What is being written: command A, B, data.
enum { WANT_A, WANT_B, WANT_DATA };

#define TX_ES        (1u << 15)
#define TX_LATE      (1u << 9)
#define TX_EXCESSIVE (1u << 8)

#define RX_BROADCAST (1u << 13)
#define RX_MULTICAST (1u << 10)
#define RX_TYPE      (1u << 5)

static void complain(struct sim_lan9118 *chip, const char *what)
{
    sim_complain(chip->cpu->world, chip->cfg.name, "%s", what);
}

static size_t kib(struct sim_lan9118 *chip)
{
    return *lan__reg(chip, LAN_HW_CFG) >> 16 & 15;
}

// ---- transmit

// Without the statuses, which have 512 bytes of it.
static size_t tx_cap(struct sim_lan9118 *chip)
{
    return kib(chip) * 1024 - 512;
}

size_t lan__tx_free(struct sim_lan9118 *chip)
{
    size_t used = (chip->tx_used + chip->tx_cost) * 4;

    return used < tx_cap(chip) ? tx_cap(chip) - used : 0;
}

static void fail(struct sim_lan9118 *chip, const char *what)
{
    complain(chip, what);
    lan__raise(chip, INT_TXE);
    chip->tx_state = WANT_A;
    chip->tx_len = 0;
    chip->tx_cost = 0;
}

static void queue(struct sim_lan9118 *chip)
{
    struct sim_lan9118_tx *frame;

    if (chip->tx_len != B_LEN(chip->tx_b)) {
        fail(chip, "the segments are not as long as the frame");
        return;
    }
    if (chip->tx_len > FRAME_MAX || chip->tx_count == SIM_LAN9118_TX) {
        fail(chip, "a frame that is too long, or one too many");
        return;
    }
    frame = &chip->tx_queue[chip->tx_count++];
    *frame = (struct sim_lan9118_tx){ .len = chip->tx_len,
        .cost = chip->tx_cost,
        .a = chip->tx_a,
        .b = chip->tx_b,
        .data = malloc(FRAME_MAX + SIM_FCS) };
    NIF_ASSERT(frame->data != NULL);
    memcpy(frame->data, chip->tx_data, chip->tx_len);
    chip->tx_used += chip->tx_cost;
    chip->tx_cost = 0;
    chip->tx_len = 0;
    lan__tx_go(chip);
}

static void begin_segment(struct sim_lan9118 *chip, uint32_t b)
{
    static const uint8_t alignment[4] = { 4, 16, 32, 4 };
    size_t unit = alignment[A_ALIGN(chip->tx_a)];

    if (!(chip->tx_a & A_FIRST) != (chip->tx_len > 0)) {
        fail(chip, "a first segment within a frame, or none");
        return;
    }
    if (chip->tx_len > 0 && b != chip->tx_b) {
        fail(chip, "command B differs within a frame");
        return;
    }
    chip->tx_b = b;
    chip->tx_skip = A_SKIP(chip->tx_a);
    chip->tx_size = A_SIZE(chip->tx_a);
    chip->tx_need =
        (chip->tx_skip + chip->tx_size + unit - 1) / unit * unit / 4;
    chip->tx_state = WANT_DATA;
}

static void take(struct sim_lan9118 *chip, uint32_t word)
{
    for (unsigned i = 0; i < 4; i++, word >>= 8) {
        if (chip->tx_skip > 0) {
            chip->tx_skip--;
        } else if (chip->tx_size > 0) {
            chip->tx_size--;
            if (chip->tx_len < sizeof(chip->tx_data)) {
                chip->tx_data[chip->tx_len++] = (uint8_t)word;
            }
        }
    }
    chip->tx_need--;
}

void lan__tx_write(struct sim_lan9118 *chip, uint32_t word)
{
    if (lan__tx_free(chip) < 4) {
        lan__raise(chip, INT_TDFO);
        complain(chip, "the transmit FIFO runs over");
        return;
    }
    chip->tx_cost++;
    if (chip->tx_state == WANT_A) {
        chip->tx_a = word;
        chip->tx_state = WANT_B;
    } else if (chip->tx_state == WANT_B) {
        begin_segment(chip, word);
    } else {
        take(chip, word);
    }
    if (chip->tx_state == WANT_DATA && chip->tx_need == 0) {
        chip->tx_state = WANT_A;
        if (chip->tx_a & A_LAST) {
            queue(chip);
        }
    }
}

static void drop_first(struct sim_lan9118 *chip)
{
    chip->tx_used -= chip->tx_queue[0].cost;
    free(chip->tx_queue[0].data);
    chip->tx_count--;
    memmove(chip->tx_queue, chip->tx_queue + 1,
        chip->tx_count * sizeof(chip->tx_queue[0]));
}

static void complete(struct sim_lan9118 *chip, uint32_t status)
{
    uint32_t a = chip->tx_queue[0].a;

    chip->tx_leaving = false;
    if (chip->tx_orphan) {
        chip->tx_orphan = false;
        lan__tx_go(chip);
        return;
    }
    chip->tx += status == 0;
    if (chip->tx_statuses < SIM_LAN9118_TX) { // else TXSAO lets it go
        chip->tx_status[chip->tx_statuses++] =
            TAG(chip->tx_queue[0].b) | (status ? status | TX_ES : 0);
    }
    drop_first(chip);
    if (chip->tx_statuses == SIM_LAN9118_TX) {
        lan__raise(chip, INT_TSFF);
    }
    if (chip->tx_statuses > (*lan__reg(chip, LAN_FIFO_INT) >> 16 & 0xFF)) {
        lan__raise(chip, INT_TSFL);
    }
    if (lan__tx_free(chip) >
        (size_t)(*lan__reg(chip, LAN_FIFO_INT) >> 24) * 64) {
        lan__raise(chip, INT_TDFA);
    }
    if (a & A_IOC) {
        lan__raise(chip, INT_TX_IOC);
    }
    lan__tx_go(chip);
}

static size_t finish(struct sim_lan9118 *chip, struct sim_lan9118_tx *frame)
{
    size_t len = frame->len;

    if (len < FRAME_MIN && !(frame->b & B_NO_PAD)) {
        if (!(chip->csr[CSR_MAC_CR] & CR_PADSTR) && frame->b & B_NO_FCS) {
            return len;
        }
        memset(frame->data + len, 0, FRAME_MIN - len);
        len = FRAME_MIN;
    }
    return (frame->b & B_NO_FCS) != 0 ? len : sim_fcs_put(frame->data, len);
}

void lan__tx_go(struct sim_lan9118 *chip)
{
    struct sim_lan9118_tx *frame = &chip->tx_queue[0];
    size_t len;

    if (chip->tx_count == 0 || chip->tx_leaving || chip->resetting ||
        (chip->tx_statuses == SIM_LAN9118_TX &&
            !(*lan__reg(chip, LAN_TX_CFG) & TX_CFG_SAO)) ||
        !(*lan__reg(chip, LAN_TX_CFG) & TX_CFG_ON) ||
        !(chip->csr[CSR_MAC_CR] & CR_TXEN)) {
        return;
    }
    chip->tx_leaving = true;
    len = finish(chip, frame);
    if (sim_rmii_has_link(&chip->nic, &chip->phy)) {
        (void)sim_rmii_same_speed(&chip->nic, &chip->phy, true);
        if (sim_nic_send_raw(&chip->nic, frame->data, len)) {
            return;
        }
    }
    sim_event_at(chip->cpu->world, &chip->void_event,
        chip->cpu->world->now_ns + (len + OVERHEAD) * 80);
}

static void on_void(struct sim_event *event)
{
    complete(nif_container_of(event, struct sim_lan9118, void_event), 0);
}

// The card has done with a frame, the last that it was given.
static void on_end(void *arg, enum sim_nic_end end)
{
    struct sim_lan9118 *chip = arg;
    bool lost = end == SIM_NIC_COLLISIONS || end == SIM_NIC_LATE;

    if (chip->tx_leaving && chip->nic.queued == 0 &&
        !sim_event_pending(&chip->void_event)) {
        complete(chip, lost ? TX_EXCESSIVE | TX_LATE : 0);
    }
}

uint32_t lan__tx_pop(struct sim_lan9118 *chip, bool peek)
{
    uint32_t status = chip->tx_status[0];

    if (chip->tx_statuses == 0) {
        complain(chip, "no status of a frame that was sent");
        return 0;
    }
    if (!peek) {
        chip->tx_statuses--;
        memmove(chip->tx_status, chip->tx_status + 1,
            chip->tx_statuses * sizeof(chip->tx_status[0]));
        lan__tx_go(chip);
    }
    return status;
}

void lan__tx_dump(struct sim_lan9118 *chip)
{
    if (sim_event_pending(&chip->void_event)) {
        sim_event_cancel(chip->cpu->world, &chip->void_event);
        chip->tx_leaving = false;
    }
    chip->tx_orphan = chip->tx_leaving;
    while (chip->tx_count > 0) {
        drop_first(chip);
    }
    chip->tx_state = WANT_A;
    chip->tx_len = 0;
    chip->tx_cost = 0;
}

void lan__tx_init(struct sim_lan9118 *chip)
{
    chip->void_event.fn = on_void;
    chip->nic.on_end = on_end;
}

// ---- receive

// Six bits of the CRC-32 of the address choose the bit.
static bool hash_has(const struct sim_lan9118 *chip, const uint8_t *address)
{
    uint32_t crc = UINT32_MAX;
    uint32_t index;

    for (unsigned i = 0; i < 6; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint32_t feedback = (crc >> 31) ^ (address[i] >> bit & 1u);

            crc = crc << 1 ^ (feedback ? POLY : 0);
        }
    }
    index = crc >> 26;
    return chip->csr[index >> 5 ? CSR_HASHH : CSR_HASHL] >> (index & 31) & 1;
}

static bool wants(const struct sim_lan9118 *chip, const uint8_t *to)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    uint32_t cr = chip->csr[CSR_MAC_CR];
    uint8_t own[6];

    for (unsigned i = 0; i < 6; i++) {
        own[i] = (uint8_t)(i < 4 ? chip->csr[CSR_ADDRL] >> 8 * i
                                 : chip->csr[CSR_ADDRH] >> 8 * (i - 4));
    }
    if (cr & CR_PRMS) {
        return true;
    }
    if (memcmp(to, all, sizeof(all)) == 0) {
        return !(cr & CR_BCAST);
    }
    if (to[0] & 1) {
        return (cr & CR_MCPAS) || ((cr & CR_HPFILT) && hash_has(chip, to));
    }
    return memcmp(to, own, sizeof(own)) == 0;
}

static size_t offset_of(struct sim_lan9118 *chip)
{
    return *lan__reg(chip, LAN_RX_CFG) >> 8 & 31;
}

// Words of the data FIFO, and of that of the statuses: a sixteenth.
static size_t rx_cap(struct sim_lan9118 *chip)
{
    return (16 - kib(chip)) * 256 / 16 * 15;
}

static void store(struct sim_lan9118 *chip, const uint8_t *frame, size_t len)
{
    size_t skip = offset_of(chip);
    size_t words = (skip + len + 3) / 4;

    for (size_t i = 0; i < words; i++) {
        uint32_t word = 0;

        for (unsigned k = 0; k < 4; k++) {
            size_t at = 4 * i + k;

            if (at >= skip && at - skip < len) {
                word |= (uint32_t)frame[at - skip] << 8 * k;
            }
        }
        chip->rx_data[(chip->rx_head + chip->rx_words++) %
            nif_countof(chip->rx_data)] = word;
    }
    chip->rx_left[chip->rx_ends++] = words;
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct sim_lan9118 *chip = arg;
    uint8_t whole[SIM_FRAME_MAX];
    uint32_t status;

    if (chip->resetting || !(chip->csr[CSR_MAC_CR] & CR_RXEN) ||
        !sim_rmii_has_link(&chip->nic, &chip->phy) || !wants(chip, frame)) {
        return;
    }
    memcpy(whole, frame, len);
    len = sim_fcs_put(whole, len);
    if (chip->rx_words + (offset_of(chip) + len + 3) / 4 > rx_cap(chip) ||
        chip->rx_ends >= rx_cap(chip) / 15) {
        chip->rx_lost++;
        ++*lan__reg(chip, LAN_RX_DROP);
        lan__raise(chip, INT_RXDF);
        return;
    }
    status = (uint32_t)len << 16 |
        (nif_get_be16(frame + 12) >= TYPE_MIN ? RX_TYPE : 0);
    if (frame[0] & 1) {
        status |= (frame[0] & frame[1]) == 0xFF ? RX_BROADCAST : RX_MULTICAST;
    }
    chip->rx++;
    store(chip, whole, len);
    chip->rx_status[chip->rx_count++] = status;
    if (chip->rx_count > (*lan__reg(chip, LAN_FIFO_INT) & 0xFF)) {
        lan__raise(chip, INT_RSFL);
    }
}

uint32_t lan__rx_pop(struct sim_lan9118 *chip, bool peek)
{
    uint32_t status = chip->rx_status[0];

    if (chip->rx_count == 0) {
        complain(chip, "no status of a frame that was received");
        return 0;
    }
    if (!peek) {
        chip->rx_count--;
        memmove(chip->rx_status, chip->rx_status + 1,
            chip->rx_count * sizeof(chip->rx_status[0]));
    }
    return status;
}

static void skip_words(struct sim_lan9118 *chip, size_t words)
{
    chip->rx_head = (chip->rx_head + words) % nif_countof(chip->rx_data);
    chip->rx_words -= words;
    chip->rx_left[0] -= words;
    if (chip->rx_left[0] == 0) {
        chip->rx_ends--;
        memmove(chip->rx_left, chip->rx_left + 1,
            chip->rx_ends * sizeof(chip->rx_left[0]));
    }
}

uint32_t lan__rx_read(struct sim_lan9118 *chip)
{
    uint32_t word = chip->rx_data[chip->rx_head];

    if (chip->rx_words == 0) {
        lan__raise(chip, INT_RXE);
        complain(chip, "the receive FIFO is read when it is empty");
        return 0;
    }
    skip_words(chip, 1);
    return word;
}

void lan__rx_forward(struct sim_lan9118 *chip)
{
    if (chip->rx_ends == 0 || chip->rx_left[0] < 4) {
        complain(chip, "fast-forward with less than four words left");
    } else {
        skip_words(chip, chip->rx_left[0]);
    }
}

void lan__rx_dump(struct sim_lan9118 *chip)
{
    chip->rx_count = 0;
    chip->rx_words = 0;
    chip->rx_ends = 0;
}

void lan__rx_init(struct sim_lan9118 *chip)
{
    chip->nic.on_frame = on_frame;
}
