/* Whether an item may be stored: the same answer for every door. */
#ifndef INTAKE_CHECK_H
#define INTAKE_CHECK_H

#include "intake/issue.h"
#include "intake/item.h"

typedef struct check_rules {
    int64_t now_us;
    int32_t region;         /* of items that name none */
    const int32_t *regions; /* county codes known, in ascending order */
    size_t region_count;
} check_rules;

/* Adds what is wrong to the list; true when the item may be stored. Strings may be malformed. */
bool check_item(const Wjz__Intake__FeedItem *item, const check_rules *rules, wjz_arena *arena, issue_list *issues);

#endif
