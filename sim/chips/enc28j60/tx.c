// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's transmitter: when a frame may go, what can happen to
// it on its way, and how that ends (DS39662 7.1, IEEE 802.3 4.2.3.2).

#include "sim/chips/enc28j60/model.h"

#define JAM_NS       3200    // 32 bits
#define EXCESS_NS    2428700 // 24287 bit times of deferral
#define LATE_AT      100     // bytes after which erratum 13 strikes
#define ABORT_WINDOW 64      // no retry is possible behind this byte

static uint64_t bytes_ns(size_t count)
{
    return count * ENC_BYTE_NS;
}

// ---- the end of a transmission

static void settle(struct sim_enc28j60 *chip)
{
    chip->tx.want = false;
    chip->tx.fault = SIM_ENC28J60_TX_WELL;
    sim_event_cancel(chip->world, &chip->tx.event);
    sim_event_cancel(chip->world, &chip->tx.excess);
    sim_enc_put_bit(chip, ENC_ECON1, ENC_ECON1_TXRTS, false);
}

static void leave_wire(struct sim_enc28j60 *chip)
{
    chip->tx.state = ENC_TX_IDLE;
    chip->tx.on_cable = false;
    chip->tx.idle_ns = chip->world->now_ns + sim_enc_tx_gap_ns(chip);
}

static void cut(struct sim_enc28j60 *chip)
{
    if (chip->tx.on_cable) {
        sim_port_cut(&chip->port);
    }
    leave_wire(chip);
}

static void fail(struct sim_enc28j60 *chip, uint32_t why)
{
    chip->counts.tx_aborted++;
    chip->tx.aborted = true;
    sim_enc_tx_vector(chip, why);
    chip->reg[ENC_ESTAT] |= ENC_ESTAT_TXABRT;
    // Erratum 15: the bit does not tell.
    if ((why & ENC_TSV_LATE) && !sim_enc_bites(chip, 15)) {
        chip->reg[ENC_ESTAT] |= ENC_ESTAT_LATECOL;
    }
}

static void abort_frame(struct sim_enc28j60 *chip, uint32_t why)
{
    fail(chip, why);
    settle(chip);
    sim_enc_flag(chip, ENC_EIR_TXIF | ENC_EIR_TXERIF);
    sim_enc_dma_resume(chip);
    sim_enc_tx_kick(chip);
}

// Own frames come back through a PHY in loopback, and in half duplex if
// HDLDIS does not forbid it; errata 9 and 10: not reliably.
static void loop_back(struct sim_enc28j60 *chip)
{
    bool loops;

    if (sim_enc_phy_bit(chip, ENC_PHCON1, ENC_PHCON1_PLOOPBK)) {
        loops = !sim_enc_bites_now(chip, 10);
    } else if (!sim_enc_phy_bit(chip, ENC_PHCON1, ENC_PHCON1_PDPXMD) &&
        !sim_enc_phy_bit(chip, ENC_PHCON2, ENC_PHCON2_HDLDIS)) {
        loops = !(chip->errata & SIM_ENC28J60_ERRATUM(9)) ||
            sim_enc_bites_now(chip, 9);
    } else {
        return;
    }
    if (loops) {
        sim_enc_rx_loop(chip, chip->tx.frame, chip->tx.len);
    }
}

void sim_enc_tx_left(struct sim_enc28j60 *chip)
{
    if (chip->tx.state == ENC_TX_JAM) {
        chip->tx.on_cable = false; // the jam goes on behind the frame
        return;
    }
    if (chip->tx.state != ENC_TX_WIRE) {
        return;
    }
    leave_wire(chip);
    if (chip->tx.is_pause) {
        sim_enc_flow_sent(chip);
        sim_enc_tx_kick(chip);
        return;
    }
    chip->counts.tx_done++;
    chip->tx.wire_bytes += (uint32_t)chip->tx.len;
    sim_enc_tx_vector(chip, ENC_TSV_DONE);
    settle(chip);
    loop_back(chip);
    sim_enc_flag(chip, ENC_EIR_TXIF);
    sim_enc_dma_resume(chip);
    sim_enc_tx_kick(chip);
}

// ---- collisions

static uint32_t sent_bytes(const struct sim_enc28j60 *chip)
{
    uint64_t bytes = (chip->world->now_ns - chip->tx.start_ns) / ENC_BYTE_NS;

    return bytes > ENC_PREAMBLE ? (uint32_t)(bytes - ENC_PREAMBLE) : 0;
}

