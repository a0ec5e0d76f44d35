// SPDX-License-Identifier: MIT
//
// What the parts of the ESP-AT model know of each other.

#ifndef SIM_CHIPS_ESPAT_MODEL_H
#define SIM_CHIPS_ESPAT_MODEL_H

#include "nif/dhcp_server.h"
#include "nif/sntp.h"
#include "nif/tcpip.h"
#include "sim/chips/espat/command.h"

#include <stdio.h>
#include <string.h>

#define LINKS        5
#define LINE_MAX     256 // with CR LF
#define SEND_MAX     8192
#define HOST_MAX     64
#define WINDOW       5760
#define LINK_BUF     4300 // data that wait to be fetched
#define CONN_RX      2920
#define CONN_TX      5744
#define TX_BUFFER    8192 // towards the host: when it is full, windows stall
#define RING         32   // frames from the air
#define LEASES       8
#define SERVER_CONNS 8

#define MAC_FORMAT  "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_ARGS(m) (m)[0], (m)[1], (m)[2], (m)[3], (m)[4], (m)[5]

// ---- networks

struct espat_net;
struct espat_conn;

struct espat_frame {
    size_t len;
    uint8_t data[NIF_ETH_FRAME_MAX];
};

/// One of its two interfaces with the stack on it.
struct espat_net {
    struct nif_iface iface;
    struct espat *e;
    struct nif_clock clock;
    struct nif_tcpip tcpip;
    struct nif_hwaddr hwaddr;
    bool ap;
    bool up;
    size_t head;
    size_t count;
    struct espat_frame ring[RING];
    uint8_t rx[NIF_ETH_FRAME_MAX];
    struct sim_event timer;
};

// ---- links

enum espat_proto { PROTO_TCP, PROTO_UDP, PROTO_SSL };

enum espat_link_state {
    LINK_FREE,
    LINK_OPENING,
    LINK_HANDSHAKE, ///< TLS
    LINK_OPEN,
    LINK_ENDED, ///< by the peer, with data that were not read
};

struct espat_link {
    enum espat_link_state state;
    enum espat_proto proto;
    bool server;
    bool passive;
    bool told; ///< passive: +IPD was said since the last read
    bool held; ///< a connection's end was not told (a fault)
    struct nif_conn *conn;
    struct espat_conn *own; ///< of a client
    struct espat_net *net;
    struct nif_endpoint peer;
    struct nif_endpoint sender; ///< of the last bytes in `buf`
    uint16_t lport;
    uint16_t keepalive_s; ///< 0: never
    uint8_t udp_mode;
    bool udp_met; ///< mode 1: the peer has changed
    uint64_t active_ns;
    uint64_t ready_ns; ///< TLS: when the handshake is over
    size_t len;
    uint8_t buf[LINK_BUF];
};

/// A connection with its buffers; of a client.
struct espat_conn {
    struct nif_conn conn;
    struct espat_conn *next;
    bool orphan; ///< its link has let go
    uint8_t rx[4 * (1472 + 8)];
    uint8_t tx[CONN_TX];
};

/// A listener with its backlog.
struct espat_server {
    struct espat_server *next;
    struct nif_conn listener;
    struct espat_net *net;
    struct nif_conn backlog[SERVER_CONNS];
    struct {
        uint8_t rx[CONN_RX];
        uint8_t tx[CONN_TX];
    } room[SERVER_CONNS];
};

// ---- all of it

enum espat_state {
    STATE_OFF, ///< held in reset, or stuck
    STATE_BOOT,
    STATE_IDLE,
    STATE_EXEC,
    STATE_DATA,    ///< swallows a payload
    STATE_SENDING, ///< gives it to the stack
};

enum espat_pending {
    PENDING_NONE,
    PENDING_RESTART, ///< OK was said, reboots
    PENDING_JOIN,
    PENDING_SCAN,
    PENDING_LOOKUP, ///< CIPDOMAIN
    PENDING_START,  ///< CIPSTART: name, then connection
};

/// What is set up by commands; part of it may be in flash.
struct espat_settings {
    uint8_t mode; ///< 1 station, 2 access point, 3 both
    uint8_t dhcp; ///< 1 station, 2 access point
    bool autoconn;
    char ssid[SIM_SSID_MAX + 1];
    char passphrase[SIM_PASSPHRASE_MAX + 1];
    bool has_bssid;
    uint8_t bssid[6];
    uint32_t baud;
    char ap_ssid[SIM_SSID_MAX + 1];
    char ap_passphrase[SIM_PASSPHRASE_MAX + 1];
    uint8_t ap_security; ///< ecn
    uint8_t ap_channel;
    uint8_t ap_max;
    bool ap_hidden;
    struct nif_net ip; ///< without DHCP
    struct nif_net ap_ip;
};

