/* The matter as a whole: what it is by the voices of its complaints, its factors, its index, its stars. */
#include "scoring/score.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/card.h"
#include "scoring/complaint.h"
#include "scoring/score_factors.h"
#include "wjz/clock.h"

typedef Wjz__Scoring__Finding finding;

typedef struct member {
    const finding *finding;
    int64_t id;
} member;

static int in_canonical_order(const void *a, const void *b) {
    const member *x = a, *y = b;
    int64_t at = x->finding->received_at_us, other = y->finding->received_at_us;
    if (at != other) {
        if (at == 0 || other == 0) return at == 0 ? 1 : -1;
        return at < other ? -1 : 1;
    }
    uint64_t self = x->finding->identity, its = y->finding->identity;
    if (self != its) return self < its ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int sort_members(matter_facts *m, const finding *const *findings, const int64_t *ids, size_t count,
                        wjz_arena *arena) {
    member *members = wjz_arena_alloc(arena, count * sizeof *members);
    m->findings = wjz_arena_alloc(arena, count * sizeof *m->findings);
    m->ids = wjz_arena_alloc(arena, count * sizeof *m->ids);
    if (!members || !m->findings || !m->ids) return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        members[i] = (member){findings[i], ids[i]};
    qsort(members, count, sizeof *members, in_canonical_order);
    for (size_t i = 0; i < count; i++) {
        m->findings[i] = members[i].finding;
        m->ids[i] = members[i].id;
    }
    m->count = count;
    return 0;
}

static int index_of(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (*names[i] == *name && strcmp(names[i], name) == 0) return (int)i; /* most differ at once */
    return 0;
}

static int loudest(const double *votes, size_t count) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (votes[i] > votes[best]) best = i;
    return (int)best;
}

/* A short reminder that names no facts does not take the facts of the others away: "none" and mere questions speak
 * half as loud. Ties fall to the first of the list, never to an order of arrival. */
static void decide_class(matter_facts *m) {
    double kinds[KIND_COUNT] = {0}, branches[BRANCH_COUNT] = {0}, domains[DOMAIN_LIMIT] = {0}, mediation = 0;
    for (size_t i = 0; i < m->count; i++) {
        const finding *f = m->findings[i];
        int kind = index_of(kind_names, KIND_COUNT, f->kind);
        int branch = index_of(branch_names, BRANCH_COUNT, f->branch);
        int domain = rules_domain(m->pack, f->domain);
        if (domain < 0) domain = DOMAIN_NONE; /* of an older pack */
        kinds[kind] += f->kind_confidence * (kind >= KIND_SUGGEST ? 0.5 : 1);
        branches[branch] += f->branch_confidence * (branch == BRANCH_NONE ? 0.5 : 1);
        domains[domain] += f->domain_confidence * (domain == DOMAIN_NONE ? 0.5 : 1);
        mediation += f->mediation ? 1 : -1;
    }
    m->kind = (complaint_kind)loudest(kinds, KIND_COUNT);
    m->branch = (clue_branch)loudest(branches, BRANCH_COUNT);
    m->domain = loudest(domains, m->pack->domain_count);
    m->mediation = mediation > 0;
}

static bool has_copy(const matter_facts *m, size_t before, const finding *f, int64_t since) {
    for (size_t k = 0; f->copy && k < before; k++)
        if (m->findings[k]->copy == f->copy &&
            (m->findings[k]->received_at_us == 0 || m->findings[k]->received_at_us >= since))
            return true;
    return false;
}

static bool has_reporter(const matter_facts *m, size_t before, const finding *f) {
    for (size_t k = 0; f->reporter && k < before; k++)
        if (m->findings[k]->reporter == f->reporter) return true;
    return false;
}

/* Those are independent that come over two kinds of channel or from two people who are known to be two. */
static void hear(voices *v, const finding *f) {
    if (!v->first) v->first = f;
    if (!v->known) v->known = f->reporter;
    v->count++;
    if (f->source != v->first->source || (f->reporter && f->reporter != v->known)) v->independent = true;
}

/* Complaints within the window before the last one. A copy of a text that is counted is no other voice, whoever sent
 * it: it may be mass posting. One whose time is not known may be within the window or not: what it would add is not
 * enough evidence. */
