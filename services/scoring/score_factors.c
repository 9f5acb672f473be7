/* Each factor takes the best that any complaint of the matter offers, so that a joining complaint only ever adds. */
#include "scoring/score_factors.h"

#include <string.h>

#include "scoring/complaint.h"
#include "wjz/clock.h"

typedef Wjz__Scoring__Factor score_factor;
typedef Wjz__Scoring__Finding finding;
typedef Wjz__Scoring__Hit rule_hit;

#define ROLE(name) WJZ__SCORING__ROLE__ROLE_##name
#define UNIT(name) WJZ__SCORING__UNIT__UNIT_##name

double factors_points(const card_writer *card, const char *id) {
    if (card->failed) return 0;
    for (size_t i = 0; i < card->card->n_factors; i++) {
        const score_factor *factor = card->card->factors[i];
        if (*factor->id == *id && strcmp(factor->id, id) == 0) return factor->points; /* most differ in a letter */
    }
    return 0;
}

bool factors_fact(const matter_facts *m, const rule_hit *hit) {
    if (hit->role == ROLE(DOMAIN)) return m->domain > 0 && strcmp(hit->topic, m->pack->domains[m->domain].id) == 0;
    if (hit->role == ROLE(BRANCH)) return m->branch > BRANCH_NONE && strcmp(hit->topic, branch_names[m->branch]) == 0;
    return false;
}

/* Offers the points of every hit of a role; those of a rule without points are `plain`. */
static void offer_hits(const matter_facts *m, card_writer *card, score_factor *factor, Wjz__Scoring__Role role,
                       double plain) {
    for (size_t i = 0; i < m->count; i++) {
        const finding *f = m->findings[i];
        for (size_t k = 0; k < f->n_hits; k++)
            if (f->hits[k]->role == role)
                card_offer(card, factor, f->hits[k]->points > 0 ? f->hits[k]->points : plain, m->ids[i],
                           f->hits[k]->span, f->hits[k]->rule);
    }
}

/* --- A: where it comes from --- */

static double source_points(const pack_points *p, const finding *f) {
    switch ((source_kind)f->source) {
    case SOURCE_ENFORCEMENT:
        return p->source_enforcement;
    case SOURCE_STATE_ORGAN:
        return p->source_state_organ;
    case SOURCE_GRID:
        return p->source_grid;
    case SOURCE_PHOTO: /* anybody can send one: its place or its picture makes it more than that */
        return f->photo_count > 0 || (f->place && f->place->has_position) ? p->source_photo : p->source_anonymous;
    case SOURCE_MEDIA:
        return p->source_media;
    case SOURCE_ANONYMOUS:
        return f->photo_count > 0 ? p->source_hotline : p->source_anonymous;
    case SOURCE_HOTLINE:
        break;
    }
    return p->source_hotline;
}

void factors_source(const matter_facts *m, card_writer *card) {
    const pack_points *p = &m->pack->points;
    score_factor *source = card_factor(card, "source_kind", p->source_enforcement);
    for (size_t i = 0; i < m->count; i++)
        card_offer(card, source, source_points(p, m->findings[i]), m->ids[i], NULL, NULL);
    for (size_t i = 0; i < m->context->near_count; i++)
        if (m->context->near[i].state == NEAR_PUNISHED)
            card_offer(card, source, p->source_enforcement, m->context->near[i].id, NULL, NULL);
    score_factor *corroboration = card_factor(card, "corroboration", p->corroboration);
    if (m->known.independent && m->known.count >= 2) {
        corroboration->points = p->corroboration;
        card_note(card, corroboration, "reporters", m->reporter_count);
    } else if (m->possible.independent && m->possible.count >= 2) {
        corroboration->undecided = true;
        card_note(card, corroboration, "undated", m->undated_count);
    }
}

/* --- B: harm to the public --- */

static void offer_match(const matter_facts *m, card_writer *card) {
    const pack_points *p = &m->pack->points;
    const double by_tier[] = {0, p->match_weak, p->match_core, p->match_strong};
    score_factor *match = card_factor(card, "domain_match", p->match_strong);
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = 0; k < m->findings[i]->n_hits; k++) {
            const rule_hit *hit = m->findings[i]->hits[k];
            if (factors_fact(m, hit) && hit->tier <= WJZ__SCORING__TIER__TIER_STRONG)
                card_offer(card, match, by_tier[hit->tier], m->ids[i], hit->span, hit->rule);
        }
}

