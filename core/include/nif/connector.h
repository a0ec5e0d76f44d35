// SPDX-License-Identifier: MIT
//
// Brings a network device up and keeps it up: starts it, waits for its cable
// or joins its Wi-Fi network, gets an address, and begins again when any of
// that is lost. Works on a frame device with our stack and on a chip with
// sockets of its own.
//
//     static struct nif_dhcp dhcp; // initialised
//     nif_connector_init(&c, &(struct nif_connector_cfg){
//         .iface = iface, .stack = stack, .seed = seed,
//         .addr = { &nif_addr_dhcp, &dhcp } });
//     err = nif_connector_start(&c);
//     err = nif_connector_wait(&c, until_us); // or go on, and look at c.state
//
// It is a job of its stack (nif/net.h): calls that wait keep it going, and so
// does nif_poll_all(). A loop that calls nif_stack_poll() only calls
// nif_connector_poll() beside it.
//
// What fails is tried again after a pause, which doubles from one failure to
// the next and is random in its second half, so that a hundred boards that
// lost their access point do not all come back in the same moment. A failure
// counts until a connection has held for `link_ms`.

#ifndef NIF_CONNECTOR_H
#define NIF_CONNECTOR_H

#include "nif/net.h"
#include "nif/random.h"
#include "nif/wifi.h"

NIF_C_BEGIN

/// What gets an address: DHCP, or link-local addresses where nobody gives
/// one. It is named by a pointer, so that it is linked only where it is used.
/// `client` is its own struct, initialised.
struct nif_addr_ops {
    /// Begins, or begins anew after the link was lost. Sets the stack's
    /// address when it has one. Returns 0; NIF_EADDRINUSE; NIF_ENOBUFS.
    int (*start)(void *client);
    /// Ends it. A fallback takes its address away, if it is still there: on
    /// another cable, or beside a better one, it is wrong.
    void (*stop)(void *client);
    /// Does what is due; returns when to call again.
    uint64_t (*poll)(void *client);
    /// True if the stack has an address of it now.
    bool (*has)(const void *client);
};

/// One of them and its client. Zero: none.
struct nif_addr_way {
    const struct nif_addr_ops *ops;
    void *client;
};

/// DHCP; the client is a struct nif_dhcp.
extern const struct nif_addr_ops nif_addr_dhcp;

/// IPv4 link-local addresses; the client is a struct nif_linklocal, which need
/// not wait by itself.
extern const struct nif_addr_ops nif_addr_linklocal;

enum nif_connector_state {
    NIF_CONNECTOR_OFF,
    NIF_CONNECTOR_PAUSING,    ///< has failed, and tries again later
    NIF_CONNECTOR_LINKING,    ///< waits for the cable, or joins
    NIF_CONNECTOR_ADDRESSING, ///< has a link, and no address yet
    NIF_CONNECTOR_UP,
    NIF_CONNECTOR_GAVE_UP, ///< see `err`; start() begins anew
};

enum nif_connector_event {
    NIF_CONNECTOR_LINK = 1,   ///< the cable is there, or the network joined
    NIF_CONNECTOR_ADDRESS,    ///< there is an address, or another one
    NIF_CONNECTOR_NO_ADDRESS, ///< none within `addr_ms`; it goes on
    NIF_CONNECTOR_DOWN,       ///< the link or the address was lost
    NIF_CONNECTOR_RETRY,      ///< an attempt has failed, `err` says why
    NIF_CONNECTOR_END,        ///< gives up: the last `err`
};

struct nif_connector;

/// Told of an event, from within a poll: it must not wait, nor start or stop
/// the connector. `err` is 0 where there is no error.
typedef void nif_connector_fn(void *arg, struct nif_connector *c,
    enum nif_connector_event event, int err);

/// How to connect. Zero is the default of each field but `iface`.
struct nif_connector_cfg {
    struct nif_iface *iface; ///< its events are the connector's from now on
    struct nif_stack *stack; ///< over it; NULL: the device's own
    const struct nif_wifi_params *wifi; ///< join this; outlives the connector;
                                        ///< NULL: wired
    struct nif_net net;                 ///< this address; none: `addr`
    struct nif_addr_way addr;           ///< asks for one; none: the chip does
    struct nif_addr_way fallback;       ///< begun when `addr` has none in time
    uint64_t seed;         ///< of the pauses: another on each board
    uint32_t link_ms;      ///< for the cable or the joining; 0: 10,000
    uint32_t addr_ms;      ///< for an address; 0: 10,000
    uint32_t retry_ms;     ///< first pause; 0: 500
    uint32_t retry_max_ms; ///< longest pause; 0: 30,000
    uint32_t watchdog_ms;  ///< a device whose poll() has given errors for so
                           ///< long is started anew; 0: never
    uint16_t retries;      ///< so many failures in a row are the end; 0: none
    nif_connector_fn *fn;  ///< or NULL
    void *arg;
};

/// The connector. Must not move while it is on.
struct nif_connector {
    uint8_t state;     ///< enum nif_connector_state; may be read
    uint16_t tries;    ///< failures in a row; may be read
    uint32_t attempts; ///< all that were begun; may be read
    int err;           ///< of the last failure; may be read
    struct nif_ip ip;  ///< the address that was told last; may be read

    // Private from here on.
    struct nif_connector_cfg cfg;
    struct nif_job job;
    uint64_t at_us;     ///< the state's deadline
    uint64_t stable_us; ///< from then on failures are forgotten
    uint64_t watch_us;  ///< next look at the device
    uint64_t well_us;   ///< when it was well last
    struct nif_random random;
    bool running; ///< the device is started
    bool renew;   ///< start it anew in the next attempt
    bool dropped; ///< the link was lost since the last look
    bool asking;  ///< `addr` was started
    bool filling; ///< `fallback` was
};

/// Fills memory only; times that are 0 become their defaults.
void nif_connector_init(struct nif_connector *c,
    const struct nif_connector_cfg *cfg);

/// Begins, in the next poll.
///
/// Returns 0; NIF_EINVAL if there is no stack, or the Wi-Fi parameters make
/// no sense; NIF_ENOTSUP if the device has no radio for them; NIF_EISCONN if
/// it is on.
NIF_NODISCARD int nif_connector_start(struct nif_connector *c);

/// Ends: leaves the network, stops the device. The stack keeps its address.
void nif_connector_stop(struct nif_connector *c);

/// Does what is due. Only starting the device may take longer than 2 ms.
/// Returns when to call again, absolute, in microseconds.
uint64_t nif_connector_poll(struct nif_connector *c);

/// Waits until it is up.
///
/// Returns 0; the error with which it gave up; NIF_EINVAL if it is off;
/// NIF_ETIMEDOUT.
NIF_NODISCARD int nif_connector_wait(struct nif_connector *c,
    uint64_t until_us);

NIF_C_END

#endif
