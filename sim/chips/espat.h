// SPDX-License-Identifier: MIT
//
// A model of Espressif's AT firmware on a serial line: ESP8266, ESP32 and
// ESP32-C3 modules, from AT 1.7 to ESP-AT 4, each with the texts of its
// dialect. Its radio is in the air (sim/net/air.h), its TCP/IP is the core's
// stack, which answers pings as the module does.
//
// Modelled: line engine with echo, busy and execution times; boot text of the
// ROM, ready, joining by itself; rates and flow control of the line; station
// and access point with DHCP both ways; five links, TCP, UDP in its modes, one
// server; active and passive reception; what is stored and what is not.
//
// TLS is not cryptography here: after the time of a handshake the bytes go as
// they are, to a peer that expects just that.
//
// Not modelled, and answered as an unknown command: transparent mode
// (CIPMODE=1), CIPSENDL, PING, Bluetooth, HTTP, MQTT, OTA, IPv6. Formats of
// the line other than 8N1 are refused. Where the dialects are not documented,
// the one that is harder on a driver was taken: UDP in passive mode loses what
// one CIPRECVDATA does not take, in all versions.
//
//     sim_espat_init(&chip, &world, &(struct sim_espat_cfg){ .air = &air });
//     sim_espat_pins(&chip, &enable);
//     sim_uart_init(&bus, &cpu, &chip.uart, NULL);
//
// The module is powered up by init(), at the present time.

#ifndef SIM_CHIPS_ESPAT_H
#define SIM_CHIPS_ESPAT_H

#include "sim/bus/pin.h"
#include "sim/bus/uart.h"
#include "sim/net/air.h"

enum sim_espat_firmware {
    SIM_ESPAT_1_7, ///< ESP8266, NonOS: 1.7.4
    SIM_ESPAT_2_0, ///< ESP32: 2.0.0, whose passive mode is broken
    SIM_ESPAT_2_1, ///< ESP32: 2.1.0
    SIM_ESPAT_2_2, ///< ESP8266: 2.2.1
    SIM_ESPAT_2_4, ///< ESP32-C3: 2.4.0
    SIM_ESPAT_3_3, ///< ESP32-C3: 3.3.0
    SIM_ESPAT_4_1, ///< ESP32-C3: 4.1.1
    SIM_ESPAT_FIRMWARES,
};

/// How the module is made and what its flash holds. All zero is a good choice
/// for each field but `air`.
struct sim_espat_cfg {
    enum sim_espat_firmware firmware;
    struct sim_air *air;           ///< must outlive the chip
    const char *name;              ///< in complaints; NULL: "espat"
    uint8_t mac[6];                ///< 0: 02:00:00:00:e5:02; of its access
                                   ///< point: the next one
    const char *stored_ssid;       ///< it joins that one by itself, or NULL
    const char *stored_passphrase; ///< or NULL
    uint32_t stored_baud;          ///< 0: 115200
    uint32_t exec_us;              ///< a command takes so long; 0: 5000
    uint32_t boot_ms;              ///< until `ready`; 0: as the chip
    uint32_t tls_ms;               ///< a handshake; 0: 1500
};

/// Faults that hit an occasion. Each counts the occasions of its kind.
enum sim_espat_fault_kind {
    SIM_ESPAT_F_GARBAGE,    ///< a boot: `value` bytes of noise before ready
    SIM_ESPAT_F_NO_READY,   ///< a boot: ready is not said
    SIM_ESPAT_F_LATE_READY, ///< a boot: it takes `value` ms longer
    SIM_ESPAT_F_DEAF,       ///< a command: is not heard at all
    SIM_ESPAT_F_ERROR,      ///< a command: ERROR
    SIM_ESPAT_F_SLOW,       ///< a command: takes `value` ms longer
    SIM_ESPAT_F_NO_FINAL,   ///< a command: is done, its OK or ERROR lost
    SIM_ESPAT_F_NO_SEND_OK, ///< a send: is done, SEND OK is not said
    SIM_ESPAT_F_SEND_LATE,  ///< a send: SEND OK comes `value` ms later
    SIM_ESPAT_F_SEND_FAIL,  ///< a send: SEND FAIL though it was sent
    SIM_ESPAT_F_CLOSED,     ///< a connect: CLOSED right behind CONNECT
    SIM_ESPAT_F_NOT_CLOSED, ///< an end of a peer: it is not noticed
    SIM_ESPAT_F_END_LOST,   ///< an end of a peer: CLOSED is not said
    SIM_ESPAT_F_NO_IPD,     ///< passive: data without +IPD
    SIM_ESPAT_F_RECVLEN,    ///< CIPRECVLEN: `value` more than there is
    SIM_ESPAT_F_JOIN_ERROR, ///< a join: +CWJAP:`value`, then it works
    SIM_ESPAT_F_BAUD_OLD,   ///< UART_CUR: OK, but the rate stays
    SIM_ESPAT_F_BAUD_EARLY, ///< UART_CUR: OK comes at the new rate already
    SIM_ESPAT_F_DEBUG,      ///< a CIPSTART or CIPRECVDATA: with lines of a
                            ///< debug build
    SIM_ESPAT_F_REBOOT,     ///< a command: reboots in its middle
    SIM_ESPAT_FAULTS,
};

