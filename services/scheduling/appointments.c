/* Appointments on demand. That nobody else has the time is decided by the store, when the booking is inserted. */
#include "scheduling/appointments.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "scheduling/guest.h"
#include "scheduling/scheduling.h"
#include "scheduling/store.h"
#include "scheduling/store_booking.h"
#include "wjz/clock.h"
#include "wjz/id.h"

static int refuse(struct appointment_refusal *ret_refusal, wjz_refusal_code code, const char *field,
                  const char *message, const char *remedy) {
    *ret_refusal = (struct appointment_refusal){code, field, message, remedy};
    return 0;
}

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* --- holding --- */

/* One attempt to hold: what was asked, and what comes of it. */
struct holding {
    struct scheduling *self;
    int32_t region;
    const Wjz__Scheduling__HoldAppointment *asked;
    struct hold_request request;
    uint8_t mac[WJZ_SEAL_MAC];
    wjz_arena *arena;
    struct held held;
    struct appointment_refusal refusal;
};

/* Tells the same request from another one under the same key, without keeping what it says. */
static int hash_request(struct holding *holding) {
    const Wjz__Scheduling__HoldAppointment *asked = holding->asked;
    const char *text = wjz_arena_printf(holding->arena, "%" PRIu64 "|%" PRId64 "|%u|%" PRIu64 "|%s|%s|%s|%s",
                                        asked->shift, asked->from_us, asked->minutes, asked->clue, asked->guest_phone,
                                        asked->guest_email, asked->guest_name, asked->topic);
    if (text == NULL) return -ENOMEM;
    wjz_seal_mac(holding->self->seal, "request", text, strlen(text), holding->mac);
    return 0;
}

/* Answers a request that was made before; *ret_found false when it was not. */
static int answer_again(struct holding *holding, wjz_tx *tx, bool *ret_found, wjz_err *err) {
    struct appointment before;
    struct guest guest;
    int r = store_find_request(tx, holding->region, holding->asked->idempotency_key, holding->arena, ret_found, &before,
                               err);
    if (r < 0 || !*ret_found) return r;
    if (!wjz_seal_same(before.request_mac, holding->mac, sizeof holding->mac))
        return refuse(&holding->refusal, WJZ_REFUSAL_CONFLICT, "idempotency_key",
                      "another request was made with this key", "use a new key for every request");
    r = guest_unseal(holding->self->seal, before.id, before.guest, before.guest_length, holding->arena, &guest);
    if (r < 0) return wjz_err_set(err, r, "cannot unseal appointment %" PRId64, before.id);
    holding->held = (struct held){before.id, before.held_until_us, guest.token};
    return 0;
}

static int seal_appointment(struct holding *holding, struct appointment *appointment) {
    char *token = wjz_arena_alloc(holding->arena, GUEST_TOKEN_TEXT);
    if (token == NULL) return -ENOMEM;
    guest_make_token(token);
    guest_hash_token(holding->self->seal, token, appointment->token_hash);
    memcpy(appointment->request_mac, holding->mac, sizeof holding->mac);
    const struct guest guest = {holding->asked->guest_name, holding->asked->guest_phone, holding->asked->guest_email,
                                holding->asked->topic, token};
    uint8_t *box = NULL;
    int r = guest_seal(holding->self->seal, appointment->id, &guest, holding->arena, &box, &appointment->guest_length);
    appointment->guest = box;
    holding->held = (struct held){appointment->id, appointment->held_until_us, token};
    return r;
}

static int insert(struct holding *holding, wjz_tx **tx, const char *station, wjz_err *err) {
    const Wjz__Scheduling__HoldAppointment *asked = holding->asked;
    struct appointment appointment = {
        .id = wjz_id_next(),
        .shift = (int64_t)asked->shift,
        .clue = (int64_t)asked->clue,
        .station = station,
        .starts_us = asked->from_us,
        .ends_us = asked->from_us + (int64_t)asked->minutes * 60 * WJZ_SECOND_US,
        .held_until_us = wjz_clock_us() + holding->self->conf->hold_for * 1000,
        .idempotency_key = asked->idempotency_key,
    };
    bool taken = false;
    if (seal_appointment(holding, &appointment) < 0) return out_of_memory(err);
    int r = store_book(*tx, holding->region, &appointment, &taken, err);
    if (r < 0) return r;
    if (!taken)
        return refuse(&holding->refusal, WJZ_REFUSAL_CONFLICT, "from_us", "somebody was faster: the time is taken",
                      "choose another slot");
    const struct change change = {"appointment", appointment.id, "guest", "held", ""};
    r = store_insert_appointment(*tx, holding->region, &appointment);
    if (r == 0) r = store_history(*tx, holding->region, &change, 1, holding->arena);
    return r < 0 ? out_of_memory(err) : wjz_tx_commit(tx, err);
}

