/* Stations: calendar, shifts, leave, appointments, visits. All changes are scheduling's. */
#include <errno.h>
#include <string.h>

#include "console/ask.h"
#include "console/read.h"
#include "console/sql_stations.h"
#include "proto/scheduling.pb-c.h"
#include "wjz/clock.h"

static const read_spec STATIONS = {
    {"console_stations",
     "SELECT json_build_object('items', COALESCE(json_agg(json_build_object('code', s.code, 'name', s.name, 'organ', "
     "s.organ, 'kind', s.kind, 'town', s.town,"
     " 'position', " SQL_POSITION(
         "s.longitude",
         "s.latitude") ", 'specialities', s.specialities, 'serves', s.serves, 'active', s.active,"
                       " 'staff', COALESCE((SELECT json_agg(json_build_object('code', p.code, 'name', p.name) ORDER BY "
                       "p.code) FROM console.colleague p WHERE s.code = ANY (p.stations)), '[]'),"
                       " 'duties', COALESCE((SELECT json_agg(json_build_object('weekday', d.weekday, 'from_time', "
                       "to_char(d.from_time, 'HH24:MI'), 'to_time', to_char(d.to_time, 'HH24:MI'),"
                       "  'prosecutor', " SQL_PERSON("d.prosecutor") ", 'substitute', " SQL_PERSON(
                           "d.substitute") ", 'every_weeks', d.every_weeks) ORDER BY d.weekday, d.from_time)"
                                           "  FROM console.duty d WHERE d.region = s.region AND d.station = s.code AND "
                                           "(d.effective_to IS NULL OR d.effective_to >= current_date)), '[]'))"
                                           " ORDER BY s.code), '[]'))::text FROM console.station s",
     1},
    {{0}}};

static const read_spec CALENDAR = {
    {"console_calendar",
     "SELECT json_build_object('from', to_char($1::timestamptz, 'YYYY-MM-DD'), 'to', to_char($2::timestamptz - "
     "interval '1 day', 'YYYY-MM-DD'),"
     " 'shifts', COALESCE((SELECT json_agg(" SQL_SHIFT " ORDER BY h.starts_at, h.id) FROM console.shift h WHERE "
     "h.starts_at < $2 AND h.ends_at > $1 AND h.state <> 'cancelled'"
     "  AND ($3::text IS NULL OR h.station = $3) AND ($4::text IS NULL OR h.prosecutor = $4)), '[]'),"
     " 'appointments', COALESCE((SELECT json_agg(" SQL_APPOINTMENT
     " ORDER BY a.starts_at, a.id) FROM console.appointment a WHERE a.starts_at < $2 AND a.ends_at > $1"
     "  AND a.state NOT IN ('cancelled', 'expired') AND ($3 IS NULL OR a.station = $3) AND ($4 IS NULL OR a.prosecutor "
     "= $4)), '[]'),"
     " 'visits', COALESCE((SELECT json_agg(" SQL_VISIT
     " ORDER BY v.starts_at, v.id) FROM console.visit v WHERE v.starts_at < $2 AND v.ends_at > $1"
     "  AND ($3 IS NULL OR v.station = $3) AND ($4 IS NULL OR v.prosecutor = $4)), '[]'),"
     " 'leave', COALESCE((SELECT json_agg(" SQL_LEAVE
     " ORDER BY l.starts_at, l.id) FROM console.leave l WHERE l.starts_at < $2 AND l.ends_at > $1"
     "  AND ($4 IS NULL OR l.prosecutor = $4)), '[]'),"
     " 'holidays', COALESCE((SELECT json_agg(json_build_object('day', d.day, 'working', d.working, 'name', d.name) "
     "ORDER BY d.day) FROM console.holiday d"
     "  WHERE d.day >= $1::date AND d.day < $2::date), '[]'))::text WHERE $2 - $1 <= interval '62 days' AND $2 > $1",
     1},
    {{"from", BIND_FROM}, {"to", BIND_TO}, {"station", BIND_TEXT}, {"prosecutor", BIND_TEXT}, {0}}};

