/* What areas show is worked out without a lock; what follows from it is decided and written with the region's lock, so
 * that every batch is scored with all warnings of before or all of after. */
#include "scoring/warnings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/notices.h"
#include "scoring/rescore.h"
#include "scoring/rules_data.h"
#include "scoring/store.h"
#include "scoring/store_warnings.h"
#include "wjz/clock.h"
#include "wjz/id.h"

/* --- clues of areas whose warning has changed are scored again --- */

/* A page of the clues after *after, which moves on; *ret_end when it was the last. */
static int spread_page(round_lease *round, const unspread_warning *list, size_t warnings, int64_t *after, bool *ret_end,
                       wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int64_t *complaints = NULL, last = *after;
    size_t count = 0;
    int r = wjz_tx_begin(round->self->db, &tx, err);
    if (r == 0)
        r = store_clues_in_areas(tx, round->region, list, warnings, *after, round->arena, &complaints, &count, &last,
                                 err);
    if (r == 0) r = rescore_emit(round->self->bus, tx, round->region, complaints, count, err);
    *ret_end = last == *after;
    *after = last;
    if (r == 0 && *ret_end) r = store_set_spread(tx, round->region, list, warnings, round->arena);
    return r ? r : wjz_tx_commit(&tx, err);
}

/* All warnings at once, so that a clue is looked at once, and scored again once, however many of its areas changed.
 * After a failure those of the first pages are scored again once more. */
static int spread_all(round_lease *round, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    unspread_warning *list = NULL;
    size_t warnings = 0;
    int r = wjz_tx_begin(round->self->db, &tx, err);
    if (r == 0) r = store_load_unspread(tx, round->region, round->arena, &list, &warnings, err);
    wjz_tx_abort(&tx);
    int64_t after = INT64_MIN;
    for (bool end = !warnings; r == 0 && !end;) {
        round_give_way(round);
        r = spread_page(round, list, warnings, &after, &end, err);
    }
    return r;
}

/* --- what areas show --- */

static int find(round_lease *round, int64_t now_us, warn_input *ret_input, warn_found **ret_found, size_t *ret_count,
                wjz_err *err) {
    const warning_rules *rules = round->self->warning_rules;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(round->self->db, &tx, err);
    if (r == 0) r = store_last_turn(tx, round->region, &round->seen, err);
    if (r == 0) r = store_load_warn_input(tx, round->region, rules->most_days, now_us, round->arena, ret_input, err);
    if (r) return r;
    wjz_tx_abort(&tx);
    r = warn_find(rules, ret_input, round_give_way, round, round->arena, ret_found, ret_count);
    return r ? wjz_err_set(err, r, "could not work out warnings") : 0;
}

/* --- what follows from it --- */

enum { ONE_BY_ONE = 3 /* warnings of a round that are told each by itself */, NAMED = 10 };

/* What people must hear of. */
typedef struct told_warning {
    open_warning warning;
    const warn_found *found;
} told_warning;

typedef struct decision_turn {
    round_lease *round;
    wjz_tx *tx;
    const warn_input *input;
    const rule_pack *pack;
    const char **leaders;
    size_t leader_count;
    told_warning *told; /* room for each that was found */
    size_t told_count;
    notices news;
    bool changed; /* what cards depend on */
} decision_turn;

static const char *name_of(const decision_turn *t, const warn_found *found) {
    if (found->kind == AREA_GRID) {
        for (size_t i = 0; i < t->input->grid_count; i++)
            if (strcmp(t->input->grids[i].code, found->unit) == 0) return t->input->grids[i].name;
        return found->unit;
    }
    const place_entry *place = gazetteer_by_code(t->round->self->places, strtoull(found->unit, NULL, 10));
    return place ? place->name : found->unit;
}

/* Who is responsible as the operator says, else as the rule pack says. */
static void address(const decision_turn *t, open_warning *w) {
    int32_t today = wjz_day_number(wjz_clock_day(t->input->now_us));
    const warning_addressee *to =
        warning_addressee_of(t->round->self->warning_rules, t->round->region, w->domain, today);
    int domain = rules_domain(t->pack, w->domain);
    const pack_topic *topic = domain > 0 ? &t->pack->domains[domain] : NULL;
    w->department = to ? to->department : topic && topic->agency_count ? topic->agencies[0] : "";
    w->superior = to ? to->superior : "";
}

static void tell(decision_turn *t, const open_warning *w, const warn_found *found) {
    t->told[t->told_count++] = (told_warning){*w, found};
}

