// SPDX-License-Identifier: MIT
//
// Modules with Espressif's AT firmware (ESP8266, ESP32 and their family)
// behind a UART, as a radio with a stack of its own: five connections, one
// server port, UDP, optionally TLS.
//
//     static struct espat chip;
//
//     espat_init(&chip, &(struct espat_cfg){
//         .uart = uart, .clock = clock, .reset = pin });
//     err = nif_iface_start(&chip.iface);
//     err = nif_wifi_join(&chip.iface, &params);    // or nif/connector.h
//     ... nif_stack_poll(&chip.stack), nif_conn_open(&chip.stack, ...)
//
// Firmware. Asked for by AT+GMR: AT 1.x of the ESP8266 (NonOS), ESP-AT 2, 3,
// 4 and later. What a version lacks answers ERROR and is done without. No
// setting is stored in the module's flash.
//
// Wiring. TX and RX, with `rts_cts` also RTS and CTS: without them a module
// that is busy with its radio loses what it is told, at any rate, and from
// about 460800 baud on they are a must. EN (RST) is optional: without it the
// module is reset by command, and one that hangs cannot be helped. The port's
// interrupt should wake the clock; where it does not, `poll_us` is to be set.
//
// Memory. The caller owns `struct espat`, about 1.2 KiB. Received bytes go
// from the line into the buffers of connections at once. They are asked for
// (passive receive), never more than fit: so a reader that is slow slows down
// its peer. With firmware that cannot do so, or with `active`, the module
// sends what it has; TCP that finds no room then ends with NIF_ENOBUFS, and
// datagrams are dropped.
//
// Time. start() takes 1 to 2 s, at most 30 s. Nothing else waits. The module
// does one command at a time: while it joins (2 to 20 s), connects or looks a
// name up (up to 20 s), nothing is sent and nothing fetched.
//
// Errors. A command without an answer is followed by a question whose answer
// cannot be mistaken; the module is taken as lost when that fails, too. Then,
// and when it starts anew by itself, all its connections end with NIF_ERESET,
// the radio is in NIF_WIFI_FAILED with NIF_EIO, poll() returns what happened,
// and the module is set up again, over and over. When that is done,
// NIF_EVENT_RESTARTED is told; UDP and listeners work again when a network
// is joined again.
//
// What the module cannot do, and where it differs from nif/stack.h:
// - It cannot half-close: shutdown() is NIF_ENOTSUP. When the peer has
//   closed, nothing more can be sent.
// - One listener at a time; for another, NIF_ENOBUFS. What is more than its
//   backlog, or than five connections in all, is closed at once.
// - send() needs a buffer (`tx` of the connection, for UDP also that of
//   espat_cfg). What is sent counts as sent when the module has it: nobody
//   knows what has reached the peer (no unacked()).
// - A TCP client cannot choose its port. No multicast, no IPv6, no empty
//   datagrams; the longest has 1460 bytes.
// - In passive receive, AT 1.x does not tell who sent a datagram (the peer of
//   connect() is assumed, else none), and before ESP-AT 3.3 datagrams that
//   come faster than they are fetched are run together to one; ESP-AT 2.0
//   gives none at all. `active` has none of these faults.
// - Why a connection did not come about it does not tell: NIF_EUNREACH, also
//   when the peer has refused it. A listener and a UDP socket hear some 30 ms
//   after the call.
// - It does not tell an orderly end from a reset: recv() gives 0 for both,
//   unless something was on the way out.
// - abort() while a piece is on its way into the module: the rest of it still
//   goes out, from `tx` of espat_cfg where it waits; without, CR and LF go in
//   its place, and the peer may see some.
// - NIF_TLS does not look at the server's certificate, unless certificates in
//   the module's flash and its settings say so.
// - Lines without check sums: a byte that changes on the line within a
//   payload is not noticed here. One that is lost there mostly is, and ends
//   the connection with NIF_EIO.
// - As an access point, AT 1.x does not tell who comes and goes: no stations
//   are counted.
// - As a station it takes the kind of security that the network has, for
//   each `auth` but NIF_WIFI_OPEN. An access point has no WPA3.

#ifndef ESPAT_H
#define ESPAT_H

#include "nif/clock.h"
#include "nif/pin.h"
#include "nif/stack.h"
#include "nif/uart.h"
#include "nif/wifi.h"

NIF_C_BEGIN

/// The module's connections.
#define ESPAT_LINKS 5

/// The longest host name that the module takes.
#define ESPAT_HOST_MAX 64

/// What is where and how it is to be run. Zero is the default of each field
/// but the first two.
struct espat_cfg {
    struct nif_uart *uart;
    struct nif_clock *clock;
    struct nif_pin *reset; ///< EN or RST, active low; NULL: not connected
    uint32_t boot_baud;    ///< after a reset; 0: 115200
    uint32_t baud;         ///< to be used from then on; 0: as after a reset
    bool rts_cts;          ///< RTS and CTS are connected: use them
    bool active;           ///< receive without being asked; see above
    bool tls;              ///< offer NIF_TLS; AT 1.x can have one of them

    /// Where a datagram waits that a UDP connection without a `tx` of its own
    /// sends, 8 bytes more than it; all such share it. Also for what a
    /// connection that is aborted was sending. NULL: there are none.
    uint8_t *tx;
    size_t tx_cap;

