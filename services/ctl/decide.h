/* What the commands share that ask scoring for a decision. */
#ifndef CTL_DECIDE_H
#define CTL_DECIDE_H

#include "ctl/session.h"

/* Who decides, and why. */
typedef struct decider {
    char *person, *reason;
} decider;

/* Takes --as and --reason out of argv; -EINVAL when one is missing. */
WJZ_MUST_CHECK int decider_read(int *argc, char **argv, decider *ret_decider, wjz_err *err);

/* Asks and prints the clues as they are then. */
WJZ_MUST_CHECK int decide_ask(session *s, int32_t region, const ProtobufCMessage *question, wjz_err *err);

/* The region of a row, looked up by its id with `stmt`; says what is missing: "cannot find clue 7: see wjz clues list". */
WJZ_MUST_CHECK int decide_region(session *s, const wjz_stmt *stmt, const char *what, int64_t id, const char *see,
                                 int32_t *ret_region, wjz_err *err);

#endif
