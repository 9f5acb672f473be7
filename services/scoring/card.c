/* See card.h. */
#include "scoring/card.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "wjz/digits.h"

static void *take(card_writer *writer, size_t size) {
    void *memory = writer->failed ? NULL : wjz_arena_calloc(writer->arena, 1, size);
    if (!memory) writer->failed = true;
    return memory;
}

void card_begin(card_writer *writer, wjz_arena *arena) {
    *writer = (card_writer){.arena = arena};
    Wjz__Scoring__ScoreCard *card = take(writer, sizeof *card);
    if (!card) return;
    wjz__scoring__score_card__init(card);
    card->factors = take(writer, CARD_FACTORS * sizeof *card->factors);
    card->adjustments = take(writer, CARD_ADJUSTMENTS * sizeof *card->adjustments);
    card->gates = take(writer, CARD_GATES * sizeof *card->gates);
    writer->card = card;
}

int card_head(const Wjz__Scoring__ScoreCard *card, wjz_arena *arena, Wjz__Scoring__ScoreCard **ret_head) {
    Wjz__Scoring__ScoreCard *head = wjz_arena_alloc(arena, sizeof *head);
    char **agencies = wjz_arena_alloc(arena, card->n_agencies * sizeof *agencies);
    if (!head || !agencies) return -ENOMEM;
    *head = *card;
    head->n_factors = head->n_adjustments = head->n_gates = head->n_collisions = 0;
    head->factors = head->adjustments = NULL;
    head->gates = NULL;
    head->collisions = NULL;
    if (card->n_agencies) head->agencies = memcpy(agencies, card->agencies, card->n_agencies * sizeof *agencies);
    *ret_head = head;
    return 0;
}

/* A factor with room for what it may get, in one piece. */
typedef struct factor_room {
    Wjz__Scoring__Factor factor;
    Wjz__Scoring__Evidence *evidence[CARD_EVIDENCE];
    Wjz__Scoring__Note *notes[CARD_NOTES];
} factor_room;

static Wjz__Scoring__Factor *new_factor(card_writer *writer, const char *id) {
    static Wjz__Scoring__Factor scrap; /* written to, never read, after a failure */
    factor_room *room = writer->failed ? NULL : wjz_arena_alloc(writer->arena, sizeof *room);
    Wjz__Scoring__Factor *factor = &scrap;
    if (room) {
        factor = &room->factor;
        wjz__scoring__factor__init(factor);
        factor->evidence = room->evidence;
        factor->notes = room->notes;
    } else {
        writer->failed = true;
    }
    factor->id = (char *)id;
    return factor;
}

Wjz__Scoring__Factor *card_factor(card_writer *writer, const char *id, double max) {
    Wjz__Scoring__Factor *factor = new_factor(writer, id);
    factor->max = max;
    if (!writer->failed && writer->card->n_factors < CARD_FACTORS)
        writer->card->factors[writer->card->n_factors++] = factor;
    return factor;
}

Wjz__Scoring__Factor *card_adjustment(card_writer *writer, const char *id, double points) {
    Wjz__Scoring__Factor *factor = new_factor(writer, id);
    factor->points = points;
    if (!writer->failed && writer->card->n_adjustments < CARD_ADJUSTMENTS)
        writer->card->adjustments[writer->card->n_adjustments++] = factor;
    return factor;
}

void card_gate(card_writer *writer, const char *id) {
    if (!writer->failed && writer->card->n_gates < CARD_GATES)
        writer->card->gates[writer->card->n_gates++] = (char *)id;
}

void card_evidence(card_writer *writer, Wjz__Scoring__Factor *factor, int64_t complaint, const Wjz__Scoring__Span *span,
                   const char *rule) {
    if (writer->failed || writer->sums_only || factor->n_evidence == CARD_EVIDENCE) return;
    Wjz__Scoring__Evidence *evidence = take(writer, sizeof *evidence);
    if (!evidence) return;
    wjz__scoring__evidence__init(evidence);
    evidence->complaint = (uint64_t)complaint;
    evidence->span = (Wjz__Scoring__Span *)span;
    evidence->rule = (char *)rule;
    factor->evidence[factor->n_evidence++] = evidence;
}

void card_offer(card_writer *writer, Wjz__Scoring__Factor *factor, double points, int64_t complaint,
                const Wjz__Scoring__Span *span, const char *rule) {
    if (points <= 0 || points < factor->points) return;
    if (points > factor->points) factor->n_evidence = 0;
    factor->points = points;
    card_evidence(writer, factor, complaint, span, rule);
}

static void add_note(card_writer *writer, Wjz__Scoring__Factor *factor, const char *key, char *value) {
    Wjz__Scoring__Note *note = take(writer, sizeof *note);
    if (!note) return;
    wjz__scoring__note__init(note);
    note->key = (char *)key;
    note->value = value;
    if (!value) {
        writer->failed = true;
        return;
    }
    factor->notes[factor->n_notes++] = note;
}

/* A float from 0.01 to 100 to ten digits, as "%.10g" tells it: so many times 10 it is still exact in a double. */
static char *told_float(card_writer *writer, double value) {
    char text[16], *end = text + sizeof text, *first = end;
    double size = fabs(value), scale = 1e8;
    int decimals = 8;
    for (double least = 10; size < least && decimals < 11; least /= 10, scale *= 10)
        decimals++;
    uint64_t digits = (uint64_t)rint(size * scale); /* a half becomes even, as there */
    for (; decimals > 0 && digits % 10 == 0; decimals--)
        digits /= 10;
    for (int point = decimals; decimals >= 0 || digits > 0; decimals--, digits /= 10) {
        if (decimals == 0 && point > 0) *--first = '.';
        *--first = (char)('0' + digits % 10);
    }
    if (value < 0) *--first = '-';
    return wjz_arena_strndup(writer->arena, first, (size_t)(end - first));
}

/* Most numbers are whole, or a model's floats: both are told as "%.10g" tells them, but sooner. */
void card_note(card_writer *writer, Wjz__Scoring__Factor *factor, const char *key, double value) {
    if (writer->failed || writer->sums_only || factor->n_notes == CARD_NOTES) return;
    bool whole = value > 0 && value < 1e9 && value == (double)(int32_t)value;
    bool is_float = fabs(value) >= 0.01 && fabs(value) < 100 && value == (double)(float)value;
    if (whole)
        card_note_code(writer, factor, key, (uint64_t)value);
    else if (is_float)
        add_note(writer, factor, key, told_float(writer, value));
    else
        add_note(writer, factor, key, wjz_arena_printf(writer->arena, "%.10g", value));
}

void card_note_code(card_writer *writer, Wjz__Scoring__Factor *factor, const char *key, uint64_t code) {
    char digits[WJZ_DIGITS_MOST], *end = digits + sizeof digits;
    if (writer->failed || writer->sums_only || factor->n_notes == CARD_NOTES) return;
    const char *first = wjz_digits(code, end);
    add_note(writer, factor, key, wjz_arena_strndup(writer->arena, first, (size_t)(end - first)));
}
