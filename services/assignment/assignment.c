/* Life of the assignment service: rules and directory before the first message, clocks beside them. */
#include "assignment/assignment.h"

#include <errno.h>
#include <stdlib.h>

#include "assignment/announce.h"
#include "assignment/check.h"
#include "assignment/clock.h"
#include "assignment/handlers.h"
#include "assignment/requests.h"
#include "assignment/store.h"
#include "wjz/clock.h"
#include "wjz/log.h"

/* --- turns --- */

void turn_begin(assignment_service *self, wjz_arena *arena, turn *ret_turn) {
    *ret_turn = (turn){.book = {.arena = arena, .now_us = wjz_clock_us()}, .held = directory_hold(self->people)};
    ret_turn->on = dispatch_at(self->rules, ret_turn->held, &self->policy, &ret_turn->book);
}

static void count_changes(assignment_service *self, const ledger *book) {
    for (size_t i = 0; i < book->changed_count; i++) {
        const assignment *of = book->changed[i];
        if (of->is_new) wjz_count(self->opened, 1);
        if (of->state == STATE_WITHDRAWN) wjz_count(self->withdrawn, 1);
        if (of->state == STATE_ESCALATED) wjz_count(self->escalated, 1);
    }
}

int turn_write(assignment_service *self, turn *ended, wjz_tx *tx, wjz_err *err) {
    int r = store_write(tx, &ended->book, err);
    if (r == 0) r = announce(self->bus, tx, &ended->book, err);
    if (r == 0) count_changes(self, &ended->book);
    return r;
}

void turn_end(turn *ended) {
    directory_drop(&ended->held);
}

/* --- directory --- */

int assignment_renew_directory(assignment_service *self, wjz_tx *tx, wjz_err *err) {
    directory *fresh = NULL;
    int r = store_read_directory(tx, wjz_clock_us(), &fresh, err);
    if (r < 0) return r;
    directory_drop(&self->people);
    self->people = fresh;
    return 0;
}

/* --- lifetime --- */

static void free_state(assignment_service *self) {
    directory_drop(&self->people);
    routing_destroy(&self->rules);
    free(self);
}

static policy policy_of(const assignment_conf *conf) {
    return (policy){.accept_within_us = conf->accept_within * 1000,
                    .accept_within_urgent_us = conf->accept_within_urgent * 1000,
                    .hours = {.from = (int)conf->office_from, .to = (int)conf->office_to},
                    .prosecutors_tried = (int)conf->prosecutors_tried,
                    .recusal_days = (int)conf->recusal_days};
}

static void make_metrics(assignment_service *self) {
    self->opened = wjz_counter("wjz_assignment_opened_total", "", "assignments opened");
    self->withdrawn = wjz_counter("wjz_assignment_withdrawn_total", "", "assignments withdrawn");
    self->escalated = wjz_counter("wjz_assignment_escalated_total", "", "assignments that nobody accepted in time");
}

static int read_data(assignment_service *self, const assignment_conf *conf, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = routing_load(conf->routing, &self->rules, err);
    if (r == 0) r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = assignment_renew_directory(self, tx, err);
    if (r < 0) return r;
    int year = wjz_clock_day(wjz_clock_us()).year;
    if (!calendar_knows_year(self->people->calendar, year))
        wjz_log_warn("no holidays known", "year=%d remedy=\"wjz directory load deploy/config/holidays.yaml\"", year);
    wjz_log_info("rules loaded", "file=\"%s\" rules=%zu organs=%zu people=%zu", conf->routing,
                 routing_count(self->rules), self->people->organ_count, self->people->person_count);
    return 0;
}

static int assignment_start(wjz_service *service, const void *options, void **ret_state, wjz_err *err) {
    const assignment_conf *conf = options;
    if (conf->office_from >= conf->office_to)
        return wjz_err_set(err, -EINVAL, "option \"office_from\" %d must be below \"office_to\" %d",
                           (int)conf->office_from, (int)conf->office_to);
    assignment_service *self = calloc(1, sizeof(assignment_service));
    if (self == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    self->service = service;
    self->loop = wjz_service_loop(service);
    self->db = wjz_service_db(service);
    self->bus = wjz_service_bus(service);
    self->policy = policy_of(conf);
    self->clock_every_ms = conf->clock_every;
    self->directory_every_ms = conf->directory_every;
    make_metrics(self);
    int r = read_data(self, conf, err);
    if (r == 0) r = clock_start(self, err);
    *ret_state = self;
    return r;
}

static void assignment_stop(void *state) {
    assignment_service *self = state;
    if (self == NULL) return;
    clock_stop(self);
    free_state(self);
}

/* Prosecutors wait for hours, not for milliseconds; BYTES is what a second of a flood brings. */
enum { REST_MS = 100, MESSAGES = 64, BYTES = 256 << 10 };

static const wjz_queue_route queues[] = {
    {.type = &wjz__scoring__clues_scored__descriptor,
     .handler = on_clues_scored,
     .messages = MESSAGES,
     .bytes = BYTES,
     .rest_ms = REST_MS,
     .lazy = true},
    {0},
};

static const wjz_emit_route emits[] = {
    {&wjz__assignment__assignments_changed__descriptor, "scheduling"},
    {&wjz__notification__notices_requested__descriptor, "notification"},
    {0},
};

static const wjz_request_route requests[] = {
    {.type = &wjz__assignment__accept_assignment__descriptor, .handler = on_accept_assignment},
    {.type = &wjz__assignment__begin_verification__descriptor, .handler = on_begin_verification},
    {.type = &wjz__assignment__return_assignment__descriptor, .handler = on_return_assignment},
    {.type = &wjz__assignment__transfer_assignment__descriptor, .handler = on_transfer_assignment},
    {.type = &wjz__assignment__record_outcome__descriptor, .handler = on_record_outcome},
    {.type = &wjz__assignment__declare_recusal__descriptor, .handler = on_declare_recusal},
    {.type = &wjz__assignment__decide_recusal__descriptor, .handler = on_decide_recusal},
    {.type = &wjz__assignment__renew_directory__descriptor, .handler = on_renew_directory},
    {.type = &wjz__assignment__trace_routing__descriptor, .handler = on_trace_routing},
    {0},
};

const wjz_service_spec assignment_spec = {
    .name = "assignment",
    .purpose = "gives each clue to an organ, a station and a prosecutor, and sees that it is accepted",
    .options = assignment_options,
    .conf_size = sizeof(assignment_conf),
    .queues = queues,
    .emits = emits,
    .requests = requests,
    .start = assignment_start,
    .stop = assignment_stop,
    .command = check_command,
};