static void count_repeats(matter_facts *m) {
    int64_t last = 0, window = (int64_t)(m->pack->points.repetition_window_days * WJZ_DAY_US);
    for (size_t i = 0; i < m->count; i++)
        if (m->findings[i]->received_at_us > last) last = m->findings[i]->received_at_us;
    for (size_t i = 0; i < m->count; i++) {
        const finding *f = m->findings[i];
        bool undated = f->received_at_us == 0, met = has_reporter(m, i, f);
        m->undated_count += undated;
        m->copy_count += has_copy(m, i, f, 0);
        if (!undated && last - f->received_at_us > window) continue;
        m->reporter_count += !met;
        if (has_copy(m, i, f, last - window)) continue;
        m->people += !met;
        hear(&m->possible, f);
        if (!undated) hear(&m->known, f);
    }
    if (!m->known.count) m->known.count = 1; /* the matter itself */
}

static double sum_points(Wjz__Scoring__Factor *const *factors, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += factors[i]->points;
    return sum;
}

static uint32_t stars_of(const pack_stars *cuts, double index) {
    return index >= cuts->five ? 5 : index >= cuts->four ? 4 : index >= cuts->three ? 3 : index >= cuts->two ? 2 : 1;
}

static void lower(card_writer *writer, const char *gate, uint32_t most) {
    if (writer->card->stars <= most) return;
    writer->card->stars = most;
    card_gate(writer, gate);
}

static void apply_gates(const matter_facts *m, card_writer *writer) {
    const pack_gates *g = &m->pack->gates;
    double match = factors_points(writer, "domain_match");
    double check = 0;
    static const char *const checkability[] = {"location", "subject", "evidence", "contact_time"};
    for (size_t i = 0; i < WJZ_COUNT(checkability); i++)
        check += factors_points(writer, checkability[i]);
    bool failed_by_agency = factors_points(writer, "dissatisfaction") >= g->five_dissatisfied ||
                            factors_points(writer, "repetition") >= g->five_repetition ||
                            factors_points(writer, "handled_unsolved") >= g->five_unsolved;
    if (match < g->five_match) lower(writer, "five_needs_match", 4);
    if (!failed_by_agency) lower(writer, "five_needs_failed_agency", 4);
    if (check < g->five_checkability) lower(writer, "five_needs_checkability", 4);
    if (m->pack->domains[m->domain].exploratory) lower(writer, "exploratory_domain", (uint32_t)g->exploratory_stars);
    if (match <= 0) lower(writer, "no_domain", (uint32_t)g->no_domain_stars);
}

/* Of what several complaints say about the place the most exact. */
static void find_place(matter_facts *m) {
    int best_rank = -1;
    for (size_t i = 0; i < m->count; i++) {
        const Wjz__Scoring__Place *place = m->findings[i]->place;
        if (!place) continue;
        int rank = place->village ? 6 : place->town ? 4 : place->region ? 2 : 0;
        rank += place->has_position || place->has_address ? 1 : 0;
        if (rank <= best_rank) continue;
        m->place = place;
        best_rank = rank;
        m->place_from = i;
    }
}

enum { AGENCIES_LIMIT = 8 };

static bool has_agency(const Wjz__Scoring__ScoreCard *card, const char *name) {
    for (size_t i = 0; i < card->n_agencies; i++)
        if (strcmp(card->agencies[i], name) == 0) return true;
    return false;
}

static void add_agency(Wjz__Scoring__ScoreCard *card, const char *name) {
    if (card->n_agencies < AGENCIES_LIMIT && !has_agency(card, name)) card->agencies[card->n_agencies++] = (char *)name;
}

/* Duty holders: those named first, then those the law gives the domain. */
static void name_agencies(const matter_facts *m, card_writer *writer) {
    Wjz__Scoring__ScoreCard *card = writer->card;
    card->agencies = wjz_arena_alloc(writer->arena, AGENCIES_LIMIT * sizeof *card->agencies);
    if (!card->agencies) {
        writer->failed = true;
        return;
    }
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = 0; k < m->findings[i]->n_agencies; k++)
            add_agency(card, m->findings[i]->agencies[k]);
    const pack_topic *topic = m->domain > 0 ? &m->pack->domains[m->domain] : &m->pack->branches[m->branch];
    for (size_t i = 0; i < topic->agency_count; i++)
        add_agency(card, topic->agencies[i]);
}

static double least_confidence(const matter_facts *m) {
    double least = 1;
    for (size_t i = 0; i < m->count; i++) {
        const finding *f = m->findings[i];
        least = fmin(least, fmin(f->kind_confidence, fmin(f->branch_confidence, f->domain_confidence)));
    }
    return least;
}

static bool adjusted(const Wjz__Scoring__ScoreCard *card, const char *id) {
    for (size_t i = 0; i < card->n_adjustments; i++)
        if (strcmp(card->adjustments[i]->id, id) == 0) return true;
    return false;
}

