/* Ledger: the table of states, and the one function that changes an assignment's. */
#include "assignment/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "assignment/directory.h"
#include "wjz/id.h"

typedef struct state_row {
    const char *name;
    Wjz__Assignment__State message;
    unsigned may_lead_to; /* bits of states; none: ended */
} state_row;

#define TO(to) (1u << STATE_##to)

static const state_row STATES[STATE_COUNT] = {
    [STATE_NONE] = {"none", WJZ__ASSIGNMENT__STATE__UNSPECIFIED, TO(ASSIGNED)},
    [STATE_ASSIGNED] = {"assigned", WJZ__ASSIGNMENT__STATE__ASSIGNED,
                        TO(ASSIGNED) | TO(ACCEPTED) | TO(RETURNED) | TO(TRANSFERRED) | TO(ESCALATED) | TO(WITHDRAWN)},
    [STATE_ACCEPTED] = {"accepted", WJZ__ASSIGNMENT__STATE__ACCEPTED,
                        TO(ACCEPTED) | TO(VERIFYING) | TO(RETURNED) | TO(TRANSFERRED) | TO(CLOSED) | TO(WITHDRAWN)},
    [STATE_VERIFYING] = {"verifying", WJZ__ASSIGNMENT__STATE__VERIFYING,
                         TO(VERIFYING) | TO(RETURNED) | TO(TRANSFERRED) | TO(CLOSED) | TO(WITHDRAWN)},
    [STATE_RETURNED] = {"returned", WJZ__ASSIGNMENT__STATE__RETURNED, 0},
    [STATE_TRANSFERRED] = {"transferred", WJZ__ASSIGNMENT__STATE__TRANSFERRED, 0},
    [STATE_ESCALATED] = {"escalated", WJZ__ASSIGNMENT__STATE__ESCALATED, 0},
    [STATE_CLOSED] = {"closed", WJZ__ASSIGNMENT__STATE__CLOSED, 0},
    [STATE_WITHDRAWN] = {"withdrawn", WJZ__ASSIGNMENT__STATE__WITHDRAWN, 0},
};

const char *state_name(assignment_state value) {
    return STATES[value].name;
}

assignment_state state_parse(const char *name) {
    for (int i = 0; i < STATE_COUNT; i++)
        if (name != NULL && strcmp(STATES[i].name, name) == 0) return (assignment_state)i;
    return STATE_NONE;
}

bool state_ended(assignment_state value) {
    return STATES[value].may_lead_to == 0;
}

bool state_may_follow(assignment_state from, assignment_state to) {
    return (STATES[from].may_lead_to & (1u << to)) != 0;
}

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* Makes place for one more item of the size; the old items stay in the arena until the turn ends. */
static int reserve(wjz_arena *arena, void **items, size_t count, size_t *room, size_t size) {
    if (count < *room) return 0;
    size_t wider = *room == 0 ? 64 : *room * 2;
    void *grown = wjz_arena_calloc(arena, wider, size);
    if (grown == NULL) return -ENOMEM;
    if (count > 0) memcpy(grown, *items, count * size);
    *items = grown;
    *room = wider;
    return 0;
}

static int note_changed(ledger *book, assignment *of) {
    if (of->changed) return 0;
    int r =
        reserve(book->arena, (void **)&book->changed, book->changed_count, &book->changed_room, sizeof(*book->changed));
    if (r < 0) return r;
    book->changed[book->changed_count++] = of;
    of->changed = true;
    return 0;
}

static int note_line(ledger *book, const assignment *of, assignment_state from, cause why) {
    int r = reserve(book->arena, (void **)&book->lines, book->line_count, &book->line_room, sizeof(*book->lines));
    if (r < 0) return r;
    book->lines[book->line_count++] = (history_line){
        .of = of,
        .revision = of->revision,
        .from = from,
        .to = of->state,
        .prosecutor = of->prosecutor,
        .actor = why.actor != NULL ? why.actor : "system",
        .reason_code = why.reason_code != NULL ? why.reason_code : "",
        .reason = why.reason != NULL ? why.reason : "",
    };
    return 0;
}