/* The largest quantity of a unit in the matter; NULL for none. */
static const Wjz__Scoring__Quantity *largest(const matter_facts *m, Wjz__Scoring__Unit unit, int64_t *ret_id) {
    const Wjz__Scoring__Quantity *best = NULL;
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = 0; k < m->findings[i]->n_quantities; k++) {
            const Wjz__Scoring__Quantity *q = m->findings[i]->quantities[k];
            if (q->unit != unit || (best && q->value <= best->value)) continue;
            best = q;
            *ret_id = m->ids[i];
        }
    return best;
}

static void offer_severity(const matter_facts *m, card_writer *card) {
    static const struct {
        Wjz__Scoring__Unit unit;
        double least;
        const char *note;
    } scales[] = {
        {UNIT(SQUARE_METRES), 100, "square_metres"}, {UNIT(TONNES), 1, "tonnes"}, {UNIT(METRES), 20, "metres"},
        {UNIT(HOUSEHOLDS), 10, "households"},        {UNIT(YUAN), 1e4, "yuan"},
    };
    const pack_points *p = &m->pack->points;
    score_factor *severity = card_factor(card, "severity", p->severity_grave);
    if (factors_points(card, "domain_match") <= 0) return;
    card_offer(card, severity, p->severity_general, 0, NULL, NULL);
    for (size_t i = 0; i < WJZ_COUNT(scales); i++) {
        int64_t id;
        const Wjz__Scoring__Quantity *q = largest(m, scales[i].unit, &id);
        if (!q || q->value < scales[i].least) continue;
        card_offer(card, severity, p->severity_measured, id, q->span, NULL);
        card_note(card, severity, scales[i].note, q->value);
    }
    offer_hits(m, card, severity, ROLE(SEVERITY), p->severity_grave);
}

static void offer_scope(const matter_facts *m, card_writer *card) {
    const pack_points *p = &m->pack->points;
    score_factor *scope = card_factor(card, "scope", p->scope_many);
    offer_hits(m, card, scope, ROLE(SCOPE), p->scope_several);
    int64_t id;
    const Wjz__Scoring__Quantity *households = largest(m, UNIT(HOUSEHOLDS), &id);
    if (households) {
        card_offer(card, scope, households->value >= p->scope_households ? p->scope_many : p->scope_several, id,
                   households->span, NULL);
        card_note(card, scope, "households", households->value);
    }
    const Wjz__Scoring__Quantity *persons = largest(m, UNIT(PERSONS), &id);
    if (persons && persons->value > 2) {
        card_offer(card, scope, persons->value >= p->scope_persons ? p->scope_many : p->scope_several, id,
                   persons->span, NULL);
        card_note(card, scope, "persons", persons->value);
    }
    if (m->people >= 2) card_offer(card, scope, p->scope_several, 0, NULL, NULL);
}

/* Days between the first and the last report, 0 when less than two have a time. */
static double days_between_reports(const matter_facts *m) {
    int64_t first = 0, last = 0;
    for (size_t i = 0; i < m->count; i++) {
        int64_t at = m->findings[i]->received_at_us;
        if (at == 0) continue;
        if (first == 0) first = at;
        last = at;
    }
    return (double)(last - first) / WJZ_DAY_US;
}

static void offer_persistence(const matter_facts *m, card_writer *card) {
    const pack_points *p = &m->pack->points;
    score_factor *persistence = card_factor(card, "persistence", p->persistence_long);
    card_offer(card, persistence, p->persistence_short, 0, NULL, NULL);
    offer_hits(m, card, persistence, ROLE(PERSISTENCE), p->persistence_months);
    int64_t id = 0;
    const Wjz__Scoring__Quantity *said = largest(m, UNIT(DAYS), &id);
    double days = said ? said->value : 0, between = days_between_reports(m);
    bool by_reports = between > days;
    if (by_reports) days = between;
    double points = days >= p->persistence_long_days    ? p->persistence_long
                    : days >= p->persistence_month_days ? p->persistence_months
                                                        : 0;
    card_offer(card, persistence, points, by_reports ? 0 : id, by_reports || !said ? NULL : said->span, NULL);
    if (days >= 1) card_note(card, persistence, "days", days);
}

void factors_harm(const matter_facts *m, card_writer *card) {
    offer_match(m, card);
    offer_severity(m, card);
    offer_scope(m, card);
    offer_persistence(m, card);
}

/* --- C: what the agency did --- */

static const pack_topic *topic_of(const matter_facts *m) {
    if (m->domain > 0) return &m->pack->domains[m->domain];
    return m->branch > BRANCH_NONE ? &m->pack->branches[m->branch] : NULL;
}