static int hold_once(struct holding *holding, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    bool found = false;
    struct span time = {0};
    const char *station = NULL;
    int r = wjz_tx_begin(holding->self->db, &tx, err);
    if (r == 0) r = answer_again(holding, tx, &found, err);
    if (r < 0 || found) return r;
    r = store_open_shift(tx, holding->region, (int64_t)holding->asked->shift, &time, holding->arena, &station, err);
    if (r == -ENOENT)
        return refuse(&holding->refusal, WJZ_REFUSAL_NOT_FOUND, "shift", "there is no such shift, or nobody has it",
                      "list the slots again");
    if (r < 0) return r;
    struct hold_problem problem = hold_check_time(&holding->request, time.from_us, time.to_us, wjz_clock_us());
    if (problem.field != NULL)
        return refuse(&holding->refusal, WJZ_REFUSAL_INVALID, problem.field, problem.message, problem.remedy);
    return insert(holding, &tx, station, err);
}

int appointment_hold(struct scheduling *self, int32_t region, const Wjz__Scheduling__HoldAppointment *asked,
                     wjz_arena *arena, struct held *ret_held, struct appointment_refusal *ret_refusal, wjz_err *err) {
    struct holding holding = {
        .self = self,
        .region = region,
        .asked = asked,
        .request = {asked->from_us, asked->minutes, asked->guest_name, asked->guest_phone, asked->guest_email,
                    asked->topic, asked->idempotency_key},
        .arena = arena,
    };
    *ret_refusal = (struct appointment_refusal){0};
    struct hold_problem problem = hold_check(&holding.request);
    if (problem.field != NULL)
        return refuse(ret_refusal, WJZ_REFUSAL_INVALID, problem.field, problem.message, problem.remedy);
    if (hash_request(&holding) < 0) return out_of_memory(err);
    int r = hold_once(&holding, err);
    /* Our own twin may have been faster: then its answer is ours. */
    if (r == -EEXIST || (r == 0 && holding.refusal.code == WJZ_REFUSAL_CONFLICT)) {
        struct appointment_refusal first = holding.refusal;
        holding.refusal = (struct appointment_refusal){0};
        r = hold_once(&holding, err);
        if (r == 0 && holding.refusal.code != WJZ_REFUSAL_UNSPECIFIED && first.code != WJZ_REFUSAL_UNSPECIFIED)
            holding.refusal = first;
    }
    if (r < 0) return r;
    *ret_held = holding.held;
    *ret_refusal = holding.refusal;
    return 0;
}

/* --- telling --- */

static void fill(struct notices *notices, Wjz__Notification__Notice *notice, const struct appointment *appointment,
                 const char *reason) {
    notices_value(notices, notice, "station", appointment->station_name);
    notices_time(notices, notice, "starts_at", appointment->starts_us);
    notices_time(notices, notice, "ends_at", appointment->ends_us);
    notices_value(notices, notice, "reason", reason);
}

/* Both sides: the prosecutor of the shift, and the guest when there is a mail address. */
static void tell_both(struct scheduling *self, struct notices *notices, const struct appointment *appointment,
                      const char *template, const char *word, const char *reason) {
    struct about about = {"appointment", appointment->id};
    const char *event = wjz_arena_printf(notices->arena, "appointment:%" PRId64 ":%s", appointment->id, word);
    if (appointment->prosecutor[0] != '\0')
        fill(notices, notices_add(notices, event, template, appointment->prosecutor, about), appointment, reason);
    struct guest guest;
    if (guest_unseal(self->seal, appointment->id, appointment->guest, appointment->guest_length, notices->arena,
                     &guest) < 0 ||
        guest.email[0] == '\0')
        return;
    fill(notices, notices_add_guest(notices, event, template, guest.email, about), appointment, reason);
}

