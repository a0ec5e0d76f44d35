// SPDX-License-Identifier: MIT
//
// What is in a trace: buses, pins, wires, and how fine its times are.

#include "sim/capture/export.h"

#include "sim/world.h"

#include <string.h>

// Events of one place with several kinds share it: frames and the link.
static enum sim_trace_kind place_kind(enum sim_trace_kind kind)
{
    return kind == SIM_TRACE_LINK ? SIM_TRACE_ETH : kind;
}

struct sim_export_place *sim_export_find(struct sim_export_survey *survey,
    enum sim_trace_kind kind, const char *name)
{
    for (unsigned i = 0; i < survey->places; i++) {
        struct sim_export_place *place = &survey->place[i];

        if (place->bus.kind == place_kind(kind) &&
            strcmp(place->bus.name, name) == 0) {
            return place;
        }
    }
    return NULL;
}

static struct sim_export_place *add(struct sim_export_survey *survey,
    const struct sim_trace_bus *bus)
{
    struct sim_export_place *place =
        sim_export_find(survey, bus->kind, bus->name);

    if (place) {
        return place;
    }
    if (survey->places == SIM_EXPORT_BUSES) {
        survey->too_many = true;
        return NULL;
    }
    place = &survey->place[survey->places++];
    *place = (struct sim_export_place){ .bus = *bus };
    if (place->bus.kind == SIM_TRACE_SPI && survey->chip &&
        place->bus.chip[0] == '\0') {
        snprintf(place->bus.chip, SIM_TRACE_NAME, "%s", survey->chip);
    }
    place->decoder = sim_decoder_for(&place->bus);
    return place;
}

static void shortest(struct sim_export_survey *survey, uint64_t ns)
{
    if (ns < survey->shortest_ns) {
        survey->shortest_ns = ns;
    }
}

static void look(struct sim_export_survey *survey,
    const struct sim_trace_item *item)
{
    uint64_t longest = item->len_ns;

    if (item->kind == SIM_TRACE_SPI && item->len > 0) {
        shortest(survey, item->len_ns / (16 * item->len + 1));
    } else if (item->kind == SIM_TRACE_UART && item->len > 0) {
        shortest(survey, item->len_ns / (12 * item->len));
    } else if (item->kind == SIM_TRACE_MDIO) {
        shortest(survey, item->len_ns / 62);
        longest += 34 * (item->len_ns / 31); // its preamble
    } else if (item->kind == SIM_TRACE_ETH) {
        longest = 2 * SIM_MS;
    }
    if (longest > survey->longest_ns) {
        survey->longest_ns = longest;
    }
    if (sim_trace_end_ns(item) > survey->end_ns) {
        survey->end_ns = sim_trace_end_ns(item);
    }
}

static void survey_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct sim_export_survey *survey =
        nif_container_of(sink, struct sim_export_survey, sink);
    struct sim_trace_bus bus = { .kind = place_kind(item->kind) };

    switch (item->kind) {
    case SIM_TRACE_BEGIN: survey->sections++; break;
    case SIM_TRACE_HEAD:
        if (strcmp(item->where, "bus") == 0 &&
            sim_trace_bus_parse(item->text, &bus)) {
            add(survey, &bus);
        }
        break;
    case SIM_TRACE_SPI:
    case SIM_TRACE_UART:
    case SIM_TRACE_MDIO:
    case SIM_TRACE_PIN:
    case SIM_TRACE_ETH:
    case SIM_TRACE_LINK:
        snprintf(bus.name, sizeof(bus.name), "%s", item->where);
        add(survey, &bus);
        look(survey, item);
        break;
    case SIM_TRACE_FAULT:
    case SIM_TRACE_COMPLAINT:
    case SIM_TRACE_LOG: look(survey, item); break;
    case SIM_TRACE_KINDS: break;
    }
}

void sim_export_say(struct sim_export_survey *survey,
    const struct sim_trace_item *item, char *text, size_t cap)
{
    struct sim_export_place *place =
        sim_export_find(survey, item->kind, item->where);

    if (place && place->decoder) {
        place->decoder->ops->decode(place->decoder, item, NULL, text, cap);
    } else {
        sim_decode_plain(item, text, cap);
    }
}

void sim_export_survey_init(struct sim_export_survey *survey, const char *chip)
{
    *survey = (struct sim_export_survey){
        .sink.item = survey_item,
        .shortest_ns = SIM_NEVER,
        .chip = chip,
    };
}

void sim_export_survey_done(struct sim_export_survey *survey)
{
    for (unsigned i = 0; i < survey->places; i++) {
        sim_decoder_free(survey->place[i].decoder);
    }
    survey->places = 0;
}