/// CIPSEND.
struct espat_send {
    size_t len;
    size_t got;
    size_t sent;
    uint8_t id; ///< LINKS: none is at work
    bool ends;  ///< CIPSENDEX: backslash zero ends it
    bool failed;
    struct nif_endpoint to;
    uint8_t data[SEND_MAX];
};

struct espat {
    struct sim_espat *chip;
    struct sim_world *world;
    const struct espat_dialect *dialect;
    struct sim_pin *enable;
    uint64_t enable_low_ns;
    struct sim_event power;
    struct sim_event timer; ///< of boot and of the command at work
    struct sim_event stall;
    struct sim_event rejoin;
    struct sim_event send_timer;
    uint64_t storm_ns;      ///< busy until then
    uint64_t boot_until_ns; ///< AT 1.7: the same, while it joins by itself
    enum espat_state state;
    enum espat_pending pending;

    // The line that comes in.
    uint64_t payload_ns; ///< when the last byte of a payload had come
    size_t line_len;
    char line[LINE_MAX + 8];

    // What is there, each once.
    bool stuck;
    bool stalled;
    bool rom;     ///< the ROM's text is on the line
    bool line_cr; ///< the last byte was a CR
    bool line_long;
    bool no_final; ///< the command at work has no OK or ERROR: a fault
    bool echo;
    bool syslog;
    bool sysstore;
    uint8_t sysmsg;
    uint8_t next_flow; ///< of UART_CUR, with next_baud
    bool flow_rts;
    bool flow_cts;
    bool ap_on;
    bool joined;     ///< WIFI CONNECTED was said
    bool got_ip;     ///< WIFI GOT IP was said
    bool wants_join; ///< joins again when it has lost it
    bool boot_join;
    bool dhcp_on;
    bool dhcpd_on;
    bool dns_busy;
    bool dns_manual;
    bool sntp_on;
    bool time_told; ///< +TIME_UPDATED
    int8_t zone_h;
    bool mux;
    bool dinfo;
    bool serving;
    bool dropped;  ///< a link was, for CIPSTATUS
    bool ipd_dead; ///< a fault of 2.0: no more +IPD
    uint8_t server_max;
    uint8_t start_id;        ///< of the CIPSTART that is pending
    bool passive[LINKS];     ///< how links will receive
    uint8_t tls_auth[LINKS]; ///< CIPSSLCCONF
    uint8_t lease_told[LEASES];
    char hostname[33];
    uint16_t reconn_s;
    uint16_t lap_mask; ///< CWLAPOPT
    uint16_t server_port;
    uint16_t sto_s;
    uint16_t next_port;
    uint16_t tls_size;  ///< AT 1.7: CIPSSLSIZE; 0: no TLS yet
    uint32_t next_baud; ///< when all has left the line; 0: none
    enum espat_proto server_proto;

    struct espat_settings now;
    struct espat_settings flash;
    const struct espat_command *command; ///< at work
    struct espat_args args;

    // Wi-Fi.
    struct sim_station station;
    struct sim_ap ap;
    struct nif_ip last_ip;
    struct nif_ip dns_ip[2];
    struct espat_net net[2]; ///< station, access point
    struct nif_dhcp dhcp;
    struct nif_dhcp_server dhcpd;
    struct nif_dhcp_lease lease[LEASES];
    struct nif_dns dns;
    struct nif_sntp sntp;
    struct nif_dns_resolver sntp_resolver;
    char sntp_server[HOST_MAX + 1];

    // TCP/IP.
    struct espat_link link[LINKS];
    struct espat_conn *conns;
    struct espat_server *servers;
    struct espat_send send;

    // Faults.
    size_t fault_count;
    struct sim_espat_fault fault[SIM_ESPAT_FAULTS_MAX];
    uint32_t occasions[SIM_ESPAT_FAULTS];
    const char *refused;
    const char *inject[3];
    uint64_t inject_at[3];
};

// ---- chip.c: power, boot
/// Boots anew; `text` (or NULL) is what a crash has to say.
void espat__boot(struct espat *e, const char *text);
void espat__power(struct sim_event *event);
/// All that runs ends, without a word.
void espat__stop(struct espat *e);
/// Writes the settings to flash, if the command at work is one that does.
void espat__store(struct espat *e);
void espat__factory(struct espat *e, struct espat_settings *to);
/// UART_CUR has its effect.
void espat__switch_rate(struct espat *e);

