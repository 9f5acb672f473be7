/* Planning shifts: what the rota says, stored, with everybody told who is concerned. */
#ifndef SCHEDULING_PLAN_H
#define SCHEDULING_PLAN_H

#include "scheduling/notices.h"
#include "scheduling/rota.h"
#include "wjz/db.h"

struct scheduling;

struct plan_request {
    int32_t region, from_day, to_day;
    const char *station; /* NULL: all */
    const char *actor;
};

struct plan_result {
    struct rota_input input;
    struct rota_plan plan;
    uint32_t made, removed;
};

/* Within tx, which the caller commits; everything lives in the arena. -EINVAL when the days are too many or in
 * disorder. */
WJZ_MUST_CHECK int plan_shifts(struct scheduling *self, wjz_tx *tx, wjz_arena *arena,
                               const struct plan_request *request, struct plan_result *ret_result, wjz_err *err);

/* What remains without anybody in the days of the result, one explanation per duty. -ENOMEM. */
WJZ_MUST_CHECK int plan_unmet(const struct plan_result *result, wjz_arena *arena, char ***ret_texts, size_t *ret_count);

/* --- words shared with substitutions by hand --- */

/* Tells both sides that a shift went from one person to another; "" for nobody. */
struct shift_told {
    int64_t id;
    const char *station_name, *from, *from_name, *to, *to_name, *reason;
    int64_t starts_us, ends_us;
    int changes; /* including this one */
};
void tell_substitution(struct notices *notices, const struct shift_told *told);

#endif
