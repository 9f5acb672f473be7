/* From the last byte to the first, and the last field to the first: when a message inside another has been written, its
 * length is known. A field that is added to card.proto gets its line here; the test fails until it has one. */
#include "scoring/card_pack.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 8192 /* on the stack: larger ones are rare */ };
enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, WIRE_BITS = 3 };

typedef struct packer {
    uint8_t *start, *at, *end; /* what is written lies from `at` to `end` */
    uint8_t *grown;            /* NULL while it is on the stack */
    bool failed;               /* out of memory: nothing is written any more */
} packer;

static bool grow(packer *p, size_t more) {
    size_t used = (size_t)(p->end - p->at), size = 2 * (size_t)(p->end - p->start) + more;
    uint8_t *bigger = p->failed ? NULL : malloc(size);
    if (!bigger) {
        p->failed = true;
        p->start = p->at; /* so that each of the rest comes here, too */
        return false;
    }
    memcpy(bigger + size - used, p->at, used);
    free(p->grown);
    *p = (packer){bigger, bigger + size - used, bigger + size, bigger, false};
    return true;
}

/* Where `bytes` may be written in front of what is there; NULL when there is no memory. */
static inline uint8_t *room(packer *p, size_t bytes) {
    if ((size_t)(p->at - p->start) < bytes && !grow(p, bytes)) return NULL;
    return p->at -= bytes;
}

static inline void put_varint(packer *p, uint64_t value) {
    size_t bytes = value < 0x80 ? 1 : (size_t)(63 - __builtin_clzll(value)) / 7 + 1;
    uint8_t *to = room(p, bytes);
    if (!to) return;
    for (; bytes > 1; bytes--, value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to = (uint8_t)value;
}

static inline void put_tag(packer *p, uint32_t number, unsigned wire) {
    put_varint(p, (uint64_t)number << WIRE_BITS | wire);
}

/* --- fields; what is 0 or empty is left out --- */

static inline void put_number(packer *p, uint32_t number, uint64_t value) {
    if (!value) return;
    put_varint(p, value);
    put_tag(p, number, VARINT);
}

static inline void put_fixed(packer *p, uint32_t number, uint64_t value) {
    uint8_t *to = value ? room(p, sizeof value) : NULL;
    if (!to) return;
    value = htole64(value);
    memcpy(to, &value, sizeof value);
    put_tag(p, number, FIXED64);
}

static inline void put_real(packer *p, uint32_t number, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != 0) put_fixed(p, number, bits);
}

/* One of a list: an empty one counts. */
static inline void put_item(packer *p, uint32_t number, const char *text) {
    size_t length = text ? strlen(text) : 0;
    uint8_t *to = room(p, length);
    if (to && length) memcpy(to, text, length);
    put_varint(p, length);
    put_tag(p, number, LENGTH);
}

static inline void put_text(packer *p, uint32_t number, const char *text) {
    if (text && *text) put_item(p, number, text);
}

static inline size_t written(const packer *p) {
    return (size_t)(p->end - p->at);
}

/* Ends a message that began when so much was written. */
static inline void end_message(packer *p, uint32_t number, size_t before) {
    put_varint(p, written(p) - before);
    put_tag(p, number, LENGTH);
}

/* --- what both have --- */

static void put_span(packer *p, uint32_t number, const Wjz__Scoring__Span *span) {
    if (!span) return;
    size_t before = written(p);
    put_number(p, 3, span->to);
    put_number(p, 2, span->from);
    put_number(p, 1, span->field);
    end_message(p, number, before);
}

static void put_place(packer *p, uint32_t number, const Wjz__Scoring__Place *place) {
    if (!place) return;
    size_t before = written(p);
    put_span(p, 9, place->span);
    put_text(p, 8, place->text);
    put_real(p, 7, place->latitude);
    put_real(p, 6, place->longitude);
    put_number(p, 5, place->has_position != 0);
    put_number(p, 4, place->has_address != 0);
    put_number(p, 3, place->village);
    put_number(p, 2, place->town);
    put_number(p, 1, place->region);
    end_message(p, number, before);
}

/* --- a finding --- */

