// SPDX-License-Identifier: MIT
//
// What the parts of the model share: its own list of registers.

#ifndef SIM_CHIPS_STELLARIS_MODEL_H
#define SIM_CHIPS_STELLARIS_MODEL_H

#include "sim/chips/stellaris.h"

#define MAC_RIS  0x00u // written: MACIACK
#define MAC_IM   0x04u
#define MAC_RCTL 0x08u
#define MAC_TCTL 0x0Cu
#define MAC_DATA 0x10u
#define MAC_IA0  0x14u
#define MAC_IA1  0x18u
#define MAC_THR  0x1Cu
#define MAC_MCTL 0x20u
#define MAC_MDV  0x24u
#define MAC_MTXD 0x2Cu
#define MAC_MRXD 0x30u
#define MAC_NP   0x34u
#define MAC_TR   0x38u

#define INT_RX    (1u << 0)
#define INT_TXER  (1u << 1)
#define INT_TXEMP (1u << 2)
#define INT_FOV   (1u << 3)
#define INT_RXER  (1u << 4)
#define INT_MD    (1u << 5)
#define INT_PHY   (1u << 6)

#define RCTL_RXEN    (1u << 0)
#define RCTL_AMUL    (1u << 1)
#define RCTL_PRMS    (1u << 2)
#define RCTL_BADCRC  (1u << 3)
#define RCTL_RSTFIFO (1u << 4)

#define TCTL_TXEN   (1u << 0)
#define TCTL_PADEN  (1u << 1)
#define TCTL_CRC    (1u << 2)
#define TCTL_DUPLEX (1u << 4)

#define TR_NEWTX (1u << 0)

static inline uint32_t *stel__reg(struct sim_stellaris *mac, uint32_t offset)
{
    return &mac->reg[offset / 4];
}

static inline bool stel__has(const struct sim_stellaris *mac, uint32_t offset,
    uint32_t bits)
{
    return (mac->reg[offset / 4] & bits) != 0;
}

static inline struct sim_stellaris *stel__of_port(struct sim_port *port)
{
    struct sim_nic *nic = nif_container_of(port, struct sim_nic, port);

    return nif_container_of(nic, struct sim_stellaris, nic);
}

static inline void stel__complain(struct sim_stellaris *mac, const char *what)
{
    sim_complain(mac->cpu->world, mac->cfg.name, "%s", what);
}

// regs.c

/// Sets bits of MACRIS.
void stel__raise(struct sim_stellaris *mac, uint32_t bits);

/// A word of what is not defined.
uint32_t stel__noise(const struct sim_stellaris *mac);

// mii.c
void stel__mii_start(struct sim_stellaris *mac);
bool stel__mii_busy(struct sim_stellaris *mac, uint32_t offset);
void stel__mii_reset(struct sim_stellaris *mac);
void stel__mii_init(struct sim_stellaris *mac);

// rx.c
uint32_t stel__rx_read(struct sim_stellaris *mac);
uint32_t stel__rx_frames(const struct sim_stellaris *mac);
void stel__rx_flush(struct sim_stellaris *mac);
void stel__rx_echo(struct sim_stellaris *mac, const uint8_t *frame, size_t len);
void stel__rx_init(struct sim_stellaris *mac);

// tx.c
void stel__tx_write(struct sim_stellaris *mac, uint32_t word);
void stel__tx_start(struct sim_stellaris *mac);
void stel__tx_go(struct sim_stellaris *mac);
void stel__tx_rewind(struct sim_stellaris *mac);
void stel__tx_reset(struct sim_stellaris *mac);
void stel__tx_init(struct sim_stellaris *mac);

/// Looks whether the frame on the wire is off it.
void stel__tx_look(struct sim_stellaris *mac);

#endif
