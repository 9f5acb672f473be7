/* Connecting: a command is sequential code in one fiber; this file gives it a loop, a store and a bus, and takes them
 * down again in order. */
#include "ctl/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wjz/clock.h"

/* Of a service that is there: one that is not is known at once. */
enum { ANSWER_MS = 60000, PATIENT_MS = 120000, AGAIN_MS = 300 };

typedef struct run {
    session *session;
    bool with_bus;
    int (*fn)(session *s, void *arg, wjz_err *err);
    void *arg;
    wjz_err *err;
    int result;
    wjz_tx *reading; /* keeps the rows of the last session_read */
} run;

/* The one run of this process: session_read needs its transaction. */
static run *current;

static void closed(void *arg) {
    wjz_event *event = arg;
    wjz_event_set(current->session->loop, event);
}

static int open_bus(session *s, wjz_err *err) {
    char bind[PATH_MAX + 8], host[65] = "", name[96];
    const char *named = getenv("WJZ_BIND");
    if (named)
        snprintf(bind, sizeof bind, "%s", named);
    else
        snprintf(bind, sizeof bind, "ipc://%s", s->home.run);
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "wjz-%s-%d", host, (int)getpid());
    return wjz_bus_open(s->loop, s->db,
                        &(wjz_bus_options){.service = "operator", .instance = name, .bind = bind, .client = true},
                        &s->bus, err);
}

static void in_fiber(void *arg) {
    run *r = arg;
    session *s = r->session;
    r->result = r->with_bus ? open_bus(s, r->err) : 0;
    if (r->result >= 0) r->result = r->fn(s, r->arg, r->err);
    wjz_tx_abort(&r->reading);
    wjz_event gone = {0};
    if (s->bus) {
        wjz_bus_close(&s->bus, closed, &gone);
        wjz_event_wait(s->loop, &gone);
        wjz_event_clear(&gone);
    }
    if (s->db) {
        wjz_db_close(&s->db, closed, &gone);
        wjz_event_wait(s->loop, &gone);
    }
}

/* Runs it in a fiber until nothing is open any more. */
static int run_loop(run *here) {
    session *s = here->session;
    current = here;
    int r = wjz_fiber_spawn(s->loop, in_fiber, here);
    if (r < 0) return wjz_err_set(here->err, r, "could not start");
    wjz_loop_run(s->loop);
    wjz_loop_destroy(&s->loop);
    wjz_arena_destroy(&s->arena);
    return here->result;
}

static int open_loop(session *s, wjz_err *err) {
    s->arena = wjz_arena_new(0);
    return s->arena ? wjz_loop_new(&s->loop, err) : -ENOMEM;
}

int session_alone(session *s, int (*fn)(session *s, void *arg, wjz_err *err), void *arg, wjz_err *err) {
    int r = open_loop(s, err);
    return r < 0 ? r : run_loop(&(run){.session = s, .fn = fn, .arg = arg, .err = err});
}

int session_connected(session *s, bool with_bus, int (*fn)(session *s, void *arg, wjz_err *err), void *arg,
                      wjz_err *err) {
    int r = open_loop(s, err);
    if (r < 0) return r;
    r = wjz_db_open(
        s->loop,
        &(wjz_db_options){.url = s->home.database, .role = "wjz_operator", .application = "wjz", .connections = 2},
        &s->db, err);
    if (r < 0) return r;
    r = run_loop(&(run){.session = s, .with_bus = with_bus, .fn = fn, .arg = arg, .err = err});
    if (r == -ETIMEDOUT && s->home.embedded) wjz_err_prefix(err, "is it running? see `wjz status`");
    return r;
}

int session_read(session *s, const wjz_stmt *stmt, const wjz_param *params, int count, wjz_rows **ret_rows,
                 wjz_err *err) {
    wjz_tx_abort(&current->reading);
    int r = wjz_tx_begin(s->db, &current->reading, err);
    if (r < 0) return r;
    return wjz_tx_query(current->reading, stmt, params, count, ret_rows, err);
}

int session_region(session *s, int64_t given, int32_t *ret_region, wjz_err *err) {
    static const wjz_stmt only = {"ctl_only_region", "SELECT min(region), count(DISTINCT region) FROM intake.feed", 2};
    wjz_rows *rows;
    if (given) {
        *ret_region = (int32_t)given;
        return 0;
    }
    int r = session_read(s, &only, NULL, 0, &rows, err);
    if (r < 0) return r;
    if (wjz_row_int(rows, 0, 1) != 1) return wjz_err_set(err, -EINVAL, "say which region: --region 510184");
    *ret_region = (int32_t)wjz_row_int(rows, 0, 0);
    return 0;
}

static int ask(session *s, const char *service, int32_t region, const ProtobufCMessage *question,
               const ProtobufCMessageDescriptor *answer_type, const ProtobufCMessage **ret_answer,
               wjz_refusal *ret_refusal, wjz_err *err) {
    int r = wjz_bus_request(s->bus, service, region, question, ANSWER_MS, answer_type, s->arena, ret_answer,
                            ret_refusal, err);
    if (r == -EHOSTUNREACH) return wjz_err_set(err, r, "no %s service is running: see `wjz status`", service);
    return r;
}

int session_ask_in(session *s, const char *service, int32_t region, const ProtobufCMessage *question,
                   const ProtobufCMessageDescriptor *answer_type, const ProtobufCMessage **ret_answer, wjz_err *err) {
    return ask(s, service, region, question, answer_type, ret_answer, NULL, err);
}

int session_ask(session *s, const char *service, const ProtobufCMessage *question,
                const ProtobufCMessageDescriptor *answer_type, const ProtobufCMessage **ret_answer, wjz_err *err) {
    return session_ask_in(s, service, 0, question, answer_type, ret_answer, err);
}

/* Nobody there, or the store away: both pass when a process is started again. */
static bool may_pass(int r, const wjz_refusal *refusal) {
    return r == -ETIMEDOUT || r == -EHOSTUNREACH || (r == -EREMOTE && refusal->code == WJZ_REFUSAL_RETRY_LATER);
}

int session_ask_patiently(session *s, const char *service, const ProtobufCMessage *question,
                          const ProtobufCMessageDescriptor *answer_type, const ProtobufCMessage **ret_answer,
                          wjz_err *err) {
    int64_t until_us = wjz_clock_monotonic_us() + PATIENT_MS * INT64_C(1000);
    for (;;) {
        wjz_refusal refusal = {0};
        int r = ask(s, service, 0, question, answer_type, ret_answer, &refusal, err);
        if (!may_pass(r, &refusal) || wjz_clock_monotonic_us() >= until_us) return r;
        wjz_fiber_sleep(s->loop, AGAIN_MS);
    }
}
