// SPDX-License-Identifier: MIT
//
// lwIP as Debian ships it, as a side of the wire, by its raw interface. Its
// device takes and gives frames as ours does: what a driver would do with
// them by DMA is not counted.

#include "bench/stack/host/host.h"
#include "bench/stack/meter.h"

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>
#include <netif/ethernet.h>
#include <string.h>

#define QUIET_STEPS 1000 // of 250 ms: everything has timed out by then

static struct {
    struct side side;
    struct netif netif;
    struct udp_pcb *udp;
    struct tcp_pcb *listener;
    struct tcp_pcb *tcp;
    bool added;
    bool copies; // takes received data away, does not only look
    bool open;
    bool ended;
    int got;
    uint64_t begin_us; // when this life of it began
} lwip;

static uint8_t scratch[SIDE_MSS];

// The clock that lwIP asks: the wire's, going on from life to life. The
// library calls this one in place of its own.
u32_t sys_now(void)
{
    uint64_t now_us;

    meter_pause();
    now_us = lwip.begin_us;
    if (lwip.side.end != NULL) {
        now_us += lwip.side.end->wire->now_us;
    }
    meter_resume();
    return (u32_t)(now_us / 1000);
}

static void heed(void)
{
    meter_heed();
    meter_on();
}

// ---------------------------------------------------------------- device

static err_t output(struct netif *netif, struct pbuf *p)
{
    struct nif_seg segs[8];
    size_t n = 0;
    err_t err = ERR_OK;

    (void)netif;
    meter_pause();
    for (; p != NULL && n < nif_countof(segs); p = p->next) {
        segs[n++] = (struct nif_seg){ p->payload, p->len };
    }
    NIF_ASSERT(p == NULL);
    if (lwip.side.end != NULL &&
        wire_send(&lwip.side.end->iface, segs, n) != 0) {
        err = ERR_MEM;
    }
    meter_resume();
    return err;
}

static err_t start(struct netif *netif)
{
    const struct nif_hwaddr mac = { { 2, 0, 0, 0, 0, 1 } };

    memcpy(netif->hwaddr, mac.byte, 6);
    netif->hwaddr_len = 6;
    netif->mtu = 1500;
    netif->name[0] = 'w';
    netif->name[1] = 'i';
    netif->output = etharp_output;
    netif->linkoutput = output;
    netif->flags =
        NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    return ERR_OK;
}

static void lwip_poll(struct side *side)
{
    const struct wire_slot *slot;

    while ((slot = wire_take(side->end)) != NULL) {
        struct pbuf *p;

        heed();
        p = pbuf_alloc(PBUF_RAW, slot->len, PBUF_RAM);
        meter_pause();
        NIF_ASSERT(p != NULL && p->len == slot->len);
        memcpy(p->payload, slot->data, slot->len);
        meter_resume();
        (void)ethernet_input(p, &lwip.netif);
        meter_off();
    }
    heed();
    sys_check_timeouts();
    meter_off();
}

// ----------------------------------------------------------- connections

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    (void)arg;
    (void)err;
    if (p == NULL) {
        lwip.ended = true;
        return ERR_OK;
    }
    if (lwip.copies) {
        (void)pbuf_copy_partial(p, scratch, p->tot_len, 0);
    }
    lwip.got += p->tot_len;
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static void adopt(struct tcp_pcb *pcb)
{
    lwip.tcp = pcb;
    tcp_nagle_disable(pcb);
    tcp_recv(pcb, on_recv);
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    (void)err;
    adopt(pcb);
    lwip.open = true;
    return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    (void)pcb;
    (void)err;
    lwip.open = true;
    return ERR_OK;
}

static void lwip_listen(struct side *side)
{
    struct tcp_pcb *pcb = tcp_new();

    (void)side;
    NIF_ASSERT(tcp_bind(pcb, IP_ADDR_ANY, SIDE_TCP_PORT) == ERR_OK);
    lwip.listener = tcp_listen(pcb);
    tcp_accept(lwip.listener, on_accept);
}

