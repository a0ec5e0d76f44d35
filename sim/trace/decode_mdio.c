// SPDX-License-Identifier: MIT
//
// MDIO in the words of IEEE 802.3 clause 22: the registers 0 to 15 and their
// bits (22.2.4.1, 22.2.4.2). Registers 16 to 31 are each PHY's own.

#include "sim/trace/decode.h"

#include <stdio.h>
#include <string.h>

struct mdio {
    struct sim_decoder base;
};

static const char *const names[16] = { "BMCR", "BMSR", "PHYID1", "PHYID2",
    "ANAR", "ANLPAR", "ANER", "ANNPTR", "ANLPRNP", "MSCR", "MSSR", "PSECR",
    "PSESR", "MMDCR", "MMDDR", "ESR" };

static const char *const bmcr[16] = {
    [15] = "reset",
    [14] = "loopback",
    [13] = "speed100",
    [12] = "an-enable",
    [11] = "power-down",
    [10] = "isolate",
    [9] = "an-restart",
    [8] = "full-duplex",
    [7] = "collision-test",
    [6] = "speed1000",
};

static const char *const bmsr[16] = {
    [15] = "100T4",
    [14] = "100FD",
    [13] = "100HD",
    [12] = "10FD",
    [11] = "10HD",
    [6] = "no-preamble",
    [5] = "an-complete",
    [4] = "remote-fault",
    [3] = "an-able",
    [2] = "link",
    [1] = "jabber",
    [0] = "extended",
};

static const char *const ability[16] = {
    [15] = "next-page",
    [14] = "ack",
    [13] = "remote-fault",
    [11] = "asym-pause",
    [10] = "pause",
    [9] = "100T4",
    [8] = "100FD",
    [7] = "100HD",
    [6] = "10FD",
    [5] = "10HD",
};

static const char *const *bits_of(unsigned reg)
{
    switch (reg) {
    case 0: return bmcr;
    case 1: return bmsr;
    case 4:
    case 5: return ability;
    default: return NULL;
    }
}

static void say(char *text, size_t cap, const char *more)
{
    size_t len = strlen(text);

    snprintf(text + len, cap - len, "%s", more);
}

static void say_value(const char *before, unsigned value, char *text,
    size_t cap)
{
    size_t len = strlen(text);

    snprintf(text + len, cap - len, "%s%04X", before, value);
}

static void say_bits(unsigned reg, unsigned value, char *text, size_t cap)
{
    const char *const *bits = bits_of(reg);

    for (unsigned bit = 16; bits && bit-- > 0;) {
        if (bits[bit] && (value >> bit & 1)) {
            say(text, cap, " ");
            say(text, cap, bits[bit]);
        }
    }
}

static void mdio_decode(struct sim_decoder *decoder,
    const struct sim_trace_item *item, uint8_t *mask, char *text, size_t cap)
{
    bool c22 =
        item->op == SIM_TRACE_MDIO_READ || item->op == SIM_TRACE_MDIO_WRITE;
    bool writes = item->op == SIM_TRACE_MDIO_WRITE;

    (void)decoder;
    if (mask) {
        memset(mask, 0xFF, item->len);
    }
    if (!c22) {
        snprintf(text, cap, "clause 45 %s port %u device %u: %04X",
            sim_trace_mdio_word(item->op) + strlen("c45-"), item->phy,
            item->reg, item->value);
        return;
    }
    snprintf(text, cap, "PHY %u ", item->phy);
    if (item->reg < nif_countof(names)) {
        say(text, cap, names[item->reg]);
    } else {
        size_t len = strlen(text);

        snprintf(text + len, cap - len, "register %u", item->reg);
    }
    if (item->flags & SIM_TRACE_NO_ANSWER) {
        say(text, cap, ": no answer");
        return;
    }
    say_value(writes ? " <- " : " = ", item->value, text, cap);
    say_bits(item->reg, item->value, text, cap);
}

static void mdio_differ(const struct sim_decoder *decoder,
    const struct sim_trace_item *item, size_t at, int other, char *text,
    size_t cap)
{
    (void)decoder;
    (void)at;
    snprintf(text, cap, "PHY %u ", item->phy);
    say(text, cap, item->reg < nif_countof(names) ? names[item->reg] : "");
    say_value(": ", item->value, text, cap);
    say_value(", not ", (unsigned)other & 0xFFFFu, text, cap);
    say(text, cap, bits_of(item->reg) ? ":" : "");
    say_bits(item->reg, item->value ^ ((unsigned)other & 0xFFFFu), text, cap);
}

static void mdio_init(struct sim_decoder *decoder)
{
    (void)decoder;
}

const struct sim_decoder_ops sim__decoder_mdio = {
    .name = "mdio",
    .kind = SIM_TRACE_MDIO,
    .size = sizeof(struct mdio),
    .init = mdio_init,
    .decode = mdio_decode,
    .differ = mdio_differ,
};
