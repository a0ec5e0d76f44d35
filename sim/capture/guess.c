// SPDX-License-Identifier: MIT
//
// Which channel is which: by the words in their names, then by what they do.

#include "sim/capture/import.h"

#include <ctype.h>
#include <math.h>
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
    enum role of[SIM_CAPTURE_CHANNELS];
    char rest[SIM_CAPTURE_CHANNELS][SIM_TRACE_NAME];
    unsigned moves[SIM_CAPTURE_CHANNELS];
};

static uint16_t first_with(const struct sim_import *import,
    const struct roles *roles, enum role role)
{
    for (unsigned i = 0; i < import->what.channels; i++) {
        if (roles->of[i] == role) {
            return (uint16_t)i;
        }
    }
    return SIM_CAPTURE_NONE;
}

// ---- buses

static bool spi_by_name(struct sim_import *import, const struct roles *roles)
{
    uint16_t cs = first_with(import, roles, CS);
    uint16_t clk = first_with(import, roles, CLK);
    struct sim_import_bus *bus;

    if (cs == SIM_CAPTURE_NONE && clk == SIM_CAPTURE_NONE) {
        return false;
    }
    bus = sim_import_add(import, SIM_TRACE_SPI);
    bus->spi.cs = cs;
    bus->spi.clk = clk;
    bus->spi.mosi = first_with(import, roles, MOSI);
    bus->spi.miso = first_with(import, roles, MISO);
    if (bus->spi.mosi == SIM_CAPTURE_NONE &&
        bus->spi.miso == SIM_CAPTURE_NONE) {
        bus->spi.mosi = first_with(import, roles, DATA);
        bus->spi.half_duplex = bus->spi.mosi != SIM_CAPTURE_NONE;
    }
    return true;
}

static void uarts_by_name(struct sim_import *import, struct roles *roles)
{
    for (unsigned i = 0; i < import->what.channels; i++) {
        struct sim_import_bus *bus;

        if (roles->of[i] != TX && roles->of[i] != RX) {
            continue;
        }
        bus = sim_import_add(import, SIM_TRACE_UART);
        if (!bus) {
            return;
        }
        for (unsigned k = i; k < import->what.channels; k++) {
            uint16_t *line = roles->of[k] == TX ? &bus->tx : &bus->rx;

            if ((roles->of[k] == TX || roles->of[k] == RX) &&
                *line == SIM_CAPTURE_NONE &&
                strcmp(roles->rest[k], roles->rest[i]) == 0) {
                *line = (uint16_t)k;
                roles->of[k] = k == i ? roles->of[k] : NO_ROLE;
            }
        }
        roles->of[i] = NO_ROLE;
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
        roles->of[i] = role_of(import->what.name[i], roles->rest[i]);
    }
    if (first_with(import, roles, MDC) != SIM_CAPTURE_NONE &&
        first_with(import, roles, MDIO) != SIM_CAPTURE_NONE) {
        struct sim_import_bus *bus = sim_import_add(import, SIM_TRACE_MDIO);

        bus->mdc = first_with(import, roles, MDC);
        bus->mdio = first_with(import, roles, MDIO);
    }
    spi_by_name(import, roles);
    uarts_by_name(import, roles);
    clk = most_moving(import, roles);
    if (import->buses == 0 && clk != SIM_CAPTURE_NONE &&
        !mdio_by_deed(import, roles, clk) && !spi_by_deed(import, roles, clk)) {
        uarts_by_deed(import, roles);
    }
    free(roles);
}

// ---- what a bus leaves open

