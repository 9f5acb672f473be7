/* Statements about clues. */
#ifndef CONSOLE_STORE_CLUES_H
#define CONSOLE_STORE_CLUES_H

#include "console/read.h"

extern const read_spec CLUES_EXPORTED, CLUE_HISTORY, CLUE_ACCESS, REVIEW_CLUES, REVIEW_REPEATS;
extern const wjz_stmt CLUE_DETAIL, COMPLAINTS, ACCESS_GRANT, ACCESS_REVOKE, PLAIN_TEXT, REFRESH, CLUE_ROWS;

/* What a change is about: by its id, region, version ("" where there is none), clue. */
extern const wjz_stmt CLUE_TARGET, ASSIGNMENT_TARGET, COMPLAINT_TARGET, DECISION_TARGET, REVIEW_TARGET;

/* Answers with the clue as it is now; for changes that end so. In the open transaction. */
WJZ_MUST_CHECK int clues_answer(exchange *x, int64_t id, wjz_err *err);

#endif
