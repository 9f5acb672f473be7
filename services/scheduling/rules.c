/* What is allowed with an appointment and with a visit. */
#include "scheduling/rules.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "scheduling/slots.h"

static const char *const state_names[APPOINTMENT_STATES] = {
    [APPOINTMENT_HELD] = "held",       [APPOINTMENT_CONFIRMED] = "confirmed", [APPOINTMENT_CANCELLED] = "cancelled",
    [APPOINTMENT_EXPIRED] = "expired", [APPOINTMENT_COMPLETED] = "completed", [APPOINTMENT_NO_SHOW] = "no_show",
};

const char *appointment_state_name(enum appointment_state state) {
    return state_names[state];
}

int appointment_state_parse(const char *name, enum appointment_state *ret_state) {
    for (enum appointment_state state = 0; state < APPOINTMENT_STATES; state++) {
        if (strcmp(state_names[state], name) != 0) continue;
        *ret_state = state;
        return 0;
    }
    return -ENOENT;
}

static const struct {
    enum appointment_verb verb;
    enum appointment_state from, to;
} edges[] = {
    {CONFIRM, APPOINTMENT_HELD, APPOINTMENT_CONFIRMED},     {CANCEL, APPOINTMENT_HELD, APPOINTMENT_CANCELLED},
    {CANCEL, APPOINTMENT_CONFIRMED, APPOINTMENT_CANCELLED}, {COMPLETE, APPOINTMENT_CONFIRMED, APPOINTMENT_COMPLETED},
    {MISS, APPOINTMENT_CONFIRMED, APPOINTMENT_NO_SHOW},
};

static const char *const refusals[APPOINTMENT_VERBS] = {
    [CONFIRM] = "only an appointment that is held can be confirmed",
    [CANCEL] = "only an appointment that is held or confirmed can be cancelled",
    [COMPLETE] = "only a confirmed appointment can be completed",
    [MISS] = "only a confirmed appointment can be missed",
};

const char *appointment_move(enum appointment_state state, enum appointment_verb verb,
                             const struct appointment_times *times, enum appointment_state *ret_state) {
    for (size_t i = 0; i < WJZ_COUNT(edges); i++) {
        if (edges[i].verb != verb) continue;
        if (edges[i].to == state) {
            *ret_state = state;
            return NULL;
        }
        if (edges[i].from != state) continue;
        if (verb == CONFIRM && times->held_until_us <= times->now_us) return "the time to confirm is over";
        if ((verb == COMPLETE || verb == MISS) && times->starts_us > times->now_us)
            return "the appointment has not begun";
        *ret_state = edges[i].to;
        return NULL;
    }
    return refusals[verb];
}

/* --- requests to hold --- */

static bool is_phone(const char *text) {
    size_t length = strlen(text);
    return length >= 5 && length <= 20 && strspn(text, "0123456789+- ") == length;
}

static bool is_email(const char *text) {
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || strchr(at + 1, '@') != NULL || strchr(at + 1, '.') == NULL) return false;
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c >= 0x7f || strchr("<>()[]\\,;:\"", *c) != NULL) return false;
    return strlen(text) <= 254;
}

/* Characters of well-formed UTF-8. */
static size_t characters(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

struct hold_problem hold_check(const struct hold_request *request) {
    size_t key = strlen(request->idempotency_key);
    if (request->minutes == 0 || request->minutes > 60 || request->minutes % 15 != 0)
        return (struct hold_problem){"minutes", "the length is not one that can be booked", "give 15, 30, 45 or 60"};
    if (request->guest_name[0] == '\0' || characters(request->guest_name) > NAME_MOST)
        return (struct hold_problem){"guest_name", "the name is empty or too long", "give 1 to 60 characters"};
    if (!is_phone(request->guest_phone))
        return (struct hold_problem){"guest_phone", "this is no phone number", "give 5 to 20 digits"};
    if (request->guest_email[0] != '\0' && !is_email(request->guest_email))
        return (struct hold_problem){"guest_email", "this is no mail address", "correct it or leave it empty"};
    if (characters(request->topic) > TOPIC_MOST)
        return (struct hold_problem){"topic", "the topic is too long", "give at most 500 characters"};
    if (key < KEY_LEAST || key > KEY_MOST)
        return (struct hold_problem){"idempotency_key", "the key is too short or too long", "give 8 to 100 bytes"};
    return (struct hold_problem){0};
}

struct hold_problem hold_check_time(const struct hold_request *request, int64_t shift_from_us, int64_t shift_to_us,
                                    int64_t now_us) {
    int64_t to_us = request->from_us + (int64_t)request->minutes * 60 * 1000000;
    if (request->from_us <= now_us) return (struct hold_problem){"from_us", "this time is over", "choose a later time"};
    if (request->from_us < shift_from_us || to_us > shift_to_us)
        return (struct hold_problem){"from_us", "the shift does not cover this time", "choose a time within the shift"};
    if ((request->from_us - shift_from_us) % SLOT_GRID_US != 0)
        return (struct hold_problem){"from_us", "appointments begin on quarters of an hour", "choose one of the slots"};
    return (struct hold_problem){0};
}

/* --- visits --- */

bool visit_is_needed(const Wjz__Assignment__AssignmentState *assignment) {
    bool open = assignment->state == WJZ__ASSIGNMENT__STATE__ASSIGNED ||
                assignment->state == WJZ__ASSIGNMENT__STATE__ACCEPTED ||
                assignment->state == WJZ__ASSIGNMENT__STATE__VERIFYING;
    return open && assignment->stars >= 4 && assignment->look_on_spot;
}
