/* Identities of a file's rows: makes one where the file has none, and keeps rows apart that share one, so that no row
 * is lost. The same file gives the same identities every time. */
#ifndef INTAKE_ROW_IDS_H
#define INTAKE_ROW_IDS_H

#include "intake/profile.h"

typedef struct row_ids row_ids;

/* NULL when out of memory. */
row_ids *row_ids_new(const profile *rules);
void row_ids_destroy(row_ids **ids);

/* Completes the identity of the next row's item as the profile says. 0 or -ENOMEM. A missing number that the profile
 * refuses is left for check_item to tell. */
WJZ_MUST_CHECK int row_ids_assign(row_ids *ids, Wjz__Intake__FeedItem *item, wjz_arena *arena);

#endif
