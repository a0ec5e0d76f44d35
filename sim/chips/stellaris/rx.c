// SPDX-License-Identifier: MIT
//
// The receive side: the wire to the FIFO, the FIFO to MACDATA.
//
// A frame is a row of words: two bytes of length, which counts itself and the
// FCS, then the frame with its FCS. The next one begins at a word.

#include "sim/chips/rmii.h"
#include "sim/chips/stellaris/model.h"

#include <string.h>

#define LENGTH    2u  // bytes in front of a frame
#define PREAMBLE  8u  // bytes
#define FRAME_MIN 64u // with FCS: what is shorter is what a collision has left
#define LEN_MAX   1500u
#define DATA      14u // where a frame's data begins
#define DATA_MIN  46u

// ---- the FIFO

static size_t words_of(size_t len)
{
    return (LENGTH + len + 3) / 4;
}

static size_t room(const struct sim_stellaris *mac)
{
    return SIM_STELLARIS_FIFO - mac->rx_words * 4;
}

// A frame counts until its data was read: its FCS may be there still.
uint32_t stel__rx_frames(const struct sim_stellaris *mac)
{
    size_t len = mac->rx_frame[0].len;
    size_t read = (words_of(len) - mac->rx_frame[0].left) * 4;

    if (mac->rx_count > 0 && read >= LENGTH + len - SIM_FCS) {
        return (uint32_t)mac->rx_count - 1;
    }
    return (uint32_t)mac->rx_count;
}

// When the frame that comes in would find no room for its next byte.
static void expect_full(struct sim_stellaris *mac)
{
    uint64_t byte_ps = 8 * mac->nic.port.cable->bit_ps;

    if (mac->rx_coming && !mac->rx_full) {
        size_t bytes = room(mac) < LENGTH ? 0 : room(mac) - LENGTH;

        sim_event_at(mac->cpu->world, &mac->full_event,
            mac->rx_ns + (PREAMBLE + bytes + 1) * byte_ps / 1000);
    }
}

static void on_full(struct sim_event *event)
{
    nif_container_of(event, struct sim_stellaris, full_event)->rx_full = true;
}

static void empty(struct sim_stellaris *mac)
{
    mac->rx_words = 0;
    mac->rx_count = 0;
}

// A reset of the FIFO by the driver. What comes in is lost, too.
void stel__rx_flush(struct sim_stellaris *mac)
{
    empty(mac);
    mac->rx_torn = false;
    mac->rx_coming = false;
    sim_event_cancel(mac->cpu->world, &mac->full_event);
}

// The same by a bad frame. Until he looks at MACNP, who reads cannot know.
static void flush_by_error(struct sim_stellaris *mac)
{
    mac->rx_torn = true;
    empty(mac);
}

static void store(struct sim_stellaris *mac, const uint8_t *frame, size_t len)
{
    size_t count = words_of(len);
    bool was_empty = stel__rx_frames(mac) == 0;

    if (mac->rx_count == SIM_STELLARIS_FRAMES || count * 4 > room(mac)) {
        mac->rx_lost++;
        stel__raise(mac, INT_FOV);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t word = i == 0 ? (uint32_t)(len + LENGTH) : 0;

        for (size_t k = i == 0 ? LENGTH : 0; k < 4; k++) {
            size_t at = 4 * i + k - LENGTH;

            word |= (uint32_t)(at < len ? frame[at] : 0) << 8 * k;
        }
        mac->rx_word[(mac->rx_head + mac->rx_words++) %
            nif_countof(mac->rx_word)] = word;
    }
    mac->rx_frame[mac->rx_count].len = len;
    mac->rx_frame[mac->rx_count++].left = count;
    mac->rx++;
    if (was_empty) {
        stel__raise(mac, INT_RX);
    }
}

uint32_t stel__rx_read(struct sim_stellaris *mac)
{
    uint32_t word = mac->rx_word[mac->rx_head];

    if (mac->rx_count == 0) {
        if (!mac->rx_torn) {
            stel__complain(mac, "the receive FIFO is read when it is empty");
        }
        return stel__noise(mac);
    }
    mac->rx_head = (mac->rx_head + 1) % nif_countof(mac->rx_word);
    mac->rx_words--;
    if (--mac->rx_frame[0].left == 0) {
        mac->rx_count--;
        memmove(mac->rx_frame, mac->rx_frame + 1,
            mac->rx_count * sizeof(mac->rx_frame[0]));
    }
    expect_full(mac);
    return word;
}

