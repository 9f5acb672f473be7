/* See item.h. To add a field: the .proto, a row here, a column in store.c; doors and profiles know it by the row. */
#include "intake/item.h"

#include <string.h>

#define IN_COMPLAINT(member) offsetof(Wjz__Intake__Complaint, member)
#define IN_RECORD(member) offsetof(Wjz__Intake__EnforcementRecord, member)
#define IN_FEEDBACK(member) offsetof(Wjz__Intake__Feedback, member)

enum {
    ID_BYTES = 128, /* the unique index holds it */
    NAME_BYTES = 400,
    LINE_BYTES = 2000,
    NOTE_BYTES = 20000,
    TEXT_BYTES = 200000,
    COUNTS = 1000000,
};

const char *const ITEM_STATUSES[] = {"received", "dispatched", "signed", "returned", "processing", "delayed",
                                     "replied",  "visited",    "redone", "closed",   "cancelled",  NULL};
static const char *const SATISFACTIONS[] = {"not_rated",    "very_satisfied",    "satisfied",   "basic",
                                            "dissatisfied", "very_dissatisfied", "unreachable", NULL};
static const char *const ANSWERS[] = {"not_said", "yes", "no", NULL};

static const item_field COMPLAINT[] = {
    {"external_id", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(external_id), ID_BYTES, true, false, NULL},
    {"source_channel", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(source_channel), NAME_BYTES, false, false, NULL},
    {"order_type", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(order_type), NAME_BYTES, false, false, NULL},
    {"title", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(title), LINE_BYTES, false, true, NULL},
    {"content", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(content), TEXT_BYTES, false, true, NULL},
    {"categories", FIELD_LIST, IN_ITEM, IN_COMPLAINT(categories), NAME_BYTES, false, false, NULL},
    {"reporter_name", FIELD_TEXT, IN_REPORTER, offsetof(Wjz__Intake__Reporter, name), NAME_BYTES, false, true, NULL},
    {"reporter_phone", FIELD_TEXT, IN_REPORTER, offsetof(Wjz__Intake__Reporter, phone), NAME_BYTES, false, true, NULL},
    {"reporter_id_number", FIELD_TEXT, IN_REPORTER, offsetof(Wjz__Intake__Reporter, id_number), NAME_BYTES, false, true,
     NULL},
    {"reporter_handle", FIELD_TEXT, IN_REPORTER, offsetof(Wjz__Intake__Reporter, handle), NAME_BYTES, false, true,
     NULL},
    {"reporter_anonymous", FIELD_FLAG, IN_REPORTER, offsetof(Wjz__Intake__Reporter, anonymous), 0, false, false, NULL},
    {"reporter_confidential", FIELD_FLAG, IN_REPORTER, offsetof(Wjz__Intake__Reporter, confidential), 0, false, false,
     NULL},
    {"incident_address", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(incident_address), LINE_BYTES, false, true, NULL},
    {"town", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(town), NAME_BYTES, false, false, NULL},
    {"village", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(village), NAME_BYTES, false, false, NULL},
    {"longitude", FIELD_REAL, IN_POSITION, offsetof(Wjz__Intake__Position, longitude), 0, false, false, NULL},
    {"latitude", FIELD_REAL, IN_POSITION, offsetof(Wjz__Intake__Position, latitude), 0, false, false, NULL},
    {"accuracy_m", FIELD_REAL, IN_POSITION, offsetof(Wjz__Intake__Position, accuracy_m), 0, false, false, NULL},
    {"received_at", FIELD_TIME, IN_ITEM, IN_COMPLAINT(received_at_us), 0, false, false, NULL},
    {"dispatched_at", FIELD_TIME, IN_ITEM, IN_COMPLAINT(dispatched_at_us), 0, false, false, NULL},
    {"due_at", FIELD_TIME, IN_ITEM, IN_COMPLAINT(due_at_us), 0, false, false, NULL},
    {"finished_at", FIELD_TIME, IN_ITEM, IN_COMPLAINT(finished_at_us), 0, false, false, NULL},
    {"handler_unit", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(handler_unit), LINE_BYTES, false, false, NULL},
    {"handle_result", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(handle_result), TEXT_BYTES, false, true, NULL},
    {"status", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(status), NAME_BYTES, false, false, NULL},
    {"satisfaction", FIELD_CHOICE, IN_ITEM, IN_COMPLAINT(satisfaction), 0, false, false, SATISFACTIONS},
    {"solved", FIELD_CHOICE, IN_ITEM, IN_COMPLAINT(solved), 0, false, false, ANSWERS},
    {"visited_at", FIELD_TIME, IN_ITEM, IN_COMPLAINT(visited_at_us), 0, false, false, NULL},
    {"visit_note", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(visit_note), NOTE_BYTES, false, true, NULL},
    {"redispatch_count", FIELD_COUNT, IN_ITEM, IN_COMPLAINT(redispatch_count), COUNTS, false, false, NULL},
    {"return_count", FIELD_COUNT, IN_ITEM, IN_COMPLAINT(return_count), COUNTS, false, false, NULL},
    {"urge_count", FIELD_COUNT, IN_ITEM, IN_COMPLAINT(urge_count), COUNTS, false, false, NULL},
    {"delay_days", FIELD_COUNT, IN_ITEM, IN_COMPLAINT(delay_days), COUNTS, false, false, NULL},
    {"parent_id", FIELD_TEXT, IN_ITEM, IN_COMPLAINT(parent_id), ID_BYTES, false, false, NULL},
    {"votes_for", FIELD_COUNT, IN_ITEM, IN_COMPLAINT(votes_for), 1000 * COUNTS, false, false, NULL},
    {"votes_against", FIELD_COUNT, IN_ITEM, IN_COMPLAINT(votes_against), 1000 * COUNTS, false, false, NULL},
    {"photo_count", FIELD_COUNT, IN_ITEM, IN_COMPLAINT(photo_count), COUNTS, false, false, NULL},
    {"region", FIELD_COUNT, IN_ITEM, IN_COMPLAINT(region), 999999, false, false, NULL},
    {NULL, FIELD_TEXT, IN_ITEM, 0, 0, false, false, NULL},
};

