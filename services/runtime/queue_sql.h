/* The statements on a service's outbox, inbox and dead_letter tables. */
#ifndef WJZ_RUNTIME_QUEUE_SQL_H
#define WJZ_RUNTIME_QUEUE_SQL_H

#include "wjz/db.h"
#include "wjz/err.h"

typedef enum wjz_queue_stmt {
    WJZ_OUTBOX_INSERT,  /* as WJZ_OUTBOX_ROW */
    WJZ_OUTBOX_DELETE,  /* regions, ids, destinations */
    WJZ_OUTBOX_RENEW,   /* regions, ids, destinations, owner, lease → id, destination of those still ours */
    WJZ_OUTBOX_CLAIM,   /* destination, most rows, owner, lease, most bytes → region, id, envelope, attempts */
    WJZ_OUTBOX_NEXT,    /* destination → seconds until the next backoff ends, or NULL */
    WJZ_OUTBOX_ORPHANS, /* destinations, service, numbers known to be dead: frees what the dead held */
    WJZ_OUTBOX_RELEASE, /* destinations, owner: frees what the owner holds */
    WJZ_OUTBOX_REJECT,  /* region, id, destination, backoff in seconds, error */
    WJZ_OUTBOX_BURY,    /* region, id, destination, error: moves the row to the dead letters → attempts */
    WJZ_OUTBOX_STATS,   /* destinations → destination, rows (up to 10,000), seconds since the oldest was made */
    WJZ_DEAD_RETRY,     /* ids, none for all: moves dead letters to the outbox */
    WJZ_DEAD_DROP,      /* ids → id, destination, type */
    WJZ_INBOX_INSERT,   /* regions, ids → ids that were not there */
    WJZ_INBOX_NEW,      /* regions, ids; fails when one is there */
    WJZ_INBOX_NEW_ONE,  /* region, id; fails when it is there */
    WJZ_INBOX_PURGE,    /* days: deletes up to 5,000 older rows */
    WJZ_QUEUE_STMTS
} wjz_queue_stmt;

typedef struct wjz_queue_sql {
    wjz_stmt stmts[WJZ_QUEUE_STMTS];
} wjz_queue_sql;

/* The statements for one service's schema, made once per process and kept. -EINVAL when service is no schema name. */
WJZ_MUST_CHECK int wjz_queue_sql_for(const char *service, const wjz_queue_sql **ret_sql, wjz_err *err);

#endif