static int calendar_run(exchange *x, WJZ_UNUSED wjz_err *err) {
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    if (wjz_rows_count(rows) == 0)
        return refuse_field(x, 422, "invalid", "to", "至多 62 天，起在止前 / at most 62 days, from before to");
    return answer_text(x, 200, wjz_row_text(rows, 0, 0));
}

/* --- what changes are about --- */

static const wjz_stmt SHIFT_TARGET = {
    "console_shift_target", "SELECT region, '', 0::int8 FROM console.shift WHERE region = " SQL_REGIONS " AND id = $1",
    3};
static const wjz_stmt APPOINTMENT_TARGET = {
    "console_appointment_target",
    "SELECT region, '', 0::int8 FROM console.appointment WHERE region = " SQL_REGIONS " AND id = $1", 3};
static const wjz_stmt VISIT_TARGET = {
    "console_visit_target", "SELECT region, '', 0::int8 FROM console.visit WHERE region = " SQL_REGIONS " AND id = $1",
    3};

#define SCHEDULING(asked, answer)                                                                                      \
    .service = "scheduling", .asks = &wjz__scheduling__##asked##__descriptor,                                          \
    .answers = &wjz__scheduling__##answer##__descriptor

static const field_name PLAN_NAMES[] = {{"from_day", "from"}, {"to_day", "to"}, {0}};
static const field_name TIMES[] = {
    {"from_us", "starts_at"}, {"to_us", "ends_at"}, {"held_until_us", "held_until"}, {0}};

static const question PLAN = {SCHEDULING(plan_shifts, shifts_planned), .actor = "actor", .names = PLAN_NAMES};
static const question SUBSTITUTE = {SCHEDULING(substitute_shift, shift_changed), .about = "shift",
                                    .target = &SHIFT_TARGET, .actor = "actor"};
static const question LEAVE = {SCHEDULING(record_leave, leave_recorded), .actor = "actor", .names = TIMES,
                               .answer_names = TIMES};
static const question CONFIRM = {SCHEDULING(confirm_appointment, appointment_answer), .about = "appointment",
                                 .target = &APPOINTMENT_TARGET, .actor = "actor"};
static const question CANCEL = {SCHEDULING(cancel_appointment, appointment_answer), .about = "appointment",
                                .target = &APPOINTMENT_TARGET, .actor = "actor"};
static const question COMPLETE = {SCHEDULING(complete_appointment, appointment_answer), .about = "appointment",
                                  .target = &APPOINTMENT_TARGET, .actor = "actor"};
static const question VISIT = {SCHEDULING(answer_visit, visit_answered), .about = "visit", .target = &VISIT_TARGET,
                               .actor = "actor", .answer_names = TIMES};

static const question HOLD = {SCHEDULING(hold_appointment, appointment_held), .status = 201};

static int hold_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send_v(x->tx, &SHIFT_TARGET, wjz_i64(exchange_id(x, "shift")));
}

