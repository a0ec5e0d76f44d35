// SPDX-License-Identifier: MIT
//
// Registers of the LAN8720A that clause 22 does not have (DS00002165, chapter
// 4.2), by the datasheet's names.

#ifndef LAN8720_REGS_H
#define LAN8720_REGS_H

/// OUI 00-80-0F; the model from 0x0A (LAN83C185) to 0x13 (LAN8742A) in 9 to 4,
/// the revision in 3 to 0.
#define LAN8720_ID        0x0007C000u
#define LAN8720_ID_FAMILY 0xFFFFFC00u ///< all that have the same registers

/// Mode control and status.
#define LAN8720_MCSR           17
#define LAN8720_MCSR_EDPWRDOWN 0x2000u
#define LAN8720_MCSR_ENERGYON  0x0002u ///< read only

/// Special modes; survives a soft reset, MODE takes effect with one.
#define LAN8720_SMR       18
#define LAN8720_SMR_MODE  0x00E0u ///< 7: all modes, negotiated
#define LAN8720_SMR_PHYAD 0x001Fu

/// Interrupt source, taken back by reading, and mask.
#define LAN8720_ISR          29
#define LAN8720_IMR          30
#define LAN8720_INT_ENERGYON 0x0080u
#define LAN8720_INT_DONE     0x0040u ///< negotiation is complete
#define LAN8720_INT_DOWN     0x0010u ///< link down

/// PHY special control and status.
#define LAN8720_SCSR          31
#define LAN8720_SCSR_AUTODONE 0x1000u
#define LAN8720_SCSR_FULL     0x0010u
#define LAN8720_SCSR_100      0x0008u
#define LAN8720_SCSR_10       0x0004u

#endif
