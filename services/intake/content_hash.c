/* See content_hash.h. The hash is XXH3 over "field number, value" of every field that is set, the numbers being those
 * of the .proto, which are never given to another field. */
#include "intake/content_hash.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct hasher {
    XXH3_state_t state;
} hasher;

static void add(hasher *h, uint32_t field, const void *data, size_t length) {
    uint32_t head[2] = {field, (uint32_t)length};
    XXH3_64bits_update(&h->state, head, sizeof head);
    XXH3_64bits_update(&h->state, data, length);
}

static void add_text(hasher *h, uint32_t field, const char *text) {
    if (text[0] != '\0') add(h, field, text, strlen(text));
}

static void add_number(hasher *h, uint32_t field, int64_t value) {
    if (value != 0) add(h, field, &value, sizeof value);
}

static void add_real(hasher *h, uint32_t field, double value) {
    if (value != 0) add(h, field, &value, sizeof value);
}

static void add_reporter(hasher *h, const Wjz__Intake__Reporter *it) {
    enum { REPORTER = 700 }; /* field 7 of a complaint */
    add_text(h, REPORTER + 1, it->name);
    add_text(h, REPORTER + 2, it->phone);
    add_text(h, REPORTER + 3, it->id_number);
    add_number(h, REPORTER + 4, it->anonymous);
    add_number(h, REPORTER + 5, it->confidential);
    add_text(h, REPORTER + 6, it->handle);
}

static void add_position(hasher *h, const Wjz__Intake__Position *it) {
    enum { POSITION = 1100 };
    add_real(h, POSITION + 1, it->longitude);
    add_real(h, POSITION + 2, it->latitude);
    add_real(h, POSITION + 3, it->accuracy_m);
}

static void add_complaint(hasher *h, const Wjz__Intake__Complaint *it) {
    add_text(h, 2, it->source_channel);
    add_text(h, 3, it->order_type);
    add_text(h, 4, it->title);
    add_text(h, 5, it->content);
    for (size_t i = 0; i < it->n_categories; i++)
        add(h, 6, it->categories[i], strlen(it->categories[i]));
    if (it->reporter != NULL) add_reporter(h, it->reporter);
    add_text(h, 8, it->incident_address);
    add_text(h, 9, it->town);
    add_text(h, 10, it->village);
    if (it->position != NULL) add_position(h, it->position);
    add_number(h, 12, it->received_at_us);
    add_number(h, 13, it->dispatched_at_us);
    add_number(h, 14, it->due_at_us);
    add_number(h, 15, it->finished_at_us);
    add_text(h, 16, it->handler_unit);
    add_text(h, 17, it->handle_result);
    add_text(h, 18, it->status);
    add_number(h, 19, it->satisfaction);
    add_number(h, 20, it->solved);
    add_number(h, 21, it->visited_at_us);
    add_text(h, 22, it->visit_note);
    add_number(h, 23, it->redispatch_count);
    add_number(h, 24, it->return_count);
    add_number(h, 25, it->urge_count);
    add_number(h, 26, it->delay_days);
    add_text(h, 27, it->parent_id);
    add_number(h, 28, it->votes_for);
    add_number(h, 29, it->votes_against);
    add_number(h, 30, it->photo_count);
}

static void add_record(hasher *h, const Wjz__Intake__EnforcementRecord *it) {
    add_text(h, 2, it->subject_name);
    add_text(h, 3, it->subject_kind);
    add_text(h, 4, it->credit_code);
    add_text(h, 5, it->violation_kind);
    add_text(h, 6, it->facts);
    add_text(h, 7, it->legal_basis);
    add_text(h, 8, it->penalty_kind);
    add_text(h, 9, it->penalty);
    add_number(h, 10, it->fine_fen);
    add_number(h, 11, it->confiscated_fen);
    add_number(h, 12, it->decided_on);
    add_number(h, 13, it->pay_until);
    add_number(h, 14, it->executed_on);
    add_number(h, 15, it->court_application_on);
    add_number(h, 16, it->rectified);
    add_number(h, 17, it->transferred_to_police);
    add_number(h, 18, it->revoked);
    add_text(h, 19, it->agency);
    add_text(h, 20, it->agency_code);
    add_text(h, 21, it->place);
    add_text(h, 22, it->remark);
}

static void add_feedback(hasher *h, const Wjz__Intake__Feedback *it) {
    add_number(h, 3, it->satisfaction);
    add_number(h, 4, it->solved);
    add_text(h, 5, it->status);
    add_number(h, 6, it->at_us);
    add_text(h, 7, it->note);
    add_number(h, 8, it->redispatch_count);
    add_number(h, 9, it->return_count);
    add_number(h, 10, it->urge_count);
    add_number(h, 11, it->finished_at_us);
    add_text(h, 12, it->handle_result);
}

uint64_t content_hash(const Wjz__Intake__FeedItem *item) {
    hasher h;
    XXH3_64bits_reset(&h.state);
    if (item->item_case == WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT) add_complaint(&h, item->complaint);
    if (item->item_case == WJZ__INTAKE__FEED_ITEM__ITEM_ENFORCEMENT_RECORD) add_record(&h, item->enforcement_record);
    if (item->item_case == WJZ__INTAKE__FEED_ITEM__ITEM_FEEDBACK) add_feedback(&h, item->feedback);
    uint64_t hash = XXH3_64bits_digest(&h.state);
    return hash != 0 ? hash : 1;
}