static const item_field ENFORCEMENT[] = {
    {"document_no", FIELD_TEXT, IN_ITEM, IN_RECORD(document_no), ID_BYTES, true, false, NULL},
    {"subject_name", FIELD_TEXT, IN_ITEM, IN_RECORD(subject_name), NAME_BYTES, false, true, NULL},
    {"subject_kind", FIELD_TEXT, IN_ITEM, IN_RECORD(subject_kind), NAME_BYTES, false, false, NULL},
    {"credit_code", FIELD_TEXT, IN_ITEM, IN_RECORD(credit_code), 64, false, false, NULL},
    {"violation_kind", FIELD_TEXT, IN_ITEM, IN_RECORD(violation_kind), LINE_BYTES, false, false, NULL},
    {"facts", FIELD_TEXT, IN_ITEM, IN_RECORD(facts), TEXT_BYTES, false, true, NULL},
    {"legal_basis", FIELD_TEXT, IN_ITEM, IN_RECORD(legal_basis), NOTE_BYTES, false, false, NULL},
    {"penalty_kind", FIELD_TEXT, IN_ITEM, IN_RECORD(penalty_kind), LINE_BYTES, false, false, NULL},
    {"penalty", FIELD_TEXT, IN_ITEM, IN_RECORD(penalty), NOTE_BYTES, false, true, NULL},
    {"fine", FIELD_MONEY, IN_ITEM, IN_RECORD(fine_fen), 0, false, false, NULL},
    {"confiscated", FIELD_MONEY, IN_ITEM, IN_RECORD(confiscated_fen), 0, false, false, NULL},
    {"decided_on", FIELD_DAY, IN_ITEM, IN_RECORD(decided_on), 0, false, false, NULL},
    {"pay_until", FIELD_DAY, IN_ITEM, IN_RECORD(pay_until), 0, false, false, NULL},
    {"executed_on", FIELD_DAY, IN_ITEM, IN_RECORD(executed_on), 0, false, false, NULL},
    {"court_application_on", FIELD_DAY, IN_ITEM, IN_RECORD(court_application_on), 0, false, false, NULL},
    {"rectified", FIELD_CHOICE, IN_ITEM, IN_RECORD(rectified), 0, false, false, ANSWERS},
    {"transferred_to_police", FIELD_CHOICE, IN_ITEM, IN_RECORD(transferred_to_police), 0, false, false, ANSWERS},
    {"revoked", FIELD_FLAG, IN_ITEM, IN_RECORD(revoked), 0, false, false, NULL},
    {"agency", FIELD_TEXT, IN_ITEM, IN_RECORD(agency), NAME_BYTES, false, false, NULL},
    {"agency_code", FIELD_TEXT, IN_ITEM, IN_RECORD(agency_code), 64, false, false, NULL},
    {"place", FIELD_TEXT, IN_ITEM, IN_RECORD(place), LINE_BYTES, false, true, NULL},
    {"remark", FIELD_TEXT, IN_ITEM, IN_RECORD(remark), NOTE_BYTES, false, true, NULL},
    {"region", FIELD_COUNT, IN_ITEM, IN_RECORD(region), 999999, false, false, NULL},
    {NULL, FIELD_TEXT, IN_ITEM, 0, 0, false, false, NULL},
};

