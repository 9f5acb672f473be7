/* The assignment service: its state and lifetime. */
#ifndef WJZ_ASSIGNMENT_ASSIGNMENT_H
#define WJZ_ASSIGNMENT_ASSIGNMENT_H

#include "assignment/conf.h"
#include "assignment/directory.h"
#include "assignment/dispatch.h"
#include "assignment/routing.h"
#include "wjz/metrics.h"
#include "wjz/service.h"

typedef struct assignment_service {
    wjz_service *service;
    wjz_loop *loop;
    wjz_db *db;
    wjz_bus *bus;
    routing *rules;
    directory *people; /* the present picture; a turn holds the one that it began with */
    policy policy;
    int64_t clock_every_ms, directory_every_ms;
    wjz_event clock_wake, directory_wake; /* set: look now */
    int fibers;                           /* of the clock and the directory that still run */
    bool stopping;
    wjz_event fibers_ended;
    wjz_metric *opened, *withdrawn, *escalated;
} assignment_service;

extern const wjz_service_spec assignment_spec;

/* Reads the directory anew and puts it in place of the old one. One round trip. */
WJZ_MUST_CHECK int assignment_renew_directory(assignment_service *self, wjz_tx *tx, wjz_err *err);

/* What a turn decides with: its own ledger, and the directory held until turn_end. */
typedef struct turn {
    ledger book;
    dispatch on;
    directory *held;
} turn;

void turn_begin(assignment_service *self, wjz_arena *arena, turn *ret_turn);
/* Queues the turn's changes and messages for the commit, and counts them. */
WJZ_MUST_CHECK int turn_write(assignment_service *self, turn *ended, wjz_tx *tx, wjz_err *err);
void turn_end(turn *ended);

#endif
