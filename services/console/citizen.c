/* See citizen.h. Everything is asked of the service that owns it; here are limits, and who is asking. Limits go by address, in
 * memory, under a key that dies with the process (rate.h): enough against floods, and nobody is followed. */
#include "console/citizen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/console.h"
#include "console/endpoint.h"
#include "proto/report.pb-c.h"
#include "proto/scheduling.pb-c.h"
#include "wjz/clock.h"
#include "wjz/yaml.h"

enum { PHOTOS = 6, PHOTO_BYTES = 10 * 1000 * 1000, TEXT = 4000, PAGE = 50, BURST = 20 };

struct citizen {
    json_t *notices; /* by locale: version, title, paragraphs */
    rate *reports;   /* photos, reports and bookings of an address */
    rate *states;    /* receipts that an address asks for: nobody tries many */
};

/* --- the privacy notice --- */

static int read_notice(const wjz_yaml_node *root, const char *locale, const char *version, json_t *to, wjz_err *err) {
    static const char *const KEYS[] = {"title", "paragraphs", NULL};
    const wjz_yaml_node *node = wjz_yaml_get(root, locale), *list = NULL;
    const char *title = NULL;
    if (!node) return wjz_yaml_error(root, err, "\"%s\" is missing", locale);
    int r = wjz_yaml_only(node, KEYS, err);
    if (r == 0) r = wjz_yaml_get_text(node, "title", &title, err);
    if (r == 0) r = wjz_yaml_get_list(node, "paragraphs", &list, err);
    if (r < 0) return r;
    json_t *paragraphs = json_array();
    for (size_t i = 0; i < wjz_yaml_count(list); i++) {
        const char *text = wjz_yaml_text(wjz_yaml_item(list, i));
        if (text) (void)json_array_append_new(paragraphs, json_string(text));
    }
    json_t *notice = json_pack("{s:s, s:s, s:o}", "version", version, "title", title, "paragraphs", paragraphs);
    return json_object_set_new(to, locale, notice) < 0 ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

static int read_notices(const char *path, json_t *to, wjz_err *err) {
    static const char *const KEYS[] = {"version", "zh-CN", "en", NULL};
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    const char *version = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    if (r < 0) return r;
    const wjz_yaml_node *root = wjz_yaml_root(yaml);
    r = wjz_yaml_only(root, KEYS, err);
    if (r == 0) r = wjz_yaml_get_text(root, "version", &version, err);
    if (r == 0 && (version[0] == '\0' || strlen(version) > 64))
        r = wjz_yaml_error(root, err, "\"version\" has 1 to 64 characters");
    if (r == 0) r = read_notice(root, "zh-CN", version, to, err);
    return r == 0 ? read_notice(root, "en", version, to, err) : r;
}

int citizen_new(const char *notice_file, double reports_per_hour, citizen **ret_citizen, wjz_err *err) {
    WJZ_CLEANUP(citizen_destroy) citizen *c = calloc(1, sizeof *c);
    if (!c) return wjz_err_set(err, -ENOMEM, "out of memory");
    c->notices = json_object();
    c->reports = rate_new(reports_per_hour / 60, reports_per_hour > BURST ? BURST : reports_per_hour);
    c->states = rate_new(reports_per_hour / 6, BURST);
    if (!c->notices || !c->reports || !c->states) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = read_notices(notice_file, c->notices, err);
    if (r == 0) *ret_citizen = WJZ_STEAL(c);
    return r;
}

void citizen_destroy(citizen **at) {
    citizen *c = at ? WJZ_STEAL(*at) : NULL;
    if (!c) return;
    json_decref(c->notices);
    rate_destroy(&c->reports);
    rate_destroy(&c->states);
    free(c);
}

/* --- limits and asking --- */

static bool within(exchange *x, rate *of) {
    int wait_s = rate_take(of, x->address, strlen(x->address), wjz_clock_monotonic_us());
    if (wait_s == 0) return true;
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%d", wait_s);
    int e = wjz_respond_header(x->request, "Retry-After", seconds);
    (void)e;
    refuse(x, 429, "too_many", "提交过于频繁，请稍后 / too many at once: wait a while");
    return false;
}

/* The county that photo reports come into. */
static const wjz_stmt REGION = {"console_citizen_region", "SELECT console.citizen_region()", 1};

static int read_region(exchange *x, int32_t *ret_region, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(x->tx, &REGION, NULL, 0, &rows, err);
    if (r == 0) *ret_region = wjz_rows_count(rows) ? (int32_t)wjz_row_int(rows, 0, 0) : 0;
    return r;
}

/* Ends the transaction: nothing of the store is held while another service works. 1 when the request was refused. */
static int ask(exchange *x, const char *service, int32_t region, const ProtobufCMessage *message,
               const ProtobufCMessageDescriptor *type, const ProtobufCMessage **ret_answer, wjz_err *err) {
    wjz_refusal refusal = {0};
    int r = exchange_commit(x, err);
    if (r < 0) return r;
    r = wjz_bus_request(x->console->bus, service, region, message, x->console->conf->ask_timeout, type, x->arena, ret_answer,
                        &refusal, err);
    if (r == 0) return 0;
    r = refuse_as_asked(x, r, &refusal, err);
    return r < 0 ? r : 1;
}

static json_t *time_or_null(int64_t us) {
    char text[WJZ_CLOCK_TEXT];
    return us ? json_string(wjz_clock_format(us, text)) : json_null();
}

static json_t *id_text(uint64_t id) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, id);
    return json_string(text);
}

