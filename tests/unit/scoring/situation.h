/* A matter as a row of a table: what was reported, and what else is known. Fields that are left out say nothing: the
 * report is one sentence of the title below, by the hotline, of the first day, by nobody who is known. */
#ifndef TESTS_UNIT_SCORING_SITUATION_H
#define TESTS_UNIT_SCORING_SITUATION_H

#include <string.h>

#include "scoring/score.h"
#include "unit/scoring/world.h"
#include "wjz/clock.h"

enum { REPORTS = 6, NEAR = 2 };

#define DAY(n) (INT64_C(1767225600000000) + (int64_t)((n)*WJZ_DAY_US))
#define TITLE "河道堆放垃圾"

typedef struct report {
    const char *title, *content, *order_type, *handler, *reply;
    source_kind source;
    double day, closed_on; /* days after the first; 0: not closed */
    uint64_t reporter;
    int photos, delay_days, returned, redispatched, urged;
    satisfaction rated;
    answer solved;
    bool here, undated; /* with coordinates; without a time */
    bool also;          /* one more, of the first day */
} report;

typedef struct situation {
    report reports[REPORTS]; /* further ones have another day, none, or are also there */
    near_fact near[NEAR];    /* up to the first without an id */
    const warned_area *warned;
    double learned;              /* by the model, of the first report */
    const char *domain, *branch; /* what the first report is held to be, whatever its words */
} situation;

/* Whether there is one; the first always is. */
static inline bool is_reported(const report *r) {
    return r->day > 0 || r->undated || r->also;
}

static inline complaint complaint_of(const report *r, int number) {
    static const char *const names[REPORTS] = {"1", "2", "3", "4", "5", "6"};
    complaint c = blank_complaint();
    c.id = number + 1;
    c.external_id = names[number];
    c.title = r->title ? r->title : r->content ? "" : TITLE;
    c.content = r->content ? r->content : "";
    c.order_type = r->order_type ? r->order_type : "";
    c.handler_unit = r->handler ? r->handler : "";
    c.handle_result = r->reply ? r->reply : "";
    c.source = r->source;
    c.received_at_us = r->undated ? 0 : DAY(r->day);
    c.finished_at_us = r->closed_on > 0 ? DAY(r->closed_on) : 0;
    c.reporter = r->reporter;
    c.photo_count = r->photos;
    c.delay_days = r->delay_days;
    c.return_count = r->returned;
    c.redispatch_count = r->redispatched;
    c.urge_count = r->urged;
    c.satisfaction = r->rated;
    c.solved = r->solved;
    c.has_position = r->here;
    c.longitude = 103.6;
    c.latitude = 30.6;
    return c;
}

/* Its card; complaints have the numbers 1, 2, 3 … The texts live as long as the situation. */
static inline Wjz__Scoring__ScoreCard *card_of(world *w, const situation *s) {
    const Wjz__Scoring__Finding *findings[REPORTS];
    int64_t ids[REPORTS];
    size_t count = 0;
    do {
        complaint c = complaint_of(&s->reports[count], (int)count);
        Wjz__Scoring__Finding *f = analysed(w, &c);
        if (count == 0) f->learned = s->learned;
        if (count == 0 && s->domain) f->domain = (char *)s->domain;
        if (count == 0 && s->branch) f->branch = (char *)s->branch;
        ids[count] = c.id;
        findings[count++] = f;
    } while (count < REPORTS && is_reported(&s->reports[count]));
    const warned_areas warned = {s->warned, s->warned ? 1 : 0};
    matter_context context = {.near = s->near, .warned = &warned};
    while (context.near_count < NEAR && s->near[context.near_count].id)
        context.near_count++;
    Wjz__Scoring__ScoreCard *card = NULL;
    wjz_err err = {0};
    if (score_matter(w->pack, findings, ids, count, &context, w->arena, &card, &err) < 0) fail_msg("%s", err.text);
    return card;
}

/* The factor or adjustment, NULL: the card has no such one. */
static inline const Wjz__Scoring__Factor *line_of(const Wjz__Scoring__ScoreCard *card, const char *id) {
    for (size_t i = 0; i < card->n_factors; i++)
        if (strcmp(card->factors[i]->id, id) == 0) return card->factors[i];
    for (size_t i = 0; i < card->n_adjustments; i++)
        if (strcmp(card->adjustments[i]->id, id) == 0) return card->adjustments[i];
    return NULL;
}

static inline double points_of(const Wjz__Scoring__ScoreCard *card, const char *id) {
    const Wjz__Scoring__Factor *line = line_of(card, id);
    return line ? line->points : 0;
}

#endif