static void lwip_connect(struct side *side)
{
    ip_addr_t peer = IPADDR4_INIT_BYTES(192, 0, 2, side->end->far->address);
    struct tcp_pcb *pcb;
    err_t err;

    heed();
    pcb = tcp_new();
    adopt(pcb);
    err = tcp_connect(pcb, &peer, SIDE_TCP_PORT, on_connected);
    meter_off();
    NIF_ASSERT(err == ERR_OK);
}

static bool lwip_open(struct side *side)
{
    (void)side;
    return lwip.open;
}

static bool lwip_ended(struct side *side)
{
    (void)side;
    return lwip.ended;
}

static void lwip_close(struct side *side)
{
    err_t err;

    (void)side;
    heed();
    err = tcp_close(lwip.tcp);
    meter_off();
    NIF_ASSERT(err == ERR_OK);
    lwip.tcp = NULL;
}

// ------------------------------------------------------------------ data

static int give(const uint8_t *data, size_t len, u8_t flags)
{
    err_t err;

    heed();
    err = tcp_write(lwip.tcp, data, (u16_t)len, flags);
    if (err == ERR_OK) {
        err = tcp_output(lwip.tcp);
    }
    meter_off();
    return err == ERR_OK ? (int)len : 0;
}

static int lwip_send(struct side *side, const uint8_t *data, size_t len)
{
    (void)side;
    return give(data, len, TCP_WRITE_FLAG_COPY);
}

static int lwip_send_ref(struct side *side, const uint8_t *data, size_t len)
{
    (void)side;
    return give(data, len, 0);
}

static int take(bool copies)
{
    int got = lwip.got;

    lwip.copies = copies; // from now on
    lwip.got = 0;
    return got;
}

static int lwip_copy(struct side *side)
{
    (void)side;
    return take(true);
}

static int lwip_look(struct side *side)
{
    (void)side;
    return take(false);
}

static void on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p,
    const ip_addr_t *addr, u16_t port)
{
    (void)arg;
    (void)udp_sendto(pcb, p, addr, port);
    pbuf_free(p);
}

static void lwip_echo(struct side *side)
{
    (void)side; // on_datagram() has answered
}

static const struct side_ops lwip_ops = {
    .poll = lwip_poll,
    .listen = lwip_listen,
    .connect = lwip_connect,
    .open = lwip_open,
    .send = lwip_send,
    .send_ref = lwip_send_ref,
    .copy = lwip_copy,
    .look = lwip_look,
    .ended = lwip_ended,
    .close = lwip_close,
    .echo = lwip_echo,
};

// ------------------------------------------------------------------ init

// Ends what the last figure has left, TIME-WAIT and all.
static void quiet(void)
{
    if (lwip.tcp != NULL) {
        tcp_abort(lwip.tcp);
    }
    if (lwip.listener != NULL) {
        (void)tcp_close(lwip.listener);
    }
    if (lwip.added) {
        udp_remove(lwip.udp);
        netif_remove(&lwip.netif);
    } else {
        lwip_init();
    }
    for (unsigned i = 0; i < QUIET_STEPS; i++) {
        lwip.begin_us += 250000;
        sys_check_timeouts();
    }
}

void side_lwip_init(struct side **out, struct wire_end *end, bool counted,
    bool sends)
{
    ip4_addr_t own_ip;
    ip4_addr_t mask;
    ip4_addr_t gateway;

    (void)sends; // its buffers are its own
    NIF_ASSERT(counted);
    lwip.side.end = NULL; // it may not send
    quiet();
    lwip.side = (struct side){ &lwip_ops, end, counted };
    lwip.listener = NULL;
    lwip.tcp = NULL;
    lwip.open = false;
    lwip.ended = false;
    lwip.got = 0;
    IP4_ADDR(&own_ip, 192, 0, 2, 1);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 0, 0, 0, 0);
    NIF_ASSERT(netif_add(&lwip.netif, &own_ip, &mask, &gateway, NULL, start,
                   ethernet_input) != NULL);
    lwip.added = true;
    netif_set_link_up(&lwip.netif);
    netif_set_up(&lwip.netif);
    netif_set_default(&lwip.netif);
    lwip.udp = udp_new();
    NIF_ASSERT(udp_bind(lwip.udp, IP_ADDR_ANY, SIDE_ECHO_PORT) == ERR_OK);
    udp_recv(lwip.udp, on_datagram, NULL);
    *out = &lwip.side;
}
