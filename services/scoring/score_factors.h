/* The factors of domain.md 3.3, one function for each of its five parts. Pure. */
#ifndef SCORING_SCORE_FACTORS_H
#define SCORING_SCORE_FACTORS_H

#include "scoring/card.h"
#include "scoring/collide.h"
#include "scoring/rules_data.h"
#include "scoring/score.h"

/* Complaints within the window for repeats, copies of one text as one. */
typedef struct voices {
    uint32_t count;   /* the matter's first one included */
    bool independent; /* reporters or sources differ */
    const Wjz__Scoring__Finding *first;
    uint64_t known; /* the first reporter who is known */
} voices;

/* A matter in canonical order: received first, then smaller id; unknown times last. */
typedef struct matter_facts {
    const rule_pack *pack;
    const Wjz__Scoring__Finding **findings;
    int64_t *ids;
    size_t count;
    const matter_context *context;
    complaint_kind kind;
    clue_branch branch;
    int domain;
    const Wjz__Scoring__Place *place; /* the most exact one, NULL: none */
    size_t place_from;                /* index of the finding that has it */
    bool mediation;
    voices known, possible;  /* known to be within the window; and with those whose time is not known */
    uint32_t reporter_count; /* known ones; each anonymous complaint counts as one */
    uint32_t people;         /* of them those with words of their own */
    uint32_t copy_count;     /* complaints whose text is that of one before */
    uint32_t undated_count;
} matter_facts;

/* Each adds its factors to the card, also those with 0 points. */
void factors_source(const matter_facts *matter, card_writer *card);
void factors_harm(const matter_facts *matter, card_writer *card);
void factors_performance(const matter_facts *matter, card_writer *card);
void factors_checkability(const matter_facts *matter, card_writer *card);
/* Only those that apply. */
void factors_adjust(const matter_facts *matter, card_writer *card);

/* Whether the hit speaks for the matter's domain or branch. */
bool factors_fact(const matter_facts *matter, const Wjz__Scoring__Hit *hit);
/* Points of a factor written before, by id. */
double factors_points(const card_writer *card, const char *id);

#endif