// Clock phase by the data: it moves at the edges at which nobody samples.
static void guess_mode(struct sim_import *import, struct sim_import_bus *bus)
{
    struct sim_spi_lines *spi = &bus->spi;
    uint8_t level[2] = { SIM_CAPTURE_UNKNOWN, SIM_CAPTURE_UNKNOWN };
    size_t idle[2] = { 0, 0 };  // level of the clock at selects
    size_t after[2] = { 0, 0 }; // data that moved after a clock to low, high
    uint64_t clk_ns = 0;
    bool cpol;
    bool cpha;

    for (size_t i = 0; i < import->look_count; i++) {
        const struct sim_edge *edge = &import->look[i];
        bool active =
            level[0] == (spi->cs_high ? 1 : 0) || spi->cs == SIM_CAPTURE_NONE;

        if (edge->channel == spi->cs) {
            level[0] = edge->level;
            clk_ns = 0;
            if (level[1] < 2) {
                idle[level[1]]++;
            }
        } else if (edge->channel == spi->clk) {
            level[1] = edge->level;
            clk_ns = edge->at_ns;
        } else if ((edge->channel == spi->mosi || edge->channel == spi->miso) &&
            active && clk_ns > 0 && level[1] < 2) {
            after[level[1]]++;
        }
    }
    cpol = idle[1] > idle[0];
    // Phase 0 samples at the leading edge, so data moves after trailing ones.
    cpha = after[!cpol] > after[cpol];
    spi->mode = (uint8_t)(2 * cpol + cpha);
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

// ---- serial lines

// How well the pulses of a line fit a bit time: 0 not, to 1. If less than
// three quarters of them do, not: the rest may be glitches.
static double fit(const struct sim_import *import, uint16_t channel,
    double bit_ns)
{
    uint64_t last_ns = 0;
    double sum = 0;
    size_t good = 0;
    size_t count = 0;

    for (size_t i = 0; i < import->look_count && count < 20000; i++) {
        const struct sim_edge *edge = &import->look[i];
        double bits;
        double off;

        if (edge->channel != channel) {
            continue;
        }
        bits = (double)(edge->at_ns - last_ns) / bit_ns;
        off = fabs(bits - round(bits));
        if (last_ns > 0 && bits < 10.5) {
            count++;
            if (bits > 0.5 && off < 0.22) {
                good++;
                sum += 1 - off;
            }
        }
        last_ns = edge->at_ns;
    }
    return 4 * good >= 3 * count && good > 0 ? sum / (double)good : 0;
}

// Multiples of the rate fit as well, and on a coarse grid its own fit is not
// the best: the slowest that fits is meant, or the better one beside it.
static double guess_baud(const struct sim_import *import, uint16_t channel)
{
    static const double rates[] = { 300, 600, 1200, 2400, 4800, 9600, 14400,
        19200, 28800, 31250, 38400, 57600, 74880, 76800, 115200, 230400, 250000,
        460800, 500000, 576000, 921600, 1000000, 1500000, 2000000, 3000000,
        4000000 };
    double best = 0;
    double rate = 0;

    for (size_t i = 0; i < nif_countof(rates); i++) {
        double how = fit(import, channel, 1e9 / rates[i]);

        if (how > best && (rate == 0 || rates[i] < 1.3 * rate)) {
            best = how;
            rate = rates[i];
        }
    }
    return rate;
}

struct tally {
    unsigned high; // words whose eighth bit is set
    unsigned at;   // in a line
    bool a;        // it began with an A
    unsigned commands;
};

static void tally_word(void *arg, uint64_t at_ns, uint16_t word, uint8_t errors)
{
    struct tally *tally = arg;

    (void)at_ns;
    (void)errors;
    tally->high += (word & 0x80) != 0;
    if (tally->at == 1 && tally->a && word == 'T') {
        tally->commands++;
    }
    tally->a = tally->at == 0 && word == 'A';
    tally->at = word == '\n' || word == '\r' ? 0 : tally->at + 1;
}

static struct sim_uart_layer try_format(const struct sim_import *import,
    uint16_t channel, const struct sim_uart_format *format, struct tally *tally)
{
    struct sim_uart_layer uart;

    *tally = (struct tally){ 0 };
    sim_uart_layer_init(&uart, channel, format);
    uart.on_word = tally_word;
    uart.arg = tally;
    for (size_t i = 0; i < import->look_count; i++) {
        if (import->look[i].channel == channel) {
            sim_uart_layer_edges(&uart, &import->look[i], 1);
        }
    }
    sim_uart_layer_end(&uart, import->end_ns);
    return uart;
}

static void guess_format(const struct sim_import *import, uint16_t channel,
    struct sim_uart_format *format)
{
    static const char *const formats[] = { "8n1", "8e1", "8o1", "7e1", "7o1",
        "7n1", "9n1" };
    uint64_t best = UINT64_MAX;
    struct sim_uart_format tried = *format;
    bool eighth = false; // 8n1 without an error, and the eighth bit in use

    for (size_t i = 0; i < nif_countof(formats); i++) {
        struct tally tally;
        struct sim_uart_layer uart;

        sim_uart_format_parse(formats[i], &tried);
        uart = try_format(import, channel, &tried, &tally);
        if (i == 0) {
            eighth = uart.bad == 0 && tally.high > 0 && uart.words >= 8;
        }
        // Seven bits and parity look like eight: if all parities are right,
        // that is no accident.
        if (uart.bad < best ||
            (eighth && uart.bad == 0 && tried.bits == 7 &&
                tried.parity != 'n')) {
            best = uart.bad;
            *format = tried;
            eighth = eighth && i == 0;
        }
    }
}

static void guess_line(const struct sim_import *import, uint16_t channel,
    struct sim_uart_format *format, const struct sim_uart_format *other)
{
    if (channel == SIM_CAPTURE_NONE) {
        return;
    }
    if (format->baud == 0) {
        format->baud = guess_baud(import, channel);
    }
    if (format->baud == 0) {
        // A line that never moves, or whose rate nobody can tell.
        format->baud = other->baud > 0 ? other->baud : 115200;
    }
    if (format->bits == 0) {
        guess_format(import, channel, format);
    }
}

// The side that says "AT…" is the host, whatever the probes are called.
static void guess_ways(struct sim_import *import, struct sim_import_bus *bus)
{
    struct tally tally[2] = { 0 };

    if (bus->tx != SIM_CAPTURE_NONE) {
        try_format(import, bus->tx, &bus->tx_format, &tally[0]);
    }
    if (bus->rx != SIM_CAPTURE_NONE) {
        try_format(import, bus->rx, &bus->rx_format, &tally[1]);
    }
    if (tally[1].commands > tally[0].commands) {
        uint16_t channel = bus->tx;
        struct sim_uart_format format = bus->tx_format;

        bus->tx = bus->rx;
        bus->tx_format = bus->rx_format;
        bus->rx = channel;
        bus->rx_format = format;
    }
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
        guess_line(import, bus->tx, &bus->tx_format, &bus->rx_format);
        guess_line(import, bus->rx, &bus->rx_format, &bus->tx_format);
        if (!bus->ways_given) {
            guess_ways(import, bus);
        }
    }
}