static const item_field FEEDBACK[] = {
    {"complaint_external_id", FIELD_TEXT, IN_ITEM, IN_FEEDBACK(complaint_external_id), ID_BYTES, true, false, NULL},
    {"external_id", FIELD_TEXT, IN_ITEM, IN_FEEDBACK(external_id), ID_BYTES, false, false, NULL},
    {"satisfaction", FIELD_CHOICE, IN_ITEM, IN_FEEDBACK(satisfaction), 0, false, false, SATISFACTIONS},
    {"solved", FIELD_CHOICE, IN_ITEM, IN_FEEDBACK(solved), 0, false, false, ANSWERS},
    {"status", FIELD_TEXT, IN_ITEM, IN_FEEDBACK(status), NAME_BYTES, false, false, NULL},
    {"at", FIELD_TIME, IN_ITEM, IN_FEEDBACK(at_us), 0, false, false, NULL},
    {"note", FIELD_TEXT, IN_ITEM, IN_FEEDBACK(note), NOTE_BYTES, false, true, NULL},
    {"redispatch_count", FIELD_COUNT, IN_ITEM, IN_FEEDBACK(redispatch_count), COUNTS, false, false, NULL},
    {"return_count", FIELD_COUNT, IN_ITEM, IN_FEEDBACK(return_count), COUNTS, false, false, NULL},
    {"urge_count", FIELD_COUNT, IN_ITEM, IN_FEEDBACK(urge_count), COUNTS, false, false, NULL},
    {"finished_at", FIELD_TIME, IN_ITEM, IN_FEEDBACK(finished_at_us), 0, false, false, NULL},
    {"handle_result", FIELD_TEXT, IN_ITEM, IN_FEEDBACK(handle_result), TEXT_BYTES, false, true, NULL},
    {NULL, FIELD_TEXT, IN_ITEM, 0, 0, false, false, NULL},
};

const item_field *item_fields(item_kind kind) {
    return kind == ITEM_COMPLAINT ? COMPLAINT : kind == ITEM_ENFORCEMENT ? ENFORCEMENT : FEEDBACK;
}

const item_field *item_field_find(item_kind kind, const char *name) {
    for (const item_field *field = item_fields(kind); field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0) return field;
    }
    return NULL;
}