static void tell_one(decision_turn *t, const told_warning *told, const char *to) {
    const open_warning *w = &told->warning;
    notices *n = &t->news;
    const char *event = wjz_arena_printf(n->arena, "warning:%" PRId64 ":level:%d", w->id, w->peak_level);
    Wjz__Notification__Notice *notice = notices_add(n, event, "area_warning", to, "warning", w->id);
    notices_number(n, notice, "warning", w->id);
    notices_number(n, notice, "level", w->level);
    notices_value(n, notice, "unit", w->unit_name);
    notices_value(n, notice, "domain", w->domain);
    notices_value(n, notice, "reason", warning_reason_names[told->found->reason]);
    notices_number(n, notice, "clues", (int64_t)told->found->count);
    notices_number(n, notice, "days", told->found->days);
    notices_number(n, notice, "previous", (int64_t)told->found->previous);
    notices_value(n, notice, "department", w->department);
    notices_value(n, notice, "superior", w->superior);
}

/* The highest levels first, then the most clues. */
static int by_weight(const void *a, const void *b) {
    const told_warning *x = a, *y = b;
    if (x->warning.level != y->warning.level) return y->warning.level - x->warning.level;
    if (x->found->count != y->found->count) return x->found->count < y->found->count ? 1 : -1;
    return (x->warning.id > y->warning.id) - (x->warning.id < y->warning.id);
}

static const char *line_of(const decision_turn *t, const told_warning *told, const char *before) {
    int domain = rules_domain(t->pack, told->warning.domain);
    return wjz_arena_printf(t->news.arena, "%s%s · %s · %d 级 · %zu 条\n", before, told->warning.unit_name,
                            domain > 0 ? t->pack->domains[domain].zh : told->warning.domain, told->warning.level,
                            told->found->count);
}

/* After an import, or at first, areas rise by the dozen: one notice that names the gravest, not a dozen. */
static void tell_many(decision_turn *t, const char *to) {
    notices *n = &t->news;
    const told_warning *first = &t->told[0];
    const char *lines = "";
    for (size_t i = 0; lines && i < t->told_count && i < NAMED; i++)
        lines = line_of(t, &t->told[i], lines);
    const char *event =
        wjz_arena_printf(n->arena, "warnings:%" PRId64 ":%d", first->warning.id, first->warning.peak_level);
    Wjz__Notification__Notice *notice = notices_add(n, event, "area_warnings", to, "warning", first->warning.id);
    notices_number(n, notice, "count", (int64_t)t->told_count);
    notices_number(n, notice, "level", first->warning.level);
    notices_value(n, notice, "gravest", lines);
    n->failed = n->failed || !lines;
}

static void tell_all(decision_turn *t) {
    const char *const nobody[] = {""};
    const char *const *to = t->leader_count ? t->leaders : nobody;
    qsort(t->told, t->told_count, sizeof *t->told, by_weight);
    for (size_t i = 0; t->told_count > 0 && i < (t->leader_count ? t->leader_count : 1); i++) {
        if (t->told_count > ONE_BY_ONE) tell_many(t, to[i]);
        for (size_t j = 0; t->told_count <= ONE_BY_ONE && j < t->told_count; j++)
            tell_one(t, &t->told[j], to[i]);
    }
}

static int propose(decision_turn *t, const warn_found *found) {
    open_warning w = {.id = wjz_id_next(),
                      .kind = found->kind,
                      .unit = found->unit,
                      .unit_name = name_of(t, found),
                      .domain = found->domain,
                      .state = warning_enter(WJZ__SCORING__WARNING_STATE__WARNING_NONE, WARNING_PROPOSE),
                      .level = found->level,
                      .peak_level = found->level,
                      .revision = 1};
    address(t, &w);
    tell(t, &w, found);
    t->changed = true;
    int r = store_put_warning(t->tx, t->round->region, &w, found, true, false);
    if (r) return r;
    return store_add_warning_event(t->tx, t->round->region, &w, WJZ__SCORING__WARNING_STATE__WARNING_NONE, "system",
                                   "");
}

/* Its figures follow; a new level is an event, one above all before is told. */
static int follow_figures(decision_turn *t, open_warning *w, const warn_found *found) {
    bool moved = w->level != found->level, raised = found->level > w->peak_level;
    w->level = found->level;
    if (raised) {
        w->peak_level = found->level;
        tell(t, w, found);
    }
    if (moved) {
        w->revision++;
        t->changed = true;
    }
    int r = store_put_warning(t->tx, t->round->region, w, found, raised, !moved);
    if (r || !moved) return r;
    return store_add_warning_event(t->tx, t->round->region, w, w->state, "system", "");
}