// ---- faults.c
/// Counts an occasion; returns the fault that hits it, or NULL.
const struct sim_espat_fault *espat__hit(struct espat *e,
    enum sim_espat_fault_kind kind);

// ---- out.c: what the host hears
void espat__echo(struct espat *e, const char *text, size_t len);
/// One piece that nothing comes between: a line, a prompt, +IPD with its data.
void espat__out(struct espat *e, const void *data, size_t len);
void espat__say(struct espat *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/// Room towards the host, in bytes.
size_t espat__room(const struct espat *e);

// ---- line.c: the line engine
void espat__byte(struct espat *e, uint8_t byte);
/// The time of the command at work is over: its own, or what it waits for.
void espat__execute(struct espat *e);
void espat__finish(struct espat *e, enum espat_result result);
void espat__complain(struct espat *e, const char *what);
void espat__inject(struct espat *e, enum sim_espat_where where, uint64_t at);

// ---- net.c: interfaces and stacks
void espat__net_init(struct espat *e);
void espat__net_done(struct espat *e);
/// Begins anew: nothing is remembered.
void espat__net_boot(struct espat_net *net);
void espat__net_up(struct espat_net *net);
void espat__net_down(struct espat_net *net);
void espat__net_frame(struct espat_net *net, const uint8_t *frame, size_t len);
void espat__net_kick(struct espat_net *net);
void espat__net_address(struct espat_net *net, const struct nif_net *address);
bool espat__net_has_ip(struct espat_net *net);
uint64_t espat__dice(struct espat *e);

// ---- time.c
/// Returns when to look again, us.
uint64_t espat__time_service(struct espat *e);
void espat__time_end(struct espat *e);

// ---- wifi.c
/// Looks after joining and addresses. Returns when to look again, us.
uint64_t espat__wifi_service(struct espat *e, struct espat_net *net);
void espat__wifi_init(struct espat *e);
void espat__wifi_begin(struct espat *e);
void espat__wifi_end(struct espat *e);
void espat__join(struct espat *e);
/// Gets an address by DHCP, or takes the fixed one.
void espat__begin_address(struct espat *e);
/// Leaves the network that it has joined, and does not join again.
void espat__leave(struct espat *e);
void espat__scan_done(struct espat *e);
void espat__ap_apply(struct espat *e);

// ---- link.c, receive.c, send.c
/// Moves what can move on all links. Returns when to look again, ns.
uint64_t espat__links_service(struct espat *e);
void espat__links_reset(struct espat *e);
/// All links of `net` (NULL: of all) are gone, and the host is told.
void espat__links_drop(struct espat *e, const struct espat_net *net);
void espat__link_release(struct espat *e, struct espat_link *link, bool abort);
/// The link's end as the host hears it: "<id>,CLOSED".
void espat__closed(struct espat *e, const struct espat_link *link);
void espat__connected(struct espat *e, struct espat_link *link);
unsigned espat__id(const struct espat *e, const struct espat_link *link);
unsigned espat__links_open(const struct espat *e);
const char *espat__proto_name(const struct espat_link *link);
/// A connection for a client. False: the stack has none.
bool espat__link_open(struct espat *e, struct espat_link *link,
    enum nif_proto proto);
size_t espat__window(bool passive);
void espat__link_let_go(struct espat_link *link, bool abort);
/// Takes what has come on a link. False: it has ended. May lower `*again_ns`.
bool espat__receive(struct espat *e, struct espat_link *link,
    uint64_t *again_ns);
void espat__start_failed(struct espat *e);
/// What the handshake of a link comes to.
bool espat__tls_good(const struct espat *e, const struct espat_link *link);
void espat__send_byte(struct espat *e, uint8_t byte);
/// The link of the CIPSEND at work is gone.
void espat__send_failed(struct espat *e);
uint64_t espat__send_service(struct espat *e);
void espat__send_event(struct sim_event *event);
uint64_t espat__start_service(struct espat *e);
uint64_t espat__lookup_service(struct espat *e);
/// What CIPSTART or CIPDOMAIN waits for has not come.
void espat__timed_out(struct espat *e);
void espat__server_service(struct espat *e);
struct espat_net *espat__route(struct espat *e, const struct nif_ip *ip);

#endif