/* --- confirming, cancelling, carrying out --- */

/* Who acts: the guest by token, or a person of the directory. "" when neither. */
static int find_actor(struct scheduling *self, wjz_tx *tx, int32_t region, const struct appointment_act *act,
                      const struct appointment *appointment, const char **ret_actor, wjz_err *err) {
    *ret_actor = "";
    if (act->token[0] != '\0') {
        uint8_t hash[WJZ_SEAL_MAC];
        guest_hash_token(self->seal, act->token, hash);
        if (wjz_seal_same(hash, appointment->token_hash, sizeof hash)) *ret_actor = "guest";
        return 0;
    }
    bool known = false, prosecutor = false;
    if (act->actor[0] == '\0') return 0;
    int r = store_person(tx, region, act->actor, &known, &prosecutor, err);
    if (r == 0 && known) *ret_actor = act->actor;
    return r;
}

static int apply(struct scheduling *self, wjz_tx *tx, int32_t region, const struct appointment_act *act,
                 const struct appointment *appointment, const char *actor, enum appointment_state state,
                 wjz_arena *arena, wjz_err *err) {
    struct notices notices = {.arena = arena};
    uint8_t *note = NULL;
    size_t note_length = 0;
    bool ended = state == APPOINTMENT_COMPLETED || state == APPOINTMENT_NO_SHOW;
    if (ended && act->text[0] != '\0' &&
        wjz_seal_box(self->seal, "note", appointment->id, act->text, strlen(act->text), arena, &note, &note_length) < 0)
        return out_of_memory(err);
    const struct change change = {"appointment", appointment->id, actor, appointment_state_name(state), ""};
    int r = store_set_appointment(tx, region, appointment->id, state, note, note_length);
    if (r == 0) r = store_history(tx, region, &change, 1, arena);
    if (r < 0) return out_of_memory(err);
    if (state == APPOINTMENT_CONFIRMED)
        tell_both(self, &notices, appointment, "appointment_confirmed", "confirmed", "");
    if (state == APPOINTMENT_CANCELLED && appointment->state == APPOINTMENT_CONFIRMED)
        tell_both(self, &notices, appointment, "appointment_cancelled", "cancelled", act->text);
    return notices_emit(&notices, self->bus, tx, region, err);
}

int appointment_do(struct scheduling *self, int32_t region, const struct appointment_act *act, wjz_arena *arena,
                   enum appointment_state *ret_state, struct appointment_refusal *ret_refusal, wjz_err *err) {
    *ret_refusal = (struct appointment_refusal){0};
    struct appointment appointment;
    const char *actor = "";
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_appointment(tx, region, act->appointment, arena, &appointment, err);
    if (r == -ENOENT)
        return refuse(ret_refusal, WJZ_REFUSAL_NOT_FOUND, "appointment", "there is no such appointment",
                      "check its number");
    if (r == 0) r = find_actor(self, tx, region, act, &appointment, &actor, err);
    if (r < 0) return r;
    if (actor[0] == '\0')
        return refuse(ret_refusal, WJZ_REFUSAL_FORBIDDEN, act->token[0] != '\0' ? "token" : "actor",
                      "neither the guest's token nor a person of the directory", "give token, or actor");

    const struct appointment_times times = {wjz_clock_us(), appointment.held_until_us, appointment.starts_us};
    enum appointment_state state = appointment.state;
    const char *why_not = appointment_move(appointment.state, act->verb, &times, &state);
    if (why_not != NULL)
        return refuse(ret_refusal, WJZ_REFUSAL_CONFLICT, "appointment", why_not, "look at its present state");
    *ret_state = state;
    if (state == appointment.state) return 0;
    r = apply(self, tx, region, act, &appointment, actor, state, arena, err);
    return r < 0 ? r : wjz_tx_commit(&tx, err);
}

/* --- slots --- */