// A carrier begins. In half duplex that is a collision if we send.
void sim_enc_tx_collide(struct sim_enc28j60 *chip)
{
    uint64_t now_ns = chip->world->now_ns;
    uint64_t preamble_ns = chip->tx.start_ns + bytes_ns(ENC_PREAMBLE);
    uint32_t sent = sent_bytes(chip);

    if (chip->tx.state != ENC_TX_WIRE || sim_enc_full_duplex(chip)) {
        return;
    }
    chip->counts.collisions++;
    chip->tx.collisions++;
    chip->tx.late = sent > chip->reg[ENC_MACLCON2] || sent > ABORT_WINDOW;
    chip->tx.state = ENC_TX_JAM;
    sim_event_at(chip->world, &chip->tx.event,
        (now_ns > preamble_ns ? now_ns : preamble_ns) + JAM_NS);
}

static void back_off(struct sim_enc28j60 *chip)
{
    unsigned power = chip->tx.collisions < 10 ? chip->tx.collisions : 10;

    if (!sim_enc_bit(chip, ENC_MACON4, ENC_MACON4_NOBKOFF)) {
        chip->tx.backoff_ns = chip->world->now_ns +
            (uint64_t)sim_roll(chip->world, 1u << power) * ENC_SLOT_NS;
    }
    sim_enc_tx_kick(chip);
}

static void end_jam(struct sim_enc28j60 *chip)
{
    uint32_t sent = sent_bytes(chip);

    chip->tx.wire_bytes += sent < chip->tx.len ? sent : (uint32_t)chip->tx.len;
    cut(chip);
    if (chip->tx.late) {
        abort_frame(chip, ENC_TSV_LATE);
    } else if (chip->tx.collisions > chip->reg[ENC_MACLCON1]) {
        abort_frame(chip, ENC_TSV_EXCESS_COLLISION);
    } else {
        back_off(chip);
    }
}

// Erratum 13: a link pulse is taken for a late collision. The transmission
// is over, and only TXERIF says so.
static void strike_13(struct sim_enc28j60 *chip)
{
    chip->counts.erratum[13]++;
    cut(chip);
    fail(chip, ENC_TSV_LATE);
    chip->tx.want = false;
    chip->tx.fault = SIM_ENC28J60_TX_WELL;
    chip->tx.state = ENC_TX_HUNG;
    sim_enc_flag(chip, ENC_EIR_TXERIF);
}

// ---- the beginning of a transmission

static bool reaches_cable(const struct sim_enc28j60 *chip)
{
    return chip->port.cable && sim_enc_link(chip) &&
        !sim_enc_phy_bit(chip, ENC_PHCON1, ENC_PHCON1_PLOOPBK) &&
        !sim_enc_phy_bit(chip, ENC_PHCON2, ENC_PHCON2_TXDIS);
}

static void begin(struct sim_enc28j60 *chip)
{
    size_t len;

    // It may be earlier than was planned: then the plan is void.
    sim_event_cancel(chip->world, &chip->tx.event);
    sim_event_cancel(chip->world, &chip->tx.excess);
    chip->tx.state = ENC_TX_WIRE;
    chip->tx.start_ns = chip->world->now_ns;
    chip->tx.is_pause = chip->tx.pause_due;
    chip->tx.oversize = false;
    if (chip->tx.is_pause) {
        sim_enc_flow_build(chip);
    } else {
        sim_enc_tx_build(chip);
    }
    len = chip->tx.len;
    if (sim_enc_mismatch(chip) && len > 0) {
        chip->tx.frame[len - 1] ^= 0xFF; // garbled on its way to the PHY
    }
    chip->tx.on_cable = reaches_cable(chip);
    if (chip->tx.on_cable) {
        sim_port_send(&chip->port, chip->tx.frame, len);
    }
    if (chip->tx.fault == SIM_ENC28J60_TX_LATECOL && !chip->tx.is_pause) {
        len = len > LATE_AT ? LATE_AT : len - 1;
    } else if (chip->tx.oversize) {
        len--;
    } else if (chip->tx.on_cable) {
        return; // the cable tells
    }
    sim_event_at(chip->world, &chip->tx.event,
        chip->world->now_ns + bytes_ns(ENC_PREAMBLE + len));
}

// Somebody else is at it. Who goes on sending too long is given up for, if
// MACON4.DEFER is not set.
static bool must_defer(struct sim_enc28j60 *chip)
{
    if (chip->tx.want && sim_enc_dma_runs(chip)) {
        return true;
    }
    if (sim_enc_full_duplex(chip) || !chip->port.carrier ||
        !sim_enc_link(chip)) {
        return false;
    }
    chip->tx.deferred = true;
    if (!sim_enc_bit(chip, ENC_MACON4, ENC_MACON4_DEFER) &&
        !sim_event_pending(&chip->tx.excess)) {
        sim_event_at(chip->world, &chip->tx.excess,
            chip->world->now_ns + EXCESS_NS);
    }
    return true;
}

