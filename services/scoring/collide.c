/* Every rule takes the first records that fit, in the order of the matter and of the facts given: so the outcome is a
 * function of the sets. */
#include "scoring/collide.h"

#include <math.h>
#include <string.h>

#include "scoring/complaint.h"
#include "scoring/score_factors.h"

const char *const near_state_names[NEAR_STATES] = {"reported",   "closed",       "dissatisfied", "unsolved",
                                                   "punished",   "not_executed", "rectified",    "licence_withdrawn",
                                                   "other_town", "mediated",     "settled"};

typedef Wjz__Scoring__Finding finding;

/* The facts of a matter and of what is near it, complaints first. */
typedef struct view {
    const matter_facts *m;
    near_fact *facts;
    const finding **findings; /* of the facts that are complaints, else NULL */
    size_t count;
    uint32_t states; /* a bit for each that a fact has */
    uint32_t town;
} view;

static void add(view *v, near_state state, int64_t id, int64_t at_us, const finding *f) {
    v->facts[v->count] = (near_fact){.state = state, .id = id, .at_us = at_us, .number = ""};
    v->findings[v->count++] = f;
}

static bool says_unsolved(const finding *f) {
    if (f->solved == ANSWER_NO) return true;
    for (size_t i = 0; i < f->n_hits; i++)
        if (f->hits[i]->role == WJZ__SCORING__ROLE__ROLE_UNSOLVED) return true;
    return false;
}

static bool look(const matter_facts *m, card_writer *card, view *ret) {
    const matter_context *context = m->context;
    size_t most = m->count * (NEAR_UNSOLVED + 1) + context->near_count;
    *ret = (view){.m = m, .town = m->place ? m->place->town : 0};
    ret->facts = wjz_arena_alloc(card->arena, most * sizeof *ret->facts);
    ret->findings = wjz_arena_calloc(card->arena, most, sizeof *ret->findings);
    if (!ret->facts || !ret->findings) return false;
    for (size_t i = 0; i < m->count; i++) {
        const finding *f = m->findings[i];
        add(ret, NEAR_REPORTED, m->ids[i], f->received_at_us, f);
        if (f->closed) add(ret, NEAR_CLOSED, m->ids[i], f->finished_at_us, f);
        if (f->satisfaction == DISSATISFIED || f->satisfaction == VERY_DISSATISFIED)
            add(ret, NEAR_DISSATISFIED, m->ids[i], f->finished_at_us, f);
        if (says_unsolved(f)) add(ret, NEAR_UNSOLVED, m->ids[i], f->received_at_us, f);
    }
    for (size_t i = 0; i < context->near_count; i++)
        ret->facts[ret->count++] = context->near[i];
    for (size_t i = 0; i < ret->count; i++)
        ret->states |= UINT32_C(1) << ret->facts[i].state;
    return true;
}

/* Whether there is any fact for each record: most rules end here. */
static bool may_match(const view *v, const collision_rule *rule) {
    uint32_t needed = 0;
    for (int i = 0; i < rule->record_count; i++)
        needed |= UINT32_C(1) << rule->records[i].state;
    return (needed & ~v->states) == 0;
}

static bool has_hit(const finding *f, const char *rule) {
    for (size_t i = 0; f && i < f->n_hits; i++)
        if (strcmp(f->hits[i]->rule, rule) == 0) return true;
    return false;
}

typedef enum fit { FIT_NO, FIT_UNKNOWN, FIT_YES } fit;

/* Whether `later` was after `earlier`, and soon enough. A complaint is no answer to its own closing, and what was
 * reported before a complaint came was reported before it was closed: that is known without the day of closing. */
static fit comes_after(const view *v, const collision_record *record, size_t earlier, size_t later) {
    const near_fact *before = &v->facts[earlier], *fact = &v->facts[later];
    if (before->at_us && fact->at_us) {
        bool soon = !record->within_us || fact->at_us - before->at_us <= record->within_us;
        return fact->at_us > before->at_us && soon ? FIT_YES : FIT_NO;
    }
    const finding *closed = v->findings[earlier];
    if (closed && closed == v->findings[later]) return FIT_NO;
    return closed && fact->at_us && fact->at_us <= closed->received_at_us ? FIT_NO : FIT_UNKNOWN;
}

