// SPDX-License-Identifier: MIT
//
// Which channel is which: by the words in their names, then by what they do.

#include "sim/capture/import.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum role { NO_ROLE, CS, CLK, MOSI, MISO, DATA, MDC, MDIO, TX, RX };

// ---- by name

static enum role role_of_word(const char *word)
{
    static const struct {
        const char *word;
        enum role role;
    } words[] = {
        { "CS", CS },
        { "CSN", CS },
        { "NCS", CS },
        { "SS", CS },
        { "NSS", CS },
        { "SSEL", CS },
        { "SCS", CS },
        { "CE", CS },
        { "ENABLE", CS },
        { "CLK", CLK },
        { "SCK", CLK },
        { "SCLK", CLK },
        { "CLOCK", CLK },
        { "MOSI", MOSI },
        { "COPI", MOSI },
        { "SDI", MOSI },
        { "SI", MOSI },
        { "DI", MOSI },
        { "MISO", MISO },
        { "CIPO", MISO },
        { "SDO", MISO },
        { "SO", MISO },
        { "DO", MISO },
        { "DATA", DATA },
        { "DIO", DATA },
        { "SDIO", DATA },
        { "MDC", MDC },
        { "MDIO", MDIO },
        { "TX", TX },
        { "TXD", TX },
        { "RX", RX },
        { "RXD", RX },
    };

    for (size_t i = 0; i < nif_countof(words); i++) {
        if (strcmp(word, words[i].word) == 0) {
            return words[i].role;
        }
    }
    return NO_ROLE;
}

static char upper(char c)
{
    if (c >= 'a' && c <= 'z') {
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[c - 'a'];
    }
    return c;
}

// The next word of a name, in upper case; "" at its end.
static const char *next_word(const char *name, char word[SIM_TRACE_NAME])
{
    size_t len = 0;

    while (*name != '\0' && !isalnum((unsigned char)*name)) {
        name++;
    }
    while (isalnum((unsigned char)name[len])) {
        word[len] = upper(name[len]);
        len++;
    }
    word[len] = '\0';
    return name + len;
}

// The role that a word of the name stands for. `rest` gets the other words,
// by which the two lines of one port find each other.
static enum role role_of(const char *name, char rest[SIM_TRACE_NAME])
{
    enum role role = NO_ROLE;
    char word[SIM_TRACE_NAME];
    size_t rest_len = 0;

    for (name = next_word(name, word); word[0] != '\0';
         name = next_word(name, word)) {
        if (role == NO_ROLE && role_of_word(word) != NO_ROLE) {
            role = role_of_word(word);
        } else {
            memcpy(rest + rest_len, word, strlen(word));
            rest_len += strlen(word);
        }
    }
    rest[rest_len] = '\0';
    return role;
}

struct roles {
    enum role of[SIM_CAPTURE_CHANNELS]; // NO_ROLE once it is taken
    enum role was[SIM_CAPTURE_CHANNELS];
    char rest[SIM_CAPTURE_CHANNELS][SIM_TRACE_NAME];
    unsigned moves[SIM_CAPTURE_CHANNELS];
};

// True if a chip select or a clock has these other words: then lines that have
// them too are its own.
static bool has_owner(const struct sim_import *import,
    const struct roles *roles, const char *rest)
{
    for (unsigned i = 0; i < import->what.channels; i++) {
        if ((roles->was[i] == CS || roles->was[i] == CLK) &&
            strcmp(roles->rest[i], rest) == 0) {
            return true;
        }
    }
    return false;
}

// The first free channel with a role and the same other words, or else one
// that is nobody's.
static uint16_t take(const struct sim_import *import, struct roles *roles,
    enum role role, const char *rest)
{
    uint16_t found = SIM_CAPTURE_NONE;

    for (unsigned i = import->what.channels; i-- > 0;) {
        bool same = strcmp(roles->rest[i], rest) == 0;

        if (roles->of[i] == role &&
            (same ||
                (!has_owner(import, roles, roles->rest[i]) &&
                    (found == SIM_CAPTURE_NONE ||
                        strcmp(roles->rest[found], rest) != 0)))) {
            found = (uint16_t)i;
        }
    }
    if (found != SIM_CAPTURE_NONE) {
        roles->of[found] = NO_ROLE;
    }
    return found;
}

