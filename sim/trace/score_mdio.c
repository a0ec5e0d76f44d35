// SPDX-License-Identifier: MIT
//
// Replays the host's side of an MDIO recording to a PHY and compares.

#include "sim/trace/score_mdio.h"

#include <string.h>

// The world is so old when the recording begins.
#define LEAD_NS (10 * SIM_S)

// A recording begins a frame at ST; the PHY answers 14 bits later of 32.
#define FRAME     32
#define TO_ANSWER 14

struct run {
    struct sim_world world;
    struct sim_phy phy;
    struct sim_event event;
    const struct sim_stimuli *stimuli;
    size_t next; // stimulus
    struct sim_score_mdio *score;
};

const char *sim_mdio_kind_name(enum sim_mdio_kind kind)
{
    static const char *const names[SIM_MDIO_KINDS] = {
        [SIM_MDIO_CONTROL] = "control",
        [SIM_MDIO_STATUS] = "status",
        [SIM_MDIO_ID] = "identifier",
        [SIM_MDIO_AUTONEG] = "negotiation",
        [SIM_MDIO_VENDOR] = "vendor",
        [SIM_MDIO_OTHER] = "other",
    };

    return names[kind];
}

static enum sim_mdio_kind kind_of(uint8_t reg)
{
    if (reg == 0) {
        return SIM_MDIO_CONTROL;
    }
    if (reg == 1) {
        return SIM_MDIO_STATUS;
    }
    if (reg < 4) {
        return SIM_MDIO_ID;
    }
    if (reg < 9) {
        return SIM_MDIO_AUTONEG;
    }
    return reg < 16 ? SIM_MDIO_OTHER : SIM_MDIO_VENDOR;
}

// Bits that silicon sets as it likes: the low ones of the LAN8720A's register
// 27 vary from read to read.
static uint16_t mask_of(const struct sim_trace_item *item)
{
    return item->reg == 27 ? 0xFFF0 : 0xFFFF;
}

static unsigned count_bits(unsigned bits)
{
    unsigned count = 0;

    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

// ---- stimuli

static uint64_t stimulus_ns(const struct sim_stimulus *item)
{
    return item->at_ns == 0 ? 0 : item->at_ns + LEAD_NS;
}

static void arm(struct run *run)
{
    if (run->stimuli && run->next < run->stimuli->count) {
        sim_event_at(&run->world, &run->event,
            stimulus_ns(&run->stimuli->item[run->next]));
    }
}

static void on_stimulus(struct sim_event *event)
{
    struct run *run = nif_container_of(event, struct run, event);
    const struct sim_stimulus *item = &run->stimuli->item[run->next++];

    if (item->kind == SIM_STIMULUS_LINK_UP) {
        sim_phy_plug(&run->phy, NULL);
    } else if (item->kind == SIM_STIMULUS_LINK_DOWN) {
        sim_phy_unplug(&run->phy);
    }
    arm(run);
}

static void on_complaint(void *arg, uint64_t at_ns, const char *name,
    const char *what)
{
    struct sim_score_mdio *score = arg;

    (void)at_ns;
    if (score->complaints++ == 0) {
        snprintf(score->complaint, sizeof(score->complaint), "%s: %s", name,
            what);
    }
}

// ---- frames

static void compare(struct run *run, const struct sim_recorded *event,
    uint16_t model)
{
    const struct sim_trace_item *item = &event->item;
    struct sim_score_mdio *score = run->score;
    struct sim_score_count *kind = &score->kind[kind_of(item->reg)];
    uint16_t mask = mask_of(item);
    uint16_t wrong = (model ^ item->value) & mask;
    const char *name = sim_words_mdio_reg(item->reg);
    unsigned right = count_bits(mask) - count_bits(wrong);

    score->all.total += count_bits(mask);
    score->all.right += right;
    kind->total += count_bits(mask);
    kind->right += right;
    if (wrong != 0 && !score->differs) {
        score->differs = true;
        score->first_index = item->index;
        score->first_line = event->line;
        snprintf(score->first, sizeof(score->first),
            "register %u%s%s: silicon %04X, model %04X", item->reg,
            name ? " " : "", name ? name : "", item->value, model);
    }
}

static void play(struct run *run, const struct sim_recorded *event)
{
    const struct sim_trace_item *item = &event->item;
    struct sim_mdio_chip *chip = &run->phy.mdio;
    bool write = item->op == SIM_TRACE_MDIO_WRITE;
    uint64_t at_ns = LEAD_NS + item->at_ns +
        (write ? item->len_ns : item->len_ns * TO_ANSWER / FRAME);

    if (at_ns > run->world.now_ns) {
        sim_run_until(&run->world, at_ns);
    }
    if (write) {
        chip->ops->write(chip, item->reg, item->value);
    } else {
        compare(run, event, chip->ops->read(chip, item->reg));
    }
}

static bool is_clause22(const struct sim_trace_item *item)
{
    return item->kind == SIM_TRACE_MDIO && item->op <= SIM_TRACE_MDIO_WRITE &&
        !(item->flags & (SIM_TRACE_NO_ANSWER | SIM_TRACE_CUT));
}

void sim_score_mdio(const struct sim_recording *rec,
    const struct sim_stimuli *stimuli, const struct sim_phy_cfg *cfg,
    struct sim_score_mdio *score)
{
    struct run run = { .stimuli = stimuli, .score = score };
    struct sim_phy_cfg strapped = *cfg;
    size_t first = 0;

    *score = (struct sim_score_mdio){ 0 };
    while (first < rec->count && !is_clause22(&rec->event[first].item)) {
        first++;
    }
    if (first == rec->count) {
        return;
    }
    strapped.addr = rec->event[first].item.phy;
    sim_world_init(&run.world, 1);
    run.world.on_complaint = on_complaint;
    run.world.complaint_arg = score;
    sim_phy_init(&run.phy, &run.world, &strapped);
    run.event.fn = on_stimulus;
    arm(&run);
    for (size_t i = first; i < rec->count; i++) {
        const struct sim_trace_item *item = &rec->event[i].item;

        if (is_clause22(item) && item->phy == strapped.addr) {
            play(&run, &rec->event[i]);
        }
    }
    sim_phy_done(&run.phy);
    sim_world_done(&run.world);
}

bool sim_score_mdio_is_perfect(const struct sim_score_mdio *score)
{
    return score->all.total > 0 && score->all.right == score->all.total &&
        score->complaints == 0;
}