/* Whether fact `at` fits the record, given those taken for the ones before it. */
static fit fits(const view *v, const collision_record *record, size_t at, const size_t *taken) {
    const near_fact *fact = &v->facts[at];
    if (fact->state != record->state) return FIT_NO;
    if (record->state == NEAR_OTHER_TOWN && (!v->town || !fact->town || fact->town == v->town)) return FIT_NO;
    if (*record->hit && !has_hit(v->findings[at], record->hit)) return FIT_NO;
    if (record->same >= 0 && v->facts[taken[record->same]].id != fact->id) return FIT_NO;
    return record->after < 0 ? FIT_YES : comes_after(v, record, taken[record->after], at);
}

/* Takes facts for the records from `n` on; the first ones that fit at least so well. */
static bool match(const view *v, const collision_rule *rule, int n, fit least, size_t *taken) {
    if (n == rule->record_count || n == COLLISION_RECORDS) return true; /* as many as there can be */
    for (size_t at = 0; at < v->count; at++) {
        if (fits(v, &rule->records[n], at, taken) < least) continue;
        taken[n] = at;
        if (match(v, rule, n + 1, least, taken)) return true;
    }
    return false;
}

static const char *kind_of(near_state state) {
    return state <= NEAR_UNSOLVED            ? "complaint"
           : state <= NEAR_LICENCE_WITHDRAWN ? "enforcement"
           : state == NEAR_OTHER_TOWN        ? "clue"
                                             : "outcome";
}

static Wjz__Scoring__Collision *describe(const view *v, const collision_rule *rule, const size_t *taken, bool decided,
                                         wjz_arena *arena) {
    Wjz__Scoring__Collision *c = wjz_arena_alloc(arena, sizeof *c);
    Wjz__Scoring__CollidingRecord *records = wjz_arena_alloc(arena, COLLISION_RECORDS * sizeof *records);
    if (!c || !records) return NULL;
    wjz__scoring__collision__init(c);
    c->rule = (char *)rule->id;
    c->factor = (char *)rule->factor;
    c->points = decided ? rule->points : 0;
    c->undecided = !decided;
    c->records = wjz_arena_alloc(arena, COLLISION_RECORDS * sizeof *c->records);
    if (!c->records) return NULL;
    for (int i = 0; i < rule->record_count; i++) {
        const near_fact *fact = &v->facts[taken[i]];
        wjz__scoring__colliding_record__init(&records[i]);
        records[i].kind = (char *)kind_of(fact->state);
        records[i].id = (uint64_t)fact->id;
        records[i].at_us = fact->at_us;
        records[i].number = (char *)fact->number;
        records[i].note = (char *)near_state_names[fact->state];
        c->records[c->n_records++] = &records[i];
    }
    return c;
}

/* The complaint of the matter that the collision rests on, 0 when on none. */
static int64_t complaint_of(const view *v, const collision_rule *rule, const size_t *taken) {
    for (int i = 0; i < rule->record_count; i++)
        if (v->facts[taken[i]].state <= NEAR_UNSOLVED) return v->facts[taken[i]].id;
    return 0;
}

static void raise_factor(card_writer *card, const collision_rule *rule, int64_t id) {
    for (size_t i = 0; i < card->card->n_factors; i++) {
        Wjz__Scoring__Factor *factor = card->card->factors[i];
        if (strcmp(factor->id, rule->factor) == 0)
            card_offer(card, factor, fmin(rule->points, factor->max), id, NULL, rule->id);
    }
}

void collide(const matter_facts *m, card_writer *card) {
    const rule_pack *pack = m->pack;
    view v;
    if (card->failed || !pack->collision_count) return;
    card->card->collisions = wjz_arena_alloc(card->arena, pack->collision_count * sizeof *card->card->collisions);
    card->failed = !card->card->collisions || !look(m, card, &v);
    for (size_t i = 0; !card->failed && i < pack->collision_count; i++) {
        size_t taken[COLLISION_RECORDS];
        if (!may_match(&v, &pack->collisions[i])) continue;
        bool decided = match(&v, &pack->collisions[i], 0, FIT_YES, taken);
        if (!decided && !match(&v, &pack->collisions[i], 0, FIT_UNKNOWN, taken)) continue;
        Wjz__Scoring__Collision *c = describe(&v, &pack->collisions[i], taken, decided, card->arena);
        card->failed = !c;
        if (!c) return;
        card->card->collisions[card->card->n_collisions++] = c;
        if (decided) raise_factor(card, &pack->collisions[i], complaint_of(&v, &pack->collisions[i], taken));
    }
}
