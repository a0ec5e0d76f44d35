// SPDX-License-Identifier: MIT
//
// Words of the trace format.

#include "sim/trace/item.h"

#include "sim/trace/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *sim_trace_word(enum sim_trace_kind kind)
{
    static const char *const words[SIM_TRACE_KINDS] = {
        [SIM_TRACE_BEGIN] = "",
        [SIM_TRACE_HEAD] = "",
        [SIM_TRACE_SPI] = "spi",
        [SIM_TRACE_UART] = "uart",
        [SIM_TRACE_MDIO] = "mdio",
        [SIM_TRACE_PIN] = "pin",
        [SIM_TRACE_ETH] = "eth",
        [SIM_TRACE_LINK] = "link",
        [SIM_TRACE_FAULT] = "fault",
        [SIM_TRACE_COMPLAINT] = "complaint",
        [SIM_TRACE_LOG] = "log",
    };

    return words[kind];
}

const char *sim_trace_mdio_word(enum sim_trace_mdio op)
{
    static const char *const words[SIM_TRACE_MDIO_OPS] = {
        [SIM_TRACE_MDIO_READ] = "read",
        [SIM_TRACE_MDIO_WRITE] = "write",
        [SIM_TRACE_MDIO_C45_ADDRESS] = "c45-address",
        [SIM_TRACE_MDIO_C45_WRITE] = "c45-write",
        [SIM_TRACE_MDIO_C45_READ] = "c45-read",
        [SIM_TRACE_MDIO_C45_READ_INC] = "c45-read-inc",
    };

    return words[op];
}

// Copies the word at `*text` and moves behind it. False if it is too long.
static bool take_word(const char **text, char *word, size_t cap)
{
    const char *start = *text + strspn(*text, " ");
    size_t len = strcspn(start, " ");

    *text = start + len;
    if (len >= cap) {
        return false;
    }
    memcpy(word, start, len);
    word[len] = '\0';
    return true;
}

static bool keep(char *to, size_t cap, const char *value)
{
    size_t len = strlen(value);

    if (len == 0 || len >= cap) {
        return false;
    }
    memcpy(to, value, len + 1);
    return true;
}

// One key=value of a bus. Keys of a later version are left alone.
static bool set(struct sim_trace_bus *bus, char *word)
{
    char *value = strchr(word, '=');
    uint64_t number;

    if (!value) {
        return false;
    }
    *value++ = '\0';
    if (strcmp(word, "chip") == 0) {
        return keep(bus->chip, sizeof(bus->chip), value);
    }
    if (strcmp(word, "format") == 0) {
        return keep(bus->format, sizeof(bus->format), value);
    }
    if (strcmp(word, "taped") == 0) {
        return keep(bus->taped, sizeof(bus->taped), value);
    }
    if (strcmp(word, "clock") == 0 || strcmp(word, "baud") == 0) {
        bool good = sim__text_number(value, UINT32_MAX, &number);

        bus->clock_hz = good ? (uint32_t)number : 0;
        return good;
    }
    if (strcmp(word, "mode") == 0) {
        bool good = sim__text_number(value, 3, &number);

        bus->mode = good ? (uint8_t)number : 0;
        return good;
    }
    if (strcmp(word, "half-duplex") == 0) {
        bus->half_duplex = strcmp(value, "1") == 0;
    }
    return true;
}

bool sim_trace_bus_parse(const char *text, struct sim_trace_bus *bus)
{
    char word[2 * SIM_TRACE_NAME];
    bool good = true;

    *bus = (struct sim_trace_bus){ .kind = SIM_TRACE_BEGIN };
    if (!take_word(&text, bus->name, sizeof(bus->name)) ||
        !take_word(&text, word, sizeof(word)) || bus->name[0] == '\0') {
        return false;
    }
    for (int kind = SIM_TRACE_SPI; kind <= SIM_TRACE_MDIO; kind++) {
        if (strcmp(word, sim_trace_word((enum sim_trace_kind)kind)) == 0) {
            bus->kind = (enum sim_trace_kind)kind;
        }
    }
    while (good && text[strspn(text, " ")] != '\0') {
        good = take_word(&text, word, sizeof(word)) && set(bus, word);
    }
    return good && bus->kind != SIM_TRACE_BEGIN;
}

static void add(char *text, size_t cap, const char *key, const char *value)
{
    size_t len = strlen(text);

    if (value[0] != '\0') {
        snprintf(text + len, cap - len, " %s=%s", key, value);
    }
}

static void add_number(char *text, size_t cap, const char *key, uint32_t value)
{
    size_t len = strlen(text);

    snprintf(text + len, cap - len, " %s=%" PRIu32, key, value);
}

const char *sim_trace_bus_format(const struct sim_trace_bus *bus, char *text,
    size_t cap)
{
    bool uart = bus->kind == SIM_TRACE_UART;

    snprintf(text, cap, "%s %s", bus->name, sim_trace_word(bus->kind));
    add(text, cap, "chip", bus->chip);
    if (bus->clock_hz != 0) {
        add_number(text, cap, uart ? "baud" : "clock", bus->clock_hz);
    }
    if (bus->kind == SIM_TRACE_SPI) {
        add_number(text, cap, "mode", bus->mode);
    }
    add(text, cap, "half-duplex", bus->half_duplex ? "1" : "");
    add(text, cap, "format", bus->format);
    add(text, cap, "taped", bus->taped);
    return text;
}
