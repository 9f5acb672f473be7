/* Columns that several statements share, and their readers. Private to the store files. */
#ifndef WJZ_ASSIGNMENT_STORE_ROWS_H
#define WJZ_ASSIGNMENT_STORE_ROWS_H

#include "assignment/clue.h"
#include "assignment/ledger.h"
#include "wjz/db.h"

#define CLUE_COLUMNS                                                                                                   \
    "c.region, c.clue, c.revision, c.index, c.stars, c.kind, c.branch, c.domain, c.town, c.village, c.place, "         \
    "c.mediation, c.urgent, c.confidential, c.look_on_spot, c.complaints, c.merged_into, c.feed, c.report_region, "    \
    "c.agencies, c.subject, c.settled_by, c.settled_complaints, c.excluded"
enum { CLUE_COLUMN_COUNT = 24 };

#define ASSIGNMENT_COLUMNS                                                                                             \
    "a.region, a.id, a.clue, a.state, a.organ, a.station, a.prosecutor, a.consult, a.branch, a.domain, a.stars, "      \
    "a.town, a.village, a.urgent, a.mediation, a.look_on_spot, a.accept_until, a.revision, a.predecessor, "            \
    "a.sent_here, a.escalations, a.tried, a.trace"
enum { ASSIGNMENT_COLUMN_COUNT = 23 };

/* A row's columns from first on. -ENOMEM. */
WJZ_MUST_CHECK int rows_clue(const wjz_rows *rows, int row, int first, wjz_arena *arena, clue *ret_clue);
WJZ_MUST_CHECK int rows_assignment(const wjz_rows *rows, int row, int first, wjz_arena *arena,
                                   assignment *ret_assignment);

#endif