static char *body_text(const exchange *x, const char *name) {
    return (char *)(uintptr_t)exchange_text(x, name); /* protobuf-c has no const; packing only reads */
}

/* A time of the body, 0 when it is absent; false when it is none. */
static bool body_time(const exchange *x, const char *name, int64_t *ret_us) {
    const char *text = exchange_text(x, name);
    *ret_us = 0;
    return !text[0] || wjz_clock_parse(text, ret_us) == 0;
}

/* --- what the page begins with --- */

static const wjz_stmt START = {"console_citizen_start",
                               "SELECT county, code, name, town FROM console.citizen_stations(console.citizen_region())", 4};

/* NULL for a county without stations: its one row has no code. */
static json_t *station_json(const exchange *x, const wjz_rows *rows, int row) {
    const char *code = wjz_row_text(rows, row, 1);
    if (!code[0]) return NULL;
    return json_pack("{s:s, s:s, s:s}", "code", code, "name", wjz_row_text(rows, row, 2), "place",
                     reference_town(x->console->reference, (int32_t)wjz_row_int(rows, row, 3)));
}

static int start_run(exchange *x, wjz_err *err) {
    const citizen *c = x->console->citizen;
    const char *locale = wjz_request_query(x->request, "locale");
    wjz_rows *rows = NULL;
    int32_t region = 0;
    int r = read_region(x, &region, err);
    if (r == 0) r = wjz_tx_query(x->tx, &START, NULL, 0, &rows, err);
    if (r < 0) return r;
    if (!region) return refuse(x, 503, "no_feed", "本院尚未开通随手拍 / no feed takes photo reports here");
    json_t *stations = json_array();
    for (int row = 0; row < wjz_rows_count(rows); row++)
        (void)json_array_append_new(stations, station_json(x, rows, row));
    json_t *notice = json_object_get(c->notices, locale ? locale : "zh-CN");
    return answer_json(x, 200,
                       json_pack("{s:i, s:s, s:O, s:o, s:o, s:i, s:i, s:i}", "region", (int)region, "county",
                                 wjz_rows_count(rows) ? wjz_row_text(rows, 0, 0) : "", "notice", notice, "domains",
                                 reference_domains(x->console->reference), "stations", stations, "photos", PHOTOS,
                                 "photo_bytes", PHOTO_BYTES, "text", TEXT));
}

/* --- a report --- */

