/* Every clue belongs to up to three units, each with its domain: sorted by unit and domain, each run of the list is one
 * area to be judged by every rule. */
#include "scoring/warn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"

enum { PAUSE_EVERY = 2000 };

typedef struct member {
    area_kind kind;
    uint64_t unit; /* code, or number of the grid from 1 */
    const char *domain;
    const warn_clue *clue;
} member;

typedef struct area_group {
    const member *members;
    size_t count;
    int64_t cleared_us; /* only what was reported after counts */
} area_group;

typedef struct finder {
    const warning_rules *rules;
    const warn_input *in;
    wjz_arena *arena;
    int32_t today;
} finder;

/* The unit of that kind that a place lies in, 0: none. */
static uint64_t unit_of(const warn_input *in, area_kind kind, const warn_place *place) {
    if (kind == AREA_TOWN) return place->town;
    if (kind == AREA_VILLAGE) return place->village;
    for (size_t i = 0; place->has_position && i < in->grid_count; i++) {
        if (in->grids[i].warned && area_outline_holds(&in->grids[i].outline, place->longitude, place->latitude))
            return i + 1;
    }
    return 0;
}

/* By area, then the worthiest first. */
static int in_order(const void *a, const void *b) {
    const member *x = a, *y = b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    if (x->unit != y->unit) return x->unit < y->unit ? -1 : 1;
    int domain = strcmp(x->domain, y->domain);
    if (domain != 0) return domain;
    if (x->clue->index != y->clue->index) return x->clue->index > y->clue->index ? -1 : 1;
    return x->clue->id < y->clue->id ? -1 : x->clue->id > y->clue->id;
}

static bool within(const warn_clue *clue, int64_t from_us, int64_t to_us, int stars) {
    return clue->last_report_us > from_us && clue->last_report_us <= to_us && clue->own_stars >= stars;
}

static size_t count_within(const area_group *group, int64_t from_us, int64_t to_us, int stars) {
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++)
        count += within(group->members[i].clue, from_us, to_us, stars);
    return count;
}

/* Begins after what was cleared. */
static int64_t window_start(const finder *f, const warning_rule *rule, const area_group *group) {
    int64_t from = f->in->now_us - rule->days * WJZ_DAY_US;
    return from > group->cleared_us ? from : group->cleared_us;
}

static bool comes_back(const finder *f, const warning_rule *rule, const area_group *group, int64_t from_us) {
    const member *first = group->members;
    for (size_t i = 0; i < f->in->recommended_count; i++) {
        const warn_recommended *r = &f->in->recommended[i];
        if (strcmp(r->domain, first->domain) != 0 || unit_of(f->in, first->kind, &r->place) != first->unit) continue;
        int64_t after = r->at_us > from_us ? r->at_us : from_us;
        int64_t until = r->at_us + rule->after_days * WJZ_DAY_US;
        if (count_within(group, after, until < f->in->now_us ? until : f->in->now_us, rule->stars) >=
            (size_t)rule->least)
            return true;
    }
    return false;
}

static bool holds(const finder *f, const warning_rule *rule, const area_group *group) {
    if (!rule->units[group->members->kind] || f->today < rule->from_day || f->today > rule->to_day) return false;
    int64_t from = window_start(f, rule, group);
    if (rule->reason == REASON_CLUES)
        return count_within(group, from, f->in->now_us, rule->stars) >= (size_t)rule->least;
    if (rule->reason == REASON_RECURRENCE) return comes_back(f, rule, group, from);
    for (size_t i = 0; i < group->count; i++) {
        const warn_clue *clue = group->members[i].clue;
        if (within(clue, from, f->in->now_us, rule->stars) && clue->repeat_count >= rule->least) return true;
    }
    return false;
}

/* The highest level; of several rules of it the first. */
static const warning_rule *strictest(const finder *f, const area_group *group) {
    const warning_rule *best = NULL;
    for (size_t i = 0; i < f->rules->rule_count; i++) {
        const warning_rule *rule = &f->rules->rules[i];
        if ((!best || rule->level > best->level) && holds(f, rule, group)) best = rule;
    }
    return best;
}

/* --- what is said of an area --- */

static const char *unit_text(const finder *f, const member *m) {
    return m->kind == AREA_GRID ? f->in->grids[m->unit - 1].code : wjz_arena_printf(f->arena, "%" PRIu64, m->unit);
}

static int64_t households_of(const finder *f, const member *m) {
    if (m->kind == AREA_GRID) return f->in->grids[m->unit - 1].households;
    int64_t sum = 0;
    for (size_t i = 0; i < f->in->grid_count; i++) {
        uint64_t village = f->in->grids[i].village;
        if ((m->kind == AREA_VILLAGE ? village : village / 1000) == m->unit) sum += f->in->grids[i].households;
    }
    return sum;
}

