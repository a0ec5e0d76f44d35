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

static inline bool sim_w55_sn_mr(const struct sim_w5500_socket *s,
    unsigned bits)
{
    return (s->reg[W55_SN_MR] & bits) != 0;
}

/// The unit of RTR in ns, and how long one try takes.
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

/// Complains if the block of a socket that is being opened is no good.
void sim_w55_check_blocks(struct sim_w5500 *chip, struct sim_w5500_socket *s);

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

/// The chip whose socket this is.
struct sim_w5500 *sim_w55_of(struct sim_w5500_socket *s);

// ---- macraw.c

void sim_w55_macraw_send(struct sim_w5500 *chip, struct sim_w5500_socket *s);
void sim_w55_macraw_take(struct sim_w5500 *chip, const uint8_t *frame,
    size_t len);

#endif