static json_t *photo_json(const Wjz__Intake__AttachmentStored *stored) {
    json_t *position = json_null();
    if (stored->position)
        position = json_pack("{s:f, s:f}", "longitude", stored->position->longitude, "latitude", stored->position->latitude);
    return json_pack("{s:s, s:s, s:i, s:i, s:o, s:o}", "attachment", stored->attachment, "type", stored->type, "width",
                     (int)stored->width, "height", (int)stored->height, "taken_at", time_or_null(stored->taken_at_us), "position",
                     position);
}

static int photo_run(exchange *x, wjz_err *err) {
    Wjz__Intake__StoreAttachment message = WJZ__INTAKE__STORE_ATTACHMENT__INIT;
    const ProtobufCMessage *answer = NULL;
    int32_t region = 0;
    if (!within(x, x->console->citizen->reports)) return 0;
    int r = read_region(x, &region, err);
    if (r < 0) return r;
    message.region = (uint32_t)region;
    message.data.data = (uint8_t *)(uintptr_t)wjz_request_body(x->request, &message.data.len);
    r = ask(x, "intake", region, &message.base, &wjz__intake__attachment_stored__descriptor, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    return answer_json(x, 201, photo_json((const Wjz__Intake__AttachmentStored *)answer));
}

/* Whoever is logged in and shows that the request comes from our page; else the session counts for nothing. */
static bool is_reporter(const exchange *x) {
    return (x->who.mask & (LIAISON | STATION_STAFF)) != 0 && x->who.person[0] != '\0' &&
           token_csrf_ok(x->token, wjz_request_header(x->request, "X-CSRF-Token"));
}

static bool read_position(const exchange *x, Wjz__Intake__Position *to) {
    const json_t *position = json_object_get(x->body, "position");
    to->longitude = json_number_value(json_object_get(position, "longitude"));
    to->latitude = json_number_value(json_object_get(position, "latitude"));
    return position != NULL;
}

static int fill_attachments(const exchange *x, Wjz__Intake__SubmitReport *message) {
    const json_t *list = json_object_get(x->body, "attachments"), *item;
    size_t i;
    message->n_attachment = json_array_size(list);
    message->attachment = wjz_arena_alloc(x->arena, (message->n_attachment + 1) * sizeof *message->attachment);
    if (!message->attachment) return -ENOMEM;
    json_array_foreach(list, i, item) {
        message->attachment[i] = (char *)(uintptr_t)json_string_value(item);
    }
    return 0;
}

static void fill_words(const exchange *x, Wjz__Intake__SubmitReport *message) {
    message->key = body_text(x, "key");
    message->text = body_text(x, "text");
    message->address = body_text(x, "address");
    message->domain_hint = body_text(x, "domain");
    message->notice_version = body_text(x, "notice_version");
    if (!is_reporter(x)) return;
    message->role = (char *)(uintptr_t)(x->who.mask & LIAISON ? "liaison" : "grid");
    message->person = (char *)(uintptr_t)x->who.person;
}

static int submit_run(exchange *x, wjz_err *err) {
    Wjz__Intake__SubmitReport message = WJZ__INTAKE__SUBMIT_REPORT__INIT;
    Wjz__Intake__Reporter reporter = WJZ__INTAKE__REPORTER__INIT;
    Wjz__Intake__Position position = WJZ__INTAKE__POSITION__INIT;
    const ProtobufCMessage *answer = NULL;
    int32_t region = 0;
    if (!within(x, x->console->citizen->reports)) return 0;
    if (!body_time(x, "written_at", &message.written_at_us)) return refuse_field(x, 422, "invalid", "written_at", "is no time");
    int r = read_region(x, &region, err);
    if (r == 0) r = fill_attachments(x, &message);
    if (r < 0) return r;
    fill_words(x, &message);
    message.region = (uint32_t)region;
    if (read_position(x, &position)) message.position = &position;
    reporter.name = body_text(x, "name");
    reporter.phone = body_text(x, "phone");
    reporter.confidential = json_is_true(json_object_get(x->body, "confidential"));
    message.reporter = &reporter;
    r = ask(x, "intake", region, &message.base, &wjz__intake__report_submitted__descriptor, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    return answer_json(x, 201, json_pack("{s:s}", "receipt", ((const Wjz__Intake__ReportSubmitted *)answer)->receipt));
}

/* --- what became of it --- */

static json_t *state_json(const Wjz__Intake__ReportState *state) {
    return json_pack("{s:s, s:o, s:o, s:s, s:s, s:i, s:s, s:o, s:o}", "receipt", state->receipt, "id", id_text(state->complaint),
                     "submitted_at", time_or_null(state->submitted_at_us), "text", state->text, "address", state->address, "photos",
                     (int)state->photos, "stage", state->stage, "changed_at", time_or_null(state->changed_at_us), "outcome",
                     state->outcome[0] ? json_string(state->outcome) : json_null());
}

static int state_run(exchange *x, wjz_err *err) {
    Wjz__Intake__DescribeReport message = WJZ__INTAKE__DESCRIBE_REPORT__INIT;
    const ProtobufCMessage *answer = NULL;
    int32_t region = 0;
    if (!within(x, x->console->citizen->states)) return 0;
    int r = read_region(x, &region, err);
    if (r < 0) return r;
    message.region = (uint32_t)region;
    message.receipt = body_text(x, "receipt");
    r = ask(x, "intake", region, &message.base, &wjz__intake__report_state__descriptor, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    return answer_json(x, 200, state_json((const Wjz__Intake__ReportState *)answer));
}

static int own_run(exchange *x, wjz_err *err) {
    Wjz__Intake__ListReports message = WJZ__INTAKE__LIST_REPORTS__INIT;
    const ProtobufCMessage *answer = NULL;
    const char *before = wjz_request_query(x->request, "before");
    message.region = (uint32_t)x->who.region;
    message.person = (char *)(uintptr_t)x->who.person;
    message.most = PAGE;
    message.before = before ? strtoull(before, NULL, 10) : 0;
    int r = ask(x, "intake", x->who.region, &message.base, &wjz__intake__reports__descriptor, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    const Wjz__Intake__Reports *reports = (const Wjz__Intake__Reports *)answer;
    json_t *items = json_array();
    for (size_t i = 0; i < reports->n_reports; i++)
        (void)json_array_append_new(items, state_json(reports->reports[i]));
    return answer_json(x, 200, json_pack("{s:o}", "items", items));
}

/* --- appointments --- */

static bool read_day(const exchange *x, const char *name, int after, int64_t *ret_us) {
    wjz_day day;
    const char *text = wjz_request_query(x->request, name);
    if (!text || sscanf(text, "%4d-%2d-%2d", &day.year, &day.month, &day.day) != 3) return false;
    *ret_us = wjz_clock_from_day(day, 0) + after * WJZ_DAY_US;
    return true;
}

static int slots_run(exchange *x, wjz_err *err) {
    Wjz__Scheduling__ListSlots message = WJZ__SCHEDULING__LIST_SLOTS__INIT;
    const ProtobufCMessage *answer = NULL;
    int32_t region = 0;
    if (!read_day(x, "from", 0, &message.from_us) || !read_day(x, "to", 1, &message.to_us))
        return refuse_field(x, 400, "missing", "from", "from and to are days");
    int r = read_region(x, &region, err);
    if (r < 0) return r;
    message.station = (char *)(uintptr_t)wjz_request_query(x->request, "station");
    r = ask(x, "scheduling", region, &message.base, &wjz__scheduling__slots__descriptor, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    const Wjz__Scheduling__Slots *slots = (const Wjz__Scheduling__Slots *)answer;
    json_t *items = json_array();
    for (size_t i = 0; i < slots->n_slots; i++) /* whose they are is nobody's business before they meet */
        (void)json_array_append_new(items, json_pack("{s:o, s:o, s:o}", "shift", id_text(slots->slots[i]->shift), "starts_at",
                                                     time_or_null(slots->slots[i]->from_us), "ends_at",
                                                     time_or_null(slots->slots[i]->to_us)));
    return answer_json(x, 200, json_pack("{s:o}", "items", items));
}

static int hold(exchange *x, int32_t region, const Wjz__Scheduling__AppointmentHeld **ret_held, wjz_err *err) {
    Wjz__Scheduling__HoldAppointment message = WJZ__SCHEDULING__HOLD_APPOINTMENT__INIT;
    const ProtobufCMessage *answer = NULL;
    if (!body_time(x, "starts_at", &message.from_us)) {
        refuse_field(x, 422, "invalid", "starts_at", "is no time");
        return 1;
    }
    message.shift = (uint64_t)exchange_id(x, "shift");
    message.minutes = (uint32_t)json_integer_value(json_object_get(x->body, "minutes"));
    message.guest_name = body_text(x, "name");
    message.guest_phone = body_text(x, "phone");
    message.topic = body_text(x, "topic");
    message.idempotency_key = body_text(x, "key");
    int r = ask(x, "scheduling", region, &message.base, &wjz__scheduling__appointment_held__descriptor, &answer, err);
    if (r == 0) *ret_held = (const Wjz__Scheduling__AppointmentHeld *)answer;
    return r;
}

/* Held and confirmed: who sends the same again gets the same appointment. */
static int book_run(exchange *x, wjz_err *err) {
    Wjz__Scheduling__ConfirmAppointment message = WJZ__SCHEDULING__CONFIRM_APPOINTMENT__INIT;
    const Wjz__Scheduling__AppointmentHeld *held = NULL;
    const ProtobufCMessage *answer = NULL;
    int32_t region = 0;
    if (!within(x, x->console->citizen->reports)) return 0;
    int r = read_region(x, &region, err);
    if (r == 0) r = hold(x, region, &held, err);
    if (r != 0) return r < 0 ? r : 0;
    message.appointment = held->appointment;
    message.token = held->token;
    r = ask(x, "scheduling", region, &message.base, &wjz__scheduling__appointment_answer__descriptor, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    return answer_json(x, 201,
                       json_pack("{s:o, s:s, s:s}", "appointment", id_text(held->appointment), "token", held->token, "state",
                                 ((const Wjz__Scheduling__AppointmentAnswer *)answer)->state));
}

static int cancel_run(exchange *x, wjz_err *err) {
    Wjz__Scheduling__CancelAppointment message = WJZ__SCHEDULING__CANCEL_APPOINTMENT__INIT;
    const ProtobufCMessage *answer = NULL;
    int32_t region = 0;
    if (!within(x, x->console->citizen->states)) return 0;
    int r = read_region(x, &region, err);
    if (r < 0) return r;
    message.appointment = (uint64_t)exchange_id(x, "appointment");
    message.token = body_text(x, "token");
    message.reason = (char *)(uintptr_t) "群众取消";
    r = ask(x, "scheduling", region, &message.base, &wjz__scheduling__appointment_answer__descriptor, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    const Wjz__Scheduling__AppointmentAnswer *told = (const Wjz__Scheduling__AppointmentAnswer *)answer;
    return answer_json(x, 200, json_pack("{s:o, s:s}", "appointment", id_text(told->appointment), "state", told->state));
}

const endpoint CITIZEN_ENDPOINTS[] = {
    {"startCitizen", 0, NULL, start_run, NULL, NULL, NULL},
    {"storePhoto", 0, NULL, photo_run, NULL, NULL, NULL},
    {"submitReport", 0, NULL, submit_run, NULL, NULL, NULL},
    {"readReportState", 0, NULL, state_run, NULL, NULL, NULL},
    {"listOwnReports", LIAISON | STATION_STAFF, NULL, own_run, NULL, NULL, NULL},
    {"listCitizenSlots", 0, NULL, slots_run, NULL, NULL, NULL},
    {"bookAsCitizen", 0, NULL, book_run, NULL, NULL, NULL},
    {"cancelAsCitizen", 0, NULL, cancel_run, NULL, NULL, NULL},
    {0},
};