static void put_hit(packer *p, uint32_t number, const Wjz__Scoring__Hit *hit) {
    size_t before = written(p);
    put_real(p, 7, hit->points);
    put_number(p, 6, hit->count);
    put_span(p, 5, hit->span);
    put_text(p, 4, hit->topic);
    put_number(p, 3, hit->tier);
    put_number(p, 2, hit->role);
    put_text(p, 1, hit->rule);
    end_message(p, number, before);
}

static void put_anchor(packer *p, uint32_t number, const Wjz__Scoring__Anchor *anchor) {
    size_t before = written(p);
    put_span(p, 3, anchor->span);
    put_text(p, 2, anchor->name);
    put_number(p, 1, anchor->kind);
    end_message(p, number, before);
}

static void put_quantity(packer *p, uint32_t number, const Wjz__Scoring__Quantity *quantity) {
    size_t before = written(p);
    put_span(p, 3, quantity->span);
    put_real(p, 2, quantity->value);
    put_number(p, 1, quantity->unit);
    end_message(p, number, before);
}

static void put_reason(packer *p, uint32_t number, const Wjz__Scoring__LearnedReason *reason) {
    size_t before = written(p);
    put_real(p, 3, reason->points);
    put_text(p, 2, reason->rule);
    put_span(p, 1, reason->span);
    end_message(p, number, before);
}

static void put_platform(packer *p, const Wjz__Scoring__Finding *f) {
    put_fixed(p, 39, f->copy);
    put_fixed(p, 38, f->identity);
    put_span(p, 37, f->time_span);
    put_text(p, 36, f->feed);
    put_number(p, 35, f->replied != 0);
    put_number(p, 34, f->handler_named != 0);
    put_number(p, 33, f->confidential != 0);
    put_fixed(p, 32, f->reporter);
    put_number(p, 31, f->photo_count);
    put_number(p, 30, f->votes_for);
    put_number(p, 29, f->urge_count);
    put_number(p, 28, f->return_count);
    put_number(p, 27, f->redispatch_count);
    put_number(p, 26, f->overdue != 0);
    put_number(p, 25, f->closed != 0);
    put_number(p, 24, f->solved);
    put_number(p, 23, f->satisfaction);
    put_number(p, 22, f->source);
    put_number(p, 21, (uint64_t)f->finished_at_us);
    put_number(p, 20, (uint64_t)f->received_at_us);
}

static void put_finding(packer *p, const Wjz__Scoring__Finding *f) {
    put_platform(p, f);
    put_text(p, 18, f->model);
    for (size_t i = f->n_reasons; i-- > 0;)
        put_reason(p, 17, f->reasons[i]);
    put_real(p, 16, f->learned);
    put_number(p, 15, f->mediation != 0);
    for (size_t i = f->n_agencies; i-- > 0;)
        put_item(p, 14, f->agencies[i]);
    put_span(p, 13, f->subject_span);
    put_text(p, 12, f->subject);
    for (size_t i = f->n_quantities; i-- > 0;)
        put_quantity(p, 11, f->quantities[i]);
    put_place(p, 10, f->place);
    for (size_t i = f->n_anchors; i-- > 0;)
        put_anchor(p, 9, f->anchors[i]);
    for (size_t i = f->n_hits; i-- > 0;)
        put_hit(p, 8, f->hits[i]);
    put_real(p, 7, f->domain_confidence);
    put_text(p, 6, f->domain);
    put_real(p, 5, f->branch_confidence);
    put_text(p, 4, f->branch);
    put_real(p, 3, f->kind_confidence);
    put_text(p, 2, f->kind);
    put_text(p, 1, f->pack);
}

/* --- a card --- */

static void put_evidence(packer *p, uint32_t number, const Wjz__Scoring__Evidence *evidence) {
    size_t before = written(p);
    put_text(p, 3, evidence->rule);
    put_span(p, 2, evidence->span);
    put_fixed(p, 1, evidence->complaint);
    end_message(p, number, before);
}

static void put_note(packer *p, uint32_t number, const Wjz__Scoring__Note *note) {
    size_t before = written(p);
    put_text(p, 2, note->value);
    put_text(p, 1, note->key);
    end_message(p, number, before);
}

