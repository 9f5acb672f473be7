/* From what was asked to the notices to store: who gets them, in which words, over which channels, when. Pure.
 *
 * Nothing is silent: an unknown template or a recipient whom the directory does not know becomes a notice to the
 * operators, and a role that nobody has becomes a notice to the role itself, which the console shows. */
#ifndef NOTIFICATION_COMPOSE_H
#define NOTIFICATION_COMPOSE_H

#include "notification/notice.h"
#include "notification/template.h"
#include "wjz/arena.h"
#include "wjz/err.h"

/* The templates that composing itself needs. */
extern const char *const compose_templates[];

struct composer {
    const struct templates *templates;
    const wjz_seal *seal;
    bool open[CHANNELS]; /* the channels that are set up */
    int64_t link_ms;     /* how long a link to acknowledge is valid */
    int64_t now_us;
    const struct person *people;
    size_t person_count;
    const struct duty *duties;
    size_t duty_count;
    const struct name *names; /* of the codes that ask_is_code tells */
    size_t name_count;
};

/* -EINVAL naming the field when the message cannot become a notice. */
WJZ_MUST_CHECK int ask_check(const Wjz__Notification__Notice *notice, size_t index, wjz_err *err);

/* The station of a "duty:STATION" role, NULL for another. */
const char *ask_duty_station(const Wjz__Notification__Notice *notice);

/* Whether a value of that name holds the code of a person, a station or an organ, which people know by its name. */
bool ask_is_code(const char *value_name);

/* asks have been checked. */
WJZ_MUST_CHECK int compose(const struct composer *composer, const struct ask *asks, size_t count, wjz_arena *arena,
                           struct notice **ret_notices, size_t *ret_count, wjz_err *err);

/* --- notices that the service itself asks for --- */

/* To the operators; the event and the values must live as long as the arena. NULL when out of memory. */
Wjz__Notification__Notice *ask_operators(wjz_arena *arena, const char *event, const char *template);
/* Returns 0 or -ENOMEM. */
WJZ_MUST_CHECK int ask_value(wjz_arena *arena, Wjz__Notification__Notice *notice, const char *name, const char *text);

/* Subject kind of notices about deliveries that failed: their own failure raises no further notice. */
#define ABOUT_DELIVERY "delivery"

#endif