static int list_clues(const finder *f, const area_group *group, int64_t from_us, int stars, warn_found *found) {
    size_t most = group->count < WARN_CLUES ? group->count : WARN_CLUES, placed = 0;
    found->clues = wjz_arena_alloc(f->arena, most * sizeof *found->clues);
    if (!found->clues) return -ENOMEM;
    for (size_t i = 0; i < group->count; i++) {
        const warn_clue *clue = group->members[i].clue;
        if (!within(clue, from_us, f->in->now_us, stars)) continue;
        if (found->clue_count < most) found->clues[found->clue_count++] = clue->id;
        if (!clue->place.has_position) continue;
        placed++;
        found->longitude += (clue->place.longitude - found->longitude) / (double)placed;
        found->latitude += (clue->place.latitude - found->latitude) / (double)placed;
    }
    found->has_position = placed > 0;
    return 0;
}

static int describe(const finder *f, const area_group *group, const warning_rule *rule, warn_found *found) {
    const member *m = group->members;
    int64_t from = window_start(f, rule, group), day = WJZ_DAY_US;
    int64_t households = households_of(f, m), begin = f->in->now_us - rule->days * day;
    *found = (warn_found){.kind = m->kind,
                          .unit = unit_text(f, m),
                          .domain = m->domain,
                          .level = rule->level,
                          .reason = rule->reason,
                          .least = rule->least,
                          .days = rule->days,
                          .count = count_within(group, from, f->in->now_us, rule->stars),
                          .previous = count_within(group, begin - rule->days * day, begin, rule->stars)};
    for (size_t i = 0; i < group->count; i++)
        found->undated +=
            group->members[i].clue->last_report_us == 0 && group->members[i].clue->own_stars >= rule->stars;
    if (households > 0) found->per_thousand = 1000.0 * (double)found->count / (double)households;
    return found->unit ? list_clues(f, group, from, rule->stars, found) : -ENOMEM;
}

/* --- all of them --- */

static int expand(const finder *f, void (*pause)(void *), void *arg, member **ret_members, size_t *ret_count) {
    size_t count = 0;
    member *members = wjz_arena_alloc(f->arena, f->in->clue_count * AREA_KINDS * sizeof *members);
    if (!members) return -ENOMEM;
    for (size_t i = 0; i < f->in->clue_count; i++) {
        const warn_clue *clue = &f->in->clues[i];
        for (area_kind kind = AREA_GRID; kind < AREA_KINDS; kind++) {
            uint64_t unit = unit_of(f->in, kind, &clue->place);
            if (unit) members[count++] = (member){kind, unit, clue->domain, clue};
        }
        if (pause && i % PAUSE_EVERY == PAUSE_EVERY - 1) pause(arg);
    }
    qsort(members, count, sizeof *members, in_order);
    *ret_members = members;
    *ret_count = count;
    return 0;
}

static bool same_area(const member *a, const member *b) {
    return a->kind == b->kind && a->unit == b->unit && strcmp(a->domain, b->domain) == 0;
}

static int64_t cleared_at(const finder *f, const member *m) {
    const char *unit = unit_text(f, m);
    int64_t at = 0;
    for (size_t i = 0; unit && i < f->in->cleared_count; i++) {
        const warn_cleared *c = &f->in->cleared[i];
        if (c->kind == m->kind && strcmp(c->unit, unit) == 0 && strcmp(c->domain, m->domain) == 0 && c->at_us > at)
            at = c->at_us;
    }
    return at;
}

int warn_find(const warning_rules *rules, const warn_input *input, void (*pause)(void *), void *arg, wjz_arena *arena,
              warn_found **ret_found, size_t *ret_count) {
    finder f = {rules, input, arena, wjz_day_number(wjz_clock_day(input->now_us))};
    member *members = NULL;
    size_t count = 0, areas = 0, found = 0;
    int r = expand(&f, pause, arg, &members, &count);
    if (r < 0) return r;
    for (size_t i = 0; i < count; i++)
        areas += i == 0 || !same_area(&members[i - 1], &members[i]);
    warn_found *list = wjz_arena_alloc(arena, areas * sizeof *list);
    if (!list) return -ENOMEM;
    for (size_t from = 0, to; r == 0 && from < count; from = to) {
        for (to = from + 1; to < count && same_area(&members[from], &members[to]);)
            to++;
        area_group group = {members + from, to - from, cleared_at(&f, &members[from])};
        const warning_rule *rule = strictest(&f, &group);
        if (rule) r = describe(&f, &group, rule, &list[found++]);
    }
    *ret_found = list;
    *ret_count = found;
    return r;
}