static int add_slots(const struct open_shift *shift, const struct span *spans, size_t count, wjz_arena *arena,
                     Wjz__Scheduling__Slot **slots) {
    for (size_t i = 0; i < count; i++) {
        Wjz__Scheduling__Slot *slot = wjz_arena_alloc(arena, sizeof *slot);
        if (slot == NULL) return -ENOMEM;
        wjz__scheduling__slot__init(slot);
        slot->shift = (uint64_t)shift->id;
        slot->station = (char *)(uintptr_t)shift->station; /* protobuf-c's fields are not const */
        slot->prosecutor = (char *)(uintptr_t)shift->prosecutor;
        slot->from_us = spans[i].from_us;
        slot->to_us = spans[i].to_us;
        slots[i] = slot;
    }
    return 0;
}

int appointment_slots(struct scheduling *self, int32_t region, const Wjz__Scheduling__ListSlots *asked,
                      wjz_arena *arena, Wjz__Scheduling__Slot ***ret_slots, size_t *ret_count, wjz_err *err) {
    enum { SLOTS_MOST = 2000, PER_SHIFT = 96 };
    const char *const station = asked->station;
    const struct shift_filter filter = {
        .from_us = asked->from_us, .to_us = asked->to_us, .stations = &station, .station_count = 1};
    struct open_shift *shifts = NULL;
    size_t shift_count = 0, count = 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_open_shifts(tx, region, &filter, arena, &shifts, &shift_count, err);
    if (r < 0) return r;
    int64_t now_us = wjz_clock_us(), earliest_us = asked->from_us > now_us ? asked->from_us : now_us + 1;
    Wjz__Scheduling__Slot **slots = wjz_arena_alloc(arena, SLOTS_MOST * sizeof(*slots));
    if (slots == NULL) return out_of_memory(err);
    for (size_t i = 0; i < shift_count && count + PER_SHIFT <= SLOTS_MOST; i++) {
        struct span spans[PER_SHIFT];
        size_t found = slots_list(&shifts[i], self->conf->slot_length * 1000, earliest_us, spans, PER_SHIFT);
        while (found > 0 && spans[found - 1].to_us > asked->to_us)
            found--;
        if (add_slots(&shifts[i], spans, found, arena, slots + count) < 0) return out_of_memory(err);
        count += found;
    }
    *ret_slots = slots;
    *ret_count = count;
    return 0;
}

/* --- released and reminded --- */

int appointments_release(struct scheduling *self, wjz_tx *tx, int32_t region, const int64_t *shifts, size_t count,
                         struct notices *notices, wjz_err *err) {
    struct told_appointment *told = NULL;
    size_t told_count = 0;
    int r = store_release(tx, region, shifts, count, notices->arena, &told, &told_count, err);
    if (r < 0) return r;
    struct change *changes = wjz_arena_calloc(notices->arena, told_count, sizeof *changes);
    if (changes == NULL) return out_of_memory(err);
    for (size_t i = 0; i < told_count; i++) {
        const char *reason = "到岗取消/the shift was cancelled";
        tell_both(self, notices, &told[i].appointment, "appointment_cancelled", "cancelled", reason);
        changes[i] = (struct change){"appointment", told[i].appointment.id, OURSELVES, "cancelled", reason};
    }
    r = store_history(tx, region, changes, told_count, notices->arena);
    return r < 0 ? out_of_memory(err) : 0;
}

int appointments_remind(struct scheduling *self, size_t *ret_count, wjz_err *err) {
    enum { MOST = 100 };
    struct told_appointment *told = NULL;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r < 0) return r;
    int64_t until_us = wjz_clock_us() + self->conf->remind_before * 1000;
    r = store_remind(tx, until_us, MOST, wjz_tx_arena(tx), &told, ret_count, err);
    for (size_t i = 0; r == 0 && i < *ret_count; i++) {
        struct notices notices = {.arena = wjz_tx_arena(tx)};
        tell_both(self, &notices, &told[i].appointment, "appointment_reminder", "reminder", "");
        r = notices_emit(&notices, self->bus, tx, told[i].region, err);
    }
    return r < 0 ? r : wjz_tx_commit(&tx, err);
}