static void offer_agency(const matter_facts *m, card_writer *card) {
    const pack_points *p = &m->pack->points;
    score_factor *agency = card_factor(card, "agency_identified", p->agency);
    for (size_t i = 0; i < m->count; i++)
        if (m->findings[i]->handler_named) card_offer(card, agency, p->agency, m->ids[i], NULL, NULL);
    offer_hits(m, card, agency, ROLE(AGENCY), p->agency);
    const pack_topic *topic = topic_of(m);
    if (topic && topic->agency_count > 0 && factors_points(card, "domain_match") > 0)
        card_offer(card, agency, p->agency, 0, NULL, NULL);
}

static void offer_unsolved(const matter_facts *m, card_writer *card) {
    const pack_points *p = &m->pack->points;
    score_factor *unsolved = card_factor(card, "handled_unsolved", p->unsolved_closed);
    for (size_t i = 0; i < m->count; i++) {
        const finding *f = m->findings[i];
        if (f->overdue || f->return_count >= p->unsolved_returns || f->solved == ANSWER_NO || f->redispatch_count > 0)
            card_offer(card, unsolved, p->unsolved_overdue, m->ids[i], NULL, NULL);
    }
    offer_hits(m, card, unsolved, ROLE(UNSOLVED), p->unsolved_said);
}

static void offer_dissatisfaction(const matter_facts *m, card_writer *card) {
    const pack_points *p = &m->pack->points;
    score_factor *dissatisfaction = card_factor(card, "dissatisfaction", p->dissatisfied);
    for (size_t i = 0; i < m->count; i++) {
        uint32_t said = m->findings[i]->satisfaction;
        if (said == DISSATISFIED || said == VERY_DISSATISFIED)
            card_offer(card, dissatisfaction, p->dissatisfied, m->ids[i], NULL, NULL);
        else if (said == BASIC)
            card_offer(card, dissatisfaction, p->half_satisfied, m->ids[i], NULL, NULL);
    }
    offer_hits(m, card, dissatisfaction, ROLE(DISSATISFIED), p->half_satisfied);
}

static double repetition_points(const pack_points *p, uint32_t count) {
    return count >= 5 ? p->repetition_five : count >= 3 ? p->repetition_three : count == 2 ? p->repetition_two : 0;
}

static void offer_repetition(const matter_facts *m, card_writer *card) {
    const pack_points *p = &m->pack->points;
    score_factor *repetition = card_factor(card, "repetition", p->repetition_five);
    card_offer(card, repetition, repetition_points(p, m->known.count), 0, NULL, NULL);
    card_note(card, repetition, "repeat_count", m->known.count);
    for (size_t i = 0; i < m->count; i++)
        if (m->findings[i]->urge_count > 0) card_offer(card, repetition, p->repetition_two, m->ids[i], NULL, NULL);
    offer_hits(m, card, repetition, ROLE(REPEAT), p->repetition_two);
    if (repetition && repetition_points(p, m->possible.count) > repetition->points) {
        repetition->undecided = true;
        card_note(card, repetition, "undated", m->undated_count);
    }
}

void factors_performance(const matter_facts *m, card_writer *card) {
    offer_agency(m, card);
    offer_unsolved(m, card);
    offer_dissatisfaction(m, card);
    offer_repetition(m, card);
}

/* --- D: whether it can be checked --- */

/* The anchor that says where: of the most exact ones the one of the first kind, a village before a road before a
 * company; NULL: none. */
static const Wjz__Scoring__Anchor *place_anchor(const finding *f) {
    const Wjz__Scoring__Anchor *best = NULL;
    for (size_t i = 0; i < f->n_anchors; i++) {
        const Wjz__Scoring__Anchor *anchor = f->anchors[i];
        if (anchor->kind < WJZ__SCORING__ANCHOR_KIND__ANCHOR_TOWN) continue;
        bool only_town = best && best->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_TOWN;
        bool exact = anchor->kind > WJZ__SCORING__ANCHOR_KIND__ANCHOR_TOWN;
        if (!best || (exact && (only_town || anchor->kind < best->kind))) best = anchor;
    }
    return best;
}