// ---- the wire

static bool wants(const struct sim_stellaris *mac, const uint8_t *to)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    uint8_t own[6];

    for (unsigned i = 0; i < 6; i++) {
        own[i] = (uint8_t)(i < 4 ? mac->reg[MAC_IA0 / 4] >> 8 * i
                                 : mac->reg[MAC_IA1 / 4] >> 8 * (i - 4));
    }
    return stel__has(mac, MAC_RCTL, RCTL_PRMS) ||
        memcmp(to, all, sizeof(all)) == 0 ||
        ((to[0] & 1) ? stel__has(mac, MAC_RCTL, RCTL_AMUL)
                     : memcmp(to, own, sizeof(own)) == 0);
}

// A length that is not that of the data behind it, which may be padded.
static bool length_is_wrong(const uint8_t *frame, size_t len)
{
    size_t told = nif_get_be16(frame + 12);
    size_t data = len - SIM_FCS - DATA;

    if (told > LEN_MAX) {
        return false; // a type
    }
    return told < DATA_MIN ? data != DATA_MIN : told != data;
}

// Its FCS is wrong. True if it is kept.
static bool refuse(struct sim_stellaris *mac)
{
    mac->rx_bad++;
    stel__raise(mac, INT_RXER);
    if (!stel__has(mac, MAC_RCTL, RCTL_BADCRC)) {
        return true;
    }
    if (!mac->cfg.bad_goes_alone) {
        flush_by_error(mac);
    }
    return false;
}

void sim_stellaris_spoil(struct sim_stellaris *mac)
{
    if (stel__has(mac, MAC_RCTL, RCTL_RXEN)) {
        (void)refuse(mac);
    }
}

// A frame with its FCS has come.
static void take(struct sim_stellaris *mac, const uint8_t *frame, size_t len,
    bool good)
{
    if (!good) {
        if (!refuse(mac)) {
            return;
        }
    } else if (length_is_wrong(frame, len)) {
        stel__raise(mac, INT_RXER);
    }
    store(mac, frame, len);
}

static void port_rx_begin(struct sim_port *port)
{
    struct sim_stellaris *mac = stel__of_port(port);

    mac->card_ops->rx_begin(port);
    stel__tx_look(mac);
    mac->rx_ns = mac->cpu->world->now_ns;
    mac->rx_full = false;
    mac->rx_coming = stel__has(mac, MAC_RCTL, RCTL_RXEN) &&
        sim_rmii_has_link(&mac->nic, &mac->phy);
    expect_full(mac);
}

static void port_rx_end(struct sim_port *port, const struct sim_frame *frame)
{
    struct sim_stellaris *mac = stel__of_port(port);
    bool coming = mac->rx_coming;

    mac->card_ops->rx_end(port, frame);
    sim_event_cancel(mac->cpu->world, &mac->full_event);
    mac->rx_coming = false;
    if (!coming || frame->len < FRAME_MIN || !wants(mac, frame->data) ||
        !stel__has(mac, MAC_RCTL, RCTL_RXEN) ||
        !sim_rmii_has_link(&mac->nic, &mac->phy)) {
        return;
    }
    if (mac->rx_full) {
        mac->rx_lost++;
        stel__raise(mac, INT_FOV);
        return;
    }
    take(mac, frame->data, frame->len,
        !frame->cut && sim_fcs_good(frame->data, frame->len));
}

// 10BASE-T, half duplex: what is sent comes back.
void stel__rx_echo(struct sim_stellaris *mac, const uint8_t *frame, size_t len)
{
    if (stel__has(mac, MAC_RCTL, RCTL_RXEN) && len >= FRAME_MIN &&
        wants(mac, frame)) {
        take(mac, frame, len, sim_fcs_good(frame, len));
    }
}

void stel__rx_init(struct sim_stellaris *mac)
{
    mac->full_event.fn = on_full;
    mac->port_ops.rx_begin = port_rx_begin;
    mac->port_ops.rx_end = port_rx_end;
}