static void put_factor(packer *p, uint32_t number, const Wjz__Scoring__Factor *factor) {
    size_t before = written(p);
    put_number(p, 6, factor->undecided != 0);
    for (size_t i = factor->n_notes; i-- > 0;)
        put_note(p, 5, factor->notes[i]);
    for (size_t i = factor->n_evidence; i-- > 0;)
        put_evidence(p, 4, factor->evidence[i]);
    put_real(p, 3, factor->max);
    put_real(p, 2, factor->points);
    put_text(p, 1, factor->id);
    end_message(p, number, before);
}

static void put_record(packer *p, uint32_t number, const Wjz__Scoring__CollidingRecord *record) {
    size_t before = written(p);
    put_text(p, 5, record->note);
    put_text(p, 4, record->number);
    put_number(p, 3, (uint64_t)record->at_us);
    put_fixed(p, 2, record->id);
    put_text(p, 1, record->kind);
    end_message(p, number, before);
}

static void put_collision(packer *p, uint32_t number, const Wjz__Scoring__Collision *collision) {
    size_t before = written(p);
    put_number(p, 5, collision->undecided != 0);
    for (size_t i = collision->n_records; i-- > 0;)
        put_record(p, 4, collision->records[i]);
    put_real(p, 3, collision->points);
    put_text(p, 2, collision->factor);
    put_text(p, 1, collision->rule);
    end_message(p, number, before);
}

static void put_class(packer *p, const Wjz__Scoring__ScoreCard *c) {
    put_number(p, 27, c->undated_count);
    put_number(p, 26, c->copy_count);
    put_text(p, 25, c->model);
    put_number(p, 24, c->focus != 0);
    put_number(p, 23, c->repeat_count);
    put_number(p, 22, c->reporter_count);
    put_number(p, 21, c->complaint_count);
    put_number(p, 20, c->look_on_spot != 0);
    put_number(p, 19, c->confidential != 0);
    put_number(p, 18, c->urgent != 0);
    put_number(p, 17, c->mediation != 0);
    for (size_t i = c->n_agencies; i-- > 0;)
        put_item(p, 16, c->agencies[i]);
    put_text(p, 15, c->subject);
    put_place(p, 14, c->place);
    put_real(p, 13, c->confidence);
    put_text(p, 12, c->domain);
    put_text(p, 11, c->branch);
    put_text(p, 10, c->kind);
}

static void put_card(packer *p, const Wjz__Scoring__ScoreCard *c) {
    put_number(p, 50, c->own_stars);
    for (size_t i = c->n_collisions; i-- > 0;)
        put_collision(p, 40, c->collisions[i]);
    put_class(p, c);
    for (size_t i = c->n_gates; i-- > 0;)
        put_item(p, 7, c->gates[i]);
    for (size_t i = c->n_adjustments; i-- > 0;)
        put_factor(p, 6, c->adjustments[i]);
    for (size_t i = c->n_factors; i-- > 0;)
        put_factor(p, 5, c->factors[i]);
    put_number(p, 4, c->stars_before_gates);
    put_number(p, 3, c->stars);
    put_real(p, 2, c->index);
    put_text(p, 1, c->pack);
}

static int take_packed(packer *p, wjz_arena *arena, wjz_blob *ret_packed) {
    size_t length = written(p);
    void *data = p->failed ? NULL : wjz_arena_alloc(arena, length);
    if (data && length) memcpy(data, p->at, length);
    free(p->grown);
    if (!data) return -ENOMEM;
    *ret_packed = (wjz_blob){data, length};
    return 0;
}

int finding_pack(const Wjz__Scoring__Finding *finding, wjz_arena *arena, wjz_blob *ret_packed) {
    uint8_t stack[ROOM];
    packer p = {.start = stack, .at = stack + ROOM, .end = stack + ROOM};
    put_finding(&p, finding);
    return take_packed(&p, arena, ret_packed);
}

int card_pack(const Wjz__Scoring__ScoreCard *card, wjz_arena *arena, wjz_blob *ret_packed) {
    uint8_t stack[ROOM];
    packer p = {.start = stack, .at = stack + ROOM, .end = stack + ROOM};
    put_card(&p, card);
    return take_packed(&p, arena, ret_packed);
}