/* How exactly a complaint says where; *ret_span is what says so, NULL: the feed's own coordinates. */
static double location_points(const pack_points *p, const finding *f, const Wjz__Scoring__Span **ret_span) {
    const Wjz__Scoring__Place *place = f->place;
    const Wjz__Scoring__Anchor *anchor = place_anchor(f);
    *ret_span = place && (place->has_address || !place->has_position) ? place->span : NULL;
    if (place && (place->has_address || place->has_position)) return p->location_exact;
    double known = place && place->village ? p->location_village : place && place->town ? p->location_town : 0;
    if (!anchor) return known;
    bool town = anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_TOWN;
    double offer = town ? p->location_town : p->location_village;
    if (offer > known) *ret_span = anchor->span;
    return offer > known ? offer : known;
}

void factors_checkability(const matter_facts *m, card_writer *card) {
    const pack_points *p = &m->pack->points;
    score_factor *location = card_factor(card, "location", p->location_exact);
    score_factor *subject = card_factor(card, "subject", p->subject);
    score_factor *evidence = card_factor(card, "evidence", p->evidence);
    score_factor *contact = card_factor(card, "contact_time", p->contact);
    for (size_t i = 0; i < m->count; i++) {
        const finding *f = m->findings[i];
        const Wjz__Scoring__Span *where;
        double points = location_points(p, f, &where);
        card_offer(card, location, points, m->ids[i], where, NULL);
        if (*f->subject) card_offer(card, subject, p->subject, m->ids[i], f->subject_span, NULL);
        if (f->photo_count > 0) card_offer(card, evidence, p->evidence, m->ids[i], NULL, NULL);
        if (f->reporter) card_offer(card, contact, p->contact, m->ids[i], NULL, NULL);
        if (f->time_span) card_offer(card, contact, p->contact, m->ids[i], f->time_span, NULL);
    }
    offer_hits(m, card, subject, ROLE(SUBJECT), p->subject);
    offer_hits(m, card, evidence, ROLE(EVIDENCE), p->evidence);
}

/* --- E: adjustments --- */

static bool first_hit(const matter_facts *m, Wjz__Scoring__Role role, size_t *ret_finding, const rule_hit **ret_hit) {
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = 0; k < m->findings[i]->n_hits; k++)
            if (m->findings[i]->hits[k]->role == role) {
                *ret_finding = i;
                *ret_hit = m->findings[i]->hits[k];
                return true;
            }
    return false;
}

static void adjust_by_hit(const matter_facts *m, card_writer *card, const char *id, double points,
                          Wjz__Scoring__Role role) {
    size_t i;
    const rule_hit *hit;
    if (!first_hit(m, role, &i, &hit)) return;
    score_factor *factor = card_adjustment(card, id, points);
    card_evidence(card, factor, m->ids[i], hit->span, hit->rule);
}

static void adjust_by_warning(const matter_facts *m, card_writer *card) {
    const warned_area *area = area_warned(m->context->warned, m->pack->domains[m->domain].id, m->place);
    if (!area) return;
    score_factor *factor = card_adjustment(card, "area_warning", m->pack->adjustments.area_warning);
    card_note(card, factor, "level", area->level);
    if (area->code) card_note_code(card, factor, area_kind_names[area->kind], area->code);
}

/* The model's word on the complaint that it values most. */
static void adjust_learned(const matter_facts *m, card_writer *card) {
    size_t best = 0;
    for (size_t i = 1; i < m->count; i++)
        if (m->findings[i]->learned > m->findings[best]->learned) best = i;
    const finding *f = m->findings[best];
    double limit = m->pack->adjustments.learned_limit;
    double points = f->learned > limit ? limit : f->learned < -limit ? -limit : f->learned;
    if (points == 0) return;
    score_factor *learned = card_adjustment(card, "learned", points);
    for (size_t i = 0; i < f->n_reasons; i++) {
        card_evidence(card, learned, m->ids[best], f->reasons[i]->span, f->reasons[i]->rule);
        card_note(card, learned, "reason", f->reasons[i]->points);
    }
}

void factors_adjust(const matter_facts *m, card_writer *card) {
    const pack_adjustments *a = &m->pack->adjustments;
    if (factors_points(card, "domain_match") > 0) adjust_by_hit(m, card, "spreading", a->spreading, ROLE(URGENCY));
    adjust_by_warning(m, card);
    if (m->mediation) card_adjustment(card, "private_dispute", a->private_dispute);
    if (m->kind == KIND_CONSULT || m->kind == KIND_PRAISE || m->kind == KIND_SUGGEST)
        card_adjustment(card, "no_request", a->no_request);
    adjust_by_hit(m, card, "in_litigation", a->in_litigation, ROLE(LITIGATION));
    adjust_learned(m, card);
}