    uint16_t check_ms; ///< from one look whether all is well to the next,
                       ///< when there is nothing else; 0: 2000
    uint16_t poll_us;  ///< poll() wants to be called again after so long; 0:
                       ///< the port's interrupt wakes the clock when bytes
                       ///< come and when there is room for some
};

/// What happened since init. Counters wrap.
struct espat_stats {
    uint32_t commands;  ///< that were given, repeated ones too
    uint32_t busy;      ///< times that the module refused one for now
    uint32_t late;      ///< commands without an answer
    uint32_t line_errs; ///< bytes lost or broken on the line, as the UART saw
    uint32_t dropped;   ///< received for nobody, or without room
    uint32_t refused;   ///< clients that found no place in the backlog
    uint32_t lost;      ///< times that the module was lost
    uint32_t restarted; ///< times that it came back
};

/// Private: one of the module's connections.
struct espat_link {
    struct nif_conn *conn; // whose it is; NULL: nobody's
    uint8_t state;         // enum espat_link_state
    bool pending;          // there may be something to fetch
    bool noticed;          // it was said since we began to fetch
    uint8_t sent;          // pieces since the last fetch
    bool closed;           // the module has told its end
    bool met;              // it was told to be there while we asked for it
    uint8_t fetched;       // times, since something was sent
    bool seen;             // in the list of the last look
    uint8_t missed;        // times that it was not
    uint8_t refused;       // times that sending was refused
    uint32_t cool_ms;      // when it was let go
};

struct espat_command;

/// Caller-allocated. Must not move after espat_init(). All is private but
/// what is said to be otherwise.
struct espat {
    struct nif_iface iface; ///< the device
    struct nif_stack stack; ///< its stack; iface.stack is this
    uint16_t version;       ///< may be read: 0x0204 for AT 2.4; 0: not known
    bool is_8266;           ///< may be read: an ESP8266, as far as it tells
    struct espat_cfg cfg;
    nif_event_fn *event_fn;
    void *event_arg;

    // Where it is, and what is to be done (enum espat_todo, or-ed).
    uint64_t phase_us;
    uint64_t check_us;
    uint32_t todo;
    uint32_t doing; // the one that runs
    int fault;      // why it is being set up again; 0: it is not
    uint8_t phase;
    uint8_t tries;
    uint8_t failed; // attempts to set it up
    uint8_t check;
    bool fast;      // the line is at the rate that is wanted
    bool alive;     // it has answered something that makes sense
    bool by_type;   // CIPRECVTYPE, not CIPRECVMODE
    bool by_status; // CIPSTATUS, not CIPSTATE
    bool dinfo;     // peers are told with data
    bool passive;   // data waits until it is asked for
    bool server_on;
    uint8_t actives; // links that are set to receive without being asked

    // The command that runs.
    const struct espat_command *command;
    const struct espat_command *victim; // whose answer was not understood
    uint64_t until_us;
    uint64_t lost_us;
    int detail; // what a line before ERROR says of it
    uint16_t cmd_len;
    uint16_t cmd_at;
    uint16_t echo_at;
    uint16_t send_len; // of the payload
    uint16_t send_at;
    uint16_t fill; // bytes that are sent to get a module out of a payload
    uint8_t stage;
    uint8_t id;       // the link it is about
    uint8_t lost;     // questions asked since an answer was missed; 0: none was
    bool accepted;    // OK before a prompt; the bytes of a payload have come
    bool synced;      // the answer that cannot be mistaken has come
    bool victim_runs; // the module has said so
    int victim_err;   // what a line before its ERROR says of it

    // What comes in.
    uint8_t line_len;
    uint8_t in_state;
    bool in_asked;
    bool in_bad;
    bool in_good; // what was asked for has come, whole
    uint16_t in_left;
    uint16_t in_got;
    uint16_t in_ask; // bytes that were asked for
    uint16_t in_port;
    uint8_t in_ip[4];
    struct nif_conn *in_conn;
    uint64_t in_us;

    // Connections.
    struct nif_conn *conns;
    struct nif_conn *listener;
    struct nif_conn *spare;     // whose datagram is in cfg.tx
    struct nif_conn *send_conn; // whose payload goes out
    uint16_t orphan_at; // ... or, if it has ended, cfg.tx has the rest of it,
    bool orphan;        // from there on
    uint8_t turn;
    uint16_t order;
    uint16_t port; // the next to choose by itself
    uint16_t server_port;
    struct espat_link link[ESPAT_LINKS];

    // Addresses and names.
    uint64_t look_us;
    int look_result;
    uint8_t look_ip[4];
    struct nif_net net;  // in use
    struct nif_net want; // set by the application; family none: DHCP
    struct nif_ip next_ip;

    // Radio.
    struct nif_wifi_network *found;
    struct nif_wifi_status wifi;
    int scan_result;
    uint16_t found_cap;
    uint16_t found_len;
    bool link_up; // as last told
    bool got_ip;
    bool serving; // to be an access point
    uint8_t ecn;
    uint8_t wifi_channel;
    char country[3];
    char ssid[NIF_WIFI_SSID_MAX + 1];
    char passphrase[NIF_WIFI_PASSPHRASE_MAX + 1];
    char scan_ssid[NIF_WIFI_SSID_MAX + 1];
    char look_host[ESPAT_HOST_MAX + 1];

    struct espat_stats stats; ///< may be read
    char line[128];
    char cmd[256];
};

/// Fills memory only. `cfg` is copied; what it points at must outlive `chip`.
void espat_init(struct espat *chip, const struct espat_cfg *cfg);

NIF_C_END

#endif