Wjz__Intake__FeedItem *item_new(item_kind kind, wjz_arena *arena) {
    Wjz__Intake__FeedItem *item = wjz_arena_alloc(arena, sizeof *item);
    if (item == NULL) return NULL;
    wjz__intake__feed_item__init(item);
    if (kind == ITEM_COMPLAINT) {
        item->item_case = WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT;
        item->complaint = wjz_arena_alloc(arena, sizeof *item->complaint);
        if (item->complaint != NULL) wjz__intake__complaint__init(item->complaint);
    } else if (kind == ITEM_ENFORCEMENT) {
        item->item_case = WJZ__INTAKE__FEED_ITEM__ITEM_ENFORCEMENT_RECORD;
        item->enforcement_record = wjz_arena_alloc(arena, sizeof *item->enforcement_record);
        if (item->enforcement_record == NULL) return NULL;
        wjz__intake__enforcement_record__init(item->enforcement_record);
        item->enforcement_record->fine_fen = item->enforcement_record->confiscated_fen = -1;
    } else {
        item->item_case = WJZ__INTAKE__FEED_ITEM__ITEM_FEEDBACK;
        item->feedback = wjz_arena_alloc(arena, sizeof *item->feedback);
        if (item->feedback != NULL) wjz__intake__feedback__init(item->feedback);
    }
    return item->complaint != NULL ? item : NULL; /* the members are one union */
}

bool item_open(const Wjz__Intake__FeedItem *item, item_kind *ret_kind, const ProtobufCMessage **ret_body) {
    switch (item->item_case) {
    case WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT:
        *ret_kind = ITEM_COMPLAINT;
        *ret_body = &item->complaint->base;
        return true;
    case WJZ__INTAKE__FEED_ITEM__ITEM_ENFORCEMENT_RECORD:
        *ret_kind = ITEM_ENFORCEMENT;
        *ret_body = &item->enforcement_record->base;
        return true;
    case WJZ__INTAKE__FEED_ITEM__ITEM_FEEDBACK:
        *ret_kind = ITEM_FEEDBACK;
        *ret_body = &item->feedback->base;
        return true;
    default:
        return false;
    }
}

void *item_field_make(ProtobufCMessage *body, const item_field *field, wjz_arena *arena) {
    if (field->home == IN_ITEM) return (char *)body + field->offset;
    Wjz__Intake__Complaint *complaint = (Wjz__Intake__Complaint *)body;
    if (field->home == IN_REPORTER) {
        if (complaint->reporter == NULL) {
            Wjz__Intake__Reporter *reporter = wjz_arena_alloc(arena, sizeof *reporter);
            if (reporter == NULL) return NULL;
            wjz__intake__reporter__init(reporter);
            complaint->reporter = reporter;
        }
        return (char *)complaint->reporter + field->offset;
    }
    if (complaint->position == NULL) {
        Wjz__Intake__Position *position = wjz_arena_alloc(arena, sizeof *position);
        if (position == NULL) return NULL;
        wjz__intake__position__init(position);
        complaint->position = position;
    }
    return (char *)complaint->position + field->offset;
}

const void *item_field_get(const ProtobufCMessage *body, const item_field *field) {
    const Wjz__Intake__Complaint *complaint = (const Wjz__Intake__Complaint *)body;
    const void *home = field->home == IN_ITEM       ? (const void *)body
                       : field->home == IN_REPORTER ? (const void *)complaint->reporter
                                                    : (const void *)complaint->position;
    return home != NULL ? (const char *)home + field->offset : NULL;
}

const char *item_external_id(const Wjz__Intake__FeedItem *item) {
    switch (item->item_case) {
    case WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT:
        return item->complaint->external_id;
    case WJZ__INTAKE__FEED_ITEM__ITEM_ENFORCEMENT_RECORD:
        return item->enforcement_record->document_no;
    case WJZ__INTAKE__FEED_ITEM__ITEM_FEEDBACK:
        return item->feedback->external_id[0] != '\0' ? item->feedback->external_id
                                                      : item->feedback->complaint_external_id;
    default:
        return "";
    }
}
