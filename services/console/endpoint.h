/* What is done for an operation of the document: a row per operation. */
#ifndef CONSOLE_ENDPOINT_H
#define CONSOLE_ENDPOINT_H

#include "console/exchange.h"

/* Roles as bits, in the order of ROLE_NAMES. */
enum {
    PROSECUTOR = 1 << 0,
    STATION_STAFF = 1 << 1,
    LIAISON = 1 << 2,
    BRANCH_HEAD = 1 << 3,
    CHIEF = 1 << 4,
    ORGAN_ADMIN = 1 << 5,
    SYSTEM_ADMIN = 1 << 6,
    SECURITY_ADMIN = 1 << 7,
    AUDIT_ADMIN = 1 << 8,
    ANYBODY = (1 << 9) - 1, /* who is logged in */
    UNFINISHED = 1 << 9,    /* also a session of which something is still asked */
    VOUCHED = 1 << 10,      /* of accounts or sessions: the program vouches for the transaction (vouch.h) */
    AT_ONCE = 1 << 11,      /* run asks the store nothing more: the transaction ends with what prepare has queued */
    CASEWORKERS = PROSECUTOR | BRANCH_HEAD | CHIEF,
    READERS = CASEWORKERS | STATION_STAFF | ORGAN_ADMIN,
    HEADS = BRANCH_HEAD | CHIEF | ORGAN_ADMIN,
    FEED_PEOPLE = HEADS | SYSTEM_ADMIN,
};

typedef struct endpoint {
    const char *operation; /* operationId */
    unsigned roles;        /* of which the asker needs one */
    /* Queues what can be asked in the round trip that also finds out who is asking; NULL: nothing. -EINVAL when it has
     * answered the request itself. */
    int (*prepare)(exchange *x, wjz_err *err);
    /* Answers. 0 when it has; a negative error is answered as one of ours. */
    int (*run)(exchange *x, wjz_err *err);
    const void *what;   /* what prepare and run need: a statement, a question */
    const char *event;  /* written to the audit; NULL: not */
    const char *object; /* kind of what the path names, for the audit; NULL: none */
} endpoint;

/* Each area's rows, ended by operation NULL. */
extern const endpoint SESSION_ENDPOINTS[], CLUE_ENDPOINTS[], CASEWORK_ENDPOINTS[], DESK_ENDPOINTS[], MAP_ENDPOINTS[],
    STATION_ENDPOINTS[], FEED_ENDPOINTS[], STATISTICS_ENDPOINTS[], ADMIN_ENDPOINTS[], SAVED_ENDPOINTS[],
    RULE_ENDPOINTS[], PROFILE_ENDPOINTS[], CITIZEN_ENDPOINTS[];

/* Finds the row of each operation and makes the routes. -EINVAL when an operation has no row or a row no operation. */
WJZ_MUST_CHECK int endpoints_lay(struct console *c, wjz_err *err);

/* Bits of a comma-separated list of roles. */
unsigned roles_from_text(const char *text);
enum { ROLES = 9 };
/* Names of the roles that mask has; how many. */
size_t roles_named(unsigned mask, const char *names[ROLES]);

#endif