// ---- buses by name

static bool spi_by_name(struct sim_import *import, struct roles *roles,
    const char *rest)
{
    struct sim_import_bus *bus = sim_import_add(import, SIM_TRACE_SPI);

    if (!bus) {
        return false;
    }
    bus->spi.cs = take(import, roles, CS, rest);
    bus->spi.clk = take(import, roles, CLK, rest);
    bus->spi.mosi = take(import, roles, MOSI, rest);
    bus->spi.miso = take(import, roles, MISO, rest);
    if (bus->spi.mosi == SIM_CAPTURE_NONE &&
        bus->spi.miso == SIM_CAPTURE_NONE) {
        bus->spi.mosi = take(import, roles, DATA, rest);
        bus->spi.half_duplex = bus->spi.mosi != SIM_CAPTURE_NONE;
    }
    return true;
}

static bool mdio_by_name(struct sim_import *import, struct roles *roles,
    const char *rest)
{
    uint16_t mdc = take(import, roles, MDC, rest);
    uint16_t mdio = take(import, roles, MDIO, rest);
    struct sim_import_bus *bus = NULL;

    if (mdc != SIM_CAPTURE_NONE && mdio != SIM_CAPTURE_NONE) {
        bus = sim_import_add(import, SIM_TRACE_MDIO);
    }
    if (bus) {
        bus->mdc = mdc;
        bus->mdio = mdio;
    }
    return bus != NULL;
}

// The other line of a serial port must have the same other words.
static uint16_t take_same(const struct sim_import *import, struct roles *roles,
    enum role role, const char *rest)
{
    for (unsigned i = 0; i < import->what.channels; i++) {
        if (roles->of[i] == role && strcmp(roles->rest[i], rest) == 0) {
            roles->of[i] = NO_ROLE;
            return (uint16_t)i;
        }
    }
    return SIM_CAPTURE_NONE;
}

static bool uart_by_name(struct sim_import *import, struct roles *roles,
    const char *rest)
{
    struct sim_import_bus *bus = sim_import_add(import, SIM_TRACE_UART);

    if (bus) {
        bus->tx = take_same(import, roles, TX, rest);
        bus->rx = take_same(import, roles, RX, rest);
    }
    return bus != NULL;
}

static void buses_by_name(struct sim_import *import, struct roles *roles)
{
    bool room = true;

    for (unsigned i = 0; i < import->what.channels && room; i++) {
        const char *rest = roles->rest[i];

        switch (roles->of[i]) {
        case MDC:
        case MDIO: mdio_by_name(import, roles, rest); break;
        case CS:
        case CLK: room = spi_by_name(import, roles, rest); break;
        case TX:
        case RX: room = uart_by_name(import, roles, rest); break;
        case NO_ROLE:
        case MOSI:
        case MISO:
        case DATA: break;
        }
    }
}

// ---- by what they do

// The level that `channel` has whenever `clk` moves; UNKNOWN if it has both.
static uint8_t level_while(const struct sim_import *import, uint16_t channel,
    uint16_t clk)
{
    uint8_t level = SIM_CAPTURE_UNKNOWN;
    size_t count[2] = { 0, 0 };

    for (size_t i = 0; i < import->look_count; i++) {
        const struct sim_edge *edge = &import->look[i];

        if (edge->channel == channel) {
            level = edge->level;
        } else if (edge->channel == clk && edge->at_ns > 0 && level < 2) {
            count[level]++;
        }
    }
    if (count[0] > 200 * count[1]) {
        return SIM_CAPTURE_LOW;
    }
    return count[1] > 200 * count[0] ? SIM_CAPTURE_HIGH : SIM_CAPTURE_UNKNOWN;
}

static uint16_t most_moving(const struct sim_import *import,
    const struct roles *roles)
{
    uint16_t best = SIM_CAPTURE_NONE;

    for (unsigned i = 0; i < import->what.channels; i++) {
        if (roles->moves[i] > 1 &&
            (best == SIM_CAPTURE_NONE ||
                roles->moves[i] > roles->moves[best])) {
            best = (uint16_t)i;
        }
    }
    return best;
}