static uint64_t later(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns > b_ns ? a_ns : b_ns;
}

// Sends what is to be sent, if it may be sent now.
void sim_enc_tx_kick(struct sim_enc28j60 *chip)
{
    uint64_t at_ns = chip->tx.idle_ns;

    if (chip->tx.state != ENC_TX_IDLE ||
        !(chip->tx.want || chip->tx.pause_due) || must_defer(chip)) {
        return;
    }
    if (!chip->tx.pause_due) {
        at_ns = later(at_ns, later(chip->tx.backoff_ns, chip->tx.quiet_ns));
    }
    if (at_ns > chip->world->now_ns) {
        sim_event_at(chip->world, &chip->tx.event, at_ns);
        return;
    }
    begin(chip);
}

void sim_enc_tx_event(struct sim_event *event)
{
    struct sim_enc28j60 *chip =
        nif_container_of(event, struct sim_enc28j60, tx.event);

    switch (chip->tx.state) {
    case ENC_TX_IDLE: sim_enc_tx_kick(chip); break;
    case ENC_TX_JAM: end_jam(chip); break;
    case ENC_TX_WIRE:
        if (chip->tx.fault == SIM_ENC28J60_TX_LATECOL && !chip->tx.is_pause) {
            strike_13(chip);
        } else if (chip->tx.oversize) {
            chip->tx.wire_bytes += (uint32_t)chip->tx.len;
            cut(chip);
            abort_frame(chip, ENC_TSV_GIANT);
        } else {
            sim_enc_tx_left(chip);
        }
        break;
    default: break;
    }
}

void sim_enc_tx_excess(struct sim_event *event)
{
    struct sim_enc28j60 *chip =
        nif_container_of(event, struct sim_enc28j60, tx.excess);

    abort_frame(chip, ENC_TSV_EXCESS_DEFER);
}

// ---- the host's side

static bool hangs(struct sim_enc28j60 *chip)
{
    if (chip->tx.fault_count > 0) {
        chip->tx.fault_count--;
        chip->tx.fault = chip->tx.next_fault;
    }
    if (chip->tx.fault == SIM_ENC28J60_TX_STALL) {
        chip->tx.stalled = true;
    }
    if (chip->tx.aborted && !chip->tx.stalled && sim_enc_bites(chip, 12)) {
        chip->tx.stalled = true;
    }
    return chip->tx.stalled;
}

// TXRTS was set.
void sim_enc_tx_request(struct sim_enc28j60 *chip)
{
    sim_enc_tx_check(chip);
    chip->tx.want = true;
    chip->tx.collisions = 0;
    chip->tx.wire_bytes = 0;
    chip->tx.deferred = false;
    chip->tx.backoff_ns = 0;
    if (hangs(chip)) {
        chip->tx.want = false;
        if (chip->tx.state == ENC_TX_IDLE) {
            chip->tx.state = ENC_TX_HUNG;
        }
        return;
    }
    sim_enc_tx_kick(chip);
}

// TXRTS was cleared by the host.
void sim_enc_tx_cancel(struct sim_enc28j60 *chip)
{
    bool ours = !chip->tx.is_pause &&
        (chip->tx.state == ENC_TX_WIRE || chip->tx.state == ENC_TX_JAM);

    settle(chip);
    if (ours) {
        cut(chip);
    } else if (chip->tx.state == ENC_TX_HUNG) {
        chip->tx.state = ENC_TX_IDLE;
    }
    sim_enc_flag(chip, ENC_EIR_TXIF);
    sim_enc_dma_resume(chip);
    sim_enc_tx_kick(chip);
}

// TXRST was set, or the whole chip is reset.
void sim_enc_tx_reset(struct sim_enc28j60 *chip)
{
    if (chip->tx.state == ENC_TX_WIRE || chip->tx.state == ENC_TX_JAM) {
        cut(chip);
    }
    sim_event_cancel(chip->world, &chip->tx.event);
    sim_event_cancel(chip->world, &chip->tx.excess);
    sim_event_cancel(chip->world, &chip->tx.pause);
    chip->tx.state = ENC_TX_IDLE;
    chip->tx.want = false;
    chip->tx.pause_due = false;
    chip->tx.aborted = false;
    chip->tx.stalled = false;
    chip->tx.quiet_ns = 0;
    chip->tx.fault = SIM_ENC28J60_TX_WELL;
}
