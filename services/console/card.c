#include "console/card.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wjz/clock.h"

size_t card_utf16_offset(const char *text, size_t bytes) {
    size_t units = 0;
    for (size_t i = 0; i < bytes && text[i]; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

static json_t *id_json(int64_t id) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, id);
    return id ? json_string(text) : json_null();
}

static const char *FIELDS[] = {NULL, "title", "content", "categories", "address", "visit_note", "reply", "status"};

static const char *text_of(const card_texts *t, Wjz__Scoring__Field field) {
    if (!t) return NULL;
    switch (field) {
    case WJZ__SCORING__FIELD__FIELD_TITLE:
        return t->title;
    case WJZ__SCORING__FIELD__FIELD_CONTENT:
        return t->content;
    case WJZ__SCORING__FIELD__FIELD_CATEGORIES:
        return t->categories;
    case WJZ__SCORING__FIELD__FIELD_ADDRESS:
        return t->address;
    case WJZ__SCORING__FIELD__FIELD_VISIT_NOTE:
        return t->visit_note;
    case WJZ__SCORING__FIELD__FIELD_REPLY:
        return t->reply;
    default:
        return NULL;
    }
}

static json_t *span_json(int64_t complaint, const Wjz__Scoring__Span *span, const char *rule, const card_texts *texts) {
    int field = span ? (int)span->field : 0;
    if (field <= 0 || field >= (int)WJZ_COUNT(FIELDS)) field = WJZ__SCORING__FIELD__FIELD_STATUS;
    const char *text = text_of(texts, (Wjz__Scoring__Field)field);
    size_t from = text && span ? card_utf16_offset(text, span->from) : 0,
           to = text && span ? card_utf16_offset(text, span->to) : 0;
    return json_pack("{s:o, s:s, s:I, s:I, s:s}", "complaint", id_json(complaint), "field", FIELDS[field], "from",
                     (json_int_t)from, "to", (json_int_t)to, "rule", rule ? rule : "");
}

static const card_texts *texts_of(const card_texts *texts, size_t count, int64_t complaint) {
    for (size_t i = 0; i < count; i++)
        if (texts[i].complaint == complaint) return &texts[i];
    return NULL;
}

static json_t *factor_json(const Wjz__Scoring__Factor *factor, const card_texts *texts, size_t count) {
    json_t *evidence = json_array(), *notes = json_array();
    for (size_t i = 0; i < factor->n_evidence; i++) {
        const Wjz__Scoring__Evidence *e = factor->evidence[i];
        (void)json_array_append_new(evidence, span_json((int64_t)e->complaint, e->span, e->rule,
                                                        texts_of(texts, count, (int64_t)e->complaint)));
    }
    for (size_t i = 0; i < factor->n_notes; i++)
        (void)json_array_append_new(
            notes, json_pack("{s:s, s:s}", "key", factor->notes[i]->key, "value", factor->notes[i]->value));
    return json_pack("{s:s, s:f, s:f, s:o, s:o, s:b}", "id", factor->id, "points", factor->points, "max", factor->max,
                     "evidence", evidence, "notes", notes, "undecided", (int)factor->undecided);
}

static json_t *factors_json(Wjz__Scoring__Factor **factors, size_t n, const card_texts *texts, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(list, factor_json(factors[i], texts, count));
    return list;
}

static json_t *texts_json(char **texts, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_string(texts[i]));
    return list;
}

static json_t *position_json(const Wjz__Scoring__Place *place) {
    if (!place || !place->has_position) return json_null();
    return json_pack("{s:f, s:f}", "longitude", place->longitude, "latitude", place->latitude);
}

json_t *card_json(const Wjz__Scoring__ScoreCard *card, const card_texts *texts, size_t count) {
    return json_pack("{s:s, s:s, s:f, s:i, s:i, s:o, s:o, s:o, s:f, s:o, s:i, s:i, s:i, s:i, s:o}", "pack", card->pack, "model",
                     card->model, "index", card->index, "stars", (int)card->stars, "stars_before_gates",
                     card->stars_before_gates ? (int)card->stars_before_gates : 1, "factors",
                     factors_json(card->factors, card->n_factors, texts, count), "adjustments",
                     factors_json(card->adjustments, card->n_adjustments, texts, count), "gates",
                     texts_json(card->gates, card->n_gates), "confidence", card->confidence, "agencies",
                     texts_json(card->agencies, card->n_agencies), "repeat_count", (int)card->repeat_count,
                     "reporter_count", (int)card->reporter_count, "copy_count",
                     (int)card->copy_count, "undated_count", (int)card->undated_count, "place", position_json(card->place));
}

static json_t *record_json(const Wjz__Scoring__CollidingRecord *record) {
    char at[WJZ_CLOCK_TEXT];
    return json_pack("{s:s, s:o, s:o, s:s, s:s}", "kind", record->kind, "id", id_json((int64_t)record->id), "at",
                     record->at_us ? json_string(wjz_clock_format(record->at_us, at)) : json_null(), "number",
                     record->number, "note", record->note);
}

json_t *card_collisions_json(const Wjz__Scoring__ScoreCard *card) {
    json_t *list = json_array();
    for (size_t i = 0; i < card->n_collisions; i++) {
        const Wjz__Scoring__Collision *c = card->collisions[i];
        json_t *records = json_array();
        for (size_t j = 0; j < c->n_records; j++)
            (void)json_array_append_new(records, record_json(c->records[j]));
        (void)json_array_append_new(list, json_pack("{s:s, s:o, s:f, s:o, s:b}", "rule", c->rule, "factor",
                                                    *c->factor ? json_string(c->factor) : json_null(), "points",
                                                    c->points, "records", records, "undecided", (int)c->undecided));
    }
    return list;
}

json_t *card_hits_json(const Wjz__Scoring__Finding *finding, const card_texts *texts) {
    json_t *list = json_array();
    for (size_t i = 0; i < finding->n_hits; i++) {
        const Wjz__Scoring__Hit *hit = finding->hits[i];
        if (hit->span) (void)json_array_append_new(list, span_json(texts->complaint, hit->span, hit->rule, texts));
    }
    return list;
}

static size_t add_complaints(Wjz__Scoring__Factor **factors, size_t n, int64_t *ids, size_t count, size_t most) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < factors[i]->n_evidence; j++) {
            int64_t id = (int64_t)factors[i]->evidence[j]->complaint;
            bool known = id == 0;
            for (size_t k = 0; k < count && !known; k++)
                known = ids[k] == id;
            if (!known && count < most) ids[count++] = id;
        }
    return count;
}

size_t card_complaints(const Wjz__Scoring__ScoreCard *card, int64_t *ids, size_t most) {
    size_t count = add_complaints(card->factors, card->n_factors, ids, 0, most);
    return add_complaints(card->adjustments, card->n_adjustments, ids, count, most);
}
