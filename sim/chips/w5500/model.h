// SPDX-License-Identifier: MIT
//
// What the parts of the W5500 model know of each other.

#ifndef SIM_CHIPS_W5500_MODEL_H
#define SIM_CHIPS_W5500_MODEL_H

#include "sim/chips/w5500.h"

enum {
    W55_RAM_MASK = SIM_W5500_RAM - 1,
    W55_FRAME_MIN = 60,
    W55_FRAME_MAX = NIF_ETH_FRAME_MAX,
    W55_MTU = 1500,
    W55_NOBODY = W55_SOCKETS, ///< owner of frames that are the chip's own
};

// ---- chip.c: rules

/// The host broke a rule.
void sim_w55_broke(struct sim_w5500 *chip, enum sim_w5500_rule rule,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// ---- spi.c: the bus face

extern const struct sim_spi_chip_ops sim_w55_spi_ops;

// ---- reset.c

void sim_w55_power_up(struct sim_w5500 *chip);
void sim_w55_soft_reset(struct sim_w5500 *chip);
void sim_w55_reset_level(struct sim_pin *pin, void *arg, bool level);
void sim_w55_reset_hit(struct sim_event *event);

// ---- regs.c: the register file and INTn

/// What reading gives, without side effects.
uint8_t sim_w55_common_value(const struct sim_w5500 *chip, unsigned offset);
uint8_t sim_w55_socket_value(const struct sim_w5500 *chip,
    const struct sim_w5500_socket *s, unsigned offset);

/// A host's accesses.
uint8_t sim_w55_common_read(struct sim_w5500 *chip, unsigned offset);
uint8_t sim_w55_socket_read(struct sim_w5500 *chip, unsigned n,
    unsigned offset);
void sim_w55_common_write(struct sim_w5500 *chip, unsigned offset,
    uint8_t data);
void sim_w55_socket_write(struct sim_w5500 *chip, unsigned n, unsigned offset,
    uint8_t data);

/// Sets flags of Sn_IR or IR and tells the pin.
void sim_w55_flag(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    unsigned bits);
void sim_w55_common_flag(struct sim_w5500 *chip, unsigned bits);

/// Lets INTn be what it must be now.
void sim_w55_irq(struct sim_w5500 *chip);
void sim_w55_irq_event(struct sim_event *event);

static inline bool sim_w55_mr(const struct sim_w5500 *chip, unsigned bits)
{
    return (chip->common[W55_MR] & bits) != 0;
}

static inline uint32_t sim_w55_ip(const struct sim_w5500 *chip)
{
    return nif_get_be32(chip->common + W55_SIPR);
}

static inline uint8_t sim_w55_state(const struct sim_w5500_socket *s)
{
    return s->reg[W55_SN_SR];
}

/// Which datagrams and frames are taken is what it was at OPEN, whatever is
/// written later.
static inline bool sim_w55_sn_mr(const struct sim_w5500_socket *s,
    unsigned bits)
{
    return (s->mode & bits) != 0;
}

/// RTR in ns: how long the first try lasts.
static inline uint64_t sim_w55_rtr_ns(const struct sim_w5500 *chip)
{
    return (uint64_t)nif_get_be16(chip->common + W55_RTR) * 100 * SIM_US;
}

/// True if the host relies on a 16-bit value that was read only once;
/// complains.
void sim_w55_pair_used(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    bool tx);

// ---- memory.c: packet memory

/// Bytes of a socket's block, and where it begins in its bank.
unsigned sim_w55_size(const struct sim_w5500_socket *s, bool tx);
unsigned sim_w55_base(const struct sim_w5500 *chip, unsigned n, bool tx);

/// A byte of a socket's block by its free-running offset.
uint8_t *sim_w55_cell(struct sim_w5500 *chip, unsigned n, bool tx,
    uint16_t offset);

/// Complains if the blocks of a socket that is being opened are no good.
/// False if they do not even lie in one piece.
bool sim_w55_check_blocks(struct sim_w5500 *chip, struct sim_w5500_socket *s);

/// The host's accesses by SPI.
uint8_t sim_w55_memory_read(struct sim_w5500 *chip, unsigned n, bool tx,
    uint16_t offset);
void sim_w55_memory_write(struct sim_w5500 *chip, unsigned n, bool tx,
    uint16_t offset, uint8_t data);

uint16_t sim_w55_fsr(const struct sim_w5500 *chip,
    const struct sim_w5500_socket *s);
uint16_t sim_w55_rsr(const struct sim_w5500_socket *s);

/// Puts a packet behind a header into receive memory and tells the host.
/// False: there was no room for both.
bool sim_w55_store(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    const uint8_t *head, size_t head_len, const uint8_t *data, size_t len);

/// Takes `len` bytes at `from` out of transmit memory.
void sim_w55_fetch(struct sim_w5500 *chip, const struct sim_w5500_socket *s,
    uint16_t from, uint8_t *out, size_t len);

// ---- phy.c

void sim_w55_phy_reset(struct sim_w5500 *chip);
void sim_w55_phy_soft_reset(struct sim_w5500 *chip);
void sim_w55_phy_write(struct sim_w5500 *chip, uint8_t before, uint8_t now);
uint8_t sim_w55_phy_value(const struct sim_w5500 *chip);
void sim_w55_link_look(struct sim_w5500 *chip);
void sim_w55_link_event(struct sim_event *event);

// ---- mac.c: frames in and out

extern const struct sim_port_ops sim_w55_port_ops;

/// Queues a frame of 14 to 1514 bytes without FCS; short ones are padded.
/// sim_w55_left() is called when it has left, if `owner` is a socket.
void sim_w55_transmit(struct sim_w5500 *chip, unsigned owner,
    const uint8_t *frame, size_t len);

/// Forgets what waits of one socket.
void sim_w55_tx_drop(struct sim_w5500 *chip, unsigned owner);
void sim_w55_tx_event(struct sim_event *event);
void sim_w55_tx_reset(struct sim_w5500 *chip);

// ---- socket.c: commands

void sim_w55_command(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint8_t code);
void sim_w55_command_event(struct sim_event *event);
void sim_w55_late_event(struct sim_event *event);

/// Ends whatever a socket does; nothing is sent, no flag is set.
void sim_w55_close(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_socket_reset(struct sim_w5500 *chip, unsigned n);

/// A socket's last frame has left.
void sim_w55_left(struct sim_w5500 *chip, unsigned n);

/// What SEND asked for has left: frees it (but for TCP), SENDOK.
void sim_w55_send_done(struct sim_w5500 *chip, struct sim_w5500_socket *s);

/// The card that sim_w55_resolve() looked for is known, or does not answer.
void sim_w55_resolved(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    bool found);

/// The connection has ended by itself.
void sim_w55_end(struct sim_w5500 *chip, struct sim_w5500_socket *s);

/// The same, because nobody answers: TIMEOUT.
void sim_w55_timeout(struct sim_w5500 *chip, struct sim_w5500_socket *s);

/// All pointers of a socket.
void sim_w55_set_pointers(struct sim_w5500_socket *s, uint16_t tx, uint16_t rx);

/// The chip whose socket this is.
struct sim_w5500 *sim_w55_of(struct sim_w5500_socket *s);

// ---- macraw.c

void sim_w55_macraw_send(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_macraw_take(struct sim_w5500 *chip, const uint8_t *frame,
    size_t len);

// ---- net.c: ARP, and what of IP the chip does by itself

/// An IPv4 packet, checked.
struct w55_packet {
    const uint8_t *frame;
    size_t frame_len;
    const uint8_t *ip;
    const uint8_t *body;
    size_t len; ///< of `body`
    uint32_t src;
    uint32_t dst;
    uint8_t proto;
};

/// A good frame that the MAC has received.
void sim_w55_net_take(struct sim_w5500 *chip, const uint8_t *frame, size_t len);

/// True for the broadcast addresses of the chip's subnet.
bool sim_w55_is_broadcast(const struct sim_w5500 *chip, uint32_t ip);

/// Looks for the card of Sn_DIPR or its gateway; sim_w55_resolved() follows,
/// at once or later.
void sim_w55_resolve(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_arp_event(struct sim_event *event);

/// Where a packet goes, and how.
struct w55_way {
    const uint8_t *mac;
    uint32_t dst;
    uint8_t proto;
    uint8_t ttl;
    uint8_t tos;
    uint16_t fragment; ///< that field of the header
};

/// Fills in the headers in front of a body of `len` bytes. Returns where that
/// begins.
uint8_t *sim_w55_head(struct sim_w5500 *chip, uint8_t *frame,
    const struct w55_way *way, size_t len);

/// The checksum of a transport protocol in an IPv4 packet.
uint16_t sim_w55_sum(const uint8_t *ip, const uint8_t *body, size_t len);

// ---- udp.c: UDP, IPRAW, IGMP

void sim_w55_udp_take(struct sim_w5500 *chip, const struct w55_packet *packet);
void sim_w55_ipraw_take(struct sim_w5500 *chip,
    const struct w55_packet *packet);
void sim_w55_igmp_take(struct sim_w5500 *chip, const struct w55_packet *packet);

/// Sends what SEND has asked for, to Sn_DHAR.
void sim_w55_datagrams(struct sim_w5500 *chip, struct sim_w5500_socket *s);

void sim_w55_join(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_leave(struct sim_w5500 *chip, struct sim_w5500_socket *s);

// ---- stack.c: the stack behind TCP

void sim_w55_stack_init(struct sim_w5500 *chip);

/// Hands a frame to the stack, and lets it do what is due.
void sim_w55_stack_take(struct sim_w5500 *chip, const uint8_t *frame,
    size_t len);
void sim_w55_stack_poll(struct sim_w5500 *chip);
void sim_w55_stack_event(struct sim_event *event);

/// The stack's addresses are what the registers say.
void sim_w55_stack_address(struct sim_w5500 *chip);

// ---- tcp.c

static inline bool sim_w55_is_tcp(const struct sim_w5500_socket *s)
{
    uint8_t state = sim_w55_state(s);

    return state >= W55_SR_INIT && state <= W55_SR_LAST_ACK;
}

void sim_w55_tcp_take(struct sim_w5500 *chip, const struct w55_packet *packet);

/// The connection of this local port and peer, or NULL.
struct sim_w5500_socket *sim_w55_tcp_find(struct sim_w5500 *chip, uint16_t port,
    uint32_t peer, uint16_t peer_port);

/// The socket's registers follow the stack.
void sim_w55_tcp_follow(struct sim_w5500 *chip, struct sim_w5500_socket *s);

/// The most data that the socket wants in a segment.
uint16_t sim_w55_tcp_mss(const struct sim_w5500_socket *s);

void sim_w55_tcp_connect(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_tcp_discon(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_tcp_send(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_tcp_received(struct sim_w5500 *chip, struct sim_w5500_socket *s,
    uint16_t len);
void sim_w55_tcp_left(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_tcp_forget(struct sim_w5500 *chip, struct sim_w5500_socket *s);

// ---- timer.c: TCP's times, by RTR, RCR and Sn_KPALVTR

/// Puts the stack's retransmission timer away and sets the chip's own.
void sim_w55_tcp_times(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_tcp_timer(struct sim_event *event);
void sim_w55_tcp_keep(struct sim_event *event);

/// SEND_KEEP.
void sim_w55_tcp_probe(struct sim_w5500 *chip, struct sim_w5500_socket *s);

/// Something has come from the peer: keep-alive begins anew.
void sim_w55_tcp_heard(struct sim_w5500 *chip, struct sim_w5500_socket *s);

#endif