assignment *ledger_open(ledger *book, const clue *told) {
    assignment *opened = wjz_arena_calloc(book->arena, 1, sizeof(assignment));
    if (opened == NULL || note_changed(book, opened) < 0) return NULL;
    opened->region = told->region;
    opened->id = wjz_id_next();
    opened->clue = told->id;
    opened->state = STATE_NONE;
    opened->organ = opened->station = opened->prosecutor = opened->consult = "";
    opened->branch = opened->domain = opened->tried = opened->trace = "";
    opened->is_new = true;
    return opened;
}

int ledger_enter(ledger *book, assignment *changed, assignment_state to, cause why, wjz_err *err) {
    assignment_state from = changed->state;
    if (!state_may_follow(from, to))
        return wjz_err_set(err, -EPERM, "assignment %" PRId64 " cannot become %s from %s", changed->id, state_name(to),
                           state_name(from));
    changed->state = to;
    changed->revision++;
    if (to != STATE_ASSIGNED) changed->accept_until_us = 0;
    int r = note_changed(book, changed);
    if (r == 0) r = note_line(book, changed, from, why);
    return r == 0 ? 0 : out_of_memory(err);
}

int ledger_begin(ledger *book, assignment *opened, cause why, wjz_err *err) {
    return ledger_enter(book, opened, STATE_ASSIGNED, why, err);
}

int ledger_settle(ledger *book, const settlement *entry, wjz_err *err) {
    int r = reserve(book->arena, (void **)&book->settlements, book->settlement_count, &book->settlement_room,
                    sizeof(*book->settlements));
    if (r < 0) return out_of_memory(err);
    book->settlements[book->settlement_count++] = *entry;
    return 0;
}

int ledger_tell(ledger *book, int32_t region, Wjz__Notification__Notice *told, wjz_err *err) {
    size_t room = book->notice_room;
    int r =
        reserve(book->arena, (void **)&book->notice_regions, book->notice_count, &room, sizeof(*book->notice_regions));
    if (r == 0)
        r = reserve(book->arena, (void **)&book->notices, book->notice_count, &book->notice_room,
                    sizeof(*book->notices));
    if (r < 0) return out_of_memory(err);
    book->notices[book->notice_count] = told;
    book->notice_regions[book->notice_count++] = region;
    return 0;
}

const char *ledger_tried(ledger *book, const char *tried, const char *code) {
    if (code[0] == '\0' || lines_have(tried, code)) return tried;
    if (tried[0] == '\0') return code;
    return wjz_arena_printf(book->arena, "%s\n%s", tried, code);
}

/* protobuf-c's texts are not const, but it only reads what it packs. */
static char *borrowed(const char *text) {
    return (char *)(uintptr_t)text;
}

void ledger_message(const assignment *of, Wjz__Assignment__AssignmentState *ret_message) {
    wjz__assignment__assignment_state__init(ret_message);
    ret_message->assignment = (uint64_t)of->id;
    ret_message->clue = (uint64_t)of->clue;
    ret_message->state = STATES[of->state].message;
    ret_message->organ = borrowed(of->organ);
    ret_message->station = borrowed(of->station);
    ret_message->prosecutor = borrowed(of->prosecutor);
    ret_message->branch = borrowed(of->branch);
    ret_message->domain = borrowed(of->domain);
    ret_message->stars = (uint32_t)of->stars;
    ret_message->town = (uint32_t)of->town;
    ret_message->village = (uint64_t)of->village;
    ret_message->urgent = of->urgent;
    ret_message->mediation = of->mediation;
    ret_message->look_on_spot = of->look_on_spot;
    ret_message->accept_until_us = of->accept_until_us;
    ret_message->revision = (uint64_t)of->revision;
    ret_message->consult = borrowed(of->consult);
    ret_message->predecessor = (uint64_t)of->predecessor;
}