static int hold_run(exchange *x, wjz_err *err) {
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    if (wjz_rows_count(rows) == 0) return refuse_field(x, 422, "not_found", "shift", "没有此班次 / no such shift");
    target t = {.region = (int32_t)wjz_row_int(rows, 0, 0)};
    const char *key = wjz_request_header(x->request, "Idempotency-Key");
    const ProtobufCMessage *answer;
    char made[TOKEN_TEXT + 1];
    token_new(made);
    Wjz__Scheduling__HoldAppointment message = WJZ__SCHEDULING__HOLD_APPOINTMENT__INIT;
    message.shift = (uint64_t)exchange_id(x, "shift");
    message.clue = (uint64_t)exchange_id(x, "clue");
    if (wjz_clock_parse(exchange_text(x, "starts_at"), &message.from_us) < 0)
        return refuse_field(x, 422, "invalid", "starts_at", "须为时间 / must be a time");
    message.minutes = (uint32_t)json_integer_value(json_object_get(x->body, "minutes"));
    message.guest_name = exchange_copy(x, "guest_name");
    message.guest_phone = exchange_copy(x, "guest_phone");
    message.guest_email = exchange_copy(x, "guest_email");
    message.topic = exchange_copy(x, "topic");
    message.idempotency_key = (char *)(key ? wjz_arena_printf(x->arena, "%s:%s", x->who.person, key) : made);
    int r = ask_send(x, &HOLD, &t, &message.base, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    x->detail = json_object();
    x->object = wjz_arena_printf(
        x->arena, "%llu",
        (unsigned long long)((const Wjz__Scheduling__AppointmentHeld *)(const void *)answer)->appointment);
    return ask_done(x, &t, NULL, 0, message_to_json(answer, TIMES), err);
}

static const question SLOTS = {SCHEDULING(list_slots, slots)};

static int slots_run(exchange *x, wjz_err *err) {
    target t = {.region = x->who.region};
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    if (wjz_rows_count(rows) == 0) return refuse(x, 404, "not_found", "没有此联络站 / no such station");
    t.region = (int32_t)wjz_row_int(rows, 0, 0);
    int64_t from_us = wjz_row_time(rows, 0, 1), to_us = wjz_row_time(rows, 0, 2);
    const ProtobufCMessage *answer;
    Wjz__Scheduling__ListSlots message = WJZ__SCHEDULING__LIST_SLOTS__INIT;
    message.station = (char *)wjz_request_query(x->request, "station");
    message.from_us = from_us;
    message.to_us = to_us;
    int r = ask_send(x, &SLOTS, &t, &message.base, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    const Wjz__Scheduling__Slots *slots = (const void *)answer;
    json_t *items = json_array();
    for (size_t i = 0; i < slots->n_slots; i++) {
        json_t *slot = message_to_json(&slots->slots[i]->base, TIMES);
        (void)json_object_set_new(
            slot, "prosecutor",
            json_pack("{s:s, s:s}", "code", slots->slots[i]->prosecutor, "name", slots->slots[i]->prosecutor));
        (void)json_array_append_new(items, slot);
    }
    return answer_json(x, 200, json_pack("{s:o}", "items", items));
}

static const read_spec SLOT_TARGET = {
    {"console_slot_target",
     "SELECT s.region, $2::timestamptz, $3::timestamptz FROM console.station s WHERE s.code = $1", 3},
    {{"station", BIND_TEXT}, {"from", BIND_FROM}, {"to", BIND_TO}, {0}}};

const endpoint STATION_ENDPOINTS[] = {
    READ_ONE("listStations", READERS | LIAISON, &STATIONS),
    {"readCalendar", READERS | LIAISON, read_prepare, calendar_run, &CALENDAR, NULL, NULL},
    ASK("planShifts", HEADS, &PLAN, "plan_shifts", NULL),
    ASK("substituteShift", HEADS | STATION_STAFF, &SUBSTITUTE, "substitute", "shift"),
    ASK("recordLeave", READERS, &LEAVE, "leave", NULL),
    {"listSlots", READERS | LIAISON, read_prepare, slots_run, &SLOT_TARGET, NULL, NULL},
    {"holdAppointment", READERS | LIAISON, hold_prepare, hold_run, &HOLD, "appointment_hold", "appointment"},
    ASK("confirmAppointment", READERS | LIAISON, &CONFIRM, "appointment_confirm", "appointment"),
    ASK("cancelAppointment", READERS | LIAISON, &CANCEL, "appointment_cancel", "appointment"),
    ASK("completeAppointment", READERS, &COMPLETE, "appointment_complete", "appointment"),
    ASK("answerVisit", READERS, &VISIT, "visit_answer", "visit"),
    {0},
};
