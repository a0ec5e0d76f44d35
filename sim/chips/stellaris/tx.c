// SPDX-License-Identifier: MIT
//
// The transmit side: MACDATA to the FIFO, the FIFO to the wire, one frame at a
// time. In front of it are two bytes with the length of its data.

#include "sim/chips/rmii.h"
#include "sim/chips/stellaris/model.h"

#include <string.h>

#define LENGTH    2u    // bytes in front of a frame
#define HEADER    14u   // which the length does not count
#define DATA_MAX  2032u // what it may be
#define FRAME_MIN 60u
#define OVERHEAD  20u // bytes of preamble and gap

// ---- the FIFO

// The first word. What does not fit is not sent.
static void announce(struct sim_stellaris *mac, uint32_t word)
{
    size_t data = word & 0xFFFF;

    mac->tx_need = LENGTH + HEADER + data +
        (stel__has(mac, MAC_TCTL, TCTL_CRC) ? 0 : SIM_FCS);
    if (data > DATA_MAX || mac->tx_need > SIM_STELLARIS_FIFO) {
        stel__complain(mac, "a frame that the transmit FIFO has no room for");
        mac->tx_need = 0;
        stel__raise(mac, INT_TXER);
    }
}

void stel__tx_write(struct sim_stellaris *mac, uint32_t word)
{
    if (stel__has(mac, MAC_TR, TR_NEWTX)) {
        stel__complain(mac, "the transmit FIFO is written to while it sends");
        return;
    }
    if (stel__has(mac, MAC_RIS, INT_TXER)) {
        stel__complain(mac, "MACDATA written before TXER was cleared");
        return;
    }
    if (mac->tx_len == 0) {
        announce(mac, word);
    }
    if (mac->tx_len >= mac->tx_need) {
        if (mac->tx_need > 0) {
            stel__complain(mac, "more is written than was announced");
        }
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        mac->tx_data[mac->tx_len++] = (uint8_t)(word >> 8 * i);
    }
}

// TXER was cleared: the next word is a first one. What is on its way to the
// wire goes on.
void stel__tx_rewind(struct sim_stellaris *mac)
{
    if (!stel__has(mac, MAC_TR, TR_NEWTX)) {
        mac->tx_len = 0;
    }
}

// What was announced and not written is whatever was there.
static void fill(struct sim_stellaris *mac)
{
    if (mac->tx_len < mac->tx_need) {
        stel__complain(mac, "less was written than was announced");
    }
    while (mac->tx_len < mac->tx_need) {
        mac->tx_data[mac->tx_len++] = (uint8_t)stel__noise(mac);
    }
}

void stel__tx_start(struct sim_stellaris *mac)
{
    if (stel__has(mac, MAC_TR, TR_NEWTX)) {
        stel__complain(mac, "NEWTX while it sends");
        return;
    }
    if (mac->tx_len == 0 || stel__has(mac, MAC_RIS, INT_TXER)) {
        stel__complain(mac, "NEWTX without a frame");
        return;
    }
    if (!stel__has(mac, MAC_TCTL, TCTL_TXEN)) {
        stel__complain(mac, "NEWTX while the transmitter is off");
    }
    fill(mac);
    *stel__reg(mac, MAC_TR) = TR_NEWTX;
    stel__tx_go(mac);
}

// ---- the wire

static void complete(struct sim_stellaris *mac, bool lost)
{
    const struct sim_phy *phy = &mac->phy;

    mac->tx_leaving = false;
    if (mac->tx_orphan) {
        mac->tx_orphan = false;
        stel__tx_go(mac);
        return;
    }
    *stel__reg(mac, MAC_TR) = 0;
    if (lost) { // the FIFO keeps it until TXER is cleared
        mac->tx_lost++;
        stel__raise(mac, INT_TXER);
        return;
    }
    mac->tx++;
    if (phy->link && !phy->is_100 && !stel__has(mac, MAC_TCTL, TCTL_DUPLEX)) {
        stel__rx_echo(mac, mac->tx_data + LENGTH, mac->tx_need - LENGTH);
    }
    mac->tx_len = 0;
    stel__raise(mac, INT_TXEMP);
}

// Pads and sums up what leaves. Returns its length on the wire.
static size_t finish(struct sim_stellaris *mac)
{
    uint8_t *frame = mac->tx_data + LENGTH;
    size_t len = mac->tx_need - LENGTH;

    if (stel__has(mac, MAC_TCTL, TCTL_CRC)) {
        if (len < FRAME_MIN && stel__has(mac, MAC_TCTL, TCTL_PADEN)) {
            memset(frame + len, 0, FRAME_MIN - len);
            len = FRAME_MIN;
        }
        len = sim_fcs_put(frame, len);
    }
    mac->tx_need = LENGTH + len;
    return len;
}

// Where there is nobody, a frame takes its time all the same.
static void send_void(struct sim_stellaris *mac, size_t len)
{
    uint64_t byte_ns = mac->phy.link && !mac->phy.is_100 ? 800 : 80;

    sim_event_at(mac->cpu->world, &mac->void_event,
        mac->cpu->world->now_ns + (len + OVERHEAD) * byte_ns);
}

void stel__tx_go(struct sim_stellaris *mac)
{
    size_t len;

    if (!stel__has(mac, MAC_TR, TR_NEWTX) || mac->tx_leaving ||
        !stel__has(mac, MAC_TCTL, TCTL_TXEN)) {
        return;
    }
    mac->tx_leaving = true;
    mac->tx_count_before = mac->nic.tx_count;
    len = finish(mac);
    if (!sim_rmii_has_link(&mac->nic, &mac->phy) ||
        !sim_nic_send_raw(&mac->nic, mac->tx_data + LENGTH, len)) {
        send_void(mac, len);
    }
}

static void on_void(struct sim_event *event)
{
    complete(nif_container_of(event, struct sim_stellaris, void_event), false);
}

void stel__tx_look(struct sim_stellaris *mac)
{
    bool lost = mac->nic.tx_count == mac->tx_count_before && mac->nic.link;

    if (mac->tx_leaving && mac->nic.queued == 0 &&
        !sim_event_pending(&mac->void_event)) {
        complete(mac, lost);
    }
}

static void port_link(struct sim_port *port, bool up)
{
    stel__of_port(port)->card_ops->link(port, up);
    stel__tx_look(stel__of_port(port));
}

static void port_tx_end(struct sim_port *port)
{
    stel__of_port(port)->card_ops->tx_end(port);
    stel__tx_look(stel__of_port(port));
}

// ---- beginning

void stel__tx_reset(struct sim_stellaris *mac)
{
    if (sim_event_pending(&mac->void_event)) {
        sim_event_cancel(mac->cpu->world, &mac->void_event);
        mac->tx_leaving = false;
    }
    mac->tx_orphan = mac->tx_leaving;
    mac->tx_len = 0;
}

void stel__tx_init(struct sim_stellaris *mac)
{
    mac->void_event.fn = on_void;
    mac->port_ops.link = port_link;
    mac->port_ops.tx_end = port_tx_end;
}