/// `count` occasions from the `at`th on, 0 the next.
struct sim_espat_fault {
    enum sim_espat_fault_kind kind;
    uint32_t at;
    uint32_t count;
    uint32_t value;
};

/// At most so many at a time.
#define SIM_ESPAT_FAULTS_MAX 8

/// Where a text is put in between.
enum sim_espat_where {
    SIM_ESPAT_AT_INPUT,  ///< when that byte from the host has come
    SIM_ESPAT_AT_LINE,   ///< before that line (or prompt) to the host
    SIM_ESPAT_AT_OUTPUT, ///< before that byte to the host, lines or not: what
                         ///< no firmware does, but debug builds do
};

struct espat;

struct sim_espat {
    struct sim_uart_chip uart; ///< give this to sim_uart_init()
    struct sim_world *world;
    struct sim_espat_cfg cfg;
    /// What arrives is not what was sent, for the test disturbs the line: no
    /// complaints about it.
    bool lenient;
    /// The certificates of all peers are of nobody that it trusts: TLS fails
    /// where they are looked at (CIPSSLCCONF 2 or 3).
    bool tls_untrusted;
    // Read only.
    uint64_t in_count;      ///< bytes from the host
    uint64_t out_count;     ///< bytes to the host
    uint64_t out_lines;     ///< pieces of output: lines, prompts
    unsigned command_count; ///< lines taken for commands
    unsigned busy_count;    ///< those answered with busy
    unsigned error_count;   ///< those that ended with ERROR or FAIL
    unsigned boot_count;    ///< times it has said ready
    unsigned flash_writes;  ///< settings written to flash
    struct espat *in;       ///< private
};

void sim_espat_init(struct sim_espat *chip, struct sim_world *world,
    const struct sim_espat_cfg *cfg);

/// Gives memory back. Before sim_uart_done() and sim_air_done().
void sim_espat_done(struct sim_espat *chip);

/// Connects EN (active low reset), or NULL.
void sim_espat_pins(struct sim_espat *chip, struct sim_pin *enable);

// ---- faults

/// Adds one; there is room for SIM_ESPAT_FAULTS_MAX (asserted).
void sim_espat_fault(struct sim_espat *chip,
    const struct sim_espat_fault *fault);

/// Room for the text of a fault.
#define SIM_ESPAT_FAULT_TEXT 80

/// Writes "espat.send-late at=0 count=1 value=500" and the like.
void sim_espat_fault_format(const struct sim_espat_fault *fault,
    char text[SIM_ESPAT_FAULT_TEXT]);

/// Reads what sim_espat_fault_format() has written. Returns false, and
/// changes nothing, if it is none.
bool sim_espat_fault_parse(const char *text, struct sim_espat_fault *fault);

/// From now on the firmware does not know that command ("SYSSTORE"). `name`
/// must outlive the chip. NULL: knows all again.
void sim_espat_refuse(struct sim_espat *chip, const char *name);

/// It boots by itself now, after `text` (of a crash, or NULL).
void sim_espat_reboot(struct sim_espat *chip, const char *text);

/// It says and hears nothing any more until it is reset at its pin.
void sim_espat_stick(struct sim_espat *chip);

/// It does not look at its UART for so long: what exceeds the FIFO is lost,
/// or RTS goes.
void sim_espat_stall(struct sim_espat *chip, uint64_t ns);

/// It answers all with `busy p...` for so long.
void sim_espat_storm(struct sim_espat *chip, uint64_t ns);

/// Says these bytes now, as whole.
void sim_espat_say(struct sim_espat *chip, const char *text);

/// Says these bytes at that place, once; counted as in_count, out_lines,
/// out_count. `text` must outlive that. NULL: no more.
void sim_espat_inject(struct sim_espat *chip, enum sim_espat_where where,
    uint64_t at, const char *text);

/// True while it is joined as a station and has an address.
bool sim_espat_online(const struct sim_espat *chip);

#endif
