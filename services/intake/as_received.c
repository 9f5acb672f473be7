/* See as_received.h. */
#include "intake/as_received.h"

/* Field by field: what is not named here stays where it is, also what a platform sends that nobody here knows. */
static void copy_said(const Wjz__Intake__Complaint *from, Wjz__Intake__Complaint *to) {
    to->external_id = from->external_id;
    to->order_type = from->order_type;
    to->title = from->title;
    to->content = from->content;
    to->n_categories = from->n_categories;
    to->categories = from->categories;
    to->incident_address = from->incident_address;
    to->town = from->town;
    to->village = from->village;
    to->received_at_us = from->received_at_us;
    to->due_at_us = from->due_at_us;
    to->finished_at_us = from->finished_at_us;
    to->handler_unit = from->handler_unit;
    to->handle_result = from->handle_result;
    to->status = from->status;
    to->satisfaction = from->satisfaction;
    to->solved = from->solved;
    to->visit_note = from->visit_note;
    to->redispatch_count = from->redispatch_count;
    to->return_count = from->return_count;
    to->urge_count = from->urge_count;
    to->delay_days = from->delay_days;
    to->parent_id = from->parent_id;
    to->votes_for = from->votes_for;
    to->votes_against = from->votes_against;
    to->photo_count = from->photo_count;
}

/* A message and what is inside it. */
typedef struct whole {
    Wjz__Intake__AsReceived received;
    Wjz__Intake__Complaint complaint;
    Wjz__Intake__Position position;
} whole;

Wjz__Intake__AsReceived *as_received(const stored_item *item, wjz_arena *arena) {
    const Wjz__Intake__Complaint *from = item->item->item->complaint;
    whole *made = wjz_arena_alloc(arena, sizeof *made);
    if (made == NULL) return NULL;
    wjz__intake__complaint__init(&made->complaint);
    copy_said(from, &made->complaint);
    if (complaint_has_position(from)) {
        wjz__intake__position__init(&made->position);
        made->position.longitude = from->position->longitude;
        made->position.latitude = from->position->latitude;
        made->complaint.position = &made->position;
    }
    wjz__intake__as_received__init(&made->received);
    made->received.id = (uint64_t)item->item->id;
    made->received.feed = item->from->feed->number;
    made->received.anonymous = from->reporter != NULL && from->reporter->anonymous && from->photo_count == 0;
    made->received.confidential = from->reporter != NULL && from->reporter->confidential;
    made->received.reporter_hash = item->item->reporter_hash;
    made->received.complaint = &made->complaint;
    return &made->received;
}