static void count_frames(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    (void)sink;
    (void)item;
}

static bool mdio_by_deed(struct sim_import *import, const struct roles *roles,
    uint16_t clk)
{
    struct sim_item_sink nowhere = { .item = count_frames };

    for (unsigned i = 0; i < import->what.channels; i++) {
        struct sim_mdio_layer mdio;

        if (i == clk || roles->moves[i] < 2) {
            continue;
        }
        sim_mdio_layer_init(&mdio, &nowhere, "", clk, (uint16_t)i);
        for (size_t k = 0; k < import->look_count; k++) {
            sim_mdio_layer_edges(&mdio, &import->look[k], 1);
        }
        if (mdio.count > 0) {
            struct sim_import_bus *bus = sim_import_add(import, SIM_TRACE_MDIO);

            bus->mdc = clk;
            bus->mdio = (uint16_t)i;
            return true;
        }
    }
    return false;
}

static bool spi_by_deed(struct sim_import *import, const struct roles *roles,
    uint16_t clk)
{
    uint16_t cs = SIM_CAPTURE_NONE;
    struct sim_import_bus *bus;

    for (unsigned i = 0; i < import->what.channels; i++) {
        if (i != clk && roles->moves[i] > 1 &&
            roles->moves[i] < roles->moves[clk] / 4 &&
            level_while(import, (uint16_t)i, clk) != SIM_CAPTURE_UNKNOWN &&
            (cs == SIM_CAPTURE_NONE || roles->moves[i] > roles->moves[cs])) {
            cs = (uint16_t)i;
        }
    }
    if (cs == SIM_CAPTURE_NONE) {
        return false;
    }
    bus = sim_import_add(import, SIM_TRACE_SPI);
    bus->spi.cs = cs;
    bus->spi.clk = clk;
    bus->spi.cs_high = level_while(import, cs, clk) == SIM_CAPTURE_HIGH;
    for (unsigned i = 0; i < import->what.channels; i++) {
        if (i == clk || i == cs || roles->moves[i] < 2) {
            continue;
        }
        if (bus->spi.mosi == SIM_CAPTURE_NONE) {
            bus->spi.mosi = (uint16_t)i;
        } else if (bus->spi.miso == SIM_CAPTURE_NONE) {
            bus->spi.miso = (uint16_t)i;
        }
    }
    bus->spi.half_duplex =
        bus->spi.miso == SIM_CAPTURE_NONE && bus->spi.mosi != SIM_CAPTURE_NONE;
    return true;
}

static void uarts_by_deed(struct sim_import *import, const struct roles *roles)
{
    for (unsigned i = 0; i < import->what.channels; i++) {
        if (roles->moves[i] > 4 && import->buses < SIM_IMPORT_BUSES) {
            sim_import_add(import, SIM_TRACE_UART)->rx = (uint16_t)i;
        }
    }
}

void sim__guess_buses(struct sim_import *import)
{
    struct roles *roles = calloc(1, sizeof(*roles));
    uint16_t clk;

    NIF_ASSERT(roles != NULL);
    for (size_t i = 0; i < import->look_count; i++) {
        roles->moves[import->look[i].channel]++;
    }
    for (unsigned i = 0; i < import->what.channels; i++) {
        roles->was[i] = role_of(import->what.name[i], roles->rest[i]);
        roles->of[i] = roles->was[i];
    }
    buses_by_name(import, roles);
    clk = most_moving(import, roles);
    if (import->buses == 0 && clk != SIM_CAPTURE_NONE &&
        !mdio_by_deed(import, roles, clk) && !spi_by_deed(import, roles, clk)) {
        uarts_by_deed(import, roles);
    }
    free(roles);
}

// ---- what a bus leaves open

struct phase {
    uint8_t cs;
    uint8_t clk;
    bool clocked;    // since the select
    size_t idle[2];  // level of the clock at selects
    size_t after[2]; // data that moved after the clock went low, high
};

