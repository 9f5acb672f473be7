/* What is allowed with an appointment and with a visit. Pure. */
#ifndef SCHEDULING_RULES_H
#define SCHEDULING_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/assignment.pb-c.h"
#include "wjz/clean.h"

/* --- appointments ---
 *
 *            confirm              complete
 *   held ───────────▶ confirmed ───────────▶ completed
 *    │ │                │    │    no_show
 *    │ └─────cancel─────┤    └─────────────▶ no_show
 *    │ time             ▼
 *    └───▶ expired    cancelled
 */
enum appointment_state {
    APPOINTMENT_HELD,
    APPOINTMENT_CONFIRMED,
    APPOINTMENT_CANCELLED,
    APPOINTMENT_EXPIRED,
    APPOINTMENT_COMPLETED,
    APPOINTMENT_NO_SHOW,
    APPOINTMENT_STATES,
};

enum appointment_verb { CONFIRM, CANCEL, COMPLETE, MISS, APPOINTMENT_VERBS };

const char *appointment_state_name(enum appointment_state state);
/* -ENOENT for another word. */
WJZ_MUST_CHECK int appointment_state_parse(const char *name, enum appointment_state *ret_state);

struct appointment_times {
    int64_t now_us, held_until_us, starts_us;
};

/* The state after the verb; the same state when the verb was carried out before. NULL and *ret_state, or why it is not
 * allowed. */
const char *appointment_move(enum appointment_state state, enum appointment_verb verb,
                             const struct appointment_times *times, enum appointment_state *ret_state);

/* --- requests to hold --- */

enum { TOPIC_MOST = 500, NAME_MOST = 60, KEY_LEAST = 8, KEY_MOST = 100 };

struct hold_request {
    int64_t from_us;
    uint32_t minutes;
    const char *guest_name, *guest_phone, *guest_email, *topic, *idempotency_key;
};

struct hold_problem {
    const char *field, *message, *remedy; /* field NULL: none */
};

struct hold_problem hold_check(const struct hold_request *request);
/* Whether it fits the shift: inside, on its grid, in the future. */
struct hold_problem hold_check_time(const struct hold_request *request, int64_t shift_from_us, int64_t shift_to_us,
                                    int64_t now_us);

/* --- visits --- */

/* Whether somebody should look at the place now: open, 4★ or more, a place that can be visited. */
bool visit_is_needed(const Wjz__Assignment__AssignmentState *assignment);

#endif
