/* See received.h. */
#include "scoring/received.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/id.h"

static int by_id(const void *key, const void *at) {
    return wjz_id_order(key, &(int64_t){(int64_t)(*(Wjz__Intake__AsReceived *const *)at)->id});
}

const Wjz__Intake__AsReceived *received_of(const Wjz__Intake__ComplaintsAccepted *message, int64_t id) {
    if (!message->n_received) return NULL;
    Wjz__Intake__AsReceived *const *found =
        bsearch(&id, message->received, message->n_received, sizeof *message->received, by_id);
    return found && (*found)->complaint ? *found : NULL;
}

/* As store_complaints.c divides them. */
static char *join_categories(const Wjz__Intake__Complaint *said, wjz_arena *arena) {
    size_t length = 1;
    for (size_t i = 0; i < said->n_categories; i++)
        length += strlen(said->categories[i]) + 1;
    char *joined = wjz_arena_alloc(arena, length), *at = joined;
    if (!joined) return NULL;
    *at = '\0';
    for (size_t i = 0; i < said->n_categories; i++) {
        if (i) *at++ = '/';
        at = stpcpy(at, said->categories[i]);
    }
    return joined;
}

static void read_texts(const Wjz__Intake__Complaint *said, complaint *ret) {
    ret->external_id = said->external_id;
    ret->order_type = said->order_type;
    ret->title = said->title;
    ret->content = said->content;
    ret->incident_address = said->incident_address;
    ret->town = said->town;
    ret->village = said->village;
    ret->handler_unit = said->handler_unit;
    ret->handle_result = said->handle_result;
    ret->status = said->status;
    ret->visit_note = said->visit_note;
    ret->parent_id = said->parent_id;
}

static void read_numbers(const Wjz__Intake__Complaint *said, complaint *ret) {
    ret->has_position = said->position;
    ret->longitude = said->position ? said->position->longitude : 0;
    ret->latitude = said->position ? said->position->latitude : 0;
    ret->received_at_us = said->received_at_us;
    ret->due_at_us = said->due_at_us;
    ret->finished_at_us = said->finished_at_us;
    ret->satisfaction = (satisfaction)said->satisfaction;
    ret->solved = (answer)said->solved;
    ret->redispatch_count = (int32_t)said->redispatch_count;
    ret->return_count = (int32_t)said->return_count;
    ret->urge_count = (int32_t)said->urge_count;
    ret->delay_days = (int32_t)said->delay_days;
    ret->votes_for = (int32_t)said->votes_for;
    ret->votes_against = (int32_t)said->votes_against;
    ret->photo_count = (int32_t)said->photo_count;
}

int received_read(const Wjz__Intake__AsReceived *received, wjz_arena *arena, complaint *ret_complaint) {
    const Wjz__Intake__Complaint *said = received->complaint;
    const char *categories = join_categories(said, arena);
    if (!categories) return -ENOMEM;
    ret_complaint->id = (int64_t)received->id;
    ret_complaint->categories = categories;
    read_texts(said, ret_complaint);
    read_numbers(said, ret_complaint);
    ret_complaint->reporter = (uint64_t)received->reporter_hash;
    ret_complaint->confidential = received->confidential;
    return 0;
}