static void phase_edge(struct phase *p, const struct sim_spi_lines *spi,
    const struct sim_edge *edge)
{
    if (edge->channel == spi->cs) {
        p->cs = edge->level;
        p->clocked = false;
        if (p->clk < 2) {
            p->idle[p->clk]++;
        }
    } else if (edge->channel == spi->clk) {
        p->clocked = p->clk < 2;
        p->clk = edge->level;
    } else if ((edge->channel == spi->mosi || edge->channel == spi->miso) &&
        (p->cs == spi->cs_high || spi->cs == SIM_CAPTURE_NONE) && p->clocked &&
        p->clk < 2) {
        p->after[p->clk]++;
    }
}

// Clock phase by the data: it moves at the edges at which nobody samples, or
// soon after. Of what moves at one time, the clock is the cause.
static void guess_mode(struct sim_import *import, struct sim_import_bus *bus)
{
    struct phase p = { SIM_CAPTURE_UNKNOWN, SIM_CAPTURE_UNKNOWN, false,
        { 0, 0 }, { 0, 0 } };
    const struct sim_edge *look = import->look;
    size_t next;
    bool cpol;
    bool cpha;

    for (size_t at = 0; at < import->look_count; at = next) {
        for (next = at;
             next < import->look_count && look[next].at_ns == look[at].at_ns;
             next++) {
            if (look[next].channel == bus->spi.clk) {
                phase_edge(&p, &bus->spi, &look[next]);
            }
        }
        for (size_t i = at; i < next; i++) {
            if (look[i].channel != bus->spi.clk) {
                phase_edge(&p, &bus->spi, &look[i]);
            }
        }
    }
    cpol = p.idle[1] > p.idle[0];
    // Phase 0 samples at the leading edge, so data moves after trailing ones.
    cpha = p.after[!cpol] > p.after[cpol];
    bus->spi.mode = (uint8_t)(2 * cpol + cpha);
}

// The mean of the clock's periods, without the pauses.
static uint32_t guess_clock(const struct sim_import *import, uint16_t clk)
{
    uint64_t shortest = UINT64_MAX;
    uint64_t sum_ns = 0;
    uint64_t count = 0;

    for (unsigned round = 0; round < 2; round++) {
        uint64_t last_ns = 0;

        for (size_t i = 0; i < import->look_count; i++) {
            const struct sim_edge *edge = &import->look[i];
            uint64_t period = edge->at_ns - last_ns;

            if (edge->channel != clk || edge->level != SIM_CAPTURE_HIGH) {
                continue;
            }
            if (round == 1 && last_ns > 0 && period <= 2 * shortest) {
                sum_ns += period;
                count++;
            }
            shortest = last_ns > 0 && period < shortest ? period : shortest;
            last_ns = edge->at_ns;
        }
    }
    return sum_ns > 0 ? (uint32_t)(((double)count * 1e9) / (double)sum_ns + 0.5)
                      : 0;
}

// Without chip select: a pause of eight of the shortest clock periods.
static void guess_gap(struct sim_import *import, struct sim_import_bus *bus)
{
    uint64_t shortest = UINT64_MAX;
    uint64_t last_ns = 0;

    for (size_t i = 0; i < import->look_count; i++) {
        const struct sim_edge *edge = &import->look[i];

        if (edge->channel == bus->spi.clk) {
            if (last_ns > 0 && edge->at_ns - last_ns < shortest) {
                shortest = edge->at_ns - last_ns;
            }
            last_ns = edge->at_ns;
        }
    }
    bus->spi.gap_ns = shortest < UINT64_MAX / 16 ? 16 * shortest : 0;
}

void sim__guess_rest(struct sim_import *import, struct sim_import_bus *bus)
{
    if (bus->kind == SIM_TRACE_MDIO) {
        bus->clock_hz = guess_clock(import, bus->mdc);
    }
    if (bus->kind == SIM_TRACE_SPI && bus->spi.clk != SIM_CAPTURE_NONE) {
        bus->clock_hz = guess_clock(import, bus->spi.clk);
        if (!bus->mode_given) {
            guess_mode(import, bus);
        }
        if (bus->spi.cs == SIM_CAPTURE_NONE) {
            guess_gap(import, bus);
        }
    }
    if (bus->kind == SIM_TRACE_UART) {
        sim__guess_uart(import, bus);
    }
}