/* Nobody has issued it: it lapses. Else it stays, without a level, until a person clears it. */
static int fall_below(decision_turn *t, open_warning *w) {
    if (w->level == 0) return 0;
    Wjz__Scoring__WarningState before = w->state, next = warning_enter(before, WARNING_LAPSE);
    if (next != WJZ__SCORING__WARNING_STATE__WARNING_NONE) w->state = next;
    w->level = 0;
    w->revision++;
    t->changed = true;
    int r = store_move_warning(t->tx, t->round->region, w, "system", "", false);
    return r ? r : store_add_warning_event(t->tx, t->round->region, w, before, "system", "");
}

static bool same_area(const open_warning *w, const warn_found *found) {
    return w->kind == found->kind && strcmp(w->unit, found->unit) == 0 && strcmp(w->domain, found->domain) == 0;
}

static int decide_all(decision_turn *t, open_warning *open, size_t open_count, const warn_found *found,
                      size_t found_count) {
    int r = 0;
    for (size_t i = 0; r == 0 && i < found_count; i++) {
        size_t at = 0;
        while (at < open_count && !same_area(&open[at], &found[i]))
            at++;
        r = at < open_count ? follow_figures(t, &open[at], &found[i]) : propose(t, &found[i]);
    }
    for (size_t i = 0; r == 0 && i < open_count; i++) {
        size_t at = 0;
        while (at < found_count && !same_area(&open[i], &found[at]))
            at++;
        if (at == found_count) r = fall_below(t, &open[i]);
    }
    return r;
}

static int decide(round_lease *round, const warn_input *input, const warn_found *found, size_t found_count,
                  int64_t due_us, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    open_warning *open = NULL;
    size_t open_count = 0;
    int r = wjz_tx_begin(round->self->db, &tx, err);
    decision_turn t = {.round = round, .tx = tx, .input = input, .news = {.arena = round->arena}};
    int asked = 0;
    if (r == 0) r = versions_ask(tx, &asked);
    if (r == 0) r = store_load_leaders(tx, round->region, round->arena, &t.leaders, &t.leader_count, err);
    if (r == 0) r = versions_answer(round->self->packs, tx, asked, &t.pack, err);
    if (r == 0 && store_ask_lock(tx, round->region)) r = wjz_err_set(err, -ENOMEM, "out of memory");
    bool stale = false;
    if (r == 0) r = store_cleared_since(tx, round->region, input->now_us, &stale, err);
    if (r == 0 && stale) return wjz_err_set(err, -EAGAIN, "a warning was cleared meanwhile");
    if (r == 0) r = store_load_open_warnings(tx, round->region, round->arena, &open, &open_count, err);
    if (r) return r;
    t.told = wjz_arena_calloc(round->arena, found_count + 1, sizeof *t.told);
    if (!t.told) return wjz_err_set(err, -ENOMEM, "out of memory");
    r = decide_all(&t, open, open_count, found, found_count);
    if (r == 0 && t.changed) r = store_raise_warning_version(tx, round->region);
    if (r) return wjz_err_set(err, r, "could not write warnings");
    tell_all(&t);
    r = notices_send(&t.news, round->self->bus, tx, round->region, err);
    if (r == 0) r = round_finish(round, tx, t.changed ? wjz_clock_us() : due_us, err);
    return r ? r : wjz_tx_commit(&tx, err);
}

/* Nothing has come since the last time, and that was not long ago. */
static int nothing_new(round_lease *round, int64_t due_us, bool *ret_quiet, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int64_t turn = 0;
    int r = wjz_tx_begin(round->self->db, &tx, err);
    if (r == 0) r = store_last_turn(tx, round->region, &turn, err);
    if (r) return r;
    *ret_quiet = turn == round->seen && wjz_clock_us() - round->done_us < round->conf->warnings_at_least * 1000;
    if (!*ret_quiet) return 0;
    round->idle = true;
    r = round_finish(round, tx, due_us, err);
    return r ? r : wjz_tx_commit(&tx, err);
}

int warnings_round(round_lease *round, wjz_err *err) {
    int64_t now_us = wjz_clock_us(), due_us = now_us + round->conf->warnings_every * 1000;
    warn_input input;
    warn_found *found = NULL;
    size_t count = 0;
    bool quiet = false;
    int r = spread_all(round, err);
    if (r == 0) r = nothing_new(round, due_us, &quiet, err);
    if (r || quiet) return r;
    r = find(round, now_us, &input, &found, &count, err);
    return r ? r : decide(round, &input, found, count, due_us, err);
}
