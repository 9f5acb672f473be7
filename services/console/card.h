/* Score cards and findings as JSON, with the places of evidence as JavaScript counts them. */
#ifndef CONSOLE_CARD_H
#define CONSOLE_CARD_H

#include <jansson.h>

#include "proto/card.pb-c.h"

/* Texts of a complaint in which spans lie; NULL where there is none. The masks keep every byte's place. */
typedef struct card_texts {
    int64_t complaint;
    const char *title, *content, *categories, *address, *visit_note, *reply;
} card_texts;

/* UTF-16 units before the byte offset, which may lie beyond the end. Pure. */
size_t card_utf16_offset(const char *text, size_t bytes);

/* The card; texts: of the complaints that its evidence is in, as many as are at hand. A new reference. */
json_t *card_json(const Wjz__Scoring__ScoreCard *card, const card_texts *texts, size_t count);
json_t *card_collisions_json(const Wjz__Scoring__ScoreCard *card);
/* Evidence of one complaint's finding: a span for each hit. */
json_t *card_hits_json(const Wjz__Scoring__Finding *finding, const card_texts *texts);
/* Ids of the complaints with evidence on the card, at most `most`. */
size_t card_complaints(const Wjz__Scoring__ScoreCard *card, int64_t *ids, size_t most);

#endif
