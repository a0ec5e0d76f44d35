// SPDX-License-Identifier: MIT
//
// A model of the TOY1, written from its (imagined) datasheet and not from
// the driver: it has its own list of registers.

#include "toy_model.h"

#include <string.h>

enum {
    REG_ID,
    REG_STATUS,
    REG_RX_LEN,
    REG_RX,
    REG_TX,
};

static struct toy_model *of(struct sim_spi_chip *chip)
{
    return nif_container_of(chip, struct toy_model, chip);
}

static void model_select(struct sim_spi_chip *chip)
{
    of(chip)->at = 0;
}

static uint8_t status(const struct toy_model *m)
{
    return (uint8_t)(m->link | (m->rx_len > 0) << 1 | m->port.sending << 2);
}

static int reply(const struct toy_model *m, size_t n)
{
    switch (m->command) {
    case REG_ID: return 0x7E;
    case REG_STATUS: return status(m);
    case REG_RX_LEN: return (uint8_t)(m->rx_len >> (n == 0 ? 8 : 0));
    case REG_RX: return n < m->rx_len ? m->rx[n] : 0;
    default: return -1;
    }
}

static int model_exchange(struct sim_spi_chip *chip, int mosi)
{
    struct toy_model *m = of(chip);
    size_t n = m->at++;

    if (n == 0) {
        m->command = (uint8_t)mosi;
        if (m->command > REG_RX && m->command != (0x80 | REG_TX)) {
            sim_complain(chip->world, "toy", "there is no command %02x", mosi);
        }
        return -1;
    }
    if (m->command == (0x80 | REG_TX)) {
        if (n <= sizeof(m->tx)) {
            m->tx[n - 1] = (uint8_t)mosi;
        }
        return -1;
    }
    return reply(m, n - 1);
}

static void model_release(struct sim_spi_chip *chip)
{
    struct toy_model *m = of(chip);
    size_t len;

    if (m->command == REG_RX) {
        m->rx_len = 0;
    }
    if (m->command != (0x80 | REG_TX) || m->at < 3) {
        return;
    }
    len = nif_get_be16(m->tx);
    if (len != m->at - 3) {
        sim_complain(chip->world, "toy", "%zu bytes announced, %zu written",
            len, m->at - 3);
    } else if (m->port.sending) {
        sim_complain(chip->world, "toy", "a frame written while one is sent");
    } else if (m->link) {
        memset(m->tx + 2 + len, 0, len < 60 ? 60 - len : 0);
        len = len < 60 ? 60 : len;
        sim_port_send(&m->port, m->tx + 2, sim_fcs_put(m->tx + 2, len));
    }
}

static const struct sim_spi_chip_ops chip_ops = {
    .select = model_select,
    .exchange = model_exchange,
    .release = model_release,
};

static void model_link(struct sim_port *port, bool up)
{
    nif_container_of(port, struct toy_model, port)->link = up;
}

static void model_rx_end(struct sim_port *port, const struct sim_frame *frame)
{
    struct toy_model *m = nif_container_of(port, struct toy_model, port);

    if (frame->cut || !sim_fcs_good(frame->data, frame->len)) {
        return;
    }
    if (m->rx_len > 0) {
        m->lost++;
        return;
    }
    m->rx_len = frame->len - SIM_FCS;
    memcpy(m->rx, frame->data, m->rx_len);
}

static void model_tx_end(struct sim_port *port)
{
    (void)port; // the status bit is port.sending itself
}

static const struct sim_port_ops port_ops = {
    .link = model_link,
    .rx_end = model_rx_end,
    .tx_end = model_tx_end,
};

void toy_model_init(struct toy_model *model, struct sim_world *world)
{
    memset(model, 0, sizeof(*model));
    model->chip = (struct sim_spi_chip){ .ops = &chip_ops, .world = world };
    model->port = (struct sim_port){ .ops = &port_ops, .name = "toy" };
}
