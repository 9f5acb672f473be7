/* Writing a score card: factors with their evidence and what was measured. Errors are kept and told once, at the end.
 */
#ifndef SCORING_CARD_H
#define SCORING_CARD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "wjz/arena.h"
#include "wjz/clean.h"

enum { CARD_FACTORS = 14, CARD_ADJUSTMENTS = 8, CARD_GATES = 4, CARD_EVIDENCE = 4, CARD_NOTES = 4 };

typedef struct card_writer {
    wjz_arena *arena;
    Wjz__Scoring__ScoreCard *card;
    bool sums_only; /* only points are wanted: no evidence, no notes */
    bool failed;    /* out of memory: the card is not to be used */
} card_writer;

/* Makes an empty card in the arena; failed is set when that is not possible. */
void card_begin(card_writer *writer, wjz_arena *arena);

/* A factor with no points yet; never NULL (a scrap when out of memory). */
Wjz__Scoring__Factor *card_factor(card_writer *writer, const char *id, double max);
Wjz__Scoring__Factor *card_adjustment(card_writer *writer, const char *id, double points);
void card_gate(card_writer *writer, const char *id);

/* Adds evidence; more than CARD_EVIDENCE is left out. complaint 0: the matter as a whole; span NULL: its status. */
void card_evidence(card_writer *writer, Wjz__Scoring__Factor *factor, int64_t complaint, const Wjz__Scoring__Span *span,
                   const char *rule);
/* Gives the factor these points and this evidence when they are more than it has: the best one counts. */
void card_offer(card_writer *writer, Wjz__Scoring__Factor *factor, double points, int64_t complaint,
                const Wjz__Scoring__Span *span, const char *rule);
void card_note(card_writer *writer, Wjz__Scoring__Factor *factor, const char *key, double value);

/* A number that is a name: every digit of it. */
void card_note_code(card_writer *writer, Wjz__Scoring__Factor *factor, const char *key, uint64_t code);

/* Copies a card, once it has been packed, without what makes its index: factors, adjustments, gates and collisions. The
 * copy lives in the arena, and borrows the texts that the card has of findings and pack. -ENOMEM. */
WJZ_MUST_CHECK int card_head(const Wjz__Scoring__ScoreCard *card, wjz_arena *arena, Wjz__Scoring__ScoreCard **ret_head);

#endif