/* What the matter is, beside what it is worth. */
static void describe(const matter_facts *m, card_writer *writer) {
    Wjz__Scoring__ScoreCard *card = writer->card;
    card->pack = (char *)rule_pack_version(m->pack);
    card->model = m->findings[0]->model;
    card->kind = (char *)kind_names[m->kind];
    card->branch = (char *)branch_names[m->branch];
    card->domain = (char *)m->pack->domains[m->domain].id;
    card->confidence = least_confidence(m);
    card->place = (Wjz__Scoring__Place *)m->place;
    card->subject = m->findings[m->place_from]->subject;
    for (size_t i = 0; i < m->count && !*card->subject; i++)
        card->subject = m->findings[i]->subject;
    name_agencies(m, writer);
    card->mediation = m->mediation;
    const pack_topic *topic = &m->pack->domains[m->domain];
    card->urgent = adjusted(card, "spreading") ||
                   (topic->urgent && factors_points(writer, "severity") >= m->pack->points.severity_grave);
    for (size_t i = 0; i < m->count; i++)
        card->confidential = card->confidential || m->findings[i]->confidential;
    card->look_on_spot = factors_points(writer, "location") >= m->pack->points.location_village &&
                         factors_points(writer, "domain_match") > 0 && m->branch != BRANCH_CIVIL;
    card->complaint_count = (uint32_t)m->count;
    card->reporter_count = m->reporter_count;
    card->repeat_count = m->known.count;
    card->copy_count = m->copy_count;
    card->undated_count = m->undated_count;
}

/* What a warning adds must not count for the warning. Gates bound the own stars like the others. */
static uint32_t own_stars(const matter_facts *m, const Wjz__Scoring__ScoreCard *card, double index) {
    if (adjusted(card, "area_warning")) index -= m->pack->adjustments.area_warning;
    uint32_t stars = stars_of(&m->pack->stars, fmin(100, fmax(0, index)));
    return stars < card->stars ? stars : card->stars;
}

/* Everything of the card but what follows from its sum. */
static int fill_card(matter_facts *m, card_writer *writer) {
    decide_class(m);
    find_place(m);
    count_repeats(m);
    factors_source(m, writer);
    factors_harm(m, writer);
    factors_performance(m, writer);
    factors_checkability(m, writer);
    collide(m, writer);
    factors_adjust(m, writer);
    return writer->failed ? -ENOMEM : 0;
}

static double sum_card(const Wjz__Scoring__ScoreCard *card) {
    return sum_points(card->factors, card->n_factors) + sum_points(card->adjustments, card->n_adjustments);
}

int score_words(const rule_pack *pack, const finding *f, wjz_arena *arena, double *ret_index) {
    static const matter_context nothing_more = {0};
    finding words = *f;
    words.source = SOURCE_HOTLINE;
    words.satisfaction = NOT_RATED;
    words.solved = NOT_SAID;
    words.closed = words.overdue = words.handler_named = false;
    words.finished_at_us = 0;
    words.redispatch_count = words.return_count = words.urge_count = words.photo_count = 0;
    words.learned = 0;
    const finding *findings[] = {&words};
    int64_t id = 0;
    matter_facts m = {.pack = pack, .findings = findings, .ids = &id, .count = 1, .context = &nothing_more};
    card_writer writer;
    card_begin(&writer, arena);
    writer.sums_only = true;
    if (writer.failed || fill_card(&m, &writer) < 0) return -ENOMEM;
    *ret_index = sum_card(writer.card);
    return 0;
}

int score_matter(const rule_pack *pack, const finding *const *findings, const int64_t *ids, size_t count,
                 const matter_context *context, wjz_arena *arena, Wjz__Scoring__ScoreCard **ret_card, wjz_err *err) {
    if (count == 0) return wjz_err_set(err, -EINVAL, "cannot score a matter without complaints");
    matter_facts m = {.pack = pack, .context = context};
    card_writer writer;
    card_begin(&writer, arena);
    if (writer.failed || sort_members(&m, findings, ids, count, arena) < 0)
        return wjz_err_set(err, -ENOMEM, "could not score a matter: no memory");
    if (fill_card(&m, &writer) == 0) describe(&m, &writer);
    if (writer.failed) return wjz_err_set(err, -ENOMEM, "could not score a matter: no memory");
    Wjz__Scoring__ScoreCard *card = writer.card;
    double index = sum_card(card);
    card->index = fmin(100, fmax(0, index));
    card->stars_before_gates = card->stars = stars_of(&pack->stars, card->index);
    apply_gates(&m, &writer);
    card->own_stars = own_stars(&m, card, index);
    card->focus = card->stars == 5 &&
                  (factors_points(&writer, "dissatisfaction") >= pack->gates.five_dissatisfied || m.known.count >= 2);
    *ret_card = card;
    return 0;
}
